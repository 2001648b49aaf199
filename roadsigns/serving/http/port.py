"""What the connections of one port share: limits, counts, and the rule by which connections are closed to make room."""

from __future__ import annotations

import email.utils
from dataclasses import dataclass, field
from typing import Protocol

from .answer import Answer
from .limits import Limits
from .request import HeldBytes, Request


class Application(Protocol):
    """What answers the requests, on the event loop."""

    async def answer(self, request: Request) -> Answer:
        """The answer to a request; cancelled when nobody waits for it any more."""

    def refusal(self, status: int, message: str) -> Answer:
        """The answer to a request that cannot be read, or not be taken."""


class Client(Protocol):
    """A connection, as its port knows it.

    Attributes:
        deadline: when, by the loop's clock, `expire` is due.
        answering: whether a request has arrived and is not answered yet.
        idle: whether nothing is under way: no request is being answered, and none is arriving.
        unsent: bytes of answers that the client has not taken yet.
    """

    deadline: float

    @property
    def answering(self) -> bool: ...  # noqa: D102

    @property
    def idle(self) -> bool: ...  # noqa: D102

    @property
    def unsent(self) -> int: ...  # noqa: D102

    def expire(self) -> None:
        """The deadline has passed: close the connection."""

    def close_if_idle(self) -> None:
        """Close if nothing is under way."""

    def cut(self) -> None:
        """Close at once; a client that waits for an answer gets a 503 first."""

    def abort(self) -> None:
        """Close at once, also in the middle of an answer."""


@dataclass
class Port:
    """What the connections of one port share.

    Attributes:
        application: answers the requests.
        limits: of the connections; fewer connections where files run short.
        date: the value of a `Date` header, now.
        draining: whether the port is about to close.
        held: bytes of all bodies whose requests are not answered yet.
        active: requests being answered.
        connections: all that are open.
    """

    application: Application
    limits: Limits
    date: str = field(default_factory=lambda: email.utils.formatdate(usegmt=True))
    draining: bool = False
    held: HeldBytes = field(default_factory=HeldBytes)
    active: int = 0
    connections: set[Client] = field(default_factory=set)

    def make_room(self) -> bool:
        """Close one connection to make room for another. Returns whether one could be closed.

        A connection whose request is being answered stays. Of the others the one goes that has been idle for longest,
        or else the one whose request has been arriving for longest.
        """
        going = [each for each in self.connections if not each.answering]
        if not going:
            return False
        connection = min(going, key=lambda each: (not each.idle, bool(each.unsent), each.deadline))
        self.connections.discard(connection)
        connection.abort()
        return True

    def bound_unsent(self) -> None:
        """Where unread answers take too much memory, close connections whose answers have waited for longest."""
        slow = sorted((each for each in self.connections if each.unsent), key=lambda each: each.deadline)
        unsent = sum(each.unsent for each in slow)
        for connection in slow[:-1]:
            if unsent <= self.limits.held_bytes:
                break
            unsent -= connection.unsent
            connection.abort()

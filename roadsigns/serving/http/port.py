"""What the connections of one port have in common, and who has to go where there is too little room."""

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
        """The answer to what did not become a request."""


class Client(Protocol):
    """A connection, as its port knows it.

    Attributes:
        deadline: when, by the loop's clock, `expire` is due.
        answering: whether a request has come that is not answered.
        idle: whether neither side waits for the other.
        unsent: bytes that were written and that the client has not taken.
    """

    deadline: float

    @property
    def answering(self) -> bool: ...  # noqa: D102

    @property
    def idle(self) -> bool: ...  # noqa: D102

    @property
    def unsent(self) -> int: ...  # noqa: D102

    def expire(self) -> None:
        """Time is over for whatever the connection waits for."""

    def close_if_idle(self) -> None:
        """Hang up, unless one side waits for the other."""

    def cut(self) -> None:
        """Close at once, with a word to those who still wait."""

    def abort(self) -> None:
        """Close at once, whatever is under way."""


@dataclass
class Port:
    """What the connections of one port have in common.

    Attributes:
        application: answers the requests.
        limits: see there.
        date: the value of a `Date` header, now.
        draining: whether the port is about to close.
        held: bytes of all bodies that have arrived and are not answered.
        active: requests being answered.
        connections: those that are open.
    """

    application: Application
    limits: Limits
    date: str = field(default_factory=lambda: email.utils.formatdate(usegmt=True))
    draining: bool = False
    held: HeldBytes = field(default_factory=HeldBytes)
    active: int = 0
    connections: set[Client] = field(default_factory=set)

    def make_room(self) -> bool:
        """Hang up on the connection that loses least by it; whether there is one that is not being answered.

        That is the longest idle, else the one whose request has been coming for the longest time.
        """
        going = [each for each in self.connections if not each.answering]
        if not going:
            return False
        connection = min(going, key=lambda each: (not each.idle, bool(each.unsent), each.deadline))
        self.connections.discard(connection)
        connection.abort()
        return True

    def bound_unsent(self) -> None:
        """Hang up on those whose answers have waited longest, where answers that nobody reads take too much memory."""
        slow = sorted((each for each in self.connections if each.unsent), key=lambda each: each.deadline)
        unsent = sum(each.unsent for each in slow)
        for connection in slow[:-1]:
            if unsent <= self.limits.held_bytes:
                break
            unsent -= connection.unsent
            connection.abort()

"""Who has to go where there is too little room; `test_connection.py` has the same with real clients."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from fronts import LIMITS
from roadsigns.serving.http.port import Port


@dataclass(eq=False)
class Client:
    """Stands in for a connection."""

    deadline: float = 0.0
    answering: bool = False
    idle: bool = True
    unsent: int = 0
    aborted: bool = False

    def abort(self) -> None:
        self.aborted = True


def port(*clients: Client, **limits: int) -> Port:
    made = Port(None, dataclasses.replace(LIMITS, **limits))  # type: ignore[arg-type]
    made.connections.update(clients)  # type: ignore[arg-type]
    return made


def gone(*clients: Client) -> list[bool]:
    return [each.aborted for each in clients]


def test_the_longest_idle_goes_then_who_reads_then_who_sends() -> None:
    clients = [
        Client(1, answering=True, idle=False),
        Client(2, idle=False),
        Client(3, unsent=1),
        Client(5),
        Client(4),
    ]
    for order in ([4], [4, 3], [4, 3, 2], [4, 3, 2, 1]):
        made = port(*[each for each in clients if not each.aborted], connections=1)
        assert made.make_room()
        assert gone(*clients) == [number in order for number in range(5)]
    assert not port(clients[0], connections=1).make_room()


def test_answers_that_nobody_reads_are_limited_together() -> None:
    """Those go that have waited longest; one alone may have as much as it takes."""

    def aborted(*unsent: int) -> list[bool]:
        clients = [Client(number, unsent=each) for number, each in enumerate(unsent)]
        port(*clients, held_bytes=100).bound_unsent()
        return gone(*clients)

    assert aborted(50, 50) == [False, False]
    assert aborted(50, 50, 1) == [True, False, False]
    assert aborted(0, 10, 95, 60) == [False, True, True, False]
    assert aborted(500) == [False]

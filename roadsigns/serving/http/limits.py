"""What one client of a port, and all of them together, may take."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What one client, and all together, may take.

    Attributes:
        body_bytes: of one body, as sent and unpacked.
        held_bytes: of all bodies that have come and are not answered; of all answers that are not taken.
        connections: open at a time.
        requests: being answered at a time.
        read_seconds: from a request's first byte to its last, and some more for a large body; and for a part of an
            answer to be taken.
        idle_seconds: between requests.
        answer_seconds: from a request's last byte to its answer; the application sees to it.
        body_hint: what the refusal of a larger body ends with, such as the option that sets it.
    """

    body_bytes: int
    held_bytes: int
    connections: int
    requests: int
    read_seconds: float
    idle_seconds: float
    answer_seconds: float
    body_hint: str = ""

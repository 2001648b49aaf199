"""What one client of a port, and all of them together, may take."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What one client, and all together, may take.

    Attributes:
        body_bytes: of one body, as sent and unpacked.
        held_bytes: of all bodies whose requests are not answered yet, and of all answers that clients have not read.
        connections: open at a time.
        requests: being answered at a time.
        read_seconds: for a request to arrive, with some more for a large body; and for a client to read a part of an
            answer.
        idle_seconds: for which a connection may wait between two requests.
        answer_seconds: from the last byte of a request to the answer. The application holds this limit itself.
        body_hint: the end of the message that refuses a larger body, such as the option that sets the limit.
    """

    body_bytes: int
    held_bytes: int
    connections: int
    requests: int
    read_seconds: float
    idle_seconds: float
    answer_seconds: float
    body_hint: str = ""

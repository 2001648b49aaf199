"""How much and how long the app bears with a client, and how long with the model server."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Sizes in bytes, times in seconds.

    Attributes:
        head_bytes: the longest head of a request or an answer.
        body_bytes: the longest body of a request.
        clients: how many connections are served at a time.
        head_seconds: how long a client may take for a head, the pause before it included.
        piece_seconds: how long either side may keep a body waiting.
        connect_seconds: how long the model server may take to accept a connection.
        answer_seconds: how long it may take to begin its answer.
        grace_seconds: how long requests under way may take once the app is told to stop.
    """

    head_bytes: int = 1 << 15
    body_bytes: int = 1 << 26
    clients: int = 1000
    head_seconds: float = 20.0
    piece_seconds: float = 30.0
    connect_seconds: float = 5.0
    answer_seconds: float = 60.0
    grace_seconds: float = 5.0

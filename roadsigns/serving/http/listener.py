"""The REST port: its connections, their deadlines, and the way it closes."""

from __future__ import annotations

import asyncio
import contextlib
import email.utils
import socket

from .connection import Connection
from .messages import Application, Limits

BACKLOG = 1024
"""Connections that may wait to be accepted."""

DRAIN_SECONDS = 0.5
"""For so long are idle connections kept when the server stops: a request may be on its way."""


class Listener:
    """An open port, and everybody who came by it; see `connection.House`."""

    def __init__(self, application: Application, limits: Limits) -> None:
        self.application = application
        self.limits = limits
        self.date = email.utils.formatdate(usegmt=True)
        self.draining = False
        self.held_bytes = 0
        self.active = 0
        self._connections: set[Connection] = set()
        self._server: asyncio.Server | None = None
        self._sweeper: asyncio.Task[None] | None = None

    async def open(self, address: socket.socket) -> None:
        """Begin to accept connections on a bound socket."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Connection(self, loop), sock=address, backlog=BACKLOG)
        self._sweeper = loop.create_task(self._sweep())

    def joined(self, connection: Connection) -> bool:
        """As `House.joined`; where all places are taken, the longest idle connection has to go."""
        if len(self._connections) >= self.limits.connections:
            idle = [each for each in self._connections if each.idle]
            if idle:
                min(idle, key=lambda each: each.deadline).close_if_idle()
        self._connections.add(connection)
        # One that is being closed still counts, hence the slack.
        return len(self._connections) <= self.limits.connections + 1

    def left(self, connection: Connection) -> None:
        """As `House.left`."""
        self._connections.discard(connection)

    async def close(self, grace: float) -> bool:
        """Accept nobody any more, and let every request that has arrived be answered.

        Args:
            grace: seconds that this may take.

        Returns:
            Whether all were answered in time.
        """
        if self._server is None or self._sweeper is None:
            return True
        loop = asyncio.get_running_loop()
        end = loop.time() + grace
        self.draining = True
        for _ in range(2):  # those who have connected already are accepted first
            await asyncio.sleep(0)
        self._server.close()
        await asyncio.sleep(min(DRAIN_SECONDS, grace))
        while self._connections and loop.time() < end:
            for connection in tuple(self._connections):
                connection.close_if_idle()
            await asyncio.sleep(0.01)
        self._sweeper.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._sweeper
        answered = not self.active
        for connection in tuple(self._connections):
            connection.cut()
        await asyncio.sleep(0)
        return answered

    async def _sweep(self) -> None:
        """Look at the deadlines every now and then: cheaper than a timer for each request."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(min(1.0, self.limits.answer_seconds / 4, self.limits.read_seconds / 4))
            now = loop.time()
            self.date = email.utils.formatdate(usegmt=True)
            for connection in tuple(self._connections):
                if connection.deadline <= now:
                    connection.expire()

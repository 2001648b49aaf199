"""An open port: it accepts connections, closes those whose deadline has passed, and ends in good order."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import email.utils
import errno
import functools
import logging
import socket
from typing import Any

from .connection import Connection
from .limits import Limits
from .port import Application, Port

BACKLOG = 1024
"""Connections that the system keeps until they are accepted."""

DRAIN_SECONDS = 0.5
"""Idle connections stay open for so long when the server stops: a request may be on its way."""

_AT_A_TIME = 16  # connections accepted in one go; then the open ones have their turn
_RESERVED = 1024  # files kept free of connections, for libraries, models and gRPC
_LOG = logging.getLogger(__name__)


def bind(host: str, port: int) -> socket.socket:
    """A socket bound to the port, not listening yet; port 0 takes a free one.

    Raises:
        OSError: the address is taken, or not ours to take.
    """
    made: socket.socket | None = None
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[
            0
        ]
        made = socket.socket(family, kind)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
    except OSError as error:
        if made is not None:
            made.close()
        raise _refused(error, host, port) from error
    return made


def _refused(error: OSError, host: str, port: int) -> OSError:
    """`error` with the address and the way out."""
    return OSError(
        error.errno, f"{error.strerror}. Choose another port or host, or end what listens there", f"{host}:{port}"
    )


def fit_connections(wanted: int) -> int:
    """How many connections the system has files for, at most `wanted`.

    A process often may open 1,024 files and no more. That limit is raised here as far as needed and allowed.
    """
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return wanted
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return wanted
    need = wanted + _RESERVED
    if soft < need:
        with contextlib.suppress(ValueError, OSError):
            upper = need if hard == resource.RLIM_INFINITY else min(need, hard)
            resource.setrlimit(resource.RLIMIT_NOFILE, (upper, hard))
            soft = upper
    return min(wanted, max(soft // 3, soft - min(_RESERVED, max(128, soft // 4))))


class Listener:
    """An open port and its connections.

    Args:
        application: answers the requests.
        limits: of the connections; fewer are taken where the system has no files for all.
    """

    def __init__(self, application: Application, limits: Limits) -> None:
        room = fit_connections(limits.connections)
        if room < limits.connections:
            _LOG.warning("There is room for %d connections, not %d: see `ulimit -n`", room, limits.connections)
        self.port = Port(application, dataclasses.replace(limits, connections=room))
        self._server: asyncio.Server | None = None
        self._sweeper: asyncio.Task[None] | None = None
        self._full = False

    async def open(self, address: socket.socket) -> None:
        """Begin to accept connections on a bound socket.

        Raises:
            OSError: another process, bound to the same port meanwhile, listens already.
        """
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._trouble)
        connect = functools.partial(Connection, self.port, loop)
        try:
            self._server = await loop.create_server(connect, sock=address, backlog=_AT_A_TIME)
        except OSError as error:
            raise _refused(error, *address.getsockname()[:2]) from error
        address.listen(BACKLOG)
        self._sweeper = loop.create_task(self._sweep())

    async def close(self, grace: float) -> bool:
        """Accept no connection any more, and answer every request that has arrived.

        Args:
            grace: seconds that this may take.

        Returns:
            Whether all were answered in time.
        """
        if self._server is None or self._sweeper is None:
            return True
        loop = asyncio.get_running_loop()
        end = loop.time() + grace
        self.port.draining = True
        for _ in range(2):  # connections that the system already has are accepted first
            await asyncio.sleep(0)
        self._server.close()
        await asyncio.sleep(min(DRAIN_SECONDS, grace))
        while self.port.connections and loop.time() < end:
            for connection in tuple(self.port.connections):
                connection.close_if_idle()
            await asyncio.sleep(0.01)
        self._sweeper.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._sweeper
        answered = not self.port.active
        for connection in tuple(self.port.connections):
            connection.cut()
        await asyncio.sleep(0)
        return answered

    async def _sweep(self) -> None:
        """Close connections whose deadline has passed, about once a second: cheaper than a timer for each request."""
        loop = asyncio.get_running_loop()
        limits = self.port.limits
        pause = min(1.0, limits.read_seconds / 4, limits.idle_seconds / 4)
        while True:
            await asyncio.sleep(pause)
            self.port.date = email.utils.formatdate(usegmt=True)
            self._full = False
            now = loop.time()
            for connection in tuple(self.port.connections):
                if connection.deadline <= now:
                    try:
                        connection.expire()
                    except Exception:  # a fault in one connection must not end the time limits of all others
                        _LOG.exception("A connection cannot be ended in good order")
                        connection.abort()

    def _trouble(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Where no more files can be opened, close some connections, and allow fewer from now on."""
        error = context.get("exception")
        if not isinstance(error, OSError) or error.errno not in (errno.EMFILE, errno.ENFILE):
            loop.default_exception_handler(context)
        elif not self._full:
            self._full = True
            room = max(1, len(self.port.connections) - 2 * _AT_A_TIME)
            self.port.limits = dataclasses.replace(self.port.limits, connections=room)
            while len(self.port.connections) > room and self.port.make_room():
                pass
            _LOG.warning("No more files can be opened: from now on there is room for %d connections", room)

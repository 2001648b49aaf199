"""`roadsigns serve` with its REST API as an ASGI application on uvicorn; takes the same flags.

What uvicorn has no limit for is in `Guarded`, over its protocol class for httptools: a request's head and body that do
not come, connections, bytes held, and requests sent ahead of their answers.
"""

from __future__ import annotations

import asyncio
import socket
import sys

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from roadsigns.serving import __main__, server
from roadsigns.serving.http.request import Request

MAX_AHEAD = 100
HELD_BODIES = 4


class Guarded(HttpToolsProtocol):
    """uvicorn's connection within the limits of ours; `limits` is set before the port opens."""

    limits = None
    held_bytes = 0

    def connection_made(self, transport):
        super().connection_made(transport)
        # asyncio does this only for sockets that were made with IPPROTO_TCP; without it each answer takes 40 ms.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.deadline = None
        if len(self.connections) > self.limits.connections:
            transport.close()

    def data_received(self, data):
        if self.deadline is None:
            self.deadline = self.loop.call_later(self.limits.read_seconds, self.transport.close)
        super().data_received(data)
        if len(self.pipeline) > MAX_AHEAD:
            self.transport.close()

    def on_body(self, body):
        Guarded.held_bytes += len(body)
        if Guarded.held_bytes > HELD_BODIES * self.limits.body_bytes:
            self.transport.close()
        super().on_body(body)

    def on_message_complete(self):
        if self.deadline is not None:
            self.deadline.cancel()
            self.deadline = None
        super().on_message_complete()

    def connection_lost(self, exc):
        if self.deadline is not None:
            self.deadline.cancel()
        super().connection_lost(exc)


class Asgi:
    """The REST API as ASGI has it."""

    def __init__(self, rest, limits):
        self.rest, self.limits = rest, limits

    async def __call__(self, scope, receive, send):
        pieces, size, more = [], 0, True
        while more and size <= self.limits.body_bytes:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            pieces.append(message["body"])
            size += len(message["body"])
            more = message["more_body"]
        Guarded.held_bytes -= size
        if more:
            answer = self.rest.refusal(413, f"The body is larger than {self.limits.body_bytes} bytes")
        else:
            target = scope["raw_path"].decode() + (
                f"?{scope['query_string'].decode()}" if scope["query_string"] else ""
            )
            body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
            request = Request(scope["method"], target, dict(scope["headers"]), body, True, scope["http_version"])
            answer = await self.rest.answer(request)
        lines = [line.split(": ", 1) for line in answer.headers.splitlines()]
        headers = [(b"content-type", answer.content_type.encode()), (b"content-length", b"%d" % len(answer.body))]
        headers += [(name.encode(), value.encode()) for name, value in lines]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})


class Listener:
    """Stands in for `http.listener.Listener`."""

    def __init__(self, application, limits):
        Guarded.limits = limits
        asgi = Asgi(application, limits)
        config = uvicorn.Config(
            asgi,
            http=Guarded,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            timeout_keep_alive=int(limits.idle_seconds),
            server_header=False,
            backlog=1024,
        )
        config.load()
        self.server = uvicorn.Server(config)
        self.server.lifespan = config.lifespan_class(config)

    async def open(self, address):
        address.listen(1024)
        self.task = asyncio.create_task(self.server._serve(sockets=[address]))  # `serve` takes the signals to itself
        while not self.server.started:
            await asyncio.sleep(0.01)

    async def close(self, grace):
        self.server.should_exit = True
        await asyncio.wait([self.task], timeout=grace)
        return self.task.done()


if __name__ == "__main__":
    server.Listener = Listener
    sys.exit(__main__.main())

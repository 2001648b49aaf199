"""The app's proxy as an ASGI application on uvicorn: `uvicorn_proxy.py CLIENT PORT HOST:PORT`.

CLIENT is the library that asks the model server: `aiohttp` or `httpx`.
"""

from __future__ import annotations

import sys

import aiohttp
import httpx
import uvicorn

OWN = (b"host", b"content-length", b"transfer-encoding", b"connection", b"expect")


class Proxy:
    """Passes each request on."""

    def __init__(self, client, address):
        self.kind, self.base = client, f"http://{address}"
        self.client = None

    async def __call__(self, scope, receive, send):
        if self.client is None:  # on the loop
            limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
            self.client = (
                httpx.AsyncClient(limits=limits, trust_env=False, timeout=60)
                if self.kind == "httpx"
                else aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), auto_decompress=False)
            )
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        url = self.base + scope["raw_path"].decode()
        headers = [(name.decode(), value.decode()) for name, value in scope["headers"] if name not in OWN]
        if self.kind == "httpx":
            answer = await self.client.request(scope["method"], url, content=body, headers=headers)
            status, content, given = answer.status_code, answer.content, answer.headers.raw
        else:
            async with self.client.request(scope["method"], url, data=body, headers=headers) as answer:
                status, content, given = answer.status, await answer.read(), answer.raw_headers
        made = [(name, value) for name, value in given if name.lower() not in OWN]
        made.append((b"content-length", b"%d" % len(content)))
        await send({"type": "http.response.start", "status": status, "headers": made})
        await send({"type": "http.response.body", "body": content})


if __name__ == "__main__":
    client, port, address = sys.argv[1:]
    uvicorn.run(Proxy(client, address), port=int(port), http="httptools", ws="none", lifespan="off", log_level="error")

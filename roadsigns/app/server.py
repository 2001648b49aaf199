"""The app on its port. Errors are JSON.

Paths at and below `/v1` go to the model server; every other path is a file of the site.
"""

from __future__ import annotations

import json
import re
import sys
import traceback
from urllib.parse import unquote

from ..errors import HttpError
from ..serving.http.answer import Answer
from ..serving.http.limits import Limits
from ..serving.http.listener import Listener, bind
from ..serving.http.request import Request
from .proxy import Proxy
from .site import SECURITY, Site
from .upstream import Patience, Upstream

LIMITS = Limits(
    body_bytes=1 << 26,
    held_bytes=3 << 25,
    connections=1000,
    requests=500,
    read_seconds=20.0,
    idle_seconds=20.0,
    answer_seconds=60.0,
)
"""How much the app takes from its clients, and how long it waits for them."""

PATIENCE = Patience()

GRACE_SECONDS = 5.0
"""How long requests under way may still take once the app is told to stop, in seconds."""


class Router:
    """Answers the app's requests; an `Application` of `serving.http.port`."""

    def __init__(self, site: Site, proxy: Proxy) -> None:
        self._site = site
        self._proxy = proxy

    async def answer(self, request: Request) -> Answer:
        """As `Application.answer`."""
        try:
            return await self._answer(request)
        except HttpError as error:
            if error.status >= 500:
                print(f"roadsigns app: {error}", file=sys.stderr)
            return self.refusal(error.status, str(error))
        except Exception:
            traceback.print_exc(file=sys.stderr)
            return self.refusal(500, "Internal error; the app's log says more")

    def refusal(self, status: int, message: str) -> Answer:
        """An error answer; every error of the app has this form."""
        allow = "Allow: GET, HEAD\r\n" if status == 405 else ""
        return Answer(status, json.dumps({"error": message}).encode(), headers=allow + SECURITY)

    async def _answer(self, request: Request) -> Answer:
        path = request.target.partition("?")[0]
        if not path.startswith("/"):
            raise HttpError(400, "Expected a path that begins with /: this server speaks for itself only")
        if _climbs(path):
            raise HttpError(404, "A path may not climb with ..")
        if path == "/v1" or path.startswith("/v1/"):
            return await self._proxy.forward(request)
        return self._site.answer(request)


class Server:
    """The app on one socket."""

    def __init__(self, site: Site, address: str, limits: Limits = LIMITS, patience: Patience = PATIENCE) -> None:
        """Take the files, the model server's `host:port`, the limits for clients, and the patience with the server."""
        self._upstream = Upstream(address, patience)
        self._listener = Listener(Router(site, Proxy(self._upstream)), limits)

    async def start(self, host: str, port: int) -> int:
        """Listen. Returns the port; the system chooses one where `port` is 0.

        Raises:
            OSError: the address is in use, or this user may not use it.
        """
        address = bind(host, port)
        await self._listener.open(address)
        return int(address.getsockname()[1])

    async def stop(self, grace: float = GRACE_SECONDS) -> None:
        """Take no more clients, and let requests under way end within `grace` seconds."""
        await self._listener.close(grace)
        self._upstream.close()


def _climbs(path: str) -> bool:
    return any(name in (".", "..") for name in re.split(r"[/\\]", unquote(path)))

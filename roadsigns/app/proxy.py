"""Passes requests on to the model server, and its answers back: status and body stay as they are.

Source: RFC 9110, section 7.6.1 on headers that concern one connection.
"""

from __future__ import annotations

import contextlib
from collections.abc import Container, Sequence

from ..serving.http.answer import Answer
from ..serving.http.request import Request
from .link import PIECE
from .upstream import Upstream

# An answer of the model server is data. Where a browser shows it as a page of this origin, no script of it may run.
_INERT = "Content-Security-Policy: default-src 'none'; sandbox\r\nX-Content-Type-Options: nosniff\r\n"
_OURS = frozenset((b"content-security-policy", b"x-content-type-options", b"date"))
# Content-Length, Expect and Host are end-to-end, but each side of a proxy writes its own.
_HOP_BY_HOP = frozenset(
    b"connection content-length expect host keep-alive proxy-authenticate proxy-authorization proxy-connection te "
    b"trailer transfer-encoding upgrade".split()
)


class Proxy:
    """Passes requests on to one model server."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    async def forward(self, request: Request) -> Answer:
        """Pass a request on, and pass the answer back.

        Raises:
            HttpError: 502 or 504, and why there is no answer.
        """
        head = f"{request.verb} {request.target} HTTP/1.1\r\nHost: {self._upstream.address}\r\n"
        if request.body or b"content-length" in request.headers or b"transfer-encoding" in request.headers:
            head += f"Content-Length: {len(request.body)}\r\n"
        head += passed_on(request.fields)
        link = await self._upstream.ask(request.verb, f"{head}\r\n".encode("latin-1"), request.body)
        headers = _INERT + passed_on(link.fields, _OURS)
        pieces = self._upstream.pieces(link)
        if link.whole or (link.length is not None and link.length <= PIECE):
            # A small answer is read whole first: where it breaks off, the client still gets an error.
            async with contextlib.aclosing(pieces):
                body = b"".join([piece async for piece in pieces])
            return Answer(link.status, body, "", headers, link.phrase.decode("latin-1"), link.length)
        return Answer(link.status, pieces, "", headers, link.phrase.decode("latin-1"), link.length)


def passed_on(fields: Sequence[tuple[bytes, bytes]], without: Container[bytes] = ()) -> str:
    """Headers for the other side, each with its line end; headers that concern one connection are left out."""
    named = {
        word.strip().lower() for name, value in fields if name.lower() == b"connection" for word in value.split(b",")
    }
    return b"".join(
        b"%b: %b\r\n" % (name, value)
        for name, value in fields
        if name.lower() not in _HOP_BY_HOP and name.lower() not in named and name.lower() not in without
    ).decode("latin-1")

"""Requests passed on to the model server and its answers passed back, bodies and status as they are.

Written on asyncio's streams and nothing else. aiohttp as server and client was tried beside it: a little more than half
as many requests a second (1,058 against 1,900, the same clients before a model server that answers at once), and eight
more packages in a container that needs none.
"""

from __future__ import annotations

import asyncio

from ..errors import HttpError
from .bodies import PIECE, as_chunk, pieces
from .heads import NO_BODY, Head, MalformedError
from .limits import Limits
from .upstream import Link, Upstream

# What a model server answers is data: shown as a page of this origin it may do nothing.
_INERT = b"Content-Security-Policy: default-src 'none'; sandbox\r\nX-Content-Type-Options: nosniff\r\n"
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Proxy:
    """Passes requests on to one model server."""

    def __init__(self, upstream: Upstream, limits: Limits) -> None:
        self._upstream = upstream
        self._limits = limits

    async def forward(self, request: Head, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Pass on one request, whose head was read from `reader`, and its answer.

        Returns:
            Whether the client's connection is ready for another request.

        Raises:
            HttpError: nothing was answered yet; says what to answer.
            ConnectionError: one side left in the middle of the answer; the client's connection is of no more use.
        """
        length = request.framing.length
        if (length or 0) > self._limits.body_bytes:
            raise _too_large(self._limits)
        if request.values.get(b"expect", b"").lower() == b"100-continue" and request.framing is not NO_BODY:
            writer.write(_CONTINUE)
        if length is not None and length <= PIECE:
            try:
                async with asyncio.timeout(self._limits.piece_seconds):
                    body = await reader.readexactly(length) if length else b""
            except TimeoutError as error:
                raise _slow(self._limits) from error
            link, answer = await self._upstream.ask(self._head(request) + body, request.method)
            return await self._answer(request, answer, link, writer, ready=True)
        link = await self._upstream.open()
        uploading = asyncio.create_task(self._upload(request, reader, link))
        try:
            answer = await self._head_while(uploading, link, request.method)
            return await self._answer(request, answer, link, writer, ready=uploading.done())
        finally:
            uploading.cancel()
            await asyncio.gather(uploading, return_exceptions=True)

    def _head(self, request: Head) -> bytes:
        length = request.framing.length
        body = b"Transfer-Encoding: chunked\r\n" if length is None else b"Content-Length: %d\r\n" % length
        if request.framing is NO_BODY:
            body = b""
        start = b"%b %b HTTP/1.1\r\nHost: %b\r\n" % (
            request.start[1],
            request.start[2],
            self._upstream.address.encode(),
        )
        return start + body + request.passed_on() + b"\r\n"

    async def _upload(self, request: Head, reader: asyncio.StreamReader, link: Link) -> None:
        """Send a large body on; what the model server has to say about it comes as its answer."""
        sent = 0
        link.writer.write(self._head(request))
        body = pieces(reader, request.framing)
        while True:
            try:
                async with asyncio.timeout(self._limits.piece_seconds):
                    piece = await anext(body, b"")
            except TimeoutError as error:
                raise _slow(self._limits) from error
            sent += len(piece)
            if sent > self._limits.body_bytes:
                raise _too_large(self._limits)
            link.writer.write(as_chunk(piece) if request.framing.chunked else piece)
            try:
                async with asyncio.timeout(self._limits.piece_seconds):
                    await link.writer.drain()
            except TimeoutError as error:
                what = f"did not read the request for {self._limits.piece_seconds:g} s"
                raise self._upstream.failure(what, 504) from error
            except ConnectionError:
                return
            if not piece:
                return

    async def _head_while(self, uploading: asyncio.Task[None], link: Link, method: bytes) -> Head:
        """The answer's head, which may come before the upload is done; or the upload's failure."""
        waiting = asyncio.create_task(self._upstream.head(link, method, patient=True))
        try:
            await asyncio.wait({uploading, waiting}, return_when=asyncio.FIRST_COMPLETED)
            if not waiting.done():
                await uploading
                await asyncio.wait({waiting}, timeout=self._limits.answer_seconds)
            if not waiting.done():
                raise self._upstream.failure(f"did not answer in {self._limits.answer_seconds:g} s", 504)
            return await waiting
        except BaseException:
            link.close()
            raise
        finally:
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)

    async def _answer(
        self, request: Head, answer: Head, link: Link, writer: asyncio.StreamWriter, *, ready: bool
    ) -> bool:
        """Pass the answer back; `ready` says that the whole request was read."""
        framing = answer.framing
        keep = ready and request.persistent and (framing.length is not None or request.modern)
        head = b"HTTP/1.1" + answer.start[0][8:] + b"\r\n" + _INERT
        head += answer.passed_on(_OURS)
        head += b"" if keep and request.modern else b"Connection: keep-alive\r\n" if keep else b"Connection: close\r\n"
        whole = False
        try:
            if framing.length is not None and framing.length <= PIECE:
                body = await self._small(link, framing.length)
                stated = answer.values.get(b"content-length") if framing is NO_BODY else b"%d" % framing.length
                head += b"Content-Length: %b\r\n" % stated if stated is not None and answer.status != 204 else b""
                writer.write(head + b"\r\n" + body)
                await self._drain(writer)
            else:
                await self._stream(head, answer, link, writer, chunked=framing.length is None and request.modern)
            whole = True
        finally:
            if whole and ready and answer.persistent and (framing.chunked or framing.length is not None):
                self._upstream.keep(link)
            else:
                link.close()
        return keep

    async def _small(self, link: Link, length: int) -> bytes:
        """A short body in one piece, so that one that breaks off can still become a 502."""
        try:
            async with asyncio.timeout(self._limits.piece_seconds):
                return await link.reader.readexactly(length) if length else b""
        except TimeoutError as error:
            raise self._upstream.failure(f"stopped sending for {self._limits.piece_seconds:g} s", 504) from error
        except (EOFError, ConnectionError) as error:
            raise self._upstream.failure("closed the connection in its answer") from error

    async def _stream(
        self, head: bytes, answer: Head, link: Link, writer: asyncio.StreamWriter, *, chunked: bool
    ) -> None:
        """A long body, piece by piece. The head has left when one breaks off, so the client's connection breaks too."""
        if chunked:
            head += b"Transfer-Encoding: chunked\r\n"
        elif answer.framing.length is not None:
            head += b"Content-Length: %d\r\n" % answer.framing.length
        writer.write(head + b"\r\n")
        body = pieces(link.reader, answer.framing)
        try:
            while True:
                async with asyncio.timeout(self._limits.piece_seconds):
                    piece = await anext(body, b"")
                writer.write(as_chunk(piece) if chunked else piece)
                await self._drain(writer)
                if not piece:
                    return
        except (TimeoutError, EOFError, MalformedError) as error:
            raise ConnectionAbortedError from error

    async def _drain(self, writer: asyncio.StreamWriter) -> None:
        if not writer.transport.get_write_buffer_size():
            return  # the usual case: the system has taken all
        try:
            async with asyncio.timeout(self._limits.piece_seconds):
                await writer.drain()
        except TimeoutError as error:
            raise ConnectionAbortedError from error


_OURS = frozenset((b"content-security-policy", b"x-content-type-options"))


def _too_large(limits: Limits) -> HttpError:
    return HttpError(413, f"Expected a body of at most {limits.body_bytes:,} bytes")


def _slow(limits: Limits) -> HttpError:
    return HttpError(408, f"The request's body stopped coming for {limits.piece_seconds:g} s")

"""The bodies of HTTP/1.1 messages, piece by piece, as fast as the slower side takes them.

Source: RFC 9112, sections 6 and 7.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

from .heads import Framing, MalformedError

PIECE = 1 << 16
"""Most bytes that are held of one body at a time; a reader may hold as many again."""

_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\x00-\x08\x0a-\x1f\x7f]*)?\r\n")
_LINE = 1024
_MAX_TRAILERS = 100


async def pieces(reader: asyncio.StreamReader, framing: Framing) -> AsyncIterator[bytes]:
    """The body's bytes, freed of chunk sizes; trailers are dropped.

    Raises:
        MalformedError: a chunk that is not one.
        EOFError: the connection ended before the body.
    """
    if framing.chunked:
        while size := await _chunk_size(reader):
            async for piece in _counted(reader, size):
                yield piece
            if await reader.readexactly(2) != b"\r\n":
                raise MalformedError("A chunk is longer than its size says")
        await _skip_trailers(reader)
    elif framing.length is not None:
        async for piece in _counted(reader, framing.length):
            yield piece
    else:
        while piece := await reader.read(PIECE):
            yield piece


def as_chunk(piece: bytes) -> bytes:
    """A piece as a chunk; the empty piece is the last chunk."""
    return b"%x\r\n%b\r\n" % (len(piece), piece)


async def _counted(reader: asyncio.StreamReader, length: int) -> AsyncIterator[bytes]:
    while length:
        piece = await reader.read(min(length, PIECE))
        if not piece:
            raise EOFError
        length -= len(piece)
        yield piece


async def _chunk_size(reader: asyncio.StreamReader) -> int:
    line = await _line(reader)
    size = _SIZE.fullmatch(line)
    if size is None:
        raise MalformedError(f"Not the size of a chunk: {line[:80]!r}")
    return int(size[1], 16)


async def _skip_trailers(reader: asyncio.StreamReader) -> None:
    for _ in range(_MAX_TRAILERS):
        if await _line(reader) == b"\r\n":
            return
    raise MalformedError(f"Expected at most {_MAX_TRAILERS} trailers")


async def _line(reader: asyncio.StreamReader) -> bytes:
    try:
        line = await reader.readuntil(b"\r\n")
    except asyncio.LimitOverrunError as error:
        raise MalformedError("A line among the chunks is too long") from error
    if len(line) > _LINE:
        raise MalformedError("A line among the chunks is too long")
    return line

"""PNG files as chunks: the size that one claims, and the chunks that its pixels depend on.

Source: the PNG specification (W3C), sections 5 and 11.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

START = b"\x89PNG\r\n\x1a\n"
_PALETTE = 3  # the colour type
_MAX_CHUNKS = 100_000


def size(data: bytes) -> tuple[int, int]:
    """Width and height as the header claims them; `(0, 0)` without one.

    Raises:
        ValueError: there are more chunks than in any picture, each of which takes a while.
    """
    if data[12:16] != b"IHDR":
        return 0, 0
    if len(data) > 12 * _MAX_CHUNKS and sum(1 for _ in chunks(data)) > _MAX_CHUNKS:
        raise ValueError(f"PNG file of more than {_MAX_CHUNKS} chunks")
    return int.from_bytes(data[16:20]), int.from_bytes(data[20:24])


def chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Name, place and end of each chunk of a PNG file, its checksum included, as far as they are whole."""
    at = len(START)
    while at + 12 <= len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4])
        if end > len(data):
            return
        yield data[at + 4 : at + 8], at, end
        at = end


def bare(data: bytes) -> bytes:
    """A PNG file's header, palette and pixels: the chunks that no decoder may leave out, in their order.

    Raises:
        ValueError: they are damaged, or not as the specification has them. What every decoder skips may be damaged.
    """
    kept: list[bytes] = []
    names: list[bytes] = []
    before = b""
    for name, at, end in chunks(data):
        if name[:1].isupper():
            if zlib.crc32(memoryview(data)[at + 4 : end - 4]) != int.from_bytes(data[end - 4 : end]):
                raise ValueError(f"wrong checksum of {name!r}")
            if name == b"IDAT" and before != name and name in names:
                raise ValueError("pixels in several places")
            if name not in (b"IHDR", b"PLTE", b"IDAT", b"IEND") or (name != b"IDAT" and name in names):
                raise ValueError(f"unexpected {name!r}")
            names.append(name)
            kept.append(_whole_palette(data[at:end]) if name == b"PLTE" else data[at:end])
        before = name
        if name == b"IEND":
            break
    if before != b"IEND" or names[0] != b"IHDR" or b"IDAT" not in names:
        raise ValueError("cut off")
    if len(kept[0]) != 25 or kept[0][18:20] != b"\0\0":
        raise ValueError("unknown kind of header")
    if b"PLTE" in names:
        place = names.index(b"PLTE")
        if kept[0][17] != _PALETTE:
            del kept[place]
        elif place > 1:
            raise ValueError("palette behind the pixels")
    elif kept[0][17] == _PALETTE:
        raise ValueError("no palette")
    return b"".join([START, *kept])


def _whole_palette(chunk: bytes) -> bytes:
    """A palette with black for the colours that it leaves out, which decoders take for different ones."""
    body = b"PLTE" + chunk[8:-4].ljust(3 * 256, b"\0")[: 3 * 256]
    return (3 * 256).to_bytes(4) + body + zlib.crc32(body).to_bytes(4)

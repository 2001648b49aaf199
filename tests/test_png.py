"""Chunks of PNG files, written by hand."""

from __future__ import annotations

import struct
import zlib

import pytest

from roadsigns import png


def chunk(name: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


HEAD = chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 2, 8, 0, 0, 0, 0))
BODY = chunk(b"IDAT", b"pixels")
END = chunk(b"IEND")
FILE = png.START + HEAD + BODY + END


def test_chunks_are_told_as_far_as_they_are_whole() -> None:
    assert [(name, FILE[at:end]) for name, at, end in png.chunks(FILE)] == [
        (b"IHDR", HEAD),
        (b"IDAT", BODY),
        (b"IEND", END),
    ]
    assert [name for name, _, _ in png.chunks(FILE[:-1])] == [b"IHDR", b"IDAT"]


def test_the_size_is_the_headers() -> None:
    assert png.size(FILE) == (4, 2)
    assert png.size(png.START + BODY) == (0, 0)


def test_what_pixels_do_not_depend_on_is_left_out() -> None:
    text = chunk(b"tEXt", b"a")
    assert png.bare(png.START + HEAD + text + BODY + BODY + text + END + b"more") == (
        png.START + HEAD + BODY + BODY + END
    )


def test_a_palette_is_filled_up_and_kept_where_it_is_one() -> None:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 2, 8, 3, 0, 0, 0))
    colours = bytes(range(6))
    want = png.START + head + chunk(b"PLTE", colours + bytes(762)) + BODY + END
    assert png.bare(png.START + head + chunk(b"PLTE", colours) + BODY + END) == want
    assert png.bare(png.START + HEAD + chunk(b"PLTE", colours) + BODY + END) == FILE


@pytest.mark.parametrize("data", [png.START, FILE[:-1], png.START + HEAD + END])
def test_half_a_file_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="cut off"):
        png.bare(data)

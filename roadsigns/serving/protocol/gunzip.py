"""A gzip body, unpacked up to a limit."""

from __future__ import annotations

import zlib

from ...errors import RequestError

_GZIP = 16 + zlib.MAX_WBITS


def gunzip(packed: bytes, limit: int) -> bytes:
    """Unpack `packed` into at most `limit` bytes, without ever holding many more.

    What is not gzip, is cut off or has something behind it counts as empty, as in TensorFlow Serving.

    Raises:
        RequestError: there is more than that in it.
    """
    member = zlib.decompressobj(_GZIP)
    try:
        body = member.decompress(packed, limit + 1)
    except zlib.error:
        return b""
    if len(body) > limit:
        raise RequestError(f"The body unpacks to more than {limit} bytes (--max_request_bytes)")
    return body if member.eof and not member.unused_data else b""

"""JPEG files as segments: the size that one claims, and the segments that its pixels depend on.

Source: ITU-T T.81, annexes B and G.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

# A marker that has a length behind it, and the frame headers among them (SOF0 to SOF15).
_MARKER = re.compile(rb"\xff([\x02-\xcf\xda-\xfe])", re.DOTALL)
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_MAX_SEGMENTS = 10_000
# Segments that pixels depend on: frames and tables, and of the applications' JFIF and Adobe, which tell the colours.
_KEPT = frozenset(range(0xC0, 0xE0)) | {0xE0, 0xEE}
_START_OF_SCAN = b"\xff\xda"
_MAX_SCANS = 100
_PROGRESSIVE = 0xC2
_ADOBE, _ADOBE_BYTES = 0xEE, 16  # a shorter one is none
_END = b"\xff\xd9"
_SCAN_OR_END = re.compile(rb"\xff[\xd9\xda]")


def size(data: bytes) -> tuple[int, int]:
    """Width and height in the first frame header; `(0, 0)` without one.

    Raises:
        ValueError: there are more segments or scans than in any picture, each of which takes a while.
    """
    if data.count(_START_OF_SCAN) > _MAX_SCANS:
        raise ValueError(f"JPEG file of more than {_MAX_SCANS} scans")
    for count, (marker, at, _) in enumerate(_segments(data)):
        if count == _MAX_SEGMENTS:
            raise ValueError(f"JPEG file of more than {_MAX_SEGMENTS} segments in front")
        if marker in _FRAMES:
            return int.from_bytes(data[at + 7 : at + 9]), int.from_bytes(data[at + 5 : at + 7])
    return 0, 0


def bare(data: bytes) -> bytes:
    """A JPEG file without the segments that tell nothing of its pixels, in front of the first scan.

    Raises:
        ValueError: there is no scan, or a progressive file lacks some: decoders guess differently what they would say.
    """
    kept = [data[:2]]
    progressive = b""
    for marker, at, end in _segments(data):
        if marker == _PROGRESSIVE:
            progressive = data[at + 4 : end]
        if marker == _START_OF_SCAN[1]:
            if progressive and not _is_whole(progressive, data[at:]):
                raise ValueError("cut off")
            return b"".join([*kept, data[at:]])
        if marker in _KEPT and (marker != _ADOBE or end - at >= _ADOBE_BYTES):
            kept.append(data[at:end])
    raise ValueError("cut off")


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, place and end of each segment of a JPEG file, as far as they are whole; the place is that of the 0xff."""
    position = 2
    while marker := _MARKER.search(data, position):
        position = marker.end() + int.from_bytes(data[marker.end() : marker.end() + 2])
        yield marker[1][0], marker.start(), position


def _is_whole(frame: bytes, scans: bytes) -> bool:
    """Whether the scans of a progressive JPEG file tell all bits of all coefficients, each after the one above.

    Args:
        frame: the frame header: six bytes, then three for each component, the first its name.
        scans: the file from its first scan on.
    """
    missing = {(name, place): 0 for name in frame[6::3] for place in range(64)}  # bits; 0 at first stands for all
    told = set[tuple[int, int]]()
    for marker in _SCAN_OR_END.finditer(scans):
        if marker[0] == _END:
            break
        head = scans[marker.end() + 2 : marker.end() + 14]
        count = head[0] if head else 0
        first, last, bits = (*head[1 + 2 * count : 4 + 2 * count], 64, 64, 0)[:3]
        for key in [(name, place) for name in head[1 : 1 + 2 * count : 2] for place in range(first, last + 1)]:
            if missing.get(key) != bits >> 4 or (key in told) != (bits >> 4 > 0):
                return False
            missing[key] = bits & 15
            told.add(key)
    return len(told) == len(missing) and not any(missing.values())

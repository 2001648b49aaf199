"""Segments of JPEG files."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from roadsigns import jpeg

PIXELS = np.random.default_rng(0).integers(0, 256, (24, 40, 3), np.uint8)


def encoded(**options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(PIXELS).save(file, "JPEG", **options)
    return file.getvalue()


PLAIN, PROGRESSIVE = encoded(), encoded(progressive=True)


def test_the_size_is_the_frames() -> None:
    assert jpeg.size(PLAIN) == jpeg.size(PROGRESSIVE) == (40, 24)
    assert jpeg.size(PLAIN[:100]) == (0, 0)


def test_what_pixels_do_not_depend_on_is_left_out() -> None:
    full = encoded(comment=b"a comment", icc_profile=b"x" * 70_000)
    assert len(full) > len(PLAIN) + 70_000
    assert jpeg.bare(full) == PLAIN == jpeg.bare(PLAIN)


@pytest.mark.parametrize("length", [8, 12])
def test_adobes_marker_is_one_only_when_it_is_whole(length: int) -> None:
    marker = b"\xff\xee" + (length + 2).to_bytes(2) + b"Adobe\0\x64\0\0\0\0\0"[:length]
    made = jpeg.bare(PLAIN[:2] + marker + PLAIN[2:])
    assert (marker in made) is (length == 12)


def test_a_progressive_file_that_lacks_a_scan_is_refused() -> None:
    assert jpeg.bare(PROGRESSIVE) == PROGRESSIVE
    scans = [at for at in range(len(PROGRESSIVE)) if PROGRESSIVE[at : at + 2] == b"\xff\xda"]
    assert len(scans) > 5
    for at in scans[1:]:
        with pytest.raises(ValueError, match="cut off"):
            jpeg.bare(PROGRESSIVE[:at] + b"\xff\xd9")
    second, third, fourth = scans[1:4]
    for missing in (PROGRESSIVE[second:third], PROGRESSIVE[third:fourth]):
        with pytest.raises(ValueError, match="cut off"):
            jpeg.bare(PROGRESSIVE.replace(missing, b""))


def test_a_file_without_a_scan_is_refused() -> None:
    with pytest.raises(ValueError, match="cut off"):
        jpeg.bare(PLAIN[: PLAIN.index(b"\xff\xda")])

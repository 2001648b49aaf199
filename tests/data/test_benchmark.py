from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from roadsigns.data.benchmark import BenchmarkZip, Row, parse_ppm, parse_table
from roadsigns.errors import DataError

HEAD = b"Filename;Width;Height;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2;ClassId\r\n"


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_parse_ppm_reads_what_pillow_writes(width: int, height: int, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PPM")
    np.testing.assert_array_equal(parse_ppm(file.getvalue(), (width, height), "a.ppm"), pixels)


def test_parse_ppm_takes_a_comment() -> None:
    assert parse_ppm(b"P6\n# by hand\n1 2\n255\nabcdef", (1, 2), "a.ppm").tolist() == [
        [[97, 98, 99]],
        [[100, 101, 102]],
    ]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is not a PPM picture (P6, 8 bits); it begins with b''"),
        (b"\x89PNG\r\n", "is not a PPM picture"),
        (b"P5\n1 2\n255\nab", "is not a PPM picture"),
        (b"P6\n1 2\n65535\nabcdefabcdef", "is not a PPM picture"),
        (b"P6\n2 1\n255\nabcdef", "is 2x1 pixels; its table says 1x2"),
        (b"P6\n99999 99999\n255\n", "is 99999x99999 pixels"),
        (b"P6\n1 2\n255\nabcde", "has 5 bytes of pixels; 1x2 need 6"),
        (b"P6\n1 2\n255\nabcdefg", "has 7 bytes of pixels"),
    ],
)
def test_parse_ppm_refuses(data: bytes, message: str) -> None:
    with pytest.raises(DataError, match=re.escape(f"a.ppm {message}")):
        parse_ppm(data, (1, 2), "a.ppm")


def test_parse_table_reads_rows_in_order() -> None:
    rows = parse_table(HEAD + b"b.ppm;29;30;5;6;24;25;42\r\na.ppm;15;15;0;0;14;14;0\r\n", "GT.csv")
    assert list(rows.items()) == [
        ("b.ppm", Row((29, 30), (5, 6, 24, 25), 42)),
        ("a.ppm", Row((15, 15), (0, 0, 14, 14), 0)),
    ]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "must have the columns Filename;Width;"),
        (HEAD.replace(b";ClassId", b""), "must have the columns"),
        (HEAD + b"a.ppm;29;30;5;6;24;25\r\n", "has something other than numbers in line 2"),
        (HEAD + b"a.ppm;29;30;5;6;24;x;1\r\n", "has something other than numbers in line 2"),
        (HEAD + b"a.ppm;29;30;5;6;24;-1;1\r\n", "has a length outside 0..1000 in line 2"),
        (HEAD + b"a.ppm;29;30;5;6;24;25;43\r\n", "has class 43 in line 2; expected 0..42"),
        (HEAD + 2 * b"a.ppm;29;30;5;6;24;25;1\r\n", "lists 'a.ppm' twice"),
        (HEAD + b"\xe4.ppm;29;30;5;6;24;25;1\r\n", "is not a table of ASCII text"),
        (HEAD + b"a" * 200_000, "is not a table of ASCII text"),
    ],
)
def test_parse_table_refuses(data: bytes, message: str) -> None:
    with pytest.raises(DataError, match=re.escape(f"GT.csv {message}")):
        parse_table(data, "GT.csv")


@given(st.binary(max_size=60))
def test_parsers_raise_nothing_else(data: bytes) -> None:
    for parse in (lambda: parse_table(HEAD + data, "GT.csv"), lambda: parse_ppm(b"P6 " + data, (1, 1), "a.ppm")):
        try:
            parse()
        except DataError:
            continue


@pytest.mark.parametrize("name", ["../a.ppm", "GTSRB/../../a.ppm", "/a.ppm", "a\\b.ppm"])
def test_benchmark_zip_refuses_names_that_lead_out(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, b"")
    with zipfile.ZipFile(path) as archive, pytest.raises(DataError, match="leads out of the archive"):
        BenchmarkZip(archive, path)

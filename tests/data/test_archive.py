from __future__ import annotations

import contextlib
import errno
import io
import pickle
import re
import stat
import struct
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadsigns.data.pickles import read_split
from roadsigns.errors import DataError

MakeZip = Callable[..., Path]


def small_zip() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("train.p", "valid.p", "test.p"):
            arrays = {"features": np.zeros((1, 32, 32, 3), np.uint8), "labels": np.zeros(1, np.uint8)}
            archive.writestr(name, pickle.dumps(arrays, 4))
    return file.getvalue()


SMALL_ZIP = small_zip()


@pytest.mark.parametrize(
    ("mode", "method", "message"),
    [
        (stat.S_IFLNK | 0o777, zipfile.ZIP_STORED, "'train.p', which is a link or folder"),
        (stat.S_IFREG, zipfile.ZIP_LZMA, "'train.p' packed by method 14"),
    ],
)
def test_read_split_refuses_odd_members(tmp_path: Path, mode: int, method: int, message: str) -> None:
    path = tmp_path / "odd.zip"
    with zipfile.ZipFile(path, "w", method) as opened:
        info = zipfile.ZipInfo("train.p")
        info.external_attr = mode << 16
        info.compress_type = method
        opened.writestr(info, "/etc/passwd")
    with pytest.raises(DataError, match=re.escape(message)):
        read_split(path, "train")


def central(data: bytes, offset: int, value: bytes) -> bytes:
    """`data` with bytes of the first entry of the zip's directory replaced."""
    at = data.index(b"PK\x01\x02") + offset
    return data[:at] + value + data[at + len(value) :]


@pytest.mark.parametrize(
    ("offset", "value", "message"),
    [
        (8, struct.pack("<H", 1), "'train.p' encrypted"),
        (24, struct.pack("<I", 2**30), "1,073,741,824 bytes; at most 536,870,912 are unpacked"),
        (24, struct.pack("<I", 2**28), "'train.p', which claims 268,435,456 bytes in "),
        (16, b"\0\0\0\0", "is damaged or no zip"),  # the CRC
        (42, struct.pack("<I", 7), "is damaged or no zip"),  # the place of the member
    ],
)
def test_read_split_refuses_lies(archive: Path, offset: int, value: bytes, message: str) -> None:
    archive.write_bytes(central(archive.read_bytes(), offset, value))
    with pytest.raises(DataError, match=re.escape(message)):
        read_split(archive, "train")


def test_read_split_checks_the_crc(make_zip: MakeZip, pickles: dict[str, bytes]) -> None:
    """A flipped pixel leaves a sound pickle: only the CRC can tell."""
    path = make_zip(pickles)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as opened:
        for name, data in pickles.items():
            opened.writestr(name, data)
    data = bytearray(path.read_bytes())
    data[2000] ^= 1
    path.write_bytes(data)
    with pytest.raises(DataError, match=r"Bad CRC-32 for file 'train\.p'.*\. Fetch it again"):
        read_split(path, "train")


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_read_split_refuses_a_truncated_zip(archive: Path, share: float) -> None:
    data = archive.read_bytes()
    archive.write_bytes(data[: int(share * len(data))])
    with pytest.raises(DataError, match=re.escape(f"{archive} is damaged or no zip")):
        read_split(archive, "train")


def test_read_split_of_any_flipped_byte_is_an_error_or_right(make_zip: MakeZip, make_arrays: Any) -> None:
    pickles = {name: pickle.dumps(make_arrays(1), 3) for name in ("train.p", "valid.p", "test.p")}
    path = make_zip(pickles)
    data = path.read_bytes()
    expected = make_arrays(1)
    for at in range(0, len(data), 7):
        path.write_bytes(data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :])
        try:
            split = read_split(path, "train")
        except DataError:
            continue
        np.testing.assert_array_equal(split.images, expected["features"])


@settings(max_examples=200)
@given(st.lists(st.tuples(st.integers(0, 10**6), st.binary(min_size=1, max_size=4)), min_size=1, max_size=4))
def test_read_split_of_any_damage_is_a_line_that_names_the_zip(edits: list[tuple[int, bytes]]) -> None:
    packed = bytearray(SMALL_ZIP)
    for at, put in edits:
        at %= len(packed)
        packed[at : at + len(put)] = put
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "signs.zip"
        path.write_bytes(packed)
        with contextlib.suppress(DataError):
            read_split(path, "train")


def test_a_member_before_the_beginning_is_damage(archive: Path) -> None:
    """A directory that is said to begin later than it does moves all members to places below zero."""
    data = archive.read_bytes()
    at = data.rindex(b"PK\x05\x06") + 16
    start = struct.unpack_from("<I", data, at)[0]
    archive.write_bytes(data[:at] + struct.pack("<I", start + 4000) + data[at + 4 :])
    with pytest.raises(DataError, match=re.escape(f"{archive} is damaged or no zip (")):
        read_split(archive, "train")


def test_an_error_of_the_system_names_the_zip(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def seek(*args: Any) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(zipfile.ZipFile, "open", seek)
    with pytest.raises(OSError, match="Input/output error") as caught:
        read_split(archive, "train")
    assert caught.value.filename == str(archive)


def test_too_little_memory_is_not_called_damage(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def empty(*args: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(np, "empty", empty)
    with pytest.raises(MemoryError):
        read_split(archive, "train")


def test_read_split_does_not_wait_for_a_pipe(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="neither a zip nor a folder"):
        read_split(tmp_path / "pipe", "train")

"""What a request may unfold to, counted from what was sent."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from roadsigns.errors import RequestError
from roadsigns.serving.protocol import limits
from roadsigns.serving.protocol.limits import FREE_BYTES, FREE_ROWS, FREE_VALUES, MOST_LISTS
from roadsigns.serving.protocol.signature import Signature, TensorSpec

FLOAT = "DT_FLOAT"
NETWORK = Signature({"x": TensorSpec(FLOAT, (-1, 2)), "keep_prob": TensorSpec(FLOAT)}, {})
PIXELS = Signature({"images": TensorSpec("DT_UINT8", (-1, -1, -1, 3))}, {})
FILES = Signature({"image_bytes": TensorSpec("DT_STRING", (-1,))}, {})
FREE = Signature({"numbers": TensorSpec(FLOAT)}, {})


def check(signature: Signature, sent: int = 0, max_pixels: int = 1000, **inputs: Any) -> None:
    limits.check(inputs, signature, sent, max_pixels)


def files(*data: bytes) -> np.ndarray:
    array = np.empty(len(data), np.object_)
    array[:] = data
    return array


def png(width: int, height: int, length: int = 100) -> bytes:
    return (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + width.to_bytes(4) + height.to_bytes(4)).ljust(length, b"\0")


ONE = np.float32(1)


@pytest.mark.parametrize(
    ("signature", "inputs"),
    [
        (NETWORK, {"x": np.zeros((FREE_ROWS + 8, 2)), "keep_prob": ONE}),
        (NETWORK, {"x": np.zeros((1, 2)), "keep_prob": np.ones((2, FREE_ROWS // 2 + 4))}),
        (FILES, {"image_bytes": files(*[b""] * (FREE_ROWS + 8))}),
    ],
)
def test_rows_come_with_bytes(signature: Signature, inputs: dict[str, Any]) -> None:
    check(signature, 8, **inputs)
    rows = FREE_ROWS + 8
    with pytest.raises(RequestError, match=f"asks for {rows} rows in 7 bytes: expected at most {rows - 1}") as refused:
        check(signature, 7, **inputs)
    assert refused.value.code == "INVALID_ARGUMENT"


def test_what_need_not_be_rows_is_not_counted() -> None:
    check(FREE, numbers=np.zeros(10_000))
    check(NETWORK, x=np.zeros(()), keep_prob=np.ones(1))  # the model says what is wrong


@pytest.mark.parametrize("count", [1, 3])
def test_pixels_are_counted_whichever_way_they_come(count: int) -> None:
    check(PIXELS, images=np.zeros((count, 10, 1000 // count // 10, 3), np.uint8))
    with pytest.raises(RequestError, match=rf"images: {count} x 1001 x 1 pixels are more than 1000: .*\(--max_picture"):
        check(PIXELS, images=np.zeros((count, 1, 1001, 3), np.uint8))
    check(FILES, image_bytes=files(*[png(10, 1000 // count // 10)] * count))
    with pytest.raises(RequestError, match="image_bytes: picture 0 has 1001 x 1 pixels, which makes more than 1000"):
        check(FILES, image_bytes=files(*[png(1001, 1)] * count))


@pytest.mark.parametrize("side", [(1, 70_000), (70_000, 1)])
def test_no_side_is_longer_than_a_jpeg_may_have(side: tuple[int, int]) -> None:
    for given in ({"images": np.zeros((1, *side, 3), np.uint8)}, {"image_bytes": files(png(*side))}):
        with pytest.raises(RequestError, match="expected at most 65,535 a side"):
            check(PIXELS if "images" in given else FILES, max_pixels=10**6, **given)


def test_a_file_holds_so_many_pixels_and_no_more() -> None:
    check(FILES, max_pixels=10**6, image_bytes=files(png(8256, 100, 100)))
    with pytest.raises(RequestError, match=r"picture 1 is a damaged .* 100 bytes are too few for 8256 x 101 pixels"):
        check(FILES, max_pixels=10**7, image_bytes=files(png(1, 1), png(8256, 101, 100)))


def test_other_strings_and_arrays_pass() -> None:
    check(FILES, image_bytes=files(b"", b"text", b"GIF89a" + b"\xff" * 20))
    check(Signature({"x": TensorSpec("DT_UINT8", (-1, -1))}, {}), max_pixels=1, x=np.zeros((5, 5), np.uint8))


@pytest.mark.parametrize("text", [b"[],", b'"",', b"{},", b"1,"])
def test_json_values_come_with_bytes(text: bytes) -> None:
    body = text * ((FREE_VALUES + 400) // (1 + (text[:1] in b"[{")))
    limits.check_values(body, 100)
    with pytest.raises(RequestError, match=f"unpacks from 98 bytes to {FREE_VALUES + 400} JSON values: expected"):
        limits.check_values(body, 98)


def test_lists_are_limited_however_much_was_sent() -> None:
    limits.check_values(b"[" * MOST_LISTS, MOST_LISTS)
    with pytest.raises(RequestError, match=f"{MOST_LISTS + 1} JSON lists and objects: expected at most {MOST_LISTS}"):
        limits.check_values(b"[" * MOST_LISTS + b"{", MOST_LISTS)


def test_a_tensor_unfolds_to_what_was_sent_and_something_free() -> None:
    assert limits.unfolded_bytes(100, 10**9) == FREE_BYTES + 100
    assert limits.unfolded_bytes(100, 10**6) == 10**6

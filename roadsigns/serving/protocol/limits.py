"""How much memory a request may need once it is decoded, counted before that memory is taken.

A few bytes can claim a mountain: gzip packs a thousand zeros into one byte, a TensorProto repeats its last value, one
picture is answered once for each keep probability, a PNG's header names any size. So there is a free amount that any
request may come to, and beyond it an amount for each byte that was really sent. Honest requests stay far below it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ... import pictures
from ...errors import DataError, RequestError
from .signature import Signature
from .tensors import Array

FREE_ROWS = 512
"""The rows that any request may have, about half a second's work; one row more for each byte sent."""

FREE_BYTES = 2**24
"""The bytes that any TensorProto may decode to; one byte more for each byte sent."""

FREE_VALUES = 1_000_000
"""The JSON values that any body may hold once it is unpacked."""

VALUES_PER_BYTE = 4
"""Further JSON values for each byte sent. A packed body needs more than two bits for a number with information."""

MOST_LISTS = 10_000_000
"""JSON lists and objects in a body: each takes 100 bytes of memory. 9,000 pictures of 32x32x1 numbers have as many."""

_PICTURES = (-1, -1, -1, 3)


def check_values(body: bytes, sent: int) -> None:
    """Refuse JSON of more lists, objects and values than a body of this size needs.

    Args:
        body: the body, unpacked.
        sent: bytes that came.

    Raises:
        RequestError: there are more.
    """
    most = FREE_VALUES + VALUES_PER_BYTE * sent
    if len(body) <= min(most, MOST_LISTS):  # each value has a byte of its own, so nothing needs counting
        return
    lists = body.count(b"[") + body.count(b"{")
    values = lists + body.count(b",")
    if values > most:
        raise RequestError(
            f"The body unpacks from {sent} bytes to {values} JSON values: expected at most {most}. "
            "Send fewer at once, or send them unpacked"
        )
    if lists > MOST_LISTS:
        raise RequestError(
            f"The body has {lists} JSON lists and objects: expected at most {MOST_LISTS}. Send fewer at once"
        )


def unfolded_bytes(sent: int, max_bytes: int) -> int:
    """How many bytes a tensor may decode to.

    Args:
        sent: the bytes of the whole request.
        max_bytes: the limit for any request.
    """
    return min(max_bytes, FREE_BYTES + sent)


def check(inputs: Mapping[str, Array], signature: Signature, sent: int, max_pixels: int) -> None:
    """Refuse inputs that come to more rows than were sent, or to more pixels than fit.

    Args:
        inputs: arrays by input name; strings are `bytes` in object arrays. Other objects pass: the model refuses what
            is no picture.
        signature: the signature that the inputs are for.
        sent: bytes that came.
        max_pixels: the limit for all pictures together.

    Raises:
        RequestError: there are more; says of a picture which one was too much.
    """
    rows = max((_rows(name, array, signature) for name, array in inputs.items()), default=0)
    if rows > FREE_ROWS + sent:
        raise RequestError(
            f"The request asks for {rows} rows in {sent} bytes: expected at most {FREE_ROWS + sent}. "
            "Send fewer at once, or send each row"
        )
    for name, array in inputs.items():
        if array.dtype == object:
            _check_files(name, array, max_pixels)
        elif array.dtype == np.uint8 and array.ndim == 4 and signature.inputs[name].shape == _PICTURES:
            _check_pixels(name, array, max_pixels)


def _rows(name: str, array: Array, signature: Signature) -> int:
    if name in signature.keep_probabilities:
        return array.size
    shape = signature.inputs[name].shape
    return len(array) if shape and shape[0] == -1 and array.ndim else 0


def _check_files(name: str, files: Array, max_pixels: int) -> None:
    total = 0
    for index, data in enumerate(files.flat):
        label = f"{name}: picture {index}"
        try:
            width, height = pictures.size(data, label)
            total += width * height
            if total > max_pixels:
                raise RequestError(
                    f"{label} has {width} x {height} pixels, which makes more than {max_pixels} in this request: "
                    "send smaller pictures, or fewer at a time (--max_picture_pixels)"
                )
            pictures.check_size(width, height, len(data), label)
        except DataError as error:
            raise RequestError(str(error)) from error


def _check_pixels(name: str, images: Array, max_pixels: int) -> None:
    count, height, width = images.shape[:3]
    if count * height * width > max_pixels:
        raise RequestError(
            f"{name}: {count} x {width} x {height} pixels are more than {max_pixels}: "
            "send smaller pictures, or fewer at a time (--max_picture_pixels)"
        )
    if max(height, width) > pictures.MAX_SIDE:
        raise RequestError(f"{name}: {width} x {height} pixels: expected at most {pictures.MAX_SIDE:,} a side")

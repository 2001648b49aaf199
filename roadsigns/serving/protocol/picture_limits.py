"""Pictures in a request that would fill the memory once they are decoded, found by their headers."""

from __future__ import annotations

from collections.abc import Mapping

from ... import pictures
from ...errors import DataError, RequestError
from .tensors import Array


def check(inputs: Mapping[str, Array], max_pixels: int) -> None:
    """Refuse inputs whose PNG and JPEG files have more than `max_pixels` pixels together.

    Args:
        inputs: arrays by input name; strings are `bytes` in object arrays. Anything else in them passes: if it is no
            picture, the model says so.
        max_pixels: the limit.

    Raises:
        RequestError: there are more; says which picture was one too many.
    """
    total = 0
    for name, array in inputs.items():
        if array.dtype != object:
            continue
        for index, data in enumerate(array.flat):
            try:
                width, height = pictures.size(data)
            except DataError as error:
                raise RequestError(f"{name}: picture {index}: {error}") from error
            total += width * height
            if total > max_pixels:
                raise RequestError(
                    f"{name}: picture {index} has {width} x {height} pixels, which makes more than {max_pixels} in "
                    "this request: send smaller pictures, or fewer at a time (--max_picture_pixels)"
                )

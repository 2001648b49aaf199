"""A predict call's answer: arrays by output name to JSON, in the form that the request had.

Floats are printed as TensorFlow Serving prints them: six digits where they say all, else as many as are always enough.
"""

from __future__ import annotations

import base64
import itertools
from collections.abc import Mapping
from json.encoder import encode_basestring
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import RequestError
from .predict_request import Form
from .tensors import Array

_WORDS = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def format_answer(outputs: Mapping[str, Array], form: Form) -> bytes:
    """Write a model's outputs as JSON in time linear in their size.

    One output is written without its name. The words NaN, Infinity and -Infinity, which floats may need, are not
    strict JSON. A string is UTF-8 (bytes that are not become U+FFFD) or, if the output's name ends in `_bytes`,
    `{"b64": TEXT}`.

    Args:
        outputs: all outputs of the signature in the order to write; strings are bytes or str in object arrays.
        form: that of the request. In row form each output has the batch in front.

    Raises:
        RequestError: there is no output, one of a dtype that JSON has no form for, or, in row form, one without a
            batch or with another batch than its neighbours.
    """
    if not outputs:
        raise RequestError("Cannot convert empty tensor map to JSON")
    if form is Form.COLUMNS:
        whole = {name: _nest(_leaves(name, array), array.shape)[0] for name, array in outputs.items()}
        text = _object(whole) if len(whole) > 1 else next(iter(whole.values()))
    else:
        _check_batch(outputs)
        columns = {name: _nest(_leaves(name, array), array.shape, 1) for name, array in outputs.items()}
        if len(columns) > 1:
            heads = [f"{_string(name)}:" for name in columns]
            rows = zip(*columns.values(), strict=True)
            items = ["{" + ",".join(map(str.__add__, heads, row)) + "}" for row in rows]
        else:
            [items] = columns.values()
        text = f"[{','.join(items)}]"
    return f'{{"{form.value}":{text}}}'.encode()


def _check_batch(outputs: Mapping[str, Array]) -> None:
    batch = None
    for name, array in outputs.items():
        if array.ndim == 0:
            raise RequestError(f"Tensor name: {name} has no shape information ")
        if batch is not None and len(array) != batch:
            raise RequestError(f"Tensor name: {name} has inconsistent batch size: {len(array)} expecting: {batch}")
        batch = len(array)


def _nest(texts: list[str], shape: tuple[int, ...], axis: int = 0) -> list[str]:
    """Put the texts of an array's elements into brackets, from its last axis to `axis`."""
    for position in range(len(shape) - 1, axis - 1, -1):
        size = shape[position]
        count = int(np.prod(shape[:position], dtype=np.int64))
        texts = [f"[{','.join(texts[size * index : size * (index + 1)])}]" for index in range(count)]
    return texts


def _leaves(name: str, array: Array) -> list[str]:
    """Each element as JSON, in order."""
    flat = array.reshape(-1)
    kind = flat.dtype.kind
    if flat.dtype in (np.float32, np.float64):
        return float_texts(flat)
    if (kind == "f" and flat.dtype.itemsize == 2) or flat.dtype.name == "bfloat16":
        return float_texts(flat.astype(np.float32))
    if kind == "b":
        return ["true" if each else "false" for each in flat.tolist()]
    if kind in "iu":
        return list(map(str, flat.tolist()))
    if kind in "OSU":
        return [_binary(each) if name.endswith("_bytes") else _string(each) for each in flat.tolist()]
    raise RequestError(f"Failed to write JSON value for tensor type: {flat.dtype.name}")


def _string(value: bytes | str) -> str:
    text = value if isinstance(value, str) else value.decode("utf-8", "replace")
    return str(encode_basestring(text))


def _binary(value: bytes | str) -> str:
    raw = value.encode() if isinstance(value, str) else value
    return f'{{"b64":"{base64.b64encode(raw).decode()}"}}'


def _object(members: Mapping[str, Any]) -> str:
    return "{" + ",".join(f"{_string(name)}:{text}" for name, text in members.items()) + "}"


def float_texts(numbers: npt.NDArray[np.floating[Any]]) -> list[str]:
    """Print each number so that it reads back to the same number of its own dtype.

    Six significant digits as C's `%g`; if that reads back to another number, nine (float32) or seventeen (float64).
    A whole number ends in `.0`, so that it never looks like an integer. Not a number and the infinities are bare words.

    Args:
        numbers: float32 or float64, shape `(N,)`.

    Source: TensorFlow Serving's REST API, "JSON mapping", and the `WriteDecimal` it describes.
    """
    values = numbers.tolist()
    made = _printed("%.9g" if numbers.dtype == np.float32 else "%.17g", values)
    tried = _may_be_short(numbers).nonzero()[0].tolist()
    if tried:
        short = _printed("%g", [values[index] for index in tried])
        same = _read_back(short, numbers[tried])
        for index in itertools.compress(range(len(tried)), same.tolist()):
            made[tried[index]] = short[index]
    return [text if "." in text or "e" in text else _WORDS.get(text, f"{text}.0") for text in made]


def _read_back(texts: list[str], wanted: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.bool_]:
    """Whether each text reads back to the number that is wanted."""
    back = np.array(list(map(float, texts)), np.float64)
    if wanted.dtype != np.float32:
        return np.asarray(back == wanted)
    # A reader that does not go by way of a double must come to the same float32, so the doubles on both sides count.
    with np.errstate(over="ignore", under="ignore"):
        sides = np.array([back, np.nextafter(back, -np.inf), np.nextafter(back, np.inf)]).astype(np.float32)
    return np.asarray((sides == wanted).all(axis=0))


def _may_be_short(numbers: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.bool_]:
    """Whether six digits may be enough: false only where they are surely nearer to another float32."""
    if numbers.dtype != np.float32:
        return np.ones(numbers.shape, np.bool_)
    with np.errstate(all="ignore"):
        wide = np.abs(numbers.astype(np.float64))
        scale = 10.0 ** (5 - np.floor(np.log10(wide)))
        away = np.abs(np.rint(wide * scale) / scale - wide)
    return np.asarray(~(away > 2.0**-23 * wide) | (wide < np.finfo(np.float32).tiny))


def _printed(form: str, values: list[float]) -> list[str]:
    """Each number by the same form: one call for all of them takes half the time."""
    return (f"{form} " * len(values) % tuple(values)).split()

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as hnp

from roadsigns.errors import RequestError
from roadsigns.serving.protocol.predict_answer import format_answer
from roadsigns.serving.protocol.predict_request import Form

FLOATS = np.array([[0.5, 1], [2, 1 / 3]], np.float32)
TEXTS = np.array([b'a"\n', "\u00e4".encode()], object)


@pytest.mark.parametrize(
    ("outputs", "form", "text"),
    [
        ({"y": FLOATS}, Form.COLUMNS, '{"outputs":[[0.5,1.0],[2.0,0.333333343]]}'),
        ({"y": FLOATS}, Form.ROW, '{"predictions":[[0.5,1.0],[2.0,0.333333343]]}'),
        ({"y": np.float32(0.25).reshape(())}, Form.COLUMNS, '{"outputs":0.25}'),
        ({"y": np.array([np.nan, np.inf, -np.inf])}, Form.ROW, '{"predictions":[NaN,Infinity,-Infinity]}'),
        ({"y": np.array([1.5, 3], np.float16)}, Form.ROW, '{"predictions":[1.5,3.0]}'),
        ({"y": np.array([[True], [False]])}, Form.ROW, '{"predictions":[[true],[false]]}'),
        ({"y": np.array([2**64 - 1], np.uint64)}, Form.ROW, '{"predictions":[18446744073709551615]}'),
        ({"y": np.array([-1], np.int8)}, Form.COLUMNS, '{"outputs":[-1]}'),
        ({"s": TEXTS}, Form.COLUMNS, '{"outputs":["a\\"\\n","\u00e4"]}'),
        ({"s": np.array([b"\xff"], object)}, Form.COLUMNS, '{"outputs":["\ufffd"]}'),
        ({"s": np.array(["a"])}, Form.COLUMNS, '{"outputs":["a"]}'),
        ({"s_bytes": np.array([b"\xff", b""], object)}, Form.ROW, '{"predictions":[{"b64":"/w=="},{"b64":""}]}'),
        ({"f_bytes": np.array([1])}, Form.ROW, '{"predictions":[1]}'),
        (
            {"y": FLOATS, "s": TEXTS},
            Form.ROW,
            '{"predictions":[{"y":[0.5,1.0],"s":"a\\"\\n"},{"y":[2.0,0.333333343],"s":"\u00e4"}]}',
        ),
        ({"y": np.array([1, 2]), "n": np.array(3)}, Form.COLUMNS, '{"outputs":{"y":[1,2],"n":3}}'),
        ({"y": np.empty((0, 43))}, Form.ROW, '{"predictions":[]}'),
        ({"y": np.empty((2, 0, 3))}, Form.COLUMNS, '{"outputs":[[],[]]}'),
        ({"y": np.empty((2, 0)), "n": np.arange(2)}, Form.ROW, '{"predictions":[{"y":[],"n":0},{"y":[],"n":1}]}'),
    ],
)
def test_an_answer_reads(outputs: dict[str, Any], form: Form, text: str) -> None:
    assert format_answer(outputs, form).decode() == text


@pytest.mark.parametrize(
    ("outputs", "form", "phrase"),
    [
        ({}, Form.ROW, "Cannot convert empty tensor map to JSON"),
        ({"y": np.array(1.0)}, Form.ROW, "Tensor name: y has no shape information"),
        ({"y": FLOATS, "z": np.ones(3)}, Form.ROW, "Tensor name: z has inconsistent batch size: 3 expecting: 2"),
        ({"y": np.ones(2, complex)}, Form.COLUMNS, "Failed to write JSON value for tensor type: complex128"),
    ],
)
def test_an_answer_that_cannot_be_formed(outputs: dict[str, Any], form: Form, phrase: str) -> None:
    with pytest.raises(RequestError) as caught:
        format_answer(outputs, form)
    assert caught.value.message.strip() == phrase
    assert caught.value.http_status == 400


@given(array=hnp.arrays(np.float32, hnp.array_shapes(min_dims=1, max_dims=4, min_side=0)))
def test_any_layout_in_memory_reads_the_same(array: np.ndarray) -> None:
    turned = np.asfortranarray(array)
    assert format_answer({"y": turned}, Form.COLUMNS) == format_answer({"y": array}, Form.COLUMNS)
    read = json.loads(format_answer({"y": turned}, Form.COLUMNS))["outputs"]
    np.testing.assert_array_equal(np.array(read, np.float32).reshape(array.shape), array)

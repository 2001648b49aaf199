"""An answer, sent back as a request, gives the arrays that it was made of."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from bodies import STRING, arrays, signature
from roadsigns.serving.protocol.predict_answer import format_answer
from roadsigns.serving.protocol.predict_request import Form, parse_body
from roadsigns.serving.protocol.signature import NUMPY, Signature, TensorSpec

SHAPES = hnp.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=4)
NUMBERS = st.one_of(
    hnp.arrays(dtype, SHAPES)
    for dtype in (np.float32, np.float64, np.int32, np.int64, np.uint32, np.uint64, np.bool_, np.int8, np.uint8)
)
TF = {np.dtype(kind): name for name, kind in NUMPY.items()}


def known(shape: tuple[int, ...], start: int) -> bool:
    """Whether JSON can say the shape: what is inside an empty list is not written."""
    return 0 not in shape[start:-1]


@given(array=NUMBERS, form=st.sampled_from(Form), count=st.integers(1, 2))
def test_numbers_come_back_as_they_went(array: np.ndarray, form: Form, count: int) -> None:
    if not known(array.shape, 0) or (form is Form.ROW and len(array) == 0):
        return
    names = ["a", "b"][:count]
    answer = json_key(format_answer(dict.fromkeys(names, array), form), form)
    wanted = Signature({name: TensorSpec(TF[array.dtype]) for name in names}, {})
    made, again = parse_body(answer).arrays(wanted)
    assert again is form
    for name in names:
        assert made[name].dtype == array.dtype
        np.testing.assert_array_equal(made[name], array)
        if array.dtype.kind == "f":
            np.testing.assert_array_equal(np.signbit(made[name][~np.isnan(array)]), np.signbit(array[~np.isnan(array)]))


def json_key(answer: bytes, form: Form) -> bytes:
    """An answer as a request: only its key is another."""
    key, request = {Form.ROW: (b"predictions", b"instances"), Form.COLUMNS: (b"outputs", b"inputs")}[form]
    assert answer.startswith(b'{"' + key + b'":')
    return answer.replace(key, request, 1)


@given(
    array=hnp.arrays(np.object_, SHAPES, elements=st.binary(max_size=5)),
    form=st.sampled_from(Form),
)
def test_bytes_come_back_as_they_went(array: np.ndarray, form: Form) -> None:
    if not known(array.shape, 0) or (form is Form.ROW and len(array) == 0):
        return
    made = arrays(json_key(format_answer({"image_bytes": array}, form), form), STRING)["image_bytes"]
    assert made.shape == array.shape
    assert made.tolist() == array.tolist()


@given(texts=st.lists(st.text(), min_size=1), form=st.sampled_from(Form))
def test_texts_come_back_as_they_went(texts: list[str], form: Form) -> None:
    array = np.array([text.encode() for text in texts] + [None], np.object_)[:-1]
    made = arrays(json_key(format_answer({"s": array}, form), form), signature(s="STRING"))["s"]
    assert made.tolist() == array.tolist()

"""The short way through a large array of numbers against the long one, which knows nothing of it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from bodies import TWO
from roadsigns.errors import RequestError
from roadsigns.serving.protocol import json_reader
from roadsigns.serving.protocol.examples import parse_examples
from roadsigns.serving.protocol.predict_request import PredictBody

SHAPES = arrays_of.array_shapes(min_dims=2, max_dims=5, max_side=4)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**70), 2**70)


def outcome(document, signature=TWO):
    """The arrays, or the refusal."""
    try:
        made, form = PredictBody(document, "").arrays(signature)
    except RequestError as error:
        return str(error)
    return form, {name: (array.dtype, array.shape, array.tobytes()) for name, array in made.items()}


@st.composite
def bodies(draw):
    shape = draw(SHAPES)
    flat = draw(st.lists(NUMBERS, min_size=int(np.prod(shape)), max_size=int(np.prod(shape))))
    value = np.array(flat, object).reshape(shape).tolist()
    inputs = draw(st.permutations([("x", value), ("keep_prob", draw(st.sampled_from([1, [1], [[1]], "[[1]]"])))]))
    separators = draw(st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", " : "), ("\t,", ":\r\n")]))
    return json.dumps({"inputs": dict(inputs)}, separators=separators).encode()


def test_an_array_is_taken_apart():
    document = json_reader.read_numbers(b'{"inputs":{"x":[[1,2.5,-3],[4e1,5,6]],"keep_prob":1}}')
    assert document is not None
    found = document.value["inputs"]["x"]
    assert (found.flat, found.shape) == ([1, 2.5, -3, 40.0, 5, 6], (2, 3))
    assert found.lists() == [[1, 2.5, -3], [40.0, 5, 6]]
    assert document.value["inputs"]["keep_prob"] == 1


def test_blanks_are_read_over():
    document = json_reader.read_numbers(b'{"inputs":{"x":[[ 1 ,\n2],\t[3 , 4\r\n]]}}')
    assert document is not None
    found = document.value["inputs"]["x"]
    assert (found.doubles.tolist(), found.shape) == ([1, 2, 3, 4], (2, 2))


@given(bodies())
def test_both_ways_come_to_the_same(body):
    short = json_reader.read_numbers(body)
    if short is not None:
        assert outcome(short) == outcome(json_reader.read(body))


@given(bodies(), st.data())
def test_both_ways_come_to_the_same_where_bytes_are_wrong(body, data):
    place = data.draw(st.integers(0, len(body)))
    cut = data.draw(st.integers(0, 2))
    piece = data.draw(st.sampled_from([*b'[]{},:"0-.e \n\\', 0x80]) | st.integers(0, 255))
    spoilt = body[:place] + bytes([piece]) + body[place + cut :]
    short = json_reader.read_numbers(spoilt)
    if short is not None:
        assert outcome(short) == outcome(json_reader.read(spoilt))


@pytest.mark.parametrize(
    "inputs",
    [
        '{"x":[[1,2],[3]],"keep_prob":1}',
        '{"x":[[1],[]],"keep_prob":1}',
        '{"x":[[]],"keep_prob":1}',
        '{"x":[[1,]],"keep_prob":1}',
        '{"x":[[1]2,[3]],"keep_prob":1}',
        '{"x":[[1],2[3]],"keep_prob":1}',
        '{"x":[[1 2]],"keep_prob":1}',
        '{"x":[[1\n2]],"keep_prob":1}',
        '{"x":[[1] 2,[3]],"keep_prob":1}',
        '{"x":[[- 1]],"keep_prob":1}',
        '{"x":[[1],"a"],"keep_prob":1}',
        '{"x":[[NaN]],"keep_prob":1}',
        '{"x":[[1e999]],"keep_prob":1}',
        '{"x":[[1]],"x":[[2]],"keep_prob":1}',
        '{"x":["[[1]]"],"keep_prob":"\\u0000"}',
        '{"x":["a",[[1]]],"keep_prob":"\\u0000"}',
        '{"x":[[1]]',
        '{"b64":[[1]]}',
        "[[1]]",
    ],
)
def test_whatever_is_not_plain_is_left_to_the_other(inputs):
    assert json_reader.read_numbers(f'{{"inputs":{inputs}}}'.encode()) is None


@pytest.mark.parametrize("rest", ['"instances":[1]', '"signature_name":1', '"more":1'])
def test_so_is_a_body_that_will_be_refused(rest):
    assert json_reader.read_numbers(f'{{"inputs":{{"x":[[1]]}},{rest}}}'.encode()) is None


@pytest.mark.parametrize("method", ["classify", "regress"])
def test_other_calls_show_the_body_as_it_was_sent(method):
    with pytest.raises(RequestError, match=r"\[\[1, 2\]\].*key 'examples' is expected"):
        parse_examples(b'{"inputs":{"x":[[1,2]]}}', method)

"""TensorProto messages, beside TensorFlow's own conversions."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from roadsigns.errors import RequestError
from roadsigns.serving.protocol.signature import NUMPY
from roadsigns.serving.tensor_proto import from_array, to_array

TensorProto = tf.compat.v1.make_tensor_proto(0).__class__
LIMIT = 10**6

NUMBERS = [np.dtype(kind) for name, kind in NUMPY.items() if name != "DT_STRING"]
ARRAYS = st.sampled_from(NUMBERS).flatmap(
    lambda dtype: st_numpy.arrays(dtype, st_numpy.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
)
STRINGS = st.lists(st.binary(max_size=5), max_size=6).map(lambda each: np.array([*each, b""], np.object_)[:-1])


def same(one: Any, other: Any) -> None:
    assert (one.dtype, one.shape) == (other.dtype, other.shape)
    np.testing.assert_array_equal(one, other)


@given(ARRAYS)
def test_tensorflows_messages_are_read(array: Any) -> None:
    same(to_array(tf.make_tensor_proto(array), LIMIT), array)


@given(ARRAYS)
def test_tensorflow_reads_our_messages(array: Any) -> None:
    proto = TensorProto()
    from_array(array, proto)
    assert not proto.tensor_content, "clients read the typed values"
    same(tf.make_ndarray(proto), array)
    same(to_array(TensorProto.FromString(proto.SerializeToString()), LIMIT), array)


@given(STRINGS)
def test_strings_go_both_ways(array: Any) -> None:
    proto = TensorProto()
    from_array(array, proto)
    same(tf.make_ndarray(proto), array)
    same(to_array(proto, LIMIT), array)


@pytest.mark.parametrize(
    ("values", "expected"),
    [([2.5], [[2.5, 2.5], [2.5, 2.5]]), ([1, 2], [[1, 2], [2, 2]]), ([], [[0, 0], [0, 0]])],
)
def test_the_last_value_fills_the_rest(values: list[float], expected: list[list[float]]) -> None:
    proto = tf.make_tensor_proto(np.zeros((2, 2), np.float32))
    proto.ClearField("tensor_content")
    proto.float_val[:] = values
    same(to_array(proto, LIMIT), np.array(expected, np.float32))


@pytest.mark.parametrize(
    ("values", "expected"), [([b"a", b"bc"], [b"a", b"bc", b"bc"]), ([b"a"] * 3, [b"a"] * 3), ([], [b"", b"", b""])]
)
def test_the_last_string_fills_the_rest(values: list[bytes], expected: list[bytes]) -> None:
    same(to_array(message(7, (3,), string_val=values), LIMIT), np.array(expected, np.object_))


@pytest.mark.parametrize(("bits", "expected"), [([], [0, 0]), ([0x3C00], [1, 1]), ([0x3C00, 0xC000], [1, -2])])
def test_halves_are_given_as_bits(bits: list[int], expected: list[float]) -> None:
    same(to_array(message(19, (2,), half_val=bits), LIMIT), np.array(expected, np.float16))


def test_texts_are_sent_as_utf_8() -> None:
    proto = TensorProto()
    from_array(np.array(["ä", "b"]), proto)
    assert list(proto.string_val) == ["ä".encode(), b"b"]


@pytest.mark.parametrize(
    ("dtype", "size"), [(1, 4), (2, 8), (4, 1), (7, 8)], ids=["float", "double", "uint8", "string"]
)
def test_the_limit_counts_bytes_and_a_string_as_eight(dtype: int, size: int) -> None:
    assert to_array(message(dtype, (5,)), 5 * size).shape == (5,)
    with pytest.raises(RequestError, match=rf"shape \[5\] is larger than {5 * size - 1} bytes"):
        to_array(message(dtype, (5,)), 5 * size - 1)


def message(dtype: int = 1, dims: tuple[int, ...] = (), **fields: Any) -> Any:
    proto = TensorProto(dtype=dtype, **fields)
    for size in dims:
        proto.tensor_shape.dim.add(size=size)
    return proto


BAD = {
    "a shape for a terabyte": (message(dims=(2**20, 2**20), float_val=[1]), r"shape \[1048576, 1048576\] is larger"),
    "a shape past every number": (message(dims=(2**62, 2**62), float_val=[1]), "is larger than"),
    "nothing, in a shape past every number": (message(dims=(0, 2**62)), "is larger than"),
    "as many strings": (message(7, (2**40,), string_val=[b""]), "is larger than"),
    "a negative size": (message(dims=(-1,), float_val=[1]), r"expected sizes of 0 and more. Received: \[-1\]"),
    "too few bytes": (message(dims=(2,), tensor_content=b"1234"), r"4 bytes of tensor_content do not make \[2\] of"),
    "too many bytes": (message(dims=(), tensor_content=b"12345678"), "8 bytes of tensor_content"),
    "too many values": (message(dims=(1,), float_val=[1, 2]), "2 values are more than"),
    "strings as content": (message(7, (1,), tensor_content=b"a"), "expected strings as string_val"),
    "no dtype": (message(0), "dtype DT_INVALID is not supported"),
    "a resource": (message(20), "dtype DT_RESOURCE is not supported"),
    "a number that is no dtype": (message(9999), "dtype 9999 is not supported"),
    "many axes": (message(dims=(1,) * 40, float_val=[1]), "at most 32 known sizes"),
}


@pytest.mark.parametrize(("proto", "why"), BAD.values(), ids=BAD.keys())
def test_a_message_that_contradicts_itself_is_refused(proto: Any, why: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(RequestError, match=f"^tensor parsing error: .*{why}"):
            to_array(proto, LIMIT)
        assert tracemalloc.get_traced_memory()[1] < 2 * LIMIT
    finally:
        tracemalloc.stop()


@given(
    dtype=st.integers(0, 30),
    dims=st.lists(st.integers(-2, 5) | st.sampled_from([2**31, 2**62, -(2**63)]), max_size=4),
    content=st.binary(max_size=16),
    floats=st.lists(st.floats(width=32), max_size=3),
    integers=st.lists(st.integers(-(2**31), 2**31 - 1), max_size=3),
    strings=st.lists(st.binary(max_size=3), max_size=3),
)
def test_any_message_is_an_array_or_refused(
    dtype: int, dims: list[int], content: bytes, floats: Any, integers: Any, strings: Any
) -> None:
    proto = message(
        dtype,
        tuple(dims),
        tensor_content=content,
        float_val=floats,
        int_val=integers,
        half_val=integers,
        int64_val=integers,
        string_val=strings,
    )
    try:
        array = to_array(proto, LIMIT)
    except RequestError:
        return
    assert array.shape == tuple(dims)


def test_an_output_that_has_no_tensor_is_our_fault() -> None:
    with pytest.raises(RequestError, match=r"^An output of dtype complex64 cannot be sent$") as caught:
        from_array(np.zeros(1, np.complex64), TensorProto())
    assert caught.value.code == "INTERNAL"

from __future__ import annotations

import contextlib
import io
import os
import pickle
import struct
import tracemalloc
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from roadsigns.data.unpickle import MAX_BYTES, load_arrays
from roadsigns.errors import DataError

PROTOCOLS = range(6)


def load(data: bytes) -> dict[str, Any]:
    return load_arrays(io.BytesIO(data), "some.p", size=len(data))


def same(got: dict[str, Any], expected: dict[str, Any]) -> None:
    assert list(got) == list(expected)
    for key, array in expected.items():
        np.testing.assert_array_equal(got[key], array)
        assert got[key].shape == array.shape
        assert got[key].dtype == array.dtype.newbyteorder("=")
        assert got[key].flags.c_contiguous and got[key].flags.writeable and got[key].flags.aligned


dtypes = st.one_of(
    npst.boolean_dtypes(),
    npst.integer_dtypes(endianness="?"),
    npst.unsigned_integer_dtypes(endianness="?"),
    npst.floating_dtypes(endianness="?"),
)
numbers = dtypes.flatmap(lambda dtype: npst.arrays(dtype, npst.array_shapes(min_dims=0, max_dims=4, min_side=0)))
layouts = st.sampled_from([np.ascontiguousarray, np.asfortranarray, np.transpose, lambda a: np.swapaxes(a, 0, -1)])


@st.composite
def arrays(draw: st.DrawFn) -> Any:
    array = draw(numbers)
    return array if array.ndim == 0 else draw(layouts)(array)


@given(st.dictionaries(st.text(max_size=5), arrays(), max_size=4), st.sampled_from(PROTOCOLS))
def test_load_arrays_reads_what_pickle_writes(expected: dict[str, Any], protocol: int) -> None:
    same(load(pickle.dumps(expected, protocol)), expected)


@given(arrays(), st.sampled_from(PROTOCOLS))
def test_load_arrays_reads_numpy_1_spelling(array: Any, protocol: int) -> None:
    data = pickle.dumps({"a": array}, protocol)
    for module in (b"multiarray", b"numeric"):
        old, new = b"numpy._core." + module, b"numpy.core." + module
        if protocol >= 4:
            old, new = bytes([0x8C, len(old)]) + old, bytes([0x8C, len(new)]) + new
        cut = data.count(old)
        data = data.replace(old, new)
        if protocol >= 4 and data[2:3] == b"\x95":
            data = data[:3] + struct.pack("<Q", struct.unpack("<Q", data[3:11])[0] - cut) + data[11:]
    assert b"_core" not in data
    same(load(data), {"a": array})


# As Python 2 writes {"a": array}, by protocol.
PYTHON_2 = {
    0: b"(dp1\nS'a'\np2\ncnumpy.core.multiarray\n_reconstruct\np3\n(cnumpy\nndarray\np4\n(I0\ntp5\nS'b'\np6\ntp7\nRp8\n"
    b"(I1\n(L2L\nI3\ntp9\ncnumpy\ndtype\np10\n(S'u2'\np11\nI0\nI1\ntp12\nRp13\n(I3\nS'<'\np14\nNNNI-1\nI-1\nI0\ntp15\n"
    b"bI00\nS'\\x01\\x00\\xff\\x00\\n\\x00\\'\\x00\\\\\\x00\\xe9\\xe9'\np16\ntp17\nbs.",
    2: b"\x80\x02}q\x01U\x01aq\x02cnumpy.core.multiarray\n_reconstruct\nq\x03cnumpy\nndarray\nq\x04K\x00\x85U\x01b\x87R"
    b"q\x05(K\x01\x8a\x01\x02K\x03\x86cnumpy\ndtype\nq\x06U\x02u2K\x00K\x01\x87Rq\x07(K\x03U\x01<NNNJ\xff\xff\xff\xff"
    b"J\xff\xff\xff\xffK\x00tb\x89T\x0c\x00\x00\x00\x01\x00\xff\x00\n\x00'\x00\\\x00\xe9\xe9tbs.",
}


@pytest.mark.parametrize("protocol", PYTHON_2)
def test_load_arrays_reads_python_2(protocol: int) -> None:
    expected = np.array([[1, 255, 10], [39, 92, 0xE9E9]], np.uint16)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy 2 warns of numpy.core
        np.testing.assert_array_equal(pickle.loads(PYTHON_2[protocol], encoding="latin1")["a"], expected)
    same(load(PYTHON_2[protocol]), {"a": expected})


def test_load_arrays_keeps_arrays_apart() -> None:
    """Python holds one object for all one-byte strings of the same value, so a pickle has it once."""
    got = load(pickle.dumps({"a": np.array([7], np.uint8), "b": np.array([7], np.uint8)}, 3))
    got["a"][0] = 8
    assert got["b"][0] == 7


def test_load_arrays_takes_little_more_memory_than_the_arrays() -> None:
    data = pickle.dumps({"a": np.zeros(2**24, np.uint8)}, 4)
    file = io.BytesIO(data)
    tracemalloc.start()
    try:
        load_arrays(file, "some.p", size=len(data))
        assert tracemalloc.get_traced_memory()[1] < 1.2 * 2**24
    finally:
        tracemalloc.stop()


class Call:
    """Pickles as a call of `function` with `arguments`."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.function, self.arguments = function, arguments

    def __reduce__(self) -> Any:
        return self.function, self.arguments


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_load_arrays_runs_nothing(tmp_path: Path, protocol: int) -> None:
    trace = tmp_path / "trace"
    data = pickle.dumps({"a": Call(os.system, f"touch {trace}")}, protocol)
    with pytest.raises(DataError, match=r"^some\.p .* asks for '(posix|nt)\.system', which was not run\. Do not use"):
        load(data)
    assert not trace.exists()
    pickle.loads(data)
    assert trace.exists(), "the payload must work, or this test shows nothing"


RECONSTRUCT = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntC\x01btR"
UINT8 = b"cnumpy\ndtype\n(X\x02\x00\x00\x00u1I00\nI01\ntR(I3\nX\x01\x00\x00\x00|NNNI-1\nI-1\nI0\ntb"


def built(
    shape: bytes = b"(I2\nt", dtype: bytes = UINT8, data: bytes = b"C\x02\x00\x01", version: bytes = b"I1\n"
) -> bytes:
    """A pickle of {"": array} with the parts of the array's state as given."""
    return b"}X\x00\x00\x00\x00" + RECONSTRUCT + b"(" + version + shape + dtype + b"I00\n" + data + b"tbs."


def test_built_is_sound() -> None:
    same(load(built()), {"": np.array([0, 1], np.uint8)})


def buffered(order: bytes = b"K", axes: bytes = b"I1\nI0\n") -> bytes:
    """A pickle of {"": array of shape (2, 1)} as NumPy 2 writes protocol 5, with order and axes as given."""
    function = b"cnumpy._core.numeric\n_frombuffer\n"
    rest = b"X" + struct.pack("<I", len(order)) + order + b"(" + axes + b"t"
    return b"}X\x00\x00\x00\x00" + function + b"(C\x02\x00\x01" + UINT8 + b"(I1\nI2\nt" + rest + b"tRs."


def test_buffered_is_sound() -> None:
    same(load(buffered()), {"": np.array([[0], [1]], np.uint8)})


record = np.zeros(2, [("a", "u1"), ("b", "f4")])
HOSTILE = {
    "nothing": (b"", "ends too early"),
    "text": (b"PK\x03\x04 or so", "opcode PERSID"),
    "inst": (b"(S'true'\nios\nsystem\n.", "INST"),
    "eval": (pickle.dumps({"a": Call(eval, "1")}), r"'builtins\.eval'"),
    "numpy function": (pickle.dumps({"a": Call(np.load, "x")}), r"'numpy\.load'"),
    "scalar": (pickle.dumps({"a": np.uint8(1)}), r"multiarray\.scalar'"),
    "another class": (pickle.dumps({"a": np.ma.masked_array([1], [True])}), "ma.core"),  # type: ignore[no-untyped-call]
    "another kind": (built().replace(b"cnumpy\nndarray", b"cnumpy\ndtype"), "another class than numpy.ndarray"),
    "persistent id": (b"Pid\n.", "PERSID"),
    "extension": (b"\x82\x01.", "EXT1"),
    "newobj": (b"\x80\x02cnumpy\nndarray\nI5\n\x85\x81.", "NEWOBJ"),
    "buffer": (b"\x80\x05\x97.", "NEXT_BUFFER"),
    "later protocol": (b"\x80\x06}.", "protocol 6"),
    "calls ndarray": (b"}X\x00\x00\x00\x00cnumpy\nndarray\n(I9999999999\n\x85tRs.", "not a function"),
    "calls a text": (b"X\x00\x00\x00\x00)R.", "not a function"),
    "builds a dict": (b"}}b.", "complete"),
    "builds twice": (built()[:-2] + b"(I1\n(I2\nt" + UINT8 + b"I00\nC\x02\x00\x01tbs.", "complete"),
    "object": (pickle.dumps({"a": np.array([None, "x"], object)}), "'O8'"),
    "record": (pickle.dumps({"a": record}), "'V5'"),
    "complex": (pickle.dumps({"a": np.zeros(2, complex)}), "'c16'"),
    "texts": (pickle.dumps({"a": np.array(["x"])}), "'U1'"),
    "dates": (pickle.dumps({"a": np.array(["2020"], "M8[s]")}), "'M8'"),
    "fields": (built(dtype=UINT8.replace(b"NNN", b"NN}")), "not a plain number"),
    "order": (built(dtype=UINT8.replace(b"|", b"!")), "not a plain number"),
    "truth": (built(dtype=UINT8.replace(b"u1", b"b1"), data=b"C\x02\x00\x02"), "neither 0 nor 1"),
    "too few bytes": (built(shape=b"(I3\nt"), "2 bytes where its shape needs 3"),
    "negative": (built(shape=b"(I-2\nI-1\nt"), "not a whole number"),
    "overflow": (built(shape=b"(L4611686018427387904L\nI4\nt"), "needs 18446744073709551616"),
    "true length": (built(shape=b"(I01\nI2\nt"), "not a whole number"),
    "shape a text": (built(shape=b"X\x01\x00\x00\x00\x02"), "proper shape"),
    "dimensions": (built(shape=b"(" + 33 * b"I1\n" + b"t"), "proper shape"),
    "no dtype": (built(dtype=b"N"), "without a dtype"),
    "no bytes": (built(data=b"N"), "without bytes"),
    "version": (built(version=b"I2\n"), "unknown form"),
    "begun only": (b"}X\x00\x00\x00\x00" + RECONSTRUCT + b"s.", "not an array"),
    "bytes for an array": (b"}X\x00\x00\x00\x00C\x01as.", "not an array"),
    "list": (pickle.dumps([np.zeros(1)]), "does not hold a dict"),
    "no dict": (pickle.dumps("text"), "does not hold a dict"),
    "key": (pickle.dumps({1: np.zeros(1)}), "key that is not a text"),
    "goes on": (pickle.dumps({}) + b"x", "goes on after its end"),
    "empty stack": (b".", "damaged"),
    "no mark": (b"t.", "mark"),
    "below the mark": (b"}(\x85.", "never gave"),
    "memo": (b"h\x07.", "recalls"),
    "unhashable name": (b"}}\x93.", "without a name"),
    "steps": (10_001 * b"N", "more than 10,000 steps"),
    "long number": (b"I" + 200 * b"1" + b"\n.", "does not end"),
    "order of a buffer": (buffered(order=b"A"), "unknown order"),
    "axes twice": (buffered(axes=b"I0\nI0\n"), "axes that it does not have"),
    "axes too few": (buffered(axes=b"I0\n"), "axes that it does not have"),
    "axes of texts": (buffered(axes=b"NX\x01\x00\x00\x00a"), "damaged|axes that it does not have"),
    "axes of lists": (buffered(axes=b"]q\x00h\x00a]h\x00a"), "axes that it does not have"),
    "adds to a dict": (b"}Na.", "adds to something that is not a list"),
    "escape": (b"S'\\q'\n.", "damaged"),
}


@pytest.mark.parametrize(("data", "message"), HOSTILE.values(), ids=HOSTILE.keys())
def test_load_arrays_refuses(data: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        load(data)
    assert str(caught.value).startswith("some.p ")
    assert "\n" not in str(caught.value)


NESTED = b")" + 60 * b"q\x00h\x00\x86"
"""A tuple of twice the tuple before, sixty times: to print or to compare it takes 2^60 steps."""


@pytest.mark.parametrize(
    "data",
    [
        b"}" + NESTED + b".",
        b"cnumpy\ndtype\n(" + NESTED + b"tR.",
        b"cnumpy\ndtype\n" + NESTED + b"R.",
        built(shape=NESTED),
        built(version=NESTED),
        built(dtype=UINT8.replace(b"X\x01\x00\x00\x00|", NESTED)),
        buffered(axes=NESTED + NESTED),
        b"X\x05\x00\x00\x00numpy" + NESTED + b"\x93.",
    ],
)
def test_load_arrays_does_not_walk_through_nested_tuples(data: bytes) -> None:
    with pytest.raises(DataError, match="it nests tuples deeper than an array does") as caught:
        load(data)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("argument", [b")", b"(NNt", b"N", b"}", b"I5\n"], ids=str)
def test_load_arrays_names_the_kind_of_what_is_no_dtype(argument: bytes) -> None:
    kind = {b")": "a tuple", b"(NNt": "a tuple", b"N": "a NoneType", b"}": "a dict", b"I5\n": "a int"}[argument]
    with pytest.raises(DataError, match=f"it holds an array of type {kind} where"):
        load(b"cnumpy\ndtype\n(" + argument + b"tR.")


@pytest.mark.parametrize(
    "data",
    [
        b"Nr\xff\xff\xff\xff.",  # memo place 2^32 - 1, for which the C unpickler makes room
        b"\x80\x04\x8e" + struct.pack("<Q", 2**40) + b"x.",  # a terabyte announced
        b"\x80\x05\x96" + struct.pack("<Q", 2**63) + b"x.",
        b"}X\x00\x00\x10\x00" + bytes(2**20) + b"q\x00" + 900 * (b"c_codecs\nencode\n(h\x00X\x06\x00\x00\x00latin1tR"),
    ],
)
def test_load_arrays_takes_no_more_memory_than_the_pickle_merits(data: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(DataError):
            load(data)
        assert tracemalloc.get_traced_memory()[1] < 5 * len(data) + 2**20
    finally:
        tracemalloc.stop()


def test_load_arrays_copies_no_more_than_the_pickle_merits() -> None:
    array = RECONSTRUCT + b"(I1\n(L1048576L\nt" + UINT8 + b"I00\nh\x00tb"
    data = b"B\x00\x00\x10\x00" + bytes(2**20) + b"q\x00\x85(" + 100 * array
    with pytest.raises(DataError, match="over and over"):
        load(data)


def test_load_arrays_refuses_large_files() -> None:
    with pytest.raises(DataError, match=r"^some\.p has 536,870,913 bytes; at most 536,870,912 are read"):
        load_arrays(io.BytesIO(), "some.p", size=MAX_BYTES + 1)


EXTRA = {"names": ["Stop", "Yield"], "version": 1.5, "note": "mine", "count": 3, "nothing": None, "more": {"a": (1, 2)}}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_load_arrays_ignores_what_is_no_array_with_a_note(protocol: int, capsys: pytest.CaptureFixture[str]) -> None:
    expected = {"a": np.arange(3)}
    same(load(pickle.dumps({**EXTRA, **expected}, protocol)), expected)
    assert capsys.readouterr().err == "".join(f"some.p: {key!r} is no array and is ignored\n" for key in EXTRA)


SMALL = [pickle.dumps({"a": np.arange(3, dtype=">u2"), "b": np.zeros((2, 1))}, protocol) for protocol in PROTOCOLS]


@pytest.mark.parametrize("data", [*SMALL, *PYTHON_2.values()], ids=lambda data: str(len(data)))
def test_load_arrays_refuses_every_beginning(data: bytes) -> None:
    for end in range(len(data)):
        with pytest.raises(DataError):
            load(data[:end])


@given(st.binary(max_size=200))
def test_load_arrays_raises_nothing_else(data: bytes) -> None:
    with contextlib.suppress(DataError):
        load(data)


edits = st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 1), st.binary(max_size=2))


@settings(max_examples=300)
@given(st.sampled_from([*SMALL, *PYTHON_2.values(), built()]), st.lists(edits, min_size=1, max_size=3))
def test_load_arrays_of_a_damaged_pickle_is_arrays_or_an_error(
    data: bytes, changes: list[tuple[float, int, bytes]]
) -> None:
    for where, cut, put in changes:
        at = int(where * len(data))
        data = data[:at] + put + data[at + cut :]
    with contextlib.suppress(DataError):
        for array in load(data).values():
            assert array.dtype.kind in "biuf" and array.flags.c_contiguous

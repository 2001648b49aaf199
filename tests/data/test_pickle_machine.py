"""The stack machine: what a pickle may do, and what it is stopped at; whole pickles are in `test_unpickle.py`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from roadsigns.data import ndarrays
from roadsigns.data.pickle_machine import PickleMachine
from roadsigns.errors import DataError


def machine(*stack: Any, spare: int = 100) -> PickleMachine:
    made = PickleMachine(spare)
    made.stack = list(stack)
    return made


def test_values_below_a_mark_stay() -> None:
    made = machine(1, 2)
    made.marks.append(2)
    made.push(3)
    with pytest.raises(DataError, match="takes a value that it never gave"):
        made.pop(2)
    assert made.pop_mark() == [3] and made.stack == [1, 2]
    with pytest.raises(DataError, match="takes a mark that it never set"):
        made.pop_mark()


def test_the_memo_gives_what_was_put() -> None:
    made = machine("a")
    made.put(7)
    made.get(7)
    assert made.stack == ["a", "a"]
    with pytest.raises(DataError, match="recalls a value that it never gave"):
        made.get(8)


def test_a_dict_is_filled_by_text_only() -> None:
    made = machine({})
    made.set_items(["a", 1, "b", 2])
    assert made.top() == {"a": 1, "b": 2}
    for items, message in ((["a"], "not a dict"), ([1, 2], "a key that is not a text")):
        with pytest.raises(DataError, match=message):
            made.set_items(items)
    with pytest.raises(DataError, match="not a dict"):
        machine([]).set_items([])


def test_a_list_grows_and_nothing_else_does() -> None:
    made = machine([1])
    made.extend([2, 3])
    assert made.top() == [1, 2, 3]
    with pytest.raises(DataError, match="not a list"):
        machine({}).extend([1])


def test_tuples_are_nested_twice_at_most() -> None:
    made = machine()
    made.push_tuple([(1, 2)])
    with pytest.raises(DataError, match="nests tuples deeper"):
        made.push_tuple([((1,), 2)])


@pytest.mark.parametrize(("module", "name"), [("os", "system"), ("builtins", "eval"), ("numpy", "fromfile")])
def test_what_runs_code_is_never_found(module: str, name: str) -> None:
    with pytest.raises(DataError, match=f"asks for '{module}.{name}', which was not run"):
        machine().find(module, name)
    with pytest.raises(DataError, match="without a name"):
        machine().find(module, None)


def test_a_call_is_of_a_stand_in() -> None:
    made = machine(ndarrays.ENCODE, ("\xff\x01", "latin1"))
    made.reduce()
    assert made.top().tolist() == [255, 1]
    for stack in ((len, ()), (ndarrays.BYTES, (3,)), ("eval", ("1",))):
        with pytest.raises(DataError, match="calls something that is not a function"):
            machine(*stack).reduce()


def test_bytes_that_are_used_again_are_copied_while_there_is_room() -> None:
    made = machine(spare=10)
    data = np.zeros(8, np.uint8)
    assert made.take(data) is data
    copy = made.take(data)
    assert copy is not data and made.spare == 2
    with pytest.raises(DataError, match="over and over"):
        made.take(data)


def test_an_array_is_completed_once() -> None:
    kind = ndarrays.Dtype("u1")
    array = ndarrays.Array()
    state = (1, (2,), kind, False, np.uint8([5, 6]))
    made = machine(array, state)
    made.build()
    assert array.numbers is not None and array.numbers.tolist() == [5, 6]
    with pytest.raises(DataError, match="completes something that is complete"):
        machine(array, state).build()

"""Some thousands of damaged picture files, in a few seconds; see `fuzz_pictures`."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest

import fuzz_pictures


@pytest.fixture(scope="module")
def graph() -> fuzz_pictures.Decoder:
    return fuzz_pictures.graph_decoder()


@pytest.mark.parametrize("seed", [0, 1])
def test_no_damaged_file_has_two_answers(graph: fuzz_pictures.Decoder, seed: int) -> None:
    counts: Counter[str] = Counter()
    for data in itertools.islice(fuzz_pictures.mutants(seed), 2500):
        found = fuzz_pictures.compare(data, graph)
        assert found != "DIFFERENT", data.hex()
        counts[found] += 1
    assert counts["equal"] > 200 and counts["refused"] > 200, counts


def test_the_files_that_it_begins_with_are_read_alike(graph: fuzz_pictures.Decoder) -> None:
    """Those that once had two answers too."""
    files = fuzz_pictures.seeds()
    found = [fuzz_pictures.compare(data, graph) for data in files]
    assert found[:-3] == ["equal"] * (len(files) - 3)
    assert not {"DIFFERENT"} & set(found[-3:])


def test_the_same_seed_gives_the_same_files() -> None:
    first, second, other = (list(itertools.islice(fuzz_pictures.mutants(seed), 50)) for seed in (3, 3, 4))
    assert first == second != other

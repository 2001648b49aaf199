"""The queue by itself: who may wait, who is next, what is forgotten."""

from __future__ import annotations

import math

import numpy as np
import pytest

from roadsigns.errors import RequestError
from roadsigns.serving.batching.batcher import SHARE, BatchQueue
from roadsigns.serving.batching.job import Job, Rows
from roadsigns.serving.batching.parameters import BatchingParameters


def job(count: int, key: str = "a", most: int = 4) -> Job:
    return Job("f", {}, None, Rows({"x": np.zeros(count)}, count, (key,)), most)


def queue(batches: int = 1000, most: int = 4) -> BatchQueue:
    return BatchQueue(BatchingParameters(max_batch_size=most, max_enqueued_batches=batches))


def taken(waiting: BatchQueue) -> list[list[tuple[Job, int, int]]]:
    """All batches until nothing waits: job, first row and rows of each part."""
    batches = []
    while parts := waiting.take(math.inf):
        batches.append([(part.job, part.start, part.rows) for part in parts])
    return batches


def test_a_batch_has_one_part_of_each_job_as_far_as_they_fit() -> None:
    waiting, (large, one, two, three) = queue(), map(job, (9, 1, 2, 3))
    for each in (large, one, two, three):
        waiting.add(each)
    assert taken(waiting) == [
        [(large, 0, 4)],
        [(one, 0, 1), (two, 0, 2)],
        [(three, 0, 3)],
        [(large, 4, 4)],
        [(large, 8, 1)],
    ]


def test_lines_take_turns() -> None:
    waiting = queue()
    jobs = [job(4, key) for key in "aabbac"]
    for each in jobs:
        waiting.add(each)
    order = [batch[0][0] for batch in taken(waiting)]
    assert [jobs.index(each) for each in order] == [0, 2, 5, 1, 3, 4]


def test_one_job_may_have_its_share_and_no_more() -> None:
    waiting = queue(batches=100, most=4)
    share = 4 * 100 // SHARE
    with pytest.raises(RequestError, match=f"has {share + 1} rows: expected at most {share}. Send fewer") as refused:
        waiting.add(job(share + 1))
    assert refused.value.code == "INVALID_ARGUMENT"
    for _ in range(SHARE):
        waiting.add(job(share))
    with pytest.raises(RequestError, match="queue is full: 400 rows are waiting") as full:
        waiting.add(job(1))
    assert full.value.code == "UNAVAILABLE"


def test_a_batch_full_of_rows_is_always_a_share() -> None:
    waiting = queue(batches=1, most=4)
    waiting.add(job(4))
    assert len(taken(waiting)) == 1


def test_what_is_dropped_makes_room_at_once() -> None:
    waiting, begun, other = queue(batches=3), job(4), job(4, "b")
    waiting.add(begun)
    waiting.drop(begun)
    assert taken(waiting) == [] and waiting.patience(0) is None
    large = job(8, most=2)
    waiting = queue(batches=2 * SHARE)
    waiting.add(large)
    waiting.take(math.inf)
    waiting.add(other)
    waiting.drop(large)
    waiting.drop(large)  # nothing more happens
    assert not large.waiting
    assert taken(waiting) == [[(other, 0, 4)]]
    for _ in range(16):
        waiting.add(job(8))
    with pytest.raises(RequestError, match="full: 128 rows"):
        waiting.add(job(1))


def test_time_is_linear_in_the_parts() -> None:
    """With every part moved for each batch, this would take minutes."""
    waiting = queue(batches=3_000_000, most=1)
    large, small = job(150_000, most=1), [job(1, most=1) for _ in range(50_000)]
    for each in [large, *small]:
        waiting.add(each)
    for each in small[::-1]:
        waiting.drop(each)
    assert len(taken(waiting)) == 150_000

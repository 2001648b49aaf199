"""Dynamic batching on an engine of plain NumPy that notes what it is given and can be held up."""

import threading

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from roadsigns.errors import RequestError
from roadsigns.serving.batching.batcher import Batcher
from roadsigns.serving.batching.parameters import BatchingParameters
from roadsigns.serving.protocol.signature import Signature, TensorSpec

FLOAT = "DT_FLOAT"
ANY = TensorSpec(FLOAT)
SIGNATURES = {
    "serving_default": Signature(
        {"x": TensorSpec(FLOAT, (-1, 2)), "keep_prob": ANY, "keep_prob_conv": ANY}, {"y": TensorSpec(FLOAT, (-1,))}
    ),
    "pixels": Signature({"images": TensorSpec("DT_UINT8", (-1, -1))}, {"sums": TensorSpec("DT_INT64", (-1,))}),
    "whole": Signature({"x": TensorSpec(FLOAT, (-1,))}, {"sum": TensorSpec(FLOAT, ())}),
}
WAIT_S = 10


class Engine:
    """Sums each row. Refuses negative numbers, and once `hold` is called waits for `go`."""

    def __init__(self):
        self.signatures = SIGNATURES
        self.calls = []
        self.entered = threading.Semaphore(0)
        self.go = threading.Event()
        self.go.set()

    def run(self, name, inputs, outputs=None):
        self.calls.append((name, dict(inputs)))
        self.entered.release()
        assert self.go.wait(WAIT_S)
        if name == "whole":
            return {"sum": inputs["x"].sum()}
        [rows, *_] = [array for key, array in inputs.items() if not key.startswith("keep")]
        if (rows < 0).any():
            raise RequestError(f"negative: {rows[rows < 0][0]:g}")
        [output] = self.signatures[name].outputs
        return {output: rows.sum(axis=1)}

    def close(self):
        pass

    def rows(self):
        return [len(next(iter(inputs.values()))) for _, inputs in self.calls]


@pytest.fixture
def batchers():
    made = []

    def make(**parameters):
        made.append(Batcher(Engine(), BatchingParameters(**{"num_batch_threads": 1, **parameters})))
        return made[-1], made[-1]._engine

    yield make
    for batcher in made:
        batcher._engine.go.set()
        batcher.close()


def feed(*rows, keep=1.0, conv=1.0):
    return {
        "x": np.array(rows, np.float32).reshape(-1, 2),
        "keep_prob": np.asarray(keep, np.float32),
        "keep_prob_conv": np.asarray(conv, np.float32),
    }


def hold(batcher, engine):
    """Let one request occupy the engine."""
    engine.go.clear()
    future = batcher.submit("serving_default", feed((0, 0)))
    assert engine.entered.acquire(timeout=WAIT_S)
    return future


def answer(future):
    return future.result(WAIT_S)["y"].tolist()


def test_a_request_runs_at_once_if_the_engine_is_free(batchers):
    batcher, engine = batchers()
    assert answer(batcher.submit("serving_default", feed((1, 2)))) == [3]
    assert engine.rows() == [1]


def test_requests_that_wait_run_together_whatever_form_their_ones_have(batchers):
    batcher, engine = batchers()
    hold(batcher, engine)
    futures = [
        batcher.submit("serving_default", each)
        for each in (
            feed((1, 2)),
            feed((3, 4), keep=[1.0], conv=[[1.0]]),
            feed((5, 6), (7, 8), keep=[1.0, 1.0]),
            feed((9, 10), (11, 12), keep=[1.0], conv=[1.0, 1.0]),
        )
    ]
    engine.go.set()
    assert [answer(future) for future in futures] == [[3], [7], [11, 15], [19, 23]]
    assert engine.rows() == [1, 6]
    assert [inputs.keys() for _, inputs in engine.calls] == [{"x"}, {"x"}]


@pytest.mark.parametrize(
    "alone",
    [
        feed((1, 2), keep=0.5),
        feed((1, 2), conv=[0.5]),
        feed((1, 2), (3, 4), keep=[1.0, 0.5]),
        feed((1, 2), keep=np.nan),
        feed((1, 2), keep=[1.0, 1.0, 1.0]),  # one picture, three answers
        feed((1, 2), (3, 4), keep=[1.0, 1.0, 1.0]),
        feed((1, 2), keep=[]),
        feed(),
    ],
    ids=["drops", "drops in convolutions", "drops once", "NaN", "many answers", "unfit", "no value", "no row"],
)
def test_a_request_that_is_not_plain_runs_alone_with_all_its_inputs(batchers, alone):
    batcher, engine = batchers()
    hold(batcher, engine)
    futures = [batcher.submit("serving_default", each) for each in (feed((5, 6)), alone, feed((7, 8)))]
    engine.go.set()
    assert [answer(future) for future in futures] == [[11], alone["x"].sum(axis=1).tolist(), [15]]
    # Each of the three ran without the others, or the two plain ones together.
    given_alone = [inputs for _, inputs in engine.calls if "keep_prob" in inputs]
    assert len(given_alone) == 1
    np.testing.assert_array_equal(given_alone[0]["keep_prob"], alone["keep_prob"])
    assert sorted(engine.rows())[-1] == 2


def test_unequal_shapes_do_not_join(batchers):
    batcher, engine = batchers()
    hold(batcher, engine)
    images = [np.full((count, width), width, np.uint8) for count, width in ((1, 3), (2, 4), (3, 3))]
    futures = [batcher.submit("pixels", {"images": each}) for each in images]
    engine.go.set()
    assert [future.result(WAIT_S)["sums"].tolist() for future in futures] == [[9], [16, 16], [9, 9, 9]]
    assert engine.rows() == [1, 4, 2]


def test_a_signature_without_rows_in_its_answer_is_never_joined(batchers):
    batcher, engine = batchers()
    hold(batcher, engine)
    futures = [batcher.submit("whole", {"x": np.arange(3, dtype=np.float32)}) for _ in range(2)]
    engine.go.set()
    assert [future.result(WAIT_S)["sum"] for future in futures] == [3, 3]
    assert engine.rows() == [1, 3, 3]


def test_a_bad_request_spoils_only_itself(batchers):
    batcher, engine = batchers()
    hold(batcher, engine)
    futures = [batcher.submit("serving_default", feed((each, 1))) for each in (1, 2, -3, 4, 5, 6, 7, -8)]
    engine.go.set()
    assert [answer(futures[index]) for index in (0, 1, 3, 4, 5, 6)] == [[2], [3], [5], [6], [7], [8]]
    for index, value in ((2, -3), (7, -8)):
        with pytest.raises(RequestError, match=f"negative: {value}"):
            futures[index].result(WAIT_S)


def test_a_large_request_takes_several_batches(batchers):
    batcher, engine = batchers(max_batch_size=4)
    rows = np.arange(22).reshape(11, 2)
    assert answer(batcher.submit("serving_default", feed(*rows))) == rows.sum(axis=1).tolist()
    assert engine.rows() == [4, 4, 3]


def test_a_small_request_waits_for_one_part_of_a_large_one(batchers):
    batcher, engine = batchers(max_batch_size=16)
    first = hold(batcher, engine)
    rows = np.arange(120).reshape(60, 2)
    large, small = batcher.submit("serving_default", feed(*rows)), batcher.submit("serving_default", feed((1, 2)))
    engine.go.set()
    assert [answer(each) for each in (first, large, small)] == [[0], rows.sum(axis=1).tolist(), [3]]
    assert engine.rows() == [1, 16, 1, 16, 16, 12]


def test_a_large_request_fails_as_one(batchers):
    batcher, _ = batchers(max_batch_size=2)
    with pytest.raises(RequestError, match="negative: -5"):
        answer(batcher.submit("serving_default", feed((1, 1), (1, 1), (1, -5), (1, 1), (1, 1))))


def test_a_large_request_is_refused_where_splitting_is_off(batchers):
    batcher, _ = batchers(max_batch_size=2, enable_large_batch_splitting=False)
    assert answer(batcher.submit("serving_default", feed((1, 1), (2, 2)))) == [2, 4]
    with pytest.raises(RequestError, match="has 3 rows, more than max_batch_size, 2"):
        batcher.submit("serving_default", feed((1, 1), (2, 2), (3, 3)))
    many = feed((1, 1), (2, 2), (3, 3), keep=0.5)  # not for a batch, so no batch is too small for it
    assert answer(batcher.submit("serving_default", many)) == [2, 4, 6]


def test_a_full_queue_is_unavailable(batchers):
    batcher, engine = batchers(max_batch_size=2, max_enqueued_batches=2)
    hold(batcher, engine)
    waiting = [batcher.submit("serving_default", feed((1, 1), (2, 2))) for _ in range(2)]
    with pytest.raises(RequestError, match="queue is full: 4 rows are waiting") as caught:
        batcher.submit("serving_default", feed((1, 1)))
    assert caught.value.code == "UNAVAILABLE"
    engine.go.set()
    assert [answer(each) for each in waiting] == [[2, 4], [2, 4]]
    assert answer(batcher.submit("serving_default", feed((3, 4)))) == [7]


@pytest.mark.parametrize(("rows", "filled"), [(1, 2), (2, 2), (3, 4), (5, 8), (8, 8)])
def test_batches_are_filled_up_to_an_allowed_size(batchers, rows, filled):
    batcher, engine = batchers(max_batch_size=8, allowed_batch_sizes=(2, 4, 8))
    numbers = range(1, rows + 1)
    asked = batcher.submit("serving_default", feed(*((each, each) for each in numbers)))
    assert answer(asked) == [2 * each for each in numbers]
    assert engine.rows() == [filled]
    np.testing.assert_array_equal(engine.calls[0][1]["x"][-1], (rows, rows))


def test_a_timeout_lets_requests_gather_though_the_engine_is_free(batchers):
    batcher, engine = batchers(max_batch_size=2, batch_timeout_micros=WAIT_S * 1_000_000)
    futures = [batcher.submit("serving_default", feed((each, 0))) for each in (1, 2)]
    assert [answer(each) for each in futures] == [[1], [2]]
    assert engine.rows() == [2]


def test_a_timeout_ends(batchers):
    batcher, engine = batchers(max_batch_size=2, batch_timeout_micros=50_000)
    assert answer(batcher.submit("serving_default", feed((1, 0)))) == [1]
    assert engine.rows() == [1]


def test_what_is_cancelled_while_it_waits_does_not_run(batchers):
    batcher, engine = batchers()
    hold(batcher, engine)
    futures = [batcher.submit("serving_default", feed((each, 0))) for each in (1, 2, 3)]
    assert futures[1].cancel()
    engine.go.set()
    assert [answer(futures[index]) for index in (0, 2)] == [[1], [3]]
    assert engine.rows() == [1, 2]


def test_what_is_cancelled_or_fails_in_its_midst_does_not_run_on(batchers):
    """The parts that still wait are dropped at once, so that there is room for others."""
    batcher, engine = batchers(max_batch_size=2, max_enqueued_batches=160)
    hold(batcher, engine)
    gone, bad = (batcher.submit("serving_default", feed(*[(each, 1)] * 20)) for each in (1, -2))
    engine.go.set()
    with pytest.raises(RequestError, match="negative: -2"):
        answer(bad)
    assert answer(gone) == [2] * 20
    ran = len(engine.rows())
    assert ran <= 1 + 10 + 2  # a held one, ten parts, and of the bad one what ran beside them
    engine.go.clear()
    gone = batcher.submit("serving_default", feed(*[(1, 1)] * 20))
    while not engine.calls[ran:]:
        assert engine.entered.acquire(timeout=WAIT_S)
    assert gone.cancel()
    assert batcher._queue.patience(0) is None  # nothing waits, though the engine is busy still
    after = batcher.submit("serving_default", feed((3, 4)))
    engine.go.set()
    assert answer(after) == [7]
    assert engine.rows()[ran:] == [2, 1]


def test_one_picture_with_many_keep_probabilities_runs_in_batches(batchers):
    batcher, engine = batchers(max_batch_size=4)
    engine.run = lambda name, inputs, outputs: (
        engine.calls.append(inputs)
        or {"y": inputs["x"].sum(axis=1) * inputs["keep_prob"].reshape(-1) + inputs["keep_prob_conv"]}
    )
    keeps = np.linspace(0.1, 1, 10, dtype=np.float32)
    future = batcher.submit("serving_default", feed((1, 2), keep=keeps, conv=0.5))
    np.testing.assert_array_equal(future.result(WAIT_S)["y"], np.float32(3) * keeps + np.float32(0.5))
    assert [(len(each["x"]), each["keep_prob"].size) for each in engine.calls] == [(1, 4), (1, 4), (1, 2)]


@pytest.mark.parametrize("batching", [True, False])
def test_no_request_is_fed_to_the_engine_in_one_go_that_is_larger_than_a_batch(batching):
    """Whether units drop, or requests share no batches: the memory that a run takes is that of one batch."""
    engine = Engine()
    batcher = Batcher(engine, BatchingParameters(num_batch_threads=1) if batching else None)
    rows = np.arange(400).reshape(200, 2)
    assert answer(batcher.submit("serving_default", feed(*rows, keep=0.5))) == rows.sum(axis=1).tolist()
    batcher.close()
    assert max(engine.rows()) <= 64


def test_closing_finishes_what_was_submitted(batchers):
    batcher, engine = batchers()
    first = hold(batcher, engine)
    second = batcher.submit("serving_default", feed((1, 2)))
    engine.go.set()
    batcher.close()
    assert [answer(first), answer(second)] == [[0], [3]]
    with pytest.raises(RequestError, match="being unloaded"):
        batcher.submit("serving_default", feed((1, 2)))


def test_without_parameters_each_runs_alone():
    engine = Engine()
    batcher = Batcher(engine, None)
    engine.go.clear()
    futures = [batcher.submit("serving_default", feed((each, 0))) for each in range(5)]
    engine.go.set()
    assert [answer(each) for each in futures] == [[0], [1], [2], [3], [4]]
    batcher.close()
    assert engine.rows() == [1] * 5
    assert all(inputs.keys() == SIGNATURES["serving_default"].inputs.keys() for _, inputs in engine.calls)


def test_a_model_that_mixes_rows_up_is_found_out(batchers):
    batcher, engine = batchers()
    engine.run = lambda name, inputs, outputs: {"y": np.zeros(3)}
    with pytest.raises(RequestError, match=r"Output `y` has shape \[3\]: expected 1 rows"):
        answer(batcher.submit("serving_default", feed((1, 2))))


@given(
    sizes=st.lists(st.integers(1, 7), min_size=1, max_size=20),
    most=st.integers(1, 5),
    threads=st.integers(1, 3),
    data=st.data(),
)
def test_answers_do_not_depend_on_the_company(sizes, most, threads, data):
    batcher = Batcher(Engine(), BatchingParameters(max_batch_size=most, num_batch_threads=threads))
    arrays = [data.draw(st.integers(0, 99)) + np.arange(2 * size).reshape(size, 2) for size in sizes]
    try:
        futures = [batcher.submit("serving_default", feed(*each)) for each in arrays]
        assert [answer(each) for each in futures] == [each.sum(axis=1).tolist() for each in arrays]
    finally:
        batcher.close()


@pytest.mark.parametrize(
    ("rows", "sizes"),
    [(3, [3]), (8, [8]), (16, [8, 8]), (21, [10, 11]), (40, [20, 20]), (100, [50, 50]), (101, [1, 50, 50])],
)
def test_a_request_is_cut_so_that_every_thread_has_a_part(rows, sizes):
    engine = Engine()
    engine.go.clear()
    batcher = Batcher(engine, BatchingParameters(max_batch_size=50, num_batch_threads=2))
    pictures = np.arange(rows * 2, dtype=np.uint8).reshape(rows, 2)
    future = batcher.submit("pixels", {"images": pictures})
    engine.go.set()
    assert future.result(WAIT_S)["sums"].tolist() == pictures.sum(axis=1).tolist()
    batcher.close()
    assert sorted(len(inputs["images"]) for _, inputs in engine.calls) == sizes

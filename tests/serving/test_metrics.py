"""The metrics' text, read by a parser of its own."""

from __future__ import annotations

import re

import pytest

from roadsigns.serving.metrics import Counter, Histogram, Metrics

SAMPLE = re.compile(r'(:[a-z_:]+)\{((?:\w+="(?:[^"\\\n]|\\.)*",?)*)\} (\S+)')


def samples(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    found = {}
    for line in text.splitlines():
        if line.startswith("#"):
            assert re.fullmatch(r"# TYPE :[a-z_:]+ (counter|histogram)", line)
            continue
        name, pairs, value = SAMPLE.fullmatch(line).groups()  # type: ignore[union-attr]
        labels = tuple(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', pairs))
        assert (name, labels) not in found
        found[name, labels] = float(value)
    return found


def test_nothing_is_told_of_nothing() -> None:
    assert Metrics().text() == b""


def test_a_histogram_adds_up() -> None:
    """By hand: of 10, 18 and 32.4 microseconds, the bounds belong to the buckets they close."""
    histogram = Histogram(":h", ("a",))
    for number in (5, 10, 17.5, 40, 1e12):
        histogram.add(number, "x")
    found = samples("\n".join(histogram.lines()))
    counts = [found[":h_bucket", (("a", "x"), ("le", bound))] for bound in ("10", "18", "32.4", "58.32", "+Inf")]
    assert counts == [2, 3, 3, 4, 5]
    assert found[":h_count", (("a", "x"),)] == 5
    assert found[":h_sum", (("a", "x"),)] == pytest.approx(1e12 + 72.5)
    assert len(found) == 33 + 1 + 2


def test_labels_are_escaped() -> None:
    counter = Counter(":c", ("a", "b"))
    counter.add('q"\\\n', "}")
    assert counter.lines() == [r':c{a="q\"\\\n",b="}"} 1']
    assert samples(counter.lines()[0])


def test_names_and_labels_are_those_of_tensorflow_serving() -> None:
    every = Metrics()
    every.requests.add("m", "OK")
    every.latency.add(1, "m", "predict", "REST")
    every.runtime.add(1, "m", "predict", "TF2")
    text = every.text().decode()
    assert ':tensorflow:serving:request_count{model_name="m",status="OK"} 1\n' in text
    assert ':tensorflow:serving:request_latency_sum{model_name="m",API="predict",entrypoint="REST"} 1\n' in text
    assert ':tensorflow:serving:runtime_latency_count{model_name="m",API="predict",runtime="TF2"} 1\n' in text
    assert "# HELP" not in text and text.count("# TYPE") == 3

"""The arithmetic of the figures that networks are judged by."""

import itertools
import json

import judge
import numpy as np
import pytest
from scipy import stats

from pictures import draw_signs
from roadsigns import data

LABELS = np.array([0, 0, 1, 1])


def test_figures_by_hand():
    said = np.array([[0.9, 0.1], [0.6, 0.4], [0.3, 0.7], [0.8, 0.2]], np.float32)
    figures = judge.of(said, LABELS)
    assert figures["test_accuracy"] == 0.75
    assert figures["test_loss"] == pytest.approx(-np.log([0.9, 0.6, 0.7, 0.2]).mean())
    # Each picture is alone in its bin: |1 - .9|, |1 - .6|, |1 - .7| and |0 - .8|.
    assert figures["ece"] == pytest.approx((0.1 + 0.4 + 0.3 + 0.8) / 4, abs=1e-6)
    assert figures["error_without_least_sure_1_percent"] == 0.25  # 1 % of four is none


def test_spread_is_scipys():
    values = [0.991, 0.995, 0.994]
    theirs = stats.describe(values)
    ours = judge.spread(values)
    assert ours["mean"] == pytest.approx(theirs.mean) and ours["deviation"] == pytest.approx(theirs.variance**0.5)
    assert (ours["min"], ours["max"]) == theirs.minmax
    assert judge.spread([0.5]) == {"mean": 0.5, "deviation": None, "min": 0.5, "max": 0.5}


def test_mcnemar_is_scipys_binomial_test():
    random = np.random.default_rng(0)
    first, second = (list(random.random((3, 400)) < share) for share in (0.9, 0.8))
    found = judge.compared(first, second)
    for number in range(3):
        a, b = found["only_first_right"][number], found["only_second_right"][number]
        assert found["mcnemar_p_of_each_pair"][number] == pytest.approx(stats.binomtest(a, a + b).pvalue)
        assert a - b == first[number].sum() - second[number].sum()


def test_p_values_of_seeds_by_hand():
    assert judge.any_p([0.03]) == 0.03
    assert judge.any_p([0.04, 0.01]) == pytest.approx(2 * 0.01)
    assert judge.any_p([0.5, 0.01, 0.02]) == pytest.approx(3 / 2 * 0.02)
    assert judge.any_p([0.9, 0.9]) == 1.0


def test_p_values_of_seeds_never_promise_too_much():
    """Tests of equal models that depend on each other wholly, partly or not at all are seldom called different."""
    random = np.random.default_rng(0)
    for shared in (0.0, 0.7, 1.0):
        common = random.normal(size=(4000, 1)) * shared**0.5
        values = 2 * stats.norm.sf(np.abs(common + random.normal(size=(4000, 5)) * (1 - shared) ** 0.5))
        assert np.mean([judge.any_p(each) <= 0.05 for each in values]) <= 0.06


def test_a_mean_of_models_is_that_of_probabilities():
    said = judge.mean([np.array([[1, 0]], np.float32), np.array([[0.25, 0.75]], np.float32)])
    np.testing.assert_array_equal(said, np.array([[0.625, 0.375]], np.float32))


def test_teams_take_no_run_twice():
    runs = {"a": [1, 2, 3, 4, 5], "b": [6, 7]}
    assert list(judge.teams(["a", "b", "a"], runs)) == [[1, 2, 6], [3, 4, 7]]
    assert list(judge.teams(["a"] * 6, runs)) == []
    taken = list(itertools.chain(*judge.teams(["a", "a"], runs)))
    assert taken == [1, 2, 3, 4]


def test_what_runs_share_is_said_once():
    cards = [{"network": "small", "epochs": 3, "seeds": [seed], "command": f"train {seed}"} for seed in (0, 1)]
    cards[1]["epochs"] = 4
    told = judge.trained(cards)
    assert told["network"] == "small" and told["epochs"] == [3, 4] and told["seeds"] == [0, 1]
    assert told["trained_by"] == ["train 0", "train 1"]


def test_networks_are_judged_and_remembered(tmp_path, monkeypatch, capsys):
    images, labels = draw_signs(24, seed=3)
    split = data.Split(images, labels)
    boxes = np.tile([0.2, 0.2, 0.8, 0.8], (24, 1))
    monkeypatch.setattr(judge.data, "load", lambda archive: type("Set", (), {"test": split}))
    monkeypatch.setattr(judge.framing, "read", lambda archive: (split, boxes))
    monkeypatch.setattr(judge, "LEVELS", (1,))
    wanted = ["archive", "--network", "small", "small", "--network", "notebook", "notebook"]
    wanted += ["--together", "small", "notebook", "--corrupted", "8"]
    wanted += [f"--output={tmp_path / 'judged-two.json'}", f"--cache={tmp_path / 'cache'}"]
    judge.main(wanted)
    result = json.loads((tmp_path / "judged-two.json").read_text())
    assert result["name"] == "judged-two"
    first, second, both = result["rows"]
    assert [each["name"] for each in result["rows"]] == ["small", "notebook", "small + notebook"]
    assert first["parameters"] == 157_281 and first["seeds"] == [0] and second["parameters"] == 570_763
    assert both["together"] == ["small", "notebook"]
    assert first["test_accuracy"] == first["validation_accuracy"] == [first["summary"]["test_accuracy"]["mean"]]
    assert first["pictures_corrupted"] == 8 and set(first["corruptions"]) == set(judge.CORRUPTIONS)
    assert next((each["first"], each["second"]) for each in result["comparisons"]) == ("small", "notebook")
    assert result["command"].startswith("python benchmarks/judge.py ARCHIVE --network small small")
    assert "small against notebook: p = " in capsys.readouterr().out
    monkeypatch.setattr(judge.classifier, "load", lambda model: pytest.fail("what was said once is said again"))
    judge.main(wanted)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--network", "small"], "--network small names no run"),
        (["--network", "a", "small", "--network", "a", "small"], "--network a is there twice"),
        (["--network", "a", "small", "--together", "b"], "--together b is none of the networks: a"),
        (["--network", "a", "small", "--together", "a", "a"], "asks for more runs of a network than there are"),
    ],
)
def test_bad_arguments(more, message, capsys):
    with pytest.raises(SystemExit):
        judge.main(["archive", *more])
    assert message in capsys.readouterr().err

"""The arithmetic of what a rule for pictures without a sign is worth."""

import judge_no_sign
import numpy as np
import pytest


def test_area_counts_pairs_by_hand():
    assert judge_no_sign.area(np.array([0.1, 0.2]), np.array([0.3, 0.4])) == 1
    assert judge_no_sign.area(np.array([0.1, 0.3]), np.array([0.2])) == 0.5
    assert judge_no_sign.area(np.array([0.2]), np.array([0.2])) == 0.5
    assert judge_no_sign.area(np.array([0.9]), np.array([0.1])) == 0


def test_area_is_that_of_all_pairs():
    random = np.random.default_rng(0)
    signs, others = random.normal(0, 1, 300).round(1), random.normal(1, 1, 200).round(1)
    pairs = np.sign(others[:, None] - signs) / 2 + 0.5
    assert judge_no_sign.area(signs, others) == pytest.approx(pairs.mean())


def test_lost_signs_are_those_above_what_nineteen_in_twenty_others_reach():
    others = np.linspace(0, 1, 101)  # 95 % reach 0.05
    assert judge_no_sign.lost(np.array([0.01, 0.04, 0.06, 0.5]), others) == 0.5


def test_figures_doubt_from_one_half_on():
    told = judge_no_sign.figures(np.array([0.1, 0.6]), np.array([0.7, 0.8, 0.4, 0.9]))
    assert (told["doubted_signs"], told["found"]) == (0.5, 0.75)


@pytest.mark.parametrize("withheld", [["small"], ["small", "three"]])
def test_withheld_names_classes(withheld, capsys):
    with pytest.raises(SystemExit):
        judge_no_sign.main(["archive", "--withheld", *withheld])
    assert "takes a model and the numbers of the classes" in capsys.readouterr().err

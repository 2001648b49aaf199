"""Figures against SciPy and by hand."""

import numpy as np
import pytest
from scipy import stats

from roadsigns.report import measures


@pytest.mark.parametrize(("right", "pictures"), [(0, 1), (1, 1), (3, 7), (9, 9), (490, 500), (12_360, 12_630)])
def test_wilson_is_scipys(right, pictures):
    theirs = stats.binomtest(right, pictures).proportion_ci(0.95, method="wilson")
    assert measures.wilson(right, pictures) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


@pytest.mark.parametrize(("first", "second"), [(0, 0), (1, 0), (3, 3), (10, 2), (2, 10), (900, 800), (5000, 5001)])
def test_mcnemar_is_scipys_binomial_test(first, second):
    both = first + second
    theirs = stats.binomtest(first, both).pvalue if both else 1
    assert measures.mcnemar(first, second) == pytest.approx(theirs, rel=1e-9)


def test_risk_by_hand():
    confidence = np.array([0.9, 0.5, 0.99, 0.7])
    right = np.array([True, False, False, True])
    assert measures.risk(confidence, right).tolist() == pytest.approx([1, 1 / 2, 1 / 3, 2 / 4])


def test_error_without_the_least_sure_by_hand():
    confidence = np.linspace(0.2, 1, 300)
    right = np.ones(300, bool)
    right[[0, 2, 3, 299]] = False
    assert measures.error_without(confidence, right, 0) == pytest.approx(4 / 300)
    assert measures.error_without(confidence, right, 0.01) == pytest.approx(2 / 297), "three are left out"
    assert measures.error_without(confidence[:50], right[:50], 0.01) == pytest.approx(3 / 50), "less than a picture"


def test_groups_by_size_by_hand():
    sizes = np.array([[19, 3], [3, 20], [24, 24], [25, 1], [500, 400]])
    right = np.array([True, False, True, True, False])
    assert measures.by_size(sizes, right) == [(0, 20, 1, 1), (20, 25, 1, 2), (25, 32, 1, 1), (90, None, 0, 1)]

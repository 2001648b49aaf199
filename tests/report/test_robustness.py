import numpy as np
import pytest

from roadsigns.corruptions import CORRUPTIONS, SEVEN, corrupt
from roadsigns.report import Study, robustness


def test_accuracies_are_those_on_corrupted_pictures(study, subject):
    """The model knows pictures by heart and calls all others class 0: right on those of class 0 alone, but where a
    corruption leaves a picture as it is."""
    (found,) = robustness.measure(study, [subject])
    assert found.clean == pytest.approx(82 / 86)
    assert set(found.accuracies) == set(CORRUPTIONS)
    for name in ("noise", "fog"):
        assert found.accuracies[name] == pytest.approx([2 / 86] * 5)
    expected = (subject.classify(corrupt(study.images, "shift", 2)).argmax(axis=1) == study.labels).mean()
    assert found.accuracies["shift"][1] == expected


def test_mean_of_seven_by_hand():
    accuracies = dict.fromkeys(CORRUPTIONS, (0.5,) * 5) | {"noise": (1.0, 0.9, 0.8, 0.7, 0.6), "fog": (0.0,) * 5}
    found = robustness.Robustness(1.0, accuracies)
    assert found.mean("noise") == pytest.approx(0.8)
    assert found.mean_of_seven == pytest.approx((0.8 + 6 * 0.5) / 7)
    assert "fog" not in SEVEN


def test_many_pictures_are_drawn_from(study, monkeypatch):
    monkeypatch.setattr(robustness, "MOST", 10)
    some = robustness.chosen(study)
    assert len(set(some)) == 10 and (np.diff(some) > 0).all() and some.max() > 9
    assert (robustness.chosen(study) == some).all()


def test_the_example_is_neither_dark_nor_flat():
    images = np.zeros((3, 32, 32, 3), np.uint8)
    images[1, :, ::2] = 230
    images[2] = 115
    study = Study("three", "test", images, np.zeros(3, np.int64))
    np.testing.assert_array_equal(robustness.example(study)[0], images[1])

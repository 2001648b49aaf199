import re

import numpy as np
import pytest

from roadsigns import report
from roadsigns.errors import DataError, UsageError


def test_a_split_without_pictures_is_refused():
    with pytest.raises(DataError, match=r"The split test of mine holds no pictures\. Choose another with --split"):
        report.Study("mine", "test", np.zeros((0, 32, 32, 3), np.uint8), np.zeros(0, np.int64))


def test_a_model_of_other_classes_is_refused(study):
    message = "The model five knows 5 classes; drawn <b>signs</b> has 43. Take a model that was trained on"
    with pytest.raises(UsageError, match=re.escape(message)):
        report.Subject("five", lambda pictures: np.ones((len(pictures), 5)), study)


def test_classes_without_pictures_are_known(study, own_classes):
    assert study.absent() == [] and own_classes[0].absent() == [3]
    assert study.has_drawings and not own_classes[0].has_drawings


def test_answers_of_a_subject(study, subject):
    assert subject.right.tolist() == [False] * 4 + [True] * 82
    assert subject.confidence == pytest.approx(np.full(86, 0.9))
    (first, share), (_, rest) = subject.best(0, 2)
    assert first == (study.labels[0] + 1) % 43 and (share, rest) == pytest.approx((0.9, 0.1 / 42))

"""Small studies of drawn signs, and models that are wrong in known ways."""

from __future__ import annotations

import numpy as np
import pytest

from by_heart import classifier
from roadsigns.data import synthetic
from roadsigns.report import Study, Subject


@pytest.fixture(scope="session")
def study() -> Study:
    images, labels = synthetic.draw(86, 3)
    sizes = np.stack([np.arange(86) + 10, np.full(86, 12)], axis=1)
    return Study("drawn <b>signs</b>", "test", images, labels, sizes=sizes)


@pytest.fixture(scope="session")
def subject(study: Study) -> Subject:
    """Wrong on the first four pictures: it names the next class."""
    answers = study.labels.copy()
    answers[:4] = (answers[:4] + 1) % 43
    return Subject("first", classifier(study.images, answers), study)


@pytest.fixture(scope="session")
def other(study: Study) -> Subject:
    """Wrong on pictures 3 to 17."""
    answers = study.labels.copy()
    answers[3:18] = (answers[3:18] + 2) % 43
    return Subject("second & other", classifier(study.images, answers), study)


@pytest.fixture(scope="session")
def own_classes() -> tuple[Study, Subject]:
    """A class list of a person's own, one class without pictures."""
    images, labels = synthetic.draw(43, 4)
    study = Study("mine", "valid", images, labels % 3, ("cats", "<i>dogs</i>", "birds", "none of it"))
    return study, Subject("own", classifier(images, (labels + (labels == 5)) % 3, classes=4), study)

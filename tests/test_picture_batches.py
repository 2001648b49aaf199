"""Pictures that are read and answered in batches."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from pictures import draw_signs
from roadsigns import classifier, picture_batches
from roadsigns.errors import DataError
from roadsigns.picture_batches import ReadPicture
from roadsigns.resize import Pixels


def failing(error: Exception) -> Pixels:
    raise error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (DataError("'a' is damaged"), ReadPicture("a", error="'a' is damaged")),
        (
            PermissionError(13, "Permission denied"),
            ReadPicture("a", error="Cannot use 'a': Permission denied", is_out_of_reach=True),
        ),
        (OSError("closed by peer"), ReadPicture("a", error="Cannot use 'a': closed by peer", is_out_of_reach=True)),
        (MemoryError(), ReadPicture("a", error="There is not enough memory for 'a'. Make it smaller")),
    ],
)
def test_what_cannot_be_read_has_the_reason(error: Exception, expected: ReadPicture) -> None:
    assert picture_batches.read("a", functools.partial(failing, error)) == expected


def test_answers_come_in_order_across_batches() -> None:
    images = draw_signs(7, 1)[0]
    small = classifier.load("small", threads=1)
    count = 2 * picture_batches.AT_ONCE + 5

    def read(number: int) -> ReadPicture:
        return (
            ReadPicture(str(number), error="is bad")
            if number % 10 == 3
            else picture_batches.read(str(number), lambda: images[number % 7])
        )

    told = list(
        picture_batches.answers((functools.partial(read, number) for number in range(count)), small, 1, threads=3)
    )
    expected = small.classify_pixels(np.asarray(images)).argmax(axis=1)
    assert [each.file for each in told] == [str(number) for number in range(count)]
    for number, each in enumerate(told):
        if number % 10 == 3:
            assert (each.prediction, each.error) == (None, "is bad")
        else:
            assert each.prediction is not None and each.prediction.class_id == expected[number % 7]

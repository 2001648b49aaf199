import numpy as np
import pytest

from roadsigns.report import attention

IMAGE = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)


def watching(row, column):
    """A model that is sure as long as one pixel is as in the picture."""

    def classify(pictures):
        seen = (pictures[:, row, column] == IMAGE[row, column]).all(axis=1)
        return np.stack([np.where(seen, 0.1, 0.7), np.where(seen, 0.9, 0.3)], axis=1)

    return classify


@pytest.mark.parametrize(("row", "column"), [(16, 16), (0, 0), (31, 5)])
def test_the_pixel_that_matters_glows(row, column):
    seen = attention.look(watching(row, column), IMAGE)
    assert (seen.class_id, seen.whole, seen.lowest) == (1, pytest.approx(0.9), pytest.approx(0.3))
    assert seen.weight[row, column] == seen.weight.max() == 1
    far = np.maximum(*np.abs(np.indices((32, 32)) - np.array([row, column])[:, None, None])) >= attention.SIDE
    assert (seen.weight[far] == 0).all()


def test_nothing_glows_where_nothing_matters():
    seen = attention.look(lambda pictures: np.tile([0.2, 0.8], (len(pictures), 1)), IMAGE)
    assert (seen.weight == 0).all() and seen.lowest == seen.whole == 0.8


def test_what_makes_the_model_surer_does_not_glow():
    def classify(pictures):
        same = (pictures[:, 10, 10] == IMAGE[10, 10]).all(axis=1)
        return np.stack([np.where(same, 0.4, 0.1), np.where(same, 0.6, 0.9)], axis=1)

    assert (attention.look(classify, IMAGE).weight == 0).all()


def test_certainty_of_many_nines_does_not_glow():
    def classify(pictures):
        same = (pictures[:, 10, 10] == IMAGE[10, 10]).all(axis=1)
        sure = np.where(same, 1 - 1e-9, 1 - 1e-5)
        return np.stack([1 - sure, sure], axis=1)

    assert (attention.look(classify, IMAGE).weight == 0).all()


@pytest.mark.parametrize("sides", [(1, 1), (5, 40)])
def test_pictures_of_other_sides(sides):
    image = np.zeros((*sides, 3), np.uint8)
    assert attention.look(lambda pictures: np.ones((len(pictures), 1)), image).weight.shape == sides

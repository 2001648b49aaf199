"""Pictures that show something and no sign."""

import numpy as np
import pytest

from roadsigns.data.synthetic import OBJECTS, draw_objects


@pytest.mark.parametrize("kind", OBJECTS)
def test_objects_are_pictures_that_differ_and_repeat_by_a_seed(kind):
    pictures = draw_objects(kind, 12, seed=3)
    assert (pictures.dtype, pictures.shape) == (np.uint8, (12, 32, 32, 3))
    np.testing.assert_array_equal(pictures[:5], draw_objects(kind, 5, seed=3))
    assert len({each.tobytes() for each in pictures}) == 12
    assert not (pictures == draw_objects(kind, 12, seed=4)).all(axis=(1, 2, 3)).any()
    assert np.median(pictures.std(axis=(1, 2))) > 5, "something is to be seen"


def test_kinds_differ_with_one_seed():
    first = [draw_objects(kind, 1, seed=0).tobytes() for kind in OBJECTS]
    assert len(set(first)) == len(OBJECTS) == 4


def test_streets_are_bright_above_and_have_a_road_below():
    streets = draw_objects("streets", 60, seed=1).astype(int)
    assert streets[:, :4, 14:18].mean() > streets[:, -6:, 14:18].mean() + 10
    road = streets[:, -3:, 10:22].mean(axis=(0, 1, 2))
    assert road.max() - road.min() < 15, "a road is grey"


def test_none_are_none():
    assert draw_objects("text", 0).shape == (0, 32, 32, 3)


def test_another_kind_is_refused():
    with pytest.raises(ValueError, match=r"expected textures, text, faces, streets\. Received: 'signs'"):
        draw_objects("signs", 1)

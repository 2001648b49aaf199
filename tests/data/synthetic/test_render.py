"""Drawings as pixels."""

from __future__ import annotations

import re

import numpy as np
import pytest

from roadsigns.data import synthetic

SIZE = 64

each_design = pytest.mark.parametrize(
    "design", synthetic.every(), ids=lambda design: f"{design.class_id}-{design.name.replace(' ', '-')}"
)


@pytest.mark.parametrize("size", [1, 15, 64, 333])
def test_rendered_form(size: int) -> None:
    picture = synthetic.render(synthetic.variants(14)[0], size)
    assert picture.dtype == np.uint8
    assert picture.shape == (size, size, 4)
    assert picture.flags.writeable


@each_design
def test_rendered_the_same_again(design: synthetic.Design) -> None:
    picture = synthetic.render(design, SIZE)
    assert np.array_equal(picture, synthetic.render(design, SIZE))
    assert picture[..., 3].max() == 255
    corners = picture[[0, 0, -1, -1], [0, -1, 0, -1], 3]
    expected = 255 if design.name == "on a board" else 0
    assert np.all(corners == expected)


@each_design
def test_a_small_drawing_is_the_large_one_reduced(design: synthetic.Design) -> None:
    large = synthetic.render(design, 8 * SIZE).astype(float)
    large[..., :3] *= large[..., 3:] / 255
    reduced = large.reshape(SIZE, 8, SIZE, 8, 4).mean(axis=(1, 3))
    small = synthetic.render(design, SIZE).astype(float)
    small[..., :3] *= small[..., 3:] / 255
    assert np.abs(small - reduced).mean() < 2


@pytest.mark.parametrize("size", [0, -3, 4097])
def test_no_such_size(size: int) -> None:
    message = f"Invalid value for `size`: expected 1..4096 pixels. Received: size={size}"
    with pytest.raises(ValueError, match=re.escape(message)):
        synthetic.render(synthetic.variants(0)[0], size)

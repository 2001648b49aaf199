"""From light to the numbers in a file, beside OpenCV and Pillow."""

from __future__ import annotations

import io

import cv2
import numpy as np
from PIL import Image

from cameras import PLAIN, always, take
from roadsigns.data.synthetic import Camera
from roadsigns.data.synthetic.camera import photograph


def test_noise_has_the_stated_strength() -> None:
    camera = always("noise", 6)
    noisy, plain = take(camera, 13, 200), take(PLAIN, 13, 1)
    # The picture of 32x32 is nearly the crop of the same size; mid-grey is the background's.
    deviation = (noisy - plain)[:, 28:31, 1:4].std()
    assert 3.5 < deviation < 7


def test_sharpening_adds_the_difference_from_the_neighbours() -> None:
    """By hand, on crops that are 32x32 already and so dim that nothing clips."""
    dim = always("exposure", 0.2)
    plain, sharp = take(dim, 14), take(always("sharpening", 0.2, dim), 14)
    around = sum(np.roll(plain, step, axis) for step in (1, -1) for axis in (1, 2))
    expected = plain + 0.2 * (4 * plain - around)
    inside = np.s_[:, 1:-1, 1:-1]
    assert np.abs(expected[inside] - plain[inside]).max() > 20
    np.testing.assert_allclose(sharp[inside], expected[inside].clip(0, 255), atol=2)


def test_mosaic_sees_one_colour_a_pixel_as_opencv_fills_in_the_others() -> None:
    dim = always("exposure", 0.3)
    for plain, filtered in zip(take(dim, 14), take(always("mosaic", 1, dim), 14), strict=True):
        raw = plain[..., 1].copy()
        raw[::2, ::2], raw[1::2, 1::2] = plain[::2, ::2, 0], plain[1::2, 1::2, 2]
        expected = cv2.cvtColor(raw.astype(np.uint8), cv2.COLOR_BayerRGGB2RGB)
        inside = np.s_[2:-2, 2:-2]
        np.testing.assert_allclose(filtered[inside], expected[inside], atol=1)
        assert np.abs(plain - filtered).max() > 20


def test_cast_and_fringe_change_colours_only() -> None:
    cast = take(Camera().only("cast"), 32, 30)
    gains = cast[:, :2, :2].mean(axis=(1, 2))
    assert gains.std(axis=0).min() > 2


def test_jpeg_is_what_the_codec_makes() -> None:
    """Of a crop of 32x32 pixels, which the last step leaves as it is."""
    class_id = 14
    plain = photograph(np.array([class_id]), [0], PLAIN)[0]
    file = io.BytesIO()
    Image.fromarray(plain).save(file, "JPEG", quality=50)
    expected = np.asarray(Image.open(file))
    assert np.array_equal(photograph(np.array([class_id]), [0], always("jpeg", 50))[0], expected)

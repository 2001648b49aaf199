"""Pictures framed otherwise: held to OpenCV."""

import cv2
import framing
import numpy as np
import pytest

PICTURES = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), np.uint8)
BOXES = np.array([[0.1, 0.2, 0.9, 0.8], [0, 0, 1, 1], [0.25, 0.25, 0.75, 0.75]])


@pytest.mark.parametrize("more", [0.0, 0.5])
def test_framed_is_opencvs_warp_with_the_edge_repeated(more):
    for picture, box, ours in zip(PICTURES, BOXES, framing.framed(PICTURES, BOXES, more), strict=True):
        left, top, right, bottom = 32 * (box + more * np.array([-1, -1, 1, 1]) * np.tile(box[2:] - box[:2], 2))
        across, down = (right - left) / 32, (bottom - top) / 32
        # From the centre of a pixel of ours to a place of OpenCV's, which counts from the centre of the first.
        warp = np.array([[across, 0, left + across / 2 - 0.5], [0, down, top + down / 2 - 0.5]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        theirs = cv2.warpAffine(picture, warp, (32, 32), flags=flags, borderMode=cv2.BORDER_REPLICATE)
        assert np.abs(ours.astype(int) - theirs).max() <= 5  # OpenCV samples at 32nds of a pixel
        assert np.abs(ours.astype(int) - theirs).mean() < 1


def test_a_box_that_is_the_picture_changes_nothing():
    np.testing.assert_array_equal(framing.framed(PICTURES, np.tile([0.0, 0, 1, 1], (3, 1)), 0.0), PICTURES)


@pytest.mark.gtsrb
def test_boxes_lie_within_the_pictures(gtsrb_archive):
    split, boxes = framing.read(gtsrb_archive)
    assert boxes.shape == (4410, 4) and len(split) == 4410
    assert (boxes[:, :2] > 0).all() and (boxes[:, 2:] < 1).all() and (boxes[:, 2:] - boxes[:, :2] > 0.5).all()

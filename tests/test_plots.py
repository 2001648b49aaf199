"""Plots hold the data they were given; read back from Matplotlib's own artists."""

import io

import numpy as np
import pytest
from PIL import Image

from oracles import oracle_equalize, oracle_grey
from roadsigns import plots, signs

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (86, 32, 32, 3), np.uint8)
LABELS = np.repeat(np.arange(43), 2)


def shown(plot):
    """The pictures in a plot's axes, in order."""
    return [np.asarray(axes.images[0].get_array()) for axes in plot.figure.axes if axes.images]


def test_plot_is_a_png_for_a_notebook_and_a_file(tmp_path):
    plot = plots.histogram({"train": LABELS})
    plot.save(tmp_path / "plot.png")
    for source in (tmp_path / "plot.png", io.BytesIO(plot._repr_png_())):
        with Image.open(source) as picture:
            assert (picture.format, picture.size) == ("PNG", (1200, 400))


def test_samples_show_one_picture_of_each_class_under_its_name():
    plot = plots.samples(IMAGES, LABELS)
    for class_id, picture in enumerate(shown(plot)):
        np.testing.assert_array_equal(picture, IMAGES[2 * class_id + 1])
    assert len(shown(plot)) == 43
    assert plot.figure.axes[14].get_title() == "14 Stop"


def test_samples_leave_out_a_class_without_pictures():
    assert len(shown(plots.samples(IMAGES[LABELS != 3], LABELS[LABELS != 3]))) == 42


def test_histogram_counts_each_split():
    plot = plots.histogram({"train": LABELS, "valid": np.array([0, 0, 0, 42])})
    heights = [bar.get_height() for bar in plot.figure.axes[0].patches]
    assert heights[:43] == [2] * 43
    assert heights[43:] == [3] + [0] * 41 + [1]


def test_steps_show_what_opencv_and_scikit_image_make():
    pictures = shown(plots.steps(IMAGES[:2]))
    assert len(pictures) == 8
    for number in range(2):
        colour, grey, equalised, divided = pictures[4 * number : 4 * number + 4]
        np.testing.assert_array_equal(colour, IMAGES[number])
        np.testing.assert_array_equal(grey, oracle_grey(IMAGES[[number]])[0])
        np.testing.assert_array_equal(equalised, oracle_equalize(grey[np.newaxis])[0])
        np.testing.assert_array_equal(divided, (equalised / 255).astype(np.float32))


def test_guesses_are_the_five_best_with_the_right_one_marked():
    probabilities = np.zeros((1, 43), np.float32)
    probabilities[0, [7, 1, 30, 2, 12, 40]] = [0.4, 0.25, 0.15, 0.1, 0.06, 0.04]
    plot = plots.guesses(IMAGES[:1], probabilities, np.array([1]))
    bars = plot.figure.axes[1].patches
    assert [bar.get_width() for bar in bars] == pytest.approx([0.4, 0.25, 0.15, 0.1, 0.06])
    names = [label.get_text() for label in plot.figure.axes[1].get_yticklabels()]
    assert names == [signs.NAMES[i] for i in (7, 1, 30, 2, 12)]
    assert [bar.get_facecolor() == bars[0].get_facecolor() for bar in bars] == [True, False, True, True, True]

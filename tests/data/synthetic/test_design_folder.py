"""A person's own designs: five Swedish signs through the camera, pictures in any shape, and files that cannot be."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from labelled import fill
from roadsigns import data
from roadsigns.classes import Classes
from roadsigns.data import synthetic
from roadsigns.data.synthetic import design_folder
from roadsigns.errors import DataError, UsageError

FIXTURES = Path(__file__).parent.parent.parent.parent / "fixtures"
SWEDISH = FIXTURES / "swedish"
NAMES = ("No entry", "No parking", "No stopping", "No vehicles", "Passing place")


def svg(inside: str, box: str = "0 0 100 100") -> bytes:
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}">{inside}</svg>'.encode()


SQUARE = svg('<rect x="10" y="10" width="80" height="80" fill="#00f"/>')
WIDE = svg('<rect width="200" height="100" fill="#f00"/>', "0 0 200 100")


def png(mode: str = "RGBA", size: tuple[int, int] = (90, 60)) -> bytes:
    """A green disc, 40 pixels wide, in the left upper part."""
    picture = Image.new(mode, size, (255, 255, 255, 0)[: len(mode)])
    ImageDraw.Draw(picture).ellipse((5, 5, 44, 44), fill=(0, 160, 0, 255)[: len(mode)])
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def drawn(design: synthetic.Design) -> np.ndarray:
    return synthetic.render(design, 100)


def test_swedish_signs_are_read_with_what_is_known_of_them() -> None:
    classes, designs = design_folder.read(SWEDISH)
    assert classes == Classes(NAMES, mirrored=(0, None, 2, 3, 4))
    assert [design.class_id for design in designs] == [0, 1, 2, 3, 4]
    assert all(design.box == (0, 0, 100, 100) and design.share == 1 for design in designs)
    red, yellow = drawn(designs[0])[20, 50], drawn(designs[0])[50, 50]
    np.testing.assert_allclose(red, (187, 30, 16, 255), atol=3)
    np.testing.assert_allclose(yellow, (247, 181, 0, 255), atol=3)


def test_the_fixture_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(FIXTURES))
    import make_swedish

    monkeypatch.setattr(make_swedish, "FOLDER", tmp_path / "swedish")
    make_swedish.main()
    del sys.modules["make_swedish"]
    made = {path.name: path.read_bytes() for path in (tmp_path / "swedish").iterdir()}
    assert made == {path.name: path.read_bytes() for path in SWEDISH.iterdir()}


@pytest.mark.parametrize("mode", ["RGBA", "RGB"])
def test_a_sign_is_cut_from_what_is_around_it(tmp_path: Path, mode: str) -> None:
    fill(tmp_path, {"disc.png": png(mode), "wide.svg": WIDE, "square.svg": SQUARE})
    classes, (disc, square, wide) = design_folder.read(tmp_path)
    assert classes.names == ("disc", "square", "wide")
    for design in (disc, square):  # to the smooth edge's pixel
        np.testing.assert_allclose(design.box, (0, 0, 100, 100), atol=2)
    assert drawn(disc)[50, 50].tolist() == [0, 160, 0, 255] and drawn(disc)[3, 3, 3] == 0
    assert wide.box == (0, 25, 100, 75) and drawn(wide)[10, 50, 3] == 0 and drawn(wide)[50, 50, 0] == 255


def test_a_class_may_have_several_designs(tmp_path: Path) -> None:
    fill(tmp_path, {"a/one.svg": SQUARE, "a/two.png": png(), "b.svg": WIDE, "README.md": b"read me"})
    classes, designs = design_folder.read(tmp_path)
    assert classes.names == ("a", "b")
    assert [(design.class_id, design.share) for design in designs] == [(0, 0.5), (0, 0.5), (1, 1.0)]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "holds 0 designs; expected those of 2 classes or more"),
        ({"a.svg": SQUARE}, "holds 1 designs"),
        ({"a.svg": SQUARE, "b/c/d.svg": SQUARE}, "b/c/d.svg lies too deep"),
        ({"a.svg": SQUARE, "b.svg": b"<svg>no"}, "b.svg is no SVG file that can be drawn"),
        ({"a.svg": SQUARE, "b.svg": b"\xff\xfe\x00"}, "b.svg is no text in UTF-8"),
        ({"a.svg": SQUARE, "b.svg": svg("<text>50</text>")}, "b.svg holds text, which looks otherwise"),
        ({"a.svg": SQUARE, "b.svg": svg("")}, "b.svg shows nothing"),
        ({"a.svg": SQUARE, "b.png": png()[:60]}, "b.png is no PNG file, or damaged"),
        ({"a.svg": SQUARE, "b.png": png(size=(4097, 50))}, "b.png has 4097 x 50 pixels; expected at most 4,096"),
        ({"a.svg": SQUARE, "A.svg": SQUARE}, "'A' and 'a' differ in case alone"),
        ({"a.svg": SQUARE, "b.svg": SQUARE, "classes.csv": b"label\na\n"}, "has no row of the label 'b'"),
        ({"a.svg": SQUARE, "b.svg": SQUARE, "classes.csv": b"label\na\nb\nc\n"}, "has no design of c"),
    ],
)
def test_what_cannot_be_drawn_is_refused(tmp_path: Path, files: dict[str, bytes], message: str) -> None:
    with pytest.raises(DataError, match=re.escape(message)):
        design_folder.read(fill(tmp_path, files))


def test_a_data_set_of_them_is_drawn_once_and_drawn_again(tmp_path: Path) -> None:
    made = data.load("synthetic", tmp_path / "signs", count=50, seed=3, designs=SWEDISH)
    assert made.classes.names == NAMES and np.bincount(made.train.labels).tolist() == [10] * 5
    assert (len(made.valid), len(made.test), made.train.classes) == (5, 5, 5)
    assert {name: each.name for name, each in made.drawings.items()} == {name: f"{name}.svg" for name in NAMES}
    again = data.load("synthetic", tmp_path / "signs", designs=SWEDISH)
    np.testing.assert_array_equal(again.train.images, made.train.images)
    other = again.redrawn(2)
    assert other.classes == 5 and np.bincount(other.labels).tolist() == [10] * 5
    assert not np.array_equal(other.images, made.train.images)
    assert len(made.manifest["drawn"]["designs"]) == 64 and made.manifest["drawn"]["count"] == 50


def test_signs_of_other_designs_are_never_mixed_up(tmp_path: Path) -> None:
    data.load("synthetic", tmp_path / "own", count=10, designs=SWEDISH)
    data.load("synthetic", tmp_path / "german", count=10)
    fill(tmp_path / "two", {"a.svg": SQUARE, "b.svg": WIDE})
    for folder, designs, message in (
        ("own", None, "holds signs drawn from designs of a person's own. Name these with --designs"),
        ("own", tmp_path / "two", "holds signs drawn from other designs. Choose another folder for these"),
        ("german", SWEDISH, "holds signs drawn from the German designs. Choose another folder for these"),
    ):
        with pytest.raises(DataError, match=re.escape(message)):
            data.load("synthetic", tmp_path / folder, designs=designs)
    with pytest.raises(UsageError, match=re.escape(f"--designs {SWEDISH} is for --data synthetic, not for gtsrb")):
        data.load("gtsrb", designs=SWEDISH)

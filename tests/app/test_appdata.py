from __future__ import annotations

import csv
import io
import json
import re
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from oracles import oracle_preprocess
from roadsigns import signs
from roadsigns.app import appdata
from roadsigns.app.__main__ import www
from roadsigns.data.synthetic import variants


def save(path: Path, seed: int, size: tuple[int, int] = (32, 32)) -> np.ndarray:
    pixels = np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return pixels


def test_a_folder_of_pictures_becomes_the_gallery(tmp_path: Path) -> None:
    one = save(tmp_path / "in" / "00014" / "a.png", 1)
    save(tmp_path / "in" / "my-own_sign.jpg", 2, (80, 50))
    (tmp_path / "in" / "notes.txt").write_text("no picture")
    assert appdata.main(["--pictures", str(tmp_path / "in"), "--output", str(tmp_path / "out")]) == 0
    made = json.loads((tmp_path / "out" / "appdata.json").read_text())
    assert list(made) == ["image_filenames", "image_labels", "tensorflow_images"]
    assert made["image_filenames"] == ["images/sign-00.png", "images/sign-01.jpg"]
    assert made["image_labels"] == ["Stop", "my own sign"]
    assert (tmp_path / "out" / "images" / "sign-00.png").read_bytes() == (
        tmp_path / "in" / "00014" / "a.png"
    ).read_bytes()
    x = np.array(made["tensorflow_images"], np.float32)
    np.testing.assert_array_equal(x[:1], oracle_preprocess(one[np.newaxis]))


def test_another_call_removes_the_pictures_of_the_one_before_and_no_others(tmp_path: Path) -> None:
    for index in range(3):
        save(tmp_path / "in" / f"{index}.png", index)
    own = tmp_path / "out" / "images" / "sign-stop.png"
    save(own, 9)
    mine = own.read_bytes()
    flags = ["--pictures", str(tmp_path / "in"), "--output", str(tmp_path / "out")]
    assert appdata.main(flags) == 0
    (tmp_path / "in" / "2.png").unlink()
    assert appdata.main(flags) == 0
    assert sorted(path.name for path in own.parent.iterdir()) == ["sign-00.png", "sign-01.png", "sign-stop.png"]
    assert own.read_bytes() == mine


@pytest.mark.parametrize("name", ["images/sign-00.png", "appdata.json", "classes.json"])
def test_a_file_of_a_persons_own_is_not_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    save(tmp_path / "in" / "a.png", 1)
    path = tmp_path / "out" / name
    path.parent.mkdir(parents=True)
    path.write_text("mine")
    before = path.read_bytes()
    assert appdata.main(["--pictures", str(tmp_path / "in"), "--output", str(tmp_path / "out")]) == 2
    assert f"{str(path)!r} is there already, and not from an earlier call" in capsys.readouterr().err
    assert path.read_bytes() == before and [each for each in (tmp_path / "out").rglob("*") if each.is_file()] == [path]


def test_the_names_of_the_classes_are_the_packages(tmp_path: Path) -> None:
    save(tmp_path / "in" / "a.png", 1)
    appdata.main(["--pictures", str(tmp_path / "in"), "--output", str(tmp_path)])
    names = {}
    for language, file in (("en", "signnames.csv"), ("de", "signnames_de.csv")):
        table = resources.files("roadsigns").joinpath(file).read_text(encoding="utf-8").splitlines()
        names[language] = [row["SignName"] for row in csv.DictReader(table)]
    assert json.loads((tmp_path / "classes.json").read_text(encoding="utf-8")) == names
    assert json.loads((www() / "classes.json").read_text(encoding="utf-8")) == names


def test_each_class_is_drawn(tmp_path: Path) -> None:
    """Drawings that a browser shows without scripts, styles or fonts, as the package draws them."""
    save(tmp_path / "in" / "a.png", 1)
    appdata.main(["--pictures", str(tmp_path / "in"), "--output", str(tmp_path)])
    names = [f"{class_id:02d}.svg" for class_id in range(43)]
    assert sorted(path.name for path in (www() / "designs").iterdir()) == names
    for class_id, name in enumerate(names):
        text = (www() / "designs" / name).read_text()
        assert text == (tmp_path / "designs" / name).read_text() == variants(class_id)[0].svg
        assert not re.search("<(script|style|text|image|use)|href|style=", text)


def test_designs_of_a_persons_own_are_not_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Below pictures of a call before there were designs, when `classes.json` was a list."""
    save(tmp_path / "in" / "a.png", 1)
    flags = ["--pictures", str(tmp_path / "in"), "--output", str(tmp_path / "out")]
    assert appdata.main(flags) == appdata.main(flags) == 0
    (tmp_path / "out" / "classes.json").write_text("[]")
    (tmp_path / "out" / "designs" / "07.svg").write_text("mine")
    assert appdata.main(flags) == 2
    assert "designs/00.svg' is there already, and not from an earlier call" in capsys.readouterr().err
    assert (tmp_path / "out" / "designs" / "07.svg").read_text() == "mine"


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("notes.txt", b"", "There is no PNG or JPEG file in "),
        ("sign.png", b"%PDF-1.7", "is a picture of PDF format: expected PNG or JPEG"),
        ("sign.jpg", b"\xff\xd8\xff", "is a damaged JPEG file"),
    ],
)
def test_bad_folders_are_one_line_and_change_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, data: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(data)
    assert appdata.main(["--pictures", str(tmp_path), "--output", str(tmp_path / "out")]) == 2
    err = capsys.readouterr().err
    assert message in err and err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_the_committed_gallery_is_whole() -> None:
    """One drawn picture of each class and one of none, and of each what is sent to the model."""
    made = json.loads((www() / "appdata.json").read_text())
    assert made["image_labels"] == [*signs.NAMES, "No sign at all"]
    pixels = np.stack([np.asarray(Image.open(www() / name)) for name in made["image_filenames"]])
    np.testing.assert_array_equal(np.array(made["tensorflow_images"], np.float32), oracle_preprocess(pixels))
    names = {Path(name).name for name in made["image_filenames"]}
    assert {path.name for path in (www() / "images").iterdir()} == {"icon.svg", *names}


def test_drawn_cards_show_each_class_once() -> None:
    cards = list(appdata.drawn(5))
    assert [card.label for card in cards] == [*signs.NAMES, "No sign at all"]
    assert all((np.asarray(Image.open(io.BytesIO(card.data))) == card.pixels).all() for card in cards)

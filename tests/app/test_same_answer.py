"""One picture, one answer: in `predict`, in Python, on the page in a real Chromium, and by REST."""

from __future__ import annotations

import base64
import csv
import io
import itertools
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

import peers
import roadsigns
from browsers import chromium
from roadsigns import photos
from roadsigns.app.__main__ import www
from roadsigns.data.synthetic import render, variants
from roadsigns.serving import embedded

COUNT = 200
CLOSE = 0.01
FORMATS = {"PNG": ".png", "JPEG": ".jpg", "WEBP": ".webp", "BMP": ".bmp", "GIF": ".gif", "AVIF": ".avif"}
NOT_IN_A_BROWSER = {"TIFF": ".tiff", "PPM": ".ppm"}
SIZES = ((1, 1), (3, 2), (7, 40), (16, 16), (31, 33), (32, 32), (48, 45), (64, 64), (120, 90), (256, 257), (600, 420))
LARGE = ((4000, 3000), (1500, 4000))
FRAMINGS = ((0.9, 0.05), (0.7, 0.15), (0.5, 0.4), (1.3, -0.15))
"""The sign's side and its place, in shares of the picture's sides."""


def drawn(number: int, size: tuple[int, int], framing: tuple[float, float]) -> Image.Image:
    share, place = framing
    width, height = size
    canvas = Image.new("RGB", size, (110, 125, 140))
    side = max(1, int(min(size) * share))
    sign = Image.fromarray(render(variants(number % 43)[0], max(8, min(side, 400)))).resize((side, side))
    canvas.paste(sign, (int(width * place), int(height * place)), sign)
    return canvas


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`COUNT` pictures of all formats, orientations, sizes and framings."""
    folder = tmp_path_factory.mktemp("pictures")
    forms = itertools.cycle({**FORMATS, **NOT_IN_A_BROWSER}.items())
    for number, (form, ending) in zip(range(COUNT), forms, strict=False):
        size = LARGE[number % 2] if number % 50 == 7 else SIZES[number % len(SIZES)]
        picture = drawn(number, size, FRAMINGS[number // 3 % len(FRAMINGS)])
        how: dict[str, Any] = {"lossless": True} if form == "WEBP" else {"quality": 90} if form == "AVIF" else {}
        if form in ("JPEG", "PNG", "WEBP"):
            exif = Image.Exif()
            exif[0x0112] = number // 8 % 8 + 1
            how["exif"] = exif
        picture.save(folder / f"{number:03d}{ending}", form, **how)
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from roadsigns import export, keras_file, models

    return export.export(keras_file.load(models.shipped("small")), tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def server(model: Path) -> Iterator[str]:
    with embedded.model_server(model.parent) as address:
        yield address


@pytest.fixture(scope="module")
def answers(folder: Path, model: Path) -> dict[str, tuple[int, float, Any]]:
    """Class, share and all probabilities of each file, in Python."""
    named = roadsigns.load(model)
    files = sorted(folder.iterdir())
    return {
        file.name: (found.class_id, found.share, {guess.class_id: guess.share for guess in found.best})
        for file, found in zip(files, named.predict(files), strict=True)
    }


def agree(answers: dict[str, tuple[int, float, Any]], name: str, class_id: int, share: float) -> str:
    """Why an answer is another one; empty where it is not. Of two classes that are as likely either may come first."""
    wanted, most, best = answers[name]
    if abs(share - best.get(class_id, 0)) > CLOSE or (class_id != wanted and most - best.get(class_id, 0) > CLOSE):
        return f"{name}: {class_id} {share:.4f}, in Python {wanted} {most:.4f}"
    return ""


def test_the_command_and_python_answer_alike(folder: Path, model: Path, answers: dict[str, Any]) -> None:
    command = [sys.executable, "-m", "roadsigns", "predict", "--json", f"--model={model}", str(folder)]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    found = [json.loads(line) for line in lines]
    assert len(found) == COUNT
    best = [(Path(each["file"]).name, each["best"][0]) for each in found]
    assert not [why for name, one in best if (why := agree(answers, name, one["class_id"], one["score"]))]


def test_rest_and_python_answer_alike(folder: Path, server: str, answers: dict[str, Any]) -> None:
    """The server takes PNG and JPEG, and turns nothing; all else is sent as upright PNG."""
    wrong = []
    for file in sorted(folder.iterdir()):
        data = file.read_bytes()
        with Image.open(file) as image:
            as_it_is = image.format in ("PNG", "JPEG") and image.getexif().get(0x0112, 1) == 1
        if not as_it_is:
            upright = io.BytesIO()
            Image.fromarray(photos.decode(data)).save(upright, "PNG", compress_level=1)
            data = upright.getvalue()
        found = asked(server, data)
        wrong.append(agree(answers, file.name, found["class_ids"][0], found["scores"][0]))
    assert not list(filter(None, wrong))


def asked(server: str, data: bytes) -> Any:
    body = {"signature_name": "predict_images", "instances": [{"b64": base64.b64encode(data).decode()}]}
    url = f"http://{server}/v1/models/roadsigns_model:predict"
    with urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode()), timeout=60) as answer:
        return json.load(answer)["predictions"][0]


def test_the_page_and_python_answer_alike(
    loop: peers.Loop, folder: Path, server: str, answers: dict[str, Any], tmp_path: Path
) -> None:
    files = [str(file) for file in sorted(folder.iterdir()) if file.suffix not in NOT_IN_A_BROWSER.values()]
    app, port = peers.start_app(loop, server, www())
    try:
        with chromium() as browser:
            page = browser.new_page()
            page.goto(f"http://127.0.0.1:{port}/")
            page.set_input_files("#file", files)
            expect(page.locator("#table-status")).to_contain_text(
                f"{len(files)} of {len(files)} pictures named", timeout=240_000
            )
            with page.expect_download() as download:
                page.get_by_role("button", name="Save as CSV").click()
            download.value.save_as(tmp_path / "saved.csv")
    finally:
        loop.run(app.stop())
    with (tmp_path / "saved.csv").open(encoding="utf-8", newline="") as file:
        saved = list(csv.DictReader(file))
    assert len(saved) == len(files)
    wrong = [agree(answers, each["file"], int(each["class_id"]), float(each["share"])) for each in saved]
    assert not list(filter(None, wrong))


def test_the_pictures_are_of_all_kinds(folder: Path, answers: dict[str, Any]) -> None:
    """And most of them are named with a high share, so that an answer to noise alone would be seen."""
    assert {file.suffix for file in folder.iterdir()} == {*FORMATS.values(), *NOT_IN_A_BROWSER.values()}
    assert np.mean([share > 0.5 for _, share, _ in answers.values()]) > 0.3

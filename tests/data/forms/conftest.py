"""The benchmark in small, in each form that it is met in; and folders of pictures of a person's own."""

from __future__ import annotations

import csv
import io
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labelled import TESTS, TRACKS, asked, fill, pixels, png, training

HEAD = ["Width", "Height", "Roi.X1", "Roi.Y1", "Roi.X2", "Roi.Y2", "ClassId", "Path"]


@pytest.fixture
def unpacked(make_benchmark: Callable[..., Path], tmp_path: Path) -> Path:
    """The benchmark's own archives, unpacked into one folder."""
    folder = tmp_path / "own"
    for path in make_benchmark(TRACKS, TESTS).iterdir():
        with zipfile.ZipFile(path) as archive:
            archive.extractall(folder)
    return folder


@pytest.fixture
def torchvision(unpacked: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "torchvision"
    base = folder / "gtsrb" / "GTSRB"
    shutil.copytree(unpacked / "GTSRB" / "Final_Training" / "Images", base / "Training")
    shutil.copytree(unpacked / "GTSRB" / "Final_Test", base / "Final_Test")
    shutil.copy(unpacked / "GT-final_test.csv", folder / "gtsrb")
    return folder


@pytest.fixture
def kaggle(unpacked: Path, tmp_path: Path) -> Path:
    files: dict[str, bytes] = {"Meta.csv": b"Path,ClassId\n", "Meta/0.png": png(pixels(1))}
    tables: dict[str, list[Any]] = {"Train.csv": [], "Test.csv": []}
    for label, stem, image in training(unpacked):
        name = f"Train/{label}/{label:05}_{stem}.png"
        files[name] = png(image)
        tables["Train.csv"].append([*image.shape[1::-1], 5, 5, 15, 15, label, name])
    for label, stem, image in asked(unpacked):
        files[f"Test/{stem}.png"] = png(image)
        tables["Test.csv"].append([*image.shape[1::-1], 5, 5, 15, 15, label, f"Test/{stem}.png"])
    for name, lines in tables.items():
        text = io.StringIO()
        csv.writer(text).writerows([HEAD, *sorted(lines, key=lambda line: (line[-2] * 7 % 5, line[-1]))])
        files[name] = text.getvalue().encode()
    return fill(tmp_path / "kaggle", files)


@pytest.fixture
def class_folders(unpacked: Path, tmp_path: Path) -> Path:
    files = {f"train/{label:05}/{stem}.png": png(image) for label, stem, image in training(unpacked)}
    files |= {f"test/{label}/{stem}.png": png(image) for label, stem, image in asked(unpacked)}
    return fill(tmp_path / "folders", files)


@pytest.fixture
def table(unpacked: Path, tmp_path: Path) -> Path:
    files = {f"p/{label}-{stem}/{stem}.png": png(image) for label, stem, image in training(unpacked)}
    lines = [f"p/{label}-{stem}/{stem}.png,{label},train" for label, stem, _ in training(unpacked)]
    for label, stem, image in asked(unpacked):
        files[f"p/t-{stem}.png"] = png(image)
        lines.append(f"p/t-{stem}.png,{label},test")
    files["labels.csv"] = "\n".join(["path,label,split", *lines]).encode()
    return fill(tmp_path / "table", files)

"""Pictures of a person's own, in folders and zips, and those of the small benchmark."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

TRACKS = {0: [3, 3, 3], 7: [4, 3], 42: [3, 2]}  # frames of each track, by class
TESTS = [7, 42, 0, 7]


def png(pixels: np.ndarray[Any, Any], form: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, form, **options)
    return file.getvalue()


def pixels(seed: int, height: int = 40, width: int = 36) -> np.ndarray[Any, Any]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def fill(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def packed(folder: Path) -> Path:
    """A zip of the folder, in it under its own name, with what a Mac leaves."""
    path = folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for each in sorted(folder.rglob("*")):
            archive.write(each, f"signs/{each.relative_to(folder)}")
        archive.writestr("__MACOSX/signs/._x.png", b"")
        archive.writestr("signs/.DS_Store", b"")
        archive.writestr("README.txt", b"read me")
    return path


def training(unpacked: Path) -> list[tuple[int, str, np.ndarray[Any, Any]]]:
    """Class, file name without ending, pixels; by class, track, frame."""
    found = sorted((unpacked / "GTSRB" / "Final_Training" / "Images").rglob("*.ppm"))
    return [(int(path.parent.name), path.stem, np.asarray(Image.open(path))) for path in found]


def asked(unpacked: Path) -> list[tuple[int, str, np.ndarray[Any, Any]]]:
    found = sorted((unpacked / "GTSRB" / "Final_Test" / "Images").glob("*.ppm"))
    return [(label, path.stem, np.asarray(Image.open(path))) for label, path in zip(TESTS, found, strict=True)]

"""What an exported model is: its name, its folders and files, and what its signatures take and give.

Whoever writes an export, and whoever reads one, takes these facts from here. What differs from one network to the next
is none of them: the shape of `x` and the number of classes are in each version's own signature.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

MODEL_NAME = "roadsigns_model"
"""The name that the model is served under."""

MODELS = Path("models/roadsigns")
"""The folder of the versions."""

MOST_VERSION = 2**63 - 1
"""TensorFlow Serving counts versions in 64 bits."""

SAVED_MODEL = "saved_model.pb"
"""The file that every SavedModel has."""

CLASS_NAMES = Path("assets") / "signnames.csv"
"""The classes' names, within a version."""

WARMUP = Path("assets.extra") / "tf_serving_warmup_requests"
"""The requests that run before a version serves, within a version."""

NO_SIGN = Path("assets.extra") / "no_sign.json"
"""The rule that makes `no_sign` of the probabilities, within a version that has one; see `roadsigns.no_sign`."""

ONNX = Path("assets.extra") / "roadsigns.onnx"
"""The function of `serving_default` at keep probability 1, within a version; input `x`, output `y`."""

DROPPING = Path("assets.extra") / "roadsigns_dropping.onnx"
"""The same for any keep probabilities, one an answer; further inputs take random numbers in [0, 1), one a unit."""

AGREEMENT = Path("assets.extra") / "agreement.json"
"""How far the answers of the ONNX files are from those of the graph, within a version; see `roadsigns.agreement`."""

BEST = 5
"""How many classes are named for a picture, or all where there are fewer."""

DEFAULT_SIGNATURE = "serving_default"
"""The network itself; TensorFlow's name for the signature that a request without one means."""

IMAGES = "predict_images"
"""The signature for picture files."""

PIXELS = "predict_pixels"
"""The signature for pictures as arrays."""


class Tensor(NamedTuple):
    """An input or output of a signature.

    Attributes:
        dtype: NumPy's word for the numbers; `string` for bytes.
        shape: sizes, -1 where any will do; None where the rank is free too.
    """

    dtype: str
    shape: tuple[int, ...] | None


INPUTS: Mapping[str, Mapping[str, Tensor]] = {
    DEFAULT_SIGNATURE: {"keep_prob": Tensor("float32", None), "keep_prob_conv": Tensor("float32", None)},
    IMAGES: {"image_bytes": Tensor("string", (-1,))},
    PIXELS: {"images": Tensor("uint8", (-1, -1, -1, 3))},
}
"""What each signature takes; `serving_default` takes `x` too, float32 in the shape that the network states."""


def outputs(classes: int, *, no_sign: bool = False) -> dict[str, dict[str, Tensor]]:
    """What each signature gives where there are so many classes, and where the version has a rule for `no_sign`."""
    best = min(BEST, classes)
    named = {
        "class_ids": Tensor("int64", (-1, best)),
        "class_names": Tensor("string", (-1, best)),
        "probabilities": Tensor("float32", (-1, classes)),
        "scores": Tensor("float32", (-1, best)),
        **({"no_sign": Tensor("float32", (-1,))} if no_sign else {}),
    }
    return {DEFAULT_SIGNATURE: {"y": Tensor("float32", (-1, classes))}, IMAGES: named, PIXELS: named}


def versions(folder: Path) -> dict[int, Path]:
    """The versions in `folder` by number, ascending: its sub-folders whose name is a whole number.

    Leading zeros are allowed. Of two folders of one number the first in order of names counts. A file, a link that
    leads nowhere or in a circle, and a number past `MOST_VERSION` are no version.

    Raises:
        OSError: `folder` cannot be read.
    """
    found: dict[int, Path] = {}
    for name in sorted(os.listdir(folder)):
        digits = name.lstrip("0") or "0"
        is_number = name.isascii() and name.isdigit() and len(digits) <= len(str(MOST_VERSION))
        if is_number and int(digits) <= MOST_VERSION and _is_folder(folder / name):
            found.setdefault(int(digits), folder / name)
    return dict(sorted(found.items()))


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a circle of links, or a folder that may not be looked at
        return False


def class_names(version: Path) -> tuple[str, ...]:
    """The names of the classes, by id, that a version brings along; empty where it brings none that can be read."""
    try:
        text = (version / CLASS_NAMES).read_text(encoding="utf-8-sig")
        names = tuple(row["SignName"] for row in csv.DictReader(text.splitlines()))
    except (OSError, ValueError, KeyError, csv.Error):
        return ()
    return names if all(names) else ()

"""`python -m roadsigns.app.appdata`: the page's pictures, and for each the numbers that the page sends to the model.

`appdata.json` has three fields, each a list with one entry a card: `image_filenames`, relative to the page;
`image_labels`; `tensorflow_images`, the network's `x` of the picture, 32 rows of 32 pixels of one number.
`classes.json` lists the names of the 43 classes for the page, in English and German, from the package's own tables;
`designs/` has each class as a drawing.
"""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .. import cli, pictures, preprocess, signs
from ..config import AppdataOptions
from ..errors import DataError, UsageError
from ..files import beside

PICTURES = "images"
"""Folder of the pictures, beside `appdata.json`."""

DESIGNS = "designs"
"""Folder of the classes' drawings, `00.svg` to `42.svg`."""

# Camera factors that can make a picture dark, faint or blurred; the page's pictures are drawn without them.
_HARD = (
    *("size", "branches", "pigment", "fading", "gloss", "exposure", "contrast", "glare", "shadow", "haze"),
    *("defocus", "motion", "fringe", "noise", "mosaic"),
)
_ENDINGS = (".png", ".jpg", ".jpeg")
_OWN_NAME = re.compile(PICTURES + r"/sign-\d{2,}\.(png|jpe?g)")
_DESIGNS = tuple(f"{DESIGNS}/{class_id:02d}.svg" for class_id in range(signs.COUNT))
EXAMPLES = ("python -m roadsigns.app.appdata", "python -m roadsigns.app.appdata --pictures my-signs --output my-www")


@dataclass(frozen=True)
class Card:
    """A picture for the page.

    Attributes:
        label: the text below the picture.
        ending: `.png`, `.jpg` or `.jpeg`.
        data: the file's bytes.
        pixels: uint8 RGB `(H, W, 3)`.
    """

    label: str
    ending: str
    data: bytes
    pixels: preprocess.Pixels


@cli.command("appdata")
def main(argv: Sequence[str] | None = None) -> None:
    """Rebuild the page's pictures."""
    options = cli.parse(
        AppdataOptions,
        argv,
        verb="appdata",
        about="Rebuild the web app's appdata.json and pictures.",
        examples=EXAMPLES,
    )
    output = options.output or Path(__file__).parent / "www"
    cards = list(drawn(options.seed) if options.pictures is None else found(options.pictures))
    write(cards, output)
    print(f"wrote {len(cards)} pictures to {output}")


def found(folder: Path) -> Iterator[Card]:
    """The PNG and JPEG files of a folder, by name; in a folder named like a class id they bear the class's name.

    Raises:
        DataError: there is none, or one cannot be read.
    """
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _ENDINGS and path.is_file())
    if not files:
        raise DataError(f"There is no PNG or JPEG file in {str(folder)!r}")
    for path in files:
        data = path.read_bytes()
        yield Card(_label(path), path.suffix.lower(), data, pictures.decode(data, repr(str(path))))


def _label(path: Path) -> str:
    above = path.parent.name
    if above.isascii() and above.isdigit() and int(above) < signs.COUNT:
        return signs.NAMES[int(above)]
    return " ".join(path.stem.replace("_", " ").replace("-", " ").split())


def drawn(seed: int) -> Iterator[Card]:
    """A drawn sign of each class, in good light, and a drawn view without any."""
    from ..data.synthetic import Camera, draw, draw_backgrounds

    camera = Camera().without(*_HARD)
    images, labels = draw(signs.COUNT, seed, camera=camera)
    for image, label in sorted(zip(images, labels, strict=True), key=lambda pair: int(pair[1])):
        yield Card(signs.NAMES[label], ".png", _png(image), image)
    nothing = draw_backgrounds(1, seed, camera=camera)[0]
    yield Card("No sign at all", ".png", _png(nothing), nothing)


def _png(pixels: preprocess.Pixels) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="PNG", optimize=True)
    return file.getvalue()


def write(cards: Sequence[Card], output: Path) -> None:
    """Write the cards' files; pictures that an earlier call wrote are replaced or removed.

    Raises:
        UsageError: `output` holds a file of one of these names that no earlier call wrote.
    """
    from ..data.synthetic import variants

    names = [f"{PICTURES}/sign-{index:02d}{card.ending}" for index, card in enumerate(cards)]
    appdata = {
        "image_filenames": names,
        "image_labels": [card.label for card in cards],
        "tensorflow_images": [_numbers(card.pixels) for card in cards],
    }
    files = {
        "appdata.json": _json(appdata),  # first, and the classes: they say which files are ours
        "classes.json": _json({"en": signs.NAMES, "de": signs.GERMAN_NAMES}),
        **{name: variants(class_id)[0].svg.encode() for class_id, name in enumerate(_DESIGNS)},
        **{name: card.data for name, card in zip(names, cards, strict=True)},
    }
    earlier = _earlier(output)
    for name in files:
        if name not in earlier and (output / name).exists():
            raise UsageError(
                f"{str(output / name)!r} is there already, and not from an earlier call. Give another --output"
            )
    for name, data in files.items():
        with beside(output / name) as fresh:
            fresh.write_bytes(data)
    for name in earlier - files.keys():
        (output / name).unlink(missing_ok=True)


def _earlier(output: Path) -> set[str]:
    """The files that an earlier call wrote into `output`, by what its `appdata.json` and `classes.json` say."""
    try:
        made = json.loads((output / "appdata.json").read_bytes())
        names = {name for name in made["image_filenames"] if _OWN_NAME.fullmatch(name)}
    except (FileNotFoundError, ValueError, TypeError, KeyError, RecursionError):
        return set()
    try:
        classes = json.loads((output / "classes.json").read_bytes())
    except (FileNotFoundError, ValueError, RecursionError):
        classes = None
    # Before there were designs the classes were a list.
    return {*names, "appdata.json", "classes.json", *(_DESIGNS if isinstance(classes, dict) else ())}


def _numbers(pixels: preprocess.Pixels) -> Any:
    """The network's `x` as nested lists, each number in the fewest digits that give its float32 back."""
    x = preprocess.preprocess(preprocess.resize(pixels[np.newaxis]))[0]
    return [[[float(str(value))] for value in row[:, 0]] for row in x]


def _json(value: Any) -> bytes:
    return (json.dumps(value, separators=(",", ":"), ensure_ascii=False) + "\n").encode()


if __name__ == "__main__":
    sys.exit(main())

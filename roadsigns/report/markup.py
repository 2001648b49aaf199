"""Pieces of HTML: pictures inside the page, signs, bars and tables. All text is escaped here."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Sequence
from html import escape

import numpy as np
import numpy.typing as npt
from PIL import Image

from ..preprocess import Pixels
from .study import Study

_SIGN = 64


def picture(pixels: npt.NDArray[np.uint8], about: str, kind: str = "pixels") -> str:
    """An image element that holds its picture itself.

    Args:
        pixels: uint8 RGB or RGBA, `(H, W, 3 or 4)`.
        about: what a reader who does not see it is told.
        kind: its class in the style sheet.
    """
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", optimize=True)
    data = base64.b64encode(file.getvalue()).decode("ascii")
    return f'<img class="{kind}" src="data:image/png;base64,{data}" alt="{escape(about)}">'


class Signs:
    """What stands for each class: its drawing where there is one, else its first picture in the study.

    A picture is in the page once, in the style sheet, however often it is shown.
    """

    def __init__(self, study: Study) -> None:
        self._study = study
        self._shown: dict[int, str] = {}

    def __call__(self, class_id: int) -> str:
        """An element that shows the class, or nothing where there is no picture of it."""
        if class_id not in self._shown:
            pixels = self._pixels(class_id)
            self._shown[class_id] = "" if pixels is None else picture(pixels, "").split('"')[3]
        if not self._shown[class_id]:
            return ""
        name = escape(self._study.classes[class_id])
        return f'<span class="sign s{class_id}" role="img" aria-label="{name}" title="{name}"></span>'

    def rules(self) -> str:
        """The style sheet's rules for the signs shown so far."""
        shown = sorted((class_id, data) for class_id, data in self._shown.items() if data)
        return "\n".join(f".s{class_id}{{background-image:url({data})}}" for class_id, data in shown)

    def _pixels(self, class_id: int) -> Pixels | None:
        own = self._study.drawings.get(self._study.classes[class_id])
        if own or self._study.has_drawings:
            from ..data import synthetic

            return synthetic.render(own or synthetic.variants(class_id)[0], _SIGN)
        found = np.flatnonzero(self._study.labels == class_id)
        return self._study.images[found[0]] if len(found) else None


def named(signs: Signs, study: Study, class_id: int) -> str:
    """A class: its sign and its name."""
    return f'<span class="named">{signs(class_id)}<span>{escape(study.classes[class_id])}</span></span>'


def bar(share: float, text: str, kind: str = "") -> str:
    """A bar of a share in 0..1 with a text behind it."""
    return f'<span class="bar {kind}"><i style="width:{100 * share:.1f}%"></i></span><span class="number">{text}</span>'


def table(head: Sequence[str], rows: Iterable[Sequence[str]], kind: str = "") -> str:
    """A table; head and cells are HTML, the first cell of a row names it."""
    top = "".join(f'<th scope="col">{each}</th>' for each in head)
    body = "".join(
        f'<tr><th scope="row">{first}</th>{"".join(f"<td>{each}</td>" for each in rest)}</tr>' for first, *rest in rows
    )
    return (
        f'<div class="wide" tabindex="0"><table class="{kind}"><thead><tr>{top}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def section(name: str, title: str, text: str, *parts: str) -> str:
    """A part of the page under a heading, with a sentence or two of HTML that say what is seen."""
    return f'<section id="{name}"><h2>{escape(title)}</h2><p>{text}</p>{"".join(parts)}</section>'


def percent(share: float, digits: int = 2) -> str:
    """A share as people read it."""
    return f"{share:.{digits}%}".replace("%", " %")

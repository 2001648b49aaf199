"""A model that is loaded to name signs: in a photo, in many of them, or in pixels."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, overload

import numpy as np
import numpy.typing as npt

from . import exported, loading, models, photos
from .errors import ModelError
from .no_sign import Rule
from .resize import Pixels, resize

if TYPE_CHECKING:
    from PIL import Image

_BATCH = 256
_AT_ONCE = 64
_TOLERANCE = 1e-3

Probabilities = npt.NDArray[np.float32]
Picture: TypeAlias = "str | Path | bytes | Image.Image | Pixels"
"""The path of a file, its bytes, a picture that Pillow holds, or uint8 RGB pixels `(H, W, 3)`."""


@dataclass(frozen=True)
class Guess:
    """A class that a picture may show.

    Attributes:
        class_id: the class.
        class_name: its name.
        share: how probable it is, in 0..1.
    """

    class_id: int
    class_name: str
    share: float


@dataclass(frozen=True)
class Prediction:
    """What a picture shows.

    Attributes:
        best: the five most probable classes, or all where there are fewer; the most probable first.
        no_sign: how likely the picture shows none of the classes, in 0..1; None where the model has no rule for that.
    """

    best: tuple[Guess, ...]
    no_sign: float | None = None

    @property
    def class_id(self) -> int:
        """The most probable class."""
        return self.best[0].class_id

    @property
    def class_name(self) -> str:
        """Its name."""
        return self.best[0].class_name

    name = class_name

    @property
    def share(self) -> float:
        """How probable it is, in 0..1."""
        return self.best[0].share


class Classifier:
    """A loaded model.

    Attributes:
        model: where it comes from.
        names: the names of its classes, by id.
        rule: tells from its probabilities how likely a picture shows none of the classes; None where it has none.
    """

    def __init__(
        self,
        model: models.Model,
        names: Sequence[str],
        run: Callable[[Pixels], npt.NDArray[np.floating[Any]]],
        rule: Rule | None,
    ) -> None:
        """`run` takes uint8 RGB `(N, 32, 32, 3)`, `N` at least 1, and gives probabilities `(N, classes)`."""
        self.model = model
        self.names = tuple(names)
        self.rule = rule
        self._run = run

    @overload
    def predict(self, pictures: Picture) -> Prediction: ...  # type: ignore[overload-overlap]
    @overload
    def predict(self, pictures: Sequence[Picture]) -> list[Prediction]: ...  # type: ignore[overload-overlap]
    @overload
    def predict(self, pictures: Iterable[Picture]) -> Iterator[Prediction]: ...

    def predict(self, pictures: Any) -> Any:
        """Name the sign in a picture, or in each of many.

        Args:
            pictures: one picture: the path of a file (`str` or `Path`), the file's bytes, a Pillow picture, uint8 RGB
                pixels of shape `(H, W, 3)`. Or many: a list, a tuple, an array of shape `(N, H, W, 3)`, or anything
                else that yields pictures, which is read as it is needed and answered in its order.

        Returns:
            A `Prediction` for one picture, a list for a list, a tuple or an array, an iterator for all else.

        Raises:
            TypeError: something is no picture, or its pixels are not uint8.
            ValueError: pixels have another shape.
            DataError: a file is damaged, too large, or no picture.
            ModelError: the model's answers are no probabilities.
            OSError: a file cannot be read.

        Examples:
            >>> import roadsigns
            >>> found = roadsigns.load("notebook").predict("fixtures/pictures/design-14.jpg")
            >>> found.name, found.share > 0.9, len(found.best)
            ('Stop', True, 5)
        """
        if _is_picture(pictures):
            return next(self._predict([pictures]))
        if isinstance(pictures, (list, tuple, np.ndarray)):
            return list(self._predict(pictures))
        if not isinstance(pictures, Iterable):
            raise TypeError(
                "`pictures` must be a path, bytes, a Pillow picture, uint8 pixels, or many of these. "
                f"Received: {type(pictures).__name__}"
            )
        return self._predict(pictures)

    def _predict(self, pictures: Iterable[Picture]) -> Iterator[Prediction]:
        left = iter(pictures)
        while batch := list(itertools.islice(left, _AT_ONCE)):
            yield from self.best(self.classify_pixels(np.concatenate([_small(picture) for picture in batch])))

    def classify_pixels(self, images: Pixels) -> Probabilities:
        """Class probabilities, float32 `(N, classes)`, of uint8 RGB pictures `(N, H, W, 3)`.

        Raises:
            ModelError: the answers are no probabilities.
        """
        parts = [
            self._checked(self._run(resize(images[start : start + _BATCH]))) for start in range(0, len(images), _BATCH)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, len(self.names)), np.float32)

    def best(self, probabilities: Probabilities, count: int = exported.BEST) -> list[Prediction]:
        """The most probable classes of each row, by name; of equals the lower id first."""
        order = np.argsort(-probabilities, axis=1, kind="stable")[:, :count]
        none = itertools.repeat(None) if self.rule is None else map(float, self.rule.share(probabilities))
        return [
            Prediction(tuple(Guess(int(i), self.names[i], float(row[i])) for i in ids), no_sign)
            for row, ids, no_sign in zip(probabilities, order, none, strict=False)
        ]

    def _checked(self, answers: npt.NDArray[np.floating[Any]]) -> Probabilities:
        total = answers.sum(axis=1, dtype=np.float64)
        if answers.min() >= -_TOLERANCE and np.abs(total - 1).max() <= _TOLERANCE:  # of NaN neither is true
            return np.asarray(answers, np.float32)
        if not np.isfinite(answers).all():
            raise ModelError("The model answers with NaN: its training diverged. Train with a smaller --learning-rate")
        row = answers[np.abs(total - 1).argmax()]
        raise ModelError(
            f"{self.model.name!r} answers with numbers that are no probabilities: a row goes from {row.min():.3g} to "
            f"{row.max():.3g} and adds up to {row.sum():.3g}. Take what roadsigns export wrote"
        )


def load(
    model: models.Model | str | Path | None = None, threads: int | None = None, *, shares: bool = False
) -> Classifier:
    """Load a model that names signs.

    Args:
        model: as `--model` has it: the name of shipped weights, the path of a version's folder, of the folder above it,
            of a run's folder or of a `.keras` file; or what `models.find` found. None means the newest version in
            `models/roadsigns`, or else the shipped weights.
        threads: how many threads ONNX Runtime computes with; by default one a core.
        shares: whether other threads of the process work meanwhile, as those that read pictures do; then those of ONNX
            Runtime sleep while they wait, which makes a picture alone a quarter slower and many files faster.

    Raises:
        UsageError: it is none of these.
        ModelError: it is damaged, or a model of another kind.
    """
    found = model if isinstance(model, models.Model) else models.find(model)
    return Classifier(found, *loading.load(found, threads, shares=shares))


def _is_picture(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.ndim != 4
    return isinstance(value, (str, Path, bytes)) or _is_pillows(value)


def _is_pillows(value: Any) -> bool:
    return hasattr(value, "getexif") and hasattr(value, "convert")


def _small(picture: Picture) -> Pixels:
    """A picture's pixels as the network's size, uint8 RGB `(1, 32, 32, 3)`."""
    if isinstance(picture, np.ndarray):
        pixels: Any = picture
    elif isinstance(picture, bytes):
        pixels = photos.decode(picture)
    elif isinstance(picture, (str, Path)):
        pixels = photos.read(picture)
    elif _is_pillows(picture):
        pixels = photos.from_image(picture)
    else:
        raise TypeError(
            f"A picture must be a path, bytes, a Pillow picture or uint8 pixels. Received: {type(picture).__name__}"
        )
    return resize(pixels[np.newaxis])

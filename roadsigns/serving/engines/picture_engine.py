"""Pictures prepared before the graph instead of inside it, where that gives the same answers.

A version's `predict_images` and `predict_pixels` have the preprocessing in their graphs, so that any server can serve
them. For a single picture TensorFlow takes 0.9 ms there; Pillow and NumPy a third of that, to the same bit. For many at
once the two are on a par.

One or many, all go this way: TensorFlow and Pillow do not agree on every damaged file, and one file has one answer.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ... import exported, no_sign, pictures, preprocess
from ...agreement import TOLERANCE
from ...errors import DataError, RequestError, RowError
from ..protocol.signature import NUMPY, Signature, TensorSpec
from ..protocol.tensors import Array
from .engine import Engine

# How base64 of a PNG and of a JPEG file begins, and of either in a page.
_BASE64_STARTS = (b"iVBORw0KGgo", b"/9j/", b"data:image/")
_BASE64 = 'is base64 text: expected the bytes of a PNG or JPEG file. In JSON send {"b64": "..."}, not the bare string'

_log = logging.getLogger(__name__)


def _scale(small: preprocess.Pixels) -> npt.NDArray[np.float32]:
    return np.divide(small, np.float32(255), dtype=np.float32)


_PREPARE: Mapping[exported.Tensor, Callable[[preprocess.Pixels], npt.NDArray[np.float32]]] = {
    exported.Tensor("float32", (-1, preprocess.SIZE, preprocess.SIZE, 1)): preprocess.preprocess,
    exported.Tensor("float32", (-1, preprocess.SIZE, preprocess.SIZE, 3)): _scale,
}
"""What makes a network's `x` of uint8 RGB `(N, 32, 32, 3)`: equalised grey, or colour in [0, 1]."""


class PictureEngine:
    """An engine whose signatures for pictures are answered by way of `serving_default`.

    The version itself says what its `x` is like and which classes it names. Each signature is tried once on a few
    pictures, and left to the graph if that answers otherwise; the log says why.

    Args:
        engine: what runs the graph; it is closed with this one.
        version: the folder of its SavedModel.
        agrees: whether both ways are known to give the same answers, so that nothing is tried.

    Attributes:
        signatures: what it serves, by name.
        short: the names of those that are answered without their graph.
    """

    def __init__(self, engine: Engine, version: Path, *, agrees: bool = False) -> None:
        self._engine = engine
        self._agrees = agrees
        self.signatures: Mapping[str, Signature] = engine.signatures
        self._names = np.array([name.encode() for name in exported.class_names(version)], np.object_)
        self._rule = _rule(version)
        default = self.signatures.get(exported.DEFAULT_SIGNATURE)
        self._x = _form(default.inputs).get("x") if default else None
        self.short = frozenset(name for name in (exported.IMAGES, exported.PIXELS) if self._is_short(name, version))

    def run(self, name: str, inputs: Mapping[str, Array], outputs: Sequence[str] | None = None) -> dict[str, Array]:
        """As `Engine.run`."""
        if name not in self.short:
            return self._engine.run(name, inputs, outputs)
        return {key: value for key, value in self._named(_small(inputs)).items() if outputs is None or key in outputs}

    def close(self) -> None:
        """As `Engine.close`."""
        self._engine.close()

    def _named(self, small: preprocess.Pixels) -> dict[str, Array]:
        """The answer to pictures of the network's size."""
        x = _PREPARE[self._x](small) if self._x else small  # always: `_refusal` has seen to it
        probabilities = self._engine.run(exported.DEFAULT_SIGNATURE, {"x": x})["y"]
        ids = np.argsort(-probabilities, axis=1, kind="stable")[:, : exported.BEST]
        scores = np.take_along_axis(probabilities, ids, axis=1)
        named = {"class_ids": ids, "class_names": self._names[ids], "probabilities": probabilities, "scores": scores}
        return named if self._rule is None else {**named, "no_sign": self._rule.share(probabilities)}

    def _is_short(self, name: str, version: Path) -> bool:
        if name not in self.signatures:
            return False
        if reason := self._refusal(name):
            _log.warning("%s of %r is left to its graph, which is slower: %s", name, str(version), reason)
        return not reason

    def _refusal(self, name: str) -> str:
        """Why a signature is left to its graph; empty where we would give the same answers."""
        network, signature = self.signatures.get(exported.DEFAULT_SIGNATURE), self.signatures[name]
        known = {"x", *exported.INPUTS[exported.DEFAULT_SIGNATURE]}
        if network is None or self._x is None or not network.inputs.keys() <= known or list(network.outputs) != ["y"]:
            return f"it has no {exported.DEFAULT_SIGNATURE} that makes y of x and keep probabilities"
        if self._x not in _PREPARE:
            expected = " or ".join(_list({"x": each}) for each in _PREPARE)
            return f"its network takes {_list({'x': self._x})}. Expected: {expected}"
        if not len(self._names):
            return f"it has no class names in {str(exported.CLASS_NAMES)!r}"
        for word, specs, wanted in (
            ("takes", signature.inputs, exported.INPUTS[name]),
            ("gives", signature.outputs, exported.outputs(len(self._names), no_sign=self._rule is not None)[name]),
        ):
            if (form := _form(specs)) != wanted:
                other, missing = dict(form.items() - wanted.items()), dict(wanted.items() - form.items())
                return f"it {word} {_list(other)}. Expected in its place: {_list(missing)}"
        return "" if self._agrees else self._difference(name)

    def _difference(self, name: str) -> str:
        """Try a few pictures both ways."""
        pixels = np.random.default_rng(0).integers(0, 256, (3, 48, 40, 3), np.uint8)
        files = np.empty(len(pixels), np.object_)
        files[:] = [_png(each) for each in pixels]
        try:
            theirs = self._engine.run(name, {"images": pixels} if name == exported.PIXELS else {"image_bytes": files})
            ours = self._named(preprocess.resize(pixels))
        except RequestError as error:
            return f"it refuses a picture: {error}"
        for key in ours.keys() - {"class_ids", "class_names"}:
            if not np.allclose(ours[key], theirs[key], atol=TOLERANCE):
                return f"its {key} differ by {np.abs(ours[key] - theirs[key]).max():.2g} from those of its network"
        if (self._names[theirs["class_ids"]] != theirs["class_names"]).any():
            return f"its class_names are not those of {str(exported.CLASS_NAMES)!r}"
        return ""


def _rule(version: Path) -> no_sign.Rule | None:
    """The version's rule for pictures without a sign; None where it brings none that can be read."""
    try:
        return no_sign.read((version / exported.NO_SIGN).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _form(specs: Mapping[str, TensorSpec]) -> dict[str, exported.Tensor]:
    """A signature's side in the words of `exported`."""

    def word(dtype: str) -> str:
        return "string" if dtype == "DT_STRING" else np.dtype(NUMPY.get(dtype, np.void)).name

    return {name: exported.Tensor(word(spec.dtype), spec.shape) for name, spec in specs.items()}


def _list(tensors: Mapping[str, exported.Tensor]) -> str:
    """Names, dtypes and shapes for a person to read."""
    words = (f"{name} {dtype} {shape and list(shape)}" for name, (dtype, shape) in sorted(tensors.items()))
    return ", ".join(words) or "nothing"


def _small(inputs: Mapping[str, Array]) -> preprocess.Pixels:
    """The pictures in the network's size.

    Raises:
        RequestError: a file is no picture, and says which; or pictures have no pixels.
    """
    [(name, given)] = inputs.items()
    if given.dtype == np.uint8 and len(given):
        if not given.size:
            raise RequestError(
                f"Invalid shape of `{name}`: expected pictures of one pixel or more. Received: {list(given.shape)}"
            )
        return preprocess.resize(given)
    small = np.empty((len(given), preprocess.SIZE, preprocess.SIZE, 3), np.uint8)
    for index, data in enumerate(given):
        try:
            small[index] = preprocess.resize(pictures.decode(data)[np.newaxis])[0]
        except DataError as error:
            why = _BASE64 if data.startswith(_BASE64_STARTS) else str(error).removeprefix("The picture ")
            raise RowError(f"{name}: picture", index, why) from error
    return small


def _png(pixels: Array) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()

"""Pictures prepared before the graph instead of inside it, where that gives the same answers.

A version's `predict_images` and `predict_pixels` have the preprocessing in their graphs, so that any server can serve
them. For a single picture TensorFlow takes 0.9 ms there; Pillow and NumPy a third of that, to the same bit. For many at
once the two are on a par, so that only an engine whose network is faster than TensorFlow's takes all of them this way.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ... import pictures, preprocess, signs
from ...errors import DataError, RequestError
from ..protocol.refusals import DEFAULT_SIGNATURE
from ..protocol.signature import Signature, TensorSpec
from ..protocol.tensors import Array

if TYPE_CHECKING:
    from .engine import Engine

BEST = 5
"""How many classes an exported version names; see `served.BEST`."""

TOLERANCE = 1e-5
"""How far probabilities may be from the graph's: convolutions add up in another order."""

_INPUTS = {
    "predict_images": {"image_bytes": ("DT_STRING", (-1,))},
    "predict_pixels": {"images": ("DT_UINT8", (-1, -1, -1, 3))},
}
_OUTPUTS = {
    "class_ids": ("DT_INT64", (-1, BEST)),
    "class_names": ("DT_STRING", (-1, BEST)),
    "probabilities": ("DT_FLOAT", (-1, signs.COUNT)),
    "scores": ("DT_FLOAT", (-1, BEST)),
}
_NETWORK = {"x": ("DT_FLOAT", (-1, preprocess.SIZE, preprocess.SIZE, 1))}
_NAMES = np.array([name.encode() for name in signs.NAMES], np.object_)


class PictureEngine:
    """An engine whose signatures for pictures are answered by way of `serving_default`.

    Each signature is tried once on a few pictures, and left to the graph if that answers otherwise. So is every request
    with a picture that is damaged or of an uncommon kind: errors are the graph's.

    Args:
        engine: what runs the graph; it is closed with this one.
        most: pictures at a time; more are left to the graph. None for any number.

    Attributes:
        signatures: what it serves, by name.
        short: the names of those that are answered without their graph.
    """

    def __init__(self, engine: Engine, most: int | None = None) -> None:
        self._engine = engine
        self._most = most
        self.signatures: Mapping[str, Signature] = engine.signatures
        self.short = frozenset(name for name in _INPUTS if self._agrees(name))

    def run(self, name: str, inputs: Mapping[str, Array], outputs: Sequence[str] | None = None) -> dict[str, Array]:
        """As `Engine.run`."""
        x = _prepared(inputs, self._most) if name in self.short else None
        if x is None:
            return self._engine.run(name, inputs, outputs)
        return {key: value for key, value in self._named(x).items() if outputs is None or key in outputs}

    def close(self) -> None:
        """As `Engine.close`."""
        self._engine.close()

    def _named(self, x: Array) -> dict[str, Array]:
        probabilities = self._engine.run(DEFAULT_SIGNATURE, {"x": x})["y"]
        ids = np.argsort(-probabilities, axis=1, kind="stable")[:, :BEST]
        scores = np.take_along_axis(probabilities, ids, axis=1)
        made = {"class_ids": ids, "class_names": _NAMES[ids], "probabilities": probabilities, "scores": scores}
        return {name: made[name] for name in _OUTPUTS}

    def _agrees(self, name: str) -> bool:
        """Whether a signature is ours, and its graph gives the answers that we would."""
        signature, network = self.signatures.get(name), self.signatures.get(DEFAULT_SIGNATURE)
        if not signature or (_form(signature.inputs), _form(signature.outputs)) != (_INPUTS[name], _OUTPUTS):
            return False
        if not network or not _NETWORK.items() <= _form(network.inputs).items() or list(network.outputs) != ["y"]:
            return False
        pixels = np.random.default_rng(0).integers(0, 256, (3, 48, 40, 3), np.uint8)
        files = np.empty(len(pixels), np.object_)
        files[:] = [_png(each) for each in pixels]
        inputs = {"images": pixels} if name == "predict_pixels" else {"image_bytes": files}
        try:
            theirs = self._engine.run(name, inputs)
            ours = self._named(preprocess.preprocess(preprocess.resize(pixels)))
        except RequestError:
            return False
        near = all(np.allclose(ours[key], theirs[key], atol=TOLERANCE) for key in ("probabilities", "scores"))
        return near and bool((_NAMES[theirs["class_ids"]] == theirs["class_names"]).all())


def _form(specs: Mapping[str, TensorSpec]) -> dict[str, tuple[str, tuple[int, ...] | None]]:
    return {name: (spec.dtype, spec.shape) for name, spec in specs.items()}


def _prepared(inputs: Mapping[str, Array], most: int | None) -> Array | None:
    """The network's input; None where the graph has to look at the pictures itself."""
    [given] = inputs.values()
    if not given.size or (most is not None and len(given) > most):
        return None
    if given.dtype == np.uint8:
        return preprocess.preprocess(preprocess.resize(given))
    small = np.empty((len(given), preprocess.SIZE, preprocess.SIZE, 3), np.uint8)
    for place, data in zip(small, given, strict=True):
        if not pictures.is_plain_png(data):
            return None
        try:
            place[...] = preprocess.resize(pictures.decode(data)[np.newaxis])[0]
        except DataError:
            return None
    return preprocess.preprocess(small)


def _png(pixels: Array) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()

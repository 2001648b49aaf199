"""What a served function takes and gives: tensors by name, each with a dtype and a shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

NUMPY: dict[str, type[np.generic]] = {
    "DT_FLOAT": np.float32,
    "DT_DOUBLE": np.float64,
    "DT_HALF": np.float16,
    "DT_INT8": np.int8,
    "DT_INT16": np.int16,
    "DT_INT32": np.int32,
    "DT_INT64": np.int64,
    "DT_UINT8": np.uint8,
    "DT_UINT16": np.uint16,
    "DT_UINT32": np.uint32,
    "DT_UINT64": np.uint64,
    "DT_BOOL": np.bool_,
    "DT_STRING": np.object_,
}
"""NumPy's type for each TensorFlow dtype that both have; a string is a `bytes` object."""

KEEP_PROBABILITIES = ("keep_prob", "keep_prob_conv")
"""Inputs that are shares of units kept; 1 is exact."""

PREDICT = "tensorflow/serving/predict"
CLASSIFY = "tensorflow/serving/classify"
REGRESS = "tensorflow/serving/regress"


@dataclass(frozen=True)
class TensorSpec:
    """One input or output.

    Attributes:
        dtype: TensorFlow's name of it, `DT_FLOAT`.
        shape: sizes, -1 where a size is unknown; None where the rank is.
        tensor: name of the tensor in the graph, for the metadata only.
    """

    dtype: str
    shape: tuple[int, ...] | None = None
    tensor: str = ""

    @property
    def dtype_word(self) -> str:
        """The dtype as TensorFlow's messages have it: `float` for `DT_FLOAT`."""
        return self.dtype.removeprefix("DT_").lower()


@dataclass(frozen=True)
class Signature:
    """A served function.

    Attributes:
        inputs: its arguments by name.
        outputs: its results by name.
        method_name: what it may be called for.
    """

    inputs: Mapping[str, TensorSpec]
    outputs: Mapping[str, TensorSpec]
    method_name: str = PREDICT

    @cached_property
    def keep_probabilities(self) -> tuple[str, ...]:
        """The names of the inputs that are keep probabilities: floats that may be scalars, beside other inputs."""
        found = tuple(
            name
            for name in KEEP_PROBABILITIES
            if (spec := self.inputs.get(name)) and spec.dtype == "DT_FLOAT" and spec.shape in (None, ())
        )
        return found if len(found) < len(self.inputs) else ()

"""A model's function as an ONNX file, which ONNX Runtime runs faster than TensorFlow does on a CPU."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from . import console

if TYPE_CHECKING:
    import tensorflow as tf

_OPSET = 18
_NEEDED = ("tf2onnx", "onnx")


def write(function: Callable[[tf.Tensor], tf.Tensor], spec: tf.TensorSpec, path: Path) -> bool:
    """Write `function` to `path`, with one input `x` and one output `y`.

    ONNX has no assertions: what the graph would refuse must be checked before.

    Args:
        function: what is traced, in TensorFlow operations.
        spec: its argument.
        path: the file; the folder above must be there.

    Returns:
        Whether it was written: False where the converter is not installed (`pip install 'roadsigns[onnxruntime]'`).
    """
    if not all(map(importlib.util.find_spec, _NEEDED)):
        return False
    import tensorflow as tf

    with console.quiet_logging("tensorflow", "tf2onnx"):
        import tf2onnx
        from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

        traced = tf.function(function, input_signature=[spec], autograph=False).get_concrete_function()
        frozen = convert_variables_to_constants_v2(traced)
        [given], [made] = frozen.inputs, frozen.outputs
        model, _ = tf2onnx.convert.from_graph_def(
            frozen.graph.as_graph_def(),
            input_names=[given.name],
            output_names=[made.name],
            tensors_to_rename={given.name: "x", made.name: "y"},
            opset=_OPSET,
        )
    path.write_bytes(model.SerializeToString())
    return True

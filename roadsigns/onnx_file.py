"""A model's function as an ONNX file, which ONNX Runtime runs faster than TensorFlow does on a CPU."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from . import console

if TYPE_CHECKING:
    import tensorflow as tf

_OPSET = 18


def write(
    function: Callable[..., tf.Tensor],
    specs: Sequence[tf.TensorSpec],
    path: Path,
    metadata: Mapping[str, str],
    output: str = "y",
) -> None:
    """Write `function` to `path`, with inputs of the names of `specs` and one output.

    ONNX has no assertions: what the graph would refuse must be checked before.

    Args:
        function: what is traced, in TensorFlow operations.
        specs: its arguments.
        path: the file; the folder above must be there.
        metadata: what the file says of itself, by key.
        output: what the output is called.
    """
    import tensorflow as tf

    with console.quiet_logging("tensorflow", "tf2onnx"):
        import tf2onnx
        from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

        traced = tf.function(function, input_signature=list(specs), autograph=False).get_concrete_function()
        frozen = convert_variables_to_constants_v2(traced)
        names = {given.name: spec.name for given, spec in zip(frozen.inputs, specs, strict=True)}
        [made] = frozen.outputs
        model, _ = tf2onnx.convert.from_graph_def(
            frozen.graph.as_graph_def(),
            input_names=list(names),
            output_names=[made.name],
            tensors_to_rename={**names, made.name: output},
            opset=_OPSET,
        )
    for key, value in metadata.items():
        model.metadata_props.add(key=key, value=value)
    path.write_bytes(model.SerializeToString())

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import tensorflow as tf

from roadsigns import onnx_file


def test_a_file_has_the_functions_inputs_its_output_and_what_it_says_of_itself(tmp_path: Path) -> None:
    """The output is no input's sum by chance: the two inputs weigh otherwise, and a variable takes part."""
    weight = tf.Variable([10.0, 100.0])
    specs = [tf.TensorSpec([None, 2], tf.float32, "left"), tf.TensorSpec([None, 1], tf.float32, "right")]
    file = tmp_path / "a.onnx"
    onnx_file.write(lambda left, right: left * weight - right, specs, file, {"author": "nobody"}, "difference")
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    assert [(each.name, each.shape[1:]) for each in session.get_inputs()] == [("left", [2]), ("right", [1])]
    assert [each.name for each in session.get_outputs()] == ["difference"]
    assert session.get_modelmeta().custom_metadata_map == {"author": "nobody"}
    for count in (1, 3):
        left, right = np.full((count, 2), 2, np.float32), np.full((count, 1), 3, np.float32)
        [made] = session.run(None, {"left": left, "right": right})
        assert made.tolist() == [[17, 197]] * count


def test_the_output_is_y_where_no_other_name_is_given(tmp_path: Path) -> None:
    file = tmp_path / "a.onnx"
    onnx_file.write(lambda x: 2 * x, [tf.TensorSpec([None], tf.float32, "x")], file, {})
    [made] = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"]).get_outputs()
    assert made.name == "y"

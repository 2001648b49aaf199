"""What a SavedModel's folder says of itself, in messages built by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from roadsigns.errors import ModelError
from roadsigns.serving.engines import saved_model
from roadsigns.serving.protocol.signature import TensorSpec
from roadsigns.serving.protos import saved_model_pb2


def graph(*tags: str) -> Any:
    """A graph that restores one variable and then fills a table from an asset."""
    made = saved_model_pb2.SavedModel().meta_graphs.add()
    made.meta_info_def.tags.extend(tags or ("serve",))
    made.graph_def.node.add(name="v", op="VarHandleOp")
    made.saver_def.restore_op_name, made.saver_def.filename_tensor_name = "restore", "file:0"
    made.asset_file_def.add(filename="names.txt").tensor_info.name = "asset:0"
    signature = made.signature_def["serving_default"]
    signature.method_name = "tensorflow/serving/predict"
    signature.inputs["x"].name, signature.inputs["x"].dtype = "x:0", 1
    signature.inputs["x"].tensor_shape.dim.add(size=-1)
    signature.inputs["x"].tensor_shape.dim.add(size=3)
    signature.outputs["y"].name, signature.outputs["y"].dtype = "y:0", 7
    signature.outputs["y"].tensor_shape.unknown_rank = True
    return made


def write(path: Path, *graphs: Any) -> Path:
    saved = saved_model_pb2.SavedModel()
    saved.meta_graphs.extend(graphs)
    (path / "saved_model.pb").write_bytes(saved.SerializeToString())
    return path


def test_the_graph_for_serving_is_taken(tmp_path: Path) -> None:
    read = saved_model.read_graph(write(tmp_path, graph("train"), graph("gpu", "serve")))
    assert list(read.meta_info_def.tags) == ["gpu", "serve"]
    with pytest.raises(ModelError, match="holds no graph with the tag 'serve'"):
        saved_model.read_graph(write(tmp_path, graph("train")))


@pytest.mark.parametrize("content", [None, b"\xff\xff\xff"])
def test_a_missing_or_damaged_file_is_named(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "saved_model.pb").write_bytes(content)
    with pytest.raises(ModelError, match=r"saved_model\.pb' is missing or damaged.*Export the model again"):
        saved_model.read_graph(tmp_path)


def test_signatures_have_the_words_of_the_file(tmp_path: Path) -> None:
    made = graph()
    made.signature_def["__saved_model_init_op"].outputs["__saved_model_init_op"].name = "init"
    [(name, signature)] = saved_model.signatures(made).items()
    assert name == "serving_default" and signature.method_name == "tensorflow/serving/predict"
    assert signature.inputs == {"x": TensorSpec("DT_FLOAT", (-1, 3), "x:0")}
    assert signature.outputs == {"y": TensorSpec("DT_STRING", None, "y:0")}


def test_variables_come_back_before_tables_are_filled(tmp_path: Path) -> None:
    made = graph()
    made.signature_def["__saved_model_init_op"].outputs["__saved_model_init_op"].name = "init"
    (tmp_path / "variables").mkdir()
    (tmp_path / "variables" / "variables.index").touch()
    assets = {"asset:0": str(tmp_path / "assets" / "names.txt")}
    assert list(saved_model.start_calls(tmp_path, made)) == [
        ("restore", {"file:0": str(tmp_path / "variables" / "variables"), **assets}),
        ("init", assets),
    ]


def test_older_files_keep_what_fills_their_tables_in_a_collection(tmp_path: Path) -> None:
    made = graph()
    made.graph_def.ClearField("node")
    made.collection_def["legacy_init_op"].node_list.value.append("fill")
    assert [operation for operation, _ in saved_model.start_calls(tmp_path, made)] == ["fill"]


def test_a_graph_whose_weights_are_not_copied_yet_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"its weights are not there yet.*rename it into place"):
        list(saved_model.start_calls(tmp_path, graph()))

"""What a SavedModel's folder says of itself: its graph, its signatures and how its variables come back.

Source: TensorFlow's `saved_model.proto`, `meta_graph.proto` and `saver.proto`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...errors import ModelError
from ...exported import SAVED_MODEL
from ..protocol.signature import Signature, TensorSpec
from ..protos import saved_model_pb2, types_pb2

_SERVE = "serve"
# TensorFlow keeps its initialisation among the signatures, older versions in a collection.
_INITIALISE = "__saved_model_init_op"
_COLLECTIONS = ("saved_model_main_op", "legacy_init_op")
_VARIABLES = frozenset(("VarHandleOp", "VariableV2", "Variable"))

Call = tuple[str, dict[str, str]]
"""An operation to run, and the strings to feed by tensor."""


def read_graph(path: Path) -> Any:
    """The MetaGraphDef that is meant for serving.

    Args:
        path: the SavedModel's folder.

    Raises:
        ModelError: there is none, or it is damaged.
    """
    from google.protobuf.message import DecodeError

    try:
        saved = saved_model_pb2.SavedModel.FromString((path / SAVED_MODEL).read_bytes())
    except (OSError, DecodeError) as error:
        raise ModelError(
            f"{str(path / SAVED_MODEL)!r} is missing or damaged: {error}. Export the model again"
        ) from error
    for graph in saved.meta_graphs:
        if _SERVE in graph.meta_info_def.tags:
            return graph
    raise ModelError(f"{str(path / SAVED_MODEL)!r} holds no graph with the tag {_SERVE!r}. Save the model for serving")


def signatures(graph: Any) -> dict[str, Signature]:
    """The signatures of a MetaGraphDef by name; inputs and outputs are sorted by name."""
    return {
        name: Signature(_specs(definition.inputs), _specs(definition.outputs), definition.method_name)
        for name, definition in sorted(graph.signature_def.items())
        if name != _INITIALISE
    }


def start_calls(path: Path, graph: Any) -> Iterator[Call]:
    """What is to run in a fresh session, in order: the variables are restored, tables and the like are filled.

    Raises:
        ModelError: the graph has variables, whose values are not there.
    """
    assets = {asset.tensor_info.name: str(path / "assets" / asset.filename) for asset in graph.asset_file_def}
    saver = graph.saver_def
    weights = path / "variables" / "variables.index"
    if saver.restore_op_name and not weights.is_file() and any(node.op in _VARIABLES for node in graph.graph_def.node):
        raise ModelError(
            f"its weights are not there yet: expected {str(weights)!r}. "
            "Copy a version beside the folder, then rename it into place"
        )
    if saver.restore_op_name and weights.is_file():
        yield saver.restore_op_name, {saver.filename_tensor_name: str(path / "variables" / "variables"), **assets}
    if _INITIALISE in graph.signature_def:
        yield graph.signature_def[_INITIALISE].outputs[_INITIALISE].name, assets
        return
    for collection in _COLLECTIONS:
        for operation in graph.collection_def[collection].node_list.value if collection in graph.collection_def else ():
            yield operation, assets


def _specs(tensors: Any) -> dict[str, TensorSpec]:
    return {name: _spec(tensors[name]) for name in sorted(tensors)}


def _spec(info: Any) -> TensorSpec:
    shape = None if info.tensor_shape.unknown_rank else tuple(dim.size for dim in info.tensor_shape.dim)
    return TensorSpec(types_pb2.DataType.Name(info.dtype), shape, info.name)

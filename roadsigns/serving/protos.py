"""The messages and gRPC stubs of TensorFlow and TensorFlow Serving, loaded without TensorFlow.

The stubs of `tensorflow-serving-api` import messages that lie in the package `tensorflow`. Python runs a package's
`__init__` before a module within, here the whole of TensorFlow: 3 s and 400 MB. So an empty package stands in its place
while the messages load, which takes a tenth of a second. It is gone afterwards: whoever imports `tensorflow` later gets
the whole of it, with these same messages.

Source: Python's import system, "Packages" and "The module cache".
"""

from __future__ import annotations

import contextlib
import importlib.util
import sys
from collections.abc import Iterator

from ..errors import ModelError

_PACKAGE = "tensorflow"


@contextlib.contextmanager
def _empty_package() -> Iterator[None]:
    """Within, modules of TensorFlow can be imported that need nothing of it but messages.

    Raises:
        ModelError: TensorFlow is not installed.
    """
    if _PACKAGE in sys.modules:
        yield
        return
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None:
        raise ModelError(
            "Serving a model needs TensorFlow's messages, which are not installed. Run: pip install tensorflow"
        )
    sys.modules[_PACKAGE] = importlib.util.module_from_spec(spec)
    try:
        yield
    finally:
        del sys.modules[_PACKAGE]


with _empty_package():
    from tensorflow.core.framework import types_pb2
    from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2
    from tensorflow_serving.apis import (
        get_model_metadata_pb2,
        get_model_status_pb2,
        model_management_pb2,
        model_service_pb2_grpc,
        predict_pb2,
        prediction_log_pb2,
        prediction_service_pb2_grpc,
    )
    from tensorflow_serving.config import model_server_config_pb2

__all__ = [
    "get_model_metadata_pb2",
    "get_model_status_pb2",
    "meta_graph_pb2",
    "model_management_pb2",
    "model_server_config_pb2",
    "model_service_pb2_grpc",
    "predict_pb2",
    "prediction_log_pb2",
    "prediction_service_pb2_grpc",
    "saved_model_pb2",
    "types_pb2",
]

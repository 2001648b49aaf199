"""The gRPC ModelService on the stubs of `tensorflow-serving-api`.

Source: the `.proto` files of TensorFlow Serving's `apis`.
"""

from __future__ import annotations

from typing import Any

import grpc

from ... import errors
from ...errors import RequestError, RoadsignsError
from ..models import model_config
from ..models.manager import Manager
from ..protos import get_model_status_pb2, model_management_pb2, model_service_pb2_grpc
from .call import read_spec, refusing

_STATES = {"START": 10, "LOADING": 20, "AVAILABLE": 30, "UNLOADING": 40, "END": 50}


class ModelService(model_service_pb2_grpc.ModelServiceServicer):
    """Questions about models, and changes of their configuration."""

    def __init__(self, manager: Manager) -> None:
        self._manager = manager

    @refusing
    def GetModelStatus(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Describe the versions of a model, newest first."""
        asked = read_spec(request)
        answer = get_model_status_pb2.GetModelStatusResponse()
        found = self._manager.status(asked.model, asked.version)
        for each in sorted(found, key=lambda each: -each.version):
            status = answer.model_version_status.add(version=each.version, state=_STATES[each.state])
            status.status.error_code = _code_number(each.error_code)
            status.status.error_message = each.error_message
        return answer

    @refusing
    def HandleReloadConfigRequest(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Replace the configuration; what the new one omits is unloaded."""
        try:
            self._manager.reload(model_config.from_proto(request.config))
        except RequestError:
            raise
        except RoadsignsError as error:
            raise RequestError(str(error)) from error
        return model_management_pb2.ReloadConfigResponse()


def _code_number(code: str) -> int:
    """The number of a canonical code."""
    status = grpc.StatusCode.OK if code not in errors.HTTP_STATUS else getattr(grpc.StatusCode, code)
    return int(status.value[0])

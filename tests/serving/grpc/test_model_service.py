"""ModelService through the stubs that clients use."""

from __future__ import annotations

import grpc
from tensorflow_serving.apis import (
    get_model_status_pb2,
    model_management_pb2,
)

from lines import Line, refusal


def test_status(line: Line) -> None:
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = "m"
    [status] = line.model.GetModelStatus(request).model_version_status
    assert (status.version, status.state, status.status.error_code) == (3, 30, 0)
    request.model_spec.name = "no"
    assert refusal(line.model.GetModelStatus, request) == (
        grpc.StatusCode.NOT_FOUND,
        "Could not find any versions of model no",
    )


def test_reload_hands_on_the_models(line: Line) -> None:
    request = model_management_pb2.ReloadConfigRequest()
    config = request.config.model_config_list.config.add(name="n", base_path="/models/n", model_platform="tensorflow")
    config.model_version_policy.specific.versions[:] = [2]
    assert line.model.HandleReloadConfigRequest(request).status.error_code == 0
    [model] = line.models.reloaded
    assert (model.name, str(model.base_path), model.policy.specific) == ("n", "/models/n", (2,))

"""What is checked before a model is loaded, and what the server watches. The server itself is tested as a command."""

from __future__ import annotations

import logging
import re
import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from roadsigns.config import ServeOptions
from roadsigns.errors import ModelError, UsageError
from roadsigns.serving import server
from roadsigns.serving.batching.parameters import BatchingParameters
from roadsigns.serving.models.model_config import ModelConfig

CONFIG = 'model_config_list {{ config {{ name: "{}" base_path: "{}" model_platform: "tensorflow" }} }}'


@pytest.fixture
def base(tmp_path: Path) -> Path:
    (tmp_path / "models" / "1").mkdir(parents=True)
    return tmp_path / "models"


def check(base: Path, **options: Any) -> server.Plan:
    plan = server.check(ServeOptions(**{"model_base_path": base, "rest_api_port": 0, "port": "auto", **options}))
    if plan.rest is not None:
        plan.rest.close()
    return plan


def test_a_plan_has_one_model_by_its_name_and_folder(base: Path) -> None:
    plan = check(base, model_name="mine")
    assert plan.models == (ModelConfig("mine", base),)
    assert plan.rest is None and plan.tls is None


def test_a_plan_has_the_models_of_a_file(base: Path, tmp_path: Path) -> None:
    file = tmp_path / "models.config"
    file.write_text(CONFIG.format("other", base))
    assert [each.name for each in check(base, model_config_file=file).models] == ["other"]


def test_batching_is_on_unless_it_is_turned_off(base: Path, tmp_path: Path) -> None:
    assert check(base).batching == BatchingParameters()
    assert check(base, enable_batching=False).batching is None
    file = tmp_path / "batching.config"
    file.write_text("max_batch_size { value: 7 }")
    batching = check(base, batching_parameters_file=file).batching
    assert batching is not None and batching.max_batch_size == 7


def test_without_a_port_there_is_nothing_to_serve(base: Path) -> None:
    with pytest.raises(UsageError, match="Both ports are 0"):
        check(base, port=0)


def test_a_missing_folder_is_refused_before_a_port_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "bind", lambda *_: pytest.fail("a port was taken"))
    with pytest.raises(ModelError, match="is not a folder"):
        check(tmp_path / "none", rest_api_port="auto")


def test_the_port_of_rest_is_held_and_that_of_grpc_is_free_again(base: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
        with pytest.raises(OSError, match="ddress already in use"):
            check(base, host="127.0.0.1", port=port)
    check(base, host="127.0.0.1", port=port)
    with socket.create_server(("127.0.0.1", port)):
        pass
    plan = server.check(ServeOptions(model_base_path=base, host="127.0.0.1", rest_api_port="auto", port=0))
    assert plan.rest is not None
    with plan.rest, pytest.raises(OSError, match="ddress already in use"):
        plan.rest.listen()
        check(base, host="127.0.0.1", rest_api_port=plan.rest.getsockname()[1], port=0)


def test_a_folder_without_a_version_is_waited_for_and_told_once(
    base: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (base / "1").rmdir()
    plan = check(base)
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            (base / "1").mkdir()

    monkeypatch.setattr(server.time, "sleep", sleep)
    with caplog.at_level(logging.WARNING):
        server._wait_for_versions(plan)
    assert len(waits) == 3 and len(caplog.records) == 1 and "waiting for a version in" in caplog.text


def test_a_model_none_of_whose_versions_is_loaded_is_told_with_its_reason(base: Path) -> None:
    manager: Any = SimpleNamespace(
        models=lambda: {"good": ["1"], "bad": []},
        status=lambda name: [SimpleNamespace(error_message=""), SimpleNamespace(error_message="no memory")],
    )
    server._check_loaded(manager, [ModelConfig("good", base)])
    with pytest.raises(ModelError, match=re.escape(f"No version of 'bad' in {str(base)!r} could be loaded: no memory")):
        server._check_loaded(manager, [ModelConfig("good", base), ModelConfig("bad", base)])


def test_a_configuration_that_changes_is_taken_over_and_a_damaged_one_is_not(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The file is read four times: as it was, with a mistake, with another name, and with that name still."""
    file = tmp_path / "models.config"
    file.write_text(CONFIG.format("first", base))
    plan = check(base, model_config_file=file, model_config_file_poll_wait_seconds=5)
    texts = iter([CONFIG.format("first", base), "model_config_list {", *[CONFIG.format("second", base)] * 2])

    def sleep(seconds: float) -> None:
        assert seconds == 5
        file.write_text(next(texts))  # at the end StopIteration, which ends the watch

    loaded: list[list[str]] = []
    manager: Any = SimpleNamespace(reload=lambda models: loaded.append([each.name for each in models]))
    monkeypatch.setattr(server.time, "sleep", sleep)
    with caplog.at_level(logging.WARNING), pytest.raises(StopIteration):
        server._watch_config(plan, manager)
    assert loaded == [["second"]]
    assert [record.message.partition(":")[0] for record in caplog.records] == ["The configuration stays as it is"]


def test_addresses_are_written_as_urls_have_them() -> None:
    assert server._address("127.0.0.1", 80) == "127.0.0.1:80"
    assert server._address("::1", 80) == "[::1]:80"

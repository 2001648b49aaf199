"""Which models are served, and which versions of each: TensorFlow Serving's `--model_config_file`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...errors import UsageError


@dataclass(frozen=True)
class VersionPolicy:
    """Which of the versions in a model's folder are served: the highest, these, or, where both are None, all.

    Attributes:
        latest: how many of the highest.
        specific: exactly these.
    """

    latest: int | None = None
    specific: tuple[int, ...] | None = None

    def choose(self, found: Mapping[int, Path]) -> dict[int, Path]:
        """Those of the versions found that are served, ascending."""
        numbers = sorted(found)
        if self.specific is not None:
            numbers = [number for number in numbers if number in self.specific]
        elif self.latest is not None:
            numbers = numbers[-self.latest :]
        return {number: found[number] for number in numbers}


LATEST = VersionPolicy(latest=1)


@dataclass(frozen=True)
class ModelConfig:
    """One model.

    Attributes:
        name: what clients call it.
        base_path: folder of its versions.
        policy: which of them are served.
        labels: version by label.
    """

    name: str
    base_path: Path
    policy: VersionPolicy = LATEST
    labels: Mapping[str, int] = field(default_factory=dict)


def read(path: Path) -> tuple[ModelConfig, ...]:
    """Read a `ModelServerConfig` in protocol buffers' text format.

    Raises:
        UsageError: the file cannot be read, or a value cannot be used.
    """
    from google.protobuf import text_format

    from ..protos import model_server_config_pb2

    config = model_server_config_pb2.ModelServerConfig()
    try:
        text_format.Parse(path.read_bytes(), config)
    except (OSError, UnicodeDecodeError, text_format.ParseError) as error:
        raise UsageError(f"--model_config_file {str(path)!r} cannot be read: {error}") from error
    return from_proto(config)


def from_proto(config: Any) -> tuple[ModelConfig, ...]:
    """The models of a `ModelServerConfig` message.

    Raises:
        UsageError: it has no list of models, one lacks a name or a folder, a name is there twice, or the platform is
            another than TensorFlow.

    Source: TensorFlow Serving's `model_server_config.proto` and `file_system_storage_path_source.proto`.
    """
    if config.WhichOneof("config") != "model_config_list":
        raise UsageError("A model config must have a model_config_list. Received none")
    models = tuple(_model(each) for each in config.model_config_list.config)
    names = [model.name for model in models]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UsageError(f"Each model must be configured once. More than once: {', '.join(twice)}")
    return models


def _model(config: Any) -> ModelConfig:
    if not config.name or not config.base_path:
        raise UsageError(f"A model must have a name and a base_path. Received: {config.name!r}, {config.base_path!r}")
    if config.model_platform not in ("", "tensorflow") or config.model_type not in (0, 1):
        raise UsageError(f"Model {config.name!r}: model_platform must be 'tensorflow'. Received another")
    return ModelConfig(
        config.name,
        Path(config.base_path.removeprefix("file://")),
        _policy(config.name, config.model_version_policy),
        dict(config.version_labels),
    )


def _policy(name: str, policy: Any) -> VersionPolicy:
    choice = policy.WhichOneof("policy_choice")
    if choice == "all":
        return VersionPolicy()
    if choice == "specific":
        if not policy.specific.versions:
            raise UsageError(f"Model {name!r}: the policy `specific` must name versions. Received none")
        return VersionPolicy(specific=tuple(policy.specific.versions))
    return VersionPolicy(latest=max(1, policy.latest.num_versions))

"""The server's small config files in protocol buffers' text format: where the metrics are, what encrypts the gRPC port.

`tensorflow-serving-api` does not bring their messages, so they are described here.

Source: TensorFlow Serving's `monitoring_config.proto` and `ssl_config.proto`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import UsageError
from .metrics import DEFAULT_PATH


@dataclass(frozen=True)
class Tls:
    """What encrypts the gRPC port, each in PEM format.

    Attributes:
        key, certificate: the server's own; the certificate may bring the chain of those that signed it.
        clients_root: who signs the clients' certificates; empty for the system's.
        clients_must: whether a client has to show a certificate.
    """

    key: bytes
    certificate: bytes
    clients_root: bytes = b""
    clients_must: bool = False


def metrics_path(file: Path | None) -> str | None:
    """Where the metrics are, as a monitoring config file says; None if they are not wanted.

    Args:
        file: `prometheus_config { enable: true, path: "/metrics" }`; None for the default path.

    Raises:
        UsageError: it cannot be read, or is of another form.
    """
    if file is None:
        return DEFAULT_PATH
    expected = "prometheus_config { enable: true }"
    prometheus = _read(file, "a monitoring config", expected, {"prometheus_config": {"enable": bool, "path": str}})
    path = prometheus.prometheus_config.path or DEFAULT_PATH
    if not path.startswith("/") or path.lower().startswith("/v1/"):
        raise UsageError(f"Invalid path in {str(file)!r}: expected one outside /v1/. Received: {path!r}")
    return path if prometheus.prometheus_config.enable else None


def tls(file: Path) -> Tls:
    """What encrypts the gRPC port, as `--ssl_config_file` says.

    Raises:
        UsageError: it cannot be read, is of another form, or lacks the key or the certificate.
    """
    expected = 'server_key: "-----BEGIN ..." server_cert: "-----BEGIN ..."'
    fields = {"server_key": str, "server_cert": str, "custom_ca": str, "client_verify": bool}
    config = _read(file, "an SSL config", expected, fields)
    for name in ("server_key", "server_cert"):
        if "-----BEGIN" not in getattr(config, name):
            raise UsageError(f"{str(file)!r} has no PEM text as its {name}. Expected: {expected}")
    key, certificate, root = (getattr(config, name).encode() for name in ("server_key", "server_cert", "custom_ca"))
    return Tls(key, certificate, root, config.client_verify)


_Fields = Mapping[str, "type[bool] | type[str] | _Fields"]


def _read(file: Path, what: str, expected: str, fields: _Fields) -> Any:
    """The message with these fields, numbered in order, that `file` holds."""
    from google.protobuf import text_format

    config = _message_class(fields)()
    try:
        text_format.Parse(file.read_text(encoding="utf-8"), config)
    except (text_format.ParseError, UnicodeDecodeError) as error:
        raise UsageError(f"{str(file)!r} is not {what}: {error}. Expected: {expected}") from error
    return config


def _message_class(fields: _Fields) -> type:
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    field = descriptor_pb2.FieldDescriptorProto

    def describe(message: Any, fields: _Fields) -> None:
        for number, (name, kind) in enumerate(fields.items(), start=1):
            if isinstance(kind, Mapping):
                describe(message.nested_type.add(name=f"{name}_type"), kind)
                message.field.add(name=name, number=number, type=field.TYPE_MESSAGE, type_name=f"{name}_type", label=1)
            else:
                plain = field.TYPE_BOOL if kind is bool else field.TYPE_STRING
                message.field.add(name=name, number=number, type=plain, label=field.LABEL_OPTIONAL)

    file = descriptor_pb2.FileDescriptorProto(name="config.proto", package="roadsigns", syntax="proto3")
    describe(file.message_type.add(name="Config"), fields)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    message: type = message_factory.GetMessageClass(pool.FindMessageTypeByName("roadsigns.Config"))
    return message

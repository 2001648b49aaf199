"""The server's small config files: what they say, and what is no such file."""

from pathlib import Path

import pytest

from roadsigns.errors import UsageError
from roadsigns.serving import config_files, metrics


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("prometheus_config { enable: true }", metrics.DEFAULT_PATH),
        ('prometheus_config: { enable: true, path: "/m" }', "/m"),
        ('prometheus_config { enable: false path: "/m" }', None),
        ("", None),
        ("# nothing but a comment", None),
    ],
)
def test_a_config_file_says_where(tmp_path: Path, text: str, path: str | None) -> None:
    (tmp_path / "m.config").write_text(text)
    assert config_files.metrics_path(tmp_path / "m.config") == path


def test_without_a_config_file_they_are_at_the_usual_place() -> None:
    assert config_files.metrics_path(None) == "/monitoring/prometheus/metrics"


@pytest.mark.parametrize(
    "content",
    [
        b"prometheus {}",
        b"prometheus_config { enable: 7 }",
        b"\xff",
        b'prometheus_config { enable: true path: "m" }',
        b'prometheus_config { enable: true path: "/V1/m" }',
        b"{" * 10_000,
    ],
)
def test_a_config_file_of_another_form_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "m.config").write_bytes(content)
    with pytest.raises(UsageError, match=r"m\.config"):
        config_files.metrics_path(tmp_path / "m.config")


PEM = {"server_key": "-----BEGIN PRIVATE KEY-----\nAA\n", "server_cert": "-----BEGIN CERTIFICATE-----\nBB\n"}


def ssl_config(folder: Path, **values: str | bool) -> Path:
    def written(value: str | bool) -> str:
        return str(value).lower() if isinstance(value, bool) else '"' + value.replace("\n", "\\n") + '"'

    file = folder / "ssl.config"
    file.write_text("".join(f"{name}: {written(value)}\n" for name, value in values.items()))
    return file


def test_an_ssl_config_has_key_certificate_and_who_signs_the_clients(tmp_path: Path) -> None:
    found = config_files.tls(ssl_config(tmp_path, **PEM))
    assert (found.key.decode(), found.certificate.decode()) == tuple(PEM.values())
    assert (found.clients_root, found.clients_must) == (b"", False)
    found = config_files.tls(ssl_config(tmp_path, **PEM, custom_ca="-----BEGIN CERTIFICATE-----", client_verify=True))
    assert (found.clients_root, found.clients_must) == (b"-----BEGIN CERTIFICATE-----", True)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "has no PEM text as its server_key"),
        ({"server_key": PEM["server_key"]}, "has no PEM text as its server_cert"),
        ({**PEM, "server_cert": "/etc/server.pem"}, "has no PEM text as its server_cert"),
        ({**PEM, "key": "x"}, "is not an SSL config"),
    ],
)
def test_an_ssl_config_of_another_form_is_refused(tmp_path: Path, values: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        config_files.tls(ssl_config(tmp_path, **values))

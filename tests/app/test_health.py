"""The container's health check, against the app and against what is none."""

from __future__ import annotations

import socket
from collections.abc import Callable
from http.client import HTTPConnection

import pytest

from roadsigns.app import health

App = Callable[..., int]


def asked(port: int, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setenv("PORT", str(port))
    return health.main()


def test_an_app_that_serves_its_page_is_well(
    app: App, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert asked(app("127.0.0.1:1"), monkeypatch) == 0
    assert capsys.readouterr() == ("", "")


def test_a_port_without_an_app_is_not(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        assert asked(free.getsockname()[1], monkeypatch) == 1
    assert capsys.readouterr().err.startswith("roadsigns app: ")


def test_a_site_without_the_page_is_not(app: App, folder: object, monkeypatch: pytest.MonkeyPatch) -> None:
    request = HTTPConnection.request
    monkeypatch.setattr(HTTPConnection, "request", lambda self, method, _: request(self, method, "/nothing.html"))
    assert asked(app("127.0.0.1:1"), monkeypatch) == 1

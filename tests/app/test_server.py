"""The app's router: which room answers, and what becomes of errors."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from roadsigns.app.server import Router
from roadsigns.errors import HttpError
from roadsigns.serving.http.answer import Answer
from roadsigns.serving.http.request import Request


class Site:
    def answer(self, request: Request) -> Answer:
        if request.target == "/broken":
            raise RuntimeError("secret")
        if request.verb == "PUT":
            raise HttpError(405, "A file is read only")
        return Answer(200, b"file")


class Proxy:
    async def forward(self, request: Request) -> Answer:
        if request.target.endswith("down"):
            raise HttpError(502, "The model server is down")
        return Answer(200, b"model")


def ask(target: str, verb: str = "GET") -> tuple[int, Any, str]:
    router = Router(Site(), Proxy())  # type: ignore[arg-type]
    answer = asyncio.run(router.answer(Request(verb, target, {}, b"")))
    assert isinstance(answer.body, bytes)
    body = answer.body.decode()
    return answer.status, json.loads(body)["error"] if body.startswith("{") else body, answer.headers


@pytest.mark.parametrize(
    ("target", "room"),
    [
        ("/", "file"),
        ("/js/init.js?x=/v1/", "file"),
        ("/v1", "model"),
        ("/v1/models/m:predict", "model"),
        ("/v1?a=b", "model"),
        ("/v10", "file"),
        ("/V1/models/m", "file"),
    ],
)
def test_v1_goes_to_the_model_server_and_all_else_to_the_site(target: str, room: str) -> None:
    assert ask(target)[:2] == (200, room)


@pytest.mark.parametrize("path", ["/../etc", "/v1/..", "/a/%2e%2e/b", "/a/%2E./b", "/a/..\\b", "/./a", "/a/%5c..%5cb"])
def test_a_path_that_climbs_is_refused_wherever_it_leads(path: str) -> None:
    assert ask(path)[:2] == (404, "A path may not climb with ..")


def test_a_target_of_another_server_is_refused() -> None:
    assert ask("*")[0] == ask("example.org:443")[0] == 400


def test_an_error_is_json_with_the_fields_of_every_answer(capsys: pytest.CaptureFixture[str]) -> None:
    status, error, fields = ask("/a", "PUT")
    assert (status, error) == (405, "A file is read only") and "Allow: GET, HEAD\r\n" in fields
    assert "Content-Security-Policy" in fields and not capsys.readouterr().err
    assert ask("/v1/down")[:2] == (502, "The model server is down")
    assert capsys.readouterr().err == "roadsigns app: The model server is down\n"


def test_a_bug_is_logged_and_told_to_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    status, error, _ = ask("/broken")
    assert status == 500 and "secret" not in error and "secret" in capsys.readouterr().err

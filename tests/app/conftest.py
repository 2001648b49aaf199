"""The app on a port of its own, before a model server that each test invents."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import peers
from roadsigns.serving.http.limits import Limits


@pytest.fixture(scope="module")
def loop() -> Iterator[peers.Loop]:
    with peers.loop() as made:
        yield made


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small site."""
    made = tmp_path_factory.mktemp("www")
    (made / "js").mkdir()
    (made / "index.html").write_text("<!doctype html><title>t</title>")
    (made / "js" / "init.js").write_text("// script\n" * 100)
    (made / "sign.png").write_bytes(b"\x89PNG" + bytes(1000))
    (made / ".secret.json").write_text("{}")
    (made / "notes.txt").write_text("not served")
    (made.parent / "outside.json").write_text("{}")
    (made / "link.json").symlink_to(made.parent / "outside.json")
    return made


@pytest.fixture
def app(loop: peers.Loop, folder: Path) -> Iterator[Callable[..., int]]:
    """Starts the app before a backend that behaves like `handler`, or at an address; returns the app's port."""
    servers = []

    def start(handler: peers.Handler | str, limits: Limits = peers.SHORT) -> int:
        address = handler if isinstance(handler, str) else peers.start_backend(loop, handler)
        server, port = peers.start_app(loop, address, folder, limits)
        servers.append(server)
        return port

    yield start
    for server in servers:
        loop.run(server.stop())


@pytest.fixture
def echo() -> peers.Handler:
    """A backend that answers each request with the request itself, head and body."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not reader.at_eof():
            head, body = await peers.read_request(reader)
            writer.write(peers.answer(head + body))

    return handler

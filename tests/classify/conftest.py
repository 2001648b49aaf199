"""Pictures to classify, and a real S3 server on this machine's loopback."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from pictures import draw_signs

KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


@pytest.fixture(scope="session")
def signs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Picture files by name: eight drawn signs and one that is broken."""
    folder = tmp_path_factory.mktemp("signs")
    for number, pixels in enumerate(draw_signs(8, 3)[0]):
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return {**{each.name: each.read_bytes() for each in sorted(folder.iterdir())}, "broken.png": b"no picture"}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, signs: dict[str, bytes]) -> Path:
    """A folder to stand in, with the folder `signs` and one within it."""
    monkeypatch.chdir(tmp_path)
    for name, data in signs.items():
        place = Path("signs/deep" if name == "7.png" else "signs", name)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    Path("signs/notes.txt").write_text("no picture")
    return tmp_path


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The address of an S3 server."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(s3_server: str, monkeypatch: pytest.MonkeyPatch, signs: dict[str, bytes]) -> str:
    """A bucket with the files of `here`, and the variables that lead to it."""
    import requests
    from pyarrow import fs

    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in KEYS:
        monkeypatch.setenv(name, "secret")
    requests.post(f"{s3_server}/moto-api/reset", timeout=10)
    system, _ = fs.FileSystem.from_uri("s3://bucket?allow_bucket_creation=true")
    system.create_dir("bucket")
    for name, data in {**signs, "a b#%?*.png": signs["0.png"], "notes.txt": b"no picture"}.items():
        with system.open_output_stream(f"bucket/signs/{'deep/' if name == '7.png' else ''}{name}") as file:
            file.write(data)
    return "s3://bucket"

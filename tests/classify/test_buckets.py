"""Addresses in buckets, and what is said where a bucket cannot be read."""

from __future__ import annotations

import pickle
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from roadsigns.classify import buckets
from roadsigns.classify.buckets import Address, Buckets
from roadsigns.errors import DataError


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("s3://b", Address("s3", "b", "", "s3://b")),
        ("s3://b/c/", Address("s3", "b", "c", "s3://b")),
        ("gcs://b/c/*.png", Address("gs", "b", "c/*.png", "gs://b")),
        ("s3://b/a?.png", Address("s3", "b", "a?.png", "s3://b")),
        ("s3://key:word@b/c?region=x", Address("s3", "b", "c", "s3://key:word@b?region=x")),
        ("gs://anonymous@b/c#1", Address("gs", "b", "c#1", "gs://anonymous@b")),
    ],
)
def test_an_address_is_taken_apart(name: str, taken: Address) -> None:
    assert buckets.is_address(name) and buckets.address(name) == taken


@pytest.mark.parametrize("name", ["a.png", "c:/a.png", "/a//b.png", "signs/s3:/x", "file:x"])
def test_a_path_is_no_address(name: str) -> None:
    assert not buckets.is_address(name)


@pytest.mark.parametrize("name", ["hdfs://host/a", "https://host/a.png", "s3://", "s3:///a"])
def test_other_addresses_are_refused(name: str) -> None:
    message = f"Invalid address {name!r}: expected s3://BUCKET/PATH, gs://BUCKET/PATH or a path"
    with pytest.raises(DataError, match=re.escape(message)):
        buckets.address(name)


def test_keys_in_an_address_are_not_shown() -> None:
    assert buckets.shown("s3://key:word@b/c") == "s3://b/c" and buckets.shown("a@b/c") == "a@b/c"


def test_an_opened_bucket_can_be_sent_to_another_process(s3: str) -> None:
    where = Buckets()
    where.open(s3)
    system, path = pickle.loads(pickle.dumps(where)).open("s3://bucket/signs/a b#%?*.png")
    assert path == "bucket/signs/a b#%?*.png" and system.get_file_info(path).size > 100


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A server that lets nobody in, as S3 does without credentials."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(403)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_HEAD(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    yield
    server.shutdown()
    thread.join()
    server.server_close()


def test_missing_credentials_are_told_with_the_way_out(refusing: None) -> None:
    system, path = Buckets().open("s3://bucket/signs")
    with (
        pytest.raises(DataError, match=r"Set AWS_ACCESS_KEY_ID .* s3://anonymous@bucket/\.\.\.$") as caught,
        buckets.asking("s3://bucket/signs"),
    ):
        system.get_file_info(path)
    assert str(caught.value).startswith("'s3://bucket/signs' cannot be used: ")


def test_a_bucket_that_is_not_there_is_told(s3: str) -> None:
    from pyarrow import fs

    system, path = Buckets().open("s3://no-such-bucket/signs")
    with (
        pytest.raises(DataError, match=r"NO_SUCH_BUCKET.*\. Is the name right\?$"),
        buckets.asking("s3://no-such-bucket"),
    ):
        system.get_file_info(fs.FileSelector(path))

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import peers
from peers import request, send

App = Callable[..., int]


@pytest.fixture(scope="module")
def port(loop: peers.Loop, folder: Path) -> Iterator[int]:
    server, port = peers.start_app(loop, "127.0.0.1:1", folder, peers.SHORT)
    yield port
    loop.run(server.stop())


def get(port: int, path: str, fields: str = "", method: str = "GET") -> tuple[int, dict[str, str], bytes]:
    head, _, body = send(port, request(path, fields=fields, method=method)).partition(b"\r\n\r\n")
    start, *lines = head.decode().split("\r\n")
    return int(start.split()[1]), dict(line.split(": ", 1) for line in lines), body


@pytest.mark.parametrize(
    ("path", "kind", "name"),
    [
        ("/", "text/html; charset=utf-8", "index.html"),
        ("/?x=1", "text/html; charset=utf-8", "index.html"),
        ("/index.html", "text/html; charset=utf-8", "index.html"),
        ("/js/init.js", "text/javascript; charset=utf-8", "js/init.js"),
        ("/%6As/init.js", "text/javascript; charset=utf-8", "js/init.js"),
        ("/sign.png", "image/png", "sign.png"),
    ],
)
def test_files_are_served(port: int, folder: Path, path: str, kind: str, name: str) -> None:
    status, fields, body = get(port, path)
    assert (status, fields["Content-Type"]) == (200, kind)
    assert body == (folder / name).read_bytes()
    head_status, head_fields, nothing = get(port, path, method="HEAD")
    assert (head_status, head_fields, nothing) == (200, fields, b"")


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/nothing.html",
            "/js",
            "/js/",
            "/js//init.js",
            "//index.html",
            "/index.html/",
            "/notes.txt",
            "/.secret.json",
        ),
        *("/../outside.json", "/%2e%2e/outside.json", "/js/..%2f..%2foutside.json", "/..%5coutside.json", "/link.json"),
        *(
            "/%00",
            "/index.html%00.png",
            "/%ff",
            "/js%2Finit.js%2F",
            "/%252e%252e/outside.json",
            "/" + "a" * 300 + ".png",
        ),
        *("/index.html;x", "/C:/index.html", "/%0a", "/~/index.html"),
    ],
)
def test_other_paths_are_not_there(port: int, path: str) -> None:
    status, fields, body = get(port, path)
    assert (status, fields["Content-Type"]) == (404, "application/json")
    assert list(json.loads(body)) == ["error"]


def test_every_answer_is_guarded(port: int) -> None:
    for path in ("/", "/sign.png", "/nothing"):
        fields = get(port, path)[1]
        policy = dict(part.strip().split(" ", 1) for part in fields["Content-Security-Policy"].split(";"))
        assert policy["default-src"] == "'none'" and policy["script-src"] == policy["style-src"] == "'self'"
        assert "unsafe" not in fields["Content-Security-Policy"] and "http" not in fields["Content-Security-Policy"]
        assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
        assert fields["X-Content-Type-Options"] == "nosniff" and fields["Referrer-Policy"] == "no-referrer"
        assert fields["Permissions-Policy"] == "camera=(self), geolocation=(), microphone=()"


def test_text_is_compressed_for_who_asks(port: int, folder: Path) -> None:
    plain = (folder / "js" / "init.js").read_bytes()
    status, fields, body = get(port, "/js/init.js", "Accept-Encoding: br, gzip;q=0.5\r\n")
    assert (status, fields["Content-Encoding"], fields["Vary"]) == (200, "gzip", "Accept-Encoding")
    assert len(body) < len(plain) / 4 and gzip.decompress(body) == plain
    for accepted in ("identity", "gzip;q=0", "gzip; q=0.0", "xgzip"):
        assert get(port, "/js/init.js", f"Accept-Encoding: {accepted}\r\n")[2] == plain
    assert "Content-Encoding" not in get(port, "/sign.png", "Accept-Encoding: gzip\r\n")[1]


def test_what_a_browser_has_is_not_sent_again(port: int) -> None:
    for asked in ("", "Accept-Encoding: gzip\r\n"):
        etag = get(port, "/js/init.js", asked)[1]["ETag"]
        status, fields, body = get(port, "/js/init.js", f'{asked}If-None-Match: "other", W/{etag}\r\n')
        assert (status, fields["ETag"], body) == (304, etag, b"")
        assert fields["Cache-Control"] == "no-cache"
    assert get(port, "/js/init.js")[1]["ETag"] != get(port, "/js/init.js", "Accept-Encoding: gzip\r\n")[1]["ETag"]


def test_an_edited_file_shows(port: int, folder: Path) -> None:
    """`js/init.js` is where a person edits the payload."""
    path = folder / "edited.js"
    assert get(port, "/edited.js")[0] == 404
    path.write_text("// one")
    first = get(port, "/edited.js")
    time.sleep(0.02)
    path.write_text("// two")
    second = get(port, "/edited.js")
    path.unlink()
    assert (first[2], second[2]) == (b"// one", b"// two") and first[1]["ETag"] != second[1]["ETag"]
    assert get(port, "/edited.js")[0] == 404


def test_files_are_only_read(port: int) -> None:
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"):
        status, fields, _ = get(port, "/index.html", method=method)
        assert (status, fields["Allow"]) == (405, "GET, HEAD")
    assert get(port, "/nothing", method="POST")[0] == 404


def test_a_body_sent_to_a_file_is_not_taken_for_a_request(port: int) -> None:
    received = send(port, request("/", method="POST", body=request("/sign.png"), close=False), request("/"))
    assert received.count(b"HTTP/1.1 ") == 2 and received.count(b"HTTP/1.1 405") == received.count(b"<title>") == 1


def test_requests_follow_each_other_on_one_connection(port: int) -> None:
    received = send(port, request("/sign.png", close=False) * 5, request("/nothing", close=False), request("/"))
    assert received.count(b"HTTP/1.1 200 OK") == 6 and received.count(b"HTTP/1.1 404") == 1
    head = send(port, b"GET / HTTP/1.0\r\n\r\n").partition(b"\r\n\r\n")[0]
    assert head.startswith(b"HTTP/1.1 200 OK\r\n") and b"Connection: close" in head

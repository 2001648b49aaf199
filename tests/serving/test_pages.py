"""The pages at `/` and where nothing is, read by a parser and by a real browser, also behind a proxy."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
import requests

from browsers import chromium
from fronts import SIGNATURES, Front, Model, Models, read_reply, running
from nginx import nginx
from roadsigns.serving.pages import predict_body
from roadsigns.serving.protocol.signature import Signature, TensorSpec


def get(front: Front, path: str) -> requests.Response:
    return requests.get(front.url + path, timeout=10)


class Page(HTMLParser):
    """The text in `<code>`, the links, and which tags were left open."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.codes: list[str] = []
        self.links: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag not in ("meta",):
            self.open.append(tag)
        if tag == "a":
            self.links.append(dict(attrs)["href"])

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] == ["code"]:
            self.codes.append(data)


def test_the_index_says_what_is_served_and_its_lines_work(front: Front) -> None:
    made = get(front, "/")
    assert (made.status_code, made.headers["content-type"]) == (200, "text/html; charset=utf-8")
    page = Page(made.text)
    assert not page.open
    for link in page.links:
        assert link.startswith("./") and get(front, link[1:]).status_code == 200, link
    lines = [code for code in page.codes if code.startswith("curl ")]
    assert len(lines) == len(SIGNATURES)
    for line in lines:
        url, body = re.fullmatch(r"curl (\S+) -d '([^']*)'", line).groups()  # type: ignore[union-attr]
        assert requests.post(url, body, timeout=10).status_code == (200 if "classes" not in body else 500), line


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("example.org:80", "example.org:80"),
        ("[::1]:8501", "[::1]:8501"),
        ("x';rm -rf /;'", "localhost:8501"),
        ("<script>", "localhost:8501"),
        ("", "localhost:8501"),
    ],
)
def test_the_lines_name_the_host_that_was_asked(front: Front, host: str, shown: str) -> None:
    with front.connect() as line, line.makefile("rb") as stream:
        line.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        assert f"curl http://{shown}/v1/models/m:predict -d " in read_reply(stream).body.decode()


def test_names_on_the_page_are_text_and_nothing_else() -> None:
    evil = """<script>alert('&"')</script>"""
    spec = {evil: TensorSpec("DT_FLOAT")}
    with running(Models({evil: [Model(evil, signatures={evil: Signature(spec, spec)})]})) as front:
        page = Page(get(front, "/").text)
    assert not page.open and not any("<script" in link for link in page.links)
    [line] = [code for code in page.codes if code.startswith("curl ")]
    assert re.fullmatch(r"curl \S+ -d '.*'", line) and "'\\''" in line


@pytest.mark.parametrize("path", ["/x", "/x/y", "/v2/models/m/z", "//x"])
def test_where_nothing_is_a_link_leads_to_the_index(front: Front, path: str) -> None:
    missing = get(front, path)
    [link] = Page(missing.text).links
    assert missing.status_code == 404 and requests.compat.urljoin(front.url + path, link) == front.url + "/"
    assert "script-src 'sha256-" in missing.headers["content-security-policy"]


def test_links_and_lines_work_below_a_path_prefix(front: Front) -> None:
    """The lines name the address in the browser's bar, which the server cannot know."""
    complaints: list[str] = []
    with nginx({"/deep/model/": front.url.partition("//")[2]}) as host, chromium() as browser:
        page = browser.new_page()
        page.on("console", lambda told: complaints.append(told.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"http://{host}/deep/model/")
        assert page.evaluate("document.styleSheets.length") == 1
        for link in page.locator("a").all():
            url = link.evaluate("(it) => it.href")
            assert url.startswith(f"http://{host}/deep/model/") and requests.get(url, timeout=10).ok
        for line in page.locator("pre code").all_text_contents():
            url, body = re.fullmatch(r"curl (\S+) -d '([^']*)'", line).groups()  # type: ignore[union-attr]
            assert url == f"http://{host}/deep/model/v1/models/m:predict"
            assert requests.post(url, body, timeout=10).status_code == (200 if "classes" not in body else 500)
        page.goto(f"http://{host}/deep/model/no/where")
        assert page.locator("a").evaluate("(it) => it.href") == f"http://{host}/deep/model/"
    assert not [each for each in complaints if "404" not in each]


def test_a_sample_that_nobody_would_paste_is_left_out() -> None:
    huge = Signature({"x": TensorSpec("DT_FLOAT", (-1, 1000, 1000))}, {})
    assert predict_body("s", huge) is None

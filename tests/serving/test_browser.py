"""A page of another origin calls the REST API from a real browser, which asks first."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Error, Page

from browsers import chromium
from fronts import running

CALL = """async ([url, body]) => {
    const headers = {"Content-Type": "application/json"};
    const answer = await fetch(url + "/v1/models/m:predict", {method: "POST", headers, body: JSON.stringify(body)});
    return [answer.status, await answer.json()];
}"""


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An empty page on a port of its own, which makes it a page of another origin."""
    folder = tmp_path_factory.mktemp("elsewhere")
    (folder / "index.html").write_text("<!doctype html><title>elsewhere</title>")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with chromium() as browser:
        yield browser.new_page()


def test_a_page_from_elsewhere_may_call_and_read_errors(page: Page, elsewhere: str) -> None:
    page.goto(elsewhere)
    with running(cors=True) as front:
        assert page.evaluate(CALL, [front.url, {"instances": [1, 2.5]}]) == [200, {"predictions": [2, 3.5]}]
        assert page.evaluate(CALL, [front.url, {}]) == [400, {"error": "Missing 'inputs' or 'instances' key"}]


def test_a_page_from_elsewhere_may_not_call_unless_that_is_allowed(page: Page, elsewhere: str) -> None:
    page.goto(elsewhere)
    with running(cors=False) as front, pytest.raises(Error, match="Failed to fetch"):
        page.evaluate(CALL, [front.url, {"instances": [1, 2.5]}])

"""A real browser."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator

from playwright.sync_api import Browser, sync_playwright


@contextlib.contextmanager
def chromium(*flags: str) -> Iterator[Browser]:
    path = os.environ.get("ROADSIGNS_CHROMIUM") or shutil.which("chromium")
    assert path, "This is tested in Chromium. Run: apt-get install chromium (or let ROADSIGNS_CHROMIUM name one)"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", *flags])
        yield browser
        browser.close()

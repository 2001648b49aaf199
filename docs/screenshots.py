"""Remakes the pictures of the web app and of an evaluation's page, in Chromium: `python docs/screenshots.py`."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

HERE = Path(__file__).parent


def settle(page: Page) -> None:
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(500)


def gallery(page: Page) -> None:
    settle(page)


def answer(page: Page) -> None:
    page.locator(".card", has_text="Children crossing").click()
    page.locator("#spread-draw").click()
    page.wait_for_selector(".strips li")
    settle(page)


def no_sign(page: Page) -> None:
    page.locator(".card", has_text="No sign at all").click()
    page.wait_for_selector("#results-bars li")
    settle(page)


PICTURES = {
    "app-gallery.png": (gallery, {"viewport": {"width": 1280, "height": 800}}),
    "app-answer.png": (answer, {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"}),
    "app-phone.png": (no_sign, {"viewport": {"width": 390, "height": 760}}),
}


def save(png: bytes, name: str) -> None:
    with Image.open(io.BytesIO(png)) as picture:
        picture.convert("RGB").quantize(256).save(HERE / name, optimize=True)


def evaluation(browser: Browser) -> None:
    """The page of the shipped weights on 860 drawn signs: no real picture may be shown."""
    with tempfile.TemporaryDirectory() as folder:
        drawn = ["--data", "synthetic", "--count", "8600", "--data-dir", f"{folder}/drawn"]
        command = [sys.executable, "-m", "roadsigns.evaluate", "--model", "small", "--report", f"{folder}/report"]
        subprocess.run([*command, *drawn], check=True)
        page = browser.new_page(viewport={"width": 1120, "height": 1400})
        page.goto(f"file://{folder}/report/report.html")
        save(page.screenshot(), "evaluation.png")
        page.locator("#robustness").screenshot(path=f"{folder}/part.png")
        save(Path(folder, "part.png").read_bytes(), "evaluation-corruptions.png")


def main() -> None:
    """Start the app with a model server of its own and take every picture."""
    command = [sys.executable, "-m", "roadsigns.app", "--port", "0"]
    environ = {name: value for name, value in os.environ.items() if name != "TENSORFLOW_HOST"}
    app = subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True)
    try:
        url = next(found[0] for line in app.stderr if (found := re.match(r"http://\S+", line)))
        with sync_playwright() as playwright:
            path = os.environ.get("ROADSIGNS_CHROMIUM") or shutil.which("chromium")
            browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
            for name, (show, screen) in PICTURES.items():
                page = browser.new_page(**screen)
                page.goto(url)
                page.wait_for_selector(".card")
                show(page)
                save(page.screenshot(), name)
            evaluation(browser)
            browser.close()
    finally:
        app.terminate()
        app.wait()


if __name__ == "__main__":
    main()

"""The page in a real browser, before a real model server and before ones that fail."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import csv
import io
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, Page, expect

import peers
from browsers import chromium
from nginx import nginx
from roadsigns import preprocess, signs
from roadsigns.app import own_server
from roadsigns.app.__main__ import www
from roadsigns.data.synthetic import render, variants
from roadsigns.serving import embedded

Open = Callable[..., Page]
APPDATA = json.loads((www() / "appdata.json").read_text())
BUDGET = 150_000
"""Most bytes over the wire before the pictures."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream") as browser:
        yield browser


@pytest.fixture(scope="module")
def model_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The embedded model server on the notebook's network with its shipped weights."""
    from roadsigns import export, keras_file, models

    folder = tmp_path_factory.mktemp("page")
    export.export(keras_file.load(models.shipped("notebook")), folder)
    with embedded.model_server(folder) as address:
        yield address


@pytest.fixture(scope="module")
def default_model_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The model server that runs beside the app where nobody names another, and nobody has trained."""
    folder = tmp_path_factory.mktemp("default")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))  # a folder "roadsigns" here would be a package
        patch.chdir(folder)
        with own_server.model_server(lambda text: None) as address:
            yield address


@pytest.fixture(scope="module")
def other_model_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The embedded model server on the same network with other weights."""
    from roadsigns import export, networks

    folder = tmp_path_factory.mktemp("other")
    export.export(networks.build("notebook", 3), folder)
    with embedded.model_server(folder) as address:
        yield address


@pytest.fixture(scope="module")
def colour_model_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The embedded model server on a model of three classes whose scores are the shares of red, green and blue."""
    import tensorflow as tf

    names = ["mostly red", "mostly green", "mostly blue"]
    keep = tf.TensorSpec(None, tf.float32)

    @tf.function(input_signature=[tf.TensorSpec((None, 32, 32, 3), tf.float32), keep, keep])
    def serve(x, keep_prob, keep_prob_conv):
        y = tf.nn.softmax(tf.reduce_mean(x, axis=[1, 2]))
        answers = tf.maximum(tf.size(keep_prob), tf.size(keep_prob_conv))
        return {"y": tf.repeat(y, tf.where(tf.shape(y)[0] == 1, answers, 1), axis=0)}

    @tf.function(input_signature=[tf.TensorSpec((None,), tf.string)])
    def predict_images(image_bytes):
        pictures = tf.map_fn(lambda data: tf.io.decode_png(data, 3), image_bytes, fn_output_signature=tf.uint8)
        probabilities = tf.nn.softmax(tf.reduce_mean(tf.cast(pictures, tf.float32) / 255, axis=[1, 2]))
        scores, ids = tf.math.top_k(probabilities, 3)
        class_names = tf.gather(tf.constant(names), ids)
        named = {"probabilities": probabilities, "class_ids": ids, "class_names": class_names, "scores": scores}
        return {
            **named,
            "no_sign": tf.cast(tf.reduce_mean(tf.cast(pictures, tf.float32), axis=[1, 2, 3]) < 100, tf.float32),
        }

    module = tf.Module()
    module.serve, module.predict_images = serve, predict_images
    folder = tmp_path_factory.mktemp("colour")
    signatures = {"serving_default": serve, "predict_images": predict_images}
    tf.saved_model.save(module, str(folder / "1"), signatures=signatures)
    with embedded.model_server(folder) as address:
        yield address


@pytest.fixture
def open_page(loop: peers.Loop, browser: Browser, model_server: str) -> Iterator[Open]:
    """Opens the gallery before a model server; at the end no page may have complained or asked another host."""
    servers, contexts, complaints, asked = [], [], [], set()

    def start(backend: str | peers.Handler = model_server, prefix: str = "/", **context: object) -> Page:
        address = backend if isinstance(backend, str) else peers.start_backend(loop, backend)
        server, port = peers.start_app(loop, address, www())
        servers.append(server)
        host = f"127.0.0.1:{port}"
        if prefix != "/":
            host = proxies.enter_context(nginx({prefix: host}))
        contexts.append(browser.new_context(**context))
        page = contexts[-1].new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda told: complaints.append(told.text) if told.type in ("error", "warning") else None)
        page.on("request", lambda request: asked.add(request.url.split("/")[2]))
        page.goto(f"http://{host}{prefix}")
        expect(page.locator(".card")).to_have_count(len(APPDATA["image_labels"]))
        expect(page.locator("#model")).not_to_have_text("Asking what is served...")
        return page

    with contextlib.ExitStack() as proxies:
        yield start
    hosts = {page.url.split("/")[2] for context in contexts for page in context.pages}
    for context in contexts:
        context.close()
    for server in servers:
        loop.run(server.stop())
    # A browser notes each answer of 400 and above by itself.
    assert not [text for text in complaints if "Failed to load resource: the server responded" not in text]
    assert asked <= hosts


def cards_window(page: Page, index: int = 0) -> None:
    page.locator(".card").nth(index).click()
    expect(page.locator("#results-data")).to_be_visible()


def picture(pixels: np.ndarray, form: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, form)
    return file.getvalue()


def sign(class_id: int, size: int = 256) -> np.ndarray:
    """A sign as drawn, on plain grey, as large as in the benchmark's pictures."""
    canvas = Image.new("RGB", (size, size), (120, 125, 130))
    inner = Image.fromarray(render(variants(class_id)[0], int(size * 0.8)))
    canvas.paste(inner, (int(size * 0.1), int(size * 0.1)), inner)
    return np.asarray(canvas)


def choose(page: Page, name: str, data: bytes, kind: str = "") -> None:
    page.set_input_files("#file", {"name": name, "mimeType": kind, "buffer": data})


def drop(page: Page, name: str, data: bytes, kind: str = "image/png", way: str = "drop") -> None:
    page.evaluate(
        """([way, name, type, base64]) => {
            const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))
            const data = new DataTransfer()
            data.items.add(new File([bytes], name, { type }))
            const event = way === 'drop'
                ? new DragEvent('drop', { dataTransfer: data, bubbles: true })
                : new ClipboardEvent('paste', { clipboardData: data, bubbles: true })
            document.body.dispatchEvent(event)
        }""",
        [way, name, kind, base64.b64encode(data).decode()],
    )


def test_the_gallery_shows_every_card(open_page: Open) -> None:
    page = open_page()
    assert page.locator(".card .name").all_text_contents() == APPDATA["image_labels"]
    assert [image.get_attribute("src") for image in page.locator(".card img").all()] == APPDATA["image_filenames"]
    for card in page.locator(".card").all():  # pictures load as they come into view
        card.scroll_into_view_if_needed()
    page.wait_for_function("[...document.querySelectorAll('.card img')].every((image) => image.naturalWidth > 0)")


def test_a_click_shows_five_bars_and_the_raw_json(open_page: Open, model_server: str) -> None:
    page = open_page()
    with page.expect_request("**/v1/models/roadsigns_model:predict") as sent:
        cards_window(page, 14)
    image = APPDATA["tensorflow_images"][14]
    assert json.loads(sent.value.post_data) == {"inputs": {"keep_prob": [1], "keep_prob_conv": [1], "x": [image]}}
    raw = json.loads(page.locator("#results-json").text_content())
    assert page.locator("#results-json").text_content().startswith('{\n    "outputs": [')
    row = np.array(raw["outputs"][0])
    ids = np.argsort(-row)[:5]
    assert page.locator("#results-bars li > span:first-child").all_text_contents() == [signs.NAMES[i] for i in ids]
    shares = page.locator(".track > span").evaluate_all(
        "(all) => all.map((each) => +each.style.getPropertyValue('--share'))"
    )
    np.testing.assert_allclose(shares, row[ids])
    assert page.locator("#results-label").text_content() == APPDATA["image_labels"][14]
    assert signs.NAMES[ids[0]] in page.locator("#results-verdict").text_content()


def test_the_page_says_what_is_served(open_page: Open, other_model_server: str) -> None:
    told = "roadsigns_model, version 1 · "
    sees = "sees 32 \N{MULTIPLICATION SIGN} 32 pixels, grey"
    expect(open_page().locator("#model")).to_have_text(
        f"{told}the package's notebook network · {sees} · right on 99.6 % of the benchmark's test pictures"
    )
    expect(open_page(other_model_server).locator("#model")).to_have_text(told + sees)
    expect(open_page("127.0.0.1:1").locator("#model")).to_have_text("Nothing is known of the model: 502 Bad Gateway")


def test_the_page_knows_the_default_weights(open_page: Open, default_model_server: str) -> None:
    """And they know the drawn Stop sign of the gallery, by its colours."""
    page = open_page(default_model_server)
    expect(page.locator("#model")).to_contain_text(
        "the package's small network · sees 32 \N{MULTIPLICATION SIGN} 32 pixels"
    )
    expect(page.locator("#model")).to_contain_text("99.7 %")
    page.locator("#gallery button").nth(14).click()
    expect(page.locator("#results-verdict")).to_contain_text("Stop")


def test_an_answer_is_held_against_its_card(open_page: Open) -> None:
    """Row 14 is Stop: right for its card, wrong for others; the sign that is named is drawn beside the picture."""
    row = [0.1 / 42] * 43
    row[14] = 0.9
    page = open_page(answering(row))
    for index, mark, right in ((14, "✓ Right, as the card says", True), (17, "✗ Wrong: the card says No entry", False)):
        cards_window(page, index)
        expect(page.locator("#results-mark")).to_have_text(mark)
        assert page.locator("#results-mark.right").count() == right
        design = page.locator("#results-design img")
        expect(design).to_have_attribute("src", "designs/14.svg")
        expect(design).to_have_js_property("naturalWidth", 100)
        page.keyboard.press("Escape")
    cards_window(page, 43)  # without a sign, and without a rule that could say so
    expect(page.locator("#results-mark")).to_be_hidden()


def test_a_picture_without_sign_is_held_against_its_card(open_page: Open) -> None:
    page = open_page()
    cards_window(page, 43)
    expect(page.locator("#results-mark")).to_have_text("✓ Right, as the card says")
    expect(page.locator("#results-design")).to_be_hidden()
    page.keyboard.press("Escape")
    page = open_page(answering([1 / 43] * 43, no_sign=0.9))
    cards_window(page, 3)
    expect(page.locator("#results-mark")).to_have_text("✗ Wrong: the card says Speed limit (60km/h)")


def test_signs_have_german_names(open_page: Open) -> None:
    page = open_page()
    page.get_by_label("Names of signs").select_option("Deutsch")
    german = [*signs.GERMAN_NAMES, "No sign at all"]
    assert page.locator(".card .name").all_text_contents() == german
    assert page.locator(".card .name span").first.get_attribute("lang") == "de"
    cards_window(page, 14)
    expect(page.locator("#results-label")).to_have_text("Halt. Vorfahrt gewähren")
    expect(page.locator("#results-verdict strong")).to_have_text("Halt. Vorfahrt gewähren")
    page.locator("#spread-draw").click()
    expect(page.locator("#spread-status")).to_contain_text(" of 30 answers: Halt. Vorfahrt gewähren")
    page.reload()
    expect(page.locator(".card .name").first).to_have_text(signs.GERMAN_NAMES[0])
    page.get_by_label("Names of signs").select_option("English")
    assert page.locator(".card .name").all_text_contents() == APPDATA["image_labels"]


def test_a_german_browser_begins_in_german(open_page: Open) -> None:
    page = open_page(locale="de-AT")
    expect(page.locator(".card .name").first).to_have_text(signs.GERMAN_NAMES[0])
    expect(open_page(locale="fr").locator(".card .name").first).to_have_text(signs.NAMES[0])


def test_loading_shows_until_the_answer_is_there(open_page: Open) -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await peers.read_request(reader)
        await asyncio.sleep(1)
        writer.write(peers.answer(json.dumps({"outputs": [[0.5] + [0.5 / 42] * 42]}).encode()))

    page = open_page(handler)
    page.locator(".card").first.click()
    expect(page.locator("#results-loading")).to_have_text("Loading...")
    expect(page.locator("#results-loading")).to_be_visible()
    expect(page.locator("#results-bars li")).to_have_count(5)
    expect(page.locator("#results-loading")).to_be_hidden()


FAILURES = {
    "an error of the model server": (
        "400 Bad Request",
        b'{"error": "Missing named input: x"}',
        "400 Bad Request",
        "Missing named input",
    ),
    "HTML": ("200 OK", b"<html><script>alert(1)</script>", "The answer is not JSON", "<script>alert(1)</script>"),
    "not quite JSON": ("200 OK", b'{"outputs": [[NaN]]}', "The answer is not JSON", "NaN"),
    "20 MB": ("200 OK", b"x" * 20_000_000, "The answer is not JSON", "(20,000,000 characters)"),
    "an empty answer": ("503 Service Unavailable", b"", "503 Service Unavailable", ""),
}


@pytest.mark.parametrize(("status", "body", "told", "raw"), FAILURES.values(), ids=FAILURES.keys())
def test_an_error_shows_its_status_and_text(open_page: Open, status: str, body: bytes, told: str, raw: str) -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await peers.read_request(reader)
        writer.write(peers.answer(body, status))
        await writer.drain()

    page = open_page(handler)
    cards_window(page)
    expect(page.locator("#results-error")).to_have_text(told)
    assert raw in page.locator("#results-json").text_content()
    assert not page.locator("#results-bars").is_visible()


def test_a_model_server_that_is_down_is_a_502(open_page: Open) -> None:
    page = open_page("127.0.0.1:1")
    cards_window(page)
    expect(page.locator("#results-error")).to_have_text("502 Bad Gateway")
    expect(page.locator("#results-json")).to_contain_text("cannot be reached: Connection refused")


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_an_own_picture_is_recognised(open_page: Open, form: str) -> None:
    page = open_page()
    choose(page, f"my sign.{form.lower()}", picture(sign(12), form))
    expect(page.locator("#frame")).to_be_visible()
    with page.expect_request("**:predict") as sent:
        page.locator("#frame-ask").click()
    payload = json.loads(sent.value.post_data)
    assert payload["signature_name"] == "predict_images" and list(payload["inputs"]) == ["image_bytes"]
    data = base64.b64decode(payload["inputs"]["image_bytes"][0]["b64"])
    assert Image.open(io.BytesIO(data)).size == (64, 64)
    expect(page.locator("#results-bars li").first).to_contain_text("Priority road")
    expect(page.locator("#results-label")).to_have_text(f"my sign.{form.lower()}")


def test_zoom_takes_a_part_of_the_picture(open_page: Open) -> None:
    """One sign in the corner of a large photo."""
    large = np.full((900, 1600, 3), 90, np.uint8)
    large[600:856, 1300:1556] = sign(14)
    page = open_page()
    choose(page, "street.png", picture(large))
    for name, value in (("zoom", 3.5), ("x", 0.971), ("y", 0.928)):
        page.locator(f"#frame-{name}").evaluate(
            "(it, value) => { it.value = value; it.dispatchEvent(new Event('input')) }", value
        )
    page.locator("#frame-ask").click()
    expect(page.locator("#results-bars li").first).to_contain_text("Stop")


def test_several_pictures_become_a_table(open_page: Open, tmp_path: Path) -> None:
    """Whole pictures, each named as `predict` would; a row says why a file was not."""
    page = open_page()
    files = {
        "stop.png": picture(sign(14)),
        "=cmd|' /C calc'!A0.jpg": picture(sign(12), "JPEG"),
        'a "b", c.webp': picture(sign(40), "WEBP"),
        "wide.png": picture(np.ascontiguousarray(np.repeat(sign(13), 3, axis=1))),
        "noise.png": picture(np.random.default_rng(1).integers(0, 256, (32, 32, 3), dtype=np.uint8)),
        "notes.txt": b"no picture",
    }
    chosen = [{"name": name, "mimeType": "", "buffer": data} for name, data in files.items()]
    page.set_input_files("#file", chosen)
    expect(page.locator("#table-status")).to_have_text("5 of 6 pictures named, 1 probably no sign")
    rows = page.locator("#table-rows tr")
    assert rows.locator("th").all_text_contents() == list(files)
    for index, class_id in enumerate((14, 12, 40, 13)):
        expect(rows.nth(index)).to_contain_text(signs.NAMES[class_id])
        expect(rows.nth(index).locator(".design")).to_have_attribute("src", f"designs/{class_id:02d}.svg")
    expect(rows.nth(4)).to_contain_text("Probably no sign.")
    expect(rows.nth(5)).to_contain_text("notes.txt is no picture that this browser can read")
    page.get_by_label("Names of signs").select_option("Deutsch")
    expect(rows.nth(0)).to_contain_text("Halt. Vorfahrt gewähren")
    assert_accessible(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as CSV").click()
    assert download.value.suggested_filename == "roadsigns.csv"
    download.value.save_as(tmp_path / "saved.csv")
    with (tmp_path / "saved.csv").open(encoding="utf-8", newline="") as file:
        saved = list(csv.DictReader(file))
    assert [each["file"] for each in saved] == [name.replace("=cmd", "'=cmd") for name in files]
    assert [each["class_id"] for each in saved[:4]] == ["14", "12", "40", "13"]
    assert saved[2]["name"] == "Kreisverkehr" and 0.5 < float(saved[2]["share"]) <= 1
    assert [each["no_sign"] for each in saved] == ["no", "no", "no", "no", "yes", ""]
    assert saved[5]["error"].startswith("notes.txt is no picture") and saved[5]["class_id"] == ""
    page.get_by_role("button", name="Frame the sign in stop.png").click()
    page.locator("#frame-ask").click()
    expect(page.locator("#results-bars li").first).to_contain_text("Halt. Vorfahrt gewähren")
    page.keyboard.press("Escape")
    page.locator("#table-close").click()
    expect(page.locator("#table")).to_be_hidden()


def test_small_pictures_of_a_table_are_sent_as_they_are(open_page: Open) -> None:
    page = open_page()
    pixels = np.random.default_rng(2).integers(0, 256, (40, 61, 3), dtype=np.uint8)
    bodies: list[str] = []
    page.on("request", lambda request: bodies.append(request.post_data or ""))
    data = picture(pixels)
    page.set_input_files("#file", [{"name": f"{i}.png", "mimeType": "", "buffer": data} for i in range(2)])
    expect(page.locator("#table-status")).to_contain_text("2 of 2")
    sent = [json.loads(body)["inputs"]["image_bytes"][0]["b64"] for body in bodies if "image_bytes" in body]
    assert len(sent) == 2
    for text in sent:
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(base64.b64decode(text))))[..., :3], pixels)


def test_too_many_pictures_are_refused(open_page: Open) -> None:
    page = open_page()
    page.set_input_files("#file", [{"name": f"{i}.png", "mimeType": "", "buffer": b"x"} for i in range(501)])
    expect(page.get_by_role("alert")).to_contain_text("501 files: expected at most 500 at once")
    expect(page.locator("#table")).to_be_hidden()


def test_a_table_is_left_for_another(open_page: Open) -> None:
    """While the first is asked about; its late answers do not mix in. A failing model server is told of in each row."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not reader.at_eof():
            await peers.read_request(reader)
            await asyncio.sleep(0.2)
            writer.write(peers.answer(b'{"error": "busy"}', "503 Service Unavailable"))

    page = open_page(handler)
    data = picture(sign(1, 32))
    page.set_input_files("#file", [{"name": f"old {i}.png", "mimeType": "", "buffer": data} for i in range(9)])
    expect(page.locator("#table-rows tr").first).to_contain_text("503 Service Unavailable: busy")
    page.set_input_files("#file", [{"name": f"new {i}.png", "mimeType": "", "buffer": data} for i in range(2)])
    expect(page.locator("#table-status")).to_have_text("0 of 2 pictures named")
    assert page.locator("#table-rows th").all_text_contents() == ["new 0.png", "new 1.png"]


BAD_FILES = {
    "a PDF named .jpg": ("sign.jpg", b"%PDF-1.7\n" + b"x" * 500, "sign.jpg is a PDF document: expected PNG, JPEG"),
    "an SVG": (
        "sign.svg",
        b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>',
        "sign.svg is an SVG drawing",
    ),
    "a HEIC picture": ("sign.heic", b"\0\0\0\x18ftypheic" + bytes(500), "sign.heic is a HEIC picture"),
    "a broken PNG": (
        "sign.png",
        picture(np.zeros((9, 9, 3), np.uint8))[:40],
        "sign.png is no picture that this browser",
    ),
    "an empty file": ("sign.png", b"", "sign.png is no picture that this browser can read"),
    "50 MB": ("sign.png", bytes(50 * 2**20), "sign.png has 50 MB: expected at most 40 MB"),
}


@pytest.mark.parametrize(("name", "data", "told"), BAD_FILES.values(), ids=BAD_FILES.keys())
def test_other_files_are_refused_by_name(open_page: Open, tmp_path: Path, name: str, data: bytes, told: str) -> None:
    page = open_page()
    (tmp_path / name).write_bytes(data)
    page.set_input_files("#file", tmp_path / name)
    expect(page.locator("#toast p")).to_contain_text(told)
    assert not page.locator("#frame").is_visible()


def test_an_error_is_shown_where_the_eye_is(open_page: Open) -> None:
    """In the window's view however far the page is scrolled, heard by a screen reader, gone once it is closed."""
    page = open_page(viewport={"width": 360, "height": 640})
    page.locator(".card").last.scroll_into_view_if_needed()
    assert page.evaluate("scrollY") > 1000
    drop(page, "notes.txt", b"no picture", "text/plain")
    toast = page.get_by_role("alert")
    expect(toast).to_contain_text("notes.txt is no picture that this browser can read")
    expect(toast).to_be_in_viewport(ratio=1)
    assert_accessible(page)
    page.get_by_label("Close the message").click()
    expect(toast).to_be_hidden()


def test_an_error_is_shown_above_an_open_window(open_page: Open) -> None:
    page = open_page()
    cards_window(page)
    drop(page, "notes.txt", b"no picture", "text/plain")
    expect(page.get_by_role("alert")).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.querySelector('#results').contains(document.querySelector('#toast'))")
    assert_accessible(page)
    page.get_by_label("Close the message").click()
    expect(page.locator("#toast")).to_be_hidden()
    page.keyboard.press("Escape")
    drop(page, "sign.png", picture(sign(1)))
    expect(page.locator("#frame")).to_be_visible()
    drop(page, "more.txt", b"no picture", "text/plain")
    expect(page.locator("#frame #toast p")).to_contain_text("more.txt is no picture")
    drop(page, "sign.png", picture(sign(1)))
    expect(page.locator("#toast")).to_be_hidden()


@pytest.mark.parametrize("way", ["drop", "paste"])
def test_a_picture_can_be_dropped_and_pasted(open_page: Open, way: str) -> None:
    page = open_page()
    drop(page, "dropped.png", picture(sign(40)), "image/png", way)
    page.locator("#frame-ask").click()
    expect(page.locator("#results-bars li").first).to_contain_text("Roundabout mandatory")


def test_the_camera_gives_pictures(open_page: Open) -> None:
    page = open_page(permissions=["camera"])
    page.locator("#camera").click()
    expect(page.locator("#frame")).to_be_visible()
    page.wait_for_timeout(500)
    page.locator("#frame-ask").click()
    expect(page.locator("#results-bars li")).to_have_count(5)


def test_a_camera_that_is_refused_is_told_of(open_page: Open) -> None:
    page = open_page()
    page.evaluate(
        "() => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new Error('Permission denied')) }"
    )
    page.locator("#camera").click()
    expect(page.locator("#toast p")).to_have_text("The camera cannot be used: Permission denied")


def test_thirty_answers_come_from_one_request(open_page: Open) -> None:
    page = open_page()
    cards_window(page, 3)
    page.locator("#keep-prob").fill("0.25")
    expect(page.locator("#keep-prob-value")).to_have_text("0.25")
    requests = []
    page.on("request", lambda request: requests.append(request))
    page.locator("#spread-draw").click()
    expect(page.locator(".strips li")).to_have_count(5)
    (sent,) = requests
    inputs = json.loads(sent.post_data)["inputs"]
    assert inputs == {"keep_prob": [0.25] * 30, "keep_prob_conv": [0.7] * 30, "x": [APPDATA["tensorflow_images"][3]]}
    raw = json.loads(page.locator("#results-json").text_content())
    rows = np.array(raw["outputs"])
    assert rows.shape == (30, 43) and rows.std(axis=0).max() > 0
    first = int(rows.mean(axis=0).argmax())
    agreeing = int((rows.argmax(axis=1) == first).sum())
    expect(page.locator("#spread-status")).to_have_text(f"{agreeing} of 30 answers: {signs.NAMES[first]}")
    assert page.locator(".strips li").first.locator("circle").count() == 30


def test_an_own_picture_can_be_drawn_answers_for(open_page: Open) -> None:
    """Its `x` is made in the page, to the bit as the package makes it."""
    page = open_page()
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    choose(page, "noise.png", picture(pixels))
    page.locator("#frame-ask").click()
    expect(page.locator("#spread")).to_be_visible()
    with page.expect_request("**:predict") as sent:
        page.locator("#spread-draw").click()
    x = np.array(json.loads(sent.value.post_data)["inputs"]["x"], np.float32)
    np.testing.assert_array_equal(x, preprocess.preprocess(preprocess.resize(pixels[np.newaxis])))


@pytest.mark.parametrize("size", [(32, 32), (64, 64), (1, 1), (20, 32), (40, 61), (31, 33), (7, 500), (250, 223)])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_networks_input_is_the_packages_to_the_bit(open_page: Open, size: tuple[int, int], channels: int) -> None:
    pixels = np.random.default_rng(3).integers(0, 256, (*size, 3), dtype=np.uint8)
    script = """async ([[height, width, channels], rgba]) => {
        const { networkInput } = await import('/js/preprocess.js')
        const canvas = Object.assign(document.createElement('canvas'), { width, height })
        canvas.getContext('2d').putImageData(new ImageData(Uint8ClampedArray.from(rgba), width, height), 0, 0)
        return networkInput(canvas, [32, 32, channels])
    }"""
    rgba = np.concatenate([pixels, np.full((*size, 1), 255, np.uint8)], axis=2)
    made = open_page().evaluate(script, [[*size, channels], rgba.ravel().tolist()])
    small = preprocess.resize(pixels[np.newaxis])
    expected = preprocess.preprocess(small) if channels == 1 else small / np.float32(255)
    np.testing.assert_array_equal(np.array([made], np.float32), expected)


def test_a_colour_network_gets_colours(open_page: Open, colour_model_server: str) -> None:
    """Of the cards' own pixels, since the gallery's arrays are grey, and of own pictures; it has its own classes."""
    page = open_page(colour_model_server)
    sees = "sees 32 \N{MULTIPLICATION SIGN} 32 pixels, in colour"
    expect(page.locator("#model")).to_have_text(f"roadsigns_model, version 1 · {sees}")
    pixels = np.asarray(Image.open(www() / APPDATA["image_filenames"][2]))
    means = (pixels / np.float32(255)).mean(axis=(0, 1))
    with page.expect_request("**:predict") as sent:
        cards_window(page, 2)
    x = np.array(json.loads(sent.value.post_data)["inputs"]["x"], np.float32)
    np.testing.assert_array_equal(x, pixels[np.newaxis] / np.float32(255))
    raw = json.loads(page.locator("#results-json").text_content())
    np.testing.assert_allclose(np.log(raw["outputs"][0]) - np.log(raw["outputs"][0][0]), means - means[0], atol=1e-5)
    first = ["mostly red", "mostly green", "mostly blue"][int(means.argmax())]
    expect(page.locator("#results-bars li").first).to_contain_text(first)
    for name in ("mark", "design"):
        expect(page.locator(f"#results-{name}")).to_be_hidden()
    page.locator("#spread-draw").click()
    expect(page.locator("#spread-status")).to_have_text(f"30 of 30 answers: {first}")
    page.keyboard.press("Escape")
    choose(page, "mine.png", picture(sign(33)))
    page.locator("#frame-ask").click()
    expect(page.locator("#results-bars li").first).to_contain_text("mostly blue")
    with page.expect_request("**:predict") as sent:
        page.locator("#spread-draw").click()
    assert np.array(json.loads(sent.value.post_data)["inputs"]["x"]).shape == (1, 32, 32, 3)
    expect(page.locator("#spread-status")).to_have_text("30 of 30 answers: mostly blue")


def test_a_model_that_tells_of_no_sign_is_believed(open_page: Open, colour_model_server: str) -> None:
    """Here it tells of dark pictures: of cards, whose answer has no such output, of own pictures, in the table."""
    page = open_page(colour_model_server)
    means = [np.asarray(Image.open(www() / name)).mean() for name in APPDATA["image_filenames"]]
    for index in (int(np.argmin(means)), int(np.argmax(means))):
        cards_window(page, index)
        assert ("Probably no sign." in page.locator("#results-verdict").text_content()) == (means[index] < 100)
        page.keyboard.press("Escape")
    files = {"dark.png": picture(np.full((50, 50, 3), 20, np.uint8)), "sign.png": picture(sign(33))}
    page.set_input_files("#file", [{"name": name, "mimeType": "", "buffer": data} for name, data in files.items()])
    expect(page.locator("#table-status")).to_have_text("2 of 2 pictures named, 1 probably no sign")
    choose(page, "dark.png", files["dark.png"])
    page.locator("#frame-ask").click()
    expect(page.locator("#results-verdict")).to_contain_text("Probably no sign.")


def test_the_snippets_repeat_the_request(open_page: Open) -> None:
    page = open_page()
    cards_window(page, 1)
    raw = json.loads(page.locator("#results-json").text_content())
    line = page.locator("#curl").text_content()
    assert line.startswith("curl 'http://127.0.0.1:") and "\n" not in line
    by_curl = subprocess.run(["sh", "-c", line], capture_output=True, check=True).stdout
    np.testing.assert_allclose(json.loads(by_curl)["outputs"], raw["outputs"], atol=1e-6)
    program = page.locator("#python").text_content()
    by_python = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout
    np.testing.assert_allclose(json.loads(by_python)["outputs"], raw["outputs"], atol=1e-6)


def test_it_works_below_a_path_prefix(open_page: Open) -> None:
    """Behind nginx, which strips the prefix: pictures, answers, own pictures, and the lines to paste."""
    page = open_page(prefix="/user/me/proxy/")
    for image in page.locator(".card img").all()[:3]:
        image.scroll_into_view_if_needed()
        expect(image).to_have_js_property("complete", True)
        assert image.evaluate("(it) => it.naturalWidth") > 0
    cards_window(page, 14)
    expect(page.locator("#results-bars li").first).to_contain_text("Stop")
    raw = json.loads(page.locator("#results-json").text_content())
    for command in (["sh", "-c"], [sys.executable, "-c"]):
        text = page.locator("#curl" if command[0] == "sh" else "#python").text_content()
        assert "/user/me/proxy/v1/models/roadsigns_model:predict" in text
        answer = subprocess.run([*command, text], capture_output=True, check=True).stdout
        np.testing.assert_allclose(json.loads(answer)["outputs"], raw["outputs"], atol=1e-6)
    page.locator("#spread-draw").click()
    expect(page.locator(".strips li")).to_have_count(5)
    page.keyboard.press("Escape")
    choose(page, "sign.png", picture(sign(12)))
    page.locator("#frame-ask").click()
    expect(page.locator("#results-bars li").first).to_contain_text("Priority road")


@pytest.mark.parametrize("frames", ["'none'", "http://127.0.0.1:*"])
def test_a_frame_shows_it_where_that_is_allowed(loop: peers.Loop, browser: Browser, frames: str) -> None:
    """In a page of another origin, as a portal's is."""
    app, port = peers.start_app(loop, "127.0.0.1:1", www(), frames=frames)

    async def portal(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await peers.read_request(reader)
        frame = f'<iframe src="http://127.0.0.1:{port}/" width="900" height="600"></iframe>'
        writer.write(peers.answer(frame.encode(), fields="Content-Type: text/html\r\n"))

    page = browser.new_page()
    page.goto(f"http://{peers.start_backend(loop, portal)}/")
    inside = page.frame_locator("iframe")
    if frames == "'none'":
        page.wait_for_timeout(500)
        expect(inside.locator(".card")).to_have_count(0)
    else:
        expect(inside.locator(".card")).to_have_count(len(APPDATA["image_labels"]))
    page.close()
    loop.run(app.stop())


def test_a_snippet_is_copied(open_page: Open) -> None:
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    cards_window(page)
    page.locator("[data-copy=curl]").click()
    expect(page.locator("#copy-status")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("#curl").text_content()


def answering(row: list[float], no_sign: float | None = None) -> peers.Handler:
    """A model server of the network's shapes that answers every picture alike, and tells of no sign where it is to."""
    shapes = {"x": [-1, 32, 32, 1], "keep_prob": [], "keep_prob_conv": []}
    inputs = {
        name: {"tensor_shape": {"dim": [{"size": str(size)} for size in sizes]}} for name, sizes in shapes.items()
    }
    signatures = {"serving_default": {"inputs": inputs}}
    if no_sign is not None:
        signatures["predict_images"] = {"outputs": {"no_sign": {}}}
    metadata = {
        "model_spec": {"name": "roadsigns_model", "version": "7"},
        "metadata": {"signature_def": {"signature_def": signatures}},
    }
    outputs = [row] if no_sign is None else {"probabilities": [row], "no_sign": [no_sign]}

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not reader.at_eof():
            head, _ = await peers.read_request(reader)
            body = metadata if head.startswith(b"GET") else {"outputs": outputs}
            writer.write(peers.answer(json.dumps(body).encode()))

    return handler


@pytest.mark.parametrize("no_sign", [0.49, 0.51, None])
def test_the_verdict_is_what_the_model_tells(open_page: Open, no_sign: float | None) -> None:
    page = open_page(answering([1 / 43] * 43, no_sign))
    cards_window(page)
    told = "Probably no sign. The nearest would be " if no_sign and no_sign > 0.5 else ""
    expect(page.locator("#results-verdict")).to_contain_text(told + signs.NAMES[0])
    expect(page.locator("#results-verdict.doubt")).to_have_count(1 if told else 0)


def test_a_picture_without_a_sign_is_doubted(open_page: Open) -> None:
    page = open_page()
    cards_window(page, len(APPDATA["image_labels"]) - 1)
    expect(page.locator("#results-verdict")).to_contain_text("Probably no sign.")
    page.keyboard.press("Escape")
    cards_window(page)
    expect(page.locator("#results-verdict")).not_to_contain_text("Probably no sign.")


def test_an_own_model_has_no_verdict(open_page: Open, other_model_server: str) -> None:
    """The same network, hardly trained on, without rule."""
    page = open_page(other_model_server)
    cards_window(page, len(APPDATA["image_labels"]) - 1)
    expect(page.locator("#results-bars li")).to_have_count(5)
    assert "sign." not in page.locator("#results-verdict").text_content()


@pytest.mark.parametrize("width", [360, 768, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_every_screen_and_reader(open_page: Open, width: int, scheme: str) -> None:
    page = open_page(viewport={"width": width, "height": 800}, color_scheme=scheme, reduced_motion="reduce")
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    brightness = sum(int(value) for value in re.findall(r"\d+", ground)[:3])
    assert (brightness < 150) is (scheme == "dark")
    fits = "document.documentElement.scrollWidth <= innerWidth"
    assert page.evaluate(fits)
    assert_accessible(page)
    cards_window(page)
    page.locator("#spread-draw").click()
    expect(page.locator(".strips li")).to_have_count(5)
    assert page.evaluate(fits)
    assert page.locator("#results").evaluate("(it) => it.scrollWidth <= it.clientWidth")
    assert_accessible(page)
    page.keyboard.press("Escape")
    choose(page, "sign.png", picture(sign(1)))
    expect(page.locator("#frame")).to_be_visible()
    for label in page.locator("#frame label").all():
        text, slider = label.bounding_box(), page.locator(f"#{label.get_attribute('for')}").bounding_box()
        assert text["x"] < slider["x"] and text["y"] < slider["y"] + slider["height"] / 2 < text["y"] + text["height"]
    assert_accessible(page)


def test_a_picture_is_dragged_below_the_frame(open_page: Open) -> None:
    page = open_page()
    choose(page, "wide.png", picture(np.zeros((100, 400, 3), np.uint8)))
    box = page.locator("#frame-view").bounding_box()
    page.mouse.move(box["x"] + 200, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 100, box["y"] + 100, steps=5)
    page.mouse.up()
    # 100 of the view's pixels, which shows 100 of the picture's, of which 300 are out of sight.
    assert float(page.locator("#frame-x").input_value()) == pytest.approx(
        0.5 + 100 * 100 / box["width"] / 300, abs=0.03
    )


def assert_accessible(page: Page) -> None:
    result = Axe().run(page)
    assert result.violations_count == 0, result.generate_report()


def test_the_keyboard_is_enough(open_page: Open) -> None:
    page = open_page()
    page.keyboard.press("Tab")
    expect(page.locator("#language")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("#choose")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.locator(".card").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#results-bars li")).to_have_count(5)
    expect(page.locator("#results [data-close]")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("#keep-prob")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#keep-prob-value")).to_have_text("0.45")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".strips li")).to_have_count(5)
    page.keyboard.press("Escape")
    expect(page.locator("#results")).to_be_hidden()
    expect(page.locator(".card").first).to_be_focused()


def test_results_are_announced(open_page: Open) -> None:
    page = open_page()
    cards_window(page)
    assert page.locator("#results-verdict").evaluate("(it) => it.closest('[aria-live]').ariaLive") == "polite"
    assert page.locator("#results").get_attribute("aria-labelledby") == "results-label"


def test_the_page_is_light(open_page: Open) -> None:
    page = open_page()
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    sizes: dict[str, float] = {}
    paths: dict[str, str] = {}
    session.on("Network.responseReceived", lambda event: paths.update({event["requestId"]: event["response"]["url"]}))
    session.on("Network.loadingFinished", lambda event: sizes.update({event["requestId"]: event["encodedDataLength"]}))
    page.reload(wait_until="networkidle")
    # What was still loading before is not ours to weigh.
    loaded = {paths[key]: size for key, size in sizes.items() if key in paths}
    weighed = {path: size for path, size in loaded.items() if not path.endswith(".png")}
    assert len(weighed) > 10 and any("appdata.json" in path for path in weighed)
    assert sum(weighed.values()) < BUDGET

"""The page as a file, as figures, and in a real browser."""

import html
import json
import re

import numpy as np
import pytest

from browsers import chromium
from by_heart import classifier
from roadsigns import report, signs
from roadsigns.corruptions import SEVEN
from roadsigns.errors import UsageError
from roadsigns.report import measures


@pytest.fixture(scope="module")
def folder(tmp_path_factory, study, subject, other):
    folder = tmp_path_factory.mktemp("report") / "new" / "page"
    report.write(folder, study, subject, other, facts={"command": "roadsigns <evaluate>"})
    return folder


@pytest.fixture(scope="module")
def page(folder):
    return (folder / report.PAGE).read_text(encoding="utf-8")


def test_figures_beside_the_page_by_hand(folder):
    figures = json.loads((folder / report.FIGURES).read_text(encoding="utf-8"))
    assert (figures["pictures"], figures["wrong"], figures["split"]) == (86, 4, "test")
    assert figures["accuracy"] == pytest.approx(82 / 86)
    assert figures["accuracy_interval"] == pytest.approx(measures.wilson(82, 86))
    assert figures["ece"] == pytest.approx(82 / 86 - 0.9, abs=1e-6)
    assert figures["error_without_least_sure_1_percent"] == pytest.approx(4 / 86), "1 % of 86 is no picture"
    assert figures["corruptions"]["seven"] == list(SEVEN) and figures["corruptions"]["pictures"] == 86
    means = [np.mean(figures["corruptions"]["accuracies"][name]) for name in SEVEN]
    assert figures["corruptions"]["mean_of_seven"] == pytest.approx(np.mean(means))
    assert figures["comparison"] == {
        "only_first_right": 14,
        "only_second_right": 3,
        "both_right": 68,
        "both_wrong": 1,
        "mcnemar_p": pytest.approx(measures.mcnemar(14, 3)),
    }
    assert figures["against"]["model"] == "second & other"
    assert figures["by_size"][0] == {"low": 0, "high": 20, "right": 6, "pictures": 10}
    assert figures["command"] == "roadsigns <evaluate>"


def test_page_needs_nothing_from_elsewhere(page):
    addresses = re.findall(r"""(?:src|href)=["']([^"']*)|url\(([^)]*)\)|@import""", page)
    assert addresses and all((a or b).startswith(("data:image/png;base64,", "#")) for a, b in addresses)
    assert "<script" not in page and "http" not in re.sub(r"base64,[^\"')]*", "", page)


def test_page_escapes_what_others_named(page):
    assert "<b>signs" not in page and "drawn &lt;b&gt;signs&lt;/b&gt;" in page
    assert "second &amp; other" in page and "roadsigns &lt;evaluate&gt;" in page


def test_page_says_which_model_is_better(page):
    assert "p = 0.013: <b>first is better</b>" in page


def test_page_of_own_classes_has_no_german_sign(tmp_path, own_classes):
    study, subject = own_classes
    report.write(tmp_path, study, subject, corrupt=False)
    page = html.unescape((tmp_path / report.PAGE).read_text(encoding="utf-8"))
    assert not [name for name in signs.NAMES if re.search(rf"\b{re.escape(name)}\b", page)]
    assert "cats" in page and "<i>dogs</i>" not in (tmp_path / report.PAGE).read_text(encoding="utf-8")
    assert "1 of 4 classes have no pictures in this split (none of it)" in page
    assert "Not measured for this page" in page and 'id="sizes"' not in page


def test_page_of_a_faultless_model(tmp_path, study):
    subject = report.Subject("by heart", classifier(study.images, study.labels, sure=1.0), study)
    summary = report.write(tmp_path, study, subject, corrupt=False)
    assert summary["wrong"] == 0 and summary["corruptions"] is None
    assert "There are none: every picture is named rightly" in (tmp_path / report.PAGE).read_text(encoding="utf-8")


def test_writing_again_replaces_the_page_and_keeps_the_rest(tmp_path, own_classes):
    (tmp_path / "mine.txt").write_text("kept")
    for _ in range(2):
        report.write(tmp_path, *own_classes, corrupt=False)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["mine.txt", "report.html", "report.json"]


def test_places_that_are_taken(tmp_path, folder):
    report.check_place(folder)
    report.check_place(tmp_path / "new" / "deep")
    (tmp_path / "empty").mkdir()
    report.check_place(tmp_path / "empty")


def _file(path):
    path.write_text("x")
    return path


def _other(path):
    path.mkdir()
    (path / "thesis.tex").write_text("x")
    return path


def _foreign(path):
    path.mkdir()
    (path / "report.html").write_text("<html>mine</html>")
    return path


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (_file, "is a file. Name a folder, which is made where it is missing"),
        (_other, "holds other things (thesis.tex). Name a folder that is new, or of an earlier page"),
        (_foreign, "holds a report.html or report.json of another program. Name another folder"),
        (lambda path: _file(path) / "below", "cannot be written"),
    ],
)
def test_places_that_are_refused(tmp_path, make, message):
    place = make(tmp_path / "place")
    with pytest.raises(UsageError, match=re.escape(message)):
        report.check_place(place)


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.mark.parametrize("width", [400, 1200])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_in_a_browser(browser, folder, width, scheme):
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda request: said.append(request.url))
    page.goto((folder / report.PAGE).as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate("[...document.images].every((it) => it.naturalWidth > 0)")
    ground, ink = page.evaluate(
        "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
    )
    dark, light = sorted((ground, ink), key=lambda colour: sum(map(int, re.findall(r"\d+", colour))))
    assert ground == (dark if scheme == "dark" else light)
    assert page.locator("h2").all_inner_texts() == [
        "Two models",
        "The worst mistakes",
        "What is taken for what",
        "Class by class",
        "Can its confidence be trusted?",
        "Small signs and large ones",
        "Bad weather, bad cameras",
        "Where the model looks",
    ]
    assert page.locator("#mistakes .card").count() == 4 and page.locator(".classes tbody tr").count() == 43
    assert not [each for each in said if not each.startswith(("file:", "data:"))]
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_is_accessible(browser, folder, scheme):
    from axe_playwright_python.sync_playwright import Axe

    page = browser.new_page(viewport={"width": 1200, "height": 900}, color_scheme=scheme)
    page.goto((folder / report.PAGE).as_uri())
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.close()

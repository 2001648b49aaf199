"""Charts are read back as XML."""

import re
from xml.etree import ElementTree

import numpy as np

from roadsigns.report import charts
from roadsigns.report.measures import Group


def cells(svg):
    return {rect[0].text: rect.get("class") for rect in ElementTree.fromstring(svg).iter("rect") if len(rect)}


def test_confusion_matrix_has_a_cell_for_each_count():
    confusion = np.array([[3, 1, 0], [0, 0, 0], [0, 2, 5]])
    assert cells(charts.confusion_matrix(confusion, ["a", "<b>", "c"])) == {
        "0 a, named 0 a: 3 of 4": "right",
        "0 a, named 1 <b>: 1 of 4": "wrong",
        "2 c, named 1 <b>: 2 of 7": "wrong",
        "2 c, named 2 c: 5 of 7": "right",
    }


def test_confusion_matrix_of_many_classes_shows_those_with_mistakes():
    confusion = np.diag(np.full(300, 2))
    confusion[299, 150] = 1
    shown = cells(charts.confusion_matrix(confusion, [f"class {i}" for i in range(300)]))
    assert len(shown) == charts.MOST_CLASSES + 1
    assert "299 class 299, named 150 class 150: 1 of 3" in shown


def test_dots_of_the_sizes_say_what_they_are():
    svg = ElementTree.fromstring(charts.size_chart([[Group(0, 20, 1, 2), Group(90, None, 7, 7)]]))
    assert [dot[0].text for dot in svg.iter("circle")] == ["1 of 2 right: 50.00%", "7 of 7 right: 100.00%"]
    assert {"< 20", "90+"} <= {text.text for text in svg.iter("text")}


def test_reliability_dots_are_bins(subject):
    svg = ElementTree.fromstring(charts.reliability_diagram([subject]))
    assert [dot[0].text for dot in svg.iter("circle")] == ["86 pictures: 90.0% sure, 95.3% right"]


def test_risk_curve_ends_at_the_error(subject, other):
    svg = ElementTree.fromstring(charts.risk_curve([subject, other]))
    lines = [line.get("points").split() for line in svg.iter("polyline")]
    assert len(lines) == 2 and all(re.fullmatch(r"[\d.]+,[\d.]+", point) for line in lines for point in line)
    right, bottom, top = charts.WIDTH - charts._RIGHT, charts.HEIGHT - charts._BOTTOM, charts._TOP
    x, y = map(float, lines[0][-1].split(","))
    assert x == right and abs((bottom - y) / (bottom - top) - 4 / 86 / 0.2) < 0.26


def test_marks_are_round_numbers():
    for span, step in ((1, 0.2), (0.18, 0.05), (0.005, 0.001), (0.2, 0.05), (0.00001, 2e-06)):
        assert charts._step(span) <= step * 1.01 and charts._step(span) * 5 >= span * 0.99

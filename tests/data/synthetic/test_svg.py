"""The markup: parsed by the standard library, and where its parts land."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest

from drawings import box, colours, covered, difference
from roadsigns.data.synthetic import svg


@pytest.mark.parametrize(
    ("value", "text"),
    [(1, "1"), (2.5, "2.5"), (1 / 3, "0.333"), (-0.0001, "0"), (100.0, "100")],
)
def test_numbers_have_no_idle_digits(value: float, text: str) -> None:
    assert svg.number(value) == text


def test_a_document_is_xml_with_its_parts_in_order() -> None:
    root = ElementTree.fromstring(svg.document(svg.circle(1, 2, 3, svg.RED), svg.rectangle(0, 0, 1, 1, svg.BLUE)))
    assert [child.tag.partition("}")[2] for child in root] == ["circle", "rect"]
    assert root.attrib["viewBox"] == "0 0 100 100"


def test_shapes_stand_where_they_are_told() -> None:
    assert box(covered(svg.circle(30, 60, 10, svg.RED))) == (20, 50, 40, 70)
    assert box(covered(svg.rectangle(5, 10, 20, 30, svg.RED))) == (5, 10, 25, 40)
    assert box(covered(svg.stroke(svg.path("M", 10, 50, "H", 90), svg.RED, 4))) == (10, 48, 90, 52)
    assert box(covered(svg.stroke(svg.path("M", 10, 50, "H", 90), svg.RED, 4, rounded=True))) == (8, 48, 92, 52)


def test_an_even_number_of_parts_is_a_hole() -> None:
    square = svg.path("M", 20, 20, "H", 80, "V", 80, "H", 20, "Z", "M", 40, 40, "H", 60, "V", 60, "H", 40, "Z")
    mask = covered(svg.fill(square, svg.BLACK))
    assert mask[60, 60] and not mask[100, 100]
    assert colours(svg.fill(square, svg.BLACK)) == {svg.BLACK}


def test_place_moves_enlarges_and_turns_clockwise() -> None:
    bar = svg.rectangle(0, -1, 10, 2, svg.RED)
    assert box(covered(svg.place(bar, 50, 50, scale=2))) == (50, 48, 70, 52)
    assert box(covered(svg.place(bar, 50, 50, turn=90))) == (49, 50, 51, 60)


def test_mirror_exchanges_left_and_right() -> None:
    part = svg.circle(20, 30, 10, svg.RED)
    assert difference(covered(svg.mirror(part)), covered(part)[:, ::-1]) < 0.001

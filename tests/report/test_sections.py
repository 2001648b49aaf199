import re

from roadsigns.report import figures, markup, sections


def test_tiles_have_the_figures(study, subject):
    text = sections.overview(study, figures.of(study, subject, None))
    assert "95.35 %" in text and ">4<" in text and "of 86 pictures" in text and "corrupted" not in text
    assert "no pictures" not in text


def test_classes_are_told_the_lowest_first(study, subject):
    text = sections.classes(study, subject, markup.Signs(study))
    shares = [float(each) for each in re.findall(r'number">([\d.]+) %', text)]
    assert len(shares) == 43 and shares == sorted(shares) and shares[0] < 100


def test_classes_without_pictures_come_last(own_classes):
    text = sections.classes(*own_classes, markup.Signs(own_classes[0]))
    rows = re.findall(r"<tr>.*?</tr>", text)
    assert "no pictures" in rows[-1] and "none of it" in rows[-1] and len(rows) == 5


def test_frequent_mistakes_are_counted(study, subject):
    text = sections.confusion(study, subject, markup.Signs(study))
    counts = [int(each) for each in re.findall(r"<td>(\d+)</td><td>of 2</td>", text)]
    assert sum(counts) == 4


def test_an_even_difference_is_no_difference(study, subject):
    both = figures.compared(subject, subject)
    each = [figures.of(study, subject, None)] * 2
    text = sections.comparison(study, [subject, subject], each, both, markup.Signs(study))
    assert "p = 1: no difference is shown" in text


def test_sizes_that_are_unknown_are_left_out(own_classes):
    assert sections.sizes(own_classes[0], [own_classes[1]]) == ""

import base64
import dataclasses
import io
import re

import numpy as np
from PIL import Image

from roadsigns.data import synthetic
from roadsigns.report import markup


def test_a_picture_is_in_the_page_to_the_bit(study):
    element = markup.picture(study.images[0], 'a "sign"')
    data = re.fullmatch(r'<img class="pixels" src="data:image/png;base64,([^"]*)" alt="a &quot;sign&quot;">', element)
    with Image.open(io.BytesIO(base64.b64decode(data[1]))) as read:
        np.testing.assert_array_equal(np.asarray(read), study.images[0])


def test_a_sign_is_in_the_page_once(study):
    signs = markup.Signs(study)
    assert signs(14) == signs(14) != signs(13)
    assert 'aria-label="Stop"' in signs(14)
    assert signs.rules().count("data:image/png") == 2


def test_a_class_that_is_not_drawn_is_shown_by_its_first_picture(own_classes):
    study, _ = own_classes
    signs = markup.Signs(study)
    assert "&lt;i&gt;dogs" in signs(1) and signs(3) == "", "no picture of class 3"
    first = study.images[np.flatnonzero(study.labels == 1)[0]]
    assert markup.picture(first, "").split('"')[3] in signs.rules()


def test_a_class_of_own_designs_is_shown_by_its_design(own_classes):
    study, _ = own_classes
    dogs = synthetic.variants(14)[0]
    signs = markup.Signs(dataclasses.replace(study, drawings={"<i>dogs</i>": dogs, "of no model": dogs}))
    assert signs(1) and signs(0) and signs(3) == ""
    assert markup.picture(synthetic.render(dogs, 64), "").split('"')[3] in signs.rules()
    assert markup.picture(study.images[np.flatnonzero(study.labels == 0)[0]], "").split('"')[3] in signs.rules()


def test_percent_and_bar():
    assert markup.percent(0.12345) == "12.35 %" and markup.percent(1, 0) == "100 %"
    assert 'style="width:12.3%"' in markup.bar(0.1234, "12 %")


def test_table_names_its_rows():
    table = markup.table(["a", "b"], [("x", "1")], "kind")
    assert '<th scope="row">x</th><td>1</td>' in table and '<th scope="col">b</th>' in table

from __future__ import annotations

from roadsigns.serving import samples
from roadsigns.serving.protocol.signature import Signature, TensorSpec


def test_a_sample_that_nobody_would_paste_is_left_out() -> None:
    huge = Signature({"x": TensorSpec("DT_FLOAT", (-1, 1000, 1000))}, {})
    assert samples.predict_body("s", huge) is None

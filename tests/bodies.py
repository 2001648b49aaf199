"""Signatures to call, and the bodies of requests for them: read, refused or either."""

from __future__ import annotations

import numpy as np
import pytest

from roadsigns.errors import RequestError
from roadsigns.serving.protocol.predict_request import parse_body
from roadsigns.serving.protocol.signature import NUMPY, Signature, TensorSpec


def signature(**inputs: str) -> Signature:
    return Signature({name: TensorSpec(f"DT_{dtype}") for name, dtype in inputs.items()}, {})


FLOAT = signature(x="FLOAT")
TWO = signature(x="FLOAT", keep_prob="FLOAT")
STRING = signature(image_bytes="STRING")


def arrays(body: str | bytes, wanted: Signature = FLOAT) -> dict[str, np.ndarray]:
    return parse_body(body.encode() if isinstance(body, str) else body).arrays(wanted)[0]


def refusal(body: str | bytes, wanted: Signature = FLOAT) -> RequestError:
    with pytest.raises(RequestError) as caught:
        arrays(body, wanted)
    return caught.value


def whatever(body: bytes, wanted: Signature) -> None:
    """Read a body and expect nothing but arrays of the right dtypes or a refusal."""
    try:
        made, _ = parse_body(body).arrays(wanted)
    except RequestError as error:
        assert error.http_status in (400, 501)
        error.message.encode("utf-8", "surrogatepass")
    else:
        for name, spec in wanted.inputs.items():
            assert made[name].dtype == NUMPY[spec.dtype]

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadsigns.errors import RequestError
from roadsigns.serving.protocol.route import Route, is_within, parse_path


@pytest.mark.parametrize(
    ("verb", "path", "route"),
    [
        ("GET", "/v1/models/m", Route("status", "m")),
        ("GET", "/v1/models/m/versions/3", Route("status", "m", 3)),
        ("GET", "/v1/models/m/versions/0", Route("status", "m", 0)),
        ("GET", "/v1/models/m/versions/007", Route("status", "m", 7)),
        ("GET", "/v1/models/m/versions/9223372036854775807", Route("status", "m", 2**63 - 1)),
        ("GET", f"/v1/models/m/versions/{'0' * 9000}1", Route("status", "m", 1)),
        ("GET", "/v1/models/m/labels/stable", Route("status", "m", None, "stable")),
        ("GET", "/v1/models/m/metadata", Route("metadata", "m")),
        ("GET", "/v1/models/m/versions/1/metadata", Route("metadata", "m", 1)),
        ("GET", "/v1/models/m/labels/a%2Fb/metadata", Route("metadata", "m", None, "a/b")),
        ("GET", "/v1/models/metadata", Route("status", "metadata")),
        ("GET", "/V1/Models/M", Route("status", "M")),
        ("GET", "/v1/models/m?x=1", Route("status", "m?x=1")),
        ("GET", "/v1/models/a%3Ab%20c", Route("status", "a:b c")),
        ("POST", "/v1/models/m:predict", Route("predict", "m")),
        ("POST", "/v1/models/m/versions/2:classify", Route("classify", "m", 2)),
        ("POST", "/v1/models/m/labels/l:regress", Route("regress", "m", None, "l")),
        ("POST", "/V1/MODELS/m:predict", Route("predict", "m")),
    ],
)
def test_a_path_leads_to(verb: str, path: str, route: Route) -> None:
    assert parse_path(verb, path) == route


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("POST", "/v1/models/m"),
        ("POST", "/v1/models/m:Predict"),
        ("POST", "/v1/models/m:explain"),
        ("POST", "/v1/models/m:predict/"),
        ("POST", "/v1/models/m:predict?x=1"),
        ("POST", "/v1/models/:predict"),
        ("POST", "/v1/models/m/versions/1/labels/l:predict"),
        ("POST", "/v1/models/m/versions/x:predict"),
        ("POST", "/v1/models/m/versions/\u0663:predict"),
        ("POST", "/v1/model\u017f/m:predict"),
        ("POST", "/v1/models/m/metadata"),
        ("GET", "/v1/models/m:predict"),
        ("GET", "/v1/models/m/"),
        ("GET", "/v1/models/m/METADATA"),
        ("GET", "/v1/models/m/metadata?x"),
        ("GET", "/v1/models/m/versions/-1"),
        ("GET", "/v1/"),
        ("PUT", "/v1/models/m"),
        ("HEAD", "/v1/models/m"),
        ("DELETE", "/v1/models/m:predict"),
        ("get", "/v1/models/m"),
    ],
)
def test_what_does_not_fit_is_malformed(verb: str, path: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse_path(verb, path)
    assert caught.value.message == f"Malformed request: {verb} {path}"
    assert caught.value.http_status == 400


@pytest.mark.parametrize("digits", ["9223372036854775808", "9" * 19, "1" * 20, "1" * 10_000])
def test_a_version_past_int64_is_refused(digits: str) -> None:
    with pytest.raises(RequestError, match=f"Failed to convert version: {digits} to numeric."):
        parse_path("GET", f"/v1/models/m/versions/{digits}")


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/versions/1", "/v1/models/labels/l"])
def test_there_is_no_list_of_models(path: str) -> None:
    with pytest.raises(RequestError, match=r"Missing model name in request\."):
        parse_path("GET", path)


@pytest.mark.parametrize(
    ("path", "within"), [("/v1/", True), ("/V1/x\ny", True), ("/v1", False), ("/", False), ("/v2/models/m", False)]
)
def test_what_belongs_to_the_api(path: str, within: bool) -> None:
    assert is_within(path) is within


@given(
    verb=st.sampled_from(["GET", "POST", "PUT"]), path=st.text() | st.text("/:vmodels1%2Ff?").map("/v1/models/".__add__)
)
def test_no_path_does_worse_than_a_refusal(verb: str, path: str) -> None:
    try:
        parse_path(verb, path)
    except RequestError as error:
        assert error.http_status == 400

"""The tree of exceptions, as its docstring draws it, and what each carries."""

from __future__ import annotations

import grpc
import pytest

from roadsigns import errors
from roadsigns.errors import HTTP_STATUS, HttpError, RequestError, RoadsignsError, RowError

NAMES = [name for name, each in vars(errors).items() if isinstance(each, type) and issubclass(each, Exception)]


@pytest.mark.parametrize("name", NAMES)
def test_the_docstring_draws_every_exception_below_its_parent(name: str) -> None:
    lines = (errors.__doc__ or "").splitlines()
    [line] = [each for each in lines if name in each.split()]
    parent = getattr(errors, name).__base__
    above = [each for each in lines[: lines.index(line)] if parent.__name__ in each.split()]
    assert bool(above) == (parent is not Exception)


def test_codes_are_grpcs_own_and_each_has_an_http_status() -> None:
    assert set(HTTP_STATUS) == {code.name for code in grpc.StatusCode} - {"OK"}
    for code, status in HTTP_STATUS.items():
        assert RequestError("no", code).http_status == status and 400 <= status < 600


def test_a_row_keeps_its_place_behind_others() -> None:
    error = RowError("image_bytes: picture", 2, "is damaged")
    assert str(error) == error.message == "image_bytes: picture 2 is damaged"
    assert str(error.behind(40)) == "image_bytes: picture 42 is damaged" and error.behind(0).code == "INVALID_ARGUMENT"


def test_an_http_error_has_its_status() -> None:
    assert HttpError(404, "gone").status == 404 and issubclass(HttpError, RoadsignsError)

"""Requests that schemathesis makes of the API's description, and of what it forbids; answers held to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
import schemathesis
from schemathesis import checks

from roadsigns import export, networks
from roadsigns.serving.embedded import model_server

DESCRIPTION = Path(__file__).with_name("openapi.yaml")
EXAMPLES = 20
"""Of each operation."""

CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]

api = schemathesis.openapi.from_path(DESCRIPTION)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    base = tmp_path_factory.mktemp("openapi")
    export.export(networks.build("notebook", seed=1), base, 1)
    with model_server(base) as address:
        yield f"http://{address}"


@api.parametrize()
@hypothesis.settings(max_examples=EXAMPLES, suppress_health_check=list(hypothesis.HealthCheck))
def test_every_answer_is_one_that_is_described(case: schemathesis.Case, url: str) -> None:
    case.call_and_validate(base_url=url, checks=CHECKS)

"""The server answers the golden requests as the files say: what a client may rely on, from one release to the next."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from roadsigns import export
from roadsigns.serving import embedded

GOLDEN = sorted((Path(__file__).parents[2] / "fixtures" / "golden").glob("*.json"))


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The notebook's network with its shipped weights, served."""
    folder = tmp_path_factory.mktemp("models")
    assert export.main(["--model", "notebook", "--output", str(folder), "--version", "1"]) == 0
    with embedded.model_server(folder) as address:
        yield address


def near(value: Any) -> Any:
    """`value` as something to compare with: numbers may differ as two machines' may."""
    if isinstance(value, dict):
        return {name: near(each) for name, each in value.items()}
    if isinstance(value, list):
        return [near(each) for each in value]
    return pytest.approx(value, rel=1e-3, abs=1e-5) if isinstance(value, float) else value


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_the_answer_is_the_golden_one(path: Path, address: str) -> None:
    case = json.loads(path.read_text(encoding="utf-8"))
    answer = requests.request(case["method"], f"http://{address}{case['path']}", data=case["body"], timeout=60)
    assert answer.status_code == case["status"]
    found = answer.json()
    if "/metadata" in case["path"]:  # names of graph tensors are TensorFlow's own affair
        for each in (found, case["answer"]):
            _forget_names(each)
    assert found == near(case["answer"])


def test_the_golden_requests_show_every_signature_and_both_forms() -> None:
    bodies = [json.loads(path.read_text(encoding="utf-8")) for path in GOLDEN]
    good = "".join(case["body"] or "" for case in bodies if case["status"] == 200)
    assert all(word in good for word in ("predict_images", "predict_pixels", '"keep_prob"', '"instances"', '"inputs"'))
    assert {case["status"] for case in bodies} == {200, 400, 404}


def _forget_names(metadata: dict[str, Any]) -> None:
    for signature in metadata["metadata"]["signature_def"]["signature_def"].values():
        for tensor in (*signature["inputs"].values(), *signature["outputs"].values()):
            tensor["name"] = ""

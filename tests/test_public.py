"""What a public host and a package index look for: versions that agree, forms, a workflow that runs what must pass."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

import pytest
import yaml

import roadsigns

ROOT = Path(__file__).parent.parent
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yaml"))


def test_the_version_is_one() -> None:
    """The changelog's newest, the citation's and the package's."""
    newest = re.findall(r"^## \[(\d\S*)\] - \d{4}-\d\d-\d\d$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)[0]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert newest == citation["version"] == roadsigns.__version__
    assert citation["cff-version"] == "1.2.0" and citation["license"] == "Apache-2.0"
    assert {"message", "title", "authors"} <= citation.keys()


def test_the_workflow_runs_what_must_pass() -> None:
    """Every environment of `tox`, on every Python that the package is for."""
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "tests.yaml").read_text())
    job = workflow["jobs"]["tox"]
    setup = (ROOT / "setup.cfg").read_text()
    assert job["strategy"]["matrix"]["python"] == re.findall(r"Python :: (3\.\d+)", setup)
    commands = " ".join(step.get("run", "") for step in job["steps"])
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(ROOT / "tox.ini")
    for name in tox["tox"]["env_list"].split(", "):
        assert re.search(rf"tox -e .*\b{name}\b", commands), name
    assert workflow["permissions"] == {"contents": "read"}


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_a_form_has_what_the_host_asks_for(path: Path) -> None:
    form = yaml.safe_load(path.read_text())
    assert {"name", "description", "body"} <= form.keys()
    ids = [each["id"] for each in form["body"]]
    assert len(set(ids)) == len(ids) > 1
    assert all(each["attributes"]["label"] for each in form["body"])


def test_the_sdist_holds_what_tests_need() -> None:
    """By the manifest: the folders and files that tests read, beside the package and what a build takes anyway."""
    rules = (ROOT / "MANIFEST.in").read_text()
    grafted = set(re.findall(r"^graft (\S+)$", rules, re.MULTILINE))
    assert grafted == {".github", "benchmarks", "deploy", "docs", "fixtures", "tests"}
    included = {name for line in re.findall(r"^include (.+)$", rules, re.MULTILINE) for name in line.split()}
    assert {".dockerignore", "CHANGELOG.md", "CITATION.cff", "roadsigns.ipynb", "tox.ini"} <= included
    assert all((ROOT / name).exists() for name in grafted | included)

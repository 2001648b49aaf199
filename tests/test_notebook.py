"""The notebook, run whole by a real kernel on the drawn fixture, with one epoch."""

import json
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parent.parent
NOTEBOOK = ROOT / "roadsigns.ipynb"


@pytest.fixture(scope="module")
def notebook():
    return nbformat.read(NOTEBOOK, as_version=4)


@pytest.fixture(scope="module")
def executed(notebook, tmp_path_factory):
    folder = tmp_path_factory.mktemp("notebook")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATA", str(ROOT / "fixtures" / "drawn-signs.zip"))
        patch.setenv("EPOCHS", "1")
        patch.setenv("TRACK", "dotscience")
        patch.setenv("http_proxy", "http://127.0.0.1:9")  # where nobody listens
        for name in ("NO_PROXY", "no_proxy", "USE_IMAGE_PERCENT", "PYTHONWARNINGS", "TF_CPP_MIN_LOG_LEVEL"):
            patch.delenv(name, raising=False)
        client = NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder)}})
        return client.execute(), folder


def outputs(executed, word):
    """What the one code cell that holds `word` put out, text and all."""
    [cell] = [cell for cell in executed[0].cells if cell.cell_type == "code" and word in cell.source]
    text = "".join(output.get("text", "") for output in cell.outputs)
    return text, [output.data for output in cell.outputs if "data" in output]


@pytest.fixture(scope="module")
def committed():
    """The code cells of the file, as `python docs/notebook.py` leaves them."""
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def test_notebook_is_committed_executed(committed):
    assert [cell["execution_count"] for cell in committed] == list(range(1, len(committed) + 1))
    assert not [output for cell in committed for output in cell["outputs"] if output["output_type"] == "error"]
    assert NOTEBOOK.stat().st_size < 1_000_000


def test_what_is_committed_shows_drawn_signs_and_nothing_of_the_machine(committed):
    shown = [output for cell in committed for output in cell["outputs"]]
    words = ["".join(part) for output in shown for kind, part in text_of(output) if not kind.startswith("image/")]
    assert any(text.startswith("drawn-signs: 51,600 in train") for text in words)
    assert not [text for text in words if re.search(r"(?<![\w.<])/\w+/|file:|127\.0|localhost|WARNING", text)]


def text_of(output):
    """What an output has, by kind."""
    return {**output.get("data", {}), **({"text": output["text"]} if "text" in output else {})}.items()


def test_what_is_committed_is_of_the_kinds_that_running_it_gives(committed, executed):
    def kinds(outputs):
        return [sorted(output["data"]) for output in outputs if "data" in output]

    again = [cell.outputs for cell in executed[0].cells if cell.cell_type == "code"]
    assert [kinds(cell["outputs"]) for cell in committed] == [kinds(outputs) for outputs in again]


def test_notebook_sets_its_variables_in_the_third_cell_before_the_last(notebook):
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    assert [("EPOCHS = " in source, "USE_IMAGE_PERCENT = " in source) for source in code].index((True, True)) == (
        len(code) - 4
    )


def test_notebook_runs_and_leaves_a_model(executed):
    text, _ = outputs(executed, "finish(run")
    assert "epoch 1: validation" in text and "wrote models/roadsigns/1" in text
    assert "[[DOTSCIENCE-RUN:" in text
    assert (executed[1] / "models" / "roadsigns" / "1" / "saved_model.pb").is_file()


def test_notebook_shows_nothing_that_tensorflow_says_of_the_machine(executed):
    said = [output.text for cell in executed[0].cells for output in cell.get("outputs", []) if "text" in output]
    assert not [text for text in said if "WARNING" in text or "E0000" in text or "I0000" in text]


@pytest.mark.parametrize("word", ["plots.samples", "plots.histogram", "plots.steps", "curves.draw", "classifier.load"])
def test_notebook_shows_pictures(word, executed):
    _, shown = outputs(executed, word)
    assert "image/png" in shown[-1]


def test_notebook_asks_the_server_and_gets_what_the_model_says(executed):
    """The bars of the last cell come over HTTP; those before it from the model itself, for the same picture first."""
    text, shown = outputs(executed, "session.post")
    assert "image/png" in shown[-1]
    assert "differs from the model itself by at most" in text
    assert float(text.split()[-1]) < 1e-5

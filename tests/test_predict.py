"""From picture files to names: what is taken, what is written, what a bad file does to the others."""

import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pictures import draw_signs
from roadsigns import export, keras_file, networks, predict, signs
from roadsigns.errors import ModelError


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A `.keras` file of fixed weights, its export, and three pictures of different sizes."""
    folder = tmp_path_factory.mktemp("predict")
    model = networks.build("notebook", 2)
    model.save(folder / "model.keras")
    export.export(model, folder / "models" / "roadsigns")
    for number, (image, size) in enumerate(zip(draw_signs(3, 1)[0], ((32, 32), (60, 48), (20, 25)), strict=True)):
        Image.fromarray(image).resize(size).save(folder / f"{number}.png")
    return folder


@pytest.fixture
def files(folder):
    return [str(folder / f"{number}.png") for number in range(3)]


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder to stand in, with pictures at two depths."""
    monkeypatch.chdir(tmp_path)
    for number, name in enumerate(("b.png", "a.jpg", "c.WEBP", "deep/d.ppm", "deep/er/e.gif")):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(draw_signs(1, number)[0][0]).save(name)
    Path("notes.txt").write_text("no picture")
    return tmp_path


def answers(capsys, *flags, status=0):
    assert predict.main(["--json", *flags]) == status
    output = capsys.readouterr()
    assert output.err.startswith("model: ") and output.err.count("\n") == 1 + (status != 0)
    return [json.loads(line) for line in output.out.splitlines()]


def named(capsys, *words, status=0):
    return [answer["file"] for answer in answers(capsys, *words, status=status)]


def test_predict_names_five_classes_for_one_file(folder, files, capsys):
    assert predict.main(["--model", str(folder / "model.keras"), files[0]]) == 0
    first, name, *lines = capsys.readouterr().out.splitlines()
    assert (first, name, len(lines)) == (f"model: {folder / 'model.keras'}", files[0], 5)
    for line in lines:
        score, number, name = re.fullmatch(r"\s+(\d+\.\d\d)%  ([ \d]\d)  (.+)", line).groups()
        assert signs.NAMES[int(number)] == name
        assert 0 <= float(score) <= 100


def test_predict_prints_a_line_for_each_of_several_files(folder, files, capsys):
    assert predict.main(files) == 0
    _, *lines = capsys.readouterr().out.splitlines()
    assert [line.split()[-1] for line in lines] == files
    assert predict.main([*files, "--top", "2"]) == 0
    _, *lines = capsys.readouterr().out.splitlines()
    assert lines[::3] == files


def test_predict_answers_alike_through_keras_onnx_and_the_graph(folder, files, capsys):
    by_keras = answers(capsys, "--model", str(folder / "model.keras"), *files)
    by_onnx = answers(capsys, "--model", str(folder / "models/roadsigns/1"), *files)
    (folder / "models/roadsigns/1/assets.extra/roadsigns.onnx").rename(folder / "away")
    try:
        by_graph = answers(capsys, "--model", str(folder / "models/roadsigns"), *files)
    finally:
        (folder / "away").rename(folder / "models/roadsigns/1/assets.extra/roadsigns.onnx")
    for by_other in (by_onnx, by_graph):
        for one, other in zip(by_keras, by_other, strict=True):
            assert one["file"] == other["file"]
            assert [each["class_id"] for each in one["best"]] == [each["class_id"] for each in other["best"]]
            shares = [[each["score"] for each in answer["best"]] for answer in (one, other)]
            np.testing.assert_allclose(*shares, atol=1e-6)


LIGHT = """
import sys
from roadsigns import predict
assert predict.main(sys.argv[1:]) == 0
print(sorted({"tensorflow", "keras", "jax", "h5py", "matplotlib", "requests"} & set(sys.modules)))
"""


@pytest.mark.parametrize("model", ["notebook", "models/roadsigns"])
def test_predict_loads_neither_tensorflow_nor_keras(model, folder, files):
    model = str(folder / model) if "/" in model else model
    done = subprocess.run(
        [sys.executable, "-c", LIGHT, "--model", model, *files],
        env={**os.environ, "PYTHONPATH": str(Path(predict.__file__).parent.parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_predict_takes_folders_patterns_and_names_on_stdin(here, capsys, monkeypatch):
    assert named(capsys, ".") == ["a.jpg", "b.png", "c.WEBP"]
    assert named(capsys, ".", "--recursive") == ["a.jpg", "b.png", "c.WEBP", "deep/d.ppm", "deep/er/e.gif"]
    assert named(capsys, "*.png", "deep") == ["b.png", "deep/d.ppm"]
    assert named(capsys, "**/*.gif") == ["deep/er/e.gif"]
    Path("[x].png").write_bytes(Path("b.png").read_bytes())
    assert named(capsys, "[x].png") == ["[x].png"], "a file of the name wins over the pattern"
    for data in (b"b.png\na.jpg\r\n\n", b"b.png\0a.jpg\0"):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        assert named(capsys, "-") == ["b.png", "a.jpg"]


def test_predict_follows_no_circle_of_links_and_waits_for_no_pipe(here, capsys):
    Path("deep/loop").symlink_to("..")
    Path("circle.png").symlink_to("circle.png")
    os.mkfifo("pipe.png")
    rows = answers(capsys, ".", "--recursive", status=2)
    assert [row["file"] for row in rows if "error" in row] == ["circle.png", "pipe.png"]
    assert len(rows) == 7


def test_a_bad_file_is_a_row_with_its_reason_and_the_rest_goes_on(here, capsys):
    Path("broken.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(30))
    rows = answers(capsys, "a.jpg", "broken.png", "missing.png", "none-*.png", "notes.txt", "b.png", status=2)
    assert ["best" in row for row in rows] == [True, False, False, False, False, True]
    assert [row.get("error", "")[:24] for row in rows[1:5]] == [
        "'broken.png' is a damage",
        "Cannot use 'missing.png'",
        "No file matches 'none-*.",
        "'notes.txt' is no pictur",
    ]
    assert predict.main(["a.jpg", "broken.png"]) == 2
    output = capsys.readouterr()
    assert output.err == "roadsigns predict: 1 of 2 could not be read. Their rows say why\n"
    assert output.out.splitlines()[2].startswith("broken.png: 'broken.png' is a damaged PNG file: ")


@pytest.mark.parametrize("word", ["notes.txt", "missing.png", "none-*.png", "empty", "deep/er/../../empty"])
def test_what_is_wrong_with_the_only_file_is_the_error(word, here, capsys):
    Path("empty").mkdir()
    assert predict.main([word]) == 2
    output = capsys.readouterr()
    assert output.err.startswith("roadsigns predict: ") and output.err.count("\n") == 1 and "rows" not in output.err


def test_predict_writes_csv_that_reads_back(here, capsys):
    Path("broken.png").write_bytes(b"hello")
    name = os.fsdecode(b'odd "name",\n\xff.png')
    Path(name).write_bytes(Path("b.png").read_bytes())
    rows = answers(capsys, ".", status=2)
    assert predict.main([".", "--csv", "out.csv", "--top", "2"]) == 2
    assert capsys.readouterr().out.splitlines()[1:] == ["wrote out.csv: 5 pictures"]
    with Path("out.csv").open(newline="", encoding="utf-8", errors="surrogateescape") as file:
        written = list(csv.DictReader(file))
    assert [row["file"] for row in written] == [row["file"] for row in rows]
    for one, other in zip(rows, written, strict=True):
        if "error" in one:
            assert (other["class_id"], other["error"]) == ("", one["error"])
        else:
            assert int(other["class_id_2"]) == one["best"][1]["class_id"]
            assert (float(other["score"]), other["error"]) == (pytest.approx(one["best"][0]["score"]), "")


def test_predict_writes_parquet_that_reads_back(here, capsys):
    from pyarrow import parquet

    rows = answers(capsys, ".")
    assert predict.main([".", "--parquet", "out.parquet"]) == 0
    table = parquet.read_table("out.parquet").to_pylist()
    assert [row["file"] for row in table] == [row["file"] for row in rows]
    assert [row["class_id"] for row in table] == [row["best"][0]["class_id"] for row in rows]
    assert table[0]["score"] == pytest.approx(rows[0]["best"][0]["score"])


def test_predict_draws_a_sheet(here, capsys):
    Path("broken.png").write_bytes(b"hello")
    assert predict.main([".", "--recursive", "--sheet", "sheet.png"]) == 2
    with Image.open("sheet.png") as sheet:
        assert sheet.size == (6 * 164, 150)
        assert len(sheet.getcolors(10**6)) > 100


@pytest.mark.parametrize("flag", ["--csv", "--sheet", "--parquet"])
def test_a_file_that_cannot_be_written_is_told_and_nothing_is_left(flag, here, capsys):
    Path("dir").mkdir()
    Path("dir/kept").touch()
    assert predict.main(["a.jpg", "b.png", flag, "dir"]) == 2
    assert "Cannot use 'dir': Is a directory" in capsys.readouterr().err
    assert os.listdir("dir") == ["kept"] and not [name for name in os.listdir() if name.startswith(".")]


FULL = """
import resource, sys
from roadsigns.predict import main
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize("flag", ["--csv", "--sheet", "--parquet"])
def test_a_disk_that_fills_leaves_what_was_there(flag, here):
    """A limit on file sizes stands for the full disk: the system refuses the write either way."""
    Path("out").write_bytes(b"old")
    before = sorted(os.listdir())
    command = [sys.executable, "-c", FULL, "a.jpg", "b.png", flag, "out"]
    # Coverage would write a file too.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "Cannot use 'out': File too large" in done.stderr
    assert Path("out").read_bytes() == b"old" and sorted(os.listdir()) == before


def test_a_reader_that_leaves_ends_it_quietly(here):
    command = f"{sys.executable} -m roadsigns.predict {'b.png ' * 500} | head -2"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True)
    assert (done.returncode, done.stderr, len(done.stdout.splitlines())) == (0, "", 2)


def test_a_box_cuts(here, capsys):
    sign = Image.open("b.png")
    wide = Image.new("RGB", (100, 60), "white")
    wide.paste(sign, (30, 10))
    wide.save("wide.png")
    [whole] = answers(capsys, "b.png")
    [cut] = answers(capsys, "wide.png", "--box", "30,10,32,32")
    assert cut["best"] == whole["best"]
    assert predict.main(["wide.png", "--box", "90,10,32,32"]) == 2
    assert "--box 90,10,32,32 reaches beyond 'wide.png', which has 100 x 60 pixels" in capsys.readouterr().err
    assert predict.main(["wide.png", "--box", "1,2,3"]) == 2
    assert "expected X,Y,W,H: four whole numbers, W and H at least 1. Received: '1,2,3'" in capsys.readouterr().err


def test_a_phone_photo_that_is_stored_sideways_has_the_answer_of_the_upright_one(here, capsys):
    image = Image.open("b.png")
    exif = Image.Exif()
    exif[0x0112] = 6  # stored so that it must be turned right
    image.rotate(90).save("sideways.png", exif=exif)
    upright, sideways = answers(capsys, "b.png", "sideways.png")
    assert upright["best"] == sideways["best"]


def test_predict_refuses_a_damaged_export_and_an_export_of_another_kind(folder, files, tmp_path, capsys):
    (tmp_path / "saved_model.pb").write_bytes(b"not a graph")
    assert predict.main(["--model", str(tmp_path), files[0]]) == 2
    assert "cannot be loaded as one of our exports: " in capsys.readouterr().err
    with pytest.raises(ModelError, match=r"is an exported version: expected the \.keras file that it was made from"):
        keras_file.load(folder / "models" / "roadsigns" / "1")

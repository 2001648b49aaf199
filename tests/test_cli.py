from __future__ import annotations

import dataclasses
import errno
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

import roadsigns
from roadsigns import config
from roadsigns.cli import command, parse
from roadsigns.config import EvaluateOptions, PredictOptions, TrainOptions
from roadsigns.errors import DataError, ModelError, NetworkError, UsageError
from roadsigns.options import Options

ENVIRON = {**os.environ, "PYTHONPATH": str(Path(roadsigns.__file__).parent.parent), "PYTHONUNBUFFERED": ""}

EVERY = [
    config.DataCommandOptions,
    config.TrainOptions,
    config.EvaluateOptions,
    config.PredictOptions,
    config.ExportOptions,
    config.ServeOptions,
]


def read(options: type[Any], *argv: str, **environ: str) -> Any:
    with mock.patch.dict(os.environ, environ):
        return parse(options, argv, verb="try", about="Tries.", examples=("roadsigns try --x 1",))


def test_parse_gives_the_defaults() -> None:
    assert read(TrainOptions) == TrainOptions()


@pytest.mark.parametrize(
    ("argv", "environ", "epochs"),
    [
        ([], {}, 15),
        ([], {"EPOCHS": "2"}, 2),
        (["--epochs", "3"], {}, 3),
        (["--epochs", "3"], {"EPOCHS": "2"}, 3),
        (["--epochs", "15"], {"EPOCHS": "2"}, 15),
        (["--epochs=3", "--epochs", "4"], {}, 4),
        ([], {"EPOCHS": ""}, 15),
        (["--epochs", "3"], {"EPOCHS": "abc"}, 3),
        ([], {"epochs": "2", "SEED": "9"}, 15),
    ],
)
def test_a_flag_wins_over_its_variable(argv: list[str], environ: dict[str, str], epochs: int) -> None:
    assert read(TrainOptions, *argv, **environ) == TrainOptions(epochs=epochs)


@pytest.mark.parametrize(
    ("argv", "environ", "percent"),
    [([], {"USE_IMAGE_PERCENT": "1"}, 1.0), (["--use-image-percent", "0.5"], {"USE_IMAGE_PERCENT": "1"}, 0.5)],
)
def test_use_image_percent_is_read_likewise(argv: list[str], environ: dict[str, str], percent: float) -> None:
    assert read(TrainOptions, *argv, **environ) == TrainOptions(use_image_percent=percent)


def test_parse_reads_the_process_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EPOCHS", "4")
    monkeypatch.setattr(sys, "argv", ["roadsigns", "--seed", "5"])
    options = parse(TrainOptions, None, verb="train", about="", examples=())
    assert (options.epochs, options.seed) == (4, 5)


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["--resume"], TrainOptions(resume="newest")),
        (["--resume", "runs/a"], TrainOptions(resume="runs/a")),
        (["--resume", "--seed", "1"], TrainOptions(resume="newest", seed=1)),
        (["--json"], TrainOptions(json=True)),
        (["--data-dir", "a b"], TrainOptions(data_dir=Path("a b"))),
        (["--track", "mlflow"], TrainOptions(track="mlflow")),
    ],
)
def test_parse_reads_flags(argv: list[str], expected: TrainOptions) -> None:
    assert read(TrainOptions, *argv) == expected


def test_parse_takes_files_and_flags_in_any_order() -> None:
    expected = PredictOptions(files=(Path("a.png"), Path("b.jpg")), json=True)
    assert read(PredictOptions, "a.png", "b.jpg", "--json") == expected
    assert read(PredictOptions, "--json", "a.png", "b.jpg") == expected


WHOLE = "expected a whole number of at least 1 and at most 1000000"
BAD: dict[str, tuple[type[Options], list[str], dict[str, str], str]] = {
    "flag": (TrainOptions, ["--epochs", "0"], {}, f"Invalid value for --epochs: {WHOLE}. Received: '0'"),
    "negative": (TrainOptions, ["--epochs", "-1"], {}, f"Invalid value for --epochs: {WHOLE}. Received: '-1'"),
    "variable": (TrainOptions, [], {"EPOCHS": "abc"}, f"Invalid value for EPOCHS: {WHOLE}. Received: 'abc'"),
    "percent": (
        TrainOptions,
        [],
        {"USE_IMAGE_PERCENT": "101"},
        "Invalid value for USE_IMAGE_PERCENT: expected a number above 0 and at most 100. Received: '101'",
    ),
    "dashes": (TrainOptions, ["--keep-prob-conv", "NaN"], {}, "Invalid value for --keep-prob-conv: expected a number"),
    "rate": (TrainOptions, ["--learning-rate=1e400"], {}, "Invalid value for --learning-rate: expected a number above"),
    "choice": (EvaluateOptions, ["--split", "all"], {}, "--split: expected train, valid or test. Received: 'all'"),
    "empty": (TrainOptions, ["--output", ""], {}, "Invalid value for --output: expected a path. Received: ''"),
    "empty file": (PredictOptions, [""], {}, "Invalid value for FILE: expected one or more paths. Received: ['']"),
    "unknown": (
        TrainOptions,
        ["--epoch", "1"],
        {},
        "arguments: --epoch 1. Did you mean --epochs? See roadsigns try --h",
    ),
    "misspelt": (
        TrainOptions,
        ["--lerning-rate=1"],
        {},
        "--lerning-rate=1. Did you mean --learning-rate? See road",
    ),
    "dash for underscore": (config.ServeOptions, ["--rest-api-port", "1"], {}, "1. Did you mean --rest_api_port? See"),
    "not like any": (TrainOptions, ["--frobnicate"], {}, "unrecognized arguments: --frobnicate. See roadsigns try"),
    "after others": (EvaluateOptions, ["now", "--jsno"], {}, "arguments: now --jsno. Did you mean --json? See"),
    "stray": (TrainOptions, ["now"], {}, "unrecognized arguments: now. See roadsigns try --help"),
    "no value": (
        TrainOptions,
        ["--epochs"],
        {},
        "--epochs needs a value. If the value begins with a dash: --epochs=-VALUE. See",
    ),
    "value of a switch": (TrainOptions, ["--json=1"], {}, "--json takes no value. Received: '1'. See roadsigns try"),
    "no file": (PredictOptions, ["--json"], {}, "FILE is missing: expected "),
    "no file, an example": (PredictOptions, [], {}, ". For example: roadsigns try --x 1"),
    "unknown and no file": (PredictOptions, ["--zzzz"], {}, "unrecognized arguments: --zzzz. See roadsigns try --help"),
    "a model without its flag": (EvaluateOptions, ["m.keras"], {}, "m.keras. Did you mean --model=m.keras? See"),
    "data without its flag": (TrainOptions, ["a/signs.zip"], {}, "a/signs.zip. Did you mean --data=a/signs.zip? See"),
}


@pytest.mark.parametrize(("options", "argv", "environ", "message"), BAD.values(), ids=BAD.keys())
def test_parse_rejects(options: type[Options], argv: list[str], environ: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        read(options, *argv, **environ)


@pytest.mark.parametrize("options", EVERY)
def test_help_lists_every_flag(options: type[Options], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        read(options, "--help")
    assert leaving.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    assert text.startswith("usage: roadsigns try") and text.endswith("examples: roadsigns try --x 1")
    for item in dataclasses.fields(options):
        name = item.metadata["metavar"] if item.metadata["positional"] else options.flag(item.name)
        assert re.search(rf" {name} ", text), name
        # argparse may break a long help text at a hyphen
        assert item.metadata["help"].replace(" ", "") in text.replace(" ", ""), name
        assert item.metadata["env"] in text


@pytest.mark.parametrize("columns", [40, 80])
@pytest.mark.parametrize("options", EVERY)
def test_help_keeps_to_the_terminal(
    options: type[Options], columns: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """But for what has no place to break it: an example, and a flag with its words."""
    monkeypatch.setenv("COLUMNS", str(columns))
    with pytest.raises(SystemExit):
        parse(options, ["--help"], verb="try", about="Tries. " * 20, examples=("roadsigns " + "x" * 99,))
    text, _, examples = capsys.readouterr().out.partition("examples:\n")
    assert examples == "  roadsigns " + "x" * 99 + "\n"
    unbroken = re.compile(r" *\[?--\S+( \S+)?")
    assert [line for line in text.splitlines() if len(line) > columns and not unbroken.fullmatch(line)] == []


def test_help_states_defaults_and_variables(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        read(TrainOptions, "--help")
    text = " ".join(capsys.readouterr().out.split())
    assert "passes over the training pictures; default 15 (environment: EPOCHS)" in text
    assert "(environment: USE_IMAGE_PERCENT)" in text
    assert "default None" not in text and "default False" not in text


@pytest.mark.parametrize(
    ("encoding", "printed"),
    [("ascii", b"B\\xe4ume \xe4"), ("latin-1", b"B\xe4ume \xe4"), ("utf-8", b"B\xc3\xa4ume \xe4")],
)
def test_every_name_can_be_printed(encoding: str, printed: bytes) -> None:
    program = """
import sys
from roadsigns.cli import command

@command("try")
def main(argv=None):
    print("B\\xe4ume \\udce4", end="")

sys.exit(main([]))
"""
    environ = {**ENVIRON, "PYTHONIOENCODING": encoding}
    done = subprocess.run([sys.executable, "-c", program], env=environ, capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, printed, b"")


FAILURES: dict[str, tuple[BaseException, str]] = {
    "usage": (UsageError("No such flag."), "roadsigns try: No such flag."),
    "data": (DataError("Damaged."), "roadsigns try: Damaged."),
    "network": (NetworkError("No answer."), "roadsigns try: No answer."),
    "several lines": (ModelError("One\n  two\tthree"), "roadsigns try: One two three"),
    "missing": (
        FileNotFoundError(errno.ENOENT, "No such file or directory", "a b.png"),
        "roadsigns try: Cannot use 'a b.png': No such file or directory",
    ),
    "path object": (
        PermissionError(errno.EACCES, "Permission denied", Path("runs")),
        "roadsigns try: Cannot use 'runs': Permission denied",
    ),
    "no rights": (
        PermissionError(errno.EACCES, "Permission denied", "runs"),
        "roadsigns try: Cannot use 'runs': Permission denied. Change its rights, or name another place",
    ),
    "folder": (
        IsADirectoryError(errno.EISDIR, "Is a directory", "x"),
        "roadsigns try: Cannot use 'x': Is a directory. Exp",
    ),
    "nowhere for temporary files": (
        FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp', '/home/me']"),
        "roadsigns try: There is no folder for temporary files: ['/tmp', '/home/me'] have no room, or may not be "
        "written. Set TMPDIR to one",
    ),
    "without a name": (OSError(errno.ENOSPC, "No space left on device"), "roadsigns try: Cannot use: No space left"),
    "memory": (
        MemoryError("Unable to allocate 99 GiB"),
        "roadsigns try: There is not enough memory (Unable to allocate 99 GiB). End other programs, or give it less",
    ),
    "memory without words": (MemoryError(), "roadsigns try: There is not enough memory. End other programs"),
    "words only": (OSError("gone"), "roadsigns try: Cannot use: gone"),
}


@pytest.mark.parametrize(("error", "line"), FAILURES.values(), ids=FAILURES.keys())
def test_an_expected_failure_is_one_line_and_status_2(
    error: BaseException, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    @command("try")
    def main(argv: Any = None) -> None:
        raise error

    assert main([]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith(line) and err.count("\n") == 1


def test_a_missing_file_is_told_with_the_name_that_is_like_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "photo.jpeg").touch()

    @command("try")
    def main(argv: Any = None) -> None:
        (tmp_path / "photo.jpg").read_bytes()

    assert main([]) == 2
    assert f"No such file or directory. Did you mean {str(tmp_path / 'photo.jpeg')!r}?" in capsys.readouterr().err


def test_success_is_0_and_gets_the_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    @command("try")
    def main(argv: Any = None) -> None:
        print(argv)

    assert main(["--x"]) == 0
    assert main() == 0
    assert capsys.readouterr() == ("['--x']\nNone\n", "")


def test_an_interrupt_is_130(capsys: pytest.CaptureFixture[str]) -> None:
    @command("try")
    def main(argv: Any = None) -> None:
        raise KeyboardInterrupt

    assert main([]) == 130
    assert capsys.readouterr() == ("", "")


def test_a_bug_passes_untouched() -> None:
    @command("try")
    def main(argv: Any = None) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        main([])


PROGRAM = """
import os, sys
from roadsigns.cli import command
from roadsigns.errors import UsageError

@command("try")
def main(argv=None):
    with open("new", "w"):  # takes the lowest number that is free
        os.write(1, b"out")
        os.write(2, b"err")
    print(os.fsdecode(b"B\\xe4ume.png"))
    if argv:
        raise UsageError("No.")

sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize(("flag", "status"), [("", 0), ("--fail", 2)])
def test_a_closed_stream_is_no_place_for_a_file(closed: str, flag: str, status: int, tmp_path: Path) -> None:
    line = f'exec "$PYTHON" -c "$PROGRAM" {flag} {closed}'
    done = subprocess.run(
        ["bash", "-c", line],
        env={**ENVIRON, "PYTHON": sys.executable, "PROGRAM": PROGRAM},
        cwd=tmp_path,
        capture_output=True,
    )
    assert done.returncode == status
    assert (tmp_path / "new").read_bytes() == b""
    assert done.stdout == (b"" if ">&-" in closed.replace("2>&-", "") else b"outB\xe4ume.png\n")
    told = b"roadsigns try: No.\n" if flag else b""
    assert done.stderr == (b"" if "2>&-" in closed else b"err" + told)


@pytest.mark.parametrize(("flag", "variable"), [("-Werror", ""), ("-Werror::DeprecationWarning", ""), ("-q", "error")])
def test_a_warning_ends_no_command_and_errors_are_back_after_it(flag: str, variable: str) -> None:
    script = """
import warnings
from roadsigns.cli import command
@command("try")
def main(argv):
    warnings.warn("a library's", DeprecationWarning, stacklevel=2)
    print("done")
assert main([]) == 0
try:
    warnings.warn("a person's own", DeprecationWarning, stacklevel=1)
except DeprecationWarning:
    print("error")
"""
    done = subprocess.run(
        [sys.executable, flag, "-c", script],
        env={**os.environ, "PYTHONWARNINGS": variable},
        capture_output=True,
        text=True,
    )
    assert (done.stdout, done.stderr) == ("done\nerror\n", "")


def test_a_name_that_is_no_utf_8_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    @command("try")
    def main(argv: Any = None) -> None:
        "B\udce4ume".encode()

    assert main([]) == 2
    message = "roadsigns try: Cannot use 'B\\udce4ume': it is no UTF-8 text. Rename it, or set PYTHONUTF8=1\n"
    assert capsys.readouterr() == ("", message)


@pytest.mark.parametrize("lines", [1, 100_000], ids=["what a buffer holds", "more than a buffer"])
def test_a_reader_that_leaves_is_no_failure(lines: int) -> None:
    """As in `roadsigns evaluate | head -1`."""
    program = f"""
import sys
from roadsigns.cli import command

@command("try")
def main(argv=None):
    for _ in range({lines}):
        print("a line of output")

sys.exit(main([]))
"""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run([sys.executable, "-c", program], stdout=writer, stderr=subprocess.PIPE, env=ENVIRON)
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")

"""The command as a process: options, end, and the model server beside it."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

import peers
from roadsigns.app import __main__

ENVIRON = {name: value for name, value in os.environ.items() if name not in ("TENSORFLOW_HOST", "PORT")}
PREDICT = "/v1/models/roadsigns_model:predict"


class App:
    """The app as a process on a free port."""

    def __init__(self, environ: dict[str, str], *flags: str, cwd: Path | None = None, seconds: float = 20) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "roadsigns.app", "--port", "0", *flags],
            env={**ENVIRON, **environ},
            cwd=cwd,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: list[str] = []
        while not self.lines or " asks the model server at " not in self.lines[-1]:
            line = self.process.stderr.readline()
            assert line, self.lines
            self.lines.append(line)
        self.url = self.lines[-1].split()[0].rstrip("/")

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        status = self.process.wait(20)
        self.process.stderr.close()
        return status


def fetch(url: str, body: object = None) -> tuple[int, bytes]:
    data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data), timeout=30) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


@pytest.mark.parametrize("prefix", ["", "http://"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_serves_until_it_is_told_to_end(
    loop: peers.Loop, echo: peers.Handler, prefix: str, number: int
) -> None:
    address = peers.start_backend(loop, echo)
    app = App({"TENSORFLOW_HOST": prefix + address}, "--frame-ancestors", "self https://hub.example")
    try:
        with urllib.request.urlopen(app.url + "/", timeout=30) as response:
            assert "; frame-ancestors 'self' https://hub.example" in response.headers["Content-Security-Policy"]
        status, page = fetch(app.url + "/")
        assert status == 200 and page == (__main__.www() / "index.html").read_bytes()
        status, got = fetch(app.url + PREDICT, {"inputs": {}})
        assert status == 200 and got.startswith(f"POST {PREDICT} HTTP/1.1\r\nHost: {address}\r\n".encode())
    finally:
        assert app.end(number) == 0


BAD = {
    "TLS": ({"TENSORFLOW_HOST": "https://models:8501"}, "Invalid value for TENSORFLOW_HOST: expected host:port"),
    "path": ({"TENSORFLOW_HOST": "models:8501/v1"}, "no path). Received: 'models:8501/v1'"),
    "words": ({"TENSORFLOW_HOST": "not a host"}, "Received: 'not a host'"),
    "user": ({"TENSORFLOW_HOST": "me:secret@models:8501"}, "Received: "),
    "frames": (
        {"TENSORFLOW_HOST": "models:1", "FRAME_ANCESTORS": "https://hub.example/lab"},
        "Invalid value for FRAME_ANCESTORS: expected none, or self and origins such as https://hub.example",
    ),
    "port out of range": ({"TENSORFLOW_HOST": "models:70000"}, "Received: 'models:70000'"),
    "header": ({"TENSORFLOW_HOST": "models:80\r\nX: 1"}, "Received: "),
    "PORT": (
        {"TENSORFLOW_HOST": "models:1", "PORT": "tcp://10.0.0.1:80"},
        "Invalid value for PORT: expected a whole number",
    ),
}


@pytest.mark.parametrize(("environ", "message"), BAD.values(), ids=BAD.keys())
def test_bad_settings_are_one_line(environ: dict[str, str], message: str) -> None:
    command = [sys.executable, "-m", "roadsigns.app"]
    done = subprocess.run(command, env={**ENVIRON, **environ}, capture_output=True, text=True)
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and message in done.stderr


def test_a_port_that_is_taken_is_one_line(loop: peers.Loop, echo: peers.Handler) -> None:
    address = peers.start_backend(loop, echo)
    command = [sys.executable, "-m", "roadsigns.app", "--port", address.rpartition(":")[2]]
    done = subprocess.run(command, env={**ENVIRON, "TENSORFLOW_HOST": address}, capture_output=True, text=True)
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and "ddress already in use" in done.stderr


def test_without_tensorflow_an_address_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As in the container, which has no TensorFlow."""
    monkeypatch.delenv("TENSORFLOW_HOST", raising=False)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert __main__.main([]) == 2
    err = capsys.readouterr().err
    assert err.startswith("roadsigns app: TENSORFLOW_HOST is not set") and err.count("\n") == 1


def test_the_app_imports_httptools_and_the_standard_library_alone() -> None:
    """So the container needs no other package."""
    program = "import json, sys; import roadsigns.app.__main__; print(json.dumps(sorted(sys.modules)))"
    unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    done = subprocess.run([sys.executable, "-c", program], env=unmeasured, capture_output=True, check=True)
    loaded = json.loads(done.stdout)
    tops = {name.split(".")[0] for name in loaded if "cython" not in name}  # httptools is compiled by it
    site = {"sitecustomize", "usercustomize", "_virtualenv", "distutils-precedence", "_distutils_hack"}
    assert {top for top in tops if not top.startswith("__editable__")} - set(sys.stdlib_module_names) - site <= {
        "roadsigns",
        "httptools",
        "__main__",
        "__mp_main__",
    }


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty working folder and, below it, a cache."""
    return tmp_path_factory.mktemp("models")


def test_without_an_address_it_runs_its_own_model_server(models: Path) -> None:
    """On the shipped weights: exported at the first start, cached for the second."""
    environ = {"XDG_CACHE_HOME": str(models / "cache")}
    said = []
    for _ in range(2):
        app = App(environ, cwd=models)
        try:
            said.append(" ".join(app.lines))
            status, got = fetch(app.url + PREDICT.removesuffix(":predict"))
            assert status == 200 and json.loads(got)["model_version_status"][0]["state"] == "AVAILABLE"
            image = [[[0.5] * 3] * 32] * 32  # the default network's x: in colour
            status, got = fetch(app.url + PREDICT, {"inputs": {"keep_prob": [1], "keep_prob_conv": [1], "x": [image]}})
            (row,) = json.loads(got)["outputs"]
            assert status == 200 and len(row) == 43 and sum(row) == pytest.approx(1, abs=1e-4)
        finally:
            assert app.end() == 0
    assert "exporting the weights" in said[0] and "exporting" not in said[1]
    (folder,) = (models / "cache" / "roadsigns").iterdir()
    assert os.listdir(folder) == ["1"]


def test_the_model_server_ends_however_the_app_ends(models: Path) -> None:
    """SIGKILL leaves the app no time to end its child."""
    app = App({"XDG_CACHE_HOME": str(models / "cache")}, cwd=models)
    address = app.lines[-1].split()[-1]
    assert app.end(signal.SIGKILL) == -signal.SIGKILL
    for _ in range(100):
        try:
            fetch(f"http://{address}/v1/models/roadsigns_model")
        except OSError:
            return
        time.sleep(0.1)
    raise AssertionError("the model server still runs")


def test_without_a_place_for_the_export_one_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TENSORFLOW_HOST", raising=False)
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert __main__.main([]) == 2
    assert "is not a writable folder (Not a directory). XDG_CACHE_HOME can name another" in _last(capsys)
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", _no_home)
    assert __main__.main([]) == 2
    assert _last(capsys).endswith("There is no home folder to keep the model in. Set XDG_CACHE_HOME to a folder")


def _no_home() -> Path:
    raise RuntimeError("Could not determine home directory.")


def _last(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().err.splitlines()[-1]

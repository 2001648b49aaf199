"""How many times as many requests a second as LitServe and MLServer does `roadsigns serve` answer, on the same machine?

    python benchmarks/compare_servers.py CACHE --model models/roadsigns/1

Single pictures, as numbers and as base64 of a PNG, from 1, 8 and 32 clients. Every server serves the same SavedModel,
exported: ours with each of its engines, the rivals as their documentation
shows (`rivals/`), each without and with its batching. Each has an environment of its own below CACHE (made where it is
missing: three times TensorFlow) and first has to give the right answer. All are up all the time; one is under load at a
time, in turn, ROUNDS times. A round gives one ratio. `load.py` takes its part of the same cores. Written to
`results/servers.json`, one comparison for each engine, kind, number of clients and rival.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import io
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image
from rows import compare, described
from server import shape
from stopwatch import spread

from roadsigns import machine
from roadsigns.files import write_json

HERE = Path(__file__).parent
PROJECT = HERE.parent
NAME = "roadsigns_model"
CLIENTS = (1, 8, 32)
KINDS = ("numbers", "picture")
BATCH = 32
TOLERANCE = 1e-4
START_SECONDS = 180
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"  # whatever proxy the surroundings name

PICTURE = np.random.default_rng(0).integers(0, 256, (48, 48, 3), dtype=np.uint8)
REQUIREMENTS = {
    "roadsigns": [f"{PROJECT}[onnxruntime]"],
    "litserve": ["litserve"],
    "mlserver": ["mlserver", "uvloop<0.22"],  # MLServer 1.7.1 asks for a running loop that later ones do not make
}


def png() -> str:
    file = io.BytesIO()
    Image.fromarray(PICTURE).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


@dataclass
class Server:
    """One of the servers.

    Attributes:
        title: for the result.
        environment: key of `REQUIREMENTS`.
        path: of its predict call.
        bodies: by kind.
        results: what `load.py` found, by kind and number of clients, a list with one for each round.
    """

    title: str
    environment: str
    path: str
    bodies: dict
    batching: bool = False
    engine: str = "tensorflow"
    port: int = 0
    results: dict = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.path}"

    def command(self, python: Path, model: Path, scratch: Path) -> list[str]:
        if self.environment == "roadsigns":
            base = scratch / "models"
            base.mkdir()
            (base / "1").symlink_to(model)
            flags = [f"--model_base_path={base}", f"--rest_api_port={self.port}", "--port=0", f"--engine={self.engine}"]
            return [str(python), "-m", "roadsigns.serving", *flags]
        if self.environment == "litserve":
            batching = [str(BATCH)] if self.batching else []
            return [str(python), str(HERE / "rivals" / "litserve_server.py"), str(model), str(self.port), *batching]
        return [str(python.parent / "mlserver"), "start", str(self.settings(model, scratch))]

    def settings(self, model: Path, scratch: Path) -> Path:
        """MLServer's configuration."""
        ports = {"http_port": self.port, "grpc_port": free_port(), "metrics_port": free_port()}
        write_json(scratch / "settings.json", {"host": "127.0.0.1", "debug": False, **ports})
        batching = {"max_batch_size": BATCH, "max_batch_time": 0.001} if self.batching else {}
        runtime = {"name": "signs", "implementation": "mlserver_runtime.Signs", "parameters": {"uri": str(model)}}
        write_json(scratch / "model-settings.json", {**runtime, **batching})
        (scratch / "mlserver_runtime.py").symlink_to(HERE / "rivals" / "mlserver_runtime.py")
        return scratch

    def probabilities(self, kind: str) -> np.ndarray:
        """What it answers, as one row."""
        request = urllib.request.Request(self.url, self.bodies[kind], {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            made = json.load(answer)
        if "outputs" in made and self.environment == "mlserver":
            made = made["outputs"][0]["data"]
        elif "outputs" in made:
            made = made["outputs"]
        elif "predictions" in made:
            made = made["predictions"][0]
        return np.ravel(made["probabilities"] if isinstance(made, dict) else made)


def servers(model: Path) -> list[Server]:
    """All of them, with the requests that this model takes."""
    size = shape(model)
    x = (np.random.default_rng(0).integers(0, 256, size) / 255).round(4)
    flat, x, file = x.ravel().tolist(), x.tolist(), png()
    ours = {
        "numbers": {"inputs": {"x": [x], "keep_prob": 1, "keep_prob_conv": 1}},
        "picture": {"signature_name": "predict_images", "instances": [{"b64": file}]},
    }
    lit = {"numbers": {"x": x}, "picture": {"image": file}}
    ml = {
        "numbers": {"inputs": [{"name": "x", "shape": [1, *size], "datatype": "FP32", "data": flat}]},
        "picture": {
            "inputs": [
                {
                    "name": "image",
                    "shape": [1, 1],
                    "datatype": "BYTES",
                    "data": [file],
                    "parameters": {"content_type": "base64"},
                }
            ]
        },
    }

    def encoded(bodies):
        return {kind: json.dumps(body, separators=(",", ":")).encode() for kind, body in bodies.items()}

    ours_at, infer = f"/v1/models/{NAME}:predict", "/v2/models/signs/infer"
    return [
        Server("roadsigns serve", "roadsigns", ours_at, encoded(ours)),
        Server("roadsigns serve --engine onnxruntime", "roadsigns", ours_at, encoded(ours), engine="onnxruntime"),
        Server("LitServe", "litserve", "/predict", encoded(lit)),
        Server(f"LitServe, batches up to {BATCH}", "litserve", "/predict", encoded(lit), batching=True),
        Server("MLServer", "mlserver", infer, encoded(ml)),
        Server(f"MLServer, batches up to {BATCH}", "mlserver", infer, encoded(ml), batching=True),
    ]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as line:
        return line.getsockname()[1]


def environment(cache: Path, name: str) -> Path:
    """The environment's Python; the environment is made where it is missing, ours anew each time."""
    python = cache / name / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", cache / name], check=True)
    done = cache / name / "installed"
    if name == "roadsigns" or not done.exists():
        tensorflow = f"tensorflow=={machine.versions()['tensorflow']}"
        fresh = ["--force-reinstall", "--no-deps"] if name == "roadsigns" and done.exists() else [tensorflow]
        subprocess.run([python, "-m", "pip", "install", "-q", *fresh, *REQUIREMENTS[name]], check=True)
        done.touch()
    return python


def installed(python: Path, name: str) -> str:
    program = f"from importlib.metadata import version; print(version({name!r}))"
    return subprocess.run([python, "-c", program], check=True, capture_output=True, text=True).stdout.strip()


@contextlib.contextmanager
def up(server: Server, python: Path, model: Path, log: Path):
    """The server while it runs, from its first right answer on."""
    server.port = free_port()
    with tempfile.TemporaryDirectory() as scratch, log.open("wb") as out:
        command = server.command(python, model, Path(scratch))
        environ = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": ""}
        process = subprocess.Popen(command, cwd=scratch, stdout=out, stderr=out, env=environ, start_new_session=True)
        try:
            end = time.monotonic() + START_SECONDS
            while True:
                with contextlib.suppress(OSError):
                    server.probabilities("numbers")
                    break
                if process.poll() is not None or time.monotonic() > end:
                    raise SystemExit(f"{server.title} does not start: {log.read_text()[-2000:]}")
                time.sleep(0.5)
            yield server
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def measure(server: Server, kind: str, clients: int, seconds: float, scratch: Path) -> dict:
    body = scratch / "body.json"
    body.write_bytes(server.bodies[kind])
    command = [sys.executable, HERE / "load.py", server.url, "--body", body]
    command += ["--clients", str(clients), "--seconds", str(seconds)]
    done = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    if done["failures"]:
        raise SystemExit(f"{server.title} failed {done['failures']} of {done['requests']} requests")
    return done


def comparison(subject: Server, rival: Server, kind: str, clients: int, common: dict) -> dict:
    ours, theirs = subject.results[kind, clients], rival.results[kind, clients]

    def every(side, key):
        return [each[key] for each in side]

    sizes = "x".join(map(str, np.shape(json.loads(subject.bodies["numbers"])["inputs"]["x"][0])))
    facts = {
        "request": {"numbers": f"{sizes} numbers as JSON", "picture": "48x48 PNG as base64"}[kind],
        "clients": clients,
        "unit": "requests per second",
    }
    rates = every(ours, "per_second"), every(theirs, "per_second")
    return {
        **common,
        **compare(*rates, subject.title, rival.title, **facts),
        "subject_p50_ms": spread(every(ours, "p50_ms")),
        "rival_p50_ms": spread(every(theirs, "p50_ms")),
        "subject_p99_ms": spread(every(ours, "p99_ms")),
        "rival_p99_ms": spread(every(theirs, "p99_ms")),
    }


def check(everyone: list[Server]) -> None:
    """See that all give the same answers."""
    for kind in KINDS:
        expected = everyone[0].probabilities(kind)
        for server in everyone:
            made = server.probabilities(kind)
            if made.shape != (43,) or not np.allclose(made, expected, atol=TOLERANCE):
                raise SystemExit(f"{server.title} gives another answer for {kind}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cache", type=Path, help="folder for the environments and the servers' logs")
    parser.add_argument("--model", type=Path, default=Path("models/roadsigns/1"), help="an exported version")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each measurement")
    parser.add_argument("--output", type=Path, default=HERE / "results" / "servers.json")
    given = parser.parse_args()
    given.cache.mkdir(parents=True, exist_ok=True)
    cache, model = given.cache.resolve(), given.model.resolve()
    pythons = {name: environment(cache, name) for name in REQUIREMENTS}
    everyone = servers(model)
    subjects = [server for server in everyone if server.environment == "roadsigns"]
    rivals = [server for server in everyone if server not in subjects]
    with contextlib.ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for index, server in enumerate(everyone):
            stack.enter_context(up(server, pythons[server.environment], model, cache / f"server{index}.log"))
        check(everyone)
        for server, kind in itertools.product(everyone, KINDS):  # to warm up
            measure(server, kind, 8, 1, scratch)
        for number, kind, clients in itertools.product(range(given.rounds), KINDS, CLIENTS):
            turn = number % len(everyone)
            for server in everyone[turn:] + everyone[:turn]:
                done = measure(server, kind, clients, given.seconds, scratch)
                server.results.setdefault((kind, clients), []).append(done)
        check(everyone)
    common = described(
        "servers",
        f"compare_servers.py CACHE --model MODEL --rounds {given.rounds} --seconds {given.seconds:g}",
        onnxruntime=installed(pythons["roadsigns"], "onnxruntime"),
        **{name: installed(pythons[name], name) for name in ("litserve", "mlserver")},
    )
    made = [
        comparison(subject, rival, kind, clients, common)
        for subject, kind, clients, rival in itertools.product(subjects, KINDS, CLIENTS, rivals)
    ]
    write_json(given.output, made)
    for each in made:
        print(
            f"{each['subject']:<37}{each['request']:<26}{each['clients']:>3} clients  {each['rival']:<28}"
            f"{each['subject_value']['median']:7.0f} : {each['rival_value']['median']:5.0f} = "
            f"{each['ratio']['median']:5.2f}   p99 {each['subject_p99_ms']['median']:6.1f} : "
            f"{each['rival_p99_ms']['median']:6.1f} ms"
        )


if __name__ == "__main__":
    main()

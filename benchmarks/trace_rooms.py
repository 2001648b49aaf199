"""Which files does one piece of work pass through? Written to `results/rooms.json`, beside what stood there before.

    python benchmarks/trace_rooms.py MODELS [OLDER_CHECKOUT]

MODELS is what `roadsigns export --output` was given. Each piece of work runs under `sys.setprofile` in a process of its
own: a REST predict of one picture by a running server that has answered one before, in all its threads; `roadsigns
predict photo.png`, from its import on; the second training step of 64 pictures. Counted are

    files    of the package, of which a function ran
    lines    of code of these functions, each function once
    changes  calls and returns that lead from one file of the package to another, whatever lies between
    entered  how often a call led into each file from another; a coroutine that goes on after a wait was entered before

What goes on in the background is left out: coroutines that began before. So is all that runs while a module is
imported.

A good number for the REST predict is at most 20 files, `serving/rest.py` entered once.

With OLDER_CHECKOUT, the folder of another commit, the same is counted there, in the same way, and stands as `before`.
"""

from __future__ import annotations

import collections
import datetime
import inspect
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve()
IMPORT = "import"
WORKS = ("rest predict", "predict photo.png", "training step")


class Trace:
    """Counts what runs in the files below `package` within `with`, in all threads that were started under `profile`."""

    def __init__(self, package: Path) -> None:
        self._package = str(package) + "/"
        self._stacks: dict[int, list[str]] = collections.defaultdict(list)
        self._codes: set[Any] = set()
        self._begun: set[Any] = set()  # frames of the coroutines that were entered
        self._background: set[Any] = set()  # of those that began before: sweeps and the like, which serve no request
        self._entered: collections.Counter[str] = collections.Counter()
        self._changes = 0
        self._is_on = False

    def profile(self, frame: Any, event: str, _: Any) -> None:
        """What `sys.setprofile` and `threading.setprofile` are given; it counts while the trace is on."""
        file = frame.f_code.co_filename
        if event not in ("call", "return") or not file.startswith(self._package):
            return
        stack = self._stacks[threading.get_ident()]
        if not frame.f_code.co_flags & inspect.CO_OPTIMIZED or (stack and stack[-1] is IMPORT):
            # The body of a module or class, or what such a body calls: importing is not passing through.
            if event == "call":
                stack.append(IMPORT)
            elif stack:
                stack.pop()
            return
        coroutine = frame.f_code.co_flags & inspect.CO_COROUTINE
        if not self._is_on or (coroutine and frame in self._background):
            if coroutine:
                self._background.add(frame)
            return
        room = file.removeprefix(self._package)
        if event == "call":
            self._codes.add(frame.f_code)
            if not stack or stack[-1] != room:
                self._entered[room] += frame not in self._begun
                self._changes += 1
            if coroutine:
                self._begun.add(frame)
            stack.append(room)
        elif stack:
            left = stack.pop()
            self._changes += bool(stack and stack[-1] != left)

    def __enter__(self) -> Trace:
        self._is_on = True
        return self

    def __exit__(self, *_: object) -> None:
        self._is_on = False

    def counts(self) -> dict[str, Any]:
        """What was seen."""
        lines = sum(len({line for *_, line in code.co_lines() if line}) for code in self._codes)
        entered = dict(self._entered.most_common())
        return {"files": len(entered), "lines": lines, "changes": self._changes, "entered": entered}


def trace(work: str, models: Path, out: Path) -> None:
    """Do `work` with the package that is imported first, and write the counts."""
    import importlib.util

    found = importlib.util.find_spec("roadsigns")
    seen = Trace(Path(str(found.origin)).parent)
    threading.setprofile(seen.profile)
    sys.setprofile(seen.profile)
    works = {WORKS[0]: ask, WORKS[1]: predict, WORKS[2]: step}
    works[work](seen, models, lambda: out.write_text(json.dumps(seen.counts())))


def ask(seen: Trace, models: Path, done: Callable[[], object]) -> None:
    """One picture by REST, from a process of its own, so that nothing of the client counts."""
    import socket
    import time

    from roadsigns.serving.__main__ import main

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    client = f"""
import json, urllib.request
opener = urllib.request.build_opener(urllib.request.ProxyHandler({{}}))
picture = [[[100, 100, 100]] * 32] * 32
body = json.dumps({{"signature_name": "predict_pixels", "instances": [{{"images": picture}}]}}).encode()
with opener.open("http://127.0.0.1:{port}/v1/models/roadsigns_model:predict", body, 30) as answer:
    assert len(json.load(answer)["predictions"][0]["probabilities"]) == 43
"""

    def visit() -> None:
        for _ in range(600):
            time.sleep(0.1)
            if subprocess.run([sys.executable, "-c", client], capture_output=True).returncode == 0:
                break
        time.sleep(1)
        with seen:
            subprocess.run([sys.executable, "-c", client], check=True)
        done()
        os._exit(0)

    threading.Thread(target=visit, daemon=True).start()
    main([f"--rest_api_port={port}", "--port=0", f"--model_base_path={models}", "--file_system_poll_wait_seconds=0"])


def predict(seen: Trace, models: Path, done: Callable[[], object]) -> None:
    """The five best classes of a picture of one colour."""
    import io

    from PIL import Image

    with tempfile.TemporaryDirectory() as folder:
        photo = Path(folder) / "photo.png"
        Image.new("RGB", (48, 40), (200, 30, 30)).save(photo)
        from contextlib import redirect_stdout

        with seen, redirect_stdout(io.StringIO()):
            from roadsigns.predict import main

            version = max(models.iterdir(), key=lambda path: int(path.name))
            if main([f"--model={version}", str(photo)]) != 0:
                raise SystemExit("predict failed")
    done()


def step(seen: Trace, _: Path, done: Callable[[], object]) -> None:
    """One step of 64 pictures, after another."""
    import numpy as np

    from roadsigns import backend

    backend.start()
    from roadsigns.config import TrainOptions

    options = TrainOptions()
    images = np.random.default_rng(0).integers(0, 256, (64, 32, 32, 3), np.uint8)
    labels = np.arange(64) % 43
    try:
        from roadsigns.data import Split
        from roadsigns.train import epochs
        from roadsigns.train.run import build

        given: list[Any] = [epochs.Pictures(Split(images, labels), 1)]
    except ImportError:  # in commits where `train` is one module
        from roadsigns import epochs
        from roadsigns.preprocess import preprocess
        from roadsigns.train import build

        given = [preprocess(images), labels]
    model = build(options, 64)
    epochs.train(model, *given, options, 1)
    with seen:
        epochs.train(model, *given, options, 2)
    done()


def counted(checkout: Path, models: Path) -> dict[str, Any]:
    """The counts of all works with the package of `checkout`, each in a process of its own."""
    found = {}
    for work in WORKS:
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "counts.json"
            command = [sys.executable, str(HERE), "--one", work, str(models), str(out)]
            environ = {**os.environ, "PYTHONPATH": str(checkout), "TF_CPP_MIN_LOG_LEVEL": "3"}
            subprocess.run(command, check=True, env=environ, stdout=subprocess.DEVNULL)
            found[work] = json.loads(out.read_text())
    return found


def main(models: Path, older: Path | None) -> None:
    from roadsigns import backend, machine
    from roadsigns.files import write_json

    backend.start()
    result: dict[str, Any] = {
        "name": "rooms",
        "command": "python benchmarks/trace_rooms.py MODELS OLDER_CHECKOUT",
        "date": datetime.date.today().isoformat(),
        **machine.description(),
        "now": counted(HERE.parents[1], models),
    }
    if older is not None:
        described = subprocess.run(["git", "rev-parse", "HEAD"], cwd=older, capture_output=True, text=True, check=True)
        result["before"] = {"commit": described.stdout.strip(), **counted(older.resolve(), models)}
    write_json(HERE.parent / "results" / "rooms.json", result)
    for work in WORKS:
        for when in ("before", "now"):
            if when in result:
                counts = result[when][work]
                numbers = " ".join(f"{counts[name]:6,} {name}" for name in ("files", "lines", "changes"))
                print(f"{work:18} {when:6} {numbers}")


if __name__ == "__main__":
    if sys.argv[1] == "--one":
        trace(sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]))
    else:
        main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]) if len(sys.argv) > 2 else None)

"""Do the server and the app of this checkout answer as many requests a second as those of an older one?

    python benchmarks/compare_commits.py MODELS OLDER_CHECKOUT

MODELS is what `roadsigns export --output` was given; the newest version in it must be one that both can serve. Four
processes: the model server of each checkout, on TensorFlow, and the app of each, both before the server of this one.
CLIENTS clients, each on its own connection, ask for one picture at a time without a pause, in turns of SECONDS; each
process has ROUNDS of them. All must give the same answers. On a busy machine the processor's time for a request, of the
process itself, says more than the rate. A good ratio is .95 or more. Written to `results/commits.json`.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from compare_proxy import answer, body, processor_seconds
from load import load
from rows import compare as compared
from rows import described, write
from stopwatch import spread

HERE = Path(__file__).resolve()
CLIENTS = (1, 32)
ROUNDS = 15
SECONDS = 1.0
CALL = "/v1/models/roadsigns_model:predict"


class Process:
    """A command of one checkout that says at which address it is."""

    def __init__(self, checkout: Path, *words: str, **environ: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", *words],
            cwd=tempfile.gettempdir(),  # where no `roadsigns` of another checkout is found first
            env={**os.environ, "PYTHONPATH": str(checkout), "TF_CPP_MIN_LOG_LEVEL": "3", **environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        said = ""
        for line in self._process.stdout or ():
            said += line
            if found := re.search(r"http://([\d.]+:\d+)", line):
                self.address = found[1]
                break
        else:
            raise SystemExit(f"{' '.join(words)} does not start:\n{said}")
        self.spent: list[float] = []
        self.rates: list[float] = []

    def ask(self, clients: int) -> None:
        """One turn."""
        before = processor_seconds(self._process.pid)
        found = load(f"http://{self.address}{CALL}", body(0), clients, SECONDS)
        if found["failures"]:
            raise SystemExit("an answer is missing")
        self.rates.append(found["per_second"])
        self.spent.append(1e3 * (processor_seconds(self._process.pid) - before) / found["requests"])

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(30)
        self._process.kill()
        self._process.wait()


def compare(what: str, new: Process, old: Process, commit: str, clients: int) -> dict[str, Any]:
    """Let both have their turns."""
    urls = [f"http://{each.address}{CALL}" for each in (new, old)]
    if any(answer(urls[0], seed) != answer(urls[1], seed) for seed in range(16)):
        raise SystemExit("the two differ in their answers")
    for each in (new, old):
        each.ask(clients)  # warms up
        each.rates, each.spent = [], []
    for number in range(ROUNDS):
        for each in (new, old) if number % 2 else (old, new):
            each.ask(clients)
    subject = f"{what} of this commit, {clients} clients, one picture a request"
    result = {
        **described("commits", "compare_commits.py MODELS OLDER_CHECKOUT"),
        **compared(new.rates, old.rates, subject, f"the same of {commit}", unit="requests per second"),
        "processor_ms": {"subject": spread(new.spent), "rival": spread(old.spent)},
    }
    spent = (result["processor_ms"][side]["median"] for side in ("subject", "rival"))
    print("{}: {:.2f} of the rate; {:.3f} and {:.3f} ms".format(result["subject"], result["ratio"]["median"], *spent))
    return result


def main(models: Path, older: Path) -> None:
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=older, capture_output=True, text=True, check=True).stdout
    serve = ("roadsigns.serving", f"--model_base_path={models}", "--port=0", "--rest_api_port=auto")
    with contextlib.ExitStack() as running:

        def start(checkout: Path, *words: str, **environ: str) -> Process:
            return running.enter_context(Process(checkout, *words, **environ))

        new, old = (start(each, *serve, "--engine=tensorflow") for each in (HERE.parents[1], older))
        results = [compare("roadsigns serve", new, old, commit.strip(), clients) for clients in CLIENTS]
        app = ("roadsigns.app", "--port=0")
        before, now = (start(each, *app, TENSORFLOW_HOST=new.address) for each in (older, HERE.parents[1]))
        results += [compare("roadsigns app", now, before, commit.strip(), clients) for clients in CLIENTS]
    write("commits", results)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())

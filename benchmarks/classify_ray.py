"""`roadsigns classify` on a local Ray with two predictors against a plain loop; then with predictors killed meanwhile.

    python benchmarks/classify_ray.py --pictures 200000

A good number: 1.6 times a loop on one core, its start of ten seconds included, memory flat; and with a predictor killed
every ten seconds each picture has one row, the same as before. The files are drawn into a temporary folder (1 GB). All
runs read each file once before they are timed, so that none finds the disk colder than another.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image
from pyarrow import parquet
from rows import described, write

from roadsigns import classifier
from roadsigns.data.synthetic.draw import cores, draw

MODEL = "small"
PREDICTORS = 2
KILL_EVERY_SECONDS = 10.0
MEASURE_EVERY_SECONDS = 5.0  # memory; each time takes a tenth of a second from the predictors
_AT_ONCE = 20_000


def draw_files(count: int, folder: Path) -> list[Path]:
    """Drawn signs as PNG files, a thousand in a folder."""
    paths = []
    for part, start in enumerate(range(0, count, _AT_ONCE)):
        images, _ = draw(min(_AT_ONCE, count - start), 0, part=part, processes=cores())
        for number, image in enumerate(images, start=start):
            path = folder / f"{number // 1000:04d}" / f"{number:07d}.png"
            path.parent.mkdir(exist_ok=True)
            Image.fromarray(image).save(path)
            paths.append(path)
        print(f"drawn {len(paths):,} of {count:,}", file=sys.stderr)
    return paths


def loop(files: list[Path], threads: int | None) -> float:
    """Seconds of a plain loop over the files, the model's loading included."""
    started = time.perf_counter()
    for _ in classifier.load(MODEL, threads).predict(iter(files)):
        pass
    return time.perf_counter() - started


def below(pid: int) -> dict[int, str]:
    """The processes that `pid` and those below it have started, with what each calls itself."""
    parents, names = {}, {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            names[int(entry.name)] = (entry / "cmdline").read_text()
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return {each: names[each] for each in found if each in names}


def memory_mib(pid: int) -> float:
    """Memory of a process and all below it, what they share counted once."""
    total = 0
    for each in below(pid):
        with contextlib.suppress(OSError):
            lines = Path(f"/proc/{each}/smaps_rollup").read_text().splitlines()
            total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


@contextlib.contextmanager
def meanwhile(action: Any, seconds: float) -> Iterator[None]:
    """Call `action` every so many seconds within the block."""
    over = threading.Event()

    def again() -> None:
        while not over.wait(seconds):
            action()

    thread = threading.Thread(target=again)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def classify(folder: Path, out: Path, *, kill: bool) -> dict[str, Any]:
    """Run the command; its seconds, memory over time and how many predictors were killed."""
    command = [sys.executable, "-m", "roadsigns.classify", str(folder), "--recursive", f"--model={MODEL}"]
    started = time.perf_counter()
    process = subprocess.Popen(
        [*command, f"--out={out}", f"--predictors={PREDICTORS}", "--quiet"], stdout=subprocess.DEVNULL
    )
    memory: list[float] = []
    kills: list[int] = []

    def measure() -> None:
        memory.append(memory_mib(process.pid))

    def kill_one() -> None:
        at_work = [pid for pid, name in below(process.pid).items() if "Predictor" in name and "submit" in name]
        if at_work:
            kills.append(random.choice(at_work))
            os.kill(kills[-1], signal.SIGKILL)

    with (
        meanwhile(measure, MEASURE_EVERY_SECONDS),
        meanwhile(kill_one, KILL_EVERY_SECONDS) if kill else contextlib.nullcontext(),
    ):
        if process.wait():
            raise SystemExit("roadsigns classify failed")
    seconds = time.perf_counter() - started
    tenth = max(1, len(memory) // 10)
    return {
        "seconds": round(seconds, 1),
        "kills": len(kills),
        # The first tenth is the start.
        "memory_mib": {
            "second_tenth": round(statistics.median(memory[tenth : 2 * tenth] or memory)),
            "last_tenth": round(statistics.median(memory[-2 * tenth : -1] or memory)),
            "most": round(max(memory)),
        },
    }


def rows(out: Path, files: list[Path]) -> dict[str, int]:
    """Class by file; ends the program where a file has no row, or two."""
    table = parquet.read_table(out, columns=["file", "class_id", "error"])
    found = dict(zip(table.column("file").to_pylist(), table.column("class_id").to_pylist(), strict=True))
    if table.num_rows != len(files) or found.keys() != set(map(str, files)) or None in found.values():
        raise SystemExit(f"{len(files):,} pictures, {table.num_rows:,} rows, {len(found):,} of them different")
    return found


def compared(rival: str, count: int, ours: dict[str, Any], seconds: float) -> dict[str, Any]:
    """A result of one turn each."""

    def once(value: float, digits: int = 0) -> dict[str, float]:
        return dict.fromkeys(("median", "min", "max"), round(value, digits))

    return {
        **described("classify", f"classify_ray.py --pictures {count}"),
        "pictures": count,
        "subject": f"roadsigns classify --predictors {PREDICTORS}, its start included",
        "rival": rival,
        "unit": "pictures a second",
        "subject_value": once(count / ours["seconds"]),
        "rival_value": once(count / seconds),
        "ratio": once(seconds / ours["seconds"], 2),
        "subject_memory_mib": ours["memory_mib"],
    }


def main() -> None:
    """Print the results as JSON, and write them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=200_000)
    count = parser.parse_args().pictures
    top = Path(tempfile.mkdtemp(prefix="classify-"))
    try:
        folder = top / "pictures"
        folder.mkdir()
        files = draw_files(count, folder)
        for file in files:
            file.read_bytes()
        load = [round(each, 1) for each in os.getloadavg()]
        one_core = loop(files, 1)
        ours = classify(folder, top / "out.parquet", kill=False)
        part = files[: max(1, count // 10)]
        all_cores = loop(part, None) * count / len(part)
        expected = rows(top / "out.parquet", files)
        killed = classify(folder, top / "killed.parquet", kill=True)
        found = rows(top / "killed.parquet", files)
    finally:
        shutil.rmtree(top, ignore_errors=True)
    results = [
        compared("a plain loop, the model on one core", count, ours, one_core),
        compared("a plain loop over a tenth of them, the model on all cores", count, ours, all_cores),
        {
            **described("classify-killed", f"classify_ray.py --pictures {count}"),
            "pictures": count,
            "kill_every_seconds": KILL_EVERY_SECONDS,
            **killed,
            "rows": len(found),
            "pictures_without_row": 0,
            "rows_twice": 0,
            "rows_that_differ": sum(found[name] != expected[name] for name in expected),
        },
    ]
    results = [{**each, "load_average_before": load} for each in results]
    write("classify", results)
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()

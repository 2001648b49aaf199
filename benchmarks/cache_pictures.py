"""How fast do a person's pictures come into the cache, and in how much memory? Written to `results/cache.json`.

    python benchmarks/cache_pictures.py [--count 50000] [--small]

50,000 JPEG files of about 100 KB in 20 class folders, and a tenth of them, are read by `roadsigns data` in a process of
its own each. A good number: `growth_bytes`, what one more picture adds to the peak of memory, is below 50; the text of
its name alone takes more in Python. On a machine that does other things too, compare `pictures_a_core_second`. The
files are links to 200 different ones, so that the disk has no part in it. `--small` takes 500, and writes nothing.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from roadsigns import machine
from roadsigns.files import write_json

RESULT = Path(__file__).resolve().parent / "results" / "cache.json"
DIFFERENT, CLASSES, SIDE = 200, 20, 560
PROGRAM = """
import json, re, sys, time
from pathlib import Path
from roadsigns import data
began = time.perf_counter()
made = data.load(sys.argv[1], Path(sys.argv[2]))
seconds, of_cores = time.perf_counter() - began, time.process_time()
# Not getrusage: its peak goes through exec, so that it may be the parent's.
kilobytes = re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]
told = {"seconds": seconds, "core_seconds": of_cores, "peak_mib": int(kilobytes) / 1024}
print(json.dumps({**told, "pictures": made.manifest["pictures"]}))
"""


def main(argv: list[str]) -> None:
    """Measure both, the tenth first."""
    flags = argparse.ArgumentParser()
    flags.add_argument("--count", type=int, default=50_000)
    flags.add_argument("--small", action="store_true")
    asked = flags.parse_args(argv)
    count = 500 if asked.small else asked.count
    with tempfile.TemporaryDirectory() as place:
        sizes = draw(Path(place, "different"))
        rows = [measured(Path(place), each) for each in (count // 10, count)]
    made = {
        "name": "cache",
        "command": f"python benchmarks/cache_pictures.py --count {count}",
        "date": datetime.date.today().isoformat(),
        **machine.description(),
        "bytes_a_file": round(sum(sizes) / len(sizes)),
        "rows": rows,
        "peak_ratio": rows[1]["peak_mib"] / rows[0]["peak_mib"],
        "growth_bytes": (rows[1]["peak_mib"] - rows[0]["peak_mib"]) * 2**20 / (count - count // 10),
    }
    print(json.dumps(made, indent=2))
    if not asked.small:
        write_json(RESULT, made)


def draw(folder: Path) -> list[int]:
    """Pictures that compress to about 100 KB, as photographs of that size do; their sizes in bytes."""
    folder.mkdir()
    random = np.random.default_rng(0)
    for index in range(DIFFERENT):
        coarse = Image.fromarray(random.integers(0, 256, (SIDE // 4, SIDE // 4, 3), np.uint8))
        picture = np.asarray(coarse.resize((SIDE, SIDE), Image.Resampling.BICUBIC), np.float32)
        noisy = picture + random.normal(0, 2.5, picture.shape)
        Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(folder / f"{index}.jpg", quality=75)
    return [path.stat().st_size for path in folder.iterdir()]


def measured(place: Path, count: int) -> dict[str, Any]:
    """`count` pictures, read by a process of its own."""
    folder = place / f"signs-{count}"
    for index in range(count):
        path = folder / f"class {index % CLASSES}" / f"{index}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        os.link(place / "different" / f"{index % DIFFERENT}.jpg", path)
    command = [sys.executable, "-c", PROGRAM, str(folder), str(place / f"cache-{count}")]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    told = json.loads(done.stdout)
    return {
        "count": count,
        "pictures_a_second": count / told["seconds"],
        "pictures_a_core_second": count / told["core_seconds"],
        **told,
    }


if __name__ == "__main__":
    main(sys.argv[1:])

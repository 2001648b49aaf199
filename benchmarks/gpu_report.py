"""The file of one run of `gpu.py`, which grows row by row."""

from __future__ import annotations

import datetime
import os
import shlex
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from stopwatch import Limit, spread

from roadsigns import machine
from roadsigns.files import write_json


class Report:
    """What was measured so far.

    Args:
        path: the file.
        quick: whether everything is small.
        limit: the time of the run.
        commit: of the checkout, where git does not tell.
    """

    def __init__(self, path: Path, quick: bool, limit: Limit, commit: str | None = None) -> None:
        self.path, self.quick, self.limit = path, quick, limit
        self.on_cpu = machine.accelerator() is None
        self.content: dict[str, Any] = {
            "name": path.stem,
            "command": shlex.join(["python", *sys.argv]),
            **machine.description(),
            "date": datetime.date.today().isoformat(),
            "XLA_FLAGS": os.environ.get("XLA_FLAGS", ""),
            "peaks": {},
            "rows": [],
            "comparisons": [],
        }
        if commit:
            self.content["commit"] = commit

    def row(self, title: str, measure: Callable[[], dict[str, Any]], needs: float = 0.0, **facts: Any) -> None:
        """Measure a row if so many seconds are left, and write it, or why there is none."""
        if self.limit.left < needs:
            self.absent(title, "no time was left", **facts)
            return
        try:
            found = measure()
        except Exception as error:  # out of memory, a library that is missing: the next rows are still wanted
            self.absent(title, f"{type(error).__name__}: {' '.join(str(error).split())[:300]}", **facts)
            return
        self.content["rows"].append({"name": title, **facts, **found})
        told = f"{found['value']['median']:>14,.0f} a second"
        told += f"  {found['share_of_roofline']:6.1%} of the peak" if "share_of_roofline" in found else ""
        print(f"{title:<76}{told}", flush=True)
        self.write()

    def absent(self, title: str, why: str, **facts: Any) -> None:
        """Write why there is no such row."""
        self.content["rows"].append({"name": title, **facts, "absent": why})
        print(f"{title:<76}absent: {why[:120]}", flush=True)
        self.write()

    def comparison(self, found: dict[str, Any]) -> None:
        """Keep a row of a comparison."""
        self.content["comparisons"].append(found)
        ratio = found["ratio"]
        print(
            f"{found['subject']} : {found['rival']}  {found['subject_value']['median']:,.0f} : "
            f"{found['rival_value']['median']:,.0f}  ratio {ratio['median']:.2f} ({ratio['min']:.2f} to "
            f"{ratio['max']:.2f})",
            flush=True,
        )
        self.write()

    def peak_memory(self) -> int | None:
        """Most bytes of the device that were taken at once; None where it does not tell."""
        if self.on_cpu or self.content["versions"]["backend"] != "jax":
            return None
        import jax

        return (jax.devices()[0].memory_stats() or {}).get("peak_bytes_in_use")

    def write(self) -> None:
        """Write the file as it is so far."""
        write_json(self.path, self.content)

    def rate(
        self, images: int, taken: Iterable[float], operations: int = 0, precision: str = "float32"
    ) -> dict[str, Any]:
        """A row's figures.

        Args:
            images: pictures of a round.
            taken: seconds of each round.
            operations: of one picture, two a multiply-add; 0 where they are not counted.
            precision: of the products.
        """
        rates = [images / each for each in taken]
        found: dict[str, Any] = {"unit": "images per second", "value": spread(rates), "rounds": len(rates)}
        peak = self.content["peaks"].get(f"{precision}_operations_per_second")
        if operations and peak:
            found["operations_per_image"] = operations
            found["share_of_roofline"] = found["value"]["median"] * operations / peak
        return found

"""Result files as a table and a plot, and what differs between two of them.

    python benchmarks/compare_results.py FILE                       a Markdown table of what it holds
    python benchmarks/compare_results.py BEFORE AFTER --plot a.png  both side by side, with ratios

A file is pytest-benchmark's JSON, what `gpu.py` writes, or a result of `benchmarks/results/`. In a ratio above 1 the
second file is better. A file of another form or version is refused with a line.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from roadsigns import files
from roadsigns.errors import DataError, RoadsignsError

# What pytest-benchmark calls its own version; its JSON has had one form since 3.
_PYTEST_BENCHMARK = (3, 5)
_COMMON = ("name", "command", "commit", "date", "machine", "versions")
_PARTS_OF_A_COMPARISON = (*_COMMON, "subject", "rival", "unit", "subject_value", "rival_value", "ratio")
_MOST_BYTES = 2**26
_MOST_BARS = 60


@dataclass(frozen=True)
class Figure:
    """What was measured of one thing.

    Attributes:
        name: the thing.
        unit: of the values.
        median: of the rounds.
        least: of the rounds.
        most: of the rounds.
    """

    name: str
    unit: str
    median: float
    least: float
    most: float

    @property
    def more_is_better(self) -> bool:
        """Whether it is a rate or a share; what is left takes time or room."""
        return any(word in self.unit for word in ("per second", "a second", "accuracy"))

    def times(self, before: Figure) -> float:
        """How many times better than `before` it is; NaN where one of the two is 0."""
        over, under = (self, before) if self.more_is_better else (before, self)
        return over.median / under.median if under.median else math.nan


@dataclass(frozen=True)
class Results:
    """A result file.

    Attributes:
        title: its name.
        origins: machine, versions and commit, as people read them.
        figures: what it holds, by name and unit.
    """

    title: str
    origins: tuple[str, ...]
    figures: dict[tuple[str, str], Figure]


def read(path: Path) -> Results:
    """Read a result file.

    Raises:
        DataError: it is no result file, or one of another version; says what is expected.
        OSError: it cannot be read.
    """
    try:
        content = json.loads(files.read(path, _MOST_BYTES))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{str(path)!r} is no JSON: {error}. Expected a result file") from error
    objects = content if isinstance(content, list) else [content]
    if not objects or not all(isinstance(each, dict) for each in objects):
        raise DataError(f"{str(path)!r} is no result file: expected an object, or a list of objects")
    try:
        found = [figure for each in objects for figure in _figures(path, each)]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise DataError(
            f"{str(path)!r} is a result file of another version ({type(error).__name__}: {error}). Make it again by "
            "the command that it states"
        ) from error
    if not found:
        raise DataError(f"{str(path)!r} holds no rates, times or accuracies that can be set side by side")
    names: dict[tuple[str, str], Figure] = {}
    for figure in found:
        names.setdefault((figure.name, figure.unit), figure)
    return Results(path.name, tuple(dict.fromkeys(map(_origin, objects))), names)


def _figures(path: Path, content: dict[str, Any]) -> Iterator[Figure]:
    if "benchmarks" in content:
        yield from _of_pytest_benchmark(path, content)
        return
    missing = next((key for key in _COMMON if key not in content), None)
    if missing is not None:
        raise DataError(
            f"{str(path)!r} is no result file, or one of another version: {missing!r} is missing. Expected "
            f"pytest-benchmark's JSON, or the keys {', '.join(_COMMON)}"
        )
    if "rows" in content:
        for row in content["rows"]:
            if "absent" not in row:
                yield _figure(row["name"], row["unit"], row["value"])
    if "subject" in content:
        facts = [
            f"{name} {value}"
            for name, value in content.items()
            if name not in _PARTS_OF_A_COMPARISON and _is_fact(value)
        ]
        for side in ("subject", "rival"):
            name = ", ".join([content[side], *facts])
            yield _figure(name, content["unit"], content[f"{side}_value"])
    elif "test_accuracy" in content:
        given = content["test_accuracy"]
        values = [value for value in (given if isinstance(given, list) else [given]) if value is not None]
        if values:
            middle = sorted(values)[len(values) // 2]
            yield Figure(content["name"], "test accuracy", middle, min(values), max(values))


def _is_fact(value: object) -> bool:
    return isinstance(value, (str, int)) and len(str(value)) <= 40


def _figure(name: str, unit: str, value: dict[str, float]) -> Figure:
    return Figure(name, unit, float(value["median"]), float(value["min"]), float(value["max"]))


def _of_pytest_benchmark(path: Path, content: dict[str, Any]) -> Iterator[Figure]:
    version = str(content["version"])
    lowest, highest = _PYTEST_BENCHMARK
    if not lowest <= int(version.split(".")[0]) <= highest:
        raise DataError(
            f"{str(path)!r} is of pytest-benchmark {version}: expected {lowest} to {highest}. "
            "Make it again: tox -e bench"
        )
    for each in content["benchmarks"]:
        stats, rate = each["stats"], each.get("extra_info", {}).get("images_per_second")
        if rate is None:
            yield Figure(each["name"], "seconds", stats["median"], stats["min"], stats["max"])
        else:  # of the median; the images of a round are both
            images = rate * stats["median"]
            yield Figure(each["name"], "images per second", rate, images / stats["max"], images / stats["min"])


def _origin(content: dict[str, Any]) -> str:
    ours = content.get("machine_info", {}).get("roadsigns", content)
    machine, versions = ours.get("machine", {}), ours.get("versions", {})
    device = machine.get("accelerator") or f"{machine.get('processor')}, {machine.get('cores')} cores"
    version = ", ".join(
        f"{name} {versions[name]}" for name in ("roadsigns", "keras", "tensorflow", "jax") if name in versions
    )
    commit = str(ours.get("commit"))
    return f"{device}; {version}; commit {commit[:12]}{'-dirty' * commit.endswith('-dirty')}"


def table(results: Results) -> str:
    """A Markdown table of one file."""
    lines = [f"{results.title}: {origin}" for origin in results.origins]
    lines += ["", "| what | unit | median | least to most |", "| --- | --- | ---: | ---: |"]
    for each in results.figures.values():
        spread = f"{_shown(each.least)} to {_shown(each.most)}"
        lines.append(f"| {each.name} | {each.unit} | {_shown(each.median)} | {spread} |")
    return "\n".join(lines)


def side_by_side(before: Results, after: Results) -> str:
    """A Markdown table of what two files both hold, and what one alone holds.

    Raises:
        DataError: they have nothing in common.
    """
    both = [key for key in before.figures if key in after.figures]
    if not both:
        raise DataError(f"{before.title} and {after.title} measure different things: no name is in both")
    lines = [f"{each.title}: {origin}" for each in (before, after) for origin in each.origins]
    machines = [{origin.partition(";")[0] for origin in each.origins} for each in (before, after)]
    if machines[0] != machines[1]:
        lines.append("The machines differ, so that a ratio tells of them too.")
    lines += ["", "| what | unit | before | after | times better |", "| --- | --- | ---: | ---: | ---: |"]
    for key in both:
        was, now = before.figures[key], after.figures[key]
        told = f"{now.times(was):.2f}" + (" (within the spread)" if _overlap(was, now) else "")
        lines.append(f"| {was.name} | {was.unit} | {_shown(was.median)} | {_shown(now.median)} | {told} |")
    for one, other in ((before, after), (after, before)):
        alone = [key[0] for key in one.figures if key not in other.figures]
        if alone:
            lines += ["", f"Only in {one.title}: {'; '.join(alone)}"]
    return "\n".join(lines)


def _overlap(one: Figure, other: Figure) -> bool:
    return one.least <= other.most and other.least <= one.most


def _shown(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def plot(many: Sequence[Results], path: Path) -> None:
    """Bars of all figures, a panel for each unit; whiskers from least to most.

    Raises:
        DataError: there are more than fit on a picture.
        OSError: it cannot be written.
    """
    from matplotlib.figure import Figure as Canvas

    keys = list(dict.fromkeys(key for each in many for key in each.figures))
    if len(keys) > _MOST_BARS:
        raise DataError(f"--plot shows at most {_MOST_BARS} rows. Received: {len(keys)}")
    units = list(dict.fromkeys(unit for _, unit in keys))
    heights = [sum(unit == each for _, each in keys) for unit in units]
    canvas = Canvas(figsize=(11, 1.2 + 0.8 * len(units) + 0.22 * len(keys) * (1 + len(many))), layout="constrained")
    panels = canvas.subplots(len(units), 1, squeeze=False, height_ratios=heights)[:, 0]
    for panel, unit in zip(panels, units, strict=True):
        names = [name for name, each in keys if each == unit]
        for number, results in enumerate(many):
            shown = [
                (place, results.figures[name, unit])
                for place, name in enumerate(names)
                if (name, unit) in results.figures
            ]
            size = 0.8 / len(many)
            panel.barh(
                [place + (number - (len(many) - 1) / 2) * size for place, _ in shown],
                [each.median for _, each in shown],
                size,
                xerr=[[each.median - each.least for _, each in shown], [each.most - each.median for _, each in shown]],
                label=results.title,
                color=("#9aa5b1", "#1f6fb4")[number - len(many)],
                error_kw={"elinewidth": 1, "ecolor": "#333333"},
            )
        panel.set_yticks(range(len(names)), names, fontsize=8)
        panel.set_ylim(len(names) - 0.4, -0.6)
        panel.set_xlim(left=0)
        panel.xaxis.set_major_formatter("{x:,g}")
        panel.set_xlabel(unit)
        panel.grid(axis="x", alpha=0.3)
    canvas.legend(*panels[0].get_legend_handles_labels(), loc="outside upper right", ncols=2)
    with files.beside(path) as fresh:
        canvas.savefig(fresh, format="png", dpi=120)


def main(arguments: Sequence[str] | None = None, say: Callable[[str], None] = print) -> None:
    """Read, set side by side, print and draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, metavar="FILE", nargs="+", help="one file, or two to compare")
    parser.add_argument("--plot", type=Path, metavar="PNG", help="draw the figures into this file")
    options = parser.parse_args(arguments)
    try:
        if len(options.file) > 2:
            raise DataError(f"Expected one file, or two to compare. Received: {len(options.file)}")
        many = [read(path) for path in options.file]
        say(table(many[0]) if len(many) == 1 else side_by_side(*many))
        if options.plot is not None:
            plot(many, options.plot)
    except RoadsignsError as error:
        sys.exit(f"compare_results: {error}")
    except OSError as error:
        sys.exit(f"compare_results: Cannot use {str(error.filename)!r}: {error.strerror}")


if __name__ == "__main__":
    main()

"""Who imports whom: the table of rooms and floors in the architecture, held to."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

import roadsigns

PACKAGE = Path(roadsigns.__file__).parent

FLOORS = {
    "__init__": 0,
    "errors": 0,
    "signs": 0,
    "no_sign": 0,
    "networks.table": 0,
    "options": 0,
    "recipes": 0,
    "config": 0,
    "files": 0,
    "console": 0,
    "exported": 0,
    "resize": 0,
    "png": 0,
    "jpeg": 0,
    "cli": 1,
    "data": 1,
    "preprocess": 1,
    "networks": 1,
    "backend": 1,
    "pictures": 1,
    "onnx_file": 1,
    "scores": 1,
    "corruptions": 1,
    "evaluate": 3,
    "report": 2,
    "served": 2,
    "export": 2,
    "models": 1,
    "classifier": 2,
    "plots": 2,
    "train": 3,
    "predict": 3,
    "completion": 2,
    "serving": 4,
    "app": 4,
    "__main__": 5,
}

NEIGHBOURS = {
    ("options", "errors"),
    ("options", "files"),
    ("config", "options"),
    ("config", "errors"),
    ("config", "recipes"),
    ("config", "exported"),
    ("corruptions", "preprocess"),
    ("data", "cli"),
    ("data", "pictures"),
    ("data", "preprocess"),
    ("networks", "preprocess"),
    ("networks", "backend"),
    ("config", "networks.table"),
    ("export", "classifier"),
    ("export", "served"),
    ("app", "serving"),
}
"""The arrows within a floor. A new one is a decision: name it here, or move what is needed to a lower floor."""


def name(path: Path) -> str:
    """`roadsigns/data/split.py` is `roadsigns.data.split`, `roadsigns/data/__init__.py` is `roadsigns.data`."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 2 else parts)


MODULES = {name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def imported(path: Path) -> set[str]:
    """Every module that a file imports, at its top or in a function, by absolute name."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            here = path.relative_to(PACKAGE.parent).parts[: -node.level] if node.level else ()
            base = ".".join([*here, *([node.module] if node.module else [])])
            names = {f"{base}.{alias.name}" for alias in node.names}
            found |= {each if each in MODULES else base for each in names}
    return found


def room(module: str) -> str:
    """`preprocess` of `roadsigns.preprocess`, `data` of `roadsigns.data.split`, `__init__` of `roadsigns`."""
    if module == "roadsigns.networks.table":  # data, for the option tables too
        return "networks.table"
    return [*module.split("."), "__init__"][1]


PROTOCOL = {module for module in MODULES if module.startswith("roadsigns.serving.protocol")}
"""They know nothing of models, TensorFlow or HTTP."""

ARROWS = {
    (room(module), room(other))
    for module, path in MODULES.items()
    for other in imported(path)
    if other.split(".")[0] == "roadsigns" and room(module) != room(other)
}


def test_the_arrows_are_found() -> None:
    assert {("train", "config"), ("train", "networks"), ("data", "preprocess"), ("cli", "errors")} <= ARROWS


def test_every_room_has_a_floor() -> None:
    assert {room(module) for module in MODULES} <= set(FLOORS)


def test_a_room_imports_lower_floors_only() -> None:
    upward = {(here, there) for here, there in ARROWS if FLOORS[here] <= FLOORS[there]} - NEIGHBOURS
    assert not upward


def test_every_neighbour_named_is_one() -> None:
    assert not {(here, there) for here, there in NEIGHBOURS if FLOORS[here] != FLOORS[there]}
    assert not NEIGHBOURS - ARROWS


def reached(start: str) -> set[str]:
    """The rooms that `start` imports, and those that these import, and so on."""
    seen: set[str] = set()
    new = {start}
    while new:
        new = {there for here, there in ARROWS if here in new} - seen
        seen |= new
    return seen


def test_no_room_leads_back_to_itself() -> None:
    assert not [here for here in FLOORS if here in reached(here)]


@pytest.mark.parametrize("module", MODULES)
def test_nothing_imports_torch(module: str) -> None:
    assert not {other for other in imported(MODULES[module]) if other.split(".")[0] in ("torch", "torchvision")}


@pytest.mark.parametrize("here", ["serving", "app"])
def test_a_saved_model_stands_alone(here: str) -> None:
    """What serves one needs neither the network that made it nor the training."""
    assert not reached(here) & {"networks", "train"}


@pytest.mark.parametrize("module", sorted(PROTOCOL))
def test_the_protocol_needs_errors_numpy_and_two_json_readers_only(module: str) -> None:
    others = {other for other in imported(MODULES[module]) if other.split(".")[0] not in sys.stdlib_module_names}
    ours = {f"roadsigns.{room}" for room in ("errors", "exported", "pictures", "serving")}
    assert others <= {"numpy", "numpy.typing", "orjson", "simdjson", *ours, *PROTOCOL}

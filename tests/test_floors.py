"""Who imports whom: the few rules that the rooms keep, held against every import, those for types included."""

from __future__ import annotations

import ast
import graphlib
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

import roadsigns

PACKAGE = Path(roadsigns.__file__).parent
TESTS = Path(__file__).parent
ROOT = TESTS.parent


def name(path: Path) -> str:
    """`roadsigns/data/split.py` is `roadsigns.data.split`, `roadsigns/data/__init__.py` is `roadsigns.data`."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


Function = ast.FunctionDef | ast.AsyncFunctionDef
MODULES = {name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def imported(path: Path) -> set[str]:
    """Every module that a file imports, at its top, in a function or for types, by absolute name."""
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


IMPORTS = {module: imported(path) for module, path in MODULES.items()}
OURS = {module: {other for other in others if other in MODULES} - {module} for module, others in IMPORTS.items()}


def room(module: str) -> str:
    """`data` of `roadsigns.data.split`; in `serving` each wing and each module beside the wings is a room."""
    parts = module.split(".")[1:]
    return ".".join(parts[: 2 if parts[:1] == ["serving"] else 1])


ROOMS: dict[str, set[str]] = {}
for module, others in OURS.items():
    ROOMS.setdefault(room(module), set()).update({room(other) for other in others} - {room(module)})


def reached(start: set[str]) -> set[str]:
    """The modules that those of `start` import, and those that these import, and so on."""
    seen, new = set(start), set(start)
    while new:
        new = {other for module in new for other in OURS[module]} - seen
        seen |= new
    return seen


def within(folder: str) -> set[str]:
    return {module for module in MODULES if f"{module}.".startswith(f"roadsigns.{folder}.")}


def circle(graph: Mapping[str, set[str]]) -> list[str]:
    """Names of which each imports the next, the last being the first again; empty where there is no circle."""
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return list(reversed(error.args[1]))
    return []


def test_imports_are_found() -> None:
    assert {"roadsigns.config", "roadsigns.cli"} <= OURS["roadsigns.train.__main__"]
    assert "roadsigns.serving.protocol.signature" in OURS["roadsigns.serving.engines.engine"]
    assert "keras" in IMPORTS["roadsigns.export"]  # for types only
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) in (["b", "c", "b"], ["c", "b", "c"])


def test_no_module_leads_back_to_itself() -> None:
    assert not circle(OURS)


def test_no_room_leads_back_to_itself() -> None:
    """So each stands on a floor: above all that it imports."""
    assert not circle(ROOMS)


@pytest.mark.parametrize("folder", ["serving", "app"])
def test_an_export_stands_alone(folder: str) -> None:
    """What serves one needs neither the network that made it nor the training; which networks there are is data."""
    makers = within("networks") | within("train")
    assert not reached(within(folder)) & makers - {"roadsigns.networks", "roadsigns.networks.table"}


@pytest.mark.parametrize("module", sorted(within("serving.protocol")))
def test_the_protocol_knows_neither_tensorflow_nor_http(module: str) -> None:
    ground = {f"roadsigns.{each}" for each in ("errors", "exported", "pictures", "serving")}
    others = {other for other in IMPORTS[module] if other.split(".")[0] not in sys.stdlib_module_names}
    assert others <= {"numpy", "numpy.typing", "orjson", "simdjson", *ground, *within("serving.protocol")}
    assert not {other for other in IMPORTS[module] if other.split(".")[0] in ("http", "socket", "asyncio")}


@pytest.mark.parametrize("module", sorted(within("serving.http")))
def test_http_knows_no_model(module: str) -> None:
    assert not OURS[module] & (within("serving") - within("serving.http") - {"roadsigns.serving"})


@pytest.mark.parametrize("module", MODULES)
def test_nothing_imports_torch(module: str) -> None:
    assert not {other for other in IMPORTS[module] if other.split(".")[0] in ("torch", "torchvision")}


def test_the_map_names_every_room() -> None:
    named = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rooms = [path.relative_to(PACKAGE).with_suffix("") for path in [*PACKAGE.iterdir(), *PACKAGE.glob("train/*.py")]]
    folders = [f"{each}/" for each in rooms if (PACKAGE / each).is_dir() and each.name != "__pycache__"]
    modules = [each.name for each in rooms if (PACKAGE / each).with_suffix(".py").is_file() and each.name[0] != "_"]
    assert not [each for each in folders + modules if f"`{each}`" not in named]


def test_no_two_classes_have_one_name() -> None:
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in MODULES.values())
    names = [each.name for tree in trees for each in tree.body if isinstance(each, ast.ClassDef)]
    assert not {each for each in names if names.count(each) > 1 and not each.startswith("_")}


def test_the_package_loads_nothing_heavy() -> None:
    heavy = ("numpy", "keras", "tensorflow", "jax", "onnxruntime", "requests", "PIL", "grpc")
    code = f"import sys, roadsigns; print(sorted(set({heavy}) & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_no_module_is_longer_than_300_lines() -> None:
    """A longer one has two nouns."""
    lines = {module: len(path.read_text().splitlines()) for module, path in MODULES.items()}
    assert not {module: count for module, count in lines.items() if count > 300}


def of_its_name(module: str) -> Path:
    """`roadsigns.serving.rest` has `tests/serving/test_rest.py`; a command's `__main__` has `test_command.py`."""
    *folders, last = module.split(".")[1:]
    names = {"__main__": "command" if folders else "main"}
    return TESTS.joinpath(*folders, f"test_{names.get(last, last)}.py")


def runs(module: str) -> bool:
    """Whether there is anything to test: a function that does something, which data and protocols lack."""
    functions = [each for each in ast.walk(ast.parse(MODULES[module].read_text())) if isinstance(each, Function)]
    return any(not isinstance(line, ast.Expr | ast.Pass) for each in functions for line in each.body)


def test_every_module_has_a_test_of_its_name() -> None:
    assert runs("roadsigns.serving.http.port") and not runs("roadsigns.serving.http.limits")
    folders = {name(path) for path in PACKAGE.rglob("__init__.py")}
    modules = {module for module in MODULES if module not in folders and runs(module)}
    assert not {module for module in modules if not of_its_name(module).is_file()}

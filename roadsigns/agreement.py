"""Whether an export's ONNX files answer as its graph does: noted by the export, looked up before they are served.

The note has the digest of every file that an answer depends on. Where one of them is another today, nothing is known.
"""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path

from . import exported

TOLERANCE = 1e-5
"""How far probabilities may be from the graph's: convolutions add up in another order."""

_FILES = (exported.SAVED_MODEL, "variables/*", str(exported.CLASS_NAMES), "assets.extra/*.json", "assets.extra/*.onnx")


def write(version: Path, difference: float) -> None:
    """Note by how much the answers of ONNX Runtime and of the graph differ at most.

    Args:
        version: a version's folder with all its files.
        difference: the largest of all numbers that were compared.
    """
    note = {"largest_difference": difference, "sha256": _digests(version)}
    (version / exported.AGREEMENT).write_text(json.dumps(note, indent=1), encoding="utf-8")


def doubt(version: Path) -> str:
    """Why ONNX Runtime may answer otherwise than the graph of a version; empty where the two are known to agree.

    Raises:
        OSError: a file cannot be read.
    """
    if not (version / exported.ONNX).is_file():
        return f"it has no {str(exported.ONNX)!r}"
    try:
        note = json.loads((version / exported.AGREEMENT).read_text(encoding="utf-8"))
        difference, digests = float(note["largest_difference"]), dict(note["sha256"])
    except FileNotFoundError:
        return f"it has no {str(exported.AGREEMENT)!r}, which tells whether {str(exported.ONNX)!r} answers as its graph"
    except (ValueError, KeyError, TypeError, RecursionError):
        return f"its {str(exported.AGREEMENT)!r} is damaged"
    if not (math.isfinite(difference) and difference <= TOLERANCE):
        return f"the answers of {str(exported.ONNX)!r} differ by {difference:.2g} from those of its graph"
    found = _digests(version)
    changed = sorted(name for name in digests.keys() | found.keys() if digests.get(name) != found.get(name))
    return f"{changed[0]!r} is not what it was when the model was exported" if changed else ""


def _digests(version: Path) -> dict[str, str]:
    """SHA-256 of each file that an answer depends on, by its path within the version."""
    files = sorted(file for pattern in _FILES for file in version.glob(pattern) if file.is_file())
    return {
        file.relative_to(version).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in files
        if file != version / exported.AGREEMENT
    }

"""The machine and the software that a result comes from, as result files state them."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any


def description() -> dict[str, Any]:
    """What every result file says of its origin: `commit`, `machine` and `versions`."""
    return {"commit": commit(), "machine": hardware(), "versions": versions()}


def hardware() -> dict[str, Any]:
    """The machine itself: processor, cores, memory in GiB, accelerator (None on a CPU)."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "accelerator": accelerator(),
    }


def accelerator() -> str | None:
    """Name of the device beside the CPU that the loaded backend computes on; None if there is none, or no backend."""
    if os.environ.get("KERAS_BACKEND", "tensorflow") not in sys.modules:
        return None
    if os.environ.get("KERAS_BACKEND") == "jax":
        import jax

        device = jax.devices()[0]
        return None if device.platform == "cpu" else str(device.device_kind)
    import tensorflow as tf

    for device in tf.config.list_physical_devices("GPU"):
        return str(tf.config.experimental.get_device_details(device).get("device_name", "GPU"))
    return None


def versions() -> dict[str, str]:
    """Version of Python and of each package that can change a result, and the settings that can."""
    packages = ("roadsigns", "keras", "tensorflow", "jax", "numpy", "Pillow")
    found = {name: _version(name) for name in packages}
    return {
        "python": platform.python_version(),
        **{name: version for name, version in found.items() if version},
        "backend": os.environ.get("KERAS_BACKEND", ""),
        "TF_ENABLE_ONEDNN_OPTS": os.environ.get("TF_ENABLE_ONEDNN_OPTS", ""),
    }


def commit() -> str | None:
    """The git commit of the package's own checkout, with `-dirty` if files differ from it; None outside of one."""
    here = Path(__file__).parent.parent
    if not (here / ".git").exists():
        return None
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"],  # noqa: S607
            cwd=here,
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return described.stdout.strip()


def cpuinfo(field: str) -> str:
    """A field of the first processor; empty where the system does not say."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith(field):
                return line.partition(":")[2].strip()
    return ""


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _processor() -> str:
    return cpuinfo("model name") or platform.processor() or platform.machine()

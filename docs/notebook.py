"""Runs the notebook on drawn signs, and keeps what it shows in the file: `python docs/notebook.py`.

It draws 51,600 signs, trains for as many epochs as the notebook says, and takes 10 minutes on two cores. No picture
of the benchmark is shown, and nothing of the machine.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parent.parent / "roadsigns.ipynb"
SIGNS = "drawn-signs"
COUNT = 51_600


def main() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    metadata = notebook.metadata.copy()
    with tempfile.TemporaryDirectory() as folder:
        draw = f"roadsigns.data --data synthetic --count {COUNT} --data-dir {SIGNS} --quiet"
        subprocess.run([sys.executable, "-m", *draw.split()], cwd=folder, check=True)
        for name in ("EPOCHS", "USE_IMAGE_PERCENT", "TRACK"):
            os.environ.pop(name, None)
        os.environ["DATA"] = SIGNS
        NotebookClient(notebook, timeout=3600, resources={"metadata": {"path": folder}}).execute()
    notebook.metadata = metadata
    for cell in notebook.cells:
        cell.metadata = {}
    nbformat.write(notebook, NOTEBOOK)
    print(f"wrote {NOTEBOOK.name}, {NOTEBOOK.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()

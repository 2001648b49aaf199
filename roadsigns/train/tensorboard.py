"""A run's curves as TensorBoard draws them: event files of TensorFlow's, written epoch by epoch.

Source: TensorFlow's `tf.summary`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .. import backend
from .record import Record

_TAGS = {
    "loss": "loss/train",
    "validation_loss": "loss/validation",
    "accuracy": "accuracy/train",
    "validation_accuracy": "accuracy/validation",
    "images_per_second": "speed/images_per_second",
}
"""Names of the figures of an epoch, by which TensorBoard puts figures of a kind side by side."""
_FILES = "events.out.tfevents.*"


class TensorBoard:
    """A tracker that writes scalars, one point an epoch, and at the end those of the test set.

    Args:
        folder: of the run's event files; of several runs TensorBoard takes the folder above.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writer: Any = None

    def begin(
        self, parameters: Mapping[str, object], facts: Mapping[str, Any], history: Sequence[Mapping[str, float]]
    ) -> None:
        """Begin a file; the epochs that are there already are written where no earlier file has them."""
        is_new = not any(self._folder.glob(_FILES))
        self._tf = backend.require_tensorflow("--tensorboard")
        self._writer = self._tf.summary.create_file_writer(str(self._folder))
        for row in history if is_new else ():
            self.tell(row)

    def tell(self, row: Mapping[str, float]) -> None:
        """Write the figures of an epoch, to be seen at once."""
        self._write({tag: row[name] for name, tag in _TAGS.items()}, int(row["epoch"]))

    def finish(self, record: Record, exported: Path | None) -> None:
        """Write the test figures at the epoch that was chosen."""
        test = {"accuracy/test": record.accuracy, "loss/test": record.figures["test_loss"]}
        self._write({**test, "calibration/test_ece": record.figures["ece"]}, int(record.figures["best_epoch"]))
        self._writer.close()

    def _write(self, scalars: Mapping[str, float], step: int) -> None:
        with self._writer.as_default():
            for tag, value in scalars.items():
                self._tf.summary.scalar(tag, value, step=step)
        self._writer.flush()

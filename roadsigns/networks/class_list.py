"""The layer by which a network carries its class list."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from .. import classes


@keras.saving.register_keras_serializable(package="roadsigns")
class ClassList(layers.Layer):
    """Passes the scores on, and keeps what the classes are called.

    So the names lie in the same file as the weights; see `roadsigns.classes`.

    Args:
        table: of the classes, as `Classes.as_csv` writes it.

    Input and output: scores, shape `(N, classes)`.

    Raises:
        ValueError: `table` is none, or the scores are more or fewer.
    """

    def __init__(self, table: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.table = table

    def build(self, input_shape: Any) -> None:
        if input_shape[-1] != len(self.classes):
            raise ValueError(f"A list of {len(self.classes)} classes does not name {input_shape[-1]} scores")

    def call(self, scores: Any) -> Any:
        return scores

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    @property
    def classes(self) -> classes.Classes:
        """The list."""
        return classes.read(self.table)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "table": self.table}

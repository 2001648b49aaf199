"""In which form an epoch or a forward pass is computed, and the noise that it is computed on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from roadsigns.networks.table import TABLE


@dataclass(frozen=True)
class Form:
    """How an epoch or a forward pass is computed.

    Attributes:
        network: a key of `networks.table.TABLE`.
        batch: pictures a step.
        precision: `bfloat16` multiplies and keeps activations so, with float32 weights; or `float32`.
        pool: `package` is all as `roadsigns train` computes it (`train/lowering.py`); `window` is Keras's own maximum,
            whose gradient XLA scatters; `halves` takes it over two axes of length 2.
        unroll: steps that are compiled as one body of the loop.
        augment: factor of the amounts of `augment.Amounts`; 0 leaves the pictures as they are.
        chunk: pictures that pass through the network at once in a forward pass; 0: all.
    """

    network: str = "notebook"
    batch: int = 4096
    precision: str = "bfloat16"
    pool: str = "package"
    unroll: int = 1
    augment: float = 0.0
    chunk: int = 0

    def __str__(self) -> str:
        parts = [self.network, f"batch {self.batch}", self.precision, f"pool {self.pool}"]
        parts += [f"unroll {self.unroll}"] * (self.unroll > 1) + ["augmented"] * bool(self.augment)
        return ", ".join(parts + [f"chunks of {self.chunk}"] * bool(self.chunk))


def noise(network: str, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Noise as the network sees it, uint8 `(count, 32, 32, channels)`, and int32 classes."""
    random = np.random.default_rng(0)
    channels = TABLE[network].channels
    images = random.integers(0, 256, (count, 32, 32, channels), dtype=np.uint8)
    return images, random.integers(0, 43, count).astype(np.int32)

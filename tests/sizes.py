"""Sizes of networks, counted by hand and as the documents state them."""

from __future__ import annotations

from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs" / "networks.md"


def stated(network: str) -> int:
    """The parameters that the documents state."""
    lines = DOCS.read_text(encoding="utf-8").splitlines()
    [row] = [line for line in lines if line.startswith(f"| `{network}` | ") and "M |" in line]
    return int(row.split("|")[3].replace(",", ""))


def convolutional_parameters(widths: tuple[int, ...], dense: int | None, locator: int, classes: int) -> int:
    """Parameters of `networks.blocks.convolutional`, moving statistics included, layer by layer.

    A convolution without bias, then four numbers a channel (scale, shift, moving mean and variance); of 32x32 pixels.
    """

    def convolution(size: int, before: int, filters: int) -> int:
        return size * size * before * filters + 4 * filters

    # The part that finds the map: pictures of 16x16, 8x8 and 4x4.
    total = convolution(5, 3, 16) + convolution(5, 16, 24) + (4 * 4 * 24 + 1) * locator + (locator + 1) * 6
    before, side = 3, 32
    for filters in widths:
        total += convolution(3, before, filters) + convolution(3, filters, filters)
        before, side = filters, side // 2
    if dense is not None:
        total += (side * side * before + 1) * dense
        before = dense
    # What draws random numbers has a state of two, in each layer that drops units: one a block, one before the scores.
    return total + (before + 1) * classes + 2 * (len(widths) + 1)

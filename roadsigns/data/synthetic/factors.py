"""What varies between two photographs of a sign: one table of factors, each with its distribution and its switch.

Lengths in pixels are those of the camera, before the crop is resized to 32x32; light is a share of white, 0..1.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .distributions import Distribution, Floats, LogNormal, Normal, Uniform


@dataclass(frozen=True)
class Factor:
    """A factor: a property that varies from photograph to photograph.

    Attributes:
        about: what its amount is, with the unit.
        distribution: how the amount is distributed in the pictures that have it.
        off: the amount that changes nothing; the other pictures have this one.
        chance: the share of pictures that have it, 0..1; 0 is switched off.
        parts: how many amounts a picture has, independent of each other.
    """

    about: str
    distribution: Distribution
    off: float = 0.0
    chance: float = 1.0
    parts: int = 1

    def draw(self, random: np.random.Generator, count: int) -> Floats:
        """The amounts of `count` pictures: float32 `(count,)`, or `(count, parts)` where a picture has several."""
        amounts = self.distribution.draw(random, (count, self.parts))
        amounts[random.random(count) >= self.chance] = self.off
        return amounts[:, 0] if self.parts == 1 else amounts


@dataclass(frozen=True)
class Camera:
    """The factors of a simulated camera, and of the scene before it.

    A factor's values come from a random stream of its own, so that switching one off leaves the others as they were.
    """

    # View
    size: Factor = Factor("longer side of the sign, pixels", LogNormal(34, 0.47, 14, 60), off=80 / 3)
    turn: Factor = Factor("rotation in the picture, degrees", Normal(0, 3.5, -15, 15))
    tilt: Factor = Factor("rotation out of it about both axes, degrees", Normal(0, 14, -40, 40), parts=2)
    margin: Factor = Factor("least space that a cropper leaves at the left and above, pixels", Normal(6.2, 0.6, 5, 8))
    offset: Factor = Factor("how far each side is off, share of the sign", Normal(0, 0.03, -0.08, 0.08), parts=4)
    # Scene
    background: Factor = Factor("strength of its textures; without it all is grey", Uniform(0.5, 1.8))
    sky: Factor = Factor("how much brighter it is a sign's height further up, logarithm", Normal(0.22, 0.3, -0.6, 1.2))
    pole: Factor = Factor("width of the pole, share of the sign", Uniform(0.06, 0.18), chance=0.7)
    plate: Factor = Factor("height of a white plate below the sign, share of it", Uniform(0.2, 0.5), chance=0.15)
    neighbour: Factor = Factor("distance of a sign on the same pole, signs", Uniform(0.95, 1.2), chance=0.25)
    branches: Factor = Factor("share of the picture behind leaves", Uniform(0.05, 0.3), chance=0.1)
    # Print
    swell: Factor = Factor("how much larger the inside is printed, share", Normal(0, 0.1, -0.24, 0.24))
    stroke: Factor = Factor("-1, 0, 1: dark lines thinner, as drawn, thicker", Uniform(-1.5, 1.1))
    # Wear
    tone: Factor = Factor(
        "share of the light that goes with the square of a shade, not with the shade", Uniform(0.5, 1)
    )
    pigment: Factor = Factor("reflectance of red, green and blue, times", LogNormal(0.95, 0.14, 0.6, 1.4), 1, parts=3)
    fading: Factor = Factor("share of its colour that a sign has lost", Uniform(0.05, 0.6), chance=0.35)
    gloss: Factor = Factor("light that its surface reflects whatever is printed", Uniform(0, 0.3), chance=0.6)
    dirt: Factor = Factor("light lost in the dirtiest places", Uniform(0.1, 0.6), chance=0.3)
    sticker: Factor = Factor("diameter of a sticker, share of the sign", Uniform(0.08, 0.26), chance=0.1)
    # Light
    contrast: Factor = Factor("light on the sign over light on the scene", LogNormal(1.05, 0.6, 0.15, 6), off=1)
    shadow: Factor = Factor("light lost in a shadow", Uniform(0.2, 0.75), chance=0.2)
    glare: Factor = Factor("light added where the sun dazzles", Uniform(0.1, 0.6), chance=0.1)
    haze: Factor = Factor("light added everywhere, share of the mean", Uniform(0, 0.5), chance=0.7)
    exposure: Factor = Factor("mean of the picture before clipping", LogNormal(0.27, 0.75, 0.03, 1), off=0.5)
    # Lens
    defocus: Factor = Factor("blur, standard deviation in pixels", LogNormal(0.4, 0.42, 0.25, 1.5))
    motion: Factor = Factor("length of the smear along one axis, share of the sign", Uniform(0.02, 0.2), chance=0.22)
    fringe: Factor = Factor("shift of red and blue along each axis, pixels", Normal(0, 0.3, -0.8, 0.8), parts=2)
    # Sensor
    cast: Factor = Factor("gain of red, green and blue, times", LogNormal(1, 0.06, 0.7, 1.4), off=1, parts=3)
    noise: Factor = Factor("noise, standard deviation in levels at mid-grey", LogNormal(3, 0.6, 0.5, 12))
    mosaic: Factor = Factor(
        "share of light that a colour filter over each pixel takes apart", Uniform(0.6, 1), chance=0.7
    )
    sharpening: Factor = Factor(
        "difference from each neighbour that the camera adds, share", Uniform(0, 0.4), chance=0.7
    )
    jpeg: Factor = Factor("JPEG quality", Uniform(40, 95), off=100, chance=0.1)

    def names(self) -> Iterator[str]:
        """The names of all factors."""
        return (item.name for item in dataclasses.fields(self))

    def without(self, *names: str) -> Camera:
        """The same camera with the factors of these names switched off.

        Raises:
            ValueError: there is no such factor.
        """
        known = tuple(self.names())
        for name in names:
            if name not in known:
                raise ValueError(
                    f"Invalid value for `names`: expected factors of {', '.join(known)}. Received: {name!r}"
                )
        off = {name: dataclasses.replace(getattr(self, name), chance=0.0) for name in names}
        return dataclasses.replace(self, **off)

    def only(self, *names: str) -> Camera:
        """The same camera with all factors but these switched off; raises as `without` does."""
        self.without(*names)
        return self.without(*(name for name in self.names() if name not in names))

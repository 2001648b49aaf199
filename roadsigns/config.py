"""What a run may vary: one table behind the flags, the environment variables, `--help` and the README test.

Each command has a frozen dataclass; each field is an `option` that carries its kind of value and its help. A value is
checked wherever it comes from (flag, environment, Python), before anything heavy is imported.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .errors import UsageError


@dataclass(frozen=True)
class Kind:
    """A kind of value: how it is read, from text or as it is, and what to say when it cannot be.

    Attributes:
        expects: the values allowed, in words that follow "expected".
        read: value or its text to value; raises ValueError or TypeError for what is not allowed.
    """

    expects: str
    read: Callable[[Any], Any]


def whole(minimum: int, maximum: int | None = None) -> Kind:
    """Whole numbers of at least `minimum` and, where given, at most `maximum`."""

    def read(value: Any) -> int:
        number = int(value)
        if isinstance(value, bool) or (isinstance(value, float) and value != number):
            raise ValueError(value)
        if number < minimum or (maximum is not None and number > maximum):
            raise ValueError(value)
        return number

    upper = "" if maximum is None else f" and at most {maximum}"
    return Kind(f"a whole number of at least {minimum}{upper}", read)


def share(above: float, upto: float) -> Kind:
    """Real numbers in the half-open interval (above, upto]."""

    def read(value: Any) -> float:
        number = float(value)
        if isinstance(value, bool) or not (above < number <= upto) or not math.isfinite(number):
            raise ValueError(value)
        return number

    upper = f"at most {upto:g}" if math.isfinite(upto) else "finite"
    return Kind(f"a number above {above:g} and {upper}", read)


def within(lowest: float, below: float) -> Kind:
    """Real numbers in the half-open interval [lowest, below)."""

    def read(value: Any) -> float:
        number = float(value)
        if isinstance(value, bool) or not lowest <= number < below:
            raise ValueError(value)
        return number

    return Kind(f"a number of at least {lowest:g} and below {below:g}", read)


def choice(*allowed: str) -> Kind:
    """One word of a few."""

    def read(value: Any) -> str:
        if value not in allowed:
            raise ValueError(value)
        return str(value)

    return Kind(" or ".join(filter(None, (", ".join(allowed[:-1]), allowed[-1]))), read)


def _read_path(value: Any) -> Path:
    if value == "" or "\0" in str(value):
        raise ValueError(value)
    return Path(value)


def _read_paths(values: Any) -> tuple[Path, ...]:
    if isinstance(values, (str, Path)):
        raise TypeError(values)
    return tuple(_read_path(value) for value in values)


def _read_text(value: Any) -> str:
    if not isinstance(value, (str, Path)) or not str(value):
        raise TypeError(value)
    return str(value)


def _read_switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


PATH = Kind("a path", _read_path)
PATHS = Kind("one or more paths", _read_paths)
TEXT = Kind("a text that is not empty", _read_text)
SWITCH = Kind("true or false", _read_switch)


def option(
    kind: Kind, default: Any, help: str, *, env: str = "", metavar: str = "", bare: Any = None, positional: bool = False
) -> Any:
    """A dataclass field that is also a flag.

    Args:
        kind: the values allowed.
        default: the value where none is given. None means "decided later" and is not checked against `kind`.
        help: one line for `--help`.
        env: environment variable that is read where the flag is absent.
        metavar: the word for the value in `--help`.
        bare: value of the flag when it stands without one.
        positional: take the values without a flag.
    """
    return field(
        default=default,
        metadata={"kind": kind, "help": help, "env": env, "metavar": metavar, "bare": bare, "positional": positional},
    )


def check(name: str, kind: Kind, value: Any) -> Any:
    """`value` as `kind` reads it; UsageError that calls it `name` when it cannot be read."""
    try:
        return kind.read(value)
    except (ValueError, TypeError, OverflowError):
        raise UsageError(f"Invalid value for {name}: expected {kind.expects}. Received: {value!r}") from None


@dataclass(frozen=True)
class Options:
    """Base of the option tables: checks every field and reads text where a value is due.

    Raises:
        UsageError: a field's value is not of its kind.
    """

    def __post_init__(self) -> None:
        for item in dataclasses.fields(self):
            value = getattr(self, item.name)
            if value is not None or item.default is not None:
                object.__setattr__(self, item.name, check(f"`{item.name}`", item.metadata["kind"], value))

    def as_json(self) -> dict[str, Any]:
        """The fields as JSON can hold them: paths become strings."""

        def plain(value: Any) -> Any:
            if isinstance(value, tuple):
                return [plain(each) for each in value]
            return str(value) if isinstance(value, Path) else value

        return {item.name: plain(getattr(self, item.name)) for item in dataclasses.fields(self)}


@dataclass(frozen=True)
class DataOptions(Options):
    """Where the pictures come from."""

    data: str = option(
        TEXT,
        "gtsrb",
        "gtsrb (the published pickles), official (the benchmark's own archives), or the path of a zip or folder "
        "that holds train.p, valid.p and test.p",
        metavar="gtsrb|official|PATH",
    )
    data_dir: Path | None = option(
        PATH, None, "folder for downloads; default /tmp/traffic-signs-data (200 MB)", metavar="DIR"
    )


@dataclass(frozen=True)
class DataCommandOptions(DataOptions):
    """`roadsigns data`."""

    json: bool = option(SWITCH, False, "print the manifest as JSON")


@dataclass(frozen=True)
class ModelOptions(Options):
    """Which model a command takes."""

    model: Path | None = option(
        PATH,
        None,
        "a .keras file, an exported version's folder, or the folder above the versions (its newest is taken); "
        "default: the weights that come with the package",
        metavar="PATH",
    )


@dataclass(frozen=True)
class TrainOptions(DataOptions):
    """`roadsigns train`."""

    epochs: int = option(whole(1), 15, "passes over the training pictures", env="EPOCHS", metavar="N")
    use_image_percent: float = option(
        share(0, 100),
        100.0,
        "percentage of the training pictures, drawn afresh for every epoch",
        env="USE_IMAGE_PERCENT",
        metavar="P",
    )
    batch_size: int = option(whole(1), 64, "pictures per step", metavar="N")
    learning_rate: float = option(share(0, math.inf), 0.001, "Adam's step size", metavar="X")
    keep_prob: float = option(share(0, 1), 0.5, "share of dense units kept in training, in (0, 1]", metavar="P")
    keep_prob_conv: float = option(
        share(0, 1), 0.7, "share of convolution outputs kept in training, in (0, 1]", metavar="P"
    )
    average_momentum: float = option(
        within(0, 1),
        0.999,
        "momentum of the moving average of the weights, which is what is validated and exported; 0 takes the weights "
        "themselves, as the notebook does",
        metavar="M",
    )
    seed: int = option(whole(0, 2**31 - 1), 0, "seed of weights, order and dropout", metavar="N")
    output: Path = option(PATH, Path("models/roadsigns"), "folder that receives the exported version", metavar="DIR")
    version: int | None = option(
        whole(0, 2**63 - 1), None, "version number of the export; default: the next free one", metavar="N"
    )
    run_dir: Path | None = option(
        PATH, None, "folder for history, curves, metrics and weights; default runs/<date>-<seed>", metavar="DIR"
    )
    resume: str | None = option(
        TEXT, None, "go on with an unfinished run; without a value, the newest in runs/", metavar="RUN", bare="newest"
    )
    track: str | None = option(
        choice("dotscience", "mlflow"), None, "tell dotscience or mlflow about the run", metavar="dotscience|mlflow"
    )
    json: bool = option(SWITCH, False, "print the metrics as JSON instead of the summary")


@dataclass(frozen=True)
class EvaluateOptions(ModelOptions, DataOptions):
    """`roadsigns evaluate`."""

    split: str = option(choice("train", "valid", "test"), "test", "the split to score", metavar="train|valid|test")
    json: bool = option(SWITCH, False, "print the metrics as JSON")


@dataclass(frozen=True)
class PredictOptions(ModelOptions):
    """`roadsigns predict`."""

    files: tuple[Path, ...] = option(PATHS, (), "PNG or JPEG files", metavar="FILE", positional=True)
    json: bool = option(SWITCH, False, "print the answers as JSON")


@dataclass(frozen=True)
class ExportOptions(ModelOptions):
    """`roadsigns export`."""

    output: Path = option(PATH, Path("models/roadsigns"), "folder that receives the exported version", metavar="DIR")
    version: int | None = option(
        whole(0, 2**63 - 1), None, "version number of the export; default: the next free one", metavar="N"
    )
    json: bool = option(SWITCH, False, "print what was written as JSON")

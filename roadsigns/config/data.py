"""Where the pictures come from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..kinds import PATH, SWITCH, whole, word_or_path
from ..options import Options, option, quiet_option

SOURCE = word_or_path("gtsrb", "official", "synthetic", "gtsrb+synthetic")


@dataclass(frozen=True)
class DataOptions(Options):
    """Where the pictures come from."""

    data: str = option(
        SOURCE,
        "gtsrb",
        "gtsrb (the published pickles), official (the benchmark's own archives), synthetic (drawn signs), "
        "gtsrb+synthetic (both to train on, the real ones to validate and test), or the path of a zip or folder: "
        "train.p, valid.p and test.p, a folder for each class, the benchmark unpacked, a CSV or Parquet table",
        metavar="gtsrb|official|synthetic|gtsrb+synthetic|PATH",
    )
    data_dir: Path | None = option(
        PATH,
        None,
        "folder for downloads and drawings; default /tmp/traffic-signs-data (200 MB), for drawn signs "
        "/tmp/traffic-signs-synthetic; of gtsrb+synthetic the drawn ones are in DIR/synthetic; for pictures at a "
        "PATH ~/.cache/roadsigns/pictures",
        metavar="DIR",
    )
    count: int | None = option(
        whole(1, 170_000),
        None,
        "signs to draw for training, a tenth as many for validation and for test; default: those already drawn, else "
        "86000",
        metavar="N",
    )
    designs: Path | None = option(
        PATH,
        None,
        "with --data synthetic: folder of SVG or PNG files, NAME.svg for a class, to draw in place of the German signs",
        metavar="DIR",
    )


@dataclass(frozen=True)
class DataCommandOptions(DataOptions):
    """`roadsigns data`."""

    seed: int | None = option(
        whole(0, 2**31 - 1),
        None,
        "seed of the signs to draw; default: that of those already drawn, else 0",
        metavar="N",
    )
    json: bool = option(SWITCH, False, "print the manifest as JSON")
    quiet: bool = quiet_option()

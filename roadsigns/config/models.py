"""Which model is taken, and what is done with it: scored, asked, exported."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..exported import MODELS, MOST_VERSION
from ..kinds import BOX, PATH, PATHS, PLACE, PLACES, SWITCH, TEXT, choice, whole, word_or_path
from ..options import Options, option, quiet_option
from .data import DataOptions


@dataclass(frozen=True)
class ModelOptions(Options):
    """Which model a command takes."""

    model: str | None = option(
        word_or_path("notebook"),
        None,
        "notebook (weights that come with the package), or the path of a version's folder, of the folder above it (for "
        "the newest), of a run's folder or of a .keras file; default: the newest version in models/roadsigns, else the "
        "weights that come with the package",
        metavar="notebook|PATH",
    )


@dataclass(frozen=True)
class EvaluateOptions(ModelOptions, DataOptions):
    """`roadsigns evaluate`."""

    split: str = option(choice("train", "valid", "test"), "test", "the split to score", metavar="train|valid|test")
    report: Path | None = option(
        PATH,
        None,
        "folder for a page of all there is to see (report.html) and its figures (report.json): new, or of an earlier "
        "page",
        metavar="DIR",
    )
    against: str | None = option(
        word_or_path("notebook"),
        None,
        "a second model, named as --model names one: the page compares the two",
        metavar="notebook|PATH",
    )
    json: bool = option(SWITCH, False, "print the metrics as JSON")


@dataclass(frozen=True)
class PredictOptions(ModelOptions):
    """`roadsigns predict`."""

    files: tuple[Path, ...] = option(
        PATHS,
        (),
        "picture files, folders of such, patterns such as '*.jpg', or - for a name a line on stdin",
        metavar="FILE",
        positional=True,
    )
    recursive: bool = option(SWITCH, False, "take the folders within a folder too")
    top: int | None = option(
        whole(1, 10**6),
        None,
        "how many classes are named for a picture; default: 5, but 1 in the table of several pictures and in files",
        metavar="N",
    )
    box: tuple[int, int, int, int] | None = option(
        BOX, None, "look at this part of each picture alone: left, top, width, height, in pixels", metavar="X,Y,W,H"
    )
    json: bool = option(SWITCH, False, "print a line of JSON for each picture")
    csv: Path | None = option(PATH, None, "write the answers as CSV instead of the table", metavar="FILE")
    parquet: Path | None = option(PATH, None, "write the answers as Parquet instead of the table", metavar="FILE")
    sheet: Path | None = option(PATH, None, "write a PNG of all pictures with their names and shares", metavar="FILE")


@dataclass(frozen=True)
class ClassifyOptions(ModelOptions):
    """`roadsigns classify`."""

    source: tuple[str, ...] = option(
        PLACES,
        (),
        "picture files, folders, patterns such as 'signs/**/*.png', Parquet files that hold pictures or their names, "
        "or - for a name a line on stdin; on this machine, in s3:// or in gs://",
        metavar="SOURCE",
        positional=True,
    )
    out: str | None = option(
        PLACE,
        None,
        "folder that receives the rows as Parquet files; where some are there from before, the run goes on",
        metavar="DIR",
        place=True,
    )
    recursive: bool = option(SWITCH, False, "take the folders within a folder too")
    top: int = option(whole(1, 10**6), 1, "how many classes a row names", metavar="N")
    address: str | None = option(
        TEXT,
        None,
        "the Ray cluster that does the work: host:port, ray://host:port or auto; default: this machine alone",
        env="RAY_ADDRESS",
        metavar="ADDRESS",
        place=True,
    )
    predictors: int | None = option(
        whole(1, 10**5), None, "models at work at a time; default: one a core of the cluster", metavar="N", place=True
    )
    quiet: bool = option(SWITCH, False, "print nothing but errors", place=True)


@dataclass(frozen=True)
class ExportOptions(ModelOptions, DataOptions):
    """`roadsigns export`."""

    format: str = option(
        choice("savedmodel", "onnx", "litert"),
        "savedmodel",
        "what is written: savedmodel, a version to serve, with its ONNX file; onnx or litert, one file from uint8 "
        "pixels (N, 32, 32, 3) to class probabilities, for ONNX Runtime or for the interpreter of LiteRT",
        metavar="savedmodel|onnx|litert",
    )
    quantize: str | None = option(
        choice("int8"),
        None,
        "of --format litert: keep the weights in 8 bits, and print what that costs in accuracy on the validation "
        "pictures of --data",
        metavar="int8",
    )
    output: Path = option(
        PATH,
        MODELS,
        "folder that receives the exported version; of --format onnx or litert the file, by default "
        "models/roadsigns.onnx or models/roadsigns.tflite",
        metavar="PATH",
    )
    version: int | None = option(
        whole(0, MOST_VERSION), None, "version number of the export; default: the next free one", metavar="N"
    )
    json: bool = option(SWITCH, False, "print what was written as JSON")
    quiet: bool = quiet_option()

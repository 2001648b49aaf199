"""The verbs of the `roadsigns` command: what each is called, takes and does, for `--help`, completion and docs."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic

from . import cli
from .cli import AnyOptions
from .config import (
    AppOptions,
    ClassifyOptions,
    CompletionOptions,
    DataCommandOptions,
    EvaluateOptions,
    ExportOptions,
    PredictOptions,
    ServeOptions,
    TrainOptions,
)


@dataclass(frozen=True)
class Verb(Generic[AnyOptions]):
    """A verb.

    Attributes:
        name: the word.
        module: has `main(argv)`, and is the same command by `python -m`.
        options: what may be asked of it.
        summary: what it does, in a few words, for `roadsigns --help`.
        about: what it does, in sentences, for its own `--help`.
        examples: command lines for its `--help`; error messages show the first.
    """

    name: str
    module: str
    options: type[AnyOptions]
    summary: str
    about: str
    examples: tuple[str, ...]

    def parse(self, argv: Sequence[str] | None = None) -> AnyOptions:
        """The options that a command line gives; errors as for `cli.parse`."""
        return cli.parse(self.options, argv, verb=self.name, about=self.about, examples=self.examples)

    def command(self, main: Callable[[AnyOptions], None]) -> Callable[..., int]:
        """Make `main(options)` the command `main(argv)`, which returns its exit status; see `cli.command`."""

        @functools.wraps(main)
        def run(argv: Sequence[str] | None) -> None:
            main(self.parse(argv))

        return cli.command(self.name)(run)


TRAIN = Verb(
    "train",
    "roadsigns.train.__main__",
    TrainOptions,
    "the main job: data, training, evaluation, export",
    "Train a network on road signs, score it on the test set and export it for serving.",
    (
        "roadsigns train --data traffic-signs-data.zip --epochs 2 --use-image-percent 10",
        "roadsigns train --data synthetic --count 430 --data-dir signs --epochs 3 --seed 1",
        "roadsigns train --resume",
    ),
)
DATA = Verb(
    "data",
    "roadsigns.data.__main__",
    DataCommandOptions,
    "fetch and verify the data set, or draw one",
    "Fetch and verify the data set, or draw one.",
    (
        "roadsigns data --data traffic-signs-data.zip --json",
        "roadsigns data --data synthetic --count 430 --data-dir signs",
    ),
)
EVALUATE = Verb(
    "evaluate",
    "roadsigns.evaluate",
    EvaluateOptions,
    "score a model on a split, each picture once",
    "Score a model on a split, each picture once.",
    (
        "roadsigns evaluate --data traffic-signs-data.zip",
        "roadsigns evaluate --model models/roadsigns --data traffic-signs-data.zip --split valid --json",
        "roadsigns evaluate --data traffic-signs-data.zip --report report",
    ),
)
PREDICT = Verb(
    "predict",
    "roadsigns.predict",
    PredictOptions,
    "name the signs in pictures, folders and patterns",
    "Name the sign in each picture: in files, in folders, in files that match a pattern.",
    (
        "roadsigns predict photo.jpg",
        "roadsigns predict --model models/roadsigns --json a.png b.png",
        "roadsigns predict . --recursive --csv answers.csv --sheet sheet.png",
        "ls *.png | roadsigns predict - --top 1",
    ),
)
CLASSIFY = Verb(
    "classify",
    "roadsigns.classify.__main__",
    ClassifyOptions,
    "name the signs in millions of pictures, to Parquet files",
    "Name the sign in each of very many pictures, on all cores of this machine or on a Ray cluster. Rows are "
    "those of roadsigns predict --parquet. The same line again goes on where a run ended.",
    (
        "roadsigns classify photos --recursive --out results.parquet",
        "roadsigns classify 's3://bucket/2026/**/*.jpg' --out s3://bucket/results.parquet",
        "roadsigns classify signs.parquet --out results.parquet --address 10.0.0.7:6379",
        "find . -name '*.png' -print0 | roadsigns classify - --out results.parquet",
    ),
)
EXPORT = Verb(
    "export",
    "roadsigns.export",
    ExportOptions,
    "a run's or the shipped weights to a SavedModel, ONNX or LiteRT",
    "Export a run's model, a .keras file or the weights that come with the package: as a version for a "
    "model server, or as one file for ONNX Runtime or LiteRT.",
    (
        "roadsigns export",
        "roadsigns export --model small --format litert --output small.tflite",
        "roadsigns export --model notebook --output models/shipped --version 7 --json",
    ),
)
SERVE = Verb(
    "serve",
    "roadsigns.serving.__main__",
    ServeOptions,
    "the model server: TensorFlow Serving's REST and gRPC APIs",
    "Serve exported models by TensorFlow Serving's REST and gRPC APIs, until SIGTERM or Ctrl-C. Flags that "
    "tensorflow_model_server has too mean the same here; those of its flags that would change nothing are taken "
    "and told. --version prints the versions.",
    (
        "roadsigns serve --rest_api_port auto --port auto",
        "roadsigns serve --model_base_path=models/roadsigns --rest_api_port=auto --port=0",
    ),
)
APP = Verb(
    "app",
    "roadsigns.app.__main__",
    AppOptions,
    "the web app: a page of signs to ask the served model about",
    "The web app: a page of signs, and the proxy.",
    (
        "roadsigns app --port 0",
        "TENSORFLOW_HOST=localhost:8501 roadsigns app --host 127.0.0.1 --port 0",
    ),
)
COMPLETION = Verb(
    "completion",
    "roadsigns.completion",
    CompletionOptions,
    "a script that completes verbs, flags and files in a shell",
    "Print a script that completes verbs, flags and files of the roadsigns command in a shell.",
    (
        'eval "$(roadsigns completion)"  # in ~/.bashrc',
        "roadsigns completion --shell zsh > _roadsigns  # in a folder of $fpath",
    ),
)

VERBS: dict[str, Verb[Any]] = {
    verb.name: verb for verb in (TRAIN, DATA, EVALUATE, PREDICT, CLASSIFY, EXPORT, SERVE, APP, COMPLETION)
}
"""Every verb by its name, in the order of `roadsigns --help`."""

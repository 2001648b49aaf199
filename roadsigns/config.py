"""What a run may vary: one table behind the flags, the environment variables, `--help` and the README test.

Each command has a frozen dataclass of `option`s.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from .errors import UsageError
from .exported import MODEL_NAME, MODELS, MOST_VERSION
from .networks.table import TABLE
from .options import (
    ANCESTORS,
    AUTHORITY,
    BOOLEAN,
    BOX,
    CHANNEL_ARGUMENTS,
    PATH,
    PATHS,
    PLACE,
    PLACES,
    PORT,
    SWITCH,
    TEXT,
    Options,
    choice,
    option,
    share,
    whole,
    within,
    word_or_path,
)
from .recipes import RECIPES

SOURCE = word_or_path("gtsrb", "official", "synthetic", "gtsrb+synthetic")

TRACKERS = choice("dotscience", "mlflow")


def _quiet() -> Any:
    """The option of the commands that tell how far they are."""
    return option(SWITCH, False, "print nothing but errors, and the JSON where --json asks for it", place=True)


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
    quiet: bool = _quiet()


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
class TrainOptions(DataOptions):
    """`roadsigns train`."""

    recipe: str = option(
        choice(*RECIPES),
        "notebook",
        "what neither a flag, a variable nor --config sets: "
        + "; ".join(f"{name}, {recipe.about}" for name, recipe in RECIPES.items()),
        metavar="|".join(RECIPES),
    )
    network: str = option(
        choice(*TABLE),
        "notebook",
        "the network: " + "; ".join(f"{name}, {network.about}" for name, network in TABLE.items()),
        metavar="|".join(TABLE),
    )
    epochs: int = option(whole(1, 10**6), 15, "passes over the training pictures", env="EPOCHS", metavar="N")
    use_image_percent: float = option(
        share(0, 100),
        100.0,
        "percentage of the training pictures, drawn afresh for every epoch",
        env="USE_IMAGE_PERCENT",
        metavar="P",
    )
    redraw: bool = option(
        SWITCH, False, "draw other signs for every epoch after the first, of --data synthetic or gtsrb+synthetic"
    )
    batch_size: int = option(whole(1, 2**31 - 1), 64, "pictures per step", metavar="N")
    learning_rate: float = option(share(0, math.inf), 0.001, "Adam's step size", metavar="X")
    schedule: str = option(
        choice("constant", "cosine"),
        "constant",
        "how the step size changes: not at all, or up for a twentieth of the steps and down to 0 along a cosine",
        metavar="constant|cosine",
    )
    precision: str = option(
        choice("float32", "bfloat16"),
        "float32",
        "numbers that are multiplied in training; bfloat16 is faster where the processor has it, and float32 is taken "
        "where it has not",
        metavar="float32|bfloat16",
    )
    weight_decay: float = option(
        within(0, 1), 0.0, "share, times the step size, that a step takes off each kernel", metavar="X"
    )
    augment: float = option(
        within(0, 10),
        0.0,
        "how much the pictures are changed afresh for each step (place, light, sharpness, noise): a factor of the "
        "amounts that suit road signs; 0: not at all",
        metavar="X",
    )
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
    config: Path | None = option(
        PATH,
        None,
        "repeat a run: take the settings of its config.json, or of the run's folder, where neither a flag nor a "
        "variable gives others",
        metavar="FILE",
        place=True,
    )
    output: Path = option(PATH, MODELS, "folder that receives the exported version", metavar="DIR", place=True)
    version: int | None = option(
        whole(0, MOST_VERSION),
        None,
        "version number of the export; default: the next free one",
        metavar="N",
        place=True,
    )
    run_dir: Path | None = option(
        PATH,
        None,
        "folder for history, curves, metrics and weights; default runs/<date>-<seed>",
        metavar="DIR",
        place=True,
    )
    resume: str | None = option(
        TEXT,
        None,
        "go on with an unfinished run; without a value, the newest in runs/",
        metavar="RUN",
        bare="newest",
        place=True,
    )
    track: str | None = option(
        TRACKERS,
        None,
        "tell dotscience or mlflow about the run",
        metavar="dotscience|mlflow",
        place=True,
    )
    json: bool = option(SWITCH, False, "print the metrics as JSON instead of the summary", place=True)
    quiet: bool = _quiet()

    @classmethod
    def implied(cls, asked: Mapping[str, Any], stored: Mapping[str, Any]) -> Mapping[str, Any]:
        """What the recipe sets; UsageError where `--config` holds the settings of another recipe."""
        name = asked.get("recipe", stored.get("recipe", "notebook"))
        if stored.get("recipe", name) != name:
            raise UsageError(
                f"--recipe {name} beside --config {asked['config']}, which holds all settings of a run by the recipe "
                f"{stored['recipe']}: nothing is left for another. Leave --recipe out, or leave --config out"
            )
        settings = RECIPES[name].settings(asked.get("network", stored.get("network")))
        data = asked.get("data", stored.get("data", settings.get("data", "")))
        # What is said of drawn signs has no meaning where there are none.
        return settings if "synthetic" in data else {**settings, "count": None, "redraw": False}


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
class ExportOptions(ModelOptions):
    """`roadsigns export`."""

    output: Path = option(PATH, MODELS, "folder that receives the exported version", metavar="DIR")
    version: int | None = option(
        whole(0, MOST_VERSION), None, "version number of the export; default: the next free one", metavar="N"
    )
    json: bool = option(SWITCH, False, "print what was written as JSON")
    quiet: bool = _quiet()


@dataclass(frozen=True)
class ServeOptions(Options):
    """`roadsigns serve`; the flags that `tensorflow_model_server` has too are spelled as there."""

    WORDS_JOINED_BY = "_"
    GROUPS: ClassVar[Mapping[str, str]] = {
        "host": "where it listens",
        "model_name": "which models it serves",
        "engine": "how they run",
        "rest_api_enable_cors_support": "REST, gRPC and metrics",
        "max_request_bytes": "limits",
    }

    host: str = option(
        TEXT,
        "127.0.0.1",
        "address to listen on; 0.0.0.0 lets other machines in, who need no password",
        metavar="ADDRESS",
    )
    port: int | str = option(PORT, 8500, "port of the gRPC API; 0: none, auto: any that is free", metavar="PORT")
    rest_api_port: int | str = option(
        PORT,
        8501,
        "port of the REST API, the metrics and the page for people; 0: none, auto: any that is free",
        metavar="PORT",
    )
    model_name: str = option(TEXT, MODEL_NAME, "what clients call the model", metavar="NAME")
    model_base_path: Path = option(
        PATH, MODELS, "folder of the model's versions, as roadsigns export writes it", metavar="DIR"
    )
    model_config_file: Path | None = option(
        PATH, None, "text-format ModelServerConfig: several models, version policies, labels", metavar="FILE"
    )
    model_config_file_poll_wait_seconds: float = option(
        within(0, math.inf), 0.0, "how often to look for a new config file; 0: never", metavar="S"
    )
    file_system_poll_wait_seconds: float = option(
        within(0, math.inf), 1.0, "how often to look for new versions; 0: only at the start", metavar="S"
    )
    allow_version_labels_for_unavailable_models: bool = option(
        BOOLEAN, False, "let a new label point to a version that is not loaded yet", metavar="BOOL", bare=True
    )
    enable_model_warmup: bool = option(
        BOOLEAN, True, "run the warm-up requests that come with a version before it serves", metavar="BOOL", bare=True
    )
    max_num_load_retries: int = option(
        whole(0, 10**6), 5, "how often a version that cannot be loaded is tried again", metavar="N"
    )
    load_retry_interval_micros: int = option(
        whole(0, 2**63 - 1), 60_000_000, "microseconds between these tries", metavar="N"
    )
    engine: str = option(
        choice("auto", "tensorflow", "onnxruntime"),
        "auto",
        "what runs the models; auto: ONNX Runtime where the export notes that its file answers as the graph does, or "
        "else TensorFlow",
        metavar="auto|tensorflow|onnxruntime",
    )
    tensorflow_session_parallelism: int = option(
        whole(0, 4096), 0, "what the next two are where they are 0", metavar="N"
    )
    tensorflow_intra_op_parallelism: int = option(
        whole(0, 4096), 0, "threads for one operation; 0: as many as there are cores", metavar="N"
    )
    tensorflow_inter_op_parallelism: int = option(
        whole(0, 4096), 0, "operations at a time; 0: as many as there are cores", metavar="N"
    )
    enable_batching: bool = option(
        BOOLEAN,
        True,
        "run requests that come together together (tensorflow_model_server: off)",
        metavar="BOOL",
        bare=True,
    )
    batching_parameters_file: Path | None = option(
        PATH, None, "text-format BatchingParameters: how large a batch and how long a wait", metavar="FILE"
    )
    rest_api_enable_cors_support: bool = option(
        BOOLEAN, False, "let pages from elsewhere call the REST API", metavar="BOOL", bare=True
    )
    rest_api_timeout_in_ms: int = option(whole(1, 2**31 - 1), 30_000, "time for a REST answer", metavar="MS")
    ssl_config_file: Path | None = option(
        PATH, None, "text-format SSLConfig: key and certificate that encrypt the gRPC port", metavar="FILE"
    )
    grpc_channel_arguments: str | None = option(
        CHANNEL_ARGUMENTS,
        None,
        "arguments of gRPC's own for its server, such as grpc.max_connection_age_ms=2000",
        metavar="NAME=VALUE,...",
    )
    monitoring_config_file: Path | None = option(
        PATH,
        None,
        "text-format MonitoringConfig; without one, metrics are at /monitoring/prometheus/metrics "
        "(tensorflow_model_server: off)",
        metavar="FILE",
    )
    max_request_bytes: int = option(
        whole(1, 2**31 - 1), 104_857_600, "largest request, as sent and unpacked, REST and gRPC", metavar="N"
    )
    max_picture_pixels: int = option(
        whole(1), 2**26, "most pixels that the pictures of one request may have together", metavar="N"
    )
    max_connections: int = option(whole(1, 10**6), 4096, "REST connections at a time, idle ones included", metavar="N")
    max_concurrent_requests: int = option(
        whole(1, 10**6),
        1024,
        "requests worked on at a time, by REST and by gRPC; more are told to come again",
        metavar="N",
    )
    read_timeout_seconds: float = option(
        share(0, 10**6), 20.0, "time for a REST request to arrive, and a second more for each 10 kB of it", metavar="S"
    )
    idle_timeout_seconds: float = option(
        share(0, 10**6), 300.0, "time that a REST connection may stay open without a request", metavar="S"
    )
    shutdown_grace_seconds: float = option(
        within(0, 10**6), 20.0, "time for the requests under way to be answered after SIGTERM or Ctrl-C", metavar="S"
    )


@dataclass(frozen=True)
class AppOptions(Options):
    """`roadsigns app`."""

    host: str = option(TEXT, "127.0.0.1", "address to listen on; 0.0.0.0 lets other machines in", metavar="HOST")
    port: int = option(whole(0, 2**16 - 1), 8000, "port to listen on; 0 takes a free one", env="PORT", metavar="N")
    tensorflow_host: str | None = option(
        AUTHORITY,
        None,
        "the model server's REST address, to which /v1 goes; default: a model server beside the app, on the newest "
        "model in models/roadsigns or the weights that come with the package",
        env="TENSORFLOW_HOST",
        metavar="HOST:PORT",
    )
    frame_ancestors: str = option(
        ANCESTORS,
        "none",
        "pages that may show the app in a frame, such as a notebook's or a portal's: none, or self and origins, "
        "separated by spaces",
        env="FRAME_ANCESTORS",
        metavar="ORIGINS",
    )


@dataclass(frozen=True)
class AppdataOptions(Options):
    """`python -m roadsigns.app.appdata`."""

    pictures: Path | None = option(PATH, None, "folder of PNG and JPEG files; default: drawn signs", metavar="DIR")
    output: Path | None = option(PATH, None, "folder of the page's files; default: the package's own", metavar="DIR")
    seed: int = option(whole(0, 2**31 - 1), 0, "seed of the drawn signs", metavar="N")


@dataclass(frozen=True)
class CompletionOptions(Options):
    """`roadsigns completion`."""

    shell: str = option(choice("bash", "zsh", "tcsh"), "bash", "the shell to complete in", metavar="bash|zsh|tcsh")


VERBS: dict[str, type[Options]] = {
    "train": TrainOptions,
    "data": DataCommandOptions,
    "evaluate": EvaluateOptions,
    "predict": PredictOptions,
    "classify": ClassifyOptions,
    "export": ExportOptions,
    "serve": ServeOptions,
    "app": AppOptions,
    "completion": CompletionOptions,
}
"""The options of each verb of the `roadsigns` command."""

"""The model server, the web app, and what belongs to them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ..exported import MODEL_NAME, MODELS
from ..kinds import ANCESTORS, AUTHORITY, BOOLEAN, CHANNEL_ARGUMENTS, PATH, PORT, TEXT, choice, share, whole, within
from ..options import Options, option


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

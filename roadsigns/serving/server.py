"""The model server as a whole: models, ports, and an end in good order."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from .. import exported
from ..config import ServeOptions
from ..errors import ModelError, RequestError, RoadsignsError, UsageError
from ..kinds import AUTO
from . import config_files, metrics
from .batching import parameters
from .batching.parameters import BatchingParameters
from .config_files import Tls
from .http.limits import Limits
from .http.listener import Listener, bind
from .models import base_path, model_config
from .models.manager import Manager
from .models.model_config import ModelConfig
from .rest import Rest

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Plan:
    """Everything that can be checked before a model is loaded.

    Attributes:
        options: from the command line.
        models: those to serve.
        batching: how requests are batched; None where they are not.
        metrics_path: where the metrics are; None for nowhere.
        tls: what encrypts the gRPC port; None for nothing.
        rest: the REST API's socket, bound but not yet listening; None for none.
    """

    options: ServeOptions
    models: tuple[ModelConfig, ...]
    batching: BatchingParameters | None
    metrics_path: str | None
    tls: Tls | None
    rest: socket.socket | None


def check(options: ServeOptions) -> Plan:
    """See that the options can be followed.

    Raises:
        UsageError: they contradict each other, or a file they name is of another form.
        ModelError: a model's folder is missing.
        OSError: a file cannot be read, or a port cannot be had.
    """
    if options.port == 0 and options.rest_api_port == 0:
        raise UsageError("Both ports are 0, which leaves nothing to serve. Give --port or --rest_api_port")
    if options.model_config_file is None:
        models: tuple[ModelConfig, ...] = (ModelConfig(options.model_name, options.model_base_path),)
    else:
        models = model_config.read(options.model_config_file)
    for each in models:
        base_path.check(each.base_path)
    batching = None
    if options.enable_batching:
        file = options.batching_parameters_file
        batching = BatchingParameters() if file is None else parameters.read(file)
    metrics_path = config_files.metrics_path(options.monitoring_config_file)
    tls = None if options.ssl_config_file is None else config_files.tls(options.ssl_config_file)
    if isinstance(options.port, int) and options.port:
        bind(options.host, options.port).close()
    rest = None if options.rest_api_port == 0 else bind(options.host, _number(options.rest_api_port))
    return Plan(options, models, batching, metrics_path, tls, rest)


def _number(port: int | str) -> int:
    return 0 if port == AUTO else int(port)


def serve(plan: Plan) -> bool:
    """Serve until SIGTERM or SIGINT, and then for as long as requests under way take, within the grace.

    Returns:
        Whether all of them were answered in time.

    Raises:
        ModelError: no version of a model could be loaded.
    """
    signal.signal(signal.SIGTERM, _leave)
    _log_to_stderr()
    _wait_for_versions(plan)
    options = plan.options
    manager = Manager(
        plan.models,
        options.file_system_poll_wait_seconds,
        options.engine,
        plan.batching,
        intra_op_threads=options.tensorflow_intra_op_parallelism or options.tensorflow_session_parallelism,
        inter_op_threads=options.tensorflow_inter_op_parallelism or options.tensorflow_session_parallelism,
        warm_up=options.enable_model_warmup,
        labels_ahead=options.allow_version_labels_for_unavailable_models,
        retries=options.max_num_load_retries,
        retry_seconds=options.load_retry_interval_micros / 1e6,
    )
    manager.start()
    _check_loaded(manager, plan.models)
    return asyncio.run(_run(plan, manager))


def _log_to_stderr() -> None:
    """A line with its time for each version that is loaded or unloaded, and for what goes wrong."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s roadsigns serve: %(message)s"))
    logger = logging.getLogger("roadsigns")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)


def _leave(*_: object) -> None:
    raise SystemExit(0)


def _wait_for_versions(plan: Plan) -> None:
    """Wait until each model's folder holds a version; no port is open meanwhile."""
    for each in plan.models:
        told = False
        while not exported.versions(each.base_path):
            if not told:
                told = True
                _log.warning(base_path.waiting(each.base_path))
            time.sleep(plan.options.file_system_poll_wait_seconds or 1)


def _check_loaded(manager: Manager, models: Sequence[ModelConfig]) -> None:
    served = manager.models()
    for each in models:
        if served.get(each.name):
            continue
        try:
            failed = [status for status in manager.status(each.name) if status.error_message]
        except RequestError:
            failed = []
        why = f": {failed[0].error_message}" if failed else ""
        raise ModelError(f"No version of {each.name!r} in {str(each.base_path)!r} could be loaded{why}")


async def _run(plan: Plan, manager: Manager) -> bool:
    """Open the ports, wait for a signal, and close them; returns whether all requests were answered in time."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    options = plan.options
    counts = metrics.Metrics()
    closing: list[Callable[[], Awaitable[bool]]] = []
    served = ", ".join(
        f"{name} version {' '.join(str(each.version) for each in versions)}"
        for name, versions in sorted(manager.models().items())
    )
    if options.port != 0:
        from .grpc.server import GrpcServer

        grpc = GrpcServer(
            manager,
            counts,
            max_bytes=options.max_request_bytes,
            max_pixels=options.max_picture_pixels,
            max_requests=options.max_concurrent_requests,
            channel_arguments=options.grpc_channel_arguments or "",
            tls=plan.tls,
        )
        port = grpc.open(options.host, _number(options.port))
        print(f"gRPC on {_address(options.host, port)}: {served}", flush=True)
        closing.append(lambda: loop.run_in_executor(None, grpc.close, options.shutdown_grace_seconds))
    if plan.rest is not None:
        limits = Limits(
            body_bytes=options.max_request_bytes,
            held_bytes=4 * options.max_request_bytes,
            connections=options.max_connections,
            requests=options.max_concurrent_requests,
            read_seconds=options.read_timeout_seconds,
            idle_seconds=options.idle_timeout_seconds,
            answer_seconds=options.rest_api_timeout_in_ms / 1000,
            body_hint=" (--max_request_bytes)",
        )
        rest = Rest(
            manager,
            counts,
            limits,
            max_pixels=options.max_picture_pixels,
            cors=options.rest_api_enable_cors_support,
            metrics_path=plan.metrics_path,
        )
        listener = Listener(rest, limits)
        await listener.open(plan.rest)
        print(f"REST on http://{_address(options.host, plan.rest.getsockname()[1])}: {served}", flush=True)
        closing.append(lambda: _close_rest(rest, listener, options.shutdown_grace_seconds))
    # No thread of the loop's own: nobody waits at the end for a load that is under way.
    threading.Thread(target=_watch_config, args=(plan, manager), name="configuration", daemon=True).start()
    await stop.wait()
    for number in (signal.SIGTERM, signal.SIGINT):  # a second one ends at once
        loop.remove_signal_handler(number)
    return all(await asyncio.gather(*(close() for close in closing)))


async def _close_rest(rest: Rest, listener: Listener, grace: float) -> bool:
    rest.stopping = True
    answered = await listener.close(grace)
    rest.close()
    return answered


def _watch_config(plan: Plan, manager: Manager) -> None:
    """Take over the model config file whenever it has changed."""
    file, seconds = plan.options.model_config_file, plan.options.model_config_file_poll_wait_seconds
    current = plan.models
    while file is not None and seconds > 0:
        time.sleep(seconds)
        try:
            new = model_config.read(file)
            if new != current:
                manager.reload(new)
                current = new
        except (RoadsignsError, OSError) as error:
            _log.warning("The configuration stays as it is: %s", error)
        except Exception:
            _log.exception("The configuration could not be looked at")


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

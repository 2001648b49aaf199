"""Ray: a small one of this machine's own, or a cluster; and the pool of predictors on it."""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import os
import re
import secrets
import socket
import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import loading
from ..errors import DataError, NetworkError, RoadsignsError, UsageError
from .predictor import Predictor
from .source import Work

if TYPE_CHECKING:
    import pyarrow

_STORE_BYTES = 200 * 2**20
_CONNECT_SECONDS = 5.0
_TRIES = 5
_LONGEST = 24
_HTTP_2 = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))
"""What a client of HTTP/2, which gRPC is, begins with: the preface and a frame of no settings (RFC 9113, 3.4)."""

_HOST_AND_PORT = re.compile(r"(?:ray://)?(?P<host>[^/:\s]+|\[[0-9A-Fa-f:]+\]):(?P<port>[0-9]{1,5})")


def check_installed() -> None:
    """UsageError where Ray or PyArrow is not installed."""
    missing = [name for name in ("ray", "pyarrow") if not importlib.util.find_spec(name)]
    if missing:
        raise UsageError("classify needs Ray Data, which is not installed. Run: pip install 'roadsigns[ray]'")


@dataclass(frozen=True)
class Cluster:
    """A Ray that is connected to.

    Attributes:
        about: what it is, for people.
        predictors: how many predictors work at a time.
        gpu_share: the share of a GPU that each has.
    """

    about: str
    predictors: int
    gpu_share: float

    def keep(self, work: Work) -> Any:
        """Put work into Ray's store, which goes to disk where memory does not hold it."""
        import ray

        return ray.put(work.to_arrow())

    def answers(self, kept: Sequence[Any], *made_of: Any) -> Iterator[pyarrow.Table]:
        """Rows of answers, in no order; work of a predictor that was killed is done again by another.

        Args:
            kept: what `keep` gave for each work.
            made_of: the arguments of `Predictor`.

        Raises:
            DataError: nothing can be read, or a picture ends every predictor that it is given to.
            NetworkError: the cluster is gone, or its machines lack what the predictors need.
        """
        from ray import data

        def remote() -> dict[str, Any]:
            return {"num_cpus": 1, "num_gpus": self.gpu_share, "max_task_retries": _TRIES - 1}

        pool = data.ActorPoolStrategy(min_size=1, max_size=self.predictors, initial_size=self.predictors)
        with _told():
            source = data.from_arrow_refs(list(kept))
            with warnings.catch_warnings(action="ignore"):  # of Ray 2.64, which setup.cfg leaves out
                answered = source.map_batches(
                    Predictor,
                    fn_constructor_args=made_of,
                    batch_size=None,  # a block as it is, so that a predictor has the rows of one row group
                    batch_format="pyarrow",
                    compute=pool,
                    ray_remote_args_fn=remote,
                )
            yield from answered.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=1)


@contextlib.contextmanager
def running(address: str | None, predictors: int | None) -> Iterator[Cluster]:
    """Connect to the cluster at `address`, or start a Ray of this machine's own, which ends with the block.

    Args:
        address: `host:port`, `ray://host:port` or `auto`; None starts one.
        predictors: how many to have at work at a time; None means one a core.

    Raises:
        NetworkError: there is no cluster, or it is of other versions.
    """
    if address is not None:
        _check_reachable(address)
    _set_variables(own=address is None)
    # The names of Ray's sockets, 64 letters longer, may have 107.
    above = tempfile.gettempdir() if len(tempfile.gettempdir()) <= _LONGEST else "/tmp"  # noqa: S108
    with (
        tempfile.TemporaryDirectory(prefix="roadsigns-", dir=above, ignore_cleanup_errors=True) as folder,
        _said_to(Path(folder, "log")),
    ):
        import ray

        try:
            _connect(address, predictors, folder)
            yield _cluster(address, predictors)
        finally:
            ray.shutdown()


def _set_variables(own: bool) -> None:
    """What Ray reads when it is first imported."""
    if "ray" in sys.modules:
        return
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # Ray reports to its makers unless it is told not to
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    if own:
        # Its ports are open to other machines, so nobody is let in without a token.
        os.environ.update(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=secrets.token_hex(32))


def _connect(address: str | None, predictors: int | None, folder: str) -> None:
    import ray
    from ray import data

    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR", "configure_logging": True}
    if address is None:
        own: dict[str, Any] = {"num_cpus": predictors, "include_dashboard": False, "object_store_memory": _STORE_BYTES}
        ray.init(address="local", _temp_dir=folder, **own, **quiet)
    else:
        try:
            ray.init(address=address, **quiet)
        except (ConnectionError, RuntimeError, ValueError, OSError) as error:
            raise NetworkError(f"--address {address}: {_last_line(error)}. Start one: ray start --head") from error
    context = data.DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    context.raise_original_map_exception = True
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)


def _cluster(address: str | None, predictors: int | None) -> Cluster:
    import ray

    has = ray.cluster_resources()
    count = predictors or max(1, int(has.get("CPU", 1)))
    gpus = has.get("GPU", 0) if "CUDAExecutionProvider" in loading.onnx_providers() else 0
    where = "this machine" if address is None else f"the cluster at {address}"
    on = f" on {gpus:g} GPU{'s' * (gpus != 1)}" if gpus else ""
    about = f"{count:,} predictor{'s' * (count != 1)}{on}, {where}"
    return Cluster(about, count, min(1.0, int(gpus / count * 1e4) / 1e4))


def _check_reachable(address: str) -> None:
    """NetworkError where nobody listens; Ray itself would ask for a minute, and say so in a page."""
    if address == "auto":
        return
    found = _HOST_AND_PORT.fullmatch(address)
    if found is None or not 0 < int(found["port"]) < 2**16:
        raise UsageError(
            f"Invalid value for --address: expected host:port, ray://host:port or auto. Received: {address!r}"
        )
    host, port = found["host"].strip("[]"), int(found["port"])
    try:
        with socket.create_connection((host, port), _CONNECT_SECONDS) as connection:
            connection.settimeout(_CONNECT_SECONDS)
            connection.sendall(_HTTP_2)
            # Ray answers by a frame of settings, type 4.
            speaks = connection.recv(9)[3:4] == b"\x04" or os.environ.get("RAY_USE_TLS") == "1"
        reason = "" if speaks else "something else answers there"
    except OSError as error:
        reason = error.strerror or str(error)
    if reason:
        raise NetworkError(
            f"No Ray cluster answers at {address}: {reason}. Start one (ray start --head prints its address), or leave "
            "--address out for this machine alone"
        )


@contextlib.contextmanager
def _said_to(log: Path) -> Iterator[None]:
    """Within, what Ray and its threads print goes to a file, and what we print to where it went before."""
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(log.open("w"))
        terminal = os.dup(2)
        stack.callback(os.close, terminal)
        stack.callback(os.dup2, terminal, 2)
        if _is_descriptor(sys.stderr, 2):
            ours = stack.enter_context(open(terminal, "w", closefd=False, buffering=1))
            stack.enter_context(contextlib.redirect_stderr(ours))
        stack.enter_context(contextlib.redirect_stdout(file))
        os.dup2(file.fileno(), 2)
        yield


def _is_descriptor(stream: Any, number: int) -> bool:
    try:
        return bool(stream.fileno() == number)
    except (OSError, ValueError):  # a stream that is no file
        return False


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """What Ray raises becomes ours, with the way out."""
    from ray import exceptions

    try:
        yield
    except exceptions.RayTaskError as error:
        cause = error.cause
        if isinstance(cause, (RoadsignsError, OSError)):
            raise cause from None
        raise NetworkError(f"A predictor failed: {_last_line(error)}") from error
    except (exceptions.ActorDiedError, exceptions.ActorUnavailableError, exceptions.WorkerCrashedError) as error:
        if "No module named" in str(error):
            raise NetworkError(
                f"The cluster's machines cannot start a predictor: {_last_line(error)}. They need roadsigns[ray] and "
                "the versions of Python and Ray of here"
            ) from error
        raise DataError(
            f"{_TRIES} predictors in turn died at the same pictures: one of them ends the process, or memory is "
            "short (fewer --predictors). What is answered is kept. Run the same line again to go on"
        ) from error
    except exceptions.RayError as error:
        raise NetworkError(f"Ray gave up: {_last_line(error)}. Run the same line again to go on") from error


def _last_line(error: BaseException) -> str:
    lines = [line.strip() for line in re.sub(r"\x1b\[[0-9;]*m", "", str(error)).splitlines() if line.strip()]
    return (lines[-1] if lines else type(error).__name__)[:300].rstrip(". ")

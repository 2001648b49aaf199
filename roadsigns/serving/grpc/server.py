"""The gRPC port: TensorFlow Serving's two services, and the standard health service."""

from __future__ import annotations

import time
from concurrent import futures

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from ..config_files import Tls
from ..metrics import Metrics
from ..models.manager import Manager
from ..protos import model_service_pb2_grpc, prediction_service_pb2_grpc
from .held import Held
from .model_service import ModelService
from .prediction_service import PredictionService

WORKERS = 64
"""Requests that are worked on at a time; the others wait."""

HELD = 4
"""Messages of the largest size that all calls may hold together."""


class GrpcServer:
    """The gRPC port.

    Args:
        manager: has the models.
        metrics: is told of every call.
        max_bytes: of a message, and of an input it may unfold into.
        max_pixels: of all pictures of a request together.
        max_requests: taken in at a time; more are refused.
        channel_arguments: of gRPC's own, `name=value` with commas between; they have the last word.
        tls: what encrypts the port; None for nothing.
    """

    def __init__(
        self,
        manager: Manager,
        metrics: Metrics,
        *,
        max_bytes: int,
        max_pixels: int,
        max_requests: int,
        channel_arguments: str = "",
        tls: Tls | None = None,
    ) -> None:
        self._held = Held(HELD * max_bytes)
        self._server = grpc.server(
            futures.ThreadPoolExecutor(WORKERS, thread_name_prefix="grpc"),
            options=[
                *_pairs(channel_arguments),  # of two of one name gRPC takes the first
                ("grpc.max_receive_message_length", max_bytes),
                ("grpc.max_send_message_length", -1),
                ("grpc.so_reuseport", 0),  # else a second server would silently share the port
            ],
            interceptors=[self._held],
            maximum_concurrent_rpcs=max_requests,
        )
        self._tls = tls
        self._health = health.HealthServicer()
        prediction = PredictionService(manager, metrics, max_bytes, max_pixels)
        prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(prediction, self._server)
        model_service_pb2_grpc.add_ModelServiceServicer_to_server(ModelService(manager), self._server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        for name in ("", "tensorflow.serving.PredictionService", "tensorflow.serving.ModelService"):
            self._health.set(name, health_pb2.HealthCheckResponse.SERVING)

    def open(self, host: str, port: int) -> int:
        """Open the port, 0 for a free one, and say which it is.

        Raises:
            OSError: it cannot be opened.
        """
        address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        try:
            if self._tls is None:
                bound = self._server.add_insecure_port(address)
            else:
                bound = self._server.add_secure_port(address, _credentials(self._tls))
        except RuntimeError as error:
            way_out = "Choose another port or host, or end what listens there"
            raise OSError(f"{host}:{port} cannot be opened. {way_out} ({error})") from error
        self._server.start()
        return int(bound)

    def close(self, grace: float) -> bool:
        """Accept nothing any more, and wait until what was accepted is answered, for at most `grace` seconds.

        Returns:
            Whether all were answered in time.
        """
        self._health.enter_graceful_shutdown()
        end = time.monotonic() + grace
        self._server.stop(grace).wait()
        self._held.close()
        return time.monotonic() < end


def _credentials(tls: Tls) -> grpc.ServerCredentials:
    return grpc.ssl_server_credentials(
        [(tls.key, tls.certificate)], root_certificates=tls.clients_root or None, require_client_auth=tls.clients_must
    )


def _pairs(text: str) -> list[tuple[str, int | str]]:
    """GRPC takes whole numbers as such, and everything else as text."""
    pairs = (pair.partition("=") for pair in text.split(",") if pair)
    return [(name, int(value) if value.lstrip("-").isdecimal() else value) for name, _, value in pairs]

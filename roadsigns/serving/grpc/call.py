"""What all gRPC calls have in common: which servable they mean, and how they fail."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import grpc

from ...errors import RequestError

MAX_MESSAGE = 1024
"""Characters of an error's message that are sent."""

_LOG = logging.getLogger(__name__)

Method = Callable[[Any, Any, Any], Any]


def refusing(method: Method) -> Method:
    """Have a method of a service make our errors gRPC's, and anything else an internal one that is logged."""

    @functools.wraps(method)
    def call(self: Any, request: Any, context: Any) -> Any:
        try:
            return method(self, request, context)
        except RequestError as error:
            return context.abort(getattr(grpc.StatusCode, error.code), error.message[:MAX_MESSAGE])
        except Exception as error:
            _LOG.error("A request failed", exc_info=error)
            return context.abort(grpc.StatusCode.INTERNAL, "Internal error; the server's log says more")

    return call


@dataclass(frozen=True)
class Asked:
    """Which servable a ModelSpec means."""

    model: str
    version: int | None
    label: str | None


def read_spec(request: Any) -> Asked:
    """The model that a request is for.

    Raises:
        RequestError: it names none.
    """
    if not request.HasField("model_spec"):
        raise RequestError("Missing ModelSpec")
    spec = request.model_spec
    if not spec.name:
        raise RequestError("ModelSpec has no name specified.")
    version = spec.version.value if spec.HasField("version") else None
    return Asked(spec.name, version, spec.version_label or None)

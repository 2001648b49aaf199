"""Model status, metadata and errors as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .signature import Signature, TensorSpec

STATES = ("START", "LOADING", "AVAILABLE", "UNLOADING", "END")


@dataclass(frozen=True)
class VersionStatus:
    """The status of one version of a model.

    Attributes:
        version: its number.
        state: one of `STATES`.
        error_code: the canonical code of the error, `OK` where there is none.
        error_message: the error in words.
    """

    version: int
    state: str
    error_code: str = "OK"
    error_message: str = ""


def format_status(versions: Sequence[VersionStatus]) -> bytes:
    """The answer of a status call, newest version first.

    Source: TensorFlow Serving's REST API, "Model status API".
    """
    newest_first = sorted(versions, key=lambda each: each.version, reverse=True)
    return _json(
        {
            "model_version_status": [
                {
                    "version": str(each.version),
                    "state": each.state,
                    "status": {"error_code": each.error_code, "error_message": each.error_message},
                }
                for each in newest_first
            ]
        }
    )


def format_metadata(model: str, version: int, signatures: Mapping[str, Signature]) -> bytes:
    """The answer of a metadata call: every signature with its tensors; fields with default values are written too.

    Source: TensorFlow Serving's REST API, "Model Metadata API".
    """
    return _json(
        {
            "model_spec": {"name": model, "signature_name": "", "version": str(version)},
            "metadata": {
                "signature_def": {
                    "signature_def": {
                        name: {
                            "inputs": {key: _tensor(spec) for key, spec in each.inputs.items()},
                            "outputs": {key: _tensor(spec) for key, spec in each.outputs.items()},
                            "method_name": each.method_name,
                            "defaults": {},
                        }
                        for name, each in signatures.items()
                    }
                }
            },
        }
    )


def format_error(message: str) -> bytes:
    """The body of every error."""
    return _json({"error": message})


def _tensor(spec: TensorSpec) -> dict[str, Any]:
    dims = [{"size": str(size), "name": ""} for size in spec.shape or ()]
    return {
        "dtype": spec.dtype,
        "tensor_shape": {"dim": dims, "unknown_rank": spec.shape is None},
        "name": spec.tensor,
    }


def _json(value: Any) -> bytes:
    # Escaped to ASCII: a lone surrogate from the request has no form in UTF-8.
    return json.dumps(value, indent=1).encode()

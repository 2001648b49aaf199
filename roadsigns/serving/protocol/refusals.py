"""What a client is told of a model, version, label or signature that is not there: TensorFlow Serving's own words."""

from __future__ import annotations

from ...errors import RequestError
from ...exported import DEFAULT_SIGNATURE


def servable_not_found(model: str, version: int | None = None) -> RequestError:
    """A call for a model or version that is not served."""
    asked = f"Latest({model})" if version is None else f"Specific({model}, {version})"
    return RequestError(f"Servable not found for request: {asked}", "NOT_FOUND")


def no_status(model: str, version: int | None = None) -> RequestError:
    """A status call for a model or version that has never been served."""
    asked = "any versions" if version is None else f"version {version}"
    return RequestError(f"Could not find {asked} of model {model}", "NOT_FOUND")


def unknown_label(label: str) -> RequestError:
    """A label that no version bears."""
    return RequestError(f"Unrecognized servable version label: {label}")


def unknown_signature(name: str, method: str = "predict") -> RequestError:
    """A signature that the model lacks; `classify` and `regress` have words of their own."""
    name = name or DEFAULT_SIGNATURE
    if method == "predict":
        return RequestError(f'Serving signature name: "{name}" not found in signature def')
    return RequestError(f"No signature was found with the name: {name}")

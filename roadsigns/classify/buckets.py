"""Files and folders in buckets of S3 and Google's Cloud Storage, through PyArrow: `s3://bucket/folder/a.png`."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..errors import DataError

_ADDRESS = re.compile(r"(?P<scheme>s3|gs|gcs)://(?:(?P<user>[^/@]*)@)?(?P<bucket>[^/@?]+)(?:/(?P<key>.*))?", re.DOTALL)
# Arrow's options, after the path: `s3://bucket/folder?region=eu-central-1&endpoint_override=127.0.0.1:9000`.
_OPTIONS = re.compile(r"\?(?:[a-z_]+=[^&]*)(?:&[a-z_]+=[^&]*)*$")
_ANY = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_MISSING = re.compile(r"NO_SUCH_BUCKET|NO_SUCH_KEY|NoSuch|NOT_FOUND|404|does not exist")
_REFUSED = re.compile(
    r"ACCESS_DENIED|403|Forbidden|credential|INVALID_ACCESS_KEY|SIGNATURE|UNAUTHENTICATED|401|token", re.I
)
_UNREACHED = re.compile(r"NETWORK_CONNECTION|curl|connect|resolve|timed? ?out|UNAVAILABLE", re.I)
_KEYS = {
    "s3": "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
    "gs": "Set GOOGLE_APPLICATION_CREDENTIALS to a key file, or run: gcloud auth application-default login",
}
_REASON = 200


@dataclass(frozen=True)
class Address:
    """A place in a bucket.

    Attributes:
        scheme: `s3` or `gs`.
        bucket: the bucket's name.
        key: the path within it.
        opened_by: what PyArrow opens the bucket by, with keys and options.
    """

    scheme: str
    bucket: str
    key: str
    opened_by: str

    @property
    def root(self) -> str:
        """The bucket itself, `s3://bucket`: what names of its files begin with, without keys and options."""
        return f"{self.scheme}://{self.bucket}"


def is_address(name: str) -> bool:
    """Whether a name is an address such as `s3://bucket/folder`, not a path of this machine."""
    return _ANY.match(name) is not None


def address(name: str) -> Address:
    """Take an address apart.

    Raises:
        DataError: it is none of S3 or Cloud Storage.
    """
    found = _ADDRESS.fullmatch(_OPTIONS.sub("", name))
    if found is None:
        raise DataError(f"Invalid address {name!r}: expected s3://BUCKET/PATH, gs://BUCKET/PATH or a path")
    scheme = "gs" if found["scheme"] == "gcs" else found["scheme"]
    options = _OPTIONS.search(name)
    user = "" if found["user"] is None else f"{found['user']}@"
    opened_by = f"{scheme}://{user}{found['bucket']}{options[0] if options else ''}"
    return Address(scheme, found["bucket"], (found["key"] or "").strip("/"), opened_by)


class Buckets:
    """The buckets that are in use, each opened once. It can be sent to other processes."""

    def __init__(self) -> None:
        self._opened: dict[str, Any] = {}

    def open(self, name: str) -> tuple[Any, str]:
        """The file system of an address, and the path there.

        Raises:
            DataError: it is no such address, or the bucket cannot be opened.
        """
        at = address(name)
        if at.root not in self._opened or at.opened_by != at.root:
            from pyarrow import fs

            with asking(name):
                self._opened[at.root] = fs.FileSystem.from_uri(at.opened_by)[0]
        return self._opened[at.root], f"{at.bucket}/{at.key}"


@contextlib.contextmanager
def asking(name: str) -> Iterator[None]:
    """Within, what PyArrow says of the address `name` becomes a DataError with the way out."""
    import pyarrow

    try:
        yield
    except (OSError, pyarrow.ArrowException) as error:
        raise DataError(f"{shown(name)!r} cannot be used: {_reason(error)}. {_way_out(name, str(error))}") from error


def shown(name: str) -> str:
    """A name without the keys that an address may hold."""
    return re.sub(r"(?<=://)[^/@]*@", "", name) if is_address(name) else name


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:_REASON].rstrip(". ")


def _way_out(name: str, reason: str) -> str:
    at = address(name)
    if _MISSING.search(reason):
        return "Is the name right?"
    if _REFUSED.search(reason):
        return f"{_KEYS[at.scheme]}. A public bucket needs none: {at.scheme}://anonymous@{at.bucket}/..."
    if _UNREACHED.search(reason):
        return "Is the network there?" + (" Another endpoint: AWS_ENDPOINT_URL" if at.scheme == "s3" else "")
    return "Is the name right?"

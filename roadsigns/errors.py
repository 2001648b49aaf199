"""Every exception that roadsigns raises on purpose.

    RoadsignsError
    ├── UsageError    a flag, variable or argument that cannot be used
    ├── DataError     a data set, archive, pickle or picture that cannot be read
    ├── NetworkError  an address that does not answer as it should
    ├── ModelError    a model that cannot be loaded, trained on or written
    ├── RequestError  a request to the model server that is refused, with its status code
    │   └── RowError  one of its rows is at fault
    └── HttpError     a request to the web app that is answered with an error, with its status

A caller's slip in Python code (a wrong dtype or shape) raises the built-in `TypeError` or `ValueError` instead.
"""

from __future__ import annotations


class RoadsignsError(Exception):
    """What went wrong and the way out, in one line meant for a person."""


class UsageError(RoadsignsError):
    """A flag, an environment variable or an argument has a value that cannot be used."""


class DataError(RoadsignsError):
    """A data set, archive, pickle or picture is missing, damaged, hostile or of another form."""


class NetworkError(RoadsignsError):
    """An address could not be reached, or did not send what was expected."""


class ModelError(RoadsignsError):
    """A model could not be found, read, trained or written."""


HTTP_STATUS: dict[str, int] = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "OUT_OF_RANGE": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ABORTED": 409,
    "ALREADY_EXISTS": 409,
    "RESOURCE_EXHAUSTED": 429,
    "CANCELLED": 499,
    "UNIMPLEMENTED": 501,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
    "DATA_LOSS": 500,
    "INTERNAL": 500,
    "UNKNOWN": 500,
}
"""The canonical status codes by name, as gRPC has them, and what TensorFlow Serving makes of each over HTTP."""


class RequestError(RoadsignsError):
    """A request to the model server is refused.

    Attributes:
        code: one of the names in `HTTP_STATUS`; gRPC's status codes bear the same names.
        message: what the client is told.
    """

    def __init__(self, message: str, code: str = "INVALID_ARGUMENT") -> None:
        super().__init__(message)
        self.message = message
        self.code = code

    @property
    def http_status(self) -> int:
        """The HTTP status code of `code`."""
        return HTTP_STATUS[self.code]


class RowError(RequestError):
    """A row of a request is refused.

    Attributes:
        where: what the rows are: `image_bytes: picture`.
        row: which one, from 0.
        why: what is wrong with it.
    """

    def __init__(self, where: str, row: int, why: str) -> None:
        super().__init__(f"{where} {row} {why}")
        self.where = where
        self.row = row
        self.why = why

    def behind(self, rows: int) -> RowError:
        """The same row of a request that has `rows` more in front."""
        return RowError(self.where, self.row + rows, self.why)


class HttpError(RoadsignsError):
    """A request to the web app cannot be met.

    Attributes:
        status: the HTTP status code of the answer; the message is what the client is told.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status

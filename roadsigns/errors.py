"""Every exception that roadsigns raises on purpose.

    RoadsignsError
    ├── UsageError    a flag, variable or argument that cannot be used
    ├── DataError     a data set, archive, pickle or picture that cannot be read
    ├── NetworkError  an address that does not answer as it should
    └── ModelError    a model that cannot be loaded, trained on or written

A caller's slip in Python code (a wrong dtype or shape) raises the built-in `TypeError` or `ValueError` instead.
"""


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

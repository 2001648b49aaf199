"""TensorFlow's errors cut down to the line that tells a person what is wrong."""

from __future__ import annotations

import re

_NOISE = re.compile(r"Graph execution error:|Detected at node|\[\[\{\{|\d+ root error|File \"|hint:", re.IGNORECASE)
_PREFIX = re.compile(r"(\(\d+\)\s+)?([A-Z_]+:\s+)?(assertion failed:\s+)?")


def essence(message: str) -> str:
    r"""The first line of `message` that speaks of the matter, without the graph's nodes and the brackets of assertions.

    `Graph execution error:\n\nassertion failed: [x is bad:] [3]\n\t [[{{node Assert}}]]` becomes `x is bad: 3`.
    """
    lines = (line.strip() for line in message.splitlines())
    line = next((line for line in lines if line and not _NOISE.match(line)), message.strip())
    prefix = _PREFIX.match(line)
    if prefix is None:
        return line
    rest = line[prefix.end() :]
    if prefix[3] and rest.startswith("["):
        rest = " ".join(rest.removeprefix("[").removesuffix("]").split("] ["))
    return rest or line

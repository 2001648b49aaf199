"""`roadsigns app`: the page and its proxy, with a model server of its own where none is named."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from importlib import resources
from pathlib import Path

from ..config import AppOptions
from ..verbs import APP
from . import own_server
from .server import Server
from .site import Site


@APP.command
def main(options: AppOptions) -> None:
    """Serve the page until SIGINT or SIGTERM."""
    with contextlib.ExitStack() as stack:
        address = options.tensorflow_host or stack.enter_context(own_server.model_server(_say))
        asyncio.run(_serve(options, address))


def www() -> Path:
    """The folder of the app's files."""
    return Path(str(resources.files(__package__).joinpath("www")))


async def _serve(options: AppOptions, address: str) -> None:
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    server = Server(Site(www(), options.frame_ancestors), address)
    port = await server.start(options.host, options.port)
    host = f"[{options.host}]" if ":" in options.host else options.host
    _say(f"http://{host}:{port}/ asks the model server at {address}")
    await stopping.wait()
    await server.stop()


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())

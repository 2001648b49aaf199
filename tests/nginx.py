"""A real reverse proxy, as portals and notebooks put before a page: it strips a path prefix."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

CONFIG = """
daemon off; master_process off; pid nginx.pid; error_log stderr warn;
events {{}}
http {{
    access_log off; client_max_body_size 64m;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    server {{ listen 127.0.0.1:{port}; {locations} }}
}}
"""
LOCATION = "location {prefix} {{ proxy_pass http://{address}/; proxy_http_version 1.1; }}\n"


@contextlib.contextmanager
def nginx(addresses: Mapping[str, str]) -> Iterator[str]:
    """Run nginx before servers, each `host:port` by the prefix that it is reached below; yields nginx's `host:port`."""
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    assert program, "The page is tested behind nginx. Run: apt-get install nginx-light"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    locations = "".join(LOCATION.format(prefix=prefix, address=address) for prefix, address in addresses.items())
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "nginx.conf")
        config.write_text(CONFIG.format(port=port, locations=locations))
        process = subprocess.Popen([program, "-e", "stderr", "-p", folder, "-c", config])
        try:
            wait_until_open(port, process)
            yield f"127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(10)


def wait_until_open(port: int, process: subprocess.Popen[bytes], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < end:
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.02)
    raise AssertionError("nginx does not listen")

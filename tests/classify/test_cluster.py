"""A cluster that others started, from bucket to bucket; and what is said of one that is not as it should be."""

from __future__ import annotations

import http.server
import os
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import processes
from roadsigns.classify import cluster
from roadsigns.classify.buckets import Buckets
from roadsigns.errors import NetworkError, UsageError


@pytest.fixture
def head(s3: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The address of a cluster of one machine, which asks for a word, and the variables that it was started with."""
    with tempfile.TemporaryDirectory(prefix="rs-", ignore_cleanup_errors=True) as folder:
        word = Path(folder, "word")
        word.write_text("0123456789abcdef0123456789abcdef")
        environ = {
            **os.environ,
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN_PATH": str(word),
            "RAY_USAGE_STATS_ENABLED": "0",
        }
        ray = [sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block", "--port=0", "--num-cpus=2"]
        settings = ["--include-dashboard=false", "--object-store-memory=100000000", f"--temp-dir={folder}"]
        process = subprocess.Popen(
            [*ray, *settings, "--disable-usage-stats"],
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            said = ""
            for line in process.stdout or ():
                said += line
                if found := re.search(r"--address='?([\d.]+:\d+)", line):
                    yield found[1], environ
                    break
            else:
                pytest.fail(said)
        finally:
            processes.end(process)


def test_a_cluster_takes_pictures_from_a_bucket_to_a_bucket(head: tuple[str, dict[str, str]], s3: str) -> None:
    address, environ = head
    command = [sys.executable, "-m", "roadsigns.classify", f"{s3}/signs", "--out", f"{s3}/out.parquet"]
    done = subprocess.run([*command, "--address", address], env=environ, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, f"2 predictors, the cluster at {address}\n")
    system, path = Buckets().open(f"{s3}/out.parquet")
    from pyarrow import parquet

    rows = {row["file"]: row for row in parquet.read_table(path, filesystem=system).to_pylist()}
    assert len(rows) == 9 and rows[f"{s3}/signs/0.png"]["class_id"] is not None
    assert [name for name, row in rows.items() if row["error"]] == [f"{s3}/signs/broken.png"]
    again = subprocess.run(command, env=environ, capture_output=True, text=True)
    assert again.stdout.splitlines()[1:] == [f"wrote {s3}/out.parquet: 0 pictures in 0 files, 9 were there before"]


@pytest.mark.parametrize("address", ["host", "host:0", "host:70000", "http://host:1", "a b:1", ":1"])
def test_an_address_of_another_form_is_refused(address: str) -> None:
    message = f"Invalid value for --address: expected host:port, ray://host:port or auto. Received: {address!r}"
    with pytest.raises(UsageError, match=re.escape(message)), cluster.running(address, None):
        pass


@pytest.mark.parametrize("address", ["127.0.0.1:9", "ray://127.0.0.1:9", "[::1]:9"])
def test_an_address_where_no_cluster_is_is_told(address: str) -> None:
    message = f"No Ray cluster answers at {address}: .*Start one .ray start --head"
    with pytest.raises(NetworkError, match=message.replace("[", r"\[")), cluster.running(address, None):
        pass


def test_another_server_at_the_address_is_told() -> None:
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        address = f"127.0.0.1:{server.server_port}"
        with (
            pytest.raises(NetworkError, match=f"No Ray cluster answers at {address}: something else answers there"),
            cluster.running(address, None),
        ):
            pass
        thread.join()

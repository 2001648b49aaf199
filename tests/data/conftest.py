"""Small data sets of the real form, and a web server that can be told to misbehave."""

from __future__ import annotations

import http.server
import io
import os
import pickle
import re
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

MakeArrays = Callable[..., dict[str, Any]]


@pytest.fixture
def make_arrays() -> MakeArrays:
    """Makes what one pickle holds: `count` pictures of noise, classes 0, 1, 2, ..."""

    def make(count: int, seed: int = 0) -> dict[str, Any]:
        random = np.random.default_rng(seed)
        return {
            "features": random.integers(0, 256, (count, 32, 32, 3), dtype=np.uint8),
            "labels": (np.arange(count) % 43).astype(np.uint8),
            "sizes": random.integers(15, 250, (count, 2)).astype(np.uint16),
            "coords": random.integers(5, 245, (count, 4)).astype(np.uint16),
        }

    return make


@pytest.fixture
def pickles(make_arrays: MakeArrays) -> dict[str, bytes]:
    """The three pickles of a data set of 6, 3 and 4 pictures, by member name."""
    counts = {"train.p": 6, "valid.p": 3, "test.p": 4}
    return {name: pickle.dumps(make_arrays(count, seed=count), 3) for name, count in counts.items()}


@pytest.fixture
def make_zip(tmp_path: Path) -> Callable[..., Path]:
    """Makes a zip of the members given, deflated, and returns its path."""

    def make(members: dict[str, bytes], name: str = "signs.zip") -> Path:
        path = tmp_path / name
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, data in members.items():
                archive.writestr(member, data)
        return path

    return make


@pytest.fixture
def archive(make_zip: Callable[..., Path], pickles: dict[str, bytes]) -> Path:
    """A zip of the published form with 6, 3 and 4 pictures."""
    return make_zip(pickles)


class Site:
    """Files by path, how to misbehave, and what was asked.

    Attributes:
        files: content by path.
        tag: the ETag sent; none where empty.
        plan: what the next requests meet, first come first: a status, or a word (see `_Handler`).
        asked: the Range header of each request, or None.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.files: dict[str, bytes] = {}
        self.tag = '"one"'
        self.plan: list[int | str] = []
        self.asked: list[str | None] = []


class _Handler(http.server.BaseHTTPRequestHandler):
    site: Site

    def do_GET(self) -> None:
        site = self.site
        site.asked.append(self.headers["Range"])
        deed = site.plan.pop(0) if site.plan else ""
        if isinstance(deed, int):
            self.send_error(deed)
            return
        if self.path not in site.files:
            self.send_error(404)
            return
        body = site.files[self.path]
        start = self._start(len(body))
        if start > len(body) or (start == len(body) and start):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(body)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        end = len(body)
        if deed == "other part":  # as many bytes as were asked for, but not those
            start, end = start - 1, end - 1
        elif deed == "short part":
            end = (start + end) // 2
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{len(body)}")
        if site.tag:
            self.send_header("ETag", site.tag)
        if deed != "no length":
            self.send_header("Content-Length", str(end - start))
        self.end_headers()
        part = body[start:end]
        if deed == "stall":
            self.wfile.write(part[: len(part) // 2])
            self.wfile.flush()
            self.connection.recv(1)  # until the client gives up
        elif deed == "half":
            self.wfile.write(part[: len(part) // 2])
        else:
            self.wfile.write(part)

    def _start(self, size: int) -> int:
        match = re.fullmatch(r"bytes=(\d+)-", self.headers["Range"] or "")
        fresh = self.headers["If-Range"] in (None, self.site.tag)
        return int(match[1]) if match and fresh else 0

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def site() -> Iterator[Site]:
    """A web server on this machine."""
    handler = type("Handler", (_Handler,), {})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        handler.site = Site(f"http://127.0.0.1:{server.server_address[1]}")  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield handler.site  # type: ignore[attr-defined]
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def make_benchmark(tmp_path: Path) -> Callable[..., Path]:
    """Makes small archives of the benchmark's own form in a folder: 30 frames for each track, `tests` test pictures."""
    from PIL import Image

    def picture(width: int, height: int, seed: int) -> bytes:
        pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "PPM")
        return file.getvalue()

    head = "Filename;Width;Height;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2;ClassId\r\n"

    def make(tracks: dict[int, list[int]], tests: list[int]) -> Path:
        folder = tmp_path / "benchmark"
        folder.mkdir()
        with zipfile.ZipFile(folder / "GTSRB_Final_Training_Images.zip", "w") as archive:
            archive.writestr("GTSRB/Readme-Images.txt", "read me")
            for label, lengths in tracks.items():
                base, table = f"GTSRB/Final_Training/Images/{label:05}/", head
                for track, frames in enumerate(lengths):
                    for frame in range(frames):
                        name, width, height = f"{track:05}_{frame:05}.ppm", 20 + frame, 25 + track
                        archive.writestr(base + name, picture(width, height, 10_000 * label + 100 * track + frame))
                        table += f"{name};{width};{height};5;6;{width - 5};{height - 6};{label}\r\n"
                archive.writestr(f"{base}GT-{label:05}.csv", table)
        with zipfile.ZipFile(folder / "GTSRB_Final_Test_Images.zip", "w") as archive:
            for index in reversed(range(len(tests))):  # the order in the zip is not the official one
                archive.writestr(f"GTSRB/Final_Test/Images/{index:05}.ppm", picture(40, 50, 900_000 + index))
            archive.writestr("GTSRB/Final_Test/Images/GT-final_test.test.csv", "Filename;Width\r\n")
        with zipfile.ZipFile(folder / "GTSRB_Final_Test_GT.zip", "w") as archive:
            lines = [f"{index:05}.ppm;40;50;1;2;30;40;{label}\r\n" for index, label in enumerate(tests)]
            archive.writestr("GT-final_test.csv", head + "".join(lines))
        return folder

    return make


@pytest.fixture(scope="session")
def published() -> Path:
    """The real archive, from the path that ROADSIGNS_GTSRB names; for tests marked `gtsrb`."""
    return Path(os.environ["ROADSIGNS_GTSRB"])

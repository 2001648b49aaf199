"""Work in other processes: what comes back, and what becomes of those that die."""

from __future__ import annotations

import asyncio
import math
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from roadsigns.errors import RequestError
from roadsigns.serving.protocol.route import parse_path
from roadsigns.serving.workers import LARGE, LoopInbox, SideProcesses


@pytest.fixture(scope="module")
def sides() -> Iterator[SideProcesses]:
    sides = SideProcesses(1)
    yield sides
    sides.close()


def test_results_come_back(sides: SideProcesses) -> None:
    assert sides.submit(1, math.hypot, 3, 4).result(30) == 5
    assert sides.submit(1, np.add, np.ones(2), 1).result(30).tolist() == [2, 2]
    assert sides.submit(1, os.getpid).result(30) not in (os.getpid(), os.getppid())


def test_refusals_come_back_as_they_are(sides: SideProcesses) -> None:
    with pytest.raises(RequestError) as caught:
        sides.submit(1, parse_path, "PUT", "/v1").result(30)
    assert (caught.value.message, caught.value.code) == ("Malformed request: PUT /v1", "INVALID_ARGUMENT")
    code = pickle.loads(pickle.dumps(RequestError("no", "NOT_FOUND"))).code
    assert code == "NOT_FOUND"


def test_a_bug_comes_back_with_its_place(sides: SideProcesses) -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        sides.submit(1, divmod, 1, 0).result(30)
    assert "workers.py" in caught.value.__notes__[0]


def test_one_that_is_killed_is_replaced(sides: SideProcesses) -> None:
    number = sides.submit(1, os.getpid).result(30)
    with pytest.raises(RequestError) as caught:
        sides.submit(1, signal.raise_signal, signal.SIGKILL).result(30)
    assert caught.value.code == "RESOURCE_EXHAUSTED"
    assert sides.submit(1, os.getpid).result(30) != number


def test_one_that_took_much_memory_is_replaced(sides: SideProcesses) -> None:
    number = sides.submit(1, os.getpid).result(30)
    assert sides.submit(LARGE + 1, os.getpid).result(30) == number
    assert sides.submit(1, os.getpid).result(30) != number


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_meant_for_the_server_does_not_end_it(sides: SideProcesses, number: int) -> None:
    process = sides.submit(1, os.getpid).result(30)
    os.kill(process, number)
    assert sides.submit(1, os.getpid).result(30) == process


def test_work_that_nobody_waits_for_is_ended(sides: SideProcesses) -> None:
    number = sides.submit(1, os.getpid).result(30)

    async def run() -> None:
        inbox = LoopInbox()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await sides.call(inbox, 1, time.sleep, 60)
        start = time.monotonic()
        assert await sides.call(inbox, 1, os.getpid) != number
        assert time.monotonic() - start < 20

    asyncio.run(run())
    assert not alive(number)


def test_results_of_threads_are_awaited() -> None:
    async def run() -> None:
        inbox = LoopInbox()
        with ThreadPoolExecutor(4) as pool:
            futures = [pool.submit(math.hypot, 3 * number, 4 * number) for number in range(100)]
            assert await asyncio.gather(*map(inbox.result, futures)) == [5 * number for number in range(100)]
            with pytest.raises(ZeroDivisionError):
                await inbox.result(pool.submit(divmod, 1, 0))

    asyncio.run(run())


def test_who_stops_waiting_cancels_what_is_not_begun() -> None:
    async def run() -> None:
        future: Future[int] = Future()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await LoopInbox().result(future)
        assert future.cancelled()

    asyncio.run(run())


def test_what_is_cancelled_elsewhere_is_unavailable() -> None:
    async def run() -> None:
        future: Future[int] = Future()
        future.cancel()
        with pytest.raises(RequestError) as caught:
            await LoopInbox().result(future)
        assert caught.value.code == "UNAVAILABLE"

    asyncio.run(run())


def test_it_ends_with_the_server() -> None:
    """Even where the server is killed, or leaves without clearing up."""
    program = """
import os
from roadsigns.serving.workers import SideProcesses
if __name__ == "__main__":
    print(SideProcesses(1).submit(1, os.getpid).result(60), flush=True)
    os._exit(0)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    end = time.monotonic() + 20
    while alive(int(done.stdout)):
        assert time.monotonic() < end
        time.sleep(0.05)


def alive(process: int) -> bool:
    try:
        with Path(f"/proc/{process}/stat").open() as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False

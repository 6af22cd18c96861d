"""Nobody looks at the signals: the pages say so within seconds, and only then."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
import websockets

from joey.serve import HostClock
from joey.simulate.ward import enter
from joey.sources.mllp import MllpClient
from tests.web.messages import observations

from .feeding import SOURCES
from .whole import Whole, new_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NS = 1_000_000_000
BED = "4"
SAID_S = 8.0  # s, within which a page says that nobody looks
UP_S = 90.0  # s for the analysis to begin, or to come back, on a machine that is busy
DOWN = "not monitoring since "
BURN = "while True: pass"
BURNING = 4  # programs that take what they can
BURN_S = 12.0


@dataclass(slots=True)
class Said:
    """What the page of the bed says of its analysis, with the time of each change. [s]"""

    words: list[tuple[float, str]] = field(default_factory=list)

    def now(self) -> str:
        return self.words[-1][1] if self.words else "nothing yet"

    async def wait(self, words: str, seconds: float) -> float:
        """Wait until it says so; return how long that took. [s]"""
        start = time.monotonic()
        while not (self.now() == words or (words and self.now().startswith(words))):
            assert time.monotonic() - start < seconds, self.words
            await asyncio.sleep(0.02)
        return time.monotonic() - start


async def monitor(port: int) -> None:
    """Send a message each second, by the clock."""
    client = MllpClient("127.0.0.1", port, timeout_s=30, attempts=100, pause_s=0.2)
    numbers = {"heart_rate": 150.0, "spo2": 93.0, "resp_rate": 48.0}
    try:
        while True:
            at = time.time_ns() // NS * NS
            raw = observations(BED, "M4", "JONES^BABY BOY", at, numbers=numbers)
            assert (await client.send(raw)).code == "AA"
            await asyncio.sleep((at + NS - time.time_ns()) / NS + 0.02)
    finally:
        await client.close()


async def listen(link: str, said: Said) -> None:
    """Be an open page of the bed."""
    hands = await asyncio.to_thread(enter, link)
    host = link.split("/")[2]
    headers = {"Cookie": hands._cookie}
    while True:
        with suppress(OSError, websockets.WebSocketException):
            async with websockets.connect(
                f"ws://{host}/live/bed/NICU/{BED}",
                origin=f"http://{host}",
                additional_headers=headers,
            ) as socket:
                async for message in socket:
                    if isinstance(message, str):
                        words = json.loads(message)["bed"]["tile"]["analysis"]
                        if words != said.now():
                            said.words.append((time.monotonic(), words))
        await asyncio.sleep(0.2)


async def killed(whole: Whole, said: Said) -> None:
    """Kill the worker whenever it lives, until the page says that nobody looks."""
    while not said.now().startswith(DOWN):
        with suppress(ProcessLookupError):
            whole.kill("worker 1")
        await asyncio.sleep(0.05)


def burn() -> None:
    """Take the whole machine for a while."""
    others = [subprocess.Popen([sys.executable, "-c", BURN]) for _ in range(BURNING)]
    time.sleep(BURN_S)
    for each in others:
        each.kill()
        each.wait()


def stop(whole: Whole) -> int:
    """Stop the worker where it is, as a machine that swaps does."""
    pid = int(whole._ask()["pids"]["worker 1"])
    os.kill(pid, signal.SIGSTOP)
    return pid


@pytest.fixture
def whole(tmp_path: Path) -> Iterator[Whole]:
    """Yield a Joey with one worker, by the host's own clock."""
    folder = tmp_path / "data"
    folder.mkdir()
    found = Whole(new_settings(folder, HostClock(), workers=1, sources=SOURCES))
    try:
        yield found
    finally:
        found.end()


def test_a_worker_that_is_dead_or_stopped_is_said_within_seconds(whole: Whole) -> None:
    """Killed again and again, then stopped: said each time, and taken back once it is at work.

    Beside programs that take the whole machine, a worker that lives is never said to be dead.
    """
    said = Said()

    async def play() -> tuple[float, float, list[str]]:
        tasks = [
            asyncio.create_task(monitor(whole.settings.hl7_port)),
            asyncio.create_task(listen(whole.link, said)),
        ]
        await said.wait("", UP_S)
        _, dead_s = await asyncio.gather(killed(whole, said), said.wait(DOWN, SAID_S))
        await said.wait("", UP_S)
        pid = stop(whole)
        stopped_s = await said.wait(DOWN, SAID_S)
        os.kill(pid, signal.SIGCONT)
        await said.wait("", UP_S)
        before = len(said.words)
        await asyncio.to_thread(burn)
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        wrong = [e for e in results if not isinstance(e, asyncio.CancelledError)]
        assert wrong == []
        return dead_s, stopped_s, [words for _, words in said.words[before:]]

    dead_s, stopped_s, loaded = asyncio.run(play())
    print(f"said after {dead_s:.1f} s (killed), {stopped_s:.1f} s (stopped)")  # noqa: T201
    assert not any(words.startswith(DOWN) for words in loaded)

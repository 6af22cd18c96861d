"""A whole Joey for the tests, of which any process can be killed, and monitors that go on."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import pickle
import random
import signal
import socket
import subprocess
import sys
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import joey
from joey.serve import HostClock, Settings
from joey.simulate.ward.taps import enter
from joey.sources.mllp import MllpClient
from joey.store.archive import Archive
from joey.store.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from joey.simulate.ward.taps import Hands
    from joey.store.journal import NewEntry

__all__ = ["Sent", "Whole", "clock_from", "kill_at_random", "new_settings", "send", "tap_holds"]

SCRIPT = Path(__file__).with_name("whole_process.py")
UP_S = 120.0  # s that it is given to come up, on a machine that is busy
NS = 1_000_000_000


def clock_from(begin_ns: int, speed: float) -> HostClock:
    """Return a host's clock that shows a time now and runs so much faster, over 1, from here on."""
    now = time.time_ns()
    # since + (now - since) * speed == begin
    return HostClock(round((now * speed - begin_ns) / (speed - 1)), speed)


def new_settings(folder: Path, clock: HostClock, **more: Any) -> Settings:
    """Return settings on ports that are free now: what is started again listens where it did."""
    with socket.socket() as one, socket.socket() as two:
        for each in (one, two):
            each.bind(("127.0.0.1", 0))
        ports = one.getsockname()[1], two.getsockname()[1]
    return Settings(folder, port=ports[0], hl7_port=ports[1], clock=clock, **more)


class Whole:
    """All processes of a Joey."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._start()
        end = time.monotonic() + UP_S
        while not (link := self._ask()["link"]):
            assert time.monotonic() < end
            time.sleep(0.1)
        self.link: str = link

    def _start(self) -> None:
        said = base64.b64encode(pickle.dumps(self.settings)).decode("ascii")
        self._process = subprocess.Popen(
            [sys.executable, "-P", SCRIPT, said],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
            env=os.environ | {"PYTHONPATH": str(Path(joey.__file__).parents[1])},
        )  # fmt: skip

    def _ask(self) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        said: dict[str, Any] = json.loads(self._process.stdout.readline())
        return said

    def kill(self, name: str) -> bool:
        """Kill a process, if it lives; the one that starts the others is started again."""
        pid = self._process.pid if name == "supervisor" else self._ask()["pids"].get(name)
        if pid is None:  # dead already, and about to be started
            return False
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        if name == "supervisor":
            self._let_go()
            self._start()  # at once, whether or not its children have noticed
        return True

    def wait_for_analysis(self, seconds: float) -> None:
        """Wait until all workers have reached the end that the journal has now."""
        with_journal = Journal(self.settings.data / "journal.db", read_only=True)
        last = with_journal.last()
        with_journal.close()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            archive = Archive(self.settings.data / "archive.db", read_only=True)
            points = [p.seq for name, p in archive.checkpoints().items() if "shard" in name]
            archive.close()
            if points and min(points) >= last:
                return
            time.sleep(0.2)
        raise AssertionError("the workers did not catch up")

    def end(self) -> None:
        """End it: its ports are free afterwards."""
        self._let_go()

    def _let_go(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(30)
        finally:
            self._process.kill()
            self._process.wait()
            self._process.stdout.close()


def kill_at_random(
    whole: Whole, names: Sequence[str], kills: int, longest_s: float
) -> Counter[str]:
    """Kill so many of the processes named, in random order and at random moments."""
    rng = random.Random(kills)  # noqa: S311
    victims = [names[k % len(names)] for k in range(kills)]
    rng.shuffle(victims)
    done: Counter[str] = Counter()
    for name in victims:
        time.sleep(0.2 + longest_s * rng.random())
        while not whole.kill(name):
            time.sleep(0.05 + 0.2 * rng.random())
        done[name] += 1
    return done


@dataclass(slots=True)
class Sent:
    """What was acknowledged, and how often a connection was made anew."""

    acknowledged: list[bytes] = field(default_factory=list)
    reconnects: int = 0


async def send(
    settings: Settings,
    entries: Sequence[NewEntry],
    more: Callable[[int], bytes] | None = None,
    going_on: Callable[[], bool] = lambda: False,
) -> Sent:
    """Send entries when they are due by the host's clock, each monitor over its own connection.

    `more` makes messages that are sent beside them as fast as they are acknowledged, as long as it
    is `going_on`; each is sent again until it is answered.
    """
    sent = Sent()
    of_bed: dict[str, list[NewEntry]] = defaultdict(list)
    for entry in entries:
        of_bed[entry.control_id.partition(".")[0]].append(entry)

    def client() -> MllpClient:
        return MllpClient("127.0.0.1", settings.hl7_port, timeout_s=20, attempts=600, pause_s=0.2)

    async def deliver(to: MllpClient, payload: bytes) -> None:
        answer = await to.send(payload)
        assert answer.code == "AA"
        sent.acknowledged.append(payload)

    async def monitor(rows: list[NewEntry]) -> None:
        to = client()
        for entry in rows:
            ahead = entry.received_ns - settings.clock.now_ns()
            if ahead > 0:
                await asyncio.sleep(ahead / NS / settings.clock.speed)
            await deliver(to, entry.payload)
        sent.reconnects += to.reconnects
        await to.close()

    async def flood() -> None:
        to, number = client(), 0
        while more is not None and going_on():
            await deliver(to, more(number))
            number += 1
        sent.reconnects += to.reconnects
        await to.close()

    async with asyncio.TaskGroup() as tasks:
        for rows in of_bed.values():
            tasks.create_task(monitor(rows))
        tasks.create_task(flood())
    return sent


def tap_holds(
    whole: Whole, bed: str, going_on: Callable[[], bool], pause_s: float = 0.3
) -> list[tuple[str, str]]:
    """Start and stop holds in a browser, each tap again until it is taken; return ids and kinds."""
    hands: Hands = enter(whole.link)
    rng = random.Random(7)  # noqa: S311
    taken: list[tuple[str, str]] = []
    hold = ""
    while going_on() or hold:
        name = str(UUID(int=rng.getrandbits(128)))
        said: dict[str, object] = {
            "id": name, "type": "stop_hold" if hold else "start_hold", "bed": bed,
            "at": whole.settings.clock.now_ns() // 1_000_000,
        }  # fmt: skip
        more: dict[str, object] = {"holder": {"role": "mother", "label": "Sara"}}
        said |= {"hold": hold} if hold else {**more, "contact": "skin_to_skin"}
        end = time.monotonic() + UP_S
        while True:
            try:
                answer = hands.tap(said)
                break
            except OSError:
                assert time.monotonic() < end
                time.sleep(0.1)
        assert not answer["refused"] or taken, answer["refused"]
        taken.append((name, str(said["type"])))
        hold = "" if hold else name
        time.sleep(pause_s)
    return taken

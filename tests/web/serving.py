"""A server of the pages in a process of its own, over a folder that a test fills."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from joey.store.journal import Journal, NewEntry, shard_of
from tests.web.messages import admission, observations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Served", "admit", "monitors", "running", "write"]

NS = 1_000_000_000
SOURCE = "gateway"
OXIMETRY = ("spo2", "pulse_rate")
START_S = 30  # s that a loaded machine may take
SERVER = """
import socket, sys
from pathlib import Path
from joey.sources.hl7 import SourceSettings
from joey.web import Sessions
from joey.web.run import serve_pages
from joey.web.settings import PageSettings
folder, port = Path(sys.argv[1]), int(sys.argv[2])
sock = socket.create_server(("127.0.0.1", port))
sessions = Sessions(folder / "web.key")
for _ in range(4):
    print(sessions.new_link(), flush=True)
sources = {"gateway": SourceSettings("gateway", simulated=True)}
serve_pages(PageSettings(folder, port=port, zone="Europe/Berlin", sources=sources), sessions, sock)
"""


class Served:
    """A running server: its address, and links that work once."""

    def __init__(self, folder: Path, port: int = 0) -> None:
        self.folder = folder
        self.port = port or _free_port()
        self.process: subprocess.Popen[str] | None = None
        self.tokens: list[str] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def link(self) -> str:
        """Return a link that was not used yet."""
        return f"{self.address}/?token={self.tokens.pop()}"

    def start(self) -> None:
        """Start it, or start it again at the same port."""
        arguments = [sys.executable, "-c", SERVER, str(self.folder), str(self.port)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
        self.process = subprocess.Popen(
            arguments, stdout=subprocess.PIPE, text=True, env=environment
        )
        assert self.process.stdout is not None
        self.tokens = [self.process.stdout.readline().strip() for _ in range(4)]
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=2).close()
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise TimeoutError("the server does not answer")

    def stop(self) -> None:
        """Stop it as a supervisor does."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Take it away as a power cut does."""
        self._end(signal.SIGKILL)

    def _end(self, number: int) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(timeout=15)
            assert self.process.stdout is not None
            self.process.stdout.close()
            self.process = None


@contextmanager
def running(folder: Path) -> Iterator[Served]:
    """Give a running server, and end it."""
    served = Served(folder)
    served.start()
    try:
        yield served
    finally:
        served.stop()


def write(folder: Path, payload: bytes, bed: str = "", at_ns: int | None = None) -> None:
    """Put a message into the journal, as intake does."""
    journal = Journal(folder / "journal.db")
    shard = shard_of(SOURCE, bed) if bed else -1
    now = time.time_ns() if at_ns is None else at_ns
    journal.append([NewEntry(now, "hl7", SOURCE, payload, shard, control_id=str(now))])
    journal.close()


def admit(
    folder: Path, bed: str, mrn: str, name: str, event: str = "A01", at_ns: int | None = None
) -> None:
    """Admit an infant, or rename it with A08."""
    now = time.time_ns() - NS if at_ns is None else at_ns
    write(folder, admission(event, bed, mrn, name, now), at_ns=now)


@contextmanager
def monitors(
    folder: Path,
    beds: dict[str, tuple[str, str]],
    numbers: Callable[[str], dict[str, float]],
    oximeters: dict[str, tuple[str, str]] | None = None,
) -> Iterator[set[str]]:
    """Let monitors send every second: by bed, number and name of whom they believe to be there.

    The set that is given names beds whose ECG is off: neither wave nor rate. A bed among
    `oximeters` has a second monitor: saturation, pulse rate and pleth are of that one alone.
    """
    seconds = oximeters or {}
    off: set[str] = set()
    done = threading.Event()

    def send() -> None:
        journal = Journal(folder / "journal.db")
        while not done.is_set():
            at = time.time_ns() // NS * NS
            entries = []
            for bed, (mrn, name) in beds.items():
                values = numbers(bed)
                waves = ("ecg", "pleth", "resp")
                if bed in off:
                    waves, values = waves[1:], {**values, "heart_rate": float("nan")}
                raws = [observations(bed, mrn, name, at, numbers=values, waves=waves)]
                if bed in seconds:
                    heart = {kind: x for kind, x in values.items() if kind not in OXIMETRY}
                    spo2 = {kind: x for kind, x in values.items() if kind in OXIMETRY}
                    whose = seconds[bed]
                    raws = [
                        observations(bed, mrn, name, at, numbers=heart, waves=(waves[0], "resp")),
                        observations(bed, *whose, at, numbers=spo2, waves=("pleth",), device=0x99),
                    ]
                shard = shard_of(SOURCE, f"NICU/{bed}")
                entries += [
                    NewEntry(
                        time.time_ns(), "hl7", SOURCE, raw, shard, control_id=f"{bed}-{at}-{k}"
                    )
                    for k, raw in enumerate(raws)
                ]
            journal.append(entries)
            done.wait((at + NS - time.time_ns()) / NS + 0.02)
        journal.close()

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    try:
        yield off
    finally:
        done.set()
        thread.join(10)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])

"""An intake process for the tests, and what is seen of it from outside."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from joey.serve.intake import run_intake
from joey.sources.mllp import WAITING, MllpClient

if TYPE_CHECKING:
    from joey.serve import Settings

__all__ = ["CONTEXT", "Running", "ask", "memory_mib", "oru"]

CONTEXT = get_context("spawn")


def oru(number: int, *, mode: str = "P", bed: str = "4", pad: int = 0) -> bytes:
    """Return a monitor's message; `pad` makes it so much longer."""
    lines = (
        f"MSH|^~\\&|MON|HOSP|JOEY|HOSP|20260528200001+0000||ORU^R01|o{number}|{mode}|2.6",
        "PID|||0012^^^HOSP^MR||JONES^BABY BOY||20260301|M",
        f"PV1||I|NICU^^{bed}",
        "OBR|1|||0^MON|||20260528200001+0000",
        "OBX|1|NM|147842^MDC_ECG_HEART_RATE^MDC|1.1|150|264864^MDC_DIM_BEAT_PER_MIN^MDC|||||R",
        *(("NTE|1||" + "x" * pad,) if pad else ()),
    )
    return "\r".join(lines).encode() + b"\r"


class Running:
    """An intake process and where it listens."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.ready: Any = CONTEXT.Queue()
        self.start()

    def start(self) -> None:
        """Start it, and wait until it listens."""
        where = (self.settings.hl7_address, self.settings.hl7_port)
        with socket.create_server(where, backlog=WAITING) as at:
            given = (self.settings, self.ready, at)
            self.process = CONTEXT.Process(target=run_intake, args=given)
            self.process.start()
        _, self.address, self.port = self.ready.get(timeout=30)

    def end(self) -> None:
        """End it as the supervisor does."""
        if self.process.is_alive():
            self.process.terminate()
        self.process.join(10)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


def ask(intake: Running, *messages: bytes) -> list[str]:
    """Send messages; return the codes of the answers."""

    async def talk() -> list[str]:
        client = MllpClient(intake.address, intake.port, timeout_s=30)
        try:
            return [(await client.send(each)).code for each in messages]
        finally:
            await client.close()

    return asyncio.run(talk())


def memory_mib(pid: int) -> float:
    """Return the most resident memory that a process ever had. [MiB]"""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0.0

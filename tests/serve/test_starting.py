"""A server with nothing compiled: it shows what comes at once, and says that analysis starts."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import websockets

from joey.simulate.ward import enter
from joey.sources.mllp import MllpClient

from .feeding import entries_of

if TYPE_CHECKING:
    from pathlib import Path

    from joey.simulate.ward.taps import Hands

ARGUMENTS = ("--port", "0", "--hl7-listen", "127.0.0.1:0", "--exit-after", "300")
PATIENCE_S = 240  # s that a loaded machine may take to compile


def known(hands: Hands, path: str) -> None:
    """Wait until a page is there."""
    until = time.monotonic() + 60
    while hands._ask("GET", path)[0] != 200:
        assert time.monotonic() < until
        time.sleep(0.1)


async def seen(port: int, link: str, raws: list[bytes], started: float) -> dict[str, Any]:
    """Send messages, ten a second; return what the bed's page was told, and when. [s]"""
    hands = await asyncio.to_thread(enter, link)
    host = link.split("/")[2]
    found: dict[str, Any] = {"said": []}
    client = MllpClient("127.0.0.1", port, timeout_s=60)

    async def send() -> None:
        for raw in raws:
            assert (await client.send(raw)).code == "AA"
            await asyncio.sleep(0.1)

    sending = asyncio.create_task(send())
    headers = {"Cookie": hands._cookie}
    address = f"ws://{host}/live/bed/NICU/1"
    until = time.monotonic() + PATIENCE_S
    await asyncio.to_thread(known, hands, "/beds/NICU/1")
    async with websockets.connect(
        address, origin=f"http://{host}", additional_headers=headers
    ) as socket:
        while time.monotonic() < until:
            message = await asyncio.wait_for(socket.recv(), 60)
            after = time.monotonic() - started
            if isinstance(message, bytes):
                found.setdefault("wave", after)
                continue
            words = json.loads(message)["bed"]["tile"]["analysis"]
            if words not in found["said"]:
                found["said"].append(words)
            if not words and "wave" in found and found["said"] != [""]:
                found["analyzed"] = after
                break
    sending.cancel()
    await client.close()
    return found


def test_cold_it_shows_what_comes_and_analyzes_as_soon_as_it_can(tmp_path: Path) -> None:
    """Samples at once; never a word of not monitoring; the loops are kept for the next start."""
    folder = tmp_path / "made"
    folder.mkdir()
    raws = [e.payload for e in entries_of(folder, 5) if e.control_id.startswith("0.")]
    code = tmp_path / "code"
    settings = tmp_path / "settings.toml"
    settings.write_text('[[sources]]\nname = "ward"\nsimulated = true\n', encoding="utf-8")
    environment = {
        **os.environ,
        "NUMBA_CACHE_DIR": str(code),
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }
    started = time.monotonic()
    files = ("--data", str(tmp_path / "data"), "--settings", str(settings))
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "joey", "serve", *files, *ARGUMENTS],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    try:
        assert process.stdout is not None
        port = int(re.findall(r":(\d+) ", process.stdout.readline())[0])
        link = process.stdout.readline().split()[1]
        found = asyncio.run(seen(port, link, raws, started))
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)

    assert found["wave"] < 5 * (1 + os.getloadavg()[0] / (os.cpu_count() or 1))
    assert found["said"][0] == "analysis starting"
    assert found["said"][-1] == ""
    assert not any("not monitoring" in words for words in found["said"])
    assert found["analyzed"] > found["wave"]
    assert list(code.glob("joey-*/*/*.nbi"))

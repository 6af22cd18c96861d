"""How soon a ward is live again after a restart, and how soon its analysis is up to date.

``.venv/bin/python benchmarks/live_restart.py --beds 24 --minutes 25 --json FILE`` makes the files
of a ward that has run for so long (the longest that is read again is 21 min), as a power cut leaves
them, starts `joey serve` over them while the monitors go on, and listens to the unit page.
Simulated.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import tempfile
import time
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from live_load import BedSender, enter, send_all, start_joey, wave_texts

from joey.serve.settings import read_settings
from joey.serve.worker import Worker
from joey.store.archive import Archive
from joey.store.journal import Journal, NewEntry, shard_of

if TYPE_CHECKING:
    from multiprocessing.queues import Queue

NS = 1_000_000_000
LOOK_S = 0.05
PATIENCE_S = 180.0
QUIET_S = 30.0  # a worker that begins anew tells so within seconds
LIVE = {"live", "late"}


def fill(folder: Path, beds: int, minutes: float) -> None:
    """Make the files that a ward of so long leaves when the power is cut."""
    data = folder / "data"
    data.mkdir()
    lines = ("[[sources]]", 'name = "load"')
    (folder / "joey.toml").write_text("\n".join((*lines, "simulated = true", "")))
    settings = replace(read_settings(folder / "joey.toml", data=data), workers=1)
    texts = wave_texts()
    senders = [BedSender(k, beds, texts) for k in range(beds)]
    journal, archive = Journal(data / "journal.db"), Archive(data / "archive.db")
    worker = Worker(settings, 0, journal, archive)
    begin = int(time.time() - minutes * 60 * 1.02 - 5)
    second = begin
    while second < time.time() - 2:
        rows = []
        for k, sender in enumerate(senders):
            name, raw = sender.message(second)
            at = second * NS + NS + sender.phase_ms * 10**6
            shard = shard_of("load", f"NICU/{k + 1}")
            rows.append(NewEntry(at, "hl7", "load", raw, shard, name.decode()))
        tick = json.dumps({"now_ns": (second + 1) * NS}).encode()
        rows.append(NewEntry((second + 1) * NS, "tick", "host", tick))
        journal.append(rows)
        while worker.step():
            pass
        second += 1
    worker.keep()
    archive.close()
    journal.close()


async def look(link: str, beds: int, started: float) -> dict[str, float]:
    """Ask the unit page until all beds are live and analyzed; return after how long. [s]"""
    from websockets.asyncio.client import connect  # noqa: PLC0415

    base, cookie = enter(link)
    found = {"page_s": time.monotonic() - started}
    tiles: dict[str, dict[str, Any]] = {}
    async with connect(
        f"ws://{base}/live/unit",
        additional_headers={"Cookie": cookie},
        origin=f"http://{base}",  # type: ignore[arg-type]  # a new type of str
        max_size=None,
    ) as socket:
        said_last = 0.0  # when a tile last said that its analysis is not up to date
        while time.monotonic() - started < PATIENCE_S:
            said = json.loads(await socket.recv())
            for key, tile in said.get("beds", {}).items():
                tiles.setdefault(key, {}).update(tile)
            passed = time.monotonic() - started
            live = [t for t in tiles.values() if t["readings"]["hr"]["state"] in LIVE]
            if len(live) == beds:
                found.setdefault("live_s", passed)
            if len(live) < beds or any(t["analysis"] for t in tiles.values()):
                said_last = passed
            elif passed - said_last > QUIET_S:
                found["analyzed_s"] = said_last
                return found
    return found


def measure(beds: int, minutes: float, workers: int) -> dict[str, Any]:
    """Fill, start and look."""
    with tempfile.TemporaryDirectory(prefix="joey-restart-") as name:
        folder = Path(name)
        fill(folder, beds, minutes)
        started = time.monotonic()
        joey, address, port, link = start_joey(folder, workers)
        try:
            context = get_context("spawn")
            queue: Queue[dict[str, Any]] = context.Queue()
            begin = int(time.time())
            sender = context.Process(
                target=send_all,
                args=(beds, address, port, begin, begin + int(PATIENCE_S), queue),
                daemon=True,
            )
            sender.start()
            found = asyncio.run(look(link, beds, started))
            sender.kill()
        finally:
            joey.terminate()
            joey.wait(30)
    return {
        "beds": beds,
        "minutes": minutes,
        "workers": workers,
        **{key: round(value, 2) for key, value in found.items()},
        "processors": os.cpu_count(),
        "load_1min": round(os.getloadavg()[0], 1),
    }


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--beds", type=int, default=24)
    parser.add_argument("--minutes", type=float, default=25)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    text = json.dumps(measure(chosen.beds, chosen.minutes, chosen.workers), indent=2)
    print(text)
    if chosen.json is not None:
        chosen.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

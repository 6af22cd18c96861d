"""How the memory of a worker goes with time: a real process, fed faster than real time.

    python benchmarks/live_memory.py --beds 100 --minutes 42 --json memory.json

The beds are those of `live_load`, without sockets: their messages are put into a journal, as intake
does, and a worker process reads, analyzes and keeps them. After each minute of the beds' time, once
the worker has come so far, its resident memory is noted. The first minute is a mark of ten minutes,
so that row k of `rss_mb` stands k + 1 minutes behind it. `base_mb` is the worker's memory with one
bed for some seconds, all loops loaded; `mb_per_bed` is the highest memory beyond it, for each bed.
`highest_mb` and `lowest_mb` are of each window between two marks. `facts` is a digest of all that
was told: two versions that tell the same have the same. Simulated.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sqlite3
import tempfile
import time
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from live_load import BedSender, used, wave_texts

from joey.serve.settings import read_settings
from joey.serve.worker import run_worker
from joey.store.journal import Journal, NewEntry, shard_of

if TYPE_CHECKING:
    from joey.serve.settings import Settings

NS = 1_000_000_000
BEGIN = 1_767_225_600  # s UTC, a mark of ten minutes
ALONE_S = 20  # s of one bed, for all loops to be loaded
STEP_S = 10  # s of the beds' time that are written at once
WINDOW = 10  # minutes
LOOK_S = 0.02
PATIENCE_S = 300.0
FACTS = """
SELECT stream, seq, kind, channel, start_ns, end_ns, revision, data FROM facts
ORDER BY stream, kind, channel, start_ns, end_ns, revision, data, seq
"""
MINUTES = "SELECT * FROM envelope ORDER BY stream, minute_ns, revision"


class Ward:
    """Beds that write into a journal.

    Parameters
    ----------
    data : Path
        The folder of journal and archive.
    beds : int
        How many.
    """

    def __init__(self, data: Path, beds: int) -> None:
        texts = wave_texts()
        self._senders = [BedSender(k, beds, texts) for k in range(beds)]
        self._archive = data / "archive.db"
        self.journal = Journal(data / "journal.db", durable=False)

    def say(self, second: int, beds: int) -> int:
        """Write what the first beds say of a second; return the last entry."""
        rows = []
        for k, sender in enumerate(self._senders[:beds]):
            name, raw = sender.message(second)
            at = second * NS + NS + sender.phase_ms * 10**6
            shard = shard_of("load", f"NICU/{k + 1}")
            rows.append(NewEntry(at, "hl7", "load", raw, shard, name.decode()))
        tick = json.dumps({"now_ns": (second + 2) * NS}).encode()
        rows.append(NewEntry((second + 2) * NS, "tick", "host", tick))
        return self.journal.append(rows)[-1].seq

    def wait(self, seq: int) -> None:
        """Wait until the worker has committed so far."""
        until = time.monotonic() + PATIENCE_S
        while self._reached() < seq:
            if time.monotonic() > until:
                raise RuntimeError("the worker does not come on")
            time.sleep(LOOK_S)

    def _reached(self) -> int:
        try:
            found = sqlite3.connect(f"{self._archive.as_uri()}?mode=ro", uri=True)
        except sqlite3.OperationalError:  # the worker has not made it
            return -1
        try:
            (seq,) = found.execute(
                "SELECT min(seq) FROM checkpoints WHERE name LIKE 'shard %'"
            ).fetchone()
        except sqlite3.OperationalError:  # nor its tables
            return -1
        finally:
            found.close()
        return -1 if seq is None else int(seq)


def digest_of(archive: Path) -> str:
    """Return a digest of all facts and minutes of an archive, in an order of their own."""
    found = sqlite3.connect(f"{archive.as_uri()}?mode=ro", uri=True)
    digest = hashlib.sha256()
    for asked in (FACTS, MINUTES):  # not in the order of its commits
        for row in found.execute(asked):
            digest.update(repr(row).encode())
    found.close()
    return digest.hexdigest()


def measure(beds: int, minutes: int) -> dict[str, Any]:
    """Feed a worker for so long, and return how its memory went."""
    with tempfile.TemporaryDirectory(prefix="joey-memory-") as name:
        folder = Path(name)
        (folder / "joey.toml").write_text('[[sources]]\nname = "load"\nsimulated = true\n')
        data = folder / "data"
        data.mkdir()
        settings: Settings = read_settings(folder / "joey.toml", data=data)
        ward = Ward(data, beds)
        context = get_context("spawn")
        worker = context.Process(target=run_worker, args=(replace(settings, workers=1), 0))
        worker.start()
        if worker.pid is None:
            raise RuntimeError("the worker was not started")
        try:
            for second in range(-ALONE_S, 0):
                last = ward.say(BEGIN + second, 1)
            ward.wait(last)
            base = used([worker.pid])
            rss = []
            for second in range(minutes * 60):
                last = ward.say(BEGIN + second, beds)
                if (second + 1) % STEP_S == 0:
                    ward.wait(last)
                if (second + 1) % 60 == 0:
                    rss.append(used([worker.pid])[1])
            cpu = used([worker.pid])[0] - base[0]
        finally:
            worker.terminate()
            worker.join(60)
            ward.journal.close()
        windows = [rss[k : k + WINDOW] for k in range(0, len(rss), WINDOW)]
        return {
            "beds": beds,
            "minutes": minutes,
            "base_mb": round(base[1]),
            "mb_per_bed": round((max(rss) - base[1]) / beds, 2),
            "highest_mb": [round(max(each)) for each in windows],
            "lowest_mb": [round(min(each)) for each in windows],
            "ms_per_bed_second": round(1000 * cpu / (beds * minutes * 60), 3),
            "rss_mb": [round(each) for each in rss],
            "facts": digest_of(data / "archive.db"),
        }


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--beds", type=int, default=100)
    parser.add_argument("--minutes", type=int, default=42)
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    text = json.dumps(measure(chosen.beds, chosen.minutes), indent=2)
    print(re.sub(r"\n\s+(?=\d|\])", " ", text))
    if chosen.json is not None:
        chosen.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

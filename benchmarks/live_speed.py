"""How fast time may run in a demo before what it shows is no longer true.

    python benchmarks/live_speed.py --speed 10 --beds 24 --seconds 60 --json speed.json

Runs `joey demo`, without dirt, and looks at what it kept. The delay of a message is from its last
sample to its receipt, by the demo's clock, which runs `speed` times as fast: over 5 s a tile says
that the link is lost, over 10 s the message is late, and its time is told anew. `behind_s` is how
far the analysis was behind at the end, `searched` the share of the time in which beats were looked
for. The first seconds, in which infants are simulated and all is new, are left out.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

NS = 1_000_000_000
LINK_S = 5.0  # s of the demo's clock
LATE_S = 10.0


def measure(folder: Path, speed: float, run_s: float) -> dict[str, object]:
    """Return what the files of a demo say."""
    from joey.serve.packing import unpack_times  # noqa: PLC0415  (the demo warms what they need)
    from joey.sources.codes import CodeMap  # noqa: PLC0415
    from joey.sources.hl7 import (  # noqa: PLC0415
        SourceSettings,
        header_of,
        read_message,
        read_observations,
    )
    from joey.spans import Span, Spans, overlap, union  # noqa: PLC0415
    from joey.store.archive import Archive  # noqa: PLC0415
    from joey.store.journal import Journal  # noqa: PLC0415

    source, codes = SourceSettings("simulated ward", simulated=True), CodeMap()
    journal = Journal(folder / "journal.db", read_only=True)
    delays, received, ticks = [], [], []
    after, last_ns = 0, 0
    while entries := journal.read(after):
        for entry in entries:
            after, last_ns = entry.seq, entry.received_ns
            if entry.kind == "tick":
                ticks.append(entry.received_ns)
            if entry.kind != "hl7":
                continue
            message = read_message(entry.payload)
            if not header_of(message).event.startswith("ORU"):
                continue
            heard = read_observations(message, source, codes)
            end_ns = max(w.start_ns + len(w.counts) * NS / w.fs for w in heard.waves)
            delays.append((entry.received_ns - float(end_ns)) / NS)
            received.append(entry.received_ns)
    journal.close()
    begin_ns = last_ns - round(run_s / 2 * speed * NS)
    delay = np.array(delays)[np.array(received) > begin_ns]
    archive = Archive(folder / "archive.db", read_only=True)
    reached = min((p.seq for n, p in archive.checkpoints().items() if "shard" in n), default=0)
    journal = Journal(folder / "journal.db", read_only=True)
    entry = journal.one(reached)
    behind_s = (last_ns - entry.received_ns) / NS if entry is not None else float("nan")
    journal.close()
    shares = []
    for row in archive.streams():
        facts = archive.facts(row.id, ("beats",), begin_ns, last_ns)
        spans = union(*(Spans(unpack_times(fact.data)[2]) for fact in facts))
        looked = overlap(spans, Span(begin_ns / NS, last_ns / NS))
        shares.append(looked / ((last_ns - begin_ns) / NS))
    archive.close()
    apart = np.diff([tick for tick in ticks if tick > begin_ns]) / NS
    return {
        "messages": len(delay),
        "p50_s": round(float(np.median(delay)), 2),
        "p99_s": round(float(np.percentile(delay, 99)), 2),
        "max_s": round(float(delay.max()), 2),
        "link_lost": int(np.sum(delay > LINK_S)),
        "late": int(np.sum(delay > LATE_S)),
        "longest_tick_s": round(float(apart.max()), 2),
        "behind_s": round(behind_s, 1),
        "searched": round(float(np.median(shares)), 3),
    }


def main() -> None:
    """Run a demo and print what it kept."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--speed", type=float, default=10.0)
    parser.add_argument("--beds", type=int, default=24)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--json", type=Path)
    wish = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        begun, used = time.monotonic(), os.times()
        subprocess.run(
            [sys.executable, "-P", "-m", "joey", "demo", "--no-browser", "--no-dirt",
             "--beds", str(wish.beds), "--speed", str(wish.speed), "--data", data,
             "--exit-after", str(wish.seconds)],
            check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        spent, now = time.monotonic() - begun, os.times()
        cores = (now.children_user + now.children_system - used.children_user
                 - used.children_system) / spent  # fmt: skip
        said = {"speed": wish.speed, "beds": wish.beds, "seconds": wish.seconds,
                **measure(data, wish.speed, wish.seconds), "cores": round(cores, 2)}  # fmt: skip
    print(json.dumps(said))
    if wish.json:
        wish.json.write_text(json.dumps(said) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

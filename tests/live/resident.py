"""What some beds hold in memory, minute by minute, of a process that does nothing else.

``python -m live.resident BEDS MINUTES`` prints the mebibytes of each bed at the end of each minute
behind a mark of ten minutes, as JSON. All beds are sent the same five minutes over and over.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from joey.live import Monitor
from joey.serve.frames import FrameMaker
from joey.serve.memory import give_back, tidy
from joey.serve.spill import Spill
from joey.signals import NS, cut
from joey.simulate import simulate_infant
from joey.spans import Span
from live.messages import messages_of, sent

BEGIN = 1_790_000_400  # s UTC, a mark
PATTERN_S, EVERY_S = 300, 5


def resident() -> float:
    """Return what this process holds. [MiB]"""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def main(beds: int, minutes: int) -> list[float]:
    """Feed so many beds for so long."""
    give_back()
    whole = sent(simulate_infant(0.1, 3, holds=0, dirt=False).recording)
    start = whole.span.start
    pattern = messages_of(cut(whole, Span(start, start + PATTERN_S)), EVERY_S)
    spill = Spill(Path(tempfile.gettempdir()))
    known = [(Monitor(f"s{k}", sparing=True), FrameMaker(f"s{k}", spill)) for k in range(beds + 1)]
    begin = BEGIN - 60
    moved = begin - round(start)
    rows: list[float] = []
    base = 0.0
    for k in range((minutes + 1) * 60 // EVERY_S):
        if k == 60 // EVERY_S:  # the first bed alone had all loops loaded
            base = resident()
        each, at = pattern[k % len(pattern)]
        shift = (moved + k // len(pattern) * PATTERN_S) * NS
        message = replace(
            each,
            waves=tuple(replace(w, start_ns=w.start_ns + shift) for w in each.waves),
            numerics=tuple(replace(n, time_ns=n.time_ns + shift) for n in each.numerics),
        )
        for monitor, frames in known[: beds + 1 if base else 1]:
            frames.take(monitor.take(message, k + 1, at + shift))
            frames.take_closed()
        if (k + 1) * EVERY_S % 60 == 0:
            tidy()
        if base and (k + 1) * EVERY_S % 60 == 0:
            rows.append((resident() - base) / beds)
    return rows


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(*map(int, sys.argv[1:]))))

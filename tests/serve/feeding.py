"""What monitors send for some minutes, as a journal has it: the same bytes each time."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from joey.simulate.ward.blocks import Plan, make_block, open_block
from joey.simulate.ward.dirt import MonitorClock
from joey.simulate.ward.encode import DIALECTS, encode
from joey.simulate.ward.monitors import cut_piece
from joey.simulate.ward.people import admit_all, furnish
from joey.sources.hl7 import SourceSettings
from joey.store.journal import NewEntry, shard_of

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["NS", "SOURCES", "START", "entries_of"]

NS = 1_000_000_000
START = 2_980_000 * 600 * NS + 240 * NS  # ns UTC, four minutes after a mark
SOURCES = (SourceSettings("ward", simulated=True),)


def entries_of(folder: Path, minutes: int) -> list[NewEntry]:
    """Return what comes of two beds, with a tick a second, in the order in which it comes.

    Messages of the first are up to 4 s out of order. The monitor of the second is set back by 100 s
    in the middle, and another infant lies there for the last third.
    """
    seconds = 60 * minutes
    beds, patients = furnish(2), admit_all(3, "2026-05-01")
    rng = random.Random(5)  # noqa: S311
    timed: list[tuple[int, NewEntry]] = []
    for index, bed in enumerate(beds):
        plan = Plan(f"B{index}", 0, START, seconds, 11 + index, 29.0, 20.0)
        make_block(plan, folder)
        block = open_block(plan, folder)
        dialect = [*DIALECTS.values()][index]
        for second in range(seconds):
            clock = MonitorClock(
                START, 3 * NS if index and second < seconds // 2 else -97 * index * NS
            )
            piece = cut_piece(block, START + second * NS, 1, clock)
            who = patients[2 if index and second > 2 * seconds // 3 else index]
            name = f"{index}.{second}"
            raw = encode(dialect, piece, bed, who, name)
            late = rng.randrange(4 * NS) if index == 0 else 0
            at = START + (second + 1) * NS + 200_000_000 + late
            timed.append((at, NewEntry(at, "hl7", "ward", raw, shard_of("ward", bed.key), name)))
    for second in range(seconds):
        at = START + (second + 1) * NS
        timed.append((at, NewEntry(at, "tick", "host", b"{}")))
    timed.sort(key=lambda row: row[0])
    return [entry for _, entry in timed]

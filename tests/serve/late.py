"""What one bed sends for some time, with messages that come late, as a journal has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from joey.simulate.ward.blocks import Plan, make_block, open_block
from joey.simulate.ward.dirt import MonitorClock
from joey.simulate.ward.encode import DIALECTS, encode
from joey.simulate.ward.monitors import cut_piece
from joey.simulate.ward.people import admit_all, furnish
from joey.store.journal import NewEntry, shard_of

from .feeding import NS, START

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["Sent", "delivered", "sent_of"]


@dataclass(frozen=True)
class Sent:
    """A message: when its last sample was measured, and what it says."""

    at_ns: int
    bed: str
    name: str
    raw: bytes


def sent_of(folder: Path, minutes: int, *, beds: int = 1, seed: int = 21) -> list[Sent]:
    """Return what some beds send, a message a second each."""
    rows = []
    patients = admit_all(beds, "2026-05-01")
    for index, bed in enumerate(furnish(beds)):
        plan = Plan(f"L{index}", 0, START, 60 * minutes, seed + index, 29.0, 20.0)
        make_block(plan, folder)
        block = open_block(plan, folder)
        dialect = next(iter(DIALECTS.values()))
        clock = MonitorClock(START, 0)
        for second in range(60 * minutes):
            piece = cut_piece(block, START + second * NS, 1, clock)
            name = f"{index}.{second}"
            raw = encode(dialect, piece, bed, patients[index], name)
            rows.append(Sent(START + (second + 1) * NS, bed.key, name, raw))
    return rows


def delivered(
    sent: list[Sent], seconds: int, comes: Callable[[Sent], int | None] = lambda _: None
) -> list[NewEntry]:
    """Return messages in the order in which they come, with a tick a second.

    Parameters
    ----------
    sent : list of Sent
        What is sent.
    seconds : int
        For how long there are ticks.
    comes : callable
        When a message comes that is late [ns]; None of one that is not.
    """
    timed = []
    for each in sent:
        late = comes(each)
        at = each.at_ns + 200_000_000 if late is None else late
        shard = shard_of("ward", each.bed)
        timed.append((at, NewEntry(at, "hl7", "ward", each.raw, shard, each.name)))
    for second in range(seconds):
        at = START + (second + 1) * NS
        timed.append((at, NewEntry(at, "tick", "host", b"{}")))
    timed.sort(key=lambda row: row[0])
    return [entry for _, entry in timed]

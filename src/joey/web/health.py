"""Whether the feed is well: what is stored and shown, what needs a person, how long disks last."""

from __future__ import annotations

import json
import shutil
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from joey.store.journal import Entry
    from joey.web.screens import Screen

__all__ = [
    "ClockWatch",
    "DiskUse",
    "Traffic",
    "rows_of_beds",
    "rows_of_quarantine",
]

NS = 1_000_000_000
DAY_S = 86_400.0
LEAST_S = 60.0  # s of growth, before which no days are told
STEP_S = 1.0  # s, by which the host's clock was set if it jumps so far


class DiskUse:
    """How many days the disk lasts at the pace seen since the start."""

    def __init__(self, folder: Path, now_ns: int) -> None:
        self._folder = folder
        self._first = now_ns, self._size()

    def words(self, now_ns: int) -> str:
        """Return it in words: ``412 days, 80 GB free``."""
        free = shutil.disk_usage(self._folder).free
        seconds = (now_ns - self._first[0]) / NS
        grown = self._size() - self._first[1]
        room = f"{free / 1e9:,.0f} GB free"
        if seconds < LEAST_S or grown <= 0:
            return room
        days = free / (grown / seconds * DAY_S)
        lasts = f"{days:,.0f} days" if days >= 2 else f"{days * 24:.0f} h"
        return f"{lasts}, {room}"

    def _size(self) -> int:
        return sum(each.stat().st_size for each in self._folder.glob("*.db*") if each.is_file())


class Traffic:
    """What intake counts once a second, beside what is found in the journal since then."""

    def __init__(self) -> None:
        self.messages = 0  # that came in since the first tick, as of the last one
        self.stored = 0  # of them in the journal, as of the last tick
        self.quarantined = 0
        self.ticked_ns = 0
        self._last: int | None = None
        self._since = 0, 0  # stored and in quarantine, with those after the last tick

    def take(self, entry: Entry) -> None:
        """Take a tick or a message of the journal."""
        if entry.kind == "tick":
            messages = int(json.loads(entry.payload).get("messages", 0))
            if self._last is not None:  # a new intake counts from zero
                self.messages += messages - self._last if messages >= self._last else messages
            self._last = messages
            self.stored, self.quarantined = self._since
            self.ticked_ns = entry.received_ns
        elif entry.kind == "hl7" and self._last is not None:
            stored, quarantined = self._since
            self._since = stored + 1, quarantined + (entry.state != "accepted")


class ClockWatch:
    """Whether the host's clock runs evenly, by the clock that cannot be set.

    Parameters
    ----------
    now_ns : int
        The host's time. [ns UTC]
    speed : float
        How many of its seconds should pass in one.
    """

    def __init__(self, now_ns: int, speed: float) -> None:
        self._speed = speed
        self._first = self._last = now_ns, time.monotonic_ns()
        self.stepped: tuple[int, float] | None = None  # when [ns UTC], by how much [s]

    def look(self, now_ns: int) -> None:
        """Compare the clocks."""
        now = now_ns, time.monotonic_ns()
        step = self._apart(self._last, now)
        if abs(step) > STEP_S:
            self.stepped = now_ns, step
        self._last = now

    def words(self, now_ns: int, clock: Callable[[int], str]) -> str:
        """Return how it runs; `clock` writes a time as the unit's clock shows it."""
        if self.stepped is not None:
            at, step = self.stepped
            return f"set by {step:+.0f} s at {clock(at)}"
        apart = self._apart(self._first, (now_ns, time.monotonic_ns()))
        return f"even, {abs(apart):.1f} s apart"

    def _apart(self, before: tuple[int, int], now: tuple[int, int]) -> float:
        return (now[0] - before[0] - self._speed * (now[1] - before[1])) / NS


def rows_of_beds(screens: Mapping[str, Screen], order: Iterable[str]) -> list[dict[str, Any]]:
    """Return a row for each bed that was heard."""
    rows = []
    for bed in order:
        screen = screens.get(bed)
        if screen is None or not screen.stored:
            continue
        clock = screen.clock
        drift = clock.drift_ppm
        rows.append(
            {
                "bed": bed,
                "stored": screen.stored,
                "shown": screen.shown,
                "withheld": screen.stored - screen.shown,
                "lastAt": screen.received_ns / 1e6 or None,
                "offset": "" if clock.offset_ns is None else f"{clock.offset_ns / NS:+.2f} s",
                "drift": "" if drift != drift else f"{drift:+.0f} ppm",  # noqa: PLR0124  (NaN)
                "steps": clock.steps,
                "late": screen.late,
                "corrections": screen.corrections,
                "revisedAt": screen.revised_ns / 1e6 or None,
                "unknown": len(screen.unmapped),
                "note": screen.doubt,
            }
        )
    return rows


def rows_of_quarantine(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """Return the messages in quarantine: where from and why, never what is in them."""
    return [
        {"seq": e.seq, "at": e.received_ns / 1e6, "source": e.source, "reason": e.reason}
        for e in entries
    ]

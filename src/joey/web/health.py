"""Whether the feed is well: what is stored and shown, what needs a person, how long disks last."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from joey.store.journal import Entry
    from joey.web.screens import Screen

__all__ = ["DiskUse", "rows_of_beds", "rows_of_codes", "rows_of_quarantine"]

NS = 1_000_000_000
DAY_S = 86_400.0
LEAST_S = 60.0  # s of growth, before which no days are told
MOST_CODES = 50


class DiskUse:
    """How many days the disk lasts at the pace seen since the start."""

    def __init__(self, folder: Path, now_ns: int) -> None:
        self._folder = folder
        self._first = now_ns, self._size()

    def words(self, now_ns: int) -> str:
        """Return it in words: ``412 days``."""
        free = shutil.disk_usage(self._folder).free
        seconds = (now_ns - self._first[0]) / NS
        grown = self._size() - self._first[1]
        room = f"{free / 1e9:.0f} GB free"
        if seconds < LEAST_S or grown <= 0:
            return room
        days = free / (grown / seconds * DAY_S)
        return f"{days:,.0f} days" if days >= 2 else f"{days * 24:.0f} h"

    def _size(self) -> int:
        return sum(each.stat().st_size for each in self._folder.glob("*.db*") if each.is_file())


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
                "lastAt": screen.received_ns / 1e6 or None,
                "offset": "" if clock.offset_ns is None else f"{clock.offset_ns / NS:+.2f} s",
                "drift": "" if drift != drift else f"{drift:+.0f} ppm",  # noqa: PLR0124  (NaN)
                "steps": clock.steps,
                "note": screen.doubt,
            }
        )
    return rows


def rows_of_codes(screens: Iterable[Screen]) -> list[dict[str, Any]]:
    """Return what is sent and not known, the most frequent first."""
    found: dict[tuple[str, str, str], int] = {}
    for screen in screens:
        for key, count in screen.unmapped.items():
            found[key] = found.get(key, 0) + count
    often = sorted(found.items(), key=lambda item: -item[1])[:MOST_CODES]
    return [{"code": c, "text": t, "unit": u, "n": n} for (c, t, u), n in often]


def rows_of_quarantine(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """Return the messages in quarantine: where from and why, never what is in them."""
    return [
        {"seq": e.seq, "at": e.received_ns / 1e6, "source": e.source, "reason": e.reason}
        for e in entries
    ]

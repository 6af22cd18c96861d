"""Whether the feed is well: what is stored and shown, what needs a person, how long disks last."""

from __future__ import annotations

import json
import math
import shutil
import time
from typing import TYPE_CHECKING, Any

from joey.errors import InputError
from joey.holds.times import date_of, moment_of
from joey.store.records import OVERTAKEN, may_be_tried, to_try

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from joey.store.archive import Archive
    from joey.store.journal import Entry, Journal, NewEntry
    from joey.store.records import Apart, Records
    from joey.store.revisions import Revision

__all__ = [
    "ClockWatch",
    "DiskUse",
    "Traffic",
    "quarantine_of",
    "told_anew",
    "why_never",
    "wish_again",
    "words_of_journal",
    "words_of_quarantine",
    "words_of_revisions",
]

NS = 1_000_000_000
DAY_S = 86_400.0
MIN_S = 60
SILENT_NS = 5 * NS  # ns without a tick, from which intake is silent
LEAST_S = 60.0  # s of growth, before which no days are told
STATES = ("done", "waiting", "gone", "failed")  # of revisions
TIMER = "the computer's own timer, which nobody can set"
STEP_S = 1.0  # s, by which the host's clock was set if it jumps so far


class DiskUse:
    """How many days the disk lasts at the pace seen since the start.

    The journal grows until it is as old as it is kept; what is trimmed is room for what comes.
    """

    def __init__(self, folder: Path, journal: Journal, now_ns: int, days: float) -> None:
        self._folder = folder
        self._journal = journal
        self._days = days
        self._first = now_ns, journal.used_bytes(), self._others()

    def words(self, now_ns: int, *, held: bool = False) -> str:
        """Return it in words: ``412 days, 80 GB free``; `held` where nothing can be trimmed."""
        free = float(shutil.disk_usage(self._folder).free)
        first_ns, journal, others = self._first
        left = f"{free / 1e9:,.0f} GB free"
        seconds = (now_ns - first_ns) / NS
        if seconds < LEAST_S:
            return left
        per_day = DAY_S / seconds
        age = self.age_days(now_ns)
        growing = math.inf if held else max(self._days - age, 0.0)  # days
        grows = max(self._others() - others, 0) * per_day
        # What the journal takes in a day: as seen, or once it is trimmed as it has taken before.
        taken = (self._journal.used_bytes() - journal) * per_day
        taken = max(taken, 0.0) if growing else 0.0
        if taken + grows <= 0:
            return left
        days = free / (taken + grows)
        if days > growing:  # the journal is full-grown first: the rest is for the others
            if grows <= 0:
                return left
            days = growing + (free - growing * (taken + grows)) / grows
        lasts = f"{days:,.0f} days" if days >= 2 else f"{days * 24:.0f} h"
        return f"{lasts}, {left}"

    def age_days(self, now_ns: int) -> float:
        """Return how far the journal reaches back. [days]"""
        entry = next(iter(self._journal.read(max(self._journal.trimmed() - 1, 0), limit=1)), None)
        return 0.0 if entry is None else (now_ns - entry.received_ns) / NS / DAY_S

    def _others(self) -> int:
        files = self._folder.glob("*.db*")
        return sum(
            each.stat().st_size
            for each in files
            if each.is_file() and not each.name.startswith("journal.")
        )


def words_of_journal(
    days: float, damaged: Sequence[tuple[str, int]], clock: Callable[[int], str]
) -> str:
    """Return how far the journal reaches back, and why it is not trimmed where it is not.

    Parameters
    ----------
    days : float
        How far.
    damaged : sequence of (str, int)
        Frames that are not what was written: bed, and when. [ns UTC]
    clock : callable
        Writes a time as the unit's clock shows it.
    """
    minutes = days * DAY_S / MIN_S
    kept = f"{days:.1f} days" if days >= 1 else f"{minutes / 60:.1f} h"
    if minutes < 100:
        kept = f"{minutes:.0f} min"
    if not damaged:
        return kept
    bed, at_ns = damaged[0]
    count = "a frame is" if len(damaged) == 1 else f"{len(damaged)} frames are"
    return f"{kept}, not trimmed: {count} damaged, {bed} at {clock(at_ns)}"


def words_of_quarantine(n: int, last_ns: int, days: float, zone: str) -> str:
    """Return what was taken from the quarantine, and how long messages stay there.

    Parameters
    ----------
    n, last_ns : int
        How many were, and when the last of them came. [ns UTC]
    days : float
        How long they stay.
    zone : str
        Of the unit's days.
    """
    stay = f"kept for {days:g} days"
    if not n:
        return stay
    last = date_of(last_ns / NS, zone)
    return f"{stay}; {n:,} older ones were taken away, the last came on {last:%Y-%m-%d}"


class Traffic:
    """What intake counts once a second, beside what is found in the journal since then."""

    def __init__(self) -> None:
        self.messages = 0  # that came in since the first tick, as of the last one
        self.again = 0  # of them that were stored before: sent twice, and kept once
        self.stored = 0  # of them in the journal, as of the last tick
        self.quarantined = 0
        self.ticked_ns = 0
        self.refused = 0  # connections beyond those of one address, as of the last tick
        # Of the last tick: when its intake began [ns UTC], and both counts.
        self._last: tuple[int, int, int] | None = None
        self._since = 0, 0  # stored and in quarantine, with those after the last tick

    def take(self, entry: Entry) -> None:
        """Take a tick or a message of the journal."""
        if entry.kind == "tick":
            said = json.loads(entry.payload)
            messages, again = int(said.get("messages", 0)), int(said.get("again", 0))
            begun = int(said.get("begun_ns", 0))
            self.refused = int(said.get("refused_more", 0))
            if self._last is not None:  # a new intake counts from zero
                was, *before = self._last
                if begun != was or messages < before[0] or again < before[1]:
                    before = [0, 0]
                self.messages += messages - before[0]
                self.again += again - before[1]
            self._last = begun, messages, again
            self.stored, self.quarantined = self._since
            self.ticked_ns = entry.received_ns
        elif entry.kind == "hl7" and self._last is not None:
            stored, quarantined = self._since
            self._since = stored + 1, quarantined + (entry.state != "accepted")

    def came(self) -> str:
        """Return how many came in, and how many of them had come before."""
        again = f", {self.again:,} of them again" if self.again else ""
        return f"{self.messages:,}{again}"

    def words(self, now_ns: int, speed: float, clock: Callable[[int], str]) -> str:
        """Return what intake does; `clock` writes a time as the unit's clock shows it."""
        if not self.ticked_ns:
            return "not heard yet"
        if now_ns - self.ticked_ns > SILENT_NS * speed:
            return f"silent since {clock(self.ticked_ns)}"
        refused = f"{self.refused:,} connections of addresses that had too many"
        return f"listening; refused {refused}" if self.refused else "listening"


class ClockWatch:
    """Whether the host's clock keeps time, by the timer that nobody can set.

    Parameters
    ----------
    now_ns : int
        The host's time. [ns UTC]
    speed : float
        How many of its seconds should pass in one.
    zone : str
        In which it is told since when.
    """

    def __init__(self, now_ns: int, speed: float, zone: str) -> None:
        self._speed = speed
        self._zone = zone
        self._first = self._last = now_ns, time.monotonic_ns()
        self.stepped: tuple[int, float] | None = None  # when [ns UTC], by how much [s]

    def look(self, now_ns: int) -> None:
        """Compare the clocks."""
        now = now_ns, time.monotonic_ns()
        step = self._apart(self._last, now)
        if abs(step) > STEP_S:
            self.stepped = now_ns, step
        self._last = now

    def words(self, now_ns: int, clock: Callable[[int], str]) -> dict[str, str]:
        """Return how it goes (``clock``), and how that is known (``clockwhy``).

        `clock` writes a time as the unit's clock shows it.
        """
        if self.stepped is not None:
            at, step = self.stepped
            return {"clock": f"set by {step:+.0f} s at {clock(at)}", "clockwhy": f"by {TIMER}"}
        apart = self._apart(self._first, (now_ns, time.monotonic_ns()))
        went = "lost" if apart < 0 else "gained"
        since = moment_of(self._first[0] / NS, self._zone)
        why = f"{went} {abs(apart):.1f} s since {since:%Y-%m-%d %H:%M}, by {TIMER}"
        return {"clock": "keeps time", "clockwhy": why}

    def _apart(self, before: tuple[int, int], now: tuple[int, int]) -> float:
        return (now[0] - before[0] - self._speed * (now[1] - before[1])) / NS


def told_anew(archive: Archive, clock: Callable[[int], str]) -> dict[str, str]:
    """Return of each bed in words what was told anew after late data; see `words_of_revisions`."""
    bed_of = {row.id: row.bed for row in archive.streams()}
    by_bed: dict[str, list[Revision]] = {}
    for each in archive.revisions.rows():
        by_bed.setdefault(bed_of[each.stream], []).append(each)
    return {bed: words_of_revisions(rows, clock) for bed, rows in by_bed.items()}


def words_of_revisions(rows: Sequence[Revision], clock: Callable[[int], str]) -> str:
    """Return in words how often a bed was told anew, and of what that cannot be.

    `clock` writes a time as the unit's clock shows it.
    """
    by_state = {state: [each for each in rows if each.state == state] for state in STATES}
    words = []
    if done := by_state["done"]:
        last = clock(max(each.asked_ns for each in done))
        words.append(f"{len(done)}, the last at {last}")
    if waiting := by_state["waiting"]:
        words.append(f"{len(waiting)} to come")
    for state, why in (("gone", "older than the journal"), ("failed", "its analysis failed")):
        if kept := by_state[state]:
            last = clock(max(each.asked_ns for each in kept))
            words.append(f"kept, not analyzed: {why} ({len(kept)}, the last at {last})")
    return "; ".join(words)


def why_never(journal: Journal, each: Apart) -> str:
    """Return why what was set apart cannot be helped by trying it again; empty where it may be."""
    if each.reason == OVERTAKEN:
        return "trying it again cannot help"
    entry = _entry(journal, each.seq)
    if entry is None:
        return "it is older than the journal: it cannot be tried again"
    if may_be_tried(entry):
        return ""
    return "the monitor says it with every message: it is tried again when Joey is started"


def wish_again(journal: Journal, seq: int, now_ns: int) -> NewEntry:
    """Return the entry by which what was set apart is tried again; `Records` knows whether it was.

    Raises
    ------
    InputError
        If it is older than the journal, or no message or tap that can be tried again.
    """
    entry = _entry(journal, seq)
    if entry is None or not may_be_tried(entry):
        raise InputError("this cannot be tried again: the feed page says why")
    return to_try(entry, now_ns)


def _entry(journal: Journal, seq: int) -> Entry | None:
    """Return an entry as it is read: a message that was released from the quarantine, at that."""
    found = journal.read(seq - 1, limit=1, upto=seq)
    return found[0] if found else None


def quarantine_of(journal: Journal, records: Records) -> tuple[list[dict[str, Any]], str]:
    """Return what is in quarantine or set apart, the latest first, and in words how many are.

    A row says where from and why, never what is in it.
    """
    kept, apart = journal.quarantined(), records.apart()
    rows: list[tuple[Entry | Apart, str, str]] = [(each, each.reason, "read") for each in kept]
    for each in apart:
        what = "tap" if each.kind == "tap" else "message"
        never = why_never(journal, each)
        reason = f"this {what} changed nothing ({each.reason})"
        rows.append((each, "; ".join(filter(None, (reason, never))), "" if never else "apply"))
    rows.sort(key=lambda row: -row[0].seq)
    shown = [
        {
            "seq": each.seq,
            "at": each.received_ns / 1e6,
            "source": each.source,
            "reason": reason,
            "again": again,
        }
        for each, reason, again in rows
    ]
    there = journal.in_quarantine() + len(apart)
    words = f"{there:,}" if there <= len(shown) else f"{there:,}, the last {len(shown)} below"
    return shown, words

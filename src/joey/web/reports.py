"""The reports of holds, made in a process of their own, so that no page waits for them.

A hold that runs, or whose hour after it is not over, is measured anew as time goes on; what is
shown meanwhile is the last one that was made.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections import OrderedDict
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from multiprocessing import get_context, parent_process
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from joey.holds import Context, PhaseSettings
from joey.store.journal import StorageError
from joey.web.tags import words_of_tags

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from joey.holds import Hold
    from joey.response import Response
    from joey.signals import Recording
    from joey.sources.hl7 import SourceSettings
    from joey.store.records import Place
    from joey.web.tags import SaidOfSpell

__all__ = [
    "NOT_REACHED",
    "HoldReports",
    "Made",
    "Wish",
    "held_of",
    "lines_of",
    "make_report",
    "spans_of",
    "words_of_revision",
]

NS = 1_000_000_000
MIN_NS = 60 * NS
RUNNING_EVERY_NS = MIN_NS  # between reports of a hold that runs
NONE_EVERY_NS = 15 * NS  # where none could be made: its data may be read by now
READ_NS = 3 * MIN_NS  # after which what was measured of an infant that has left is read
AFTER_EVERY_NS = 5 * MIN_NS  # between reports while the hour after it goes on
REACH_NS = 12 * 60 * MIN_NS  # before a hold: what it is compared with
RUNNING_REACH_NS = 150 * MIN_NS  # the same while it runs, when a minute's work must do
NOT_REACHED = "The monitor's data do not reach back to this hold."
KEPT = 64  # reports
SAID = "Said of spells in the hold"  # at the bedside, by tags
LOOK_S = 0.2  # s, between looks at what is asked for
log = logging.getLogger("joey.reports")
NICE = 10  # the report may wait; the monitors may not


@dataclass(frozen=True, slots=True)
class Wish:
    """What a report is asked of.

    Parameters
    ----------
    folder : Path
        Of journal and archive.
    places : tuple of Place
        Where the infant lay, and its streams there: others of those beds are left out, and what
        was before and after is another's.
    hold : Hold
        The hold, on the host's clock.
    others : tuple of Hold
        The infant's other holds.
    now_ns : int
        The host's time. [ns UTC]
    zone : str
        To print times in.
    sources : mapping of str to SourceSettings
        By name.
    revised_ns : int
        When what it looks at was last told anew after late data; 0: never. [ns UTC]
    birth_ns : int or None
        When the infant was born, where the admission system has said so. [ns UTC]
    birth_date : str
        ``YYYY-MM-DD``, as it said; empty where not.
    said : tuple of SaidOfSpell
        What was said of the spells of the hold.
    arriving : bool
        Whether earlier data still come: the report is made anew as soon as they are there.
    unread : bool
        Whether what was measured in the hold is still to be read.
    """

    folder: Path
    places: tuple[Place, ...]
    hold: Hold
    others: tuple[Hold, ...]
    now_ns: int
    zone: str
    sources: Mapping[str, SourceSettings]
    revised_ns: int = 0
    birth_ns: int | None = None
    birth_date: str = ""
    said: tuple[SaidOfSpell, ...] = ()
    arriving: bool = False
    unread: bool = False


@dataclass(frozen=True, slots=True)
class Made:
    """A report.

    Parameters
    ----------
    page : str
        HTML that stands by itself; empty where nothing could be said.
    chart : str
        The line to copy into the chart.
    lines : tuple of str
        What the infant answered, a line each.
    made_ns : int
        The host's time up to which it looks. [ns UTC]
    why : str
        Why there is no report; empty where there is one.
    revised_ns : int
        As of its wish.
    until_ns : int
        Until when the time after the hold goes on, where it does; else 0. [ns UTC]
    """

    page: str
    chart: str
    lines: tuple[str, ...]
    made_ns: int
    why: str = ""
    revised_ns: int = 0
    until_ns: int = 0


def make_report(wish: Wish) -> Made:
    """Return the report of a hold; what `joey respond` says, from archive and journal."""
    from joey.reports.page import render  # noqa: PLC0415  (the page's process needs none of it)
    from joey.response import Settings, analyze, measure_response  # noqa: PLC0415

    if wish.hold.end is not None and wish.hold.end <= wish.hold.start:
        why = "The hold has no length: by the records its infant had left before it."
        return Made("", "", (), wish.now_ns, why, wish.revised_ns)
    try:
        recording = _recorded(wish)
    except StorageError:
        why = "What was archived of this time is not what was written: restore a backup."
        return Made("", "", (), wish.now_ns, why, wish.revised_ns)
    stop = wish.now_ns / NS if wish.hold.end is None else wish.hold.end
    if not recording.channels or recording.span.start >= stop:
        return Made("", "", (), wish.now_ns, NOT_REACHED, wish.revised_ns)
    settings = Settings(zone=wish.zone)
    findings = analyze(recording, _context(wish), settings)
    now = None if _is_complete(wish, wish.now_ns) else wish.now_ns / NS
    response = measure_response(
        recording, wish.hold, others=wish.others, findings=findings, settings=settings, now=now
    )
    if said := _said(wish):
        response = replace(response, answers=(*response.answers, (SAID, said)))
    lines = lines_of(response)
    note = words_of_revision(wish.revised_ns, wish.zone)
    if note:
        lines = (*lines, note)
    until_ns = round((response.phases.until or 0.0) * NS)
    page = render([response], note)
    return Made(page, response.chart_line, lines, wish.now_ns, "", wish.revised_ns, until_ns)


def _context(wish: Wish) -> Context | None:
    """Return what the admission system says of the infant; None where it does not say its birth."""
    if wish.birth_ns is None:
        return Context(birth_date=wish.birth_date) if wish.birth_date else None
    return Context(birth_time=wish.birth_ns / NS)


def lines_of(response: Response) -> tuple[str, ...]:
    """Return what the infant answered, a line each, and what of the page the report does not count.

    The bed's page shows apneas as they are found; whether the holder's breathing is in the
    impedance is asked of a whole hold.
    """
    from joey.reports.wording import grouped  # noqa: PLC0415  (as `make_report` does)

    answers = [f"{what}: {said}" for what, said in grouped(response.answers)]
    doubts = [said for what, said in response.cannot_say if what == "events"]
    start = "apnea in the hold: "
    answers += [
        f"Apneas (A) of this hold are shown, and not counted here: {said.removeprefix(start)}"
        for said in doubts
        if said.startswith(start)
    ]
    return tuple(answers)


def _said(wish: Wish) -> str:
    """Return what was said of spells of the hold; see `words_of_tags`."""
    from joey.store.archive import Archive  # noqa: PLC0415

    if not wish.said:
        return ""
    zone = ZoneInfo(wish.zone)
    with closing(Archive(wish.folder / "archive.db", read_only=True)) as archive:
        return words_of_tags(
            wish.said, archive, lambda ns: f"{datetime.fromtimestamp(ns / NS, zone):%H:%M:%S}"
        )


def words_of_revision(revised_ns: int, zone: str) -> str:
    """Return that a report was revised, in words; empty where it was not. [ns UTC]"""
    if not revised_ns:
        return ""
    at = datetime.fromtimestamp(revised_ns / NS, ZoneInfo(zone))
    return f"revised after late data at {at:%H:%M}"


def _recorded(wish: Wish) -> Recording:
    """Return what was recorded around a hold, at one bed after the other."""
    from joey.signals import Clock, Recording, merge  # noqa: PLC0415
    from joey.store.archive import Archive  # noqa: PLC0415
    from joey.store.journal import Journal  # noqa: PLC0415
    from joey.web.recordings import read_recording  # noqa: PLC0415

    with (
        closing(Archive(wish.folder / "archive.db", read_only=True)) as archive,
        closing(Journal(wish.folder / "journal.db", read_only=True)) as journal,
    ):
        parts = [
            read_recording(
                archive, journal, place.bed, span_ns, wish.sources, wish.zone, place.streams
            )
            for place, span_ns in spans_of(wish)
        ]
    there = [each for each in parts if each.channels] or [Recording(clock=Clock(dated=True))]
    return there[0] if len(there) == 1 else merge(there)


def spans_of(wish: Wish) -> list[tuple[Place, tuple[int, int]]]:
    """Return where a hold's report looks, and from when to when there. [ns UTC]"""
    return _lying(wish, *reach_of(wish))


def held_of(wish: Wish) -> list[tuple[Place, tuple[int, int]]]:
    """Return where the infant lay while it was held, and from when to when there. [ns UTC]"""
    end = wish.hold.end
    return _lying(
        wish, round(wish.hold.start * NS), wish.now_ns if end is None else round(end * NS)
    )


def _lying(wish: Wish, start: int, stop: int) -> list[tuple[Place, tuple[int, int]]]:
    found = []
    for place in wish.places:
        until = stop if place.until_ns is None else min(stop, place.until_ns)
        if max(start, place.since_ns) < until:
            found.append((place, (max(start, place.since_ns), until)))
    return found


def reach_of(wish: Wish) -> tuple[int, int]:
    """Return from when to when a hold's report looks. [ns UTC]"""
    start = round(wish.hold.start * NS)
    if wish.hold.end is None:
        return start - RUNNING_REACH_NS, wish.now_ns
    return start - REACH_NS, min(round(wish.hold.end * NS) + _AFTER_NS, wish.now_ns)


_PHASES = PhaseSettings()
_AFTER_NS = round((_PHASES.transfer_out_after + _PHASES.after_len + 1) * MIN_NS)


def _be_patient() -> None:
    os.nice(NICE)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End when the pages do, also where they were killed: nothing of Joey is left behind."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(0)


class HoldReports:
    """The last report of each hold that was asked for; `run` makes them, one after the other."""

    def __init__(self) -> None:
        self._made: OrderedDict[str, tuple[Made, Wish]] = OrderedDict()  # and what it was made of
        self._wishes: OrderedDict[str, Wish] = OrderedDict()  # the first is being made

    def made(self, hold: Hold) -> Made | None:
        """Return the last report of a hold; None where none was made yet, or of another infant."""
        found = self._made.get(hold.id)
        return found[0] if found is not None and found[1].hold.infant == hold.infant else None

    def made_of(self, hold: Hold) -> Made | None:
        """Return the last report of a hold, if it had these times and holders; else None."""
        made = self._made.get(hold.id)
        return self.made(hold) if made and made[1].hold.pieces == hold.pieces else None

    def is_busy(self, hold: str) -> bool:
        """Whether a report of the hold is being made, or waits for others."""
        return hold in self._wishes

    def want(self, wish: Wish) -> None:
        """Ask for a report, unless the last one is new enough or one is being made."""
        key = wish.hold.id
        found = self._made.get(key)
        if key not in self._wishes and (found is None or _is_old(found[0], found[1], wish)):
            self._wishes[key] = wish

    async def run(self) -> None:
        """Make what is asked for, as long as it is not canceled."""
        pool: ProcessPoolExecutor | None = None
        try:
            while True:
                if not self._wishes:
                    await asyncio.sleep(LOOK_S)
                    continue
                wish = next(iter(self._wishes.values()))
                if pool is None:  # only who asks for a report has its process
                    spawn = get_context("spawn")
                    pool = ProcessPoolExecutor(1, mp_context=spawn, initializer=_be_patient)
                work = asyncio.get_running_loop().run_in_executor(pool, make_report, wish)
                (found,) = await asyncio.gather(work, return_exceptions=True)
                if isinstance(found, BrokenProcessPool):
                    pool = None  # the process was killed: the next wish starts another
                self._keep(wish, found)
        finally:
            if pool is not None:
                pool.shutdown(wait=False, cancel_futures=True)

    def _keep(self, wish: Wish, found: Made | BaseException) -> None:
        if not isinstance(found, Made):
            # A bug: this page says so, the others go on; the next report is tried in its time.
            log.error("a hold's report could not be made", exc_info=found)
            why = f"No report: {type(found).__name__}."
            found = Made("", "", (), wish.now_ns, why, wish.revised_ns)
        key = wish.hold.id
        del self._wishes[key]
        self._made[key] = found, wish
        self._made.move_to_end(key)
        while len(self._made) > KEPT:
            self._made.popitem(last=False)


def _is_old(made: Made, of: Wish, wish: Wish) -> bool:
    hold = wish.hold
    known = wish.birth_ns, wish.birth_date, wish.said
    if of.hold != hold or known != (of.birth_ns, of.birth_date, of.said):
        return True
    if wish.revised_ns > made.revised_ns or (of.arriving and not wish.arriving):
        return True
    if made.why == NOT_REACHED and of.unread and not wish.unread:
        return True
    age = wish.now_ns - made.made_ns
    complete = _is_complete(wish, made.made_ns)
    if made.why == NOT_REACHED and (wish.unread or not complete):
        return age > NONE_EVERY_NS
    if hold.end is None:
        return age > RUNNING_EVERY_NS
    return not complete and (age > AFTER_EVERY_NS or _is_complete(wish, wish.now_ns))


def _is_complete(wish: Wish, made_ns: int) -> bool:
    """Whether all that is told of a hold was over when a report was made. [ns UTC]

    Nothing more comes of an infant that has left, also in the hour after its hold.
    """
    if wish.hold.end is None:
        return False
    over_ns = round(wish.hold.end * NS) + _AFTER_NS
    left_ns = wish.places[-1].until_ns if wish.places else None
    return made_ns >= (over_ns if left_ns is None else min(over_ns, left_ns + READ_NS))

"""From the local times of a file to the clock of a recording.

A file's times are local to a place that the file does not name. The zone comes from the user;
where it does not, times are read as UTC and the clock says so. A date that cannot be (a shift made
to hide when an infant was ill) stays as it is, and the clock says that too: measured against fixed
years, never against today.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from joey.errors import InputError
from joey.signals import NS, Clock, Repair

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from numpy.typing import NDArray

__all__ = [
    "FARTHEST_BACK_NS",
    "HOUR_NS",
    "Laid",
    "anchor",
    "join_notes",
    "lay_steps",
    "notes_on",
    "step_note",
    "step_repair",
    "zone_of",
]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE_NS, HOUR_NS = 60 * NS, 3600 * NS
# Fixed, not today's: the same file gives the same notes in every year.
RELEASED = 2026  # year of this version of Joey; raised with each release
# A clock is set back by an hour at the end of summer time, or by some seconds or minutes after a
# monitor; what goes back by more is another recording, or a clock that has lost its time.
FARTHEST_BACK_NS = 3605 * NS
LAST_TRUE_YEAR = 2099  # no monitor records later: such a date was shifted to hide the true one


def zone_of(name: str) -> ZoneInfo:
    """Return the time zone of an IANA name.

    Raises
    ------
    InputError
        If there is none of that name.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        msg = f"there is no time zone {name!r}; give an IANA name such as Europe/Copenhagen"
        raise InputError(msg) from error


def anchor(local: datetime, zone: str | None, rest_s: Fraction = Fraction()) -> tuple[int, Clock]:
    """Return a file's start as nanoseconds UTC, and the clock that goes with it.

    Parameters
    ----------
    local : datetime
        Date and time as the file has them, without a zone, in whole seconds.
    zone : str or None
        IANA zone in which to read them; None reads them as UTC and notes it.
    rest_s : Fraction
        What comes after the whole seconds. [s]

    Raises
    ------
    InputError
        If the zone is not known.
    """
    where = zone_of(zone or "UTC")
    moment = local.replace(tzinfo=where)
    # Offsets are whole seconds; an integer division keeps far years exact.
    seconds = (local.replace(tzinfo=UTC) - EPOCH) // SECOND
    offset = moment.utcoffset() or timedelta()
    start_ns = (seconds - offset // SECOND) * NS + round(rest_s * NS)
    notes = [*notes_on(local.date(), zone)]
    other = moment.replace(fold=1).utcoffset() or timedelta()
    if other < offset:
        notes.append(f"the start occurs twice in {zone} (clocks go back): the first is taken")
    if other > offset:
        notes.append(f"the start does not exist in {zone} (clocks go forward)")
    return start_ns, Clock(dated=True, zone=zone or "UTC", note=join_notes(notes))


def notes_on(day: date, zone: str | None) -> tuple[str, ...]:
    """Return what a reader must know about a date: no zone given, a date that cannot be.

    A year after 2099 is de-identified for certain; one later than the year after this version of
    Joey was released may be, or a clock is set wrong.
    """
    notes = []
    if zone is None:
        notes.append("no time zone given: local times are read as UTC")
    if day.year > LAST_TRUE_YEAR:
        notes.append(f"the date lies in the future ({day.year}): de-identified, not the true date")
    elif day.year > RELEASED + 1:
        notes.append(
            f"the date ({day.year}) lies after {RELEASED + 1}, the year after this version of Joey "
            "was released: it may be de-identified, or a clock set wrong"
        )
    return tuple(notes)


def join_notes(notes: Iterable[str]) -> str:
    """Return notes as one text, each once."""
    return "; ".join(dict.fromkeys(note for note in notes if note))


@dataclass(frozen=True, slots=True, eq=False)
class Laid:
    """Stamps of a clock that was set back, as times that go on.

    Parameters
    ----------
    ns : ndarray of int64, shape (n,)
        Times in order. [ns]
    steps : ndarray of int64, shape (k,)
        The places at which the clock was set back: the first stamps after each step.
    by_ns : ndarray of int64, shape (k,)
        By how much the clock was set back, if nothing is missing there. [ns]
    """

    ns: NDArray[np.int64]
    steps: NDArray[np.int64]
    by_ns: NDArray[np.int64]


def lay_steps(
    ns: NDArray[np.int64], steps: NDArray[np.int64], lasts_ns: int, hole_ns: int = 0
) -> Laid:
    """Return stamps in the order they were written, laid behind each other where a clock went back.

    What was written after a step was measured after what was written before it. So it is laid
    behind that, and all that follows with it, until a gap is long enough to hold the step: from
    there on the stamps stand as they are.

    Parameters
    ----------
    ns : ndarray of int64, shape (n,)
        The stamps. [ns]
    steps : ndarray of int64, shape (k,)
        The first stamps after each step back.
    lasts_ns : int
        How long what is stamped lasts. [ns]
    hole_ns : int
        What is left open at a step, so that nothing joins the samples on both sides. [ns]

    Examples
    --------
    A clock that was set back by 2 s, and some seconds later nothing for 4 s.

    >>> stamps = np.array([10, 11, 12, 11, 12, 17, 18]) * NS
    >>> (lay_steps(stamps, np.array([3]), NS).ns // NS).tolist()
    [10, 11, 12, 13, 14, 17, 18]
    """
    forward = np.diff(ns)
    laid = ns.copy()
    for lo, hi in zip(steps.tolist(), [*steps[1:].tolist(), len(ns)], strict=True):
        later = int(laid[lo - 1]) + lasts_ns + hole_ns - int(ns[lo])
        holds = forward[lo : hi - 1] >= later + lasts_ns
        stop = lo + 1 + int(holds.argmax()) if holds.any() else hi
        laid[lo:stop] += later
    return Laid(laid, steps, lasts_ns - forward[steps - 1])


def step_repair(laid: Laid, where: str) -> Repair:
    """Return what is told of a clock that was set back; `where` names file and first place."""
    most = float(laid.by_ns.max()) / NS
    what = (
        f"clock set back by {most:.6g} s: what follows is laid behind what was before, later than "
        "its stamps until a gap holds the step"
    )
    if len(laid.steps) > 1:
        what = what.replace(f"by {most:.6g} s", f"by up to {most:.6g} s")
    return Repair(what, len(laid.steps), where)


def step_note(laid: Laid, *, dated: bool, zone: str | None) -> str:
    """Return what a reader of times must know about a clock that was set back."""
    note = f"the clock was set back {len(laid.steps)} times, times after it are later than stamped"
    if len(laid.steps) == 1:
        note = note.replace("1 times", "once")
    if dated and zone is None and np.any(np.abs(laid.by_ns - HOUR_NS) < MINUTE_NS):
        note += " (an hour back: name the time zone, and the end of summer time is told apart)"
    return note

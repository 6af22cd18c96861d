"""The tables of a report as rows of short texts; the reason of each "cannot say" is a note."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from joey.reports.pictures import change_picture
from joey.reports.wording import (
    change_interval,
    changed,
    interval,
    number,
    percent,
    shown_unit,
    spoken,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from joey.events import Event
    from joey.features import Summary
    from joey.reports.wording import Clock
    from joey.response import EventCount, EventRow, FeatureRow, Response

__all__ = [
    "Cell",
    "EventLine",
    "FeatureLine",
    "Notes",
    "count_phases",
    "event_lines",
    "event_words",
]
__all__ += ["feature_groups", "feature_phases"]

ORDER = (
    "before",
    "transfer_in",
    "settled",
    "change",
    "whole_hold",
    "last_10",
    "transfer_out",
    "after",
)
GROUPS = {
    "heart": "Heart",
    "breathing": "Breathing",
    "oxygen": "Oxygen",
    "temperature": "Temperature",
}
SHORT = 40  # characters of a reason that fit a table cell
NADIR_UNITS = {"bradycardia": "/min", "desaturation": "%", "intermittent_hypoxemia": "%"}


@dataclass(slots=True)
class Notes:
    """The numbered notes under a table: each reason once, in the order it is first met."""

    texts: list[str] = field(default_factory=list)

    def mark(self, reason: str) -> int:
        """Return the number of a reason; zero for an empty one."""
        reason = reason.strip()
        if not reason:
            return 0
        if reason not in self.texts:
            self.texts.append(reason)
        return self.texts.index(reason) + 1


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: a value, smaller lines under it, and the number of a note.

    Parameters
    ----------
    main, note : str, int
        The value or "cannot say"; the note's number, zero for none.
    lines : tuple of (str, int)
        Smaller lines, each with its note's number.
    silent : bool
        Whether nothing could be said.
    reason : str
        The whole reason, shown when one points at the cell.
    span : int
        Columns the cell takes.
    """

    main: str
    note: int = 0
    lines: tuple[tuple[str, int], ...] = ()
    silent: bool = False
    reason: str = ""
    span: int = 1


@dataclass(frozen=True, slots=True)
class FeatureLine:
    """One row of the table of features."""

    label: str
    unit: str
    source: str
    cells: tuple[Cell, ...]
    picture: str
    change: Cell
    rank: Cell
    sentence: str


@dataclass(frozen=True, slots=True)
class EventLine:
    """One preset of the table of events: what it is, its counts by phase, how they compare."""

    label: str
    definition: str
    cells: tuple[Cell, ...]
    comparison: str
    letters: str


def _plain(reason: str) -> str:
    """Return a reason without the "cannot say" that stands beside it anyway."""
    plain = re.sub(r"^cannot say\W*", "", reason.strip(), flags=re.IGNORECASE).rstrip(".")
    return plain.removesuffix(")") if plain.count(")") > plain.count("(") else plain


def _silent(reason: str, notes: Notes) -> Cell:
    """Return "cannot say" with the reason's first clause; what does not fit is a note."""
    plain = _plain(reason)
    first = re.split(r"[;:,(]", plain, maxsplit=1)[0].strip()
    short = first if len(first) <= SHORT else ""
    note = 0 if short == plain else notes.mark(reason)
    lines = ((short, 0),) if short else ()
    return Cell("cannot say", note, lines, silent=True, reason=reason)


def _ordered(names: Iterable[str]) -> tuple[str, ...]:
    known = {name: k for k, name in enumerate(ORDER)}
    return tuple(sorted(dict.fromkeys(names), key=lambda name: known.get(name, len(known))))


def feature_phases(rows: tuple[FeatureRow, ...]) -> tuple[str, ...]:
    """Return the phases any feature was measured in, in time order."""
    return _ordered(name for row in rows for name in row.phases)


def count_phases(rows: tuple[EventRow, ...]) -> tuple[str, ...]:
    """Return the phases any event was counted in, ``whole_hold`` beside ``settled``."""
    return _ordered(name for row in rows for name in row.phases)


def _value_cell(row: FeatureRow, phase: str, notes: Notes) -> Cell:
    found = row.phases.get(phase)
    if found is None:
        return Cell("–", reason="no such phase in this hold", silent=True)
    if not math.isfinite(found.value):
        return _silent(found.reason, notes)
    lines = []
    bounds = interval(found.low, found.high, row.decimals)
    if bounds:
        lines.append((bounds, 0))
    elif found.reason:
        lines.append(("no interval", notes.mark(found.reason)))
    lines.append((f"{percent(found.coverage)}, n\u00a0{found.n}", 0))
    moved = row.changes.get(phase)
    if moved is not None and phase not in {"before", "settled"}:
        lines.append(_moved(row, moved, notes))
    return Cell(number(found.value, row.decimals), lines=tuple(lines))


def _moved(row: FeatureRow, moved: Summary, notes: Notes) -> tuple[str, int]:
    if not math.isfinite(moved.value):
        return "Δ cannot say", notes.mark(moved.reason)
    bounds = change_interval(row, moved)
    shown = f"Δ {changed(row, moved)}"
    return (f"{shown} ({bounds})", 0) if bounds else (shown, notes.mark(moved.reason))


def _change_cell(row: FeatureRow, notes: Notes) -> Cell:
    moved = row.changes["settled"]
    if not math.isfinite(moved.value):
        return _silent(moved.reason, notes)
    bounds = change_interval(row, moved)
    line = (f"95 %: {bounds}", 0) if bounds else ("no interval", notes.mark(moved.reason))
    lines = [line, (f"{percent(moved.coverage)}, n\u00a0{moved.n}", 0)]
    return Cell(changed(row, moved), lines=tuple(lines))


def _rank_cell(row: FeatureRow, notes: Notes) -> Cell:
    rank = row.rank
    if rank.smaller is None:
        return _silent(rank.reason, notes)
    usual = {True: "inside the usual range", False: "outside the usual range", None: ""}[rank.usual]
    lines = [(f"from {rank.days} day{'' if rank.days == 1 else 's'}", 0)]
    if usual:
        lines.append((usual, notes.mark(rank.reason)))
    else:
        lines.append(("usual range: cannot say", notes.mark(rank.reason)))
    return Cell(f"larger than in {rank.smaller} of {rank.windows}", lines=tuple(lines))


def _picture_words(row: FeatureRow) -> str:
    moved = row.changes["settled"]
    bounds = change_interval(row, moved)
    shown = f"{changed(row, moved)} {shown_unit(moved.unit)}".rstrip()
    against = "settled over before" if row.scale == "ratio" else "settled minus before"
    words = f"{row.label}: {against} {shown}"
    words += f", 95 % interval {bounds}" if bounds else ", no interval"
    if math.isfinite(row.display_threshold):
        reach = "reaches" if row.passes else "below"
        words += f", {reach} the unit's display threshold of {row.display_threshold:g}"
    return words


def _feature_line(row: FeatureRow, phases: tuple[str, ...], notes: Notes) -> FeatureLine:
    reasons = {row.phases[name].reason for name in phases if name in row.phases}
    nothing = not any(math.isfinite(found.value) for found in row.phases.values())
    if nothing and len(reasons) == 1:
        # One reason for the whole row is said once, across it.
        cells: tuple[Cell, ...] = (_whole_row(reasons.pop(), len(phases) + 2),)
        return FeatureLine(
            row.label, shown_unit(row.unit), row.source, cells, "", cells[0], cells[0], row.sentence
        )
    moved = row.changes["settled"]
    picture = ""
    if math.isfinite(moved.value):
        picture = change_picture(
            moved, row.display_threshold, _picture_words(row), ratio=row.scale == "ratio"
        )
    return FeatureLine(
        row.label,
        shown_unit(row.unit),
        row.source,
        tuple(_value_cell(row, phase, notes) for phase in phases),
        picture,
        _change_cell(row, notes),
        _rank_cell(row, notes),
        row.sentence,
    )


def _whole_row(reason: str, span: int) -> Cell:
    plain = _plain(reason)
    words = f"cannot say: {plain}" if plain else "cannot say"
    return Cell(words, silent=True, reason=reason, span=span)


def feature_groups(
    response: Response, phases: tuple[str, ...], notes: Notes
) -> tuple[tuple[str, tuple[FeatureLine, ...]], ...]:
    """Return the rows of the table of features under the heading of their group."""
    groups: dict[str, list[FeatureLine]] = {}
    for row in response.features:
        name = GROUPS.get(row.group, spoken(row.group).capitalize())
        groups.setdefault(name, []).append(_feature_line(row, phases, notes))
    return tuple((name, tuple(lines)) for name, lines in groups.items())


def _count_cell(found: EventCount | None, reason: str, notes: Notes) -> Cell:
    if found is None:
        return Cell("–", reason="no such phase in this hold", silent=True)
    if not math.isfinite(found.rate):
        # What was found without a rate is said in the cell, as it is where there is one.
        words = _plain(found.words)
        if not words:
            return _silent(reason, notes)
        return Cell("cannot say", lines=((words, 0),), silent=True, reason=reason or found.words)
    lines = [(found.words, 0)]
    if found.count:
        clusters = "1 cluster" if found.clusters == 1 else f"{found.clusters} clusters"
        lines.append((f"{found.time_below_s:.0f} s beyond the threshold, {clusters}", 0))
    return Cell(str(found.count), lines=tuple(lines))


def event_lines(response: Response, phases: tuple[str, ...], notes: Notes) -> tuple[EventLine, ...]:
    """Return the rows of the table of events."""
    lines = []
    for row in response.events:
        reason = row.found.reason
        nothing = not any(math.isfinite(found.rate) for found in row.phases.values())
        if nothing and reason:
            cells: tuple[Cell, ...] = (_whole_row(reason, len(phases)),)
        else:
            cells = tuple(_count_cell(row.phases.get(phase), reason, notes) for phase in phases)
        comparison = "" if nothing and row.comparison == reason else row.comparison
        lines.append(EventLine(row.label, row.definition, cells, comparison, row.letters))
    return tuple(lines)


def event_words(event: Event, clock: Clock) -> str:
    """Return one event in a line: when, how long, how far, and what is doubtful about it."""
    parts = [clock.second(event.span.start), f"{event.span.duration:.0f} s"]
    if math.isfinite(event.nadir):
        unit = NADIR_UNITS.get(event.kind, "")
        parts.append(f"lowest {number(event.nadir, 0)} {unit}".rstrip())
    if event.quality != "good":
        parts.append(event.quality)
    if event.bridged_s > 0:
        parts.append(f"{event.bridged_s:.0f} s of it not measured")
    if event.truncated:
        parts.append("cut by a gap or the record's edge: true duration unknown")
    return ", ".join(parts)

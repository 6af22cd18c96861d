"""A reviewer's exclusion spans: what is taken out of the data before anything is measured."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from joey.holds.cells import Place, column_names, word
from joey.holds.times import read_time, say_span, zones
from joey.sources.tables import read_rows
from joey.spans import EMPTY, Span, Spans, union

if TYPE_CHECKING:
    from pathlib import Path

    from joey.signals import Clock

__all__ = ["Exclusions", "read_exclusions"]


@dataclass(frozen=True, slots=True)
class Exclusions:
    """Spans a reviewer took out.

    Parameters
    ----------
    spans : Spans
        Taken out of every channel.
    channels : dict of str to Spans
        Taken out of one quantity's channels besides, by the quantity's name.
    notes : tuple of str
        Each row in words, with its reason: printed in the report.
    """

    spans: Spans = field(default_factory=lambda: EMPTY)
    channels: dict[str, Spans] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def of(self, quantity: str) -> Spans:
        """Return what is taken out of a quantity's channels."""
        return union(self.spans, self.channels.get(quantity, EMPTY))


def read_exclusions(path: Path | str, clock: Clock, zone: str | None) -> Exclusions:
    """Return the spans a reviewer took out, from a CSV file: start, end, reason, channel, zone.

    Parameters
    ----------
    path : Path or str
        The file. An empty channel means all; else it is a quantity such as ``ecg`` or ``spo2``.
    clock : Clock
        The recording's clock.
    zone : str or None
        IANA zone of local times in rows without one of their own; None takes the recording's.

    Raises
    ------
    FormatError
        If a row breaks the format: an end not after its start, a missing reason.
    InputError
        If the zone is unknown.
    """
    table = read_rows(path)
    known = ("start", "end", "reason", "channel", "zone")
    columns, notes = column_names(path, table.columns, known[:3], known)
    local = zones(clock, zone)
    found: dict[str, list[Span]] = {}
    for line, row in table.rows:
        cells = {key: row.get(columns[key], "").strip() if key in columns else "" for key in known}
        start, end = (
            read_time(cells[key], cells["zone"], local, Place(path, line, key))
            for key in ("start", "end")
        )
        if end <= start:
            raise Place(path, line).wrong(
                f"the end, {cells['end']}, is not after the start, {cells['start']}"
            )
        if not cells["reason"]:
            raise Place(path, line, "reason").wrong("is empty; the report prints why a span is out")
        channel = word(cells["channel"])
        found.setdefault(channel, []).append(Span(start, end))
        what = channel or "every channel"
        notes.append(f"{what} excluded from {say_span(Span(start, end), clock)}: {cells['reason']}")
    every = Spans.of(found.pop("", []))
    return Exclusions(every, {key: Spans.of(spans) for key, spans in found.items()}, tuple(notes))

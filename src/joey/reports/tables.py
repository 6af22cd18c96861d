"""The facts of responses as one tidy long table: one row per number, what it is in the columns."""

from __future__ import annotations

import csv
import io
import math
from typing import TYPE_CHECKING

from joey.reports.wording import Clock

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from joey.features import Summary
    from joey.response import EventRow, FeatureRow, Response

__all__ = ["COLUMNS", "as_csv"]

COLUMNS = (
    "hold",
    "infant",
    "kind",  # feature, change, rank, event_rate, event
    "name",
    "label",
    "source",
    "phase",
    "value",
    "low",
    "high",
    "unit",
    "scale",  # difference or ratio: how the feature changes
    "n",
    "coverage",
    "valid_h",
    "time_below_s",
    "clusters",
    "start",
    "end",
    "reason",
    "simulated",
    "invented",
    "provisional",
    "version",
    "data_hash",
)

Row = dict[str, str | float | int | None]


def as_csv(responses: Sequence[Response]) -> str:
    """Return the facts of responses as comma-separated text with one header line."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for response in responses:
        every = {
            "hold": response.hold.id,
            "infant": response.hold.infant,
            "simulated": _yes(response.simulated),
            "invented": _yes(response.invented),
            "provisional": _yes(response.phases.provisional),
            "version": response.version,
            "data_hash": response.data_hash,
        }
        for row in _rows(response):
            writer.writerow({name: _field(value) for name, value in {**every, **row}.items()})
    return out.getvalue()


def _rows(response: Response) -> Iterator[Row]:
    for feature in response.features:
        yield from _feature(feature)
    for events in response.events:
        yield from _events(events, Clock(response.dated, response.zone))


def _feature(row: FeatureRow) -> Iterator[Row]:
    what: Row = {"name": row.name, "label": row.label, "source": row.source}
    for phase, found in row.phases.items():
        yield {**what, "kind": "feature", "phase": phase, **_summary(found), "scale": row.scale}
    for phase, found in row.changes.items():
        yield {**what, "kind": "change", "phase": phase, **_summary(found), "scale": row.scale}
    rank = row.rank
    yield {
        **what,
        "kind": "rank",
        "phase": "settled",
        "value": rank.smaller,
        "unit": "windows",
        "n": rank.windows,
        "reason": rank.reason,
    }


def _summary(found: Summary) -> Row:
    return {
        "value": found.value,
        "low": found.low,
        "high": found.high,
        "unit": found.unit,
        "n": found.n,
        "coverage": found.coverage,
        "reason": found.reason,
    }


def _events(row: EventRow, clock: Clock) -> Iterator[Row]:
    preset = row.found.preset
    what: Row = {"name": preset.name, "label": row.definition}
    for phase, found in row.phases.items():
        yield {
            **what,
            "kind": "event_rate",
            "phase": phase,
            "value": found.rate,
            "low": found.low,
            "high": found.high,
            "unit": "1/h",
            "n": found.count,
            "valid_h": found.valid_h,
            "time_below_s": found.time_below_s,
            "clusters": found.clusters,
            "reason": "" if math.isfinite(found.rate) else row.found.reason or found.words,
        }
    for event in row.found.items:
        yield {
            **what,
            "kind": "event",
            "source": event.source,
            "value": event.nadir,
            "time_below_s": event.time_below_s,
            "start": clock.iso(event.span.start) or event.span.start,
            "end": clock.iso(event.span.end) or event.span.end,
            "reason": "; ".join(
                (["cut by a gap"] if event.truncated else [])
                + ([event.quality] if event.quality != "good" else [])
            ),
        }


def _yes(truth: bool) -> str:  # noqa: FBT001  (formatting a truth value is its purpose)
    return "true" if truth else "false"


def _field(value: str | float | None) -> str:
    """Return a field's text: empty for not a number, and no text a spreadsheet would run."""
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
    if isinstance(value, int):
        return str(value)
    return repr(float(value)) if math.isfinite(value) else ""

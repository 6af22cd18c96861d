"""The facts of responses as plain values for JSON: stable order, null with its reason, no NaN."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

from joey.reports.wording import Clock

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from joey.events import Event
    from joey.features import Summary
    from joey.response import EventCount, EventRow, FeatureRow, Response
    from joey.spans import Span, Spans

__all__ = ["SCHEMA", "as_json"]

SCHEMA = "joey.response/1"  # the number grows when a key changes its meaning or goes away


def as_json(responses: Sequence[Response]) -> str:
    """Return the facts of responses as strict JSON, the same bytes for the same facts."""
    facts = {"schema": SCHEMA, "holds": [_response(response) for response in responses]}
    return json.dumps(facts, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _span(span: Span, clock: Clock) -> dict[str, object]:
    return {
        "start_s": _number(span.start),
        "end_s": _number(span.end),
        "start": clock.iso(span.start),
        "end": clock.iso(span.end),
    }


def _spans(spans: Spans, clock: Clock) -> list[dict[str, object]]:
    return [_span(span, clock) for span in spans]


def _pairs(pairs: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    """Return pairs as a list: a name may come twice, and their order says something."""
    return [{"name": name, "value": value} for name, value in pairs]


def _summary(found: Summary) -> dict[str, object]:
    return {
        "value": _number(found.value),
        "low": _number(found.low),
        "high": _number(found.high),
        "unit": found.unit,
        "n": int(found.n),
        "coverage": _number(found.coverage),
        "reason": found.reason,
    }


def _by_phase(found: Mapping[str, Summary]) -> dict[str, dict[str, object]]:
    return {phase: _summary(summary) for phase, summary in found.items()}


def _feature(row: FeatureRow) -> dict[str, object]:
    return {
        "name": row.name,
        "label": row.label,
        "unit": row.unit,
        "group": row.group,
        "scale": row.scale,
        "source": row.source,
        "phases": _by_phase(row.phases),
        "changes": _by_phase(row.changes),
        "rank": {
            "smaller": row.rank.smaller,
            "windows": int(row.rank.windows),
            "days": int(row.rank.days),
            "usual": row.rank.usual,
            "reason": row.rank.reason,
        },
        "display_threshold": _number(row.display_threshold),
        "passes": row.passes,
        "sentence": row.sentence,
    }


def _event(event: Event, clock: Clock) -> dict[str, object]:
    return {
        "kind": event.kind,
        **_span(event.span, clock),
        "nadir": _number(event.nadir),
        "nadir_time_s": _number(event.nadir_time),
        "area": _number(event.area),
        "time_below_s": _number(event.time_below_s),
        "bridged_s": _number(event.bridged_s),
        "source": event.source,
        "quality": event.quality,
        "truncated": event.truncated,
    }


def _count(found: EventCount) -> dict[str, object]:
    return {
        "count": int(found.count),
        "valid_h": _number(found.valid_h),
        "rate_per_h": _number(found.rate),
        "low_per_h": _number(found.low),
        "high_per_h": _number(found.high),
        "time_below_s": _number(found.time_below_s),
        "clusters": int(found.clusters),
        "words": found.words,
    }


def _event_row(row: EventRow, clock: Clock) -> dict[str, object]:
    preset = row.found.preset
    return {
        "label": row.label,
        "definition": row.definition,
        "preset": {
            "name": preset.name,
            "kind": preset.kind,
            "below": _number(preset.below),
            "inclusive": preset.inclusive,
            "at_least_s": _number(preset.at_least),
            "at_most_s": _number(preset.at_most),
            "over": preset.over,
            "join_s": _number(preset.join),
            "bridge_s": _number(preset.bridge),
            "source": preset.source,
        },
        "phases": {phase: _count(found) for phase, found in row.phases.items()},
        "comparison": row.comparison,
        "letters": row.letters,
        "reason": row.found.reason,
        "searched": _spans(row.found.searched, clock),
        "events": [_event(event, clock) for event in row.found.items],
    }


def _hold(response: Response, clock: Clock) -> dict[str, object]:
    hold = response.hold
    return {
        "id": hold.id,
        "infant": hold.infant,
        "revision": hold.revision,
        "contact": hold.contact,
        "pieces": [
            {
                "holder": piece.holder,
                "role": piece.role,
                "start_s": _number(piece.start),
                "end_s": None if piece.end is None else _number(piece.end),
                "start": clock.iso(piece.start),
                "end": None if piece.end is None else clock.iso(piece.end),
            }
            for piece in hold.pieces
        ],
        "details": dict(hold.details),
    }


def _response(response: Response) -> dict[str, object]:
    clock = Clock(response.dated, response.zone)
    return {
        "version": response.version,
        "data_hash": response.data_hash,
        "simulated": response.simulated,
        "invented": response.invented,
        "provisional": response.phases.provisional,
        "dated": response.dated,
        "zone": response.zone,
        "hold": _hold(response, clock),
        "phases": {name: _spans(spans, clock) for name, spans in response.phases.spans.items()},
        "phase_notes": list(response.phases.notes),
        "header": _pairs(response.header),
        "summary": response.summary,
        "answers": _pairs(response.answers),
        "cannot_say": _pairs(response.cannot_say),
        "chart_line": response.chart_line,
        "chart_note": response.chart_note,
        "features": [_feature(row) for row in response.features],
        "events": [_event_row(row, clock) for row in response.events],
        "marks": [
            {"letters": letters, "kind": event.kind, **_span(event.span, clock)}
            for event, letters in response.oxycrg.marks
        ],
        "context": _pairs(response.context),
        "quality": list(response.quality),
        "excluded": _spans(response.excluded, clock),
        "exclusion_notes": list(response.exclusion_notes),
        "methods": list(response.methods),
        "notes": list(response.notes),
        "settings": {name: response.settings[name] for name in sorted(response.settings)},
        "sources": [{"file": name, "sha256": digest} for name, digest in response.sources],
    }

"""The report as one HTML page that needs nothing else: facts of responses in, text out."""

from __future__ import annotations

import base64
import hashlib
import math
import re
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from joey.reports.cells import (
    EventLine,
    FeatureLine,
    Notes,
    count_phases,
    event_lines,
    event_words,
    feature_groups,
    feature_phases,
)
from joey.reports.pictures import oxycrg_picture, strip_picture
from joey.reports.wording import (
    Clock,
    duration,
    ended_words,
    grouped,
    logged,
    narrow,
    part_of,
    phase_label,
    title_of,
    typeset,
)
from joey.spans import Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from joey.response import Response

__all__ = ["render"]

UNSAID = {
    "change": "No change",
    "interval": "No interval of the change",
    "rank": "No rank among comparable hours without a hold",
    "events": "Events",
}


@dataclass(frozen=True, slots=True)
class _Strip:
    """One listed spell with its picture."""

    letters: str
    words: str
    counted: str
    apart: str
    phase: str
    picture: Markup


@dataclass(frozen=True, slots=True)
class _Section:
    """One hold as the template shows it."""

    key: str
    response: Response
    title: str
    day: str
    ended: str
    logged: tuple[tuple[str, str], ...]
    chart_line: str
    unsaid: tuple[tuple[str, tuple[str, ...]], ...]
    answers: tuple[tuple[str, str], ...]
    unranked: tuple[str, ...]
    words: tuple[tuple[str, str], ...]
    until: str
    after: str
    phases: tuple[tuple[str, str, str], ...]
    feature_phases: tuple[tuple[str, str], ...]
    groups: tuple[tuple[str, tuple[FeatureLine, ...]], ...]
    feature_notes: Notes
    count_phases: tuple[tuple[str, str], ...]
    events: tuple[EventLine, ...]
    uncompared: tuple[tuple[str, str], ...]
    event_notes: Notes
    oxycrg: Markup
    strips: tuple[_Strip, ...]
    legend: tuple[tuple[str, str], ...]


def _section(response: Response, key: str) -> _Section:
    hold = response.hold
    clock = Clock(response.dated, response.zone).around(hold.start, hold.end)
    last = response.oxycrg.span.end if hold.end is None else hold.end
    feature_notes, event_notes = Notes(), Notes()
    shown = feature_phases(response.features)
    counted = count_phases(response.events)
    groups = feature_groups(response, shown, feature_notes)
    events, uncompared = _uncompared(event_lines(response, counted, event_notes))
    picture = oxycrg_picture(response, clock, f"{key}-oxycrg")
    parts = {name: _part(name, response) for name in response.phases.spans}
    until = response.phases.until
    return _Section(
        key=key,
        response=response,
        title=title_of(hold, clock),
        day=clock.day(Span(hold.start, max(hold.start, last))),
        ended=ended_words(hold),
        logged=logged(hold),
        chart_line=_chart_line(response),
        unsaid=_unsaid(response),
        answers=grouped(response.answers),
        unranked=_unranked(response),
        words=grouped(
            (line.label, line.sentence.removesuffix("."))
            for _, lines in groups
            for line in lines
            if line.sentence and line.cells[0].span == 1
        ),
        until="" if until is None else clock.minute(until),
        after=parts.get("after", ""),
        phases=tuple(
            (phase_label(name), clock.spans(spans), _length(name, response, clock))
            for name, spans in response.phases.spans.items()
            if len(spans)
        ),
        feature_phases=tuple((phase_label(name), parts.get(name, "")) for name in shown),
        groups=groups,
        feature_notes=feature_notes,
        count_phases=tuple((phase_label(name), parts.get(name, "")) for name in counted),
        events=events,
        uncompared=uncompared,
        event_notes=event_notes,
        oxycrg=Markup(picture),  # noqa: S704  (built by ElementTree, which escapes)
        strips=tuple(
            _Strip(
                strip.letters,
                event_words(strip.event, clock),
                ", ".join(strip.counted),
                strip.apart,
                phase_label(strip.phase),
                Markup(  # noqa: S704  (built by ElementTree, which escapes)
                    strip_picture(strip, clock, f"{key}-s{k}", simulated=response.simulated)
                ),
            )
            for k, strip in enumerate(response.strips, 1)
        ),
        legend=_legend(picture),
    )


def _goes_on(name: str, response: Response) -> bool:
    """Whether a phase is not over at present."""
    now, spans = response.phases.now, response.phases.spans[name]
    return now is not None and len(spans) > 0 and float(spans.bounds[-1, 1]) > now


def _part(name: str, response: Response) -> str:
    """Return how much of a phase has data: ``17 of 60 min``; empty for all of it."""
    part = part_of(response.phases.spans[name], response.oxycrg.span)  # as far as there are any
    return f"so far {part}" if part and _goes_on(name, response) else part


def _length(name: str, response: Response, clock: Clock) -> str:
    """Return how long a phase is, how much of it has data, and until when that may change."""
    spans = response.phases.spans[name]
    length = _part(name, response) or duration(spans)
    if not _goes_on(name, response):
        return length
    return f"{length}; provisional until {clock.minute(float(spans.bounds[-1, 1]))}"


def _chart_line(response: Response) -> str:
    """Return the line for the chart; simulated data carry the word wherever they are pasted."""
    line = response.chart_line
    if response.simulated and "simulated" not in line.lower():
        return f"SIMULATED: {line}"
    return line


def _unsaid(response: Response) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return what cannot be said under the heading of its kind."""
    kinds: dict[str, list[str]] = {}
    for kind, text in response.cannot_say:
        kinds.setdefault(UNSAID.get(kind, kind), []).append(text)
    return tuple((heading, tuple(texts)) for heading, texts in kinds.items())


def _unranked(response: Response) -> tuple[str, ...]:
    """Return why changes have no rank, each reason once: with features where it is not all's."""
    reasons: dict[str, list[str]] = {}
    changed = [row for row in response.features if math.isfinite(row.changes["settled"].value)]
    for row in changed:
        if row.rank.smaller is None:
            reasons.setdefault(row.rank.reason, []).append(row.label)
    return tuple(
        reason if len(labels) == len(changed) else f"{reason} ({', '.join(labels)})"
        for reason, labels in reasons.items()
    )


def _uncompared(
    lines: tuple[EventLine, ...],
) -> tuple[tuple[EventLine, ...], tuple[tuple[str, str], ...]]:
    """Return the rows without the reasons that several share, and those, each with its rows."""
    reasons: dict[str, list[str]] = {}
    for line in lines:
        if line.comparison.startswith("cannot say: "):
            reasons.setdefault(line.comparison, []).append(line.label)
    shared = {why: labels for why, labels in reasons.items() if len(labels) > 1}
    kept = (replace(each, comparison="") if each.comparison in shared else each for each in lines)
    return tuple(kept), tuple((", ".join(labels), why) for why, labels in shared.items())


def _legend(picture: str) -> tuple[tuple[str, str], ...]:
    """Return what the picture's textures mean: only those that are in it."""
    found = [("held", "held")]
    found += [("gone", "not measured")] if 'class="gone"' in picture else []
    found += [("excluded", "taken out by the reviewer")] if 'class="excluded"' in picture else []
    return tuple(found)


def _breakable(name: str) -> Markup:
    """Return a dotted name that a line may break at its signs, and nowhere else."""
    parts = re.split(r"(?<=[._/:])", name)
    return Markup("<wbr>").join(parts)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("joey.reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["typeset"] = typeset
    environment.filters["narrow"] = narrow
    environment.filters["breakable"] = _breakable
    return environment


def _own_text(name: str) -> str:
    return files("joey.reports").joinpath("templates", name).read_text(encoding="utf-8").strip()


def _digest(text: str) -> str:
    """Return what a content security policy calls the hash of an inline text."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def render(responses: Sequence[Response], note: str = "") -> str:
    """Return the page for one or several holds.

    Parameters
    ----------
    responses : sequence of Response
        In the order to show; at least one.
    note : str
        What is to be known of the data, for the top of the page.

    Returns
    -------
    str
        A whole HTML document that makes no request: style, script and pictures are in it, and its
        content security policy allows nothing else.
    """
    style, script = _own_text("page.css"), _own_text("page.js")
    sections = [_section(response, f"h{k}") for k, response in enumerate(responses, 1)]
    return (
        _environment()
        .get_template("page.html")
        .render(
            sections=sections,
            note=note,
            simulated=any(response.simulated for response in responses),
            several=len(sections) > 1,
            style=Markup(style),  # noqa: S704  (our own file)
            script=Markup(script),  # noqa: S704  (our own file)
            style_hash=_digest(style),
            script_hash=_digest(script),
        )
    )

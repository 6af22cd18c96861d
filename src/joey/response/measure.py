"""From findings and one hold to its response: everything a page shows, without arithmetic left."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np

from joey import __version__
from joey.features import feature_settings
from joey.holds import Exclusions, phases_of
from joey.response.channels import identities
from joey.response.charted import context_rows, header, oxygen_words
from joey.response.drawn import draw_oxycrg, draw_strips
from joey.response.findings import analyze
from joey.response.leak import slow_line
from joey.response.letters import row_words
from joey.response.pseudo import find_pseudo_holds
from joey.response.rows import Beside, feature_rows
from joey.response.said import (
    answers_of,
    before_the_data,
    cannot_say,
    leak_lines,
    line_of,
    methods_of,
    notes_of,
    summary_of,
)
from joey.response.settings import Settings, printed
from joey.response.spells import event_rows, leak_words
from joey.response.types import Response
from joey.spans import Span, Spans

if TYPE_CHECKING:
    from collections.abc import Sequence

    from joey.holds import Context, Hold, Phases
    from joey.response.findings import Findings
    from joey.response.leak import Leak
    from joey.signals import Recording

__all__ = ["data_hash", "measure_response"]

LEAK_PHASES = ("before", "settled")


def measure_response(
    recording: Recording,
    hold: Hold,
    *,
    others: Sequence[Hold] = (),
    context: Context | None = None,
    findings: Findings | None = None,
    settings: Settings | None = None,
    exclusions: Exclusions | None = None,
    now: float | None = None,
) -> Response:
    """Return how the infant answered one hold.

    Parameters
    ----------
    recording : Recording
        Of the infant.
    hold : Hold
        The hold; one that still runs ends with the data and is provisional.
    others : sequence of Hold
        The infant's other holds, also outside the recording: their time is no comparison.
    context : Context or None
        What was charted.
    findings : Findings or None
        Of `analyze` with the same context, settings and exclusions, for several holds of one
        recording; None finds them here.
    settings : Settings
        Lengths, thresholds and rules; all are printed.
    exclusions : Exclusions
        What a reviewer took out.
    now : float, optional
        The present, where data still come: what of the phases is to come is said to be that. No
        number depends on it. None of a recording that is all there will be. [s]

    Returns
    -------
    Response
        Nothing in it is a verdict; what cannot be said is listed with its reason.
    """
    settings = settings or Settings()
    if findings is None:
        findings = analyze(recording, context, settings, exclusions)
    exclusions = findings.exclusions
    around, data = findings.around, findings.recording.span
    phases = phases_of(hold, others, data, settings.phases, now)
    leaks = _leaks(findings, phases, settings)
    pseudo = find_pseudo_holds(
        phases, data, _held((hold, *others), settings, data), _feeds(findings), settings.matching
    )
    beside = _beside(findings, phases, leaks, hold.start)
    features = feature_rows(findings.features, findings.material, phases, pseudo, settings, beside)
    events = tuple(
        replace(row, letters=row_words(row.found, findings, phases))
        for row in event_rows(findings.events, phases, leaks, settings)
    )
    stop = data.end if hold.end is None else hold.end
    held = Span(hold.start, max(stop, hold.start))
    strips, cut = draw_strips(findings, phases, settings, held, hides=bool(leak_words(leaks)))
    simulated = recording.simulated
    invented = settings.invented or hold.details.get("time_source") == "invented"
    sources = tuple((source.name, source.sha256) for source in recording.sources)
    line, chart_note = line_of(
        hold, stop, findings, phases, leaks, simulated=simulated, invented=invented
    )
    return Response(
        hold=hold,
        phases=phases,
        header=header(hold, around, findings.spo2),
        summary=summary_of(features, phases, data, simulated=simulated, invented=invented),
        cannot_say=cannot_say(features, events, leaks, findings),
        chart_line=line,
        chart_note=chart_note,
        features=features,
        events=events,
        oxycrg=draw_oxycrg(findings, phases, settings),
        strips=strips,
        context=context_rows(hold, phases, around),
        methods=methods_of(findings, settings),
        quality=(*findings.quality, *leak_lines(leaks)),
        excluded=exclusions.spans,
        exclusion_notes=exclusions.notes,
        settings=_printed(recording, settings),
        sources=sources,
        data_hash=data_hash(recording, hold, others, settings, exclusions, findings),
        version=__version__,
        simulated=simulated,
        invented=invented,
        dated=recording.clock.dated,
        zone=around.zone,
        notes=notes_of(findings, phases, cut),
        answers=(
            *before_the_data(hold, data, stop),
            *answers_of(features, events, beside.words, settings),
        ),
    )


def _printed(recording: Recording, settings: Settings) -> dict[str, str]:
    """Return everything that moves a number: settings, rules of the features, and channels."""
    rules = feature_settings(settings.variability)
    return {
        **printed(settings),
        **{f"features.{name}": value for name, value in rules.items()},
        **{f"channels.{name}": value for name, value in identities(recording).items()},
    }


def _leaks(findings: Findings, phases: Phases, settings: Settings) -> dict[str, Leak]:
    if findings.resp is None:
        return {}
    return {
        name: slow_line(findings.resp.signal, phases.spans[name], settings.leak)
        for name in LEAK_PHASES
    }


def _held(holds: Sequence[Hold], settings: Settings, data: Span) -> Spans:
    """Return all holds with their transfers."""
    lead, tail = settings.phases.before_end * 60, settings.phases.transfer_out_after * 60
    return Spans.of(
        (h.start - lead, max(h.start, data.end if h.end is None else h.end) + tail) for h in holds
    )


def _feeds(findings: Findings) -> np.ndarray:
    context = findings.around.context
    entries = context.entries if context else ()
    # The end of a continuous feed is no feed; "none" says that one was left out.
    times = [
        e.time for e in entries if e.kind == "feed" and e.value not in ("none", "gavage_continuous")
    ]
    return np.array(sorted(times), dtype=np.float64)


def _beside(findings: Findings, phases: Phases, leaks: dict[str, Leak], start: float) -> Beside:
    words = {"oxygen": oxygen_words(findings.around, phases, ("before", "settled"), start)}
    settled = leaks.get("settled")
    if settled is not None and settled.passes is False:
        words["breathing"] = "holder's breathing is visible in the impedance"
    return Beside(words)


def data_hash(
    recording: Recording,
    hold: Hold,
    others: Sequence[Hold],
    settings: Settings,
    exclusions: Exclusions,
    findings: Findings,
) -> str:
    """Return the SHA-256 of everything a response was made from.

    Files go in by the hash of their bytes; data without files by their samples. Channels go in by
    what they were taken for: one file read by another mapping is another input.
    """
    digest = sha256()
    for source in recording.sources:
        digest.update(f"{source.name} {source.sha256} {source.reader}\n".encode())
    digest.update(repr([each.channel for each in recording.channels]).encode())
    if not recording.sources:
        for signal in recording.signals:
            digest.update(repr((signal.channel, signal.fs, signal.scale, signal.offset)).encode())
            for segment in signal.segments:
                digest.update(repr((segment.grid, segment.first)).encode())
                digest.update(np.ascontiguousarray(segment.counts).tobytes())
                digest.update(segment.runs.tobytes())
        for series in recording.series:
            digest.update(repr(series.channel).encode())
            for column in (series.times, series.values, series.valid_s):
                digest.update(np.ascontiguousarray(column).tobytes())
    for held in (hold, *sorted(others, key=lambda h: (h.start, h.id))):
        details = sorted(held.details.items())
        digest.update(repr((held.id, held.infant, held.pieces, held.contact, details)).encode())
    digest.update(repr(sorted(printed(settings).items())).encode())
    digest.update(exclusions.spans.bounds.tobytes())
    for name, spans in sorted(exclusions.channels.items()):
        digest.update(name.encode() + spans.bounds.tobytes())
    context = findings.around.context
    if context is not None:
        digest.update(repr((context.entries, sorted(context.facts.items()))).encode())
        digest.update(repr((context.gestational_age_days, context.birth_time)).encode())
        digest.update(context.birth_date.encode())
    return digest.hexdigest()

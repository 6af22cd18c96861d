"""From findings and one hold to its response: everything a page shows, without arithmetic left."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np

from joey import __version__
from joey.events import count_events
from joey.holds import Exclusions, phases_of
from joey.response.charted import chart_line, context_rows, covered_share, header, oxygen_words
from joey.response.drawn import draw_oxycrg, draw_strips, spells_within
from joey.response.findings import analyse
from joey.response.leak import slow_line
from joey.response.pseudo import find_pseudo_holds
from joey.response.rows import Beside, feature_rows
from joey.response.settings import Settings, printed
from joey.response.spells import event_rows, leak_words
from joey.response.types import Response
from joey.spans import Span, Spans

if TYPE_CHECKING:
    from collections.abc import Sequence

    from joey.holds import Context, Hold, Phases
    from joey.response.findings import Findings
    from joey.response.leak import Leak
    from joey.response.types import EventRow, FeatureRow
    from joey.signals import Recording

__all__ = ["data_hash", "measure_response"]

SUMMARIZED = ("heart_rate", "heart_rate_monitor", "resp_rate", "resp_rate_monitor", "spo2")
LETTERS = ("ABD", "BD", "AB", "AD", "B", "D", "A20", "A15", "A10")
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
        Of `analyse` with the same context, settings and exclusions, for several holds of one
        recording; None finds them here.
    settings : Settings
        Lengths, thresholds and rules; all are printed.
    exclusions : Exclusions
        What a reviewer took out.

    Returns
    -------
    Response
        Nothing in it is a verdict; what cannot be said is listed with its reason.
    """
    settings = settings or Settings()
    if findings is None:
        findings = analyse(recording, context, settings, exclusions)
    exclusions = findings.exclusions
    around, data = findings.around, findings.recording.span
    phases = phases_of(hold, others, data, settings.phases)
    leaks = _leaks(findings, phases, settings)
    pseudo = find_pseudo_holds(
        phases, data, _held((hold, *others), settings, data), _feeds(findings), settings.matching
    )
    beside = _beside(findings, phases, leaks)
    features = feature_rows(findings.features, findings.material, phases, pseudo, settings, beside)
    events = event_rows(findings.events, phases, leaks, settings)
    strips, cut = draw_strips(findings, phases, settings)
    stop = data.end if hold.end is None else hold.end
    simulated = recording.simulated
    invented = settings.invented or hold.details.get("time_source") == "invented"
    sources = tuple((source.name, source.sha256) for source in recording.sources)
    return Response(
        hold=hold,
        phases=phases,
        header=header(hold, around, _averaging(findings)),
        summary=_summary(features, events, phases, simulated=simulated, invented=invented),
        cannot_say=_cannot_say(features, events, phases, leaks, findings),
        chart_line=_line(hold, stop, findings, phases, leaks, simulated=simulated),
        features=features,
        events=events,
        oxycrg=draw_oxycrg(findings, phases, settings),
        strips=strips,
        context=context_rows(hold, phases, around),
        methods=_methods(findings, settings),
        quality=(*findings.quality, *_leak_lines(leaks)),
        excluded=exclusions.spans,
        exclusion_notes=exclusions.notes,
        settings=printed(settings),
        sources=sources,
        data_hash=data_hash(recording, hold, others, settings, exclusions, findings),
        version=__version__,
        simulated=simulated,
        invented=invented,
        dated=recording.clock.dated,
        zone=around.zone,
        notes=_notes(findings, phases, cut),
    )


def _leaks(findings: Findings, phases: Phases, settings: Settings) -> dict[str, Leak]:
    if findings.resp is None:
        return {}
    return {name: slow_line(findings.resp.signal, phases.spans[name], settings.leak) for name in LEAK_PHASES}


def _held(holds: Sequence[Hold], settings: Settings, data: Span) -> Spans:
    """Return all holds with their transfers."""
    lead, tail = settings.phases.before_end * 60, settings.phases.transfer_out_after * 60
    return Spans.of((h.start - lead, max(h.start, data.end if h.end is None else h.end) + tail) for h in holds)


def _feeds(findings: Findings) -> np.ndarray:
    context = findings.around.context
    entries = context.entries if context else ()
    # The end of a continuous feed is no feed; "none" says that one was left out.
    times = [e.time for e in entries if e.kind == "feed" and e.value not in ("none", "gavage_continuous")]
    return np.array(sorted(times), dtype=np.float64)


def _beside(findings: Findings, phases: Phases, leaks: dict[str, Leak]) -> Beside:
    words = {"oxygen": oxygen_words(findings.around, phases, ("before", "settled"))}
    settled = leaks.get("settled")
    if settled is not None and settled.passes is False:
        words["breathing"] = "holder's breathing is visible in the impedance"
    return Beside(words)


def _averaging(findings: Findings) -> tuple[str, ...]:
    known = findings.spo2.channel.averaging_s if findings.spo2 is not None else None
    return () if known is None else (f"{known:g} s",)


def _summary(
    features: Sequence[FeatureRow],
    events: Sequence[EventRow],
    phases: Phases,
    *,
    simulated: bool,
    invented: bool,
) -> str:
    """Return what was measured, in a few sentences."""
    opening = "Simulated data. " if simulated else ""
    opening += "The hold is invented, to try the software on these signals. " if invented else ""
    if phases.provisional:
        opening += "The hold still runs: provisional. "
    said = []
    for row in features:
        settled = row.changes.get("settled")
        if row.name in SUMMARIZED and settled is not None and np.isfinite(settled.value):
            before, during = row.phases["before"].value, row.phases["settled"].value
            interval = (
                f", 95 % interval of the change {settled.low:+.{row.decimals}f} to {settled.high:+.{row.decimals}f}"
                if np.isfinite(settled.low)
                else ", no interval"
            )
            said.append(
                f"{row.label} {before:.{row.decimals}f} before, {during:.{row.decimals}f} settled "
                f"({settled.value:+.{row.decimals}f}{interval})"
            )
    counted = [
        f"{row.label}: {row.phases['whole_hold'].words} in the whole hold"
        for row in events
        if row.found.preset.kind in ("bradycardia", "desaturation", "bd") and "whole_hold" in row.phases
    ]
    first = "; ".join(said) + "." if said else "No change could be measured."
    return " ".join(part for part in (opening.strip(), first, "; ".join(counted) + "." if counted else "") if part)


def _cannot_say(
    features: Sequence[FeatureRow],
    events: Sequence[EventRow],
    phases: Phases,
    leaks: dict[str, Leak],
    findings: Findings,
) -> tuple[str, ...]:
    """Return what cannot be said, each reason once, with everything it holds for."""
    grouped: dict[str, list[str]] = {}
    for row in features:
        settled = row.changes.get("settled")
        if settled is None:
            continue
        if np.isnan(settled.value) or np.isnan(settled.low):
            what = "change" if np.isnan(settled.value) else "interval of the change"
            reason = settled.reason.removeprefix("cannot say: ").removeprefix("no interval: ").removeprefix("no interval for ")
            grouped.setdefault(f"{what}: {reason}", []).append(row.label)
    found = [f"{key} ({', '.join(labels)})" for key, labels in grouped.items()]
    ranks = dict.fromkeys(
        row.rank.reason.removeprefix("cannot say: ")
        for row in features
        if row.rank.reason.startswith("cannot say") and np.isfinite(row.changes["settled"].value)
    )
    found += [f"rank among comparable hours without a hold: {reason}" for reason in ranks]
    if findings.resp is not None and leak_words(leaks):
        found.append(f"apnea in the hold: {leak_words(leaks).removeprefix('cannot say ').strip('()')}")
    found += [
        f"{row.label}: {row.found.reason}" for row in events if row.found.reason
    ]
    if not len(phases.spans["settled"]):
        found.append("anything of the settled part: the hold has none")
    return tuple(found)


def _line(
    hold: Hold, stop: float, findings: Findings, phases: Phases, leaks: dict[str, Leak], *, simulated: bool
) -> str:
    """Return the line for the chart; of apneas nothing where the holder's breathing may hide them."""
    hides = bool(leak_words(leaks))
    counts: dict[str, int] = {}
    for spell in spells_within(findings, Span(hold.start, max(stop, hold.start))):
        letters = spell.letters.removeprefix("A") if hides and spell.letters in ("AB", "AD", "ABD") else spell.letters
        if not (hides and letters.startswith("A")):
            counts[letters] = counts.get(letters, 0) + 1
    said = ", ".join(f"{counts[letters]} {letters}" for letters in LETTERS if counts.get(letters))
    if not said:
        said = _none_counted(findings, phases)
    line = chart_line(hold, stop, findings.around, said)
    return f"{line} [simulated]" if simulated else line


def _none_counted(findings: Findings, phases: Phases) -> str:
    """Return ``0 B, 0 D in 1.5 valid h`` only where both were searched for most of the hold."""
    whole = phases.spans["whole_hold"]
    searched = {e.preset.kind: e for e in findings.events}
    both = [searched.get("bradycardia"), searched.get("desaturation")]
    if any(e is None or not covered_share(whole, e.searched) >= 0.5 for e in both):
        return ""
    hours = min(count_events(e, whole).events.exposure_s for e in both if e is not None) / 3600
    return f"0 B, 0 D in {hours:.1f} valid h"


def _leak_lines(leaks: dict[str, Leak]) -> list[str]:
    return [f"leak test of the impedance, {name}: {leak.words}" for name, leak in leaks.items()]


def _methods(findings: Findings, settings: Settings) -> tuple[str, ...]:
    rules, match = settings.intervals, settings.matching
    lines = list(findings.methods)
    lines += [
        f"intervals: Welch's t on blocks of {rules.block_min:g} min or a little more, at least "
        f"{rules.blocks_min} in either phase, corrected for the measured memory of the signal, centered on "
        "the difference shown; of variability the memory is that of the heart rate; no interval where "
        f"memory x {rules.memory_factor:g} exceeds the shorter phase or both phases drift alike "
        f"(p < {rules.drift_p:g}). Drift slower than the phases is not in any interval",
        f"comparable hours without a hold: windows of the hold's shape, not overlapping; clock time within "
        f"{match.hour_within:g} h, time from feed within {match.feed_within:g} min, age within "
        f"{match.pma_within:g} d; relaxed in the order age {match.pma_relaxed:g} d, clock time, feed; a rank "
        f"from {match.rank_windows} windows of {match.rank_days} days, the usual range from "
        f"{match.usual_windows}",
        "an event counts in the phase in which it begins; rates are per valid hour",
        "timing noise of beats is taken as one whole sample, an upper bound for interpolated times",
        f"temperature counts as settled from {settings.phases.temperature_settled_after:g} min after the start",
    ]
    lines += [f"{feature.label}: {feature.definition}" for feature in findings.features]
    return tuple(lines)


def _notes(findings: Findings, phases: Phases, cut: str) -> tuple[str, ...]:
    context = findings.around.context
    recording = findings.recording
    notes = [*phases.notes, cut]
    notes += list(context.notes) if context else []
    notes += [f"{r.what}: {r.count}{f' ({r.where})' if r.where else ''}" for r in recording.repairs]
    notes += [recording.truncated, recording.clock.note]
    return tuple(dict.fromkeys(note for note in notes if note))


def data_hash(
    recording: Recording,
    hold: Hold,
    others: Sequence[Hold],
    settings: Settings,
    exclusions: Exclusions,
    findings: Findings,
) -> str:
    """Return the SHA-256 of everything a response was made from.

    Files go in by the hash of their bytes; data without files by their samples.
    """
    digest = sha256()
    for source in recording.sources:
        digest.update(f"{source.name} {source.sha256} {source.reader}\n".encode())
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
    for each in (hold, *sorted(others, key=lambda h: (h.start, h.id))):
        details = sorted(each.details.items())
        digest.update(repr((each.id, each.infant, each.pieces, each.contact, details)).encode())
    digest.update(repr(sorted(printed(settings).items())).encode())
    digest.update(exclusions.spans.bounds.tobytes())
    for name, spans in sorted(exclusions.channels.items()):
        digest.update(name.encode() + spans.bounds.tobytes())
    context = findings.around.context
    if context is not None:
        digest.update(repr((context.entries, sorted(context.facts.items()))).encode())
        digest.update(repr((context.gestational_age_days, context.birth_time)).encode())
    return digest.hexdigest()

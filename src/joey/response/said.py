"""What a response says in words: summary, what cannot be said, the chart's line, methods, notes.

Every sentence is put together from facts that are elsewhere in the response. No word judges.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from joey.events import count_events
from joey.holds.times import say_length
from joey.response.charted import averaging_time, chart_line, covered_share
from joey.response.drawn import spells_within
from joey.response.letters import LETTERS, chart_letters, note_of_chart
from joey.response.spells import leak_words
from joey.spans import Span, Spans, intersect, total

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from joey.holds import Hold, Phases
    from joey.response.findings import Findings
    from joey.response.leak import Leak
    from joey.response.settings import Settings
    from joey.response.types import EventRow, FeatureRow

__all__ = [
    "answers_of",
    "before_the_data",
    "cannot_say",
    "leak_lines",
    "line_of",
    "methods_of",
    "notes_of",
    "summary_of",
]

ASKED = {
    "Heart rate": ("heart_rate", "heart_rate_monitor"),
    "Breathing": ("resp_rate", "resp_rate_monitor"),
    "SpO2": ("spo2",),
    "Temperature": ("temp_axilla", "temp_rectal", "temp_core", "temp_skin", "temp_other"),
}
POINTS = "percentage points"
ASKED_EVENTS = ("bradycardia", "desaturation", "bd")
ALONE = "each counted by its own definition: one spell may be in several of them"
MIN_S = 60.0
ENOUGH = 0.5  # of a hold that must have been searched for none to be said


def summary_of(
    features: Sequence[FeatureRow], phases: Phases, data: Span, *, simulated: bool, invented: bool
) -> str:
    """Return what is compared with what, as far as there are data, and what must be known first."""
    said = ["Simulated data."] if simulated else []
    said += ["The hold is invented, to try the software on these signals."] if invented else []
    said += ["The hold still runs: provisional."] if phases.provisional else []
    changed = [row.changes["settled"].value for row in features]
    if any(np.isfinite(value) for value in changed):
        before, settled = (_minutes_of(phases.spans[name], data) for name in ("before", "settled"))
        said.append(f"{before} min before the hold against {settled} min settled in it.")
    else:
        said.append("No change could be measured.")
    return " ".join(said)


def _minutes_of(spans: Spans, data: Span) -> str:
    """Return how long some spans are: ``60``, or ``17 of 60`` where the data have less of them."""
    there, whole = (
        f"{total(each) / 60:.0f}" for each in (intersect(spans, Spans.of([data])), spans)
    )
    return whole if there == whole else f"{there} of {whole}"


def answers_of(
    features: Sequence[FeatureRow],
    events: Sequence[EventRow],
    beside: Mapping[str, str],
    settings: Settings,
) -> tuple[tuple[str, str], ...]:
    """Return heart rate, breathing, SpO2, temperature and events, one line each.

    Parameters
    ----------
    features, events : sequence
        The tables.
    beside : dict of str to str
        What must be read beside a group.
    settings : Settings
        How unlike the coverage of two phases may be.
    """
    by_name = {row.name: row for row in features}
    answers = []
    for name, keys in ASKED.items():
        rows = [by_name[key] for key in keys if key in by_name]
        alike = len({row.changes["settled"].reason for row in rows}) == 1
        unsaid = alike and all(np.isnan(row.changes["settled"].value) for row in rows)
        lines = [_answer(row, several=len(rows) > 1 and not unsaid) for row in rows]
        lines = lines[:1] if unsaid else lines
        lines += dict.fromkeys(each for row in rows if (each := _coverage_words(row, settings)))
        if rows and beside.get(rows[0].group):
            lines.append(beside[rows[0].group])
        answers.append((name, "; ".join(lines) or "not measured"))
    asked = [row for row in events if row.found.preset.kind in ASKED_EVENTS]
    found = any(row.phases["whole_hold"].count for row in asked if "whole_hold" in row.phases)
    said = [*_counted(asked), *([ALONE] if found else [])]
    if said:
        answers.append(("Events in the whole hold", "; ".join(said)))
    return tuple(answers)


def before_the_data(hold: Hold, data_span: Span, stop: float) -> tuple[tuple[str, str], ...]:
    """Return what it means where a hold began before the data did; nothing where it did not.

    Parameters
    ----------
    hold : Hold
        The hold.
    data_span : Span
        The recording. [s]
    stop : float
        The hold's end, or the data's while it runs. [s]
    """
    missing = min(data_span.start, stop) - hold.start
    if missing < MIN_S / 2 or data_span.start >= stop:
        return ()
    length = say_length(missing)
    lost = f"nothing before it to compare with, and its first {length} were not measured"
    return (("Start of the hold", f"{length} before the data begin: {lost}"),)


def _answer(row: FeatureRow, *, several: bool) -> str:
    what = f"{row.label.lower()} " if several else ""
    change = row.changes["settled"]
    if np.isnan(change.value):
        return f"{what}{change.reason}"
    digits, unit = row.decimals, {"Cel": "degC"}.get(row.unit, row.unit)
    before, during = row.phases["before"].value, row.phases["settled"].value
    moved = f"{_signed(change.value, digits)} {POINTS if unit == '%' else unit}"
    interval = "no interval"
    if np.isfinite(change.low):
        interval = f"95 % interval {_signed(change.low, digits)} to {_signed(change.high, digits)}"
    levels = f"{before:.{digits}f} before, {during:.{digits}f} {unit} settled"
    return f"{what}{levels}: {moved} ({interval})"


def _coverage_words(row: FeatureRow, settings: Settings) -> str:
    """Return a warning where the phases of a change were not measured alike; else empty."""
    if not np.isfinite(row.changes["settled"].value):
        return ""
    before, settled = (row.phases[name].coverage for name in ("before", "settled"))
    if abs(before - settled) <= settings.coverage_apart:
        return ""
    return f"coverage differs: {before:.0%} before, {settled:.0%} settled".replace("%", " %")


def _counted(rows: Sequence[EventRow]) -> list[str]:
    """Return what was counted, row by row; what cannot be said for one reason is said once."""
    reasons: dict[str, list[str]] = {}
    found: list[tuple[str, str]] = []
    for row in rows:
        words = {"bd": "both together (BD)"}.get(row.found.preset.kind, row.label.lower())
        held = row.phases.get("whole_hold")
        said = held.words if held is not None else ""
        if not said.startswith("cannot say (") and (
            held is None or not (held.valid_h > 0 or held.count)
        ):
            said = f"cannot say, {row.found.reason or 'nothing was searched'}"
        if said.startswith("cannot say"):
            reasons.setdefault(said, []).append(words)
            words = ""
        found.append((words, said))
    lines = [
        f"{words} {said}" if words else f"{', '.join(reasons[said])}: {said}"
        for words, said in found
    ]
    return list(dict.fromkeys(lines))


def _signed(value: float, decimals: int) -> str:
    """Return a number with its sign; what rounds to zero has none."""
    text = f"{value:+.{decimals}f}"
    return text if float(text) else text[1:]


def cannot_say(
    features: Sequence[FeatureRow],
    events: Sequence[EventRow],
    leaks: dict[str, Leak],
    findings: Findings,
) -> tuple[tuple[str, str], ...]:
    """Return what cannot be said by kind, each reason once, with everything it holds for."""
    changes: dict[str, list[str]] = {}
    intervals: dict[str, list[str]] = {}
    ranks: dict[str, None] = {}
    for row in features:
        settled = row.changes["settled"]
        if np.isfinite(settled.value) and row.rank.smaller is None:
            ranks[row.rank.reason.removeprefix("cannot say: ")] = None
        if np.isnan(settled.value) or np.isnan(settled.low):
            kind = changes if np.isnan(settled.value) else intervals
            reason = settled.reason.removeprefix("cannot say: ").removeprefix("no interval: ")
            kind.setdefault(reason, []).append(row.label)
    found = []
    for why, labels in changes.items():
        every = len(labels) == len(features) > 1
        found.append(("change", f"{'any feature' if every else ', '.join(labels)}: {why}"))
    found += [("interval", f"{', '.join(labels)}: {why}") for why, labels in intervals.items()]
    found += [("rank", reason) for reason in ranks]
    if findings.resp is not None and leak_words(leaks):
        why = leak_words(leaks).removeprefix("cannot say ").strip("()")
        found.append(("events", f"apnea in the hold: {why}"))
    silent: dict[str, list[str]] = {}
    for each in events:
        if each.found.reason:
            silent.setdefault(each.found.reason, []).append(each.label)
    found += [("events", f"{', '.join(labels)}: {why}") for why, labels in silent.items()]
    return tuple(found)


def line_of(
    hold: Hold,
    stop: float,
    findings: Findings,
    phases: Phases,
    leaks: dict[str, Leak],
    *,
    simulated: bool,
    invented: bool,
) -> tuple[str, str]:
    """Return the line for the chart, and how it counts spells, where it says anything of them.

    No apnea is in it that is doubtful or that the holder may hide.
    """
    hides = bool(leak_words(leaks))
    counts: dict[str, int] = {}
    within = spells_within(findings, Span(hold.start, max(stop, hold.start)))
    for spell in within:
        letters = chart_letters(spell, hides=hides)
        if letters:
            counts[letters] = counts.get(letters, 0) + 1
    said = ", ".join(f"{counts[letters]} {letters}" for letters in LETTERS if counts.get(letters))
    running = [
        letters
        for spell in findings.spells
        if spell.span.start < hold.start < spell.span.end
        and (letters := chart_letters(spell, hides=hides))
    ]
    if running:
        said = ", ".join(
            part for part in (said, f"{'/'.join(running)} running at the start") if part
        )
    said = f"{said}{_unsearched(findings, phases)}" if said else _none_counted(findings, phases)
    if said and hides and findings.resp is not None:
        said += ", apnea: cannot say"
    line = chart_line(hold, stop, findings.around, said)
    marks = [word for word, true in (("simulated", simulated), ("invented", invented)) if true]
    note = note_of_chart(within, hides=hides) if said else ""
    return " ".join((line, *(f"[{word}]" for word in marks))), note


def _unsearched(findings: Findings, phases: Phases) -> str:
    """Return what was not looked for in most of the hold: what is not counted is not none."""
    whole = phases.spans["whole_hold"]
    searched = {e.preset.kind: e.searched for e in findings.events}
    kinds = {"B": "bradycardia", "D": "desaturation"}
    if findings.resp is None:
        kinds["apnea"] = "apnea"
    unsearched = [
        letter
        for letter, kind in kinds.items()
        if kind not in searched or not covered_share(whole, searched[kind]) >= ENOUGH
    ]
    return f", {' and '.join(unsearched)}: cannot say" if unsearched else ""


def _none_counted(findings: Findings, phases: Phases) -> str:
    """Return ``0 B, 0 D in 1.5 valid h`` only where both were searched for most of the hold."""
    whole = phases.spans["whole_hold"]
    searched = {e.preset.kind: e for e in findings.events}
    both = [searched.get("bradycardia"), searched.get("desaturation")]
    if any(e is None or not covered_share(whole, e.searched) >= ENOUGH for e in both):
        return ""
    hours = min(count_events(e, whole).events.exposure_s for e in both if e is not None) / 3600
    return f"0 B, 0 D in {hours:.1f} valid h"


def leak_lines(leaks: dict[str, Leak]) -> list[str]:
    """Return the result of the leak test by phase."""
    return [f"leak test of the impedance, {name}: {leak.words}" for name, leak in leaks.items()]


def methods_of(findings: Findings, settings: Settings) -> tuple[str, ...]:
    """Return how the numbers were made, one line each, definitions of the features last."""
    rules, match = settings.intervals, settings.matching
    late = settings.phases.temperature_settled_after
    intervals = (
        f"intervals: Welch's t on blocks of {rules.block_min:g} min or a little more, at least "
        f"{rules.blocks_min} in either phase, corrected for the measured memory of the signal and "
        "centered on the difference shown; of variability the memory is that of the heart rate; no "
        f"interval where memory x {rules.memory_factor:g} exceeds the shorter phase or both phases "
        f"drift alike (p < {rules.drift_p:g}), nor where the same difference varies more over the "
        f"hours without a hold than the interval allows (p < {rules.hours_p:g}). Drift slower than "
        "the phases is in no interval"
    )
    logs = [each.label for each in findings.features if each.scale == "ratio"]
    ratios = (
        f"of {', '.join(logs)}, which are positive and skewed, value and interval are those of the "
        "logarithms of the block values (geometric means, back-transformed) and the change is a "
        "ratio: Joey default, no published method"
    )
    comparable = (
        "comparable hours without a hold: windows of the hold's shape, not overlapping; clock time "
        f"within {match.hour_within:g} h, time from feed within {match.feed_within:g} min, age "
        f"within {match.pma_within:g} d; relaxed in the order age {match.pma_relaxed:g} d, clock "
        f"time, feed; a rank from {match.rank_windows} windows of {match.rank_days} days, the "
        f"usual range from {match.usual_windows}"
    )
    return (
        *findings.methods,
        intervals,
        *([ratios] if logs else []),
        comparable,
        "an event counts in the phase in which it begins; rates are per valid hour",
        *_timing(findings),
        *_averaged(findings),
        f"temperature counts as settled from {late:g} min after the start",
        *(f"{feature.label}: {feature.definition}" for feature in findings.features),
    )


def _timing(findings: Findings) -> tuple[str, ...]:
    """Return what the timing noise of beats was taken as; nothing where there are no beats."""
    if findings.intervals is None:
        return ()
    sd = findings.intervals.resolution_ms / np.sqrt(12)
    line = (
        f"timing noise of beats is taken as {sd:.2f} ms (SD): what simulated ECG gives at a peak "
        "20 times the SD of its noise, or, where it is more, what peaks of this ECG are off their "
        "complexes; in a cleaner ECG it is less"
    )
    return (line,)


def _averaged(findings: Findings) -> tuple[str, ...]:
    """Return the oximeter's averaging time, on which the number of desaturations depends."""
    if findings.spo2 is None:
        return ()
    known = averaging_time(findings.around.context, findings.spo2)
    line = f"averaging time of the oximeter: {known}; the number of desaturations depends on it"
    return (line,)


def notes_of(findings: Findings, phases: Phases, cut: str) -> tuple[str, ...]:
    """Return what a reader must know of hold, context and files."""
    context = findings.around.context
    recording = findings.recording
    notes = [*phases.notes, cut]
    notes += list(context.notes) if context else []
    notes += [f"{r.what}: {r.count}{f' ({r.where})' if r.where else ''}" for r in recording.repairs]
    notes += [recording.truncated, recording.clock.note]
    return tuple(dict.fromkeys(note for note in notes if note))

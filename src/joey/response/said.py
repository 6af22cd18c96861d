"""What a response says in words: summary, what cannot be said, the chart's line, methods, notes.

Every sentence is put together from facts that are elsewhere in the response. No word judges.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from joey.events import count_events
from joey.response.charted import chart_line, covered_share
from joey.response.drawn import spells_within
from joey.response.spells import leak_words
from joey.spans import Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from joey.holds import Hold, Phases
    from joey.response.findings import Findings
    from joey.response.leak import Leak
    from joey.response.settings import Settings
    from joey.response.types import EventRow, FeatureRow

__all__ = ["cannot_say", "leak_lines", "line_of", "methods_of", "notes_of", "summary_of"]

SUMMARIZED = ("heart_rate", "heart_rate_monitor", "resp_rate", "resp_rate_monitor", "spo2")
LETTERS = ("ABD", "BD", "AB", "AD", "B", "D", "A20", "A15", "A10")


def summary_of(
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
                f", 95 % interval of the change {_signed(settled.low, row.decimals)} to "
                f"{_signed(settled.high, row.decimals)}"
                if np.isfinite(settled.low)
                else ", no interval"
            )
            said.append(
                f"{row.label} {before:.{row.decimals}f} before, {during:.{row.decimals}f} settled "
                f"({_signed(settled.value, row.decimals)}{interval})"
            )
    counted = [
        f"{row.label}: {row.phases['whole_hold'].words} in the whole hold"
        for row in events
        if row.found.preset.kind in ("bradycardia", "desaturation", "bd")
        and "whole_hold" in row.phases
        and row.phases["whole_hold"].valid_h > 0
    ]
    first = "; ".join(said) + "." if said else "No change could be measured."
    return " ".join(
        part
        for part in (opening.strip(), first, "; ".join(counted) + "." if counted else "")
        if part
    )


def _signed(value: float, decimals: int) -> str:
    """Return a number with its sign; what rounds to zero has none."""
    text = f"{value:+.{decimals}f}"
    return text if float(text) else text[1:]


def cannot_say(
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
            reason = settled.reason.removeprefix("cannot say: ").removeprefix("no interval: ")
            grouped.setdefault(f"{what}: {reason}", []).append(row.label)
    found = [f"{key} ({', '.join(labels)})" for key, labels in grouped.items()]
    ranks = dict.fromkeys(
        row.rank.reason.removeprefix("cannot say: ")
        for row in features
        if "settled" in row.changes
        and np.isfinite(row.changes["settled"].value)
        and row.rank.reason.startswith("cannot say")
    )
    found += [f"rank among comparable hours without a hold: {reason}" for reason in ranks]
    if findings.resp is not None and leak_words(leaks):
        found.append(
            f"apnea in the hold: {leak_words(leaks).removeprefix('cannot say ').strip('()')}"
        )
    found += [f"{row.label}: {row.found.reason}" for row in events if row.found.reason]
    if not len(phases.spans["settled"]):
        found.append("anything of the settled part: the hold has none")
    return tuple(found)


def line_of(
    hold: Hold,
    stop: float,
    findings: Findings,
    phases: Phases,
    leaks: dict[str, Leak],
    *,
    simulated: bool,
) -> str:
    """Return the line for the chart; no apneas where the holder's breathing may hide some."""
    hides = bool(leak_words(leaks))
    counts: dict[str, int] = {}
    for spell in spells_within(findings, Span(hold.start, max(stop, hold.start))):
        letters = (
            spell.letters.removeprefix("A")
            if hides and spell.letters in ("AB", "AD", "ABD")
            else spell.letters
        )
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
        f"temperature counts as settled from {late:g} min after the start",
        *(f"{feature.label}: {feature.definition}" for feature in findings.features),
    )


def _timing(findings: Findings) -> tuple[str, ...]:
    """Return what the timing noise of beats was taken as; nothing where there are no beats."""
    if findings.intervals is None:
        return ()
    sd = findings.intervals.resolution_ms / np.sqrt(12)
    line = (
        f"timing noise of beats is taken as {sd:.2f} ms (SD), what simulated ECG gives at a peak "
        "20 times the SD of its noise; in a cleaner ECG it is less"
    )
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

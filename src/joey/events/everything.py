"""Everything that is looked for in one recording, preset by preset, and its marks for WFDB."""

from __future__ import annotations

import math
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from joey.events.apneas import doubt, find_apneas
from joey.events.evidence import confirm_bradycardia
from joey.events.find import find_in_series
from joey.events.presets import DEFAULT, PRESETS
from joey.events.spells import find_ab, find_abd, find_ad, find_aop_apneas, find_bd
from joey.events.types import PROLONGED, Events
from joey.spans import EMPTY, Spans

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from joey.breaths import Breaths
    from joey.events.types import Event, Preset
    from joey.quality import Quality, Verdict
    from joey.signals import Series

__all__ = ["CONFIRMED", "INPUT", "annotations_of", "combine", "doubted_by", "find_all"]

UNJUDGED: Mapping[str, Quality] = MappingProxyType({})
LONGEST_AUX = 255  # bytes of text that a WFDB annotation holds
INPUT = {
    "bradycardia": "heart_rate",
    "tachycardia": "heart_rate",
    "pause": "heart_rate",
    "desaturation": "spo2",
    "intermittent_hypoxemia": "spo2",
    "apnea": "breaths",
    "periodic_breathing": "breaths",
}
CONFIRMED = ("bradycardia", "pause")  # what the pleth's own pulses can deny
WORDS = {"heart_rate": "heart rate", "spo2": "SpO2", "breaths": "breathing signal"}


def find_all(
    heart_rate: Series | None,
    spo2: Series | None,
    breaths: Breaths | None,
    *,
    source: str,
    presets: Sequence[str] = DEFAULT,
    pulse: Series | None = None,
    baseline: float | None = None,
    quality: Mapping[str, Quality] = UNJUDGED,
) -> tuple[Events, ...]:
    """Return the events of several presets, combinations among them.

    Parameters
    ----------
    heart_rate, spo2 : Series or None
        As values that stand for a while; None where the recording has none. [beats/min; %]
    breaths : Breaths or None
        None where the recording has none.
    source : str
        What the heart rate was made from: ``beat`` or ``numeric``.
    presets : sequence of str, default `DEFAULT`
        Names in `PRESETS`.
    pulse : Series or None
        Pulse rate from pulse to pulse of the pleth, to confirm bradycardias from beats. [beats/min]
    baseline : float or None
        Median heart rate of the phase before, for presets relative to it. [beats/min]
    quality : mapping of str to Quality
        Judgments of ``heart_rate``, ``spo2``, ``breaths``: bad time is left out; events in
        doubtful time are kept and marked with its reason.

    Returns
    -------
    tuple of Events
        In the order of `presets`. Where an input is absent: none, nothing searched, and the reason.

    Raises
    ------
    ValueError
        If a preset is not known.
    """
    unknown = [name for name in presets if name not in PRESETS]
    if unknown:
        msg = f"no preset is named {', '.join(unknown)}; known are {', '.join(PRESETS)}"
        raise ValueError(msg)
    found: dict[str, Events] = {}
    needed = [part for name in presets for part in PRESETS[name].parts or (name,)]
    for name in dict.fromkeys(needed):
        preset = PRESETS[name]
        key = INPUT[preset.kind]
        judged = quality.get(key)
        if key == "breaths":
            events = _in_breaths(preset, breaths, judged)
        elif key == "spo2":
            events = _in_series(preset, spo2, judged, "numeric", None)
        else:
            events = _in_series(preset, heart_rate, judged, source, baseline)
            if pulse is not None and source == "beat" and preset.kind in CONFIRMED:
                events = confirm_bradycardia(events, pulse)
        found[name] = events if judged is None else doubted_by(events, judged.verdicts)
    for name in presets:
        if name not in found:
            found[name] = combine(PRESETS[name], [found[part] for part in PRESETS[name].parts])
    return tuple(found[name] for name in presets)


def _in_series(
    preset: Preset,
    series: Series | None,
    judged: Quality | None,
    source: str,
    baseline: float | None,
) -> Events:
    if series is None or not np.any(np.isfinite(series.values)):
        words = WORDS[INPUT[preset.kind]]
        return Events((), EMPTY, preset, f"no {words} in the recording")
    if preset.kind == "pause" and source != "beat":
        return Events((), EMPTY, preset, "a pause lies between two beats, not in averaged numbers")
    bad = _graded(judged, "bad")
    found = find_in_series(preset, series, source=source, baseline=baseline, distrusted=bad)
    return _explained(found, judged)


def _in_breaths(preset: Preset, breaths: Breaths | None, judged: Quality | None) -> Events:
    if breaths is None:
        return Events((), EMPTY, preset, "no breathing signal in the recording")
    found = find_apneas(breaths, preset, distrusted=_graded(judged, "bad"))
    return _explained(found, judged if len(breaths.searched) else None)


def _explained(found: Events, judged: Quality | None) -> Events:
    """Say that all there was is bad, where that is why nothing was searched."""
    if len(found.searched) or not len(_graded(judged, "bad")) or "baseline" in found.reason:
        return found
    words = WORDS[INPUT[found.preset.kind]]
    return replace(found, reason=f"no {words} that can be trusted in the recording")


def _graded(judged: Quality | None, grade: str) -> Spans:
    if judged is None:
        return EMPTY
    return Spans.of(verdict.span for verdict in judged.verdicts if verdict.grade == grade)


def doubted_by(found: Events, verdicts: Iterable[Verdict]) -> Events:
    """Return the events with those marked that overlap doubtful time, with its reasons."""
    unsure = [verdict for verdict in verdicts if verdict.grade == "doubtful"]
    for reason in sorted({verdict.reason for verdict in unsure}):
        spans = Spans.of(verdict.span for verdict in unsure if verdict.reason == reason)
        found = doubt(found, spans, reason)
    return found


def combine(preset: Preset, parts: Sequence[Events]) -> Events:
    """Return the events of a combination, from those of its parts in their order."""
    first, second, *rest = parts
    if preset.kind == "bd":
        return find_bd(first, second, preset)
    if preset.kind == "ab":
        return find_ab(first, second, preset)
    if preset.kind == "ad":
        return find_ad(first, second, preset)
    if preset.kind == "abd":
        return find_abd(first, second, rest[0], preset)
    return find_aop_apneas(first, second, rest[0], preset)


def annotations_of(
    found: Sequence[Events],
) -> tuple[NDArray[np.float64], tuple[str, ...], tuple[str, ...]]:
    """Return events as WFDB annotations: two comments each, where it begins and where it ends.

    Parameters
    ----------
    found : sequence of Events
        Of any presets.

    Returns
    -------
    times : ndarray of float64, shape (n,)
        Not decreasing. [s]
    symbols : tuple of str
        ``"``, WFDB's comment, for each.
    aux : tuple of str
        ``(desat_uva+join10 12.4 s nadir 71`` where it begins, ``desat_uva+join10)`` where it ends;
        at most 255 bytes.
    """
    marks: list[tuple[float, str]] = []
    for events in found:
        name = events.preset.printed
        for event in events.items:
            marks.append((event.span.start, f"({name} {_said(event)}"))
            marks.append((event.span.end, f"{name})"))
    marks.sort(key=lambda mark: mark[0])
    times = np.array([time for time, _ in marks], dtype=np.float64)
    aux = tuple(text.encode()[:LONGEST_AUX].decode(errors="ignore") for _, text in marks)
    return times, ('"',) * len(marks), aux


def _said(event: Event) -> str:
    parts = [f"{event.span.duration:.1f} s"]
    if math.isfinite(event.nadir):
        parts.append(f"nadir {event.nadir:.0f}")
    parts.append(event.source)
    if event.kind == PROLONGED:
        parts.append("prolonged")
    if event.truncated:
        parts.append("truncated")
    if event.quality != "good":
        parts.append(event.quality)
    return " ".join(parts)

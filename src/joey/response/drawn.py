"""The pictures of one hold: its cardiorespirogram with the letters of spells, and strips."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from joey.events import whole_intervals, without
from joey.response.charted import inside
from joey.response.letters import chart_letters, counted_as, letter_words, why_apart
from joey.response.pictures import envelope_track, series_track, signal_track, step_track
from joey.response.types import OxyCrg, Strip, Track
from joey.spans import Span, Spans, contains, union

if TYPE_CHECKING:
    from joey.events import Event, Spell
    from joey.holds import Phases
    from joey.quality import Quality
    from joey.response.findings import Findings
    from joey.response.settings import Settings
    from joey.signals import Series

__all__ = ["draw_oxycrg", "draw_strips", "spells_within"]

LINE_POINTS = 2000  # of a curve of hours
ENVELOPE_BINS = 1000
STRIP_POINTS = 3000  # of a curve of a minute
STRIP_S = 30.0  # s, before and after a spell
BESIDE_S = 1.0  # s beside what is not good: a rate rests on two beats, one may lie there
ORDER = ("before", "transfer_in", "change", "settled", "transfer_out", "after", "whole_hold")


def draw_oxycrg(findings: Findings, phases: Phases, settings: Settings) -> OxyCrg:
    """Return the picture of one hold and its surroundings, as far as the recording goes."""
    margin = settings.margin_min * 60
    covered = union(*phases.spans.values())
    data = findings.recording.span
    start = max(float(covered.bounds[0, 0]) - margin, data.start) if len(covered) else data.start
    end = min(float(covered.bounds[-1, 1]) + margin, data.end) if len(covered) else data.end
    span = Span(start, max(start, end))
    marks = tuple((_event_of(spell), spell.letters) for spell in spells_within(findings, span))
    return OxyCrg(span, _tracks(findings, span), marks, letter_words())


def _tracks(findings: Findings, span: Span) -> tuple[Track, ...]:
    """Return heart rate, SpO2 and respiration, empty where never measured, and what else is."""
    tracks = [
        _heart_rate(findings, span),
        series_track(findings.spo2, span, "SpO2", LINE_POINTS)
        if findings.spo2 is not None
        else _empty("spo2", "SpO2", "%"),
        _respiration(findings, span),
    ]
    for series in findings.around.temperatures:
        site = series.channel.site or "site unknown"
        points = series.times[(series.times >= span.start) & (series.times < span.end)]
        if len(points):
            tracks.append(series_track(series, span, f"Temperature, {site}", LINE_POINTS))
    steps = (step_track(series, span, "FiO2") for series in findings.around.oxygen)
    tracks += [track for track in steps if len(track.times)][:1]
    return tuple(tracks)


def _heart_rate(findings: Findings, span: Span) -> Track:
    if findings.heart_rate is None:
        return _empty("heart_rate", "Heart rate", "/min")
    rate, how = findings.heart_rate, "monitor"
    if findings.heart_source == "beat":
        how = "beat to beat"
        if findings.ecg is not None:
            rate = whole_intervals(without(rate, findings.ecg.bad))
    label = f"{_rate_words(rate)}, {how}"
    return _doubted(series_track(rate, span, label, LINE_POINTS), findings.heart_quality)


def _rate_words(rate: Series) -> str:
    """Return what a rate of the heart is called: neither by the other's name."""
    return "Pulse rate" if rate.channel.quantity == "pulse_rate" else "Heart rate"


def _doubted(track: Track, quality: Quality | None) -> Track:
    """Return the track with which points rest on what is not good, or lie within a second of it."""
    if quality is None or not quality.verdicts:
        return track
    spans = [each.span for each in quality.verdicts if each.grade != "good"]
    beside = Spans.of((each.start - BESIDE_S, each.end + BESIDE_S) for each in spans)
    doubtful = contains(beside, track.times) & np.isfinite(track.values)
    return replace(track, doubtful=doubtful) if doubtful.any() else track


def _respiration(findings: Findings, span: Span) -> Track:
    """Return the envelope of the signal, else the rate that the monitor printed."""
    if findings.resp is not None:
        return envelope_track(findings.resp.signal, span, "Respiration", ENVELOPE_BINS)
    printed = next(iter(findings.material.numerics.get("resp_rate", ())), None)
    if printed is not None:
        return series_track(printed, span, "Breathing rate, monitor", LINE_POINTS)
    return _empty("resp", "Respiration", "")


def _empty(quantity: str, label: str, unit: str) -> Track:
    """Return a strip without a curve: the page says that it was not measured."""
    none = np.empty(0)
    return Track(quantity, label, unit, "line", none, none, none)


def spells_within(findings: Findings, span: Span) -> tuple[Spell, ...]:
    """Return the spells that begin in a span."""
    return tuple(s for s in findings.spells if span.start <= s.span.start < span.end)


def _event_of(spell: Spell) -> Event:
    """Return a spell as one event: the span of all, the nadir of its bradycardia if any."""
    rank = {"bradycardia": 0, "desaturation": 1}
    lead = min(
        spell.members,
        key=lambda e: (rank.get(e.kind, 2), e.nadir if np.isfinite(e.nadir) else -e.span.duration),
    )
    return replace(lead, span=spell.span)


def draw_strips(
    findings: Findings, phases: Phases, settings: Settings, held: Span, *, hides: bool
) -> tuple[tuple[Strip, ...], str]:
    """Return a strip for each spell of the phases, and a note where some are left out.

    The line for the chart counts the spells that begin in `held`; without their apneas where a
    holder `hides` them.
    """
    shown = union(*phases.spans.values())
    found = [spell for spell in findings.spells if inside(shown, spell.span)]
    note = ""
    if len(found) > settings.strips:
        # Longest first, then deepest: what a reviewer would look at first.
        found.sort(key=lambda s: (-s.span.duration, _depth(s), s.span.start))
        note = (
            f"{settings.strips} of {len(found)} spells have a strip: the longest, of equals the "
            "deepest"
        )
        found = sorted(found[: settings.strips], key=lambda s: s.span)
    charted = {id(s): chart_letters(s, hides=hides) for s in spells_within(findings, held)}
    return tuple(_strip(findings, phases, s, charted.get(id(s))) for s in found), note


def _depth(spell: Spell) -> float:
    known = [e.nadir for e in spell.members if np.isfinite(e.nadir)]
    return min(known, default=float("inf"))


def _strip(findings: Findings, phases: Phases, spell: Spell, charted: str | None) -> Strip:
    span = Span(spell.span.start - STRIP_S, spell.span.end + STRIP_S)
    tracks = []
    if findings.ecg is not None:
        lead = findings.ecg.signal.channel.lead
        tracks.append(signal_track(findings.ecg.signal, span, f"ECG {lead}".rstrip(), STRIP_POINTS))
    elif findings.heart_rate is not None:
        rate = findings.heart_rate
        track = series_track(rate, span, _rate_words(rate), STRIP_POINTS)
        tracks.append(_doubted(track, findings.heart_quality))
    if findings.resp is not None:
        tracks.append(signal_track(findings.resp.signal, span, "Respiration", STRIP_POINTS))
    if findings.spo2 is not None:
        tracks.append(series_track(findings.spo2, span, "SpO2", STRIP_POINTS))
    phase = next((name for name in ORDER if inside(phases.spans[name], spell.span)), "")
    return Strip(
        _event_of(spell), spell.letters, counted_as(findings, spell), phase, span, tuple(tracks),
        why_apart(findings, spell, charted),
    )  # fmt: skip

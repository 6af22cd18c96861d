"""Which channel of a recording is read, and why: the one with the most time that can be trusted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from joey.beats import compare_beats
from joey.events import without
from joey.quality import bad_spans, doubtful_spans, judge_numeric, judge_waveform
from joey.signals import Series, Signal, blank, measured, pieces, series_of, signals_of
from joey.spans import EMPTY, Spans, contains, subtract, total

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from joey.beats import Beats
    from joey.holds import Context, Exclusions
    from joey.quality import Quality
    from joey.signals import Recording

__all__ = [
    "Numeric",
    "Waveform",
    "agreement_words",
    "choose_waveform",
    "excluded",
    "identities",
    "numerics_of",
    "oxygen_of",
    "temperatures_of",
    "why_not",
]

LEAST_FS = {"ecg": 100.0, "pleth": 30.0, "resp": 10.0}  # Hz, below which nothing is found in it
FINDS = {"ecg": "beats", "pleth": "pulses", "resp": "breaths"}
HOUR_S = 3600.0
LEAST_S = 10.0  # s that can be trusted, below which a channel tells nothing
NOT_OF_THE_BODY = ("room", "incubator")  # temperature sites
PERCENT = 100.0
Data = TypeVar("Data", Signal, Series)


@dataclass(frozen=True, slots=True, eq=False)
class Waveform:
    """A signal that was chosen, its judgment, and why it was chosen."""

    signal: Signal
    quality: Quality
    why: str

    @property
    def bad(self) -> Spans:
        """What cannot be trusted."""
        return bad_spans(self.quality)


@dataclass(frozen=True, slots=True, eq=False)
class Numeric:
    """A numeric and its judgment."""

    series: Series
    quality: Quality


def excluded(recording: Recording, exclusions: Exclusions) -> Recording:
    """Return the recording without what a reviewer took out."""

    def without(data: Data) -> Data:
        spans = exclusions.of(data.channel.quantity)
        return blank(data, spans) if len(spans) else data

    return replace(
        recording,
        signals=tuple(without(each) for each in recording.signals),
        series=tuple(without(each) for each in recording.series),
    )


def identities(recording: Recording) -> dict[str, str]:
    """Return what each channel was taken for, by its source; of one source in the files' order."""
    found: dict[str, list[str]] = {}
    for each in recording.channels:
        channel = each.channel
        what = f"{channel.label} [{channel.unit}]"
        if channel.subject != "infant":
            what += f" of the {channel.subject}"
        found.setdefault(channel.source or channel.label, []).append(what)
    return {source: ", ".join(dict.fromkeys(each)) for source, each in found.items()}


def choose_waveform(
    recording: Recording,
    quantity: str,
    judge: Callable[[Signal], Quality] = judge_waveform,
) -> Waveform | None:
    """Return the infant's signal of a quantity with the most measured time that is not bad.

    Signals too slow for their detector are passed over; of equals the first in the files is taken.
    """
    fit = [s for s in signals_of(recording, quantity) if s.fs >= LEAST_FS[quantity]]
    judged = [(signal, judge(signal)) for signal in fit]
    judged = [(signal, quality) for signal, quality in judged if len(measured(signal))]
    if not judged:
        return None
    good = [total(subtract(measured(s), bad_spans(q))) for s, q in judged]
    labels = [s.channel.label for s, _ in judged]
    names = [
        # Two of one label are told apart by their files.
        label if label and labels.count(label) == 1 else f"{label} ({s.channel.source})".lstrip()
        for label, (s, _) in zip(labels, judged, strict=True)
    ]
    best = int(np.argmax(good))
    signal, quality = judged[best]
    name = names[best] if len(judged) > 1 else signal.channel.label
    why = f"{name}: {_long(good[best])} can be read"
    if len(judged) > 1:
        others = ", ".join(
            f"{name} {_long(g)}"
            for k, (name, g) in enumerate(zip(names, good, strict=True))
            if k != best
        )
        why += f", the most of {len(judged)} channels ({others})"
    return Waveform(signal, quality, why)


def _long(seconds: float) -> str:
    return f"{seconds / 3600:.1f} h" if seconds >= HOUR_S / 2 else f"{seconds / 60:.1f} min"


def why_not(
    recording: Recording,
    quantity: str,
    judge: Callable[[Signal], Quality] = judge_waveform,
) -> str:
    """Return why the infant's channels of a quantity tell nothing; empty if one tells something.

    Empty, too, where there is no such channel or nothing was measured in it.
    """
    reasons = []
    for each in recording.channels:
        channel = each.channel
        there = measured(each)
        if channel.quantity != quantity or channel.subject != "infant" or not len(there):
            continue
        least = LEAST_FS.get(quantity)
        if least and isinstance(each, Signal):
            if each.fs < least:
                reasons.append(
                    f"{channel.label} at {float(each.fs):g} Hz is too slow for {FINDS[quantity]}"
                )
                continue
            quality = judge(each)
        else:
            quality = judge_numeric(pieces(each))
        good = total(subtract(there, bad_spans(quality)))
        if good >= LEAST_S:
            return ""
        bad = sorted({verdict.reason for verdict in quality.verdicts if verdict.grade == "bad"})
        said = f"is {', '.join(bad)}" if bad else f"has {good:.3g} s only"
        reasons.append(f"{channel.label} {said}")
    return "; ".join(dict.fromkeys(reasons))


def numerics_of(recording: Recording, quantity: str) -> tuple[Numeric, ...]:
    """Return a quantity's numerics, the fullest first; those without a value are left out."""
    found = [
        Numeric(series, judge_numeric(series))
        for series in series_of(recording, quantity)
        if np.isfinite(series.values).any()
    ]
    return tuple(
        sorted(found, key=lambda n: -total(subtract(measured(n.series), bad_spans(n.quality))))
    )


def trusted(numeric: Numeric, also_bad: Spans = EMPTY) -> Series:
    """Return the numeric without what is graded bad."""
    series = blank(numeric.series, bad_spans(numeric.quality))
    return blank(series, also_bad) if len(also_bad) else series


def oxygen_of(
    recording: Recording, context: Context | None, exclusions: Exclusions
) -> tuple[Series, ...]:
    """Return inspired oxygen as a fraction: devices first, then what was charted.

    What was charted inside an excluded span is not known, also after it; what was charted before
    stands again after it, for a setting does not end where a reviewer looked away.
    """
    devices = tuple(_fraction(trusted(each)) for each in _percent_aware(recording))
    spans = exclusions.of("fio2")
    charted = context.series("fio2") if context else ()
    return devices + tuple(_standing_again(each, spans) for each in charted)


def _standing_again(series: Series, spans: Spans) -> Series:
    inside = contains(spans, series.times)
    return without(replace(series, values=np.where(inside, np.nan, series.values)), spans)


def _percent_aware(recording: Recording) -> Sequence[Numeric]:
    return tuple(
        Numeric(each, judge_numeric(each))
        for each in (_fraction(series) for series in series_of(recording, "fio2"))
        if np.isfinite(each.values).any()
    )


def _fraction(series: Series) -> Series:
    if series.channel.unit != "%":
        return series
    return replace(
        series, channel=replace(series.channel, unit="1"), values=series.values / PERCENT
    )


def temperatures_of(
    recording: Recording, context: Context | None, exclusions: Exclusions
) -> tuple[Series, ...]:
    """Return the infant's temperatures: probes first, then readings by hand, not the excluded."""
    probes = tuple(
        trusted(each)
        for each in numerics_of(recording, "temp")
        if each.series.channel.site not in NOT_OF_THE_BODY
    )
    charted = context.series("temp") if context else ()
    return probes + tuple(blank(each, exclusions.of("temp")) for each in charted)


def quality_words(quality: Quality, whole_s: float) -> str:
    """Return how much of the recording a channel was measured in, and how much is not good."""
    judged = total(quality.judged)
    parts = [f"measured in {_percent(judged, whole_s)} of the recording"]
    for grade, spans in (("bad", bad_spans(quality)), ("doubtful", doubtful_spans(quality))):
        if len(spans):
            reasons = sorted({v.reason for v in quality.verdicts if v.grade == grade})
            parts.append(f"{_percent(total(spans), judged)} {grade} ({', '.join(reasons)})")
    return f"{quality.channel.label}: {', '.join(parts)}"


def agreement_words(beats: Beats, pulses: Beats, bad: Spans) -> str:
    """Return how many beats of the ECG have a pulse in the pleth, outside what is bad in either."""
    found = compare_beats(
        replace(beats, searched=subtract(beats.searched, bad)),
        replace(pulses, searched=subtract(pulses.searched, bad)),
    )
    if not len(found.searched):
        return "ECG and pleth, beat by beat: cannot say, too few beats or pulses in both"
    words = (
        f"ECG and pleth, beat by beat: {_percent(found.share, 1.0)} of beats have a pulse, "
        f"{found.delay:.2f} s later"
    )
    if not found.apart:
        return words
    apart = sum(each.span.duration for each in found.apart)
    reasons = sorted({each.reason for each in found.apart})
    return f"{words}; they part for {apart:.0f} s ({', '.join(reasons)})"


def _percent(part: float, whole: float) -> str:
    share = 100 * part / whole if whole > 0 else 0.0
    return "under 1 %" if 0 < share < 1 else f"{share:.0f} %"

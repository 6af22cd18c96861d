"""Channels of one heart that disagree: both become doubtful there, and nothing is left out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from joey.beats import compare_rates, detect_beats, heart_rate_series, rr_intervals
from joey.quality import add_doubt, differ, follow_heart, judge_waveform
from joey.response.channels import agreement_words, choose_waveform, numerics_of, trusted
from joey.response.probes import frozen_numerics
from joey.spans import contains, union

if TYPE_CHECKING:
    from collections.abc import Callable

    from joey.beats import Intervals
    from joey.quality import Quality
    from joey.response.channels import Numeric, Waveform
    from joey.signals import Recording, Signal
    from joey.spans import Spans

__all__ = ["DIFFERS", "compare_channels", "disagreements"]

DIFFERS = {  # the reason, by what the beats are compared with
    "heart_rate": "beats and the monitor's heart rate differ",
    "pulse_rate": "heart rate and pulse rate differ",
}
BY_HEART = "breathing rate is near the heart rate"


def compare_channels(
    ecg: Waveform | None,
    intervals: Intervals | None,
    numerics: dict[str, tuple[Numeric, ...]],
    pulses: tuple[Intervals | None, Waveform | None] = (None, None),
) -> tuple[Waveform | None, dict[str, tuple[Numeric, ...]]]:
    """Return ECG and numerics with what they doubt in each other.

    Parameters
    ----------
    ecg : Waveform or None
        With its judgment; what is bad in it is not compared.
    intervals : Intervals or None
        Between its beats.
    numerics : dict of str to tuple of Numeric
        By quantity.
    pulses : (Intervals or None, Waveform or None)
        Of the pleth; in what is good of it the pulse rate is that of its pulses, too.

    Returns
    -------
    Waveform or None
        Doubtful where its beats and another rate differ by over 10 % for over 10 s.
    dict of str to tuple of Numeric
        The rates are doubtful in the same spans; a breathing rate where it follows the heart rate.
        Without an ECG the first heart rate and the first pulse rate are compared with each other.
    """
    found = dict(numerics)
    hearts = (*numerics.get("heart_rate", ()), *numerics.get("pulse_rate", ()))
    if hearts:
        heart = trusted(hearts[0])
        found["resp_rate"] = tuple(
            replace(n, quality=add_doubt(n.quality, follow_heart(trusted(n), heart), BY_HEART))
            for n in numerics.get("resp_rate", ())
        )
    if ecg is None or intervals is None:
        return ecg, _without_ecg(found)
    beats, judged = _outside(intervals, ecg.bad), ecg.quality
    pulse, pleth = pulses
    if pulse is not None and pleth is not None:
        rate = heart_rate_series(_outside(pulse, pleth.bad))
        apart = compare_rates(beats, rate).apart
        judged = add_doubt(judged, apart, DIFFERS["pulse_rate"])
    for quantity, reason in DIFFERS.items():
        rows = []
        for each in numerics.get(quantity, ()):
            apart = compare_rates(beats, trusted(each)).apart
            judged = add_doubt(judged, apart, reason)
            rows.append(replace(each, quality=add_doubt(each.quality, apart, reason)))
        found[quantity] = tuple(rows)
    return replace(ecg, quality=judged), found


def _without_ecg(numerics: dict[str, tuple[Numeric, ...]]) -> dict[str, tuple[Numeric, ...]]:
    """Return the numerics with the first heart and pulse rate doubtful where they differ."""
    hearts, pulses = numerics.get("heart_rate", ()), numerics.get("pulse_rate", ())
    if not hearts or not pulses:
        return numerics
    apart, reason = differ(trusted(hearts[0]), trusted(pulses[0])), DIFFERS["pulse_rate"]
    return numerics | {
        quantity: (replace(n[0], quality=add_doubt(n[0].quality, apart, reason)), *n[1:])
        for quantity, n in (("heart_rate", hearts), ("pulse_rate", pulses))
    }


def disagreements(
    recording: Recording, judge: Callable[[Signal], Quality] = judge_waveform
) -> tuple[str, ...]:
    """Return in lines where channels of one heart differ, each with its time; none where none.

    Parameters
    ----------
    recording : Recording
        Of the infant.
    judge : callable
        Who has judged signals already need not do it again.
    """
    ecg, pleth = (choose_waveform(recording, q, judge) for q in ("ecg", "pleth"))
    numerics = {q: numerics_of(recording, q) for q in (*DIFFERS, "resp_rate")}
    beats = detect_beats(ecg.signal) if ecg else None
    pulses = detect_beats(pleth.signal) if pleth else None
    intervals = rr_intervals(beats, resolution_ms=float("nan")) if beats else None
    pulse = rr_intervals(pulses, resolution_ms=float("nan")) if pulses else None
    after, numerics = compare_channels(ecg, intervals, numerics, (pulse, pleth))
    judged = [after.quality] if after else []
    judged += [each.quality for several in numerics.values() for each in several]
    seconds: dict[str, float] = {}
    for quality in judged:
        for reason in (*DIFFERS.values(), BY_HEART):
            own = sum(v.span.duration for v in quality.verdicts if v.reason == reason)
            seconds[reason] = max(seconds.get(reason, 0.0), own)
    _, frozen = frozen_numerics(numerics | {"spo2": numerics_of(recording, "spo2")})
    lines = [f"{reason}: for {length:.0f} s" for reason, length in seconds.items() if length]
    lines += frozen
    if beats and pulses and ecg and pleth:
        lines.append(agreement_words(beats, pulses, union(ecg.bad, pleth.bad)))
    return tuple(lines)


def _outside(intervals: Intervals, bad: Spans) -> Intervals:
    """Return the intervals that begin outside the spans."""
    kept = ~contains(bad, intervals.times)
    columns = {name: getattr(intervals, name)[kept] for name in ("times", "rr", "nn", "corrected")}
    return replace(intervals, **columns)

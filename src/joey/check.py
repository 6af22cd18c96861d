"""What is in a recording: its channels, their quality, what was repaired, what it can answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from joey.quality import judge_numeric, judge_waveform
from joey.response.channels import why_not
from joey.response.disagreement import disagreements
from joey.signals import Signal, extent, measured, pieces
from joey.sources import parse_map, read_all
from joey.spans import total

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from joey.quality import Quality
    from joey.signals import Clock, Recording, Series

__all__ = ["Inventory", "examine", "questions"]

WAVEFORM_HZ = 10  # a slower signal is a numeric


@dataclass(frozen=True, slots=True)
class Inventory:
    """What a recording holds, in words and cells.

    Parameters
    ----------
    header : tuple of str
        When, how long, from which files.
    rows : tuple of tuple of str
        A row for each channel: channel, label, rate, unit, start (where it begins later than the
        recording), measured, gaps, quality.
    lists : tuple of (str, tuple of str)
        Titles with lines: what was repaired, what can and what cannot be answered.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lists: tuple[tuple[str, tuple[str, ...]], ...]


def examine(
    paths: tuple[Path, ...],
    zone: str | None,
    mapping: tuple[str, ...],
    progress: Callable[[float, str], None],
) -> Inventory:
    """Read a recording and say what is in it.

    Raises
    ------
    FormatError, InputError, OSError
        As `joey.sources.read_all` and `joey.sources.parse_map`.
    """
    progress(0.0, "reading")
    meanings = dict(parse_map(each) for each in mapping)
    recording = read_all(paths, zone=zone, channels=meanings)
    channels = recording.channels
    judge = _once()
    rows = []
    for number, each in enumerate(channels):
        progress(0.2 + 0.8 * number / len(channels), f"judging {each.channel.label}")
        rows.append(_row(each, recording, judge))
    able, unable = questions(recording, judge)
    repairs = tuple(
        f"{each.what}: {each.count}" + (f" ({each.where})" if each.where else "")
        for each in recording.repairs
    )
    lost = (recording.truncated,) if recording.truncated else ()
    return Inventory(
        _header(recording),
        tuple(rows),
        (
            ("Cut off", lost),
            ("Repaired or left out", repairs),
            ("Signals beside each other", disagreements(recording, judge)),
            ("Can be answered", able),
            ("Cannot be answered", unable),
        ),
    )


def _once() -> Callable[[Signal], Quality]:
    """Return a judge of waveforms that looks at each signal once: it takes most of the time."""
    known: dict[int, Quality] = {}

    def judge(signal: Signal) -> Quality:
        if id(signal) not in known:
            known[id(signal)] = judge_waveform(signal)
        return known[id(signal)]

    return judge


def questions(
    recording: Recording, judge: Callable[[Signal], Quality] = judge_waveform
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what a recording can and cannot answer, each with what it rests on or lacks."""
    there = {
        each.channel.quantity
        for each in recording.channels
        if each.channel.subject == "infant" and len(measured(each))
    }
    why = {quantity: why_not(recording, quantity, judge) for quantity in sorted(there)}
    has = {quantity for quantity in there if not why[quantity]}

    def lacking(absent: str, *quantities: str) -> str:
        """Return why the quantities that are there tell nothing, else that they are not there."""
        said = "; ".join(why[each] for each in quantities if why.get(each))
        return said or absent

    rates = ("ecg", "heart_rate", "pulse_rate")
    heart = bool(has & {*rates, "pleth"})
    rows = (
        ("heart rate", heart, lacking("no ECG, pleth or heart rate", *rates, "pleth")),
        ("heart-rate variability", "ecg" in has, lacking("no ECG: it needs beats", "ecg")),
        ("bradycardia", bool(has & {*rates}), lacking("no ECG or heart rate", *rates)),
        ("desaturation and time in range", "spo2" in has, lacking("no SpO2", "spo2")),
        ("breathing and central apnea", "resp" in has, lacking("no respiration signal", "resp")),
        (
            "breathing without the heart's ripple",
            {"resp", "ecg"} <= has,
            lacking("needs impedance and ECG", "resp", "ecg"),
        ),
        (
            "temperature",
            "temp" in has,
            lacking("no temperature (joey respond takes one by --context)", "temp"),
        ),
        (
            "SpO2 beside FiO2",
            {"spo2", "fio2"} <= has,
            lacking("no FiO2 (joey respond takes it by --context)", "spo2", "fio2"),
        ),
        (
            "the response to a hold at a clock time",
            recording.clock.dated,
            "the recording has no date: give hold times as hh:mm:ss from its start",
        ),
    )
    able = tuple(name for name, yes, _ in rows if yes)
    unable = tuple(f"{name}: {reason}" for name, yes, reason in rows if not yes)
    return able, unable


def _header(recording: Recording) -> tuple[str, ...]:
    lines = [f"Files: {', '.join(each.name for each in recording.sources)}"]
    if any(len(extent(each)) for each in recording.channels):
        span = recording.span
        start, end = (_said(time, recording.clock) for time in (span.start, span.end))
        lines.append(f"From {start} to {end}: {span.duration / 3600:.3g} h")
    else:
        lines.append("No samples at all")
    if recording.clock.note:
        lines.append(f"Clock: {recording.clock.note}")
    if recording.simulated:
        lines.append("The data are simulated.")
    if recording.annotations:
        lines.append(f"Annotations that came with it: {len(recording.annotations)}")
    return tuple(lines)


def _said(time: float, clock: Clock) -> str:
    if not clock.dated:
        # Rounded first: 59.9996 s is a minute, not 60.000 s.
        minutes, milliseconds = divmod(round(time * 1000), 60_000)
        clock_time = f"{minutes // 60:d}:{minutes % 60:02d}:{milliseconds / 1000:06.3f}"
        return f"{clock_time} from the start"
    zone = ZoneInfo(clock.zone) if clock.zone else UTC
    return datetime.fromtimestamp(time, zone).strftime("%Y-%m-%d %H:%M:%S %Z")


def _row(
    data: Signal | Series, recording: Recording, judge: Callable[[Signal], Quality]
) -> tuple[str, ...]:
    whole, there = extent(data), measured(data)
    channel = data.channel
    rate = f"{float(data.fs):g} Hz" if isinstance(data, Signal) else f"{len(data.times)} values"
    later = len(whole) and whole.bounds[0, 0] > recording.span.start
    start = _said(whole.bounds[0, 0], recording.clock) if later else ""
    share = total(there) / total(whole) if len(whole) else 0.0
    gaps = max(len(there) - 1, 0)
    return (
        channel.label if channel.subject == "infant" else f"{channel.label} of the holder",
        channel.source.rsplit("/", maxsplit=1)[-1],
        rate,
        channel.unit,
        start,
        "not measured at all" if len(there) == 0 else f"{100 * share:.1f} %",
        str(gaps),
        _quality(data, judge) if len(there) else "-",
    )


def _quality(data: Signal | Series, judge: Callable[[Signal], Quality]) -> str:
    waveform = isinstance(data, Signal) and data.fs >= WAVEFORM_HZ
    if waveform and data.channel.quantity not in {"ecg", "pleth", "resp"}:
        return "-"
    if isinstance(data, Signal) and waveform:
        return _shares(judge(data))
    return _shares(judge_numeric(pieces(data)))


def _shares(quality: Quality) -> str:
    whole = total(quality.judged)
    seconds: dict[str, float] = {}
    for each in quality.verdicts:
        seconds[each.reason] = seconds.get(each.reason, 0.0) + each.span.duration
    if whole == 0:
        return "-"
    parts = [f"{name} {_percent(part / whole)}" for name, part in sorted(seconds.items())]
    return ", ".join(parts) or "good"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share >= 0.001 else "under 0.1 %"

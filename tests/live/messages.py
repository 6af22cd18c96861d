"""Messages of a monitor, made for the tests: what is sent is what a recording holds."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from joey.signals import NS, Channel, Series
from joey.sources.hl7.types import Header, Identifier, Location, Numeric, Observations, Wave

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from joey.signals import Recording

__all__ = ["ECG", "SPO2", "START", "message", "messages_of", "numeric", "sent", "wave"]

START = 1_790_000_000 * NS  # ns UTC, some night
ECG = Channel("ecg", "mV", lead="II", source="mdc/MDC_ECG_LEAD_II")
SPO2 = Channel("spo2", "%", source="mdc/MDC_PULS_OXIM_SAT_O2")
HEADER = Header("1", "ORU^R01", "P", None, b"", "MON", "NICU", "2.6", "UNICODE UTF-8")


def wave(
    start_ns: int,
    counts: NDArray[np.integer] | Sequence[int],
    *,
    channel: Channel = ECG,
    fs: int = 250,
    scale: float = 0.001,
    runs: Sequence[tuple[int, int]] | None = None,
) -> Wave:
    """Return a chunk, measured throughout unless said otherwise."""
    samples = np.asarray(counts, dtype=np.int32)
    rows = [(0, len(samples))] if runs is None else runs
    valid = np.array(rows, dtype=np.int64).reshape(-1, 2)
    return Wave(channel, Fraction(fs), samples, valid, scale, 0.0, start_ns, "code")


def numeric(time_ns: int, value: float, *, channel: Channel = SPO2, status: str = "R") -> Numeric:
    """Return a value."""
    return Numeric(channel, value, time_ns, status, "code", channel.unit)


def message(
    waves: Sequence[Wave] = (),
    numerics: Sequence[Numeric] = (),
    *,
    mrn: str = "1234",
    bed: str = "4",
    simulated: bool = True,
) -> Observations:
    """Return a message of one bed."""
    return Observations(
        replace(HEADER),
        Location("NICU", "", bed, f"NICU/{bed}"),
        "EUI-64",
        (Identifier(mrn, "HOSP", "MR"),) if mrn else (),
        waves=tuple(waves),
        numerics=tuple(numerics),
        simulated=simulated,
    )


def messages_of(recording: Recording, every_s: float = 1.0) -> list[tuple[Observations, int]]:
    """Return a recording as its monitor sends it, with when each message came (0.2 s later).

    A value that is not measured is sent as such; where nothing was recorded nothing is sent.
    """
    span = recording.span
    step = round(every_s * NS)
    start = round(span.start * NS)
    number = -((start - round(span.end * NS)) // step)
    waves: list[list[Wave]] = [[] for _ in range(number)]
    rows: list[list[Numeric]] = [[] for _ in range(number)]
    for signal in recording.signals:
        for segment in signal.segments:
            first = segment.grid.start_ns + round(segment.first * NS / signal.fs)
            k = max((first - start) // step, 0)
            while k < number:
                lo = max(segment.grid.first_at((start + k * step) / NS), segment.first)
                hi = min(segment.grid.first_at((start + (k + 1) * step) / NS), segment.stop)
                if lo >= segment.stop:
                    break
                part = segment.part(lo, hi)
                if len(part.counts):
                    at = segment.grid.start_ns + round(lo * NS / signal.fs)
                    waves[k].append(
                        Wave(
                            signal.channel, signal.fs, part.counts.astype(np.int32), part.runs,
                            signal.scale, signal.offset, at, "code",
                        )
                    )  # fmt: skip
                k += 1
    for series in recording.series:
        for time, value in zip(series.times, series.values, strict=True):
            at = round(float(time) * NS / 1000) * 1000
            rows[(at - start) // step].append(numeric(at, float(value), channel=series.channel))
    return [
        (message(waves[k], rows[k]), start + (k + 1) * step + NS // 5)
        for k in range(number)
        if waves[k] or rows[k]
    ]


def sent(recording: Recording) -> Recording:
    """Return a recording whose numerics have stamps of their own, as a monitor sends them."""
    signals = tuple(each for each in recording.signals if each.fs > 1)
    series = [
        Series(each.channel, each.times, each.values, np.full(len(each.times), 1.5))
        for each in recording.signals
        if each.fs == 1
    ]
    return replace(recording, signals=signals, series=tuple(series), annotations=())

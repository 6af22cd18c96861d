"""Signals, series and recordings: what was measured, when, and what was not.

Samples stay the integer counts of the file or the device; times are computed once, from a grid's
anchor and the sample's index, so that cutting, joining and chunking never move a sample. What was
not measured is not stored as a number: a segment lists the runs of samples that were.
Nothing here knows a file format or what a heart beat is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from joey.spans import EMPTY, Span, Spans, contains, intersect, total, union

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

__all__ = [
    "Annotation",
    "Channel",
    "Clock",
    "Grid",
    "Recording",
    "Repair",
    "Segment",
    "Series",
    "Signal",
    "Source",
    "blank",
    "cut",
    "extent",
    "join_segments",
    "join_series",
    "measured",
    "merge",
    "pick",
    "pieces",
    "quantize",
    "runs_of",
    "series_of",
    "signals_of",
]

NS = 1_000_000_000  # nanoseconds in a second
SLACK_NS = 5_000  # in a de-identified year (2900) float64 seconds, times 10**9, are off by 4 us


@dataclass(frozen=True, slots=True)
class Channel:
    """What a signal or a series is of.

    Parameters
    ----------
    quantity : str
        Joey's name of the quantity, a row of NOMENCLATURE.md: ``ecg``, ``resp``, ``pleth``,
        ``spo2``, ``heart_rate``, ``pulse_rate``, ``resp_rate``, ``temp``, ``fio2`` ...;
        ``unknown`` where the label is not known: kept, never guessed.
    unit : str
        UCUM-like unit of the values: ``mV``, ``%``, ``/min``, ``Cel``, ``1``; ``NU`` for none.
    lead, site : str
        Electrode lead (``II``) and body or probe site (``axilla``, ``skin``); empty where unknown.
    source : str
        Where it comes from and its label there, as ``record/LABEL``.
    subject : str
        ``infant`` or ``holder``.
    averaging_s : float or None
        Averaging time of the monitor; None where unknown. [s]
    """

    quantity: str
    unit: str = "NU"
    lead: str = ""
    site: str = ""
    source: str = ""
    subject: str = "infant"
    averaging_s: float | None = None

    @property
    def label(self) -> str:
        """The channel's short name for people: quantity with lead or site."""
        return " ".join(part for part in (self.quantity, self.lead, self.site) if part)


@dataclass(frozen=True, slots=True)
class Grid:
    """The times of uniform samples: sample k is at ``start_ns`` + k / ``fs``.

    Parameters
    ----------
    start_ns : int
        Time of sample 0. [ns UTC, or ns from the start of an undated recording]
    fs : Fraction
        Sampling frequency. [Hz]
    """

    start_ns: int
    fs: Fraction

    def time(self, index: int) -> float:
        """Return the time of one sample. [s]"""
        # The same operations in the same order as `times`, without an array's overhead.
        start_s, rest_ns = divmod(self.start_ns, NS)
        numerator, denominator = self.fs.as_integer_ratio()
        return start_s + (float(index) * denominator / numerator + rest_ns / NS)

    def times(self, index: NDArray[np.int64] | NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the times of samples; fractional indices are allowed. [s]"""
        # Whole seconds are split off so that the one rounding is that of the result.
        start_s, rest_ns = divmod(self.start_ns, NS)
        within = np.asarray(index, dtype=np.float64) * self.fs.denominator / self.fs.numerator
        return np.asarray(start_s + (within + rest_ns / NS), dtype=np.float64)

    def first_at(self, time: float) -> int:
        """Return the index of the first sample at or after `time`. [s]"""
        since_ns = round(time * NS) - self.start_ns - SLACK_NS
        numerator, denominator = self.fs.as_integer_ratio()
        return -((-since_ns * numerator) // (denominator * NS))


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """Consecutive samples of one grid, with the runs of them that were measured.

    Parameters
    ----------
    grid : Grid
        The times of the samples.
    first : int
        Grid index of the first sample.
    counts : ndarray of int16 or int32, shape (n,)
        The samples; those outside `runs` mean nothing.
    runs : ndarray of int64, shape (k, 2)
        Half-open index ranges into `counts` that were measured: sorted, disjoint, non-empty.
    """

    grid: Grid
    first: int
    counts: NDArray[np.integer]
    runs: NDArray[np.int64]

    @property
    def stop(self) -> int:
        """Grid index after the last sample."""
        return self.first + len(self.counts)

    @property
    def span(self) -> Span:
        """From the first sample's time to one period after the last's. [s]"""
        return Span(self.grid.time(self.first), self.grid.time(self.stop))

    @property
    def valid(self) -> NDArray[np.bool_]:
        """For each sample, whether it was measured."""
        edges = np.zeros(len(self.counts) + 1, dtype=np.int8)
        edges[self.runs[:, 0]] += 1
        edges[self.runs[:, 1]] -= 1
        return np.cumsum(edges[:-1], dtype=np.int8).astype(np.bool_)

    def part(self, first: int, stop: int) -> Segment:
        """Return the samples of grid indices `first` to before `stop` that this segment has."""
        lo = min(max(first - self.first, 0), len(self.counts))
        hi = min(max(stop - self.first, lo), len(self.counts))
        runs = np.clip(self.runs, lo, hi)
        runs = runs[runs[:, 1] > runs[:, 0]] - lo
        return Segment(self.grid, self.first + lo, self.counts[lo:hi], runs)


@dataclass(frozen=True, slots=True, eq=False)
class Signal:
    """Uniform samples of one channel: value = counts x `scale` + `offset`.

    Parameters
    ----------
    channel : Channel
        What was measured.
    fs : Fraction
        Sampling frequency of every segment. [Hz]
    segments : tuple of Segment
        In time order, not overlapping. Where none is, nothing was recorded.
    scale, offset : float
        From counts to the channel's unit.
    """

    channel: Channel
    fs: Fraction
    segments: tuple[Segment, ...]
    scale: float = 1.0
    offset: float = 0.0

    @property
    def times(self) -> NDArray[np.float64]:
        """Times of all samples of all segments, one after the other. [s]"""
        parts = [s.grid.times(np.arange(s.first, s.stop)) for s in self.segments]
        return np.concatenate(parts) if parts else np.empty(0)

    @property
    def values(self) -> NDArray[np.float64]:
        """Values at `times` in the channel's unit; NaN where not measured."""
        parts = [self.values_of(segment) for segment in self.segments]
        return np.concatenate(parts) if parts else np.empty(0)

    def values_of(self, segment: Segment) -> NDArray[np.float64]:
        """Return one segment's values in the channel's unit; NaN where not measured."""
        out = np.full(len(segment.counts), np.nan)
        for lo, hi in segment.runs:
            out[lo:hi] = segment.counts[lo:hi] * self.scale + self.offset
        return out


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Values of one channel with their own stamps: numerics, FiO2, temperature, anything derived.

    Parameters
    ----------
    channel : Channel
        What was measured.
    times : ndarray of float64, shape (n,)
        Stamps, increasing. [s]
    values : ndarray of float64, shape (n,)
        In the channel's unit; NaN for not measured.
    valid_s : ndarray of float64, shape (n,)
        How long each value stands, at most until the next stamp. [s]
    """

    channel: Channel
    times: NDArray[np.float64]
    values: NDArray[np.float64]
    valid_s: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Refuse stamps that are no times or do not increase."""
        if not len(self.times) == len(self.values) == len(self.valid_s):
            msg = "times, values and valid_s have one entry each per value"
            raise ValueError(msg)
        if len(self.times) == 1 and math.isfinite(self.times[0]):
            return  # live, each value is such a series
        if not np.all(np.isfinite(self.times)):
            at = int(np.flatnonzero(~np.isfinite(self.times))[0])
            msg = f"stamp {at} of the series is {self.times[at]}: leave out values without a time"
            raise ValueError(msg)
        if np.any(np.diff(self.times) <= 0):
            msg = "the stamps of a series increase; repair duplicates in the reader"
            raise ValueError(msg)

    @property
    def ends(self) -> NDArray[np.float64]:
        """When each value stops to stand. [s]"""
        ends = self.times + self.valid_s
        if len(ends) > 1:
            ends[:-1] = np.minimum(ends[:-1], self.times[1:])
        return ends


@dataclass(frozen=True, slots=True)
class Annotation:
    """A mark that came with the recording: time [s], symbol (``N``), channel index, text."""

    time: float
    symbol: str
    channel: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True)
class Clock:
    """What is known about a recording's time.

    Parameters
    ----------
    dated : bool
        Whether times are UTC; else they are seconds from the recording's start.
    zone : str
        IANA zone in which the source's local times were read; empty where none was needed.
    note : str
        What a reader must know: zone assumed, de-identified date, steps seen.
    """

    dated: bool
    zone: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """One file that was read: its name without folders, the SHA-256 of its bytes, its reader."""

    name: str
    sha256: str
    reader: str


@dataclass(frozen=True, slots=True)
class Repair:
    """What a reader mended or left out: what, how often, where."""

    what: str
    count: int
    where: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """What one or several files hold of one infant.

    Parameters
    ----------
    signals, series : tuple
        The channels. Several signals may share a quantity; none is found by a bare name.
    annotations : tuple of Annotation
        Marks that came with the recording.
    clock : Clock
        What is known of its time.
    sources : tuple of Source
        The files.
    repairs : tuple of Repair
        What was mended.
    truncated : str
        What a cut-off file has lost; empty where nothing was.
    simulated : bool
        Whether the data are simulated: said wherever they are shown.
    facts : dict
        Header facts for people, as text: never used in arithmetic.
    """

    signals: tuple[Signal, ...] = ()
    series: tuple[Series, ...] = ()
    annotations: tuple[Annotation, ...] = ()
    clock: Clock = field(default_factory=lambda: Clock(dated=False))
    sources: tuple[Source, ...] = ()
    repairs: tuple[Repair, ...] = ()
    truncated: str = ""
    simulated: bool = False
    facts: dict[str, str] = field(default_factory=dict)

    @property
    def channels(self) -> tuple[Signal | Series, ...]:
        """Signals, then series."""
        return (*self.signals, *self.series)

    @property
    def span(self) -> Span:
        """From the first to after the last sample, measured or not. [s]

        Raises
        ------
        ValueError
            If the recording holds nothing at all.
        """
        covered = union(*map(extent, self.signals), *map(extent, self.series))
        if len(covered) == 0:
            msg = "the recording holds no samples"
            raise ValueError(msg)
        return Span(float(covered.bounds[0, 0]), float(covered.bounds[-1, 1]))


T = TypeVar("T", "Signal", "Series", "Recording")
D = TypeVar("D", "Signal", "Series")


def quantize(
    channel: Channel,
    fs: Fraction | int,
    start_ns: int,
    values: NDArray[np.float64],
    scale: float,
    offset: float = 0.0,
) -> Signal:
    """Return a signal of one segment from floats: NaN becomes not measured.

    Parameters
    ----------
    channel : Channel
        What the values are of.
    fs : Fraction or int
        Sampling frequency. [Hz]
    start_ns : int
        Time of the first value. [ns]
    values : ndarray of float64, shape (n,)
        In the channel's unit. Rounded to the quantum `scale`, declared once per stream.
    scale, offset : float
        value = count x scale + offset.

    Raises
    ------
    ValueError
        If the quantum is not a positive number, or a value does not fit 32 bits at it.
    """
    if not 0 < scale < np.inf:
        msg = f"the quantum of {channel.label} is a positive number, not {scale:g}"
        raise ValueError(msg)
    finite = np.isfinite(values)
    counts = np.zeros(len(values))
    counts[finite] = np.rint((values[finite] - offset) / scale)
    if len(counts) and np.max(np.abs(counts)) >= 2**31:
        msg = f"values of {channel.label} do not fit 32 bits at a quantum of {scale:g}"
        raise ValueError(msg)
    grid = Grid(int(start_ns), Fraction(fs))
    segment = Segment(grid, 0, counts.astype(np.int32), runs_of(finite))
    return Signal(channel, grid.fs, (segment,), scale, offset)


def runs_of(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the half-open index ranges where `mask` is true, shape (k, 2)."""
    padded = np.concatenate(([False], mask, [False]))
    return np.flatnonzero(padded[1:] != padded[:-1]).reshape(-1, 2).astype(np.int64)


def extent(data: Signal | Series) -> Spans:
    """Return the spans that were recorded, whether measured or not."""
    if isinstance(data, Series):
        return Spans.of(np.column_stack((data.times, data.ends)))
    return Spans.of(segment.span for segment in data.segments)


def measured(data: Signal | Series) -> Spans:
    """Return the spans in which there are values."""
    if isinstance(data, Series):
        known = np.isfinite(data.values)
        return Spans.of(np.column_stack((data.times, data.ends))[known])
    rows = [s.grid.times(s.first + s.runs.ravel()).reshape(-1, 2) for s in data.segments]
    return Spans.of(np.concatenate(rows)) if rows else EMPTY


def pieces(data: Signal | Series) -> Series:
    """Return the values as pieces that stand for a while: one sample period each for a signal.

    Returns
    -------
    Series
        Not measured samples are left out.
    """
    if isinstance(data, Series):
        known = np.isfinite(data.values)
        return Series(
            data.channel, data.times[known], data.values[known], (data.ends - data.times)[known]
        )
    times, values = data.times, data.values
    known = np.isfinite(values)
    period = np.full(int(known.sum()), float(1 / data.fs))
    return Series(data.channel, times[known], values[known], period)


def pick(series: Series, which: slice | NDArray[np.bool_]) -> Series:
    """Return some of a series' values, each as long as it stood for."""
    return Series(series.channel, series.times[which], series.values[which], series.valid_s[which])


def join_series(parts: Sequence[Series]) -> Series:
    """Return consecutive values of one channel, in the order of time, as one series."""
    if len(parts) == 1:
        return parts[0]
    return Series(
        parts[0].channel,
        np.concatenate([each.times for each in parts]),
        np.concatenate([each.values for each in parts]),
        np.concatenate([each.valid_s for each in parts]),
    )


def join_segments(parts: Sequence[Segment]) -> Segment:
    """Return consecutive segments of one grid as one; what lies between was not measured."""
    first, stop = parts[0].first, parts[-1].stop
    kind = np.result_type(*(each.counts.dtype for each in parts))
    counts: NDArray[np.integer] = np.zeros(stop - first, dtype=kind)
    runs: list[list[int]] = []
    for each in parts:
        at = each.first - first
        counts[at : at + len(each.counts)] = each.counts
        for lo, hi in each.runs.tolist():
            if runs and runs[-1][1] == lo + at:
                runs[-1][1] = hi + at
            else:
                runs.append([lo + at, hi + at])
    return Segment(parts[0].grid, first, counts, np.array(runs, dtype=np.int64).reshape(-1, 2))


def cut(data: T, span: Span) -> T:
    """Return what lies in the span; grids and times stay as they are."""
    if isinstance(data, Signal):
        parts = [
            s.part(s.grid.first_at(span.start), s.grid.first_at(span.end)) for s in data.segments
        ]
        return replace(data, segments=tuple(p for p in parts if len(p.counts)))
    if isinstance(data, Series):
        keep = (data.times >= span.start) & (data.times < span.end)
        return replace(
            data, times=data.times[keep], values=data.values[keep], valid_s=data.valid_s[keep]
        )
    return replace(
        data,
        signals=tuple(cut(each, span) for each in data.signals),
        series=tuple(cut(each, span) for each in data.series),
        annotations=tuple(a for a in data.annotations if span.start <= a.time < span.end),
    )


def blank(data: D, spans: Spans) -> D:
    """Return the data with everything inside the spans marked as not measured.

    A value of a series that was stamped before a span stands until the span begins, and no longer:
    what comes after is said by the next stamp.
    """
    if isinstance(data, Series):
        gone = contains(spans, data.times)
        starts = np.append(spans.bounds[:, 0], np.inf)
        left = starts[np.searchsorted(starts, data.times)] - data.times
        valid_s = np.where(gone, data.valid_s, np.minimum(data.valid_s, left))
        return replace(data, values=np.where(gone, np.nan, data.values), valid_s=valid_s)
    return replace(data, segments=tuple(_blanked(segment, spans) for segment in data.segments))


def _blanked(segment: Segment, spans: Spans) -> Segment:
    valid = segment.valid
    for span in intersect(spans, Spans.of([segment.span])):
        lo = segment.grid.first_at(span.start) - segment.first
        hi = segment.grid.first_at(span.end) - segment.first
        valid[max(lo, 0) : max(hi, 0)] = False
    return replace(segment, runs=runs_of(valid))


def signals_of(recording: Recording, quantity: str, subject: str = "infant") -> tuple[Signal, ...]:
    """Return the signals of a quantity, in the order of the files."""
    return tuple(
        each
        for each in recording.signals
        if each.channel.quantity == quantity and each.channel.subject == subject
    )


def series_of(recording: Recording, quantity: str, subject: str = "infant") -> tuple[Series, ...]:
    """Return a quantity's values as pieces, from signals and series alike."""
    found: Iterable[Signal | Series] = (*recording.signals, *recording.series)
    return tuple(
        pieces(each)
        for each in found
        if each.channel.quantity == quantity and each.channel.subject == subject
    )


def merge(recordings: Sequence[Recording]) -> Recording:
    """Return several recordings of one infant as one.

    A channel that goes on in another file - the same label, place, rate and scale at another time -
    is one channel, with a gap between the files or none; the repairs say so. Channels that overlap
    in time stay apart.

    Raises
    ------
    ValueError
        If dated and undated recordings meet: their times cannot be compared.
    """
    if len({each.clock.dated for each in recordings}) > 1:
        msg = "recordings with and without a date cannot be laid on one clock"
        raise ValueError(msg)
    facts: dict[str, str] = {}
    for each in recordings:
        facts.update(each.facts)
    notes = dict.fromkeys(each.clock.note for each in recordings if each.clock.note)
    signals = _grouped([s for each in recordings for s in each.signals])
    series = _grouped([s for each in recordings for s in each.series])
    more = [(each[0].channel, len(each) - 1) for each in signals]
    more += [(stamps[0].channel, len(stamps) - 1) for stamps in series]
    what = "channel that goes on in another file, joined"
    joined = [Repair(what, count, channel.label) for channel, count in more if count]
    joined += _doubles([*signals, *series])
    return Recording(
        signals=tuple(_one_signal(group) for group in signals),
        series=tuple(_in_order(group) for group in series),
        annotations=tuple(a for each in recordings for a in each.annotations),
        clock=replace(recordings[0].clock, note="; ".join(notes)),
        sources=tuple(s for each in recordings for s in each.sources),
        repairs=(*(r for each in recordings for r in each.repairs), *joined),
        truncated="; ".join(each.truncated for each in recordings if each.truncated),
        simulated=any(each.simulated for each in recordings),
        facts=facts,
    )


def _doubles(groups: Sequence[Sequence[Signal | Series]]) -> list[Repair]:
    """Return which channels of one name stand in several files at the same time."""
    found: dict[str, int] = {}
    firsts = [(group[0].channel, union(*map(extent, group))) for group in groups]
    for k, (one, when) in enumerate(firsts):
        for other, then in firsts[k + 1 :]:
            files = one.source.rpartition("/")[0], other.source.rpartition("/")[0]
            if one.label == other.label and files[0] != files[1] and len(intersect(when, then)):
                found[one.label] = found.get(one.label, 1) + 1
                break
    what = "files have this channel at the same time, one is used: of one infant and clock?"
    return [Repair(what, count, label) for label, count in found.items()]


def _grouped(parts: Sequence[D]) -> list[list[D]]:
    """Return the parts of each channel, in the order of their first; in a group none overlap."""
    groups: list[tuple[object, list[D]]] = []
    for part in parts:
        key = _identity(part)
        for known, group in groups:
            if key == known and all(_apart(each, part) for each in group):
                group.append(part)
                break
        else:
            groups.append((key, [part]))
    return [group for _, group in groups]


def _identity(part: Signal | Series) -> object:
    """Return what two parts of one channel have in common: all but the file they are from."""
    channel = replace(part.channel, source=part.channel.source.rpartition("/")[2])
    return (channel, part.fs, part.scale, part.offset) if isinstance(part, Signal) else channel


def _apart(one: D, other: D) -> bool:
    """Whether no sample, or no stamp, of one lies within the other."""
    if isinstance(one, Series):
        a, b = one.times, other.times
        return bool(len(a) == 0 or len(b) == 0 or a[-1] < b[0] or b[-1] < a[0])
    return total(intersect(extent(one), extent(other))) < float(1 / one.fs) / 2


def _one_signal(group: Sequence[Signal]) -> Signal:
    segments = sorted((s for each in group for s in each.segments), key=lambda s: s.span.start)
    return replace(group[0], segments=tuple(segments)) if len(group) > 1 else group[0]


def _in_order(group: Sequence[Series]) -> Series:
    parts = sorted((each for each in group if len(each.times)), key=lambda each: each.times[0])
    return replace(join_series(parts), channel=group[0].channel) if parts else group[0]

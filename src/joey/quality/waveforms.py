"""Quality of a waveform, second by second: flat, clipped, motion, low amplitude.

Each whole second of UTC is judged by itself, beside the median height of the thirty judged seconds
before it. What is missing is not judged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from joey.quality.types import Quality, Verdict
from joey.spans import EMPTY, Span, Spans, union
from joey.streams import Samples, Sections

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from joey.signals import Channel, Segment, Signal
    from joey.streams import Window

__all__ = ["QualityDetector", "join_quality", "judge_waveform"]

FLAT_S = 2.0  # s, equal counts for so long
CLIP_S = {
    "ecg": 0.08,
    "pleth": 0.2,
    "resp": 0.5,
}  # s, equal counts at the top or bottom of a second
CLIP_FAR = 0.25  # of the height: how far both edges are from the mean of a clipped second
CLIP_HEIGHT = 20  # counts: a lower second is coarse, not clipped
MOTION = {"ecg": 2.0}  # times the usual height: beats become doubtful; 4 elsewhere
MOTION_ELSEWHERE = 4.0
VIOLENT = {"ecg": 3.5}  # times the usual height: beats are lost among the noise
LOW = 0.2  # of the usual height
BEFORE = 30  # judged seconds that make the usual height
LEAST = 10  # fewer make none
GRADES = ("good", "flat", "clipped", "motion", "low amplitude", "strong motion")
BAD = ("flat", "clipped", "strong motion")


class QualityDetector:
    """The judgment of one waveform, chunk by chunk (`streams.Detector`, input ``signal``)."""

    inputs = ("signal",)

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self._sections: Sections[Quality] = Sections(lambda window: _Section(channel, window))

    def update(self, new: Mapping[str, Sequence[Segment]], upto: Mapping[str, float]) -> Quality:
        """Take segments of ``signal``; return the judgments that became final."""
        found = self._sections.take(new.get("signal", ()), upto["signal"])
        return join_quality(self.channel, found)

    def finish(self) -> Quality:
        """End the signal; return the remaining judgments."""
        return join_quality(self.channel, self._sections.close())


def judge_waveform(signal: Signal) -> Quality:
    """Return which seconds of a waveform are not good, with the reason.

    Parameters
    ----------
    signal : Signal
        ECG, pleth or impedance, 10 Hz or more.

    Returns
    -------
    Quality
        ``flat`` (2 s of equal counts) and ``clipped`` are bad; ``motion`` (over 4 times the usual
        height; 2 for ECG) and ``low amplitude`` (under a fifth of it) are doubtful; ``strong
        motion`` (over 3.5 times, ECG alone) is bad. Joey's defaults.

    Raises
    ------
    ValueError
        If the signal is slower than 10 Hz: a numeric is judged by `judge_numeric`.
    """
    if signal.segments and signal.fs < 10:
        msg = f"{signal.channel.label} at {float(signal.fs):g} Hz is a numeric, not a waveform"
        raise ValueError(msg)
    detector = QualityDetector(signal.channel)
    end = signal.segments[-1].span.end if signal.segments else 0.0
    first = detector.update({"signal": signal.segments}, {"signal": end})
    return join_quality(signal.channel, (first, detector.finish()))


def join_quality(channel: Channel, parts: Iterable[Quality]) -> Quality:
    """Return consecutive judgments as one; touching verdicts of one reason become one."""
    verdicts: list[Verdict] = []
    judged = [EMPTY]
    for part in parts:
        judged.append(part.judged)
        for verdict in part.verdicts:
            before = verdicts[-1] if verdicts else None
            if before and before.span.end == verdict.span.start and before.reason == verdict.reason:
                span = Span(before.span.start, verdict.span.end)
                verdicts[-1] = Verdict(span, verdict.grade, verdict.reason)
            else:
                verdicts.append(verdict)
    return Quality(channel, tuple(verdicts), union(*judged))


class _Section:
    """The judgment of one window."""

    def __init__(self, channel: Channel, window: Window) -> None:
        self._channel = channel
        self._window = window
        self._heard = Samples(window)
        self._fs = float(window.grid.fs)
        self._clip = max(round(CLIP_S.get(channel.quantity, 0.5) * self._fs), 4)
        self._flat = round(FLAT_S * self._fs)
        self._motion = MOTION.get(channel.quantity, MOTION_ELSEWHERE)
        self._violent = VIOLENT.get(channel.quantity, np.inf)
        self._heights: NDArray[np.float64] = np.empty(0)  # of the judged seconds so far
        self._next = int(np.floor(window.grid.time(window.first)))  # s, to be judged next
        self._told = window.speak_from

    def hear(self, first: int, counts: NDArray[np.integer]) -> None:
        """Take measured samples from grid index `first`."""
        self._heard.fill(first, counts)

    def step(self, known: int, *, last: bool) -> tuple[Quality, int]:
        window = self._window
        grid = window.grid
        # A flat stretch that ends in this second is known once its two seconds are.
        end = grid.time(known) if last else grid.time(known - self._flat - 1)
        upto = int(np.ceil(end)) if last else int(np.floor(end))
        if upto <= self._next:
            return Quality(self._channel, (), EMPTY), self._told
        seconds = np.arange(self._next, upto)
        edges = np.array([grid.first_at(float(s)) for s in range(self._next, upto + 1)])
        grades, judged = self._judge(np.clip(edges - window.first, 0, len(self._heard.counts)))
        self._next = upto
        starts = edges[:-1]
        mine = (starts >= self._told) & (starts < window.speak_to)
        self._told = min(max(int(edges[-1]), self._told), window.speak_to)
        return self._facts(seconds[mine & judged], grades[mine & judged]), self._told

    def _facts(self, seconds: NDArray[np.int64], grades: NDArray[np.int64]) -> Quality:
        verdicts = []
        for second, grade in zip(seconds.tolist(), grades.tolist(), strict=True):
            if grade:
                reason = GRADES[grade]
                span = Span(float(second), float(second + 1))
                verdicts.append(Verdict(span, "bad" if reason in BAD else "doubtful", reason))
        found = join_quality(self._channel, (Quality(self._channel, tuple(verdicts), EMPTY),))
        rows = np.column_stack((seconds, seconds + 1)).astype(np.float64)
        return Quality(self._channel, found.verdicts, Spans.of(rows))

    def _judge(self, edges: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        lo = max(int(edges[0]) - self._flat, 0)
        hi = min(int(edges[-1]) + self._flat, len(self._heard.counts))
        counts, valid = self._heard.counts[lo:hi], self._heard.valid[lo:hi]
        run = _equal_runs(counts, valid)
        inner = edges - lo
        high = _reduce(np.maximum, np.where(valid, counts, np.iinfo(np.int32).min), inner)
        low = _reduce(np.minimum, np.where(valid, counts, np.iinfo(np.int32).max), inner)
        share = _reduce(np.add, valid.astype(np.int64), inner) / np.maximum(np.diff(inner), 1)
        judged = share >= 0.5
        height = np.where(judged, high.astype(np.float64) - low, np.nan)
        second = np.repeat(np.arange(len(edges) - 1), np.diff(inner))
        span = slice(int(inner[0]), int(inner[-1]))
        edge = (counts[span] == high[second]) | (counts[span] == low[second])
        at_edge = np.where(edge & valid[span], run[span], 0)
        clipped = _reduce(np.maximum, at_edge, inner - inner[0]) >= self._clip
        # A quiet baseline is an edge too, and not clipped: a clipped edge is far from the mean.
        sums = _reduce(np.add, np.where(valid, counts, 0).astype(np.int64), inner)
        mean = sums / np.maximum(_reduce(np.add, valid.astype(np.int64), inner), 1)
        clipped &= np.minimum(high - mean, mean - low) > CLIP_FAR * height
        flat = _reduce(np.maximum, run[span], inner - inner[0]) >= self._flat
        usual = self._usual(height, judged & ~flat)
        grades = np.zeros(len(judged), dtype=np.int64)
        with np.errstate(invalid="ignore"):
            grades[height < LOW * usual] = 4
            grades[height > self._motion * usual] = 3
            grades[height > self._violent * usual] = 5
        grades[clipped & (height >= CLIP_HEIGHT)] = 2
        grades[flat] = 1
        return grades, judged

    def _usual(self, height: NDArray[np.float64], judged: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return the median height of the thirty judged seconds before each; NaN of too few."""
        known = np.concatenate((self._heights, height[judged]))
        padded = np.concatenate((np.full(BEFORE, np.nan), known))
        rows = np.lib.stride_tricks.sliding_window_view(padded, BEFORE)
        at = np.cumsum(judged).astype(np.int64) - judged + len(self._heights)
        number = np.minimum(at, BEFORE)
        usual = np.full(len(height), np.nan)
        enough = number >= LEAST
        if enough.any():
            usual[enough] = np.nanmedian(rows[at[enough]], axis=1)
        self._heights = known[-BEFORE:]
        return usual


def _reduce(
    ufunc: np.ufunc, values: NDArray[np.integer], edges: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Reduce the values between neighboring edges; an empty stretch gives zero."""
    out = np.zeros(len(edges) - 1, dtype=np.int64)
    some = np.flatnonzero(np.diff(edges) > 0)
    if len(some):
        stop = int(edges[-1])
        out[some] = ufunc.reduceat(values[:stop], edges[some])
    return out


def _equal_runs(counts: NDArray[np.integer], valid: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return, for each sample, the length of the run of equal measured samples it lies in."""
    if len(counts) == 0:
        return np.empty(0, dtype=np.int64)
    moves = np.ones(len(counts) + 1, dtype=np.bool_)
    moves[1:-1] = (counts[1:] != counts[:-1]) | ~(valid[1:] & valid[:-1])
    length = np.diff(np.flatnonzero(moves))
    return np.where(valid, np.repeat(length, length), 0)

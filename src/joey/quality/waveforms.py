"""Quality of a waveform, second by second: flat, clipped, noise, motion, low amplitude.

Each whole second of UTC is judged beside the two seconds around it and the thirty before. What is
missing is not judged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from joey.quality.types import Quality, Verdict
from joey.spans import EMPTY, Span, Spans, union
from joey.streams import Sections
from joey.workspaces import LIVE_S, lay_out

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from joey.signals import Channel, Segment, Signal
    from joey.streams import Window

__all__ = ["QualityDetector", "join_quality", "judge_waveform"]

FLAT_S = 2.0  # s, equal counts for so long
REST_S = 0.3  # s, the same of an ECG beside noise or motion: its amplifier was thrown to its rail
CLIP_S = {"ecg": 0.08, "pleth": 0.2, "resp": 0.5}  # s, equal counts at the edge of a second
BLOCK_S, SHORT_S, LONG_S = 0.02, 0.02, 0.1  # s, of an ECG: block, and boxes of the band
GATHER_S = 0.08  # s, that the energy of a beat is summed over
NEAR_S = 0.15  # s, no two beats are closer
STEP_S, SIDE_S = 0.004, 0.11  # s, of shapes that are compared: step, and how far to either side
PAUSE_S = 60  # s, that a chest may move little without another usual size
BEFORE = 30  # judged seconds that make the usual size
FORGET_S = 8  # s: a larger step is no live one, but a section's lead-in, heard at once
BACK_S = 10  # s before the one that is graded next, at whose samples nobody looks again


class QualityDetector:
    """The judgment of one waveform, chunk by chunk (`streams.Detector`, input ``signal``).

    Parameters
    ----------
    channel : Channel
        What is judged.
    sparing : bool
        Whether samples behind are given back to the system: for who has many signals.
    """

    inputs = ("signal",)

    def __init__(self, channel: Channel, *, sparing: bool = False) -> None:
        self.channel = channel
        self._sections: Sections[Quality] = Sections(
            lambda window: _Section(channel, window, sparing=sparing), sparing=sparing
        )

    @property
    def final(self) -> float:
        """Before this whole second all is told. [s]"""
        return float(np.floor(self._sections.final))

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
        ``flat`` (2 s of equal counts; of ECG 0.3 s beside noise or motion) and ``clipped`` are bad.
        Of ECG, in beats of which 99.5 % are meant to be right in good seconds and 97 % in doubtful
        ones: ``noise`` (energy between beats, deflections that are neither small nor a beat, or
        larger than a beat), ``motion`` (the baseline moves across a beat by a share of its height,
        all is larger than before) are doubtful or bad by degree, and one degree less where every
        deflection has two twins near, ``low amplitude`` (no beat of the usual size in 3 s) is bad.
        ``waves`` (P waves that are not conducted, T waves nearly as large and steep as R, that may
        be counted as beats) are doubtful or bad by their size, however alike.
        Of pleth and impedance ``motion`` (over 4 times the usual height) is doubtful, and of pleth
        ``low amplitude`` (under a fifth of it): a chest that does not breathe moves little, and
        `joey.breaths` says whether its leads are on. Joey's defaults.

    Raises
    ------
    ValueError
        If the signal is slower than 10 Hz: a numeric is judged by `judge_numeric`.

    Notes
    -----
    The thresholds were chosen on simulated preterm ECG with noise, wander, motion, muscle and loose
    electrodes, for `joey.beats.detect_beats`; docs/validation.md has how beats fare by grade, on
    other seeds and on real ECG. An ECG is looked at in the band of 20 ms minus 100 ms means, as the
    detector does; wander is a reason only where it is steep.
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
    rows = list(parts)
    if len(rows) == 1:
        return rows[0]
    verdicts: list[Verdict] = []
    judged = [EMPTY]
    for part in rows:
        judged.append(part.judged)
        for verdict in part.verdicts:
            before = verdicts[-1] if verdicts else None
            if before and _goes_on(before, verdict):
                span = Span(before.span.start, verdict.span.end)
                verdicts[-1] = Verdict(span, verdict.grade, verdict.reason)
            else:
                verdicts.append(verdict)
    return Quality(channel, tuple(verdicts), union(*judged))


def _goes_on(before: Verdict, after: Verdict) -> bool:
    same = before.grade == after.grade and before.reason == after.reason
    return same and before.span.end == after.span.start


class _Arrays:
    """The arrays one section works in; used again by later sections, for fresh memory is slow."""

    def __init__(self, quantity: str, window: Window) -> None:
        from joey.quality import grades, seconds  # noqa: PLC0415  loads Numba

        fs = float(window.grid.fs)
        self.length = length = window.stop - window.first
        self.kind = quantity, window.grid.fs
        self.is_ecg = quantity == "ecg"
        block = max(round(BLOCK_S * fs), 1)
        short, long = max(int(SHORT_S / 2 * fs), 1), max(int(LONG_S / 2 * fs), 1)
        clip = max(round(CLIP_S.get(quantity, 0.5) * fs), 4)
        gather, near = round(GATHER_S * fs / block), round(NEAR_S * fs / block)
        flat = round(FLAT_S * fs)
        rest = round(REST_S * fs) if self.is_ecg else flat
        pause = PAUSE_S if quantity == "resp" else 0
        step = max(round(STEP_S * fs), 1)
        side = round(SIDE_S * fs / step)
        tenth = round(0.1 * fs)
        widths = flat, clip, rest, block, short, long, gather, near, pause, step, side, tenth
        self.widths = np.array(widths, dtype=np.int64)
        many = int(length / fs) + 3
        blocks = length // block + 1 if self.is_ecg else 1
        self.state: NDArray[np.int64] = np.zeros(seconds.N_STATE, dtype=np.int64)
        self._block = block
        # All in one workspace: small arrays of their own would stay in holes of the C library.
        shapes = (
            (blocks // near + 2, seconds.N_MARKS),
            (many, seconds.N_COLUMNS),
            (many, 3),
            (many, 2),
        )
        found, rows, verdicts, judged = shapes
        self._passed = 0  # candidates whose memory was given back
        self._memory, arrays = lay_out(
            (np.int32, length),
            (np.bool_, length),
            (np.float64, 2 * blocks),
            (np.float64, seconds.TILE if self.is_ecg else 1),
            (np.float64, found[0] * found[1]),
            (np.float64, rows[0] * rows[1]),
            (np.int64, verdicts[0] * verdicts[1]),
            (np.int64, judged[0] * judged[1]),
        )
        self.samples: NDArray[np.int32] = arrays[0]
        self.valid: NDArray[np.bool_] = arrays[1]
        self.blocks: NDArray[np.float64] = arrays[2].reshape(2, blocks)
        self.tile: NDArray[np.float64] = arrays[3]
        self.found: NDArray[np.float64] = arrays[4].reshape(found)
        self.rows: NDArray[np.float64] = arrays[5].reshape(rows)
        self.verdicts: NDArray[np.int64] = arrays[6].reshape(verdicts)
        self.judged: NDArray[np.int64] = arrays[7].reshape(judged)
        self.usual: NDArray[np.float64] = np.zeros((2, BEFORE))
        self.judge, self.grades = grades.judge, grades.GRADES
        self.missing, self.graded = seconds.MISSING, seconds.GRADED
        self._found_to, self._place = seconds.FOUND, seconds.PLACE

    def forget(self, before: int, second: int) -> None:
        """Give back what lies before a sample of the window, and before a second of it."""
        self._memory.forget(self.samples, before)
        self._memory.forget(self.valid, before)
        self._memory.forget(self.rows, second)
        if self.is_ecg:
            for row in self.blocks:
                self._memory.forget(row, before // self._block)
            there = self.found[self._passed : self.state[self._found_to], self._place]
            self._passed += int(np.searchsorted(there, before))
            self._memory.forget(self.found, self._passed)

    def tidy(self) -> None:
        """Give back what a large step took to work in."""
        self._memory.clear(self.tile)

    def leave(self) -> None:
        """Make the arrays those of a section that has heard nothing, and leave them to another.

        Where part of them was given back, new ones are as soon made.
        """
        if self._memory.given or len(LEFT) >= MOST_LEFT:
            return
        self.valid[:] = False
        self.state[:] = self._passed = 0
        self.usual[:] = 0.0
        LEFT.append(self)


# Arrays that sections have left, of any detector of this process: live, all beds' sections end at
# the same mark, and each bed's own would stand empty for ten minutes.
LEFT: list[_Arrays] = []
MOST_LEFT = 4  # about 1 MB each at 250 Hz


def _arrays_for(quantity: str, window: Window) -> _Arrays:
    """Return arrays that a window fits, those of a section that left them where there are such."""
    for left in tuple(LEFT):
        if left.kind == (quantity, window.grid.fs) and left.length >= window.stop - window.first:
            try:
                LEFT.remove(left)
            except ValueError:
                continue  # another thread took it
            return left
    return _Arrays(quantity, window)


class _Section:
    """The judgment of one window."""

    def __init__(self, channel: Channel, window: Window, *, sparing: bool) -> None:
        self._channel = channel
        self._window = window
        self._heard = self._known = window.first  # written down; worked on
        self._sparing = sparing  # but not where an archive is read in large steps
        self._told = window.speak_from
        length = window.stop - window.first
        self._arrays = _arrays_for(channel.quantity, window)
        self._second = int(np.floor(window.grid.time(window.first)))  # s, the first
        edges = _edges(window, self._second)
        speak = np.searchsorted(edges, (window.speak_from, window.speak_to))
        self._speak = speak.astype(np.int64)
        self._starts = edges
        self._edges = np.clip(edges - window.first, 0, length)

    def hear(self, first: int, counts: NDArray[np.integer]) -> None:
        """Take measured samples from grid index `first`."""
        arrays = self._arrays
        arrays.state[arrays.missing] += first - self._heard
        at = first - self._window.first
        self._heard = first + len(counts)
        arrays.samples[at : at + len(counts)] = counts
        arrays.valid[at : at + len(counts)] = True

    def take(self, first: int, counts: NDArray[np.integer]) -> tuple[Quality, int]:
        """Take measured samples, and go on with what is known behind them."""
        self.hear(first, counts)
        return self.step(first + len(counts), last=False)

    def step(self, known: int, *, last: bool) -> tuple[Quality, int]:
        """Return the judgments that became final."""
        window, arrays = self._window, self._arrays
        if known > self._heard:
            arrays.state[arrays.missing] += known - self._heard
            self._heard = known
        n_verdicts, n_judged = arrays.judge(
            known - window.first,
            last,
            arrays.is_ecg,
            self._speak,
            arrays.widths,
            arrays.state,
            self._edges,
            arrays.samples,
            arrays.valid,
            arrays.tile,
            arrays.blocks,
            arrays.found,
            arrays.rows,
            arrays.usual,
            arrays.verdicts,
            arrays.judged,
        )
        reached = int(self._starts[arrays.state[arrays.graded]])
        self._told = window.speak_to if last else min(max(reached, self._told), window.speak_to)
        facts = self._facts(n_verdicts, n_judged)
        step, self._known = known - self._known, known
        self._sparing = self._sparing and step < LIVE_S * window.grid.fs
        if last or self._told >= window.speak_to:
            arrays.leave()
        elif self._sparing:
            second = max(int(arrays.state[arrays.graded]) - BACK_S, 0)
            arrays.forget(int(self._edges[second]), second)
            if step > FORGET_S * window.grid.fs:
                arrays.tidy()
        return facts, self._told

    def _facts(self, n_verdicts: int, n_judged: int) -> Quality:
        if n_judged == 0:
            return Quality(self._channel, (), EMPTY)
        arrays, zero = self._arrays, float(self._second)
        verdicts = tuple(
            Verdict(Span(zero + start, zero + end), *arrays.grades[code])
            for start, end, code in arrays.verdicts[:n_verdicts].tolist()
        )
        return Quality(
            self._channel, verdicts, Spans(arrays.judged[:n_judged].astype(np.float64) + zero)
        )


def _edges(window: Window, second: int) -> NDArray[np.int64]:
    """Return the grid index of the first sample of each second of a window, and one more."""
    grid = window.grid
    number = int(np.ceil(grid.time(window.stop))) - second + 1
    if grid.fs.denominator == 1:
        return grid.first_at(float(second)) + grid.fs.numerator * np.arange(number)
    return np.array([grid.first_at(float(second + k)) for k in range(number)], dtype=np.int64)

"""The breath detector: impedance and beats in, breaths out, section by section.

Impedance sees the chest move. It does not see air: an infant who tries to breathe against a closed
airway breathes, for this module, and so does a still infant on a breathing chest (`quality` tests
for that).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from joey.breaths.cardiac import BINS, SETTLE_S, remove_heart
from joey.breaths.stillness import BLOCK_S, LEARN_S, Found, Stillness
from joey.breaths.types import Breaths
from joey.signals import Segment, runs_of
from joey.spans import EMPTY, Spans, union
from joey.streams import GAP_S, LEAD_IN_S, TAIL_S, Samples, Sections
from joey.workspaces import LIVE_S, lay_out

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from joey.beats import Beats
    from joey.breaths.decide import State
    from joey.signals import Channel, Signal
    from joey.streams import Window

__all__ = ["BreathDetector", "detect_breaths", "join_breaths"]

SMOOTH_S = 0.2  # s, a box applied twice: -3 dB near 1.7 Hz, zero at 5 Hz
DRIFT_S = 1.2  # s, a box whose mean is taken away: an adult's 16 breaths/min fall to a sixth
FLAT_S = 2.0  # s, impedance that does not change by a count for so long is not measured
LAG_S = 0.16  # s, of differences: the second tell an infant's breath from an adult's (0.3 Hz), the
# fourth breath from motion (2.5 Hz)
BACK_S = 15.0  # s before what is told next, at which nobody looks again but for the breath before
HOLE_S = 1.0  # s, a shorter hole in what can be searched is none


class BreathDetector:
    """Breaths of one impedance signal, chunk by chunk (`streams.Detector`).

    Inputs are ``resp`` (segments) and ``beats`` (`Beats` of the same infant, with their watermark).
    Where there are no beats the heart's share stays in, and breaths are flagged `HEART_IN`.

    Parameters
    ----------
    channel : Channel
        ``resp``.
    sparing : bool
        Whether samples behind are given back to the system: for who has many signals.

    Raises
    ------
    ValueError
        If the channel is of another quantity.
    """

    inputs = ("resp", "beats")

    def __init__(self, channel: Channel, *, sparing: bool = False) -> None:
        if channel.quantity != "resp":
            msg = f"breaths are found in resp, not in {channel.quantity!r}"
            raise ValueError(msg)
        self.channel = channel
        self._sparing = sparing
        self._beats: list[NDArray[np.float64]] = []
        self._waiting: list[Segment] = []
        self._upto = {"resp": -np.inf, "beats": -np.inf}
        self._sections: Sections[Breaths] = Sections(self._make, sparing=sparing)

    @property
    def final(self) -> float:
        """Before this time all is told. [s]"""
        return self._sections.final

    def update(
        self, new: Mapping[str, Sequence[Segment] | Beats], upto: Mapping[str, float]
    ) -> Breaths:
        """Take segments of ``resp``, `Beats` of ``beats``, or both; return the final breaths."""
        for name, data in new.items():
            if name == "beats":
                # Apart: they are part of an array for ten minutes of beats.
                self._beats.append(data.times.copy())  # type: ignore[union-attr]
            else:
                self._waiting += data  # type: ignore[arg-type]
        self._upto.update(upto)
        # A sample's heart share rests on beats after it.
        return self._go(min(self._upto["resp"], self._upto["beats"] - SETTLE_S))

    def finish(self) -> Breaths:
        """End both inputs; return the remaining breaths."""
        told = self._go(np.inf)
        return join_breaths(self.channel, (told, *self._sections.close()))

    def _go(self, upto: float) -> Breaths:
        if upto == -np.inf:  # one of the inputs has not begun
            return join_breaths(self.channel, ())
        ready: list[Segment] = []
        later: list[Segment] = []
        for segment in self._waiting:
            at = segment.stop if upto == np.inf else segment.grid.first_at(upto)
            ready.append(segment.part(segment.first, at))
            later.append(segment.part(at, segment.stop))
        self._waiting = [each for each in later if len(each.counts)]
        ready = [each for each in ready if len(each.counts)]
        if upto == np.inf:
            upto = ready[-1].span.end if ready else -np.inf
        if upto == -np.inf:
            return join_breaths(self.channel, ())
        told = self._sections.take(ready, upto)
        self._forget(upto)
        return join_breaths(self.channel, told)

    def _forget(self, upto: float) -> None:
        """Drop the beats no section can still need."""
        # The next section begins to hear when the one before ends, its tail past the mark.
        oldest = upto - LEAD_IN_S - TAIL_S - GAP_S - 2 * (SETTLE_S + FLAT_S)
        while len(self._beats) > 1 and (len(self._beats[0]) == 0 or self._beats[0][-1] < oldest):
            self._beats.pop(0)

    def _make(self, window: Window) -> _Section:
        return _Section(self.channel, window, self._beats, sparing=self._sparing)


def detect_breaths(resp: Signal, beats: Beats) -> Breaths:
    """Return the breaths seen in chest impedance.

    Parameters
    ----------
    resp : Signal
        Chest impedance, in any unit, 10 Hz or more.
    beats : Beats
        The infant's heart beats, whose ripple is taken out first.

    Returns
    -------
    Breaths
        Times of the peaks (end of inspiration where impedance rises with the lungs), and from where
        to where each breath moves. [s] Searched is what was measured, less 1 s at its edges, less
        where impedance stood still for 2 s, less where it moves too far for rest and not far enough
        for breath (bouts of motion, breathing gone shallow, leads put on anew: `stillness`), less
        silence without the heart's usual ripple or with more than the usual noise (`contact`).

    Raises
    ------
    ValueError
        If the signal is not ``resp``, or sampled too slowly.

    Notes
    -----
    Breaths by an amplitude threshold that follows the last fifteen breaths: the idea of T. Adjei et
    al., BMJ Open Respir. Res. 8:e001042, 2021, doi:10.1136/bmjresp-2021-001042, whose figures (13 %
    false, 12 % missed breaths) are theirs, not Joey's. The share, when the usual breath is trusted
    and when it is learned anew, and what counts as rest are Joey's defaults.
    """
    detector = BreathDetector(resp.channel)
    if resp.segments and resp.fs < 10:
        msg = f"breaths need 10 Hz or more, {resp.channel.label} has {float(resp.fs):g} Hz"
        raise ValueError(msg)
    end = max((segment.span.end for segment in resp.segments), default=0.0)
    upto = {"resp": end, "beats": end}
    first = detector.update({"resp": resp.segments, "beats": beats}, upto)
    return join_breaths(resp.channel, (first, detector.finish()))


def join_breaths(channel: Channel, parts: Iterable[Breaths]) -> Breaths:
    """Return consecutive findings as one."""
    rows = list(parts)
    if not rows:
        return Breaths(channel, np.empty(0), np.empty(0, dtype=np.uint8), EMPTY)
    return Breaths(
        channel,
        np.concatenate([each.times for each in rows]),
        np.concatenate([each.flags for each in rows]),
        union(*(each.searched for each in rows)),
        np.concatenate([each.edges for each in rows]),
    )


class _Section:
    """The breath detector's work on one window."""

    def __init__(
        self,
        channel: Channel,
        window: Window,
        beats: list[NDArray[np.float64]],
        *,
        sparing: bool,
    ) -> None:
        from joey.breaths import decide  # noqa: PLC0415  loads Numba
        from joey.breaths.contact import Contact  # noqa: PLC0415  loads Numba

        self._kernel = decide
        self._channel = channel
        self._window = window
        self._heard = Samples(window)
        self._beats = beats
        self._fs = float(window.grid.fs)
        self._smooth = max(2 * int(SMOOTH_S * self._fs / 2) + 1, 1)
        self._drift = 2 * int(DRIFT_S * self._fs / 2) + 1
        self._flat = round(FLAT_S * self._fs)
        self._near = self._smooth + self._drift // 2 + 1  # samples either side of a filtered one
        # A flat run that a cut shortens must still be seen as one: chunks do not matter.
        self._settle = round(SETTLE_S * self._fs) + 1 + self._flat
        boxes = self._smooth, self._drift, max(round(LAG_S * self._fs), 1)
        self._stillness = Stillness(len(self._heard.counts), self._fs, boxes)
        n = len(self._heard.counts)
        self._contact = Contact(n // self._stillness.block + 1, BLOCK_S, BINS)
        self._samples: NDArray[np.int64]
        self._searched: NDArray[np.bool_]
        self._removed: NDArray[np.bool_]
        self._memory, (self._samples, self._searched, self._removed) = lay_out(
            (np.int64, n), (np.bool_, n), (np.bool_, n)
        )
        self._known = window.first
        self._sparing = sparing
        self._ready = 0
        self._told = window.speak_from
        self._state: State | None = None  # until the first usual breath is learned
        self._places: NDArray[np.int64] = np.zeros(n // 2 + 1, dtype=np.int64)
        self._high: NDArray[np.float64] = np.zeros(n // 2 + 1)
        self._found = Found(
            np.empty(0, np.int64), np.empty(0), np.empty(0, np.bool_), np.empty(0), np.empty(0)
        )

    def hear(self, first: int, counts: NDArray[np.integer]) -> None:
        """Take measured samples from grid index `first`."""
        self._heard.fill(first, counts)

    def take(self, first: int, counts: NDArray[np.integer]) -> tuple[Breaths, int]:
        """Take measured samples, and go on with what is known behind them."""
        self.hear(first, counts)
        return self.step(first + len(counts), last=False)

    def step(self, known: int, *, last: bool) -> tuple[Breaths, int]:
        """Go on with what is known; breaths are final once the fall after them is."""
        window = self._window
        margin = 0 if last else self._near + self._settle
        stop = known - window.first - margin
        block = self._stillness.block
        if not last:
            stop -= stop % block
        if stop > self._ready:
            self._filter(self._ready, stop)
            self._ready = stop
        if last:
            self._stillness.close()
        upto = self._ready if last else self._stillness.known
        final = 0
        if self._state is None and (last or upto >= LEARN_S * self._fs):
            self._state = self._kernel.State(
                *self._stillness.usual(round(LEARN_S * self._fs) // block)
            )
        if self._state is not None:
            final = self._decide(upto, self._state)
        facts = self._tell(upto, final, last=last)
        self._sparing = self._sparing and known - self._known < LIVE_S * self._fs
        if self._sparing and not last:
            self._forget(final)
        self._known = known
        return facts

    def _forget(self, final: int) -> None:
        """Give back what nobody looks at again; a pause is looked at from the breath before it."""
        self._heard.forget(self._ready - self._near - self._settle)
        back = round(BACK_S * self._fs)
        before = min(self._told - self._window.first, final - self._stillness.ahead) - back
        peaks = self._found.peaks
        nth = int(np.searchsorted(peaks, before))
        if nth > 0:
            before = min(before, int(peaks[nth - 1]))
        self._stillness.forget(before)
        for part in (self._samples, self._searched, self._removed):
            self._memory.forget(part, before)

    def _filter(self, lo: int, hi: int) -> None:
        window = self._window
        reach = self._near + self._settle
        a, b = max(lo - reach, 0), min(hi + reach, len(self._heard.counts))
        counts, valid = self._heard.counts[a:b].astype(np.int64), self._heard.valid[a:b].copy()
        valid &= ~_still(counts, valid, self._flat)
        times = window.grid.times(np.arange(a, b) + window.first)
        beats = self._beats_near(times[0], times[-1]) if len(times) else np.empty(0)
        samples, removed, heart, cycle, mean = remove_heart(counts, valid, times, beats, self._fs)
        once = _box(np.where(valid, samples, 0), self._smooth)
        smooth = _box(once, self._smooth)
        # Both parts in the same unit: (samples x smooth^2) x drift.
        slow = _box(smooth, self._drift)
        band = smooth * self._drift - slow
        whole = _box(valid.astype(np.int64), 2 * self._near + 1) == 2 * self._near + 1
        inner = slice(lo - a, hi - a)
        self._samples[lo:hi] = band[inner]
        self._searched[lo:hi] = whole[inner]
        self._removed[lo:hi] = removed[inner]
        noise, height = self._stillness.add(band, whole, samples, heart, once, lo - a, hi - a)
        at = lo - a + self._stillness.block * np.arange(len(noise))
        lengths = np.append(np.diff(beats), 1.0)  # the last one's is not asked for
        self._contact.add(mean, lengths, cycle[at], removed[at], noise, height, whole[at])

    def _beats_near(self, start: float, end: float) -> NDArray[np.float64]:
        near = []
        # A live stream has hundreds of small parts: the late ones are looked at first.
        for beats in reversed(self._beats):
            if len(beats) == 0 or beats[0] > end + SETTLE_S:
                continue
            if beats[-1] < start - SETTLE_S:
                break
            lo, hi = np.searchsorted(beats, (start - SETTLE_S, end + SETTLE_S))
            near.append(beats[lo:hi])
        return np.concatenate(near[::-1]) if near else np.empty(0)

    def _decide(self, upto: int, state: State) -> int:
        still = self._stillness
        number, final = self._kernel.decide(
            self._samples,
            self._searched,
            still.blocks,
            still.marks,
            still.block,
            still.slowest,
            upto,
            self._fs,
            state.numbers,
            state.rings,
            self._places,
            self._high,
        )
        if number:
            peaks = self._places[:number]
            new = still.look_at(peaks, self._high[:number], ~self._removed[peaks])
            self._found = Found(
                *(np.concatenate(both) for both in zip(self._found, new, strict=True))
            )
        return int(final)

    def _tell(self, ready: int, final: int, *, last: bool) -> tuple[Breaths, int]:
        window = self._window
        known = ready if last else max(min(final, ready) - self._stillness.ahead, 0)
        if not last and final < LEARN_S * self._fs:
            known = 0  # the first breaths judge each other
        upto = min(max(known + window.first, self._told), window.speak_to)
        peaks, rises, bare, *_ = self._found
        begin, end = np.searchsorted(peaks, (self._told - window.first, upto - window.first))
        mine = peaks[begin:end]
        flags = np.where(bare[begin:end], HEART_IN, 0).astype(np.uint8)
        edges = self._kernel.edges_of(
            self._samples,
            self._searched,
            peaks,
            rises,
            begin,
            end,
            self._stillness.shallow(mine, self._kernel.SHALLOW),
            self._fs,
        )
        lo, hi = self._told - window.first, upto - window.first
        # A hole shorter than a breath would cut a pause in two that are both too short.
        pad = round(HOLE_S * self._fs) if hi > lo else 0
        a, b = max(lo - pad, 0), max(min(hi + pad, ready), hi)
        unsure = self._stillness.unsure(
            self._samples,
            self._searched,
            self._found,
            self._contact,
            a,
            b,
        )
        sure = self._searched[lo:hi] & ~without_holes(unsure, pad)[lo - a : hi - a]
        runs = runs_of(sure) + (lo + window.first)
        times = window.grid.times
        searched = Spans.of(times(runs.ravel()).reshape(-1, 2))
        self._told = upto
        around = times(edges.ravel() + window.first).reshape(-1, 2)
        return Breaths(self._channel, times(mine + window.first), flags, searched, around), upto


HEART_IN = 1  # breath flag: too few beats around, the heart's ripple is still in


def without_holes(unsure: NDArray[np.bool_], width: int) -> NDArray[np.bool_]:
    """Return the same without runs shorter than `width` that have both ends inside."""
    out = unsure.copy()
    for start, end in runs_of(unsure).tolist():
        if start > 0 and end < len(unsure) and end - start < width:
            out[start:end] = False
    return out


def _still(counts: NDArray[np.int64], valid: NDArray[np.bool_], width: int) -> NDArray[np.bool_]:
    """Return where samples lie in a run of `width` or more equal ones."""
    moves = np.ones(len(counts) + 1, dtype=np.bool_)
    moves[1:-1] = (np.diff(counts) != 0) | (valid[1:] != valid[:-1])
    edges = np.flatnonzero(moves)
    long = np.diff(edges) >= width
    return np.repeat(long, np.diff(edges))


def _box(x: NDArray[np.int64], width: int) -> NDArray[np.int64]:
    half = width // 2
    # A slice difference of one running sum: gathering by index would cost three times as much.
    sums = np.zeros(len(x) + 2 * half + 1, dtype=np.int64)
    np.cumsum(x, out=sums[half + 1 : half + 1 + len(x)])
    sums[half + 1 + len(x) :] = sums[half + len(x)]
    return sums[width:] - sums[:-width]

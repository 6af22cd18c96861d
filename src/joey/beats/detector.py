"""The beat detector: candidates, decisions and times, section by section.

It says where beats are and where it looked. Whether a long time without a beat is a pause or a lost
trace cannot be told from one lead: `intervals` makes no interval of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from joey.beats.recipes import ECG, PLETH, Recipe, widths
from joey.beats.types import Beats
from joey.signals import NS
from joey.spans import EMPTY, Spans, union
from joey.streams import Sections

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from joey.signals import Channel, Segment, Signal
    from joey.streams import Window

__all__ = ["BeatDetector", "detect_beats", "join_beats"]


class BeatDetector:
    """Heart beats of one ECG or pleth signal, chunk by chunk (`streams.Detector`).

    Parameters
    ----------
    channel : Channel
        ``ecg`` or ``pleth``.

    Raises
    ------
    ValueError
        If the channel is of another quantity.
    """

    inputs = ("signal",)

    def __init__(self, channel: Channel) -> None:
        recipes = {"ecg": ECG, "pleth": PLETH}
        if channel.quantity not in recipes:
            msg = f"beats are found in ecg or pleth, not in {channel.quantity!r}"
            raise ValueError(msg)
        self.channel = channel
        recipe = recipes[channel.quantity]
        empty: list[_Room] = []
        self._sections: Sections[Beats] = Sections(
            lambda window: _Section(channel, recipe, window, empty)
        )

    def update(self, new: Mapping[str, Sequence[Segment]], upto: Mapping[str, float]) -> Beats:
        """Take segments of ``signal``; return the beats that became final."""
        found = self._sections.take(new.get("signal", ()), upto["signal"])
        return join_beats(self.channel, found)

    def finish(self) -> Beats:
        """End the signal; return the remaining beats."""
        return join_beats(self.channel, self._sections.close())


def detect_beats(signal: Signal) -> Beats:
    """Return the heart beats of an ECG or a pleth.

    Works from 30 to 300 beats/min and for either polarity; times are sub-sample.

    Parameters
    ----------
    signal : Signal
        ``ecg`` or ``pleth``, in any unit. At least 100 Hz for ECG and 30 Hz for pleth.

    Returns
    -------
    Beats
        Times of the R wave's highest deflection (ECG) or of the steepest upstroke (pleth). [s]
        Searched is what was measured, less 0.1 s at its edges (0.3 s for pleth), a long time
        without a beat included: `rr_intervals` takes out what lies between beats further apart than
        4 s. No beat is found across what was not measured.

    Raises
    ------
    ValueError
        If the signal is neither, or sampled too slowly.

    Notes
    -----
    The band is a difference of two boxes after the idea of W. Engelse and C. Zeelenberg (1979);
    threshold, search-back and T-wave rejection follow J. Pan and W. J. Tompkins, IEEE Trans.
    Biomed. Eng. 32:230-236, 1985, doi:10.1109/TBME.1985.325532, with neonatal widths (QRS 50-80 ms,
    refractory 180 ms). Departures: integer sums instead of recursive filters (so that chunks do not
    matter), absolute slope instead of its square, medians of eight instead of running averages.
    """
    detector = BeatDetector(signal.channel)
    least = 100 if signal.channel.quantity == "ecg" else 30
    if signal.segments and signal.fs < least:
        msg = f"beats need {least} Hz or more, {signal.channel.label} has {float(signal.fs):g} Hz"
        raise ValueError(msg)
    end = signal.segments[-1].span.end if signal.segments else 0.0
    first = detector.update({"signal": signal.segments}, {"signal": end})
    return join_beats(signal.channel, (first, detector.finish()))


def join_beats(channel: Channel, parts: Iterable[Beats]) -> Beats:
    """Return consecutive findings as one."""
    rows = list(parts)
    if len(rows) == 1:
        return rows[0]
    if not rows:
        return Beats(channel, np.empty(0), np.empty(0, dtype=np.uint8), EMPTY)
    return Beats(
        channel,
        np.concatenate([each.times for each in rows]),
        np.concatenate([each.flags for each in rows]),
        union(*(each.searched for each in rows)),
    )


class _Room:
    """The arrays one section works in; used again by later sections, for fresh memory is slow."""

    def __init__(self, recipe: Recipe, window: Window) -> None:
        from joey.beats import decide, deflections, kernels  # noqa: PLC0415  loads Numba

        w = widths(recipe, window.grid.fs)
        self.length = window.stop - window.first
        self.widths = w
        short = min(self.length, int(w[deflections.KEEP]) + kernels.TILE) + 3
        many = self.length // int(w[deflections.NEIGHBOR] + 1) + 2
        self.state: NDArray[np.int64] = np.zeros(kernels.N_STATE, dtype=np.int64)
        self.samples: NDArray[np.int32] = np.empty(self.length, dtype=np.int32)
        self.gone: NDArray[np.int32] = np.zeros(self.length + 1, dtype=np.int32)
        self.short: NDArray[np.int64] = np.zeros((4, short), dtype=np.int64)
        self.at: NDArray[np.int64] = np.empty((many, deflections.N_PLACES), dtype=np.int64)
        self.sizes: NDArray[np.float64] = np.empty((many, deflections.N_SIZES))
        self.timed: NDArray[np.float64] = np.empty(2 * int(w[deflections.AROUND]) + 3)
        self.runs: NDArray[np.int64] = np.empty((many, 2), dtype=np.int64)
        self.verdict: NDArray[np.uint8] = np.zeros(many, dtype=np.uint8)
        self.sign: NDArray[np.int8] = np.ones(many, dtype=np.int8)
        self.times: NDArray[np.float64] = np.empty(many)
        self.flags: NDArray[np.uint8] = np.empty(many, dtype=np.uint8)
        self.bounds: NDArray[np.float64] = np.empty((many, 2))
        self.decide = decide.State()
        self.hear, self.tell = kernels.hear, kernels.tell
        # A beat spans several counts, else it is the noise of quantization.
        boxes = (2 * w[deflections.SHORT] + 1) * (2 * w[deflections.LONG] + 1)
        grid = window.grid
        start_s, rest_ns = divmod(grid.start_ns, NS)
        self.clock = (
            *(float(grid.fs), float(decide.FLOOR * boxes)),
            *(float(start_s), rest_ns / NS, grid.fs.numerator, grid.fs.denominator),
        )
        self.grid = grid
        self._long, self._reach = int(w[deflections.LONG]), int(w[deflections.REACH])
        self._missing = kernels.MISSING
        self._starts = (
            [kernels.SLOPED, kernels.WEIGHED],
            [kernels.DONE, kernels.SCAN, kernels.BEST],
        )
        self.clear()

    def clear(self) -> None:
        """Make the arrays those of a section that has heard nothing."""
        if self.state[self._missing]:
            self.gone[:] = 0
        self.state[:] = 0
        self.state[self._starts[0]] = self._long
        self.state[self._starts[1]] = self._reach
        self.short[:, : 2 * self._reach] = 0
        self.verdict[:] = 0
        self.sign[:] = 1
        self.decide.clear()


class _Section:
    """The beat detector's work on one window: a room of arrays, and what was told."""

    def __init__(
        self, channel: Channel, recipe: Recipe, window: Window, empty: list[_Room]
    ) -> None:
        self._channel = channel
        self._window = window
        self._heard = window.first
        self._told = window.speak_from
        self._empty = empty
        length = window.stop - window.first
        fits = [room for room in empty if room.length >= length and room.grid == window.grid]
        self._room = fits[0] if fits else _Room(recipe, window)
        if fits:
            empty.remove(self._room)

    def hear(self, first: int, counts: NDArray[np.integer]) -> None:
        """Take measured samples from grid index `first`."""
        if first > self._heard:
            self._listen(NOTHING, first - self._heard)
        self._listen(counts.astype(np.int32, copy=False), len(counts))
        self._heard = first + len(counts)

    def step(self, known: int, *, last: bool) -> tuple[Beats, int]:
        """Return the beats that became final."""
        if known > self._heard:
            self._listen(NOTHING, known - self._heard)
            self._heard = known
        window, room, s = self._window, self._room, self._room.decide
        n_beats, n_spans, self._told = room.tell(
            last,
            self._told,
            window.speak_to,
            window.first,
            *room.clock,
            room.widths,
            room.state,
            room.samples,
            room.gone,
            room.at,
            room.sizes,
            room.timed,
            s.numbers,
            s.energies,
            s.intervals,
            s.order,
            room.verdict,
            room.sign,
            room.runs,
            room.times,
            room.flags,
            room.bounds,
        )
        times, flags = room.times[:n_beats].copy(), room.flags[:n_beats].copy()
        spans = Spans(room.bounds[:n_spans].copy())
        if last or self._told >= window.speak_to:
            room.clear()
            self._empty.append(room)
        return Beats(self._channel, times, flags, spans), self._told

    def _listen(self, counts: NDArray[np.int32], number: int) -> None:
        room = self._room
        room.hear(
            counts,
            len(counts) > 0,
            number,
            room.widths,
            room.state,
            room.samples,
            room.gone,
            room.short[0],
            room.short[1],
            room.short[2],
            room.short[3],
            room.at,
            room.runs,
        )


NOTHING: NDArray[np.int32] = np.empty(0, dtype=np.int32)

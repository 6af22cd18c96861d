"""The beat detector: candidates, decisions and times, section by section.

It says where beats are and where it looked. Whether a long time without a beat is a pause or a lost
trace cannot be told from one lead: `intervals` makes no interval of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from joey.beats.recipes import ECG, PLETH, Recipe, widths
from joey.beats.types import BeatFlag, Beats
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
        self._sections: Sections[Beats] = Sections(lambda window: _Section(channel, recipe, window))

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
        Searched is what was measured, less 0.1 s at its edges (0.3 s for pleth) and less the time
        between beats further apart than 4 s. No beat is found across what was not measured.

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
    if not rows:
        return Beats(channel, np.empty(0), np.empty(0, dtype=np.uint8), EMPTY)
    return Beats(
        channel,
        np.concatenate([each.times for each in rows]),
        np.concatenate([each.flags for each in rows]),
        union(*(each.searched for each in rows)),
    )


class _Section:
    """The beat detector's work on one window: the arrays of `kernels`, and what was told."""

    def __init__(self, channel: Channel, recipe: Recipe, window: Window) -> None:
        from joey.beats import decide, deflections, kernels  # noqa: PLC0415  loads Numba

        self._kernels = kernels
        self._channel = channel
        self._window = window
        self._heard = window.first
        self._told = window.speak_from
        w = self._w = widths(recipe, window.grid.fs)
        keep = int(w[deflections.KEEP])
        length = window.stop - window.first
        room = min(length, keep + kernels.TILE) + 2
        self._z: NDArray[np.int64] = np.zeros(kernels.N_STATE, dtype=np.int64)
        self._z[[kernels.SLOPED, kernels.WEIGHED]] = w[deflections.LONG]
        self._z[[kernels.DONE, kernels.SCAN, kernels.BEST]] = w[deflections.REACH]
        self._samples: NDArray[np.int32] = np.zeros(length, dtype=np.int32)
        self._gone: NDArray[np.int32] = np.zeros(length + 1, dtype=np.int32)
        self._buffers = tuple(np.zeros(room + 1, dtype=np.int64) for _ in range(4))
        self._timed: NDArray[np.float64] = np.empty(2 * int(w[deflections.AROUND]) + 3)
        many = length // int(w[deflections.NEIGHBOR] + 1) + 2
        self._at: NDArray[np.int64] = np.empty((many, deflections.N_PLACES), dtype=np.int64)
        self._sizes: NDArray[np.float64] = np.empty((many, deflections.N_SIZES))
        self._runs: NDArray[np.int64] = np.empty((many, 2), dtype=np.int64)
        self._verdict: NDArray[np.uint8] = np.zeros(many, dtype=np.uint8)
        self._sign: NDArray[np.int8] = np.ones(many, dtype=np.int8)
        self._state = decide.State(0)
        self._times: NDArray[np.float64] = np.empty(many)
        self._flags: NDArray[np.uint8] = np.empty(many, dtype=np.uint8)
        self._bounds: NDArray[np.float64] = np.empty((many, 2))
        # A beat spans several counts, else it is the noise of quantisation.
        boxes = (2 * w[deflections.SHORT] + 1) * (2 * w[deflections.LONG] + 1)
        grid = window.grid
        start_s, rest_ns = divmod(grid.start_ns, NS)
        self._clock = (
            *(float(grid.fs), float(decide.FLOOR * boxes)),
            *(float(start_s), rest_ns / NS, grid.fs.numerator, grid.fs.denominator),
        )

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
        window, s = self._window, self._state
        n_beats, n_spans, self._told = self._kernels.tell(
            last,
            self._told,
            window.speak_to,
            window.first,
            *self._clock,
            self._w,
            self._z,
            self._samples,
            self._gone,
            self._at,
            self._sizes,
            self._timed,
            s.numbers,
            s.energies,
            s.intervals,
            self._verdict,
            self._sign,
            self._runs,
            self._times,
            self._flags,
            self._bounds,
        )
        times, flags = self._times[:n_beats].copy(), self._flags[:n_beats].copy()
        return Beats(self._channel, times, flags, Spans(self._bounds[:n_spans].copy())), self._told

    def _listen(self, counts: NDArray[np.int32], number: int) -> None:
        measured = len(counts) > 0
        held = (self._w, self._z, self._samples, self._gone, *self._buffers)
        self._kernels.hear(counts, measured, number, *held, self._at, self._runs)


NOTHING: NDArray[np.int32] = np.empty(0, dtype=np.int32)

"""The beat detector: candidates, decisions and times, section by section.

It says where beats are and where it looked. Whether a long time without a beat is a pause or a lost
trace cannot be told from one lead: `intervals` makes no interval of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from joey.beats.candidates import ECG, PLETH, Recipe, candidates, widths
from joey.beats.types import BeatFlag, Beats
from joey.signals import runs_of
from joey.spans import EMPTY, Spans, union
from joey.streams import Sections

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from joey.beats.candidates import Candidates
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
    """The beat detector's work on one window."""

    def __init__(self, channel: Channel, recipe: Recipe, window: Window) -> None:
        from joey.beats import decide  # noqa: PLC0415  loads Numba

        self._kernel = decide
        self._channel = channel
        self._window = window
        self._widths = widths(recipe, window.grid.fs)
        self._state = decide.State(0)
        self._ready = 0  # window index before which candidates are known
        self._told = window.speak_from
        self._at: NDArray[np.int64] = np.empty((0, 6), dtype=np.int64)
        self._shift: NDArray[np.float64] = np.empty((0, 2))
        self._verdict: NDArray[np.uint8] = np.empty(0, dtype=np.uint8)
        self._sign: NDArray[np.int8] = np.empty(0, dtype=np.int8)
        self._searched: NDArray[np.bool_] = np.zeros(len(window.counts), dtype=np.bool_)

    def step(self, known: int, *, last: bool) -> tuple[Beats, int]:
        window = self._window
        stop = known - window.first if last else known - window.first - self._widths.context
        if stop > self._ready:
            found, searched = candidates(
                window.counts, window.valid, self._widths, self._ready, stop
            )
            self._searched[self._ready : stop] = searched
            self._keep(found)
            self._ready = stop
        s = self._state
        # A beat spans several counts, else it is the noise of quantisation.
        floor = self._kernel.FLOOR * self._widths.short * self._widths.long
        at, energy, high, low = np.ascontiguousarray(self._at[:, :4].T)
        final = self._kernel.decide(
            at,
            energy,
            high,
            low,
            self._ready,
            last,
            float(window.grid.fs),
            float(floor),
            s.numbers,
            s.energies,
            s.intervals,
            self._verdict,
            self._sign,
        )
        return self._tell(window.first + final)

    def _keep(self, found: Candidates) -> None:
        rows = np.column_stack(
            (found.at, found.energy, found.high, found.low, found.at_high, found.at_low)
        )
        self._at = np.concatenate((self._at, rows))
        shifts = np.column_stack((found.shift_high, found.shift_low))
        self._shift = np.concatenate((self._shift, shifts))
        more = len(found.at)
        self._verdict = np.concatenate((self._verdict, np.zeros(more, dtype=np.uint8)))
        self._sign = np.concatenate((self._sign, np.ones(more, dtype=np.int8)))

    def _tell(self, final: int) -> tuple[Beats, int]:
        window = self._window
        upto = min(max(final, self._told), window.speak_to)
        at = self._at[:, 0] + window.first
        mine = (at >= self._told) & (at < upto) & (self._verdict >= self._kernel.BEAT)
        up = self._sign[mine] > 0
        peak = np.where(up, self._at[mine, 4], self._at[mine, 5]) + window.first
        shift = np.where(up, self._shift[mine, 0], self._shift[mine, 1])
        flags = (self._verdict[mine] == self._kernel.SEARCHED_BACK) * np.uint8(
            BeatFlag.SEARCHED_BACK
        )
        lo, hi = self._told - window.first, upto - window.first
        runs = runs_of(self._searched[lo:hi]) + (lo + window.first)
        searched = Spans.of(window.grid.times(runs.ravel()).reshape(-1, 2))
        self._told = upto
        times = window.grid.times(peak + shift)
        return Beats(self._channel, times, flags.astype(np.uint8), searched), upto

"""The beat detector: candidates, decisions and times, section by section.

It says where beats are and where it looked. Whether a long time without a beat is a pause or a lost
trace cannot be told from one lead: `intervals` makes no interval of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from joey.beats.recipes import ECG, PLETH, Recipe, smallest, widths
from joey.beats.types import Beats
from joey.signals import NS
from joey.spans import EMPTY, Spans, union
from joey.streams import LEAD_IN_S, MARK_S, TAIL_S, Sections

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from joey.signals import Channel, Segment, Signal
    from joey.streams import Window

__all__ = ["BeatDetector", "detect_beats", "join_beats"]

SPARE = 64  # samples that loops may read, and not use, behind the last
TIMED_S = 0.04  # s, a beat lies at most so long, a sample of a slow one, before where it is seen
MANY_SPANS = 256  # told, for which a section's array has room; then it takes a new one


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

    @property
    def final(self) -> float:
        """Before this time all is told. [s]"""
        return self._sections.final - TIMED_S

    def update(self, new: Mapping[str, Sequence[Segment]], upto: Mapping[str, float]) -> Beats:
        """Take segments of ``signal``; return the beats that became final."""
        found = self._sections.take(new.get("signal", ()), upto["signal"])
        return found[0] if len(found) == 1 else join_beats(self.channel, found)

    def finish(self) -> Beats:
        """End the signal; return the remaining beats."""
        return join_beats(self.channel, self._sections.close())


def detect_beats(signal: Signal) -> Beats:
    """Return the heart beats of an ECG or a pleth.

    Works from 30 to 300 beats/min and for either polarity; times are sub-sample. Which way up a
    pleth is follows from the skewness of its slopes and levels (`joey.beats.polarity`); a dicrotic
    wave is no pulse, however large (`joey.beats.pulses`), but where it outdoes the pulse it is what
    is timed.

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
        4 s. No beat is found across what was not measured. A beat whose energy tops within is told
        there, though its peak may lie up to 60 ms (pleth 80 ms) outside.

    Raises
    ------
    ValueError
        If the signal is neither, or sampled too slowly.

    Notes
    -----
    The band is a difference of two boxes after the idea of W. Engelse and C. Zeelenberg (1979);
    threshold, search-back and T-wave rejection follow J. Pan and W. J. Tompkins, IEEE Trans.
    Biomed. Eng. 32:230-236, 1985, doi:10.1109/TBME.1985.325532, with neonatal widths.
    The energies of two beats top at least 150 ms (pleth 120 ms) apart; in motion their peaks may be
    closer, as each is timed within 60 ms of its top. Departures: integer sums instead of recursive
    filters (so that chunks do not matter), absolute slope instead of its square, medians of eight
    instead of running averages.
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

    __slots__ = ("samples", "words")

    def __init__(self, length: int, words: int) -> None:
        self.words: NDArray[np.int64] = np.zeros(words, dtype=np.int64)
        self.samples: NDArray[np.int32] = np.zeros((2, length + SPARE), dtype=np.int32)


# Rooms that sections have left, of any detector of this process: nothing in them counts any more.
LEFT: list[_Room] = []
MOST_LEFT = 4  # about 1 MB each at 250 Hz


def _enter(length: int, words: int) -> _Room:
    """Return a room of the size, one that was left where there is one."""
    try:
        room = LEFT.pop()
    except IndexError:  # asked first, another thread might take the last
        return _Room(length, words)
    fits = len(room.words) == words and room.samples.shape[1] == length + SPARE
    return room if fits else _Room(length, words)


class _Section:
    """The beat detector's work on one window: a room of arrays, and what was told.

    Samples are only written down as they come; `step` works on all that are new in one call.
    """

    __slots__ = (
        "_bounds",
        "_channel",
        "_first",
        "_flags",
        "_gaps",
        "_heard",
        "_kernels",
        "_many",
        "_n_spans",
        "_n_told",
        "_room",
        "_samples",
        "_speak_to",
        "_stop",
        "_times",
        "_told",
        "_words",
    )

    def __init__(self, channel: Channel, recipe: Recipe, window: Window) -> None:
        from joey.beats import decide, kernels  # noqa: PLC0415  loads Numba

        grid = window.grid
        w = widths(recipe, grid.fs)
        start_s, rest_ns = divmod(grid.start_ns, NS)
        floor = smallest(w) * (decide.PULSE_FLOOR if recipe.steepest else decide.FLOOR)
        # Not all windows are as long as the longest, but so all fit the same rooms.
        length = max(window.stop - window.first, round((LEAD_IN_S + MARK_S + TAIL_S) * grid.fs) + 1)
        begin, words, many = kernels.furnish(
            w,
            (window.first, window.speak_from, window.speak_to),
            length,
            grid.fs.as_integer_ratio(),
            (float(grid.fs), float(floor), float(start_s), rest_ns / NS),
            decide.beginning(),
        )
        self._room = _enter(length, words)
        self._words = self._room.words
        self._words[: len(begin)] = begin
        self._samples = self._room.samples[0]
        self._many = many
        self._channel = channel
        self._kernels = kernels
        self._first = window.first
        self._speak_to = window.speak_to
        self._heard = self._stop = window.first  # worked on; written down
        self._gaps = False
        self._n_told = self._n_spans = 0
        self._take_paper()

    def _take_paper(self) -> None:
        """Take an array to tell in: facts are parts of it, so each place is written once."""
        words = self._many + self._many // 8 + 1 + 2 * (self._many + MANY_SPANS)
        self._told: NDArray[np.float64] = np.empty(words)
        cut = cast("Any", self._kernels.told_parts).py_func  # as the loop does, uncompiled
        self._times, self._flags, self._bounds = cut(self._told, self._many)

    def hear(self, first: int, counts: NDArray[np.integer]) -> None:
        """Take measured samples from grid index `first`."""
        if first != self._stop:
            self._listen(first)
        at = first - self._first
        self._stop = stop = first + len(counts)
        self._samples[at : stop - self._first] = counts

    def step(self, known: int, *, last: bool) -> tuple[Beats, int]:
        """Return the beats that became final."""
        kernels = self._kernels
        silent = known - self._stop
        if silent > 0:
            self._gaps = True
        else:
            silent = 0
        n, m = self._n_told, self._n_spans
        if m > MANY_SPANS:
            self._take_paper()
            self._words[kernels.Z + kernels.N_SPANS] = m = 0
        measured = self._stop - self._heard
        self._heard = self._stop = self._stop + silent
        then = kernels.END if last else kernels.TELL
        n_told, n_spans, told = kernels.advance(
            self._words, self._room.samples, self._told, measured, silent, then
        )
        self._n_told, self._n_spans = n_told, n_spans
        spans = Spans(self._bounds[m:n_spans]) if n_spans > m else EMPTY
        found = Beats(self._channel, self._times[n:n_told], self._flags[n:n_told], spans)
        if last or told >= self._speak_to:
            if self._gaps:
                self._room.samples[1] = 0
            if len(LEFT) < MOST_LEFT:
                LEFT.append(self._room)
        return found, told

    def _listen(self, upto: int) -> None:
        """Work on what is before grid index `upto`; what is not written down was not measured."""
        measured, silent = self._stop - self._heard, upto - self._stop
        kernels = self._kernels
        kernels.advance(
            self._words, self._room.samples, self._told, measured, silent, kernels.ONLY_HEAR
        )
        self._heard = self._stop = upto
        self._gaps = True

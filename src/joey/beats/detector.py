"""The beat detector: candidates, decisions and times, section by section.

It says where beats are and where it looked. Whether a long time without a beat is a pause or a lost
trace cannot be told from one lead: `intervals` makes no interval of it.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from joey.beats.recipes import ECG, END, ONLY_HEAR, PLETH, TELL, Recipe, smallest, widths
from joey.beats.types import Beats, told_beats
from joey.compiled import plain
from joey.signals import NS
from joey.spans import EMPTY, union
from joey.streams import MARK_S, Sections
from joey.workspaces import LIVE_S, Workspace

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from fractions import Fraction

    from numpy.typing import NDArray

    from joey.signals import Channel, Segment, Signal
    from joey.streams import Window

__all__ = ["BeatDetector", "detect_beats", "join_beats"]

# All that is carried is learned from 4.6 s and then of the last eight beats, or follows a sixteenth
# a beat; where none is found, what is open is decided within two learning spans.
BEATS_LEAD_IN_S, BEATS_TAIL_S = 30, 12
TIMED_S = 0.12  # s, a beat lies at most so long before where its energy tops: 80 ms and a sample
BACK_S = 15  # s: more before what was told last nobody looks at again
WAVES_S = 15  # s: so much further back, three periods of a very slow heart, waves are compared
FORGET_S = 8  # s between two times that what lies behind is given back
MANY_SPANS = 256  # told, that a section's array holds; then it takes a new one


def _no_flags(number: int) -> NDArray[np.uint8]:
    flags = np.zeros(number, dtype=np.uint8)
    flags.flags.writeable = False  # one array for all who tell so many
    return flags


NO_FLAGS = tuple(_no_flags(number) for number in range(16))  # what most beats have


class BeatDetector:
    """Heart beats of one ECG or pleth signal, chunk by chunk (`streams.Detector`).

    Parameters
    ----------
    channel : Channel
        ``ecg`` or ``pleth``.
    sparing : bool
        Whether samples behind are given back to the system: for who has many signals.

    Raises
    ------
    ValueError
        If the channel is of another quantity.
    """

    inputs = ("signal",)

    def __init__(self, channel: Channel, *, sparing: bool = False) -> None:
        recipes = {"ecg": ECG, "pleth": PLETH}
        if channel.quantity not in recipes:
            msg = f"beats are found in ecg or pleth, not in {channel.quantity!r}"
            raise ValueError(msg)
        self.channel = channel
        recipe = recipes[channel.quantity]
        self._sections: Sections[Beats] = Sections(
            lambda window: _Section(channel, recipe, window, sparing=sparing),
            lead_in_s=BEATS_LEAD_IN_S,
            tail_s=BEATS_TAIL_S,
            sparing=sparing,
        )

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


@cache
def _furnished(recipe: Recipe, fs: Fraction) -> tuple[NDArray[np.int64], int, int, int]:
    """Return how a workspace begins, samples of a window and words of it at most, and beats."""
    from joey.beats import decide, kernels, memory  # noqa: PLC0415  loads Numba

    w = widths(recipe, fs)
    floor = smallest(w) * (decide.PULSE_FLOOR if recipe.steepest else decide.FLOOR)
    # Not all windows are as long as the longest, but so all fit the same workspaces.
    length = round((BEATS_LEAD_IN_S + MARK_S + BEATS_TAIL_S) * fs) + 2
    begin, words, many = kernels.furnish(
        w, length, fs.as_integer_ratio(), float(floor), memory.beginning()
    )
    begin.flags.writeable = False  # one array for all who ask
    return begin, length, words, many


# Workspaces that sections have left, of any detector of this process, as fresh memory is slow;
# nothing in them counts any more.
LEFT: list[tuple[NDArray[np.int64], Workspace]] = []  # how each began, and itself
MOST_LEFT = 4  # about 2 MB each at 250 Hz


def _workspace(begin: NDArray[np.int64], words: int) -> Workspace:
    """Return a workspace that begins so, one that was left where there is one."""
    try:
        kind, left = LEFT.pop()
    except IndexError:  # asked first, another thread might take the last
        return Workspace(8 * words)
    return left if kind is begin else Workspace(8 * words)


class _Section:
    """The beat detector's work on one window: its workspace, and what was told.

    Samples are only written down as they come; `step` works on all that are new in one call.
    """

    __slots__ = (
        "_absent",
        "_advance",
        "_begin",
        "_bounds",
        "_channel",
        "_first",
        "_flagged",
        "_flags",
        "_forget_at",
        "_fs",
        "_gaps",
        "_gone",
        "_heard",
        "_kernels",
        "_many",
        "_memory",
        "_n_spans",
        "_n_told",
        "_samples",
        "_sparing",
        "_sparing_most",
        "_speak_to",
        "_stop",
        "_tables",
        "_times",
        "_told",
        "_work",
    )

    def __init__(self, channel: Channel, recipe: Recipe, window: Window, *, sparing: bool) -> None:
        from joey.beats import kernels  # noqa: PLC0415  loads Numba

        grid = window.grid
        begin, length, words, many = _furnished(recipe, grid.fs)
        if window.stop - window.first > length:
            msg = f"a window of beats has at most {length} samples"
            raise ValueError(msg)
        self._begin = begin
        self._memory = _workspace(begin, words)
        self._work: NDArray[np.int64] = self._memory.array(np.int64, words)
        self._work[: len(begin)] = begin
        start_s, rest_ns = divmod(grid.start_ns, NS)
        speak = window.speak_from, window.speak_to
        kernels.address(self._work, window.first, speak, (start_s, rest_ns / NS))
        self._samples, self._absent = plain(kernels.samples_of)(self._work)
        self._tables = kernels.tables_of(self._work)
        self._gone = 0  # candidates that nobody looks at again
        self._many = many
        self._channel = channel
        self._kernels = kernels
        self._advance = kernels.advance
        self._first = window.first
        self._speak_to = window.speak_to
        self._heard = self._stop = window.first  # worked on; written down
        self._gaps = False
        self._fs = round(grid.fs)
        self._forget_at = window.first + 2 * BACK_S * self._fs
        # An archive is read in large steps: its workspaces are used again.
        self._sparing, self._sparing_most = sparing, LIVE_S * self._fs
        self._n_told = self._n_spans = self._flagged = 0
        self._take_paper()

    def _take_paper(self) -> None:
        """Take an array to tell in: facts are parts of it, so each place is written once."""
        words = self._many + self._many // 8 + 1 + 2 * (self._many + MANY_SPANS)
        self._told: NDArray[np.float64] = np.empty(words)
        cut = plain(self._kernels.told_parts)
        self._times, self._flags, bounds = cut(self._told, self._many)
        self._bounds = bounds.reshape(-1, 2)

    def hear(self, first: int, counts: NDArray[np.integer]) -> None:
        """Take measured samples from grid index `first`."""
        if first != self._stop:
            self._listen(first)
        at = first - self._first
        self._stop = stop = first + len(counts)
        self._samples[at : stop - self._first] = counts

    def take(self, first: int, counts: NDArray[np.integer]) -> tuple[Beats, int]:
        """Take measured samples; return the beats that became final."""
        if first != self._stop:
            self._listen(first)
        at = first - self._first
        stop = first + len(counts)
        self._samples[at : stop - self._first] = counts
        measured = stop - self._heard
        self._heard = self._stop = stop
        return self._go_on(measured, TELL)

    def step(self, known: int, *, last: bool) -> tuple[Beats, int]:
        """Return the beats that became final."""
        silent = max(known - self._stop, 0)
        measured = self._stop - self._heard
        self._heard = self._stop = self._stop + silent
        if silent > 0:
            self._pause(silent)
        return self._go_on(measured, END if last else TELL)

    def _go_on(self, measured: int, then: int) -> tuple[Beats, int]:
        n, m = self._n_told, self._n_spans
        if m > MANY_SPANS:
            self._take_paper()
            self._work[self._kernels.Z + self._kernels.N_SPANS] = m = 0
        n_told, flagged, n_spans, upto = self._advance(self._work, self._told, measured, then)
        self._n_told, self._n_spans = n_told, n_spans
        if flagged == self._flagged and n_told - n < len(NO_FLAGS):
            flags = NO_FLAGS[n_told - n]
        else:
            flags = self._flags[n:n_told]
            self._flagged = flagged
        found = told_beats(self._channel, self._times[n:n_told], flags, self._bounds[m:n_spans])
        if then == END or upto >= self._speak_to:
            self._leave()
        elif self._sparing and self._stop >= self._forget_at:
            self._forget(upto, measured)
        return found, upto

    def _forget(self, upto: int, measured: int) -> None:
        """Give back the samples and candidates before those that may be looked at again."""
        self._forget_at = self._stop + FORGET_S * self._fs
        self._sparing = measured <= self._sparing_most
        if not self._sparing:
            return
        # Before the window speaks `upto` is where it will, whatever is still undecided.
        before = min(upto, self._stop - BACK_S * self._fs) - BACK_S * self._fs - self._first
        self._memory.forget(self._samples, before)
        self._memory.forget(self._absent, before)
        kernels = self._kernels
        places, sizes, blocks, buffers = self._tables
        there = places[self._gone : self._work[kernels.Z + kernels.FOUND], kernels.TOP]
        self._gone += int(np.searchsorted(there, before - WAVES_S * self._fs))
        for table, rows in (
            (places, self._gone),
            (sizes, self._gone),
            (blocks, before // max(int(self._work[kernels.TURN]), 1)),  # an ECG has none
        ):
            self._memory.forget(table, rows)
        if measured > FORGET_S * self._fs:  # its lead-in at once: what is live needs less of them
            self._memory.clear(buffers)

    def _leave(self) -> None:
        if self._memory.given or len(LEFT) >= MOST_LEFT:
            return
        if self._gaps:
            self._absent[:] = 0
        LEFT.append((self._begin, self._memory))

    def _listen(self, upto: int) -> None:
        """Work on what is before grid index `upto`; what is not written down was not measured."""
        measured, silent = self._stop - self._heard, upto - self._stop
        self._pause(silent)
        self._advance(self._work, self._told, measured, ONLY_HEAR)
        self._heard = self._stop = upto

    def _pause(self, silent: int) -> None:
        self._work[self._kernels.Z + self._kernels.SILENT] = silent
        self._gaps = True

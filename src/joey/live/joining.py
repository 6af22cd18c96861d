"""Chunks onto the grid of their stream, and numerics into order (Law 9).

The count of samples is the truth, for monitors stamp coarsely: a chunk whose stamp is near where
it was predicted follows the one before. What comes out of order waits for up to ten seconds; what
comes later than that is told as late. Nothing is ever resampled.
"""

from __future__ import annotations

import zlib
from array import array
from bisect import bisect_left
from collections import deque
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from joey.live.facts import Chunk, JoinState, Late, Note
from joey.signals import NS, Grid, Segment, Series, runs_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from joey.signals import Channel
    from joey.sources.hl7.types import Numeric, Wave

__all__ = ["HOLD_S", "NEVER", "Joined", "Joiner", "NumericJoiner"]

HOLD_S = 10.0  # s that what is out of order is waited for
JITTER_S = 0.1  # s by which a stamp may be off where the source has not said better
SHARE = 0.45  # of a chunk's length: an undeclared jitter is less, or the next chunk would fit too
SMOOTH = 1 / 32  # weight of a new stamp in the tracked distance of stamps from the count
ANCHOR_S = 0.5  # s of that distance, from which the grid is anchored anew
EXACT_NS = 1_000  # ns; a stamp this near to a grid point lies on it
LONG_HOLE_S = 10.0  # s; after a longer hole the stamp is believed
KNOWN = 64  # chunks whose stamps and contents are remembered, to tell what is sent twice
COVERED_S = 900.0  # s for which it is remembered what was measured
WORD = 8  # bytes of a time, or a value
MOST_RECENT = 900  # values of a numeric that are remembered: most come once a second
NEVER = -(1 << 62)  # ns
STANDS = 1.5  # usual intervals for which a numeric stands
USUAL = 5  # intervals that make the usual one
FIRST_S = 1.0  # s, the usual interval until one is seen
SHORTEST_S, LONGEST_S = 0.25, 60.0  # s, usual intervals


@dataclass(frozen=True, slots=True)
class Joined:
    """What a joiner has put in order.

    Parameters
    ----------
    chunks : tuple of Chunk
        Consecutive, never overlapping.
    series : tuple of Series
        Of numerics.
    late : tuple of Late
        What came for time that had been told.
    notes : tuple of Note
        Holes, overlaps, duplicates and new anchors.
    """

    chunks: tuple[Chunk, ...] = ()
    series: tuple[Series, ...] = ()
    late: tuple[Late, ...] = ()
    notes: tuple[Note, ...] = ()


NOTHING = Joined()


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    start_ns: int
    counts: NDArray[np.int32]
    runs: NDArray[np.int64]


class Joiner:
    """The chunks of one signal, in any order, onto one grid.

    Parameters
    ----------
    wave : Wave or JoinState
        Its channel, rate and scale; a chunk of another rate or scale is of another signal.
    hold_s : float
        How long what lies beyond a hole waits for the hole to be filled. Zero: not at all, as a
        screen wants it. [s]
    jitter_s : float or None
        By how much the source's stamps may be off; None: 0.1 s, and less than half a chunk. [s]
    after_ns : int
        What lies before is late: another signal of the channel was told until then. [ns]

    Notes
    -----
    Memory is what waits, a few numbers of each of the last chunks, and the spans of a quarter of
    an hour.
    """

    def __init__(
        self,
        wave: Wave | JoinState,
        *,
        hold_s: float = HOLD_S,
        jitter_s: float | None = None,
        after_ns: int = NEVER,
    ) -> None:
        self.channel = wave.channel
        self.fs = wave.fs
        self.scale, self.offset = wave.scale, wave.offset
        self._hold_ns = round(hold_s * NS)
        self._jitter_ns = None if jitter_s is None else round(jitter_s * NS)
        self._per_sample = NS * wave.fs.denominator / wave.fs.numerator
        self._grid: Grid | None = None
        self._next = 0  # grid index after the last joined sample
        self._away = 0.0  # ns by which stamps are later than the count says
        self._newest = NEVER  # ns, the newest time known to have passed
        self._told = after_ns  # ns before which nothing is waited for any more
        self._waiting: list[_Waiting] = []
        self._sent: deque[tuple[int, int]] = deque(maxlen=KNOWN)
        self._covered: deque[tuple[int, int]] = deque()  # ns, from and to, what was measured
        if isinstance(wave, JoinState):
            self._grid = Grid(wave.start_ns, wave.fs)
            self._next, self._away = wave.following, wave.away_ns
            self._told = max(self._told, self._end_ns())

    def fits(self, wave: Wave) -> bool:
        """Whether a chunk is of this signal."""
        return (wave.fs, wave.scale, wave.offset) == (self.fs, self.scale, self.offset)

    @property
    def state(self) -> JoinState | None:
        """How far it has come, without what waits; None before the first chunk is joined."""
        if self._grid is None:
            return None
        return JoinState(
            self.channel, self._grid.start_ns, self.fs, self._next, self._away,
            self.scale, self.offset,
        )  # fmt: skip

    @property
    def told_ns(self) -> int:
        """Before this time nothing is waited for: what is missing there stays missing. [ns]"""
        return self._told

    def take(self, wave: Wave) -> Joined:
        """Take a chunk; return what it lets be joined."""
        n = len(wave.counts)
        if n == 0:
            return Joined()
        mark = wave.start_ns, zlib.crc32(np.ascontiguousarray(wave.counts).tobytes())
        if mark in self._sent:
            return Joined(notes=(self._note("duplicate", wave.start_ns, n),))
        self._sent.append(mark)
        runs = np.asarray(wave.valid_runs, dtype=np.int64).reshape(-1, 2)
        waiting = self._waiting
        waiting.append(_Waiting(wave.start_ns, wave.counts, runs))
        if len(waiting) > 1:
            waiting.sort(key=lambda each: each.start_ns)
        end_ns = wave.start_ns + round(n * self._per_sample)
        self._newest = max(self._newest, end_ns)
        return self._release()

    def tick(self, device_ns: int) -> Joined:
        """Take note that the device's clock has come to a time; return what need wait no longer."""
        self._newest = max(self._newest, device_ns)
        return self._release()

    def finish(self) -> Joined:
        """Return all that waits: nothing will come."""
        return self._release(last=True)

    def _note(self, kind: str, time_ns: int, value: float) -> Note:
        return Note(kind, int(time_ns), float(value), self.channel.label)

    def _end_ns(self) -> int:
        if self._grid is None:
            return self._told
        return self._grid.start_ns + round(self._next * self._per_sample)

    def _release(self, *, last: bool = False) -> Joined:
        chunks: list[Chunk] = []
        late: list[Late] = []
        notes: list[Note] = []
        while self._waiting:
            head = self._waiting[0]
            due = last or self._newest - head.start_ns >= self._hold_ns
            away = head.start_ns - self._end_ns() - self._away  # ns later than predicted
            silent = self._told - self._end_ns() > self._per_sample
            if self._grid is None or silent:
                over = self._samples_before(head)
            else:
                over = round(-away / self._per_sample) if away < -self._tolerance(head) else 0
            if over > 0:
                self._waiting.pop(0)
                rest = self._behind(head, min(over, len(head.counts)), late, notes)
                if rest is not None:
                    self._waiting.insert(0, rest)
                continue
            beyond = self._grid is None or silent or away > self._tolerance(head)
            if beyond and not due:
                break
            self._waiting.pop(0)
            first = self._beyond(head.start_ns, away, notes) if beyond else self._near(head, notes)
            chunks.append(self._join(first, head))
        end = self._end_ns()
        if not self._waiting and not last:
            end = max(end, self._newest - self._hold_ns)
        self._told = max(self._told, end)
        return Joined(tuple(chunks), (), tuple(late), tuple(notes))

    def _tolerance(self, head: _Waiting) -> float:
        half = 0.5 * self._per_sample
        if self._jitter_ns is not None:
            return half + self._jitter_ns
        return half + min(JITTER_S * NS, SHARE * len(head.counts) * self._per_sample)

    def _samples_before(self, head: _Waiting) -> int:
        """Return how many samples of a chunk lie before what was told."""
        return -((head.start_ns - self._told) // round(self._per_sample))

    def _anchor(self, start_ns: int) -> int:
        self._grid = Grid(int(start_ns), self.fs)
        self._next, self._away = 0, 0.0
        return 0

    def _near(self, head: _Waiting, notes: list[Note]) -> int:
        """Return where a chunk begins that is where it was predicted: after the one before."""
        self._away += SMOOTH * (head.start_ns - self._end_ns() - self._away)
        if abs(self._away) < ANCHOR_S * NS:
            return self._next
        notes.append(self._note("anchor", head.start_ns, self._away))
        return self._anchor(max(head.start_ns, self._end_ns()))

    def _beyond(self, start_ns: int, away: float, notes: list[Note]) -> int:
        """Return where a chunk beyond a hole begins: on the same grid if that moves no sample."""
        grid = self._grid
        if grid is None:
            return self._anchor(start_ns)
        lost = round(away / self._per_sample)
        notes.append(self._note("hole", self._end_ns(), lost))
        if away <= LONG_HOLE_S * NS:
            return self._next + lost
        # After so long the stamp is believed; on the grid it stays there.
        index = round((start_ns - grid.start_ns) / self._per_sample)
        if abs(start_ns - grid.start_ns - index * self._per_sample) > EXACT_NS:
            return self._anchor(start_ns)
        self._away = 0.0
        return index

    def _behind(
        self, head: _Waiting, over: int, late: list[Late], notes: list[Note]
    ) -> _Waiting | None:
        """Part a chunk whose first samples are of a time that was told: late or double."""
        n = len(head.counts)
        measured = np.zeros(n, dtype=np.bool_)
        for lo, hi in head.runs.tolist():
            measured[lo:hi] = True
        fresh = measured[:over] & self._uncovered(head.start_ns - self._away, over)
        missed = int(np.count_nonzero(fresh))
        # A stamp may be off by the tolerance: so little is no late sample, but the same again.
        if missed * self._per_sample > self._tolerance(head):
            grid = self._grid or Grid(head.start_ns, self.fs)
            first = round((head.start_ns - self._away - grid.start_ns) / self._per_sample)
            segment = Segment(grid, first, head.counts[:over], runs_of(fresh))
            span = segment.span
            chunk = Chunk(self.channel, segment, self.scale, self.offset)
            late.append(Late(self.channel, round(span.start * NS), round(span.end * NS), chunk))
        if missed < over:
            kind = "duplicate" if over == n else "overlap"
            notes.append(self._note(kind, head.start_ns, over - missed))
        if over == n:
            return None
        start_ns = head.start_ns + round(over * self._per_sample)
        return _Waiting(start_ns, head.counts[over:], runs_of(measured[over:]))

    def _uncovered(self, start_ns: float, n: int) -> NDArray[np.bool_]:
        """Return which of some samples were not measured before, as far as is remembered."""
        missed = np.ones(n, dtype=np.bool_)
        for lo, hi in self._covered:
            a = round((lo - start_ns) / self._per_sample)
            b = round((hi - start_ns) / self._per_sample)
            if b > 0 and a < n:
                missed[max(a, 0) : b] = False
        return missed

    def _join(self, first: int, head: _Waiting) -> Chunk:
        grid = self._grid or Grid(head.start_ns, self.fs)
        self._next = first + len(head.counts)
        covered = self._covered
        for lo, hi in head.runs.tolist():
            start = grid.start_ns + round((first + lo) * self._per_sample)
            end = grid.start_ns + round((first + hi) * self._per_sample)
            if covered and abs(start - covered[-1][1]) <= 1:
                covered[-1] = covered[-1][0], end
            else:
                covered.append((start, end))
        oldest = self._end_ns() - round(COVERED_S * NS)
        while covered and covered[0][1] < oldest:
            covered.popleft()
        segment = Segment(grid, first, head.counts, head.runs)
        return Chunk(self.channel, segment, self.scale, self.offset)


class _Recent:
    """The last values of a numeric, in two words each: beds have many numerics.

    All the room they may take is taken at once: no bed's memory grows in the first quarter of an
    hour.
    """

    __slots__ = ("_number", "_times", "_values")

    def __init__(self) -> None:
        room = bytes(WORD * (MOST_RECENT + KNOWN))
        self._times, self._values = array("q", room), array("d", room)
        self._number = 0

    def append(self, time: int, value: float) -> None:
        """Take a value later than all before; the oldest go, some at a time."""
        if self._number == len(self._times):
            self._times[:-KNOWN] = self._times[KNOWN:]
            self._values[:-KNOWN] = self._values[KNOWN:]
            self._number -= KNOWN
        self._times[self._number], self._values[self._number] = time, value
        self._number += 1

    def at(self, time: int) -> float | None:
        """Return the value of a time, if it is one of the last."""
        times, number = self._times, self._number
        k = bisect_left(times, time, max(number - MOST_RECENT, 0), number)
        return self._values[k] if k < number and times[k] == time else None


class NumericJoiner:
    """The values of one numeric, in any order, as a series.

    Parameters
    ----------
    channel : Channel
        What it is of.
    state : JoinState or None
        From where to go on.
    hold_s : float
        How long a value waits for earlier ones. [s]

    Notes
    -----
    A value stands until the next one of its channel, at most one and a half of the usual interval
    (the median of the last five): what is not sent is absent, what is a little late is not.
    """

    def __init__(
        self, channel: Channel, state: JoinState | None = None, *, hold_s: float = HOLD_S
    ) -> None:
        self.channel = channel
        self._hold_ns = round(hold_s * NS)
        self._waiting: dict[int, float] = {}
        self._last = NEVER if state is None else state.following
        self._newest = self._told = NEVER
        self._intervals: deque[int] = deque(() if state is None else state.intervals, maxlen=USUAL)
        self._recent = _Recent()

    @property
    def state(self) -> JoinState:
        """How far it has come, without what waits."""
        return JoinState(self.channel, 0, Fraction(0), self._last, intervals=tuple(self._intervals))

    @property
    def told_ns(self) -> int:
        """Before this time nothing is waited for. [ns]"""
        return self._told

    def take(self, numeric: Numeric) -> Joined:
        """Take a value, which waits until time has passed (`tick`); return why it does not."""
        at, value = numeric.time_ns, numeric.value
        mends = numeric.status in {"C", "D"}
        if numeric.status == "D":
            value = float("nan")
        known = self._known(at)
        if known is not None and (known == value or (np.isnan(known) and np.isnan(value))):
            return Joined(notes=(Note("duplicate", at, 1.0, self.channel.label),))
        if at < self._told or at <= self._last:
            if known is not None and not mends:
                return Joined(notes=(Note("conflict", at, value, self.channel.label),))
            series = self._series([(at, value)], [self._usual()])
            end_ns = at + round(float(series.valid_s[0]) * NS)
            why = "correction" if mends else "late"
            return Joined(late=(Late(self.channel, at, end_ns, series, why),))
        if known is not None and not mends:
            return Joined(notes=(Note("conflict", at, value, self.channel.label),))
        self._waiting[at] = value
        return NOTHING

    def tick(self, device_ns: int) -> Joined:
        """Take note that the device's clock has come to a time; return what need wait no longer."""
        return self._release(max(self._newest, device_ns))

    def finish(self) -> Joined:
        """Return all that waits."""
        newest = max(self._waiting, default=self._newest)
        return self._release(max(self._newest, newest + self._hold_ns))

    def _known(self, at: int) -> float | None:
        if at in self._waiting:
            return self._waiting[at]
        if at > self._last:
            return None
        return self._recent.at(at)

    def _usual(self) -> float:
        """Return the usual interval. [s]"""
        if not self._intervals:
            return FIRST_S
        ordered = sorted(self._intervals)
        return min(max(ordered[len(ordered) // 2] / NS, SHORTEST_S), LONGEST_S)

    def _release(self, newest: int) -> Joined:
        self._newest = newest
        self._told = max(self._told, newest - self._hold_ns)
        due = sorted(at for at in self._waiting if at <= self._told)
        if not due:
            return NOTHING
        series = []
        for at in due:
            value = self._waiting.pop(at)
            if self._last != NEVER:
                self._intervals.append(at - self._last)
            self._last = at
            self._recent.append(at, value)
            series.append(((at, value), self._usual()))
        rows = [row for row, _ in series]
        return Joined(series=(self._series(rows, [usual for _, usual in series]),))

    def _series(self, rows: Sequence[tuple[int, float]], usual: Sequence[float]) -> Series:
        # Whole seconds apart, as a grid's times are made: the same stamp is the same float.
        times = np.array([at // NS + (at % NS) / NS for at, _ in rows], dtype=np.float64)
        values = np.array([value for _, value in rows], dtype=np.float64)
        return Series(self.channel, times, values, STANDS * np.array(usual, dtype=np.float64))

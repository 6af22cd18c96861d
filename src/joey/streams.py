"""One algorithm, two drivers, any cut: the contract of every detector, and its anchored sections.

A detector takes inputs chunk by chunk and gives facts that are final. It says the same whatever
the chunking, because its state never reaches further back than a section: it starts anew at each
gap over 10 s and at each 10-minute mark of UTC, after a lead-in of 60 s whose facts are dropped.

```
samples   ....|===================================================|....      a stretch without a gap
marks         |          M1                    M2                 |
section 0     ^----------|tail
section 1         lead-in|---------------------|tail
section 2                                lead-in|-----------------^
```

Only the oldest section works. What the next one is to hear meanwhile is kept for it, so that a bed
holds one section's memory at a mark as between two.

This module knows samples, marks and gaps; it does not know what is looked for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

import numpy as np

from joey.signals import NS, SLACK_NS
from joey.workspaces import lay_out

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from joey.signals import Grid, Segment

__all__ = [
    "GAP_S",
    "LEAD_IN_S",
    "MARK_S",
    "TAIL_S",
    "Detector",
    "Samples",
    "Section",
    "Sections",
    "Window",
]

MARK_S = 600  # s, sections begin to speak at multiples of this
LEAD_IN_S = 60  # s, what a section hears before it speaks
TAIL_S = 20  # s, what a section may hear after its last fact to decide it
GAP_S = 10  # s, a longer absence ends a stretch
ASIDE_S = 8  # s, a live section that has told all is replaced so much later at most
SMALL = 2**15  # counts below it fit 16 bits
PIECE_S = 600  # s, the archive driver hands over at most this much at a time: bounded memory

Input = TypeVar("Input", contravariant=True)
Facts = TypeVar("Facts", covariant=True)
Fact = TypeVar("Fact")


class Detector(Protocol[Input, Facts]):
    """What every detector is: two calls, and the names of its inputs.

    `update` takes what is new of each input (by name; absent: nothing new) and each input's
    watermark: all of that input before `upto` has been handed over, and what is missing there stays
    missing. It returns the facts that have become final. `finish` ends all inputs.
    The archive function of a detector is one `update` and `finish`.
    """

    inputs: tuple[str, ...]

    def update(self, new: Mapping[str, Input], upto: Mapping[str, float]) -> Facts:
        """Take new input; return the facts that became final."""
        ...

    def finish(self) -> Facts:
        """End all inputs; return the remaining facts."""
        ...


@dataclass(frozen=True, slots=True)
class Window:
    """The samples one section may hear, and those whose facts it may tell.

    Parameters
    ----------
    grid : Grid
        Times of the samples.
    first, stop : int
        Grid indices that are heard.
    speak_from, speak_to : int
        Grid indices whose facts are told.
    """

    grid: Grid
    first: int
    stop: int
    speak_from: int
    speak_to: int


class Samples:
    """All samples of a window, for a section that looks at them more than once.

    Attributes
    ----------
    counts : ndarray of int32, shape (stop - first,)
        Zero where not measured.
    valid : ndarray of bool, shape (stop - first,)
        Which samples were measured.
    """

    __slots__ = ("_first", "_memory", "counts", "valid")

    def __init__(self, window: Window) -> None:
        self._first = window.first
        number = window.stop - window.first
        self.counts: NDArray[np.int32]
        self.valid: NDArray[np.bool_]
        self._memory, (self.counts, self.valid) = lay_out((np.int32, number), (np.bool_, number))

    def fill(self, first: int, counts: NDArray[np.integer]) -> None:
        """Take measured samples from grid index `first`."""
        at = first - self._first
        self.counts[at : at + len(counts)] = counts
        self.valid[at : at + len(counts)] = True

    def forget(self, before: int) -> None:
        """Give back the memory of what lies before a sample, counted from the window's first."""
        self._memory.forget(self.counts, before)
        self._memory.forget(self.valid, before)


class _Kept:
    """Samples that the sections ahead are to hear.

    Parameters
    ----------
    room : int
        So many samples of 16 bits are copied into memory that is taken at once, and used again at
        each mark; where there is no room, and of other samples, the array itself is kept.
    """

    __slots__ = ("_begin", "_parts", "_room", "_used")

    def __init__(self, room: int) -> None:
        # Written to: memory that was not is only promised.
        self._room: NDArray[np.int16] = np.full(room, 0, dtype=np.int16)
        self._used = 0
        self._begin = -1  # where in it the last part begins, if it is there
        self._parts: list[tuple[int, NDArray[np.integer]]] = []

    def keep(self, first: int, counts: NDArray[np.integer]) -> None:
        """Keep samples from grid index `first` on, behind those kept before."""
        used, stop = self._used, self._used + len(counts)
        if stop > len(self._room) or not -SMALL <= counts.min() <= counts.max() < SMALL:
            self._parts.append((first, counts))
            self._begin = -1
            return
        self._room[used:stop] = counts
        self._used = stop
        if self._begin >= 0 and self._parts[-1][0] + used - self._begin == first:
            first = self._parts.pop()[0]
        else:
            self._begin = used
        self._parts.append((first, self._room[self._begin : stop]))

    def tell(self, window: Window, section: Section[Facts]) -> None:
        """Have a section hear what its window has of them."""
        for first, counts in self._parts:
            _tell(window, section, first, counts)

    def forget(self, before: float) -> None:
        """Drop what lies before a grid index."""
        self._parts = [part for part in self._parts if part[0] + len(part[1]) > before]
        if not self._parts:
            self._used, self._begin = 0, -1


class Section(Protocol[Facts]):
    """A detector's work on one window.

    `hear` is given the window's measured samples from left to right. `step(known, last)` may use
    those before grid index `known` (what was not given there was not measured) and returns the new
    final facts and the grid index before which all is told. With `last` nothing more will come and
    everything is told.
    """

    def hear(self, first: int, counts: NDArray[np.integer]) -> None:
        """Take measured samples from grid index `first`."""
        ...

    def take(self, first: int, counts: NDArray[np.integer]) -> tuple[Facts, int]:
        """Take them, and go on with what is known behind them: as `hear`, then `step`."""
        ...

    def step(self, known: int, *, last: bool) -> tuple[Facts, int]:
        """Go on with what is known now."""
        ...


class Sections(Generic[Fact]):
    """Cut one signal into stretches and sections, and let the sections speak in order.

    Parameters
    ----------
    make : callable
        Makes the work on one window.
    lead_in_s, tail_s : int
        What a section hears before and after what it tells, at most `LEAD_IN_S` and `TAIL_S`. [s]
    sparing : bool
        Whether what a section hears before it works is kept in memory of a fixed size: for who has
        many signals, of which all come to a mark at once.
    """

    def __init__(
        self,
        make: Callable[[Window], Section[Fact]],
        *,
        lead_in_s: int = LEAD_IN_S,
        tail_s: int = TAIL_S,
        sparing: bool = False,
    ) -> None:
        self._make = make
        self._heard_s = lead_in_s, tail_s
        self._grid: Grid | None = None
        self._live: tuple[Window, Section[Fact]] | None = None  # the one that works
        self._ahead: list[Window] = []  # of those behind it whose windows have begun
        self._kept = _Kept(0)  # what they are to hear
        self._sparing = sparing
        self._start = 0  # grid index of the stretch's first sample
        self._heard = 0  # grid index after the stretch's last measured sample
        self._next_mark = 0  # s, from which the next section to be made will speak
        self._next_first = 0  # grid index from which it will hear
        self._plain_to = -1  # grid index before which all sections hear all that comes
        self._gap = self._lead_in = self._tail = self._piece = 0  # in samples of the open grid
        self._anchor_ns, self._samples_per_ns = 0, (1, 1)  # of the open grid
        self._final = -math.inf  # s
        self._told_to: int | None = None  # grid index, where this is further than `_final`
        self._start_s = self._rest_s = 0.0  # of the open grid, as `Grid.time` has them
        self._by = self._over = 1.0  # its rate's denominator and numerator

    @property
    def final(self) -> float:
        """Before this time all facts are told; what was not measured there has none. [s]"""
        if self._told_to is not None and self._grid is not None:
            self._final = max(self._final, self._grid.time(self._told_to))
            self._told_to = None
        return self._final

    def take(self, segments: Sequence[Segment], upto: float) -> list[Fact]:
        """Take consecutive segments and the watermark; return the facts that became final. [s]"""
        if len(segments) == 1:
            # Nearly every live update is one whole chunk, to where all is known: it has its own
            # way, of a third of the time.
            segment = segments[0]
            first, number = segment.first, len(segment.counts)
            end = first + number
            runs = segment.runs
            if (
                self._live is not None
                and segment.grid is self._grid
                and end < self._plain_to
                and first - self._heard <= self._gap
                and upto == self._start_s + (end * self._by / self._over + self._rest_s)
                and runs.size == 2
                and runs.item(1) - runs.item(0) == number
            ):
                window, section = self._live
                self._heard = end
                if self._ahead:
                    self._kept.keep(first, segment.counts)
                facts, final = section.take(first, segment.counts)
                if final < window.speak_to:
                    self._told_to = final
                    return [facts]
                return self._change(facts, window.speak_to, end)
        return self._take_all(segments, upto)

    def _change(self, facts: Fact, told_to: int, known: int) -> list[Fact]:
        """Have the next section work, once the one before has told all."""
        told = [facts]
        self._told_to = told_to
        self._begin_next()
        self._step(known, told)
        return told

    def _take_all(self, segments: Sequence[Segment], upto: float) -> list[Fact]:
        told: list[Fact] = []
        for segment in segments:
            for lo, hi in segment.runs.tolist():
                counts = segment.counts
                if hi - lo != len(counts):
                    counts = counts[lo:hi]
                self._take_run(segment.grid, segment.first + lo, counts, told)
        if self._grid is not None:
            # As `Grid.first_at`, whose whole numbers need not be worked out for each chunk.
            numerator, denominator = self._samples_per_ns
            known = -((self._anchor_ns - round(upto * NS)) * numerator // denominator)
            if known - self._heard <= self._gap:
                self._step(known, told)
            else:
                self._step(self._heard + self._gap, told)
                told += self.close()
        if self._grid is None:
            self._final = max(self._final, upto)
        return told

    def close(self) -> list[Fact]:
        """End the stretch; return the remaining facts."""
        if self._grid is None:
            return []
        self._final = self.final
        # The same ten silent seconds that a live stream would have waited before it gave up.
        told: list[Fact] = []
        self._step(self._heard + self._gap, told, last=True)
        self._grid = self._live = None
        self._ahead = []
        self._kept.forget(math.inf)
        return told

    def _take_run(
        self, grid: Grid, first: int, counts: NDArray[np.integer], told: list[Fact]
    ) -> None:
        same = grid is self._grid or grid == self._grid
        if not same or first - self._heard > self._gap:
            told += self.close()
            self._open(grid, first)
        for lo in range(0, len(counts), self._piece):
            part = counts if len(counts) <= self._piece else counts[lo : lo + self._piece]
            at = first + lo
            end = at + len(part)
            if end > self._next_first:
                self._plan(end)
            if self._ahead:
                self._kept.keep(at, part)
            if self._live is not None:
                _tell(*self._live, at, part)
            self._heard = end
            if end < first + len(counts):
                self._step(end, told)
        stop = -1 if self._live is None else self._live[0].stop
        self._plain_to = min(self._next_first, stop)

    def _open(self, grid: Grid, first: int) -> None:
        self._grid = grid
        numerator, denominator = grid.fs.as_integer_ratio()
        self._by, self._over = float(denominator), float(numerator)
        start_s, rest_ns = divmod(grid.start_ns, NS)
        self._start_s, self._rest_s = start_s, rest_ns / NS
        self._anchor_ns = grid.start_ns + SLACK_NS
        self._samples_per_ns = numerator, denominator * NS
        self._gap, self._lead_in, self._tail, self._piece = (
            round(seconds * grid.fs) for seconds in (GAP_S, *self._heard_s, PIECE_S)
        )
        if self._sparing:
            self._kept = _Kept(round(sum((*self._heard_s, ASIDE_S)) * grid.fs))
        self._start = self._heard = self._next_first = first
        self._next_mark = int(grid.time(first) // MARK_S) * MARK_S

    def _plan(self, before: int) -> None:
        """Note every window that begins before grid index `before`; one works, if none does yet."""
        grid = self._grid
        if grid is None:
            return
        while True:
            speak_from = max(grid.first_at(self._next_mark), self._start)
            self._next_first = max(speak_from - self._lead_in, self._start)
            if self._next_first >= before:
                break
            speak_to = grid.first_at(self._next_mark + MARK_S)
            if speak_to > self._start:
                stop = speak_to + self._tail
                self._ahead.append(Window(grid, self._next_first, stop, speak_from, speak_to))
            self._next_mark += MARK_S
        if self._live is None:
            self._begin_next()

    def _begin_next(self) -> None:
        """Have the next section work: it hears what was kept for it."""
        self._live, self._plain_to = None, -1
        if self._ahead:
            window = self._ahead.pop(0)
            section = self._make(window)
            self._live = window, section
            self._kept.tell(window, section)
        self._kept.forget(self._ahead[0].first if self._ahead else math.inf)

    def _step(self, known: int, told: list[Fact], *, last: bool = False) -> None:
        # Only the oldest section speaks, so that facts come in the order of time.
        while self._live is not None:
            window, section = self._live
            ended = last or known >= window.stop
            facts, final = section.step(min(known, window.stop), last=ended)
            told.append(facts)
            if self._grid is not None:
                # A stretch that ends says no more than that of the time after it.
                most = min(window.speak_to, self._heard) if last else window.speak_to
                self._final = max(self.final, self._grid.time(min(final, most)))
            if not ended and final < window.speak_to:
                break
            self._begin_next()


def _tell(window: Window, section: Section[Facts], first: int, counts: NDArray[np.integer]) -> None:
    """Have a section hear those of some samples that its window has."""
    stop = first + len(counts)
    if window.first <= first and stop <= window.stop:
        section.hear(first, counts)
    elif first < window.stop and window.first < stop:
        lo, hi = max(first, window.first), min(stop, window.stop)
        section.hear(lo, counts[lo - first : hi - first])

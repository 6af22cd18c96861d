"""Spans of time, and sets of them: the arithmetic under coverage, phases and exposure.

Times are seconds UTC, or seconds from the start of a recording that carries no date. A span is
half-open, so that neighbors share no instant. Nothing here knows what was measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

__all__ = [
    "Span",
    "Spans",
    "contains",
    "intersect",
    "overlap",
    "set_bounds",
    "subtract",
    "total",
    "union",
]

FEW = 24  # spans, up to which they are gone through one by one: live, sets have one or two
_START = itemgetter(0)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """The half-open span of time from `start` to before `end`. [s]"""

    start: float
    end: float

    def __post_init__(self) -> None:
        """Refuse a span that ends before it starts."""
        if not self.start <= self.end:
            msg = f"a span ends at or after its start, not {self.start!r} to {self.end!r}"
            raise ValueError(msg)

    @property
    def duration(self) -> float:
        """The length of the span. [s]"""
        return self.end - self.start


@dataclass(frozen=True, slots=True, eq=False, init=False)
class Spans:
    """A sorted set of disjoint, non-empty spans.

    Parameters
    ----------
    bounds : ndarray of float64, shape (n, 2)
        Start and end of each span. [s] Build one with `Spans.of` unless the rows are known to be
        sorted, disjoint and non-empty.
    """

    bounds: NDArray[np.float64]

    def __init__(self, bounds: NDArray[np.float64]) -> None:
        """Hold the rows, as frozen dataclasses do but in half the time: live, it is each second."""
        set_bounds(self, bounds)

    @classmethod
    def of(cls, spans: Iterable[Span | tuple[float, float]] | NDArray[np.float64]) -> Spans:
        """Return the set that covers the given spans; overlapping and touching ones are joined."""
        if isinstance(spans, np.ndarray):
            return cls(_merged(np.asarray(spans, dtype=np.float64).reshape(-1, 2)))
        pairs = [(s.start, s.end) if isinstance(s, Span) else s for s in spans]
        if len(pairs) <= FEW:
            return cls(_merged_few([(float(start), float(end)) for start, end in pairs]))
        return cls(_merged(np.array(pairs, dtype=np.float64).reshape(-1, 2)))

    def __len__(self) -> int:
        """Return the number of disjoint spans."""
        return len(self.bounds)

    def __iter__(self) -> Iterator[Span]:
        """Yield the spans in time order."""
        return (Span(float(start), float(end)) for start, end in self.bounds)

    def __eq__(self, other: object) -> bool:
        """Whether both cover exactly the same time."""
        return isinstance(other, Spans) and np.array_equal(self.bounds, other.bounds)

    __hash__ = None  # type: ignore[assignment]


set_bounds = Spans.__dict__["bounds"].__set__  # for those who make many, unchecked
EMPTY = Spans(np.empty((0, 2)))


def _merged(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    if len(rows) <= FEW:
        return _merged_few(rows.tolist())
    rows = rows[rows[:, 1] > rows[:, 0]]
    if len(rows) == 0:
        return np.empty((0, 2))
    rows = rows[np.argsort(rows[:, 0], kind="stable")]
    reach = np.maximum.accumulate(rows[:, 1])
    opens = np.concatenate(([True], rows[1:, 0] > reach[:-1]))
    closes = np.concatenate((opens[1:], [True]))
    return np.column_stack((rows[opens, 0], reach[closes]))


def _merged_few(pairs: Iterable[Sequence[float]]) -> NDArray[np.float64]:
    """Return the same of a few, where each call of NumPy costs more than all of the work."""
    merged: list[float] = []
    for start, end in sorted((pair for pair in pairs if pair[1] > pair[0]), key=_START):
        if not merged or start > merged[-1]:
            merged += (start, end)
        elif end > merged[-1]:
            merged[-1] = end
    return np.array(merged, dtype=np.float64).reshape(-1, 2)


def union(*sets: Spans) -> Spans:
    """Return the time covered by at least one of the sets; of one that is not empty, itself."""
    sets = tuple(each for each in sets if len(each.bounds))
    if len(sets) < 2:
        return sets[0] if sets else EMPTY
    return Spans(_merged(np.concatenate([each.bounds for each in sets])))


def intersect(a: Spans, b: Spans) -> Spans:
    """Return the time covered by both sets."""
    if len(a) == 0 or len(b) == 0:
        return EMPTY
    if len(a) + len(b) <= FEW:
        return Spans(_merged_few(_common(a.bounds.tolist(), b.bounds.tolist())))
    # For each span of a: the spans of b that end after its start and start before its end.
    lo = np.searchsorted(b.bounds[:, 1], a.bounds[:, 0], side="right")
    hi = np.searchsorted(b.bounds[:, 0], a.bounds[:, 1], side="left")
    count = np.maximum(hi - lo, 0)
    left = np.repeat(np.arange(len(a)), count)
    right = (
        np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + np.repeat(lo, count)
    )
    starts = np.maximum(a.bounds[left, 0], b.bounds[right, 0])
    ends = np.minimum(a.bounds[left, 1], b.bounds[right, 1])
    return Spans(_merged(np.column_stack((starts, ends))))


def _common(a: list[list[float]], b: list[list[float]]) -> list[tuple[float, float]]:
    found = []
    left = right = 0
    while left < len(a) and right < len(b):
        start, end = a[left]
        other_start, other_end = b[right]
        found.append((max(start, other_start), min(end, other_end)))  # empty where they do not meet
        if end < other_end:
            left += 1
        else:
            right += 1
    return found


def subtract(a: Spans, b: Spans) -> Spans:
    """Return the time covered by `a` and not by `b`."""
    if len(a) == 0 or len(b) == 0:
        return a
    edges = np.concatenate(([-np.inf], b.bounds.ravel(), [np.inf])).reshape(-1, 2)
    return intersect(a, Spans(edges))


def total(spans: Spans) -> float:
    """Return the covered time. [s]"""
    if len(spans.bounds) == 1:
        return spans.bounds.item(1) - spans.bounds.item(0)
    return float(np.sum(spans.bounds[:, 1] - spans.bounds[:, 0]))


def overlap(spans: Spans, span: Span) -> float:
    """Return how much of `span` is covered. [s]"""
    return total(intersect(spans, Spans.of([span])))


def contains(spans: Spans, times: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return, for each time, whether it is covered; NaN is not."""
    if len(spans) == 0:
        return np.zeros(len(times), dtype=np.bool_)
    at = np.searchsorted(spans.bounds[:, 0], times, side="right") - 1
    inside = (at >= 0) & (times < spans.bounds[np.maximum(at, 0), 1])
    return np.asarray(inside, dtype=np.bool_)

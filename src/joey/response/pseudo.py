"""Pseudo-holds: comparable stretches of the same infant's record in which nobody held.

Each has the hold's own shape - the same `before` and `settled`, shifted in time - so that what the
hours, the feeds and the slow drift of days do to a change shows in the changes of these windows.
Where a real change stands among them needs no model of the drift. Knows spans and times only.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from joey.response.types import Rank
from joey.spans import Span, Spans, overlap, union

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from joey.holds import Phases

__all__ = ["MatchRules", "PseudoHold", "PseudoHolds", "find_pseudo_holds", "rank_of"]

DAY = 86400.0  # s


@dataclass(frozen=True, slots=True)
class MatchRules:
    """What makes an hour without a hold comparable: named, printed, configurable defaults of Joey.

    Parameters
    ----------
    hour_within : float
        Clock time of the start. [h]
    feed_within : float
        Time since the last feed. [min]
    pma_within, pma_relaxed : float
        Age; the second where the first leaves too few. [d]
    step : float
        Distance of the candidate starts. [min]
    rank_windows, rank_days : int
        Fewest windows and days for a rank.
    usual_windows : int
        Fewest windows for a statement on the usual range: with fewer no rank is rarer than 5 %.
    """

    hour_within: float = 1.0
    feed_within: float = 20.0
    pma_within: float = 3.0
    pma_relaxed: float = 7.0
    step: float = 5.0
    rank_windows: int = 10
    rank_days: int = 5
    usual_windows: int = 39


@dataclass(frozen=True, slots=True, eq=False)
class PseudoHold:
    """One window: how far it lies from the hold, its two phases, and its day."""

    shift: float
    before: Spans
    settled: Spans
    day: int


@dataclass(frozen=True, slots=True, eq=False)
class PseudoHolds:
    """The windows found, and how the matching was relaxed to find them.

    Parameters
    ----------
    windows : tuple of PseudoHold
        Not overlapping.
    matching : str
        How they were matched.
    enough : bool
        Whether there are enough for a rank.
    free : ndarray of float64, shape (n,)
        Every shift of the hold's shape that is clear of holds, matched or not; they overlap. [s]
    separate : int
        How many of those do not overlap.
    """

    windows: tuple[PseudoHold, ...]
    matching: str
    enough: bool
    free: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    separate: int = 0

    @property
    def days(self) -> int:
        """From how many days the windows are."""
        return len({each.day for each in self.windows})


@dataclass(frozen=True, slots=True)
class _Level:
    pma: float | None
    hour: float | None
    feed: float | None
    words: str


def find_pseudo_holds(
    phases: Phases,
    data_span: Span,
    held: Spans,
    feeds: NDArray[np.float64],
    rules: MatchRules | None = None,
) -> PseudoHolds:
    """Return windows without a hold that have the shape of a hold.

    Parameters
    ----------
    phases : Phases
        Of the hold.
    data_span : Span
        The recording. [s]
    held : Spans
        All holds of the infant with their transfers, this one included. [s]
    feeds : ndarray of float64, shape (n,)
        Times of the feeds, increasing; empty where unknown: then they are not matched. [s]
    rules : MatchRules
        What is comparable.

    Returns
    -------
    PseudoHolds
        As many windows as fit without overlapping each other or a hold, at the first of these
        levels that has enough for a rank: as asked; age relaxed; hour relaxed; feed relaxed.
        `matching` says which.
    """
    rules = rules or MatchRules()
    before, settled = phases.spans["before"], phases.spans["settled"]
    if len(before) == 0 or len(settled) == 0:
        return PseudoHolds((), "the hold has no complete shape to compare", enough=False)
    whole = Span(float(before.bounds[0, 0]), float(settled.bounds[-1, 1]))
    start = float(union(phases.spans["whole_hold"], settled).bounds[0, 0])
    shifts = _shifts(whole, data_span, held, rules)
    separate = len(_apart(shifts, whole.duration))
    found = PseudoHolds((), "none", enough=False, free=shifts, separate=separate)
    for level in _levels(rules, feeds):
        chosen = _apart(shifts[_matches(shifts, start, feeds, level)], whole.duration)
        windows = tuple(
            PseudoHold(
                float(shift),
                Spans(before.bounds + shift),
                Spans(settled.bounds + shift),
                int((start + shift) // DAY),
            )
            for shift in chosen
        )
        found = PseudoHolds(windows, level.words, enough=False, free=shifts, separate=separate)
        if len(windows) >= rules.rank_windows and found.days >= rules.rank_days:
            return replace(found, enough=True)
    return found


def _shifts(whole: Span, data_span: Span, held: Spans, rules: MatchRules) -> NDArray[np.float64]:
    """Return the shifts that keep the whole window inside the recording and clear of holds."""
    step = rules.step * 60
    first = int(np.ceil((data_span.start - whole.start) / step))
    last = int(np.floor((data_span.end - whole.end) / step))
    shifts = np.arange(first, last + 1) * step
    # The hold's own time counts as held: a window beside it must not reach into it.
    free = [
        overlap(held, Span(whole.start + float(s), whole.end + float(s))) == 0
        and abs(float(s)) >= whole.duration
        for s in shifts
    ]
    return np.asarray(shifts[np.array(free, dtype=np.bool_)], dtype=np.float64)


def _levels(rules: MatchRules, feeds: NDArray[np.float64]) -> tuple[_Level, ...]:
    feed = rules.feed_within if len(feeds) else None
    hour = f"clock time within {rules.hour_within:g} h"
    fed = f", time from feed within {rules.feed_within:g} min" if len(feeds) else ", feeds unknown"
    near, far = f"age within {rules.pma_within:g} d", f"age within {rules.pma_relaxed:g} d"
    levels = [
        _Level(rules.pma_within, rules.hour_within, feed, f"{hour}{fed}, {near}"),
        _Level(rules.pma_relaxed, rules.hour_within, feed, f"{hour}{fed}, {far} (relaxed)"),
        _Level(rules.pma_relaxed, None, feed, f"any clock time (relaxed){fed}, {far} (relaxed)"),
    ]
    if len(feeds):
        words = f"any clock time and time from feed (relaxed), {far} (relaxed)"
        levels.append(_Level(rules.pma_relaxed, None, None, words))
    return tuple(levels)


def _matches(
    shifts: NDArray[np.float64], start: float, feeds: NDArray[np.float64], level: _Level
) -> NDArray[np.bool_]:
    fits = np.ones(len(shifts), dtype=np.bool_)
    if level.pma is not None:
        fits &= np.abs(shifts) <= level.pma * DAY
    if level.hour is not None:
        apart = np.abs((shifts + DAY / 2) % DAY - DAY / 2)
        fits &= apart <= level.hour * 3600
    if level.feed is not None:
        since = _since(start + shifts, feeds)
        own = _since(np.array([start]), feeds)[0]
        # An unknown time from feed matches nothing: NaN compares false.
        fits &= np.abs(since - own) <= level.feed * 60
    return fits


def _since(times: NDArray[np.float64], feeds: NDArray[np.float64]) -> NDArray[np.float64]:
    at = np.searchsorted(feeds, times, side="right") - 1
    return np.asarray(np.where(at >= 0, times - feeds[np.maximum(at, 0)], np.nan))


def _apart(shifts: NDArray[np.float64], length: float) -> list[float]:
    """Return the most shifts whose windows of this length do not overlap: the earliest first."""
    chosen: list[float] = []
    for shift in shifts:
        if not chosen or shift >= chosen[-1] + length:
            chosen.append(float(shift))
    return chosen


def rank_of(
    change: float,
    others: Sequence[float],
    days: Sequence[int],
    matching: str,
    rules: MatchRules | None = None,
) -> Rank:
    """Return where a change stands among the changes of the pseudo-holds.

    Parameters
    ----------
    change : float
        Of the hold; NaN where it could not be measured.
    others : sequence of float
        Of the pseudo-holds; NaN where one could not be measured: it does not count.
    days : sequence of int
        The day of each.
    matching : str
        How they were matched, for the reader.
    rules : MatchRules
        How many are enough.

    Returns
    -------
    Rank
        Without `smaller` where the change or enough windows could not be measured.

    Notes
    -----
    The usual range holds 95 % of exchangeable changes: outside is a two-sided rank p
    2 (k + 1) / (n + 1) of at most 0.05, k the windows at least as extreme on its side.
    """
    rules = rules or MatchRules()
    known = [(o, d) for o, d in zip(others, days, strict=True) if np.isfinite(o)]
    n, k = len(known), len({d for _, d in known})
    if not np.isfinite(change):
        return Rank(None, n, k, None, "cannot say: no change could be measured")
    counted = f"{n} window{'s' * (n != 1)} from {k} day{'s' * (k != 1)}"
    if n < rules.rank_windows or k < rules.rank_days:
        needs = f"a rank needs {rules.rank_windows} from {rules.rank_days} days"
        return Rank(None, n, k, None, f"cannot say: {counted} ({needs})")
    smaller = sum(o < change for o, _ in known)
    if n < rules.usual_windows:
        reason = f"{counted}, {matching}; the usual range needs {rules.usual_windows} windows"
        return Rank(smaller, n, k, None, reason)
    below = sum(o <= change for o, _ in known)
    above = sum(o >= change for o, _ in known)
    outside = 2 * (min(below, above) + 1) / (n + 1) <= 0.05 + 1e-12
    return Rank(smaller, n, k, not outside, f"{counted}, {matching}")

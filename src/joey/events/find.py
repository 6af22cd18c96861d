"""Events of one signal: heart rate or saturation beyond a threshold, by a preset.

The detector and the archive function are one algorithm: stretches are grouped to events (join, then
duration), and an event is told once nothing later can change it.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import repeat
from typing import TYPE_CHECKING

import numpy as np

from joey.events.limits import Limits, fixed_limit
from joey.events.pieces import NO_PIECES, SLACK_S, Pieces
from joey.events.stretches import (
    MICRO,
    ROW,
    Stretches,
    compress,
    covered,
    merged,
    rows_of,
)
from joey.events.types import PROLONGED, Event, Events, Preset
from joey.events.uniform import rows_of_signal
from joey.signals import Channel, Series, Signal, pick, pieces
from joey.spans import EMPTY, Span, Spans, union

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from joey.beats.intervals import Intervals

__all__ = [
    "EventDetector",
    "events_of",
    "find_in_series",
    "heart_rate_pieces",
    "together",
    "whole_intervals",
    "without",
]

CUT = 1e-4  # of an interval: by so much less it was cut, and not only rounded


def heart_rate_pieces(intervals: Intervals) -> Series:
    """Return the heart rate from beat to beat: each RR interval stands until its second beat.

    Parameters
    ----------
    intervals : Intervals
        RR intervals; none crosses a gap. The uncleaned ones are used: a cleaned interval would hide
        a bradycardia.

    Returns
    -------
    Series
        60,000 / RR, with RR rounded to the microsecond, below what a time can tell. [beats/min]
    """
    # An interval of 0.6 s between float64 times must not become 99.99998 beats/min.
    rr = np.rint(intervals.rr * 1e3) / 1e3
    good = rr > 0
    channel = Channel(
        "heart_rate",
        "/min",
        lead=intervals.channel.lead,
        site=intervals.channel.site,
        source=intervals.channel.source,
        subject=intervals.channel.subject,
    )
    return Series(channel, intervals.times[good], 60_000.0 / rr[good], rr[good] / 1e3)


def whole_intervals(pieces: Series) -> Series:
    """Return the pieces of a heart rate that stand for a whole interval, from beat to beat.

    Parameters
    ----------
    pieces : Series
        `heart_rate_pieces`, `without` the time that is bad.

    Returns
    -------
    Series
        Without what is left of intervals that were cut: a beat of theirs was found where nothing
        can be trusted, so that how long they lasted is not known.
    """
    whole = (pieces.ends - pieces.times) * pieces.values >= 60.0 * (1 - CUT)
    return pick(pieces, whole)


def without(series: Series, spans: Spans) -> Series:
    """Return a series' pieces outside the spans; a piece that reaches into one is cut.

    Parameters
    ----------
    series : Series
        Values that stand for a while.
    spans : Spans
        Time that is not to be trusted, such as where the signal's quality is bad.

    Returns
    -------
    Series
        With one piece for each part that remains.
    """
    known = np.isfinite(series.values)
    starts, ends, values = series.times[known], series.ends[known], series.values[known]
    if len(spans):
        # The edges of the bad spans cut the pieces; then whole parts are kept or left out.
        edges = spans.bounds.ravel()
        lo = np.searchsorted(edges, starts, side="right")
        hi = np.searchsorted(edges, ends, side="left")
        cuts = np.maximum(hi - lo, 0)
        piece = np.repeat(np.arange(len(starts)), cuts + 1)
        part = np.arange(len(piece)) - np.repeat(np.cumsum(cuts + 1) - cuts - 1, cuts + 1)
        edge = np.repeat(lo, cuts + 1) + part  # the edge at which this part ends
        padded = np.append(edges, np.inf)
        new_starts = np.where(part == 0, starts[piece], padded[edge - 1])
        new_ends = np.where(part == cuts[piece], ends[piece], padded[edge])
        # Outside lie the parts before an even number of edges; an edge at the start belongs to it.
        keep = (edge % 2 == 0) & (new_ends > new_starts)
        starts, ends, values = new_starts[keep], new_ends[keep], values[piece][keep]
    return Series(series.channel, starts, values, ends - starts)


class EventDetector:
    """Finds the events of one preset in one signal, chunk by chunk: a `streams.Detector`.

    Parameters
    ----------
    preset : Preset
        A threshold on heart rate or saturation.
    baseline : float or None
        The infant's usual value, for presets relative to it; None: the trailing one.
    source : str
        ``beat`` or ``numeric``: what the series was made from.

    Notes
    -----
    The input ``pieces`` is a `Series`. An event is told when the watermark has passed its end and
    the time in which another run could still join it. Memory is one open event and, for a relative
    preset, an hour of minutes or a quarter of an hour of pieces.
    """

    inputs = ("pieces",)

    def __init__(
        self, preset: Preset, *, baseline: float | None = None, source: str = "numeric"
    ) -> None:
        if not np.isfinite(preset.below):
            msg = f"{preset.name} is a combination of events, not a threshold on one signal"
            raise ValueError(msg)
        self._preset = preset
        self._source = source
        self._limits = Limits(preset, baseline)
        self._open = NO_PIECES
        self._rows: NDArray[np.void] = np.zeros(0, dtype=ROW)
        self._known = -np.inf
        self._running: NDArray[np.void] = self._rows

    @property
    def since(self) -> float:
        """No event that is still to be told begins before this time. [s]"""
        return float(self._running["start"][0]) if len(self._running) else self._known

    @property
    def running(self) -> tuple[Event, ...]:
        """The event that more may join, as far as it is known, if it is long enough already."""
        ends = np.zeros((len(self._running), 2), dtype=np.int64)
        return _events(self._running, ends, self._running, self._preset, self._source)

    def update(self, new: Mapping[str, Series], upto: Mapping[str, float]) -> Events:
        """Take the next pieces; return the events that became final, and what was searched."""
        chunk = new.get("pieces")
        known = self._open if chunk is None else self._open.then(Pieces.of(chunk))
        return self._take(known, upto.get("pieces", -np.inf))

    def finish(self) -> Events:
        """End the series; return the remaining events."""
        return self._take(self._open, np.inf)

    def _take(self, heard: Pieces, upto: float) -> Events:
        stop = len(heard)
        # The last piece may still be cut by the next stamp.
        if stop and not upto - heard.ends[-1] > 2 * SLACK_S:
            stop -= 1
        closed, self._open = heard.part(0, stop), heard.part(stop, len(heard))
        new = rows_of(closed, self._limits.take(closed), self._preset)
        self._rows = compress(np.concatenate((self._rows, new)), self._preset)
        # Before this time every piece is among the rows.
        known = float(self._open.times[0]) if len(self._open) else upto
        groups, ends, settled = _grouped(self._rows, known, self._preset)
        items = _events(groups[:settled], ends[:settled], self._rows, self._preset, self._source)
        self._known, self._running = known, groups[settled:]
        self._forget(groups, ends, settled)
        return Events(items, covered(new), self._preset)

    def _forget(self, groups: NDArray[np.void], ends: NDArray[np.int64], settled: int) -> None:
        """Keep the open event as one row, with the row before it and what came after."""
        if settled == len(groups):
            tail = self._rows[-1:]
            self._rows = tail[~tail["beyond"]]  # a row beyond that is settled ended at a gap
            return
        first, last = ends[settled]
        before, after = self._rows[max(first - 1, 0) : first], self._rows[last + 1 :]
        before = before[~before["beyond"]]
        self._rows = np.concatenate((before, groups[settled:][:1], after))


def _grouped(
    rows: NDArray[np.void], known: float, preset: Preset
) -> tuple[NDArray[np.void], NDArray[np.int64], int]:
    """Return the runs joined, each one's first and last row, and how many are final."""
    at = np.flatnonzero(rows["beyond"])
    if len(at) == 0:
        return rows[:0], np.empty((0, 2), dtype=np.int64), 0
    # The gap after each row; after the last, what is known to be missing so far.
    gap = np.append(rows["start"][1:], known) - rows["end"]
    hard = np.concatenate(([0], np.cumsum(gap > preset.bridge + SLACK_S)))
    missing = np.concatenate(([0], np.cumsum(np.rint(gap[:-1] * MICRO).astype(np.int64))))
    apart = np.append(rows["start"][at[1:]], known) - rows["end"][at]
    following = np.append(at[1:], len(rows))
    broken = hard[following] > hard[at]
    direct = following == at + 1  # only a gap lies between: bridged, or broken
    joined = ~broken & (direct | (apart < preset.join - SLACK_S))
    # The last run is open as long as what is known ends so near that something later may join it.
    still_open = bool(joined[-1])
    opens = np.concatenate(([True], ~joined[:-1]))
    groups = merged(rows.take(at), opens, preset)
    between = np.where(joined[:-1], missing[at[1:]] - missing[at[:-1]], 0)
    first = np.flatnonzero(opens)
    groups["missing"] += np.add.reduceat(np.concatenate(([0], between)), first)
    last = np.append(first[1:], len(at)) - 1
    ends = np.column_stack((at[first], at[last]))
    return groups, ends, len(groups) - int(still_open)


def _events(
    groups: NDArray[np.void],
    ends: NDArray[np.int64],
    rows: NDArray[np.void],
    preset: Preset,
    source: str,
) -> tuple[Event, ...]:
    """Return the groups that last long enough, as events."""
    lasts = groups["end"] - groups["start"]
    shortest = preset.at_least + (SLACK_S if preset.over else -SLACK_S)
    enough = (lasts > shortest) & (groups["values"] >= preset.values)
    # A row that neither touches its neighbor nor has one lies at a gap or at the record's edge.
    touch = np.concatenate(([False], rows["start"][1:] == rows["end"][:-1], [False]))
    cut = ~touch[ends[:, 0]] | ~touch[ends[:, 1] + 1]
    steep = f"doubtful: steps of more than {preset.steepest:g} per second"
    # Columns at once: one number after the other out of an array is what takes the time.
    found = groups.compress(enough)
    start, end = found["start"], found["end"]
    longer = end - start > preset.at_most + SLACK_S
    columns = (
        np.where(longer, PROLONGED, preset.kind).tolist(),
        map(Span, start.tolist(), end.tolist()),
        found["nadir"].tolist(),
        found["nadir_time"].tolist(),
        np.round(found["area"] / MICRO, 3).tolist(),
        (found["below"] / MICRO).tolist(),
        (found["missing"] / MICRO).tolist(),
        repeat(source),
        np.where(found["steep"], steep, "good").tolist(),
        cut[enough].tolist(),
    )
    return tuple(map(Event, *columns))


def events_of(stretches: Stretches, *, source: str = "numeric") -> Events:
    """Return the events in stretches, which may have been found in parts and joined.

    Parameters
    ----------
    stretches : Stretches
        Of the whole recording.
    source : str
        ``beat`` or ``numeric``: what the series was made from.
    """
    return _told(stretches.whole, stretches.preset, source)


def _told(rows: NDArray[np.void], preset: Preset, source: str) -> Events:
    groups, ends, _ = _grouped(rows, np.inf, preset)
    return Events(_events(groups, ends, rows, preset, source), covered(rows), preset)


def find_in_series(
    preset: Preset,
    series: Series | Signal,
    *,
    source: str,
    baseline: float | None = None,
    distrusted: Spans = EMPTY,
) -> Events:
    """Return the events of a preset in heart rate or saturation.

    Parameters
    ----------
    preset : Preset
        A threshold on one signal: ``PRESETS["brady_uva"]``.
    series : Series or Signal
        Heart rate [beats/min] or saturation [%], as values that stand for a while: `signals.pieces`
        of a numeric, or `heart_rate_pieces`. NaN is missing. A signal of uniform samples is the
        same as its pieces, and with a fixed threshold a year of it takes milliseconds.
    source : str
        ``beat`` or ``numeric``: what the series was made from.
    baseline : float or None
        The infant's usual value (median of the phase before the hold), for presets relative to it;
        None: the trailing one. [unit of the series]
    distrusted : Spans
        Time to leave out, such as where the signal's quality is bad.

    Returns
    -------
    Events
        In time order, with the time searched: where there was a value and a threshold.

    Notes
    -----
    Runs beyond the threshold are joined first, then their durations are looked at. Missing time
    ends a run unless the preset bridges it. An event that touches missing time or the edge of the
    recording is kept and marked `truncated`.

    Examples
    --------
    >>> import numpy as np
    >>> from joey.events import PRESETS, find_in_series
    >>> from joey.signals import Channel, Series, Signal, pieces
    >>> spo2 = np.array([95.0] * 20 + [78.0] * 12 + [95.0] * 20)
    >>> series = Series(Channel("spo2", "%"), np.arange(52.0), spo2, np.ones(52))
    >>> [
    ...     event.span.duration
    ...     for event in find_in_series(PRESETS["desat_uva"], series, source="numeric").items
    ... ]
    [12.0]
    """
    if isinstance(series, Signal):
        limit = fixed_limit(preset, baseline)
        if limit is not None and np.isfinite(limit) and not len(distrusted):
            rows = rows_of_signal(series, limit, preset)
            if len(rows):
                return _told(rows, preset, source)
        series = pieces(series)
    trusted = without(series, distrusted) if len(distrusted) else series
    detector = EventDetector(preset, baseline=baseline, source=source)
    upto = float(trusted.times[-1]) if len(trusted.times) else -np.inf
    found = together([detector.update({"pieces": trusted}, {"pieces": upto}), detector.finish()])
    if len(found.searched):
        return found
    name = {"spo2": "SpO2", "heart_rate": "heart rate"}.get(
        series.channel.quantity, series.channel.quantity
    )
    why = "no baseline for" if len(trusted.times) else "no"
    return replace(found, reason=f"{why} {name} in the recording")


def together(parts: Sequence[Events]) -> Events:
    """Return what a detector told in several updates as one.

    Raises
    ------
    ValueError
        If there is no part, or the parts are of different presets.
    """
    if len({part.preset for part in parts}) != 1:
        msg = "the parts must be of one preset"
        raise ValueError(msg)
    items = tuple(event for part in parts for event in part.items)
    return Events(items, union(*(part.searched for part in parts)), parts[0].preset)

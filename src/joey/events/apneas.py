"""Central apnea and periodic breathing from the times of breaths.

Chest impedance sees central apnea and the central part of a mixed one; obstructed efforts look like
breathing, so that nothing here is ever called obstructive, and no apnea is not no obstruction.
A pause lasts from the end of a breath's expiration to the start of the next inspiration of the same
searched span; a pause that an end of the searched span cuts is kept as truncated where it is long
enough already. Where it is not, nobody can say how long it was: a hole of a second or two may hide
a breath or none, so that such a pause is not searched. Neither is a span without a breath.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from joey.events.find import together
from joey.events.pieces import SLACK_S
from joey.events.stretches import MICRO, ROW, merged
from joey.events.types import PROLONGED, Event, Events, Preset
from joey.spans import EMPTY, Span, Spans, intersect, overlap, subtract, union

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from joey.breaths import Breaths

__all__ = ["ApneaDetector", "doubt", "find_apneas", "find_periodic_breathing"]

CLASSICAL = "periodic_breathing"
CUT_S = 3.0  # s without a breath, from which time that a hole cuts may be of an apnea


class ApneaDetector:
    """Finds the apneas of one preset in breaths, chunk by chunk: a `streams.Detector`.

    Parameters
    ----------
    preset : Preset
        Of kind ``apnea`` or ``periodic_breathing``: its threshold is the breath interval from which
        on there is a pause. [s]

    Notes
    -----
    The input ``breaths`` is `Breaths`; what of the time before the watermark is not in its
    `searched` was not searched.
    """

    inputs = ("breaths",)

    def __init__(self, preset: Preset) -> None:
        if preset.kind not in {"apnea", CLASSICAL} or not np.isfinite(preset.below):
            msg = f"{preset.name} is not a definition on breath intervals"
            raise ValueError(msg)
        self._preset = preset
        self._span = EMPTY  # the searched span that may go on, from its last breath
        self._breath = np.empty(0)
        self._edges = np.empty((0, 2))
        self._open: NDArray[np.void] = np.zeros(0, dtype=ROW)  # pauses that more may join
        self._upto = -np.inf
        self._held = EMPTY  # searched, and perhaps not: what cuts it may show later

    @property
    def since(self) -> float:
        """Before this time all events are told, and all that was searched. [s]"""
        if len(self._open):
            return float(self._open["start"][0])
        if len(self._breath):
            return min(float(self._edges[-1, 1]), self._upto)
        return float(self._span.bounds[0, 0]) if len(self._span) else self._upto

    @property
    def running(self) -> tuple[Event, ...]:
        """The event that goes on, as far as it is known, if it is long enough already."""
        rows = self._open
        if len(self._span):
            begin = self._edges[-1, 1] if len(self._breath) else self._span.bounds[0, 0]
            end = self._span.bounds[-1, 1]
            if end - begin > self._preset.below:
                pause = np.zeros(1, dtype=ROW)
                pause["start"], pause["end"], pause["values"] = begin, end, 1
                pause["beyond"], pause["nadir"], pause["nadir_time"] = True, np.nan, np.nan
                pause["below"] = round((end - begin) * MICRO)
                pause["steep"] = len(self._breath) == 0
                rows = np.concatenate((rows, pause))
        rows, _ = _chained(rows, np.zeros(len(rows), dtype=np.intp), self._preset)
        return _events(rows[-1:], self._preset)

    def update(self, new: Mapping[str, Breaths], upto: Mapping[str, float]) -> Events:
        """Take the next breaths; return the events that became final, and what was searched."""
        chunk = new.get("breaths")
        if chunk is None:
            return self._take(np.empty(0), np.empty((0, 2)), EMPTY, upto.get("breaths", -np.inf))
        return self._take(chunk.times, chunk.edges, chunk.searched, upto.get("breaths", -np.inf))

    def finish(self) -> Events:
        """End the breaths; return the remaining events."""
        return self._take(np.empty(0), np.empty((0, 2)), EMPTY, np.inf)

    def _take(
        self,
        new: NDArray[np.float64],
        around: NDArray[np.float64],
        searched: Spans,
        upto: float,
    ) -> Events:
        spans = union(self._span, searched)
        edges = spans.bounds
        times = np.concatenate((self._breath, new))
        breaths = np.concatenate((self._edges, around))
        if np.any(np.diff(times) <= 0):
            msg = "breaths come in time order"
            raise ValueError(msg)
        where = np.searchsorted(edges[:, 0], times, side="right") - 1
        # A breath on the end of its span is still of it.
        heard = where >= 0
        heard[heard] = times[heard] <= edges[where[heard], 1]
        times, where, breaths = times[heard], where[heard], breaths[heard]
        goes_on = len(edges) > 0 and not upto > edges[-1, 1] + SLACK_S
        closed = len(edges) - int(goes_on)
        fresh = np.append(where[:1] >= 0, where[1:] != where[:-1])[: len(where)]
        if len(self._breath) and len(heard) and heard[0]:
            fresh[0] = False  # what was before it has been looked at
        pauses = _pauses(breaths, where, edges, closed, fresh, self._preset)
        rows = np.concatenate((self._open, pauses))
        at = np.searchsorted(edges[:, 0], rows["start"], side="right") - 1
        # From the last breath on, a pause may still begin in the span that goes on.
        since = float(breaths[-1, 1]) if len(times) and where[-1] == closed else -np.inf
        groups, of_span = _chained(rows, at, self._preset)
        lasts_open = len(groups) > 0 and of_span[-1] == closed
        settled = len(groups)
        if lasts_open and _near(since - float(groups["end"][-1]), self._preset):
            settled -= 1
        self._open = groups[settled:]
        self._upto = upto
        self._keep(times[where == closed], breaths[where == closed], edges[closed:])
        items = _events(groups[:settled], self._preset)
        # Time that is cut, and too short for an event, may be of one.
        lost = [_cut_short(breaths, where, edges, closed, fresh, self._preset)]
        if self._preset.kind != CLASSICAL:
            cut = groups[:settled][groups["steep"][:settled]]
            lost.append(np.column_stack((cut["start"], cut["end"])))
        unsaid = subtract(Spans.of(np.concatenate(lost)), Spans.of([each.span for each in items]))
        held = subtract(union(self._held, searched), unsaid)
        before = Spans(np.array([[-np.inf, self.since]]))
        self._held = subtract(held, before)
        return Events(items, intersect(held, before), self._preset)

    def _keep(
        self,
        times: NDArray[np.float64],
        breaths: NDArray[np.float64],
        span: NDArray[np.float64],
    ) -> None:
        self._breath, self._edges = times[-1:], breaths[-1:]
        span = span.copy()
        begins = np.concatenate((self._open["start"][:1], self._breath))[:1]
        if len(begins):
            span[:, 0] = begins
        # A span that holds no more than its last breath is kept too: it may go on.
        self._span = Spans(span)


def _near(apart: float, preset: Preset) -> bool:
    """Whether two pauses this far apart are one event. [s]"""
    if preset.kind == CLASSICAL:
        return apart <= preset.join + SLACK_S
    return apart < preset.join - SLACK_S


def _cut_short(
    breaths: NDArray[np.float64],
    where: NDArray[np.intp],
    edges: NDArray[np.float64],
    closed: int,
    fresh: NDArray[np.bool_],
    preset: Preset,
) -> NDArray[np.float64]:
    """Return what has no breath at one end, shape (n, 2): spans without any, and cut pauses."""
    empty = np.ones(closed, dtype=np.bool_)
    empty[where[where < closed]] = False
    rows = edges[:closed][empty]
    if preset.kind != CLASSICAL:
        last = (np.append(where[1:] != where[:-1], [True])[: len(where)]) & (where < closed)
        before = np.column_stack((edges[where[fresh], 0], breaths[fresh, 0]))
        after = np.column_stack((breaths[last, 1], edges[where[last], 1]))
        # Longer ones are pauses, which others may join.
        cut = np.concatenate((before, after))
        rows = np.concatenate((rows, cut[cut[:, 1] - cut[:, 0] < preset.below]))
    return rows[rows[:, 1] - rows[:, 0] >= CUT_S]


def _pauses(
    breaths: NDArray[np.float64],
    where: NDArray[np.intp],
    edges: NDArray[np.float64],
    closed: int,
    fresh: NDArray[np.bool_],
    preset: Preset,
) -> NDArray[np.void]:
    """Return the pauses of spans: between breaths, before the first, and after a closed one's last.

    `fresh` are the first breaths of their spans.
    """
    ends = np.append(breaths[1:, 0], np.inf)[: len(breaths)]
    last = np.append(where[1:] != where[:-1], [True])[: len(breaths)]
    ends[last] = edges[where[last], 1]
    after = ~(last & (where >= closed))
    starts = np.concatenate((edges[where[fresh], 0], breaths[after, 1]))
    ends = np.concatenate((breaths[fresh, 0], ends[after]))
    cut = np.concatenate((fresh[fresh], last[after]))
    shortest = preset.below - SLACK_S if preset.inclusive else preset.below + SLACK_S
    found = np.flatnonzero(ends - starts > shortest)
    found = found[np.argsort(starts[found], kind="stable")]
    rows = np.zeros(len(found), dtype=ROW)
    rows["start"], rows["end"] = starts[found], ends[found]
    rows["beyond"] = True
    rows["values"] = 1
    rows["nadir"] = rows["nadir_time"] = np.nan
    rows["below"] = np.rint((rows["end"] - rows["start"]) * MICRO)
    rows["steep"] = cut[found]  # here: cut by an end of the span
    return rows


def _chained(
    rows: NDArray[np.void], at: NDArray[np.intp], preset: Preset
) -> tuple[NDArray[np.void], NDArray[np.intp]]:
    if len(rows) == 0:
        return rows, at
    apart = rows["start"][1:] - rows["end"][:-1]
    if preset.kind == CLASSICAL:
        near = apart <= preset.join + SLACK_S
    else:
        near = apart < preset.join - SLACK_S
    opens = np.concatenate(([True], ~near | (at[1:] != at[:-1])))
    return merged(rows, opens, preset), at[opens]


def _events(groups: NDArray[np.void], preset: Preset) -> tuple[Event, ...]:
    lasts = groups["end"] - groups["start"]
    shortest = preset.at_least + (SLACK_S if preset.over else -SLACK_S)
    enough = (lasts > shortest) & (groups["values"] >= preset.values)
    return tuple(
        Event(
            kind=PROLONGED if lasts[i] > preset.at_most + SLACK_S else preset.kind,
            span=Span(float(groups["start"][i]), float(groups["end"][i])),
            nadir=float("nan"),
            nadir_time=float("nan"),
            area=float("nan"),
            time_below_s=int(groups["below"][i]) / MICRO,
            bridged_s=0.0,
            source="breath",
            truncated=bool(groups["steep"][i]),
        )
        for i in np.flatnonzero(enough)
    )


def find_apneas(
    breaths: Breaths,
    preset: Preset,
    *,
    distrusted: Spans = EMPTY,
    doubtful: Spans = EMPTY,
) -> Events:
    """Return the central apneas (impedance) of a preset, or the episodes of periodic breathing.

    Parameters
    ----------
    breaths : Breaths
        Breaths, and where they would have been found.
    preset : Preset
        ``PRESETS["central10"]``, ``PRESETS["periodic_breathing"]`` ...
    distrusted : Spans
        Time to leave out: it is not searched, and nothing is joined across it.
    doubtful : Spans
        Time in which the signal is doubtful: an event that overlaps it is kept and marked.

    Returns
    -------
    Events
        A pause lasts at least the preset's threshold, from the end of a breath to the start of the
        next. Pauses are joined, then durations are looked at; `time_below_s` is the time in pauses:
        the duration weighted by what was apnea.

    Notes
    -----
    Central apnea only: impedance cannot see an obstructed breath. Never across unsearched time.
    What is cut by it before it is long enough is not searched.
    """
    trusted = replace(breaths, searched=subtract(breaths.searched, distrusted))
    detector = ApneaDetector(preset)
    upto = {"breaths": -np.inf}
    found = together([detector.update({"breaths": trusted}, upto), detector.finish()])
    if len(trusted.searched) == 0:
        return replace(found, reason="no breathing signal in the recording")
    if len(found.searched) == 0:
        return replace(found, reason="no breath in what can be searched of the breathing signal")
    return doubt(found, doubtful, "breathing signal")


def find_periodic_breathing(
    breaths: Breaths,
    preset: Preset,
    *,
    distrusted: Spans = EMPTY,
    doubtful: Spans = EMPTY,
) -> Events:
    """Return the episodes of periodic breathing: as `find_apneas`, for its preset.

    Raises
    ------
    ValueError
        If the preset is not one of periodic breathing.
    """
    if preset.kind != CLASSICAL:
        msg = f"{preset.name} does not define periodic breathing"
        raise ValueError(msg)
    return find_apneas(breaths, preset, distrusted=distrusted, doubtful=doubtful)


def doubt(found: Events, spans: Spans, reason: str) -> Events:
    """Return the events with those that overlap the spans marked as doubtful, none left out.

    Parameters
    ----------
    found : Events
        Events of any kind.
    spans : Spans
        Doubtful time.
    reason : str
        Why, as printed after ``doubtful:``.
    """
    near = intersect(spans, Spans.of([event.span for event in found.items]))
    items = tuple(
        doubted(event, reason) if overlap(near, event.span) > 0 else event for event in found.items
    )
    return replace(found, items=items)


def doubted(event: Event, reason: str) -> Event:
    """Return an event marked as doubtful, for one reason more."""
    known = event.quality.removeprefix("doubtful: ") if event.quality != "good" else ""
    return replace(event, quality="doubtful: " + "; ".join(filter(None, (known, reason))))

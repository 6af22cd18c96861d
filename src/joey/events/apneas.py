"""Central apnea and periodic breathing from the times of breaths.

Chest impedance sees central apnea and the central part of a mixed one; obstructed efforts look like
breathing, so that nothing here is ever called obstructive, and no apnea is not no obstruction.
A pause lasts from a breath to the next breath of the same searched span; a pause that the end of
the searched span cuts is kept as truncated. Before its first breath a span says nothing.
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
        self._open: NDArray[np.void] = np.zeros(0, dtype=ROW)  # pauses that more may join

    def update(self, new: Mapping[str, Breaths], upto: Mapping[str, float]) -> Events:
        """Take the next breaths; return the events that became final, and what was searched."""
        chunk = new.get("breaths")
        times = np.empty(0) if chunk is None else chunk.times
        searched = EMPTY if chunk is None else chunk.searched
        return self._take(times, searched, upto.get("breaths", -np.inf))

    def finish(self) -> Events:
        """End the breaths; return the remaining events."""
        return self._take(np.empty(0), EMPTY, np.inf)

    def _take(self, new: NDArray[np.float64], searched: Spans, upto: float) -> Events:
        spans = union(self._span, searched)
        edges = spans.bounds
        times = np.concatenate((self._breath, new))
        if np.any(np.diff(times) <= 0):
            msg = "breaths come in time order"
            raise ValueError(msg)
        where = np.searchsorted(edges[:, 0], times, side="right") - 1
        # A breath on the end of its span is still of it.
        heard = where >= 0
        heard[heard] = times[heard] <= edges[where[heard], 1]
        times, where = times[heard], where[heard]
        goes_on = len(edges) > 0 and not upto > edges[-1, 1] + SLACK_S
        closed = len(edges) - int(goes_on)
        pauses = _pauses(times, where, edges, closed, self._preset)
        rows = np.concatenate((self._open, pauses))
        at = np.searchsorted(edges[:, 0], rows["start"], side="right") - 1
        # From the last breath on, a pause may still begin in the span that goes on.
        since = float(times[-1]) if len(times) and where[-1] == closed else -np.inf
        groups, of_span = _chained(rows, at, self._preset)
        lasts_open = len(groups) > 0 and of_span[-1] == closed
        settled = len(groups)
        if lasts_open and _near(since - float(groups["end"][-1]), self._preset):
            settled -= 1
        self._open = groups[settled:]
        self._keep(times[where == closed], edges[closed:])
        return Events(_events(groups[:settled], self._preset), searched, self._preset)

    def _keep(self, times: NDArray[np.float64], span: NDArray[np.float64]) -> None:
        self._breath = times[-1:]
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


def _pauses(
    times: NDArray[np.float64],
    where: NDArray[np.intp],
    edges: NDArray[np.float64],
    closed: int,
    preset: Preset,
) -> NDArray[np.void]:
    """Return the pauses between breaths of one span, and from a closed span's last breath on."""
    ends = np.append(times[1:], np.inf)
    last = np.append(where[1:] != where[:-1], [True])[: len(times)]
    ends = ends[: len(times)]
    ends[last] = edges[where[last], 1]
    shortest = preset.below - SLACK_S if preset.inclusive else preset.below + SLACK_S
    found = (ends - times > shortest) & ~(last & (where >= closed))
    rows = np.zeros(int(found.sum()), dtype=ROW)
    rows["start"], rows["end"] = times[found], ends[found]
    rows["beyond"] = True
    rows["values"] = 1
    rows["nadir"] = rows["nadir_time"] = np.nan
    rows["below"] = np.rint((rows["end"] - rows["start"]) * MICRO)
    rows["steep"] = last[found]  # here: cut by the end of the span
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
        A pause is a breath interval of at least the preset's threshold, from breath to breath.
        Pauses are joined, then durations are looked at; `time_below_s` is the time in pauses.

    Notes
    -----
    Central apnea only: impedance cannot see an obstructed breath. Never across unsearched time.
    """
    trusted = replace(breaths, searched=subtract(breaths.searched, distrusted))
    detector = ApneaDetector(preset)
    upto = {"breaths": -np.inf}
    found = together([detector.update({"breaths": trusted}, upto), detector.finish()])
    if len(found.searched) == 0:
        return replace(found, reason="no breathing signal in the recording")
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

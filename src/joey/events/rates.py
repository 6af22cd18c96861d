"""Events per valid hour: counts, exposure, exact intervals, and how to say them.

Apneas cluster (Clark 2016, doi 10.1088/0967-3334/37/4/463), so that an interval which takes events
as independent is too narrow: the words say so, and clusters are counted beside events.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from joey.events.types import PROLONGED
from joey.spans import contains, intersect, overlap, total

if TYPE_CHECKING:
    from collections.abc import Iterable

    from joey.events.types import Event, Events
    from joey.spans import Spans

__all__ = [
    "CLUSTER_GAP_S",
    "Comparison",
    "Count",
    "Rate",
    "clusters",
    "compare_rates",
    "count_events",
    "rate_per_hour",
]

CLUSTER_GAP_S = 60.0  # s, Joey default: events less apart are one cluster
FEWEST_TO_COMPARE = 5  # events in both parts together
HOUR_S = 3600.0
LEAST_S = 300.0  # s, of less no rate is told: one event would be 12 per hour
CLUSTER_NOTE = "events cluster, so that the true interval is wider"


@dataclass(frozen=True, slots=True)
class Rate:
    """A count with its exposure.

    Parameters
    ----------
    count : int
        Events (or clusters).
    exposure_s : float
        Valid time searched. [s]
    rate, low, high : float
        Per valid hour, with the exact 95 % Poisson interval (Garwood 1936, doi
        10.1093/biomet/28.3-4.437); NaN where less than five minutes were searched, or nothing, also
        where a combination of events begins there. [1/h]
    words : str
        The same for people.
    """

    count: int
    exposure_s: float
    rate: float
    low: float
    high: float
    words: str


@dataclass(frozen=True, slots=True)
class Count:
    """The events of one preset in some spans: counted where they begin, timed where they are.

    Parameters
    ----------
    events : Rate
        Events that count, with exposure.
    clusters : Rate
        Their clusters: nearer to independent than the events are.
    time_below_s : float
        Time truly beyond the threshold inside the spans, of events that begin there or before; an
        event that reaches out of them gives its share by time. [s]
    running : int
        Events that began before and were running here: not counted again, and always said.
    doubtful, prolonged, truncated : int
        How many of the counted are doubtful; how many were prolonged, which are not counted; how
        many of the counted are cut by a gap or an edge.
    """

    events: Rate
    clusters: Rate
    time_below_s: float
    doubtful: int
    prolonged: int
    truncated: int
    running: int = 0

    @property
    def words(self) -> str:
        """The count for people, with what its interval leaves out."""
        parts = [self.events.words]
        if self.clusters.count:
            plural = "cluster" if self.clusters.count == 1 else "clusters"
            parts.append(f"in {self.clusters.count} {plural} ({CLUSTER_NOTE})")
        named = {"doubtful": self.doubtful, "prolonged and not counted": self.prolonged}
        named["cut by a gap or an edge"] = self.truncated
        parts += [f"{count} {what}" for what, count in named.items() if count]
        return "; ".join(parts)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The ratio of two rates with its exact 95 % interval; NaN and a reason where none is."""

    ratio: float
    low: float
    high: float
    words: str


def rate_per_hour(count: int, exposure_s: float) -> Rate:
    """Return events per valid hour with the exact two-sided 95 % Poisson interval.

    Parameters
    ----------
    count : int
        Events.
    exposure_s : float
        Valid time searched for them. [s]

    Returns
    -------
    Rate
        With no event the upper limit is -ln(0.025) / exposure, and the words name it. Of less than
        five minutes none is told, only the count (NaN): its interval would reach from 0 to 44 per
        hour and more.

    Raises
    ------
    ValueError
        If there are events but no exposure, or one is negative.

    References
    ----------
    F. Garwood, "Fiducial limits for the Poisson distribution", Biometrika, vol. 28, 1936,
    doi 10.1093/biomet/28.3-4.437.

    Examples
    --------
    >>> from joey.events import rate_per_hour
    >>> rate_per_hour(0, 2106.0).words
    '0 in 0.6 valid h: compatible with up to 6.3 per hour'
    """
    if count < 0 or exposure_s < 0 or (count and not exposure_s):
        msg = f"{count!r} events in {exposure_s!r} s cannot be"
        raise ValueError(msg)
    if exposure_s == 0:
        return Rate(0, 0.0, math.nan, math.nan, math.nan, "cannot say: nothing was searched")
    if exposure_s < LEAST_S:
        words = f"cannot say: {count} in {_short(exposure_s)} valid, too short for a rate"
        return Rate(count, exposure_s, math.nan, math.nan, math.nan, words)
    from scipy.special import gammaincinv  # noqa: PLC0415 - slow to import

    hours = exposure_s / HOUR_S
    low = float(gammaincinv(count, 0.025)) / hours if count else 0.0
    high = float(gammaincinv(count + 1, 0.975)) / hours
    rate = count / hours
    if count:
        words = (
            f"{count} in {_hours(hours)} valid h: {rate:.1f} per hour "
            f"(95 % interval {low:.1f} to {high:.1f})"
        )
    else:
        words = f"0 in {_hours(hours)} valid h: compatible with up to {high:.1f} per hour"
    return Rate(count, exposure_s, rate, low, high, words)


def _short(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds // 60:.0f} min"


def _hours(hours: float) -> str:
    return f"{hours:.1f}" if hours >= 0.095 else f"{hours:.2g}"


def clusters(
    events: Iterable[Event], gap_s: float = CLUSTER_GAP_S
) -> tuple[tuple[Event, ...], ...]:
    """Return the events in clusters: less than `gap_s` from the end of one to the next's start.

    Parameters
    ----------
    events : iterable of Event
        In any order.
    gap_s : float, default 60
        From here on two events are of different clusters; Joey's default. [s]
    """
    found: list[list[Event]] = []
    reach = -math.inf
    for event in sorted(events, key=lambda each: each.span):
        if found and event.span.start - reach < gap_s:
            found[-1].append(event)
        else:
            found.append([event])
        reach = max(reach, event.span.end)
    return tuple(tuple(group) for group in found)


def count_events(found: Events, within: Spans) -> Count:
    """Return how many events begin in the spans, against the valid time in them.

    Parameters
    ----------
    found : Events
        Of the whole recording.
    within : Spans
        A phase of a hold.

    Notes
    -----
    An event is counted where it begins, so that no event is counted twice. A cluster is counted
    where its first event begins, among the events of these spans. A combination may begin before
    all of its signals are measured (a bradycardia, then the probe is on and shows the
    desaturation): where nothing else was searched it is counted without a rate.
    """
    starts = np.array([event.span.start for event in found.items], dtype=np.float64)
    begins = contains(within, starts)
    here = [found.items[i] for i in np.flatnonzero(begins)]
    reach = [(event, overlap(within, event.span)) for event in found.items]
    running = [e for (e, inside), new in zip(reach, begins, strict=True) if inside and not new]
    valid = [event for event in here if event.kind != PROLONGED]
    exposure = total(intersect(found.searched, within))
    return Count(
        events=_running(_rate_of(len(valid), exposure), len(running)),
        clusters=_rate_of(len(clusters(valid)), exposure),
        time_below_s=sum(
            event.time_below_s * inside / event.span.duration
            for event, inside in reach
            if inside and event.kind != PROLONGED
        ),
        doubtful=sum(event.quality != "good" for event in valid),
        prolonged=len(here) - len(valid),
        truncated=sum(event.truncated for event in valid),
        running=len(running),
    )


def _running(rate: Rate, running: int) -> Rate:
    """Return the rate with the events that were running; with those, nothing is compatible."""
    if not running:
        return rate
    words = f"{running} running from before"
    if rate.count:
        return replace(rate, words=f"{rate.words}, and {words}")
    hours = f" in {_hours(rate.exposure_s / HOUR_S)} valid h" if rate.exposure_s else ""
    return replace(rate, words=f"0 began{hours}, {words}")


def _rate_of(count: int, exposure_s: float) -> Rate:
    """Return the rate; a count without exposure has none, and says so."""
    if exposure_s > 0 or count == 0:
        return rate_per_hour(count, exposure_s)
    words = f"{count} in no valid time: its signals were not all measured here, so there is no rate"
    return Rate(count, 0.0, math.nan, math.nan, math.nan, words)


def compare_rates(a: Rate, b: Rate) -> Comparison:
    """Return the rate of `b` as a multiple of the rate of `a`, by the exact conditional interval.

    Parameters
    ----------
    a, b : Rate
        Such as before and settled.

    Returns
    -------
    Comparison
        Below 5 events in both together: none, "too few to compare"; nor where one has no rate, as
        less than five minutes of it were searched. The interval takes the events as independent,
        and the words say that they are not.

    References
    ----------
    J. Przyborowski and H. Wilenski, Biometrika, vol. 31, 1940, doi 10.1093/biomet/31.3-4.313: given
    the sum, one count is binomial. C. Clopper and E. Pearson, Biometrika, vol. 26, 1934,
    doi 10.1093/biomet/26.4.404: the limits of its share.
    """
    nothing = (math.nan, math.nan, math.nan)
    if not (a.exposure_s and b.exposure_s):
        return Comparison(*nothing, "cannot say: nothing was searched in one of them")
    if min(a.exposure_s, b.exposure_s) < LEAST_S:
        return Comparison(*nothing, "cannot say: too short for a rate in one of them")
    events = a.count + b.count
    if events < FEWEST_TO_COMPARE:
        return Comparison(*nothing, f"too few to compare ({events} in both together)")
    from scipy.special import betaincinv  # noqa: PLC0415 - slow to import

    # Shares of all events that fall into b, as odds, per exposure.
    low_share = float(betaincinv(b.count, a.count + 1, 0.025)) if b.count else 0.0
    high_share = float(betaincinv(b.count + 1, a.count, 0.975)) if a.count else 1.0
    per = a.exposure_s / b.exposure_s
    low = low_share / (1 - low_share) * per
    high = high_share / (1 - high_share) * per if high_share < 1 else math.inf
    ratio = b.count / a.count * per if a.count else math.inf
    words = (
        f"{b.rate:.1f} against {a.rate:.1f} per hour: ratio {_ratio(ratio)} "
        f"(95 % interval {_ratio(low)} to {_ratio(high)}; {CLUSTER_NOTE})"
    )
    return Comparison(ratio, low, high, words)


def _ratio(value: float) -> str:
    return f"{value:.2g}" if math.isfinite(value) else "without limit"

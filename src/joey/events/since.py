"""How long ago the last event was, and how much of that time was looked at.

Units count days without a spell before an infant goes home, each by its own rule. Here is the
number, with what it leaves out; nothing about readiness is said or implied.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from joey.spans import Spans, intersect, total

if TYPE_CHECKING:
    from joey.events.types import Event, Events

__all__ = ["SinceLast", "time_since_last"]

HOUR_S = 3600.0
WHOLE = 0.995  # share that is printed as 100 %


@dataclass(frozen=True, slots=True)
class SinceLast:
    """The time since the last event that counts by a unit's rule.

    Parameters
    ----------
    event : Event or None
        That event; None where there is none.
    since_s : float
        From its end, or where there is none from the first time searched; NaN where nothing was
        searched. [s]
    coverage : float
        Share of that time that was searched, 0 to 1; NaN of none.
    words : str
        The same for people.
    """

    event: Event | None
    since_s: float
    coverage: float
    words: str


def time_since_last(
    found: Events, until: float, *, at_least_s: float = 0.0, nadir_below: float = math.inf
) -> SinceLast:
    """Return how long before a time the last event ended, and how much of that was searched.

    Parameters
    ----------
    found : Events
        Of one preset, in the whole recording. What lasts longer than its definition allows
        (``prolonged``) starts the clock anew as well.
    until : float
        The time that is asked for; what comes later is not looked at. [s]
    at_least_s : float, default 0
        The unit's rule: shorter events do not count. [s]
    nadir_below : float, default infinite
        The unit's rule: events whose lowest value is not below this do not count; with a limit, an
        event without a nadir does not either. [unit of the preset]

    Returns
    -------
    SinceLast
        An event that still runs gives 0 s.

    Notes
    -----
    No rule is standard: five to ten days are usual, and the clock of some units begins at the last
    caffeine [1]_. A countdown over time that was not searched is none: the share is in the words.

    References
    ----------
    .. [1] S. A. Lorch, L. Srinivasan, G. J. Escobar, "Epidemiology of apnea and bradycardia
       resolution in premature infants", Pediatrics, vol. 128, pp. e366-e373, 2011,
       :doi:`10.1542/peds.2010-1567`.

    Examples
    --------
    >>> import numpy as np
    >>> from joey.events import PRESETS, find_in_series, time_since_last
    >>> from joey.signals import Channel, Series
    >>> spo2 = np.full(7200, 95.0)
    >>> spo2[:20] = 75.0
    >>> series = Series(Channel("spo2", "%"), np.arange(7200.0), spo2, np.ones(7200))
    >>> found = find_in_series(PRESETS["desat_uva"], series, source="numeric")
    >>> time_since_last(found, 7200.0).words
    '2.0 h since the last desat_uva+join10, 100 % of them measured'
    """
    name = found.preset.printed
    rule = [f"of at least {at_least_s:g} s"] if at_least_s else []
    rule += [f"below {nadir_below:g}"] if math.isfinite(nadir_below) else []
    what = " ".join([name, " and ".join(rule)]) if rule else name
    looked = intersect(found.searched, Spans.of([(-math.inf, until)]))
    if not len(looked):
        reason = found.reason or "nothing was searched"
        return SinceLast(None, math.nan, math.nan, f"cannot say: {reason}")
    counts = [
        event
        for event in found.items
        if event.span.start < until
        and event.span.duration >= at_least_s
        and (math.isinf(nadir_below) or event.nadir < nadir_below)
    ]
    last = max(counts, key=lambda event: event.span.end, default=None)
    start = float(looked.bounds[0, 0]) if last is None else min(last.span.end, until)
    since = until - start
    measured = total(intersect(looked, Spans.of([(start, until)])))
    coverage = measured / since if since > 0 else math.nan
    if last is not None and since == 0:
        return SinceLast(last, 0.0, math.nan, f"{what} is running")
    share = "100 %" if coverage >= WHOLE else f"{100 * coverage:.0f} %"
    hours = f"{since / HOUR_S:.1f} h"
    begin = f"no {what} in {hours}" if last is None else f"{hours} since the last {what}"
    return SinceLast(last, since, coverage, f"{begin}, {share} of them measured")

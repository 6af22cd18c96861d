"""The table of events: counts, exposure and rates by phase, the whole hold beside its settled part.

Apnea is secondary. Where the holder's breathing is visible in the impedance an apnea can hide: no
hour of it is a valid one, what was found is printed as found, and none found is no zero.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from joey.events import compare_rates, count_events, definition
from joey.holds import why_unpaired
from joey.response.types import EventCount, EventRow
from joey.spans import total

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from joey.events import Count, Events
    from joey.holds import Phases
    from joey.response.leak import Leak
    from joey.response.settings import Settings

__all__ = ["event_rows", "leak_words", "needs_breaths"]

SHOWN = (
    "before",
    "transfer_in",
    "settled",
    "whole_hold",
    "last_10",
    "change",
    "transfer_out",
    "after",
)
HELD = ("transfer_in", "settled", "whole_hold", "last_10", "change", "transfer_out")
FROM_BREATHS = ("apnea", "periodic_breathing", "abd", "ab", "ad")
NAN = float("nan")
SLOW_BEFORE = "cannot say (a slow line stands in the impedance before the hold)"


def needs_breaths(found: Events) -> bool:
    """Whether the events rest on breaths, and so on the leak test."""
    return found.preset.kind in FROM_BREATHS


def leak_words(leaks: Mapping[str, Leak]) -> str:
    """Return why apnea cannot be compared; empty where the test passes before and settled."""
    results = [leaks[name].passes if name in leaks else None for name in ("before", "settled")]
    if results[1] is False:
        return "cannot say (holder's breathing is visible in the impedance)"
    if results[0] is False:
        return SLOW_BEFORE
    return "" if all(results) else "cannot say (too little impedance for the leak test)"


def event_rows(
    events: Sequence[Events], phases: Phases, leaks: Mapping[str, Leak], settings: Settings
) -> tuple[EventRow, ...]:
    """Return the table of events of one hold.

    Parameters
    ----------
    events : sequence of Events
        Of the whole recording, in the order of the table.
    phases : Phases
        Of the hold; an event counts where it begins.
    leaks : dict of str to Leak
        The leak test by phase.
    settings : Settings
        How few events are not compared.
    """
    return tuple(_row(found, phases, leaks, settings) for found in events)


def _row(found: Events, phases: Phases, leaks: Mapping[str, Leak], settings: Settings) -> EventRow:
    doubt = leak_words(leaks) if needs_breaths(found) else ""
    doubted = dict.fromkeys(HELD if doubt else (), doubt)
    if doubt and "before" in leaks and leaks["before"].passes is False:
        doubted["before"] = SLOW_BEFORE
    counts = {
        name: count_events(found, phases.spans[name])
        for name in SHOWN
        if len(phases.spans.get(name, ()))
    }
    shown = {
        name: _count(count, doubted.get(name, ""), found.reason) for name, count in counts.items()
    }
    return EventRow(
        _label(found),
        definition(found.preset),
        found,
        shown,
        _comparison(counts, doubt, phases, settings) + _apart(counts, phases, settings),
    )


def _count(count: Count, doubt: str, reason: str) -> EventCount:
    rate = count.events
    hours = rate.exposure_s / 3600
    if hours == 0:
        # A combination may begin before all of its signals are measured: a count without a rate.
        words = (
            rate.words
            if rate.count or count.running
            else f"cannot say: {reason or 'nothing was searched'}"
        )
        return EventCount(
            rate.count, 0.0, NAN, NAN, NAN, count.time_below_s, count.clusters.count, words
        )
    extra = [
        f"{number} {word}"
        for number, word in (
            (count.doubtful, "doubtful"),
            (count.truncated, "cut by a gap"),
            (count.prolonged, "prolonged, not counted"),
        )
        if number
    ]
    tail = f" ({', '.join(extra)})" if extra else ""
    if doubt:
        words = f"{rate.count} found{tail}, how many more: {doubt}" if rate.count else doubt
        return EventCount(
            rate.count, 0.0, NAN, NAN, NAN, count.time_below_s, count.clusters.count, words
        )
    return EventCount(
        rate.count, hours, rate.rate, rate.low, rate.high, count.time_below_s,
        count.clusters.count, rate.words + tail,
    )  # fmt: skip


def _apart(counts: Mapping[str, Count], phases: Phases, settings: Settings) -> str:
    """Return a warning where much more of one phase was searched than of the other."""
    shares = [
        counts[name].events.exposure_s / total(phases.spans[name])
        for name in ("before", "settled")
        if name in counts
    ]
    if len(shares) < 2 or abs(shares[0] - shares[1]) <= settings.coverage_apart:
        return ""
    return f"; coverage differs: {shares[0]:.0%} before, {shares[1]:.0%} settled".replace("%", " %")


def _comparison(counts: Mapping[str, Count], doubt: str, phases: Phases, settings: Settings) -> str:
    if why := why_unpaired(phases, settings.phases):
        return f"cannot say: {why}"
    if doubt:
        return doubt
    before, settled = counts["before"].events, counts["settled"].events
    if not (before.exposure_s and settled.exposure_s):
        return "cannot say: nothing was searched in one of them"
    both = before.count + settled.count
    if both < settings.few_events:
        return f"too few to compare ({both} in both together)"
    return compare_rates(before, settled).words


def _label(found: Events) -> str:
    words = {
        "bradycardia": "Bradycardia", "desaturation": "Desaturation", "apnea": "Central apnea",
        "bd": "Bradycardia with desaturation (BD)",
        "abd": "Apnea with bradycardia and desaturation (ABD)",
        "ab": "Apnea with bradycardia (AB)", "ad": "Apnea with desaturation (AD)",
        "tachycardia": "Tachycardia", "pause": "Pause of the heart",
        "periodic_breathing": "Periodic breathing",
        "intermittent_hypoxemia": "Intermittent hypoxemia",
    }  # fmt: skip
    name = words.get(found.preset.kind, found.preset.kind)
    if found.preset.kind == "apnea" and found.preset.at_least:
        return f"{name}, {'over' if found.preset.over else 'from'} {found.preset.at_least:g} s"
    return name

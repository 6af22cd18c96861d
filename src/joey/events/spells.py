"""Which apneas, bradycardias and desaturations belong together, by windows in time.

No published windows are known: they are Joey's defaults, named in every preset. Association in time
is all that is told here; it is no cause.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from joey.events.pieces import SLACK_S
from joey.events.presets import PRESETS
from joey.events.types import Event, Events, Preset, counted
from joey.spans import Span, intersect

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "Spell",
    "find_ab",
    "find_abd",
    "find_ad",
    "find_aop_apneas",
    "find_bd",
    "spells",
]

NAN = float("nan")
SHORTER_APNEA_S = 10.0  # s; with B or D an apnea over this counts (Finer 2006)
DEGREES = ((20.0, "A20"), (15.0, "A15"), (10.0, "A10"))  # s: letters of an apnea alone


@dataclass(frozen=True, slots=True)
class Spell:
    """One physiological episode, with the letters staff use.

    Parameters
    ----------
    letters : str
        ``A10`` (10 to below 15 s), ``A15`` (15 to below 20 s), ``A20`` (20 s and more), ``A`` for
        a shorter one, ``B``, ``D``, ``AB``, ``AD``, ``BD``, ``ABD``: what occurs in the episode.
    span : Span
        From the first start to the last end. [s]
    members : tuple of Event
        In time order.
    """

    letters: str
    span: Span
    members: tuple[Event, ...]


def _within(event: Event, onsets: Sequence[float], window: tuple[float, float]) -> range:
    """Return which followers begin in the window around an event."""
    lo = bisect_left(onsets, event.span.start + window[0])
    return range(lo, max(bisect_right(onsets, event.span.end + window[1]), lo))


def _onsets(events: Sequence[Event]) -> list[float]:
    return [event.span.start for event in events]


def _apnea_links(
    apneas: Sequence[Event], followers: Sequence[Event], window: tuple[float, float]
) -> list[tuple[int, int]]:
    onsets = _onsets(followers)
    return [(i, j) for i, apnea in enumerate(apneas) for j in _within(apnea, onsets, window)]


def _bd_links(
    bradys: Sequence[Event], desats: Sequence[Event], window: tuple[float, float]
) -> list[tuple[int, int]]:
    # Both lists are in time order and their events do not overlap among themselves.
    onsets, ends = _onsets(desats), [desat.span.end for desat in desats]
    links = []
    for i, brady in enumerate(bradys):
        linked = set(_within(brady, onsets, window))
        overlap = range(bisect_right(ends, brady.span.start), bisect_left(onsets, brady.span.end))
        links += [(i, j) for j in sorted(linked.union(overlap))]
    return links


def _combined(kind: str, leader: Event, members: Iterable[Event]) -> Event:
    """Return the event that its leader and the other members make together."""
    every = (leader, *members)
    doubts = dict.fromkeys(
        e.quality.removeprefix("doubtful: ") for e in every if e.quality != "good"
    )
    return Event(
        kind=kind,
        span=_hull(every),
        nadir=NAN,
        nadir_time=NAN,
        area=NAN,
        time_below_s=leader.time_below_s,
        bridged_s=sum(event.bridged_s for event in every),
        source="+".join(dict.fromkeys(event.source for event in every)),
        quality="doubtful: " + "; ".join(doubts) if doubts else "good",
        truncated=any(event.truncated for event in every),
    )


def _hull(events: Iterable[Event]) -> Span:
    spans = [event.span for event in events]
    return Span(min(span.start for span in spans), max(span.end for span in spans))


def _found(items: Iterable[Event], preset: Preset, *parts: Events) -> Events:
    searched = parts[0].searched
    for part in parts[1:]:
        searched = intersect(searched, part.searched)
    reasons = dict.fromkeys(part.reason for part in parts if part.reason)
    reason = "; ".join(reasons)
    if len(searched) == 0 and not reason:
        reason = "its signals were never measured at the same time"
    return Events(tuple(items), searched, preset, reason if len(searched) == 0 else "")


def _long_enough(apneas: Events, preset: Preset) -> tuple[Event, ...]:
    return tuple(e for e in counted(apneas) if e.span.duration >= preset.at_least - SLACK_S)


def find_abd(
    apneas: Events, bradys: Events, desats: Events, preset: Preset = PRESETS["abd"]
) -> Events:
    """Return the central apneas with both bradycardia and desaturation.

    Parameters
    ----------
    apneas, bradys, desats : Events
        Such as of ``central10``, ``brady_abd`` and ``desat_abd``.
    preset : Preset, default ``abd``
        Shortest apnea (``abd30``: 30 s), and the windows for the onsets of B and D.

    Returns
    -------
    Events
        One for each such apnea, from the first start to the last end of its members;
        `time_below_s` is that of the apnea. Searched is where all three were.

    References
    ----------
    K. Fairchild et al., Pediatr. Res., vol. 80, pp. 21-27, 2016 (the windows are Joey's default).
    """
    a = _long_enough(apneas, preset)
    b, d = counted(bradys), counted(desats)
    with_b = _by_leader(_apnea_links(a, b, preset.b_window))
    with_d = _by_leader(_apnea_links(a, d, preset.d_window))
    items = [
        _combined(preset.kind, apnea, [*(b[j] for j in with_b[i]), *(d[j] for j in with_d[i])])
        for i, apnea in enumerate(a)
        if i in with_b and i in with_d
    ]
    return _found(items, preset, apneas, bradys, desats)


def find_ab(apneas: Events, bradys: Events, preset: Preset = PRESETS["ab"]) -> Events:
    """Return the central apneas with bradycardia, desaturation or not; as `find_abd`."""
    return _pairs(apneas, bradys, preset, preset.b_window)


def find_ad(apneas: Events, desats: Events, preset: Preset = PRESETS["ad"]) -> Events:
    """Return the central apneas with desaturation, bradycardia or not; as `find_abd`."""
    return _pairs(apneas, desats, preset, preset.d_window)


def _pairs(
    apneas: Events, followers: Events, preset: Preset, window: tuple[float, float]
) -> Events:
    a, f = _long_enough(apneas, preset), counted(followers)
    linked = _by_leader(_apnea_links(a, f, window))
    items = [_combined(preset.kind, a[i], [f[j] for j in linked[i]]) for i in sorted(linked)]
    return _found(items, preset, apneas, followers)


def find_bd(bradys: Events, desats: Events, preset: Preset = PRESETS["bd"]) -> Events:
    """Return bradycardia with desaturation, with or without apnea: one for each group linked.

    Parameters
    ----------
    bradys, desats : Events
        Such as of ``brady_uva`` and ``desat_uva``.
    preset : Preset, default ``bd``
        `d_window`: D and B overlap, or D begins in this window around B.

    Returns
    -------
    Events
        `time_below_s` is that of the bradycardias.

    References
    ----------
    K. Fairchild and D. Lake, 2017 (the window is Joey's default).
    """
    b, d = counted(bradys), counted(desats)
    links = [(i, len(b) + j) for i, j in _bd_links(b, d, preset.d_window)]
    items = []
    for group in _components(len(b) + len(d), links):
        low_rate = [b[k] for k in group if k < len(b)]
        low_spo2 = [d[k - len(b)] for k in group if k >= len(b)]
        if low_rate and low_spo2:
            combined = _combined(preset.kind, low_rate[0], [*low_rate[1:], *low_spo2])
            below = sum(event.time_below_s for event in low_rate)
            items.append(replace(combined, time_below_s=below))
    return _found(sorted(items, key=lambda event: event.span), preset, bradys, desats)


def find_aop_apneas(
    apneas: Events,
    bradys: Events,
    desats: Events,
    preset: Preset = PRESETS["apnea_aop"],
) -> Events:
    """Return the apneas of prematurity: over 20 s, or over 10 s with bradycardia or desaturation.

    Parameters
    ----------
    apneas, bradys, desats : Events
        Such as of ``central10``, ``brady_abd`` and ``desat_abd``.
    preset : Preset, default ``apnea_aop``
        Longest apnea that needs company, and the windows.

    References
    ----------
    Finer 2006 consensus, as quoted in H. Lee et al., Physiol. Meas., vol. 33, 2012,
    doi 10.1088/0967-3334/33/1/1.
    """
    a = tuple(e for e in counted(apneas) if e.span.duration > SHORTER_APNEA_S + SLACK_S)
    links = _apnea_links(a, counted(bradys), preset.b_window)
    links += _apnea_links(a, counted(desats), preset.d_window)
    company = {i for i, _ in links}
    items = [
        apnea
        for i, apnea in enumerate(a)
        if i in company or apnea.span.duration > preset.at_least + SLACK_S
    ]
    return _found(items, preset, apneas, bradys, desats)


def _by_leader(links: Iterable[tuple[int, int]]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for i, j in links:
        found.setdefault(i, []).append(j)
    return found


def _components(count: int, links: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Return the groups of linked numbers, each sorted, in the order of their first."""
    group = list(range(count))

    def root(k: int) -> int:
        while group[k] != k:
            group[k] = group[group[k]]
            k = group[k]
        return k

    for i, j in links:
        a, b = root(i), root(j)
        group[max(a, b)] = min(a, b)
    found: dict[int, list[int]] = {}
    for k in range(count):
        found.setdefault(root(k), []).append(k)
    return list(found.values())


def spells(
    apneas: Events | None,
    bradys: Events | None,
    desats: Events | None,
    *,
    abd: Preset = PRESETS["abd"],
    bd: Preset = PRESETS["bd"],
) -> tuple[Spell, ...]:
    """Return one row for each physiological episode, with its letters.

    Parameters
    ----------
    apneas, bradys, desats : Events or None
        What to put together; None where it is not looked at. Prolonged events are shown too.
    abd, bd : Preset
        The windows.

    Returns
    -------
    tuple of Spell
        In time order. Events that are linked, directly or through a third, are one episode.

    Notes
    -----
    Letters say what occurs in an episode; counts come from `find_abd` and `find_bd`, which ask each
    apnea for its own B and D.
    """
    a, b, d = (() if found is None else found.items for found in (apneas, bradys, desats))
    nodes = [*a, *b, *d]
    at_b, at_d = len(a), len(a) + len(b)
    links = [(i, at_b + j) for i, j in _apnea_links(a, b, abd.b_window)]
    links += [(i, at_d + j) for i, j in _apnea_links(a, d, abd.d_window)]
    links += [(at_b + i, at_d + j) for i, j in _bd_links(b, d, bd.d_window)]
    found = []
    for group in _components(len(nodes), links):
        apnea = [nodes[k] for k in group if k < at_b]
        letters = "A" * bool(apnea)
        letters += "B" * any(at_b <= k < at_d for k in group) + "D" * (group[-1] >= at_d)
        if letters == "A":
            letters = _degree(max(event.span.duration for event in apnea))
        members = tuple(sorted((nodes[k] for k in group), key=lambda event: event.span))
        found.append(Spell(letters, _hull(members), members))
    return tuple(sorted(found, key=lambda spell: spell.span))


def _degree(seconds: float) -> str:
    return next((letters for least, letters in DEGREES if seconds >= least - SLACK_S), "A")

"""The context of a recording: support, oxygen, feeds, care, temperatures, age - as charted.

A CSV file in long form: time, kind, value, unit, site, note. Rows without a time are facts. What is
not charted is unknown and stays so; the last known value always comes with its age.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from joey.holds.cells import UNKNOWN
from joey.holds.kinds import BLENDED, FACTS, QUANTITIES, SETTING_S
from joey.signals import Channel, Series

if TYPE_CHECKING:
    from joey.spans import Span

__all__ = [
    "Context",
    "Entry",
    "Known",
    "breathes_room_air",
    "postmenstrual_age",
    "postnatal_age",
    "room_air",
    "weeks_and_days",
]

DAY = 86400.0  # s
ROOM_AIR = 0.21  # FiO2
SLACK = 1e-6  # of an FiO2 made from scaled counts or percent


@dataclass(frozen=True, slots=True)
class Entry:
    """One charted row.

    Parameters
    ----------
    time : float
        When. [s]
    kind : str
        One of `joey.holds.kinds.KINDS`.
    value : str
        The word or text; a number as charted.
    number : float
        The number in `unit`; NaN for words and texts.
    unit, site, note : str
        Joey's unit of the number, the site of a temperature, and what else was charted.
    """

    time: float
    kind: str
    value: str
    number: float = math.nan
    unit: str = ""
    site: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """The last known value of a kind, and how long before the time asked for it was charted. [s]"""

    entry: Entry
    age_s: float


@dataclass(frozen=True, slots=True)
class Context:
    """What was charted beside a recording.

    Parameters
    ----------
    entries : tuple of Entry
        In time order; those outside the recording too, as they may still stand in it.
    facts : dict of str to str
        Every name of `joey.holds.kinds.FACTS` and each ``probe_site_*``, as text; ``unknown``
        where unknown.
    gestational_age_days : int or None
        At birth. [days]
    birth_time : float or None
        On the recording's clock. [s]
    notes : tuple of str
        What a reader must know, in words.
    birth_date : str
        ``YYYY-MM-DD`` by the unit's calendar, where the time of the birth is not known; else empty.
    """

    entries: tuple[Entry, ...] = ()
    facts: dict[str, str] = field(default_factory=lambda: dict.fromkeys(FACTS, UNKNOWN))
    gestational_age_days: int | None = None
    birth_time: float | None = None
    notes: tuple[str, ...] = ()
    birth_date: str = ""

    def series(self, kind: str) -> tuple[Series, ...]:
        """Return the numbers of a kind, one series per site, in the order of their first row."""
        wanted = QUANTITIES[kind]
        sites = dict.fromkeys(each.site for each in self.entries if each.kind == kind)
        found = []
        for site in sites:
            rows = [e for e in self.entries if e.kind == kind and e.site == site]
            channel = Channel(kind, wanted.unit, site=site, source=f"context/{kind}")
            times = np.array([e.time for e in rows])
            values = np.array([e.number for e in rows])
            found.append(Series(channel, times, values, np.full(len(rows), wanted.stands_s)))
        return tuple(found)

    def at(self, kind: str, time: float, site: str = "") -> Known | None:
        """Return the last value of a kind charted at or before a time; None if there is none."""
        for each in reversed(self.entries):
            if each.kind == kind and each.time <= time and site in ("", each.site):
                return Known(each, time - each.time)
        return None

    def during(self, kind: str, span: Span) -> tuple[Entry, ...]:
        """Return what was charted of a kind within a span."""
        return tuple(e for e in self.entries if e.kind == kind and span.start <= e.time < span.end)


def postnatal_age(context: Context, time: float) -> float | None:
    """Return the age since birth; None where the time of birth is unknown. [days]"""
    if context.birth_time is None or time < context.birth_time:
        return None
    return (time - context.birth_time) / DAY


def postmenstrual_age(context: Context, time: float) -> float | None:
    """Return gestational age at birth plus postnatal age; None where either is unknown. [days]

    Terms after American Academy of Pediatrics, "Age terminology during the perinatal period",
    Pediatrics 114:1362-1364, 2004, :doi:`10.1542/peds.2004-1915`.
    """
    since = postnatal_age(context, time)
    if since is None or context.gestational_age_days is None:
        return None
    return context.gestational_age_days + since


def weeks_and_days(days: float | None) -> str:
    """Return an age as completed weeks and days, ``31+2``; ``unknown`` for None."""
    if days is None:
        return UNKNOWN
    return f"{int(days) // 7}+{int(days) % 7}"


def room_air(context: Context, time: float, fio2: float | None = None) -> bool | None:
    """Return whether the infant breathed room air at a time; None where that cannot be said.

    Parameters
    ----------
    context : Context
        What was charted. Support and FiO2 are believed for 12 h.
    time : float
        When. [s]
    fio2 : float, optional
        FiO2 from a device at that time, which goes before a charted one. [fraction; NaN: unknown]

    Notes
    -----
    By the rule of `breathes_room_air`.
    """
    support = context.at("support", time)
    if support is None or support.age_s > SETTING_S:
        return None
    oxygen = math.nan if fio2 is None else fio2
    if math.isnan(oxygen):
        oxygen = _setting(context, "fio2", time)
    return breathes_room_air(support.entry.value, oxygen, _setting(context, "flow", time))


def breathes_room_air(support: str, fio2: float, flow: float) -> bool | None:
    """Return whether an infant breathes room air; None where that cannot be said.

    Parameters
    ----------
    support : str
        One of `joey.holds.kinds.SUPPORTS`; of anything else nothing is said.
    fio2 : float
        Inspired fraction of oxygen as set, 0.21 to 1; NaN where unknown.
    flow : float
        Of a low-flow cannula; NaN where unknown. [L/min]

    Notes
    -----
    Known to be room air when support is charted as such, or FiO2 is at most 0.21 on high flow, CPAP
    or a ventilator. The FiO2 of a blender is not what an infant on a low-flow cannula breathes:
    there it is known not to be room air when the FiO2 is above 0.21 and gas flows, and never known
    to be. Support charted as room air while FiO2 is above 0.21 contradicts itself: nothing is said.
    """
    above = fio2 > ROOM_AIR + SLACK  # never, where it is not known
    if support == "room_air":
        return None if above else True
    if support in BLENDED and not math.isnan(fio2):
        return not above
    return False if support == "low_flow" and flow > 0 and above else None


def _setting(context: Context, kind: str, time: float) -> float:
    known = context.at(kind, time)
    return known.entry.number if known and known.age_s <= SETTING_S else math.nan

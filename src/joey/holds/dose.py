"""The dose: hours an infant was held, by calendar day and in any 24 h.

Minutes are those on a chest: pauses do not count, two holders at once count once. Logged minutes
are a lower bound, since not every hold is logged. Nobody is scored.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from joey.errors import InputError
from joey.holds.times import date_of, day_start, zone_of
from joey.spans import Span, Spans, intersect, subtract, total, union

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from joey.holds.types import Hold

__all__ = ["DAY", "DayDose", "Dose", "dose_by_day", "dose_in"]

DAY = 86400.0  # s


@dataclass(frozen=True, slots=True)
class Dose:
    """How long an infant was held in a span of time.

    Parameters
    ----------
    span : Span
        The span. [s]
    held_h : float
        On anybody's chest, however: the union over holders. [h]
    skin_to_skin_h, clothed_h, unknown_h : float
        By contact; minutes logged as two kinds count as the first of these. They add up to
        `held_h`; kangaroo care is `skin_to_skin_h`. [h]
    by_role : dict of str to float
        By role of the holder, sorted by name; two holders at once count for both. [h]
    skin_to_skin_by_role : dict of str to float
        The same of skin-to-skin contact alone. [h]
    holds : int
        Holds that lie in the span, wholly or in part.
    longest_h : float
        The longest of them inside the span, from start to end; zero if none. [h]
    """

    span: Span
    held_h: float
    skin_to_skin_h: float
    clothed_h: float
    unknown_h: float
    by_role: dict[str, float]
    skin_to_skin_by_role: dict[str, float]
    holds: int
    longest_h: float


@dataclass(frozen=True, slots=True)
class DayDose:
    """The dose of a day.

    Parameters
    ----------
    day : str
        Calendar day as ``2026-03-01``; ``day 1`` counts 24 h from an undated recording's start.
    dose : Dose
        Of the whole day, 23 or 25 h long where the clock changes.
    last_24_h : Dose
        Of the 24 h up to the day's end, or up to the end of what was asked for.
    """

    day: str
    dose: Dose
    last_24_h: Dose


def dose_in(holds: Sequence[Hold], span: Span, now: float) -> Dose:
    """Return how long the infant was held in a span.

    Parameters
    ----------
    holds : sequence of Hold
        Of one infant, in any order.
    span : Span
        Where to count. [s]
    now : float
        Until when a hold that still runs is counted. [s]

    Raises
    ------
    ValueError
        If the holds are of several infants.
    """
    if len({hold.infant for hold in holds}) > 1:
        msg = "a dose is one infant's: pass the holds of one infant"
        raise ValueError(msg)
    window = Spans.of([span])
    pieces = [(hold, piece) for hold in holds for piece in hold.pieces]

    def held(contact: str | None = None, role: str | None = None) -> Spans:
        stays = (
            # Spans.of drops a hold that starts after `now`.
            (piece.start, now if piece.end is None else piece.end)
            for _, piece in pieces
            if contact in (None, piece.contact) and role in (None, piece.role)
        )
        return intersect(Spans.of(stays), window)

    skin, clothed, every = held("skin_to_skin"), held("clothed"), held()
    roles = sorted({piece.role for _, piece in pieces})
    whole = [intersect(_whole(hold, now), window) for hold in holds]
    return Dose(
        span=span,
        held_h=_hours(every),
        skin_to_skin_h=_hours(skin),
        clothed_h=_hours(subtract(clothed, skin)),
        unknown_h=_hours(subtract(every, union(skin, clothed))),
        by_role=_present({role: held(role=role) for role in roles}),
        skin_to_skin_by_role=_present({role: held("skin_to_skin", role) for role in roles}),
        holds=sum(len(each) > 0 for each in whole),
        longest_h=max((_hours(each) for each in whole), default=0.0),
    )


def _whole(hold: Hold, now: float) -> Spans:
    end = now if hold.end is None else hold.end
    return Spans.of([(hold.start, end)])


def _hours(spans: Spans) -> float:
    return total(spans) / 3600


def _present(found: dict[str, Spans]) -> dict[str, float]:
    return {name: _hours(spans) for name, spans in found.items() if len(spans)}


def dose_by_day(holds: Sequence[Hold], span: Span, zone: str | None) -> tuple[DayDose, ...]:
    """Return the dose of each day that a span touches.

    Parameters
    ----------
    holds : sequence of Hold
        Of one infant; those outside the recording too, since a dose is of the log.
    span : Span
        What was asked for, as a rule the recording; a hold that still runs ends with it. [s]
    zone : str or None
        IANA zone whose midnights part the days (empty: UTC); None for an undated recording, whose
        days are 24 h from its start.

    Returns
    -------
    tuple of DayDose
        In time order, days without a hold among them.

    Raises
    ------
    InputError
        If the zone is unknown.
    ValueError
        If the holds are of several infants.
    """
    if zone and zone_of(zone) is None:
        raise InputError(f'the time zone "{zone}" is not known; use a name such as Europe/Berlin')
    return tuple(
        DayDose(
            name,
            dose_in(holds, day, span.end),
            dose_in(holds, Span(min(day.end, span.end) - DAY, min(day.end, span.end)), span.end),
        )
        for name, day in _days(span, zone)
    )


def _days(span: Span, zone: str | None) -> Iterable[tuple[str, Span]]:
    if zone is None:
        first = int(span.start // DAY)
        last = max(first, int(-(-span.end // DAY)) - 1)
        for k in range(first, last + 1):
            yield f"day {k + 1}", Span(k * DAY, (k + 1) * DAY)
        return
    day: date = date_of(span.start, zone)
    while True:
        following = day + timedelta(days=1)
        yield day.isoformat(), Span(day_start(day, zone), day_start(following, zone))
        day = following
        if day_start(day, zone) >= span.end:
            return

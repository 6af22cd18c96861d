"""What is shown of a bed, as plain values for JSON: no database, no socket, no clock."""

from __future__ import annotations

import math
from datetime import date, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from joey.holds import Hold, dose_in
from joey.holds.times import date_of, day_start
from joey.people import isolated
from joey.spans import Span
from joey.web.devices import RATE_WORDS, RATES, rates_apart
from joey.web.screens import AWAY_S

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from joey.live.board import BedView, Number
    from joey.store.records import BedView as BedRecord
    from joey.store.records import InfantView
    from joey.web.screens import Side

__all__ = ["holder_of", "holds_of_day", "infant_of", "is_heard", "tile_of", "word_of"]

EMPTY = "empty"  # no infant and no monitor: what was measured there is of nobody who is there
MIN_S = 60
HOUR_S = 3600.0
DAY_S = 86_400.0
NONE = {"value": None, "state": "none", "at": None}
STATES = {"live": "live", "late": "late", "no data": "none", "invalid": "invalid"}
# What a page shows, and the quantities it is taken from, the first that the monitor has.
SHOWN: dict[str, tuple[str, ...]] = {
    "hr": RATES,
    "spo2": ("spo2",),
    "rr": ("resp_rate",),
    "temp": ("temp",),
}
# The wave of a number, its kind in the archive, and its name: told where the wave is not sent.
SIGNALS = {"hr": ("ecg", "heart_rate", "heart rate"), "spo2": ("pleth", "spo2", "SpO₂")}
SELDOM = 3.0  # intervals between its numbers: a shorter silence is none
GONE_MS = 10_000  # ms without a value, after which a number is lost
TWINS = "ABCDEFGH"
WORD = 12  # hexadecimal digits
MEASURED = frozenset({"live", "late"})
GONE = 2  # of the four states, from which a number is not shown


def tile_of(
    key: str,
    record: BedRecord | None,
    view: BedView | None,
    side: Side,
    now_ns: int,
    *,
    zone: str,
    goal_h: float,
    archived_ms: Mapping[str, int],
) -> dict[str, Any]:
    """Return what a tile shows.

    Parameters
    ----------
    key : str
        Of the bed.
    record : BedRecord or None
        Who lies there, and the holds; None where the records do not know the bed.
    view : BedView or None
        What the monitors say; None where they have said nothing.
    side : Side
        Whose they are.
    now_ns : int
        The host's time. [ns UTC]
    zone, goal_h
        As of the settings.
    archived_ms : mapping of str to int
        When the last values of the archive end, by kind: what was before Joey was started. [ms UTC]
    """
    now = now_ns / 1e9
    infant = record.infant if record else None
    doubt = side.doubt
    holds = record.holds if record else ()
    running = next((hold for hold in reversed(holds) if hold.end is None), None)
    midnight = day_start(date_of(now, zone), zone)
    dose = dose_in(holds, Span(midnight, max(now, midnight + 1)), now)
    held, every = dose.skin_to_skin_h * HOUR_S, dose.held_h * HOUR_S
    last = None if running is None else running.pieces[-1]
    counts = last is not None and last.contact == "skin_to_skin"
    counts_from = max(last.start, midnight) if last is not None and counts else None
    so_far = 0.0 if counts_from is None else max(0.0, now - counts_from)
    note = note_of(infant is not None, is_heard(view, admitted=infant is not None), doubt)
    return {
        "key": key,
        "infant": None if infant is None or doubt else infant_of(infant, now_ns, zone),
        "admitted": infant is not None,
        "doubt": doubt or ("" if infant else "nobody is admitted to this bed"),
        "aside": side.aside,
        "note": note,
        "readings": readings_of(None if note == EMPTY else view, now_ns),
        "apart": "" if doubt else apart_of(side, now_ns),
        "lost": lost_of(view, running, now_ns, archived_ms, admitted=infant is not None),
        "hold": None if running is None else running_of(running),
        "held": [
            [_ms(hold.start), None if hold.end is None else _ms(hold.end)]
            for hold in holds
            if hold.end is None or hold.end > now - HOUR_S
        ],
        "heldS": round(held - so_far),
        "otherS": round((every - held) / MIN_S) * MIN_S,
        "heldFrom": None if counts_from is None else _ms(counts_from),
        "midnight": _ms(midnight),
        "goalS": goal_h * HOUR_S,
        "simulated": bool(view and view.simulated) or bool(infant and infant.simulated),
    }


def word_of(record: BedRecord | None, whose: Sequence[str] | None) -> str:
    """Return a word for whose signals are shown of a bed, another for each other's.

    What a page drew before under another of them it takes away at once.

    Parameters
    ----------
    record : BedRecord or None
        Who lies there.
    whose : sequence of str or None
        The streams that are shown; None for all.
    """
    infant = None if record is None else record.infant
    stay = () if record is None or infant is None else (infant.id, record.since_ns, record.before)
    return sha256(repr((stay, whose)).encode()).hexdigest()[:WORD]


def note_of(admitted: bool, heard: bool, doubt: str) -> str:  # noqa: FBT001  (facts, not options)
    """Return what stands where no name is."""
    if doubt and (heard or admitted):
        return "unassigned"
    return "" if admitted else "unassigned" if heard else EMPTY


def infant_of(infant: InfantView, now_ns: int, zone: str) -> dict[str, Any]:
    """Return what a page shows of an infant."""
    order = infant.birth_order or 0
    return {
        "name": isolated(infant.name.text) or "no name yet",
        "formerly": isolated(infant.name.formerly),
        "twin": TWINS[order - 1] if 0 < order <= len(TWINS) else "",
        "age": _age(infant, now_ns, zone),
    }


def _age(infant: InfantView, now_ns: int, zone: str) -> str:
    if infant.birth_ns is not None:
        days = int((now_ns / 1e9 - infant.birth_ns / 1e9) // DAY_S)
    elif infant.birth_date:
        born = date.fromisoformat(infant.birth_date)
        days = (datetime.fromtimestamp(now_ns / 1e9, ZoneInfo(zone)).date() - born).days
    else:
        return ""
    return f"{days} day{'' if days == 1 else 's'} old" if days >= 0 else ""


def apart_of(side: Side, now_ns: int) -> str:
    """Return in words that two rates of the infant's heart disagree; empty where they do not."""
    found = rates_apart(side.devices, now_ns)
    if found is None:
        return ""
    one, other = (f"{RATE_WORDS[quantity]} {value:.0f}" for quantity, value in found)
    return f"{one} and {other} disagree"


def readings_of(view: BedView | None, now_ns: int) -> dict[str, dict[str, Any]]:
    """Return the four numbers with their states.

    Where no heart rate is measured a pulse rate stands in its place, under its own name.
    """
    found = {}
    first = _firsts(view)
    for name, quantities in SHOWN.items():
        there = [first[quantity] for quantity in quantities if quantity in first]
        measured = (each for each in there if each.state in MEASURED)
        chosen = next(measured, there[0] if there else None)
        found[name] = dict(NONE) if chosen is None else _reading(chosen, now_ns)
        if chosen is not None and chosen.channel.quantity == "pulse_rate":
            found[name]["label"] = RATE_WORDS["pulse_rate"]
    return found


def _firsts(view: BedView | None) -> dict[str, Number]:
    """Return the number of each quantity of the infant that is shown of several."""
    found: dict[str, list[Number]] = {}
    for each in view.numbers if view else ():
        if each.channel.subject == "infant":
            found.setdefault(each.channel.quantity, []).append(each)
    return {of: min(each, key=_worth) if len(each) > 1 else each[0] for of, each in found.items()}


def _worth(number: Number) -> tuple[int, bool, float]:
    """Return what orders numbers of one quantity: of two that are live the first is shown.

    By their age the two would change places with every message.
    """
    order = ("live", "late", "invalid", "no data").index(number.state)
    fresh = order < GONE and not number.aperiodic
    age = math.inf if math.isnan(number.age_s) else number.age_s
    return order, number.aperiodic, 0.0 if fresh else age


def _reading(number: Number, now_ns: int) -> dict[str, Any]:
    known = not math.isnan(number.age_s)
    value = None if math.isnan(number.value) else round(number.value, 2)
    at = round(now_ns / 1e6 - number.age_s * 1000) if known else None
    return {"value": value, "state": STATES[number.state], "at": at}


def is_heard(view: BedView | None, *, admitted: bool) -> bool:
    """Whether a monitor speaks at a bed; one that was taken away does not.

    Where nobody is admitted a silence of seconds is enough, or of three intervals of a monitor that
    speaks seldom: nobody is missed then.
    """
    if view is None:
        return False
    usual = min((each.interval_s for each in view.numbers if not each.aperiodic), default=0.0)
    silent = view.link_age_s >= AWAY_S if admitted else view.link_lost
    return not silent or view.link_age_s < SELDOM * usual


def lost_of(
    view: BedView | None,
    running: Hold | None,
    now_ns: int,
    archived_ms: Mapping[str, int],
    *,
    admitted: bool,
) -> list[dict[str, Any]]:
    """Return the signals that are lost: since when, and the mark of a hold beside it, no cause."""
    marked = None if running is None else _ms(running.start)
    if view is None or math.isinf(view.link_age_s):
        last = max(archived_ms.values(), default=None)
        return [{"what": "data", "since": last, "marked": marked}] if admitted else []
    if not (admitted or running or is_heard(view, admitted=False)):
        return []  # the infant and the monitor are gone: the bed is empty
    if view.link_lost:
        since = round(now_ns / 1e6 - view.link_age_s * 1000)
        return [{"what": "data", "since": since, "marked": marked}]
    lost = [
        {"what": each.name, "since": round(each.since_ns / 1e6), "marked": marked}
        for each in view.lost
    ]
    gone = {each.quantity for each in view.lost}
    readings = readings_of(view, now_ns)
    heart = _firsts(view).get("heart_rate")
    if heart is not None:  # that a pulse rate stands in its place does not bring it back
        readings["hr"] = _reading(heart, now_ns)
    for name, (wave, kind, words) in SIGNALS.items():
        reading = readings[name]
        if wave in gone or reading["state"] in {"live", "late"}:
            continue
        ended: int | None = reading["at"] or archived_ms.get(kind)
        if ended is not None and now_ns / 1e6 - ended > GONE_MS:
            what = "pulse rate" if "label" in reading else words
            lost.append({"what": what, "since": ended, "marked": marked})
    return lost


def running_of(hold: Hold) -> dict[str, Any]:
    """Return a hold that runs."""
    last = hold.pieces[-1]
    return {
        "id": hold.id,
        "since": _ms(hold.start),
        "holder": holder_of(last.holder, last.role),
        "holderSince": _ms(last.start),
        "contact": last.contact,
    }


def holds_of_day(holds: Sequence[Hold], now_ns: int) -> list[dict[str, Any]]:
    """Return the holds of the last 24 h, for the OxyCRG."""
    since = now_ns / 1e9 - DAY_S
    return [
        {
            "id": hold.id,
            "start": _ms(hold.start),
            "end": None if hold.end is None else _ms(hold.end),
            "holders": [holder_of(piece.holder, piece.role) for piece in hold.pieces],
        }
        for hold in holds
        if hold.end is None or hold.end > since
    ]


def holder_of(key: str, role: str) -> dict[str, str]:
    """Return a holder by role and name; the key of the records is ``role:name``."""
    return {"role": role, "name": key.partition(":")[2]}


def _ms(seconds: float) -> int:
    return round(seconds * 1000)

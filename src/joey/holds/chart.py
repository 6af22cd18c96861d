"""Reading the context file: rows in long form - time, kind, value, unit, site, note - and facts.

A number comes with a unit or is believable in one unit only; rows that contradict each other are an
error. What is not charted stays unknown.
"""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from joey.holds.cells import UNKNOWN, Place, choices, column_names, number, one_of, word
from joey.holds.context import Context, Entry
from joey.holds.kinds import (
    FACTS,
    KINDS,
    QUANTITIES,
    SITE_WORDS,
    SITES,
    SUPPORT_WORDS,
    TEXTS,
    WORDS,
    Scale,
)
from joey.holds.times import read_time, say_span, zones
from joey.sources.tables import read_rows

if TYPE_CHECKING:
    from pathlib import Path

    from joey.holds.times import Zones
    from joey.signals import Clock
    from joey.spans import Span

__all__ = ["read_context"]

COLUMNS = ("time", "kind", "value", "unit", "site", "note", "zone")
GESTATIONAL_AGE = re.compile(r"(\d{2})\+([0-6])(?: ?(?:w|weeks))?")


def read_context(path: Path | str, clock: Clock, zone: str | None, span: Span) -> Context:
    """Return what was charted beside a recording, from a CSV file.

    Parameters
    ----------
    path : Path or str
        The file; its columns are described in docs/hold-log.md.
    clock : Clock
        The recording's clock.
    zone : str or None
        IANA zone of local times in rows without one of their own; None takes the recording's.
    span : Span
        The recording; only notes depend on it. [s]

    Raises
    ------
    FormatError
        If a row breaks the format, a number is not believable in its unit, or two rows contradict
        each other.
    InputError
        If the zone is unknown.
    """
    table = read_rows(path)
    columns, notes = column_names(path, table.columns, ("time", "kind", "value"), COLUMNS)
    local = zones(clock, zone)
    entries: list[tuple[int, Entry]] = []
    facts = dict.fromkeys(FACTS, UNKNOWN)
    stated: dict[str, int] = {}
    numbers: dict[str, float] = {}
    for line, row in table.rows:
        cells = {
            key: row.get(columns[key], "").strip() if key in columns else "" for key in COLUMNS
        }
        if cells["time"]:
            entries.append((line, _entry(path, line, cells, local)))
            continue
        name = word(cells["kind"])
        if name in stated:
            raise Place(path, line, name).wrong(f"is said in line {stated[name]} already; keep one")
        stated[name] = line
        facts[name], numbers[name] = _fact(path, line, name, cells, local)
    entries.sort(key=lambda each: (each[1].time, each[0]))
    kept = _without_repeats(path, entries)
    if len(kept) < len(entries):
        notes.append(f"{len(entries) - len(kept)} repeated rows of the context left out")
    outside = sum(not span.start <= each.time < span.end for each in kept)
    if outside:
        shown = say_span(span, clock)
        notes.append(
            f"{outside} of {len(kept)} rows of the context lie outside the recording, {shown}"
        )
    birth = numbers.get("birth_time", math.nan)
    age = numbers.get("gestational_age", math.nan)
    if birth >= span.end:
        raise Place(path, stated["birth_time"], "birth_time").wrong("lies after the recording")
    return Context(
        kept,
        facts,
        None if math.isnan(age) else round(age),
        None if math.isnan(birth) else birth,
        tuple(notes),
    )


def _entry(path: object, line: int, cells: dict[str, str], local: Zones) -> Entry:
    time = read_time(cells["time"], cells["zone"], local, Place(path, line, "time"))
    kind, value, note = word(cells["kind"]), cells["value"], cells["note"]
    if kind not in KINDS:
        if kind in FACTS:
            raise Place(path, line, kind).wrong("is a fact: leave its time empty")
        raise Place(path, line, "kind").wrong(f"has a word that is not known{choices(kind, KINDS)}")
    if kind in QUANTITIES:
        return _numeric(path, line, time, kind, cells)
    if kind in WORDS:
        key = word(value) if kind == "support" else value
        value = one_of(
            SUPPORT_WORDS.get(key, key), WORDS[kind], Place(path, line, f"value of {kind}")
        )
    return Entry(time, kind, value or UNKNOWN, note=note, site=cells["site"])


def _numeric(path: object, line: int, time: float, kind: str, cells: dict[str, str]) -> Entry:
    wanted, place = QUANTITIES[kind], Place(path, line, kind)
    site = _site(cells["site"], Place(path, line, "site")) if kind == "temp" else cells["site"]
    known = word(cells["value"]) not in ("", UNKNOWN)
    value = _in_unit(kind, cells, place) if known else math.nan
    shown = cells["value"] if known else UNKNOWN
    return Entry(time, kind, shown, value, wanted.unit, site, cells["note"])


def _in_unit(kind: str, cells: dict[str, str], place: Place) -> float:
    """Return a charted number in Joey's unit of its kind."""
    wanted = QUANTITIES[kind]
    charted = number(cells["value"], -math.inf, math.inf, "", _value_of(place))
    value = _scale(kind, charted, cells["unit"], place).of(charted)
    if not wanted.low <= value <= wanted.high:
        unit = "" if wanted.unit == "1" else f" {wanted.unit}"
        raise place.wrong(
            f"of {charted:g} {cells['unit'] or 'without a unit'} is not believable "
            f"({wanted.low:g} to {wanted.high:g}{unit}): correct the value or its unit"
        )
    return value


def _value_of(place: Place) -> Place:
    """Return the cell of a row's value, of a place that is called by what the row is about."""
    return replace(place, column=f"value of {place.column}")


def _scale(kind: str, charted: float, unit: str, place: Place) -> Scale:
    """Return the scale of a unit; without one, the first that gives a believable value."""
    wanted = QUANTITIES[kind]
    if unit:
        found = wanted.units.get(unit.lower().replace(" ", ""))
        if found is None:
            units = ", ".join(wanted.units)
            if unit.isdecimal() and len(unit) < 4:
                raise place.wrong(
                    f"has a number for its unit: if a comma was meant, write {charted:g}.{unit}; "
                    f"units are {units}"
                )
            raise place.wrong(f"has a unit that is not known; use one of {units}")
        return found
    fits = (wanted.units[name] for name in wanted.bare)
    believable = (scale for scale in fits if wanted.low <= scale.of(charted) <= wanted.high)
    return next(believable, wanted.units[wanted.bare[0]])


def _site(text: str, place: Place) -> str:
    key = word(text)
    return one_of(SITE_WORDS.get(key, key), SITES, place)


def _without_repeats(path: object, entries: list[tuple[int, Entry]]) -> tuple[Entry, ...]:
    """Return the entries without rows that say the same twice; refuse contradictions."""
    seen: dict[tuple[float, str, str], tuple[int, Entry]] = {}
    kept = []
    for line, entry in entries:
        if entry.kind in TEXTS or entry.kind == "feed":
            kept.append(entry)
            continue
        key = (entry.time, entry.kind, entry.site)
        if key not in seen:
            seen[key] = (line, entry)
            kept.append(entry)
            continue
        other_line, other = seen[key]
        same = entry.value == other.value or entry.number == other.number
        if not same:
            raise Place(path, line, entry.kind).wrong(
                f"differs from line {other_line}, of the same time; keep one"
            )
    return tuple(kept)


def _fact(
    path: object, line: int, name: str, cells: dict[str, str], local: Zones
) -> tuple[str, float]:
    """Return a fact as text and, where it is a number, as a number; NaN else."""
    place, value = Place(path, line, name), cells["value"]
    if name in KINDS:
        raise place.wrong("needs a time: say when it was so")
    if name not in FACTS and not name.startswith("probe_site_"):
        known = (*FACTS, "probe_site_spo2")
        raise Place(path, line, "kind").wrong(
            f"has a fact that is not known{choices(name, known)}, or give the row a time"
        )
    if word(value) in ("", UNKNOWN):
        return UNKNOWN, math.nan
    if name == "gestational_age":
        return value, float(_gestational_days(value, place))
    if name == "birth_time":
        return value, read_time(value, cells["zone"], local, place)
    if name == "spo2_averaging_s":
        return value, number(value, 0.1, 60, "s", _value_of(place))
    if name == "birth_weight":
        grams = _in_unit("weight", cells, place)
        return f"{grams:.0f} g", grams
    return value, math.nan


def _gestational_days(text: str, place: Place) -> int:
    found = GESTATIONAL_AGE.fullmatch(text)
    if found is None or not 20 <= int(found[1]) <= 45:
        raise place.wrong("is given in completed weeks and days, from 20+0 to 45+6: 29+3")
    return int(found[1]) * 7 + int(found[2])

"""Stays: who lies where, since when, and how it ended.

`ending` says what became of a stay: ``moved`` (to another bed), ``left`` (discharged, or never
admitted), ``replaced`` (another infant came into the bed), ``undone`` (a transfer taken back: it
never was); empty while it goes on. One that turns out not to have ended goes on as the same row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, insert, or_, select, update

from joey.store.records.tables import associations, beds, stays

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import Connection, Row

    from joey.sources.hl7 import Admission, Location

__all__ = [
    "GONE",
    "NOBODY_HERE",
    "TOLD_NS",
    "Place",
    "arrive",
    "beds_that_tell",
    "go_on",
    "infant_at",
    "infant_then",
    "leave",
    "left_ns",
    "may_come",
    "next_stay_ns",
    "places_of",
    "streams_of",
]

TOLD_NS = 7_200_000_000_000  # ns for which a bed tells of the hold of an infant who has gone
NOBODY_HERE = "nobody is admitted to this bed"
GONE = ("left", "replaced")  # endings after which the infant is not known to be in the unit


@dataclass(frozen=True, slots=True)
class Place:
    """Where an infant lay, from when until when, and the streams of it there.

    Parameters
    ----------
    bed : str
        Its key.
    since_ns : int
        When it came. [ns UTC]
    until_ns : int or None
        When it went; None where it still lies there. [ns UTC]
    streams : tuple of str
        What monitors there sent of the infant, by `people.stream_id` of their keys with 0.
    """

    bed: str
    since_ns: int
    until_ns: int | None
    streams: tuple[str, ...]


def arrive(connection: Connection, infant: int, place: Location, at: int, seq: int) -> set[str]:
    """Note that an infant is at a place from a time on; return the beds that changed. [ns UTC]"""
    if not place.key:
        return set()
    here = and_(stays.c.infant == infant, stays.c.until_ns.is_(None))
    if [row.bed for row in connection.execute(select(stays.c.bed).where(here))] == [place.key]:
        return {place.key}
    changed = leave(connection, infant, at, "moved")
    _make_bed(connection, place)
    # Whoever is still noted at this bed has left it: two infants in one bed would share a screen.
    there = and_(stays.c.bed == place.key, stays.c.until_ns.is_(None))
    _end(connection, connection.execute(select(stays).where(there)).all(), at, "replaced")
    connection.execute(
        insert(stays).values(infant=infant, bed=place.key, since_ns=at, void=False, seq=seq)
    )
    return {place.key, *changed}


def leave(
    connection: Connection, infant: int, at: int, ending: str, *, void: bool = False
) -> set[str]:
    """End where an infant is; return the beds that it leaves. [ns UTC]"""
    here = and_(stays.c.infant == infant, stays.c.until_ns.is_(None))
    rows = connection.execute(select(stays).where(here)).all()
    _end(connection, rows, at, ending, void=void)
    return {str(row.bed) for row in rows}


def _end(
    connection: Connection, rows: Sequence[Row[Any]], at: int, ending: str, *, void: bool = False
) -> None:
    for row in rows:
        until = max(at, int(row.since_ns))
        connection.execute(
            update(stays)
            .where(stays.c.id == row.id)
            .values(until_ns=until, ending=ending, void=void)
        )


def go_on(connection: Connection, infant: int, bed: str, endings: Collection[str]) -> set[str]:
    """Take back how an infant's last stay ended; return its bed, if the infant lies there again.

    Where another infant lay in the bed since, or the infant is said to be elsewhere, it does not:
    then it moved, if it is said where.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    infant : int
        The infant.
    bed : str
        Where it is said to be; empty where that is not said.
    endings : collection of str
        Those that may be taken back.
    """
    last = _last(connection, infant)
    if last is None or last.ending not in endings:
        return set()
    if bed in ("", last.bed) and not _taken_since(connection, last):
        connection.execute(
            update(stays).where(stays.c.id == last.id).values(until_ns=None, ending="", void=False)
        )
        return {str(last.bed)}
    if bed:
        connection.execute(update(stays).where(stays.c.id == last.id).values(ending="moved"))
    return set()


def may_come(connection: Connection, infant: int, said: Admission) -> bool:
    """Whether an update (A08) that names a bed brings an infant there that lies nowhere.

    Many systems send updates after the discharge, with the last bed: the infant is not there, and
    another may be. It comes where it never was before, was admitted since, or another infant was
    noted at its bed, which was not the whole story, if nobody lies where it is said to be.
    """
    last = _last(connection, infant)
    if last is None:
        return True
    if last.until_ns is None:
        return False  # a transfer says so by its own event
    if (said.admitted_ns or 0) > last.until_ns:
        return True
    return last.ending == "replaced" and infant_at(connection, said.location.key) is None


def _last(connection: Connection, infant: int) -> Row[Any] | None:
    mine = and_(stays.c.infant == infant, stays.c.ending != "undone")
    return connection.execute(
        select(stays).where(mine).order_by(stays.c.id.desc()).limit(1)
    ).first()


def _taken_since(connection: Connection, last: Row[Any]) -> bool:
    """Whether another infant lay in the bed of a stay after its end."""
    other = and_(
        stays.c.bed == last.bed,
        stays.c.id > last.id,
        stays.c.infant != last.infant,
        or_(stays.c.until_ns.is_(None), stays.c.until_ns > last.until_ns),
    )
    return connection.execute(select(stays.c.id).where(other)).first() is not None


def infant_at(connection: Connection, bed: str) -> int | None:
    """Return who lies in a bed; None where nobody does."""
    row = connection.execute(
        select(stays.c.infant).where(stays.c.bed == bed, stays.c.until_ns.is_(None))
    ).first()
    return None if row is None else int(row.infant)


def infant_then(connection: Connection, bed: str, at_ns: int) -> int | None:
    """Return who lay in a bed at a time, as far as it is known now. [ns UTC]"""
    then = and_(
        stays.c.bed == bed,
        stays.c.void.is_(False),
        stays.c.since_ns <= at_ns,
        or_(stays.c.until_ns.is_(None), stays.c.until_ns > at_ns),
    )
    row = connection.execute(
        select(stays.c.infant).where(then).order_by(stays.c.since_ns.desc()).limit(1)
    ).first()
    return None if row is None else int(row.infant)


def left_ns(connection: Connection, infant: int, since_ns: int) -> int | None:
    """Return when an infant first left the unit from a time on; None where it did not. [ns UTC]

    One that lies nowhere left at that time at the latest.
    """
    gone = and_(stays.c.infant == infant, stays.c.ending.in_(GONE), stays.c.until_ns >= since_ns)
    row = connection.execute(
        select(stays.c.until_ns).where(gone).order_by(stays.c.until_ns).limit(1)
    ).first()
    if row is not None:
        return int(row.until_ns)
    last = _last(connection, infant)
    return since_ns if last is not None and last.ending in GONE else None


def next_stay_ns(connection: Connection, bed: str, since_ns: int) -> int | None:
    """Return when somebody first came into a bed after a time; None where nobody did. [ns UTC]"""
    after = and_(stays.c.bed == bed, stays.c.void.is_(False), stays.c.since_ns > since_ns)
    row = connection.execute(
        select(stays.c.since_ns).where(after).order_by(stays.c.since_ns).limit(1)
    ).first()
    return None if row is None else int(row.since_ns)


def places_of(
    connection: Connection, infant: int, after_ns: int | None = None
) -> tuple[Place, ...]:
    """Return where an infant lay, in order; only where it went after a time, if one is given."""
    mine = and_(stays.c.infant == infant, stays.c.ending != "undone")
    if after_ns is not None:
        mine = and_(mine, stays.c.until_ns > after_ns)
    rows = connection.execute(select(stays).where(mine).order_by(stays.c.since_ns, stays.c.id))
    return tuple(
        Place(
            row.bed,
            int(row.since_ns),
            row.until_ns,
            streams_of(connection, infant, row.bed, int(row.since_ns), row.until_ns),
        )
        for row in rows
    )


def streams_of(
    connection: Connection, infant: int, bed: str, since_ns: int, until_ns: int | None = None
) -> tuple[str, ...]:
    """Return what monitors sent of an infant in a stay, by `people.stream_id` of their keys with 0.

    A monitor that names nobody has one key for whoever lies there. What was said of it in a stay
    before is not said of this one. What was said last in the stay counts for all of it: one that
    was the infant's and has become nobody's is not among them, until a person confirms it.

    Parameters
    ----------
    connection : Connection
        Reading is enough.
    infant : int
        The infant.
    bed : str
        Where it lay.
    since_ns : int
        When it came. [ns UTC]
    until_ns : int, optional
        When it went; it still lies there by default. [ns UTC]
    """
    # That nobody was there is told after a stay, or while it was taken to have ended.
    told = and_(
        associations.c.bed == bed,
        associations.c.reason != NOBODY_HERE,
        or_(associations.c.until_ns.is_(None), associations.c.until_ns > since_ns),
    )
    if until_ns is not None:
        told = and_(told, associations.c.since_ns < until_ns)
    rows = connection.execute(
        select(associations.c.stream, associations.c.infant).where(told).order_by(associations.c.id)
    )
    last = {str(row.stream): row.infant for row in rows}
    return tuple(sorted(stream for stream, whose in last.items() if whose == infant))


def beds_that_tell(connection: Connection, changed: Collection[str], at_ns: int) -> set[str]:
    """Return the beds whose pages tell of what has changed in some beds: these, and others.

    A bed tells for a while of the hold of an infant who lay there, wherever that is by now.

    Parameters
    ----------
    connection : Connection
        Reading is enough.
    changed : collection of str
        Keys of beds.
    at_ns : int
        When it changed. [ns UTC]
    """
    lately = or_(stays.c.until_ns.is_(None), stays.c.until_ns >= at_ns - TOLD_NS)
    who = select(stays.c.infant).where(stays.c.bed.in_(changed), lately)
    rows = connection.execute(select(stays.c.bed).where(stays.c.infant.in_(who), lately).distinct())
    return {*changed, *(str(row.bed) for row in rows)}


def _make_bed(connection: Connection, place: Location) -> None:
    """Make a bed known."""
    there = connection.execute(select(beds.c.key).where(beds.c.key == place.key)).first()
    if there is None:
        unit, _, bed = place.key.partition("/")
        connection.execute(insert(beds).values(key=place.key, unit=unit, bed=bed))

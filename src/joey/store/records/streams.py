"""Whose a monitor's signals are: attached by two identifiers, or nobody's until confirmed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, insert, select, update

from joey.people import Account, Identity, agree, stream_id, stream_key
from joey.signals import NS
from joey.store.records.staying import NOBODY_HERE
from joey.store.records.tables import accounts, associations, infants, names, stays

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

    from joey.sources.hl7 import Observations

__all__ = ["Seen", "attach", "attach_bed", "seen_of"]

TURNS, IN_TURN_S = 3, 600  # times in so many s that another was there instead, and it spoke again


@dataclass(frozen=True, slots=True)
class Seen:
    """A stream as a monitor shows it: its key, its bed, and what it says of its patient.

    `stream` is `stream_id` of its key with 0: all episodes of one key belong to one infant.
    """

    stream: str
    bed: str
    said: Identity


def seen_of(heard: Observations, source: str) -> Seen:
    """Return the stream that a message belongs to, named by its key alone."""
    said = Identity(
        tuple(Account(each.value, each.authority, each.kind) for each in heard.identifiers),
        () if heard.name is None else (f"{heard.name.family} {heard.name.given}".strip(),),
        heard.birth_date,
    )
    return Seen(stream_id(stream_key(source, heard), 0), heard.location.key, said)


def attach(connection: Connection, seen: Seen, seq: int, at_ns: int) -> bool:
    """Note a stream that was seen for the first time, or again after another; tell if it is new."""
    here = and_(associations.c.bed == seen.bed, associations.c.until_ns.is_(None))
    standing = connection.execute(select(associations).where(here)).all()
    if any(row.stream == seen.stream for row in standing):
        return False
    infant, reason = _whose(connection, seen)
    replaces = infant is not None or _says_something(seen)
    if standing and replaces and not _in_turn(connection, seen, at_ns):
        for row in standing:
            if infant is None or row.infant != infant:  # two monitors may both be of one infant
                _close(connection, row, at_ns)
    connection.execute(
        insert(associations).values(
            stream=seen.stream,
            bed=seen.bed,
            infant=infant,
            since_ns=at_ns,
            confirmed=False,
            reason=reason,
            seq=seq,
        )
    )
    return True


def _in_turn(connection: Connection, seen: Seen, at_ns: int) -> bool:
    """Whether a stream and others take each other's place: two monitors, not one renamed."""
    mine = and_(associations.c.stream == seen.stream, associations.c.bed == seen.bed)
    closed = and_(mine, associations.c.until_ns > at_ns - IN_TURN_S * NS)
    places = connection.execute(select(associations.c.id).where(closed).limit(TURNS)).all()
    return len(places) == TURNS


def _says_something(seen: Seen) -> bool:
    return bool(seen.said.accounts or seen.said.names)


def attach_bed(connection: Connection, bed: str, seen: Seen | None, seq: int, at_ns: int) -> None:
    """Ask again whose a bed's streams are, after an admission changed who is there.

    The one whose monitor spoke last is asked at once, others with their next message: what stood
    of them before is of who lay there then.
    """
    infant = _at(connection, bed)
    here = associations.c.bed == bed, associations.c.until_ns.is_(None)
    for row in connection.execute(select(associations).where(*here)).all():
        if seen is not None and row.stream == seen.stream:
            _ask_again(connection, row, seen, infant, seq, at_ns)
        elif row.infant is None or row.infant != infant:
            _close(connection, row, at_ns)


def _ask_again(
    connection: Connection, row: Row[Any], seen: Seen, there: int | None, seq: int, at_ns: int
) -> None:
    infant, reason = _whose(connection, seen)
    if row.infant == infant and row.reason == reason:
        return
    if row.confirmed and row.infant == there:
        return  # a person has said so, and the infant is still there
    _close(connection, row, at_ns)
    connection.execute(
        insert(associations).values(
            stream=seen.stream,
            bed=seen.bed,
            infant=infant,
            since_ns=at_ns,
            confirmed=False,
            reason=reason,
            seq=seq,
        )
    )


def _close(connection: Connection, row: Row[Any], at_ns: int) -> None:
    mine = associations.c.id == row.id
    connection.execute(update(associations).where(mine).values(until_ns=at_ns))


def _whose(connection: Connection, seen: Seen) -> tuple[int | None, str]:
    infant = _at(connection, seen.bed)
    if infant is None:
        return None, NOBODY_HERE
    found = agree(seen.said, _known(connection, infant))
    return (infant, "two identifiers agree") if found.certain else (None, found.words)


def _at(connection: Connection, bed: str) -> int | None:
    row = connection.execute(
        select(stays.c.infant).where(stays.c.bed == bed, stays.c.until_ns.is_(None))
    ).first()
    return None if row is None else int(row.infant)


def _known(connection: Connection, infant: int) -> Identity:
    numbers = connection.execute(select(accounts).where(accounts.c.infant == infant))
    called = connection.execute(select(names).where(names.c.infant == infant))
    row = connection.execute(select(infants).where(infants.c.id == infant)).one()
    return Identity(
        tuple(Account(each.value, each.authority, each.kind) for each in numbers),
        # A monitor may still bear the name before: it is the same infant.
        tuple(f"{each.family} {each.given}".strip() for each in called),
        row.birth_date,
    )

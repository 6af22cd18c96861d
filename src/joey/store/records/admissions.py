"""What admission messages (ADT) do to infants, names and stays.

An infant is found by a number and its authority, never by a name: a new name is one more dated row
of the same infant. Merges (A40) wait for the issue that can undo them: they are in the journal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, insert, select, update

from joey.people import Account, fold_name, is_one_number, keys_of, sure_keys_of
from joey.store.records.tables import accounts, beds, infants, names, stays

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from joey.sources.hl7 import Admission, Location

__all__ = ["admit", "bed_row", "find_infant"]

ARRIVE = ("A01", "A04", "A02", "A13")  # the infant is at this place from now on
TELL = ("A08", "A28", "A31")  # what is known of the infant; A08 also where
FAMILY, GIVEN = "family", "given"


def admit(connection: Connection, said: Admission, seq: int, received_ns: int) -> set[str]:
    """Apply one message; return the keys of the beds that changed.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    said : Admission
        The message.
    seq : int
        Its place in the journal.
    received_ns : int
        When it came: the time of what it says, where it says none. [ns UTC]
    """
    at = said.event_ns or received_ns
    infant = find_infant(connection, said)
    if infant is None:
        keys = sure_keys_of(_accounts(said))
        new = bool(keys) and not any(_owners(connection, each) for each in keys)
        if said.event not in (*ARRIVE, *TELL) or not new:
            return set()
        infant = _new(connection, said, seq)
    changed = _where(connection, infant)
    _learn(connection, infant, said, seq, at)
    if said.event in ARRIVE or (said.event == "A08" and not changed):
        changed |= _arrive(connection, infant, said.location, at, seq)
    elif said.event in {"A03", "A11"}:
        _leave(connection, infant, at, void=said.event == "A11")
    elif said.event == "A12":
        place = said.location if said.location.key else said.prior_location
        changed |= _back(connection, infant, place, at, seq)
    return changed


def find_infant(connection: Connection, said: Admission) -> int | None:
    """Return the infant that one of the message's numbers belongs to; None where none does.

    A number without a kind that may be of several infants is nobody's.
    """
    for each in sure_keys_of(_accounts(said)):
        owners = _owners(connection, each)
        if len(owners) == 1:
            return owners.pop()
    return None


def _owners(connection: Connection, number: Account) -> set[int]:
    """Return the infants who have a number."""
    rows = connection.execute(
        select(accounts).where(
            accounts.c.value == number.value, accounts.c.authority == number.authority
        )
    )
    return {
        int(row.infant)
        for row in rows
        if is_one_number(number, Account(row.value, row.authority, row.kind))
    }


def _accounts(said: Admission) -> tuple[Account, ...]:
    return tuple(Account(each.value, each.authority, each.kind) for each in said.identifiers)


def _new(connection: Connection, said: Admission, seq: int) -> int:
    row = insert(infants).values(sex="", birth_date="", simulated=said.simulated, seq=seq)
    return int(connection.execute(row.returning(infants.c.id)).scalar_one())


def _learn(connection: Connection, infant: int, said: Admission, seq: int, at: int) -> None:
    """Take numbers, name and birth; what the message leaves out stays as it was.

    A number that is another infant's stays so: to put two infants together takes a merge.
    """
    known = {
        (row.value, row.authority, row.kind)
        for row in connection.execute(select(accounts).where(accounts.c.infant == infant))
    }
    for each in keys_of(_accounts(said)):
        is_new = (each.value, each.authority, each.kind) not in known
        if is_new and not _owners(connection, each) - {infant}:
            connection.execute(
                insert(accounts).values(
                    infant=infant,
                    value=each.value,
                    authority=each.authority,
                    kind=each.kind,
                    seq=seq,
                )
            )
    facts = {
        "sex": said.sex,
        "birth_date": said.birth_date,
        "birth_ns": said.birth_ns,
        # Some systems number every birth: the only infant of a mother is no first twin.
        "birth_order": said.birth_order if said.multiple_birth else None,
    }
    told = {name: value for name, value in facts.items() if value}
    if told:
        connection.execute(update(infants).where(infants.c.id == infant).values(**told))
    if said.names and (said.names[0].family or said.names[0].given):
        _rename(connection, infant, said.names[0].family, said.names[0].given, at, seq)


def _rename(
    connection: Connection, infant: int, family: str, given: str, at: int, seq: int
) -> None:
    last = connection.execute(
        select(names).where(names.c.infant == infant).order_by(names.c.since_ns.desc()).limit(1)
    ).first()
    if last is not None and fold_name(f"{last.family} {last.given}") == fold_name(
        f"{family} {given}"
    ):
        return
    since = at if last is None else max(at, int(last.since_ns) + 1)
    connection.execute(
        insert(names).values(infant=infant, family=family, given=given, since_ns=since, seq=seq)
    )


def bed_row(connection: Connection, place: Location) -> None:
    """Make the bed known."""
    there = connection.execute(select(beds.c.key).where(beds.c.key == place.key)).first()
    if there is None:
        unit, _, bed = place.key.partition("/")
        connection.execute(insert(beds).values(key=place.key, unit=unit, bed=bed))


def _arrive(connection: Connection, infant: int, place: Location, at: int, seq: int) -> set[str]:
    if not place.key:
        return set()
    now = _where(connection, infant)
    if now == {place.key}:
        return now
    _leave(connection, infant, at)
    bed_row(connection, place)
    # Whoever is still noted at this bed has left it: two infants in one bed would share a screen.
    here = and_(stays.c.bed == place.key, stays.c.until_ns.is_(None))
    connection.execute(update(stays).where(here).values(until_ns=at))
    connection.execute(
        insert(stays).values(infant=infant, bed=place.key, since_ns=at, void=False, seq=seq)
    )
    return {place.key, *now}


def _leave(connection: Connection, infant: int, at: int, *, void: bool = False) -> None:
    open_stay = and_(stays.c.infant == infant, stays.c.until_ns.is_(None))
    connection.execute(update(stays).where(open_stay).values(until_ns=at, void=void))


def _back(connection: Connection, infant: int, place: Location, at: int, seq: int) -> set[str]:
    """Take a transfer back: the infant is where it was."""
    now = _where(connection, infant)
    _leave(connection, infant, at, void=True)
    return now | _arrive(connection, infant, place, at, seq)


def _where(connection: Connection, infant: int) -> set[str]:
    found = connection.execute(
        select(stays.c.bed).where(stays.c.infant == infant, stays.c.until_ns.is_(None))
    )
    return {str(row.bed) for row in found}

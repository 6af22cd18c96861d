"""What admission messages (ADT) do to infants, names and stays.

An infant is found by a number and its authority, never by a name: a new name is one more dated row
of the same infant. Merges (A40) wait for the issue that can undo them: they are in the journal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import insert, select, update

from joey.people import Account, fold_name, is_one_number, keys_of, plain_name, sure_keys_of
from joey.store.records.staying import arrive, go_on, leave, may_come
from joey.store.records.tables import accounts, infants, names, stays

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from joey.sources.hl7 import Admission

__all__ = ["admit", "find_infant"]

ARRIVE = ("A01", "A04", "A02", "A13")  # the infant is at this place from now on
GOES_ON = ("A02", "A08", "A13")  # the infant was in the unit all the time
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
    # What is said to come is true from now on: the bed is taken or left at once.
    at = min(said.event_ns or received_ns, received_ns)
    infant = find_infant(connection, said)
    if infant is None:
        keys = sure_keys_of(_accounts(said))
        new = bool(keys) and not any(_owners(connection, each) for each in keys)
        if said.event not in (*ARRIVE, *TELL) or not new:
            return set()
        infant = _new(connection, said, seq)
    changed = _where(connection, infant)
    _learn(connection, infant, said, seq, at)
    return changed | _settle(connection, infant, said, at, seq)


def _settle(connection: Connection, infant: int, said: Admission, at: int, seq: int) -> set[str]:
    """Apply where the infant is from now on; return the beds that changed."""
    place = said.location
    if said.event in {"A03", "A11"}:
        return leave(connection, infant, at, "left", void=said.event == "A11")
    if said.event == "A12":  # a transfer taken back
        place = place if place.key else said.prior_location
        if _where(connection, infant) == {place.key}:
            return set()  # it was taken back already
        gone = leave(connection, infant, at, "undone", void=True)
        stayed = go_on(connection, infant, place.key, ("moved",))
        return gone | (stayed or arrive(connection, infant, place, at, seq))
    if said.event == "A08" and not may_come(connection, infant, said):
        return set()
    if said.event not in (*ARRIVE, "A08"):
        return set()
    endings = ("left", "replaced") if said.event == "A13" else ("replaced",)
    stayed = go_on(connection, infant, place.key, endings) if said.event in GOES_ON else set()
    return stayed or arrive(connection, infant, place, at, seq)


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
    if said.names:
        family, given = plain_name(said.names[0].family), plain_name(said.names[0].given)
        if family or given:
            _rename(connection, infant, family, given, at, seq)


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


def _where(connection: Connection, infant: int) -> set[str]:
    found = connection.execute(
        select(stays.c.bed).where(stays.c.infant == infant, stays.c.until_ns.is_(None))
    )
    return {str(row.bed) for row in found}

"""Entries of the journal that could not be applied: shown to people, and nothing rests on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select

from joey.store.records.tables import apart

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from joey.store.journal import Entry

__all__ = ["Apart", "apart_of", "set_apart"]

MOST = 200  # that are kept: a fault of every message of a feed fills no disk


@dataclass(frozen=True, slots=True)
class Apart:
    """An entry that was set apart: where it stands, where from, why; nothing of what it says.

    Parameters
    ----------
    seq, received_ns : int
        Its place in the journal, and when it came. [ns UTC]
    kind, source : str
        As in the journal.
    reason : str
        The name of the error.
    """

    seq: int
    received_ns: int
    kind: str
    source: str
    reason: str


def set_apart(connection: Connection, entry: Entry, reason: str) -> None:
    """Note that an entry was not applied; of very many the last are kept."""
    connection.execute(
        insert(apart).values(
            seq=entry.seq,
            received_ns=entry.received_ns,
            kind=entry.kind,
            source=entry.source,
            reason=reason,
        )
    )
    kept = select(apart.c.seq).order_by(apart.c.seq.desc()).limit(1).offset(MOST - 1)
    connection.execute(delete(apart).where(apart.c.seq < kept.scalar_subquery()))


def apart_of(connection: Connection) -> tuple[Apart, ...]:
    """Return what was set apart, the latest first."""
    rows = connection.execute(select(apart).order_by(apart.c.seq.desc()))
    return tuple(
        Apart(int(row.seq), int(row.received_ns), row.kind, row.source, row.reason) for row in rows
    )

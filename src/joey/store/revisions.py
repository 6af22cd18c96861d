"""Revisions: spans of a stream whose facts are told anew, since data of them came late.

What was told before stays, marked with the revision that supersedes it. Which that is follows from
the spans alone, whatever was kept first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from joey.store.minutes import COLUMNS as MINUTE

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

__all__ = ["MAKE", "Revision", "Revisions"]

MAKE = """
CREATE TABLE IF NOT EXISTS revisions (
    stream TEXT NOT NULL, number INTEGER NOT NULL, start_ns INTEGER NOT NULL,
    end_ns INTEGER NOT NULL, upto INTEGER NOT NULL, asked_ns INTEGER NOT NULL,
    offset_ns INTEGER NOT NULL, since INTEGER NOT NULL, ends INTEGER, state TEXT NOT NULL,
    PRIMARY KEY (stream, number)
) WITHOUT ROWID;
"""
COLUMNS = "stream, number, start_ns, end_ns, upto, asked_ns, offset_ns, since, ends, state"
AS_TOLD = "kind NOT IN ('note', 'down', 'up', 'revised')"  # what happened is not told anew
WAITING, DONE = "waiting", "done"


@dataclass(frozen=True, slots=True)
class Revision:
    """A span of a stream that is told anew.

    Parameters
    ----------
    stream : str
        Of which.
    number : int
        Counts the stream's, from 1: the revision of what is told.
    start_ns, end_ns : int
        Facts that begin in it are superseded; marks of ten minutes. [ns UTC, the device's]
    upto : int
        The entry of the journal with which it was asked for: what came until then is in it.
    asked_ns : int
        When that was received. [ns UTC]
    offset_ns : int
        Host minus device, as known then. [ns]
    since : int
        The first entry of the journal that it may need.
    ends : int or None
        The entry with which the stream ended, where it has.
    state : str
        ``waiting``; ``done``; ``gone``: the journal holds it no longer, so that late data are kept
        and not analyzed; ``failed``: by a bug.
    """

    stream: str
    number: int
    start_ns: int
    end_ns: int
    upto: int
    asked_ns: int
    offset_ns: int
    since: int
    ends: int | None = None
    state: str = WAITING


class Revisions:
    """The revisions in an archive, as part of its transactions.

    Parameters
    ----------
    db : sqlite3.Connection
        The archive's.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def rows(self, stream: str = "", state: str = "") -> list[Revision]:
        """Return revisions, of a stream and in a state where these are named, in their order."""
        rows = self._db.execute(
            f"SELECT {COLUMNS} FROM revisions WHERE (? = '' OR stream = ?)"  # noqa: S608
            " AND (? = '' OR state = ?) ORDER BY upto, stream, number",
            (stream, stream, state, state),
        )
        return [Revision(*row) for row in rows]

    def ask(self, asked: Iterable[Revision], ended: Iterable[tuple[str, int]]) -> None:
        """Keep what is to be told anew, and which streams have ended with which entry."""
        self._db.executemany(
            f"INSERT OR IGNORE INTO revisions ({COLUMNS}) VALUES ({', '.join('?' * 10)})",  # noqa: S608
            [_packed(each) for each in asked],
        )
        self._db.executemany(
            "UPDATE revisions SET ends = ? WHERE stream = ? AND ends IS NULL AND state = 'waiting'",
            [(seq, stream) for stream, seq in ended],
        )

    def supersede(self, of: Revision) -> None:
        """Mark what was told before of a span; move its minutes away; close the revision."""
        self._db.execute(
            f"INSERT OR REPLACE INTO revisions ({COLUMNS}) VALUES ({', '.join('?' * 10)})",  # noqa: S608
            _packed(of),
        )
        if of.state != DONE:
            return
        span = of.stream, of.start_ns, of.end_ns
        self._db.execute(
            "UPDATE facts SET superseded = ? WHERE stream = ? AND start_ns >= ? AND start_ns < ?"  # noqa: S608
            f" AND superseded IS NULL AND {AS_TOLD}",
            (of.number, *span),
        )
        where = "WHERE stream = ? AND minute_ns >= ? AND minute_ns < ?"
        self._db.execute(
            f"INSERT OR IGNORE INTO envelope_before ({MINUTE}) SELECT {MINUTE} FROM envelope"  # noqa: S608
            f" {where}",
            span,
        )
        self._db.execute(f"DELETE FROM envelope {where}", span)  # noqa: S608

    def behind(self, after: int) -> None:
        """Mark facts after a number that were told of a span which had been told anew by then."""
        self._db.execute(
            "UPDATE facts SET superseded = (SELECT max(number) FROM revisions AS r WHERE"  # noqa: S608
            " r.stream = facts.stream AND facts.start_ns >= r.start_ns AND"
            " facts.start_ns < r.end_ns AND r.state = 'done')"
            f" WHERE id > ? AND revision = 0 AND {AS_TOLD}",
            (after,),
        )

    def minute_is_behind(self, stream: str, minute_ns: int) -> bool:
        """Whether a minute's span was told anew."""
        found = self._db.execute(
            "SELECT 1 FROM revisions WHERE stream = ? AND start_ns <= ? AND end_ns > ?"
            " AND state = 'done' LIMIT 1",
            (stream, minute_ns, minute_ns),
        )
        return found.fetchone() is not None

    def any_done(self) -> bool:
        """Whether anything was ever told anew."""
        found = self._db.execute("SELECT 1 FROM revisions WHERE state = 'done' LIMIT 1")
        return found.fetchone() is not None

    def standing(self, stream: str) -> list[tuple[int, int, int]]:
        """Return of a stream what was told anew: from when, to when, and its number. [ns]"""
        rows = self._db.execute(
            "SELECT start_ns, end_ns, number FROM revisions WHERE stream = ? AND state = 'done'"
            " ORDER BY number",
            (stream,),
        )
        return [(row[0], row[1], row[2]) for row in rows]


def _packed(of: Revision) -> tuple[object, ...]:
    return (
        of.stream, of.number, of.start_ns, of.end_ns, of.upto, of.asked_ns, of.offset_ns,
        of.since, of.ends, of.state,
    )  # fmt: skip

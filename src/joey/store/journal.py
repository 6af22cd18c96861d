"""The journal: every message, tick and tap in one order, on disk before it is acknowledged.

It is the queue of the whole of Joey. Intake appends; whoever works with the entries reads on from
the last one it knows. Several processes may append and read at once.
"""

from __future__ import annotations

import sqlite3
import zlib
from contextlib import closing
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import TYPE_CHECKING

from joey.store.formats import Layout, open_file

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

__all__ = [
    "KINDS",
    "SHARDS",
    "Entry",
    "Journal",
    "NewEntry",
    "Receipt",
    "StorageError",
    "shard_of",
]

SHARDS = 64  # parts into which beds are laid, so that workers can share them out
KINDS = ("hl7", "tick", "tap", "association", "codes", "settings", "release", "again")
BUSY_MS = 5000  # ms, to wait for another process that is writing
DIGEST = 16  # bytes of a payload's hash
MOST_BYTES = 64 * 1024 * 1024  # of payloads that are read at once

MAKE = """
CREATE TABLE IF NOT EXISTS entries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    received_ns INTEGER NOT NULL,
    kind TEXT NOT NULL,
    source TEXT NOT NULL,
    shard INTEGER NOT NULL,
    control_id TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    digest BLOB,
    payload BLOB NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS entries_once
    ON entries (source, control_id, digest) WHERE digest IS NOT NULL;
CREATE INDEX IF NOT EXISTS entries_kept ON entries (seq) WHERE state = 'quarantined';
CREATE INDEX IF NOT EXISTS entries_released ON entries (payload) WHERE kind = 'release';
CREATE INDEX IF NOT EXISTS entries_codes ON entries (seq) WHERE kind = 'codes';
CREATE TABLE IF NOT EXISTS trimmed (one INTEGER PRIMARY KEY CHECK (one = 1), before INTEGER);
CREATE TABLE IF NOT EXISTS dropped (
    one INTEGER PRIMARY KEY CHECK (one = 1), n INTEGER NOT NULL, last_ns INTEGER NOT NULL
);
"""
LAYOUT = Layout(1, MAKE, "run that version, or choose an empty folder")
TRIMMED = "seq >= ? AND seq < ? AND state != 'quarantined' AND kind != 'codes'"
UNRELEASED = (
    "state = 'quarantined' AND NOT EXISTS"
    " (SELECT 1 FROM entries WHERE kind = 'release' AND payload = CAST(e.seq AS BLOB))"
)
FIELDS = "seq, received_ns, kind, source, payload, shard, control_id, state, reason"


class StorageError(OSError):
    """The disk is full, too slow or broken: nothing of the batch was kept, nothing is acknowledged.

    It is raised again for each try until there is room; what was committed before is not touched.
    """


@dataclass(frozen=True, slots=True)
class NewEntry:
    """Something to be kept.

    Parameters
    ----------
    received_ns : int
        The host's time. [ns UTC]
    kind : str
        One of `KINDS`.
    source : str
        The unit's name of where it came from.
    payload : bytes
        As it came.
    shard : int
        Of the bed (`shard_of`); -1 where it concerns all.
    control_id : str
        MSH-10 of a message, the id of a tap.
    state : str
        ``accepted`` or ``quarantined``.
    reason : str
        Why it is in quarantine; no patient data.
    """

    received_ns: int
    kind: str
    source: str
    payload: bytes
    shard: int = -1
    control_id: str = ""
    state: str = "accepted"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """What the journal holds: as `NewEntry`, and its place."""

    seq: int
    received_ns: int
    kind: str
    source: str
    payload: bytes
    shard: int = -1
    control_id: str = ""
    state: str = "accepted"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where an entry stands; of a duplicate, where the first one does."""

    seq: int
    duplicate: bool


def shard_of(source: str, bed: str) -> int:
    """Return the shard of a bed's messages, the same whatever the connection."""
    return zlib.crc32(f"{source}\x1f{bed}".encode()) % SHARDS


class Journal:
    """The journal in one SQLite file.

    Parameters
    ----------
    path : Path
        The file; made if absent, with its folder.
    read_only : bool
        Whether it is only read; the file must exist.
    durable : bool
        Whether what is written is on the disk when the call returns. Who only trims does not wait
        for the disk: a power cut may bring back what was taken away.

    Raises
    ------
    StorageError
        If it cannot be opened.
    FormatError
        If another version of Joey wrote it, whose format cannot be brought up.
    """

    def __init__(self, path: Path, *, read_only: bool = False, durable: bool = True) -> None:
        try:
            self._db = open_file(
                path, LAYOUT, read_only=read_only, durable=durable, busy_ms=BUSY_MS
            )
            if not read_only:
                self._db.execute("PRAGMA journal_size_limit=67108864")
        except (sqlite3.Error, OSError) as error:
            raise StorageError(f"the journal cannot be opened: {error}") from error

    def append(self, entries: Sequence[NewEntry]) -> tuple[Receipt, ...]:
        """Keep entries, all or none, and return where they stand once they are on disk.

        A message that is there already (same source, control id and bytes) is not kept again.

        Raises
        ------
        StorageError
            If they could not be kept.
        """
        if not entries:
            return ()
        db = self._db
        try:
            db.execute("BEGIN IMMEDIATE")
            receipts = tuple(self._keep(entry) for entry in entries)
            db.execute("COMMIT")
        except sqlite3.Error as error:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise StorageError(f"the journal cannot be written: {error}") from error
        return receipts

    def _keep(self, entry: NewEntry) -> Receipt:
        # Only messages are sent again by those who missed the answer; a tap has its own id.
        digest = None
        if entry.kind == "hl7":
            digest = blake2b(entry.payload, digest_size=DIGEST).digest()
        done = self._db.execute(
            "INSERT INTO entries (received_ns, kind, source, shard, control_id, state, reason,"
            " digest, payload) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (
                entry.received_ns, entry.kind, entry.source, entry.shard, entry.control_id,
                entry.state, entry.reason, digest, entry.payload,
            ),
        )  # fmt: skip
        if done.rowcount == 1 and done.lastrowid is not None:
            return Receipt(done.lastrowid, duplicate=False)
        first = self._db.execute(
            "SELECT seq FROM entries WHERE source = ? AND control_id = ? AND digest = ?",
            (entry.source, entry.control_id, digest),
        ).fetchone()
        return Receipt(int(first[0]), duplicate=True)

    def read(
        self,
        after: int,
        *,
        limit: int = 2000,
        shards: Collection[int] | None = None,
        kinds: Collection[str] | None = None,
        upto: int | None = None,
        most_bytes: int = MOST_BYTES,
    ) -> list[Entry]:
        """Return the entries after a place, in order.

        Parameters
        ----------
        after : int
            The last place known; 0 for all.
        limit : int
            At most so many.
        shards : collection of int, optional
            Only these, and those that concern all (-1).
        kinds : collection of str, optional
            Only these; a message read again is of kind ``hl7``.
        upto : int, optional
            The last place that is looked at: who looks for few things does it in small steps.
        most_bytes : int
            No more once their payloads are so large together; one at least. Fewer than `limit` are
            no sign that there are no more.

        Notes
        -----
        A release (`release`) is read as the message that it releases, accepted, at its own place:
        whoever reads on takes it like any other.
        """
        where, values = ["seq > ?"], [after]
        if upto is not None:
            where.append("seq <= ?")
            values.append(upto)
        if shards is not None:
            wanted = sorted({*shards, -1})
            where.append(f"shard IN ({','.join('?' * len(wanted))})")
            values += wanted
        if kinds is not None:
            chosen = sorted({*kinds, "release"} if "hl7" in kinds else {*kinds})
            where.append(f"kind IN ({','.join('?' * len(chosen))})")
            values += chosen  # type: ignore[arg-type]  # texts beside numbers
        rows = self._db.execute(
            f"SELECT {FIELDS} FROM entries WHERE {' AND '.join(where)} ORDER BY seq LIMIT ?",  # noqa: S608  (no text of a caller is in it)
            (*values, limit),
        )
        found: list[Entry] = []
        held = 0
        with closing(rows):
            for row in rows:
                found.append(self._as_read(Entry(*row)))
                held += len(found[-1].payload)
                if held >= most_bytes:
                    break
        return found

    def _as_read(self, entry: Entry) -> Entry:
        """Return an entry; instead of a release the message that it releases."""
        if entry.kind != "release":
            return entry
        first = self.one(int(entry.payload))
        if first is None:
            return entry
        return replace(entry, kind="hl7", payload=first.payload)

    def release(self, seq: int, now_ns: int) -> Receipt | None:
        """Have a message of the quarantine read again; return where, None where it is not there.

        Parameters
        ----------
        seq : int
            Its place.
        now_ns : int
            The host's time. [ns UTC]

        Raises
        ------
        StorageError
            If it could not be kept.
        """
        first = self.one(seq)
        if first is None or first.state != "quarantined":
            return None
        again = NewEntry(
            now_ns, "release", first.source, str(seq).encode(), first.shard, first.control_id
        )
        return self.append([again])[0]

    def one(self, seq: int) -> Entry | None:
        """Return the entry at a place; None where none is, or no longer."""
        row = self._db.execute(f"SELECT {FIELDS} FROM entries WHERE seq = ?", (seq,)).fetchone()  # noqa: S608
        return None if row is None else Entry(*row)

    def at(self, received_ns: int) -> int:
        """Return the place of the last entry received before a time; 0 where none was. [ns UTC]

        Places and times rise together but for steps of the host's clock; found by halving.
        """
        low, high = self.first() - 1, self.last()
        while low < high:
            middle = (low + high + 1) // 2
            row = self._db.execute(
                "SELECT seq, received_ns FROM entries WHERE seq >= ? ORDER BY seq LIMIT 1",
                (middle,),
            ).fetchone()
            if row is not None and row[1] < received_ns:
                low = int(row[0])
            else:
                high = middle - 1
        return max(low, 0)

    def quarantined(self, limit: int = 200) -> list[Entry]:
        """Return what is in quarantine and was not released, the latest first."""
        rows = self._db.execute(
            f"SELECT {FIELDS} FROM entries AS e WHERE {UNRELEASED} ORDER BY seq DESC LIMIT ?",  # noqa: S608
            (limit,),
        )
        return [Entry(*row) for row in rows]

    def in_quarantine(self, most: int = 10_000) -> int:
        """Return how many messages are in quarantine; counted up to so many."""
        rows = self._db.execute(
            f"SELECT count(*) FROM (SELECT 1 FROM entries AS e WHERE {UNRELEASED} LIMIT ?)",  # noqa: S608
            (most,),
        )
        return int(rows.fetchone()[0])

    def codes(self, upto: int) -> list[Entry]:
        """Return what was said of codes up to a place, in order: what reading on rests on."""
        rows = self._db.execute(
            f"SELECT {FIELDS} FROM entries WHERE kind = 'codes' AND seq <= ? ORDER BY seq",  # noqa: S608
            (upto,),
        )
        return [Entry(*row) for row in rows]

    def first(self) -> int:
        """Return the place of the first entry that is still there; 1 where none is."""
        row = self._db.execute("SELECT seq FROM entries ORDER BY seq LIMIT 1").fetchone()
        return self.last() + 1 if row is None else int(row[0])

    def last(self) -> int:
        """Return the place of the last entry ever kept; 0 where none was."""
        row = self._db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'entries'").fetchone()
        return 0 if row is None else int(row[0])

    def trim(self, before: int, *, most: int = -1) -> int:
        """Take away the first entries before a place, and return how many; all or none.

        Those in quarantine stay until their release is taken away, and what codes stand for. The
        caller has made sure that what the others said is kept elsewhere.

        Parameters
        ----------
        before : int
            The first place that stays.
        most : int
            At most so many, so that nobody waits for long; all by default.
        """
        db = self._db
        try:
            db.execute("BEGIN IMMEDIATE")
            lo = self.trimmed()
            rows = db.execute(
                f"SELECT seq FROM entries WHERE {TRIMMED} ORDER BY seq LIMIT ?",  # noqa: S608
                (lo, before, most),
            ).fetchall()
            stop = rows[-1][0] + 1 if rows else before
            db.execute(
                "DELETE FROM entries WHERE state = 'quarantined' AND seq IN (SELECT"
                " CAST(CAST(payload AS TEXT) AS INTEGER) FROM entries"
                " WHERE kind = 'release' AND seq >= ? AND seq < ?)",
                (lo, stop),
            )
            db.execute(f"DELETE FROM entries WHERE {TRIMMED}", (lo, stop))  # noqa: S608
            db.execute("INSERT OR REPLACE INTO trimmed VALUES (1, ?)", (max(lo, stop),))
            db.execute("COMMIT")
        except sqlite3.Error as error:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise StorageError(f"the journal cannot be trimmed: {error}") from error
        return len(rows)

    def drop_quarantined(self, received_ns: int, before: int, *, most: int = -1) -> int:
        """Take away what is in quarantine and was not released; return how many, which are counted.

        Parameters
        ----------
        received_ns : int
            Only what was received before. [ns UTC]
        before : int
            The first place that stays.
        most : int
            At most so many; all by default.
        """
        db = self._db
        try:
            db.execute("BEGIN IMMEDIATE")
            rows = db.execute(
                f"SELECT seq, received_ns FROM entries AS e WHERE {UNRELEASED}"  # noqa: S608
                " AND received_ns < ? AND seq < ? ORDER BY seq LIMIT ?",
                (received_ns, before, most),
            ).fetchall()
            if rows:
                db.executemany("DELETE FROM entries WHERE seq = ?", [row[:1] for row in rows])
                db.execute(
                    "INSERT INTO dropped VALUES (1, ?, ?) ON CONFLICT (one) DO UPDATE"
                    " SET n = n + excluded.n, last_ns = max(last_ns, excluded.last_ns)",
                    (len(rows), max(row[1] for row in rows)),
                )
            db.execute("COMMIT")
        except sqlite3.Error as error:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise StorageError(f"the quarantine cannot be trimmed: {error}") from error
        return len(rows)

    def dropped(self) -> tuple[int, int]:
        """Return how many were ever taken from the quarantine, and when the last came. [ns UTC]"""
        row = self._db.execute("SELECT n, last_ns FROM dropped").fetchone()
        return (0, 0) if row is None else (int(row[0]), int(row[1]))

    def trimmed(self) -> int:
        """Return the place before which only codes and quarantine are still there; 0 for none."""
        row = self._db.execute("SELECT before FROM trimmed").fetchone()
        return 0 if row is None else int(row[0])

    def used_bytes(self) -> int:
        """Return how much of the file is in use; what was trimmed is room for what comes."""
        pages, free, size = (
            int(self._db.execute(f"PRAGMA {name}").fetchone()[0])
            for name in ("page_count", "freelist_count", "page_size")
        )
        return (pages - free) * size

    def close(self) -> None:
        """Close the file."""
        self._db.close()

"""Proofs that frames are on the disk as they were written, before the journal forgets their data.

Each frame is read back and compared with its hash soon after it was kept, while it can still be
made again from the journal, and once more before the entries that it was made from are taken away.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from joey.store.archive import FRAME, VALUES
from joey.store.databases import BUSY_MS
from joey.store.frames import unpack_frame, unpack_values
from joey.store.journal import SHARDS, StorageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

__all__ = ["Proofs"]

AT_ONCE = 64  # frames of one commit
KEY = "name, stream, channel, mark_ns, part, revision"
IS = "stream = ? AND channel = ? AND mark_ns = ? AND part = ? AND revision = ?"
READ = f"UPDATE proofs SET wrong = ?, reads = 1 + (since < ?) WHERE name = ? AND {IS}"  # noqa: S608
TABLES: dict[str, tuple[str, Callable[[tuple[Any, ...]], object]]] = {
    "frames": (FRAME, unpack_frame),
    "numerics": (VALUES, unpack_values),
}


class Proofs:
    """What is known of the archive's frames.

    Parameters
    ----------
    path : Path
        The archive's file, which must exist.
    read_only : bool
        Whether nothing is proved.

    Raises
    ------
    StorageError
        If it cannot be opened.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        try:
            uri = f"{path.resolve().as_uri()}?mode={'ro' if read_only else 'rw'}"
            self._db = sqlite3.connect(uri, uri=True, isolation_level=None)
            self._db.execute(f"PRAGMA busy_timeout={BUSY_MS}")
            if not read_only:
                self._db.execute("PRAGMA synchronous=NORMAL")
        except sqlite3.Error as error:
            raise StorageError(f"the archive cannot be opened: {error}") from error

    def needed(self) -> int:
        """Return the first entry of the journal that is still needed to make or go on with frames.

        All that came before is in frames that were kept, and no revision waits for it; 0 where a
        shard has not come that far.
        """
        shards, reached = self._db.execute(
            "SELECT count(*), min(seq) FROM checkpoints WHERE name LIKE 'shard %'"
        ).fetchone()
        (again,) = self._db.execute(
            "SELECT min(coalesce(again, first_seq)) FROM streams"
            " LEFT JOIN checkpoints ON name = id WHERE closed_ns IS NULL"
        ).fetchone()
        (anew,) = self._db.execute(
            "SELECT min(since) FROM revisions WHERE state = 'waiting'"
        ).fetchone()
        if shards < SHARDS:
            return 0
        return min(int(place) for place in (reached, again, anew) if place is not None)

    def prove(self, before: int) -> None:
        """Read back frames that were not read yet, and those made from entries before a place.

        Raises
        ------
        StorageError
            If what was found could not be kept.
        """
        try:
            due = self._db.execute(
                f"SELECT {KEY} FROM proofs WHERE reads = 0 OR wrong OR reads = 1 AND since < ?",  # noqa: S608
                (before,),
            ).fetchall()
            for k in range(0, len(due), AT_ONCE):
                found = [(not self._is_whole(key), before, *key) for key in due[k : k + AT_ONCE]]
                self._db.execute("BEGIN IMMEDIATE")
                self._db.executemany(READ, found)
                self._db.execute("COMMIT")
        except sqlite3.Error as error:
            self._give_up(error)

    def proved(self) -> int | None:
        """Return the first entry that a frame needs which is not what was written; None of none."""
        row = self._db.execute("SELECT min(since) FROM proofs WHERE wrong OR reads = 0").fetchone()
        return None if row[0] is None else int(row[0])

    def forget(self, before: int) -> None:
        """Forget the proofs of frames whose entries were taken away.

        Raises
        ------
        StorageError
            If it could not be done.
        """
        try:
            self._db.execute(
                "DELETE FROM proofs WHERE seq < ? AND reads = 2 AND NOT wrong", (before,)
            )
        except sqlite3.Error as error:
            self._give_up(error)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _is_whole(self, key: tuple[Any, ...]) -> bool:
        name, *which = key
        columns, unpack = TABLES[name]
        row = self._db.execute(f"SELECT {columns} FROM {name} WHERE {IS}", which).fetchone()  # noqa: S608
        if row is None:
            return False
        try:
            unpack(row)
        except StorageError:
            return False
        return True

    def _give_up(self, error: sqlite3.Error) -> None:
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")
        raise StorageError(f"the archive's proofs cannot be kept: {error}") from error

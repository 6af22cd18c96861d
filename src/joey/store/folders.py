"""Whether this Joey may use the files of a folder, asked before any process is started."""

from __future__ import annotations

import fcntl  # of Unix, as Joey's servers are
import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from joey.errors import InputError
from joey.store.archive import Archive
from joey.store.databases import open_database
from joey.store.journal import Journal, StorageError
from joey.store.records.engine import refuse_unknown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["LOCK", "alone_in", "bring_up_folder"]

LOCK = "joey.lock"  # stays in the folder: were it taken away, two could hold one of that name each


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold what one Joey at a time can hold of a folder, until it ends, however that is.

    Raises
    ------
    InputError
        If another holds it.
    OSError
        If the folder cannot be written.
    """
    with (folder / LOCK).open("a", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            msg = f"another Joey runs in {folder}: end it, or choose another --data"
            raise InputError(msg) from None
        yield


def bring_up_folder(folder: Path) -> None:
    """Bring journal and archive of a folder to this version's format; look at the records.

    Those that are not there are made: processes that make one at the same moment find it locked.

    Parameters
    ----------
    folder : Path
        In which no Joey runs.

    Raises
    ------
    FormatError
        If another version wrote a file, and it cannot be brought up: the files are as they were.
    StorageError
        If a file cannot be opened.
    """
    # The records first: nothing is changed where they are refused. They are brought up by the
    # process that opens them.
    records = folder / "records.db"
    if records.exists():
        try:
            with closing(open_database(records, read_only=True)) as db:
                has = "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'"
                rows = []
                if db.execute(has).fetchone():
                    rows = db.execute("SELECT version_num FROM alembic_version").fetchall()
        except sqlite3.Error as error:
            msg = f"the records cannot be opened: {error}"
            raise StorageError(msg) from error
        refuse_unknown(records, [str(row[0]) for row in rows])
    for name, opened in (("journal.db", Journal), ("archive.db", Archive)):
        opened(folder / name).close()

"""Opens SQLite files: several processes write and read one at once."""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["BUSY_MS", "make_private", "open_database"]

BUSY_MS = 10_000  # ms, to wait for another process that is writing


def open_database(
    path: Path, *, read_only: bool, durable: bool = True, busy_ms: int = BUSY_MS
) -> sqlite3.Connection:
    """Return a connection to a file, which is made if absent unless it is only read.

    Parameters
    ----------
    path : Path
        The file.
    read_only : bool
        Whether it is only read; it must exist, and its writers go on.
    durable : bool
        Whether what is written is on the disk when a transaction ends.
    busy_ms : int
        How long another process that is writing is waited for. [ms]

    Raises
    ------
    sqlite3.Error or OSError
        If it cannot be opened or made.
    """
    if read_only:
        uri = f"{path.resolve().as_uri()}?mode=ro"
        db = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        make_private(path)
        db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        db.execute("PRAGMA journal_mode=WAL")
        db.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
    db.execute(f"PRAGMA busy_timeout={busy_ms}")
    return db


def make_private(path: Path) -> None:
    """Make a file that its owner alone can read, where there is none: it will be of patients.

    SQLite makes those that it lays beside a database as the database is.

    Raises
    ------
    OSError
        If it cannot be made.
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))

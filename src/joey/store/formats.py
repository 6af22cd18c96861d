"""What a file's tables look like, by number, and what becomes of a file of another version of Joey.

A layout is never changed under its number: a change raises it, and gives the step from the one
before, or what to do with a file for which there is none.
"""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from joey import __version__
from joey.errors import FormatError
from joey.store.databases import BUSY_MS, open_database

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["Layout", "bring_up", "open_file", "refuse_others", "written_by"]

WRITTEN = "CREATE TABLE IF NOT EXISTS written (format INTEGER PRIMARY KEY, version TEXT NOT NULL);"


@dataclass(frozen=True, slots=True)
class Layout:
    """What this Joey writes into a file.

    Parameters
    ----------
    number : int
        Of the format, from 1 on; files of before formats had numbers have 0.
    make : str
        SQL of the tables: makes those that are not there.
    instead : str
        What to do with a file of an earlier format for which there is no step.
    steps : mapping of int to str
        SQL from a number to the next. From 0 none is needed where the columns are those of `make`.
    """

    number: int
    make: str
    instead: str
    steps: Mapping[int, str] = field(default_factory=dict)


def open_file(
    path: Path,
    layout: Layout,
    *,
    read_only: bool,
    durable: bool = True,
    busy_ms: int = BUSY_MS,
) -> sqlite3.Connection:
    """Return a connection to a file of a layout: as `open_database`, then `bring_up`."""
    with ExitStack() as stack:
        db = open_database(path, read_only=read_only, durable=durable, busy_ms=busy_ms)
        stack.callback(db.close)
        bring_up(db, path, layout, read_only=read_only)
        stack.pop_all()
    return db


def bring_up(db: sqlite3.Connection, path: Path, layout: Layout, *, read_only: bool) -> None:
    """Make the tables of a file, or bring them up to date, in one transaction.

    Parameters
    ----------
    db, path
        The file, open.
    layout : Layout
        What this Joey reads.
    read_only : bool
        Whether nothing is written: then the file must be of this format.

    Raises
    ------
    FormatError
        If the file is of another format and cannot be brought up: it is as it was.
    sqlite3.Error
        If it cannot be read or written.
    """
    found = _number(db)
    if found == layout.number or (read_only and not _tables(db)):
        return
    if found > layout.number:
        refuse_others(path, f"format {found}", written_by(db), f"{layout.number}")
    if read_only and found:
        msg = f"of format {found}, not {layout.number}: start Joey on it once to bring it up"
        raise FormatError(path, msg)
    if not read_only:
        db.execute("BEGIN IMMEDIATE")
    try:
        found = _number(db)  # another process may have been quicker
        if _tables(db) and found < layout.number:
            _step(db, path, layout, found, read_only=read_only)
        if not read_only and found < layout.number:
            for line in (*_lines(layout.make), *_lines(WRITTEN)):
                db.execute(line)
            db.execute("INSERT OR REPLACE INTO written VALUES (?, ?)", (layout.number, __version__))
            db.execute(f"PRAGMA user_version = {layout.number:d}")
        if not read_only:
            db.execute("COMMIT")
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")


def written_by(db: sqlite3.Connection) -> str:
    """Return in words which version of Joey made a file what it is."""
    if "written" not in _tables(db):
        return "a Joey from before formats had numbers"
    row = db.execute("SELECT version FROM written ORDER BY format DESC LIMIT 1").fetchone()
    return "another Joey" if row is None else f"Joey {row[0]}"


def refuse_others(path: object, what: str, writer: str, known: str) -> None:
    """Refuse a file of a later version.

    Raises
    ------
    FormatError
        Always.
    """
    msg = (
        f"written by {writer} in {what}, and this Joey {__version__} knows up to {known}:"
        " run that version or a later one, or restore a backup"
    )
    raise FormatError(path, msg)


def _step(
    db: sqlite3.Connection, path: Path, layout: Layout, found: int, *, read_only: bool
) -> None:
    """Go from a number to that of the layout, as far as there are steps."""
    if found == 0 and _columns_fit(db, layout.make):
        return
    steps = [layout.steps.get(number) for number in range(found, layout.number)]
    if read_only or None in steps:
        said = f"in format {found}" if found else "in a format"
        msg = (
            f"written by {written_by(db)} {said} that this Joey {__version__} cannot go on with:"
            f" {layout.instead}"
        )
        raise FormatError(path, msg)
    for step in steps:
        for line in _lines(step or ""):
            db.execute(line)


def _columns_fit(db: sqlite3.Connection, make: str) -> bool:
    """Whether each table that is there has the columns of the layout."""
    with closing(sqlite3.connect(":memory:")) as wanted:
        wanted.executescript(make)
        return all(
            _columns(db, name) == _columns(wanted, name) for name in _tables(db) & _tables(wanted)
        )


def _columns(db: sqlite3.Connection, table: str) -> list[tuple[object, ...]]:
    return db.execute(f"PRAGMA table_info({table})").fetchall()


def _tables(db: sqlite3.Connection) -> set[str]:
    return {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def _number(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _lines(script: str) -> list[str]:
    return [line for each in script.split(";") if (line := each.strip())]

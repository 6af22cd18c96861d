"""The database of records: opened, brought up to date, and written in one transaction at a time."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import create_engine, event
from sqlalchemy.engine import make_url

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine

__all__ = ["open_engine", "upgrade", "writing"]

MIGRATIONS = Path(__file__).resolve().parent / "migrations"
BUSY_MS = 10_000  # ms, to wait for another process that is writing


def open_engine(url: str) -> Engine:
    """Return the engine of a database, its tables up to date.

    Parameters
    ----------
    url : str
        As SQLAlchemy writes it: ``sqlite:////data/records.db``, ``postgresql+psycopg://...``.

    Raises
    ------
    sqlalchemy.exc.OperationalError
        If the database cannot be opened.
    """
    engine = create_engine(make_url(url), pool_pre_ping=True)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
    upgrade(engine)
    return engine


def upgrade(engine: Engine) -> None:
    """Bring the tables to the newest revision; what is there stays."""
    from alembic import command  # noqa: PLC0415  (half a second of loading)
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Give a connection whose work is committed whole, or not at all."""
    with engine.begin() as connection:
        yield connection


def _prepare(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = None  # SQLAlchemy begins transactions, as below
    for line in (
        "PRAGMA journal_mode=WAL",
        "PRAGMA synchronous=FULL",
        "PRAGMA foreign_keys=ON",
        f"PRAGMA busy_timeout={BUSY_MS}",
    ):
        connection.execute(line)


def _begin(connection: Connection) -> None:
    # A transaction that reads first and writes later could find the database locked in between.
    connection.exec_driver_sql("BEGIN IMMEDIATE")

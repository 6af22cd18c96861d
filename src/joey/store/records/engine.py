"""The database of records: opened, brought up to date, and written in one transaction at a time."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import create_engine, event, inspect
from sqlalchemy.engine import make_url

from joey.store.databases import make_private
from joey.store.formats import refuse_others

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Connection, Engine

__all__ = ["open_engine", "refuse_unknown", "upgrade", "writing"]

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
    FormatError
        If a later version of Joey wrote it.
    """
    # Without its parameters in what an error says: they are names and numbers of patients.
    engine = create_engine(make_url(url), pool_pre_ping=True, hide_parameters=True)
    if engine.dialect.name == "sqlite":
        if engine.url.database:
            make_private(Path(engine.url.database))
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
    upgrade(engine)
    return engine


def upgrade(engine: Engine) -> None:
    """Bring the tables to the newest revision; what is there stays.

    Raises
    ------
    FormatError
        If a later version of Joey wrote it.
    """
    from alembic import command  # noqa: PLC0415  (half a second of loading)
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with engine.begin() as connection:
        if inspect(connection).has_table("alembic_version"):
            rows = connection.exec_driver_sql("SELECT version_num FROM alembic_version")
            refuse_unknown(engine.url.render_as_string(), [str(row[0]) for row in rows])
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def refuse_unknown(place: object, revisions: Iterable[str]) -> None:
    """Refuse records of a revision that this Joey does not know.

    Raises
    ------
    FormatError
        If there is one.
    """
    known = {each.name[1:5] for each in (MIGRATIONS / "versions").glob("r[0-9]*.py")}
    for revision in revisions:
        if revision not in known:
            refuse_others(place, f"revision {revision}", "another Joey", max(known))


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

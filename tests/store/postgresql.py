"""A PostgreSQL of the tests: in a folder that goes away, on a socket there, ended by its pid."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Server", "running_server", "why_not"]

DEBIAN = "/usr/lib/postgresql"  # where Debian and Ubuntu keep it, off the PATH
LESS = ("postgres", "nobody")  # who runs it where the tests are root's: it refuses root
UP_S = 60.0  # s


def _folder_of_programs() -> Path | None:
    found = [shutil.which("initdb"), *sorted(map(str, Path(DEBIAN).glob("*/bin/initdb")))[::-1]]
    return next((Path(each).resolve().parent for each in found if each), None)


def why_not() -> str:
    """Return why there can be none here; nothing where there can."""
    if find_spec("psycopg") is None:
        return "psycopg is not installed: ./joey test installs it"
    return "" if _folder_of_programs() else "no PostgreSQL is installed: apt install postgresql"


class Server:
    """A running server, and the databases that were made in it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made = 0

    def url(self, database: str) -> str:
        """Return where a database is, as SQLAlchemy writes it."""
        return f"postgresql+psycopg://joey@/{database}?host={self._folder}"

    def new_database(self) -> str:
        """Make a database; return its address."""
        self._made += 1
        name = f"records{self._made}"
        self.run(f"CREATE DATABASE {name}")
        return self.url(name)

    def run(self, line: str) -> None:
        """Run a line outside any transaction."""
        engine = create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as connection:
                connection.execute(text(line))
        finally:
            engine.dispose()


@contextmanager
def running_server() -> Iterator[Server]:
    """Give a server; it and its folder are gone afterwards."""
    programs = _folder_of_programs()
    assert programs is not None
    folder = Path(tempfile.mkdtemp(prefix="joey-pg-"))  # a short path: it is that of a socket
    user = None
    if os.geteuid() == 0:
        user = next(each for each in LESS if _exists(each))
        shutil.chown(folder, user)
    try:
        subprocess.run(
            [programs / "initdb", "-D", folder / "data", "-A", "trust", "-U", "joey", "-E", "UTF8",
             "--no-locale", "--no-sync"],
            check=True, capture_output=True, user=user, cwd=folder,
        )  # fmt: skip
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [programs / "postgres", "-D", folder / "data", "-k", folder,
                 "-c", "listen_addresses=", "-c", "fsync=off"],
                stdout=log, stderr=log, user=user, cwd=folder,
            )  # fmt: skip
        try:
            server = Server(folder)
            _wait(server, process, folder / "log")
            yield server
        finally:
            process.send_signal(signal.SIGINT)  # its fast way to end
            process.wait(30)
    finally:
        shutil.rmtree(folder)


def _exists(user: str) -> bool:
    import pwd  # noqa: PLC0415  (of Unix)

    return any(row.pw_name == user for row in pwd.getpwall())


def _wait(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + UP_S
    while True:
        try:
            server.run("SELECT 1")
        except OperationalError:
            assert process.poll() is None, log.read_text(errors="replace")
            assert time.monotonic() < end, log.read_text(errors="replace")
            time.sleep(0.05)
        else:
            return

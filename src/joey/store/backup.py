"""Copies of a Joey's files while it runs, back again, and whether they are what was written.

A backup is a folder: the databases as they were at one moment each, and a list of them with their
hashes. The journal is copied last, so that it has all that the archive and the records were made
from; it is looked at whether so much was trimmed meanwhile that something is missing.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import TYPE_CHECKING

from joey.errors import InputError
from joey.folders import landing
from joey.store.archive import Archive
from joey.store.databases import make_private, open_database
from joey.store.folders import alone_in
from joey.store.journal import DIGEST, Journal, StorageError
from joey.store.proofs import Proofs

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Found", "back_up", "restore", "verify"]

JOURNAL = "journal.db"
OTHERS = ("archive.db", "records.db")  # what is made from the journal
FILES = (*OTHERS, JOURNAL)  # in the order in which they are copied
LIST = "backup.json"
FORMAT = 1
TRIES = 5  # the journal is trimmed behind all else by days: once is enough
READ_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Found:
    """What is in a folder, and what is wrong with it.

    Parameters
    ----------
    entries, quarantined : int
        Of the journal.
    last : int
        The place of the last entry ever kept.
    streams, frames, facts : int
        Of the archive; 0 where there is none yet.
    wrong : tuple of str
        What is not as it was written; no patient data.
    """

    entries: int = 0
    quarantined: int = 0
    last: int = 0
    streams: int = 0
    frames: int = 0
    facts: int = 0
    wrong: tuple[str, ...] = ()


def back_up(data: Path, out: Path) -> tuple[str, ...]:
    """Copy the files of a Joey, which may be running, and return the names of what was copied.

    Parameters
    ----------
    data : Path
        Joey's folder.
    out : Path
        A folder without a backup in it; made if absent. All files are put there, or none.

    Raises
    ------
    InputError
        If there is no journal, or a backup already.
    OSError
        If something could not be read or written.
    """
    _refuse_without_journal(data)
    _refuse_taken(out, (*FILES, LIST))
    for _ in range(TRIES):
        with landing(out) as folder:
            names = [name for name in FILES if (data / name).exists()]
            for name in names:
                _copy(data / name, folder / name)
            if not _missing(folder):
                listed = {name: _hash(folder / name) for name in names}
                text = json.dumps({"format": FORMAT, "files": listed}, indent=2)
                (folder / LIST).write_text(text + "\n", encoding="utf-8")
                return (*names, LIST)
            # Entries are gone whose frames came after the archive was copied: once more.
            for name in names:
                (folder / name).unlink()
    msg = f"{data}: {_missing(data) or 'the journal was trimmed during each try: try again'}"
    raise StorageError(msg)


def restore(backup: Path, data: Path) -> Found:
    """Put a backup into a folder from which Joey then runs; return what is in it.

    Parameters
    ----------
    backup : Path
        A folder that `back_up` wrote.
    data : Path
        A folder without a Joey in it; made if absent. All files are put there, or none.

    Raises
    ------
    InputError
        If it is no backup, or there are files of a Joey in the folder.
    StorageError
        If a file is not what was written.
    """
    listed = _listed(backup)
    _refuse_taken(data, FILES)
    for name, digest in listed.items():
        if not (backup / name).is_file() or _hash(backup / name) != digest:
            msg = f"{backup / name} is not what was backed up: use another backup"
            raise StorageError(msg)
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    with alone_in(data), landing(data) as folder:
        for name in listed:
            _copy(backup / name, folder / name)
        found = verify(folder)
        for name in listed:
            for end in ("-wal", "-shm"):
                (folder / f"{name}{end}").unlink(missing_ok=True)
        if found.wrong:
            msg = f"the backup in {backup} cannot be used: {found.wrong[0]}"
            raise StorageError(msg)
    return found


def verify(folder: Path) -> Found:
    """Read all that a Joey's folder, or a backup, holds and tell what is not as it was written.

    Each message is compared with its hash, each frame is unpacked and compared with its own, and
    nothing may have been made of entries that the journal never had. The Joey may be running.

    Parameters
    ----------
    folder : Path
        Joey's folder, or a backup.

    Raises
    ------
    InputError
        If there is no journal in it.
    """
    _refuse_without_journal(folder)
    wrong: list[str] = []
    if (folder / LIST).is_file():
        for name, digest in _listed(folder).items():
            if not (folder / name).is_file() or _hash(folder / name) != digest:
                wrong.append(f"{name}: not what was backed up")
    for name in FILES:
        if (folder / name).exists():
            wrong += [f"{name}: {line}" for line in _unsound(folder / name)]
    if wrong:
        return Found(wrong=tuple(wrong))
    # First what is made from the journal, then the journal: it only grows.
    places: dict[str, int] = {}
    found = Found()
    if (folder / "archive.db").exists():
        found = _verify_archive(folder / "archive.db", places, wrong)
    if (folder / "records.db").exists():
        with closing(open_database(folder / "records.db", read_only=True)) as db:
            rows = db.execute("SELECT name, seq FROM applied").fetchall()
        places |= {f"records.db, {name}": int(seq) for name, seq in rows}
    missing = _missing(folder)
    if missing:
        wrong.append(missing)
    return _verify_journal(folder / JOURNAL, found, places, wrong)


def _verify_archive(path: Path, places: dict[str, int], wrong: list[str]) -> Found:
    """Unpack all frames; add where the archive has come to, and what is wrong."""
    with closing(Archive(path, read_only=True)) as archive:
        places |= {f"archive.db, {p.name}": p.seq for p in archive.checkpoints().values()}
        frames = 0
        for bad in archive.examine():
            frames += 1
            if bad:
                wrong.append(f"archive.db: {bad}")
        return Found(streams=len(archive.streams()), frames=frames, facts=archive.count_facts())


def _verify_journal(path: Path, found: Found, places: dict[str, int], wrong: list[str]) -> Found:
    """Compare all messages with their hashes, and what was made from the journal with its end."""
    with closing(Journal(path, read_only=True)) as journal:
        last = journal.last()
    wrong += [
        f"{name}: made from entry {seq}, and the journal ends with {last}"
        for name, seq in places.items()
        if seq > last
    ]
    entries = quarantined = 0
    with closing(open_database(path, read_only=True)) as db:
        for seq, state, digest, payload in db.execute(
            "SELECT seq, state, digest, CAST(payload AS BLOB) FROM entries ORDER BY seq"
        ):
            entries += 1
            quarantined += state == "quarantined"
            if digest is not None and blake2b(payload, digest_size=DIGEST).digest() != digest:
                wrong.append(f"journal.db: entry {seq} is not what was received")
    return replace(found, entries=entries, quarantined=quarantined, last=last, wrong=tuple(wrong))


def _refuse_without_journal(folder: Path) -> None:
    if not (folder / JOURNAL).is_file():
        msg = f"{folder} has no {JOURNAL}: name the folder of a Joey or of a backup"
        raise InputError(msg)


def _refuse_taken(folder: Path, names: tuple[str, ...]) -> None:
    """Refuse to write beside or over the files of a Joey or of a backup."""
    for name in names:
        if (folder / name).exists():
            msg = f"{folder / name} is there already: choose an empty folder"
            raise InputError(msg)


def _listed(backup: Path) -> dict[str, str]:
    """Return the hashes of a backup's files by name."""
    path = backup / LIST
    if not path.is_file():
        msg = f"{backup} is no backup: it has no {LIST}"
        raise InputError(msg)
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        number, files = said["format"], {str(k): str(v) for k, v in said["files"].items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        number, files = 0, {}
    if number != FORMAT or JOURNAL not in files or not files.keys() <= set(FILES):
        msg = f"{path} is not a list that this Joey wrote"
        raise InputError(msg)
    return files


def _copy(source: Path, target: Path) -> None:
    """Copy a database as it is at one moment, and have it on the disk."""
    make_private(target)
    try:
        with (
            closing(open_database(source, read_only=True)) as db,
            closing(sqlite3.connect(target)) as copy,
        ):
            db.backup(copy)  # in one step: in several, each commit of a writer begins it anew
            copy.execute("PRAGMA journal_mode=DELETE")  # one file, without others beside it
    except sqlite3.Error as error:
        msg = f"{source} cannot be copied: {error}"
        raise StorageError(msg) from error


def _missing(folder: Path) -> str:
    """Return what of the journal is needed for the other files and not there; empty of nothing."""
    with closing(Journal(folder / JOURNAL, read_only=True)) as journal:
        kept = journal.trimmed()  # first: what is needed only rises
    needed: dict[str, int] = {}
    if (folder / "archive.db").exists():
        with closing(Proofs(folder / "archive.db", read_only=True)) as proofs:
            needed["archive.db"] = proofs.needed()
    if (folder / "records.db").exists():
        with closing(open_database(folder / "records.db", read_only=True)) as db:
            row = db.execute("SELECT min(seq) FROM applied").fetchone()
            needed["records.db"] = int(row[0] or 0) + 1
    for name, first in needed.items():
        if first < kept:
            return f"{name}: goes on from entry {first}, and the journal begins with {kept}"
    return ""


def _unsound(path: Path) -> list[str]:
    """Return what SQLite finds wrong with its own file."""
    try:
        with closing(open_database(path, read_only=True)) as db:
            lines = [str(row[0]) for row in db.execute("PRAGMA integrity_check(5)")]
    except sqlite3.Error as error:
        return [str(error)]
    return [line for line in lines if line != "ok"]


def _hash(path: Path) -> str:
    digest = blake2b(digest_size=32)
    with path.open("rb") as file:
        while block := file.read(READ_BYTES):
            digest.update(block)
    return digest.hexdigest()

"""A backup of a running Joey comes back whole, and what was damaged is told."""

import fcntl
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from joey.cli import main
from joey.errors import InputError
from joey.store.archive import Archive, Batch, Checkpoint
from joey.store.backup import back_up, restore, verify
from joey.store.journal import Journal, NewEntry, StorageError
from joey.store.records import Records

from .test_archive import STREAM, frame
from .test_journal import WRITER, message


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return the folder of a Joey with messages, a stream, frames and records."""
    folder = tmp_path / "data"
    journal = Journal(folder / "journal.db")
    bad = NewEntry(1, "hl7", "ward", b"x", state="quarantined", reason="no MSH")
    journal.append([message(1), bad, message(2), NewEntry(3, "tick", "host", b"{}")])
    journal.close()
    archive = Archive(folder / "archive.db")
    frames = [frame(0), frame(1, seed=1)]
    archive.write(Batch([STREAM], frames, checkpoints=[Checkpoint("shard 1", 4)]))
    archive.close()
    records = Records(f"sqlite:///{folder / 'records.db'}")
    records.apply(Journal(folder / "journal.db", read_only=True).read(0))
    records.close()
    return folder


def test_nobody_else_of_the_machine_reads_them(data: Path, tmp_path: Path) -> None:
    """Databases, what SQLite lays beside them, and their copies are their owner's alone."""
    out, again = tmp_path / "out", tmp_path / "again"
    with closing(Journal(data / "journal.db")) as journal:
        journal.append([message(9)])
        back_up(data, out)
        beside = list(data.glob("*.db*"))
        assert data / "journal.db-wal" in beside
    restore(out, again)

    assert again.stat().st_mode & 0o077 == 0
    for path in (*data.glob("*.db"), *out.glob("*.db"), *again.glob("*.db")):
        assert path.stat().st_mode & 0o077 == 0, path.name


def change(path: Path, statement: str) -> None:
    """Damage a database."""
    db = sqlite3.connect(path)
    db.execute(statement)
    db.commit()
    db.close()


def test_what_is_backed_up_comes_back(data: Path, tmp_path: Path) -> None:
    """Entries, places, frames and records, in a folder from which Joey can go on."""
    names = back_up(data, tmp_path / "backup")
    found = restore(tmp_path / "backup", tmp_path / "new")

    assert set(names) == {"journal.db", "archive.db", "records.db", "backup.json"}
    assert sorted(p.name for p in (tmp_path / "backup").iterdir()) == sorted(names)
    assert (found.entries, found.quarantined, found.last) == (4, 1, 4)
    assert (found.streams, found.frames, found.wrong) == (1, 2, ())
    before, after = (
        Journal(each / "journal.db", read_only=True).read(0) for each in (data, tmp_path / "new")
    )
    assert before == after
    again = Journal(tmp_path / "new" / "journal.db")
    assert again.append([message(1), message(9)])[0].duplicate
    assert again.last() > found.last  # a place is never used twice


def test_a_joey_without_an_archive_yet_is_backed_up(data: Path, tmp_path: Path) -> None:
    """The journal alone is enough: the rest is made from it."""
    (data / "archive.db").unlink()
    (data / "records.db").unlink()
    assert set(back_up(data, tmp_path / "backup")) == {"journal.db", "backup.json"}
    assert restore(tmp_path / "backup", tmp_path / "new").entries == 4


def test_a_backup_under_load_is_of_one_moment(data: Path, tmp_path: Path) -> None:
    """While another process appends, a backup has whole batches, and writers are not stopped."""
    path = data / "journal.db"
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2] / "src")},
    ) as writer:
        assert writer.stdout is not None
        first = int(writer.stdout.readline())
        drained: list[bytes] = []
        reading = threading.Thread(target=lambda: drained.append(writer.stdout.read()))  # type: ignore[union-attr]
        reading.start()
        back_up(data, tmp_path / "backup")
        writer.send_signal(signal.SIGKILL)
        reading.join()
    found = verify(tmp_path / "backup")

    assert found.wrong == ()
    assert found.entries >= first
    assert (found.entries - 4) % 20 == 0


def test_a_backup_is_not_written_over_another(data: Path, tmp_path: Path) -> None:
    """Nor a Joey over a Joey."""
    back_up(data, tmp_path / "backup")
    with pytest.raises(InputError, match="is there already"):
        back_up(data, tmp_path / "backup")
    with pytest.raises(InputError, match="is there already"):
        restore(tmp_path / "backup", data)


def test_what_is_no_joey_and_no_backup_is_refused(data: Path, tmp_path: Path) -> None:
    """With one line that says what to name."""
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"has no journal\.db"):
        back_up(tmp_path / "empty", tmp_path / "out")
    with pytest.raises(InputError, match="is no backup"):
        restore(data, tmp_path / "out")
    (tmp_path / "empty" / "backup.json").write_text(json.dumps({"format": 1, "files": {"/x": ""}}))
    with pytest.raises(InputError, match="not a list"):
        restore(tmp_path / "empty", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_damaged_backup_is_not_restored(data: Path, tmp_path: Path) -> None:
    """A byte that changed is found before anything is put in place."""
    back_up(data, tmp_path / "backup")
    raw = bytearray((tmp_path / "backup" / "archive.db").read_bytes())
    raw[-1] ^= 1
    (tmp_path / "backup" / "archive.db").write_bytes(raw)
    with pytest.raises(StorageError, match="not what was backed up"):
        restore(tmp_path / "backup", tmp_path / "new")

    assert not (tmp_path / "new" / "journal.db").exists()
    assert verify(tmp_path / "backup").wrong


def test_a_running_joey_is_not_restored_over(data: Path, tmp_path: Path) -> None:
    """Its lock is respected."""
    back_up(data, tmp_path / "backup")
    (tmp_path / "new").mkdir()
    with (tmp_path / "new" / "joey.lock").open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(InputError, match="another Joey runs in"):
            restore(tmp_path / "backup", tmp_path / "new")


@pytest.mark.parametrize(
    ("file", "statement", "told"),
    [
        ("journal.db", "UPDATE entries SET payload = 'y' WHERE seq = 3", "entry 3 is not what"),
        ("archive.db", "UPDATE frames SET data = zeroblob(9) WHERE part = 0", "not what was writ"),
        ("archive.db", "UPDATE checkpoints SET seq = 9", "made from entry 9, and the journal"),
        ("records.db", "UPDATE applied SET seq = 7", "made from entry 7, and the journal"),
    ],
)
def test_what_is_damaged_is_told(file: str, statement: str, told: str, data: Path) -> None:
    """A message, a frame, or a place that the journal never had."""
    assert verify(data).wrong == ()
    change(data / file, statement)

    assert any(told in line for line in verify(data).wrong)


def test_a_file_that_is_no_database_any_more_is_told(data: Path) -> None:
    """SQLite's own findings are passed on."""
    raw = bytearray((data / "archive.db").read_bytes())
    raw[4096:8192] = bytes(4096)
    (data / "archive.db").write_bytes(raw)

    assert any(line.startswith("archive.db: ") for line in verify(data).wrong)


def test_the_commands(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`joey backup`, `joey restore` and `joey verify`; what is damaged ends with code 2."""
    for arguments in (
        ["backup", str(tmp_path / "b"), "--data", str(data)],
        ["restore", str(tmp_path / "b"), "--data", str(tmp_path / "new")],
        ["verify", str(tmp_path / "new")],
    ):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert not ended.value.code
    assert "all is as it was written" in capsys.readouterr().out
    change(tmp_path / "new" / "journal.db", "UPDATE entries SET payload = 'y' WHERE seq = 1")
    with pytest.raises(SystemExit) as ended:
        main(["verify", str(tmp_path / "new")])
    assert ended.value.code == 2
    assert "restore a backup" in capsys.readouterr().err

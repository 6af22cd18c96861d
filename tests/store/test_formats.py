"""A file of another version of Joey is brought up, or refused in a line that says what to do."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine
from tests.web.messages import admission

from joey import __version__
from joey.errors import FormatError
from joey.serve import Settings
from joey.serve.claims import claim
from joey.serve.supervisor import Supervisor
from joey.store import archive, journal
from joey.store.archive import Archive, Batch, EnvelopeRow, Revised, StreamRow
from joey.store.backup import verify
from joey.store.databases import open_database
from joey.store.folders import bring_up_folder
from joey.store.formats import Layout, bring_up
from joey.store.journal import Journal, NewEntry
from joey.store.records import Records
from joey.store.records.engine import MIGRATIONS
from joey.store.revisions import Revision

NS = 1_000_000_000
OPENED = {"journal.db": Journal, "archive.db": Archive}
LAYOUTS = {"journal.db": journal.LAYOUT, "archive.db": archive.LAYOUT}


def change(path: Path, script: str) -> None:
    """Change a file as another version would have left it."""
    with closing(sqlite3.connect(path)) as db:
        db.executescript(script)


def dump(path: Path) -> list[str]:
    """Return all that is in a file, and its number."""
    with closing(sqlite3.connect(path)) as db:
        return [*db.iterdump(), str(db.execute("PRAGMA user_version").fetchone())]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a message in the journal and a stream in the archive."""
    with closing(Journal(tmp_path / "journal.db")) as one:
        one.append([NewEntry(1, "hl7", "ward", b"MSH|", control_id="1")])
    with closing(Archive(tmp_path / "archive.db")) as other:
        other.write(Batch(streams=(StreamRow("s", "ward", "m", "NICU/4", "", 1, 5),)))
    return tmp_path


@pytest.mark.parametrize("name", OPENED)
def test_a_file_says_its_format_and_who_wrote_it(folder: Path, name: str) -> None:
    with closing(sqlite3.connect(folder / name)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (LAYOUTS[name].number,)
        written = db.execute("SELECT * FROM written").fetchall()
    assert written == [(LAYOUTS[name].number, __version__)]


MADE = {
    "journal.db": {1: "b3c96f0e7609d0da"},
    "archive.db": {1: "18e3e8855b96c345", 2: "e68df22f3615a577", 3: "2d34587c668129a4"},
}


@pytest.mark.parametrize("name", OPENED)
def test_tables_are_not_changed_under_their_number(name: str) -> None:
    """A change of `MAKE` raises the number in `LAYOUT`, with the step from the one before."""
    layout = LAYOUTS[name]
    digest = blake2b(" ".join(layout.make.split()).encode(), digest_size=8).hexdigest()
    assert MADE[name].get(layout.number) == digest


@pytest.mark.parametrize("name", OPENED)
def test_a_file_from_before_formats_had_numbers_is_taken_over(folder: Path, name: str) -> None:
    """Where its tables are those of today; what is in it stays, and it can be verified before."""
    change(folder / name, "PRAGMA user_version = 0; DROP TABLE written;")
    assert verify(folder).wrong == ()
    bring_up_folder(folder)

    with closing(sqlite3.connect(folder / name)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (LAYOUTS[name].number,)
    with closing(Journal(folder / "journal.db")) as one:
        assert [each.control_id for each in one.read(0)] == ["1"]
    with closing(Archive(folder / "archive.db")) as other:
        assert [each.id for each in other.streams()] == ["s"]


SECOND = """
DROP TABLE envelope; DROP TABLE envelope_before;
CREATE TABLE envelope (
    stream TEXT NOT NULL, minute_ns INTEGER NOT NULL, heart_rate BLOB NOT NULL,
    spo2 BLOB NOT NULL, resp_low BLOB NOT NULL, resp_high BLOB NOT NULL,
    revision INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (stream, minute_ns)
) WITHOUT ROWID;
CREATE TABLE envelope_before (
    stream TEXT NOT NULL, minute_ns INTEGER NOT NULL, heart_rate BLOB NOT NULL,
    spo2 BLOB NOT NULL, resp_low BLOB NOT NULL, resp_high BLOB NOT NULL, revision INTEGER NOT NULL,
    PRIMARY KEY (stream, minute_ns, revision)
) WITHOUT ROWID;
PRAGMA user_version = 2; DELETE FROM written; INSERT INTO written VALUES (2, '0.1.0');
"""
FIRST = """
DROP TABLE envelope_before; DROP TABLE revisions;
ALTER TABLE envelope DROP COLUMN revision; ALTER TABLE facts DROP COLUMN superseded;
PRAGMA user_version = 1; DELETE FROM written; INSERT INTO written VALUES (1, '0.1.0');
"""


@pytest.mark.parametrize("before", [(SECOND,), (SECOND, FIRST)])
def test_minutes_of_an_earlier_archive_have_no_pulse_rate_and_new_ones_have(
    folder: Path, before: tuple[str, ...]
) -> None:
    """What was kept stays to the bit; a span told anew is moved away with what it has."""
    path = folder / "archive.db"
    curves = [np.full(240, 140 + k, np.float32) for k in range(5)]
    for script in before:
        change(path, script)
    kept = "INSERT INTO envelope (stream, minute_ns, heart_rate, spo2, resp_low, resp_high)"
    with closing(sqlite3.connect(path)) as db, db:
        rows = [each.tobytes() for each in curves[:4]]
        db.execute(f"{kept} VALUES ('s', 0, ?, ?, ?, ?)", rows)
    with pytest.raises(FormatError, match="start Joey on it once"):
        Archive(path, read_only=True)
    bring_up_folder(folder)

    with closing(Archive(path)) as one:
        one.write(Batch(envelope=[EnvelopeRow("s", 60 * NS, *curves)]))
        old, new = one.envelope("s", 0, 120 * NS)
        for each in (old, new):
            others = each.heart_rate, each.spo2, each.resp_low, each.resp_high
            np.testing.assert_array_equal(others, curves[:4])
        assert np.isnan(old.pulse_rate).all()
        assert len(old.pulse_rate) == 240
        np.testing.assert_array_equal(new.pulse_rate, curves[4])
        anew = Revision("s", 1, 0, 600 * NS, 9, 0, 0, 1, state="done")
        one.write(Batch(revised=[Revised(anew)]))
        assert one.envelope("s", 0, 120 * NS) == []
    with closing(sqlite3.connect(path)) as db:
        moved = db.execute("SELECT length(pulse_rate) FROM envelope_before ORDER BY minute_ns")
        assert moved.fetchall() == [(0,), (960,)]


OLDER = {
    "journal.db": "ALTER TABLE entries DROP COLUMN reason;",
    "archive.db": "ALTER TABLE checkpoints DROP COLUMN again;",
}
WHAT_TO_DO = {"journal.db": "choose an empty folder", "archive.db": "move archive.db away"}


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize("name", OPENED)
def test_what_cannot_be_gone_on_with_is_refused_and_not_touched(
    folder: Path, name: str, read_only: bool
) -> None:
    """One line: file, who wrote it, what to do."""
    change(folder / name, f"PRAGMA user_version = 0; DROP TABLE written; {OLDER[name]}")
    before = dump(folder / name)
    with pytest.raises(FormatError) as raised:
        OPENED[name](folder / name, read_only=read_only)

    said = str(raised.value)
    assert str(folder / name) in said
    assert "from before formats had numbers" in said
    assert WHAT_TO_DO[name] in said
    assert "\n" not in said
    assert dump(folder / name) == before


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize("name", OPENED)
def test_a_file_of_a_later_joey_is_refused(folder: Path, name: str, read_only: bool) -> None:
    number = LAYOUTS[name].number + 1
    change(folder / name, "REPLACE INTO written VALUES (99, '9.1.0');")
    change(folder / name, f"PRAGMA user_version = {number};")
    before = dump(folder / name)
    with pytest.raises(FormatError, match=rf"by Joey 9\.1\.0 in format {number}.*run that version"):
        OPENED[name](folder / name, read_only=read_only)
    assert dump(folder / name) == before


def test_files_are_made_before_anything_is_started(tmp_path: Path) -> None:
    """In the mode in which many use them: who changes it is refused while another has it open."""
    bring_up_folder(tmp_path)
    for name in ("journal.db", "archive.db"):
        with closing(sqlite3.connect(tmp_path / name)) as db:
            assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_serve_ends_before_anything_is_started(folder: Path) -> None:
    """With the same line, and not with a process that dies again and again."""
    change(folder / "archive.db", "PRAGMA user_version = 77;")
    settings = Settings(folder, port=0, hl7_port=0)
    with claim(settings) as claims:
        supervisor = Supervisor(settings, claims, print)
        with pytest.raises(FormatError, match="format 77"):
            supervisor.start()
        assert supervisor.pids() == {}
        supervisor.stop()


def test_a_file_goes_through_all_steps_or_none(tmp_path: Path) -> None:
    """Each step once, with the data; one that fails leaves the file as it was."""
    path = tmp_path / "some.db"
    one = Layout(1, "CREATE TABLE IF NOT EXISTS a (x INTEGER)", "")
    steps = {
        1: "ALTER TABLE a ADD COLUMN y INTEGER; UPDATE a SET y = x + 1",
        2: "ALTER TABLE a RENAME COLUMN y TO z",
    }
    three = Layout(3, "CREATE TABLE IF NOT EXISTS a (x INTEGER, z INTEGER)", "", steps)
    broken = Layout(3, three.make, "", {**steps, 2: "ALTER TABLE a DROP COLUMN nothing"})

    def open_with(layout: Layout, *, read_only: bool = False) -> list[tuple[int, ...]]:
        with closing(open_database(path, read_only=read_only)) as db:
            bring_up(db, path, layout, read_only=read_only)
            return db.execute("SELECT * FROM a").fetchall()

    assert open_with(one) == []
    change(path, "INSERT INTO a VALUES (4);")
    before = dump(path)
    with pytest.raises(FormatError, match="of format 1, not 3: start Joey on it once"):
        open_with(three, read_only=True)
    with pytest.raises(sqlite3.OperationalError):
        open_with(broken)
    assert dump(path) == before
    assert open_with(three) == [(4, 5)]
    assert open_with(three, read_only=True) == [(4, 5)]
    with pytest.raises(FormatError, match="knows up to 1"):
        open_with(one)


def test_records_of_the_first_revision_are_brought_up_with_what_is_in_them(tmp_path: Path) -> None:
    """An infant, where it lies and its hold are shown as they were."""
    path = tmp_path / "records.db"
    engine = create_engine(f"sqlite:///{path}")
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    engine.dispose()
    change(
        path,
        """
        INSERT INTO applied VALUES ('records', 7);
        INSERT INTO beds VALUES ('NICU/4', 'NICU', '4');
        INSERT INTO infants VALUES (1, 'M', '2026-11-10', NULL, 1, 0, 1);
        INSERT INTO accounts VALUES (1, 1, 'M4', 'HOSP', 'MR', 1);
        INSERT INTO names VALUES (1, 1, 'JONES', 'BABY BOY', 5, 1);
        INSERT INTO stays VALUES (1, 1, 'NICU/4', 5, NULL, 0, 1);
        INSERT INTO associations VALUES (1, 'abc', 'NICU/4', 1, 5, NULL, 0, 'agree', 2);
        INSERT INTO taps VALUES
            ('t1', 6, 'h1', 1, 'NICU/4', 'start_hold', 1000000000, 1000000000,
            '{"holder": {"role": "mother", "label": "Sara"}, "contact": "skin_to_skin"}', '');
        """,
    )
    records = Records(f"sqlite:///{path}")
    bed = records.bed("NICU/4", 100 * NS)

    assert records.applied() == 7
    assert bed is not None
    assert bed.infant is not None
    assert bed.infant.name.text == "JONES, BABY BOY"
    assert bed.streams == ("abc",)
    (hold,) = bed.holds
    assert (hold.start, hold.end, hold.pieces[0].role) == (1.0, None, "mother")
    with closing(Journal(tmp_path / "journal.db")) as one:
        change(tmp_path / "journal.db", "UPDATE sqlite_sequence SET seq = 7")
        rename = admission("A08", "4", "M4", "JONES^JOSEPH", 50 * NS)
        one.append([NewEntry(50 * NS, "hl7", "ward", rename, control_id=str(k)) for k in range(9)])
        records.apply(one.read(0))
    bed = records.bed("NICU/4", 100 * NS)
    assert bed is not None
    assert bed.infant is not None
    assert bed.infant.name.text == "JONES, JOSEPH"
    records.close()


def test_how_earlier_stays_ended_follows_from_what_came_after(tmp_path: Path) -> None:
    """A hold that ran when its infant left the unit has ended; one that moved runs on."""
    path = tmp_path / "records.db"
    engine = create_engine(f"sqlite:///{path}")
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
    engine.dispose()
    stays = [
        (1, 1, "NICU/1", 5, 50, 0), (2, 1, "NICU/2", 50, None, 0),  # moved
        (3, 2, "NICU/3", 5, 60, 0),  # discharged
        (4, 3, "NICU/4", 5, 20, 0), (5, 3, "NICU/5", 20, 30, 1), (6, 3, "NICU/4", 30, None, 0),
    ]  # fmt: skip
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        infants = [(number, "", "", None, None, 0, 1) for number in (1, 2, 3)]
        db.executemany("INSERT INTO infants VALUES (?, ?, ?, ?, ?, ?, ?)", infants)
        for k in range(1, 6):
            db.execute("INSERT INTO beds VALUES (?, 'NICU', ?)", (f"NICU/{k}", f"{k}"))
        db.executemany("INSERT INTO stays VALUES (?, ?, ?, ?, ?, ?, 1)", stays)
    Records(f"sqlite:///{path}").close()

    with closing(sqlite3.connect(path)) as db:
        rows = db.execute("SELECT ending FROM stays ORDER BY id").fetchall()
    assert [row[0] for row in rows] == ["moved", "", "left", "moved", "undone", ""]


def test_records_of_a_later_joey_are_refused(folder: Path) -> None:
    """Before the other files are looked at, and by who opens them."""
    url = f"sqlite:///{folder / 'records.db'}"
    Records(url).close()
    bring_up_folder(folder)
    change(folder / "records.db", "UPDATE alembic_version SET version_num = '9999';")
    for opens in (lambda: bring_up_folder(folder), lambda: Records(url)):
        with pytest.raises(FormatError, match=r"records\.db: written by .* revision 9999"):
            opens()

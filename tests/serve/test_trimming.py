"""The journal is trimmed behind what is kept elsewhere, and nothing that is needed ever goes."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import statistics
import threading
import time
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TYPE_CHECKING

import pytest

from joey.serve import Settings
from joey.serve.trimming import MARGIN_NS, run_trimming, trim_once
from joey.serve.worker import run_worker
from joey.store.archive import Archive
from joey.store.backup import back_up, restore, verify
from joey.store.journal import Journal, NewEntry
from joey.store.proofs import Proofs
from joey.store.records import Records
from joey.web.settings import PageSettings
from joey.web.ward import Ward

from .feeding import NS, SOURCES, START, entries_of
from .test_worker import TABLES, content, fill, reached, settings_of, work

if TYPE_CHECKING:
    from pathlib import Path

CONTEXT = get_context("spawn")
KILLS = int(os.environ.get("JOEY_KILLS", "3"))
MINUTES = 44
DAYS = 0.05
NOW = START + 86_400 * NS  # all that was received is older


@dataclass(frozen=True)
class Fed:
    """Entries, and the files that an undisturbed worker and the records make of them."""

    entries: list[NewEntry]
    folder: Path


def apply(folder: Path) -> None:
    """Bring the records up to the journal's end, as the pages do."""
    journal = Journal(folder / "journal.db", read_only=True)
    records = Records(f"sqlite:///{folder / 'records.db'}", {each.name: each for each in SOURCES})
    while entries := journal.read(records.applied()):
        records.apply(entries)
    records.close()
    journal.close()


@pytest.fixture(scope="module")
def fed(tmp_path_factory: pytest.TempPathFactory) -> Fed:
    """Return what is made of two beds."""
    folder = tmp_path_factory.mktemp("fed")
    entries = entries_of(folder, MINUTES)
    fill(folder, entries)
    work(folder)
    apply(folder)
    return Fed(entries, folder)


@pytest.fixture
def folder(fed: Fed, tmp_path: Path) -> Path:
    """Return a copy of the files for one test alone."""
    back_up(fed.folder, tmp_path / "copy")
    (tmp_path / "copy" / "backup.json").unlink()
    return tmp_path / "copy"


def trimmed(folder: Path) -> int:
    """Return the first place of the journal that is still there."""
    journal = Journal(folder / "journal.db", read_only=True)
    place = journal.trimmed()
    journal.close()
    return place


def needed(folder: Path) -> int:
    """Return from where a worker would read again."""
    proofs = Proofs(folder / "archive.db", read_only=True)
    place = proofs.needed()
    proofs.close()
    return place


def trimmable(folder: Path) -> int:
    """Return the place up to which all may go: some time before a worker would read again."""
    journal = Journal(folder / "journal.db", read_only=True)
    first = journal.one(needed(folder))
    assert first is not None
    place = journal.at(first.received_ns - MARGIN_NS) + 1
    journal.close()
    return place


def test_it_is_trimmed_to_what_a_restart_reads(folder: Path) -> None:
    """Up to there and no further, however old the rest is; a second round finds nothing."""
    archive = Archive(folder / "archive.db", read_only=True)
    points = archive.checkpoints()
    running = [row.id for row in archive.streams() if row.closed_ns is None]
    resumes = [json.loads(points[name].state)["resume"]["seq"] for name in running]
    archive.close()
    taken = trim_once(folder, DAYS, 30, NOW)

    assert taken > 500
    assert trimmed(folder) == trimmable(folder)
    assert trimmed(folder) < min(resumes)
    assert trim_once(folder, DAYS, 30, NOW) == 0
    assert verify(folder).wrong == ()


def test_what_is_young_or_not_applied_stays(folder: Path) -> None:
    """Kept for its days, and until the records have it."""
    assert trim_once(folder, DAYS, 30, START + 600 * NS) == 0
    db = sqlite3.connect(folder / "records.db")
    db.execute("UPDATE applied SET seq = 40")
    db.commit()
    db.close()
    trim_once(folder, DAYS, 30, NOW)

    assert trimmed(folder) == 41


def test_a_frame_that_is_damaged_holds_it_and_is_shown(folder: Path) -> None:
    """The feed names bed and time and how far back the journal is kept; mended, it goes on."""
    db = sqlite3.connect(folder / "archive.db", isolation_level=None)
    key = db.execute(
        "SELECT frames.stream, frames.channel, frames.mark_ns, frames.part, data, since, bed"
        " FROM frames JOIN proofs USING (stream, channel, mark_ns, part, revision)"
        " JOIN streams ON streams.id = frames.stream WHERE since < 20 ORDER BY mark_ns LIMIT 1"
    ).fetchone()
    *which, data, since, bed = key
    where = "WHERE stream = ? AND channel = ? AND mark_ns = ? AND part = ?"
    damaged = bytearray(data)
    damaged[len(data) // 2] ^= 4
    db.execute(f"UPDATE frames SET data = ? {where}", (bytes(damaged), *which))  # noqa: S608
    trim_once(folder, DAYS, 30, NOW)

    assert trimmed(folder) == since < trimmable(folder)
    now = START + MINUTES * 60 * NS
    journal = Journal(folder / "journal.db")
    archive = Archive(folder / "archive.db", read_only=True)
    records = Records(f"sqlite:///{folder / 'records.db'}")
    ward = Ward(PageSettings(folder, now_ns=lambda: now), journal, archive, records)
    words = ward.feed()["cards"]["journal"]
    assert "44 min, not trimmed: a frame is damaged, " in words
    assert bed in words

    db.execute(f"UPDATE frames SET data = ? {where}", (data, *which))  # noqa: S608
    trim_once(folder, DAYS, 30, NOW)
    assert trimmed(folder) == trimmable(folder)
    assert "not trimmed" not in ward.feed()["cards"]["journal"]
    ward.close()
    db.close()


def test_old_messages_leave_the_quarantine_and_are_counted(folder: Path) -> None:
    """After their days, not before; one that is to be read again stays; the feed says how many."""
    db = sqlite3.connect(folder / "journal.db", isolation_level=None)
    db.execute("UPDATE entries SET state = 'quarantined' WHERE kind = 'hl7' AND seq < 12")
    db.close()
    journal = Journal(folder / "journal.db")
    there = [each.seq for each in journal.quarantined()]
    assert len(there) > 3
    assert journal.release(there[1], NOW) is not None
    trim_once(folder, DAYS, 30, NOW)
    assert [each.seq for each in journal.quarantined()] == [there[0], *there[2:]]
    assert journal.dropped() == (0, 0)

    assert trim_once(folder, DAYS, 0.9, NOW) == len(there) - 1
    assert journal.quarantined() == []
    first = journal.one(there[1])
    assert first is not None, "it is still to be read again"
    assert journal.dropped()[0] == len(there) - 1
    assert journal.dropped()[1] > first.received_ns
    archive = Archive(folder / "archive.db", read_only=True)
    records = Records(f"sqlite:///{folder / 'records.db'}")
    pages = PageSettings(folder, now_ns=lambda: NOW, quarantine_days=0.9)
    ward = Ward(pages, journal, archive, records)
    said = ward.feed()["dropped"]
    assert said.startswith(f"kept for 0.9 days; {len(there) - 1} older ones were taken away, the")
    ward.close()
    assert verify(folder).wrong == ()


def test_a_trimmed_joey_is_backed_up_and_comes_back(folder: Path, tmp_path: Path) -> None:
    """And what was trimmed too far is told by both commands."""
    trim_once(folder, DAYS, 30, NOW)
    back_up(folder, tmp_path / "backup")
    assert restore(tmp_path / "backup", tmp_path / "new").wrong == ()

    journal = Journal(folder / "journal.db")
    journal.trim(needed(folder) + 1)
    journal.close()
    (line,) = verify(folder).wrong
    assert "archive.db: goes on from entry" in line
    with pytest.raises(OSError, match="goes on from entry"):
        back_up(folder, tmp_path / "another")


def test_killed_while_it_trims_nothing_is_lost(fed: Fed, tmp_path: Path) -> None:
    """Worker and trimming killed at random: facts, frames and minutes of one left alone."""
    last = fill(tmp_path, fed.entries)
    apply(tmp_path)
    settings = Settings(tmp_path, sources=SOURCES, journal_days=DAYS)
    rng = random.Random(KILLS)  # noqa: S311
    until = sorted(rng.randrange(last // 2, last) for _ in range(KILLS))
    killed = 0
    for target in [*until, last]:
        worker = CONTEXT.Process(target=run_worker, args=(settings_of(tmp_path), 0))
        trimming = CONTEXT.Process(target=run_trimming, args=(settings, 0.05))
        worker.start()
        trimming.start()
        end = time.monotonic() + 240
        while reached(tmp_path) < target and time.monotonic() < end:
            assert worker.is_alive()
            if rng.random() < 0.02 and trimming.is_alive():
                os.kill(trimming.pid or 0, signal.SIGKILL)
                trimming.join(30)
                killed += 1
                trimming = CONTEXT.Process(target=run_trimming, args=(settings, 0.05))
                trimming.start()
            time.sleep(0.05)
        for process in (worker, trimming):
            if target < last:
                os.kill(process.pid or 0, signal.SIGKILL)
            else:
                process.terminate()
            process.join(30)
    assert reached(tmp_path) == last
    assert killed
    trim_once(tmp_path, DAYS, 30, NOW)

    assert 500 < trimmed(tmp_path) == trimmable(tmp_path)
    assert verify(tmp_path).wrong == ()
    for table in TABLES:
        assert content(tmp_path, table) == content(fed.folder, table), table


def test_intake_hardly_waits(tmp_path: Path) -> None:
    """While thousands of messages are taken away a commit takes about as long as before."""
    path = tmp_path / "journal.db"
    journal = Journal(path)
    for k in range(0, 20_000, 500):
        journal.append([NewEntry(n, "hl7", "w", bytes(6000), 1, str(n)) for n in range(k, k + 500)])

    def took(names: range) -> list[float]:
        found = []
        for k in names:
            begun = time.perf_counter()
            journal.append([NewEntry(k, "hl7", "w", bytes(6000), 1, f"new {k}")])
            found.append(time.perf_counter() - begun)
            time.sleep(0.01)
        return found

    before = took(range(100))
    proofless = threading.Event()

    def trim() -> None:
        mine = Journal(path, durable=False)
        while mine.trim(20_000, most=100) == 100:
            time.sleep(0.02)
        mine.close()
        proofless.set()

    thread = threading.Thread(target=trim)
    thread.start()
    during = took(range(100, 200))
    thread.join(60)
    journal.close()

    assert proofless.is_set()
    assert statistics.median(during) < statistics.median(before) + 0.02

"""A worker that is killed goes on as if nothing had happened, and a bug in one bed is its own."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import threading
import time
from collections import Counter
from dataclasses import dataclass, replace
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

import pytest

from joey.live import Monitor
from joey.live.analysis import WORK_S, Analysis
from joey.live.joining import HOLD_S
from joey.serve import Settings
from joey.serve.beds import RETRY_NS
from joey.serve.frames import FrameMaker
from joey.serve.packing import unpack_times
from joey.serve.worker import Worker, run_worker
from joey.sources.codes import CodeMap
from joey.sources.hl7 import read_message, read_observations
from joey.store.archive import Archive
from joey.store.journal import Journal

from .feeding import NS, SOURCES, START, entries_of

if TYPE_CHECKING:
    from pathlib import Path

    from joey.sources.hl7 import Observations
    from joey.store.journal import NewEntry

CONTEXT = get_context("spawn")
KILLS = int(os.environ.get("JOEY_KILLS", "5"))
MINUTES = 24
TABLES = {
    "facts": "stream, kind, channel, start_ns, end_ns, revision, seq, data",
    "frames": "*",
    "numerics": "*",
    "envelope": "*",
    "streams": "*",
}


@dataclass(frozen=True)
class Fed:
    """Entries, and the archive that an undisturbed worker makes of them."""

    entries: list[NewEntry]
    folder: Path


def settings_of(folder: Path) -> Settings:
    """Return the settings of a worker."""
    return Settings(folder, sources=SOURCES)


def fill(folder: Path, entries: list[NewEntry]) -> int:
    """Make a journal; return its last place."""
    journal = Journal(folder / "journal.db")
    for k in range(0, len(entries), 500):
        journal.append(entries[k : k + 500])
    last = journal.last()
    journal.close()
    return last


def work(folder: Path) -> Worker:
    """Have a worker in this process take the whole journal."""
    journal = Journal(folder / "journal.db", read_only=True)
    archive = Archive(folder / "archive.db")
    worker = Worker(settings_of(folder), 0, journal, archive)
    while worker.step():
        pass
    worker.step()
    assert worker.keep()
    return worker


@pytest.fixture(scope="module")
def fed(tmp_path_factory: pytest.TempPathFactory) -> Fed:
    """Return what an undisturbed worker makes of two beds."""
    folder = tmp_path_factory.mktemp("fed")
    entries = entries_of(folder, MINUTES)
    fill(folder, entries)
    work(folder)
    return Fed(entries, folder)


def content(folder: Path, table: str) -> list[tuple[object, ...]]:
    """Return the rows of a table of the archive, in an order of their own."""
    db = sqlite3.connect(folder / "archive.db")
    rows = db.execute(f"SELECT {TABLES[table]} FROM {table}").fetchall()  # noqa: S608
    db.close()
    return sorted(rows, key=repr)


def reached(folder: Path) -> int:
    """Return how far the worker has come; 0 where it has not begun."""
    if not (folder / "archive.db").exists():
        return 0
    db = sqlite3.connect(folder / "archive.db", timeout=10)
    try:
        row = db.execute("SELECT min(seq) FROM checkpoints WHERE name LIKE 'shard %'").fetchone()
    except sqlite3.OperationalError:  # its tables are being made
        return 0
    finally:
        db.close()
    return row[0] or 0


def test_an_undisturbed_worker_finds_something(fed: Fed) -> None:
    """Facts of all kinds, four streams, frames and minutes: there is something to compare."""
    kinds = {row[1] for row in content(fed.folder, "facts")}

    assert {"beats", "pulses", "breaths", "quality", "searched", "note"} <= kinds
    assert not {"down", "up"} & kinds
    assert len(content(fed.folder, "streams")) == 4
    assert len(content(fed.folder, "envelope")) > MINUTES
    assert len(content(fed.folder, "frames")) > 9


def test_killed_at_any_moment_the_facts_are_the_same(fed: Fed, tmp_path: Path) -> None:
    """SIGKILL again and again: facts, frames, minutes and streams as of a worker left alone."""
    last = fill(tmp_path, fed.entries)
    rng = random.Random(KILLS)  # noqa: S311
    until = sorted(rng.randrange(last) for _ in range(KILLS))
    for target in [*until, last]:
        process = CONTEXT.Process(target=run_worker, args=(settings_of(tmp_path), 0))
        process.start()
        end = time.monotonic() + 240
        while reached(tmp_path) < target and time.monotonic() < end:
            assert process.is_alive()
            time.sleep(0.01)
        if target < last:
            time.sleep(rng.random() * 0.6)
            os.kill(process.pid or 0, signal.SIGKILL)
        else:
            process.terminate()
        process.join(30)
    assert reached(tmp_path) == last

    for table in TABLES:
        assert content(tmp_path, table) == content(fed.folder, table), table


@pytest.fixture(scope="module")
def stepping(tmp_path_factory: pytest.TempPathFactory) -> Fed:
    """Return what an undisturbed worker makes of one bed, whose clock is set back after 3 min."""
    folder = tmp_path_factory.mktemp("stepping")
    entries = [each for each in entries_of(folder, 6) if not each.control_id.startswith("0.")]
    fill(folder, entries)
    work(folder)
    return Fed(entries, folder)


def seq_of(fed: Fed, name: str) -> int:
    """Return the journal's number of a message."""
    return 1 + next(k for k, each in enumerate(fed.entries) if each.control_id == name)


def test_a_clock_that_is_set_opens_a_new_stream(stepping: Fed) -> None:
    """It begins with the first message of the new time; each has facts of one time; none is lost.

    Another infant comes to the bed after 4 min, so that both streams are closed and all is kept.
    """
    archive = Archive(stepping.folder / "archive.db", read_only=True)
    before, after, _ = sorted(archive.streams(), key=lambda row: row.first_seq)

    assert after.first_seq == seq_of(stepping, "1.180")
    assert before.closed_ns is not None
    assert before.closed_ns > before.opened_ns + 180 * NS
    assert after.offset_ns - before.offset_ns == pytest.approx(100 * NS, abs=NS)
    (step,) = (
        (row, said)
        for row in archive.facts_after(0, kinds=("note",))
        if (said := json.loads(row.data))["kind"] == "step"
    )
    assert step[0].stream == before.id
    assert step[1]["value"] == pytest.approx(-100 * NS, abs=NS)
    for row in archive.facts_after(0, kinds=("beats", "breaths", "searched", "envelope")):
        of = before if row.stream == before.id else after
        assert row.start_ns >= of.opened_ns
        assert row.stream != before.id or row.end_ns <= of.opened_ns + 181 * NS
    sent = samples_sent(stepping.entries, 0, 240)
    assert samples_kept(archive, before.id) + samples_kept(archive, after.id) == sent


def samples_sent(entries: list[NewEntry], first: int, last: int) -> Counter[str]:
    """Count what the messages of the bed's seconds say: samples by channel, and values."""
    sent: Counter[str] = Counter()
    for entry in entries:
        if entry.control_id and first <= int(entry.control_id.partition(".")[2]) <= last:
            heard = read_observations(read_message(entry.payload), SOURCES[0], CodeMap())
            for wave in heard.waves:
                sent[wave.channel.label] += len(wave.counts)
            sent["values"] += len(heard.numerics)
    return sent


def samples_kept(archive: Archive, stream: str) -> Counter[str]:
    """Count the same in the frames of a stream."""
    kept: Counter[str] = Counter()
    for frame in archive.frames(stream, 0, 2**62):
        kept[frame.channel.label] += len(frame.segment.counts)
    kept["values"] += sum(len(each.series.times) for each in archive.values(stream, 0, 2**62))
    return kept


@pytest.mark.parametrize("second", [100, 179, 180, 185, 190])
def test_a_clock_that_is_set_while_the_analysis_is_down_opens_a_new_stream(
    stepping: Fed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, second: int
) -> None:
    """A bug before the step, in its midst, and in the message that proves it; and a restart."""
    broken_from = stepping.entries[seq_of(stepping, f"1.{second}") - 1].received_ns
    archived = Archive(stepping.folder / "archive.db", read_only=True)
    rows = sorted(archived.streams(), key=lambda row: row.first_seq)
    take = Analysis.take

    def fails(self: Analysis, heard: Observations, *rest: Any) -> None:
        if bugs and heard.header.control_id in bugs:
            raise ValueError("a bug")
        take(self, heard, *rest)

    bugs = {
        each.control_id
        for each in stepping.entries
        if each.received_ns >= broken_from and each.control_id < "1.190"
    }
    monkeypatch.setattr(Analysis, "take", fails)
    at = seq_of(stepping, "1.191") if second == 100 else len(stepping.entries)
    fill(tmp_path, stepping.entries[:at])
    work(tmp_path)
    fill(tmp_path, stepping.entries[at:])
    work(tmp_path)

    archive = Archive(tmp_path / "archive.db", read_only=True)
    found = sorted(archive.streams(), key=lambda row: row.first_seq)
    assert [(row.id, row.first_seq) for row in found] == [(r.id, r.first_seq) for r in rows]
    notes = [
        row.stream
        for row in archive.facts_after(0, kinds=("note",))
        if json.loads(row.data)["kind"] == "step"
    ]
    assert notes == [found[0].id]
    for row, first, last in ((found[0], 0, 179), (found[1], 180, 240)):
        sent, kept = samples_sent(stepping.entries, first, last), samples_kept(archive, row.id)
        lost = (HOLD_S + WORK_S) / (last - first + 1)  # s of what waited where the bug was
        assert kept.keys() == sent.keys()
        assert all((1 - lost) * sent[each] <= kept[each] <= sent[each] for each in sent)


@pytest.mark.parametrize("second", [150, 180, 181, 185, 190, 191, 192, 200, 239])
def test_a_restart_beside_the_step_changes_nothing(
    stepping: Fed, tmp_path: Path, second: int
) -> None:
    """Before it, while it is not proved yet, with the message that proves it, and after."""
    at = seq_of(stepping, f"1.{second}")
    fill(tmp_path, stepping.entries[:at])
    work(tmp_path)
    fill(tmp_path, stepping.entries[at:])
    work(tmp_path)

    for table in TABLES:
        assert content(tmp_path, table) == content(stepping.folder, table), table


@pytest.mark.parametrize("away_s", [4, 12, 29, 45])
def test_what_monitors_kept_back_while_intake_was_away_is_analyzed(
    stepping: Fed, tmp_path: Path, away_s: int
) -> None:
    """Intake is up again, and tells its time, before they have sent it: no beat is lost by that."""
    begin = START + 60 * NS
    back = begin + away_s * NS
    kept_back = []
    for k, each in enumerate(stepping.entries):
        away = begin <= each.received_ns < back
        if away and each.kind == "tick":
            continue
        at = back + NS // 2 + k * NS // 10_000 if away else each.received_ns
        kept_back.append(replace(each, received_ns=at))
    kept_back.sort(key=lambda each: each.received_ns)
    fill(tmp_path, kept_back)
    work(tmp_path)

    for kind in ("beats", "breaths"):
        assert times_of(tmp_path, kind) == times_of(stepping.folder, kind)


@pytest.mark.parametrize(("by_s", "cut"), [(3600, 0), (40, 0), (-40, 0), (-3600, 1)])
def test_a_host_whose_clock_is_set_loses_no_beat(
    stepping: Fed, tmp_path: Path, by_s: int, cut: int
) -> None:
    """Everything is received at another time from then on; the device's own time counts.

    Set back by over a minute, it cannot be told from devices that were set ahead: streams begin
    anew, and the breath between them is none.
    """
    entries = []
    for each in stepping.entries:
        by = by_s * NS if each.received_ns >= START + 90 * NS else 0
        entries.append(replace(each, received_ns=each.received_ns + by))
    fill(tmp_path, entries)
    work(tmp_path)

    for kind, most in (("beats", 0), ("breaths", cut)):
        found, wanted = times_of(tmp_path, kind), times_of(stepping.folder, kind)
        assert len(set(wanted) - set(found)) <= 2 * most
        assert abs(len(wanted) - len(found)) <= most


def times_of(folder: Path, kind: str) -> list[float]:
    """Return when the beats or breaths of an archive were."""
    archive = Archive(folder / "archive.db", read_only=True)
    rows = archive.facts_after(0, kinds=(kind,))
    archive.close()
    return sorted(time for row in rows for time in unpack_times(row.data)[0].tolist())


def test_a_bug_in_one_bed_ends_that_bed_only(
    fed: Fed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told with the time, tried again at the next mark, and its samples are kept."""
    broken_from = fed.entries[900].received_ns
    first = min(content(fed.folder, "streams"), key=lambda row: row[5])  # type: ignore[arg-type, return-value]
    take = Monitor.take

    def fails(self: Monitor, heard: object, seq: int, received_ns: int) -> object:
        if self.stream == first[0] and broken_from < received_ns < broken_from + 30 * 10**9:
            raise ValueError("a bug")
        return take(self, heard, seq, received_ns)  # type: ignore[arg-type]

    monkeypatch.setattr(Monitor, "take", fails)
    fill(tmp_path, fed.entries)
    work(tmp_path)
    facts = content(tmp_path, "facts")

    told = [(row[1], row[3]) for row in facts if row[1] in {"down", "up"}]
    assert sorted(kind for kind, _ in told) == ["down", "up"]
    down, up = (next(at for kind, at in told if kind == name) for name in ("down", "up"))
    assert up // (600 * 10**9) == down // (600 * 10**9) + 1  # type: ignore[operator]
    others = [row for row in content(fed.folder, "facts") if row[0] != first[0]]
    assert [row for row in facts if row[0] != first[0]] == others
    samples = {
        name: sum(row[8] for row in content(folder, "frames") if row[0] == first[0])  # type: ignore[misc]
        for name, folder in (("with", tmp_path), ("without", fed.folder))
    }
    assert samples["with"] > 0.97 * samples["without"]  # type: ignore[operator]


@pytest.mark.parametrize("seconds", [30, 100, 200])
def test_a_restart_after_it_is_tried_again_loses_none_of_what_was_kept(
    fed: Fed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    """Samples kept without analysis stand in no checkpoint of the new one: both are needed."""
    first = min(content(fed.folder, "streams"), key=lambda row: row[5])  # type: ignore[arg-type, return-value]
    mark = fed.entries[900].received_ns // RETRY_NS * RETRY_NS + RETRY_NS
    take, tried = Monitor.take, mark + seconds * NS

    def fails(self: Monitor, heard: object, seq: int, received_ns: int) -> object:
        if self.stream == first[0] and mark - 300 * NS < received_ns < mark:
            raise ValueError("a bug")
        return take(self, heard, seq, received_ns)  # type: ignore[arg-type]

    monkeypatch.setattr(Monitor, "take", fails)
    # As of the bed that waits for the longest.
    made = FrameMaker.__init__
    monkeypatch.setattr(
        FrameMaker, "__init__", lambda self, stream, spill, _=0: made(self, stream, spill, 299 * NS)
    )
    at = next(k for k, each in enumerate(fed.entries) if each.received_ns > tried)
    fill(tmp_path, fed.entries[:at])
    work(tmp_path)
    fill(tmp_path, fed.entries[at:])
    work(tmp_path)

    samples = {
        name: sum(row[8] for row in content(folder, "frames") if row[0] == first[0])  # type: ignore[misc]
        for name, folder in (("with", tmp_path), ("without", fed.folder))
    }
    assert samples["with"] > 0.97 * samples["without"]  # type: ignore[operator]


def test_a_long_step_is_committed_on_the_way(fed: Fed, tmp_path: Path) -> None:
    """Who looks at the checkpoints of one that catches up sees that somebody is at work."""
    last = fill(tmp_path, fed.entries[:1500])
    journal = Journal(tmp_path / "journal.db", read_only=True)
    worker = Worker(settings_of(tmp_path), 0, journal, Archive(tmp_path / "archive.db"))
    seen: set[int] = set()
    done = threading.Event()

    def look() -> None:
        while not done.wait(0.05):
            seen.add(reached(tmp_path))

    looking = threading.Thread(target=look)
    looking.start()
    worker.step()
    done.set()
    looking.join()
    assert any(0 < seq < last for seq in seen)
    assert worker.keep()


def test_a_full_disk_stops_the_worker_and_it_goes_on(fed: Fed, tmp_path: Path) -> None:
    """Nothing is told that is not kept; with room the facts are those of a worker left alone."""
    last = fill(tmp_path, fed.entries)
    journal = Journal(tmp_path / "journal.db", read_only=True)
    archive = Archive(tmp_path / "archive.db")
    worker = Worker(settings_of(tmp_path), 0, journal, archive)
    archive._db.execute("PRAGMA max_page_count=60")
    for _ in range(12):
        worker.step()
    assert not worker.keep()
    assert reached(tmp_path) < last
    archive._db.execute("PRAGMA max_page_count=1073741823")
    while worker.step():
        pass
    assert worker.keep()

    assert reached(tmp_path) == last
    for table in TABLES:
        assert content(tmp_path, table) == content(fed.folder, table), table


def test_what_is_needed_to_go_on_is_in_the_checkpoint(fed: Fed) -> None:
    """Of each open stream: where the journal is read again, not from its beginning."""
    archive = Archive(fed.folder / "archive.db", read_only=True)
    points = archive.checkpoints()
    for row in archive.streams():
        if row.closed_ns is None:
            said = json.loads(points[row.id].state)
            assert row.first_seq <= said["resume"]["seq"] < points[row.id].seq

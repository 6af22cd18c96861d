"""What comes late is told anew: as if it had come in time, whatever dies meanwhile (Law 9)."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from joey.live import Late, Resume, unpack_state
from joey.serve import Settings
from joey.serve.beds import Bed
from joey.serve.lateness import FRAME_NS, PIECE_NS, Lateness
from joey.serve.packing import unpack_times
from joey.serve.revising import Revising
from joey.serve.spill import Spill
from joey.serve.worker import Worker
from joey.signals import Channel, Series
from joey.spans import Spans, union
from joey.store.archive import Archive, Batch, Checkpoint, Revised, StreamRow
from joey.store.journal import SHARDS, Journal
from joey.store.proofs import Proofs
from joey.store.revisions import Revision

from .feeding import NS, SOURCES, START
from .late import Sent, delivered, sent_of

if TYPE_CHECKING:
    from pathlib import Path

    from joey.store.journal import NewEntry

MINUTES = 21
LOST = range(510, 750)  # s, whose messages are kept back by the network; marks are at 360 and 960
BACK = 840  # s, when they begin to come, eight a second, while the monitor goes on
DROP = range(540, 580)  # s, of SpO2 that the second bed's monitor has wrong
MENDED = 850  # s, when it says so
SPO2 = re.compile(rb"(MDC_PULS_OXIM_SAT_O2\^MDC\|[^|]*\|)[^|]*")
TABLES = {
    "facts": "stream, kind, channel, start_ns, end_ns, revision, seq, data, superseded",
    "frames": "*",
    "numerics": "*",
    "envelope": "*",
    "envelope_before": "*",
    "streams": "*",
    "revisions": "*",
}


@dataclass(frozen=True)
class Ward:
    """What two beds send, and what is delivered: undisturbed, and late."""

    whole: list[NewEntry]
    late: list[NewEntry]
    undisturbed: Path
    disturbed: Path


def second_of(each: Sent) -> tuple[int, int]:
    """Return of which bed a message is, and its second."""
    bed, _, second = each.name.partition(".")
    return int(bed), int(second)


def wrong(each: Sent) -> Sent:
    """Return a message with a saturation that is not the infant's."""
    bed, second = second_of(each)
    if bed == 1 and second in DROP:
        return replace(each, raw=SPO2.sub(rb"\g<1>66", each.raw))
    return each


def mended(each: Sent) -> Sent:
    """Return the correction of a wrong saturation: only that, with the time it is of."""
    lines = [line for line in each.raw.split(b"\r") if not line.startswith(b"OBX")]
    rows = [line for line in each.raw.split(b"\r") if line.startswith(b"OBX")]
    rows = [row for row in rows if (b"|X|" in row[:200] and b"MDS" in row) or b"SAT_O2" in row]
    rows = [row.replace(b"|||||R|", b"|||||C|") for row in rows]
    raw = b"\r".join([*lines[:4], *rows]).replace(each.name.encode(), b"c" + each.name.encode(), 1)
    return replace(each, raw=raw + b"\r", name="c" + each.name)


def comes(each: Sent) -> int | None:
    """Return when a message of the first bed comes that is late."""
    if each.name.startswith("c"):
        return START + MENDED * NS + each.at_ns // NS % 97 * NS // 97
    bed, second = second_of(each)
    if bed == 0 and second in LOST:
        return START + BACK * NS + (second - LOST.start) * NS // 8
    return None


def fill(folder: Path, entries: list[NewEntry]) -> None:
    """Append to a journal."""
    journal = Journal(folder / "journal.db")
    for k in range(0, len(entries), 500):
        journal.append(entries[k : k + 500])
    journal.close()


def work(folder: Path) -> Archive:
    """Have a new worker take the whole journal and make what it asked for."""
    journal = Journal(folder / "journal.db", read_only=True)
    archive = Archive(folder / "archive.db")
    worker = Worker(Settings(folder, sources=SOURCES), 0, journal, archive)
    for _ in range(2):
        while worker.step():
            pass
        assert worker.keep()
    journal.close()
    return archive


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Ward:
    """Return what workers make of two beds: one with a backlog, one with corrections."""
    folder = tmp_path_factory.mktemp("ward")
    sent = sent_of(folder, MINUTES, beds=2)
    seconds = MINUTES * 60
    corrections = [mended(each) for each in sent if wrong(each) is not each]
    whole = delivered(sent, seconds)
    late = delivered([*map(wrong, sent), *corrections], seconds, comes)
    folders = []
    for name, entries in (("undisturbed", whole), ("disturbed", late)):
        (folder / name).mkdir()
        fill(folder / name, entries)
        work(folder / name).close()
        folders.append(folder / name)
    return Ward(whole, late, *folders)


def content(folder: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return all that an archive holds, in an order of its own."""
    db = sqlite3.connect(folder / "archive.db")
    found = {
        table: sorted(db.execute(f"SELECT {names} FROM {table}").fetchall(), key=repr)  # noqa: S608
        for table, names in TABLES.items()
    }
    db.close()
    return found


def standing(folder: Path, bed: str) -> dict[str, object]:
    """Return what stands of a bed's stream: rows of facts as what they say together."""
    archive = Archive(folder / "archive.db", read_only=True)
    (row,) = archive.streams(bed)
    found: dict[str, object] = {}
    for kind in ("beats", "pulses", "breaths"):
        parts = [unpack_times(f.data) for f in archive.facts(row.id, (kind,), 0, 2**62)]
        found[kind] = np.concatenate([part[0] for part in parts]).tolist()
        found[f"{kind} searched"] = union(*(Spans(part[2]) for part in parts)).bounds.tolist()
    for kind in ("event", "spell", "quality"):
        rows = archive.facts(row.id, (kind,), 0, 2**62)
        found[kind] = sorted((f.channel, f.start_ns, f.end_ns, f.data) for f in rows)
    found["envelope"] = [
        (
            each.minute_ns,
            *(
                part.tobytes()
                for part in (each.heart_rate, each.spo2, each.resp_low, each.pulse_rate)
            ),
        )
        for each in archive.envelope(row.id, 0, 2**62)
    ]
    recorded = archive.recording([row], START, START + 960 * NS)
    found["samples"] = {
        each.channel.label: [
            (s.grid.start_ns, s.first, s.counts.tobytes(), s.runs.tolist()) for s in each.segments
        ]
        for each in recorded.signals
    }
    found["values"] = {
        s.channel.label: (s.times.tolist(), s.values.tolist()) for s in recorded.series
    }
    archive.close()
    return found


def test_a_backlog_beside_live_data_is_told_as_if_it_had_come_in_time(ward: Ward) -> None:
    """Beats, breaths, events, spells, judgments, minutes and samples are those of no outage."""
    expected = standing(ward.undisturbed, "NICU/1")
    found = standing(ward.disturbed, "NICU/1")

    assert expected["event"]
    for name, rows in expected.items():
        if name in {"samples", "values"}:
            assert {k: repr(v) for k, v in found[name].items()} == {  # type: ignore[attr-defined]
                k: repr(v)
                for k, v in rows.items()  # type: ignore[attr-defined]
            }, name
        else:
            assert repr(found[name]) == repr(rows), name


def test_corrections_mend_an_event_that_never_was(ward: Ward) -> None:
    """Told first, superseded when the monitor takes it back, and kept."""
    rows = content(ward.disturbed)["facts"]
    (stream,) = (row[0] for row in content(ward.disturbed)["streams"] if row[3] == "NICU/2")
    at = range(START + (DROP.start - 5) * NS, START + (DROP.stop + 5) * NS)
    false = [r for r in rows if r[0] == stream and r[1] == "event" and r[3] in at]

    assert any("desaturation" in str(r[7]) and r[8] is not None for r in false)
    assert repr(standing(ward.disturbed, "NICU/2")["event"]) == repr(
        standing(ward.undisturbed, "NICU/2")["event"]
    )
    assert repr(standing(ward.disturbed, "NICU/2")["values"]) == repr(
        standing(ward.undisturbed, "NICU/2")["values"]
    )


def test_what_is_superseded_is_kept_with_its_revision(ward: Ward) -> None:
    """Each bed was told anew once, and says so; nothing that was told is gone."""
    found = content(ward.disturbed)
    by_stream = Counter(row[0] for row in found["revisions"])
    before = [row for row in found["facts"] if row[8] is not None]

    assert list(by_stream.values()) == [1, 1]
    assert {row[-1] for row in found["revisions"]} == {"done"}
    assert {row[8] for row in before} == {1}
    assert {row[5] for row in before} == {0}
    assert {"beats", "breaths", "quality", "searched"} <= {row[1] for row in before}
    assert found["envelope_before"]
    assert sum(row[1] == "revised" for row in found["facts"]) == 2
    assert not any(row[1] == "note" for row in before)


@pytest.mark.parametrize("steps", [1, 12, 150])
def test_killed_while_it_tells_anew_the_archive_is_the_same(
    ward: Ward, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    """A worker is lost in the midst of a revision, at any of its steps; another begins again."""
    monkeypatch.setattr("joey.serve.revising.SLICE_S", 0.0001)
    fill(tmp_path, ward.late)
    journal = Journal(tmp_path / "journal.db", read_only=True)
    archive = Archive(tmp_path / "archive.db")
    worker = Worker(Settings(tmp_path, sources=SOURCES), 0, journal, archive)
    while not archive.revisions.rows(state="waiting"):
        if not worker.step():
            assert worker.keep()
    for _ in range(steps):
        assert worker.step()
    assert archive.revisions.rows(state="waiting")
    archive.close()
    journal.close()
    monkeypatch.undo()
    work(tmp_path).close()

    assert content(tmp_path) == content(ward.disturbed)


def test_made_while_messages_come_it_is_what_a_replay_makes(ward: Ward, tmp_path: Path) -> None:
    """Workers that were started again every few minutes of the night, and one that reads it all."""
    for k in range(0, len(ward.late), 900):
        fill(tmp_path, ward.late[k : k + 900])
        work(tmp_path).close()

    assert content(tmp_path) == content(ward.disturbed)


def test_what_the_journal_holds_no_longer_is_kept_and_not_analyzed(
    ward: Ward, tmp_path: Path
) -> None:
    """It says so, and what was told stands."""
    at = next(k for k, each in enumerate(ward.late) if each.received_ns > START + BACK * NS)
    fill(tmp_path, ward.late[:at])
    work(tmp_path).close()
    journal = Journal(tmp_path / "journal.db")
    journal.trim(at - 200)
    journal.close()
    fill(tmp_path, ward.late[at:])
    archive = work(tmp_path)

    gone, other = archive.revisions.rows()
    assert gone.stream != other.stream
    assert gone.state == other.state == "gone"
    assert not archive.facts(gone.stream, ("revised",), 0, 2**62)
    assert archive.facts(gone.stream, ("beats",), gone.start_ns, gone.end_ns)
    assert any(each.part < 0 for each in archive.frames(gone.stream, gone.start_ns, gone.end_ns))
    archive.close()


def test_the_journal_is_not_trimmed_beyond_what_is_told_anew(tmp_path: Path) -> None:
    """From the place before late data on, until all of it is told, or its stream has another."""
    row = StreamRow("s", "ward", "MON", "NICU/1", "", 3, START)
    bed = Bed(row, Spill(tmp_path))
    assert bed.again == 3
    bed._resume = Resume(90)
    assert bed.again == 90
    bed.lateness.take([late_of(START / NS)], START, START)
    assert bed.lateness.unplaced_ns == (START - 120 * NS) // FRAME_NS * FRAME_NS
    bed.lateness.place(40)
    assert bed.again == 40
    archive = Archive(tmp_path / "archive.db")
    points = [Checkpoint(f"shard {shard}", 100) for shard in range(SHARDS)]
    asked = Revision("s", 1, START, START + FRAME_NS, 95, START, 0, 40)
    archive.write(Batch([row], checkpoints=[*points, Checkpoint("s", 100, "", 90)], asked=[asked]))
    proofs = Proofs(tmp_path / "archive.db", read_only=True)
    assert proofs.needed() == 40
    archive.write(Batch(revised=[Revised(replace(asked, state="done"))]))
    assert proofs.needed() == 90
    proofs.close()
    archive.close()


def test_a_bug_in_it_ends_that_revision_only(
    ward: Ward, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was told stands, and the other bed is told anew."""
    broken = next(r[0] for r in content(ward.disturbed)["streams"] if r[3] == "NICU/1")
    step = Revising.step

    def fails(self: Revising, read: int) -> bool:
        for each in self._waiting:
            if each.asked.stream == broken:
                each._steps = iter(_raises())
        return step(self, read)

    monkeypatch.setattr(Revising, "step", fails)
    fill(tmp_path, ward.late)
    archive = work(tmp_path)

    states = {each.stream == broken: each.state for each in archive.revisions.rows()}
    assert states == {True: "failed", False: "done"}
    archive.close()


def _raises() -> object:
    raise ValueError("a bug")
    yield


def late_of(at_s: float, why: str = "late") -> Late:
    """Return a value that came late. [s]"""
    channel = Channel("spo2", "%")
    at = round(at_s * NS)
    series = Series(channel, np.array([at_s]), np.array([90.0]), np.array([1.5]))
    return Late(channel, at, at + NS, series, why)


def test_a_long_backlog_is_told_anew_an_hour_at_a_time() -> None:
    """Memory is bounded: of ten hours, and of stamps all over the year."""
    lateness = Lateness()
    start = START / NS
    for second in range(0, 36_000, 10):
        lateness.take([late_of(start + second)], START + 40_000 * NS, START)
    state = lateness.state
    pieces = lateness.due(START + 40_100 * NS, START + 40_000 * NS)

    assert all(hi - lo <= PIECE_NS for lo, hi in pieces)
    assert all(lo % FRAME_NS == 0 for lo, _ in pieces)
    assert [lo for lo, _ in pieces[1:]] == [hi for _, hi in pieces[:-1]]
    assert pieces[0][0] < START < START + 36_000 * NS < pieces[-1][1]
    assert not lateness.waits
    assert Lateness(state).due(START + 40_100 * NS, START + 40_000 * NS) == pieces

    many = Lateness()
    for day in range(1000):
        many.take([late_of(start + 86_400 * day)], START, START)
    assert len(many.state) < 5000


def test_it_waits_for_more_and_for_the_first_telling() -> None:
    """A minute without anything late, or a quarter of an hour of it; and until it is final."""
    lateness = Lateness()
    for second in range(1200):
        lateness.take([late_of(START / NS)], START + (5000 + second) * NS, START)
        if lateness.due(START + (5000 + second) * NS, START + 9000 * NS):
            break
    assert second == 900

    lateness.take([late_of(START / NS)], START + 7000 * NS, START)
    assert not lateness.due(START + 7059 * NS, START + 9000 * NS)
    assert not lateness.due(START + 7060 * NS, START + 500 * NS)
    assert len(lateness.due(START + 7060 * NS, START + 9000 * NS)) == 1


def test_a_stamp_of_nonsense_tells_nothing_anew() -> None:
    """A year before the stream began, or apart from its time."""
    lateness = Lateness()
    lateness.take([late_of(START / NS - 365 * 86_400)], START, START)
    lateness.take([late_of(START / NS + 100, "stray")], START, START)

    assert not lateness.waits


def test_a_state_is_packed_again_only_where_it_has_changed(tmp_path: Path) -> None:
    """It is asked for twice a second for each bed, and changes once in ten minutes."""
    bed = Bed(StreamRow("s", "ward", "MON", "NICU/1", "", 3, START), Spill(tmp_path))
    assert bed.state == ""
    bed._resume = Resume(90)
    first = bed.state
    assert bed.state is first
    bed.lateness.take([late_of(START / NS)], START, START)
    second = bed.state
    assert second != first
    bed._resume = Resume(120)
    assert unpack_state(bed.state)[0] == Resume(120)
    assert unpack_state(second)[2] == bed.lateness.state

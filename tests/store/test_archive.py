"""The archive gives back what was put in, bit by bit, once, and all of a batch or nothing."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from joey.signals import Channel, Grid, Segment, Series
from joey.store.archive import Archive, Batch, Checkpoint, EnvelopeRow, Fact, StreamRow
from joey.store.frames import FRAME_NS, Frame, ValueFrame, frame_of
from joey.store.journal import StorageError

START = 2_980_000 * FRAME_NS
STREAM = StreamRow("s1", "ward", "dev", "NICU/4", "ab", 7, START, 1_000, simulated=True)


def frame(mark: int = 0, *, seed: int = 0, large: bool = False) -> Frame:
    """Return ten seconds of samples with a hole."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(-200, 200, 2500).astype(np.int32) * (1000 if large else 1)
    segment = Segment(
        Grid(START + 3, Fraction(250)), mark * 150_000, counts, np.array([[0, 100], [300, 2500]])
    )
    channel = Channel("ecg", "mV", lead="II", source="ward/II")
    return Frame("s1", channel, START + mark * FRAME_NS, 0, segment, 0.0025, 0.5)


def values(part: int = 0) -> ValueFrame:
    """Return ten minutes of a numeric, with one that was not measured."""
    rng = np.random.default_rng(3)
    times = START / 1e9 + np.arange(600) + rng.random(600) / 2
    numbers = rng.integers(80, 101, 600).astype(float)
    numbers[7] = np.nan
    return ValueFrame(
        "s1", Series(Channel("spo2", "%"), times, numbers, np.full(600, 1.5)), START, part
    )


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """Return an empty archive."""
    return Archive(tmp_path / "archive.db")


@pytest.mark.parametrize("large", [False, True])
def test_samples_come_back_bit_by_bit(large: bool, archive: Archive) -> None:
    """Counts, grid, runs, scale and channel are what was received."""
    put = frame(large=large)
    archive.write(Batch(streams=[STREAM], frames=[put, frame(1, seed=1)]))
    (got,) = archive.frames("s1", START, START + 1)

    assert got.channel == put.channel
    assert (got.scale, got.offset, got.segment.grid) == (0.0025, 0.5, put.segment.grid)
    np.testing.assert_array_equal(got.segment.counts, put.segment.counts)
    np.testing.assert_array_equal(got.segment.runs, put.segment.runs)
    assert got.segment.first == put.segment.first


def test_numerics_come_back_bit_by_bit(archive: Archive) -> None:
    """Stamps, values and how long they stand."""
    put = values()
    archive.write(Batch(values=[put]))
    (got,) = archive.values("s1", START, START + 1)

    assert got.series.channel == put.series.channel
    for name in ("times", "values", "valid_s"):
        assert getattr(got.series, name).tobytes() == getattr(put.series, name).tobytes()
    archive._db.execute("UPDATE numerics SET n = n - 1")
    with pytest.raises(StorageError, match="is not what was written"):
        archive.values("s1", START, START + 1)


def test_a_later_revision_is_the_one_that_counts(archive: Archive) -> None:
    """What came late replaces the frame for readers; the first stays in the file."""
    archive.write(Batch(frames=[frame(), replace(frame(seed=5), revision=1)]))
    (got,) = archive.frames("s1", START, START + 1)

    assert got.revision == 1


def test_doing_it_twice_changes_nothing(archive: Archive) -> None:
    """A worker that was killed after its commit writes the same again."""
    beats = Fact("s1", "beats", "ecg II", START, START + 10, 9, b"\x01")
    minute = EnvelopeRow("s1", START, *(np.full(240, k, np.float32) for k in range(5)))
    batch = Batch([STREAM], [frame()], [minute], [beats], [Checkpoint("worker", 9)], [values()])
    for _ in range(2):
        archive.write(batch)

    assert [row.data for row in archive.facts_after(0)] == [b"\x01"]
    assert len(archive.envelope("s1", START, START + FRAME_NS)) == 1
    assert len(archive.frames("s1", START, START + 1)) == 1
    assert archive.streams("NICU/4") == [STREAM]
    assert archive.checkpoints()["worker"].seq == 9


def test_the_minutes_of_a_day_come_in_order(archive: Archive) -> None:
    """Each with its five curves, NaN where nothing was measured."""
    curves = [np.full(240, value, np.float32) for value in (150, np.nan, -1, 1, 148)]
    rows = [EnvelopeRow("s1", START + k * 60 * 10**9, *curves) for k in range(1440)]
    archive.write(Batch(envelope=rows[::-1]))
    got = archive.envelope("s1", START, START + 86_400 * 10**9)

    assert [row.minute_ns for row in got] == [row.minute_ns for row in rows]
    np.testing.assert_array_equal(got[5].heart_rate, curves[0])
    np.testing.assert_array_equal(got[5].spo2, curves[1])
    np.testing.assert_array_equal(got[5].resp_low, curves[2])
    np.testing.assert_array_equal(got[5].resp_high, curves[3])
    np.testing.assert_array_equal(got[5].pulse_rate, curves[4])


def test_a_minute_without_a_pulse_rate_takes_no_room_for_it(archive: Archive) -> None:
    nothing = np.full(240, np.nan, np.float32)
    archive.write(Batch(envelope=[EnvelopeRow("s1", START, *[nothing] * 5)]))
    (got,) = archive.envelope("s1", START, START + 1)

    np.testing.assert_array_equal(got.pulse_rate, nothing)
    assert archive._db.execute("SELECT length(pulse_rate) FROM envelope").fetchone() == (0,)


def test_facts_are_found_by_span_and_by_number(archive: Archive) -> None:
    """A fact that reaches into the span is there; what is new is known by its number."""
    facts = [
        Fact("s1", "event", "ecg", START + at, START + at + 5, at, b"{}") for at in (0, 10, 20)
    ]
    archive.write(Batch(facts=facts[:2]))
    seen = archive.last_fact()
    archive.write(Batch(facts=facts))

    assert [row.seq for row in archive.facts("s1", ["event"], START + 12, START + 20)] == [10]
    assert [row.seq for row in archive.facts_after(seen)] == [20]


def test_a_full_disk_keeps_nothing_of_a_batch(archive: Archive) -> None:
    """Facts without their checkpoint would be told twice, a checkpoint without facts never."""
    (pages,) = archive._db.execute("PRAGMA page_count").fetchone()
    archive._db.execute(f"PRAGMA max_page_count={pages + 1}")
    fact = Fact("s1", "beats", "ecg", 0, 1, 1, bytes(50_000))
    with pytest.raises(StorageError, match="full"):
        archive.write(Batch(facts=[fact], checkpoints=[Checkpoint("w", 1)]))

    assert archive.facts_after(0) == []
    assert archive.checkpoints() == {}


def test_a_damaged_frame_is_told(archive: Archive) -> None:
    """Samples that are not what was written are never shown."""
    archive.write(Batch(frames=[frame()]))
    archive._db.execute("UPDATE frames SET hash = x'00'")
    with pytest.raises(StorageError, match="is not what was written"):
        archive.frames("s1", START, START + 1)


def test_marks_are_those_of_the_clock() -> None:
    """Ten minutes of UTC."""
    assert frame_of(START + FRAME_NS - 1) == START
    assert frame_of(START) == START


COLUMNS = {
    "grid_ns": "grid_ns + 1",
    "fs": "'125'",
    "first": "first + 1",
    "n": "n + 1",
    "dtype": "'int32'",
    "scale": "scale * 2",
    "offset": "1.0",
    "runs": "zeroblob(16)",
    "channel": "replace(channel, 'II', 'III')",
    "data": "substr(data, 1, 40)",
}


@pytest.mark.parametrize("column", COLUMNS)
def test_whatever_is_changed_in_a_frame_is_told(column: str, archive: Archive) -> None:
    """Samples, and what gives them a time and a value."""
    archive.write(Batch(frames=[frame()]))
    assert list(archive.examine()) == [""]
    archive._db.execute(f"UPDATE frames SET {column} = {COLUMNS[column]}")  # noqa: S608

    assert [bool(each) for each in archive.examine()] == [True]

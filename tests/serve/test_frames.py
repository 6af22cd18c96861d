"""Frames hold what was joined, bit by bit, under a name that does not depend on when they close."""

from __future__ import annotations

import os
import resource
import tracemalloc
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest

from joey.live import Chunk, Facts, Late
from joey.serve.frames import FrameMaker
from joey.serve.spill import Spill
from joey.signals import NS, Channel, Grid, Segment, Series
from joey.store.frames import FRAME_NS, Frame, ValueFrame
from joey.store.journal import StorageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from joey.serve.frames import Made

MARK = 2_980_000 * FRAME_NS
ECG = Channel("ecg", "mV", lead="II")
SPO2 = Channel("spo2", "%")
GRID = Grid(MARK - 30 * NS + 7, Fraction(250))


def chunk(second: int, grid: Grid = GRID) -> Chunk:
    """Return a second of samples that tell which second it is."""
    counts = np.arange(250, dtype=np.int32) + 1000 * second
    runs = np.array([[0, 250]] if second % 7 else [[10, 200]])
    return Chunk(ECG, Segment(grid, 250 * second, counts, runs), 0.001, 0.0)


def value(at: float, number: float) -> Series:
    """Return one value."""
    return Series(SPO2, np.array([at]), np.array([number]), np.array([1.5]))


def told(chunks: Sequence[Chunk] = (), values: Sequence[Series] = (), **more: object) -> Facts:
    """Return what a monitor tells."""
    return Facts("s", 9, chunks=tuple(chunks), values=tuple(values), **more)  # type: ignore[arg-type]


@pytest.fixture
def spill(tmp_path: Path) -> Spill:
    """Where open frames are put aside."""
    return Spill(tmp_path)


def frames_of(made: Sequence[Made]) -> list[Frame]:
    """Return the frames of samples."""
    return [each for each in made if isinstance(each, Frame)]


def assert_same(one: Sequence[Made], other: Sequence[Made]) -> None:
    """Both have the same frames with the same samples."""
    named = [
        {(type(each), each.mark_ns, each.part): each for each in made} for made in (one, other)
    ]
    assert named[0].keys() == named[1].keys()
    for key, each in named[0].items():
        twin = named[1][key]
        if isinstance(each, Frame) and isinstance(twin, Frame):
            assert each.segment.first == twin.segment.first
            np.testing.assert_array_equal(each.segment.counts, twin.segment.counts)
            np.testing.assert_array_equal(each.segment.runs, twin.segment.runs)
        elif isinstance(each, ValueFrame) and isinstance(twin, ValueFrame):
            assert each.series.times.tobytes() == twin.series.times.tobytes()


def test_a_frame_closes_when_nothing_more_can_be_joined_to_it(spill: Spill) -> None:
    """Ten minutes of the clock's marks, all samples with their runs, once."""
    maker = FrameMaker("s", spill)
    for second in range(30 + 600 + 14):
        maker.take(told([chunk(second)]))
        if second == 30 + 10:
            assert maker.take_closed() == []
    (before,) = frames_of(maker.take_closed())
    maker.take(told([chunk(30 + 600 + 14), chunk(30 + 600 + 15)]))
    (whole,) = frames_of(maker.take_closed())

    assert (before.mark_ns, whole.mark_ns) == (MARK - FRAME_NS, MARK)
    assert before.segment.stop == whole.segment.first  # none twice, none lost
    assert len(whole.segment.counts) == 150_000
    assert int(whole.segment.counts[0]) == (whole.segment.first // 250) * 1000 + (
        whole.segment.first % 250
    )
    valid = np.concatenate([chunk(k).segment.valid for k in range(650)])
    np.testing.assert_array_equal(
        whole.segment.valid, valid[whole.segment.first : whole.segment.stop]
    )


@pytest.mark.parametrize("parts", [1, 3, 50])
def test_the_length_of_chunks_does_not_matter(parts: int, spill: Spill) -> None:
    """However many come at once, the frames are the same."""
    chunks = [chunk(k) for k in range(1300) if k not in range(100, 160)]
    one, other = FrameMaker("s", spill), FrameMaker("s", spill)
    for each in chunks:
        one.take(told([each], [value(each.segment.span.start, 95)]))
    for k in range(0, len(chunks), parts):
        group = chunks[k : k + parts]
        other.take(told(group, [value(each.segment.span.start, 95) for each in group]))
    one.finish()
    other.finish()

    assert_same(one.take_closed(), other.take_closed())


def test_a_silent_channel_is_closed_by_the_clock(spill: Spill) -> None:
    """So that the journal need not be kept for it."""
    maker = FrameMaker("s", spill)
    maker.take(told([chunk(40)], [value(MARK / NS + 10, 95)]))
    maker.pass_to(MARK + FRAME_NS + 10 * NS)
    assert maker.take_closed() == []
    maker.pass_to(MARK + FRAME_NS + 16 * NS)

    assert len(maker.take_closed()) == 2
    maker.finish()
    assert maker.take_closed() == []


def test_beds_close_one_after_the_other(spill: Spill) -> None:
    """A frame that waits is the same, under the same name."""
    soon, later = FrameMaker("s", spill), FrameMaker("s", spill, 40 * NS)
    for maker in (soon, later):
        for second in range(30 + 600 + 54):
            maker.take(told([chunk(second)], [value(chunk(second).segment.span.start, 95)]))
    closed = soon.take_closed()
    assert {each.mark_ns for each in closed} == {MARK - FRAME_NS, MARK}
    assert {each.mark_ns for each in later.take_closed()} == {MARK - FRAME_NS}
    later.take(told([chunk(30 + 600 + 54), chunk(30 + 600 + 55)]))

    assert_same([each for each in closed if each.mark_ns == MARK], later.take_closed())


def test_what_comes_late_is_a_frame_of_its_own(spill: Spill) -> None:
    """With the runs that are new alone, and the same name however often it is told."""
    maker = FrameMaker("s", spill)
    segment = Segment(GRID, 250 * 40, np.arange(250, dtype=np.int32), np.array([[5, 9], [20, 250]]))
    late = Late(ECG, 0, 1, Chunk(ECG, segment, 0.001, 0.0))
    maker.take(told(late=(late,)))
    maker.take(told(late=(Late(SPO2, 0, 1, value(MARK / NS + 3, 88), "correction"),)))
    first, second, third = maker.take_closed()

    assert [len(each.segment.counts) for each in (first, second)] == [4, 230]  # type: ignore[union-attr]
    assert first.part != second.part
    assert max(first.part, second.part, third.part) < 0  # never the name of what came in time


def test_a_frame_is_the_same_however_it_was_kept(spill: Spill) -> None:
    """Many pieces are put aside as one, in two bytes while they fit; the frame has four bytes."""
    chunks = [chunk(k) for k in range(20, 520)]  # counts beyond two bytes from second 32 on
    first = FrameMaker("s", spill)
    for each in chunks:
        first.take(told([each]))
    whole = FrameMaker("s", spill)
    whole.take(told(chunks))
    for maker in (first, whole):
        maker.finish()
    one, other = first.take_closed(), whole.take_closed()

    assert_same(one, other)
    for frame in frames_of(one):
        assert frame.segment.counts.dtype == np.int32
        lo = frame.segment.first
        seconds = (lo + np.arange(len(frame.segment.counts))) // 250
        expected = (lo + np.arange(len(frame.segment.counts))) % 250 + 1000 * seconds
        np.testing.assert_array_equal(frame.segment.counts, expected)


def test_an_open_frame_lies_on_the_disk(spill: Spill) -> None:
    """All but its newest pieces, in a file that is gone with the frame."""
    maker = FrameMaker("s", spill)
    tracemalloc.start()
    sizes = []
    for second in range(31, 629):
        span = chunk(second).segment.span
        maker.take(told([chunk(second)], [value(span.start, 95), value(span.start + 0.5, 95)]))
        if second % 100 == 0:
            sizes.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert sizes[-1] - sizes[0] < 30_000  # bytes; the samples are 2,000 and the values 480 a second
    assert len(spill._files) == 1
    maker.finish()
    (frame,) = frames_of(maker.take_closed())
    assert len(frame.segment.counts) == 250 * 598
    assert not spill._files


def test_what_cannot_be_put_aside_stays_in_memory(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Where the disk is full, or gone: the frame is the same, and it is said once."""
    full = Spill(tmp_path)
    gone = Spill(tmp_path / "gone")
    disk, makers = Spill(tmp_path), []
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    for spill in (disk, gone, full):
        maker = FrameMaker("s", spill)
        makers.append(maker)
        for second in range(31, 331):
            maker.take(told([chunk(second)], [value(chunk(second).segment.span.start, 95)]))
            if spill is full and second == 131:
                resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, limits[1]))  # in a piece
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        maker.finish()
    made = [maker.take_closed() for maker in makers]

    assert_same(made[0], made[1])
    assert_same(made[0], made[2])
    said = [each.message for each in caplog.records]
    assert len(said) == 2
    assert all(each.startswith("open frames are kept in memory") for each in said)


def test_a_disk_that_gives_back_something_else_is_not_believed(spill: Spill) -> None:
    """The journal has it all: who analyzes ends, and makes the frame again from there."""
    maker = FrameMaker("s", spill)
    for second in range(31, 131):
        maker.take(told([chunk(second)]))
    (file,) = spill._files.values()
    os.pwrite(file._fd, b"\xff\x00\xff", 9000)
    with pytest.raises(StorageError, match="not read back as it was written"):
        maker.finish()

"""Frames hold what was joined, bit by bit, under a name that does not depend on when they close."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest

from joey.live import Chunk, Facts, Late
from joey.serve.frames import FrameMaker
from joey.signals import NS, Channel, Grid, Segment, Series
from joey.store.frames import FRAME_NS, Frame, ValueFrame

if TYPE_CHECKING:
    from collections.abc import Sequence

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


def test_a_frame_closes_when_nothing_more_can_be_joined_to_it() -> None:
    """Ten minutes of the clock's marks, all samples with their runs, once."""
    maker = FrameMaker("s")
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
def test_the_length_of_chunks_does_not_matter(parts: int) -> None:
    """However many come at once, the frames are the same."""
    chunks = [chunk(k) for k in range(1300) if k not in range(100, 160)]
    one, other = FrameMaker("s"), FrameMaker("s")
    for each in chunks:
        one.take(told([each], [value(each.segment.span.start, 95)]))
    for k in range(0, len(chunks), parts):
        group = chunks[k : k + parts]
        other.take(told(group, [value(each.segment.span.start, 95) for each in group]))
    one.finish()
    other.finish()

    assert_same(one.take_closed(), other.take_closed())


def test_a_silent_channel_is_closed_by_the_clock() -> None:
    """So that the journal need not be kept for it."""
    maker = FrameMaker("s")
    maker.take(told([chunk(40)], [value(MARK / NS + 10, 95)]))
    maker.pass_to(MARK + FRAME_NS + 10 * NS)
    assert maker.take_closed() == []
    assert len(maker.open) == 2
    maker.pass_to(MARK + FRAME_NS + 16 * NS)

    assert len(maker.take_closed()) == 2
    assert maker.open == ()


def test_what_comes_late_is_a_frame_of_its_own() -> None:
    """With the runs that are new alone, and the same name however often it is told."""
    maker = FrameMaker("s")
    segment = Segment(GRID, 250 * 40, np.arange(250, dtype=np.int32), np.array([[5, 9], [20, 250]]))
    late = Late(ECG, 0, 1, Chunk(ECG, segment, 0.001, 0.0))
    maker.take(told(late=(late,)))
    maker.take(told(late=(Late(SPO2, 0, 1, value(MARK / NS + 3, 88), "correction"),)))
    first, second, third = maker.take_closed()

    assert [len(each.segment.counts) for each in (first, second)] == [4, 230]  # type: ignore[union-attr]
    assert first.part != second.part
    assert max(first.part, second.part, third.part) < 0  # never the name of what came in time


def test_a_frame_is_the_same_however_it_was_kept() -> None:
    """Many pieces are kept as one, in two bytes while they fit; the frame has four bytes."""
    chunks = [chunk(k) for k in range(20, 520)]  # counts beyond two bytes from second 32 on
    first = FrameMaker("s")
    for each in chunks:
        first.take(told([each]))
    whole = FrameMaker("s")
    whole.take(told(chunks))
    for maker in (first, whole):
        kept = [len(pieces.all) for pieces in maker._samples.values()]
        assert max(kept) <= 32
        maker.finish()
    one, other = first.take_closed(), whole.take_closed()

    assert_same(one, other)
    for frame in frames_of(one):
        assert frame.segment.counts.dtype == np.int32
        lo = frame.segment.first
        seconds = (lo + np.arange(len(frame.segment.counts))) // 250
        expected = (lo + np.arange(len(frame.segment.counts))) % 250 + 1000 * seconds
        np.testing.assert_array_equal(frame.segment.counts, expected)

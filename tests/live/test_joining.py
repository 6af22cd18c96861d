"""Law 9: chunks join their stream where they were predicted, whatever the order they come in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from joey.live.joining import Joined, Joiner, NumericJoiner
from joey.signals import NS
from live.messages import SPO2, START, numeric, wave

if TYPE_CHECKING:
    from collections.abc import Sequence

    from joey.sources.hl7.types import Wave

FS = 250
MS = 1_000_000


def chunks_of(lengths: Sequence[int], *, jitter_ms: Sequence[int] = ()) -> list[Wave]:
    """Return consecutive chunks of a counting signal."""
    edges = np.concatenate(([0], np.cumsum(lengths)))
    off = list(jitter_ms) + [0] * len(lengths)
    return [
        wave(START + int(lo) * 4 * MS + j * MS, np.arange(lo, hi))
        for lo, hi, j in zip(edges[:-1], edges[1:], off, strict=False)
    ]


def run(waves: Sequence[Wave], *, finish: bool = True) -> list[Joined]:
    """Return what a joiner makes of chunks in their order."""
    joiner = Joiner(waves[0])
    told = [joiner.take(each) for each in waves]
    return [*told, joiner.finish()] if finish else told


def samples(told: Sequence[Joined]) -> tuple[np.ndarray, np.ndarray]:
    """Return times and counts of all that was joined and measured."""
    times, counts = [np.empty(0)], [np.empty(0)]
    for each in told:
        for chunk in each.chunks:
            segment = chunk.segment
            index = np.arange(segment.first, segment.stop)[segment.valid]
            times.append(segment.grid.times(index))
            counts.append(segment.counts[segment.valid])
    return np.concatenate(times), np.concatenate(counts)


def noted(told: Sequence[Joined], kind: str) -> float:
    """Return the sum of the notes of a kind."""
    return sum(note.value for each in told for note in each.notes if note.kind == kind)


@given(
    st.lists(st.integers(20, 400), min_size=3, max_size=40),
    st.lists(st.integers(-8, 8), max_size=40),
    st.randoms(use_true_random=False),
)
@settings(max_examples=60, deadline=None)
def test_any_order_and_jitter_give_the_same_samples(lengths, jitter, random) -> None:  # noqa: ANN001
    """Chunks a little out of order, twice, and stamped by some ms off are the signal they cut."""
    waves = chunks_of(lengths, jitter_ms=[0, *jitter[: len(lengths) - 1]])
    sent = [each for each in waves for _ in range(random.choice((1, 1, 2)))]
    order = sorted(range(len(sent)), key=lambda k: sent[k].start_ns + random.randint(0, 4 * NS))

    told = run([sent[k] for k in order])

    times, counts = samples(told)
    np.testing.assert_array_equal(counts, np.arange(sum(lengths)))
    np.testing.assert_allclose(np.diff(times), 0.004, atol=1e-6)
    assert noted(told, "duplicate") == sum(len(w.counts) for w in sent) - sum(lengths)
    assert not any(each.late for each in told)


def test_a_hole_stays_a_hole_on_the_same_grid() -> None:
    """What was lost is missing, and what follows is where its stamp says."""
    waves = chunks_of([250] * 40)
    told = run(waves[:10] + waves[13:])

    times, counts = samples(told)
    assert noted(told, "hole") == 750
    np.testing.assert_allclose(times, START / NS + counts * 0.004, atol=1e-6)
    assert len({chunk.segment.grid for each in told for chunk in each.chunks}) == 1


def test_a_hole_is_waited_for_no_longer_than_ten_seconds() -> None:
    """Ten seconds after it the hole is told, and the chunks that waited with it."""
    waves = chunks_of([250] * 40)
    told = run(waves[:20] + waves[21:], finish=False)

    waits = [k for k, each in enumerate(told) if not each.chunks]
    assert waits == [*range(9), *range(20, 29)]


def test_after_a_long_hole_off_the_grid_there_is_a_new_one() -> None:
    """A stamp between two samples of the old grid is believed and never resampled."""
    first = chunks_of([250] * 5)
    later = [wave(w.start_ns + 60 * NS + MS, w.counts) for w in first]
    told = run(first + later)

    grids = [chunk.segment.grid for each in told for chunk in each.chunks]
    assert len(set(grids)) == 2
    times, _ = samples(told)
    assert times[1250] == pytest.approx(START / NS + 60.001, abs=1e-6)


def test_what_comes_too_late_is_late_and_not_lost() -> None:
    """A chunk for a hole that was told comes back as late, on the grid of its signal."""
    waves = chunks_of([250] * 40)
    told = run([*waves[:20], *waves[21:36], waves[20], *waves[36:]])

    late = [each for joined in told for each in joined.late]
    assert [each.start_ns for each in late] == [waves[20].start_ns]
    np.testing.assert_array_equal(late[0].data.segment.counts, waves[20].counts)
    assert noted(told, "hole") == 250


def test_what_was_there_already_is_counted_and_dropped() -> None:
    """The same time with other samples is an overlap: the first that came is kept."""
    waves = chunks_of([250] * 20)
    again = wave(waves[3].start_ns, waves[3].counts + 1)
    across = wave(waves[19].start_ns - 500 * MS, np.arange(250) + 4625)
    told = run([*waves[:15], again, *waves[15:19], across])

    _, counts = samples(told)
    np.testing.assert_array_equal(counts, np.arange(4875))
    assert noted(told, "duplicate") == 250
    assert noted(told, "overlap") == 125


def test_a_silent_signal_is_told_by_ticks() -> None:
    """The clock moves on: what is missing is told, and what comes for it is late."""
    waves = chunks_of([250] * 60)
    joiner = Joiner(waves[0])
    for each in waves[:12]:
        joiner.take(each)
    joiner.tick(START + 40 * NS)
    assert joiner.told_ns == START + 30 * NS

    late = joiner.take(waves[29]).late
    rest = joiner.take(wave(START + 29_500 * MS, np.arange(250)))
    told = [rest, joiner.tick(START + 50 * NS)]

    assert [each.start_ns for each in late] == [START + 29 * NS]
    times, _ = samples(told)
    assert times[0] == pytest.approx(START / NS + 30.0, abs=1e-6)


def test_drift_is_tracked_and_the_grid_anchored_anew() -> None:
    """A device that is fast by 400 ppm leaves the count: no sample is lost, none moved."""
    waves = [
        wave(START + k * NS + round(k * 4e-4 * NS), np.arange(k * 250, k * 250 + 250))
        for k in range(3000)
    ]
    told = run(waves)

    times, counts = samples(told)
    np.testing.assert_array_equal(counts, np.arange(750_000))
    off = times[::250] - np.array([w.start_ns / NS for w in waves])
    assert np.abs(off).max() < 0.6
    assert len({chunk.segment.grid for each in told for chunk in each.chunks}) == 3


def test_memory_is_bounded_over_a_day() -> None:
    """A day of one chunk a second leaves no more behind than some minutes."""
    joiner = Joiner(chunks_of([250])[0])
    counts = np.arange(250, dtype=np.int32)
    for k in range(86_400):
        if k % 50:
            joiner.take(wave(START + k * NS, counts + k))

    assert len(joiner._waiting) <= 11
    assert len(joiner._covered) <= 20


def test_numerics_in_order_and_corrected() -> None:
    """Values come in the order of their stamps; a correction in time is made, later it is late."""
    joiner = NumericJoiner(SPO2)
    order = [0, 1, 3, 2, 4, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]
    told = []
    for k in order:
        told.append(joiner.take(numeric(START + k * NS, 90.0 + k)))
        told.append(joiner.tick(START + k * NS))
    told.append(joiner.take(numeric(START + 13 * NS, 55.0, status="C")))
    told.append(joiner.take(numeric(START + 1 * NS, 50.0, status="C")))
    told.append(joiner.finish())

    series = [each for joined in told for each in joined.series]
    times = np.concatenate([each.times for each in series])
    values = np.concatenate([each.values for each in series])
    np.testing.assert_allclose(times - START / NS, np.arange(15))
    np.testing.assert_array_equal(values, [*range(90, 103), 55, 104])
    late = [each for joined in told for each in joined.late]
    assert [(each.why, each.start_ns) for each in late] == [("correction", START + NS)]
    assert noted(told, "duplicate") == 1
    assert set(np.concatenate([each.valid_s for each in series])) == {1.5}

"""R peaks in an hour of ECG, whole and in chunks of a second, beside sleepecg and wfdb's xqrs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from harness import RUNS, Row, absent, measure, peer, version

from joey.beats import BeatDetector, detect_beats, nn_intervals
from joey.quality import judge_waveform
from joey.signals import Channel, Grid, Segment, Signal, runs_of
from joey.simulate import simulate_beats, simulate_ecg

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

FS = 250
ARCHIVE_GOAL, XQRS_GOAL, STREAM_GOAL = 8.0, 1000.0, 1.5
WITHIN_S = 0.010


def rows(*, quick: bool) -> Iterator[Row]:
    """Yield the archive call, the stream, and the whole of beats, quality and NN."""
    hours, runs = (0.1, 3) if quick else (1.0, RUNS)
    ecg = hour(hours)
    values = ecg.values
    sleepecg, wfdb = peer("sleepecg"), peer("wfdb")
    work = f"R peaks, {hours:g} h ECG 250 Hz, "
    if sleepecg is None:
        yield absent(
            work + "archive call", lambda: detect_beats(ecg), "sleepecg", ARCHIVE_GOAL, runs
        )
    else:
        seen = measure(
            lambda: detect_beats(ecg), lambda: sleepecg.detect_heartbeats(values, FS), runs=runs
        )
        share = alike(seen.answer.times, np.asarray(seen.peer_answer) / FS)
        note = f"{100 * share:.2f} % of beats within 10 ms, lag taken out; simulated, preterm"
        yield seen.row(
            work + "archive call",
            peer_version=version("sleepecg"),
            goal=ARCHIVE_GOAL,
            agrees=share >= 0.99,
            note=note,
        )
        chunks = cut(ecg)
        seen = measure(
            lambda: stream(ecg.channel, chunks),
            lambda: sleepecg.detect_heartbeats(values, FS),
            runs=runs,
        )
        yield seen.row(
            work + "streaming in 1 s chunks beside the peer's batch call",
            peer_version=version("sleepecg"),
            goal=STREAM_GOAL,
            agrees=bool(np.array_equal(seen.answer, detect_beats(ecg).times)),
            note="stream equals archive bit by bit",
        )
    if wfdb is not None:
        short = hour(min(hours, 0.1))
        from wfdb.processing import xqrs_detect  # noqa: PLC0415  (only where wfdb is)

        seen = measure(
            lambda: detect_beats(short),
            lambda: xqrs_detect(short.values, FS, verbose=False),
            runs=min(runs, 3),
        )
        share = alike(seen.answer.times, np.asarray(seen.peer_answer) / FS)
        yield seen.row(
            f"R peaks, {min(hours, 0.1):g} h ECG 250 Hz, archive call, beside xqrs",
            peer_version=version("wfdb"),
            goal=XQRS_GOAL,
            agrees=share >= 0.99,
            note=f"{100 * share:.2f} % of beats within 10 ms, lag taken out",
        )
    seen = measure(lambda: whole(ecg), None, runs=runs)
    rate = hours / seen.ours
    yield seen.row(
        f"ECG 250 Hz to R peaks, quality and NN, {hours:g} h",
        note=f"{rate:.0f} recorded hours per second of one core (goal 100)",
    )


def hour(hours: float) -> Signal:
    """Return simulated preterm ECG as 16-bit counts, as a monitor would store it."""
    seconds = hours * 3600
    ecg = simulate_ecg(simulate_beats(seconds, 150, seed=11), seconds=seconds, seed=11)
    segment = ecg.segments[0]
    narrow = segment.counts.astype(np.int16)
    every = runs_of(np.ones(len(narrow), dtype=np.bool_))
    return replace(ecg, segments=(Segment(segment.grid, 0, narrow, every),))


def cut(ecg: Signal) -> list[tuple[dict[str, tuple[Segment, ...]], dict[str, float]]]:
    """Return the updates of a live stream: a second each."""
    segment = ecg.segments[0]
    grid: Grid = segment.grid
    return [
        ({"signal": (segment.part(at, at + FS),)}, {"signal": grid.time(at + FS)})
        for at in range(segment.first, segment.stop, FS)
    ]


def stream(
    channel: Channel, chunks: list[tuple[dict[str, tuple[Segment, ...]], dict[str, float]]]
) -> NDArray[np.float64]:
    """Return the beats told chunk by chunk."""
    detector = BeatDetector(channel)
    told = [detector.update(new, upto).times for new, upto in chunks]
    return np.concatenate([*told, detector.finish().times])


def whole(ecg: Signal) -> tuple[int, int, float]:
    """Find beats, judge quality, clean intervals."""
    beats = detect_beats(ecg)
    quality = judge_waveform(ecg)
    nn = nn_intervals(beats, resolution_ms=1.0)
    return len(beats.times), len(quality.verdicts), float(np.nansum(nn.nn))


def alike(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> float:
    """Return the share of beats that agree within 10 ms once the median lag is taken out."""
    if len(ours) == 0 or len(theirs) == 0:
        return 0.0
    near = theirs[np.clip(np.searchsorted(theirs, ours), 1, len(theirs) - 1) - 1]
    after = theirs[np.clip(np.searchsorted(theirs, ours), 0, len(theirs) - 1)]
    gap = np.where(np.abs(near - ours) < np.abs(after - ours), near - ours, after - ours)
    within = np.abs(gap - np.median(gap)) <= WITHIN_S
    return float(2 * within.sum() / (len(ours) + len(theirs)))

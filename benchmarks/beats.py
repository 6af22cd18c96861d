"""R peaks in an hour of ECG, whole and in chunks of a second, beside sleepecg and wfdb's xqrs.

The hour is simulated, and made of recorded ECG: cuts of PICS infants and MIT-BIH 100 over and over,
with the wander and the noise they were recorded with, and a step where they are joined.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from harness import RUNS, Row, absent, measure, peer, version

from joey.beats import BeatDetector, detect_beats, nn_intervals
from joey.quality import judge_waveform
from joey.signals import Channel, Grid, Segment, Signal, runs_of, signals_of
from joey.simulate import simulate_beats, simulate_ecg
from joey.sources import read

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from numpy.typing import NDArray

FS = 250
ARCHIVE_GOAL, XQRS_GOAL, STREAM_GOAL = 8.0, 1000.0, 1.5
WITHIN_S = 0.010
RECORDED_WITHIN_S = 0.050  # detectors time real QRS at different waves of it


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
    if sleepecg is not None:
        yield from recorded(sleepecg, hours, runs)
    if wfdb is not None:
        from wfdb.processing import xqrs_detect  # noqa: PLC0415  (only where wfdb is)

        seen = measure(
            lambda: detect_beats(ecg),
            lambda: xqrs_detect(values, FS, verbose=False),
            runs=min(runs, 3),
        )
        share = alike(seen.answer.times, np.asarray(seen.peer_answer) / FS)
        yield seen.row(
            work + "archive call, beside xqrs",
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


def recorded(sleepecg: ModuleType, hours: float, runs: int) -> Iterator[Row]:
    """Yield the archive call and the stream on real ECG, looped to the length."""
    folder = Path(os.environ.get("JOEY_SHARED_DATA") or Path(__file__).parents[2] / "shared/data")
    pics = [[f"pics/infant{infant}_seg{n}_ecg" for n in range(5)] for infant in (1, 2)]
    sets = {"PICS infant 1": pics[0], "PICS infant 2": pics[1], "MIT-BIH 100": ["mitdb/100"]}
    for name, records in sets.items():
        if not all((folder / f"{each}.hea").exists() for each in records):
            note = f"left out: {folder} has no {records[0]}, see JOEY_SHARED_DATA"
            yield Row(f"R peaks, {name}", None, None, None, None, None, None, note)
            continue
        ecg = looped([signals_of(read(folder / each), "ecg")[0] for each in records], hours)
        fs, values = float(ecg.fs), ecg.values
        work = f"R peaks, {hours:g} h of {name} looped, {fs:g} Hz, "
        chunks = cut(ecg)
        for kind, ours, goal in (
            ("archive call", lambda ecg=ecg: detect_beats(ecg).times, ARCHIVE_GOAL),
            (
                "streaming in 1 s chunks beside the peer's batch call",
                lambda ecg=ecg, chunks=chunks: stream(ecg.channel, chunks),
                STREAM_GOAL,
            ),
        ):
            seen = measure(
                ours,
                lambda values=values, fs=fs: sleepecg.detect_heartbeats(values, fs),
                runs=runs,
            )
            share = alike(seen.answer, np.asarray(seen.peer_answer) / fs, RECORDED_WITHIN_S)
            yield seen.row(
                work + kind,
                peer_version=version("sleepecg"),
                goal=goal,
                agrees=share >= 0.99,
                note=f"{100 * share:.2f} % of beats within 50 ms, lag taken out; as recorded",
            )


def looped(parts: list[Signal], hours: float) -> Signal:
    """Return recorded counts, one part after the other and over again, as one signal."""
    once = np.concatenate([part.segments[0].counts for part in parts])
    number = round(hours * 3600 * float(parts[0].fs))
    counts = np.resize(once, number)
    segment = Segment(Grid(0, parts[0].fs), 0, counts, np.array([[0, number]]))
    return replace(parts[0], segments=(segment,))


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
    segment, second = ecg.segments[0], round(ecg.fs)
    grid: Grid = segment.grid
    return [
        ({"signal": (segment.part(at, at + second),)}, {"signal": grid.time(at + second)})
        for at in range(segment.first, segment.stop, second)
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


def alike(
    ours: NDArray[np.float64], theirs: NDArray[np.float64], within_s: float = WITHIN_S
) -> float:
    """Return the share of beats that agree once the median lag is taken out."""
    if len(ours) == 0 or len(theirs) == 0:
        return 0.0
    near = theirs[np.clip(np.searchsorted(theirs, ours), 1, len(theirs) - 1) - 1]
    after = theirs[np.clip(np.searchsorted(theirs, ours), 0, len(theirs) - 1)]
    gap = np.where(np.abs(near - ours) < np.abs(after - ours), near - ours, after - ours)
    within = np.abs(gap - np.median(gap)) <= within_s
    return float(2 * within.sum() / (len(ours) + len(theirs)))

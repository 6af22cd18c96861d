"""Central apneas and breaths in an hour of impedance, whole and in chunks of a second."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from harness import RUNS, Row, absent, measure, peer, version

from joey.beats import Beats
from joey.breaths import BreathDetector, detect_breaths
from joey.events import PRESETS, find_apneas
from joey.signals import Channel, Segment, Signal, runs_of
from joey.simulate import simulate_beats, simulate_breaths, simulate_impedance
from joey.spans import Spans

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

WITHIN_S = 0.3


def rows(*, quick: bool) -> Iterator[Row]:
    """Yield the archive call, its apneas, and the stream."""
    hours, runs = (0.1, 3) if quick else (1.0, RUNS)
    resp, beats = chest(hours)
    work = f"breaths with the heart's ripple taken out, {hours:g} h impedance 62.5 Hz"
    neurokit = peer("neurokit2")
    if neurokit is None:
        yield absent(work, lambda: detect_breaths(resp, beats), "neurokit2", None, runs)
    else:
        values, fs = resp.values, float(resp.fs)
        seen = measure(
            lambda: detect_breaths(resp, beats),
            lambda: neurokit.rsp_peaks(neurokit.rsp_clean(values, fs), fs)[1]["RSP_Peaks"] / fs,
            runs=min(runs, 3),
        )
        share = near(seen.answer.times, np.asarray(seen.peer_answer))
        note = f"{100 * share:.1f} % of its breaths within 0.3 s; it takes no ripple out"
        yield seen.row(
            work,
            peer_version=version("neurokit2"),
            agrees=share >= 0.9,
            note=f"{note}; {hours / seen.ours:.0f} recorded hours per second of one core",
        )
    seen = measure(lambda: apneas(resp, beats), None, runs=runs)
    yield seen.row(
        f"central apneas from impedance and beats, {hours:g} h",
        note=f"{hours / seen.ours:.0f} recorded hours per second of one core",
    )
    seen = measure(lambda: stream(resp, beats), None, runs=min(runs, 3))
    same = np.array_equal(seen.answer, detect_breaths(resp, beats).times)
    yield seen.row(
        f"breaths, {hours:g} h, streaming in 1 s chunks",
        note=f"{'the same' if same else 'NOT the same'} breaths as the archive call",
    )


@cache
def chest(hours: float) -> tuple[Signal, Beats]:
    """Return simulated impedance as 16-bit counts, with a pause of 15 s every 5 min, and beats."""
    seconds = hours * 3600
    stops = Spans.of([(at, at + 15.0) for at in np.arange(100.0, seconds - 60, 300.0)])
    times = simulate_beats(seconds, 150, seed=12)
    breaths = simulate_breaths(seconds, 50, stops=stops, seed=12)
    resp = simulate_impedance(breaths, times, seconds=seconds, seed=12)
    segment = resp.segments[0]
    counts = segment.counts.astype(np.int16)
    every = runs_of(np.ones(len(counts), dtype=np.bool_))
    narrow = replace(resp, segments=(Segment(segment.grid, 0, counts, every),))
    flags = np.zeros(len(times), dtype=np.uint8)
    return narrow, Beats(Channel("ecg", "mV"), times, flags, Spans.of([(0.0, seconds)]))


def apneas(resp: Signal, beats: Beats) -> int:
    """Find breaths, and in them apneas of 10 s."""
    return len(find_apneas(detect_breaths(resp, beats), PRESETS["central10"]).items)


def stream(resp: Signal, beats: Beats) -> NDArray[np.float64]:
    """Return the breaths told second by second."""
    detector = BreathDetector(resp.channel)
    segment = resp.segments[0]
    told = []
    edges = np.arange(0.0, segment.span.end + 1.0)
    for start, end in pairwise(edges.tolist()):
        lo, hi = np.searchsorted(beats.times, (start, end))
        mine = replace(beats, times=beats.times[lo:hi], flags=beats.flags[lo:hi])
        part = segment.part(segment.grid.first_at(start), segment.grid.first_at(end))
        new = {"resp": (part,) if len(part.counts) else (), "beats": mine}
        told.append(detector.update(new, {"resp": end, "beats": end}).times)
    return np.concatenate([*told, detector.finish().times])


def near(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> float:
    """Return the share of theirs that have one of ours within 0.3 s, the median lag taken out."""
    if len(ours) < 2 or len(theirs) == 0:
        return 0.0
    at = np.clip(np.searchsorted(ours, theirs), 1, len(ours) - 1)
    late = np.where(
        theirs - ours[at - 1] < ours[at] - theirs, theirs - ours[at - 1], theirs - ours[at]
    )
    return float(np.mean(np.abs(late - np.median(late)) <= WITHIN_S))

"""Breaths: agreement with automatic marks on real records, and silence where nobody breathes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from joey.beats import Beats, detect_beats
from joey.breaths import BreathDetector, detect_breaths, join_breaths
from joey.breaths.detector import without_holes
from joey.signals import Channel, Signal, blank, signals_of
from joey.simulate import simulate_beats, simulate_breaths, simulate_ecg, simulate_impedance
from joey.sources import read
from joey.sources.wfdb import read_annotations
from joey.spans import Spans, contains

WITHIN_S = 0.3


def share(times: NDArray[np.float64], among: NDArray[np.float64]) -> float:
    """Return the share of times that have one of `among` within 0.3 s."""
    at = np.clip(np.searchsorted(among, times), 1, len(among) - 1)
    near = np.minimum(np.abs(times - among[at - 1]), np.abs(times - among[at]))
    return float(np.mean(near <= WITHIN_S))


@pytest.mark.parametrize("infant", [1, 2])
def test_real_preterm_breaths_agree_with_the_automatic_marks(
    shared_data: Path, infant: int
) -> None:
    """PICS v1.0.0, doi:10.13026/C2QQ2M: agreement, not accuracy, over five cuts."""
    found_share, marked_share = [], []
    for number in range(5):
        stem = shared_data / "pics" / f"infant{infant}_seg{number}"
        ecg = signals_of(read(stem.with_name(f"{stem.name}_ecg")), "ecg")[0]
        path = stem.with_name(f"{stem.name}_resp")
        resp = signals_of(read(path), "resp")[0]
        breaths = detect_breaths(resp, detect_beats(ecg))
        marks = np.array(
            [each.time for each in read_annotations(path.with_suffix(".bpk"), resp.fs)]
        )
        marks = marks[contains(breaths.searched, marks)]
        found_share.append(share(marks, breaths.times))
        # Only what was searched is claimed.
        marked_share.append(share(breaths.times[contains(breaths.searched, breaths.times)], marks))

    assert np.mean(found_share) >= 0.90
    assert np.mean(marked_share) >= 0.97


def chest(cardiac: float) -> tuple[Signal, Signal]:
    """Return ECG and impedance of five minutes with two stops of 20 s."""
    beats = simulate_beats(300, 150, seed=2)
    stops = Spans.of([(100.0, 120.0), (200.0, 220.0)])
    breaths = simulate_breaths(300, 50, stops=stops, seed=2)
    resp = simulate_impedance(breaths, beats, seconds=300, cardiac=cardiac, seed=2)
    return simulate_ecg(beats, seconds=300, seed=2), resp


@pytest.mark.parametrize("cardiac", [0.1, 0.3])
def test_the_heart_is_not_counted_as_breath(cardiac: float) -> None:
    """In a stop of 20 s its ripple is no breath, up to 30 % of one."""
    ecg, resp = chest(cardiac)

    times = detect_breaths(resp, detect_beats(ecg)).times

    for start, end in ((100.0, 120.0), (200.0, 220.0)):
        assert not np.any((times > start + 2) & (times < end - 1))
    assert 45 <= 60 * len(times) / 260 <= 58


def test_nothing_is_claimed_where_impedance_was_not_measured() -> None:
    """A gap and a flat stretch are not searched: neither breaths nor an apnea."""
    ecg, resp = chest(0.1)
    gap = Spans.of([(50.0, 65.0)])

    breaths = detect_breaths(blank(resp, gap), detect_beats(ecg))

    assert not contains(breaths.searched, np.array([49.9, 55.0, 65.1])).any()
    assert not contains(gap, breaths.times).any()


def test_another_quantity_or_too_slow_a_signal_is_refused() -> None:
    """The caller hears what was expected."""
    ecg, resp = chest(0.1)

    with pytest.raises(ValueError, match="found in resp"):
        detect_breaths(
            replace(resp, channel=replace(resp.channel, quantity="flow")), detect_beats(ecg)
        )


def test_a_hole_shorter_than_a_breath_is_none() -> None:
    """A longer one stays, and so does one that may be longer than what is seen of it."""
    flags = np.array([1, 0, 0, 1, 1, 0, 1, 1, 1, 0, 1], dtype=np.bool_)

    kept = without_holes(flags, 3)

    assert kept.tolist() == [True, False, False, False, False, False, True, True, True, False, True]


@pytest.mark.parametrize("slowest", [0.5, 1.9])
@pytest.mark.parametrize("step", [1.0, 3.7])
def test_chunks_do_not_matter_where_beats_are_lost(step: float, slowest: float) -> None:
    """The ECG is off for up to 12 s again and again: what is beyond is not known in time."""
    rng = np.random.default_rng(3)
    times = np.cumsum(rng.uniform(0.7 * slowest, slowest, 2000))
    for k, lost in enumerate(rng.uniform(0, 12, 40)):
        times = times[(times < 15 * k) | (times > 15 * k + lost)]
    times = times[times < 600]
    breaths = simulate_breaths(600, 35, seed=4)
    resp = simulate_impedance(breaths, times, seconds=600, cardiac=0.6, motion=4, seed=4)
    heart = Beats(
        Channel("ecg", "mV"), times, np.zeros(len(times), np.uint8), Spans.of([(0.0, 600.0)])
    )
    detector, told, known = BreathDetector(resp.channel), [], 0
    for end in np.arange(step, 600, step):
        parts = [
            each.part(each.grid.first_at(end - step), each.grid.first_at(end))
            for each in resp.segments
        ]
        upto = int(np.searchsorted(times, end))
        new = replace(heart, times=times[known:upto], flags=heart.flags[known:upto])
        known = upto
        told.append(detector.update({"resp": parts, "beats": new}, {"resp": end, "beats": end}))
    rest = [each.part(each.grid.first_at(end), each.stop) for each in resp.segments]
    new = replace(heart, times=times[known:], flags=heart.flags[known:])
    told.append(detector.update({"resp": rest, "beats": new}, {"resp": 600.0, "beats": 600.0}))
    found = join_breaths(resp.channel, [*told, detector.finish()])
    whole = detect_breaths(resp, heart)

    assert len(whole.times) > 300
    assert found.times.tolist() == whole.times.tolist()
    assert found.searched == whole.searched

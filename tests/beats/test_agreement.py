"""Beats and pulses of one infant: which belong together, and where the two sensors part."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from joey.beats import Beats, compare_beats, detect_beats
from joey.signals import Channel
from joey.simulate import simulate_beats, simulate_ecg, simulate_pleth
from joey.spans import Span, Spans, overlap

if TYPE_CHECKING:
    from numpy.typing import NDArray

SECONDS = 600.0
ECG, PLETH = Channel("ecg", "mV"), Channel("pleth", "NU")


def beats_of(channel: Channel, times: NDArray[np.float64], end: float = SECONDS) -> Beats:
    return Beats(channel, times, np.zeros(len(times), np.uint8), Spans.of([(0.0, end)]))


def heart(seed: int, end: float = SECONDS) -> NDArray[np.float64]:
    """Return beats around 150/min, with falls to 60/min for 10 s each 100 s."""
    rng = np.random.default_rng(seed)
    rr: list[float] = []
    while sum(rr) < end:
        rr += (0.4 * (1 + 0.03 * rng.standard_normal(225))).tolist()
        rr += (1.0 * (1 + 0.03 * rng.standard_normal(10))).tolist()
    beats = 0.5 + np.cumsum(rr)
    return beats[beats < end - 2]


def pulses_of(beats: NDArray[np.float64], delay: float, seed: int = 1) -> NDArray[np.float64]:
    """Return pulses after a delay that sways by 25 ms over minutes and jitters by 5 ms."""
    rng = np.random.default_rng(seed)
    sway = 0.025 * np.sin(beats / 30)
    return np.sort(beats + delay + sway + 0.005 * rng.standard_normal(len(beats)))


@pytest.mark.parametrize("delay", [0.08, 0.2, 0.35, 0.9])
def test_every_beat_has_its_pulse_in_bradycardias_too(delay: float) -> None:
    """Whatever the transit and the oximeter's filter add up to."""
    beats = heart(2)
    found = compare_beats(beats_of(ECG, beats), beats_of(PLETH, pulses_of(beats, delay)))

    assert found.share >= 0.995
    assert found.delay == pytest.approx(delay, abs=0.01)
    np.testing.assert_allclose(
        found.delays[np.isfinite(found.delays)], delay, atol=0.025 + 5 * 0.005
    )
    assert found.apart == ()


def test_detected_beats_and_pulses_agree() -> None:
    """From the waves of a simulated infant; the delay is transit and the way up the pulse."""
    beats = simulate_beats(SECONDS, 150, seed=3)
    ecg = detect_beats(simulate_ecg(beats, seconds=SECONDS, seed=3))
    pleth = detect_beats(simulate_pleth(beats, seconds=SECONDS, seed=3))

    found = compare_beats(ecg, pleth)

    assert found.share >= 0.99
    assert 0.14 < found.delay < 0.3
    assert found.apart == ()


@pytest.mark.parametrize(
    ("lost", "reason"),
    [
        ("ecg", "pulses without beats"),
        ("pleth", "beats without pulses"),
        ("half the ecg", "more pulses than beats"),
        ("half the pleth", "more beats than pulses"),
        ("shifted pleth", "pulses and beats at different times"),
    ],
)
def test_where_one_sensor_fails_it_is_said_where_and_how(lost: str, reason: str) -> None:
    """Thirty seconds, found to 3 s; and nowhere else."""
    beats = np.cumsum(0.4 * (1 + 0.03 * np.random.default_rng(4).standard_normal(1480)))
    pulses = pulses_of(beats, 0.2)
    span = Span(300.0, 330.0)
    in_ecg = (beats >= span.start) & (beats < span.end)
    in_pleth = (pulses - 0.2 >= span.start) & (pulses - 0.2 < span.end)
    odd = np.arange(len(beats)) % 2 == 1
    if lost == "ecg":
        beats = beats[~in_ecg]
    if lost == "pleth":
        pulses = pulses[~in_pleth]
    if lost == "half the ecg":
        beats = beats[~(in_ecg & odd)]
    if lost == "half the pleth":
        pulses = pulses[~(in_pleth & odd)]
    if lost == "shifted pleth":
        pulses = np.sort(np.where(in_pleth, pulses + 0.2, pulses))

    (part,) = compare_beats(beats_of(ECG, beats), beats_of(PLETH, pulses)).apart

    assert part.reason == reason
    assert part.span.start == pytest.approx(span.start, abs=3)
    assert part.span.end == pytest.approx(span.end, abs=3)


def test_unrelated_rhythms_do_not_agree() -> None:
    """A pleth of someone else: chance pairs some beats, and most of the time is told apart."""
    ecg, pleth = heart(5), pulses_of(heart(6), 0.2)
    found = compare_beats(beats_of(ECG, ecg), beats_of(PLETH, pleth))

    assert np.isnan(found.share) or found.share < 0.55
    apart = Spans.of([each.span for each in found.apart])
    assert overlap(apart, Span(0.0, SECONDS)) > 0.5 * SECONDS or len(found.searched) == 0


def test_ten_minutes_are_judged_by_themselves() -> None:
    """What comes before or after a mark changes nothing."""
    beats = heart(7, 1800.0)
    pulses = pulses_of(beats, 0.2)
    whole = compare_beats(beats_of(ECG, beats, 1800.0), beats_of(PLETH, pulses, 1800.0))
    ecg, pleth = beats_of(ECG, beats, 1800.0), beats_of(PLETH, pulses, 1800.0)
    middle = Spans.of([(600.0, 1200.0)])

    part = compare_beats(replace(ecg, searched=middle), replace(pleth, searched=middle))

    inside = (whole.times >= 610.0) & (whole.times < 1190.0)
    own = (part.times >= 610.0) & (part.times < 1190.0)
    np.testing.assert_array_equal(whole.delays[inside], part.delays[own])


def test_without_pulses_or_beats_nothing_is_said() -> None:
    """Too few to learn a delay from: cannot say, not zero."""
    beats = heart(8)
    for ecg, pleth in ((beats, beats[:5]), (beats[:5], beats), (beats, beats[:0])):
        found = compare_beats(beats_of(ECG, ecg), beats_of(PLETH, pleth))
        assert np.isnan(found.share)
        assert np.isnan(found.delay)
        assert len(found.searched) == 0
        assert found.apart == ()

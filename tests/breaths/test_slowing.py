"""Apneas in which the heart slows, and moves the chest all the more: the heart is no breath."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.breaths import chests
from tests.breaths.chests import SECONDS, Stratum
from tests.breaths.slowed import beats_at, heart_of, ripple, scored, slowed

from joey.breaths import BreathDetector, detect_breaths, join_breaths
from joey.breaths.cardiac import FINE, remove_heart
from joey.events import PRESETS, find_apneas
from joey.signals import Channel, quantize
from joey.simulate.impedance import BREATH, QUANTUM
from joey.simulate.seeds import stream
from joey.spans import Span, overlap


@pytest.mark.parametrize("low", [60.0, 75.0])
@pytest.mark.parametrize("size", [0.3, 0.6])
@pytest.mark.parametrize("width", [0.0, 0.3, 0.4])
def test_an_apnea_with_a_bradycardia_is_found_whatever_the_shape_of_the_ripple(
    width: float, size: float, low: float
) -> None:
    """A pulse that takes its time moves the chest like breaths of 60/min once the heart is slow."""
    told = scored(range(500, 512), low, width, size)

    assert told.long > 40
    assert told.found >= 0.9 * told.long
    assert told.long - told.found - told.unsaid <= 0.05 * told.long
    assert told.called == 0
    assert told.false == 0


@pytest.mark.parametrize("rate", [90.0, 110.0])
@pytest.mark.parametrize("cardiac", [0.0, 0.3])
def test_the_still_middle_of_a_pause_is_no_breath(cardiac: float, rate: float) -> None:
    """The band leaves a trough at both ends of a pause, and where breaths are quick a top between.

    Parameters
    ----------
    cardiac : float
        Ripple of the heart. [usual breaths]
    rate : float
        Breaths a minute.
    """
    stratum = Stratum("quick", cardiac=cardiac, rates=(rate, rate), wander=0.4, noise=0.03)

    told = chests.scored(stratum, range(540, 552))

    assert told.long > 40
    assert told.found >= 0.95 * told.long
    assert told.long - told.found - told.unsaid <= 0.03 * told.long
    assert told.false == 0


def test_a_ventilator_at_the_heart_s_rate_is_hardly_called_an_apnea() -> None:
    """Breaths that come one a beat go with the heart's share: far larger than that heart was."""
    events, unsearched = 0, 0.0
    slow = [(60.0 + 120 * k, 95.0 + 120 * k) for k in range(5)]
    for seed in range(520, 526):
        rng = stream(seed, "ventilator")
        beats = heart_of([Span(start - 10, end) for start, end in slow], 60.0, seed)
        fs = 62.5
        at = np.arange(round(SECONDS * fs)) / fs
        wave = 0.5 - 0.5 * np.cos(2 * np.pi * at) + 0.2 * ripple(beats, fs, len(at), 0.3)
        wave += 0.03 * rng.standard_normal(len(at))
        resp = quantize(Channel("resp", "Ohm"), 62.5, 0, BREATH * wave, QUANTUM)

        told = find_apneas(detect_breaths(resp, beats_at(beats)), PRESETS["central10"])

        events += len(told.items)
        unsearched += sum(
            end - start - overlap(told.searched, Span(start, end)) for start, end in slow
        )
    assert events <= 3
    assert unsearched > 6 * 5 * 15


@pytest.mark.parametrize("step", [1.0, 7.3])
@pytest.mark.parametrize("width", [0.0, 0.4])
def test_chunks_do_not_matter_where_the_heart_slows(width: float, step: float) -> None:
    """What the beats around foretell is the same however they come, lost ones and slow ones too."""
    one = slowed(530, 45.0, width, 0.6)
    resp, heart = one.resp, one.beats
    kept = heart.times[stream(530, "lost").random(len(heart.times)) > 0.03]
    heart = beats_at(kept)
    detector, told, known = BreathDetector(resp.channel), [], 0
    ends = [*np.arange(step, SECONDS, step).tolist(), SECONDS]
    before = 0.0
    for end in ends:
        parts = [
            each.part(each.grid.first_at(before), each.grid.first_at(end)) for each in resp.segments
        ]
        upto = int(np.searchsorted(kept, end))
        new = replace(heart, times=kept[known:upto], flags=heart.flags[known:upto])
        told.append(detector.update({"resp": parts, "beats": new}, {"resp": end, "beats": end}))
        known, before = upto, end
    found = join_breaths(resp.channel, [*told, detector.finish()])
    whole = detect_breaths(resp, heart)

    assert len(whole.times) > 300
    assert found.times.tolist() == whole.times.tolist()
    assert found.edges.tolist() == whole.edges.tolist()
    assert found.searched == whole.searched


@pytest.mark.parametrize("part", [0.0, 0.5])
@pytest.mark.parametrize("rate", [30.0, 45.0, 60.0])
def test_breaths_that_pace_the_heart_are_not_taken_for_its_share(rate: float, part: float) -> None:
    """Beats of one length are of one part of a breath there, and their mean is that of breaths."""
    shares, fs = [], 62.5
    for seed in range(6):
        rng = stream(seed, "pacing")
        times = np.arange(0, 120, 1 / fs)
        uneven = np.exp(0.12 * np.repeat(rng.standard_normal(len(times) // 60 + 1), 60))
        breath = np.cumsum(rate / 60 / fs * uneven[: len(times)])
        pace = 145 / 60 * (1 + 0.15 * np.sin(2 * np.pi * (breath + part)))
        beat = np.cumsum(pace / fs)
        beats = np.interp(np.arange(1, int(beat[-1])), beat, times)
        counts = np.rint(200 * np.cos(2 * np.pi * breath)).astype(np.int64)
        valid = np.ones(len(counts), dtype=np.bool_)

        height = remove_heart(counts, valid, times, beats, fs)[2]

        shares.append(float(np.median(height[1000:-1000])) / FINE / 400)
    assert 0.02 < np.mean(shares) < 0.12


def test_a_beat_that_is_told_twice_does_no_harm() -> None:
    """As marks of two observers have it: the interval between the two is no beat's."""
    one = slowed(531, 60.0, 0.4, 0.6)
    times = np.sort(np.append(one.beats.times, one.beats.times[100:900:50]))

    once = detect_breaths(one.resp, one.beats)
    twice = detect_breaths(one.resp, beats_at(times))

    assert len(once.times) > 250
    np.testing.assert_allclose(twice.times, once.times, atol=0.1)

"""A lead that is off is no apnea: impedance that stands still, though not perfectly."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.breaths.chests import SECONDS, Chest, Stratum, chest

from joey.breaths import detect_breaths
from joey.events import PRESETS, find_all, find_apneas
from joey.quality import judge_waveform
from joey.response import find_events
from joey.signals import Channel, Recording, Signal, quantize
from joey.simulate import simulate_ecg
from joey.spans import Span, Spans, overlap

FS = 62.5
OFF = Span(220.0, 265.0)
SEED = 5
CENTRAL = PRESETS["central10"]


def silence(kind: str, rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    """Return what an open lead may show. [Ohm]"""
    at = np.arange(n) / FS
    return {
        "a count of noise": 0.001 * rng.integers(-1, 2, n),
        "noise": 0.05 * rng.standard_normal(n),
        "beside the rail": 20 + 0.02 * rng.standard_normal(n),
        "hum": 0.3 * np.sin(2 * np.pi * 9.7 * at),
        "decay": 8 * np.exp(-at / 6) + 0.01 * rng.standard_normal(n),
    }[kind]


KINDS = ("a count of noise", "noise", "beside the rail", "hum", "decay")


def impedance(one: Chest, kind: str) -> Signal:
    """Return the chest's impedance with the lead off for a while."""
    values = one.resp.values.copy()
    n = round(OFF.duration * FS)
    first = round(OFF.start * FS)
    values[first : first + n] = silence(kind, np.random.default_rng(3), n)
    return quantize(Channel("resp", "Ohm"), Fraction(125, 2), 0, values, 0.001)


def ecg(one: Chest, kind: str) -> Signal:
    """Return the ECG of the same heart: going on, or off with the impedance."""
    wave = simulate_ecg(one.beats.times, seconds=SECONDS, seed=SEED).values.copy()
    part = slice(round(OFF.start * 250), round(OFF.end * 250))
    n = part.stop - part.start
    if kind == "flat":
        wave[part] = 0.0
    elif kind == "noise":
        wave[part] = 0.03 * np.random.default_rng(4).standard_normal(n)
    elif kind == "absent":
        wave[part] = np.nan
    return quantize(Channel("ecg", "mV"), Fraction(250), 0, wave, 0.0025)


@pytest.mark.parametrize(
    ("kind", "heart"), [*((kind, "flat") for kind in KINDS), ("hum", "noise"), ("noise", "absent")]
)
def test_silence_without_a_heart_is_no_apnea(kind: str, heart: str) -> None:
    one = chest(Stratum("a lead comes off", cardiac=0.1), SEED)
    recording = Recording(signals=(ecg(one, heart), impedance(one, kind)))

    found = find_events(recording, ("central10",))[0]

    spans = Spans.of([event.span for event in found.items])
    assert overlap(spans, OFF) < 3.0
    assert overlap(found.searched, OFF) < 5.0
    elsewhere = [p for p in one.pauses if p.duration >= 12 and abs(p.start - 240) > 60]
    assert len(elsewhere) >= 2
    assert all(overlap(spans, pause) > 0.8 * pause.duration for pause in elsewhere)


@pytest.mark.parametrize("kind", KINDS)
def test_silence_without_the_hearts_ripple_is_no_apnea_though_the_ecg_goes_on(kind: str) -> None:
    one = chest(Stratum("a lead comes off", cardiac=0.3), SEED)

    breaths = detect_breaths(impedance(one, kind), one.beats)

    spans = Spans.of([event.span for event in find_apneas(breaths, CENTRAL).items])
    assert overlap(spans, OFF) < 4.0
    elsewhere = [p for p in one.pauses if p.duration >= 12 and abs(p.start - 240) > 60]
    assert all(overlap(spans, pause) > 0.8 * pause.duration for pause in elsewhere)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("cardiac", [0.0, 0.1])
def test_an_apnea_is_not_doubted_for_being_still(cardiac: float, seed: int) -> None:
    """With little or no ripple of the heart, and an ECG that goes on, silence is an apnea."""
    one = chest(Stratum("clean", cardiac=cardiac), seed)
    breaths = detect_breaths(one.resp, one.beats)

    found = find_all(
        None,
        None,
        breaths,
        source="beat",
        presets=("central10",),
        quality={"breaths": judge_waveform(one.resp)},
    )[0]

    long = [pause for pause in one.pauses if pause.duration >= 12]
    assert len(long) >= 2
    assert sum(overlap(Spans.of([e.span for e in found.items]), p) > 10 for p in long) == len(long)
    assert {event.quality for event in found.items} == {"good"}

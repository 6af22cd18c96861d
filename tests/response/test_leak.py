"""The leak test on simulated impedance."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from joey.response.leak import slow_line
from joey.signals import Channel, Signal, quantize
from joey.spans import Spans

FS_EXACT = Fraction(125, 2)
FS = 62.5
MINUTES = 40
PHASE = Spans.of([(0.0, MINUTES * 60.0)])


def impedance(
    holder: float,
    seed: int = 0,
    *,
    drift: float = 0.0,
    infant_hz: float = 0.9,
    adult_hz: float = 0.28,
    uneven: float = 0.01,
) -> Signal:
    """Infant breathing of wandering rate and depth, noise, and so much of an adult's."""
    rng = np.random.default_rng(seed)
    n = round(MINUTES * 60 * FS)
    t = np.arange(n) / FS

    def wander(level: float, spread: float) -> np.ndarray:
        knots = level + spread * rng.standard_normal(n // 250 + 2)
        return np.interp(t, np.arange(len(knots)) * 4.0, knots)

    infant = wander(1.0, 0.25) * np.sin(2 * np.pi * np.cumsum(wander(infant_hz, 0.12)) / FS)
    adult = np.sin(2 * np.pi * np.cumsum(wander(adult_hz, uneven)) / FS)
    walk = np.cumsum(rng.standard_normal(n)) / np.sqrt(n)
    values = infant + holder * adult + 0.05 * rng.standard_normal(n) + drift * walk
    return quantize(Channel("resp", "NU"), FS_EXACT, 0, values, 1e-4)


@pytest.mark.parametrize("seed", range(4))
def test_an_adults_breathing_at_half_the_infants_amplitude_fails_the_test(seed: int) -> None:
    found = slow_line(impedance(0.5, seed), PHASE)
    assert found.passes is False
    assert found.frequency == pytest.approx(0.28, abs=0.03)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("holder", [0.5, 1.0])
@pytest.mark.parametrize(("adult_hz", "uneven"), [(0.45, 0.02), (0.5, 0.02), (0.42, 0.1)])
def test_an_adult_who_breathes_nearly_as_fast_as_the_infant_fails_the_test(
    adult_hz: float, uneven: float, holder: float, seed: int
) -> None:
    """Or one without a steady pace: "none in an hour" would be said of hidden apneas."""
    found = slow_line(impedance(holder, seed, adult_hz=adult_hz, uneven=uneven), PHASE)
    assert found.passes is False
    assert found.frequency == pytest.approx(adult_hz, abs=0.06)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("drift", [0.0, 5.0])
@pytest.mark.parametrize("infant_hz", [0.6, 0.9, 1.3])
def test_an_infant_alone_passes_even_on_a_drifting_baseline(
    seed: int, drift: float, infant_hz: float
) -> None:
    assert slow_line(impedance(0.0, seed, drift=drift, infant_hz=infant_hz), PHASE).passes is True


def test_too_few_minutes_say_nothing() -> None:
    found = slow_line(impedance(0.5), Spans.of([(0.0, 200.0)]))
    assert found.passes is None
    assert "cannot say" in found.words

"""Two oximeters: events, target and frozen time read the probe that was there."""

from __future__ import annotations

import numpy as np
import pytest

from joey.holds import Hold, Piece
from joey.response import Settings, measure_response
from joey.response.findings import analyze
from joey.signals import Channel, Clock, Recording, Series, measured
from joey.spans import Span, contains, total

HOUR = 3600
N = 4 * HOUR


def series(quantity: str, unit: str, values: np.ndarray, site: str = "") -> Series:
    channel = Channel(quantity, unit, site=site, source=f"x/{quantity}{site}")
    return Series(channel, np.arange(float(len(values))), values, np.ones(len(values)))


def of(*parts: Series) -> Recording:
    return Recording(series=parts, clock=Clock(dated=False))


def wavy(level: float, seed: int) -> np.ndarray:
    return np.rint(level + np.random.default_rng(seed).standard_normal(N))


@pytest.fixture
def two() -> tuple[Series, Series]:
    """A foot probe for 3 h, then a hand probe; each sees a desaturation of 20 s."""
    foot, hand = wavy(95, 1), wavy(93, 2)
    foot[3 * HOUR :] = np.nan
    hand[: 3 * HOUR - 60] = np.nan
    foot[HOUR : HOUR + 20] = 72
    hand[3 * HOUR + 900 : 3 * HOUR + 920] = 74
    return series("spo2", "%", foot, "foot"), series("spo2", "%", hand, "hand")


def test_desaturations_are_found_in_the_probe_that_was_there(two: tuple[Series, Series]) -> None:
    """Where the fuller one is absent the other is searched; the methods say which, how long."""
    found = analyze(of(*two))
    desaturations = next(e for e in found.events if e.preset.kind == "desaturation")
    assert [e.span.start for e in desaturations.items] == [HOUR, 3 * HOUR + 900]
    assert total(desaturations.searched) == pytest.approx(N, abs=30)
    assert any("min or more in spo2 hand (1.0 h)" in line for line in found.methods)


def test_no_event_runs_from_one_probe_to_another(two: tuple[Series, Series]) -> None:
    foot, hand = two
    foot.values[3 * HOUR - 5 : 3 * HOUR] = 75
    hand.values[3 * HOUR : 3 * HOUR + 14] = 75
    found = analyze(of(foot, hand))
    desaturations = next(e for e in found.events if e.preset.kind == "desaturation")
    change = Span(3 * HOUR - 30.0, 3 * HOUR + 30.0)
    assert not [e for e in desaturations.items if change.start < e.span.start < change.end]


def test_where_the_fuller_probe_measures_no_other_is_read(two: tuple[Series, Series]) -> None:
    """Not for a dropout of some minutes either: two probes may read some percent apart."""
    foot, _ = two
    foot.values[2 * HOUR : 2 * HOUR + 300] = np.nan
    low = series("spo2", "%", np.where(np.arange(N) < 2.5 * HOUR, 70.0, np.nan), "hand")
    found = analyze(of(foot, low))
    desaturations = next(e for e in found.events if e.preset.kind == "desaturation")
    assert [e.span.start for e in desaturations.items] == [HOUR]


def test_only_the_pair_that_froze_is_left_out(two: tuple[Series, Series]) -> None:
    """The heart rate stands still with the foot probe; the hand probe goes on and is kept."""
    rate, foot, hand = wavy(150, 3), wavy(95, 4), wavy(93, 5)
    rate[HOUR : HOUR + 600] = 150
    foot[HOUR : HOUR + 600] = 95
    hand[-600:] = np.nan  # the foot probe is the fuller one
    kept = analyze(
        of(
            series("heart_rate", "/min", rate),
            series("spo2", "%", foot, "foot"),
            series("spo2", "%", hand, "hand"),
        )
    ).material.numerics
    middle = np.array([HOUR + 300.0])
    assert not contains(measured(kept["heart_rate"][0]), middle)[0]
    assert not contains(measured(kept["spo2"][0]), middle)[0]
    assert contains(measured(kept["spo2"][1]), middle)[0]


def test_the_target_reads_the_probe_of_the_phase(two: tuple[Series, Series]) -> None:
    """As every other saturation of that phase does."""
    start = 3 * HOUR + 600.0
    hold = Hold("h", "i", (Piece("m", "mother", start, start + 2700, "skin_to_skin"),))
    found = measure_response(of(*two), hold, settings=Settings(spo2_low=90, spo2_high=95))
    below = next(each for each in found.features if each.name == "spo2_target_below")
    assert below.phases["settled"].coverage == pytest.approx(1.0)

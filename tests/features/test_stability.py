"""The SCRIP-like score: the worked cases, and where it cannot be given."""

from __future__ import annotations

import numpy as np
import pytest

from joey.breaths import Breaths
from joey.features import StabilityBlocks, score_stability
from joey.signals import Channel, Series
from joey.spans import Spans

FIVE_MINUTES = 300


def numeric(quantity: str, usual: float, **at: float) -> Series:
    """Return a numeric at 1 Hz for five minutes, with other values from a second on (``s100``)."""
    times = np.arange(float(FIVE_MINUTES))
    values = np.full(FIVE_MINUTES, usual)
    for name, value in at.items():
        values[int(name[1:])] = value
    return Series(Channel(quantity, ""), times, values, np.ones(FIVE_MINUTES))


def breathing(*pauses: tuple[float, float], every: float = 1.0, searched: float = 300.0) -> Breaths:
    """Return breaths as instants, with none inside of pauses."""
    times = np.arange(0.0, 300.0, every)
    for start, end in pauses:
        times = times[(times <= start) | (times >= end)]
    flags = np.zeros(len(times), dtype=np.uint8)
    return Breaths(Channel("resp", ""), times, flags, Spans.of([(0.0, searched)]))


def score(
    rate: Series | None = None,
    breaths: Breaths | None = None,
    spo2: Series | None = None,
    *,
    regular_above: float = 87.0,
) -> StabilityBlocks:
    """Return the score of a block that is regular but for what is given."""
    return score_stability(
        numeric("heart_rate", 150.0) if rate is None else rate,
        breathing() if breaths is None else breaths,
        numeric("spo2", 96.0) if spo2 is None else spo2,
        regular_above=regular_above,
    )


def test_all_regular_is_six() -> None:
    found = score()
    assert found.total.tolist() == [6.0]
    assert (found.start[0], found.end[0]) == (0.0, 300.0)
    assert found.words == "SCRIP-like, automated; SpO2 regular above 87 %"


@pytest.mark.parametrize(
    ("lowest", "points"), [(101.0, 2), (100.0, 1), (92.0, 1), (80.0, 1), (78.0, 0)]
)
def test_heart_rate(lowest: float, points: int) -> None:
    """Also where the low value is the one that stands at the block's start."""
    assert score(numeric("heart_rate", 150.0, s100=lowest)).heart_rate.tolist() == [points]
    assert score(numeric("heart_rate", 150.0, s0=lowest)).heart_rate.tolist() == [points]


def test_a_heart_above_200_has_no_points() -> None:
    assert score(numeric("heart_rate", 150.0, s100=200.0)).heart_rate.tolist() == [2.0]
    assert score(numeric("heart_rate", 150.0, s100=201.0)).heart_rate.tolist() == [0.0]


@pytest.mark.parametrize(
    ("pauses", "points"),
    [
        ([(100.0, 108.0)], 1),
        ([(100.0, 110.0)], 1),
        ([(100.0, 112.0)], 0),
        ([(100.0, 104.0)], 2),
        ([(100.0, 106.0), (107.0, 113.0)], 1),  # two of 6 s with a breath between are no 13 s
        ([(100.0, 104.0), (110.0, 114.0), (120.0, 124.0)], 1),  # periodic breathing
    ],
)
def test_breathing(pauses: list[tuple[float, float]], points: int) -> None:
    assert score(breaths=breathing(*pauses)).breathing.tolist() == [points]


def test_tachypnea_has_no_points() -> None:
    assert score(breaths=breathing(every=60 / 79)).breathing.tolist() == [2.0]
    assert score(breaths=breathing(every=60 / 82)).breathing.tolist() == [0.0]


@pytest.mark.parametrize(
    ("lowest", "by_87", "by_89"),
    [(90.0, 2, 2), (88.0, 2, 1), (87.0, 1, 1), (85.0, 1, 1), (80.0, 1, 1), (79.0, 0, 0)],
)
def test_saturation_by_both_limits(lowest: float, by_87: int, by_89: int) -> None:
    spo2 = numeric("spo2", 96.0, s100=lowest)
    assert score(spo2=spo2).saturation.tolist() == [by_87]
    assert score(spo2=spo2, regular_above=89.0).saturation.tolist() == [by_89]
    assert "89 %" in score(spo2=spo2, regular_above=89.0).words


def test_no_score_where_one_signal_was_valid_for_less_than_80_percent() -> None:
    """Its own points are missing, and the sum; the others' stay."""
    lost = numeric("spo2", 96.0)
    lost.values[:61] = np.nan
    found = score(spo2=lost)
    assert np.isnan(found.saturation[0])
    assert np.isnan(found.total[0])
    assert (found.heart_rate[0], found.breathing[0]) == (2.0, 2.0)
    lost.values[60] = 96.0
    assert score(spo2=lost).total.tolist() == [6.0]
    assert score(spo2=lost).saturation_valid.tolist() == [0.8]
    assert np.isnan(score(breaths=breathing(searched=239.0)).total[0])


def test_a_pause_counts_in_each_block_it_reaches_into() -> None:
    times = np.arange(600.0)
    rate = Series(Channel("heart_rate", ""), times, np.full(600, 150.0), np.ones(600))
    spo2 = Series(Channel("spo2", ""), times, np.full(600, 96.0), np.ones(600))
    at = np.concatenate((np.arange(0.0, 296.0), np.arange(308.0, 600.0)))
    breaths = Breaths(Channel("resp", ""), at, np.zeros(len(at), np.uint8), Spans.of([(0, 600)]))
    assert score_stability(rate, breaths, spo2).breathing.tolist() == [0.0, 0.0]
    distrusted = Spans.of([(290.0, 310.0)])
    assert score_stability(rate, breaths, spo2, distrusted=distrusted).total.tolist() == [6.0, 6.0]


def test_silence_without_a_breath_has_no_points() -> None:
    """Of nothing but silence nobody knows whether there is a chest."""
    none = Breaths(Channel("resp", ""), np.empty(0), np.empty(0, np.uint8), Spans.of([(0, 300)]))
    found = score(breaths=none)
    assert np.isnan(found.breathing[0])
    assert found.breathing_valid.tolist() == [0.0]


def test_days_are_scored_block_by_block() -> None:
    """Each block as if it were alone."""
    rng = np.random.default_rng(7)
    times = np.arange(6 * 3600.0)
    low = np.where(rng.random(len(times)) < 0.001, 85.0, 96.0)
    low[rng.random(len(times)) < 0.1] = np.nan
    rate = Series(Channel("heart_rate", ""), times, low + 60, np.ones(len(times)))
    spo2 = Series(Channel("spo2", ""), times, low, np.ones(len(times)))
    at = np.cumsum(rng.choice((0.8, 1.2, 1.2, 7.0), 6 * 3600))
    at = at[at < times[-1]]
    searched = Spans.of([(0.0, 5000.0), (5030.0, 21600.0)])
    breaths = Breaths(Channel("resp", ""), at, np.zeros(len(at), np.uint8), searched)
    whole = score_stability(rate, breaths, spo2)
    assert len(whole) == 72
    for k in range(72):
        block = Spans.of([(300.0 * k, 300.0 * (k + 1))])
        alone = score_stability(rate, breaths, spo2, within=block)
        for name in ("start", "heart_rate", "breathing", "saturation", "total", "breathing_valid"):
            one, other = getattr(alone, name)[0], getattr(whole, name)[k]
            assert one == pytest.approx(other, abs=1e-9, nan_ok=True)


def test_another_limit_is_refused() -> None:
    with pytest.raises(ValueError, match="87 or 89"):
        score(regular_above=90.0)


def test_nothing_gives_no_block() -> None:
    none = Series(Channel("spo2", ""), np.empty(0), np.empty(0), np.empty(0))
    breaths = Breaths(Channel("resp", ""), np.empty(0), np.empty(0, np.uint8), Spans.of([]))
    assert len(score_stability(none, breaths, none)) == 0

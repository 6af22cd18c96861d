"""Counts per valid hour, their exact intervals and their words."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from joey.events import (
    PRESETS,
    PROLONGED,
    Event,
    Events,
    clusters,
    compare_rates,
    count_events,
    rate_per_hour,
)
from joey.spans import Span, Spans

HOUR = 3600.0


def event(start: float, lasts: float = 10.0, **more: object) -> Event:
    one = Event("bradycardia", Span(start, start + lasts), 70.0, start, 1.0, lasts, 0.0, "beat")
    return replace(one, **more)


def test_none_in_06_valid_hours() -> None:
    """6.3 per hour is the upper limit of the 95 % interval at 0.585 h, which is printed as 0.6."""
    rate = rate_per_hour(0, 0.585 * HOUR)
    assert rate.words == "0 in 0.6 valid h: compatible with up to 6.3 per hour"
    assert rate.high == pytest.approx(-math.log(0.025) / 0.585)
    assert (rate.rate, rate.low) == (0.0, 0.0)


@pytest.mark.parametrize("count", [1, 3, 20, 400])
def test_garwood_limits_are_those_of_the_poisson_distribution(count: int) -> None:
    """At each limit, a count as extreme has a probability of 2.5 %."""
    rate = rate_per_hour(count, 2 * HOUR)
    assert rate.rate == count / 2
    assert stats.poisson.sf(count - 1, rate.low * 2) == pytest.approx(0.025)
    assert stats.poisson.cdf(count, rate.high * 2) == pytest.approx(0.025)


def test_words_of_a_rate() -> None:
    words = "3 in 2.0 valid h: 1.5 per hour (95 % interval 0.3 to 4.4)"
    assert rate_per_hour(3, 2 * HOUR).words == words
    assert (
        rate_per_hour(0, 300.0).words == "0 in 0.083 valid h: compatible with up to 44.3 per hour"
    )


@pytest.mark.parametrize(
    ("count", "seconds", "searched"), [(0, 15.0, "15 s"), (1, 299.0, "4 min"), (2, 100.0, "1 min")]
)
def test_of_less_than_five_minutes_no_rate_is_told(
    count: int, seconds: float, searched: str
) -> None:
    """None in 15 s would be compatible with up to 885 per hour."""
    rate = rate_per_hour(count, seconds)
    assert np.isnan([rate.rate, rate.low, rate.high]).all()
    assert rate.words == f"cannot say: {count} in {searched} valid, too short for a rate"


def test_nothing_searched_cannot_say() -> None:
    rate = rate_per_hour(0, 0.0)
    assert math.isnan(rate.rate)
    assert math.isnan(rate.high)
    assert rate.words == "cannot say: nothing was searched"
    with pytest.raises(ValueError, match="cannot be"):
        rate_per_hour(1, 0.0)


def test_clusters_are_less_than_a_minute_apart() -> None:
    found = clusters([event(0), event(69.9), event(139.9), event(500)])
    assert [len(group) for group in found] == [2, 1, 1]
    assert clusters([]) == ()


def test_events_are_counted_where_they_begin() -> None:
    items = (
        event(90, 20),
        event(150, 10, quality="doubtful: noise"),
        event(400, 10, truncated=True),
        event(600, 300, kind=PROLONGED),
        event(1000),
    )
    found = Events(items, Spans.of([(0.0, 500.0), (700.0, 1200.0)]), PRESETS["brady_uva"])
    count = count_events(found, Spans.of([(100.0, 800.0)]))
    assert count.events.count == 2
    assert count.events.exposure_s == 500.0
    assert (count.doubtful, count.prolonged, count.truncated) == (1, 1, 1)
    assert count.running == 1
    assert count.time_below_s == pytest.approx(30.0)  # 10 s of the one that began before
    assert count.clusters.count == 2
    assert count.words == (
        "2 in 0.1 valid h: 14.4 per hour (95 % interval 1.7 to 52.0), and 1 running from before; "
        "in 2 clusters (events "
        "cluster, so that the true interval is wider); 1 doubtful; 1 prolonged and not counted; "
        "1 cut by a gap or an edge"
    )


def test_a_combination_may_begin_before_all_its_signals_are_measured() -> None:
    """A phase that ends between the fall of the heart and the first saturation has no rate."""
    found = Events((event(90, 50),), Spans.of([(110.0, 500.0)]), PRESETS["bd"])
    count = count_events(found, Spans.of([(50.0, 105.0)]))
    assert (count.events.count, count.events.exposure_s) == (1, 0.0)
    assert math.isnan(count.events.rate)
    assert "no rate" in count.words
    assert count_events(found, Spans.of([(50.0, 500.0)])).events.rate > 0


def test_phases_share_out_the_events() -> None:
    """Whatever the cut, each event is counted once."""
    rng = np.random.default_rng(3)
    items = tuple(event(float(t), 5.0) for t in np.sort(rng.choice(3600, 200, replace=False)))
    found = Events(items, Spans.of([(0.0, 3700.0)]), PRESETS["brady_uva"])
    edges = [0.0, *sorted(rng.uniform(0, 3700, 5)), 3700.0]
    phases = [Spans.of([pair]) for pair in pairwise(edges)]
    assert sum(count_events(found, phase).events.count for phase in phases) == 200


def test_too_few_to_compare_below_five() -> None:
    few = compare_rates(rate_per_hour(2, HOUR), rate_per_hour(2, HOUR))
    assert few.words == "too few to compare (4 in both together)"
    assert math.isnan(few.ratio)
    assert math.isfinite(compare_rates(rate_per_hour(2, HOUR), rate_per_hour(3, HOUR)).ratio)


def test_nothing_is_compared_with_what_has_no_rate() -> None:
    """3 in 200 s have no rate, so that 4 in an hour are no multiple of it."""
    for short, long in ((3, 4), (0, 9)):
        found = compare_rates(rate_per_hour(short, 200.0), rate_per_hour(long, HOUR))
        assert found.words == "cannot say: too short for a rate in one of them"
        assert np.isnan([found.ratio, found.low, found.high]).all()


def test_rate_ratio_limits_are_those_of_the_binomial() -> None:
    """6 in 1 h against 9 in 2 h, by the exact interval of the share of events."""
    found = compare_rates(rate_per_hour(6, HOUR), rate_per_hour(9, 2 * HOUR))
    share = stats.binomtest(9, 15).proportion_ci(0.95, method="exact")
    assert found.ratio == pytest.approx(0.75)
    assert found.low == pytest.approx(share.low / (1 - share.low) / 2)
    assert found.high == pytest.approx(share.high / (1 - share.high) / 2)
    assert "events cluster" in found.words


def test_a_ratio_to_none_has_no_upper_limit() -> None:
    found = compare_rates(rate_per_hour(0, HOUR), rate_per_hour(6, HOUR))
    assert math.isinf(found.high)
    assert found.low > 1
    turned = compare_rates(rate_per_hour(6, HOUR), rate_per_hour(0, HOUR))
    assert (turned.ratio, turned.low) == (0.0, 0.0)


def test_no_comparison_without_exposure() -> None:
    found = compare_rates(rate_per_hour(9, HOUR), rate_per_hour(0, 0.0))
    assert found.words.startswith("cannot say")


def test_a_phase_inside_an_event_is_not_free_of_it() -> None:
    """What runs from before is said, timed where it is, and nothing is then compatible."""
    event = Event("bradycardia", Span(100.0, 4100.0), 60.0, 200.0, 1.0, 4000.0, 0.0, "numeric")
    found = Events((event,), Spans.of([(0.0, 9000.0)]), PRESETS["brady_uva"])

    count = count_events(found, Spans.of([(1000.0, 2000.0)]))

    assert (count.events.count, count.running) == (0, 1)
    assert count.time_below_s == pytest.approx(1000.0)
    assert "running from before" in count.events.words
    assert "compatible" not in count.events.words
    assert count_events(found, Spans.of([(0.0, 500.0)])).time_below_s == pytest.approx(400.0)

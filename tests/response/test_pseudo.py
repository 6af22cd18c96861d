"""Comparable hours without a hold: which are found, and what may be said from them."""

from __future__ import annotations

import numpy as np
import pytest

from joey.holds import Hold, Phases, PhaseSettings, Piece, phases_of
from joey.response.pseudo import MatchRules, PseudoHolds, find_pseudo_holds, rank_of
from joey.spans import Span, Spans, intersect, total

DAY = 86400.0
START = 20 * DAY + 13 * 3600
HOLD = Hold("h", "i", (Piece("m", "mother", START, START + 95 * 60),))


def shape(hold: Hold = HOLD) -> Phases:
    return phases_of(hold, (), Span(0, 100 * DAY), PhaseSettings())


def held(*holds: Hold) -> Spans:
    return Spans.of([(h.start - 600, (h.end or h.start) + 900) for h in holds])


def found(days: float, feeds: list[float] | None = None, *others: Hold) -> PseudoHolds:
    span = Span(START - days * DAY, START + days * DAY)
    return find_pseudo_holds(shape(), span, held(HOLD, *others), np.array(feeds or []))


@pytest.mark.parametrize("days", [0.5, 2, 8])
def test_windows_overlap_neither_each_other_nor_a_hold_and_lie_in_the_record(days: float) -> None:
    other = Hold("o", "i", (Piece("m", "mother", START + 9 * 3600, START + 11 * 3600),))
    windows = found(days, None, other).windows
    assert windows
    occupied = held(HOLD, other)
    for each in windows:
        whole = Spans.of([(float(each.before.bounds[0, 0]), float(each.settled.bounds[-1, 1]))])
        assert total(intersect(whole, occupied)) == 0
        occupied = Spans.of([*occupied, *whole])
        assert whole.bounds[0, 0] >= START - days * DAY
        assert whole.bounds[-1, 1] <= START + days * DAY


def test_windows_have_the_shape_of_the_hold() -> None:
    phases = shape()
    for each in found(3).windows:
        assert total(each.before) == pytest.approx(total(phases.spans["before"]))
        assert total(each.settled) == pytest.approx(total(phases.spans["settled"]))


def test_the_matching_is_relaxed_in_the_stated_order_and_said() -> None:
    """One day on each side has windows of three days only; seven have the hour of most days."""
    few, many = found(1), found(7)
    assert "any clock time (relaxed)" in few.matching
    assert not few.enough
    assert "clock time within 1 h" in many.matching
    assert "age within 7 d (relaxed)" in many.matching
    assert many.enough


def test_time_from_feed_is_matched_where_feeds_are_known() -> None:
    """A feed 30 min before the hold, then every 3 h: windows start 10 to 50 min after a feed."""
    feeds = [START - 1800 + k * 10800 for k in range(-60, 60)]
    result = found(7, feeds)
    assert "time from feed within 20 min" in result.matching
    for each in result.windows:
        since = (START + each.shift - (START - 1800)) % 10800
        assert abs(since - 1800) <= 20 * 60


def test_a_rank_needs_ten_windows_from_five_days() -> None:
    four = rank_of(1.0, [0.0] * 4, [1] * 4, "m")
    assert four.reason.startswith("cannot say: 4 windows from 1 day")
    assert (four.smaller, four.windows, four.usual) == (None, 4, None)
    assert rank_of(1.0, [0.0] * 12, [1, 2, 3, 4] * 3, "m").reason.startswith("cannot say")
    ten = rank_of(1.0, [0.0] * 9 + [2.0], [1, 2, 3, 4, 5] * 2, "m")
    assert (ten.smaller, ten.windows, ten.usual) == (9, 10, None)
    assert not ten.reason.startswith("cannot say")


def test_the_usual_range_needs_39_windows() -> None:
    days = [k % 7 for k in range(39)]
    others = list(np.linspace(-3, 3, 39))
    assert rank_of(3.1, others, days, "m").usual is False
    assert rank_of(-3.1, others, days, "m").usual is False
    assert rank_of(2.99, others, days, "m").usual is True
    assert rank_of(3.1, others[:38], days[:38], "m").usual is None


def test_exchangeable_changes_are_outside_the_usual_range_in_five_percent() -> None:
    rng = np.random.default_rng(11)
    days = [k % 7 for k in range(39)]
    draws = rng.standard_normal((2000, 40))
    outside = [rank_of(float(d[0]), list(d[1:]), days, "m").usual is False for d in draws]
    assert 0.035 <= np.mean(outside) <= 0.065


def test_windows_without_a_measured_change_do_not_count() -> None:
    assert rank_of(1.0, [np.nan] * 9 + [0.0], list(range(10)), "m").windows == 1
    assert rank_of(np.nan, [0.0] * 40, list(range(40)), "m").reason.startswith("cannot say")


def test_a_hold_without_a_settled_part_has_no_windows() -> None:
    short = Hold("s", "i", (Piece("m", "mother", START, START + 600),))
    result = find_pseudo_holds(
        shape(short), Span(0, 50 * DAY), held(short), np.empty(0), MatchRules()
    )
    assert result.windows == ()

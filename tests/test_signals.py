"""Signals and series: what is taken out of them is out."""

import numpy as np

from joey.signals import Channel, Series, blank, measured
from joey.spans import Span, Spans, overlap


def test_a_value_does_not_stand_through_what_was_taken_out() -> None:
    """A temperature stamped before an excluded span says nothing inside it, nor after it."""
    times, values = np.array([0.0, 600.0, 1200.0]), np.array([36.0, 37.0, 38.0])
    series = Series(Channel("temp", "Cel"), times, values, np.full(3, 600.0))

    left = blank(series, Spans.of([(100.0, 200.0), (550.0, 700.0), (1900.0, 2000.0)]))

    assert measured(left) == Spans.of([(0.0, 100.0), (1200.0, 1800.0)])
    np.testing.assert_array_equal(left.times, times)
    np.testing.assert_array_equal(left.values, [36.0, np.nan, 38.0])


def test_nothing_taken_out_leaves_all_as_it_was() -> None:
    """Pieces of one second lose those inside, and no part of the others."""
    series = Series(Channel("spo2", "%"), np.arange(60.0), np.full(60, 95.0), np.ones(60))

    assert measured(blank(series, Spans.of([]))) == Spans.of([(0.0, 60.0)])
    left = measured(blank(series, Spans.of([(10.0, 20.0)])))
    assert left == Spans.of([(0.0, 10.0), (20.0, 60.0)])
    assert overlap(left, Span(0.0, 60.0)) == 50.0

"""Signals and series: what is taken out of them is out."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from joey.beats import detect_beats
from joey.signals import (
    Channel,
    Recording,
    Series,
    Signal,
    blank,
    cut,
    measured,
    merge,
    quantize,
)
from joey.simulate import simulate_beats, simulate_ecg
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


@pytest.mark.parametrize("stamp", [np.nan, np.inf, -np.inf])
def test_a_stamp_that_is_no_time_is_refused(stamp: float) -> None:
    """A value without a time has no place: it would sort anywhere."""
    with pytest.raises(ValueError, match="stamp 1 of the series"):
        Series(Channel("spo2", "%"), np.array([0.0, stamp]), np.full(2, 95.0), np.ones(2))


@pytest.mark.parametrize("quantum", [0.0, -0.1, np.nan, np.inf])
def test_a_quantum_is_a_positive_number(quantum: float) -> None:
    """Counts of nothing, of less than nothing or of everything are no values."""
    with pytest.raises(ValueError, match="the quantum of spo2"):
        quantize(Channel("spo2", "%"), 1, 0, np.full(2, 95.0), quantum)


def test_a_channel_that_goes_on_in_another_file_is_one() -> None:
    """Recorders cut a day into files: what is found is what is found in the day, in any order."""
    ecg = simulate_ecg(simulate_beats(300.0, seed=1), seconds=300, seed=1)
    first, second = (cut(ecg, Span(a, b)) for a, b in ((0.0, 140.0), (140.0, 300.0)))
    later = replace(second, channel=replace(second.channel, source="another file/II"))

    merged = merge([Recording(signals=(later,)), Recording(signals=(first,))])

    (one,) = merged.signals
    assert measured(one) == measured(ecg)
    np.testing.assert_array_equal(detect_beats(one).times, detect_beats(ecg).times)
    assert [(each.where, each.count) for each in merged.repairs] == [("ecg II", 1)]


def test_channels_at_the_same_time_or_of_another_kind_stay_apart() -> None:
    """Two probes are two; so are two leads, and two gains, whenever they were recorded."""

    def numeric(site: str, start_s: int, scale: float = 1.0) -> Signal:
        channel = Channel("spo2", "%", site=site, source=f"file {start_s}/SpO2")
        return quantize(channel, Fraction(1), start_s * 10**9, np.full(60, 95.0), scale)

    parts = [numeric("foot", 0), numeric("foot", 30), numeric("hand", 60), numeric("foot", 90, 0.5)]
    merged = merge([Recording(signals=(each,)) for each in parts])
    assert len(merged.signals) == 4
    (said,) = merged.repairs  # two infants read as one look like this, too
    assert (said.where, said.count) == ("spo2 foot", 2)
    assert "of one infant" in said.what


def test_series_are_joined_by_their_stamps() -> None:
    """The last value of a file stands until the first of the next, not beside it."""
    channel = Channel("temp", "Cel", source="a/T")
    early, late, among = (
        Series(channel, np.array(times), np.full(2, 36.5), np.full(2, 600.0))
        for times in ([0.0, 600.0], [900.0, 1500.0], [300.0, 1000.0])
    )
    merged = merge([Recording(series=(each,)) for each in (late, early, among)])

    assert [len(each.times) for each in merged.series] == [4, 2]
    assert measured(merged.series[0]) == Spans.of([(0.0, 2100.0)])

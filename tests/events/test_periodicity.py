"""The index of periodic breathing: cycles are seen, steady breathing and single pauses are not."""

import numpy as np
import pytest

from joey.breaths import Breaths
from joey.events import measure_periodicity
from joey.signals import Channel
from joey.spans import Spans

RESP = Channel("resp", "Ohm")


def breathing(stops: list[tuple[float, float]], searched: list[tuple[float, float]]) -> Breaths:
    """Return breaths 1 s apart but in the stops."""
    times = np.arange(0.5, 600.0)
    for start, end in stops:
        times = times[(times < start) | (times > end)]
    edges = np.column_stack((times - 0.4, times + 0.4))
    return Breaths(RESP, times, np.zeros(len(times), np.uint8), Spans.of(searched), edges)


@pytest.mark.parametrize("cycle", [10.0, 16.0, 22.0])
def test_cycles_are_seen_with_their_period(cycle: float) -> None:
    """Pauses for 40 % of a cycle, over and over."""
    stops = [(at, at + 0.4 * cycle) for at in np.arange(100.0, 300.0, cycle)]

    found = measure_periodicity(breathing(stops, [(0.0, 600.0)]))

    within = (found.times > 140) & (found.times < 260)
    assert np.all(found.index[within] > 0.6)
    assert np.all(np.abs(found.period[within] - cycle) <= 1.5)
    assert np.all(found.index[found.times > 360] == 0)
    assert 0.25 < found.share < 0.5


def test_a_single_apnea_is_not_periodic() -> None:
    found = measure_periodicity(breathing([(300.0, 320.0)], [(0.0, 600.0)]))

    assert np.nanmax(found.index) < 0.5


def test_what_was_not_searched_has_no_index() -> None:
    found = measure_periodicity(breathing([], [(0.0, 100.0), (200.0, 600.0)]))

    gone = (found.times > 125) & (found.times < 175)
    assert np.isnan(found.index[gone]).all()
    assert np.isfinite(found.index[found.times > 240]).any()
    nobody = measure_periodicity(breathing([], []))
    assert len(nobody.times) == 0
    assert np.isnan(nobody.share)

"""The clock of a device, from when messages came and the stamps of their last samples."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from joey.live.clocks import ROLLOVERS_NS, Course, DeviceClock, rollover_of
from joey.signals import NS
from live.messages import START


@given(st.lists(st.integers(0, 3 * NS), min_size=70, max_size=90), st.integers(-(10**15), 10**15))
def test_the_offset_is_the_quickest_of_the_last_minute(delays: list[int], apart: int) -> None:
    """Whatever the network adds, the least of a minute is what is told."""
    clock = DeviceClock()
    for k, delay in enumerate(delays):
        clock.take(START + k * NS + delay + apart, START + k * NS)

    assert clock.offset_ns is not None
    assert min(delays) <= clock.offset_ns - apart <= min(delays[-50:])


def test_drift_is_told_in_ppm() -> None:
    """A device that is fast by 200 ppm, with delays of up to 0.3 s."""
    clock = DeviceClock()
    for k in range(3600):
        device = START + k * NS + round(k * 2e-4 * NS)
        clock.take(START + k * NS + NS // 10 * (k % 4), device)

    assert clock.state.drift_ppm == pytest.approx(200, abs=5)
    assert math.isnan(DeviceClock().state.drift_ppm)


def test_a_roll_over_is_told_from_a_step() -> None:
    """32 bits of microseconds and of milliseconds; a step of an hour is neither."""
    assert [rollover_of(-each + NS) for each in ROLLOVERS_NS] == list(ROLLOVERS_NS)
    assert rollover_of(-3600 * NS) == 0
    assert rollover_of(ROLLOVERS_NS[0]) == 0


def test_a_step_back_is_a_step_after_ten_steady_seconds() -> None:
    """What comes again, or all at once, is none."""
    clock = DeviceClock()
    for k in range(100):
        clock.take(START + k * NS, START + k * NS)
    again = [clock.take(START + 100 * NS + k, START + k * NS) for k in range(60)]
    assert set(again) == {Course.STRAY}
    clock = DeviceClock()
    for k in range(100):
        clock.take(START + k * NS, START + k * NS)
    back = [clock.take(START + k * NS, START + (k - 3600) * NS) for k in range(100, 120)]
    assert back == [Course.STRAY] * 10 + [Course.STEPPED] + [Course.FOLLOWS] * 9
    assert clock.state.steps == 1
    assert clock.offset_ns == 3600 * NS


def test_the_offset_from_before_a_silence_holds_for_the_backlog() -> None:
    """Ten minutes were kept back: their first message does not make the clock ten minutes late."""
    clock = DeviceClock()
    for k in range(100):
        clock.take(START + k * NS, START + k * NS)
    for k in range(100, 700):
        course = clock.take(START + 700 * NS + k, START + k * NS)
        assert course is Course.FOLLOWS

    assert clock.offset_ns == 0

"""By how much later than it was measured a monitor's message came."""

from __future__ import annotations

import pytest

from joey.web.arrivals import Arrivals

NS = 1_000_000_000
NOW = 1_700_000_000 * NS
HOUR = 3600


def live(arrivals: Arrivals, start: int, seconds: int, slow: int = 0) -> None:
    """Let a monitor send as time goes by, its clock slow by so many seconds. [s after NOW]"""
    for k in range(start, start + seconds):
        arrivals.take(NOW + k * NS, NOW + (k - slow) * NS)


def kept_back(arrivals: Arrivals, come: int, start: int, stop: int, slow: int = 0) -> None:
    """Let what was measured from `start` to `stop` come at once. [s after NOW]"""
    for k, at in enumerate(range(start, stop, 10)):
        arrivals.take(NOW + come * NS + k * NS // 100, NOW + (at - slow) * NS)


@pytest.mark.parametrize("slow", [0, HOUR, -HOUR])
def test_what_was_kept_back_has_the_time_at_which_it_was_measured(slow: int) -> None:
    """On the host's clock, whatever the monitor's says."""
    arrivals = Arrivals()
    live(arrivals, 0, 20, slow)
    kept_back(arrivals, HOUR, 20, HOUR, slow)
    live(arrivals, HOUR + 4, 20, slow)
    for k in (0, 100, 200, 350):
        came = NOW + HOUR * NS + k * NS // 100
        assert abs(arrivals.measured_ns(came) - NOW - (20 + 10 * k) * NS) <= 35 * NS
    assert arrivals.measured_ns(NOW + 10 * NS) == NOW + 10 * NS
    at = NOW + (HOUR + 20) * NS
    assert abs(arrivals.measured_ns(at) - at) <= 5 * NS


def test_without_messages_as_time_goes_by_nothing_has_a_time() -> None:
    """How far the monitor's clock is off is not known."""
    arrivals = Arrivals()
    assert arrivals.measured_ns(NOW) == 0
    kept_back(arrivals, 0, -HOUR, 0)
    assert arrivals.measured_ns(NOW + NS) == 0
    live(arrivals, 4, 20)
    assert abs(arrivals.measured_ns(NOW + NS) - NOW + (HOUR - 1000) * NS) <= 35 * NS
    assert arrivals.measured_ns(NOW - NS) == 0  # before anything was heard


def test_what_came_before_a_leap_has_no_time() -> None:
    """A clock that was set, and one that goes on behind what was lost, look the same."""
    arrivals = Arrivals()
    live(arrivals, 0, 20, HOUR)
    assert arrivals.measured_ns(NOW + 10 * NS) == NOW + 10 * NS
    live(arrivals, 20, 20)
    assert arrivals.measured_ns(NOW + 10 * NS) == 0
    assert arrivals.measured_ns(NOW + 30 * NS) == NOW + 30 * NS


@pytest.mark.parametrize("slow", [0, HOUR, -HOUR])
def test_what_was_kept_back_comes_until_it_is_of_the_present(slow: int) -> None:
    """With the time at which it was measured, by the host's clock."""
    arrivals = Arrivals()
    live(arrivals, 0, 20, slow)
    assert arrivals.arriving(NOW + 20 * NS) is None
    kept_back(arrivals, HOUR, 20, HOUR // 2, slow)
    now = NOW + (HOUR + 3) * NS
    assert abs((arrivals.arriving(now) or 0) - NOW - HOUR // 2 * NS) <= 15 * NS
    assert arrivals.arriving(now + 15 * NS) is None  # it has ended
    kept_back(arrivals, HOUR + 18, HOUR // 2, HOUR, slow)
    assert arrivals.arriving(now + 18 * NS) is None  # it is of the present


def test_what_came_before_it_was_heard_is_laid_by_one_message_of_it() -> None:
    """Pages that are started in a backlog; not where a clock was set, and not before that one."""
    for slow in (0, HOUR):
        arrivals = Arrivals()
        live(arrivals, 0, 20, slow)
        came = NOW - 600 * NS
        assert arrivals.measured_ns(came) == 0
        assert arrivals.asks(came)
        arrivals.take_earlier(came, NOW + (-2400 - slow) * NS)
        assert abs(arrivals.measured_ns(came) - NOW + 2400 * NS) < NS
        assert not arrivals.asks(came)
        assert arrivals.measured_ns(came - 1) == 0
        assert arrivals.asks(came + NS)
        assert not arrivals.asks(NOW + 10 * NS)
        kept_back(arrivals, 21, 20 - HOUR, 20 - HOUR + 60, slow)
        live(arrivals, 24, 20, slow)
        assert arrivals.measured_ns(came) == 0
        arrivals.take_earlier(came, NOW - 2400 * NS)
        assert arrivals.measured_ns(came) == 0

"""Law 7: stale is shown as stale, and a lost signal is said to be lost, with the time."""

from __future__ import annotations

import math

import numpy as np
import pytest

from joey.live.board import Board, Lost
from joey.signals import NS, Channel
from live.messages import ECG, SPO2, START, message, numeric, wave

HOST = 3 * NS  # by which the host's clock is ahead
PRESSURE = Channel("nbp_mean", "mm[Hg]", source="mdc/NBP")


def board_after(seconds: int, **more: object) -> Board:
    """Return a board that has heard one message a second."""
    board = Board("NICU/4")
    for k in range(seconds):
        board.take(
            message([wave(START + k * NS, np.arange(250) + k)], [numeric(START + k * NS, 95.0)]),
            START + (k + 1) * NS + HOST,
        )
    del more
    return board


def at(seconds: float) -> int:
    """Return the host's time so long after the start, by the device's clock."""
    return START + round(seconds * NS) + HOST


@pytest.mark.parametrize(
    ("after", "state"), [(1.0, "live"), (2.5, "late"), (29.0, "late"), (31.0, "no data")]
)
def test_a_number_ages(after: float, state: str) -> None:
    """Two intervals after its stamp a number is late, after 30 s it is gone."""
    board = board_after(20)

    (number,) = board.view(at(19 + after)).numbers

    assert number.state == state
    assert number.age_s == pytest.approx(after, abs=0.1)
    assert math.isnan(number.value) == (state == "no data")
    assert number.time_ns == START + 19 * NS


def test_what_the_monitor_does_not_measure_is_invalid() -> None:
    """No value, status X and what cannot be: the number is gone, its last time is kept."""
    for row in (
        numeric(START + 20 * NS, math.nan),
        numeric(START + 20 * NS, 90.0, status="X"),
        numeric(START + 20 * NS, 300.0),
    ):
        board = board_after(20)
        board.take(message([], [row]), at(20.1))
        (number,) = board.view(at(20.2)).numbers
        assert (number.state, math.isnan(number.value)) == ("invalid", True)
        assert number.time_ns == START + 19 * NS


def test_a_slow_source_is_live_between_its_values() -> None:
    """A gateway that sends once a minute is late after two minutes and gone after three."""
    board = Board("NICU/4")
    for k in range(6):
        board.take(message([], [numeric(START + 60 * k * NS, 95.0)]), at(60 * k + 0.5))

    states = [board.view(at(300 + s)).numbers[0].state for s in (59, 119, 121, 181)]
    assert states == ["live", "live", "late", "no data"]


def test_a_cuff_is_shown_with_its_age() -> None:
    """What is measured once and repeated keeps the time of its measurement."""
    board = Board("NICU/4")
    for k in range(300):
        row = numeric(START, 41.0, channel=PRESSURE)
        row = type(row)(*(getattr(row, n) for n in row.__slots__[:-1]), aperiodic=True)
        board.take(message([], [row, numeric(START + k * NS, 95.0)]), at(k + 0.2))

    number = board.view(at(300)).numbers[0]
    assert (number.state, number.value) == ("live", 41.0)
    assert number.age_s == pytest.approx(300, abs=0.3)


def test_a_lost_lead_is_said_with_its_time_and_no_cause() -> None:
    """Samples that are not measured lose the ECG after 5 s, though messages go on."""
    board = board_after(20)
    for k in range(20, 30):
        board.take(message([wave(START + k * NS, np.zeros(250), runs=[])], []), at(k + 1))

    view = board.view(at(30))
    assert [(lost.quantity, lost.since_ns) for lost in view.lost] == [("ecg", at(20))]
    assert not view.link_lost
    assert Lost("ecg", "ECG", 0).words("14:02") == (
        "No ECG since 14:02. Look at the infant and the bedside monitor."
    )
    assert not board.view(at(24.9)).lost


def test_the_link_is_lost_after_five_seconds() -> None:
    """The age of the last message counts, not that of its values."""
    board = board_after(20)

    assert not board.view(at(24.9)).link_lost
    assert board.view(at(25.2)).link_lost


def test_strips_are_told_once_each_and_forgotten_after_twelve_seconds() -> None:
    """A cursor gives what is new; who begins gets what is kept."""
    board = board_after(60)
    cursor, strips = board.waves_since(0)

    assert (len(strips), cursor) == (12, 60)
    assert board.waves_since(cursor) == (cursor, ())
    assert strips[0].first == 48 * 250
    assert [s.cursor for s in board.waves_since(57)[1]] == [58, 59, 60]
    assert strips[0].counts.dtype == np.int16
    assert strips[0].channel == ECG


def test_a_message_kept_back_changes_nothing_on_the_screen() -> None:
    """A minute old number is no number of now, even where no newer one is."""
    board = board_after(100)
    before, cursor = board.view(at(100)), board.cursor
    board.take(message([wave(START + 9 * NS, np.ones(250))], [numeric(START, 60.0)]), at(100))

    after = board.view(at(100))
    assert after.numbers == before.numbers
    assert board.cursor == cursor


def test_a_clock_that_was_set_is_followed_after_ten_seconds() -> None:
    """An hour back: for ten seconds nothing is shown as new, then all is."""
    board = board_after(100)
    for k in range(100, 120):
        stamp = START + k * NS - 3600 * NS
        board.take(message([wave(stamp, np.arange(250))], [numeric(stamp, 88.0)]), at(k + 1))

    (number,) = board.view(at(120)).numbers
    assert (number.state, number.value) == ("live", 88.0)
    assert board.view(at(120)).offset_ns == HOST + 3601 * NS - NS


def test_a_view_changes_nothing() -> None:
    """The same question has the same answer, whatever was asked between."""
    board = board_after(20)
    first = board.view(at(20))
    board.view(at(4000))
    assert board.view(at(20)) == first


def test_simulated_is_said() -> None:
    """The flag of the messages is the flag of the screen."""
    board = Board("NICU/4")
    board.take(message([], [numeric(START, 95.0, channel=SPO2)], simulated=False), at(0))
    assert not board.view(at(0)).simulated
    board.take(message([], [numeric(START + NS, 95.0)], simulated=True), at(1))
    assert board.view(at(1)).simulated

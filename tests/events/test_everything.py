"""All presets on one recording, the evidence around events, and their annotations."""

import math

import numpy as np
import pytest

from joey.breaths import Breaths
from joey.events import (
    DEFAULT,
    PRESETS,
    annotations_of,
    confirm_bradycardia,
    find_all,
    find_in_series,
    measure_recovery,
)
from joey.quality import Quality, Verdict
from joey.signals import Channel, Series
from joey.spans import Span, Spans

HEART_RATE = Channel("heart_rate", "/min")
SPO2 = Channel("spo2", "%")
RESP = Channel("resp", "Ohm")


def series(channel: Channel, *runs: tuple[float, int]) -> Series:
    values = np.concatenate([np.full(seconds, float(value)) for value, seconds in runs])
    return Series(channel, np.arange(float(len(values))), values, np.ones(len(values)))


HEART = series(HEART_RATE, (150, 105), (80, 8), (150, 187))
OXYGEN = series(SPO2, (95, 115), (75, 20), (95, 165))
TIMES = np.concatenate((np.arange(0.0, 101.0), np.arange(112.0, 301.0)))
BREATHS = Breaths(RESP, TIMES, np.zeros(len(TIMES), np.uint8), Spans.of([(0.0, 300.0)]))


def test_one_spell_is_found_by_every_default_preset_it_meets() -> None:
    found = find_all(HEART, OXYGEN, BREATHS, source="numeric")
    counts = {events.preset.name: len(events.items) for events in found}
    assert tuple(counts) == DEFAULT
    assert counts == {
        "brady_uva": 1,
        "desat_uva": 1,
        "bd": 1,
        "central10": 1,
        "central20": 0,
        "abd": 1,
    }
    assert all(events.searched == Spans.of([(0.0, 300.0)]) for events in found)


def test_every_preset_can_be_asked_for() -> None:
    found = find_all(HEART, OXYGEN, BREATHS, source="numeric", presets=list(PRESETS))
    assert [events.preset for events in found] == list(PRESETS.values())


def test_a_pause_is_a_long_interval_between_two_beats() -> None:
    """1.8 s is one, 1.4 s is slow; pulses that go on make it doubtful; numerics know none."""
    rr = np.concatenate((np.full(50, 0.4), [1.8], np.full(50, 0.4), [1.4], np.full(50, 0.4)))
    starts = np.concatenate(([0.0], np.cumsum(rr)[:-1]))
    heart = Series(HEART_RATE, starts, 60 / rr, rr)
    pulse = Series(HEART_RATE, np.arange(0.0, 60.0, 0.4), np.full(150, 150.0), np.full(150, 0.4))

    (found,) = find_all(heart, None, None, source="beat", presets=["pause1500"])
    (denied,) = find_all(heart, None, None, source="beat", presets=["pause1500"], pulse=pulse)
    (none,) = find_all(heart, None, None, source="numeric", presets=["pause1500"])

    (event,) = found.items
    assert event.span.start == pytest.approx(20.0)
    assert event.time_below_s == pytest.approx(1.8)
    assert event.quality == "good"
    assert denied.items[0].quality.startswith("doubtful")
    assert none.items == ()
    assert "between two beats" in none.reason


def test_absent_inputs_give_a_reason_and_no_exposure() -> None:
    found = find_all(None, None, None, source="beat")
    assert [len(events.searched) for events in found] == [0] * len(DEFAULT)
    reasons = {events.preset.name: events.reason for events in found}
    assert reasons["brady_uva"] == "no heart rate in the recording"
    assert reasons["desat_uva"] == "no SpO2 in the recording"
    assert reasons["central10"] == "no breathing signal in the recording"
    assert reasons["bd"] == "no heart rate in the recording; no SpO2 in the recording"


def test_an_unknown_preset_is_refused() -> None:
    with pytest.raises(ValueError, match="no preset is named brady"):
        find_all(HEART, None, None, source="beat", presets=["brady"])


def judged(channel: Channel, *verdicts: Verdict) -> Quality:
    return Quality(channel, verdicts, Spans.of([(0.0, 300.0)]))


def test_bad_time_is_left_out_and_doubtful_time_is_marked() -> None:
    quality = {
        "spo2": judged(SPO2, Verdict(Span(0, 300), "bad", "frozen")),
        "heart_rate": judged(HEART_RATE, Verdict(Span(110, 111), "doubtful", "motion")),
    }
    brady, desat = find_all(
        HEART, OXYGEN, None, source="numeric", presets=["brady_uva", "desat_uva"], quality=quality
    )
    assert [event.quality for event in brady.items] == ["doubtful: motion"]
    assert desat.reason == "no SpO2 that can be trusted in the recording"


def test_pulses_that_do_not_fall_make_a_bradycardia_doubtful() -> None:
    """Denied, confirmed, and neither where there are no pulses; kept in all three."""
    brady = find_in_series(PRESETS["brady_uva"], HEART, source="beat")
    steady = series(HEART_RATE, (150, 300))
    late = series(HEART_RATE, (150, 106), (81, 8), (150, 186))
    absent = series(HEART_RATE, (150, 100), (math.nan, 20), (150, 180))
    qualities = [
        [event.quality for event in confirm_bradycardia(brady, pulse).items]
        for pulse in (steady, late, absent)
    ]
    assert qualities == [["doubtful: pleth pulses do not fall"], ["good"], ["good"]]


@pytest.mark.parametrize(("share", "denied"), [(0.5, True), (0.48, True), (0.42, False)])
def test_a_dicrotic_wave_counted_as_a_pulse_denies_no_bradycardia(
    share: float, denied: bool
) -> None:
    """At 60/min a wave at 0.42 of each beat makes pulses of 143 and 103 in turn."""
    heart = series(HEART_RATE, (150, 100), (60, 20), (150, 180))
    brady = find_in_series(PRESETS["brady_uva"], heart, source="beat")
    counted = [(60 / part, 1) for _ in range(10) for part in (share, 1 - share)]
    pulse = series(HEART_RATE, (150, 100), *counted, (150, 180))

    (event,) = confirm_bradycardia(brady, pulse).items
    assert event.quality.startswith("doubtful") is denied


@pytest.mark.parametrize(("lag", "denied"), [(-5, True), (-3, False), (3, False), (5, True)])
def test_pulses_may_fall_a_little_apart(lag: int, denied: bool) -> None:
    """Half of 4 s must fall within 2 s around."""
    heart = series(HEART_RATE, (150, 105), (80, 4), (150, 187))
    pulse = series(HEART_RATE, (150, 105 + lag), (80, 4), (150, 187))
    brady = find_in_series(PRESETS["brady_uva"], heart, source="beat")
    (event,) = confirm_bradycardia(brady, pulse).items
    assert event.quality.startswith("doubtful") is denied


def test_pulses_confirm_a_relative_bradycardia() -> None:
    heart = series(HEART_RATE, (180, 60), (110, 8), (180, 60))
    brady = find_in_series(PRESETS["brady_rel33"], heart, source="beat", baseline=180.0)
    steady = series(HEART_RATE, (180, 128))
    assert confirm_bradycardia(brady, steady).items[0].quality.startswith("doubtful")
    assert confirm_bradycardia(brady, heart).items[0].quality == "good"


def test_pulses_are_used_for_beats_only() -> None:
    steady = series(HEART_RATE, (150, 300))
    for source, quality in (("numeric", "good"), ("beat", "doubtful: pleth pulses do not fall")):
        (found,) = find_all(HEART, None, None, source=source, presets=["brady_uva"], pulse=steady)
        assert found.items[0].quality == quality


def test_recovery_to_threshold_and_to_baseline() -> None:
    """From the nadir: over after 5 s, within 5 % of 150 after 15 s; unknown across a gap."""
    heart = series(HEART_RATE, (150, 60), (90, 5), (70, 5), (120, 10), (143, 60))
    brady = find_in_series(PRESETS["brady_uva"], heart, source="beat")
    (recovery,) = measure_recovery(brady, heart, 150.0)
    assert (recovery.to_threshold_s, recovery.to_baseline_s) == (5.0, 15.0)
    lost = series(HEART_RATE, (150, 60), (90, 5), (70, 5), (math.nan, 10), (143, 60))
    brady = find_in_series(PRESETS["brady_uva"], lost, source="beat")
    (recovery,) = measure_recovery(brady, lost, 150.0)
    assert math.isnan(recovery.to_threshold_s)
    assert math.isnan(recovery.to_baseline_s)


def test_annotations_open_and_close_each_event_in_time_order() -> None:
    found = find_all(HEART, OXYGEN, None, source="numeric", presets=["desat_uva", "brady_uva"])
    times, symbols, aux = annotations_of(found)
    assert times.tolist() == [105.0, 113.0, 115.0, 135.0]
    assert set(symbols) == {'"'}
    assert aux == (
        "(brady_uva+join4+bridge4 8.0 s nadir 80 numeric",
        "brady_uva+join4+bridge4)",
        "(desat_uva+join10 20.0 s nadir 75 numeric",
        "desat_uva+join10)",
    )
    nothing, none, no_text = annotations_of([])
    assert (len(nothing), none, no_text) == (0, (), ())

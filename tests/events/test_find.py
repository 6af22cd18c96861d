"""Events of one signal: the edges of every definition, gaps, joining, doubt."""

import math
from dataclasses import replace

import numpy as np
import pytest

from joey.beats.intervals import Intervals
from joey.events import (
    PRESETS,
    PROLONGED,
    Event,
    Preset,
    counted,
    definition,
    find_in_series,
    heart_rate_pieces,
    severity,
    whole_intervals,
    without,
)
from joey.signals import Channel, Series
from joey.spans import EMPTY, Span, Spans

SPO2 = Channel("spo2", "%")
HEART_RATE = Channel("heart_rate", "/min")
DATED = 1_700_000_000.0


def numerics(*runs: tuple[float, int], start: float = 0.0) -> Series:
    """Return values at 1 Hz: each (value, seconds)."""
    values = np.concatenate([np.full(seconds, float(value)) for value, seconds in runs])
    return Series(SPO2, start + np.arange(len(values)), values, np.ones(len(values)))


def found(preset: Preset, series: Series, **more: float) -> tuple[Event, ...]:
    return find_in_series(preset, series, source="numeric", **more).items


def durations(preset: Preset, series: Series) -> list[float]:
    return [event.span.duration for event in found(preset, series)]


V8 = numerics((95, 30), (79, 6), (82, 4), (79, 6), (95, 30))


def test_v8_join_then_duration() -> None:
    """79 % for 6 s, 82 % for 4 s, 79 % for 6 s: one event of 16 s joined, none unjoined."""
    desat = PRESETS["desat_uva"]
    (event,) = found(desat, V8)
    assert event.span == Span(30.0, 46.0)
    assert (event.time_below_s, event.area, event.bridged_s) == (12.0, 12.0, 0.0)
    assert (event.nadir, event.nadir_time) == (79.0, 30.0)
    assert (event.kind, event.source, event.quality) == ("desaturation", "numeric", "good")
    assert not event.truncated
    assert desat.printed == "desat_uva+join10"
    assert durations(replace(desat, join=0.0), V8) == []


# Preset, value at the limit, whether it counts there, shortest duration that counts (at 1 Hz).
EDGES = [
    ("brady_uva", 100, False, 4),
    ("brady_abd", 100, False, 2),
    ("brady_lorenz", 80, False, 6),
    ("brady_pics", 100, False, 2),
    ("brady_infantsling", 100, False, 1),
    ("desat_uva", 80, False, 10),
    ("desat_abd", 80, False, 1),
    ("desat_lorenz", 80, False, 6),
    ("desat_bohnhorst", 80, True, 4),
    ("desat_heimann", 85, False, 1),
    ("desat_cot", 80, False, 10),
    ("desat_cot60", 80, False, 60),
    ("ih_difiore", 80, True, 10),
    ("ih90_10", 90, False, 11),
    ("ih80_10", 80, False, 11),
    ("tachy180", 180, False, 60),
    ("pause1500", 40, False, 1),
]


@pytest.mark.parametrize("start", [0.0, DATED])
@pytest.mark.parametrize(("name", "limit", "inclusive", "shortest"), EDGES)
def test_edges_of_each_preset(
    name: str, limit: int, inclusive: bool, shortest: int, start: float
) -> None:
    preset = PRESETS[name]
    usual, beyond = (limit - 20, limit + 1) if preset.above else (limit + 15, limit - 1)

    def dip(value: float, seconds: int) -> Series:
        return numerics((usual, 100), (value, seconds), (usual, 100), start=start)

    assert durations(preset, dip(beyond, shortest)) == [shortest]
    assert durations(preset, dip(beyond, shortest - 1)) == []
    assert durations(preset, dip(limit, shortest)) == ([shortest] if inclusive else [])


def test_every_preset_on_one_signal_has_its_edges_tested() -> None:
    relative = {"brady_rel33", "ih_rel5"}
    one_signal = {
        name
        for name, preset in PRESETS.items()
        if not preset.parts and preset.kind not in {"apnea", "periodic_breathing"}
    }
    assert {name for name, *_ in EDGES} | relative == one_signal


def test_ih_difiore_shows_what_is_longer_as_prolonged() -> None:
    """180 s counts; 181 s is shown as prolonged and does not count."""
    series = numerics((95, 30), (80, 180), (95, 30), (80, 181), (95, 30))
    events = find_in_series(PRESETS["ih_difiore"], series, source="numeric")
    assert [event.kind for event in events.items] == ["intermittent_hypoxemia", PROLONGED]
    assert [event.span.duration for event in counted(events)] == [180.0]


def test_joining_asks_for_less_than_the_gap() -> None:
    """Recovery of 9 s joins at 10 s, recovery of 10 s does not, on dated times too."""
    for start in (0.0, DATED + 0.1):
        nine = numerics((95, 30), (79, 6), (82, 9), (79, 6), (95, 30), start=start)
        ten = numerics((95, 30), (79, 16), (82, 10), (79, 16), (95, 30), start=start)
        assert durations(PRESETS["desat_uva"], nine) == pytest.approx([21.0], abs=1e-6)
        assert durations(PRESETS["desat_uva"], ten) == pytest.approx([16.0, 16.0], abs=1e-6)


def test_missing_time_ends_a_run_and_truncates() -> None:
    """A gap of 2 s splits a fall in two, both cut; nothing is joined across it."""
    series = numerics((95, 30), (70, 12), (math.nan, 2), (70, 11), (95, 30))
    events = found(PRESETS["desat_uva"], series)
    assert [(event.span.duration, event.truncated) for event in events] == [
        (12.0, True),
        (11.0, True),
    ]
    searched = find_in_series(PRESETS["desat_uva"], series, source="numeric").searched
    assert searched == Spans.of([(0.0, 42.0), (44.0, 85.0)])


def test_bridged_time_is_kept_and_is_not_valid() -> None:
    preset = replace(PRESETS["desat_uva"], bridge=5.0)
    assert preset.printed == "desat_uva+join10+bridge5"
    at_most = numerics((95, 30), (70, 12), (math.nan, 5), (70, 11), (95, 30))
    (event,) = found(preset, at_most)
    assert (event.span.duration, event.time_below_s, event.bridged_s) == (28.0, 23.0, 5.0)
    assert not event.truncated
    searched = find_in_series(preset, at_most, source="numeric").searched
    assert searched == Spans.of([(0, 42), (47, 88)])
    longer = numerics((95, 30), (70, 12), (math.nan, 6), (70, 11), (95, 30))
    assert [event.truncated for event in found(preset, longer)] == [True, True]


@pytest.mark.parametrize("start", [0.0, DATED])
def test_a_short_bad_span_does_not_make_two_bradycardias_of_one(start: float) -> None:
    """Up to the joining gap, as whatever it hid could not part them; no hidden time is claimed."""
    rr = np.concatenate((np.full(150, 0.4), np.full(16, 0.75), np.full(150, 0.4)))
    heart = Series(HEART_RATE, start + np.cumsum(rr) - rr, 60 / rr, rr)

    def told(first: float, last: float) -> list[tuple[float, float, float, bool]]:
        bad = Spans.of([(start + first, start + last)])
        events = find_in_series(PRESETS["brady_uva"], heart, source="beat", distrusted=bad).items
        return [
            (
                round(each.span.duration, 2),
                round(each.time_below_s, 2),
                each.bridged_s,
                each.truncated,
            )
            for each in events
        ]

    assert told(65.0, 66.0) == [(12.0, 11.0, 1.0, False)]
    assert told(64.0, 68.0) == [(12.0, 8.0, 4.0, False)]
    assert told(64.0, 68.5) == [(4.0, 4.0, 0.0, True)]  # and 3.5 s are too short alone
    # Nothing is bridged to a rate that is not low, or to nothing.
    assert told(63.0, 75.0) == []
    assert told(69.0, 73.0) == [(9.0, 9.0, 0.0, True)]


def test_a_bridge_past_five_seconds_is_refused() -> None:
    with pytest.raises(ValueError, match="bridge is 0 to 5"):
        replace(PRESETS["desat_uva"], bridge=6.0)


def test_the_edges_of_the_record_truncate() -> None:
    series = numerics((70, 12), (95, 60), (70, 12))
    assert [event.truncated for event in found(PRESETS["desat_uva"], series)] == [True, True]


def test_steep_steps_make_doubtful_and_drop_nothing() -> None:
    """20 % in a second is believed, 21 % is doubtful, wherever in the event the step is."""
    desat = PRESETS["desat_uva"]
    believed = numerics((95, 30), (75, 12), (95, 30))
    into = numerics((96, 30), (75, 12), (90, 30))
    out_of = numerics((90, 30), (75, 12), (96, 30))
    inside = numerics((90, 30), (78, 6), (57, 6), (76, 6), (90, 30))
    qualities = [found(desat, each)[0].quality for each in (believed, into, out_of, inside)]
    assert [quality.split(":")[0] for quality in qualities] == ["good"] + ["doubtful"] * 3


def test_a_step_across_a_gap_is_no_step() -> None:
    series = numerics((99, 30), (math.nan, 1), (70, 12), (math.nan, 1), (99, 30))
    assert found(PRESETS["desat_uva"], series)[0].quality == "good"


def test_rounding_of_dated_times_opens_no_gap() -> None:
    """Samples at 125 Hz and a tenth of a second, in UTC: one searched span, no cut."""
    times = DATED + 0.1 + np.arange(12_500) * 0.008
    values = np.where((np.arange(12_500) > 4000) & (np.arange(12_500) <= 6000), 75.0, 82.0)
    series = Series(SPO2, times, values, np.full(12_500, 0.008))
    assert np.any(series.ends[:-1] < times[1:])  # the rounding that is meant
    events = find_in_series(PRESETS["desat_uva"], series, source="numeric")
    (event,) = events.items
    assert event.span.duration == pytest.approx(16.0, abs=1e-6)
    assert not event.truncated
    assert len(events.searched) == 1


def test_rounding_of_scaled_counts_moves_no_threshold() -> None:
    """80 % that came out a rounding error off is 80 %."""
    for error in (-1e-13, 1e-13):
        series = numerics((95, 30), (80 + error, 12), (95, 30))
        assert found(PRESETS["desat_uva"], series) == ()
        assert len(found(PRESETS["desat_bohnhorst"], series)) == 1


def test_a_quantum_of_a_fast_series_is_no_steep_step() -> None:
    """At 62.5 Hz a fall of 1 % within a sample is 62 %/s by name only."""
    times = np.arange(0, 60, 0.016)
    values = np.round(np.interp(times, [0, 18, 22, 38, 42, 60], [95, 95, 75, 75, 95, 95]))
    (event,) = found(PRESETS["desat_uva"], Series(SPO2, times, values, np.full(len(times), 0.016)))
    assert event.quality == "good"


def test_attributes_of_an_irregular_fall() -> None:
    """Area and time below weigh each value with how long it stood."""
    times = np.array([0.0, 10.0, 12.0, 15.0, 23.0])
    values = np.array([90.0, 78.0, 70.0, 76.0, 90.0])
    series = Series(SPO2, times, values, np.array([10.0, 60.0, 60.0, 8.0, 5.0]))
    (event,) = found(PRESETS["desat_uva"], series)
    assert event.span == Span(10.0, 23.0)
    assert event.area == 2 * 2 + 3 * 10 + 8 * 4
    assert (event.nadir, event.nadir_time) == (70.0, 12.0)


def intervals(rr: list[float], start: float = 0.0) -> Intervals:
    """Return intervals [ms] one after the other; NaN jumps a second without a beat."""
    steps = np.where(np.isnan(rr), 1000.0, rr)
    times = start + np.concatenate(([0.0], np.cumsum(steps)[:-1])) / 1e3
    good = np.isfinite(rr)
    kept = np.asarray(rr)[good]
    return Intervals(
        Channel("ecg", "mV", lead="II"), times[good], kept, kept, kept > 1e9, EMPTY, 4.0
    )


@pytest.mark.parametrize("start", [0.0, DATED + 0.1])
def test_an_interval_of_600_ms_is_no_bradycardia(start: float) -> None:
    """Two beats at exactly 100 /min do not count; two a sample slower do; one alone does not."""
    pics = PRESETS["brady_pics"]
    exactly = heart_rate_pieces(intervals([400.0] * 9 + [600.0] * 2 + [400.0] * 9, start))
    slower = heart_rate_pieces(intervals([400.0] * 9 + [604.0] * 2 + [400.0] * 9, start))
    alone = heart_rate_pieces(intervals([400.0] * 9 + [604.0] + [400.0] * 9, start))
    assert exactly.channel.quantity == "heart_rate"
    assert durations(pics, exactly) == []
    assert durations(pics, alone) == []
    (event,) = found(pics, slower)
    assert event.span.duration == pytest.approx(1.208, abs=1e-6)
    assert event.nadir == pytest.approx(60_000 / 604)


def test_no_bradycardia_across_a_gap_in_the_beats() -> None:
    """A slow beat on each side of a gap are not two beats."""
    series = heart_rate_pieces(intervals([400.0] * 5 + [700.0, math.nan, 700.0] + [400.0] * 5))
    assert durations(PRESETS["brady_pics"], series) == []


def test_brady_rel33_given_a_baseline() -> None:
    """Below two thirds of 150 is below 100; of 120 below 80."""
    rel = PRESETS["brady_rel33"]
    series = numerics((150, 60), (90, 6), (150, 60))
    assert len(found(rel, series, baseline=150.0)) == 1
    assert found(rel, series, baseline=120.0) == ()


def test_brady_rel33_trails_an_hour_of_minutes() -> None:
    """The same fall counts after an hour at 150 and not after an hour at 120."""
    rel = PRESETS["brady_rel33"]
    quick = numerics((150, 3600), (90, 6), (150, 60))
    slow = numerics((120, 3600), (90, 6), (120, 60))
    assert len(found(rel, quick)) == 1
    assert found(rel, slow) == ()
    # Ten of sixty minutes are the least: before that nothing is searched.
    searched = find_in_series(rel, quick, source="numeric").searched
    assert searched.bounds.tolist() == [[600.0, 3666.0]]


def test_brady_rel33_baseline_is_the_median_of_minutes() -> None:
    """Of 60 minutes at 120 and 180, the median of the minutes decides: 31 of 60 at 180."""
    rel = PRESETS["brady_rel33"]
    mostly_180 = numerics((120, 29 * 60), (180, 31 * 60), (119, 6), (180, 60))
    mostly_120 = numerics((120, 31 * 60), (180, 29 * 60), (119, 6), (180, 60))
    assert len(found(rel, mostly_180)) == 1
    assert found(rel, mostly_120) == ()


def test_brady_rel33_forgets_after_an_hour() -> None:
    """Minutes 1 to 60 count, half at 180, half at 120: below 100. Minute 0 does not."""
    rel = PRESETS["brady_rel33"]
    series = numerics((180, 31 * 60), (120, 30 * 60), (110, 6), (120, 54))
    assert found(rel, series) == ()
    assert len(found(rel, numerics((180, 31 * 60), (120, 30 * 60), (99, 6), (120, 54)))) == 1


def test_ih_rel5_edges() -> None:
    """A fall of exactly 5 below the mean of 90 s before, to below 90, for 5 s."""
    rel = PRESETS["ih_rel5"]
    assert durations(rel, numerics((92, 100), (87, 5), (92, 60))) == [5.0]
    assert durations(rel, numerics((92, 100), (88, 5), (92, 60))) == []
    assert durations(rel, numerics((92, 100), (87, 4), (92, 60))) == []
    assert durations(rel, numerics((97, 100), (91, 9), (97, 60))) == []
    assert durations(rel, numerics((97, 100), (90, 9), (97, 60))) == []
    # The mean, not the value before: 45 s at 98 and 45 s at 90 are 94.
    assert durations(rel, numerics((98, 45), (90, 45), (89, 9), (95, 60))) == [9.0]


def test_ih_rel5_holds_a_long_low_saturation_against_ten_minutes_ago() -> None:
    """At 88 % for half an hour the usual is 88: a fall to 83 counts, one to 84 does not."""
    rel = PRESETS["ih_rel5"]
    low = ((95, 100), (88, 1800))
    assert durations(rel, numerics(*low, (83, 10), (88, 60)))[-1] == 10.0
    before = durations(rel, numerics(*low, (84, 10), (88, 60)))
    # Against the 95 before, 88 is low until ten minutes are over and the mean is below 93.
    assert len(before) == 1
    assert 600 < before[0] < 690
    assert durations(rel, numerics(*low, (88, 10), (88, 60))) == before


def test_ih_rel5_without_a_baseline_says_nothing() -> None:
    """Low from the first value on: not searched. High: searched, whatever the baseline."""
    rel = PRESETS["ih_rel5"]
    low = find_in_series(rel, numerics((80, 30), (95, 60)), source="numeric")
    assert low.searched == Spans.of([(30.0, 90.0)])
    assert low.items == ()
    for heard, fewer in ((45, 1), (44, 0)):
        fall = numerics((95, heard), (80, 10), (95, 60))
        assert len(found(rel, fall)) == fewer


def test_without_cuts_pieces_at_bad_time() -> None:
    series = Series(
        SPO2, np.array([0.0, 10.0, 20.0]), np.array([90.0, 91.0, 92.0]), np.full(3, 10.0)
    )
    left = without(series, Spans.of([(2.0, 4.0), (6.0, 10.0), (15.0, 20.0), (29.0, 40.0)]))
    assert left.times.tolist() == [0.0, 4.0, 10.0, 20.0]
    assert left.ends.tolist() == [2.0, 6.0, 15.0, 29.0]
    assert left.values.tolist() == [90.0, 90.0, 91.0, 92.0]


def test_what_is_left_of_a_cut_interval_is_no_rate() -> None:
    """Of beats 0.4 s apart and one interval of 1.1 s, whose first beat is in bad time."""
    times = DATED + np.array([0.0, 0.4, 0.8, 1.9, 2.3, 2.7])
    rr = 1000 * np.diff(times)
    beats = Intervals(
        Channel("beats", "ms"), times[:-1], rr, rr, np.zeros(5, bool),
        Spans.of([(DATED, DATED + 2.7)]), 0.0,
    )  # fmt: skip
    left = without(heart_rate_pieces(beats), Spans.of([(DATED + 0.5, DATED + 1.0)]))

    assert np.rint(left.values).tolist() == [150, 150, 55, 150, 150]
    whole = whole_intervals(left)
    assert np.rint(whole.values).tolist() == [150, 150, 150]
    np.testing.assert_allclose(whole.times - DATED, [0.0, 1.9, 2.3], atol=1e-6)


def test_distrusted_time_is_not_searched_and_truncates() -> None:
    series = numerics((95, 30), (70, 30), (95, 30))
    events = find_in_series(
        PRESETS["desat_uva"], series, source="numeric", distrusted=Spans.of([(40.0, 45.0)])
    )
    assert [(e.span.start, e.span.end, e.truncated) for e in events.items] == [
        (30.0, 40.0, True),
        (45.0, 60.0, True),
    ]
    assert events.searched == Spans.of([(0.0, 40.0), (45.0, 90.0)])


def test_an_empty_series_has_a_reason() -> None:
    nothing = Series(SPO2, np.empty(0), np.empty(0), np.empty(0))
    events = find_in_series(PRESETS["desat_uva"], nothing, source="numeric")
    assert (events.items, len(events.searched)) == ((), 0)
    assert events.reason == "no SpO2 in the recording"


def test_a_combination_is_no_threshold() -> None:
    with pytest.raises(ValueError, match="abd is a combination"):
        find_in_series(PRESETS["abd"], V8, source="numeric")


@pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda p: p.name)
def test_every_definition_says_its_numbers_and_source(preset: Preset) -> None:
    words = definition(preset)
    assert words.startswith(f"{preset.printed}: ")
    assert preset.source in words
    if preset.at_least:
        assert f"{preset.at_least:g} s" in words
    if preset.join:
        assert f"{preset.join:g} s" in words
    # A joining rule was never published: each preset that joins says whose it is.
    if preset.join:
        assert "Joey default" in preset.source


def test_severity_by_nadir() -> None:
    nadirs = [100.0, 99.9, 80.0, 79.9, 60.0, 59.9, math.nan]
    assert [severity(nadir) for nadir in nadirs] == [
        "",
        "mild",
        "mild",
        "moderate",
        "moderate",
        "severe",
        "",
    ]

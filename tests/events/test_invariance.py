"""Whatever the cut, the same events; and they are those of the definition read tick by tick."""

from dataclasses import asdict, replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.oracle import TICK, slow_events
from joey.events import (
    PRESETS,
    EventDetector,
    Events,
    Preset,
    events_of,
    find_in_series,
    find_stretches,
    join_stretches,
    together,
)
from joey.events.limits import LOOKBACK_S, Limits
from joey.events.pieces import Pieces
from joey.signals import Channel, Series
from joey.spans import Span, Spans

SPO2 = Channel("spo2", "%")


@st.composite
def irregular(draw: st.DrawFn) -> Series:
    """Values around 80 with gaps, NaN and pieces the next stamp cuts, on a half-second grid."""
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    n = draw(st.integers(0, 80))
    steps = rng.choice([1, 1, 1, 2, 3, 8, 14], n)
    times = np.cumsum(steps) * TICK + draw(st.sampled_from([0.0, 1.7e9]))
    values = rng.choice([70.0, 79.0, 79.0, 80.0, 81.0, 95.0, np.nan], n)
    return Series(SPO2, times, values, rng.choice([0.5, 1.0, 2.0, 4.0], n))


PLAIN = st.builds(
    Preset,
    name=st.just("drawn"),
    kind=st.just("desaturation"),
    below=st.just(80.0),
    inclusive=st.booleans(),
    at_least=st.sampled_from([0.0, 1.0, 2.0, 4.0]),
    over=st.booleans(),
    join=st.sampled_from([0.0, 0.5, 1.0, 2.0, 6.0]),
    bridge=st.sampled_from([0.0, 0.5, 1.0, 3.0]),
    steepest=st.sampled_from([12.0, float("inf")]),
    values=st.sampled_from([1, 2, 3]),
)


def facts(found: Events) -> tuple[object, ...]:
    return (
        *(repr(asdict(event)) for event in found.items),
        found.searched.bounds.tolist(),
    )


@given(series=irregular(), preset=PLAIN)
@settings(max_examples=100, deadline=None)
def test_engine_agrees_with_the_definition_read_tick_by_tick(
    series: Series, preset: Preset
) -> None:
    origin = float(series.times[0]) if len(series.times) else 0.0
    n = round((float(series.ends[-1]) - origin) / TICK) if len(series.times) else 0
    ticks: list[float | None] = [None] * n
    fresh = [False] * n
    for time, end, value in zip(series.times, series.ends, series.values, strict=True):
        lo, hi = round((time - origin) / TICK), round((end - origin) / TICK)
        ticks[lo:hi] = [None if np.isnan(value) else float(value)] * (hi - lo)
        fresh[lo] = True
    expected = slow_events(
        ticks,
        fresh,
        [preset.below] * n,
        inclusive=preset.inclusive,
        at_least=preset.at_least,
        over=preset.over,
        join=preset.join,
        bridge=preset.bridge,
        values=preset.values,
    )
    found = find_in_series(preset, series, source="numeric")
    told = [
        (
            event.span.start - origin,
            event.span.end - origin,
            event.nadir,
            event.nadir_time - origin,
            event.area,
            event.time_below_s,
            event.bridged_s,
            event.truncated,
        )
        for event in found.items
    ]
    assert told == [
        (e.start, e.end, e.nadir, e.nadir_time, e.area, e.below, e.missing, e.truncated)
        for e in expected
    ]
    measured = sum(TICK for value in ticks if value is not None)
    assert sum(span.duration for span in found.searched) == measured


RELATIVE = [
    PRESETS["brady_rel33"],
    PRESETS["ih_rel5"],
    PRESETS["desat_uva"],
    PRESETS["brady_pics"],
    replace(PRESETS["tachy180"], below=155.0, at_least=10.0),
]


def chunked(preset: Preset, series: Series, cuts: list[int], rng: np.random.Generator) -> Events:
    detector = EventDetector(preset)
    parts = []
    for lo, hi in zip([0, *cuts], [*cuts, len(series.times)], strict=True):
        chunk = Series(
            series.channel,
            series.times[lo:hi],
            series.values[lo:hi],
            series.valid_s[lo:hi],
        )
        # The watermark lies anywhere up to the next stamp.
        after = series.times[hi] if hi < len(series.times) else series.ends[-1] if hi else 0.0
        before = series.times[hi - 1] if hi else after - 1
        upto = {"pieces": float(before + rng.choice([0.0, 0.3, 1.0]) * (after - before))}
        if lo == hi:
            parts.append(detector.update({}, upto))
        else:
            parts.append(detector.update({"pieces": chunk}, upto))
        if rng.random() < 0.3:
            parts.append(detector.update({}, {"pieces": float(after)}))
    return together([*parts, detector.finish()])


@given(series=irregular(), preset=PLAIN, seed=st.integers(0, 10**6))
@settings(max_examples=100, deadline=None)
def test_any_chunking_tells_the_same(series: Series, preset: Preset, seed: int) -> None:
    rng = np.random.default_rng(seed)
    cuts = sorted(int(c) for c in rng.integers(0, len(series.times) + 1, rng.integers(0, 12)))
    whole = find_in_series(preset, series, source="numeric")
    assert facts(chunked(preset, series, cuts, rng)) == facts(whole)


@given(series=irregular(), preset=PLAIN, seed=st.integers(0, 10**6))
@settings(max_examples=100, deadline=None)
def test_parts_joined_in_any_order_are_the_whole(series: Series, preset: Preset, seed: int) -> None:
    rng = np.random.default_rng(seed)
    cuts = sorted(int(c) for c in rng.integers(0, len(series.times) + 1, 4))
    parts = [
        find_stretches(
            Series(
                series.channel,
                series.times[lo:hi],
                series.values[lo:hi],
                series.valid_s[lo:hi],
            ),
            preset,
        )
        for lo, hi in zip([0, *cuts], [*cuts, len(series.times)], strict=True)
    ]
    while len(parts) > 1:
        at = int(rng.integers(len(parts) - 1))
        parts[at : at + 2] = [join_stretches(parts[at], parts[at + 1])]
    whole = find_in_series(preset, series, source="numeric")
    assert facts(events_of(parts[0])) == facts(whole)


def long_series(quantity: str, seed: int) -> Series:
    """Two hours at 1 Hz (or irregular) with dips, gaps and drift."""
    rng = np.random.default_rng(seed)
    n = 7_200
    usual = {"heart_rate": 150.0, "spo2": 93.0}[quantity]
    values = usual + np.cumsum(rng.normal(0, 0.03 * usual / 93, n))
    for at in rng.integers(0, n - 60, 40):
        values[at : at + rng.integers(2, 50)] *= rng.uniform(0.5, 1.25)
    keep = rng.random(n) > 0.02
    for at in rng.integers(0, n, 5):
        keep[at : at + 90] = False
    times = 1_700_000_013.0 + np.arange(n) + rng.uniform(0, 0.4, n)
    valid = np.full(n, 1.5)
    return Series(Channel(quantity), times[keep], np.round(values[keep]), valid[keep])


@pytest.mark.parametrize("preset", RELATIVE, ids=lambda p: p.name)
@pytest.mark.parametrize("seed", [1, 2])
def test_relative_and_other_presets_are_the_same_whatever_the_cut(
    preset: Preset, seed: int
) -> None:
    quantity = "spo2" if preset.name in {"ih_rel5", "desat_uva"} else "heart_rate"
    series = long_series(quantity, seed)
    whole = find_in_series(preset, series, source="numeric")
    assert len(whole.items) >= 5
    rng = np.random.default_rng(seed)
    cuts = sorted(int(c) for c in rng.integers(0, len(series.times) + 1, 150))
    assert facts(chunked(preset, series, cuts, rng)) == facts(whole)
    start, mid, end = series.times[0], float(rng.choice(series.times)), series.ends[-1]
    parts = []
    for lo, hi in ((start, mid), (mid, end)):
        heard = (series.times >= lo - LOOKBACK_S) & (series.times < hi)
        part = Series(
            series.channel,
            series.times[heard],
            series.values[heard],
            series.valid_s[heard],
        )
        parts.append(find_stretches(part, preset, since=lo))
    assert facts(events_of(join_stretches(*parts))) == facts(whole)


@pytest.mark.parametrize(
    "preset", [PRESETS["brady_rel33"], PRESETS["ih_rel5"]], ids=lambda p: p.name
)
def test_thresholds_are_the_same_whatever_the_cut(preset: Preset) -> None:
    """Hours around the threshold, once low for longer than the baseline looks back."""
    rng = np.random.default_rng(8)
    n = 10_800
    values = 90 + 4 * np.sin(np.arange(n) / 400) + rng.integers(-3, 4, n)
    values[rng.random(n) < 0.02] = np.nan
    steps = rng.choice([0.5, 1.0, 1.0, 30.0], n, p=[0.3, 0.4, 0.29, 0.01])
    values[4000:5500] = rng.integers(84, 90, 1500)  # low without a break for 25 minutes
    steps[4000:5501] = 1.0
    times = 1_700_000_013.5 + np.cumsum(steps)
    pieces = Pieces.of(Series(SPO2, times, values, np.full(n, 1.0)))
    whole = Limits(preset).take(pieces)
    assert len(np.unique(whole[np.isfinite(whole)])) > 100
    cuts = [0, *np.sort(rng.integers(0, n, 200)), n]
    limits = Limits(preset)
    parts = [limits.take(pieces.part(int(lo), int(hi))) for lo, hi in pairwise(cuts)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    # And from any point on, with no more of the past than is promised to be enough.
    for start in rng.integers(0, n, 5):
        first = int(np.searchsorted(times, times[start] - LOOKBACK_S))
        later = Limits(preset).take(pieces.part(first, n))[start - first :]
        np.testing.assert_array_equal(later, whole[start:])


def test_memory_stays_bounded_through_a_day() -> None:
    """An event that never ends and flickers, and an hour's baseline, keep little."""
    detector = EventDetector(PRESETS["desat_uva"])
    relative = EventDetector(PRESETS["brady_rel33"])
    falling = EventDetector(PRESETS["ih_rel5"])
    for minute in range(200):
        times = minute * 60.0 + np.arange(60.0)
        low = np.where(np.arange(60) % 3 == 0, 82.0, 78.0)
        chunk = Series(SPO2, times, low, np.ones(60))
        upto = {"pieces": float(times[-1] + 1)}
        for each in (detector, relative, falling):
            each.update({"pieces": chunk}, upto)
    assert len(detector._rows) <= 4
    assert len(relative._limits._minutes) <= 61
    assert relative._limits._past.shape[1] <= 60
    assert falling._limits._past.shape[1] <= 800
    (only,) = detector.finish().items
    assert only.span == Span(1.0, 12_000.0)


def test_searched_is_what_was_held_against_a_threshold() -> None:
    """Without a baseline nothing was searched, and the reason says so."""
    series = Series(Channel("heart_rate"), np.arange(300.0), np.full(300, 150.0), np.ones(300))
    found = find_in_series(PRESETS["brady_rel33"], series, source="numeric")
    assert found.items == ()
    assert found.searched == Spans.of([])
    assert found.reason == "no baseline for heart rate in the recording"
    given_one = find_in_series(PRESETS["brady_rel33"], series, source="numeric", baseline=150.0)
    assert given_one.searched == Spans.of([(0.0, 300.0)])

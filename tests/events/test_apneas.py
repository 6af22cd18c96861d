"""Central apnea and periodic breathing: edges, joining, unsearched time, any chunking."""

from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from joey.breaths import Breaths
from joey.events import (
    PRESETS,
    ApneaDetector,
    Events,
    Preset,
    find_apneas,
    find_periodic_breathing,
    together,
)
from joey.signals import Channel
from joey.spans import EMPTY, Span, Spans, intersect, total

RESP = Channel("resp", "Ohm")


def breaths(*times: float, searched: list[tuple[float, float]] | None = None) -> Breaths:
    stamps = np.array(times, dtype=np.float64)
    spans = Spans.of([(0.0, 1000.0)]) if searched is None else Spans.of(searched)
    return Breaths(RESP, stamps, np.zeros(len(stamps), np.uint8), spans)


def breathing(*pauses: float, searched: list[tuple[float, float]] | None = None) -> Breaths:
    """Return breaths 1 s apart for 20 s, then each pause followed by 20 s of breathing."""
    times = list(np.arange(0.0, 21.0))
    for pause in pauses:
        times += list(times[-1] + pause + np.arange(0.0, 21.0))
    return breaths(*times, searched=[(0.0, times[-1])] if searched is None else searched)


def lasts(found: Events) -> list[float]:
    return [event.span.duration for event in found.items]


@pytest.mark.parametrize(("name", "shortest"), [("central10", 10), ("central15", 15)])
def test_apnea_counts_from_its_shortest_duration(name: str, shortest: int) -> None:
    found = find_apneas(breathing(shortest - 0.125, shortest, shortest + 5), PRESETS[name])
    assert lasts(found) == [shortest, shortest + 5]
    assert {event.source for event in found.items} == {"breath"}
    assert all(np.isnan(event.nadir) for event in found.items)


def test_degrees_nest() -> None:
    found = breathing(12.0, 17.0, 25.0, 30.0)
    counts = [len(find_apneas(found, PRESETS[f"central{n}"]).items) for n in (10, 15, 20, 30)]
    assert counts == [4, 3, 2, 1]


def test_pauses_are_joined_before_durations_are_looked_at() -> None:
    """8 s and 6 s of pause with breaths over 2 s between: one apnea; over 3 s: none."""
    central = PRESETS["central10"]
    near = breaths(0, 1, 9, 10, 11, 17, 18, searched=[(0, 18)])
    far = breaths(0, 1, 9, 10, 11, 12, 18, 19, searched=[(0, 19)])
    (event,) = find_apneas(near, central).items
    assert (event.span.duration, event.time_below_s) == (16.0, 14.0)
    assert find_apneas(far, central).items == ()
    assert find_apneas(near, replace(central, join=0.0)).items == ()


def test_one_breath_ends_an_unjoined_pause() -> None:
    one_breath = breaths(0, 1, 9, 17, 18, searched=[(0, 18)])
    central = PRESETS["central10"]
    assert lasts(find_apneas(one_breath, central)) == [16.0]
    assert find_apneas(one_breath, replace(central, join=0.0)).items == ()


def test_unsearched_time_is_never_bridged() -> None:
    """Two breaths 20 s apart with a gap between are no apnea of 20 s."""
    gap = breaths(0, 1, 2, 22, 23, searched=[(0, 8), (13, 24)])
    assert find_apneas(gap, PRESETS["central10"]).items == ()


def test_a_pause_cut_by_an_end_of_the_search_is_truncated() -> None:
    """It lasted at least that long; a breath in the span shows that breaths would be seen."""
    cut = breaths(15, 16, 17, 18, 19, searched=[(0, 32)])
    before, after = find_apneas(cut, PRESETS["central10"]).items
    assert (before.span.start, before.span.end, before.truncated) == (0.0, 15.0, True)
    assert (after.span.start, after.span.end, after.truncated) == (19.0, 32.0, True)


def test_a_pause_lasts_from_the_end_of_a_breath_to_the_start_of_the_next() -> None:
    """Peaks 13 s apart, of breaths that last 1 s to either side: 11 s without movement."""
    times = np.array([0.0, 2.0, 15.0, 17.0])
    edges = np.column_stack((times - 1.0, times + 1.0))
    found = Breaths(RESP, times, np.zeros(4, np.uint8), Spans.of([(0.0, 18.0)]), edges)
    (event,) = find_apneas(found, PRESETS["central10"]).items
    assert (event.span.start, event.span.end, event.time_below_s) == (3.0, 14.0, 11.0)


def test_a_breath_at_the_end_of_the_search_ends_the_pause() -> None:
    (event,) = find_apneas(breaths(0, 1, 20, searched=[(0, 20)]), PRESETS["central10"]).items
    assert (event.span.duration, event.truncated) == (19.0, False)


def test_a_search_without_a_breath_claims_neither_an_apnea_nor_none() -> None:
    found = find_apneas(breaths(searched=[(0, 600)]), PRESETS["central10"])
    reason = "no breath in what can be searched of the breathing signal"
    assert (found.items, found.searched, found.reason) == ((), EMPTY, reason)


@pytest.mark.parametrize("hole", [1.0, 1.8, 2.6])
@pytest.mark.parametrize("before", [3.5, 4.5, 6.0, 9.0])
def test_a_pause_that_a_hole_cuts_is_an_apnea_or_not_searched(before: float, hole: float) -> None:
    """20 s without a breath: what lies beside the hole is 10 s long, or nobody can say."""
    times = [*np.arange(0.0, 21.0), *np.arange(40.0, 61.0)]
    start, end = 20 + before, 20 + before + hole
    found = find_apneas(breaths(*times, searched=[(0, start), (end, 60)]), PRESETS["central10"])
    after = 40 - end
    if after >= 10:
        assert [(e.span, e.truncated) for e in found.items] == [(Span(end, 40.0), True)]
    else:
        assert found.items == ()
    kept = (end, 60.0) if after >= 10 else (40.0, 60.0)
    assert found.searched == Spans.of([(0.0, 20.0), kept])


def test_a_breath_interval_that_a_hole_cuts_stays_searched() -> None:
    """Less than 3 s without a breath is no pause, whatever becomes of it."""
    cut = breaths(*np.arange(0.0, 41.0), searched=[(0, 10.9), (13.1, 15.2), (17.5, 40)])
    assert find_apneas(cut, PRESETS["central10"]).searched == cut.searched


def test_what_lies_between_two_holes_without_a_breath_is_not_searched() -> None:
    times = [*np.arange(0.0, 21.0), *np.arange(60.0, 81.0)]
    found = breaths(*times, searched=[(0, 22), (24, 58), (59, 80)])
    for name in ("central10", "periodic_breathing"):
        searched = find_apneas(found, PRESETS[name]).searched
        assert searched == Spans.of([(0.0, 22.0), (59.0, 80.0)])


def test_nothing_searched_has_a_reason() -> None:
    found = find_apneas(breaths(searched=[]), PRESETS["central10"])
    assert found.reason == "no breathing signal in the recording"


def test_distrusted_time_is_left_out_and_doubtful_time_is_marked() -> None:
    both = breathing(12.0, 12.0)
    found = find_apneas(
        both,
        PRESETS["central10"],
        distrusted=Spans.of([(25.0, 26.0)]),
        doubtful=Spans.of([(60.0, 61.0)]),
    )
    assert [event.quality for event in found.items] == ["doubtful: breathing signal"]
    assert len(found.searched) == 2


def test_periodic_breathing_asks_for_three_pauses_at_most_20_s_apart() -> None:
    rule = PRESETS["periodic_breathing"]
    assert lasts(find_periodic_breathing(breathing(3.0, 3.0, 3.0), rule)) == [49.0]
    assert lasts(find_periodic_breathing(breathing(3.0, 3.0), rule)) == []
    assert lasts(find_periodic_breathing(breathing(3.0, 2.9, 3.0, 3.0), rule)) == []
    with pytest.raises(ValueError, match="does not define periodic breathing"):
        find_periodic_breathing(breathing(3.0), PRESETS["central10"])


def slow_apneas(found: Breaths, preset: Preset) -> list[tuple[float, float, float, bool]]:
    """Return start, end, paused time and cut of each event, span by span."""
    events = []
    for span in found.searched:
        inside = [float(t) for t in found.times if span.start <= t <= span.end]
        pauses = []
        if inside and inside[0] - span.start >= preset.below:
            pauses.append((span.start, inside[0], True))
        for t, after in zip(inside, [*inside[1:], None][: len(inside)], strict=True):
            end = span.end if after is None else after
            if end - t >= preset.below:
                pauses.append((t, end, after is None))
        groups: list[list[tuple[float, float, bool]]] = []
        for pause in pauses:
            apart = pause[0] - groups[-1][-1][1] if groups else np.inf
            periodic = preset.kind == "periodic_breathing"
            if apart < preset.join or (periodic and apart == preset.join):
                groups[-1].append(pause)
            else:
                groups.append([pause])
        for group in groups:
            start, end = group[0][0], group[-1][1]
            if end - start >= preset.at_least and len(group) >= preset.values:
                paused = sum(e - s for s, e, _ in group)
                events.append((start, end, paused, any(cut for *_, cut in group)))
    return events


@st.composite
def drawn_breaths(draw: st.DrawFn) -> Breaths:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.integers(0, 60))
    steps = rng.choice([0.5, 1.0, 1.0, 2.0, 3.0, 5.0, 6.0, 12.0, 20.0], n)
    times = np.cumsum(steps) + draw(st.sampled_from([0.0, 1.7e9]))
    first = times[0] - 1 if n else 0.0
    edges = np.unique(first + np.cumsum(rng.choice([0.5, 1.0, 3.0, 20.0, 90.0], 12)))
    spans = Spans.of(np.concatenate(([first], edges))[: len(edges) // 2 * 2].reshape(-1, 2))
    inside = np.array([any(s.start <= t < s.end for s in spans) for t in times], dtype=bool)
    return Breaths(RESP, times[inside], np.zeros(int(inside.sum()), np.uint8), spans)


APNEAS = st.sampled_from(
    [
        PRESETS["central10"],
        PRESETS["central20"],
        PRESETS["periodic_breathing"],
        replace(PRESETS["central10"], join=0.0),
        replace(PRESETS["central10"], below=2.0, at_least=5.0),
    ]
)


@given(found=drawn_breaths(), preset=APNEAS)
@settings(max_examples=100, deadline=None)
def test_apneas_agree_with_the_rule_read_breath_by_breath(found: Breaths, preset: Preset) -> None:
    told = [
        (event.span.start, event.span.end, event.time_below_s, event.truncated)
        for event in find_apneas(found, preset).items
    ]
    assert told == slow_apneas(found, preset)


@given(found=drawn_breaths(), preset=APNEAS)
@settings(max_examples=100, deadline=None)
def test_nothing_is_searched_and_none_where_no_breath_ends_a_pause(
    found: Breaths, preset: Preset
) -> None:
    """Of a pause of 3 s and more that an end of the search cuts all is of an event, or nothing."""
    told = find_apneas(found, preset)
    apneas = Spans.of([event.span for event in told.items])
    for span in found.searched:
        inside = [float(t) for t in found.times if span.start <= t <= span.end]
        ends = (
            [(span.start, inside[0]), (inside[-1], span.end)]
            if inside
            else [(span.start, span.end)]
        )
        if preset.kind == "periodic_breathing" and inside:
            ends = []
        for start, end in ends:
            piece = Spans.of([(start, end)])
            rest = total(intersect(told.searched, piece)) - total(intersect(apneas, piece))
            assert end - start < 3 or rest < 1e-6


@given(found=drawn_breaths(), preset=APNEAS, seed=st.integers(0, 10**6))
@settings(max_examples=100, deadline=None)
def test_any_chunking_of_breaths_tells_the_same(found: Breaths, preset: Preset, seed: int) -> None:
    rng = np.random.default_rng(seed)
    detector = ApneaDetector(preset)
    parts = []
    bounds = found.searched.bounds
    lo, hi = (float(bounds[0, 0]), float(bounds[-1, 1])) if len(bounds) else (0.0, 1.0)
    picks = np.concatenate((bounds.ravel(), found.times, rng.uniform(lo, hi, 5)))
    cuts = np.unique(rng.choice(picks, rng.integers(0, 10)))
    for start, end in zip([lo - 1, *cuts], [*cuts, hi + 30], strict=True):
        inside = (found.times >= start) & (found.times < end)
        spans = Spans.of(np.clip(bounds, start, end))
        chunk = Breaths(RESP, found.times[inside], found.flags[inside], spans)
        parts.append(detector.update({"breaths": chunk}, {"breaths": float(end)}))
    whole = find_apneas(found, preset)
    told = together([*parts, detector.finish()])
    assert [repr(asdict(e)) for e in told.items] == [repr(asdict(e)) for e in whole.items]
    assert told.searched == whole.searched


def test_an_apnea_is_told_once_breathing_lasts() -> None:
    """Not while it runs, nor while a pause could still join it; then at once."""
    detector = ApneaDetector(PRESETS["central10"])
    told = []
    times = [0.0, 1.0, 16.0, 17.0, 18.0, 19.0, 20.0]
    for t, after in zip(times, [*times[1:], 21.0], strict=True):
        chunk = Breaths(RESP, np.array([t]), np.zeros(1, np.uint8), Spans.of([(t, after)]))
        told.append(len(detector.update({"breaths": chunk}, {"breaths": after}).items))
    assert told == [0, 0, 0, 0, 0, 1, 0]

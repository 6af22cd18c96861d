"""The pictures draw what was measured, where it was measured, and nothing across a gap."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.reports import building

from joey.features import Summary
from joey.holds import Phases, Piece
from joey.reports import frames
from joey.reports.paths import Axis, area, line, runs, stairs, ticks
from joey.reports.pictures import change_picture, oxycrg_picture, strip_picture
from joey.reports.wording import Clock
from joey.response import Response, Track
from joey.response.letters import LETTERS
from joey.spans import Span, Spans

WEB = Path(__file__).resolve().parents[2] / "src" / "joey" / "web"
CLOCK = Clock(dated=True, zone="Europe/Berlin")
X = Axis(0.0, 100.0, 0.0, 100.0)
Y = Axis(0.0, 10.0, 50.0, 0.0)
NAN = float("nan")


def points(d: str) -> list[list[tuple[int, int]]]:
    """Return the corners of each part of a path, in tenths of a pixel."""
    parts = []
    for part in re.findall(r"M[^M]*", d):
        numbers = [int(each) for each in re.findall(r"-?\d+", part)]
        steps = np.array(numbers, dtype=np.int64).reshape(-1, 2)
        parts.append([(int(a), int(b)) for a, b in np.cumsum(steps, axis=0)])
    return parts


def drawn(kind: str, picture: str) -> list[dict[str, str]]:
    """Return the attributes of every element of a class."""
    root = ET.fromstring(picture)  # noqa: S314  (our own text)
    return [dict(each.attrib) for each in root.iter() if kind in each.get("class", "").split()]


def test_a_path_goes_through_its_points() -> None:
    d = line(np.array([0.0, 1.0, 2.5]), np.array([0.0, 10.0, 4.0]), X, Y)

    assert points(d) == [[(0, 500), (10, 0), (25, 300)]]


def test_a_gap_breaks_the_path() -> None:
    """Nothing joins the values at both sides of NaN; a lone value is a short dash."""
    t = np.arange(7.0)
    d = line(t, np.array([1, 1, NAN, 5, NAN, 2, 2]), X, Y)

    assert [len(part) for part in points(d)] == [2, 2, 2]
    assert [part[0][0] for part in points(d)] == [0, 30 - 8, 50]


def test_values_beyond_the_scale_stay_inside_the_strip() -> None:
    d = line(np.array([0.0, 1.0, 2.0]), np.array([-99.0, 5.0, 99.0]), X, Y)

    assert points(d) == [[(0, 500), (10, 250), (20, 0)]]


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(500, 5000), st.data())
def test_thinning_keeps_the_extremes(seed: int, size: int, data: st.DataObject) -> None:
    """However many samples fall on a pixel, the deepest and the highest are drawn."""
    y = np.random.default_rng(seed).uniform(1, 10, size)
    spike = data.draw(st.integers(0, size - 1))
    y[spike] = 0.0
    t = np.linspace(0, 50, len(y))
    (corners,) = points(line(t, y, X, Y))
    heights = [height for _, height in corners]

    assert max(heights) == 500
    assert min(heights) == int(np.rint(10 * (50 - 5 * y.max())))
    assert len(corners) <= 2 * 102
    # The spike is where it was, within a column of half a pixel.
    assert any(h == 500 and abs(x - 10 * t[spike]) <= 5.5 for x, h in corners)


def test_steps_hold_until_the_next_value_and_the_last_until_the_end() -> None:
    d = stairs(np.array([0.0, 10.0, 20.0]), np.array([2.0, NAN, 4.0]), 30.0, X, Y)

    assert points(d) == [[(0, 400), (100, 400)], [(200, 300), (300, 300)]]


def test_a_band_is_closed_and_breaks_at_gaps() -> None:
    low, high = np.array([1.0, 1.0, NAN, 1.0]), np.array([3.0, 3.0, 3.0, 3.0])
    d = area(np.arange(4.0), low, high, X, Y)

    assert d.count("z") == d.count("M") == 2


def test_runs_of_nothing_is_nothing() -> None:
    assert runs(np.full(5, np.nan)) == []
    assert line(np.arange(3.0), np.full(3, np.nan), X, Y) == ""


@given(st.floats(-500, 500), st.floats(0.01, 500), st.integers(2, 8))
def test_ticks_are_round_even_and_within(low: float, width: float, most: int) -> None:
    found = ticks(low, low + width, most)

    assert 1 <= len(found) <= most
    assert all(low - 1e-6 * width <= value <= low + width * (1 + 1e-6) for value in found)
    if len(found) > 2:
        assert np.allclose(np.diff(found), found[1] - found[0])


def test_what_was_not_measured_is_hatched_where_it_was_not() -> None:
    """The gaps of heart rate and SpO2 are hatched from their last to their next value."""
    response = building.response()
    picture = oxycrg_picture(response, CLOCK, "k")
    hatched = drawn("gone", picture)
    span = response.oxycrg.span
    scale = (960.0 - 6.0 - 44.0) / span.duration

    assert len(hatched) == 2
    left = 44.0 + (building.START - 4 * 60 - span.start) * scale
    assert float(hatched[0]["x"]) == pytest.approx(left, abs=0.5)
    assert float(hatched[0]["width"]) == pytest.approx(6 * 60 * scale, abs=0.5)


def test_a_record_without_any_value_is_hatched_from_end_to_end() -> None:
    picture = oxycrg_picture(building.silent_response(), CLOCK, "k")

    assert [each["width"] for each in drawn("gone", picture)] == ["910"] * 5
    assert picture.count("not measured</text>") == 5


def test_single_readings_are_dots_without_a_gap() -> None:
    """A temperature each half hour is not a signal with holes."""
    picture = oxycrg_picture(building.response(), CLOCK, "k")

    assert len(drawn("te-b", picture)) == 8


def test_letters_of_events_never_touch() -> None:
    """Sixty events in rows; whatever letters are written stand apart."""
    written = drawn("letters", oxycrg_picture(building.night_response(), CLOCK, "k"))
    assert len(written) > 40
    rows: dict[str, list[float]] = {}
    for each in written:
        rows.setdefault(each["y"], []).append(float(each["x"]))
    for row in rows.values():
        assert np.diff(row).min() > 20


def test_every_event_is_marked_even_without_room_for_letters() -> None:
    response = building.response()
    crowd = tuple((building.event("bd", building.START + k, 5.0, 60.0), "ABD") for k in range(40))
    picture = oxycrg_picture(
        replace(response, oxycrg=replace(response.oxycrg, marks=crowd)), CLOCK, "k"
    )

    assert len(drawn("mark", picture)) == 40
    assert len(drawn("letters", picture)) == 3


def test_letters_without_room_are_those_of_the_lighter_spell() -> None:
    """Of nine side by side the gravest three are written, whichever came first."""
    response = building.response()
    crowd = tuple(
        (building.event("bd", building.START + 2 * k, 5.0, 60.0), letters)
        for k, letters in enumerate(reversed(LETTERS))
    )
    made = replace(response, oxycrg=replace(response.oxycrg, marks=crowd))
    root = ET.fromstring(oxycrg_picture(made, CLOCK, "k"))  # noqa: S314  (our own text)
    written = {each.text for each in root.iter() if "letters" in each.get("class", "").split()}

    assert written == {"ABD", "BD", "AB"}


def test_the_hold_is_drawn_by_holder_and_points_on_while_it_runs() -> None:
    assert len(drawn("hold", oxycrg_picture(building.response(), CLOCK, "k"))) == 1
    two = drawn("hold", oxycrg_picture(building.open_response(), CLOCK, "k"))

    assert len(two) == 2
    assert "l0 9" in two[0]["d"]
    assert "l9 9" in two[1]["d"]


def test_a_picture_without_curves_says_so() -> None:
    response = building.response()
    bare = replace(response, oxycrg=replace(response.oxycrg, tracks=(), marks=()))
    moment = replace(bare, oxycrg=replace(bare.oxycrg, span=Span(5.0, 5.0)))

    assert "no curves to draw" in oxycrg_picture(bare, CLOCK, "k")
    assert "no curves to draw" in oxycrg_picture(moment, CLOCK, "k")


def test_clock_lines_fall_on_local_hours() -> None:
    """In a zone of half hours from UTC the axis still shows whole local hours."""
    picture = oxycrg_picture(building.night_response(), Clock(dated=True, zone="Asia/Kolkata"), "k")

    assert re.findall(r">(\d\d:\d\d)</text>", picture)[:2] == ["02:00", "04:00"]


def test_a_strip_shades_its_event_on_a_grid_of_seconds() -> None:
    """Event at its seconds; a line each second, a stronger one each five."""
    found = building.event("bradycardia", building.START + 100.25, 12.0, 66.0)
    strip = building.strip(found, "B", "brady_uva", "settled")
    picture = strip_picture(strip, CLOCK, "s", simulated=True)
    (shade,) = drawn("event", picture)
    scale = 910.0 / strip.span.duration

    assert float(shade["x"]) == pytest.approx(44 + 30 * scale, abs=0.1)
    assert float(shade["width"]) == pytest.approx(12 * scale, abs=0.1)
    # 72 whole seconds, 14 of them multiples of five, for each of three curves
    assert [each["d"].count("M") for each in drawn("fine", picture)] == [58] * 3
    assert re.findall(r">(\d\d:\d\d:\d\d)</text>", picture)[0] == "13:06:20"


def test_a_strip_shows_its_lowest_value() -> None:
    """The scale of a strip holds all of its data: nothing is cut off where it matters."""
    strip = building.strip(building.event("desaturation", 1000.0, 12.0, 41.0), "D", "d", "settled")
    deep = np.where(np.arange(70) == 40, 41.0, 95.0)
    low = Track("spo2", "SpO2", "%", "line", 971.0 + np.arange(70.0), deep, np.empty(0))
    picture = strip_picture(replace(strip, tracks=(low,)), CLOCK, "s", simulated=False)

    assert drawn("ox-b", picture) == []
    (curve,) = (each["d"] for each in drawn("line", picture))
    heights = [height for _, height in points(curve)[0]]
    assert max(heights) == 10 * (18 + 90)


@pytest.mark.parametrize("fs", [125.0, 500.0, 1000.0])
def test_a_strip_is_small_at_any_rate(fs: float) -> None:
    found = building.event("bradycardia", building.START, 15.0, 60.0)
    strip = building.strip(found, "B", "brady_uva", "settled", fs)

    assert len(strip_picture(strip, CLOCK, "s", simulated=True).encode()) < 40_000


def test_a_strip_without_signals_says_so() -> None:
    strip = building.strip(building.event("bd", 1000.0, 9.0, NAN), "BD", "bd", "settled")

    picture = strip_picture(replace(strip, tracks=()), CLOCK, "s", simulated=False)

    assert "no signals around this event" in picture


def short_response() -> Response:
    """A hold of four minutes whose end tells something: phases as narrow as they get."""
    start = building.START
    bounds = {
        "before": (-60, 0), "transfer_in": (0, 18), "settled": (18, 200),
        "transfer_out": (200, 240), "after": (240, 300),
        "whole_hold": (0, 240), "last_10": (0, 240),
    }  # fmt: skip
    spans = {name: Spans.of([(start + a, start + b)]) for name, (a, b) in bounds.items()}
    made = building.response()
    span = Span(start - 60, start + 300)
    hold = replace(made.hold, pieces=(Piece("m", "mother", start, start + 240),))
    picture = replace(made.oxycrg, span=span, tracks=building.tracks(span), marks=())
    return replace(made, phases=Phases(spans), hold=hold, oxycrg=picture)


def test_the_names_of_narrow_and_overlapping_phases_never_touch() -> None:
    """What lies over another phase has no band of its own, what is too narrow no name."""
    found = oxycrg_picture(short_response(), CLOCK, "k")
    root = ET.fromstring(found)  # noqa: S314  (our own text)
    named = [t for t in root.iter("text") if t.get("y") == "16"]
    names = [t.text or "" for t in named]
    assert names == ["before", "settled", "transfer out", "after"]
    edges = [(float(t.get("x", "0")), 3.2 * len(t.text or "")) for t in named]
    for (x1, half1), (x2, half2) in pairwise(edges):
        assert x1 + half1 < x2 - half2


def test_a_picture_of_minutes_has_a_time_axis_of_seconds() -> None:
    found = oxycrg_picture(short_response(), CLOCK, "k")
    labels = re.findall(r">(\d\d:\d\d:\d\d)<", found)
    assert labels[:4] == ["13:04:00", "13:04:30", "13:05:00", "13:05:30"]


def test_a_strip_that_was_never_measured_is_low_and_says_so() -> None:
    none = np.empty(0)
    made = building.response()
    empty = replace(made.oxycrg.tracks[1], times=none, values=none, high=none)
    found = oxycrg_picture(
        replace(made, oxycrg=replace(made.oxycrg, tracks=(empty, *made.oxycrg.tracks[2:]))),
        CLOCK,
        "k",
    )
    (gone,) = [each for each in drawn("gone", found) if float(each["height"]) == 30.0]
    assert float(gone["width"]) == pytest.approx(910, abs=0.2)
    assert "not measured" in found


def test_a_change_is_a_dot_its_interval_and_the_threshold() -> None:
    """Zero in the middle; dot, interval and threshold on one scale."""
    picture = change_picture(Summary(-6.0, -11.0, -1.0, "/min", 6, 0.9), 5.0, "HR")
    (dot,) = drawn("dot", picture)
    (reach,) = drawn("reach", picture)
    left, right = (float(each) for each in re.findall(r"M([\d.]+) 13H([\d.]+)", reach["d"])[0])
    marks = [float(re.findall(r"M([\d.]+)", each["d"])[0]) for each in drawn("threshold", picture)]

    unit = (marks[1] - marks[0]) / 10
    assert float(dot["cx"]) == pytest.approx(75 - 6 * unit, abs=0.2)
    assert (left, right) == pytest.approx((75 - 11 * unit, 75 - 1 * unit), abs=0.2)


def test_a_change_without_interval_or_threshold_shows_what_it_has() -> None:
    """One of the two gives the dot a scale; with neither there is no picture."""
    bare = change_picture(Summary(3.0, NAN, NAN, "/min", 2, 0.9), 5.0, "HR")
    free = change_picture(Summary(0.0, 0.0, 0.0, "ms", 6, 0.9), NAN, "SDNN")

    assert len(drawn("dot", bare)) == len(drawn("dot", free)) == 1
    assert drawn("reach", bare) == drawn("threshold", free) == []
    assert change_picture(Summary(3.0, NAN, NAN, "ms", 2, 0.9), NAN, "SDNN") == ""
    assert change_picture(Summary(NAN, NAN, NAN, "ms", 0, 0.0, "no beats"), 5.0, "SDNN") == ""


def test_a_ratio_is_drawn_on_a_logarithmic_scale_with_one_in_the_middle() -> None:
    """Half and double lie equally far from the line of no change."""

    def dot(value: float) -> float:
        found = change_picture(Summary(value, 0.25, 4.0, "1", 12, 0.9), NAN, "SDNN", ratio=True)
        return float(re.findall(r'cx="([^"]+)"', found)[0])

    assert dot(1.0) == 75.0
    assert dot(2.0) - 75.0 == pytest.approx(75.0 - dot(0.5), abs=0.11)
    assert dot(2.0) > 90


def test_a_strip_opens_downward_for_what_lies_below_its_range() -> None:
    """SpO2 from 70, and from 30 where it was 41: how deep a fall was is not cut off."""
    response = building.response()
    times = building.START + np.arange(600.0)

    def curve(least: float) -> str:
        values = np.where(np.arange(600) == 300, least, 95.0)
        track = Track("spo2", "SpO2", "%", "line", times, values, np.empty(0))
        whole = replace(response, oxycrg=replace(response.oxycrg, tracks=(track,), marks=()))
        return oxycrg_picture(whole, CLOCK, "k")

    numbers = [re.findall(r'class="end"[^>]*>(\d+)<', curve(least)) for least in (72.0, 41.0, 12.0)]
    assert numbers == [["90", "80", "70"], ["90", "70", "50"], ["90", "70", "50"]]
    assert [len(drawn("ox-b", curve(least))) for least in (72.0, 41.0, 12.0)] == [0, 0, 1]


def test_the_scales_are_those_of_the_page_of_a_bed() -> None:
    """What a nurse has seen at the bedside looks the same in the report."""
    script = (WEB / "static" / "oxycrg.js").read_text(encoding="utf-8")
    rows = re.findall(
        r'key: "(\w+)".*low: (\d+), deep: (\d+), high: (\d+), lines: \[([\d, ]+)\]', script
    )
    quantities = {"hr": ("heart_rate", "pulse_rate"), "spo2": ("spo2",)}
    assert {row[0] for row in rows} == set(quantities)
    for key, low, deep, high, lines in rows:
        for each in quantities[key]:
            assert frames.RANGES[each] == (float(low), float(high))
            assert frames.DEEP[each] == float(deep)
            assert frames.TICKS[each] == tuple(map(float, lines.split(",")))


def test_what_is_in_doubt_is_pale_and_said() -> None:
    """The good rest is drawn over it, and neither is joined to the other's far end."""
    response = building.response()
    times = building.START + np.arange(600.0)
    values = np.full(600, 150.0)
    doubtful = (np.arange(600) >= 200) & (np.arange(600) < 260)
    track = Track("heart_rate", "Heart rate", "/min", "line", times, values, np.empty(0))

    def picture(of: Track) -> str:
        return oxycrg_picture(
            replace(response, oxycrg=replace(response.oxycrg, tracks=(of,), marks=())), CLOCK, "k"
        )

    said = "Heart rate, /min (pale: in doubt)"
    sure, pale = picture(track), picture(replace(track, doubtful=doubtful))
    assert said not in sure
    assert said in pale
    assert not drawn("doubt", sure)
    (doubt,) = drawn("doubt", pale)
    (good,) = (each for each in drawn("line", pale) if "doubt" not in each["class"])
    assert len(points(doubt["d"])) == 1
    assert len(points(good["d"])) == 2
    beyond = replace(track, values=np.where(np.arange(600) % 100 == 50, 240.0, 150.0))
    marks = drawn("hr-b", picture(replace(beyond, doubtful=doubtful)))
    assert ["doubt" in each["class"] for each in marks] == [False, False, True, False, False, False]

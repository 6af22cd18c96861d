"""One spell in picture, tables and chart line: each place says by what it counts, and why."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.response.test_measure import START, hold, numeric

from joey.events import PRESETS, Event, Events, find_ab, find_abd, find_ad, find_bd, spells
from joey.response import Response, Settings, analyze, measure_response
from joey.response.letters import chart_letters, letter_words, note_of_chart
from joey.response.types import EventRow, Strip
from joey.signals import Clock, Recording
from joey.spans import Span, Spans

AT = START + 40 * 60
BEATING = {"apnea": "", "bradycardia": "beat", "desaturation": "numeric"}


def event(kind: str, start: float, lasts: float, quality: str = "good") -> Event:
    below = lasts + start % 1 if kind == "apnea" else lasts
    return Event(
        kind, Span(start, start + lasts), 70.0, start + 1, 0.0, below, 0.0, BEATING[kind], quality
    )


def measured(apneas: list[Event], bradys: list[Event], desats: list[Event]) -> Response:
    """Return the response of a hold around 13:40 with these events, counted by real presets.

    What is too short for a letter is in the parts of ABD alone.
    """
    recording = Recording(
        series=(numeric("heart_rate", "/min", 150, 4, 1), numeric("spo2", "%", 94, 1, 2)),
        clock=Clock(dated=True, zone="UTC"),
    )
    names = ("brady_uva", "desat_uva", "bd", "central10", "abd", "ab", "ad")
    findings = analyze(recording, settings=Settings(events=names))
    whole = Spans.of([(START - 4 * 3600, START + 5 * 3600)])

    def found(name: str, items: list[Event], least: float = 0.0) -> Events:
        kept = tuple(each for each in items if each.span.duration >= least)
        return Events(kept, whole, PRESETS[name])

    a = found("central10", apneas)
    b, d = found("brady_uva", bradys, 4.0), found("desat_uva", desats, 10.0)
    b_any, d_any = found("brady_abd", bradys), found("desat_abd", desats)
    events = (
        b,
        d,
        find_bd(b, d),
        a,
        find_abd(a, b_any, d_any),
        find_ab(a, b_any),
        find_ad(a, d_any),
    )
    findings = replace(findings, events=events, spells=spells(a, b, d))
    return measure_response(recording, hold(), findings=findings)


def row(response: Response, kind: str) -> EventRow:
    return next(each for each in response.events if each.found.preset.kind == kind)


def only(response: Response) -> Strip:
    (strip,) = response.strips
    return strip


def test_a_desaturation_too_short_for_a_letter_is_explained_where_it_counts() -> None:
    """AB in the picture, ABD in its row, no BD, and B in the chart: each says why."""
    apnea, brady = event("apnea", AT + 0.25, 12.0), event("bradycardia", AT + 4, 7.0)
    found = measured([apnea], [brady], [event("desaturation", AT + 10, 6.0)])

    assert [letters for _, letters in found.oxycrg.marks] == ["AB"]
    assert row(found, "abd").phases["whole_hold"].count == 1
    assert row(found, "bd").phases["whole_hold"].count == 0
    why = "its D, shorter than 10 s, has no letter"
    assert row(found, "abd").letters == f"AB at 13:40 is counted here: {why}"
    assert row(found, "ad").letters == f"AB at 13:40 is counted here: {why}"
    assert row(found, "ab").letters == row(found, "bd").letters == ""
    strip = only(found)
    assert strip.counted == ("bradycardia", "apnea from 10 s", "ABD", "AB", "AD")
    assert strip.apart.startswith(f"counted as ABD: {why}; counted as AD: ")
    assert strip.apart.endswith(
        "B in the line for the chart: apneas of this hold cannot be counted"
    )
    assert "; 1 B" in found.chart_line
    assert "each counted by its own" in dict(found.answers)["Events in the whole hold"]
    assert found.chart_note.endswith("without the A: apneas of this hold cannot be counted.")


def test_what_agrees_needs_no_words() -> None:
    found = measured([], [event("bradycardia", AT, 8.0)], [event("desaturation", AT + 5, 20.0)])
    assert only(found).letters == "BD"
    assert only(found).counted == ("bradycardia", "desaturation", "BD")
    assert only(found).apart == ""
    assert [each.letters for each in found.events] == [""] * 7


@pytest.mark.parametrize(
    ("desat_at", "kind", "letters", "why"),
    [
        # D is too late for the apnea, and near enough to its B.
        (38.0, "abd", "ABD", "ABD at 13:40 is not counted here: its A and B and D lie"),
        # D is in time for the apnea, and too late for the B before it.
        (35.0, "bd", "ABD", "ABD at 13:39 is not counted here: its B and D lie further apart"),
    ],
)
def test_what_hangs_together_by_a_third_is_told_from_what_a_row_asks(
    desat_at: float, kind: str, letters: str, why: str
) -> None:
    brady = event("bradycardia", AT + (15 if kind == "abd" else -4), 5.0)
    apnea = event("apnea", AT, 12.0)
    found = measured([apnea], [brady], [event("desaturation", AT + desat_at, 20.0)])
    assert only(found).letters == letters
    assert row(found, kind).letters.startswith(why)
    assert row(found, kind).phases["whole_hold"].count == 0


def test_of_spells_that_overlap_each_row_names_its_own() -> None:
    """An apnea within another spell's long desaturation is not counted as ABD with it."""
    apneas = [event("apnea", AT + 0.25, 12.0), event("apnea", AT + 40.5, 11.0)]
    found = measured(
        apneas, [event("bradycardia", AT + 4, 7.0)], [event("desaturation", AT + 12, 60.0)]
    )
    first, second = found.strips
    assert (first.letters, second.letters) == ("ABD", "A10")
    assert "ABD" in first.counted
    assert second.counted == ("apnea from 10 s",)


def test_many_are_named_in_part_and_counted() -> None:
    starts = [AT + 200.0 * k + k / 16 for k in range(7)]
    found = measured(
        [event("apnea", at, 12.0) for at in starts],
        [event("bradycardia", at + 4, 7.0) for at in starts],
        [event("desaturation", at + 10, 6.0) for at in starts],
    )
    assert row(found, "abd").letters.count("is counted here") == 4
    assert row(found, "abd").letters.endswith("; 3 more such spells")


def test_a_doubtful_apnea_is_no_letter_of_the_chart() -> None:
    doubtful = event("apnea", AT, 12.0, "doubtful: motion")
    kept = [event("bradycardia", AT + 4, 7.0)]
    b = Events(tuple(kept), Spans.of([(0.0, AT + 100)]), PRESETS["brady_uva"])
    a = Events((doubtful,), b.searched, PRESETS["central10"])
    (spell,) = spells(a, b, None)
    assert chart_letters(spell, hides=False) == "B"
    assert chart_letters(replace(spell, letters="A10"), hides=False) == ""
    assert note_of_chart((spell,), hides=False).endswith(
        "without the A where the apnea is doubtful."
    )
    sound = replace(spell, members=(event("apnea", AT, 12.0), *kept))
    assert chart_letters(sound, hides=False) == "AB"
    assert note_of_chart((sound,), hides=False).endswith("by its letters in the OxyCRG.")


def test_a_line_that_counts_nothing_has_no_note() -> None:
    """Where neither signal is there, nothing is said of spells in the chart, nor how."""
    recording = Recording(
        series=(numeric("temp", "Cel", 36.8, 0.0, 1),), clock=Clock(dated=True, zone="UTC")
    )
    found = measure_response(recording, hold())
    assert found.chart_line.endswith("upright; T 37.0 -> 37.0")
    assert found.chart_note == ""
    assert "each counted" not in dict(found.answers)["Events in the whole hold"]


def test_the_letters_are_explained_by_the_presets_that_give_them() -> None:
    words = letter_words()
    brady, desat = PRESETS["brady_uva"], PRESETS["desat_uva"]
    assert f"below {brady.below:g}/min for {brady.at_least:g} s" in words
    assert f"below {desat.below:g} % for {desat.at_least:g} s" in words

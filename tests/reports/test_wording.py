"""Numbers and times as people write them."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from joey.holds import Hold, Piece
from joey.holds.log import VOCABULARY
from joey.reports.wording import (
    Clock,
    change,
    duration,
    ended_words,
    grouped,
    interval,
    logged,
    narrow,
    number,
    percent,
    role_words,
    title_of,
)
from joey.spans import Span, Spans

NAN = float("nan")
PIECES = (Piece("k", "mother", 0.0, 9.0),)


@pytest.mark.parametrize(
    ("value", "decimals", "shown"),
    [
        (-6.1, 1, "−6.1"),
        (-0.04, 1, "0.0"),
        (146.0, 0, "146"),
        (NAN, 1, "–"),
        (float("inf"), 1, "–"),
    ],
)
def test_a_number_has_a_true_minus_and_no_minus_zero(
    value: float, decimals: int, shown: str
) -> None:
    assert number(value, decimals) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(4.14, "+4.1"), (-4.14, "−4.1"), (0.01, "0.0"), (-0.01, "0.0"), (NAN, "–")]
)
def test_a_change_has_its_sign_unless_it_rounds_to_zero(value: float, shown: str) -> None:
    assert change(value, 1) == shown


def test_an_interval_needs_both_ends() -> None:
    assert interval(-1.0, 2.0, 1) == "−1.0 to 2.0"
    assert interval(NAN, 2.0, 1) == interval(-1.0, NAN, 1) == ""


@pytest.mark.parametrize(
    ("share", "shown"),
    [(0, "0 %"), (0.001, "<1 %"), (0.97, "97 %"), (0.9996, ">99 %"), (1, "100 %"), (NAN, "–")],
)
def test_nearly_all_is_never_called_all(share: float, shown: str) -> None:
    assert percent(share) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"), [(90, "90 s"), (5700, "95 min"), (39600, "11 h 0 min"), (0, "0 s")]
)
def test_a_duration_is_in_the_units_people_say(seconds: float, shown: str) -> None:
    assert duration(Spans.of([(0.0, seconds)])) == shown


def test_times_are_local_or_from_the_start() -> None:
    """Summer and winter each by their own offset; an undated recording counts hours."""
    berlin = Clock(dated=True, zone="Europe/Berlin")

    assert berlin.second(1_751_371_200.0) == "14:00:00"
    assert berlin.second(1_767_268_800.0) == "13:00:00"
    assert berlin.iso(1_751_371_200.0) == "2025-07-01T14:00:00.000+02:00"
    assert Clock(dated=False).second(3725.4) == "1:02:05"
    assert Clock(dated=False).minute(-65.0) == "−0:01:05"
    assert Clock(dated=False).iso(3725.4) is None
    assert Clock(dated=True).day(Span(0.0, 60.0)) == "1 January 1970, UTC"


def test_times_around_a_change_of_the_clock_name_their_zone() -> None:
    """In the night of 25 October 2026 an hour comes twice in Berlin; a day later none does."""
    berlin = Clock(dated=True, zone="Europe/Berlin")
    back = 1_792_890_000.0  # 01:00 UTC: 03:00 becomes 02:00

    night = berlin.around(back - 1800, back + 1800)
    assert night.range(back - 1800, back + 1800) == "02:30 CEST–02:30 CET"
    assert night.second(back - 1.0) == "02:59:59 CEST"
    assert berlin.around(back - 1800, None).minute(back) == "02:00 CET"
    later = back + 86_400
    assert berlin.around(later, later + 60).minute(later) == "02:00"


def test_times_around_an_hour_that_is_missing_name_their_zone() -> None:
    """In the night of 29 March 2026 the hour from 2 to 3 does not come in Berlin."""
    berlin = Clock(dated=True, zone="Europe/Berlin")
    on = 1_774_746_000.0  # 01:00 UTC: 02:00 becomes 03:00

    night = berlin.around(on - 1800, on + 1800)
    assert night.range(on - 1800, on + 1800) == "01:30 CET–03:30 CEST"
    assert night.second(on - 1.0) == "01:59:59 CET"
    assert night.second(on) == "03:00:00 CEST"
    later = on + 86_400
    assert berlin.around(later, later + 60).minute(later) == "03:00"


def test_a_holder_named_twice_in_a_row_is_said_once() -> None:
    def hold(*roles: str) -> Hold:
        pieces = tuple(Piece("k", role, 60.0 * k, 60.0 * k + 60) for k, role in enumerate(roles))
        return Hold("h", "i", pieces, "clothed")

    assert role_words(hold("mother", "mother", "staff")) == "mother, then staff"
    assert role_words(hold("mother", "father", "mother")) == "mother, then father, then mother"
    assert role_words(hold("unknown")) == "holder unknown"
    assert title_of(hold("father"), Clock(dated=False)) == "Hold 0:00:00–0:01:00, father, clothed"


@pytest.mark.parametrize(
    ("details", "end", "words"),
    [
        ({"end_reason": "planned_end", "stopped_early": "no"}, 60.0, "ended: as planned"),
        (
            {"end_reason": "infant_instability", "stopped_early": "yes"},
            60.0,
            "ended early: infant unsettled",
        ),
        ({"end_reason": "procedure"}, 60.0, "ended: procedure"),
        ({"end_reason": "left_unit"}, 60.0, "ended: the infant left the unit"),
        ({"end_reason": "unknown"}, 60.0, "ended: reason not given"),
        ({}, 60.0, "ended: reason not given"),
        ({"end_reason": "planned_end"}, None, ""),
    ],
)
def test_why_a_hold_ended(details: dict[str, str], end: float | None, words: str) -> None:
    hold = Hold("h", "i", (Piece("k", "mother", 0.0, end),), "skin_to_skin", details=details)
    assert ended_words(hold) == words


def test_every_reason_that_a_log_may_give_is_said_in_words() -> None:
    """None shows its key, and what the pages offer at Stop is said as they offer it."""
    panel = files("joey.web").joinpath("static", "holdpanel.js").read_text(encoding="utf-8")
    (offered,) = re.findall(r"const REASONS = .*?\(\[(.*?)\]\);", panel)
    for reason, said in re.findall(r'\["(\w+)", "([^"]+)"\]', offered):
        assert reason in VOCABULARY["end_reason"]
        words = ended_words(Hold("h", "i", PIECES, "clothed", details={"end_reason": reason}))
        assert words in {f"ended: {said.lower()}", "ended: as planned"}
    for reason in VOCABULARY["end_reason"]:
        hold = Hold("h", "i", PIECES, "clothed", details={"end_reason": reason})
        assert "_" not in ended_words(hold)


def test_what_was_logged_is_in_words_and_once() -> None:
    """No key and no raw stamp: those of the log are in the head, and what is unknown is one row."""
    details = {
        "note": "as_typed",
        "logged_at": "2026-01-05T16:15:26.272Z",
        "logged_by": "n2",
        "time_source": "tap",
        "bed_before": "incubator_servo",
        "end_reason": "parent_request",
        "interventions": "unknown",
        "position": "upright; left_side",
    }
    rows = logged(Hold("h", "i", PIECES, "skin_to_skin", details=details))

    assert rows == (
        ("Contact", "skin to skin"),
        ("Position", "upright; left side"),
        ("Bed before", "incubator servo"),
        ("Reason for the end", "holder asked"),
        ("Note", "as_typed"),
        ("Not logged", "position before, transfer, stopped early, interventions, lines"),
    )


def test_a_long_word_of_a_narrow_column_may_be_parted_where_english_is() -> None:
    assert narrow("No temperature, Temperature") == "No tempera\u00adture, Tempera\u00adture"
    assert narrow("a heart rate of 150") == "a heart rate of 150"


def test_a_reason_that_several_share_stands_once() -> None:
    """With their names, in the place of the first; what is read beside them stays with each."""
    short = "cannot say: the hold of 2 s has no settled part"
    pairs = [
        ("Heart rate", short),
        ("Breathing", f"{short}; the holder's breathing is visible"),
        ("SpO2", f"{short}; before FiO2 0.25; settled FiO2 0.23"),
        ("Temperature", "36.8 before, 36.9 settled"),
        ("Time with SpO2 < 80 %", short),
    ]
    assert grouped(pairs) == (
        ("Heart rate, breathing, SpO2, time with SpO2 < 80 %", short),
        ("Breathing", "the holder's breathing is visible"),
        ("SpO2", "before FiO2 0.25; settled FiO2 0.23"),
        ("Temperature", "36.8 before, 36.9 settled"),
    )
    alone = [("SpO2", "cannot say: only 2 s measured; before FiO2 0.25")]
    assert list(grouped(alone)) == alone

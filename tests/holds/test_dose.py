"""Hours held: by day, in 24 h, by contact and role; no minute counted twice."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from joey.errors import InputError
from joey.holds import Hold, Piece, dose_by_day, dose_in
from joey.spans import Span

H = 3600.0


def utc(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def hold(*stays: tuple[str, str, float, float | None], infant: str = "a") -> Hold:
    """Return a hold from (role, contact, start, end) in hours."""
    pieces = tuple(
        Piece("unknown", role, start * H, None if end is None else end * H, contact)
        for role, contact, start, end in stays
    )
    return Hold(f"{infant}{stays}", infant, pieces)


def test_two_holders_at_once_count_once_in_the_dose_and_for_each_of_them() -> None:
    both = hold(("mother", "skin_to_skin", 0, 2), ("father", "skin_to_skin", 1, 3))
    dose = dose_in([both], Span(0, 10 * H), 10 * H)
    assert dose.held_h == dose.skin_to_skin_h == 3
    assert dose.by_role == dose.skin_to_skin_by_role == {"father": 2, "mother": 2}
    assert (dose.holds, dose.longest_h) == (1, 3)


def test_kangaroo_care_is_told_apart_from_other_holding() -> None:
    dose = dose_in(
        [
            hold(("mother", "skin_to_skin", 0, 1)),
            hold(("staff", "clothed", 2, 4)),
            hold(("father", "unknown", 5, 5.5)),
        ],
        Span(0, 10 * H),
        10 * H,
    )
    assert (dose.skin_to_skin_h, dose.clothed_h, dose.unknown_h) == (1, 2, 0.5)
    assert dose.held_h == 3.5
    assert dose.by_role == {"father": 0.5, "mother": 1, "staff": 2}
    assert dose.skin_to_skin_by_role == {"mother": 1}
    assert (dose.holds, dose.longest_h) == (3, 2)


def test_a_pause_does_not_count_and_does_not_split() -> None:
    dose = dose_in(
        [hold(("mother", "skin_to_skin", 0, 1), ("mother", "skin_to_skin", 1.05, 2))],
        Span(0, 10 * H),
        10 * H,
    )
    assert dose.held_h == pytest.approx(1.95)
    assert (dose.holds, dose.longest_h) == (1, 2)


def test_a_hold_that_runs_counts_until_now() -> None:
    dose = dose_in([hold(("mother", "skin_to_skin", 1, None))], Span(0, 10 * H), 3 * H)
    assert dose.held_h == dose.longest_h == 2
    assert dose_in([hold(("mother", "clothed", 4, None))], Span(0, 10 * H), 3 * H).held_h == 0


def test_a_day_without_a_hold_is_a_day_of_zero() -> None:
    found = dose_by_day([hold(("mother", "skin_to_skin", 1, 2))], Span(0, 50 * H), None)
    assert [(each.day, each.dose.held_h) for each in found] == [
        ("day 1", 1),
        ("day 2", 0),
        ("day 3", 0),
    ]
    assert found[1].dose.by_role == {}


def test_midnight_parts_a_hold_between_two_days_but_not_within_24_hours() -> None:
    at = utc("2026-03-01 00:00") / H
    night = hold(("mother", "skin_to_skin", at + 20, at + 28))
    span = Span((at + 12) * H, (at + 36) * H)
    first, second = dose_by_day([night], span, "")
    assert (first.day, first.dose.held_h) == ("2026-03-01", 4)
    assert (second.day, second.dose.held_h) == ("2026-03-02", 4)
    assert first.last_24_h.held_h == 4
    assert second.last_24_h.held_h == 8
    assert second.last_24_h.span == span


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-05-01", 24)]
)
def test_a_day_is_as_long_as_the_clock_makes_it(day: str, hours: float) -> None:
    noon = utc(f"{day} 12:00")
    always = hold(("mother", "skin_to_skin", noon / H - 48, noon / H + 48))
    (found,) = dose_by_day([always], Span(noon, noon + H), "Europe/Berlin")
    assert found.day == day
    assert found.dose.held_h == hours
    assert found.last_24_h.held_h == 24


def test_an_instant_has_its_day() -> None:
    assert [d.day for d in dose_by_day([], Span(0, 0), None)] == ["day 1"]
    noon = utc("2026-03-01 12:00")
    assert [d.day for d in dose_by_day([], Span(noon, noon), "UTC")] == ["2026-03-01"]


def test_a_span_that_ends_at_midnight_does_not_touch_the_next_day() -> None:
    noon = utc("2026-03-01 12:00")
    assert [d.day for d in dose_by_day([], Span(0, 24 * H), None)] == ["day 1"]
    assert [d.day for d in dose_by_day([], Span(noon, noon + 12 * H), "")] == ["2026-03-01"]


def test_a_dose_is_of_one_infant() -> None:
    pair = [
        hold(("mother", "skin_to_skin", 0, 1)),
        hold(("mother", "skin_to_skin", 0, 1), infant="b"),
    ]
    with pytest.raises(ValueError, match="one infant"):
        dose_in(pair, Span(0, H), H)


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(InputError, match='the time zone "Mars" is not known'):
        dose_by_day([], Span(0, H), "Mars")


STAYS = st.tuples(
    st.sampled_from(["mother", "father", "staff"]),
    st.sampled_from(["skin_to_skin", "clothed", "unknown"]),
    st.integers(0, 60),
    st.integers(1, 20),
).map(lambda stay: (*stay[:3], stay[2] + stay[3]))


@given(st.lists(STAYS, max_size=6))
def test_laws_of_the_dose(stays: list[tuple[str, str, int, int]]) -> None:
    """Contacts add up, no day holds more than its hours, and days add up to the whole."""
    holds = [hold(stay) for stay in stays]
    span = Span(0, 80 * H)
    dose = dose_in(holds, span, 80 * H)
    parts = dose.skin_to_skin_h + dose.clothed_h + dose.unknown_h
    assert parts == pytest.approx(dose.held_h)
    assert sum(dose.by_role.values()) >= dose.held_h - 1e-9
    assert max(dose.by_role.values(), default=0) <= dose.held_h + 1e-9
    days = dose_by_day(holds, span, None)
    assert sum(day.dose.held_h for day in days) == pytest.approx(dose.held_h)
    assert all(max(day.dose.held_h, day.last_24_h.held_h) <= 24 for day in days)

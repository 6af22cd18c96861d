"""The phases of a hold: table, then laws that hold for any log."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from joey.holds import (
    PHASES,
    Hold,
    Phases,
    PhaseSettings,
    Piece,
    phases_of,
    settled_from,
    why_unpaired,
)
from joey.spans import Span, Spans, contains, intersect, subtract, total, union

MIN = 60.0
DATA = Span(-1000 * MIN, 1000 * MIN)
DISJOINT = PHASES[:6]


def hold(*stays: tuple[str, float, float | None], infant: str = "a", **details: str) -> Hold:
    """Return a hold from (holder, start, end) in minutes."""
    pieces = tuple(
        Piece(who, "unknown", start * MIN, None if end is None else end * MIN)
        for who, start, end in stays
    )
    return Hold(f"{infant}{stays}", infant, pieces, details=details)


def minutes(phases: Phases) -> dict[str, list[tuple[float, float]]]:
    return {
        name: [(s.start / MIN, s.end / MIN) for s in spans] for name, spans in phases.spans.items()
    }


def laid(
    main: Hold, *others: Hold, data: Span = DATA, settings: PhaseSettings | None = None
) -> Phases:
    return phases_of(main, others, data, settings or PhaseSettings())


def test_the_phases_of_an_hour_are_those_of_the_reference() -> None:
    phases = laid(hold(("m", 0, 60), end_reason="planned_end"))
    assert minutes(phases) == {
        "before": [(-70, -10)],
        "transfer_in": [(-10, 15)],
        "settled": [(15, 50)],
        "change": [],
        "transfer_out": [(50, 75)],
        "after": [(75, 135)],
        "whole_hold": [(0, 60)],
        "last_10": [],
    }
    assert not phases.provisional
    assert phases.notes == ()


@pytest.mark.parametrize("length", [6, 20, 24.9])
def test_transfers_of_a_short_hold_meet_in_its_middle(length: float) -> None:
    phases = laid(hold(("m", 0, length)))
    assert minutes(phases)["transfer_in"] == [(-10, length / 2)]
    assert minutes(phases)["transfer_out"] == [(length / 2, length + 15)]
    assert minutes(phases)["settled"] == []
    assert phases.notes == (
        (
            f"the hold of {int(length)} min has no settled part: "
            "the transfers of a hold take 25 min, and 15 min settled are asked for"
        ),
    )


def test_a_hold_of_twenty_five_minutes_has_transfers_of_full_length_and_nothing_between() -> None:
    found = minutes(laid(hold(("m", 0, 25))))
    assert (found["transfer_in"], found["transfer_out"]) == ([(-10, 15)], [(15, 40)])
    assert found["settled"] == []


def test_a_short_settled_part_is_pointed_at() -> None:
    phases = laid(hold(("m", 0, 35)))
    assert minutes(phases)["settled"] == [(15, 25)]
    assert phases.notes == (
        "the settled part lasts 10 min, less than the 15 min of valid data asked for",
    )


def test_a_hold_that_runs_is_settled_until_the_data_end() -> None:
    phases = laid(hold(("m", 0, None)), data=Span(-100 * MIN, 90 * MIN))
    found = minutes(phases)
    assert found["settled"] == [(15, 90)]
    assert found["whole_hold"] == [(0, 90)]
    assert found["transfer_out"] == found["after"] == found["last_10"] == []
    assert phases.provisional
    assert phases.notes == (
        (
            "the hold still ran when the data ended, 90 min after its start: its settled part is "
            "provisional"
        ),
    )


def test_a_hold_that_has_just_begun_has_no_settled_part_yet() -> None:
    phases = laid(hold(("m", 0, None)), data=Span(-100 * MIN, 8 * MIN))
    found = minutes(phases)
    assert found["transfer_in"] == [(-10, 8)]
    assert found["settled"] == []
    assert phases.notes[1] == (
        "the hold of 8 min has no settled part: "
        "the transfers of a hold take 15 min, and 15 min settled are asked for"
    )


def test_a_change_of_holder_is_cut_out_of_the_settled_part() -> None:
    found = minutes(laid(hold(("m", 0, 60), ("f", 60, 120))))
    assert found["change"] == [(55, 70)]
    assert found["settled"] == [(15, 55), (70, 110)]


def test_a_change_with_two_holders_at_once_or_none_lasts_from_first_to_last() -> None:
    assert minutes(laid(hold(("m", 0, 60), ("f", 58, 120))))["change"] == [(53, 70)]
    assert minutes(laid(hold(("m", 0, 60), ("f", 63, 120))))["change"] == [(55, 73)]


def test_a_pause_is_a_change_but_two_rows_of_one_stay_are_not() -> None:
    assert minutes(laid(hold(("m", 0, 60), ("m", 63, 120))))["change"] == [(55, 73)]
    assert minutes(laid(hold(("m", 0, 60), ("m", 60, 120))))["change"] == []


def test_a_change_within_a_transfer_belongs_to_the_transfer() -> None:
    found = minutes(laid(hold(("m", 0, 12), ("f", 12, 60))))
    assert found["transfer_in"] == [(-10, 15)]
    assert found["change"] == [(15, 22)]
    assert found["settled"] == [(22, 50)]


def test_changes_may_leave_nothing_settled() -> None:
    phases = laid(hold(("m", 0, 18), ("f", 18, 30)))
    assert minutes(phases)["settled"] == []
    assert phases.notes == (
        "the hold of 30 min has no settled part: changes of holder took the rest",
    )


TAKEN = "other holds take all 60 min before this one, with their transfers"
SHORT = "the hold of 8 min has no settled part: the transfers of a hold take {} min, and 15 min"


@pytest.mark.parametrize(
    ("main", "other", "why"),
    [
        (hold(("m", 0, 60)), hold(("f", 100, 110)), ""),
        (
            hold(("m", 0, None)),
            hold(("f", -200, -180)),
            f"{SHORT.format(15)} settled are asked for",
        ),
        (
            hold(("m", 0, 8)),
            hold(("f", -85, -5)),
            f"{TAKEN}, and {SHORT.format(25)} settled are asked for",
        ),
    ],
)
def test_it_is_said_which_of_two_phases_a_hold_has_not(main: Hold, other: Hold, why: str) -> None:
    settings = PhaseSettings()
    found = laid(main, other, data=Span(-100 * MIN, 8 * MIN))
    assert why_unpaired(found, settings) == why


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ({}, [(50, 60)]),
        ({"end_reason": "unknown"}, [(50, 60)]),
        ({"end_reason": "infant_instability"}, [(50, 60)]),
        ({"end_reason": "staff_decision"}, [(50, 60)]),
        ({"end_reason": "planned_end"}, []),
        ({"end_reason": "feeding"}, []),
    ],
)
def test_the_last_ten_minutes_get_a_line_when_the_end_may_tell(
    reason: dict[str, str], told: list[tuple[float, float]]
) -> None:
    assert minutes(laid(hold(("m", 0, 60), **reason)))["last_10"] == told


def test_the_last_ten_minutes_of_six_are_six() -> None:
    assert minutes(laid(hold(("m", 0, 6))))["last_10"] == [(0, 6)]


def test_other_holds_with_their_transfers_are_cut_out_of_before_and_after() -> None:
    phases = laid(
        hold(("m", 0, 60), end_reason="planned_end"),
        hold(("m", -100, -60)),
        hold(("f", 100, 110)),
    )
    found = minutes(phases)
    assert found["before"] == [(-45, -10)]
    assert found["after"] == [(75, 90), (125, 135)]
    assert phases.notes == (
        "another hold or its transfer takes 25 of the 60 min of before",
        "another hold or its transfer takes 35 of the 60 min of after",
    )


def test_a_transfer_ends_where_the_next_hold_begins() -> None:
    found = minutes(laid(hold(("m", 0, 60)), hold(("m", -40, -6)), hold(("f", 67, 90))))
    assert found["transfer_in"] == [(-6, 15)]
    assert found["transfer_out"] == [(50, 67)]


def test_the_hold_itself_and_its_twins_hold_cut_nothing() -> None:
    main = hold(("m", 0, 60), end_reason="planned_end")
    twin = hold(("m", -60, 90), infant="b")
    assert laid(main, main, twin).notes == ()
    assert minutes(laid(main, main, twin)) == minutes(laid(main))


def test_what_lies_outside_the_recording_is_told_and_kept() -> None:
    phases = laid(hold(("m", 0, 60), end_reason="planned_end"), data=Span(-30 * MIN, 70 * MIN))
    assert minutes(phases)["before"] == [(-70, -10)]
    assert phases.notes == (
        "40 of the 60 min of before lie outside the recording",
        "5 of the 25 min of transfer out lie outside the recording",
        "60 of the 60 min of after lie outside the recording",
    )


def test_lengths_in_notes_are_those_of_people() -> None:
    """Seconds below two minutes, whole minutes above; a part is not written as the whole."""
    short = laid(hold(("m", 0, 1.77 / 60)), data=Span(-70 * MIN, 36.4))
    assert short.notes == (
        (
            "the hold of 2 s has no settled part: the transfers of a hold take 25 min, and 15 min "
            "settled are asked for"
        ),
        "14 of the 15 min of transfer out lie outside the recording",
        "60 of the 60 min of after lie outside the recording",
    )
    most = laid(hold(("m", 0, 60), end_reason="planned_end"), data=Span(-70 * MIN, 75.2 * MIN))
    assert most.notes == ("59 of the 60 min of after lie outside the recording",)
    nearly = laid(hold(("m", 0, 39.9)))
    assert nearly.notes[0].startswith("the settled part lasts 14 min, less than the 15 min")


@pytest.mark.parametrize(
    ("data_end", "lost"),
    [
        (77, ()),  # the last minute is on its way
        (70, ("5 of the 25 min of transfer out", "3 of the 60 min of after")),  # no monitor
    ],
)
def test_what_is_to_come_is_not_outside_the_recording(data_end: int, lost: tuple[str, ...]) -> None:
    """Three minutes of the hour after the hold have gone by: the others are to come."""
    main = hold(("m", 0, 60), end_reason="planned_end")
    data = Span(-200 * MIN, data_end * MIN)
    phases = phases_of(main, (), data, PhaseSettings(), now=78 * MIN)
    assert minutes(phases)["after"] == [(75, 135)]
    assert phases.notes == tuple(f"{each} lie outside the recording" for each in lost)
    assert phases.until == 135 * MIN
    assert not phases.provisional


def test_phases_that_are_over_are_final() -> None:
    main, data = hold(("m", 0, 60)), Span(-200 * MIN, 136 * MIN)
    assert phases_of(main, (), data, PhaseSettings(), now=136 * MIN).until is None
    assert phases_of(main, (), data, PhaseSettings()).until is None
    running = phases_of(hold(("m", 0, None)), (), data, PhaseSettings(), now=136 * MIN)
    assert running.until is None
    assert running.provisional


def test_settings_scale_to_recordings_of_minutes() -> None:
    small = PhaseSettings().scaled(0.1)
    found = minutes(laid(hold(("m", 0, 6), end_reason="planned_end"), settings=small))
    assert found["before"] == [pytest.approx((-7, -1))]
    assert found["settled"] == [pytest.approx((1.5, 5))]
    assert small.min_valid_settled == 1.5


@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf")])
def test_lengths_are_minutes_of_at_least_zero(value: float) -> None:
    with pytest.raises(ValueError, match="before_len is a number of minutes of at least 0"):
        PhaseSettings(before_len=value)


def test_temperature_settles_later() -> None:
    phases = laid(hold(("m", 0, 60), ("f", 60, 120)))
    assert settled_from(phases, 30) == Spans.of([(30 * MIN, 55 * MIN), (70 * MIN, 110 * MIN)])
    assert len(settled_from(laid(hold(("m", 0, 38))), 30)) == 0
    fresh = laid(hold(("m", 0, None)), data=Span(-60 * MIN, -10 * MIN))
    assert len(settled_from(fresh, 30)) == 0


LENGTHS = st.integers(0, 40).map(float)
SETTINGS = st.builds(
    PhaseSettings,
    before_len=LENGTHS, before_end=LENGTHS, transfer_in_after=LENGTHS, settled_end_before=LENGTHS,
    transfer_out_after=LENGTHS, after_len=LENGTHS, change_before=LENGTHS, change_after=LENGTHS,
)  # fmt: skip


@st.composite
def logs(draw: st.DrawFn) -> list[Hold]:
    """Holds of one infant in time order, 5 min or more apart, the last one perhaps open."""
    at, found = 0, []
    for _ in range(draw(st.integers(1, 4))):
        at += draw(st.integers(5, 200))
        stays = []
        for _ in range(draw(st.integers(1, 3))):
            end = at + draw(st.integers(1, 150))
            stays.append((draw(st.sampled_from("mf")), at, end))
            at = end + draw(st.integers(0, 4))
        at = stays[-1][2]
        found.append(stays)
    if draw(st.booleans()):
        found[-1][-1] = (*found[-1][-1][:2], None)
    reason = draw(st.sampled_from(["planned_end", "unknown"]))
    return [hold(*stays, end_reason=reason) for stays in found]


@given(logs(), SETTINGS, st.data())
def test_laws_of_phases(holds: list[Hold], settings: PhaseSettings, data: st.DataObject) -> None:
    """Phases are disjoint, cover the hold once, and hold no other hold's time."""
    main = data.draw(st.sampled_from(holds))
    span = Span(-100 * MIN, (holds[-1].start / MIN + data.draw(st.integers(0, 300))) * MIN)
    phases = phases_of(main, holds, span, settings)
    spans = phases.spans
    assert tuple(spans) == PHASES
    parts = [spans[name] for name in DISJOINT]
    assert total(union(*parts)) == pytest.approx(sum(total(part) for part in parts))

    whole = spans["whole_hold"]
    inside = [intersect(spans[name], whole) for name in DISJOINT]
    assert union(*inside) == whole
    assert len(intersect(union(spans["before"], spans["after"]), whole)) == 0
    assert len(subtract(union(spans["settled"], spans["change"], spans["last_10"]), whole)) == 0

    for other in holds:
        if other is main:
            continue
        end = float("inf") if other.end is None else other.end
        held = Spans.of([(other.start, end)])
        assert len(intersect(union(*parts), held)) == 0
        around = Spans.of(
            [
                (
                    other.start - settings.before_end * MIN,
                    end + settings.transfer_out_after * MIN,
                )
            ]
        )
        assert len(intersect(union(spans["before"], spans["after"]), around)) == 0

    assert phases.provisional == (main.end is None)
    if main.end is None:
        assert len(spans["transfer_out"]) == len(spans["after"]) == 0
        assert not any(contains(spans["settled"], whole.bounds[:, 1]))
    if len(spans["settled"]) == 0:
        assert any("has no settled part" in note for note in phases.notes)


@given(logs(), st.integers(-5000, 5000), st.data())
def test_phases_move_with_the_clock(holds: list[Hold], shift: int, data: st.DataObject) -> None:
    """The same log an hour later gives the same phases an hour later."""
    main = data.draw(st.sampled_from(holds))
    moved = {
        each.id: hold(
            *(
                (p.holder, p.start / MIN + shift, None if p.end is None else p.end / MIN + shift)
                for p in each.pieces
            ),
            **each.details,
        )
        for each in holds
    }
    here = laid(main, *holds)
    span = Span(DATA.start + shift * MIN, DATA.end + shift * MIN)
    there = laid(moved[main.id], *moved.values(), data=span)
    for name in PHASES:
        assert there.spans[name].bounds == pytest.approx(here.spans[name].bounds + shift * MIN)
    assert there.notes == here.notes

"""What a hold log says, what becomes one hold, and what is refused with which words."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from joey.errors import FormatError, InputError
from joey.holds import Hold, HoldLog, Piece, read_holds, write_holds
from joey.signals import Clock
from joey.spans import Span

H = 3600.0
BERLIN = Clock(dated=True, zone="Europe/Berlin")
UNDATED = Clock(dated=False)


def utc(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


NOON = utc("2026-03-01 12:00")
DAY = Span(NOON - 12 * H, NOON + 12 * H)


def read(
    tmp_path: Path,
    text: str,
    clock: Clock = BERLIN,
    span: Span = DAY,
    infant: str | None = None,
) -> HoldLog:
    path = tmp_path / "holds.csv"
    path.write_text(text, encoding="utf-8")
    return read_holds(path, clock, None, span, infant)


def stays(log: HoldLog) -> list[list[tuple[float, float | None]]]:
    return [[(p.start, p.end) for p in hold.pieces] for hold in log.holds]


def test_every_column_is_kept_and_a_missing_one_is_unknown(tmp_path: Path) -> None:
    log = read(
        tmp_path,
        "infant,start,end,holder,role,contact,position,position_before,bed_before,transfer_mode,"
        "end_reason,stopped_early,interventions,lines,logged_at,logged_by,time_source,note\n"
        "b1,2026-03-01 13:00,2026-03-01 14:00,p1,Mother,Skin-to-skin,upright,prone,"
        "incubator servo,two staff,planned_end,no,FiO2 up,PICC,2026-03-01 13:02,n1,tap,calm\n",
    )
    (hold,) = log.holds
    assert hold.infant == "b1"
    assert hold.pieces == (Piece("p1", "mother", NOON, NOON + H, "skin_to_skin"),)
    assert hold.contact == "skin_to_skin"
    assert hold.details == {
        "position": "upright",
        "position_before": "prone",
        "bed_before": "incubator_servo",
        "transfer_mode": "two_staff",
        "end_reason": "planned_end",
        "stopped_early": "no",
        "interventions": "FiO2 up",
        "lines": "PICC",
        "logged_at": "2026-03-01 13:02",
        "logged_by": "n1",
        "time_source": "tap",
        "note": "calm",
    }
    (bare,) = read(tmp_path, "start,end\n2026-03-01 13:00,2026-03-01 14:00\n").holds
    assert bare.infant == bare.contact == bare.pieces[0].role == bare.pieces[0].holder == "unknown"
    assert set(bare.details.values()) == {"unknown"}
    assert set(bare.details) == set(hold.details)


@pytest.mark.parametrize(
    "last", ["2026-03-01 13:00", "2026-03-01 12:00,2026-03-01 13:00,p1\n2026-03-01 15:00"]
)
def test_a_row_that_ends_before_its_end_is_refused(last: str, tmp_path: Path) -> None:
    """A log that was cut off is not a hold that still runs."""
    with pytest.raises(FormatError, match="end is missing, the line is too short"):
        read(tmp_path, f"start,end,holder\n{last}")


def test_an_empty_end_is_a_hold_that_still_runs(tmp_path: Path) -> None:
    (hold,) = read(tmp_path, "start,end\n2026-03-01 13:00,\n").holds
    assert hold.end is None


@pytest.mark.parametrize(
    ("rows", "joined"),
    [
        # touching, a pause under 5 min, a pause of exactly 5 min
        (("p1,mother,00:10,00:40", "p2,father,00:40,01:10"), 1),
        (("p1,mother,00:10,00:40", "p2,father,00:44:59,01:10"), 1),
        (("p1,mother,00:10,00:40", "p2,father,00:45,01:10"), 2),
        # the same holder after a pause; two holders at once; one inside the other
        (("p1,mother,00:10,00:40", "p1,mother,00:42,01:10"), 1),
        (("p1,mother,00:10,00:40", "p2,father,00:38,01:10"), 1),
        (("p1,mother,00:10,01:30", "p2,father,00:38,01:10"), 1),
        (("p1,mother,00:10,00:40", "p1,mother,00:40,01:10"), 1),
        # rows in any order, and by role where no holder is keyed
        (("p2,father,00:40,01:10", "p1,mother,00:10,00:40"), 1),
        ((",mother,00:10,00:40", ",father,00:38,01:10"), 1),
        # a pause counts from the latest end, not from the previous row's
        (("p1,mother,00:10,01:30", "p2,father,00:20,00:30", "p3,staff,01:33,02:00"), 1),
    ],
)
def test_rows_without_a_pause_of_five_minutes_are_one_hold(
    tmp_path: Path, rows: tuple[str, ...], joined: int
) -> None:
    text = "\n".join(["holder,role,start,end", *rows])
    log = read(tmp_path, text, UNDATED, span=Span(0, 4 * H))
    assert len(log.holds) == joined
    assert sum(len(hold.pieces) for hold in log.holds) == len(rows)


def test_the_pause_that_parts_two_holds_is_a_setting(tmp_path: Path) -> None:
    path = tmp_path / "holds.csv"
    path.write_text("start,end\n00:10,00:40\n00:42,01:10\n", encoding="utf-8")
    for pause, count in ((2.0, 2), (2.1, 1), (0.0, 2)):
        log = read_holds(path, UNDATED, None, Span(0, 4 * H), pause_merge_min=pause)
        assert len(log.holds) == count


def test_a_joined_hold_begins_as_its_first_row_and_ends_as_its_last(tmp_path: Path) -> None:
    (hold,) = read(
        tmp_path,
        "start,end,holder,contact,position,transfer_mode,end_reason,logged_by\n"
        "00:40,01:10,p2,clothed,reclined,seated,infant_instability,n2\n"
        "00:10,00:40,p1,skin_to_skin,upright,standing,planned_end,n1\n",
        UNDATED,
        span=Span(0, 4 * H),
    ).holds
    assert hold.contact == "mixed"
    assert [piece.contact for piece in hold.pieces] == ["skin_to_skin", "clothed"]
    assert hold.details["transfer_mode"] == "standing"
    assert hold.details["end_reason"] == "infant_instability"
    assert hold.details["position"] == "upright; reclined"
    assert hold.details["logged_by"] == "n1; n2"


def test_the_end_of_a_hold_is_its_latest_end(tmp_path: Path) -> None:
    (hold,) = read(
        tmp_path,
        "start,end,holder\n00:10,01:30,p1\n00:38,01:10,p2\n",
        UNDATED,
        span=Span(0, 4 * H),
    ).holds
    assert hold.end == 1.5 * H


def test_twins_on_one_parent_are_two_logs(tmp_path: Path) -> None:
    text = "infant,start,end,holder\na,00:10,01:00,p1\nb,00:12,01:02,p1\n"
    span = Span(0, 4 * H)
    first = read(tmp_path, text, UNDATED, span=span, infant="a")
    second = read(tmp_path, text, UNDATED, span=span, infant="b")
    assert stays(first) == [[(600.0, H)]]
    assert stays(second) == [[(720.0, H + 120)]]
    assert first.others == second.others == 1
    assert first.notes == ("1 row of other infants skipped",)
    assert first.holds[0].id != second.holds[0].id


def test_rows_of_other_infants_may_be_wrong(tmp_path: Path) -> None:
    text = "infant,start,end\na,00:10,01:00\nb,noon,\n"
    assert len(read(tmp_path, text, UNDATED, span=Span(0, H), infant="a").holds) == 1


def test_a_log_without_infants_is_of_the_one_asked_for(tmp_path: Path) -> None:
    for text in ("start,end\n00:10,00:40\n", "infant,start,end\n,00:10,00:40\n"):
        (hold,) = read(tmp_path, text, UNDATED, span=Span(0, H), infant="a").holds
        assert hold.infant == "a"


def test_holds_outside_the_recording_are_counted_and_kept_apart(tmp_path: Path) -> None:
    log = read(
        tmp_path,
        "start,end\n00:10,00:40\n01:50,02:10\n03:00,03:30\n05:00,\n",
        UNDATED,
        span=Span(2 * H, 4 * H),
    )
    assert [hold.start for hold in log.holds] == [6600.0, 3 * H]
    assert [hold.start for hold in log.outside] == [600.0, 5 * H]
    assert log.notes == ("2 holds outside the recording skipped",)


@pytest.mark.parametrize(("start", "end"), [("01:00", "02:00"), ("04:00", "05:00"), ("04:00", "")])
def test_a_hold_that_only_touches_the_recording_is_outside(
    tmp_path: Path, start: str, end: str
) -> None:
    text = f"start,end\n02:30,03:00\n{start},{end}\n"
    log = read(tmp_path, text, UNDATED, span=Span(2 * H, 4 * H))
    assert len(log.holds) == len(log.outside) == 1


def test_a_very_long_hold_is_pointed_at(tmp_path: Path) -> None:
    log = read(tmp_path, "start,end\n00:10,25:10\n", UNDATED, span=Span(0, H))
    assert log.notes == ("1 hold longer than 24 h: check the dates",)
    assert read(tmp_path, "start,end\n00:10,24:10\n", UNDATED, span=Span(0, H)).notes == ()


def test_the_zone_that_was_taken_is_noted(tmp_path: Path) -> None:
    note = "times of the hold log without an offset were read in Europe/Berlin"
    assert read(tmp_path, "start,end\n2026-03-01 13:00,\n").notes == (note,)
    assert read(tmp_path, "start,end\n2026-03-01 13:00Z,\n").notes == ()
    assert read(tmp_path, "start,end,zone\n2026-03-01 13:00,,Asia/Tokyo\n").notes == ()


def test_an_unknown_column_is_noted_with_what_it_may_have_been(tmp_path: Path) -> None:
    log = read(
        tmp_path, "start,end,contct,hat\n00:10,00:40,clothed,yes\n", UNDATED, span=Span(0, H)
    )
    assert log.holds[0].contact == "unknown"
    assert log.notes == (
        'the column "contct" is not used; did you mean contact?',
        'the column "hat" is not used',
    )


def test_columns_may_be_written_with_spaces_and_capitals(tmp_path: Path) -> None:
    text = "Start,END,End Reason\n00:10,00:40,feeding\n"
    (hold,) = read(tmp_path, text, UNDATED, span=Span(0, H)).holds
    assert hold.details["end_reason"] == "feeding"


ROLES = (
    "mother, father, other_parent, sibling, grandparent, surrogate, staff, volunteer, other, "
    "or leave it empty"
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("end\n00:40\n", "line 1: there is no column start; the columns are infant, start, end"),
        ("strat,end\n00:10,00:40\n", 'line 1: there is no column start (is it "strat"?)'),
        ("start,ends\n00:10,00:40\n", 'line 1: there is no column end (is it "ends"?)'),
        (
            "infnat,start,end\na,00:10,00:40\n",
            'line 1: the column "infnat" is not known; if it is infant, call it so',
        ),
        ("start,Start,end\n00:10,00:10,00:40\n", "line 1: there are two columns start; keep one"),
        ("start,end\n,00:40\n", "line 2: start is empty; every hold has one"),
        (
            "start,end\n00:10,00:40\n00:50,00:50\n",
            (
                "line 3: the end, 00:50, is not after the start, 00:50; check both, and the date "
                "of a hold past midnight"
            ),
        ),
        (
            "start,end\n2026-03-01 13:05,\n",
            (
                "line 2: start 2026-03-01 13:05 cannot be placed: the recording carries no date. "
                "Give the time from its start, as hh:mm:ss"
            ),
        ),
        ("start,end\n00:10,soon\n", "line 2: end is not a time; write it as hh:mm:ss"),
        ("start,end\n00:61,\n", "line 2: start 00:61 is not a time; write it as hh:mm:ss"),
        (
            "start,end,role\n00:10,,mothr\n",
            f"line 2: role has a word that is not known (did you mean mother?); use one of {ROLES}",
        ),
        (
            "start,end,role\n00:10,,aunt\n",
            f"line 2: role has a word that is not known; use one of {ROLES}",
        ),
        (
            "start,end,stopped_early\n00:10,,maybe\n",
            "line 2: stopped_early has a word that is not known; use one of yes, no, or leave",
        ),
        (
            "start,end,holder\n00:10,00:40,p1\n00:30,00:50,p1\n",
            (
                "line 3: overlaps line 2, of the same infant and the same holder: correct the "
                "times, or take one out"
            ),
        ),
        (
            "start,end,role\n00:10,00:40,father\n00:10,00:40,father\n",
            (
                "line 3: overlaps line 2, of the same infant and the same holder: correct the "
                "times, or take one out"
            ),
        ),
        (
            "start,end,holder\n00:10,,p1\n00:30,00:50,p2\n",
            (
                "line 2: end is empty, yet the infant's hold in line 3 starts later: give the end, "
                "or take the line out"
            ),
        ),
        (
            "infant,start,end\na,00:10,00:20\n,00:30,00:50\n",
            "line 3: infant is empty, and other rows name one: fill it in",
        ),
    ],
)
def test_a_wrong_log_is_one_clear_message_with_its_line(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(FormatError) as error:
        read(tmp_path, text, UNDATED, span=Span(0, H))
    found = str(error.value)
    assert found.startswith(f"{tmp_path / 'holds.csv'}, {message}")


@pytest.mark.parametrize(
    ("text", "infant", "message"),
    [
        ("start,end\n", None, "{} holds no hold: it has a line of column names and nothing below"),
        (
            "infant,start,end\na,00:10,00:20\nb,00:10,00:20\n",
            None,
            "{} has rows of 2 infants: choose one with --infant",
        ),
        (
            "infant,start,end\na,00:10,00:20\nb,00:10,00:20\n",
            "c",
            (
                "{} has no row of that infant, only of 2 others; --infant takes the key exactly as "
                "logged"
            ),
        ),
        (
            "start,end\n02:00,02:20\n03:00,\n",
            None,
            (
                "none of the 2 holds lies in the recording, which runs from 00:00:00 to 01:00:00 "
                "(from the recording's start); the holds from 02:00:00 to 03:00:00 "
                "(from the recording's start). Check the dates and the time zone"
            ),
        ),
    ],
)
def test_a_wish_that_cannot_be_met_is_said(
    tmp_path: Path, text: str, infant: str | None, message: str
) -> None:
    with pytest.raises(InputError) as error:
        read(tmp_path, text, UNDATED, span=Span(0, H), infant=infant)
    assert str(error.value) == message.format(tmp_path / "holds.csv")


def test_a_hold_outside_a_dated_recording_is_told_in_local_time(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        read(tmp_path, "start,end\n2026-04-01 13:00,2026-04-01 14:00\n")
    assert str(error.value) == (
        "the hold does not lie in the recording, which runs from 2026-03-01 01:00 to "
        "2026-03-02 01:00 (Europe/Berlin); the hold from 2026-04-01 13:00 to 2026-04-01 14:00 "
        "(Europe/Berlin). Check the dates and the time zone"
    )


NAMES = "Jones, Baby Boy|Anna Jones|Kim 4711"
WITH_NAMES = [
    # a name where a time, a word or a zone should be; rows without a line of column names
    'infant,start,end,holder\n"Jones, Baby Boy",Anna Jones,,Anna Jones\n',
    'infant,start,end,role\n"Jones, Baby Boy",00:10,,Anna Jones\n',
    'infant,start,end,holder\n"Jones, Baby Boy",00:10,00:05,Anna Jones\n',
    (
        'infant,start,end,holder\n"Jones, Baby Boy",00:10,00:40,Anna Jones\n'
        '"Jones, Baby Boy",00:20,00:50,Anna Jones\n'
    ),
    'infant,start,end,holder\n"Jones, Baby Boy",00:10,,Anna Jones\nKim 4711,00:20,,Anna Jones\n',
    'infant,start,end,holder\n"Jones, Baby Boy",09:10,,Anna Jones\n',
    '"Jones, Baby Boy",00:10,00:40,Anna Jones\n',
]


@pytest.mark.parametrize("text", WITH_NAMES)
def test_no_message_holds_a_name(tmp_path: Path, text: str) -> None:
    with pytest.raises((FormatError, InputError)) as error:
        read(tmp_path, text, UNDATED, span=Span(0, H))
    assert not re.search(NAMES, str(error.value))


def test_a_zone_is_no_place_for_a_name_either(tmp_path: Path) -> None:
    with pytest.raises(FormatError) as error:
        read(tmp_path, "start,end,zone\n2026-03-01 13:00,,Anna Jones\n")
    assert "Jones" not in str(error.value)


def test_the_key_of_a_hold_shows_no_infant_and_stays_the_same(tmp_path: Path) -> None:
    text = "infant,start,end\nJones,00:10,00:40\n"
    first, again = (read(tmp_path, text, UNDATED, span=Span(0, H)).holds[0] for _ in range(2))
    assert first.id == again.id
    assert "jones" not in first.id.lower()
    more = text + "Jones,02:10,02:40\n"
    assert read(tmp_path, more, UNDATED, span=Span(0, 4 * H)).holds[0].id == first.id


def test_the_key_of_a_hold_cannot_be_guessed_back_to_the_infant(tmp_path: Path) -> None:
    """Another number of the infant gives the same key: no try of all short ones tells which."""
    keys = {
        read(tmp_path, f"infant,start,end\n{name},00:10,00:40\n", UNDATED, span=Span(0, H))
        .holds[0]
        .id
        for name in ("1234567", "7654321")
    }
    assert len(keys) == 1


@pytest.mark.parametrize("clock", [BERLIN, UNDATED])
def test_a_written_log_reads_back_as_it_was(tmp_path: Path, clock: Clock) -> None:
    at = NOON if clock.dated else 0.0
    details = dict.fromkeys(
        read(tmp_path, "start,end\n2026-03-01 13:00,\n").holds[0].details, "unknown"
    )
    holds = (
        Hold(
            "x",
            "b1",
            (
                Piece("p1", "mother", at + 0.25, at + H, "skin_to_skin"),
                Piece("unknown", "father", at + H - 60, at + 2 * H, "skin_to_skin"),
            ),
            "skin_to_skin",
            details={**details, "note": 'fed, "quiet"', "end_reason": "feeding"},
        ),
        Hold("y", "b1", (Piece("p1", "mother", at + 26 * H, None),), details=details),
    )
    path = tmp_path / "written.csv"
    write_holds(path, holds, clock)
    found = read_holds(path, clock, None, Span(at, at + 48 * H)).holds
    assert [(h.infant, h.pieces, h.contact, h.details) for h in found] == [
        (h.infant, h.pieces, h.contact, h.details) for h in holds
    ]

"""What was charted beside a recording, with its age; what is unknown stays so."""

import math
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from joey.errors import FormatError
from joey.holds import (
    Context,
    breathes_room_air,
    postmenstrual_age,
    postnatal_age,
    read_context,
    room_air,
    weeks_and_days,
)
from joey.signals import Clock
from joey.spans import Span

H = 3600.0
DAY = 24 * H
UNDATED = Clock(dated=False)
TEN_HOURS = Span(0, 10 * H)
HEAD = "time,kind,value,unit,site,note\n"


def read(tmp_path: Path, rows: str, clock: Clock = UNDATED, span: Span = TEN_HOURS) -> Context:
    path = tmp_path / "context.csv"
    path.write_text(rows if rows.startswith("time") else HEAD + rows, encoding="utf-8")
    return read_context(path, clock, None, span)


@pytest.mark.parametrize(
    ("row", "kind", "number", "unit"),
    [
        ("fio2,25,%", "fio2", 0.25, "1"),
        ("fio2,0.25,", "fio2", 0.25, "1"),
        ("fio2,25,", "fio2", 0.25, "1"),
        ("fio2,0.21,1", "fio2", 0.21, "1"),
        ("fio2,21,%", "fio2", 0.21, "1"),
        ("fio2,100,", "fio2", 1.0, "1"),
        ("fio2,1,", "fio2", 1.0, "1"),
        ("flow,0.5,L/min", "flow", 0.5, "L/min"),
        ("flow,500,mL/min", "flow", 0.5, "L/min"),
        ("temp,36.8,", "temp", 36.8, "Cel"),
        ("temp,36.8,°C", "temp", 36.8, "Cel"),
        ("temp,98.6,degF", "temp", 37.0, "Cel"),
        ("room_temp,24.5,C", "room_temp", 24.5, "Cel"),
        ("weight,1460,", "weight", 1460.0, "g"),
        ("weight,1.46,", "weight", 1460.0, "g"),
        ("weight,1.46,kg", "weight", 1460.0, "g"),
    ],
)
def test_a_number_is_in_joeys_unit(
    tmp_path: Path, row: str, kind: str, number: float, unit: str
) -> None:
    (entry,) = read(tmp_path, f"01:00,{row},,\n").entries
    assert (entry.time, entry.kind, entry.unit) == (H, kind, unit)
    assert entry.number == pytest.approx(number, abs=1e-12)


def test_a_series_has_the_stamps_and_for_how_long_each_value_stands(tmp_path: Path) -> None:
    context = read(tmp_path, "02:00,fio2,30,%,,\n00:30,fio2,0.25,,,\n04:00,fio2,unknown,,,\n")
    (fio2,) = context.series("fio2")
    assert (fio2.channel.quantity, fio2.channel.unit) == ("fio2", "1")
    np.testing.assert_array_equal(fio2.times, [0.5 * H, 2 * H, 4 * H])
    np.testing.assert_array_equal(fio2.values, [0.25, 0.3, np.nan])
    np.testing.assert_array_equal(fio2.ends, [2 * H, 4 * H, 16 * H])


def test_each_site_of_a_temperature_is_its_own_series(tmp_path: Path) -> None:
    context = read(
        tmp_path,
        "01:00,temp,36.8,,axillary,\n01:00,temp,36.2,,skin,\n02:00,temp,36.9,,Axilla,\n"
        "03:00,temp,37.0,,,\n",
    )
    found = [(s.channel.site, s.values.tolist()) for s in context.series("temp")]
    assert found == [("axilla", [36.8, 36.9]), ("skin", [36.2]), ("unknown", [37.0])]
    assert context.series("weight") == ()
    known = context.at("temp", 2.5 * H, "skin")
    assert known is not None
    assert known.entry.number == 36.2


def test_the_last_known_value_comes_with_its_age(tmp_path: Path) -> None:
    context = read(tmp_path, "-01:00,support,CPAP,,,PEEP 6\n02:00,support,high flow,,,\n")
    at_start, later = context.at("support", 0), context.at("support", 2 * H)
    assert at_start is not None
    assert later is not None
    assert (at_start.entry.value, at_start.entry.note, at_start.age_s) == ("cpap", "PEEP 6", H)
    assert (later.entry.value, later.age_s) == ("high_flow", 0)
    assert context.at("support", -2 * H) is None
    assert context.at("feed", 2 * H) is None


def test_what_was_charted_within_a_span(tmp_path: Path) -> None:
    context = read(tmp_path, "01:00,care,diaper,,,\n02:00,care,suction,,,\n02:00,care,turn,,,\n")
    assert [e.value for e in context.during("care", Span(2 * H, 3 * H))] == ["suction", "turn"]
    assert context.during("care", Span(0, H)) == ()


def test_facts_and_ages(tmp_path: Path) -> None:
    birth = datetime(2026, 2, 8, 4, 12, tzinfo=UTC).timestamp()
    context = read(
        tmp_path,
        ",gestational age,29+3,,,\n,birth_time,2026-02-08T04:12Z,,,\n,birth_weight,1.18,kg,,\n"
        ",spo2_averaging_s,8,,,\n,probe_site_spo2,right foot,,,\n",
        Clock(dated=True),
        Span(birth + 12 * DAY, birth + 13 * DAY),
    )
    assert context.facts == {
        "gestational_age": "29+3",
        "birth_time": "2026-02-08T04:12Z",
        "birth_weight": "1180 g",
        "spo2_averaging_s": "8",
        "probe_site_spo2": "right foot",
    }
    assert context.birth_time == birth
    assert context.gestational_age_days == 29 * 7 + 3
    time = birth + 12.6 * DAY
    assert postnatal_age(context, time) == pytest.approx(12.6)
    assert weeks_and_days(postnatal_age(context, time)) == "1+5"
    assert weeks_and_days(postmenstrual_age(context, time)) == "31+1"
    assert postnatal_age(context, birth - 1) is None


def test_the_age_at_an_undated_recording_counts_from_its_start(tmp_path: Path) -> None:
    context = read(tmp_path, ",birth_time,-240:00:00,,,\n,gestational_age,30+0 weeks,,,\n")
    assert weeks_and_days(postmenstrual_age(context, 0)) == "31+3"


def test_what_is_unknown_stays_unknown(tmp_path: Path) -> None:
    for context in (read(tmp_path, ",gestational_age,unknown,,,\n,birth_time,,,,\n"), Context()):
        assert set(context.facts.values()) == {"unknown"}
        assert set(context.facts) >= {"gestational_age", "birth_time", "spo2_averaging_s"}
        assert postmenstrual_age(context, 0) is postnatal_age(context, 0) is None
        assert weeks_and_days(postmenstrual_age(context, 0)) == "unknown"
        assert context.series("fio2") == ()
        assert room_air(context, 0) is None


def test_a_gestational_age_alone_gives_no_postmenstrual_age(tmp_path: Path) -> None:
    context = read(tmp_path, ",gestational_age,29+3,,,\n")
    assert postmenstrual_age(context, 0) is None
    context = read(tmp_path, ",birth_time,-24:00,,,\n")
    assert postmenstrual_age(context, 0) is None
    assert postnatal_age(context, 0) == 1


@pytest.mark.parametrize(
    ("rows", "answer"),
    [
        ("", None),
        ("00:00,support,room_air,,,\n", True),
        ("00:00,support,room_air,,,\n00:00,fio2,21,%,,\n", True),
        ("00:00,support,room_air,,,\n00:30,fio2,30,%,,\n", None),  # contradicts itself
        ("00:00,support,cpap,,,\n00:00,fio2,21,%,,\n", True),
        ("00:00,support,cpap,,,\n00:00,fio2,0.25,,,\n", False),
        ("00:00,support,high_flow,,,\n00:00,fio2,0.21,,,\n", True),
        ("00:00,support,ventilator,,,\n", None),
        ("00:00,support,low_flow,,,\n00:00,fio2,21,%,,\n", None),  # a blender's FiO2
        ("00:00,support,low_flow,,,\n00:00,fio2,21,%,,\n00:00,flow,0.1,,,\n", None),
        ("00:00,support,low_flow,,,\n00:00,fio2,100,%,,\n00:00,flow,0.1,,,\n", False),
        ("00:00,support,low_flow,,,\n00:00,fio2,100,%,,\n00:00,flow,0,,,\n", None),
        ("00:00,support,low_flow,,,\n00:00,fio2,100,%,,\n", None),
        ("00:00,support,NIPPV,,,\n00:00,fio2,25,%,,\n", False),
        ("00:00,support,unknown,,,\n00:00,fio2,21,%,,\n", None),
        ("00:00,fio2,21,%,,\n", None),
        ("00:00,support,cpap,,,\n00:00,fio2,unknown,,,\n", None),
        ("-11:30,support,room_air,,,\n", None),  # 12.5 h old at 01:00
        ("-10:30,support,room_air,,,\n", True),
        ("00:00,support,cpap,,,\n-11:30,fio2,21,%,,\n", None),
        ("02:00,support,room_air,,,\n", None),  # not yet
    ],
)
def test_room_air_is_known_or_not(tmp_path: Path, rows: str, answer: bool | None) -> None:
    assert room_air(read(tmp_path, rows), H) is answer


@pytest.mark.parametrize(
    ("support", "fio2", "flow", "air"),
    [
        ("room_air", math.nan, math.nan, True),
        ("room_air", 0.30, math.nan, None),
        ("cpap", 0.21, math.nan, True),
        ("cpap", 210 * 0.001 + 1e-12, math.nan, True),  # scaled counts
        ("hfov", 0.22, math.nan, False),
        ("cpap", math.nan, math.nan, None),
        ("low_flow", 0.30, 0.1, False),
        ("low_flow", 0.30, math.nan, None),
        ("low_flow", 0.21, 0.1, None),
        ("unknown", 0.40, 1.0, None),
    ],
)
def test_one_rule_tells_room_air(
    support: str, fio2: float, flow: float, *, air: bool | None
) -> None:
    """The target's upper limit and the chart's room air rest on the same answer."""
    assert breathes_room_air(support, fio2, flow) is air


def test_a_devices_oxygen_goes_before_the_charted_one(tmp_path: Path) -> None:
    context = read(tmp_path, "00:00,support,cpap,,,\n00:00,fio2,21,%,,\n")
    assert room_air(context, H, fio2=0.3) is False
    assert room_air(context, H, fio2=float("nan")) is True
    assert room_air(read(tmp_path, "00:00,support,cpap,,,\n"), H, fio2=float("nan")) is None


def test_rows_that_say_the_same_twice_are_left_out_and_counted(tmp_path: Path) -> None:
    context = read(
        tmp_path,
        "01:00,fio2,25,%,,\n01:00,fio2,0.25,,,\n01:00,support,cpap,,,\n01:00,support,CPAP,,,\n",
    )
    assert len(context.entries) == 2
    assert context.notes == ("2 repeated rows of the context left out",)


def test_rows_outside_the_recording_are_counted_and_kept(tmp_path: Path) -> None:
    context = read(tmp_path, "-01:00,fio2,25,%,,\n01:00,fio2,30,%,,\n11:00,fio2,35,%,,\n")
    assert len(context.entries) == 3
    assert context.notes == (
        (
            "2 of 3 rows of the context lie outside the recording, 00:00:00 to 10:00:00 (from the "
            "recording's start)"
        ),
    )


def test_an_unknown_column_is_noted(tmp_path: Path) -> None:
    context = read(tmp_path, "time,kind,value,sight\n01:00,fio2,25,foot\n")
    assert context.notes == ('the column "sight" is not used',)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("time,value\n", "line 1: there is no column kind; the columns are time, kind, value"),
        ("1h,fio2,25,%,,\n", "line 2: time is not a time; write it as hh:mm:ss"),
        (
            "01:00,suport,cpap,,,\n",
            "line 2: kind has a word that is not known (did you mean support?); use",
        ),
        (
            "01:00,mood,calm,,,\n",
            "line 2: kind has a word that is not known; use one of support, position",
        ),
        (
            "01:00,support,cpop,,,\n",
            "line 2: value of support has a word that is not known (did you mean cpap?)",
        ),
        (
            "01:00,temp,98.6,,,\n",
            "line 2: temp of 98.6 without a unit is not believable (20 to 45 Cel)",
        ),
        ("01:00,temp,36.8,K,,\n", "line 2: temp has a unit that is not known; use one of cel, c"),
        (
            "01:00,temp,36.8,,armpit,\n",
            "line 2: site has a word that is not known; use one of axilla",
        ),
        ("01:00,fio2,2.5,,,\n", "line 2: fio2 of 2.5 without a unit is not believable (0.15 to 1)"),
        ("01:00,fio2,0.25,%,,\n", "line 2: fio2 of 0.25 % is not believable (0.15 to 1): correct"),
        ("01:00,weight,nan,,,\n", "line 2: value of weight is not a number; write it with"),
        ('01:00,temp,"36,8",,,\n', "line 2: value of temp has a comma: write 36.8"),
        (
            "01:00,temp,36,8,,\n",
            "line 2: temp has a number for its unit: if a comma was meant, write 36.8; units",
        ),
        (
            '01:00,weight,"1,250",g,,\n',
            "line 2: value of weight has a comma: write 1.250, or 1250 if it parts thousands",
        ),
        (
            '01:00,weight,"1234567,250",g,,\n',
            "line 2: value of weight is not a number; write it with a decimal point",
        ),
        (
            "01:00,fio2,25,%,,\n01:00,fio2,30,%,,\n",
            "line 3: fio2 differs from line 2, of the same time; keep one",
        ),
        (",support,cpap,,,\n", "line 2: support needs a time: say when it was so"),
        ("01:00,birth_time,00:00,,,\n", "line 2: birth_time is a fact: leave its time empty"),
        (
            ",gestation_age,29+3,,,\n",
            "line 2: kind has a fact that is not known (did you mean gestational_age?); use one of",
        ),
        (
            ",gestational_age,29.5,,,\n",
            "line 2: gestational_age is given in completed weeks and days, from 20+0 to 45+6: 29+3",
        ),
        (",gestational_age,12+3,,,\n", "line 2: gestational_age is given in completed weeks"),
        (
            ",gestational_age,29+3,,,\n,gestational_age,30+3,,,\n",
            "line 3: gestational_age is said in line 2 already; keep one",
        ),
        (",birth_time,11:00,,,\n", "line 2: birth_time lies after the recording"),
        (
            ",birth_time,2026-02-08 04:12,,,\n",
            "line 2: birth_time 2026-02-08 04:12 cannot be placed: the recording carries no date",
        ),
        (
            ",spo2_averaging_s,900,,,\n",
            "line 2: value of spo2_averaging_s is 900, outside 0.1 to 60 s",
        ),
        (
            ",birth_weight,12,kg,,\n",
            "line 2: birth_weight of 12 kg is not believable (200 to 10000 g)",
        ),
    ],
)
def test_a_wrong_context_is_one_clear_message_with_its_line(
    tmp_path: Path, rows: str, message: str
) -> None:
    with pytest.raises(FormatError) as error:
        read(tmp_path, rows)
    assert str(error.value).startswith(f"{tmp_path / 'context.csv'}, {message}")

"""CSV and Parquet tables: exact digits, exact times, and one clear error for the rest."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from joey.errors import FormatError, InputError
from joey.quality import judge_numeric
from joey.signals import Recording, measured, pieces
from joey.sources import parse_map, read, read_all
from joey.spans import Spans, total


def table(folder: Path, text: str, zone: str | None = None) -> Recording:
    path = folder / "t.csv"
    path.write_text(text, encoding="utf-8")
    return read(path, zone=zone)


def test_a_real_export_with_stray_spaces_is_read(shared_data: Path) -> None:
    """Its first column has one cell, and its times have too few digits after 100 s."""
    recording = read(shared_data / "bidmc/bidmc_01_Signals.csv")
    names = ["resp", "pleth", "ecg V", "ecg aVR", "ecg II"]
    assert [signal.channel.label for signal in recording.signals] == names
    assert {signal.fs for signal in recording.signals} == {125}
    assert recording.span.duration == pytest.approx(480.008)
    assert recording.facts == {"bidmc_01_Signals Sampling Freq": "125"}
    assert recording.signals[4].values[:3] == pytest.approx([0.72549, 0.67059, 0.6098])
    assert [repair.what for repair in recording.repairs] == [
        "times with too few digits, taken from the number of the row at 125 Hz"
    ]


def test_counts_are_the_digits_of_the_text(tmp_path: Path) -> None:
    rows = "".join(f"{k},{k / 8:.3f},-0.{k:02d}0\n" for k in range(10))
    recording = table(tmp_path, f"time [s],a,b\n{rows}")
    a, b = recording.signals
    assert (a.scale, b.scale) == (0.001, 0.01)
    assert a.segments[0].counts.tolist() == [125 * k for k in range(10)]
    assert b.segments[0].counts.tolist() == [-k for k in range(10)]
    assert a.segments[0].counts.dtype == np.int16


def test_large_numbers_with_many_digits_keep_them(tmp_path: Path) -> None:
    recording = table(tmp_path, "t,a\n0,30000000.01\n1,30000000.02\n2,30000000.13\n")
    (signal,) = recording.signals
    assert signal.values == pytest.approx([30000000.01, 30000000.02, 30000000.13], rel=1e-15)
    assert recording.repairs == ()


def test_more_digits_than_32_bits_hold_are_rounded_and_counted(tmp_path: Path) -> None:
    recording = table(tmp_path, "t,a\n0,1.23456789e-3\n1,12345678.125\n2,1\n")
    assert recording.repairs[0].what.startswith("numbers brought to steps of")
    assert recording.signals[0].values == pytest.approx([0.00123456789, 12345678.125, 1], abs=0.01)


def test_not_measured_is_empty_or_said_so(tmp_path: Path) -> None:
    recording = table(tmp_path, "t,HR [bpm]\n0,140\n1,\n2,NaN\n3,--\n4, 0\n5,err\n6,141\n")
    (signal,) = recording.signals
    assert signal.segments[0].runs.tolist() == [[0, 1], [4, 5], [6, 7]]  # zero is a number
    assert [(r.what, r.count) for r in recording.repairs] == [
        ("cells that are not numbers, taken as not measured", 1)
    ]


@pytest.mark.parametrize(
    ("name", "stamps", "fs"),
    [
        ("time", ["0", "0.008", "0.016", "0.024"], Fraction(125)),
        ("Time (ms)", ["0", "4", "8", "12"], Fraction(250)),
        ("time_ms", ["0", "17", "33", "50", "67", "83"], Fraction(60)),
        ("Elapsed time [min]", ["0", "1", "2"], Fraction(1, 60)),
        ("t", ["5", "4e0", "6"], None),
        ("t", ["0", "0.00390625", "0.0078125"], Fraction(256)),
        ("time", ["00:00:01", "00:00:02", "00:00:03"], Fraction(1)),
        ("timestamp", ["2024-03-02T10:00:00Z", "2024-03-02T10:00:02Z", "2024-03-02T10:00:04Z"],
         Fraction(1, 2)),
    ],
)  # fmt: skip
def test_uniform_stamps_make_a_signal(
    tmp_path: Path, name: str, stamps: list[str], fs: Fraction | None
) -> None:
    text = f"{name},HR\n" + "".join(f"{stamp},1\n" for stamp in stamps)
    if fs is None:
        with pytest.raises(FormatError, match="line 3: the time is earlier"):
            table(tmp_path, text)
    else:
        (signal,) = table(tmp_path, text).signals
        assert signal.fs == fs
        assert len(signal.segments[0].counts) == len(stamps)


def test_oxygen_without_a_unit_is_percent_where_no_fraction_is_so_large(tmp_path: Path) -> None:
    """25 is 25 %, and said to be; 0.25 is a fraction."""
    for text, said in (("25", "no unit: read as %"), ("0.25", "no unit: read as 1")):
        found = table(tmp_path, f"t,FiO2\n10,{text}\n11,{text}\n12,\n13,{text}\n")
        (fio2,) = found.signals
        assert fio2.channel.unit == "1"
        assert [each.what for each in found.repairs] == [said]
        assert float(np.nanmean(fio2.values)) == pytest.approx(0.25)


def test_missing_rows_are_gaps_on_one_grid(tmp_path: Path) -> None:
    (signal,) = table(tmp_path, "t,HR\n10,1\n11,2\n12,3\n20,4\n21,5\n").signals
    assert measured(signal) == Spans.of([(10.0, 13.0), (20.0, 22.0)])
    assert [segment.first for segment in signal.segments] == [0, 10]


def test_irregular_stamps_make_a_series_whose_values_stand_as_long_as_usual(
    tmp_path: Path,
) -> None:
    recording = table(tmp_path, "t,temp [Cel]\n0,36.5\n61,36.6\n117,\n400,36.9\n")
    (series,) = recording.series
    assert series.times.tolist() == [0, 61, 117, 400]
    assert np.isnan(series.values[2])
    assert series.valid_s.tolist() == [61.0] * 4
    assert series.ends.tolist() == [61, 117, 178, 461]


def test_a_column_written_less_often_has_its_own_rate(tmp_path: Path) -> None:
    rows = "".join(f"{k},140,{36.5 if k % 10 == 0 else ''}\n" for k in range(60))
    heart_rate, temp = table(tmp_path, f"t,HR,temp\n{rows}").signals
    assert (heart_rate.fs, temp.fs) == (1, Fraction(1, 10))
    assert total(measured(temp)) == 60.0


def test_of_rows_with_one_stamp_the_last_stays_and_they_are_counted(tmp_path: Path) -> None:
    rows = "".join(f"{k},{k}\n" for k in range(20))
    recording = table(tmp_path, f"t,HR [bpm]\n{rows}19,99\n20,20\n")
    assert recording.signals[0].values[-2:].tolist() == [99, 20]
    assert [(r.what, r.count) for r in recording.repairs] == [
        ("rows with the time of the next row, left out", 1)
    ]


def test_stamps_are_utc_in_the_users_zone_or_their_own(tmp_path: Path) -> None:
    bare = "time,HR\n2024-07-01 10:00:00,1\n2024-07-01 10:00:01,2\n2024-07-01 10:00:02,3\n"
    seen = table(tmp_path, bare, "Europe/Copenhagen")
    assert seen.span.start == datetime(2024, 7, 1, 8, tzinfo=UTC).timestamp()
    assert seen.clock.zone == "Europe/Copenhagen"
    assert "no time zone given" in table(tmp_path, bare).clock.note
    own = bare.replace(":00,1", ":00+05:30,1").replace(":01,", ":01+05:30,")
    own = own.replace(":02,", ":02+0530,")
    assert table(tmp_path, own).span.start == datetime(2024, 7, 1, 4, 30, tzinfo=UTC).timestamp()
    assert table(tmp_path, own).clock.note == ""


def test_the_hour_that_occurs_twice_is_told_apart_by_its_order(tmp_path: Path) -> None:
    start = datetime(2025, 10, 25, 22, tzinfo=UTC)  # midnight in Copenhagen, summer time
    utc = [start + timedelta(minutes=15 * k) for k in range(24)]
    offset = [timedelta(hours=2 if stamp.day == 25 or stamp.hour < 1 else 1) for stamp in utc]
    rows = [f"{(u + o):%Y-%m-%d %H:%M:%S},1" for u, o in zip(utc, offset, strict=True)]
    recording = table(tmp_path, "\n".join(["time,HR", *rows]), "Europe/Copenhagen")
    (signal,) = recording.signals
    assert signal.times.tolist() == [stamp.timestamp() for stamp in utc]


def night(start: datetime, seconds: int, jump_at: int, jump_s: int) -> str:
    """Return a table at 1 Hz whose stamps, without a zone, jump at a row."""
    rows = []
    for k in range(seconds):
        stamp = start + timedelta(seconds=k + (jump_s if k >= jump_at else 0))
        rows.append(f"{stamp:%Y-%m-%d %H:%M:%S},{k % 200}")
    return "\n".join(["time,HR [bpm]", *rows])


def test_an_hour_that_occurs_twice_without_a_zone_is_kept_and_said(tmp_path: Path) -> None:
    """The night in which summer time ends: nothing is lost, time goes on as it did."""
    start = datetime(2025, 10, 26, 1, 30, tzinfo=UTC)
    recording = table(tmp_path, night(start, 3 * 3600, 5400, -3600))
    (signal,) = recording.signals
    assert signal.times.tolist() == [start.timestamp() + k for k in range(3 * 3600)]
    assert np.array_equal(signal.values, np.arange(3 * 3600) % 200)
    (step,) = recording.repairs
    assert step.what.startswith("clock set back by 3600 s: what follows is laid behind")
    assert step.where == "t.csv, line 5402"
    assert "name the time zone" in recording.clock.note
    named = table(tmp_path, night(start, 3 * 3600, 5400, -3600), "Europe/Copenhagen")
    assert not named.repairs
    assert "set back" not in named.clock.note


def test_an_hour_that_is_missing_without_a_zone_is_said(tmp_path: Path) -> None:
    start = datetime(2025, 3, 30, 1, 30, tzinfo=UTC)
    recording = table(tmp_path, night(start, 3600, 1800, 3600))
    assert "an hour is missing, as where summer time begins" in recording.clock.note
    assert len(recording.signals[0].segments) == 2
    assert "missing" not in table(tmp_path, night(start, 3600, 1800, 1800)).clock.note


def test_after_a_gap_that_holds_the_step_stamps_stand_as_they_are(tmp_path: Path) -> None:
    stamps = [*range(100), *range(97, 150), *range(160, 200), *range(198, 300)]
    rows = "".join(f"{t},{k % 90}\n" for k, t in enumerate(stamps))
    recording = table(tmp_path, f"t,HR [bpm]\n{rows}")
    (signal,) = recording.signals
    laid = [*range(153), *range(160, 302)]
    assert signal.times.tolist() == laid
    assert np.array_equal(signal.values, np.arange(len(stamps)) % 90)
    assert recording.repairs[0].what.startswith("clock set back by up to 3 s")
    assert recording.repairs[0].count == 2


@pytest.mark.parametrize("jump", [0.3333, 2.5017, -1.7003])
def test_a_wave_whose_clock_is_set_by_parts_of_a_sample_stays_a_wave(
    tmp_path: Path, jump: float
) -> None:
    """Each piece gets its own anchor: the samples are not resampled, and no beat crosses."""
    stamps = np.arange(5000) / 250 + np.where(np.arange(5000) >= 2000, jump, 0.0)
    rows = "".join(f"{t:.4f},{k % 100 / 100}\n" for k, t in enumerate(stamps))
    (signal,) = table(tmp_path, f"t,ECG [mV]\n{rows}").signals
    assert signal.fs == 250
    assert [len(s.counts) for s in signal.segments] == [2000, 3000]
    begins = 2000 / 250 + jump if jump > 0 else 2001 / 250
    assert signal.segments[1].span.start == pytest.approx(begins, abs=1e-4)
    assert signal.values == pytest.approx(np.arange(5000) % 100 / 100)


@pytest.mark.parametrize(
    ("stamps", "says"),
    [
        ([*range(9), 6, 9, 10, 11], "line 11: the time is earlier than in the row before, and"),
        ([5, 4, 3, 2, 1, 0], "line 3: the time is earlier than in the row before, and"),
        ([*range(9000), *range(9000)], "line 9002: the time is earlier .* by 2.5 h, more than"),
    ],
)
def test_rows_out_of_order_are_an_error_that_says_what_to_do(
    tmp_path: Path, stamps: list[int], says: str
) -> None:
    rows = "".join(f"{t},100\n" for t in stamps)
    with pytest.raises(FormatError, match=says):
        table(tmp_path, f"t,HR\n{rows}")


def test_an_hour_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="line 2: this local time does not exist"):
        table(tmp_path, "time,HR\n2025-03-30 02:30:00,1\n", "Europe/Copenhagen")


def test_date_and_time_may_stand_in_two_columns(tmp_path: Path) -> None:
    text = "Date,Time,HR\n" + "".join(f"2024-07-01,10:00:0{k},{k}\n" for k in range(4))
    assert table(tmp_path, text).span.start == datetime(2024, 7, 1, 10, tzinfo=UTC).timestamp()


def test_times_of_day_go_on_past_midnight(tmp_path: Path) -> None:
    recording = table(tmp_path, "time,HR\n23:59:58,1\n23:59:59,2\n00:00:00,3\n00:00:01,4\n")
    assert recording.signals[0].times.tolist() == [0, 1, 2, 3]
    assert recording.facts == {"t start time": "23:59:58"}
    assert not recording.clock.dated


def test_seconds_since_1970_are_dated(tmp_path: Path) -> None:
    recording = table(
        tmp_path, "timestamp,HR\n1700000000.250,1\n1700000001.250,2\n1700000002.250,3\n"
    )
    assert recording.signals[0].segments[0].grid.start_ns == 1_700_000_000_250_000_000
    assert "since 1970" in recording.clock.note


def test_a_date_yet_to_come_is_read_and_named(tmp_path: Path) -> None:
    rows = "".join(f"2896-10-09 01:56:2{k},1\n" for k in range(4))
    recording = table(tmp_path, f"time,HR\n{rows}")
    assert "future (2896)" in recording.clock.note
    assert recording.span.duration == pytest.approx(4.0, abs=1e-5)


def test_empty_lines_and_comments_are_no_rows(tmp_path: Path) -> None:
    (signal,) = table(tmp_path, "t,HR\r\n\r\n0,1\r\n# two\r\n1,2\r\n,\r\n2,3\r\n\r\n").signals
    assert signal.values.tolist() == [1, 2, 3]


def test_a_table_without_times_needs_its_rate(tmp_path: Path) -> None:
    recording = table(tmp_path, "fs,II [uV]\n250,1\n,2\n,3\n")
    assert recording.signals[0].fs == 250
    with pytest.raises(FormatError, match=r"no column of times; the columns are II \[uV\]"):
        table(tmp_path, "II [uV]\n1\n2\n3\n")


def test_comments_before_the_header_are_facts(tmp_path: Path) -> None:
    recording = table(tmp_path, "# simulated by Joey\ntime,HR\n0,1\n1,2\n2,3\n")
    assert recording.simulated
    assert recording.facts == {"t comments": "simulated by Joey"}


def test_the_users_names_go_to_label_or_whole_column(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("t,CH1 [uV],x\n0,1,1\n1,2,2\n2,3,3\n")
    maps = dict([parse_map("CH1=ecg:II"), parse_map("x=spo2")])
    recording = read_all([path], channels=maps)
    assert [s.channel.label for s in recording.signals] == ["ecg II", "spo2"]
    with pytest.raises(InputError, match="no channel is called y; there are CH1, x"):
        read_all([path], channels=dict([parse_map("y=spo2")]))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no header line"),
        ("a,b\n", "the table has no rows"),
        ("a,b\n,\n", "the table has no rows"),
        ("1,2\n3,4\n", "line 1: the columns have no names"),
        ("t,HR,HR\n1,2,3\n", "line 1: columns named twice: HR"),
        ("t,HR\n1,2\n3,4,5\n", "line 3: not a table of 2 columns"),
        ("t,HR\n1,2\n,3\n4,5\n", "line 3: the row has no time"),
        ("t,HR\n1,2\nx,3\n", "line 3: the cell is not a time of the form of the first"),
        ("t,HR\n1,2\n3,4\n2,5\n", "line 4: the time is earlier than in the row before"),
        ("t,HR\n\n# x\n1,2\n\n2,3\n1,4\n", "line 7: the time is earlier"),
        ("t,HR\n1,2\n1,3\n1,4\n2,5\n", "too coarse for the rows"),
        ("t,HR\n1,2\n", "a single row says nothing"),
        ("t,note\n1,a\n2,b\n3,c\n", "no column of numbers"),
        ("t;HR\n1;0,5\n2;0,6\n3;0,7\n", "line 2: column HR: numbers have a decimal comma"),
        ("time [weeks],HR\n1,2\n", "the unit of the times is not one of"),
        ("t,HR\n1e300,2\n", "the time is not possible"),
        ("t,HR\n0,2\n90000000000,3\n", "too far apart"),
        ("t,HR\ninf,2\n", "the time is not possible"),
        ("time,HR\n07/01/2024 10:00,2\n", "line 2: the time is not a number, hh:mm:ss or an ISO"),
        ("time,HR\n7.1.2024 10:00,2\n", "is not guessed: write the year first"),
        ("time,HR\n25:00:00,2\n", "not a time of day"),
        ("time,HR\n2024-02-30 10:00:00,2\n", "not a time of the form"),
    ],
)
def test_a_broken_table_is_one_clear_error(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(FormatError) as error:
        table(tmp_path, text)
    assert says in str(error.value)


def test_a_column_of_text_is_left_out_and_counted(tmp_path: Path) -> None:
    recording = table(tmp_path, "t,HR [bpm],nurse\n0,1,x\n1,2,y\n2,3,z\n")
    assert len(recording.signals) == 1
    assert [(r.what, r.where) for r in recording.repairs] == [
        ("column of text, left out", "t/nurse")
    ]


def test_parquet_gives_what_csv_gives(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    start = datetime(2024, 7, 1, 10, tzinfo=UTC)
    frame = pl.DataFrame(
        {
            "time": [start + timedelta(seconds=k) for k in [*range(30), *range(40, 60)]],
            "HR": rng.integers(100, 180, 50),
            "SpO2 [%]": np.round(rng.uniform(80, 100, 50), 1),
            "temp": [36.5 if k % 7 else None for k in range(50)],
        }
    )
    frame.write_parquet(tmp_path / "p.parquet")
    frame.with_columns(pl.col("time").dt.strftime("%Y-%m-%dT%H:%M:%SZ")).write_csv(
        tmp_path / "p.csv"
    )
    one, other = read(tmp_path / "p.parquet"), read(tmp_path / "p.csv")
    assert one.clock == other.clock
    for signal, same in zip(one.signals, other.signals, strict=True):
        assert (signal.channel, signal.fs, signal.scale) == (same.channel, same.fs, same.scale)
        np.testing.assert_array_equal(signal.times, same.times)
        np.testing.assert_array_equal(signal.values, same.values)


@pytest.mark.parametrize("dtype", [pl.Float32, pl.Float64])
def test_floats_without_a_last_digit_get_one_fine_quantum(
    tmp_path: Path, dtype: type[pl.DataType]
) -> None:
    values = np.sin(np.arange(1000) / 7)
    frame = pl.DataFrame({"t": np.arange(1000) / 60, "Pleth": pl.Series(values, dtype=dtype)})
    frame.write_parquet(tmp_path / "p.parquet")
    recording = read(tmp_path / "p.parquet")
    (signal,) = recording.signals
    assert signal.fs == 60
    np.testing.assert_allclose(signal.values, frame["Pleth"].to_numpy(), atol=1e-9)
    assert recording.repairs[0].what.startswith("numbers brought to steps of")


def test_a_small_parquet_file_cannot_claim_much_memory(tmp_path: Path) -> None:
    """Equal numbers take next to no bytes: columns count as rows do."""
    path = tmp_path / "p.parquet"
    still = np.zeros(200_000)
    pl.DataFrame({f"c{k}": still for k in range(100)}).write_parquet(path)
    assert path.stat().st_size < 200_000
    with pytest.raises(FormatError, match="20000000 cells are claimed"):
        read(path)


def test_what_is_not_parquet_says_so(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    path.write_bytes(b"PAR1 and no more")
    with pytest.raises(FormatError, match="marks are missing"):
        read(path)
    path.write_bytes(b"PAR1\0\0\0\0PAR1")
    with pytest.raises(FormatError, match="Parquet file is broken"):
        read(path)


@pytest.mark.parametrize("name", ["x.docx", "x", "x.qrs", "folder"])
def test_what_is_not_read_is_answered_with_what_is(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "x.qrs").write_bytes(b"\0\0")
    (tmp_path / "x.docx").write_bytes(b"PK")
    with pytest.raises(FormatError, match=r"WFDB|name the record's header"):
        read(tmp_path / name)


def test_no_recording_at_all_is_the_users_error() -> None:
    with pytest.raises(InputError, match="at least one"):
        read_all([])


def test_one_file_is_no_two_channels(tmp_path: Path) -> None:
    """A shell pattern that names a file twice must not make two channels of one."""
    path = tmp_path / "t.csv"
    path.write_text("t,HR [bpm]\n0,1\n1,2\n2,3\n")
    with pytest.raises(InputError, match=r"^t\.csv is given twice"):
        read_all([path, tmp_path / "." / "t.csv"])


def test_a_year_that_was_mistyped_is_refused_with_its_line(tmp_path: Path) -> None:
    """One stamp far from the others would make a recording of years."""
    rows = "".join(f"2026-03-01 10:00:{k:02d},140\n" for k in range(60))
    with pytest.raises(FormatError, match="line 62: the time jumps by 13149 days; check the year"):
        table(tmp_path, f"time,HR\n{rows}2062-03-01 10:01:00,140\n")


@pytest.mark.parametrize("days", [(0, 20), (0, 10, 20), (0, 1, 21)])
def test_a_few_readings_do_not_stand_for_days(days: tuple[int, ...], tmp_path: Path) -> None:
    rows = "".join(f"{86400 * day},36.5\n" for day in days)
    (series,) = table(tmp_path, f"t,temp [Cel]\n{rows}").series
    assert series.valid_s.tolist() == [600.0] * len(days)


@pytest.mark.parametrize(
    ("columns", "option"), [("infant,start,end", "--holds"), ("time,kind,value", "--context")]
)
def test_a_log_that_is_no_recording_says_where_it_belongs(
    columns: str, option: str, tmp_path: Path
) -> None:
    """With the command: whoever reads it may have run another, which has no such option."""
    with pytest.raises(FormatError, match=rf"looks like .* joey respond takes \w+ by {option}\b"):
        table(tmp_path, f"{columns}\n1,2,3\n2,3,4\n")


def test_a_sheet_of_excel_is_told_how_to_be_saved(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"PK")
    with pytest.raises(FormatError, match="save the sheet as CSV"):
        read(tmp_path / "a.xlsx")


def test_a_name_that_is_not_utf8_becomes_text_that_can_be_written(tmp_path: Path) -> None:
    """Names go into hashes, JSON and pages: each part of a recording has one that can."""
    path = tmp_path / "b\udce9b\udce9.csv"
    path.write_text("t,HR\n0,1\n1,2\n2,3\n", encoding="utf-8")
    recording = read(path)
    assert recording.sources[0].name == r"b\xe9b\xe9.csv"
    assert recording.signals[0].channel.source == r"b\xe9b\xe9/HR"
    assert recording.repairs[0].where == r"b\xe9b\xe9/HR"


def test_only_a_code_row_makes_a_value_absent(tmp_path: Path) -> None:
    """127 is a heart rate and 100 a saturation; 0 of a fetal monitor is its lost signal."""
    recording = table(tmp_path, "t,HR,SpO2,FHR\n1,127,100,0\n2,-999,100,140\n3,127,100,0\n")
    found = {each.channel.quantity: each.values.tolist() for each in recording.signals}

    assert found["heart_rate"] == [127, -999, 127]  # nobody said so: judged, not taken away
    assert found["spo2"] == [100, 100, 100]
    assert np.isnan(found["fetal_heart_rate"]).tolist() == [True, False, True]
    (heart,) = (each for each in recording.signals if each.channel.quantity == "heart_rate")
    (verdict,) = judge_numeric(pieces(heart)).verdicts
    assert (verdict.span.start, verdict.grade, verdict.reason) == (2.0, "bad", "out of range")

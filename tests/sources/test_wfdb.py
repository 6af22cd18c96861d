"""WFDB records, against signal(5) and header(5) byte by byte, and against the wfdb package."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from joey.errors import FormatError, InputError
from joey.signals import (
    NS,
    Annotation,
    Channel,
    Grid,
    Recording,
    Segment,
    Signal,
    cut,
    measured,
    quantize,
)
from joey.sources import read, read_all
from joey.sources.wfdb import write_wfdb
from joey.sources.wfdb.formats import decode, samples_in
from joey.spans import Span, Spans, total


def record(folder: Path, header: str, **files: bytes) -> Path:
    """Write a header and its files; a name's last underscore stands for its dot."""
    for name, content in files.items():
        (folder / ".".join(name.rsplit("_", 1))).write_bytes(content)
    path = folder / "r.hea"
    path.write_text(header)
    return path


def words(*samples: int) -> bytes:
    return np.array(samples, dtype="<i2").tobytes()


def counts_of(signal: Signal) -> list[int]:
    return [int(c) for segment in signal.segments for c in segment.counts]


BYTES = [
    # format, bytes, samples: written out by hand from signal(5)
    (16, "0100 ffff 0080", [1, -1, -32768]),
    (61, "0001 ffff 8000", [1, -1, -32768]),
    (160, "0180 ff7f 0000", [1, -1, -32768]),
    (80, "81 7f 00", [1, -1, -128]),
    (24, "010000 ffffff 000080", [1, -1, -8388608]),
    (32, "01000000 ffffffff 00000080", [1, -1, -(2**31)]),
    (8, "01 ff 80", [1, -1, -128]),
    (212, "01f0ff", [1, -1]),
    (212, "008000 0102", [0, -2048, 513]),
    (310, "0200 fe07 0600", [1, -1, 0, 3]),
    (310, "00f8 00f8", [0, 0, -1]),
    (311, "01fc0f00 0102", [1, -1, 0, -511]),
    (311, "000000e0 010400", [0, 0, -512, 1, 1]),
]


@pytest.mark.parametrize(("form", "text", "samples"), BYTES)
def test_bytes_become_the_samples_of_the_format(form: int, text: str, samples: list[int]) -> None:
    data = np.frombuffer(bytes.fromhex(text), dtype=np.uint8)
    assert samples_in(form, len(data)) == len(samples)
    counts = decode(form, data, len(samples))
    assert counts.tolist() == samples
    assert counts.dtype in {np.dtype(np.int16), np.dtype(np.int32)}


def oracle_counts(path: Path) -> list[np.ndarray]:
    wfdb = pytest.importorskip("wfdb")
    found = wfdb.rdrecord(str(path.with_suffix("")), physical=False, smooth_frames=False)
    return list(found.e_d_signal)


@pytest.mark.parametrize(
    "name",
    [
        "mitdb/100",
        "pics/infant1_seg0_ecg",
        "pics/infant2_seg0_resp",
        "ctu-uhb/1001",
        *(
            f"wfdb/{each}"
            for each in (
                *("03700181", "100_3chan", "100skew", "310derive", "310derive_2", "310derive_3"),
                *("311derive", "311derive_2", "311derive_3", "311derive_4", "a103l"),
                *("flacformats", "mixedsignals", "test01_00s", "test01_00s_frame"),
                *("test01_00s_skew", "test01_00s_skewframe", "v102s"),
                *("multi-segment/041s/041s01", "multi-segment/s25047/3234460_0016"),
                "multi-segment/s25047/s25047-2704-05-04-10-44n",
            )
        ),
    ],
)
def test_counts_are_those_of_the_wfdb_package(shared_data: Path, name: str) -> None:
    path = shared_data / f"{name}.hea"
    recording = read(path)
    for signal, wanted in zip(recording.signals, oracle_counts(path), strict=True):
        (segment,) = signal.segments
        valid = segment.valid
        # The package fills what a skew leaves at the end; Joey's segment ends.
        assert len(wanted) - 8 <= len(segment.counts) <= len(wanted)
        np.testing.assert_array_equal(segment.counts[valid], wanted[: len(valid)][valid])
    assert recording.repairs == () or name.endswith("n")
    assert not recording.truncated


@pytest.mark.parametrize("name", ["binformats", "flacformats", "flac_3_constant", "mixedsignals"])
def test_checksums_and_initial_values_of_every_format_agree(shared_data: Path, name: str) -> None:
    """The wfdb package does not read binformats whole; its checksums are the reference."""
    recording = read(shared_data / "wfdb" / f"{name}.hea")
    assert recording.repairs == ()
    lines = (shared_data / "wfdb" / f"{name}.hea").read_text().splitlines()[1:]
    if name == "mixedsignals":
        return  # its header gives 0 for signals that begin with invalid samples
    firsts = [int(signal.segments[0].counts[0]) for signal in recording.signals]
    assert firsts == [int(line.split()[5]) for line in lines]


def test_segments_with_gaps_and_changing_gains_are_those_of_the_wfdb_package(
    shared_data: Path,
) -> None:
    wfdb = pytest.importorskip("wfdb")
    path = shared_data / "wfdb/multi-segment/s25047/s25047-2704-05-04-10-44.hea"
    recording = read(path)
    wanted = wfdb.rdrecord(str(path.with_suffix("")), m2s=True)
    assert [s.channel.label for s in recording.signals] == ["ecg II", "ecg V", "abp"]
    for column, signal in enumerate(recording.signals):
        values = np.full(wanted.sig_len, np.nan)
        for segment in signal.segments:
            values[segment.first : segment.stop] = signal.values_of(segment)
        np.testing.assert_array_equal(np.isnan(values), np.isnan(wanted.p_signal[:, column]))
        np.testing.assert_allclose(values, wanted.p_signal[:, column], atol=signal.scale)
    assert "2704" in recording.clock.note
    assert {repair.count for repair in recording.repairs} == {18, 2}
    first = recording.signals[0].segments[0]
    assert first.first == 25740  # the record begins with a gap
    assert first.grid.start_ns == recording.signals[2].segments[0].grid.start_ns


def test_adjacent_segments_of_one_gain_are_one(shared_data: Path) -> None:
    recording = read(shared_data / "wfdb/multi-segment/041s/041s.hea")
    assert [len(signal.segments) for signal in recording.signals] == [1] * 7
    assert [str(signal.fs) for signal in recording.signals] == ["500"] * 3 + ["125"] * 4
    assert recording.span.duration == 16.0


def test_a_record_of_nothing_but_a_gap_is_read_and_its_channels_named(shared_data: Path) -> None:
    path = shared_data / "wfdb/multi-segment/s00001/s00001-2896-10-09-01-56.hea"
    recording = read(path)
    assert [s.channel.label for s in recording.signals] == ["ecg II", "ecg V", "ecg MCL1", "abp"]
    assert all(signal.segments == () for signal in recording.signals)
    assert "future (2896)" in recording.clock.note


def answer(path: Path) -> str:
    """Return ``read``, or why a recording is not."""
    try:
        recording = read(path)
    except FormatError as error:
        return error.reason
    assert all(len(source.sha256) == 64 for source in recording.sources)
    return "read"


def test_every_recording_at_hand_is_read_or_says_what_is_absent(shared_data: Path) -> None:
    files = [*shared_data.rglob("*.hea"), *shared_data.rglob("*.edf"), *shared_data.glob("bidmc/*")]
    answers = [answer(path) for path in sorted(files)]
    known = ("is absent: put it beside", "the layout of a record")
    refused = [each for each in answers if each != "read"]
    assert [each for each in refused if not any(word in each for word in known)] == []
    assert answers.count("read") > 100


def test_each_signal_keeps_its_own_rate_and_time(tmp_path: Path) -> None:
    """Mixed rates are never brought to one (wfdb-python issue 331)."""
    path = record(
        tmp_path, "r 2 0.5 2\nr.dat 16x4 10 0 0 1 0 0 II\nr.dat 16 1 0 0 9 0 0 SpO2\n",
        r_dat=words(1, 2, 3, 4, 9, 5, 6, 7, 8, 9),
    )  # fmt: skip
    ecg, spo2 = read(path).signals
    assert (ecg.fs, counts_of(ecg)) == (Fraction(2), [1, 2, 3, 4, 5, 6, 7, 8])
    assert (spo2.fs, counts_of(spo2)) == (Fraction(1, 2), [9, 9])
    assert ecg.times.tolist() == [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5]


@pytest.mark.parametrize(
    ("text", "fs"),
    [
        ("250", Fraction(250)),
        ("360.0", Fraction(360)),
        ("62.4725/999.56", Fraction(624725, 10000)),
        ("250/24000(17)", Fraction(250)),
        ("0.0166666666667/125", Fraction(1, 60)),
        ("333.333333333", Fraction(1000, 3)),
        ("1e2", Fraction(100)),
    ],
)
def test_the_sampling_frequency_is_the_fraction_that_the_header_means(
    tmp_path: Path, text: str, fs: Fraction
) -> None:
    path = record(tmp_path, f"r 1 {text} 2\nr.dat 16 1 0 0 1 0 0 II\n", r_dat=words(1, 2))
    assert read(path).signals[0].fs == fs


def test_skewed_and_offset_signals_begin_at_the_records_start(tmp_path: Path) -> None:
    header = "r 2 10 3\nr.dat 16+2 1 0 0 1 6 0 II\nr.dat 16:1+2 1 0 0 5 21 0 V\n"
    path = record(tmp_path, header, r_dat=words(77, 1, 5, 2, 6, 3, 7, 4, 8))
    first, second = read(path).signals
    assert counts_of(first) == [1, 2, 3]
    assert counts_of(second) == [6, 7, 8]
    assert second.times.tolist() == [0.0, 0.1, 0.2]


def test_the_formats_own_invalid_code_is_not_measured(tmp_path: Path) -> None:
    path = record(tmp_path, "r 1 1 3\nr.dat 16 1 0 0 1 0 0 HR\n", r_dat=words(0, -32768, 127))
    (signal,) = read(path).signals
    assert signal.segments[0].runs.tolist() == [[0, 1], [2, 3]]  # 0 and 127 are rates
    assert np.isnan(signal.values[1])


def test_a_zero_is_missing_only_where_the_sources_row_says_so(tmp_path: Path) -> None:
    header = "r 2 4 2\nr.dat 16 100(0)/bpm 12 0 0 0 0 FHR\nr.dat 16 1/% 12 0 0 0 0 SpO2\n"
    fetal, spo2 = read(record(tmp_path, header, r_dat=words(0, 0, 14000, 97))).signals
    assert fetal.segments[0].runs.tolist() == [[1, 2]]
    assert spo2.segments[0].runs.tolist() == [[0, 2]]


def test_a_channel_without_a_single_value_is_read(tmp_path: Path) -> None:
    """The wfdb package stops at such a channel (wfdb-python issue 485)."""
    path = record(tmp_path, "r 1 1 2\nr.dat 16 1 0 0 1 0 0 HR\n", r_dat=words(-32768, -32768))
    recording = read(path)
    assert total(measured(recording.signals[0])) == 0.0
    assert recording.span.duration == 2.0


def test_values_and_units_follow_gain_baseline_and_sign(tmp_path: Path) -> None:
    header = "r 2 1 1\nr.dat 16 -20(3064)/degC 11 0 0 0 0 Temp\nr.dat 16 2(1)/uV 11 0 0 0 0 II\n"
    temp, ecg = read(record(tmp_path, header, r_dat=words(2324, 3001))).signals
    assert temp.values == pytest.approx([37.0])
    assert ecg.values == pytest.approx([1.5])
    assert ecg.channel == Channel("ecg", "mV", "II", "", "r/II")


def test_a_missing_gain_is_said(tmp_path: Path) -> None:
    path = record(tmp_path, "r 1 1 1\nr.dat 16 0 0 0 200 200 0 II\n", r_dat=words(200))
    recording = read(path)
    assert recording.signals[0].values.tolist() == [1.0]
    assert "200 counts per unit are assumed" in recording.repairs[0].what


def test_a_wrong_checksum_is_noted_and_the_samples_kept(tmp_path: Path) -> None:
    path = record(tmp_path, "r 1 1 2\nr.dat 16 1 0 0 1 4 0 II\n", r_dat=words(1, 2))
    recording = read(path)
    assert counts_of(recording.signals[0]) == [1, 2]
    assert [repair.what for repair in recording.repairs] == [
        "checksum is not that of the header: samples are kept as they are"
    ]


def test_of_a_cut_file_whole_frames_are_read_and_the_loss_named(tmp_path: Path) -> None:
    header = "r 2 1 4\nr.dat 16 1 0 0 1 0 0 II\nr.dat 16 1 0 0 1 0 0 V\n"
    recording = read(record(tmp_path, header, r_dat=words(1, 2, 3, 4, 5)))
    assert [counts_of(s) for s in recording.signals] == [[1, 3], [2, 4]]
    assert recording.truncated == "r.dat: 2 of 4 frames are there"


@pytest.mark.parametrize("form", ["16", "212"])
def test_an_empty_signal_file_is_an_error(tmp_path: Path, form: str) -> None:
    header = f"r 2 1 4\nr.dat {form} 1 0 0 1 0 0 II\nr.dat {form} 1 0 0 1 0 0 V\n"
    with pytest.raises(FormatError, match=r"r\.dat: the file does not hold a single frame"):
        read(record(tmp_path, header, r_dat=b""))


@pytest.mark.parametrize(
    ("form", "size", "cut"),
    [("16", 8, False), ("16", 7, True), ("16", 10, True), ("212", 6, False), ("212", 9, False),
     ("80", 3, True), ("311", 4, False), ("24", 13, True)],
)  # fmt: skip
def test_without_a_length_what_is_left_of_a_frame_is_a_loss(
    tmp_path: Path, form: str, size: int, cut: bool
) -> None:
    """A group of packed samples may be filled up: that is no loss."""
    header = f"r 2 1\nr.dat {form} 1 0 0 1 0 0 II\nr.dat {form} 1 0 0 1 0 0 V\n"
    recording = read(record(tmp_path, header, r_dat=bytes(size)))
    assert bool(recording.truncated) is cut


def test_two_signals_of_one_label_are_two_channels(tmp_path: Path) -> None:
    (tmp_path / "t.hea").write_text("t 2 1 1\nt.dat 16 1 0 0 3 0 0 II\nt.dat 16 1 0 0 4 0 0 II\n")
    (tmp_path / "t.dat").write_bytes(words(3, 4))
    header = "r/3 2 1 3\ns 1\n~ 1\nt 1\n"
    files = {
        "s_dat": words(1, 2),
        "s_hea": b"s 2 1 1\ns.dat 16 1 0 0 1 0 0 II\ns.dat 16 1 0 0 2 0 0 II\n",
    }
    recording = read(record(tmp_path, header, **files))
    assert [counts_of(signal) for signal in recording.signals] == [[1, 3], [2, 4]]


def test_frames_after_the_end_are_left_out_and_counted(tmp_path: Path) -> None:
    path = record(tmp_path, "r 1 1 1\nr.dat 16 1 0 0 1 1 0 II\n", r_dat=words(1, 2, 3))
    recording = read(path)
    assert counts_of(recording.signals[0]) == [1]
    assert recording.repairs[0].count == 2


def test_a_length_that_the_header_leaves_out_comes_from_the_file(tmp_path: Path) -> None:
    path = record(tmp_path, "r 1 1\nr.dat 16 1 0 0 1 6 0 II\n", r_dat=words(1, 2, 3))
    assert counts_of(read(path).signals[0]) == [1, 2, 3]
    assert read(path).repairs == ()


ONE = "r.dat 16 1 0 0 1 0 0 II\n"
BROKEN = [
    ("", "is empty"),
    ("# nothing\n", "is empty"),
    ("r\n", "line 1: not a record line"),
    ("r x\n", "line 1: not a record line"),
    (f"r 2 250 1\n{ONE}", "line 1: 2 signals are announced and 1 described"),
    (f"r 1000000000 250 1\n{ONE}", "1000000000 signals are announced"),
    (f"r 1 0 1\n{ONE}", "sampling frequency of 0 Hz is not possible"),
    (f"r 1 1e99 1\n{ONE}", "is not possible"),
    (f"r 1 250 999999999999999999\n{ONE}", "not a record line"),
    (f"r 1 250 1 25:00:00\n{ONE}", "not a time of day"),
    (f"r 1 250 1 10:00:00 31/02/2020\n{ONE}", "not a date"),
    ("r 1 250 1\nr.dat\n", "line 2: not a signal line"),
    ("r 1 250 1\nr.dat 16 x\n", "line 2: the third field is not a gain"),
    ("r 1 250 1\nr.dat 16 1e-300\n", "line 2: samples per frame or gain"),
    ("r 1 250 1\nr.dat 16 1 a 0 0 0 0 II\n", "whole numbers"),
    ("r 1 250 1\nr.dat 16x0 1\n", "samples per frame"),
    ("r 1 250 1\nr.dat 17 1\n", "format 17 is not a WFDB format"),
    ("r 1 250 1\nr.dat 16+99 1\n", "ends before its samples begin"),
    ("r 1 250 1\n../r.dat 16 1\n", "of its own folder only"),
    ("r 1 250 1\n/etc/passwd 16 1\n", "of its own folder only"),
    ("r 1 250 1\nhttp://x/y.dat 16 1\n", "of its own folder only"),
    ("r 1 250 1\n.. 16 1\n", "of its own folder only"),
    ("r 1 250 1\nother.dat 16 1\n", "file other.dat named in r.hea is absent: put it beside"),
    ("r 1 250 1\nr.dat 516 1\n", "not a FLAC file"),
    ("r 2 250 1\nr.dat 16 1\nr.dat 212 1\n", "differ in format or byte offset"),
    ("r 1 250 0\n~ 0 1 0 0 0 0 0 II\n", "the layout of a record in segments"),
    ("r/1 1 250 1\nr 1\n", "segment r has segments itself"),
    ("r/1 1 250 1\n../s 1\n", "of its own folder only"),
    ("r/1 1 250 1\ns 1\n", "file s.hea named in r.hea is absent"),
    ("r/2 1 250 1\n~ 1\n", "2 segments are announced and 1 described"),
    ("r/1 1 250 1\n~ 99999999999999999\n", "not a segment line"),
    ("r/2 1 250 1\nt 1\nt 1\n", "segment t is named twice"),
    ("r/1 1 125 1\nt 1\n", "segment t has 250 frames/s"),
]


@pytest.mark.parametrize(("header", "says"), BROKEN)
def test_a_broken_header_is_one_clear_error(tmp_path: Path, header: str, says: str) -> None:
    record(tmp_path, header, r_dat=words(1), t_hea=f"t 1 250 1\n{ONE}".encode())
    with pytest.raises(FormatError) as error:
        read(tmp_path / "r.hea")
    assert says in str(error.value)
    assert str(error.value).startswith(str(tmp_path))


def test_a_record_without_signals_is_a_recording_without_channels(tmp_path: Path) -> None:
    path = record(tmp_path, "r 0 128 0\n", r_atr=bytes([128, 4, 0, 0]))
    recording = read(path)
    assert recording.signals == ()
    assert recording.annotations == (Annotation(1.0, "N"),)


def test_signals_of_one_file_stand_together(tmp_path: Path) -> None:
    header = "r 3 250 1\na.dat 16 1\nb.dat 16 1\na.dat 16 1\n"
    with pytest.raises(FormatError, match=r"line 4: the signals of a.dat do not stand together"):
        read(record(tmp_path, header, a_dat=words(1), b_dat=words(1)))


DATED = f"r 1 1 1 08:00:00.25 26/10/2025\n{ONE}"


def test_a_dated_record_is_utc_in_its_zone(tmp_path: Path) -> None:
    path = record(tmp_path, DATED, r_dat=words(1))
    recording = read(path, zone="Europe/Copenhagen")
    assert recording.span.start == 1761462000.25  # 07:00:00.25 UTC: the clocks went back at night
    assert recording.clock.zone == "Europe/Copenhagen"
    assert recording.clock.note == ""
    bare = read(path)
    assert bare.span.start == 1761465600.25
    assert (bare.clock.dated, bare.clock.zone) == (True, "UTC")
    assert "no time zone given" in bare.clock.note


def test_an_hour_that_occurs_twice_and_one_that_does_not_are_noted(tmp_path: Path) -> None:
    twice = record(tmp_path, DATED.replace("08:00:00.25", "02:30:00"), r_dat=words(1))
    assert "occurs twice" in read(twice, zone="Europe/Copenhagen").clock.note
    never = record(tmp_path, f"r 1 1 1 02:30:00 30/03/2025\n{ONE}", r_dat=words(1))
    assert "does not exist" in read(never, zone="Europe/Copenhagen").clock.note


def test_an_unknown_zone_is_the_users_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no time zone 'Mars/Olympus'"):
        read(record(tmp_path, DATED, r_dat=words(1)), zone="Mars/Olympus")


@pytest.mark.parametrize("year", [1995, 2137, 2704, 2896])
def test_far_years_lose_no_sample_when_they_are_cut(tmp_path: Path, year: int) -> None:
    """A float64 second of the year 2896 is rounded by up to 1.9 us."""
    header = f"r 1 500 40 01:56:25.894 09/10/{year}\nr.dat 16 1 0 0 0 780 0 II\n"
    (signal,) = read(record(tmp_path, header, r_dat=words(*range(40)))).signals
    for index, time in enumerate(signal.times):
        after = cut(signal, Span(float(time), float(time) + 1))
        assert counts_of(after) == list(range(index, 40))


def test_a_cut_flac_file_gives_what_is_there(tmp_path: Path) -> None:
    soundfile = pytest.importorskip("soundfile")
    rng = np.random.default_rng(4)
    counts = rng.integers(-20000, 20000, 30000).astype(np.int16)
    soundfile.write(tmp_path / "r.flac", counts, 250, subtype="PCM_16")
    whole = (tmp_path / "r.flac").read_bytes()
    header = "r 1 250 30000\nr.dat 516 5/mV 16 0 0 0 0 II\n"
    recording = read(record(tmp_path, header, r_dat=whole[: len(whole) // 2]))
    (signal,) = recording.signals
    there = len(signal.segments[0].counts)
    assert 10_000 < there < 15_500
    np.testing.assert_array_equal(signal.segments[0].counts, counts[:there])
    assert f"{there} of 30000 frames are there" in recording.truncated


def test_a_time_without_a_date_is_kept_as_a_fact(tmp_path: Path) -> None:
    recording = read(record(tmp_path, f"r 1 1 1 15:08:24\n{ONE}# note\n", r_dat=words(1)))
    assert not recording.clock.dated
    assert recording.span.start == 0.0
    assert recording.facts == {"r comments": "note", "r start time": "15:08:24"}


def test_a_comment_that_says_simulated_marks_the_recording(tmp_path: Path) -> None:
    assert read(record(tmp_path, f"r 1 1 1\n{ONE}# Simulated infant\n", r_dat=words(1))).simulated
    assert not read(record(tmp_path, f"r 1 1 1\n{ONE}", r_dat=words(1))).simulated
    real = read(record(tmp_path, f"r 1 1 1\n{ONE}# real, not simulated\n", r_dat=words(1)))
    assert not real.simulated


def test_a_record_is_found_by_its_name_and_its_parts_point_to_the_header(tmp_path: Path) -> None:
    record(tmp_path, f"r 1 1 1\n{ONE}", r_dat=words(1))
    assert len(read(tmp_path / "r").signals) == 1
    with pytest.raises(FormatError, match=r"name its header, r\.hea"):
        read(tmp_path / "r.dat")


def test_ecg_and_respiration_files_of_an_infant_are_one_recording(shared_data: Path) -> None:
    paths = [shared_data / f"pics/infant1_seg0_{kind}.hea" for kind in ("ecg", "resp")]
    recording = read_all(paths)
    assert [s.channel.quantity for s in recording.signals] == ["ecg", "resp"]
    assert [s.fs for s in recording.signals] == [250, 500]
    assert recording.span.duration == 200.0
    assert len(recording.sources) == 4


def test_recordings_with_and_without_a_date_do_not_meet(tmp_path: Path) -> None:
    record(tmp_path, DATED, r_dat=words(1))
    (tmp_path / "u.hea").write_text(f"u 1 1 1\n{ONE}")
    with pytest.raises(InputError, match="with and without a date"):
        read_all([tmp_path / "r.hea", tmp_path / "u.hea"])


def test_the_day_of_a_record_reads_in_under_a_second(tmp_path: Path) -> None:
    """24 h of ECG at 250 Hz: no float, no copy more than a file's own size."""
    samples = 24 * 3600 * 250
    ecg = Segment(Grid(0, Fraction(250)), 0, np.zeros(samples, np.int16), np.array([[0, samples]]))
    signal = Signal(Channel("ecg", "mV", "II"), Fraction(250), (ecg,), 0.001)
    header, _ = write_wfdb(tmp_path, "day", [signal], None)
    recording = read(header)
    assert len(recording.signals[0].segments[0].counts) == samples
    assert recording.signals[0].segments[0].counts.dtype == np.int16


@pytest.fixture
def infant() -> Recording:
    """Return signals of four rates with gaps, as a simulator makes them."""
    rng = np.random.default_rng(1)
    start = 1_700_000_000 * NS + 250_000_000
    rows = [
        (Channel("ecg", "mV", "II"), Fraction(250), 0.001),
        (Channel("resp", "NU"), Fraction(125, 2), 0.01),
        (Channel("pleth", "NU"), Fraction(125), 0.01),
        (Channel("spo2", "%"), Fraction(1), 1.0),
        (Channel("temp", "Cel", "", "axilla"), Fraction(1, 2), 0.1),
        (Channel("heart_rate", "/min", subject="holder"), Fraction(1), 1.0),
    ]
    signals = []
    for channel, fs, scale in rows:
        values = np.rint(rng.normal(0, 100, int(fs * 20))) * scale
        values[5:9] = np.nan
        signals.append(quantize(channel, fs, start, values, scale))
    return Recording(tuple(signals))


def test_what_is_written_comes_back_unchanged(tmp_path: Path, infant: Recording) -> None:
    start_ns = infant.signals[0].segments[0].grid.start_ns
    header, data = write_wfdb(tmp_path, "sim_1", infant.signals, start_ns, ["simulated, seed 1"])
    again = read(header)
    assert again.simulated
    assert again.repairs == ()
    assert [source.name for source in again.sources] == [header.name, data.name]
    for one, other in zip(infant.signals, again.signals, strict=True):
        assert (one.fs, one.channel.unit) == (other.fs, other.channel.unit)
        assert one.channel.label == other.channel.label
        assert one.channel.subject == other.channel.subject
        np.testing.assert_array_equal(one.times, other.times[: len(one.times)])
        np.testing.assert_allclose(one.values, other.values[: len(one.values)], rtol=1e-12)
        assert np.isnan(other.values[len(one.values) :]).all()


def test_what_is_written_is_read_by_the_wfdb_package(tmp_path: Path, infant: Recording) -> None:
    wfdb = pytest.importorskip("wfdb")
    start_ns = infant.signals[0].segments[0].grid.start_ns
    header, _ = write_wfdb(tmp_path, "sim", infant.signals, start_ns)
    found = wfdb.rdrecord(str(header.with_suffix("")), smooth_frames=False)
    assert found.samps_per_frame == [500, 125, 250, 2, 1, 2]
    assert found.base_datetime.isoformat() == "2023-11-14T22:13:20.250000"
    for signal, values in zip(infant.signals, found.e_p_signal, strict=True):
        np.testing.assert_allclose(values[: len(signal.values)], signal.values, atol=1e-9)


def test_wide_counts_and_gaps_between_segments_are_written(tmp_path: Path) -> None:
    grid = Grid(0, Fraction(10))
    parts = (
        Segment(grid, 0, np.array([1, 70000], np.int32), np.array([[0, 2]])),
        Segment(grid, 5, np.array([3, 4], np.int32), np.array([[0, 1]])),
    )
    header, _ = write_wfdb(tmp_path, "r", [Signal(Channel("resp"), Fraction(10), parts)], None)
    (again,) = read(header).signals
    assert measured(again) == Spans.of([(0.0, 0.2), (0.5, 0.6)])
    assert again.values[[0, 1, 5]].tolist() == [1.0, 70000.0, 3.0]


def test_what_a_record_cannot_hold_is_refused(tmp_path: Path) -> None:
    one = quantize(Channel("resp"), 1, 0, np.zeros(2), 0.5, offset=0.25)
    with pytest.raises(ValueError, match="whole number of its steps"):
        write_wfdb(tmp_path, "r", [one], None)
    late = quantize(Channel("resp"), 1, 0, np.zeros(2), 0.5)
    with pytest.raises(ValueError, match="begins before the record"):
        write_wfdb(tmp_path, "r", [late], NS)
    with pytest.raises(ValueError, match="a name of letters"):
        write_wfdb(tmp_path, "../r", [late], None)

"""EDF, EDF+ and BDF files, written here field by field, and against the edfio package."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from joey.errors import FormatError
from joey.signals import NS, Annotation, extent
from joey.sources import read
from joey.spans import Spans


def tal(onset: str, *texts: str, size: int = 40) -> bytes:
    """Return one record's annotations: its onset, then marks as ``onset[/duration] text``."""
    raw = onset.encode() + b"\x14\x14\0"
    for text in texts:
        stamp, _, what = text.partition(" ")
        start, slash, length = stamp.partition("/")
        raw += start.encode() + (b"\x15" + length.encode() if slash else b"")
        raw += b"\x14" + what.encode() + b"\x14\0"
    return raw.ljust(size, b"\0")


def edf(
    path: Path,
    channels: Sequence[tuple[str, str, int]],
    records: Sequence[bytes],
    *,
    reserved: str = "",
    duration: str = "1",
    count: int | None = None,
    recording: str = "Startdate 02-MAR-2024 X X X",
    start: tuple[str, str] = ("02.03.24", "10.00.00"),
    ranges: tuple[str, str, str, str] = ("-100", "100", "-1000", "1000"),
    bits: int = 16,
) -> Path:
    """Write a file of channels (label, unit, samples per record) and raw records."""
    bdf = bits == 24
    n = len(channels)
    first = (b"\xffBIOSEMI" if bdf else b"0       ") + b"X X X X".ljust(80)
    fixed = [*zip((recording, *start), (80, 8, 8), strict=True)]
    fixed += [(str(256 * (n + 1)), 8), (reserved, 44)]
    fixed += [(str(len(records) if count is None else count), 8), (duration, 8), (str(n), 4)]
    head = first + b"".join(text.ljust(width).encode("latin-1") for text, width in fixed)
    columns = [
        ([label for label, _, _ in channels], 16),
        ([""] * n, 80),
        ([unit for _, unit, _ in channels], 8),
        *(([each] * n, 8) for each in ranges),
        ([""] * n, 80),
        ([str(size) for _, _, size in channels], 8),
        ([""] * n, 32),
    ]
    for texts, width in columns:
        head += b"".join(text.ljust(width).encode("latin-1") for text in texts)
    path.write_bytes(head + b"".join(records))
    return path


def words(*samples: int) -> bytes:
    return np.array(samples, dtype="<i2").tobytes()


ECG = ("ECG II", "uV", 4)
NOTES = ("EDF Annotations", "", 20)


def test_the_package_reads_the_same_counts_and_values(shared_data: Path) -> None:
    edfio = pytest.importorskip("edfio")
    path = shared_data / "wfdb/test_generator_2.edf"
    recording, wanted = read(path), edfio.read_edf(path)
    assert len(recording.signals) == 11
    for signal, other in zip(recording.signals, wanted.signals, strict=True):
        (segment,) = signal.segments
        np.testing.assert_array_equal(segment.counts, other.digital)
        unit = 1e-3 if signal.channel.unit == "mV" else 1.0
        np.testing.assert_allclose(signal.values, other.data * unit, atol=1e-9)
    assert recording.span.start == 1260449042.0  # 2009-12-10 12:44:02
    assert [mark.text for mark in recording.annotations] == ["RECORD START", "REC STOP"]
    assert [signal.channel.label for signal in recording.signals].count("ecg") == 1


def test_counts_scale_and_time_follow_the_header(tmp_path: Path) -> None:
    path = edf(tmp_path / "a.edf", [ECG, ("SpO2", "%", 1)], [words(1, 2, 3, 4, 970)])
    recording = read(path, zone="UTC")
    ecg, spo2 = recording.signals
    assert ecg.segments[0].counts.tolist() == [1, 2, 3, 4]
    assert ecg.values == pytest.approx([0.0001, 0.0002, 0.0003, 0.0004])  # 0.1 uV a count, in mV
    assert spo2.values == pytest.approx([97.0])
    assert recording.span.start == 1709373600.0
    assert recording.clock.note == ""


@pytest.mark.parametrize(
    ("duration", "fs"), [("0.5", 8), ("2", 2), ("10", Fraction(2, 5)), ("0.016", 250)]
)
def test_rates_are_right_where_a_record_is_not_a_second(
    tmp_path: Path, duration: str, fs: Fraction
) -> None:
    """The rate of such files is often read wrongly (pyedflib issues 167, 179, 197)."""
    path = edf(tmp_path / "a.edf", [ECG], [words(1, 2, 3, 4)] * 2, duration=duration)
    (signal,) = read(path).signals
    assert signal.fs == fs
    assert signal.segments[0].span.duration == pytest.approx(float(8 / fs), abs=1e-6)


def discontinuous(path: Path, onsets: Sequence[str], kind: str = "EDF+D", **options: str) -> Path:
    rows = [words(k, k, k, k) + tal(onset) for k, onset in enumerate(onsets)]
    return edf(path, [ECG, NOTES], rows, reserved=kind, **options)


def test_gaps_of_a_discontinuous_file_stay_gaps(tmp_path: Path) -> None:
    """Read as if continuous, such files are moved after each gap (MNE issue 13429)."""
    path = discontinuous(tmp_path / "a.edf", ["+0", "+1", "+5", "+6", "+9.5"])
    (signal,) = read(path).signals
    start = 1709373600.0
    spans = Spans.of([(start, start + 2), (start + 5, start + 7), (start + 9.5, start + 10.5)])
    assert extent(signal) == spans
    assert [s.counts.tolist() for s in signal.segments] == [[0] * 4 + [1] * 4, [2] * 4 + [3] * 4,
                                                            [4] * 4]  # fmt: skip
    assert [s.first for s in signal.segments] == [0, 20, 38]
    assert len({s.grid for s in signal.segments}) == 1


def test_a_run_between_two_samples_has_its_own_grid(tmp_path: Path) -> None:
    path = discontinuous(tmp_path / "a.edf", ["+0.25", "+5.1"])
    (signal,) = read(path).signals
    first, second = signal.segments
    assert first.grid.start_ns == 1709373600 * NS + NS // 4
    assert second.grid.start_ns == 1709373605 * NS + NS // 10
    assert (first.first, second.first) == (0, 0)


def test_onsets_within_half_a_sample_do_not_open_a_gap(tmp_path: Path) -> None:
    path = discontinuous(tmp_path / "a.edf", ["+0", "+1.1", "+1.95", "+3.2"])
    (signal,) = read(path).signals
    assert [len(s.counts) for s in signal.segments] == [12, 4]


def test_a_file_marked_continuous_with_gaps_keeps_them_and_says_so(tmp_path: Path) -> None:
    recording = read(discontinuous(tmp_path / "a.edf", ["+0", "+3"], kind="EDF+C"))
    assert len(recording.signals[0].segments) == 2
    assert recording.repairs[0].what == "gaps in a file marked as continuous, kept as gaps"


def test_annotations_keep_time_duration_and_text(tmp_path: Path) -> None:
    rows = [words(1, 2, 3, 4) + tal("+0", "+0.5/2.5 apnea", "+0.75 Ö")]
    path = edf(tmp_path / "a.edf", [ECG, NOTES], rows, reserved="EDF+C")
    start = 1709373600.0
    assert read(path).annotations == (
        Annotation(start + 0.5, '"', 0, "apnea (2.5 s)"),
        Annotation(start + 0.75, '"', 0, "Ö"),
    )


def test_annotations_that_cannot_be_read_are_counted(tmp_path: Path) -> None:
    row = words(1, 2, 3, 4) + (tal("+0", size=5) + b"rubbish").ljust(40, b"\0")
    recording = read(edf(tmp_path / "a.edf", [ECG, NOTES], [row], reserved="EDF+C"))
    assert recording.annotations == ()
    assert recording.repairs[0].what == "annotations that cannot be read, left out"


def test_24_bits_of_bdf_keep_their_sign(tmp_path: Path) -> None:
    raw = bytes.fromhex("010000 ffffff 000080 ffff7f")
    ranges = ("-8388608", "8388607", "-8388608", "8388607")
    (signal,) = read(edf(tmp_path / "a.bdf", [ECG], [raw], bits=24, ranges=ranges)).signals
    assert signal.segments[0].counts.tolist() == [1, -1, -8388608, 8388607]
    assert signal.segments[0].counts.dtype == np.int32


def test_a_number_of_records_that_is_not_known_comes_from_the_size(tmp_path: Path) -> None:
    recording = read(edf(tmp_path / "a.edf", [ECG], [words(1, 2, 3, 4)] * 3, count=-1))
    assert recording.span.duration == 3.0
    assert "taken from the size" in recording.repairs[0].what


def test_of_a_cut_file_whole_records_are_read_and_the_loss_named(tmp_path: Path) -> None:
    path = edf(tmp_path / "a.edf", [ECG], [words(1, 2, 3, 4)] * 3)
    path.write_bytes(path.read_bytes()[:-3])
    recording = read(path)
    assert recording.span.duration == 2.0
    assert recording.truncated == "a.edf: 2 of 3 records are there"


@pytest.mark.parametrize(
    ("recording", "date", "dated"),
    [
        ("Startdate X X X X", "01.01.85", False),
        ("Startdate X X X X", "02.03.24", False),
        ("", "01.01.85", False),
        ("", "02.03.24", True),
        ("Startdate 02-MAR-2124 X X X", "02.03.24", True),
    ],
)
def test_an_anonymised_date_is_no_date(
    tmp_path: Path, recording: str, date: str, dated: bool
) -> None:
    path = edf(
        tmp_path / "a.edf",
        [ECG, NOTES],
        [words(1, 2, 3, 4) + tal("+0")],
        reserved="EDF+C",
        recording=recording,
        start=(date, "10.00.00"),
    )
    found = read(path)
    assert found.clock.dated is dated
    assert ("2124" in found.clock.note) is ("2124" in recording)
    if not dated:
        assert found.span.start == 0.0
        assert found.facts["a start time"] == "10:00:00"


def test_two_digits_of_a_year_mean_1985_to_2084(tmp_path: Path) -> None:
    old = edf(tmp_path / "a.edf", [ECG], [words(1, 2, 3, 4)], start=("02.01.85", "00.00.00"),
              recording="")  # fmt: skip
    assert read(old).span.start == 473472000.0


def test_no_word_of_the_patient_field_is_kept(tmp_path: Path) -> None:
    path = edf(tmp_path / "a.edf", [ECG], [words(1, 2, 3, 4)])
    path.write_bytes(path.read_bytes().replace(b"X X X X ", b"JONES_B "))
    assert "JONES" not in repr(read(path))


def test_a_channel_without_a_range_is_kept_as_counts(tmp_path: Path) -> None:
    path = edf(tmp_path / "a.edf", [ECG], [words(1, 2, 3, 4)], ranges=("0", "0", "-1", "1"))
    recording = read(path)
    assert recording.signals[0].channel.quantity == "unknown"
    assert recording.signals[0].values.tolist() == [1, 2, 3, 4]
    assert "no physical range" in recording.repairs[0].what


def test_a_decimal_comma_is_mended_and_counted(tmp_path: Path) -> None:
    path = edf(tmp_path / "a.edf", [ECG], [words(1, 2, 3, 4)], duration="0,5")
    recording = read(path)
    assert recording.signals[0].fs == 8
    assert recording.repairs[0].what == "decimal comma in the header, read as a point"


ROW = words(1, 2, 3, 4)


@pytest.mark.parametrize(
    ("at", "content", "says"),
    [
        (0, b"1       ", "neither EDF nor BDF"),
        (252, b"9999", "does not fit the file"),
        (252, b"0   ", "does not fit the file"),
        (252, b"ab  ", "byte 252: a field of the header is not a number"),
        (184, b"1024    ", "need a header of 512 bytes"),
        (244, b"0       ", "no duration"),
        (244, b"-1      ", "not possible"),
        (244, b"1e-99   ", "no signal has the rate"),
        (244, b"9999999 ", "no signal has the rate"),
        (236, b"-7      ", "-7 records are not possible"),
        (236, b"1.5     ", "not a whole number"),
        (168, b"31.02.24", "there is no such start date"),
        (168, b"today   ", "not a date"),
        (176, b"25.00.00", "not a time"),
        (256 + 216, b"0       ", "the records are empty"),
        (256 + 216, b"-4      ", "not negative"),
    ],
)
def test_a_broken_header_is_one_clear_error(
    tmp_path: Path, at: int, content: bytes, says: str
) -> None:
    path = edf(tmp_path / "a.edf", [ECG], [ROW], recording="")
    raw = bytearray(path.read_bytes())
    raw[at : at + len(content)] = content
    path.write_bytes(raw)
    with pytest.raises(FormatError) as error:
        read(path)
    assert says in str(error.value)


def test_a_clock_that_was_set_back_opens_a_segment_and_loses_nothing(tmp_path: Path) -> None:
    """One sample stays open at the step, so that no interval between beats crosses it."""
    path = discontinuous(
        tmp_path / "a.edf", ["+0", "+0.1", "+0.15", "+0.25", "+0.9"], duration="0.1"
    )
    recording = read(path)
    (signal,) = recording.signals
    assert [s.counts.tolist() for s in signal.segments] == [
        [0] * 4 + [1] * 4, [2] * 4 + [3] * 4, [4] * 4
    ]  # fmt: skip
    spans = [s.span for s in signal.segments]
    start = 1709373600.0
    assert [s.start - start for s in spans] == pytest.approx([0, 0.225, 0.9], abs=1e-6)
    assert [s.duration for s in spans] == pytest.approx([0.2, 0.2, 0.1], abs=1e-6)
    assert recording.repairs[0].what.startswith("clock set back by 0.05 s")
    assert recording.repairs[0].where == "a.edf, record 2"
    assert "the clock was set back once" in recording.clock.note


def test_annotations_of_records_after_a_step_are_as_late_as_they(tmp_path: Path) -> None:
    rows = [words(k, k, k, k) + tal(onset, mark) for k, (onset, mark) in enumerate(
        [("+0", "+0.5 one"), ("+1", "+1.5 two"), ("+1.5", "+2 three")])]  # fmt: skip
    path = edf(tmp_path / "a.edf", [ECG, NOTES], rows, reserved="EDF+D")
    times = [mark.time - 1709373600.0 for mark in read(path).annotations]
    assert times == pytest.approx([0.5, 1.5, 2.5])


def test_records_that_go_back_by_hours_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="record 2 starts 7202 s before the one before it has"):
        read(discontinuous(tmp_path / "a.edf", ["+0", "+8000", "+799"]))


def test_a_record_without_its_time_is_an_error(tmp_path: Path) -> None:
    path = edf(tmp_path / "a.edf", [ECG, NOTES], [ROW + bytes(40)], reserved="EDF+D")
    with pytest.raises(FormatError, match="record 0 does not say when it starts"):
        read(path)


def test_a_file_of_annotations_only_is_a_recording_without_channels(shared_data: Path) -> None:
    recording = read(shared_data / "wfdb/test_edfann.edf")
    assert recording.signals == ()
    assert len(recording.annotations) > 100


def test_a_file_too_short_for_a_header_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.edf").write_bytes(b"0       ")
    with pytest.raises(FormatError, match="8 bytes are too few"):
        read(tmp_path / "a.edf")

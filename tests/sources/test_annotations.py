"""Annotation files: against annot(5), and in both directions against the wfdb package."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from joey.errors import FormatError
from joey.signals import Annotation
from joey.sources import read
from joey.sources.wfdb import Marks, read_annotations, read_marks, write_annotations


def oracle(path: Path):  # noqa: ANN201 (the package has no types)
    wfdb = pytest.importorskip("wfdb")
    return wfdb.rdann(str(path.with_suffix("")), path.suffix[1:])


def texts_of(marks: Marks) -> list[str]:
    """Return the text of every mark, empty for none."""
    return [marks.texts.get(mark, "") for mark in range(len(marks.samples))]


@pytest.mark.parametrize(
    "name",
    [
        *("mitdb/100.atr", "pics/infant1_ecg.atr", "pics/infant1_seg0_ecg.qrs"),
        *("pics/infant1_seg0_resp.bpk", "wfdb/1003.atr", "wfdb/12726.anI", "wfdb/12726.wabp"),
        *("wfdb/12726.wqrs", "wfdb/03700181.sqrs", "wfdb/03700181.gqrsh", "wfdb/huge.qrs"),
        "nsr2db/nsr001.ecg",
    ],
)
def test_marks_are_those_of_the_wfdb_package(shared_data: Path, name: str) -> None:
    path = shared_data / name
    marks, wanted = read_marks(path), oracle(path)
    texts = texts_of(marks)
    if name.endswith("gqrsh"):  # the package drops the first note, the command that made the file
        assert (marks.symbols[0], texts.pop(0)[:4]) == ('"', "gqrs")
        marks = replace(
            marks,
            **{
                field: getattr(marks, field)[1:]
                for field in ("samples", "symbols", "channels", "numbers", "subtypes")
            },
        )
    np.testing.assert_array_equal(marks.samples, wanted.sample)
    # Where the file defines a symbol of its own, the package has none.
    both = zip(marks.symbols, wanted.symbol, strict=True)
    assert all(one == other for one, other in both if isinstance(other, str))
    np.testing.assert_array_equal(marks.channels, wanted.chan)
    np.testing.assert_array_equal(marks.subtypes, wanted.subtype)
    np.testing.assert_array_equal(marks.numbers, wanted.num)
    assert texts == [note.rstrip("\0") for note in wanted.aux_note]


def test_a_file_may_define_its_own_symbols(shared_data: Path) -> None:
    marks = read_marks(shared_data / "wfdb/12726.wabp")
    assert "CAL" in marks.symbols
    assert not any(text.startswith("42") for text in marks.texts.values())


def test_intervals_longer_than_31_bits_add_up(shared_data: Path) -> None:
    assert read_marks(shared_data / "wfdb/huge.qrs").samples.max() > 2**31


def test_reference_marks_come_with_their_record(shared_data: Path) -> None:
    recording = read(shared_data / "mitdb/100.hea")
    assert len(recording.annotations) == 2274
    assert recording.annotations[0] == Annotation(18 / 360, "+", 0, "(N")
    assert recording.annotations[1].time == 77 / 360
    assert "100.atr" in [source.name for source in recording.sources]


def example() -> tuple[np.ndarray, list[str], np.ndarray, list[str]]:
    rng = np.random.default_rng(5)
    samples = np.cumsum(rng.choice([0, 1, 130, 1023, 1024, 70_000, 10_000_000], 500))
    symbols = [str(each) for each in rng.choice(list("NVA+~r"), 500)]
    texts = [str(each) for each in rng.choice(["", "", "", "AFIB", "odd", "Ärger"], 500)]
    return samples, symbols, rng.integers(0, 3, 500), texts


def test_what_is_written_comes_back(tmp_path: Path) -> None:
    samples, symbols, channels, texts = example()
    path = tmp_path / "r.atr"
    write_annotations(path, samples, symbols, Fraction(250), channels=channels, texts=texts)
    marks = read_marks(path)
    np.testing.assert_array_equal(marks.samples, samples)
    np.testing.assert_array_equal(marks.channels, channels)
    assert list(marks.symbols) == symbols
    assert texts_of(marks) == texts
    assert marks.fs == 250


def test_what_is_written_is_read_by_the_wfdb_package(tmp_path: Path) -> None:
    samples, symbols, channels, texts = example()
    path = tmp_path / "r.atr"
    texts = [text if text.isascii() else "" for text in texts]  # the package reads ASCII
    write_annotations(path, samples, symbols, Fraction(125, 2), channels=channels, texts=texts)
    found = oracle(path)
    assert found.fs == 62.5
    np.testing.assert_array_equal(found.sample, samples)
    np.testing.assert_array_equal(found.chan, channels)
    assert found.symbol == symbols
    assert [note.rstrip("\0") for note in found.aux_note] == texts


def test_no_marks_at_all_are_a_file_too(tmp_path: Path) -> None:
    path = tmp_path / "r.qrs"
    write_annotations(path, np.empty(0, np.int64), [], Fraction(250))
    assert len(read_marks(path).samples) == 0
    assert read_annotations(path) == ()


def test_times_count_from_the_records_start(tmp_path: Path) -> None:
    path = tmp_path / "r.qrs"
    write_annotations(path, np.array([0, 250]), ["N", "V"], Fraction(250))
    marks = read_annotations(path, start_ns=10**9)
    assert marks == (Annotation(1.0, "N"), Annotation(2.0, "V"))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\x01", "one byte is too many"),
        (bytes([0, 59 << 2, 1, 0]), "byte 0: the file ends within a long interval"),
        (bytes([0, 62 << 2]), "a field comes before the first mark"),
        (bytes([5, 63 << 2, 1, 0]), "a text comes before any mark"),
        (bytes([1, 4, 255, 63 << 2]), "cut off"),
        (bytes([1, 58 << 2]), "code 58 is not one"),
    ],
)
def test_a_broken_file_is_one_clear_error(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "r.qrs"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=says):
        read_marks(path)


def test_a_file_without_a_rate_wants_one(tmp_path: Path) -> None:
    path = tmp_path / "r.qrs"
    path.write_bytes(bytes([1, 4, 0, 0]))
    assert read_annotations(path, 1) == (Annotation(1.0, "N"),)
    with pytest.raises(FormatError, match="sampling frequency"):
        read_annotations(path)


@pytest.mark.parametrize(
    ("samples", "symbol", "text", "says"),
    [
        ([2, 1], "N", "", "in time order"),
        ([0, 2**31], "N", "", "in time order"),
        ([0, 1], "XX", "", "not a symbol"),
        ([0, 1], "N", "x" * 256, "up to 255 bytes"),
    ],
)
def test_what_the_format_cannot_hold_is_refused(
    tmp_path: Path, samples: list[int], symbol: str, text: str, says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        write_annotations(tmp_path / "r.atr", np.array(samples), [symbol] * 2, Fraction(1),
                          texts=[text] * 2)  # fmt: skip
    assert not (tmp_path / "r.atr").exists()

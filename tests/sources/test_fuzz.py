"""Broken and hostile files of every format: one clear error or a recording, and little memory.

``JOEY_FUZZ_EXAMPLES=5000`` runs as many examples of each format instead of a few.
"""

import contextlib
import io
import os
import tracemalloc
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from joey.errors import FormatError
from joey.signals import Recording, measured
from joey.sources import read
from joey.sources.tables import read_rows
from joey.sources.wfdb import read_marks, write_annotations
from sources.test_edf import ECG, NOTES, edf, tal, words

EXAMPLES = int(os.environ.get("JOEY_FUZZ_EXAMPLES", "40"))
fuzz = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

MOST_PER_BYTE = 200  # bytes allocated per byte of the files, many times over
FLOOR = 4 * 2**20  # bytes: modules, messages, small objects


def wfdb(folder: Path) -> list[Path]:
    header = "r/3 2 125.5/99(3) 9 10:00:00 01/02/2020\ns 4\n~ 2\nt 3\n# note\n"
    (folder / "a.hea").write_text(header)
    lines = "s.dat 212x2:1+1 200(3)/mV 12 0 1 99 0 II\ns.dat 212+1 1/bpm 12 0 1 99 0 HR\n"
    (folder / "s.hea").write_text(f"s 2 125.5 4\n{lines}")
    (folder / "s.dat").write_bytes(bytes(range(25)))
    (folder / "t.hea").write_text(
        "t 2 125.5 3\nt.dat 16x2 5/mV 12 0 1 9 0 II\nt.dat 16 1/bpm 12 0 0 9 0 HR\n"
    )
    (folder / "t.dat").write_bytes(bytes(range(18)))
    return [folder / name for name in ("a.hea", "s.hea", "s.dat", "t.hea", "t.dat")]


def formats(folder: Path) -> list[Path]:
    """Write a record with a signal file of every plain format."""
    lines, files = [], [folder / "a.hea"]
    for form in (8, 16, 24, 32, 61, 80, 160, 212, 310, 311):
        lines.append(f"f{form} {form} 200/mV 12 0 7 1234 0 sig {form}\n")
        files.append(folder / f"f{form}")
        files[-1].write_bytes(bytes(range(7, 47)))
    files[0].write_text(f"a {len(lines)} 250 10\n{''.join(lines)}")
    return files


def flac(folder: Path) -> list[Path]:
    buffer = io.BytesIO()
    samples = np.arange(300, dtype=np.int16).reshape(-1, 2)
    soundfile.write(buffer, samples, 250, format="FLAC", subtype="PCM_16")
    (folder / "f.dat").write_bytes(buffer.getvalue())
    (folder / "a.hea").write_text("a 2 250 150\nf.dat 516 5/mV 16 0 0 0 0 II\nf.dat 516 5/mV\n")
    return [folder / "a.hea", folder / "f.dat"]


def annotations(folder: Path) -> list[Path]:
    (folder / "a.hea").write_text("a 1 250 3\na.dat 16 1 0 0 1 0 0 II\n")
    (folder / "a.dat").write_bytes(words(1, 2, 3))
    steps, channels = np.cumsum([3, 5, 5000, 9, 70000]), np.array([0, 1, 1, 0, 2])
    texts = ["", "x", "AFIB", "", "odd"]
    path = folder / "a.atr"
    write_annotations(path, steps, list("NV+NN"), Fraction(250), channels=channels, texts=texts)
    return [folder / "a.atr"]


def edf_plus(folder: Path) -> list[Path]:
    onsets = ("+0", "+1", "+5.5")
    rows = [words(1, 2, 3, 4) + tal(onset, f"{onset}/2 apnea") for onset in onsets]
    return [edf(folder / "a.edf", [ECG, NOTES], rows, reserved="EDF+D")]


def bdf(folder: Path) -> list[Path]:
    return [edf(folder / "a.bdf", [ECG, ("HR", "bpm", 1)], [bytes(range(15))] * 3, bits=24)]


def csv(folder: Path) -> list[Path]:
    rows = "".join(f"2024-07-01T10:00:{k:02d},{k}.5,{97 - k % 3},\n" for k in range(30))
    (folder / "a.csv").write_text(f"# made\nTime,HR [bpm],SpO2 (%),temp\n{rows}")
    return [folder / "a.csv"]


def numbers(folder: Path) -> list[Path]:
    rows = "".join(f"{k / 4},{k}.5,{97 - k % 3}\n" for k in range(30))
    (folder / "a.csv").write_text(f"t [s];HR;SpO2\n{rows}".replace(",", ";"))
    return [folder / "a.csv"]


def parquet(folder: Path) -> list[Path]:
    frame = pl.DataFrame({"t": np.arange(40) / 4, "HR": np.arange(40), "II": np.sin(np.arange(40))})
    frame.write_parquet(folder / "a.parquet")
    return [folder / "a.parquet"]


MAKERS = [wfdb, formats, flac, annotations, edf_plus, bdf, csv, numbers]

BIG = [b"0", b"-1", b"999999999", b"1e308", b"1000000000000", b"\xff\xff\xff\xff", b"\0", b"../x",
       b"nan", b"\n", b",", b"~", b"x9999999", b"9999-12-31", b"0001-01-01"]  # fmt: skip
edits = st.lists(
    st.tuples(
        st.integers(0, 10**6),
        st.integers(0, 8),
        st.one_of(st.sampled_from(BIG), st.binary(max_size=8)),
    ),
    max_size=6,
)


def edited(data: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    """Replace, at each place, some bytes by others."""
    out = bytearray(data)
    for place, gone, new in changes:
        at = place % (len(out) + 1)
        out[at : at + gone] = new
    return bytes(out)


def look_at(recording: Recording) -> None:
    """Use what was read: numbers come out of it without a warning."""
    for signal in recording.signals:
        assert (
            len(signal.values) == len(signal.times) == sum(len(s.counts) for s in signal.segments)
        )
        measured(signal)
        assert all(s.counts.dtype in {np.dtype("i2"), np.dtype("i4")} for s in signal.segments)
    for series in recording.series:
        measured(series)


def survives(run: Callable[[], object], size: int) -> None:
    """Run a reader: it returns or raises the two errors, and allocates as the size allows."""
    tracemalloc.start()
    try:
        with contextlib.suppress(FormatError, OSError):
            run()
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak <= FLOOR + MOST_PER_BYTE * size


def entry(folder: Path, files: list[Path]) -> Path:
    """Return the file that a user would name."""
    first = folder / "a.hea"
    return first if first.exists() else files[0]


@pytest.mark.parametrize("make", [*MAKERS, parquet], ids=lambda make: make.__name__)
def test_the_files_are_whole_before_they_are_changed(
    tmp_path: Path, make: Callable[[Path], list[Path]]
) -> None:
    recording = read(entry(tmp_path, make(tmp_path)))
    look_at(recording)
    assert recording.span.duration > 0
    assert not recording.truncated


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
@fuzz
@given(
    which=st.integers(0, 99),
    changes=edits,
    cut=st.one_of(st.none(), st.integers(0, 10**6)),
)
def test_a_changed_file_is_read_or_refused(
    tmp_path: Path,
    make: Callable[[Path], list[Path]],
    which: int,
    changes: list[tuple[int, int, bytes]],
    cut: int | None,
) -> None:
    files = make(tmp_path)
    victim = files[which % len(files)]
    data = edited(victim.read_bytes(), changes)
    victim.write_bytes(data if cut is None else data[: cut % (len(data) + 1)])
    target = entry(tmp_path, files)
    size = sum(path.stat().st_size for path in tmp_path.iterdir())
    survives(lambda: look_at(read(target)), size)


@pytest.mark.parametrize("name", ["a.hea", "a.edf", "a.bdf", "a.csv", "a.parquet", "a.atr", "rows"])
@fuzz
@given(data=st.binary(max_size=3000), magic=st.booleans())
def test_random_bytes_are_read_or_refused(
    tmp_path: Path, name: str, data: bytes, magic: bool
) -> None:
    begins = {"a.edf": b"0       ", "a.bdf": b"\xffBIOSEMI", "a.parquet": b"PAR1"}
    content = (begins.get(name, b"") if magic else b"") + data
    path = tmp_path / name
    path.write_bytes(content)
    reader = {"a.atr": read_marks, "rows": read_rows}.get(name, lambda p: look_at(read(p)))
    survives(lambda: reader(path), len(content))


@settings(parent=fuzz, max_examples=max(EXAMPLES // 4, 10))
@given(changes=edits, cut=st.one_of(st.none(), st.integers(0, 10**6)))
def test_a_changed_parquet_file_is_read_or_refused(
    tmp_path: Path, changes: list[tuple[int, int, bytes]], cut: int | None
) -> None:
    (path,) = parquet(tmp_path)
    data = edited(path.read_bytes(), changes)
    path.write_bytes(data if cut is None else data[: cut % (len(data) + 1)])
    survives(lambda: look_at(read(path)), len(data))


@pytest.mark.parametrize(
    "header",
    [
        "a 1 250 1000000000000\na.dat 16 1 0 0 0 0 0 II\n",
        "a 1 250 1000000000000\na.dat 212x999999999 1 0 0 0 0 0 II\n",
        "a 1 250 1000000000000\na.dat 16:999999999 1 0 0 0 0 0 II\n",
        "a 999999999 250 1000\na.dat 16 1 0 0 0 0 0 II\n",
        "a/999999999 1 250 1000\na 1\n",
        "a/2 1 250 1000\n~ 900000000000000\nb 100000000000000\n",
        "a 1 250 1000000000000\nf.dat 516 1 0 0 0 0 0 II\n",
    ],
)
def test_a_claimed_length_allocates_nothing(tmp_path: Path, header: str) -> None:
    (tmp_path / "a.hea").write_text(header)
    (tmp_path / "a.dat").write_bytes(words(1, 2, 3))
    (tmp_path / "b.hea").write_text("b 1 250\na.dat 16 1 0 0 0 0 0 II\n")
    flac_head = (
        b"fLaC\x80\0\0\x22"
        + bytes.fromhex("10001000000000000000")
        + bytes.fromhex(
            "00fa00ffffffffff"  # 250 Hz, one channel, 16 bits, 2**36 - 1 samples
        )
    )
    (tmp_path / "f.dat").write_bytes(flac_head + bytes(16))
    survives(lambda: look_at(read(tmp_path / "a.hea")), 200)

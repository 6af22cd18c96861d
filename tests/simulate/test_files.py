"""A simulated infant as files: read back by Joey's own readers, and by others."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import wfdb

from joey.cli import main
from joey.errors import InputError
from joey.holds import read_context, read_holds
from joey.signals import Signal
from joey.simulate import Simulated, SimulatedHold, simulate_infant, write
from joey.sources.wfdb import read_record

NAMES = {
    *(
        f"simulated_{what}.{end}"
        for what in ("ecg", "resp", "pleth", "numerics")
        for end in ("hea", "dat")
    ),
    "holds.csv",
    "context.csv",
    "truth.json",
}


@pytest.fixture(scope="module")
def infant() -> Simulated:
    """Return an hour with a change of holder and a clock that steps."""
    holders = (("simulated-mother", "mother"), ("simulated-father", "father"))
    return simulate_infant(1, 3, holds=[SimulatedHold(1200, 2700, holders)])


@pytest.fixture(scope="module")
def folder(infant: Simulated, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the infant's files."""
    path = tmp_path_factory.mktemp("simulated") / "new"
    write(infant, path, numerics_missing=-999)
    return path


def on_grid(signal: Signal) -> np.ndarray:
    """Return a signal's values from its grid's start, NaN in its gaps."""
    out = np.full(max(segment.stop for segment in signal.segments), np.nan)
    for segment in signal.segments:
        out[segment.first : segment.stop] = signal.values_of(segment)
    return out


def test_the_files_are_as_named(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} == NAMES | {"simulated_numerics.csv"}


def test_every_file_says_simulated(folder: Path) -> None:
    for path in folder.iterdir():
        if path.suffix != ".dat":
            assert "simulated" in path.read_text(encoding="utf-8"), path.name


def test_every_row_of_a_table_says_simulated(folder: Path) -> None:
    for path in folder.glob("*.csv"):
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        assert rows
        assert {row["note"] for row in rows} == {"simulated"}


@pytest.mark.parametrize("what", ["ecg", "resp", "pleth", "numerics"])
def test_joey_reads_back_what_was_measured(infant: Simulated, folder: Path, what: str) -> None:
    """Channel, times and values are those simulated; what was not measured is not."""
    found = read_record(folder / f"simulated_{what}.hea")
    wanted = [
        s
        for s in infant.recording.signals
        if (what == "numerics" and s.fs == 1) or s.channel.quantity == what
    ]

    assert found.simulated
    assert [s.channel.quantity for s in found.signals] == [s.channel.quantity for s in wanted]
    for one, two in zip(wanted, found.signals, strict=True):
        assert two.segments[0].grid.start_ns == one.segments[0].grid.start_ns
        left, right = on_grid(one), on_grid(two)
        assert np.allclose(right[: len(left)], left, rtol=0, atol=1e-9, equal_nan=True)


def test_other_software_reads_the_same_ecg(infant: Simulated, folder: Path) -> None:
    """The WFDB package of PhysioNet gives the same values."""
    record = wfdb.rdrecord(str(folder / "simulated_ecg"))
    mine = on_grid(infant.recording.signals[0])

    assert record.fs == 250
    theirs = record.p_signal[: len(mine), 0]
    assert np.allclose(theirs, mine, rtol=0, atol=1e-9, equal_nan=True)


def test_the_hold_log_is_read_as_the_hold_that_was(infant: Simulated, folder: Path) -> None:
    """Two rows, one hold of two pieces, its start within the clock's error of the truth."""
    recording = infant.recording
    log = read_holds(folder / "holds.csv", recording.clock, None, recording.span)
    (hold,) = log.holds
    (true,) = infant.truth.holds
    clock = infant.truth.clock
    slack = abs(clock.offset_s) + sum(size for _, size in clock.steps) + 1

    assert [piece.role for piece in hold.pieces] == ["mother", "father"]
    assert abs(hold.start - true.start) < slack
    assert abs((hold.end or 0) - true.end) < slack
    assert hold.contact == "skin_to_skin"


def test_the_context_is_read_without_complaint(infant: Simulated, folder: Path) -> None:
    """Age, oxygen and temperatures come back."""
    recording = infant.recording
    context = read_context(folder / "context.csv", recording.clock, None, recording.span)

    assert context.gestational_age_days == 29 * 7
    assert context.notes == ()
    assert context.facts["spo2_averaging_s"] == "8"
    (fio2,) = context.series("fio2")
    assert fio2.values == pytest.approx(infant.recording.series[0].values)
    assert context.series("temp")


def test_the_truth_comes_back(infant: Simulated, folder: Path) -> None:
    """Beats to the nanosecond; the effect of the hold; the dirt."""
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    steps = [truth["beats"]["first_ns"], *truth["beats"]["intervals_ns"]]

    assert np.array_equal(np.cumsum(np.array(steps, dtype=np.int64)), infant.truth.beats_ns)
    assert truth["holds"][0]["effect"]["variability"] == 0.65
    assert len(truth["dirt"]) == len(infant.truth.dirt)
    assert len(truth["apneas"]) == len(infant.truth.apneas)


def test_the_sentinel_stands_where_nothing_was_measured(infant: Simulated, folder: Path) -> None:
    """In the dialect with -999 each missing second has it, and no other."""
    with (folder / "simulated_numerics.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    heart = next(s for s in infant.recording.signals if s.channel.quantity == "heart_rate")
    written = np.array([float(row["heart_rate"]) for row in rows])
    true = on_grid(heart)

    assert np.isnan(true).any()
    assert np.array_equal(written == -999, np.isnan(true))


def test_one_seed_writes_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    holders = (("simulated-mother", "mother"), ("simulated-father", "father"))
    again = simulate_infant(1, 3, holds=[SimulatedHold(1200, 2700, holders)])
    write(again, tmp_path)

    assert {path.name for path in tmp_path.iterdir()} == NAMES
    for name in NAMES:
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()


@pytest.mark.parametrize("name", ["holds.csv", "context.csv", "truth.json", "simulated_ecg.dat"])
def test_a_file_of_another_origin_is_not_written_over(
    name: str, infant: Simulated, tmp_path: Path
) -> None:
    """A real hold log stays as it is, and nothing is written beside it."""
    (tmp_path / name).write_text("infant,start,end\nA1,2026-03-01 10:00,\n", encoding="utf-8")

    with pytest.raises(InputError, match=name):
        write(infant, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_real_row_in_a_simulated_log_is_not_written_over(
    infant: Simulated, tmp_path: Path
) -> None:
    """A simulation replaces another one where it is told to, unless someone wrote into its log."""
    write(infant, tmp_path, numerics_missing=-999)
    write(infant, tmp_path, force=True)
    assert {path.name for path in tmp_path.iterdir()} == NAMES

    with (tmp_path / "holds.csv").open("a", encoding="utf-8") as file:
        file.write("A1,2026-03-01 10:00\n")
    with pytest.raises(InputError, match=r"holds\.csv"):
        write(infant, tmp_path, force=True)


def test_a_simulated_infant_is_not_written_over_unasked(infant: Simulated, tmp_path: Path) -> None:
    """The error says what to do, and every byte stays; other files of the folder are in no way."""
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    write(infant, tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    with pytest.raises(InputError, match="choose another --out, or --force to replace"):
        write(infant, tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("force", [[], ["--force"]])
def test_the_command_refuses_before_it_simulates(
    force: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another seed over a folder of files: one line and exit code 2, or with --force the other."""
    asked = ["simulate", "--out", str(tmp_path / "try"), "--hours", "0.05", "--holds", "0"]
    with pytest.raises(SystemExit) as made:
        main([*asked, "--seed", "1"])
    assert made.value.code in {0, None}
    before = (tmp_path / "try" / "truth.json").read_bytes()
    capsys.readouterr()

    with pytest.raises(SystemExit) as again:
        main([*asked, "--seed", "2", *force])
    told = capsys.readouterr().err.strip().splitlines()
    same = (tmp_path / "try" / "truth.json").read_bytes() == before
    if force:
        assert (again.value.code in {0, None}, same) == (True, False)
    else:
        assert (again.value.code, same) == (2, True)
        (line,) = told
        assert line == (
            f"joey: {tmp_path / 'try'} has a simulated infant already: choose another --out, or "
            "--force to replace context.csv and what belongs to it"
        )
    assert [path.name for path in tmp_path.iterdir()] == ["try"]

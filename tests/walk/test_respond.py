"""The whole walk on real recordings: files in and a report out, or one line and nothing written."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from joey.cli import main

if TYPE_CHECKING:
    from pathlib import Path

# Real recordings are minutes long: the phases shrink with them.
SHORT = [
    *("--before", "1", "--before-end", "0.2", "--settle", "0.3", "--settled-end", "0.3"),
    *("--transfer-out", "0.3", "--after", "0.5", "--min-before", "0.3", "--min-settled", "0.3"),
]
HEADER = "infant,start,end,holder,role,contact,position,time_source\n"
RECORDINGS = {
    "03700181": (["wfdb/03700181"], "1994-08-15 17:32:00", "1994-08-15 17:36:00"),
    "v102s": (["wfdb/v102s"], "0:01:30", "0:04:00"),
    "PICS infant 1": (["pics/infant1_seg0_ecg", "pics/infant1_seg0_resp"], "0:01:30", "0:03:00"),
    "PICS infant 2": (["pics/infant2_seg4_ecg", "pics/infant2_seg4_resp"], "0:01:20", "0:02:30"),
    "EDF": (["wfdb/test_generator_2.edf"], "2009-12-10 12:48:00", "2009-12-10 12:52:00"),
    "BIDMC": (["bidmc/bidmc_01_Signals.csv"], "0:02:00", "0:06:00"),
}


def log(folder: Path, *rows: str, name: str = "holds.csv") -> Path:
    """Write a hold log of the given rows and return its path."""
    path = folder / name
    path.write_text(HEADER + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


def leave(arguments: list[str]) -> int:
    """Run the command and return its exit code."""
    with pytest.raises(SystemExit) as left:
        main(arguments)
    return int(left.value.code or 0)


@pytest.mark.parametrize("name", RECORDINGS)
def test_an_invented_hold_over_a_real_recording_is_reported_as_invented(
    name: str, shared_data: Path, tmp_path: Path
) -> None:
    """Every format that is read ends in a report that says that the hold is invented."""
    files, start, end = RECORDINGS[name]
    holds = log(tmp_path, f"A1,{start},{end},somebody,mother,skin_to_skin,upright,invented")
    out = tmp_path / "out"
    paths = [str(shared_data / each) for each in files]

    assert leave(["respond", *paths, "--holds", str(holds), "--out", str(out), *SHORT]) == 0

    written = {path.name for path in out.iterdir()}
    assert {"report.html", "response.json", "response.csv", "events.atr"} <= written
    assert "invented" in (out / "report.html").read_text(encoding="utf-8").lower()
    facts = json.loads((out / "response.json").read_text(encoding="utf-8"))
    assert facts["holds"][0]["invented"] is True


@pytest.mark.parametrize("name", RECORDINGS)
def test_a_recording_shorter_than_the_default_phases_says_that_it_cannot_say(
    name: str, shared_data: Path, tmp_path: Path
) -> None:
    """Minutes of signal hold no `before` of an hour: no change, each with its reason, no crash."""
    files, start, end = RECORDINGS[name]
    holds = log(tmp_path, f"A1,{start},{end},somebody,mother,skin_to_skin,upright,invented")
    out = tmp_path / "out"
    paths = [str(shared_data / each) for each in files]

    assert leave(["respond", *paths, "--holds", str(holds), "--out", str(out)]) == 0

    facts = json.loads((out / "response.json").read_text(encoding="utf-8"))["holds"][0]
    assert facts["cannot_say"]
    settled = [each["changes"].get("settled") for each in facts["features"]]
    assert all(each is None or (each["value"] is None and each["reason"]) for each in settled)
    assert "No change could be measured" in facts["summary"]


REFUSED = {
    "an end before its start": ("A1,0:03:00,0:02:00,x,mother,,,typed", "line 2"),
    "an absolute time on an undated recording": (
        "A1,2026-01-05 10:00,2026-01-05 11:00,x,mother,,,typed",
        "no date",
    ),
    "no hold inside": ("A1,9:00:00,9:30:00,x,mother,,,typed", "does not lie in the recording"),
    "an unknown role": ("A1,0:01:00,0:02:00,x,moth,,,typed", "mother"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_bad_hold_log_is_one_clear_line_and_writes_nothing(
    case: str, shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, the place and what to do; no folder is left half-written."""
    row, words = REFUSED[case]
    holds = log(tmp_path, row)
    out = tmp_path / "out"
    record = str(shared_data / "wfdb" / "v102s")

    code = leave(["respond", record, "--holds", str(holds), "--out", str(out), *SHORT])

    said = capsys.readouterr().err
    assert code == 2
    assert words in said
    assert "Traceback" not in said
    assert not out.exists()


def test_an_unknown_zone_is_named(
    shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--tz` takes an IANA name."""
    holds = log(tmp_path, "A1,1994-08-15 17:32:00,1994-08-15 17:36:00,x,mother,,,typed")
    record = str(shared_data / "wfdb" / "03700181")
    out = tmp_path / "out"

    code = leave(["respond", record, "--holds", str(holds), "--out", str(out), "--tz", "Mars/City"])

    assert code == 2
    assert "Mars/City" in capsys.readouterr().err
    assert not out.exists()


def test_a_cut_off_recording_is_refused_unless_accepted(
    shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is lost is named; with the option the whole frames are used and the loss is printed."""
    for name in ("v102s.hea", "v102s.dat"):
        shutil.copy(shared_data / "wfdb" / name, tmp_path / name)
    whole = (tmp_path / "v102s.dat").read_bytes()
    (tmp_path / "v102s.dat").write_bytes(whole[: len(whole) * 4 // 5])
    holds = log(tmp_path, "A1,0:01:30,0:03:00,x,mother,skin_to_skin,upright,invented")
    command = ["respond", str(tmp_path / "v102s"), "--holds", str(holds), *SHORT]

    assert leave([*command, "--out", str(tmp_path / "out")]) == 2
    assert "--accept-truncated" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()

    assert leave([*command, "--out", str(tmp_path / "out"), "--accept-truncated"]) == 0
    assert "v102s.dat" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_the_same_files_give_the_same_bytes(shared_data: Path, tmp_path: Path) -> None:
    """Deterministic: report, JSON, CSV and marks are identical in a second run."""
    holds = log(tmp_path, "A1,0:01:30,0:04:00,x,mother,skin_to_skin,upright,invented")
    record = str(shared_data / "wfdb" / "v102s")
    for name in ("one", "two"):
        out = str(tmp_path / name)
        assert leave(["respond", record, "--holds", str(holds), "--out", out, *SHORT]) == 0

    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_no_file_of_another_recording_stays_beside_a_report(tmp_path: Path) -> None:
    """Beats of a recording with an ECG are gone when the next one has none; other files stay."""
    numbers(tmp_path / "numbers.csv")
    holds = log(tmp_path, "A1,0:01:30,0:04:00,x,mother,skin_to_skin,upright,invented")
    out = tmp_path / "out"
    out.mkdir()
    (out / "notes.txt").write_text("the reviewer's own", encoding="utf-8")
    command = ["respond", str(tmp_path / "numbers.csv"), "--holds", str(holds), "--out", str(out)]
    assert leave([*command, *SHORT]) == 0
    (out / "beats.qrs").write_bytes(b"of another infant")

    assert leave([*command, *SHORT]) == 0

    assert not (out / "beats.qrs").exists()
    assert (out / "events.atr").exists()
    assert (out / "notes.txt").exists()


@pytest.mark.parametrize("name", ["report.html", "response.csv"])
def test_what_is_of_no_report_is_not_written_over(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file of the reader's own that has the name of one of ours stays, alone."""
    recording, holds = numbers(tmp_path / "numbers.csv"), log(tmp_path, ROW)
    out = tmp_path / "out"
    out.mkdir()
    (out / name).write_text("mine", encoding="utf-8")
    command = ["respond", str(recording), "--holds", str(holds), "--out", str(out), *SHORT]

    assert leave(command) == 2

    assert f"{name} is of no report of Joey's" in capsys.readouterr().err
    assert [path.read_text(encoding="utf-8") for path in out.iterdir()] == ["mine"]


def numbers(path: Path, columns: str = "HR") -> Path:
    """Write six minutes of a heart rate, a value a second, and return the file's path."""
    lines = "".join(f"{second},{150 + second % 3}\n" for second in range(360))
    path.write_text(f"time,{columns}\n{lines}", encoding="utf-8")
    return path


ROW = "A1,0:01:30,0:04:00,x,mother,skin_to_skin,upright,invented"


@pytest.mark.parametrize("case", ["recording", "link", "hold log", "record"])
def test_an_input_is_never_written_over(
    case: str, tmp_path: Path, shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that is read stays as it is; the message names it."""
    holds = log(tmp_path, ROW, name="response.csv" if case == "hold log" else "holds.csv")
    recording = numbers(tmp_path / ("response.csv" if case == "recording" else "numbers.csv"))
    named = "response.csv"
    if case == "link":
        recording = tmp_path / "link.csv"
        recording.symlink_to(numbers(tmp_path / "response.csv"))
    if case == "record":
        header = (shared_data / "wfdb" / "v102s.hea").read_text(encoding="utf-8")
        recording, named = tmp_path / "events.hea", "events.atr"
        recording.write_text(header.replace("v102s ", "events "), encoding="utf-8")
        shutil.copy(shared_data / "wfdb" / "v102s.dat", tmp_path)
        (tmp_path / named).write_bytes(b"\0\0")
    was = {path: path.read_bytes() for path in tmp_path.iterdir()}
    command = ["respond", str(recording), "--holds", str(holds), "--out", str(tmp_path), *SHORT]

    assert leave(command) == 2

    assert f"{named} is of the input" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == was


def test_a_folder_in_the_place_of_a_file_is_refused_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All that was there stays, the last run's report too; and so where --out is a file."""
    out = tmp_path / "out"
    (out / "response.json").mkdir(parents=True)
    (out / "beats.qrs").write_bytes(b"of the last run")
    recording, holds = numbers(tmp_path / "numbers.csv"), log(tmp_path, ROW)
    command = ["respond", str(recording), "--holds", str(holds), *SHORT, "--out"]

    assert leave([*command, str(out)]) == 2
    assert "response.json is a folder" in capsys.readouterr().err
    assert {path.name for path in out.iterdir()} == {"response.json", "beats.qrs"}

    assert leave([*command, str(holds)]) == 2
    assert "holds.csv is a file, not a folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "values", "said"),
    [
        ("--transfer-out", ["1e99"], "--transfer-out is 0 to 10080 min"),
        ("--before", ["nan"], "--before is 0 to 10080 min"),
        ("--settle=-1", [], "--settle is 0 to 10080 min"),
        ("--spo2-target", ["0.9", "0.95"], "did you mean 90 95?"),
        ("--spo2-target", ["49", "95"], "--spo2-target is two percentages"),
        ("--spo2-target", ["95", "90"], "--spo2-target is two percentages"),
    ],
)
def test_an_impossible_setting_is_refused_by_the_options_name(
    option: str,
    values: list[str],
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    recording, holds = numbers(tmp_path / "numbers.csv"), log(tmp_path, ROW)
    command = ["respond", str(recording), "--holds", str(holds), "--out", str(tmp_path / "out")]

    assert leave([*command, option, *values]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_report_of_a_file_whose_name_is_not_utf8(tmp_path: Path) -> None:
    recording, holds = numbers(tmp_path / "b\udce9b\udce9.csv"), log(tmp_path, ROW)
    out = tmp_path / "out"

    assert leave(["respond", str(recording), "--holds", str(holds), "--out", str(out), *SHORT]) == 0
    assert r"b\xe9b\xe9.csv" in (out / "report.html").read_text(encoding="utf-8")


def headers(data: Path) -> list[Path]:
    """Return every header that is a recording's own, and every EDF."""
    found = [path for path in sorted(data.rglob("*.hea")) if not path.stem.endswith("_layout")]
    return [*found, *sorted(data.rglob("*.edf"))]


def test_check_says_what_is_in_every_recording_or_what_is_missing(
    shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A header without its signal file gets the clear error, and nothing else does."""
    paths = headers(shared_data)
    assert len(paths) > 100
    for path in paths:
        with pytest.raises(SystemExit) as left:
            main(["check", str(path)])
        said = capsys.readouterr()
        if left.value.code:
            assert left.value.code == 2
            assert "absent" in said.err, (path.name, said.err)
        else:
            assert "Files:" in said.out

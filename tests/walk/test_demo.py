"""A simulated infant from the command line: its files, its report, and the page it is shown on."""

import csv
import http.client
import re
import subprocess
import sys
from pathlib import Path

import pytest

from joey.cli import main


def leave(*arguments: str) -> int:
    """Run the command and return its exit code."""
    with pytest.raises(SystemExit) as left:
        main([*arguments])
    return int(left.value.code or 0)


def test_the_demo_shows_the_report_it_made(tmp_path: Path) -> None:
    """One command from nothing to a page on the loopback address, which says simulated."""
    command = ["demo", "--out", str(tmp_path), "--hours", "3", "--no-browser", "--exit-after", "60"]
    with subprocess.Popen(
        [sys.executable, "-m", "joey", *command], stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        found = None
        for line in running.stdout:
            found = re.search(r"http://(127\.0\.0\.1):(\d+)/", line)
            if found:
                break
        assert found
        connection = http.client.HTTPConnection(found[1], int(found[2]), timeout=20)
        connection.request("GET", "/")
        page = connection.getresponse().read()
        connection.close()
        running.terminate()

    assert running.returncode == 143
    assert page == (tmp_path / "report.html").read_bytes()
    assert b"simulated" in page
    assert {"response.json", "response.csv", "beats.qrs", "events.atr", "data"} <= {
        path.name for path in tmp_path.iterdir()
    }


@pytest.mark.parametrize(
    ("hours", "asked", "held", "said"),
    [("4", "1", 1, "holds: 1."), ("4", "3", 1, "holds: 1 of the 3 asked for")],
)
def test_holds_are_laid_into_the_hours_there_are(
    hours: str, asked: str, held: int, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A hold that is asked for is there, or it is said that it does not fit."""
    out = tmp_path / "infant"
    assert leave("simulate", "--out", str(out), "--hours", hours, "--holds", asked) == 0

    with (out / "holds.csv").open(newline="", encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == held
    assert said in capsys.readouterr().out


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--hours", "nan"),
        ("--hours", "0"),
        ("--holds", "-1"),
        ("--holds", "9"),
        ("--gestation", "21.9"),
        ("--gestation", "nan"),
        ("--age", "-1"),
        ("--age", "inf"),
        ("--seed", "-1"),
    ],
)
def test_an_impossible_infant_is_refused_by_the_options_name(
    option: str, value: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "infant"
    assert leave("simulate", "--out", str(out), f"{option}={value}") == 2
    assert f"joey: {option} is " in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize(("option", "value"), [("--hours", "2.9"), ("--exit-after", "nan")])
def test_an_impossible_demo_is_refused_by_the_options_name(
    option: str, value: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "demo"
    assert leave("demo", "--no-browser", "--out", str(out), f"{option}={value}") == 2
    assert f"joey: {option} is " in capsys.readouterr().err
    assert not out.exists()


def test_a_real_report_is_not_written_over_by_a_demo(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "response.csv").write_text("real", encoding="utf-8")

    assert leave("demo", "--no-browser", "--out", str(tmp_path)) == 2
    assert "response.csv is not of a demo" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["response.csv"]

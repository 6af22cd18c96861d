"""A simulated infant from the command line: its files, and what is refused."""

import csv
from pathlib import Path

import pytest

from joey.cli import main


def leave(*arguments: str) -> int:
    """Run the command and return its exit code."""
    with pytest.raises(SystemExit) as left:
        main([*arguments])
    return int(left.value.code or 0)


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

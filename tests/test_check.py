"""What `joey check` says of a recording."""

import re
from inspect import signature

import pytest

from joey import check, cli
from joey.quality import judge_waveform
from joey.signals import Clock, Recording
from joey.simulate import simulate_ecg
from joey.terminal import show_check


def test_a_time_is_rounded_before_it_is_split() -> None:
    """No minute has 60 seconds."""
    undated = Clock(dated=False)
    assert check._said(3599.9996, undated) == "1:00:00.000 from the start"
    assert check._said(59.9994, undated) == "0:00:59.999 from the start"


def test_a_waveform_is_judged_once_and_what_can_be_answered_is_the_same() -> None:
    ecg = simulate_ecg([0.2 + 0.4 * k for k in range(148)], 250, seconds=60, seed=1)
    judge = check._once()
    assert judge(ecg) is judge(ecg)
    assert judge(ecg).verdicts == judge_waveform(ecg).verdicts
    recording = Recording(signals=(ecg,))
    assert check.questions(recording, judge) == check.questions(recording)


def test_an_option_that_is_offered_is_of_the_command_that_is_named() -> None:
    """`joey check` itself takes no --context."""
    _, unable = check.questions(Recording())
    offered = [line for line in unable if "--" in line]
    for line in offered:
        found = re.search(r"joey (\w+) takes \w+ by --(\w+)\b", line)
        assert found
        assert found[2] in signature(getattr(cli, found[1])).parameters
    assert [line.partition(":")[0] for line in offered] == ["temperature", "SpO2 beside FiO2"]


ROWS = (
    ("ecg II", "II", "250 Hz", "mV", "", "98.8 %", "128", "flat 0.3 %, motion 0.1 %"),
    ("pulse_rate foot", "pulse_rate:foot", "1 Hz", "/min", "", "not measured at all", "0", "-"),
    ("pleth foot", "[a] x", "125 Hz", "", "", "9 %", "3", "clipped under 0.1 %, low amplitude 1 %"),
)


@pytest.mark.parametrize("width", [20, 60, 70, 75, 80, 100, 200])
@pytest.mark.parametrize("begins", ["", "2026-01-05 00:00:00 UTC"])
def test_no_word_of_the_channels_is_broken(
    width: int, begins: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At any width every word of every cell is there, whole, its percent sign with its number."""
    monkeypatch.setenv("COLUMNS", str(width))
    rows = tuple((*row[:4], begins, *row[5:]) for row in ROWS)
    show_check(check.Inventory((), rows, ()))
    shown = capsys.readouterr().out

    for row in rows:
        for cell in row:
            for word in cell.split():
                assert word in shown.replace(";", "").split(), (word, shown)
    assert not re.search(r"^\s*%|\s{2,}%,", shown, re.MULTILINE)
    assert ("begins" in shown) == bool(begins)
    if width >= 75 and not begins:
        assert max(len(line) for line in shown.splitlines()) <= width
        assert shown.startswith("channel")

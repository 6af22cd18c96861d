"""What ``joey check`` says can be answered, and the reasons of a report, are of one mind."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from joey.check import questions
from joey.cli import main
from joey.response import analyze
from joey.response.channels import choose_waveform
from joey.signals import Channel, Recording, Series, Signal, quantize


def wave(quantity: str, fs: int, seconds: float, height: float = 1.0) -> Signal:
    times = np.arange(int(fs * seconds)) / fs
    shape = height * np.exp(-(((np.mod(times, 0.4) - 0.2) / 0.02) ** 2))
    return quantize(Channel(quantity, "mV", quantity), fs, 0, shape, 1e-3)


def rate(value: float) -> Series:
    times = np.arange(120.0)
    return Series(
        Channel("heart_rate", "/min", "heart_rate"), times, np.full(120, value), np.ones(120)
    )


UNUSABLE = {
    "a constant ECG": (Recording((wave("ecg", 250, 60, 0.0),)), "is flat"),
    "a slow ECG": (Recording((wave("ecg", 50, 60),)), "at 50 Hz is too slow for beats"),
    "a second of ECG": (Recording((wave("ecg", 250, 1),)), "has 1 s only"),
    "rates no infant has": (Recording(series=(rate(900.0),)), "is out of range"),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_what_cannot_be_used_cannot_be_answered(case: str) -> None:
    """Each answer that needs the channel stands under "cannot", with the channel's reason."""
    recording, said = UNUSABLE[case]
    able, unable = questions(recording)

    assert not {"heart rate", "bradycardia", "heart-rate variability"} & set(able)
    for name in ("heart rate", "bradycardia"):
        assert said in next(line for line in unable if line.startswith(f"{name}:"))


@pytest.mark.parametrize("case", ["a constant ECG", "a slow ECG", "rates no infant has"])
def test_a_report_gives_the_same_reason(case: str) -> None:
    recording, said = UNUSABLE[case]
    reasons = [
        each.reason for each in analyze(recording).events if each.preset.kind == "bradycardia"
    ]

    assert reasons
    assert all(said in reason for reason in reasons)


def test_good_signals_can_be_answered() -> None:
    able, _ = questions(Recording((wave("ecg", 250, 60),)))
    assert {"heart rate", "bradycardia", "heart-rate variability"} <= set(able)


def test_a_pleth_alone_promises_no_bradycardia() -> None:
    """Bradycardia is looked for in beats or in the monitor's rate, never in pulses alone."""
    able, _ = questions(Recording((wave("pleth", 125, 60),)))
    assert "heart rate" in able
    assert "bradycardia" not in able


def test_of_two_files_the_one_that_is_read_is_named() -> None:
    one, two = wave("ecg", 250, 60), wave("ecg", 250, 30)
    one = replace(one, channel=replace(one.channel, source="first/II"))
    two = replace(two, channel=replace(two.channel, source="second/II"))
    chosen = choose_waveform(Recording((one, two)), "ecg")

    assert chosen is not None
    assert "(first/II)" in chosen.why
    assert "(second/II)" in chosen.why


def test_what_a_reviewer_took_out_is_the_reason(tmp_path: Path) -> None:
    """Not that there is none in the recording."""
    lines = "".join(f"{second},{150 + second % 3}\n" for second in range(360))
    (tmp_path / "numbers.csv").write_text(f"time,HR\n{lines}", encoding="utf-8")
    (tmp_path / "holds.csv").write_text("start,end\n0:01:30,0:04:00\n", encoding="utf-8")
    (tmp_path / "out.csv").write_text("start,end,reason\n0:00,0:06:00,noise\n", encoding="utf-8")
    logs = ["--holds", str(tmp_path / "holds.csv"), "--exclude", str(tmp_path / "out.csv")]
    with pytest.raises(SystemExit) as left:
        main(["respond", str(tmp_path / "numbers.csv"), *logs, "--out", str(tmp_path / "out")])

    assert left.value.code in {0, None}
    facts = json.loads((tmp_path / "out" / "response.json").read_text(encoding="utf-8"))
    assert "no heart rate: taken out by the reviewer" in json.dumps(facts)

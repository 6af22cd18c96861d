"""What a reviewer takes out, from which channels, and why."""

from pathlib import Path

import pytest

from joey.errors import FormatError
from joey.holds import Exclusions, read_exclusions
from joey.signals import Clock
from joey.spans import Span, Spans

UNDATED = Clock(dated=False)


def read(tmp_path: Path, text: str) -> Exclusions:
    path = tmp_path / "exclude.csv"
    path.write_text(text, encoding="utf-8")
    return read_exclusions(path, UNDATED, None)


def test_spans_are_taken_out_of_all_channels_or_one(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "start,end,reason,channel\n00:10,00:20,X-ray,\n00:15,00:30,turned,\n00:40,00:41,probe,SpO2\n",
    )
    assert found.spans == Spans.of([Span(600, 1800)])
    assert found.of("ecg") == found.spans
    assert found.of("spo2") == Spans.of([Span(600, 1800), Span(2400, 2460)])
    assert found.notes == (
        "every channel excluded from 00:10:00 to 00:20:00 (from the recording's start): X-ray",
        "every channel excluded from 00:15:00 to 00:30:00 (from the recording's start): turned",
        "spo2 excluded from 00:40:00 to 00:41:00 (from the recording's start): probe",
    )


def test_nothing_is_excluded_by_an_empty_list(tmp_path: Path) -> None:
    for found in (read(tmp_path, "start,end,reason\n"), Exclusions()):
        assert len(found.of("ecg")) == 0
        assert found.notes == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("start,end\n", "line 1: there is no column reason; the columns are start, end, reason"),
        ("start,end,reason\n00:10,00:20,\n", "line 2: reason is empty; the report prints why"),
        (
            "start,end,reason\n00:20,00:10,x\n",
            "line 2: the end, 00:10, is not after the start, 00:20",
        ),
        ("start,end,reason\n00:20,,x\n", "line 2: end is not a time; write it as hh:mm:ss"),
    ],
)
def test_a_wrong_list_is_one_clear_message(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(FormatError) as error:
        read(tmp_path, text)
    assert str(error.value).startswith(f"{tmp_path / 'exclude.csv'}, {message}")

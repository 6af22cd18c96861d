"""docs/hold-log.md: its example files read as it says, its lists are those of the code."""

import re
from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

import pytest

from joey.holds import (
    PHASES,
    Hold,
    PhaseSettings,
    Piece,
    dose_by_day,
    phases_of,
    postmenstrual_age,
    read_context,
    read_exclusions,
    read_holds,
    weeks_and_days,
)
from joey.holds.kinds import FACTS, KINDS, QUANTITIES, SITES, WORDS
from joey.holds.log import COLUMNS, VOCABULARY
from joey.signals import Clock
from joey.spans import Span, Spans

PAGE = (Path(__file__).parents[2] / "docs" / "hold-log.md").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"^```csv (\S+)\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL))
BERLIN = Clock(dated=True, zone="Europe/Berlin")
MARCH = Span(
    datetime(2026, 3, 1, 6, tzinfo=UTC).timestamp(), datetime(2026, 3, 2, 8, tzinfo=UTC).timestamp()
)
H = 3600.0


@pytest.fixture
def example(tmp_path: Path) -> Callable[[str], Path]:
    def write(name: str) -> Path:
        path = tmp_path / name
        path.write_text(EXAMPLES[name], encoding="utf-8")
        return path

    return write


def test_every_example_of_the_page_is_executed_here() -> None:
    assert sorted(EXAMPLES) == [
        "context-ward.csv",
        "exclusions-ward.csv",
        "holds-clock-change.csv",
        "holds-undated.csv",
        "holds-ward.csv",
    ]
    assert PAGE.count("```") == 2 * len(EXAMPLES)


def test_the_wards_log_is_three_holds_of_one_infant(example: Callable[[str], Path]) -> None:
    log = read_holds(example("holds-ward.csv"), BERLIN, None, MARCH, "b417")
    assert [len(hold.pieces) for hold in log.holds] == [1, 2, 1]
    assert log.holds[2].end is None
    assert log.notes == (
        "times of the hold log without an offset were read in Europe/Berlin",
        "1 row of other infants skipped",
    )
    first, second = dose_by_day(log.holds, MARCH, "Europe/Berlin")
    assert first.dose.held_h == pytest.approx((95 + 45 + 103) / 60)
    assert second.dose.held_h == pytest.approx(2 + 40 / 60)


def test_the_hour_that_comes_twice_needs_its_offset(example: Callable[[str], Path]) -> None:
    start = datetime(2026, 10, 25, tzinfo=UTC).timestamp()
    log = read_holds(
        example("holds-clock-change.csv"), Clock(dated=True), None, Span(start, start + 24 * H)
    )
    assert [hold.start - start for hold in log.holds] == [0.5 * H, 12 * H + 300]
    assert log.holds[0].end == start + 1.25 * H


def test_an_undated_log_counts_from_the_start(example: Callable[[str], Path]) -> None:
    clock = Clock(dated=False)
    log = read_holds(example("holds-undated.csv"), clock, None, Span(0, 30 * H))
    assert [hold.start for hold in log.holds] == [1500, 26 * H + 600]
    assert {hold.details["time_source"] for hold in log.holds} == {"invented"}


def test_the_wards_context_is_read(example: Callable[[str], Path]) -> None:
    context = read_context(example("context-ward.csv"), BERLIN, None, MARCH)
    assert weeks_and_days(postmenstrual_age(context, MARCH.start)) == "32+3"
    (axilla,) = context.series("temp")
    assert axilla.values.tolist() == pytest.approx([36.8, 36.889], abs=1e-3)
    (fio2,) = context.series("fio2")
    assert fio2.values.tolist() == [0.25, 0.23]
    assert context.facts["probe_site_spo2"] == "right foot"


def test_the_wards_exclusions_are_read(example: Callable[[str], Path]) -> None:
    found = read_exclusions(example("exclusions-ward.csv"), BERLIN, None)
    assert [each.duration for each in found.of("spo2")] == [240, 240]
    assert [each.duration for each in found.of("ecg")] == [240]


def table(after: str) -> dict[str, str]:
    """Return the first table after a text as its first column's words to the rest of the row."""
    rows = re.findall(
        r"^\| (.*?) \| (.*) \|$", PAGE[PAGE.index(after) :].split("\n\n## ")[0], re.MULTILINE
    )
    return {
        key.strip("`"): rest for keys, rest in rows for key in re.split("`, `", keys.strip("`"))
    }


def test_the_page_names_every_column_and_every_word() -> None:
    rows = table("One row per holder and stay.")
    assert set(COLUMNS) <= set(rows)
    for column, words in VOCABULARY.items():
        written = re.sub(r"\([^)]*\)", "", rows[column]).split(".")[0]
        assert [word.strip() for word in written.split(",")] == list(words)


def test_the_page_names_every_kind_and_fact() -> None:
    rows = table("## The context")
    assert set(KINDS) <= set(rows)
    for kind, words in WORDS.items():
        assert rows[kind] == ", ".join(words)
    assert rows["temp"].endswith("`site`: " + ", ".join(SITES))
    assert all(f"`{fact}`" in PAGE for fact in FACTS)
    assert f"{QUANTITIES['fio2'].stands_s / H:g} h after it was charted" in PAGE


def test_the_page_tells_the_phases_as_they_are() -> None:
    rows = {name: rest.split(" | ") for name, rest in table("### The phases").items()}
    pieces = (Piece("a", "mother", 0, 6000), Piece("b", "father", 6000, 12000))
    spans = phases_of(Hold("h", "i", pieces), (), Span(0, 12000), PhaseSettings()).spans

    def place(words: str) -> float:
        found = re.match(
            r"(?:(\d+) min )?(before|after)? ?(?:a change|the start|the end|it)", words
        )
        assert found is not None
        sign = -1 if found[2] == "before" else 1
        anchor = {"start": 0, "end": 12000}.get(
            words.split(" (", maxsplit=1)[0].rsplit(maxsplit=1)[-1], 6000
        )
        return anchor + sign * 60 * float(found[1] or 0)

    for name in PHASES:
        edges = spans[name].bounds
        assert (place(rows[name][0]), place(rows[name][1])) == (edges[0, 0], edges[-1, 1])
    assert {each.default for each in fields(PhaseSettings)} >= {60.0, 10.0, 15.0, 5.0}
    assert isinstance(spans["settled"], Spans)

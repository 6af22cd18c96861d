"""JSON and CSV hold the same facts as the page, and say why where there is no number."""

from __future__ import annotations

import csv
import json
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.reports import building

from joey.reports import write_csv, write_json
from joey.reports.facts import SCHEMA
from joey.reports.tables import COLUMNS
from joey.response import Response

ALL = (
    building.response,
    building.silent_response,
    building.open_response,
    building.undated_response,
    building.hostile_response,
)


def loaded(responses: Response | list[Response], folder: Path) -> dict[str, object]:
    """Return the facts read back, refusing what strict JSON refuses."""

    def refuse(name: str) -> None:
        pytest.fail(f"{name} is no JSON")

    write_json(responses, folder / "response.json")
    text = (folder / "response.json").read_text(encoding="utf-8")
    return json.loads(text, parse_constant=refuse)  # type: ignore[no-any-return]


def rows(responses: Response | list[Response], folder: Path) -> list[dict[str, str]]:
    """Return the table read back."""
    write_csv(responses, folder / "response.csv")
    with (folder / "response.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def values(node: object) -> Iterator[dict[str, object]]:
    """Yield every object that holds a value with its reason."""
    if isinstance(node, dict):
        if {"value", "reason"} <= node.keys():
            yield node
        for each in node.values():
            yield from values(each)
    elif isinstance(node, list):
        for each in node:
            yield from values(each)


def test_json_round_trip(tmp_path: Path) -> None:
    """Numbers, texts and order come back as they were."""
    response = building.response()
    facts = loaded(response, tmp_path)
    (hold,) = facts["holds"]
    row, told = response.features[0], hold["features"][0]

    assert facts["schema"] == SCHEMA
    assert [each["name"] for each in hold["features"]] == [f.name for f in response.features]
    assert told["phases"]["settled"]["value"] == row.phases["settled"].value
    assert told["changes"]["settled"]["low"] == row.changes["settled"].low
    assert hold["hold"]["pieces"][0]["start_s"] == response.hold.start
    assert hold["hold"]["pieces"][0]["start"] == "2031-03-12T13:05:00.000+01:00"
    assert len(hold["events"][0]["events"]) == len(response.events[0].found.items)
    assert hold["events"][0]["preset"]["at_most_s"] is None
    assert hold["simulated"] is hold["invented"] is True
    assert list(hold["settings"]) == sorted(response.settings)


@pytest.mark.parametrize("make", ALL)
def test_json_is_strict_and_a_null_has_its_reason(make: object, tmp_path: Path) -> None:
    """No NaN, no Infinity; where there is no value there is a reason."""
    facts = loaded(make(), tmp_path)  # type: ignore[operator]
    found = list(values(facts))

    assert len(found) > 5
    assert all(each["reason"] for each in found if each["value"] is None)


def test_json_is_the_same_bytes_for_the_same_facts(tmp_path: Path) -> None:
    response = building.response()
    shuffled = replace(response, settings=dict(reversed(response.settings.items())))
    write_json(response, tmp_path / "a.json")
    write_json(shuffled, tmp_path / "b.json")

    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_an_undated_recording_has_seconds_only(tmp_path: Path) -> None:
    (hold,) = loaded(building.undated_response(), tmp_path)["holds"]

    assert hold["phases"]["settled"][0]["start"] is None
    assert hold["phases"]["settled"][0]["start_s"] == 2 * 3600 + 15 * 60


def test_a_running_hold_has_no_end(tmp_path: Path) -> None:
    (hold,) = loaded(building.open_response(), tmp_path)["holds"]

    assert hold["provisional"] is True
    assert hold["hold"]["pieces"][-1]["end_s"] is hold["hold"]["pieces"][-1]["end"] is None


def test_csv_has_one_row_for_each_number(tmp_path: Path) -> None:
    """Features and changes by phase, a rank each, counts by phase, and every event."""
    response = building.response()
    table = rows([response, building.silent_response()], tmp_path)
    kinds = Counter(row["kind"] for row in table)

    assert kinds["feature"] == 2 * sum(len(row.phases) for row in response.features)
    assert kinds["change"] == 2 * sum(len(row.changes) for row in response.features)
    assert kinds["rank"] == 2 * len(response.features)
    assert kinds["event_rate"] == 2 * sum(len(row.phases) for row in response.events)
    assert kinds["event"] == sum(len(row.found.items) for row in response.events)
    assert tuple(table[0]) == COLUMNS
    assert all(row["simulated"] == row["invented"] == "true" for row in table)


@pytest.mark.parametrize("make", ALL)
def test_csv_numbers_are_exact_and_an_empty_one_has_its_reason(
    make: object, tmp_path: Path
) -> None:
    response: Response = make()  # type: ignore[operator]
    table = rows(response, tmp_path)
    numbers = [row for row in table if row["kind"] in {"feature", "change", "rank", "event_rate"}]
    told = [float(row["value"]) for row in table if row["kind"] == "feature" and row["value"]]
    known = [found.value for row in response.features for found in row.phases.values()]

    assert told == [value for value in known if math.isfinite(value)]
    assert all(row["value"] or row["reason"] for row in numbers)


def test_a_spreadsheet_runs_nothing(tmp_path: Path) -> None:
    """A text that begins as a formula is made a text; a number keeps its minus."""
    row = building.features()[0]
    bad = replace(row, label='=HYPERLINK("x")', source="+1", name="@x")
    response = replace(building.response(), features=(bad,), events=())
    table = rows(response, tmp_path)

    assert {each["label"][0] for each in table} == {"'"}
    assert {each["name"] for each in table} == {"'@x"}
    assert any(each["value"].startswith("-") for each in table if each["kind"] == "change")


@pytest.mark.parametrize("write", [write_json, write_csv])
def test_nothing_half_written_and_nothing_from_nothing(write: object, tmp_path: Path) -> None:
    """No response is an error; a folder in the way changes nothing."""
    with pytest.raises(ValueError, match="at least one response"):
        write([], tmp_path / "out")  # type: ignore[operator]
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "kept").touch()
    with pytest.raises(OSError, match="out"):
        write(building.undated_response(), tmp_path / "out")  # type: ignore[operator]

    assert [each.name for each in tmp_path.iterdir()] == ["out"]

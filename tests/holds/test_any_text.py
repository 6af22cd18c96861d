"""Whatever a person writes into the files, the answer is facts or one clear message."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from joey.errors import FormatError, InputError
from joey.holds import read_context, read_exclusions, read_holds
from joey.holds.kinds import FACTS, KINDS
from joey.holds.log import COLUMNS, VOCABULARY
from joey.signals import Clock
from joey.spans import Span

MARCH = Span(1772323200.0, 1772409600.0)  # the first of March 2026, UTC
CLOCKS = (Clock(dated=True, zone="Europe/Berlin"), Clock(dated=False))
TIMES = st.one_of(
    st.from_regex(
        r"2026-0[0-4]-[0-3][0-9][T ][0-2][0-9]:[0-6][0-9](Z|[+-][01][0-9]:00)?", fullmatch=True
    ),
    st.from_regex(r"-?[0-2]?[0-9]:[0-6][0-9](:[0-6][0-9])?", fullmatch=True),
    st.sampled_from(["", "9999-12-31 23:59-14:00", "0001-01-01 00:00", "24:00", "now", "1e99"]),
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters='"\0\r\n'), max_size=12)
NUMBERS = st.one_of(
    st.floats().map(repr), st.sampled_from(["1_0", "٣٦", "36,8", "25", "0.25", "nan"])
)
FOLDER = settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)


def table(columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Return a CSV file's text, every cell in quotes."""
    return "\n".join(",".join(f'"{cell}"' for cell in row) for row in (columns, *rows)) + "\n"


HOLD_ROWS = st.tuples(
    *(
        TIMES if column in {"start", "end"}
        else st.sampled_from(["", "UTC", "Asia/Tokyo", "Europe", "..", "Mars"]) if column == "zone"
        else st.sampled_from(["", *VOCABULARY[column], "x"]) if column in VOCABULARY
        else st.one_of(st.just("a"), TEXTS)
        for column in COLUMNS
    )
)  # fmt: skip


@FOLDER
@given(rows=st.lists(HOLD_ROWS, max_size=4), clock=st.sampled_from(CLOCKS))
def test_any_hold_log(tmp_path: Path, rows: list[tuple[str, ...]], clock: Clock) -> None:
    path = tmp_path / "holds.csv"
    path.write_text(table(COLUMNS, rows), encoding="utf-8")
    span = MARCH if clock.dated else Span(0, 86400)
    try:
        log = read_holds(path, clock, None, span, "a")
    except (FormatError, InputError) as error:
        assert str(path) in str(error) or "the recording" in str(error)  # noqa: PT017
        return
    assert log.holds
    for hold in (*log.holds, *log.outside):
        assert hold.end is None or hold.start < hold.end
        assert [p.start for p in hold.pieces] == sorted(p.start for p in hold.pieces)


CONTEXT_ROWS = st.tuples(
    TIMES,
    st.one_of(st.sampled_from([*KINDS, *FACTS, "probe_site_spo2"]), TEXTS),
    st.one_of(TIMES, NUMBERS, TEXTS, st.sampled_from(["cpap", "29+3", "99+9", "supine"])),
    st.sampled_from(["", "%", "g", "kg", "Cel", "degF", "l/min", "parsec"]),
    st.sampled_from(["", "axilla", "skin", "nose"]),
)


@FOLDER
@given(rows=st.lists(CONTEXT_ROWS, max_size=3), clock=st.sampled_from(CLOCKS))
def test_any_context(tmp_path: Path, rows: list[tuple[str, ...]], clock: Clock) -> None:
    path = tmp_path / "context.csv"
    path.write_text(table(("time", "kind", "value", "unit", "site"), rows), encoding="utf-8")
    try:
        context = read_context(path, clock, None, MARCH if clock.dated else Span(0, 86400))
    except (FormatError, InputError) as error:
        assert str(path) in str(error)  # noqa: PT017
        return
    for kind in ("fio2", "temp", "weight", "flow", "room_temp"):
        for series in context.series(kind):
            assert len(series.times)


@FOLDER
@given(rows=st.lists(st.tuples(TIMES, TIMES, TEXTS), max_size=3), clock=st.sampled_from(CLOCKS))
def test_any_exclusions(tmp_path: Path, rows: list[tuple[str, ...]], clock: Clock) -> None:
    path = tmp_path / "exclude.csv"
    path.write_text(table(("start", "end", "reason"), rows), encoding="utf-8")
    try:
        found = read_exclusions(path, clock, None)
    except (FormatError, InputError) as error:
        assert str(path) in str(error)  # noqa: PT017
        return
    assert len(found.notes) == len(rows)


@pytest.mark.parametrize("clock", CLOCKS)
def test_the_order_of_rows_does_not_matter(tmp_path: Path, clock: Clock) -> None:
    day = "2026-03-01 " if clock.dated else ""
    rows = [
        ("a", f"{day}10:00", f"{day}11:00", "p1"),
        ("a", f"{day}11:02", f"{day}12:00", "p2"),
        ("a", f"{day}15:00", f"{day}16:00", "p1"),
        ("b", f"{day}10:00", f"{day}11:00", "p1"),
    ]
    logs = []
    for k, order in enumerate((rows, rows[::-1], rows[2:] + rows[:2])):
        path = tmp_path / f"{k}.csv"
        path.write_text(table(("infant", "start", "end", "holder"), order), encoding="utf-8")
        logs.append(read_holds(path, clock, None, MARCH if clock.dated else Span(0, 86400), "a"))
    assert logs[0] == logs[1] == logs[2]

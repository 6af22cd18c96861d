"""What a person says of a code holds from then on, until it is taken back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from joey.errors import InputError
from joey.sources.codes import name_observation
from joey.store.codebook import CodeBook, as_mapping, as_undo
from joey.store.journal import Journal, NewEntry

CODE, LABEL = "999", "NEW_THING"


def said(**more: str) -> dict[str, str]:
    """Return what a browser sends."""
    return {"code": CODE, "label": LABEL, "quantity": "temp", "place": "skin", "unit": "", **more}


def named(book: CodeBook, unit: str, source: str = "ward") -> tuple[str, str, str, float]:
    """Return what a row of the code is."""
    naming = name_observation(CODE, LABEL, unit, source, book.codes_of(source), wave=False)
    return naming.channel.quantity, naming.channel.site, naming.channel.unit, naming.factor


def test_the_last_word_holds_and_what_was_before_comes_back(tmp_path: Path) -> None:
    """Map, map anew, take back, take back; a journal that is trimmed still knows it."""
    journal = Journal(tmp_path / "journal.db")
    payloads = [as_mapping(said(), "Cel"), as_mapping(said(place="axilla"), "Cel")]
    first, second = journal.append([NewEntry(1, "codes", "web", each) for each in payloads])
    journal.append([NewEntry(2, "tick", "host", b"{}")])
    assert journal.trim(10) == 1

    book = CodeBook(journal.codes(journal.last()))
    assert named(book, "degC") == ("temp", "axilla", "Cel", 1.0)
    assert [each.seq for each in book.standing()] == [second.seq]
    back = journal.append([NewEntry(3, "codes", "web", as_undo(second.seq))])[0]
    (entry,) = [each for each in journal.codes(back.seq) if each.seq == back.seq]
    assert book.take(entry) is not None
    assert named(book, "degC") == ("temp", "skin", "Cel", 1.0)
    journal.append([NewEntry(4, "codes", "web", as_undo(first.seq))])
    gone = CodeBook(journal.codes(journal.last()))
    assert named(gone, "degC")[0] == "unknown"
    assert gone.standing() == ()
    assert named(CodeBook(journal.codes(second.seq)), "degC")[1] == "axilla"
    journal.close()


def test_a_unit_is_said_only_where_the_monitor_sends_none(tmp_path: Path) -> None:
    """Fahrenheit is said of bare numbers; the monitor's own unit goes before what was said."""
    journal = Journal(tmp_path / "journal.db")
    journal.append([NewEntry(1, "codes", "web", as_mapping(said(unit="[degF]"), ""))])
    book = CodeBook(journal.codes(1))

    assert named(book, "")[2:] == ("Cel", 5 / 9)
    assert named(book, "ACME")[2:] == ("Cel", 5 / 9)
    assert named(book, "degC")[2:] == ("Cel", 1.0)
    assert named(book, "mmHg")[0] == "unknown"
    journal.close()


def test_a_source_has_its_own_codes(tmp_path: Path) -> None:
    """What was said of one holds for it alone and goes before what was said of all.

    Entries of before, without a source, are of all.
    """
    journal = Journal(tmp_path / "journal.db")
    old = json.loads(as_mapping(said(place="rectal"), "Cel"))
    del old["source"]
    rows = [as_mapping(said(source="old"), "Cel"), json.dumps(old).encode()]
    first, _ = journal.append([NewEntry(1, "codes", "web", each) for each in rows])
    book = CodeBook(journal.codes(journal.last()))

    assert named(book, "degC", "old")[:2] == ("temp", "skin")
    assert named(book, "degC", "ward")[:2] == ("temp", "rectal")
    assert [each.source for each in book.standing()] == ["", "old"]
    journal.append([NewEntry(2, "codes", "web", as_undo(first.seq))])
    book.take(journal.codes(journal.last())[-1])
    assert named(book, "degC", "old")[:2] == ("temp", "rectal")
    journal.append([NewEntry(3, "codes", "web", as_undo(first.seq + 1))])
    book.take(journal.codes(journal.last())[-1])
    assert {named(book, "degC", each)[0] for each in ("old", "ward")} == {"unknown"}
    journal.close()


@pytest.mark.parametrize(
    ("wrong", "row_unit", "field"),
    [
        ({"quantity": "happiness"}, "", "quantity"),
        ({"quantity": "unknown"}, "", "quantity"),
        ({"unit": "%"}, "", "unit"),
        ({}, "", "unit"),
        ({}, "mm[Hg]", "quantity"),
        ({"code": "", "label": ""}, "Cel", "code"),
        ({"place": "x" * 25}, "Cel", "place"),
        ({"label": "a\nb"}, "Cel", "label"),
        ({"source": "x" * 121}, "Cel", "source"),
        ({"code": 4}, "Cel", "code"),
    ],
)
def test_what_is_no_mapping_is_refused(wrong: dict[str, str], row_unit: str, field: str) -> None:
    """With the field to mend."""
    with pytest.raises(InputError, match=f"^{field}: "):
        as_mapping(said(**wrong), row_unit)

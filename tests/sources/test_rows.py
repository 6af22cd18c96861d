"""The small tables that people write: what is forgiven, and what is one clear error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from joey.errors import FormatError
from joey.sources.tables import read_rows

if TYPE_CHECKING:
    from pathlib import Path


def write(folder: Path, content: bytes) -> Path:
    path = folder / "log.csv"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    "content",
    [
        b"infant,start,note\nA,10:00,x\n",
        b"\xef\xbb\xbfinfant,start,note\r\nA,10:00,x\r\n",
        b" infant , start,note \n  A , 10:00 ,x",
        b"infant;start;note\nA;10:00;x\n",
        b"infant\tstart\tnote\nA\t10:00\tx\n",
        b'"infant","start","note"\n"A","10:00","x"\n',
    ],
    ids=["plain", "bom-crlf", "spaces", "semicolon", "tab", "quoted"],
)
def test_the_same_table_is_read_however_it_was_saved(tmp_path: Path, content: bytes) -> None:
    rows = read_rows(write(tmp_path, content))
    assert rows.columns == ("infant", "start", "note")
    assert rows.rows == ((2, {"infant": "A", "start": "10:00", "note": "x"}),)


def test_rows_carry_the_line_they_begin_on(tmp_path: Path) -> None:
    content = b'# a log\n\na,b\n1,"two\nlines"\n\n# left out\n3,4\n'
    rows = read_rows(write(tmp_path, content))
    assert [number for number, _ in rows.rows] == [4, 8]
    assert rows.rows[0][1] == {"a": "1", "b": "two\nlines"}


def test_cells_missing_at_the_end_of_a_row_are_not_empty_ones(tmp_path: Path) -> None:
    rows = read_rows(write(tmp_path, b"a,b,c\n1,\n"))
    assert rows.rows == ((2, {"a": "1", "b": ""}),)


def test_text_that_is_not_utf8_is_read_as_latin1(tmp_path: Path) -> None:
    rows = read_rows(write(tmp_path, "a\nBébé\n".encode("latin-1")))
    assert rows.rows[0][1]["a"] == "Bébé"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no header line"),
        (b"\n\n# nothing\n", "no header line"),
        (b"a,b\nx,y,3\n", "line 2: 3 cells and 2 columns: quote text that holds the separator"),
        (
            b"t,temp,site\n10:00,36,8,axilla\n",
            r"4 cells and 3 columns: if cells 2 and 3 are one number, write 36\.8; else quote",
        ),
        (b"a,b\n12345678,8,x\n", "line 2: 3 cells and 2 columns: quote text"),
        (b"a,,c\n1,2,3\n", "line 1: column 2 has no name"),
        (b"a,b,a\n1,2,3\n", "line 1: columns 1 and 3 have the same name$"),
        (b'a,b\n1,"open\n', "not a table"),
        (b"a\0,b\n", "null bytes"),
    ],
)
def test_a_broken_table_is_one_clear_error(tmp_path: Path, content: bytes, says: str) -> None:
    with pytest.raises(FormatError, match=says):
        read_rows(write(tmp_path, content))


def test_a_comma_in_a_cell_is_for_the_reader_of_the_column(tmp_path: Path) -> None:
    """A note may hold one; where a number is asked for, it is refused with its column."""
    rows = read_rows(write(tmp_path, b"a;b\n1;0,25\n"))
    assert rows.rows[0][1] == {"a": "1", "b": "0,25"}

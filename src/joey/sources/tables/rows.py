"""Small tables that people write: a hold log, a context file, spans to leave out.

Everything stays text: what a column means is decided by who asked for the file.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from joey.errors import FormatError
from joey.sources.files import load

__all__ = ["Rows", "read_rows"]

LARGEST = 64 * 2**20  # bytes; a hold log of ten years has under 10 MB
DELIMITERS = (",", "\t", ";")


@dataclass(frozen=True, slots=True)
class Rows:
    """A table of text.

    Parameters
    ----------
    columns : tuple of str
        The header, stripped.
    rows : tuple of (int, dict of str to str)
        For each row its line number in the file and its cells by column, stripped; columns that a
        row is too short for are not among them. Empty lines and lines that begin with ``#`` are
        left out.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[int, dict[str, str]], ...]


def read_rows(path: str | Path) -> Rows:
    """Return the cells of a small CSV or TSV file with a header line.

    Parameters
    ----------
    path : str or Path
        Comma, tab or semicolon between the cells, quotes as in RFC 4180; UTF-8, with or without a
        byte order mark, or Latin-1.

    Raises
    ------
    FormatError
        If the file is empty, not text, or too large; if a column has no name or the name of
        another; if a row has more cells than the header.
    OSError
        If the file cannot be read.
    """
    path = Path(path)
    if path.stat().st_size > LARGEST:
        raise FormatError(path, "too large for a table written by people")
    text = _text(path)
    lines = _records(path, text)
    if not lines:
        raise FormatError(path, "the file has no header line")
    number, header = lines[0]
    columns = tuple(cell.strip() for cell in header)
    _check_columns(path, columns, f"line {number}")
    return Rows(columns, tuple((at, _row(path, at, columns, cells)) for at, cells in lines[1:]))


def _text(path: Path) -> str:
    data, _ = load(path, "csv")
    if b"\0" in data:
        raise FormatError(path, "not a text file: it holds null bytes (UTF-16 is not read)")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _records(path: Path, text: str) -> list[tuple[int, list[str]]]:
    """Return the cells of each line with its number; a quoted cell may hold line ends."""
    first = next((line for line in text.splitlines() if _speaks(line)), "")
    delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    out = []
    line = 0
    try:
        for cells in reader:
            begins, line = line + 1, reader.line_num
            empty = not any(cell.strip() for cell in cells)
            if empty or cells[0].lstrip().startswith("#"):
                continue
            out.append((begins, cells))
    except csv.Error as error:
        raise FormatError(path, f"not a table ({error})", f"line {line + 1}") from error
    return out


def _speaks(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _check_columns(path: Path, columns: tuple[str, ...], where: str) -> None:
    if "" in columns:
        reason = f"column {columns.index('') + 1} has no name"
        raise FormatError(path, reason, where)
    for number, name in enumerate(columns, 1):
        first = columns.index(name) + 1
        if first < number:
            # By number: a first line that is no header may hold names of people.
            reason = f"columns {first} and {number} have the same name"
            raise FormatError(path, reason, where)


def _row(path: Path, number: int, columns: tuple[str, ...], cells: list[str]) -> dict[str, str]:
    extra = cells[len(columns) :]
    if any(cell.strip() for cell in extra):
        reason = f"{len(cells)} cells and {len(columns)} columns: {_parted(cells)}quote text that"
        raise FormatError(path, f"{reason} holds the separator", f"line {number}")
    return {name: cell.strip() for name, cell in zip(columns, cells, strict=False)}


def _parted(cells: list[str]) -> str:
    """Return what to write for a number that a decimal comma may have parted; else empty.

    So few digits are no number of a patient: they may be shown.
    """
    few = re.compile(r"[+-]?[0-9]{1,3}")
    for k, (whole, rest) in enumerate(pairwise(cell.strip() for cell in cells), 1):
        if few.fullmatch(whole) and few.fullmatch(rest) and rest.isdecimal():
            return f"if cells {k} and {k + 1} are one number, write {whole}.{rest}; else "
    return ""

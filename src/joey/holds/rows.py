"""Stand-in for `joey.sources.tables.read_rows` until it lands; deleted then."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Rows", "read_rows"]


@dataclass(frozen=True, slots=True)
class Rows:
    """The columns of a table and its rows, each with its line."""

    columns: tuple[str, ...]
    rows: tuple[tuple[int, dict[str, str]], ...]


def read_rows(path: Path | str) -> Rows:
    """Return the rows of a CSV file."""
    with Path(path).open(newline="", encoding="utf-8-sig") as file:
        lines = csv.reader(file)
        columns = tuple(name.strip() for name in next(lines, []))
        rows = tuple(
            (lines.line_num, dict(zip(columns, (cell.strip() for cell in row), strict=False)))
            for row in lines
            if any(cell.strip() for cell in row)
        )
    return Rows(columns, rows)

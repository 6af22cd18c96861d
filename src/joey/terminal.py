"""What the terminal shows: a progress line while work lasts, and tables to read.

Progress goes to standard error and only to a terminal, so that a pipe gets results alone.
"""

from __future__ import annotations

from contextlib import contextmanager
from itertools import zip_longest
from textwrap import wrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rich.console import Console

    from joey.check import Inventory

__all__ = ["progress", "show_check"]


@contextmanager
def progress() -> Iterator[Callable[[float, str], None]]:
    """Yield a function that is told the finished share (0 to 1) and what comes next."""
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (BarColumn(bar_width=30), TextColumn("{task.description}"), TimeElapsedColumn())
    console = Console(stderr=True)
    quiet = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=quiet) as bar:
        task = bar.add_task("starting", total=1.0)

        def tell(fraction: float, words: str) -> None:
            bar.update(task, completed=fraction, description=words)

        yield tell


def show_check(found: Inventory) -> None:
    """Print what a recording holds: as a table where its words fit, else channel by channel."""
    from rich.console import Console  # noqa: PLC0415
    from rich.markup import escape  # noqa: PLC0415

    console = Console(highlight=False)
    for line in found.header:
        console.print(escape(line), soft_wrap=True)
    if found.rows:
        _show_channels(console, found.rows)
    for title, lines in found.lists:
        if lines:
            console.print(f"\n[bold]{escape(title)}[/bold]")
            for line in lines:
                console.print(f"  {escape(line)}", soft_wrap=True)


COLUMNS = ("channel", "label", "rate", "unit", "begins", "measured", "gaps", "quality")
BOUND = "\u00a0"
WHOLE = {"rate", "unit", "gaps"}  # columns whose cells are never wrapped


def _show_channels(console: Console, rows: Sequence[Sequence[str]]) -> None:
    """Print the channels; where a table would have to break words, each in lines of its own."""
    from rich.markup import escape  # noqa: PLC0415

    # A column that says nothing of any channel is left out: in most recordings all begin at once.
    shown = [k for k in range(len(COLUMNS)) if any(row[k] for row in rows)]
    table = [[COLUMNS[k] for k in shown], *([row[k] for k in shown] for row in rows)]
    widths = _widths(table, console.width)
    if not widths:
        for row in table[1:]:
            console.print(f"\n[bold]{escape(row[0])}[/bold]")
            pairs = zip(table[0][1:], row[1:], strict=True)
            said = "; ".join(f"{name} {cell}" for name, cell in pairs if cell)
            console.print(f"  {escape(said)}", soft_wrap=True)
        return
    for number, row in enumerate(table):
        wrapped = [
            wrap(cell, width, break_long_words=False, break_on_hyphens=False)
            for cell, width in zip(map(_bound, row), widths, strict=True)
        ]
        for line in zip_longest(*wrapped, fillvalue=""):
            padded = (part.ljust(width) for part, width in zip(line, widths, strict=True))
            text = "  ".join(padded).replace(BOUND, " ").rstrip()
            console.print(escape(text), style="bold" if number == 0 else None, soft_wrap=True)


def _bound(cell: str) -> str:
    """Return a cell whose numbers stay on one line with their percent sign."""
    return cell.replace(" %", f"{BOUND}%")


def _widths(table: Sequence[Sequence[str]], room: int) -> list[int]:
    """Return the columns' widths in characters; empty where not even their longest words fit."""
    columns = list(zip(*table, strict=True))
    most = [max(map(len, cells)) for cells in columns]
    least = [
        widest if cells[0] in WHOLE else max(len(word) for cell in cells for word in _words(cell))
        for cells, widest in zip(columns, most, strict=True)
    ]
    spare = room - 2 * (len(columns) - 1) - sum(least)
    if spare < 0:
        return []
    widths = list(least)
    for k in reversed(range(len(widths))):  # the quality first: it is the longest
        widths[k] = min(most[k], least[k] + spare)
        spare -= widths[k] - least[k]
    return widths


def _words(cell: str) -> list[str]:
    return _bound(cell).split(" ")

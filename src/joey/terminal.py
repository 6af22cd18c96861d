"""What the terminal shows: a progress line while work lasts, and tables to read.

Progress goes to standard error and only to a terminal, so that a pipe gets results alone.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
    """Print what a recording holds."""
    from rich.console import Console  # noqa: PLC0415
    from rich.markup import escape  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    console = Console(highlight=False)
    for line in found.header:
        console.print(escape(line))
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("channel", "label", "rate", "unit", "begins", "measured", "gaps", "quality"):
        table.add_column(name, overflow="fold")
    for row in found.rows:
        table.add_row(*(escape(cell) for cell in row))
    if found.rows:
        console.print(table)
    for title, lines in found.lists:
        if lines:
            console.print(f"\n[bold]{escape(title)}[/bold]")
            for line in lines:
                console.print(f"  {escape(line)}", soft_wrap=True)

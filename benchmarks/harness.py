"""Joey beside its peers: the same input, in one process, in turns; one row for each piece of work.

A topic is a file beside this one with ``def rows(*, quick: bool)``, which returns or yields `Row`;
`joey bench` runs topics by the names of their files. What a row claims stands in the row: medians
of alternating warm runs, whether the answers agree, and within what.
"""

from __future__ import annotations

import gc
import importlib
import importlib.metadata
import importlib.util
import json
import math
import os
import platform
import statistics
import time
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from joey import __version__
from joey.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from types import ModuleType

    from rich.table import Table

__all__ = ["Row", "Timing", "measure", "peer", "run", "topics", "version"]

HERE = Path(__file__).resolve().parent
LEAST_S, MOST_OFTEN = 0.02, 1000  # s of a run, and how often its work is done to last so long
RUNS = 7  # of each side, alternating
BEGIN, END = "<!-- joey bench: begin -->", "<!-- joey bench: end -->"
REFUSED: dict[str, str] = {}  # why a module could not be imported, by its name
HEADS = ("work", "ours", "peer", "ratio", "goal", "agrees", "beside", "note")


@dataclass(frozen=True, slots=True)
class Row:
    """One piece of work, done by Joey and by a peer.

    Parameters
    ----------
    work : str
        What was done, on how much.
    ours, peer : float or None
        Median processor time on one core; None for a peer that is not installed or does not
        exist. [s]
    peer_version : str or None
        The peer and its version.
    ratio, goal : float or None
        How many times longer the peer takes, and how many were aimed at.
    agrees : bool or None
        Whether the answers agree within the tolerance that the note states; None without a peer.
    note : str
        Tolerance, input, runs, wall times, and why answers differ where they do.
    """

    work: str
    ours: float
    peer: float | None
    peer_version: str | None
    ratio: float | None
    goal: float | None
    agrees: bool | None
    note: str

    def __post_init__(self) -> None:
        """Take numbers and truths of NumPy as Python's, which alone JSON knows."""
        for name in ("ours", "peer", "ratio", "goal"):
            value = getattr(self, name)
            object.__setattr__(self, name, None if value is None else float(value))
        agrees = None if self.agrees is None else bool(self.agrees)
        object.__setattr__(self, "agrees", agrees)


@dataclass(frozen=True, slots=True)
class Timing:
    """What `measure` saw: medians, and the answers of the warming run.

    Parameters
    ----------
    ours, peer : float or None
        Median processor time of the whole process. [s]
    ours_wall, peer_wall : float or None
        Median wall time. [s]
    runs : int
        Timed runs of each side.
    answer, peer_answer : object
        What the two sides returned.
    """

    ours: float
    peer: float | None
    ours_wall: float
    peer_wall: float | None
    runs: int
    answer: Any
    peer_answer: Any

    def row(
        self,
        work: str,
        *,
        note: str,
        peer_version: str | None = None,
        goal: float | None = None,
        agrees: bool | None = None,
    ) -> Row:
        """Return the row of this measurement, with runs and wall times in its note."""
        wall = f"{self.runs} runs, wall {shown(self.ours_wall)}"
        if self.peer_wall is not None:
            wall += f" against {shown(self.peer_wall)}"
        ratio = None if self.peer is None else self.peer / self.ours
        agrees = None if self.peer is None else agrees
        return Row(work, self.ours, self.peer, peer_version, ratio, goal, agrees, f"{note}; {wall}")


def measure(
    ours: Callable[[], Any], peer: Callable[[], Any] | None = None, runs: int = RUNS
) -> Timing:
    """Return the median times of two sides that did the same work, run in turns.

    Each is warmed by one run, whose answer is kept; then `runs` runs of each alternate, without the
    garbage collector. In a run, work of under `LEAST_S` is done again until it is as long, on
    either side: it is measured warm, and not how it comes back from the other's turn. Ratios are of
    processor time, on one core: on a machine that others use, waiting for one's turn stretches the
    long side more than the short one.

    Parameters
    ----------
    ours, peer : callable
        The work; None for a peer that is not there.
    runs : int
        Timed runs of each.
    """
    answer = ours()
    peer_answer = None if peer is None else peer()
    sides = [ours] if peer is None else [ours, peer]
    often = [_often(side) for side in sides]
    seen: list[list[tuple[float, float]]] = [[] for _ in sides]
    was_on = gc.isenabled()
    try:
        for _ in range(runs):
            for times, side, number in zip(seen, sides, often, strict=True):
                gc.enable()
                gc.collect()
                gc.disable()
                wall, cpu = time.perf_counter(), time.process_time()
                for _ in range(number):
                    side()
                took = time.process_time() - cpu, time.perf_counter() - wall
                times.append((took[0] / number, took[1] / number))
    finally:
        if was_on:
            gc.enable()
    medians = [tuple(map(statistics.median, zip(*times, strict=True))) for times in seen]
    theirs = medians[1] if peer is not None else (None, None)
    return Timing(medians[0][0], theirs[0], medians[0][1], theirs[1], runs, answer, peer_answer)


def _often(side: Callable[[], Any]) -> int:
    """Return how often work is done in one run."""
    begun = time.perf_counter()
    side()
    return max(1, min(math.ceil(LEAST_S / (time.perf_counter() - begun)), MOST_OFTEN))


def peer(module: str) -> ModuleType | None:
    """Return a peer's module, or None where it is not installed or cannot be imported."""
    if importlib.util.find_spec(module.partition(".")[0]) is None:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return importlib.import_module(module)
        # What it needs is gone, or has lost a name: `absent` says so in its row.
        except (ImportError, AttributeError) as error:
            REFUSED[module] = f"{type(error).__name__}: {error}"
            return None


def version(package: str) -> str:
    """Return a peer's name and version, as rows print it."""
    return f"{package} {importlib.metadata.version(package)}"


def absent(work: str, ours: Callable[[], Any], module: str, goal: float | None, runs: int) -> Row:
    """Return the row of work whose peer is not there: Joey's time alone, and why."""
    note = f"{module} is not installed: `./joey bench` installs the peers"
    if module in REFUSED:
        note = f"{module} is installed and cannot be imported ({REFUSED[module]})"
    return measure(ours, runs=runs).row(work, goal=goal, note=note)


def topics() -> tuple[str, ...]:
    """Return the names of all topics."""
    files = sorted(HERE.glob("*.py"))
    return tuple(f.stem for f in files if "\ndef rows(" in f.read_text(encoding="utf-8"))


def run(wanted: Sequence[str], *, quick: bool, out: Path | None, write: Path | None) -> None:
    """Run topics, show their rows as they come, and write them.

    Parameters
    ----------
    wanted : sequence of str
        Names of topics; none for all.
    quick : bool
        Small inputs and few runs: to see that it runs, not to quote.
    out : Path or None
        The JSON file to write.
    write : Path or None
        The page whose marked table is to be replaced.

    Raises
    ------
    InputError
        If a topic is not known, or a page is to be written of less than everything.
    """
    known = topics()
    if unknown := [name for name in wanted if name not in known]:
        msg = f"no topic is named {', '.join(unknown)}; there are {', '.join(known)}"
        raise InputError(msg)
    if write and (quick or wanted):
        msg = "the page is written of all topics at full size: leave out --quick and the topics"
        raise InputError(msg)
    found = _shown(_rows(wanted or known, quick=quick))
    if out:
        lines = [asdict(row) for row in found]
        out.write_text(json.dumps(lines, indent=1) + "\n", encoding="utf-8")
    if write:
        _replace(write, found)


def _rows(names: Sequence[str], *, quick: bool) -> Iterator[tuple[str, Row | None]]:
    """Yield what comes next, then each row of it."""
    for number, name in enumerate(names, 1):
        yield f"{name}, {number} of {len(names)}", None
        topic = importlib.import_module(name)
        for row in topic.rows(quick=quick):
            yield name, row


def _shown(rows: Iterable[tuple[str, Row | None]]) -> list[Row]:
    from rich.console import Console, Group  # noqa: PLC0415
    from rich.live import Live  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=200)
    found: list[Row] = []
    with Live(console=console, refresh_per_second=2) as live:
        for name, row in rows:
            if row is None:
                live.update(Group(_table(found), Text(f"measuring {name}", style="dim")))
            else:
                found.append(row)
                live.update(_table(found))
        live.update(Group(_table(found), Text(conditions() + "\n", style="dim")))
    return found


def _table(rows: Iterable[Row]) -> Table:
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in HEADS:
        right = name in {"ours", "peer", "ratio", "goal"}
        table.add_column(name, justify="right" if right else "left", no_wrap=right)
    for row in rows:
        table.add_row(*cells(row))
    return table


def cells(row: Row) -> tuple[str, ...]:
    """Return a row as people read it, in the order of `HEADS`."""
    agrees = "-" if row.agrees is None else "yes" if row.agrees else "NO"
    return (
        row.work,
        shown(row.ours),
        shown(row.peer),
        times(row.ratio),
        times(row.goal),
        agrees,
        row.peer_version or "-",
        row.note,
    )


def shown(seconds: float | None) -> str:
    """Return a time to three digits with its unit."""
    if seconds is None:
        return "-"
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}" if seconds < 1000 * size else f"{seconds:.0f} s"
    return f"{seconds * 1e9:.3g} ns"


def times(ratio: float | None) -> str:
    """Return a ratio to three digits: ``12.5 x``; a thousand and more in whole numbers."""
    if ratio is None:
        return "-"
    return f"{ratio:,.0f} x" if ratio >= 1000 else f"{ratio:.3g} x"


def conditions() -> str:
    """Return where and with what this was measured, in one line."""
    import numba  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415

    return (
        f"Joey {__version__}, Python {platform.python_version()}, numpy {np.__version__}, "
        f"numba {numba.__version__}; {platform.system()} {platform.machine()}, "
        f"{processor()}, {os.cpu_count()} cores, "
        "of which one was used; processor time, medians of alternating warm runs."
    )


def processor() -> str:
    """Return the name of the processor, as far as the system tells."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or "processor unknown"


def _replace(page: Path, rows: Sequence[Row]) -> None:
    """Replace what stands between the marks of a page by the table."""
    text = page.read_text(encoding="utf-8")
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        msg = f"{page} has no lines {BEGIN} and {END} around its table"
        raise InputError(msg)
    lines = [f"| {' | '.join(HEADS)} |", f"|{' --- |' * len(HEADS)}"]
    lines += [f"| {' | '.join(each.replace('|', '/') for each in cells(row))} |" for row in rows]
    body = "\n".join([*lines, "", conditions()])
    page.write_text(f"{head}{begin}\n{body}\n{end}{tail}", encoding="utf-8")

"""A simulated infant as files: WFDB records, hold log, context and truth; each says "simulated"."""

from __future__ import annotations

import csv
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from joey.errors import InputError
from joey.folders import landing
from joey.holds.log import COLUMNS
from joey.simulate.charting import CONTEXT_COLUMNS
from joey.sources.wfdb import write_wfdb

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from joey.signals import Signal
    from joey.simulate.infant import Simulated, Truth

__all__ = ["refuse_taken", "write"]

TABLES = frozenset({"holds.csv", "context.csv"})
TRUTH = "truth.json"
MARK = "simulated"


def refuse_taken(folder: Path, *, force: bool) -> None:
    """Refuse a folder that has files of the names of a simulated infant.

    Parameters
    ----------
    folder : Path
        To be written to.
    force : bool
        Whether a simulated infant may be replaced; never files of another origin.

    Raises
    ------
    InputError
        If there is a simulated infant and no `force`, or a file that does not say of itself, in
        each of its rows, that it is simulated.
    OSError
        If one cannot be read.
    """
    there = _present(folder)
    for path in there:
        if not (_says_simulated(path) and (folder / TRUTH).exists()):
            msg = f"{path} is not simulated and would be written over: choose an empty --out"
            raise InputError(msg)
    if there and not force:
        msg = (
            f"{folder} has a simulated infant already: choose another --out, or --force to "
            f"replace {there[0].name} and what belongs to it"
        )
        raise InputError(msg)


def _present(folder: Path) -> list[Path]:
    """Return the files that have the names of a simulated infant's."""
    if not folder.is_dir():
        return []
    names = {*TABLES, TRUTH}
    found = [p for p in folder.iterdir() if p.name in names or p.name.startswith("simulated_")]
    return sorted(found)


def _says_simulated(path: Path) -> bool:
    if path.suffix == ".dat":
        return True  # samples: their header says it
    text = path.read_bytes()
    if path.name in TABLES:
        return all(MARK.encode() in line for line in text.splitlines()[1:])
    return MARK.encode() in text


def write(
    simulated: Simulated,
    folder: str | Path,
    *,
    numerics_missing: float | None = None,
    force: bool = False,
) -> tuple[Path, ...]:
    """Write a simulated infant and return the paths of its files.

    Parameters
    ----------
    simulated : Simulated
        The infant.
    folder : str or Path
        Made if absent. Written are a WFDB record per waveform (``simulated_ecg`` ...), one of the
        numerics (``simulated_numerics``), ``holds.csv``, ``context.csv`` and ``truth.json``.
    numerics_missing : float or None
        If given, the numerics are written as ``simulated_numerics.csv`` as well, in the dialect of
        monitors that say so many for not measured (-999).
    force : bool
        Whether to replace a simulated infant that is there.

    Returns
    -------
    tuple of Path
        In the order in which they were written. All are written or none; with `force` those of a
        simulated infant that was there before are gone.

    Raises
    ------
    InputError
        If the folder has files of these names: of a simulated infant and without `force`, or of
        another origin.
    OSError
        If the folder cannot be written.
    """
    folder = Path(folder)
    refuse_taken(folder, force=force)
    earlier = [path.name for path in _present(folder)]
    with landing(folder, lambda _: earlier) as beside:
        paths = _write(simulated, beside, numerics_missing)
    return tuple(folder / path.name for path in paths)


def _write(simulated: Simulated, folder: Path, numerics_missing: float | None) -> list[Path]:
    waves = [s for s in simulated.recording.signals if s.fs > 1]
    numerics = [s for s in simulated.recording.signals if s.fs == 1]
    start_ns = numerics[0].segments[0].grid.start_ns
    comments = [f"{key}: {value}" for key, value in simulated.recording.facts.items()]
    paths: list[Path] = []
    for signal in waves:
        name = f"simulated_{signal.channel.quantity}"
        paths += write_wfdb(folder, name, [signal], start_ns, comments)
    paths += write_wfdb(folder, "simulated_numerics", numerics, start_ns, comments)
    if numerics_missing is not None:
        paths.append(_numerics_csv(numerics, folder / "simulated_numerics.csv", numerics_missing))
    paths.append(_table(folder / "holds.csv", COLUMNS, simulated.holds))
    paths.append(_table(folder / "context.csv", CONTEXT_COLUMNS, simulated.context))
    truth = folder / TRUTH
    # A line per part: readable, without a line per beat.
    parts = truth_document(simulated.truth).items()
    lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in parts)
    truth.write_text(f"{{{lines}}}\n", encoding="utf-8")
    return [*paths, truth]


def truth_document(truth: Truth) -> dict[str, object]:
    """Return the truth as plain values: times in ns or s on the recording's clock."""
    spells = ("apneas", "pauses", "periodic_breathing", "bradycardias", "desaturations")
    return {
        "simulated": "no infant was measured",
        "beats": _intervals(truth.beats_ns),
        "breaths": {
            **_intervals(truth.breaths_ns),
            "airless": np.flatnonzero(truth.airless).tolist(),
        },
        **{name: [_plain(asdict(each)) for each in getattr(truth, name)] for name in spells},
        "holds": [asdict(each) for each in truth.holds],
        "motions": [list(each) for each in truth.motions],
        "dirt": [asdict(each) for each in truth.dirt],
        "clock": asdict(truth.clock),
    }


def _plain(row: dict[str, object]) -> dict[str, object]:
    # JSON knows no NaN: what has no extreme has no entry.
    return {key: value for key, value in row.items() if value == value}  # noqa: PLR0124


def _intervals(times_ns: NDArray[np.int64]) -> dict[str, object]:
    first = int(times_ns[0]) if len(times_ns) else None
    return {"first_ns": first, "intervals_ns": np.diff(times_ns).tolist()}


def _table(path: Path, columns: Sequence[str], rows: Sequence[dict[str, str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, columns, lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    return path


def _numerics_csv(numerics: Sequence[Signal], path: Path, missing: float) -> Path:
    grid = numerics[0].segments[0].grid
    stop = max(segment.stop for signal in numerics for segment in signal.segments)
    columns = [np.full(stop, np.nan) for _ in numerics]
    for column, signal in zip(columns, numerics, strict=True):
        for segment in signal.segments:
            column[segment.first : segment.stop] = signal.values_of(segment)
    table = np.column_stack(columns)
    seconds = grid.times(np.arange(stop))
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["time", *(s.channel.quantity for s in numerics), "note"])
        for at, values in zip(seconds.tolist(), table, strict=True):
            cells = [f"{v:g}" if v == v else f"{missing:g}" for v in values.tolist()]  # noqa: PLR0124
            rows.writerow([f"{at:.0f}", *cells, "simulated"])
    return path

"""Beats and events as WFDB annotation files, to be opened beside the recording they are of.

Sample numbers count from the ECG's first sample, at its rate; without an ECG from the recording's
start, in milliseconds.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from joey.events import annotations_of
from joey.signals import Grid
from joey.sources.wfdb import write_annotations

if TYPE_CHECKING:
    from pathlib import Path

    from joey.response import Findings

__all__ = ["write_marks"]


def write_marks(folder: Path, found: Findings) -> None:
    """Write ``beats.qrs`` and ``events.atr``.

    Parameters
    ----------
    folder : Path
        Where to.
    found : Findings
        What was found in the recording. Times before the first sample are left out.
    """
    grid, first = _grid(found)
    if found.beats is not None:
        at = _samples(found.beats.times, grid, first)
        write_annotations(folder / "beats.qrs", at, ["N"] * len(at), grid.fs)
    times, symbols, texts = annotations_of(found.events)
    at = _samples(times, grid, first)
    write_annotations(folder / "events.atr", at, symbols, grid.fs, texts=texts)


def _grid(found: Findings) -> tuple[Grid, int]:
    if found.ecg is not None and found.ecg.signal.segments:
        segment = found.ecg.signal.segments[0]
        return segment.grid, segment.first
    start_ns = round(found.recording.span.start * 1e9)
    return Grid(start_ns, Fraction(1000)), 0


def _samples(times: np.ndarray, grid: Grid, first: int) -> np.ndarray:
    since = (times - grid.time(first)) * float(grid.fs)
    return np.maximum(np.rint(since), 0).astype(np.int64)

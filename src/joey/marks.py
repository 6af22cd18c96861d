"""Beats and events as WFDB annotation files, to be opened beside the recording they are of.

Sample numbers count from the ECG's first sample, at its rate; without an ECG from the recording's
start, in milliseconds.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import compress
from typing import TYPE_CHECKING

import numpy as np

from joey.beats import BeatFlag
from joey.events import annotations_of
from joey.signals import Grid
from joey.sources.wfdb import write_annotations

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from joey.response import Findings

__all__ = ["write_marks"]


def write_marks(folder: Path, found: Findings) -> None:
    """Write ``beats.qrs`` and ``events.atr``.

    A beat whose shape is flagged has the symbol ``Q`` (not classified), every other ``N``.

    Parameters
    ----------
    folder : Path
        Where to.
    found : Findings
        What was found in the recording. Marks before the first sample are left out: of an event
        that began before it only the end is marked.
    """
    grid, first = _grid(found)
    if found.beats is not None:
        at, there = _samples(found.beats.times, grid, first)
        odd = (found.beats.flags & (BeatFlag.ODD_SHAPE | BeatFlag.EARLY_WIDE)) > 0
        symbols = np.where(odd, "Q", "N")[there].tolist()
        write_annotations(folder / "beats.qrs", at[there], symbols, grid.fs)
    times, symbols, texts = annotations_of(found.events)
    at, there = _samples(times, grid, first)
    write_annotations(
        folder / "events.atr",
        at[there],
        list(compress(symbols, there)),
        grid.fs,
        texts=list(compress(texts, there)),
    )


def _grid(found: Findings) -> tuple[Grid, int]:
    if found.ecg is not None and found.ecg.signal.segments:
        segment = found.ecg.signal.segments[0]
        return segment.grid, segment.first
    start_ns = round(found.recording.span.start * 1e9)
    return Grid(start_ns, Fraction(1000)), 0


def _samples(
    times: NDArray[np.float64], grid: Grid, first: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return sample numbers, and which of them are of the recording: a file has none below 0."""
    since = np.rint((times - grid.time(first)) * float(grid.fs)).astype(np.int64)
    return since, since >= 0

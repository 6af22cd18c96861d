"""What the archive has of a bed, laid on the host's clock: the OxyCRG's cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from joey.web.packing import pack
from joey.web.recent import CELL_MS, KINDS, NS_PER_MS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from joey.store.archive import Archive
    from joey.web.recent import Recent

__all__ = ["archived_cells", "oxycrg_columns"]

MINUTE_NS = 60_000_000_000
MINUTE_CELLS = 240


def archived_cells(
    archive: Archive, bed: str, first: int, stop: int
) -> tuple[dict[str, NDArray[np.float32]], NDArray[np.bool_]]:
    """Return the archive's cells of a bed, and which of them it has spoken of.

    Parameters
    ----------
    archive : Archive
        Read only.
    bed : str
        Its key.
    first, stop : int
        Cells of the host's clock.

    Returns
    -------
    dict of str to ndarray of float32, shape (stop - first,)
        By `joey.web.recent.KINDS`; NaN where nothing was measured or nothing is known.
    ndarray of bool, shape (stop - first,)
        Where the archive has a minute: its NaN means not measured.
    """
    cells = {kind: np.full(stop - first, np.nan, np.float32) for kind in KINDS}
    told = np.zeros(stop - first, dtype=np.bool_)
    for stream in archive.streams(bed):
        offset = stream.offset_ns
        start_ns = first * CELL_MS * NS_PER_MS - offset
        stop_ns = stop * CELL_MS * NS_PER_MS - offset
        if stream.opened_ns > stop_ns or (stream.closed_ns or stop_ns) < start_ns:
            continue
        for row in archive.envelope(stream.id, start_ns - MINUTE_NS, stop_ns):
            at = (row.minute_ns + offset) // NS_PER_MS // CELL_MS - first
            lo, hi = max(at, 0), min(at + MINUTE_CELLS, stop - first)
            if lo < hi:
                told[lo:hi] = True
                for kind in KINDS:
                    cells[kind][lo:hi] = getattr(row, kind)[lo - at : hi - at]
    return cells, told


def oxycrg_columns(
    archive: Archive,
    recent: Recent | None,
    bed: str,
    span: tuple[float, float, int],
    since_ms: int,
) -> bytes:
    """Return the OxyCRG of a bed as columns of a picture: the least and the largest in each.

    Parameters
    ----------
    archive : Archive
        What is final: the rate from beat to beat.
    recent : Recent or None
        What the monitor said since: its own rate stands where beats are not final yet.
    bed : str
        Its key.
    span : tuple of (float, float, int)
        Begin of the first column on the host's clock [ms], the width of each [ms], and how many.
    since_ms : int
        Since when the infant lies there: what was before is another's. [ms UTC]

    Returns
    -------
    bytes
        A header with `beats` (until when the rate is from beat to beat; 0: nowhere), and per strip
        (heart rate, SpO2, respiration) the least and the largest values as float32.
    """
    start_ms, width_ms, columns = span
    edges = np.floor((start_ms + width_ms * np.arange(columns + 1)) / CELL_MS).astype(np.int64)
    first, stop = int(edges[0]), int(edges[-1]) + 1
    cells, told = archived_cells(archive, bed, first, stop)
    if recent is not None:
        for kind in KINDS:
            cells[kind] = np.where(told, cells[kind], recent.cells(kind, first, stop))
    others = min(max(since_ms // CELL_MS - first, 0), stop - first)
    for row in cells.values():
        row[:others] = np.nan
    strips = (
        (cells["heart_rate"], cells["heart_rate"]),
        (cells["spo2"], cells["spo2"]),
        (cells["resp_low"], cells["resp_high"]),
    )
    at = edges[:-1] - first
    arrays = []
    for low, high in strips:
        arrays += [np.fmin.reduceat(low, at), np.fmax.reduceat(high, at)]
    final = np.flatnonzero(told)
    beats = (first + int(final[-1]) + 1) * CELL_MS if len(final) else 0
    return pack({"beats": beats}, arrays)

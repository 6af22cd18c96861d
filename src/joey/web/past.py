"""What the archive has of a bed, laid on the host's clock: the OxyCRG's cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from joey.people import stream_id
from joey.streams import MARK_S
from joey.web.packing import pack
from joey.web.recent import CELL_MS, GOOD, KINDS, NS_PER_MS, PULSE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from numpy.typing import NDArray

    from joey.store.archive import Archive, StreamRow
    from joey.store.records import Place
    from joey.web.screens import Screen

__all__ = ["Stay", "archived_cells", "oxycrg_columns"]

MINUTE_NS = 60_000_000_000
MINUTE_CELLS = 240
CELL_NS = CELL_MS * NS_PER_MS
SLOW_MINUTES = 5
MARK_NS = round(MARK_S * 1e9)  # ns, no judgment is longer: workers cut them at marks
BESIDE_MS = 1000  # ms beside what is not good: a rate rests on two beats, one may lie there


@dataclass(frozen=True, slots=True)
class Stay:
    """Since when an infant lies in a bed, and where it lay before.

    Parameters
    ----------
    since_ms : int
        What was before is another's. [ms UTC]
    before : iterable of (Place, iterable of StreamRow)
        The places, with all streams of those beds.
    """

    since_ms: int = 0
    before: Iterable[tuple[Place, Iterable[StreamRow]]] = ()


def archived_cells(
    archive: Archive,
    rows: Iterable[StreamRow],
    first: int,
    stop: int,
    whose: Collection[str] | None = None,
) -> tuple[dict[str, NDArray[np.float32]], NDArray[np.bool_]]:
    """Return the archive's cells of a bed, and which of them it has spoken of.

    Parameters
    ----------
    archive : Archive
        Read only.
    rows : iterable of StreamRow
        Its streams.
    first, stop : int
        Cells of the host's clock.
    whose : collection of str, optional
        The infant's streams as the records name them, by their keys; all of the bed by default.

    Returns
    -------
    dict of str to ndarray of float32, shape (stop - first,)
        By `joey.web.recent.KINDS`; NaN where nothing was measured or nothing is known. Of several
        monitors the first that has a value: one with an ECG before others. By `GOOD` the heart
        rate where it is of good quality. By `PULSE` the pulse rate where there is no heart rate.
    ndarray of bool, shape (stop - first,)
        Where the archive has the minute of each of them: its NaN means not measured.
    """
    cells = {kind: np.full(stop - first, np.nan, np.float32) for kind in (*KINDS, GOOD, PULSE)}
    told = np.zeros(stop - first, dtype=np.bool_)
    ends = []  # of what each has told, where more may come
    for stream in _streams_of(archive, rows, (first, stop), whose):
        upto = 0
        offset = stream.offset_ns
        start_ns, stop_ns = _reach(stream, (first, stop))
        others = np.isfinite(cells["heart_rate"])  # as another monitor has it
        for row in archive.envelope(stream.id, start_ns - MINUTE_NS, stop_ns):
            at = (row.minute_ns + offset) // NS_PER_MS // CELL_MS - first
            lo, hi = max(at, 0), min(at + MINUTE_CELLS, stop - first)
            if lo < hi:
                told[lo:hi] = True
                upto = max(upto, hi)
                for kind in (*KINDS, PULSE):
                    row_of_kind = getattr(row, kind)[lo - at : hi - at]
                    known = cells[kind][lo:hi]
                    cells[kind][lo:hi] = np.where(np.isfinite(known), known, row_of_kind)
        own = ~others & ~_not_good(archive, stream, (first, stop))
        cells[GOOD][own] = cells["heart_rate"][own]
        opened = (stream.opened_ns + offset) // NS_PER_MS // CELL_MS - first
        if stream.closed_ns is None:
            ends.append(upto or opened)  # a new one has told nothing yet
    # Who is minutes behind the others is silent, not slow.
    waits = [each for each in ends if each > max(ends) - SLOW_MINUTES * MINUTE_CELLS]
    told[max(min(waits, default=stop), 0) :] = False
    cells[PULSE][np.isfinite(cells["heart_rate"])] = np.nan
    return cells, told


def _not_good(archive: Archive, stream: StreamRow, span: tuple[int, int]) -> NDArray[np.bool_]:
    """Return in which cells of a span the heart rate of a stream rests on what is in doubt.

    The judgment is that of the ECG from the stream's first beats on, before them that of the
    monitor's own rate: what the rate of the archive was made of, whatever the span asked for has of
    either.
    """
    first, stop = span
    found = np.zeros(stop - first, dtype=np.bool_)
    start_ns, stop_ns = _reach(stream, span)
    beside_ns = BESIDE_MS * NS_PER_MS
    beats_ns = archive.first_fact(stream.id, ("beats",))
    rows = archive.facts(
        stream.id, ("quality",), start_ns - beside_ns, stop_ns + beside_ns, MARK_NS
    )
    for row in rows:
        end_ns = row.end_ns
        quantity = row.channel.partition(" ")[0]
        if quantity == "heart_rate" and beats_ns is not None:
            end_ns = min(end_ns, beats_ns)
        if quantity not in {"ecg", "heart_rate"} or end_ns <= row.start_ns:
            continue
        lo, hi = (
            (ns + stream.offset_ns) // NS_PER_MS + beside
            for ns, beside in ((row.start_ns, -BESIDE_MS), (end_ns, BESIDE_MS))
        )
        found[max(lo // CELL_MS - first, 0) : max(-(-hi // CELL_MS) - first, 0)] = True
    return found


def _streams_of(
    archive: Archive,
    rows: Iterable[StreamRow],
    span: tuple[int, int],
    whose: Collection[str] | None,
) -> list[StreamRow]:
    """Return the streams of a bed in a span of cells, the first first; of one monitor the newest.

    A restart of the pages keeps the order.
    """
    found = []
    for stream in rows:
        start_ns, stop_ns = _reach(stream, span)
        if stream.opened_ns > stop_ns or (stream.closed_ns or stop_ns) < start_ns:
            continue
        if whose is None or stream_id(stream.key, 0) in whose:
            found.append(stream)
    found.sort(key=lambda row: -row.first_seq)
    if len({(row.source, row.device) for row in found}) > 1:
        ecg = {row.id: archive.first_fact(row.id, ("beats",)) is not None for row in found}
        found.sort(key=lambda row: (not ecg[row.id], row.source, row.device))
    return found


def _reach(stream: StreamRow, span: tuple[int, int]) -> tuple[int, int]:
    """Return a span of cells by a stream's own clock. [ns UTC]"""
    first, stop = (cell * CELL_MS * NS_PER_MS - stream.offset_ns for cell in span)
    return first, stop


def oxycrg_columns(
    archive: Archive,
    screen: Screen | None,
    rows: Iterable[StreamRow],
    span: tuple[float, float, int],
    now_ns: int,
    stay: Stay,
    whose: Collection[str] | None = None,
    reads_ns: int = 0,
) -> bytes:
    """Return the OxyCRG of a bed as columns of a picture: the least and the largest in each.

    Parameters
    ----------
    archive : Archive
        What is final: the rate from beat to beat.
    screen : Screen or None
        What the monitors said since: their own rate stands where beats are not final yet.
    rows : iterable of StreamRow
        The bed's streams.
    span : tuple of (float, float, int)
        Begin of the first column on the host's clock [ms], the width of each [ms], and how many.
    now_ns : int
        The host's time. [ns UTC]
    stay : Stay
        Since when the infant lies there, and where it lay before.
    whose : collection of str, optional
        As of `archived_cells`.
    reads_ns : int
        From when on the data are still to be read; 0: all are there. [ns UTC]

    Returns
    -------
    bytes
        A header with `beats` (until when the rate is from beat to beat; 0: nowhere) and `reads`
        (`reads_ns` [ms]), and the least and the largest values per strip as float32: of whether
        the rate is a pulse rate (1) that stands where there is no heart rate (0); of that rate,
        SpO2 and respiration; of that rate where it is a heart rate of good quality, which only what
        is final has, or a pulse rate, of which no quality is known.
    """
    start_ms, width_ms, columns = span
    edges = np.floor((start_ms + width_ms * np.arange(columns + 1)) / CELL_MS).astype(np.int64)
    first, stop = int(edges[0]), int(edges[-1]) + 1
    cells, told = archived_cells(archive, rows, first, stop, whose)
    if screen is not None:
        for kind in (*KINDS, PULSE):
            said = screen.cells(kind, first, stop, now_ns)
            said[told] = np.nan
            cells[kind] = np.where(np.isfinite(cells[kind]), cells[kind], said)
    others = min(max(stay.since_ms // CELL_MS - first, 0), stop - first)
    for row in cells.values():
        row[:others] = np.nan
    for place, streams in stay.before:
        lo, hi = (
            min(max(at // NS_PER_MS // CELL_MS - first, 0), others)
            for at in (place.since_ns + CELL_NS, place.until_ns or 0)
        )
        if lo < hi:
            there = archived_cells(archive, streams, first + lo, first + hi, place.streams)
            for kind, row in there[0].items():
                cells[kind][lo:hi] = row
            told[lo:hi] = there[1]
    rate = np.where(np.isfinite(cells["heart_rate"]), cells["heart_rate"], cells[PULSE])
    pulses = np.isfinite(rate) & np.isnan(cells["heart_rate"])
    cells[GOOD][pulses] = rate[pulses]
    cells[PULSE] = np.where(np.isfinite(rate), pulses, rate)
    cells["heart_rate"] = rate
    strips = (
        (cells[PULSE], cells[PULSE]),
        (cells["heart_rate"], cells["heart_rate"]),
        (cells["spo2"], cells["spo2"]),
        (cells["resp_low"], cells["resp_high"]),
        (cells[GOOD], cells[GOOD]),
    )
    at = edges[:-1] - first
    arrays = []
    for low, high in strips:
        arrays += [np.fmin.reduceat(low, at), np.fmax.reduceat(high, at)]
    final = np.flatnonzero(told)
    beats = (first + int(final[-1]) + 1) * CELL_MS if len(final) else 0
    return pack({"beats": beats, "reads": reads_ns // NS_PER_MS}, arrays)

"""Tables that machines write, CSV and Parquet: a column of times, and columns of measurements.

Columns on a grid become signals, whose counts are the digits of the text; others become series.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from joey.errors import FormatError
from joey.signals import NS, Clock, Grid, Recording, Repair, Segment, Series, Signal, runs_of
from joey.sources.codes import name_channel, spell_unit
from joey.sources.files import load, printable, says_simulated
from joey.sources.tables.columns import label_and_unit, numbers_of, quantize_column
from joey.sources.tables.times import (
    UNIT_NS,
    Place,
    Stamps,
    fit_grid,
    fit_pieces,
    fit_rows,
    read_stamps,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import polars as pl
    from numpy.typing import NDArray

    from joey.sources.codes import Meaning, Naming
    from joey.sources.tables.columns import Numbers

__all__ = ["read_csv", "read_parquet"]

TIME = re.compile(
    r"(?:time|t|timestamp|datetime|date[ _/]?time|elapsed(?:[ _]time)?|seconds|sec|stamp)"
    r"(?:_(?P<unit>s|ms|us|ns|min|h))?",
    re.IGNORECASE,
)
RATE = re.compile(r"(?:sampling|sample)[ _]?(?:freq(?:uency)?|rate)|fs", re.IGNORECASE)
BLANKS = (b" ", b"\t", b"\v", b"\f", b"\r", b'"')  # without them no cell has space around it
DELIMITERS = (",", "\t", ";")
LEAST_PERCENT = 15.0  # no fraction of oxygen is so large, no percentage of it as small
MOST_TWICE = 0.1  # of the rows; more stamps that repeat are too coarse for the rows
MOST_CELLS_PER_BYTE = 32  # of a Parquet file, beyond the free ones: ECG with its times has four
FREE_CELLS = 10**7  # 80 MB of numbers: a day of 100 numerics that never change
PARQUET_MAGIC = b"PAR1"
LONGEST_S = 600.0  # s; no value of a monitor stands for longer, where values come irregularly
SLOWEST_S = 3600.0  # s between the values of a signal; what comes less often is told by hand
LOGS = (  # columns that tell a log, and the options that take it
    (
        frozenset({"start", "end"}),
        "a hold log or excluded spans: joey respond takes them by --holds and --exclude",
    ),
    (frozenset({"time", "kind", "value"}), "a context log: joey respond takes it by --context"),
)


@dataclass(slots=True)
class _Reading:
    """A table while it is read, and what is gathered on the way."""

    place: Place
    channels: Mapping[str, Meaning]
    repairs: list[Repair]
    facts: dict[str, str]

    @property
    def path(self) -> Path:
        return self.place.path


@dataclass(frozen=True, slots=True)
class _Piece:
    """Rows `lo` to before `hi`, without a gap, and where the first of them lies on a grid."""

    lo: int
    hi: int
    grid: Grid
    first: int


def read_csv(
    path: Path, zone: str | None = None, channels: Mapping[str, Meaning] | None = None
) -> Recording:
    """Return the recording of a text table with a header line.

    Parameters
    ----------
    path : Path
        Comma, tab or semicolon between the cells; a column of times, or of the sampling frequency
        in its first row; columns named ``LABEL`` or ``LABEL [unit]``.
    zone : str, optional
        IANA zone of stamps that carry none.
    channels : mapping of str to Meaning, optional
        What the user says certain labels stand for.

    Raises
    ------
    FormatError
        If the file breaks its format, with the line.
    InputError
        If the zone is not known.
    OSError
        If it cannot be read.
    """
    data, source = load(path, "csv")
    if b"\0" in data:
        raise FormatError(path, "not a text file: it holds null bytes (UTF-16 is not read)")
    header, number, rest, comments = _header_line(path, data)
    delimiter = max(DELIMITERS, key=header.count)
    names = _names(path, header, delimiter, number)
    _refuse_log(path, names, number)
    frame, lines = _frame(path, rest, names, delimiter, number)
    reading = _Reading(Place(path, "line", lines), channels or {}, [], {})
    if comments:
        reading.facts[f"{printable(path.stem)} comments"] = "\n".join(comments)
    recording = _recording(reading, frame, zone)
    simulated = any(says_simulated(comment) for comment in comments)
    return replace(recording, sources=(source,), simulated=simulated)


def read_parquet(
    path: Path, zone: str | None = None, channels: Mapping[str, Meaning] | None = None
) -> Recording:
    """Return the recording of a Parquet table; as `read_csv`.

    Raises
    ------
    FormatError
        If the file is not Parquet, or claims more cells than its size allows.
    InputError
        If the zone is not known.
    OSError
        If it cannot be read.
    """
    import polars as pl  # noqa: PLC0415 (slow to import)

    data, source = load(path, "parquet")
    if data[:4] != PARQUET_MAGIC or data[-4:] != PARQUET_MAGIC:
        raise FormatError(path, "not a Parquet file, or cut off: its marks are missing")
    broken = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError)
    most = FREE_CELLS + len(data) * MOST_CELLS_PER_BYTE
    try:
        table = pl.scan_parquet(io.BytesIO(data))
        cells = int(table.select(pl.len()).collect().item()) * len(table.collect_schema())
        frame = pl.read_parquet(io.BytesIO(data)) if cells <= most else None
    except broken as error:
        raise FormatError(path, "the Parquet file is broken") from error
    if frame is None:
        raise FormatError(path, f"{cells} cells are claimed: too many for {len(data)} bytes")
    place = Place(path, "row", np.arange(frame.height, dtype=np.int64))
    reading = _Reading(place, channels or {}, [], {})
    return replace(_recording(reading, frame, zone), sources=(source,))


def _header_line(path: Path, data: bytes) -> tuple[str, int, bytes, list[str]]:
    """Return the header, its line number, the bytes after it, and the comments before it."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    comments: list[str] = []
    number, at = 0, 0
    while at < len(data):
        end = data.find(b"\n", at)
        end = len(data) if end < 0 else end
        number += 1
        line = data[at:end].decode("utf-8", errors="replace").strip("\r ")
        at = end + 1
        if line.lstrip().startswith("#"):
            comments.append(line.lstrip("# ").rstrip())
        elif line.strip():
            return line, number, data[at:], comments
    raise FormatError(path, "the file has no header line")


def _names(path: Path, header: str, delimiter: str, number: int) -> list[str]:
    try:
        cells = next(csv.reader([header], delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise FormatError(path, f"not a table ({error})", f"line {number}") from error
    names = [cell.strip() for cell in cells]
    if all(_is_number(name) for name in names):
        raise FormatError(path, "the columns have no names", f"line {number}")
    twice = sorted({name for name in names if names.count(name) > 1 and name})
    if twice:
        raise FormatError(path, f"columns named twice: {', '.join(twice)}", f"line {number}")
    return [name or f"column {k}" for k, name in enumerate(names, 1)]


def _refuse_log(path: Path, names: Sequence[str], number: int) -> None:
    columns = {name.lower() for name in names}
    for known, what in LOGS:
        if known <= columns:
            raise FormatError(path, f"not a recording; it looks like {what}", f"line {number}")


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[-+]?[\d.]+(?:[eE][-+]?\d+)?", text) is not None


def _frame(
    path: Path, rest: bytes, names: list[str], delimiter: str, number: int
) -> tuple[pl.DataFrame, NDArray[np.int64]]:
    """Return the cells as stripped text, and the line of each row; empty lines are no rows."""
    import polars as pl  # noqa: PLC0415

    # A header of numbers, so that the table's width is the header's whatever the first row is.
    header = delimiter.join(str(k) for k in range(len(names))).encode()
    text = header + b"\n" + (rest.replace(b"\r\n", b"\n") if b"\r" in rest else rest)
    try:
        frame = pl.read_csv(
            io.BytesIO(text), separator=delimiter, infer_schema=False, encoding="utf8-lossy"
        )
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        where = _long_line(rest, delimiter, len(names), number)
        reason = f"not a table of {len(names)} columns: a row has more cells, or a quote stays open"
        raise FormatError(path, reason, where) from error
    keys = _unlike(names)
    frame = frame.rename(dict(zip(frame.columns, keys, strict=True)))
    if not rest.isascii() or any(mark in rest for mark in BLANKS):
        frame = frame.select(pl.all().str.strip_chars())
    filled = pl.any_horizontal(pl.all().str.len_bytes() > 0).fill_null(value=False)
    comment = pl.col(keys[0]).str.starts_with("#").fill_null(value=False)
    keep = frame.select((filled & ~comment).alias("keep"))["keep"]
    lines = np.flatnonzero(keep.to_numpy()).astype(np.int64) + number + 1
    if not len(lines):
        raise FormatError(path, "the table has no rows")
    return frame.filter(keep), lines


def _unlike(names: Sequence[str]) -> list[str]:
    """Return the names, each once."""
    seen: dict[str, int] = {}
    out = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        out.append(name if seen[name] == 1 else f"{name} {seen[name]}")
    return out


def _long_line(rest: bytes, delimiter: str, columns: int, number: int) -> str:
    mark = delimiter.encode()
    for row, line in enumerate(rest.splitlines(), number + 1):
        if line.count(mark) >= columns:
            return f"line {row}"
    return ""


def _recording(reading: _Reading, frame: pl.DataFrame, zone: str | None) -> Recording:
    if not frame.height:
        raise FormatError(reading.path, "the table has no rows")
    frame = _take_facts(reading, frame)
    stamps, frame = _stamps(reading, frame, zone)
    reading.repairs += stamps.repairs
    stamps, keep = _single(reading, stamps)
    if len(stamps.ns) < 2:
        raise FormatError(reading.path, "a single row says nothing of how long its values stand")
    signals: list[Signal] = []
    series: list[Series] = []
    for column in frame.get_columns():
        numbers = numbers_of(column)
        if numbers is None:
            _refuse_decimal_commas(reading, column)
            what = "column of text, left out"
            reading.repairs.append(Repair(what, 1, f"{printable(reading.path.stem)}/{column.name}"))
            continue
        numbers = replace(numbers, values=numbers.values[keep])
        made = _channel(reading, column.name, numbers, stamps)
        if isinstance(made, Signal):
            signals.append(made)
        else:
            series.append(made)
    if not signals and not series:
        raise FormatError(reading.path, "the table has no column of numbers beside its times")
    facts = {**reading.facts, **stamps.facts}
    return Recording(
        signals=tuple(signals),
        series=tuple(series),
        clock=stamps.clock,
        repairs=tuple(reading.repairs),
        facts=facts,
    )


def _take_facts(reading: _Reading, frame: pl.DataFrame) -> pl.DataFrame:
    """Move columns that have a number in their first row only to the facts."""
    if frame.height < 3:
        return frame
    for column in frame.get_columns():
        cells = column.slice(1).drop_nulls()
        if str(column.dtype) == "String":
            cells = cells.filter(cells.str.len_bytes() > 0)
        first = str(column[0] if column[0] is not None else "").strip()
        if len(cells) == 0 and _is_number(first):
            reading.facts[f"{printable(reading.path.stem)} {column.name}"] = first
            frame = frame.drop(column.name)
    return frame


def _stamps(
    reading: _Reading, frame: pl.DataFrame, zone: str | None
) -> tuple[Stamps, pl.DataFrame]:
    """Return the stamps and the columns that are left."""
    path = reading.path
    folded = {name.strip().lower(): name for name in frame.columns}
    if "date" in folded and "time" in folded and str(frame[folded["date"]].dtype) == "String":
        both = frame[folded["date"]] + " " + frame[folded["time"]]
        return read_stamps(reading.place, both, "", zone), frame.drop(
            folded["date"], folded["time"]
        )
    for name in frame.columns:
        label, unit = label_and_unit(name)
        unit = unit or _round_unit(name)
        match = TIME.fullmatch(label if unit else name)
        match = match or TIME.fullmatch(label.partition("(")[0].strip())
        if match:
            column = frame[name]
            stamps = read_stamps(reading.place, column, unit or match["unit"] or "", zone)
            return stamps, frame.drop(name)
    for name, value in reading.facts.items():
        if RATE.fullmatch(name.removeprefix(f"{printable(path.stem)} ")) and _is_number(value):
            return _counted(path, value, frame.height), frame
    reason = f"no column of times; the columns are {', '.join(frame.columns)[:300]}"
    raise FormatError(path, reason)


def _round_unit(name: str) -> str:
    match = re.fullmatch(r".*\((\w+)\)\s*", name)
    return match[1] if match and match[1].lower() in UNIT_NS else ""


def _counted(path: Path, rate: str, rows: int) -> Stamps:
    fs = Fraction(rate)
    if not Fraction(1, 10**6) <= fs <= 10**7:
        raise FormatError(path, f"a sampling frequency of {rate} Hz is not possible")
    ns = np.rint(np.arange(rows) * (NS / float(fs))).astype(np.int64)
    return Stamps(0, ns, 1, Clock(dated=False), {})


def _single(reading: _Reading, stamps: Stamps) -> tuple[Stamps, NDArray[np.bool_]]:
    """Return stamps that increase, and which rows stay.

    Of rows with one stamp the last stays: it corrects those before it.
    """
    ns = stamps.ns
    keep = np.append(np.diff(ns) > 0, True)
    twice = int(np.count_nonzero(~keep))
    place = printable(reading.path.name)
    if twice > MOST_TWICE * len(ns):
        fs = fit_rows(ns)
        if fs is None:
            reason = f"{twice} of {len(ns)} rows repeat the time before: too coarse for the rows"
            raise FormatError(reading.path, reason)
        what = f"times with too few digits, taken from the number of the row at {float(fs):g} Hz"
        reading.repairs.append(Repair(what, len(ns), place))
        rows = np.rint(np.arange(len(ns)) * (NS / float(fs))).astype(np.int64)
        return replace(stamps, ns=rows, step_ns=1), np.ones(len(ns), dtype=np.bool_)
    if twice:
        what = "rows with the time of the next row, left out"
        reading.repairs.append(Repair(what, twice, place))
    return replace(stamps, ns=ns[keep]), keep


def _refuse_decimal_commas(reading: _Reading, column: pl.Series) -> None:
    if str(column.dtype) != "String":
        return
    commas = column.str.contains(r"^[+-]?\d+,\d+$").fill_null(value=False)
    if commas.any():
        row = int(commas.arg_max() or 0)
        reason = f"column {column.name}: numbers have a decimal comma: write them with a point"
        raise reading.place.error(row, reason)


def _is_percent(fractions: NDArray[np.float64]) -> bool:
    """Whether fractions of oxygen were written in percent, 21 to 100."""
    known = fractions[np.isfinite(fractions)]
    return len(known) > 0 and float(np.median(known)) >= LEAST_PERCENT


def _channel(reading: _Reading, name: str, numbers: Numbers, stamps: Stamps) -> Signal | Series:
    label, unit = label_and_unit(name)
    # A name with its unit may be what the user maps.
    label = name if name in reading.channels else label
    naming = name_channel(label, unit, printable(reading.path.stem), reading.channels)
    if naming.note and naming.channel.quantity == "fio2" and _is_percent(numbers.values):
        naming = name_channel(label, "%", printable(reading.path.stem), reading.channels)
        reading.repairs.append(Repair("no unit: read as %", 1, naming.channel.source))
    place = naming.channel.source
    if naming.note and spell_unit(unit) != "NU":
        reading.repairs.append(Repair(naming.note, 1, printable(reading.path.stem)))
    elif naming.note:
        reading.repairs.append(Repair(f"no unit: read as {naming.channel.unit}", 1, place))
    if numbers.strange:
        what = "cells that are not numbers, taken as not measured"
        reading.repairs.append(Repair(what, numbers.strange, place))
    values = numbers.values.copy()
    for absent in naming.absent:
        values[values == absent] = np.nan
    numbers = replace(numbers, values=values)
    ns = stamps.ns
    known = np.isfinite(values)
    if _is_sparser(ns, known):
        numbers, ns = replace(numbers, values=values[known]), ns[known]
    laid = _laid_out(ns, stamps)
    if not laid or laid[0].grid.fs * SLOWEST_S < 1:
        return _series(naming, numbers, ns, stamps)
    return _signal(reading, naming, numbers, laid)


def _laid_out(ns: NDArray[np.int64], stamps: Stamps) -> list[_Piece]:
    """Return the stamps as pieces without a gap, each on its grid; none where there is no grid."""
    fitted = fit_grid(ns, stamps.step_ns)
    if fitted is not None:
        fs, index = fitted
        grid = Grid(stamps.origin_ns + int(ns[0]), fs)
        edges = np.flatnonzero(np.diff(index) > 1) + 1
        bounds = zip([0, *edges.tolist()], [*edges.tolist(), len(ns)], strict=True)
        return [_Piece(lo, hi, grid, int(index[lo])) for lo, hi in bounds]
    apart = fit_pieces(ns, stamps.step_ns)
    if apart is None:
        return []
    return [
        _Piece(lo, hi, Grid(stamps.origin_ns + int(ns[lo]), apart[0]), 0)
        for lo, hi in apart[1].tolist()
    ]


def _is_sparser(ns: NDArray[np.int64], known: NDArray[np.bool_]) -> bool:
    """Whether a column is written less often than the table's rows, as temperature is."""
    if known.sum() < 3 or known.mean() > 0.5:
        return False
    steps = np.diff(ns[known])
    usual = np.median(steps)
    # Regular or rare; else these are dropouts of a column that is written in every row.
    own = np.mean(steps == usual) >= 0.5 or known.mean() < 0.1
    return bool(own and usual > 1.5 * np.median(np.diff(ns)))


def _series(naming: Naming, numbers: Numbers, ns: NDArray[np.int64], stamps: Stamps) -> Series:
    whole_s, rest_ns = divmod(stamps.origin_ns, NS)
    times = whole_s + (ns + rest_ns) / NS
    values = numbers.values * naming.factor + naming.shift
    # No value stands for longer than values usually do, and none of a few readings for days.
    usual = float(np.median(np.diff(times))) if len(times) > 1 else 0.0
    usual = min(usual, LONGEST_S)
    return Series(naming.channel, times, values, np.full(len(times), usual))


def _signal(reading: _Reading, naming: Naming, numbers: Numbers, laid: Sequence[_Piece]) -> Signal:
    quantized = quantize_column(numbers)
    if not quantized.exact:
        what = f"numbers brought to steps of {quantized.scale:.3g}"
        reading.repairs.append(Repair(what, 1, naming.channel.source))
    known = np.isfinite(numbers.values)
    segments = tuple(
        Segment(p.grid, p.first, quantized.counts[p.lo : p.hi], runs_of(known[p.lo : p.hi]))
        for p in laid
    )
    scale = quantized.scale * naming.factor
    offset = quantized.offset * naming.factor + naming.shift
    return Signal(naming.channel, laid[0].grid.fs, segments, scale, offset)

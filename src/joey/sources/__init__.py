"""Where signals come from: nothing outside this folder knows a format or a vendor.

A reader gives what a file holds, as it is: counts, rates, gaps, labels it knows and labels it does
not. What it mended is counted, what a cut file has lost is named, every file is hashed.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from joey.errors import FormatError, InputError
from joey.signals import merge
from joey.sources.codes import Meaning, parse_map

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from joey.signals import Recording

__all__ = ["Meaning", "parse_map", "read", "read_all"]

READS = (
    "WFDB records (.hea, or the record's name), EDF and BDF (.edf, .bdf), "
    "tables with a header line (.csv, .tsv, .txt) and Parquet (.parquet)"
)
EXCEL = frozenset({".xls", ".xlsx", ".xlsm", ".xlsb", ".ods"})
ANNOTATIONS = frozenset({".atr", ".qrs", ".bpk"})


def read(
    path: str | Path, *, zone: str | None = None, channels: Mapping[str, Meaning] | None = None
) -> Recording:
    """Return what a recording's file holds.

    Parameters
    ----------
    path : str or Path
        A WFDB header or record name, an EDF or BDF file, a CSV, TSV or Parquet table.
    zone : str, optional
        IANA zone of the file's local times. Without it a dated file without zones is read as UTC
        and its clock says so: hold logs beside it are then meant in UTC, too.
    channels : mapping of str to Meaning, optional
        What the user says certain labels stand for (`parse_map`); labels that the file does not
        have are passed over.

    Returns
    -------
    Recording
        Of a file that is cut off, the whole frames or records, with the loss in `truncated`.

    Raises
    ------
    FormatError
        If the file breaks its format, or is of none that is read.
    InputError
        If the zone is not known.
    OSError
        If the file cannot be read.
    """
    path = Path(path)
    header = path.parent / f"{path.name}.hea"
    if not path.is_file() and header.is_file():
        path = header
    match path.suffix.lower():
        case ".hea":
            from joey.sources.wfdb import read_record as reader  # noqa: PLC0415 (read on demand)
        case ".edf" | ".bdf":
            from joey.sources.edf import read_edf as reader  # noqa: PLC0415
        case ".csv" | ".tsv" | ".txt":
            from joey.sources.tables import read_csv as reader  # noqa: PLC0415
        case ".parquet":
            from joey.sources.tables import read_parquet as reader  # noqa: PLC0415
        case _:
            raise FormatError(path, _advice(path))
    return reader(path, zone, channels)


def _advice(path: Path) -> str:
    """Return why a path is not read, and what to do."""
    if path.is_dir():
        return f"a folder; name the files in it. Read are {READS}"
    if not path.exists():
        return f"there is no such file or record. Read are {READS}"
    if path.with_suffix(".hea").is_file():
        return f"part of a WFDB record: name its header, {path.stem}.hea"
    if path.suffix.lower() in ANNOTATIONS:
        return "annotations of a WFDB record: name the record's header"
    if path.suffix.lower() in EXCEL:
        return "Excel files are not read: save the sheet as CSV"
    return f"not a format that is read. Read are {READS}"


def read_all(
    paths: Iterable[str | Path],
    *,
    zone: str | None = None,
    channels: Mapping[str, Meaning] | None = None,
) -> Recording:
    """Return several files of one infant as one recording.

    Parameters
    ----------
    paths : iterable of str or Path
        Read one by one, as by `read`. Files without a date all start at zero.
    zone : str, optional
        As of `read`.
    channels : mapping of str to Meaning, optional
        As of `read`; every label must be in one of the files.

    Raises
    ------
    FormatError
        If a file breaks its format, or is of none that is read.
    InputError
        If there are no paths or one file is there twice, a label of `channels` is nowhere, files
        with and without a date meet, or the zone is not known.
    OSError
        If a file cannot be read.
    """
    recordings = [read(path, zone=zone, channels=channels) for path in paths]
    if not recordings:
        msg = "name at least one recording"
        raise InputError(msg)
    files = Counter(each.sources[:1] for each in recordings)
    if twice := [sources[0].name for sources, count in files.items() if count > 1]:
        msg = f"{', '.join(twice)} is given twice: its channels would count as two"
        raise InputError(msg)
    if len({each.clock.dated for each in recordings}) > 1:
        msg = "recordings with and without a date cannot be laid on one clock: give them apart"
        raise InputError(msg)
    found = [signal.channel for each in recordings for signal in each.signals]
    found += [series.channel for each in recordings for series in each.series]
    labels = {channel.source.partition("/")[2] for channel in found}
    if missing := sorted(set(channels or ()) - labels):
        msg = f"no channel is called {', '.join(missing)}; there are {', '.join(sorted(labels))}"
        raise InputError(msg)
    return merge(recordings)

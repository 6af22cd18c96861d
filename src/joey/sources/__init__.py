"""Where signals come from: nothing outside this folder knows a format or a vendor."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from joey.errors import FormatError, InputError
from joey.signals import merge
from joey.sources.codes import parse_map
from joey.sources.wfdb import read_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from joey.signals import Recording
    from joey.sources.codes import Meaning

__all__ = ["parse_map", "read", "read_all"]


def read(
    path: str | Path, *, zone: str | None = None, channels: Mapping[str, Meaning] | None = None
) -> Recording:
    """Return what a file holds."""
    path = Path(path)
    if path.suffix.lower() == ".hea":
        return read_record(path, zone, channels)
    header = path.with_name(f"{path.name}.hea")
    if not path.exists() and header.exists():
        return read_record(header, zone, channels)
    raise FormatError(path, "not a format that is read")


def read_all(
    paths: Iterable[str | Path],
    *,
    zone: str | None = None,
    channels: Mapping[str, Meaning] | None = None,
) -> Recording:
    """Return several files of one infant as one recording."""
    recordings = [read(path, zone=zone, channels=channels) for path in paths]
    try:
        return merge(recordings)
    except ValueError as error:
        raise InputError(str(error)) from error

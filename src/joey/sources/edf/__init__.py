"""EDF, EDF+ and BDF files."""

from __future__ import annotations

from joey.sources.edf.reader import read_edf

__all__ = ["read_edf"]

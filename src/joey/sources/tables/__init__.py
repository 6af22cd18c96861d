"""Tables: small ones that people write, as text; large ones that machines write, as signals."""

from __future__ import annotations

from joey.sources.tables.reader import read_csv, read_parquet
from joey.sources.tables.rows import Rows, read_rows

__all__ = ["Rows", "read_csv", "read_parquet", "read_rows"]

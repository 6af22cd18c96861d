"""WFDB, the format of PhysioNet: records and annotation files.

Read by Joey itself: the usual library brings signals of several rates to one, stops at channels
without a single value, and trusts the lengths that a header claims.
"""

from __future__ import annotations

from joey.sources.wfdb.annotations import Marks, read_annotations, read_marks, write_annotations
from joey.sources.wfdb.records import read_record
from joey.sources.wfdb.write import write_wfdb

__all__ = [
    "Marks",
    "read_annotations",
    "read_marks",
    "read_record",
    "write_annotations",
    "write_wfdb",
]

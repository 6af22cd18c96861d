"""What the pages are told of the unit."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from joey.sources.hl7 import SourceSettings

__all__ = ["PageSettings"]

JOURNAL_DAYS = 2.0
QUARANTINE_DAYS = 30.0
GOAL_H = 8.0  # h of kangaroo care a day; WHO 2022: at least 8


@dataclass(frozen=True, slots=True)
class PageSettings:
    """What the pages need to know.

    Parameters
    ----------
    folder : Path
        Where `journal.db`, `archive.db` and `records.db` lie.
    address, port : str, int
        Where the pages listen; this machine alone.
    zone : str
        IANA zone of the clock on the pages, and of the unit's days.
    goal_h : float
        The unit's goal for a day. [h]
    beds : tuple of str
        Keys of the beds that have a tile whether anything is sent from there or not.
    sources : mapping of str to SourceSettings
        By the name that the journal gives a source.
    now_ns : callable
        The host's clock. [ns UTC]
    speed : float
        How many seconds of that clock pass in one; other than 1 in a demo alone.
    journal_days : float
        How long the journal is kept.
    quarantine_days : float
        How long messages in quarantine are.
    starting : callable
        Whether workers wait for loops that are being compiled.
    """

    folder: Path
    address: str = "127.0.0.1"
    port: int = 8137
    zone: str = "UTC"
    goal_h: float = GOAL_H
    beds: tuple[str, ...] = ()
    sources: Mapping[str, SourceSettings] = field(default_factory=dict)
    now_ns: Callable[[], int] = time.time_ns
    speed: float = 1.0
    journal_days: float = JOURNAL_DAYS
    quarantine_days: float = QUARANTINE_DAYS
    starting: Callable[[], bool] = lambda: False

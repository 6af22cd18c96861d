"""Takes away from the journal what is kept elsewhere and was kept long enough.

Only what is older than `journal_days` and before all of these goes: the place from which any worker
would read again, the last entry applied to the records, and what frames were made from that were
not read back as they were written. What is in quarantine stays for `quarantine_days`. Killed at any
moment it has taken away whole transactions of entries that nobody needs.
"""

from __future__ import annotations

import logging
import os
import signal
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING

from joey.store.journal import Journal, StorageError
from joey.store.proofs import Proofs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from joey.serve.settings import Settings

__all__ = ["run_trimming", "trim_once"]

EVERY_S = 600.0  # s, between two rounds
LOOK_S = 0.2  # s, between looks whether to stop
LONG_S = 0.004  # s, that intake may have to wait for one transaction
MOST, LEAST = 2000, 8  # entries of one transaction
PAUSE = 4  # times as long as a transaction took is the pause after it
DAY_NS = 86_400 * 1_000_000_000
MARGIN_NS = 600 * 1_000_000_000  # ns before that place: a worker that starts looks back at ticks
NICE = 10  # monitors first
log = logging.getLogger("joey.trimming")


def trim_once(
    folder: Path,
    days: float,
    quarantine_days: float,
    now_ns: int,
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Trim the journal of a folder as far as may be; return how many entries were taken away.

    Parameters
    ----------
    folder : Path
        Where journal, archive and records are.
    days : float
        For how long entries are kept.
    quarantine_days : float
        For how long those in quarantine are; never shorter than the others.
    now_ns : int
        The host's time. [ns UTC]
    stopping : callable
        Whether to leave the rest for another time.

    Raises
    ------
    StorageError
        If a file could not be read or written.
    """
    files = [folder / name for name in ("journal.db", "archive.db", "records.db")]
    if not all(file.exists() for file in files):
        return 0
    taken = 0
    with closing(Journal(files[0], durable=False)) as journal, closing(Proofs(files[1])) as proofs:
        try:
            # In this order: a frame that is kept after this was asked is not of entries before.
            place = proofs.needed()
            first = journal.one(place)
            if first is not None:
                place = min(place, journal.at(first.received_ns - MARGIN_NS) + 1)
            young = journal.at(now_ns - round(days * DAY_NS)) + 1
            place = min(place, young, _applied(files[2]) + 1)
            proofs.prove(place)
            proved = proofs.proved()
        except sqlite3.Error as error:
            raise StorageError(f"what can be trimmed is not known: {error}") from error
        if proved is not None:
            place = min(place, proved)
        done, gone = _little_by_little(lambda most: journal.trim(place, most=most), stopping)
        taken += gone
        if done:
            proofs.forget(place)
        since = now_ns - round(max(days, quarantine_days) * DAY_NS)
        _, gone = _little_by_little(
            lambda most: journal.drop_quarantined(since, place, most=most), stopping
        )
        if gone:
            log.warning(
                "%d messages of over %g days ago left the quarantine", gone, quarantine_days
            )
        taken += gone
    return taken


def _little_by_little(work: Callable[[int], int], stopping: Callable[[], bool]) -> tuple[bool, int]:
    """Have entries taken away as many at once as intake does not notice; tell if all, how many."""
    taken, most = 0, LEAST
    while not stopping():
        begun = time.perf_counter()
        done = work(most)
        took = time.perf_counter() - begun
        taken += done
        if done < most:
            return True, taken
        most = min(max(most * 2 if took < LONG_S / 2 else most // 2, LEAST), MOST)
        time.sleep(PAUSE * took)
    return False, taken


def _applied(path: Path) -> int:
    """Return the last entry that was applied to the records; 0 where none was."""
    uri = f"{path.resolve().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, timeout=LOOK_S)) as db:
        row = db.execute("SELECT min(seq) FROM applied").fetchone()
    return int(row[0] or 0)


def run_trimming(settings: Settings, every_s: float = EVERY_S) -> None:
    """Be the process that trims the journal until told to stop.

    Parameters
    ----------
    settings : Settings
        How this Joey runs.
    every_s : float
        Between two rounds, and before the first. [s]
    """
    stopping: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: stopping.append(number))
    os.nice(NICE)
    due = time.monotonic() + every_s
    while not stopping:
        if time.monotonic() < due:
            time.sleep(min(LOOK_S, every_s))
            continue
        try:
            trim_once(
                settings.data,
                settings.journal_days,
                settings.quarantine_days,
                settings.clock.now_ns(),
                lambda: bool(stopping),
            )
        except StorageError as error:
            log.warning("%s; it is tried again", error)
        due = time.monotonic() + every_s

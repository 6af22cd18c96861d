"""A monitor worker: reads the journal for its beds, analyzes, and keeps what became final.

Facts, frames and the place in the journal are committed together, about twice a second. A worker
that is killed goes on from there: it reads again what its open streams rest on, and what it tells
a second time is in the archive already. A bug in one bed ends the analysis of that bed alone.
"""

from __future__ import annotations

import json
import logging
import signal
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from joey.errors import ProtocolError
from joey.live import Monitor, pack_resume, unpack_resume
from joey.people import StreamKey, stream_id, stream_key
from joey.serve.frames import FrameMaker
from joey.serve.packing import envelope_rows, facts_of
from joey.sources.codes import CodeMap
from joey.sources.hl7 import SourceSettings, header_of, read_message, read_observations
from joey.store.archive import Archive, Batch, Checkpoint, Fact, StreamRow
from joey.store.journal import SHARDS, Journal, StorageError, shard_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from joey.live import Facts
    from joey.serve.settings import Settings
    from joey.sources.hl7 import Observations
    from joey.store.journal import Entry

__all__ = ["Worker", "run_worker"]

LOOK_S = 0.025  # s, between looks at the journal
KEEP_S = 0.5  # s, between commits
STEP = 2000  # entries read at once
NS = 1_000_000_000
RETRY_NS = 600 * NS  # a bed that ended is tried again at the next mark
log = logging.getLogger("joey.worker")


@dataclass(slots=True)
class _Bed:
    """One stream under analysis."""

    key: StreamKey
    row: StreamRow
    monitor: Monitor | None
    frames: FrameMaker
    since: int = 0  # entries before are known to the archive as far as this stream goes
    failed_ns: int = 0
    resume: str = field(default="")


class Worker:
    """The work of one process, without its loop.

    Parameters
    ----------
    settings : Settings
        How this Joey runs.
    index : int
        Which of its workers this is.
    journal : Journal
        Read.
    archive : Archive
        Written.
    """

    def __init__(self, settings: Settings, index: int, journal: Journal, archive: Archive) -> None:
        self._settings = settings
        self._shards = {shard for shard in range(SHARDS) if shard % settings.workers == index}
        self._journal = journal
        self._archive = archive
        self._sources = settings.by_name
        self._codes = CodeMap()
        self._open: dict[tuple[str, str], _Bed] = {}  # by source and bed
        self._facts: list[Fact] = []
        self._found: list[Facts] = []
        self._rows: dict[str, StreamRow] = {}
        self._read = self._begin()
        self._kept = time.monotonic()

    def _begin(self) -> int:
        """Go on from the checkpoints; return the place from which to read again."""
        points = self._archive.checkpoints()
        done = min((points[_name(s)].seq for s in self._shards if _name(s) in points), default=0)
        again = [done]
        for row in self._archive.streams():
            point = points.get(row.id)
            if row.closed_ns is not None or point is None or not self._is_mine(point):
                continue
            key = StreamKey(row.source, row.device, row.bed, row.identity_digest)
            resume = unpack_resume(json.loads(point.state)["resume"])
            monitor = Monitor(row.id, resume, told=point.seq)
            bed = _Bed(key, row, monitor, FrameMaker(row.id), since=resume.seq if resume else 0)
            self._open[row.source, row.bed] = bed
            again.append(bed.since - 1)
        return max(min(again), 0)

    def _is_mine(self, point: Checkpoint) -> bool:
        return bool(point.state) and json.loads(point.state)["shard"] in self._shards

    def step(self) -> bool:
        """Take what is new in the journal; tell whether there is more."""
        entries = self._journal.read(self._read, limit=STEP, shards=self._shards)
        for entry in entries:
            self._take(entry)
            self._read = entry.seq
        if time.monotonic() - self._kept >= KEEP_S or len(self._facts) > STEP:
            self.keep()
        return len(entries) == STEP

    def _take(self, entry: Entry) -> None:
        if entry.kind == "tick":
            self._tick(entry)
            return
        if entry.kind != "hl7" or entry.state != "accepted":
            return
        source = self._sources.get(entry.source) or SourceSettings(entry.source)
        try:
            message = read_message(entry.payload)
            if not header_of(message).event.startswith("ORU"):
                return
            heard = read_observations(message, source, self._codes)
        except ProtocolError:
            return  # in quarantine, or it will be once it is looked at
        if not heard.location.key or heard.doubt:
            return
        bed = self._bed_of(entry, heard)
        if entry.seq >= bed.since:
            self._heard(bed, entry, heard)

    def _bed_of(self, entry: Entry, heard: Observations) -> _Bed:
        """Return the stream of a message; a new one where any part of its key has changed."""
        place = (entry.source, heard.location.key)
        key = stream_key(entry.source, heard)
        bed = self._open.get(place)
        if bed is not None and (bed.key == key or entry.seq < bed.since):
            return bed
        if bed is not None:
            self._close(bed, entry)
        name = stream_id(key, entry.seq)
        starts = [wave.start_ns for wave in heard.waves] + [n.time_ns for n in heard.numerics]
        opened = min(starts, default=entry.received_ns)
        row = StreamRow(
            name, key.source, key.device, key.bed, key.identity_digest, entry.seq, opened,
            entry.received_ns - opened, heard.simulated,
        )  # fmt: skip
        bed = _Bed(key, row, Monitor(name), FrameMaker(name), since=entry.seq)
        self._open[place] = bed
        self._rows[name] = row
        return bed

    def _heard(self, bed: _Bed, entry: Entry, heard: Observations) -> None:
        if bed.monitor is None:
            if entry.received_ns // RETRY_NS == bed.failed_ns // RETRY_NS:
                return
            bed.monitor = Monitor(bed.row.id)
            self._say(bed, entry, "up", "monitoring again")
        self._run(bed, entry, lambda monitor: monitor.take(heard, entry.seq, entry.received_ns))

    def _tick(self, entry: Entry) -> None:
        for bed in self._open.values():
            if bed.monitor is not None and entry.seq >= bed.since:
                self._run(bed, entry, lambda monitor: monitor.tick(entry.received_ns, entry.seq))

    def _run(self, bed: _Bed, entry: Entry, work: Callable[[Monitor], Facts]) -> None:
        """Have a bed's monitor work; a bug in it ends the analysis of this bed alone."""
        monitor = bed.monitor
        if monitor is None:
            return
        try:
            found = work(monitor)
        except (ArithmeticError, AssertionError, LookupError, RuntimeError, TypeError, ValueError):
            # A bug: whatever it is, the other beds go on. It is said on the page and in the log,
            # whose traceback has no value of a patient in it.
            log.exception("the analysis of a stream ended at entry %d", entry.seq)
            bed.monitor, bed.failed_ns = None, entry.received_ns
            self._say(bed, entry, "down", "not monitoring")
            return
        self._note(bed, found)

    def _note(self, bed: _Bed, found: Facts) -> None:
        bed.frames.take(found)
        self._facts += facts_of(found)
        self._found.append(found)
        if found.resume is not None:
            bed.resume = json.dumps(
                {"resume": pack_resume(found.resume), "shard": self._shard(bed)}
            )

    def _shard(self, bed: _Bed) -> int:

        return shard_of(bed.key.source, bed.key.bed)

    def _say(self, bed: _Bed, entry: Entry, kind: str, words: str) -> None:
        at = entry.received_ns
        data = json.dumps({"words": words}).encode()
        self._facts.append(Fact(bed.row.id, kind, "", at, at, entry.seq, data))

    def _close(self, bed: _Bed, entry: Entry) -> None:
        self._run(bed, entry, lambda monitor: monitor.finish())
        bed.frames.finish()
        row = bed.row
        self._rows[row.id] = StreamRow(
            row.id, row.source, row.device, row.bed, row.identity_digest, row.first_seq,
            row.opened_ns, row.offset_ns, row.simulated, entry.received_ns - row.offset_ns,
        )  # fmt: skip

    def keep(self) -> None:
        """Commit what became final, with how far this worker has come."""
        self._kept = time.monotonic()
        beds = self._open.values()
        points = [Checkpoint(_name(shard), self._read) for shard in sorted(self._shards)]
        points += [Checkpoint(bed.row.id, self._read, bed.resume) for bed in beds if bed.resume]
        batch = Batch(
            streams=tuple(self._rows.values()),
            frames=tuple(frame for bed in beds for frame in bed.frames.closed()),
            envelope=tuple(row for found in self._found for row in envelope_rows(found)),
            facts=tuple(self._facts),
            checkpoints=tuple(points),
        )
        try:
            self._archive.write(batch)
        except StorageError:
            log.exception("the archive takes nothing; it is tried again")
            return
        for bed in beds:
            bed.frames.forget()
        self._facts.clear()
        self._found.clear()
        self._rows.clear()


def _name(shard: int) -> str:
    return f"shard {shard}"


def run_worker(settings: Settings, index: int) -> None:
    """Be a monitor worker until told to stop.

    Parameters
    ----------
    settings : Settings
        How this Joey runs.
    index : int
        Which of its workers this is.
    """
    stopping = []
    signal.signal(signal.SIGTERM, lambda *_: stopping.append(True))
    while not (settings.data / "journal.db").exists():  # intake makes it
        time.sleep(LOOK_S)
        if stopping:
            return
    journal = Journal(settings.data / "journal.db", read_only=True)
    archive = Archive(settings.data / "archive.db")
    worker = Worker(settings, index, journal, archive)
    while not stopping:
        if not worker.step():
            time.sleep(LOOK_S)
    worker.keep()
    archive.close()
    journal.close()

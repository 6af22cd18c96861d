"""A monitor worker: reads the journal for its beds, analyzes, and keeps what became final.

Facts, frames and the place in the journal are committed together, about twice a second. A worker
that is killed goes on from there: it reads again what its open streams rest on, and what it tells
a second time is in the archive already. A bug in one bed ends the analysis of that bed alone.
"""

from __future__ import annotations

import logging
import signal
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from joey.errors import BUGS, ProtocolError, tell_bug
from joey.people import stream_id, stream_key
from joey.serve.beds import Bed, Kept
from joey.serve.memory import give_back, tidy
from joey.serve.revising import LEAD_NS, Revising
from joey.serve.spill import Spill
from joey.sources.hl7 import SourceSettings, header_of, read_message, read_observations
from joey.store.archive import Archive, Batch, Checkpoint, StreamRow
from joey.store.codebook import CodeBook
from joey.store.frames import Frame, ValueFrame
from joey.store.journal import SHARDS, Journal, StorageError, shard_of

if TYPE_CHECKING:
    from joey.live import Heard
    from joey.people import StreamKey
    from joey.serve.settings import Settings
    from joey.sources.hl7 import Observations
    from joey.store.journal import Entry

__all__ = ["Worker", "run_worker", "shard_name"]

LOOK_S = 0.025  # s, between looks at the journal
KEEP_S = 0.5  # s, between commits
RETRY_S = 1.0  # s, after a failure of the disk
STEP = 2000  # entries read at once
MOST_KEPT = 20_000  # facts that wait for a commit; the journal is not read on before
TIDY = 60  # ticks between two times that free memory is returned
SILENT = 1800  # ticks, of a second each, after which a device that is silent has left its bed
TICK_NS = 1_000_000_000
LOOK_BACK = 200  # ticks, in which those of STEADY_NS and JUMP_NS are
JUMP_NS = 5_000_000_000  # ns between two ticks, which come every second: half of what is late
STEADY_NS = 75_000_000_000  # ns; devices' clocks are measured over a minute
log = logging.getLogger("joey.worker")


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
        self._shards = {shard for shard in range(SHARDS) if shard % settings.workers == index}
        self._journal = journal
        self._archive = archive
        self._sources = settings.by_name
        self._open: dict[tuple[str, str, str], Bed] = {}  # by source, bed and device
        self._kept = Kept()  # what became final since the last commit
        self._ticks = 0
        self._ticked_ns = 0  # the host's time of the last tick
        self._steady_ns = 0  # from when on the host's time is believed again
        self._done = 0  # entries up to here are committed, whatever is read again
        self._spill = Spill(settings.data)
        self._revising = Revising(self._sources, journal, archive, self._spill)
        self._read = self._begin()
        self._book = CodeBook(journal.codes(self._read))
        self._due = time.monotonic() + KEEP_S

    def _begin(self) -> int:
        """Go on from the checkpoints; return the place from which to read again."""
        points = self._archive.checkpoints()
        mine = [points[name] for name in map(shard_name, self._shards) if name in points]
        # A shard without a point was another worker's that never came to commit: all of it.
        done = min((point.seq for point in mine), default=0)
        self._done = done if len(mine) == len(self._shards) else 0
        again = [self._done]
        last = self._journal.read(self._done - 1, limit=1)
        told_ns = last[0].received_ns if last else 0
        rows = [row for row in self._archive.streams() if self._is_mine(row)]
        for row in rows:
            if row.closed_ns is None:
                bed = Bed.resumed(row, self._spill, points.get(row.id), told_ns)
                self._open[row.source, row.bed, row.device] = bed
                again.append(bed.since - 1)
        streams = {row.id for row in rows}
        for asked in self._archive.revisions.rows(state="waiting"):
            if asked.stream in streams:
                self._revising.ask(asked)
        start = max(min(again), 0)
        self._look_back(start)
        return start

    def _is_mine(self, row: StreamRow) -> bool:
        return shard_of(row.source, row.bed) in self._shards

    def _look_back(self, start: int) -> None:
        """Learn whether the host's time was believed at an entry, as who came by there knew."""
        first = self._journal.read(start, limit=1)
        if first:
            before = self._journal.at(first[0].received_ns - STEADY_NS - JUMP_NS - TICK_NS)
            for tick in self._journal.read(before, limit=LOOK_BACK, kinds={"tick"}):
                if tick.seq <= start:
                    self._is_steady(tick.received_ns)

    def step(self) -> bool:
        """Take what is new in the journal; tell whether there is more."""
        more = False
        if len(self._kept.facts) < MOST_KEPT:
            entries = self._journal.read(self._read, limit=STEP, shards=self._shards)
            for entry in entries:
                self._take(entry)
                self._read = entry.seq
                if time.monotonic() >= self._due:  # a step of long messages may last minutes
                    self.keep()
            more = len(entries) == STEP
        if time.monotonic() >= self._due:
            self.keep()
        if more:
            return True
        anew = self._revising.step(self._done)
        if self._revising.made:
            self.keep()
        return anew

    def _take(self, entry: Entry) -> None:
        if entry.kind == "tick":
            self._tick(entry)
        elif entry.kind == "codes":
            self._book.take(entry)
        if entry.kind != "hl7" or entry.state != "accepted":
            return
        source = self._sources.get(entry.source) or SourceSettings(entry.source)
        try:
            message = read_message(entry.payload)
            if not header_of(message).event.startswith("ORU"):
                return
            heard = read_observations(message, source, self._book.codes_of(entry.source))
        except ProtocolError:
            return  # in quarantine, or it will be once it is looked at
        except BUGS as error:
            tell_bug(log, error, f"entry {entry.seq} was not read")
            return
        if not heard.location.key or heard.doubt:
            return
        bed = self._bed_of(entry, heard)
        if bed is not None and entry.seq >= bed.since:
            self._hear(bed, heard, entry)

    def _hear(self, bed: Bed, heard: Observations, entry: Entry | Heard) -> None:
        """Give a bed a message; where its device's clock was set, it has a new stream."""
        begins = bed.hear(heard, entry, self._kept)
        if begins:
            self._close(bed, entry)
            new = self._open_stream(bed.key, begins[0].observations, begins[0], entry.seq)
            for each in begins:
                self._hear(new, each.observations, each)

    def _bed_of(self, entry: Entry, heard: Observations) -> Bed | None:
        """Return the stream of a message; a new one where any part of its key has changed.

        None of a message that is only read again, of a stream that was closed since.
        """
        key = stream_key(entry.source, heard)
        place = (entry.source, key.bed, key.device)
        bed = self._open.get(place)
        if bed is not None and (bed.key == key or entry.seq < bed.since):
            return bed
        if entry.seq <= self._done:
            return None
        if bed is not None:
            self._close(bed, entry)
        return self._open_stream(key, heard, entry, entry.seq)

    def _open_stream(
        self, key: StreamKey, heard: Observations, entry: Entry | Heard, born: int
    ) -> Bed:
        """Open a stream that begins with a message; `born` is the entry that showed it."""
        name = stream_id(key, entry.seq)
        starts = [wave.start_ns for wave in heard.waves] + [n.time_ns for n in heard.numerics]
        opened = min(starts, default=entry.received_ns)
        row = StreamRow(
            name, key.source, key.device, key.bed, key.identity_digest, entry.seq, opened,
            entry.received_ns - opened, heard.simulated,
        )  # fmt: skip
        bed = self._open[key.source, key.bed, key.device] = Bed(row, self._spill, born)
        self._kept.rows[name] = row
        return bed

    def _is_steady(self, ticked_ns: int) -> bool:
        """Take a tick; tell whether the host's time is believed.

        After a jump of the host's clock, or a while without Joey, devices are asked for their time
        first: by the clocks as they were before, all that comes would be late. So would what they
        kept back meanwhile, if the while was longer than 10 s.
        """
        if ticked_ns - self._ticked_ns > JUMP_NS:
            self._steady_ns = ticked_ns + STEADY_NS
        self._ticked_ns = ticked_ns
        return not self._steady_ns - STEADY_NS <= ticked_ns < self._steady_ns

    def _tick(self, entry: Entry) -> None:
        self._ticks += 1
        if self._ticks % TIDY == 0:
            tidy()
        steady = self._is_steady(entry.received_ns)
        silent: list[Bed] = []
        for bed in self._open.values():
            if entry.seq >= bed.since:
                bed.tick(entry, self._kept, steady=steady)
                if entry.seq > self._done and bed.quiet >= SILENT:
                    silent.append(bed)
        for bed in silent:
            self._close(bed, entry)

    def _close(self, bed: Bed, entry: Entry | Heard) -> None:
        bed.close(entry, self._kept)
        del self._open[bed.row.source, bed.row.bed, bed.row.device]

    def keep(self) -> bool:
        """Commit what became final, with how far this worker has come; tell whether it could."""
        kept = self._kept
        for bed in self._open.values():
            kept.frames += bed.frames.take_closed()
            late_ns = bed.lateness.unplaced_ns
            if late_ns is not None:
                bed.lateness.place(self._needed_for(bed.row, late_ns))
        reached = max(self._read, self._done)  # what is only read again was committed before
        # What is read again moves this on too: who looks at it sees that somebody is at work.
        at = str(self._read)
        points = [Checkpoint(shard_name(shard), reached, at) for shard in sorted(self._shards)]
        points += [
            Checkpoint(bed.row.id, reached, state, bed.again)
            for bed in self._open.values()
            if (state := bed.state)
        ]
        rows = {row.id: row for row in self._archive.streams()} if kept.asked else {}
        rows |= kept.rows
        asked = [
            replace(each, since=self._needed_for(rows[each.stream], each.start_ns))
            for each in kept.asked
        ]
        batch = Batch(
            streams=tuple(kept.rows.values()),
            frames=tuple(each for each in kept.frames if isinstance(each, Frame)),
            values=tuple(each for each in kept.frames if isinstance(each, ValueFrame)),
            envelope=tuple(kept.envelope),
            facts=tuple(kept.facts),
            checkpoints=tuple(points),
            asked=asked,
            ended=tuple(kept.ended),
            revised=self._revising.made,
        )
        try:
            self._archive.write(batch)
        except StorageError as error:
            log.warning("%s; it is tried again", error)
            self._due = time.monotonic() + RETRY_S
            return False
        self._done = reached
        self._kept = Kept()
        self._revising.kept()
        for stream, seq in kept.ended:
            self._revising.end(stream, seq)
        for each in asked:
            self._revising.ask(each)
        self._due = time.monotonic() + KEEP_S
        return True

    def _needed_for(self, row: StreamRow, late_ns: int) -> int:
        """Return the first entry that is needed to tell a stream anew from a time on. [ns]"""
        place = self._archive.places_before(row.id, late_ns - LEAD_NS, 1 << 62)
        return row.first_seq if place is None else place[1]


def shard_name(shard: int) -> str:
    """Return the name of a shard's checkpoint."""
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
    give_back()
    stopping: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: stopping.append(number))
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

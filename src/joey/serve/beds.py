"""One stream under analysis, as a worker keeps it: its monitor, its frames, its checkpoint."""

from __future__ import annotations

import json
import logging
import zlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from joey.errors import BUGS, tell_bug
from joey.live import Monitor, Steps, pack_state, unpack_state
from joey.serve.frames import NEVER, FrameMaker
from joey.serve.lateness import Lateness
from joey.serve.packing import envelope_rows, facts_of
from joey.serve.raw import RawStream
from joey.store.archive import Fact
from joey.store.revisions import Revision

if TYPE_CHECKING:
    from collections.abc import Callable

    from joey.live import Facts, Heard, Resume
    from joey.serve.frames import Made
    from joey.serve.spill import Spill
    from joey.sources.hl7 import Observations
    from joey.store.archive import Checkpoint, EnvelopeRow, StreamRow
    from joey.store.journal import Entry

__all__ = ["Bed", "Kept"]

NS = 1_000_000_000
OFF_NS = NS // 5  # a change of a device's offset that is worth a row
LAST_NS = 1 << 62  # ns, after all
SETTLE_NS = 90 * NS  # before what is new, what was told is worked on in the steps it was told in
CLOSING_NS = 300 * NS  # within which the beds of a ward close the frames of a mark
RETRY_NS = 600 * NS  # a bed whose analysis ended is tried again at the next mark
log = logging.getLogger("joey.worker")


@dataclass(slots=True)
class Kept:
    """What became final since the last commit."""

    rows: dict[str, StreamRow] = field(default_factory=dict)
    frames: list[Made] = field(default_factory=list)
    envelope: list[EnvelopeRow] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    asked: list[Revision] = field(default_factory=list)
    ended: list[tuple[str, int]] = field(default_factory=list)


class Bed:
    """One stream under analysis.

    Parameters
    ----------
    row : StreamRow
        What it is.
    spill : Spill
        Where its open frames are put aside.
    born : int or None
        The entry with which it was opened, where that is not its first message: a step of the
        device's clock is proved by later ones. Ticks before it are not of this stream.

    Attributes
    ----------
    key : StreamKey
        The same, to compare with what a message says.
    frames : FrameMaker
        Its open frames.
    since : int
        Entries before are not read again.
    quiet : int
        Ticks since its last message.
    lateness : Lateness
        What came late and was not asked to be told anew yet.
    """

    def __init__(self, row: StreamRow, spill: Spill, born: int | None = None) -> None:
        self.row = row
        self.key = row.key
        self.frames = FrameMaker(row.id, spill, zlib.crc32(row.id.encode()) * CLOSING_NS >> 32)
        self.since = row.first_seq
        self.quiet = 0
        self.lateness = Lateness()
        self._resume: Resume | None = None
        self._next: Resume | None = None  # once what was kept before it is in the archive
        self._failed_mark = NEVER  # the newest of frames that were open when it was tried again
        self._packed: tuple[Resume | None, str, str] = (None, "", "")  # of what, and the state
        self._born = row.first_seq if born is None else born
        self._told = 0  # facts of entries up to here are in the archive
        self._steps = Steps()
        self._monitor: Monitor | None = Monitor(row.id, steps=self._steps, sparing=True)
        self._raw: RawStream | None = None
        self._failed_ns = 0

    @classmethod
    def resumed(cls, row: StreamRow, spill: Spill, point: Checkpoint | None, told_ns: int) -> Bed:
        """Return a stream that goes on from its checkpoint; without one, from its first message.

        Parameters
        ----------
        row, point
            As they were kept.
        spill : Spill
            As for a new one.
        told_ns : int
            The host's time of the entry up to which all is told. [ns UTC]
        """
        if point is None:
            return cls(row, spill)
        resume, born, late = unpack_state(point.state)
        bed = cls(row, spill, born)
        bed._resume, bed._told, bed.lateness = resume, point.seq, Lateness(late)
        bed.since = row.first_seq if resume is None else resume.seq
        again_ns = told_ns - SETTLE_NS
        bed._monitor = Monitor(
            row.id, resume, told=point.seq, again_ns=again_ns, steps=bed._steps, sparing=True
        )
        return bed

    @property
    def state(self) -> str:
        """What is needed to go on, for a checkpoint; empty before the first message with a time."""
        resume, late = self._resume, self.lateness.state
        if resume is None:
            return ""
        # It changes once in ten minutes, and is asked for twice a second.
        if self._packed[0] is not resume or self._packed[1] != late:
            self._packed = resume, late, pack_state(resume, self._born, late)
        return self._packed[2]

    @property
    def again(self) -> int:
        """The first entry that would be read again to go on, or to tell anew what came late."""
        again = self.row.first_seq if self._resume is None else self._resume.seq
        return again if self.lateness.since is None else min(again, self.lateness.since)

    def hear(self, heard: Observations, entry: Entry | Heard, into: Kept) -> tuple[Heard, ...]:
        """Take a message; return those that begin another stream, if the device's clock was set."""
        self.quiet = 0
        if self._monitor is None and entry.received_ns // RETRY_NS != self._failed_ns // RETRY_NS:
            self._try_again(entry, into)
        found = self._run(
            lambda monitor: monitor.take(heard, entry.seq, entry.received_ns), entry, into
        )
        if self._raw is not None:  # also with the message with which the analysis ended
            found = self._keep_raw(
                lambda raw: raw.take(heard, entry.seq, entry.received_ns), entry, into
            )
        return () if found is None else found.begins

    def tick(self, entry: Entry, into: Kept, *, steady: bool = True) -> None:
        """Take the host's time, which is only counted where it is not steady."""
        if entry.seq <= self._born:
            return
        self.quiet += 1
        if not steady:
            return
        self._run(lambda monitor: monitor.tick(entry.received_ns, entry.seq), entry, into)
        if self._monitor is not None and self._monitor.clock.offset_ns is not None:
            self.frames.pass_to(entry.received_ns - self._monitor.clock.offset_ns)
            self._measure(self._monitor.clock.offset_ns, entry, into)
            if entry.seq > self._told and self.lateness.waits and not self._monitor.is_astray:
                self._ask(entry, entry.received_ns - self._monitor.clock.offset_ns, into)

    def close(self, entry: Entry | Heard, into: Kept) -> None:
        """End the stream: its device is elsewhere, or another infant is in the bed."""
        self._keep_raw(lambda raw: raw.finish(entry.seq), entry, into)
        self._run(lambda monitor: monitor.finish(entry.seq), entry, into)
        self.frames.finish()
        into.frames += self.frames.take_closed()
        self.row = replace(self.row, closed_ns=entry.received_ns - self.row.offset_ns)
        into.rows[self.row.id] = self.row
        into.ended.append((self.row.id, entry.seq))
        self._ask(entry, LAST_NS, into)

    def _ask(self, entry: Entry | Heard, device_ns: int, into: Kept) -> None:
        """Ask for what is to be told anew, where nothing late came for a while."""
        ends = entry.seq if device_ns == LAST_NS else None
        host_ns = LAST_NS if device_ns == LAST_NS else entry.received_ns
        number, row = self.lateness.number, self.row
        for start_ns, end_ns in self.lateness.due(host_ns, device_ns):
            number += 1
            into.asked.append(
                Revision(
                    row.id, number, start_ns, end_ns, entry.seq, entry.received_ns,
                    row.offset_ns, row.first_seq, ends,
                )
            )  # fmt: skip
            if start_ns < row.opened_ns:  # what came before the stream was seen to begin
                row = self.row = replace(row, opened_ns=start_ns)
                into.rows[row.id] = row
        self.lateness.asked()

    def _run(
        self, work: Callable[[Monitor], Facts], entry: Entry | Heard, into: Kept
    ) -> Facts | None:
        """Have the monitor work; a bug in it ends the analysis of this stream alone."""
        if self._monitor is None:
            return None
        try:
            found = work(self._monitor)
            self.frames.take(found)
        except BUGS as error:  # whatever the bug is, the other beds go on
            tell_bug(log, error, f"the analysis of stream {self.row.id} ended at entry {entry.seq}")
            self._monitor, self._failed_ns = None, entry.received_ns
            self._raw = RawStream(self.row.id, self._steps)
            self._say("down", "not monitoring", entry, into)
            return None
        if entry.seq <= self._told:
            return found
        into.facts += facts_of(found)
        into.envelope += envelope_rows(found)
        if found.late:
            self.lateness.take(found.late, entry.received_ns, self.row.opened_ns)
        self._next = found.resume or self._next
        if self._next is not None and not self.frames.has_open(self._failed_mark):
            self._resume, self._next = self._next, None
        return found

    def _measure(self, offset_ns: int, entry: Entry, into: Kept) -> None:
        """Keep how far the device's clock is off: the pages lay holds and spells by it.

        What came in a backlog was old when it came: the offset falls to the true one as it ends.
        """
        if entry.seq > self._told and abs(offset_ns - self.row.offset_ns) > OFF_NS:
            self.row = replace(self.row, offset_ns=offset_ns)
            into.rows[self.row.id] = self.row

    def _keep_raw(
        self, work: Callable[[RawStream], Facts], entry: Entry | Heard, into: Kept
    ) -> Facts | None:
        """Keep samples and values without analysis."""
        if self._raw is None:
            return None
        try:
            found = work(self._raw)
            self.frames.take(found)
        except BUGS as error:  # the message stays in the journal
            tell_bug(log, error, f"entry {entry.seq} of stream {self.row.id} was not archived")
            self._raw = RawStream(self.row.id, self._steps)
            return None
        if entry.seq > self._told:
            into.facts += facts_of(found)
        return found

    def _try_again(self, entry: Entry | Heard, into: Kept) -> None:
        self._keep_raw(lambda raw: raw.hand_on(entry.seq), entry, into)
        self._raw = None
        # What was kept without analysis stands in no place from which the new monitor goes on:
        # until it is in the archive the journal is read from before it.
        self._failed_mark = self.frames.newest_mark
        self._monitor = Monitor(self.row.id, steps=self._steps, sparing=True)
        self._say("up", "monitoring again", entry, into)

    def _say(self, kind: str, words: str, entry: Entry | Heard, into: Kept) -> None:
        if entry.seq > self._told:
            at = entry.received_ns
            data = json.dumps({"words": words}).encode()
            into.facts.append(Fact(self.row.id, kind, "", at, at, entry.seq, data))

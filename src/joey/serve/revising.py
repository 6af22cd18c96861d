"""Tells spans of streams anew whose data came late, in small steps between live work (Law 9).

The messages of the span, in the order of their own time, go to a monitor that begins at the place
before it where the stream can be worked on anew. What is told rests on the journal up to the entry
with which it was asked for, and on those after it until all of the span is final: it is the same
whenever it is worked on.
"""

from __future__ import annotations

import json
import logging
import time
from bisect import bisect_right
from dataclasses import replace
from typing import TYPE_CHECKING

from joey.errors import BUGS, ProtocolError, tell_bug
from joey.live import Monitor, unpack_resume
from joey.people import stream_key
from joey.serve.frames import SLACK_NS, FrameMaker
from joey.serve.packing import envelope_rows, facts_of
from joey.sources.hl7 import SourceSettings, header_of, read_message, read_observations
from joey.store.archive import EnvelopeRow, Fact, Revised
from joey.store.codebook import CodeBook
from joey.store.frames import FRAME_NS, Frame, ValueFrame
from joey.store.journal import shard_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from joey.live import Facts
    from joey.serve.spill import Spill
    from joey.sources.codes import CodeMap
    from joey.sources.hl7 import Observations
    from joey.store.archive import Archive, StreamRow
    from joey.store.journal import Entry, Journal
    from joey.store.revisions import Revision

__all__ = ["LEAD_NS", "Revising"]

NS = 1_000_000_000
LEAD_NS = 60 * NS  # ns before a mark from which on its section is whole
SLICE_S = 0.02  # s of work between looks at the journal: others do not wait longer
ENTRIES = 50  # of the journal that are looked through at once
TAIL_NS = 300 * NS  # ns of messages after a span that are laid in order at first, and then more
NEAR_NS = 5 * NS  # ns; what a message holds of other times than that is taken by itself
FUTURE_NS = 60 * NS  # ns ahead of the host, from which a stamp is nonsense
LAST_NS = 1 << 62  # ns, after all
ORDER_NS = 10 * NS  # ns by which messages may have come out of order
ANEW = ("note", "down", "up", "revised")  # kinds that stay as they were told
log = logging.getLogger("joey.worker")


class Revising:
    """The revisions of one worker's streams, one after the other.

    Parameters
    ----------
    sources : mapping of str to SourceSettings
        By name.
    journal, archive : Journal, Archive
        Read here; what is made is kept by the worker.
    spill : Spill
        Where open frames are put aside.
    """

    def __init__(
        self,
        sources: Mapping[str, SourceSettings],
        journal: Journal,
        archive: Archive,
        spill: Spill,
    ) -> None:
        self._sources = sources
        self._journal = journal
        self._archive = archive
        self._spill = spill
        self._waiting: list[_Work] = []
        self._made: list[Revised] = []

    def ask(self, asked: Revision) -> None:
        """Take a revision that is kept as asked for."""
        work = _Work(asked, self._sources, self._journal, self._archive, self._spill)
        self._waiting.append(work)

    def end(self, stream: str, seq: int) -> None:
        """Take note that a stream has ended with an entry."""
        for work in self._waiting:
            if work.asked.stream == stream and work.asked.ends is None:
                work.asked = replace(work.asked, ends=seq)

    def step(self, read: int) -> bool:
        """Work for a short while; tell whether there is more to do at once.

        Parameters
        ----------
        read : int
            How far the journal is worked on live, and committed: never beyond.
        """
        until = time.monotonic() + SLICE_S
        begun: set[str] = set()  # streams with an earlier revision that is not kept yet
        for made in self._made:
            begun.add(made.revision.stream)
        for work in tuple(self._waiting):
            if work.asked.stream in begun:
                continue
            begun.add(work.asked.stream)
            while time.monotonic() < until:
                found = work.go_on(read)
                if found is None:
                    break  # it waits for the journal
                if isinstance(found, Revised):
                    self._made.append(found)
                    self._waiting.remove(work)
                    break
            if time.monotonic() >= until:
                return True
        return False

    @property
    def made(self) -> tuple[Revised, ...]:
        """What was made and is not kept yet."""
        return tuple(self._made)

    def kept(self) -> None:
        """Take note that what was made is kept."""
        self._made = []


class _Work:
    """One revision in work."""

    def __init__(
        self,
        asked: Revision,
        sources: Mapping[str, SourceSettings],
        journal: Journal,
        archive: Archive,
        spill: Spill,
    ) -> None:
        self.asked = asked
        self._sources = sources
        self._journal = journal
        self._archive = archive
        self._spill = spill
        self._steps: Iterator[bool | Revised] | None = None
        self._read = 0

    def go_on(self, read: int) -> bool | Revised | None:
        """Do a little; return True where there is more to do, None where the journal must go on."""
        if read < self.asked.upto:
            return None
        self._read = read
        if self._steps is None:
            self._steps = self._all()
        try:
            found = next(self._steps)
        except BUGS as error:  # whatever the bug is, the rest goes on
            asked = self.asked
            tell_bug(log, error, f"revision {asked.number} of stream {asked.stream} was not made")
            return Revised(replace(asked, state="failed"))
        return None if found is False else found

    def _all(self) -> Iterator[bool | Revised]:
        asked = self.asked
        of = next(row for row in self._archive.streams() if row.id == asked.stream)
        start_ns = self._start(of)
        place = self._archive.places_before(of.id, start_ns - LEAD_NS, asked.upto)
        resume = None if place is None else unpack_resume(json.loads(place[0]))
        since = of.first_seq if place is None else place[1]
        if since < self._journal.trimmed():
            yield Revised(replace(asked, state="gone"))
            return
        monitor = Monitor(of.id, resume, sparing=True)
        made = _Made(replace(asked, start_ns=start_ns, since=since), monitor, self._spill)
        messages = _Messages(of, self._stop(of), self._sources, self._journal)
        lo = start_ns - LEAD_NS if resume is None else resume.newest_ns - ORDER_NS
        hi = asked.end_ns + TAIL_NS
        last = asked.asked_ns - asked.offset_ns + FUTURE_NS
        while lo < last and not made.is_final():
            index: list[tuple[int, int, int]] = []
            beyond = last
            for found in messages.index(since, asked.upto, index, (lo, min(hi, last))):
                beyond = min(beyond, found)
                yield True
            index.sort()
            for at_ns, seq, part in index:
                made.take(messages.one(seq)[part], at_ns + asked.offset_ns)
                yield True
                if made.is_final():
                    break
            lo, hi = beyond, beyond + 2 * TAIL_NS
        if not made.is_final():
            yield from self._follow(made, messages)
        made.finish_frames()
        yield made.revised()

    def _follow(self, made: _Made, messages: _Messages) -> Iterator[bool]:
        """Go on with what came after it was asked for, as live, until all of the span is final."""
        made.tick(self.asked.asked_ns)
        at = self.asked.upto
        while not made.is_final():
            if self.asked.ends is not None and at >= self.asked.ends:
                made.finish()
                return
            stop = min(at + ENTRIES, self._read, self.asked.ends or self._read)
            if stop <= at:
                yield False
                continue
            for entry in messages.entries(at, stop):
                for _, part in messages.parts(entry):
                    made.take(part, entry.received_ns)
                if made.is_final():
                    return
            at = stop
            yield True

    def _start(self, of: StreamRow) -> int:
        """Return the mark from which on to tell anew: before events that reach into the span."""
        start = self.asked.start_ns
        while True:
            rows = self._archive.facts(of.id, ("event", "spell"), start, start)
            rows = [row for row in rows if row.start_ns < start and row.seq <= self.asked.upto]
            first = min((row.start_ns for row in rows), default=start)
            if first == start:
                return start
            start = first // FRAME_NS * FRAME_NS

    def _stop(self, of: StreamRow) -> int:
        """Return the entry from which on messages of this key are of another stream."""
        place = of.source, of.bed, of.device
        others = [
            row.first_seq
            for row in self._archive.streams(of.bed)
            if (row.source, row.bed, row.device) == place and row.first_seq > of.first_seq
        ]
        return min(others, default=1 << 62)


class _Messages:
    """The messages of one stream in the journal, read again."""

    def __init__(
        self,
        of: StreamRow,
        stop: int,
        sources: Mapping[str, SourceSettings],
        journal: Journal,
    ) -> None:
        self._of = of
        self._stop = stop
        self._source = sources.get(of.source) or SourceSettings(of.source)
        self._key = of.key
        self._shard = shard_of(of.source, of.bed)
        self._journal = journal
        codes = journal.codes(1 << 62)
        self._changes = [entry.seq for entry in codes]
        self._codes = codes
        self._book: tuple[int, CodeBook] | None = None  # as many changes, and what they say

    def index(
        self, since: int, upto: int, into: list[tuple[int, int, int]], span: tuple[int, int]
    ) -> Iterator[int]:
        """Note the messages of a span: time, entry and part of each.

        After each of the steps in which it works it yields the first time after the span that it
        has seen.
        """
        at = since - 1
        beyond = LAST_NS
        while at < upto:
            stop = min(at + ENTRIES, upto)
            for entry in self.entries(at, stop):
                for k, (time_ns, _) in enumerate(self.parts(entry)):
                    if span[0] <= time_ns < span[1]:
                        into.append((time_ns, entry.seq, k))
                    elif time_ns >= span[1]:
                        beyond = min(beyond, time_ns)
            at = stop
            yield beyond

    def entries(self, after: int, upto: int) -> Iterator[Entry]:
        """Yield the messages of this source and shard after a place, up to another."""
        at = after
        while found := self._journal.read(
            at, limit=ENTRIES, shards={self._shard}, kinds=("hl7",), upto=upto
        ):
            at = found[-1].seq
            yield from (each for each in found if each.source == self._of.source)

    def one(self, seq: int) -> list[Observations]:
        """Return the parts of a message."""
        (entry,) = self._journal.read(seq - 1, limit=1)
        return [part for _, part in self.parts(entry)]

    def parts(self, entry: Entry) -> list[tuple[int, Observations]]:
        """Return what a message holds by its times; nothing of one of another stream. [ns]"""
        if not self._of.first_seq <= entry.seq < self._stop:
            return []
        if entry.kind != "hl7" or entry.state != "accepted":
            return []
        try:
            message = read_message(entry.payload)
            if not header_of(message).event.startswith("ORU"):
                return []
            heard = read_observations(message, self._source, self._codes_at(entry.seq))
        except ProtocolError:
            return []
        if heard.doubt or stream_key(entry.source, heard) != self._key:
            return []
        return _parts(heard)

    def _codes_at(self, seq: int) -> CodeMap:
        many = bisect_right(self._changes, seq)
        if self._book is None or self._book[0] != many:
            self._book = many, CodeBook(self._codes[:many])
        return self._book[1].codes_of(self._of.source)


def _parts(heard: Observations) -> list[tuple[int, Observations]]:
    """Part a message where it holds what is of quite other times, as a correction does."""
    waves = [
        (each.start_ns + len(each.counts) * NS * each.fs.denominator // each.fs.numerator, each)
        for each in heard.waves
    ]
    stamps = sorted({at for at, _ in waves} | {each.time_ns for each in heard.numerics})
    parts: list[tuple[int, Observations]] = []
    first = 0
    for k, at in enumerate(stamps):
        if k + 1 < len(stamps) and stamps[k + 1] - at <= NEAR_NS:
            continue
        lo, first = stamps[first], k + 1
        part = replace(
            heard,
            waves=tuple(each for end, each in waves if lo <= end <= at),
            numerics=tuple(each for each in heard.numerics if lo <= each.time_ns <= at),
        )
        parts.append((at, part))
    return parts


class _Made:
    """What a revision tells, as it is found."""

    def __init__(self, asked: Revision, monitor: Monitor, spill: Spill) -> None:
        self.monitor = monitor
        self._asked = asked
        self._frames = FrameMaker(asked.stream, spill)
        self._facts: list[Fact] = []
        self._envelope: list[EnvelopeRow] = []
        self._closed: list[Frame | ValueFrame] = []
        self._passed_ns = 0  # ns, the newest time given
        self._ended = False
        self._seq = 0

    def is_final(self) -> bool:
        """Whether all of the span was told, and its samples are joined."""
        end_ns = self._asked.end_ns
        joined = self._passed_ns >= end_ns + SLACK_NS
        return self._ended or (joined and self.monitor.since * NS >= end_ns)

    def take(self, heard: Observations, received_ns: int) -> None:
        """Take a message; `received_ns` is when it would have come without delay. [ns UTC]"""
        self._seq += 1
        self._keep(self.monitor.take(heard, self._seq, received_ns))
        self._passed_ns = max(self._passed_ns, self.monitor.newest_ns)

    def tick(self, host_ns: int) -> None:
        """Take the host's time."""
        offset_ns = self.monitor.clock.offset_ns
        if offset_ns is not None:
            self._keep(self.monitor.tick(host_ns, self._seq))
            self._passed_ns = max(self._passed_ns, host_ns - offset_ns)

    def finish(self) -> None:
        """Take note that the stream has ended."""
        self._keep(self.monitor.finish(self._seq))
        self._frames.finish()
        self._ended = True

    def finish_frames(self) -> None:
        """Close the frames of the span."""
        self._frames.pass_to(self._asked.end_ns + SLACK_NS)
        self._take_closed()

    def revised(self) -> Revised:
        """Return all of it."""
        asked = self._asked
        said = json.dumps({"asked_ns": asked.asked_ns}).encode()
        note = Fact(
            asked.stream, "revised", "", asked.start_ns, asked.end_ns, asked.upto, said,
            asked.number,
        )  # fmt: skip
        frames = [replace(each, revision=asked.number) for each in self._closed]
        return Revised(
            replace(asked, state="done"),
            (note, *self._facts),
            self._envelope,
            [each for each in frames if isinstance(each, Frame)],
            [each for each in frames if isinstance(each, ValueFrame)],
        )

    def _keep(self, found: Facts) -> None:
        start, end = self._asked.start_ns, self._asked.end_ns
        for fact in facts_of(found):
            if start <= fact.start_ns < end and fact.kind not in ANEW:
                told = replace(fact, seq=self._asked.upto, revision=self._asked.number)
                self._facts.append(told)
        minutes = envelope_rows(found)
        self._envelope += [each for each in minutes if start <= each.minute_ns < end]
        self._frames.take(replace(found, late=()))
        self._take_closed()

    def _take_closed(self) -> None:
        start, end = self._asked.start_ns, self._asked.end_ns
        self._closed += [e for e in self._frames.take_closed() if start <= e.mark_ns < end]

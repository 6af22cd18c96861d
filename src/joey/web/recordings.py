"""What was recorded of a bed, on the host's clock: what a report is made of.

Closed frames come from the archive. What was measured since then is read from the journal and
joined as a worker joins it after a restart, onto the same grids.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from joey.errors import ProtocolError
from joey.live import DeviceClock, unpack_state
from joey.live.clocks import Course
from joey.live.joining import HOLD_S, NEVER, Joiner, NumericJoiner
from joey.people import stream_id, stream_key
from joey.signals import Clock, Recording, Repair, merge
from joey.sources.hl7 import SourceSettings, header_of, read_message, read_observations
from joey.store.codebook import CodeBook
from joey.store.journal import shard_of
from joey.web.backlog import BACKLOG_NS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from joey.live import Chunk, Resume
    from joey.signals import Channel, Series
    from joey.sources.hl7 import Observations
    from joey.store.archive import Archive, StreamRow
    from joey.store.journal import Journal

__all__ = ["read_recording"]

STEP = 500  # entries read at once
NS = 1_000_000_000
APART_NS = NS // 5  # ns before a stream that another begins with a set clock: offsets are that good
STEPS = ("step", "rollover")
MOST_TOLD = 5  # steps that are told with their time
MEASURED_NS = 60 * NS  # ns of messages, from which on the clock is measured as well as live
AHEAD_NS = 60 * NS  # ns after the newest message, from which on a stream lies in the future


@dataclass(slots=True)
class _Joined:
    """What messages of the journal were joined to."""

    clock: DeviceClock = field(default_factory=DeviceClock)
    joiners: dict[Channel, Joiner] = field(default_factory=dict)
    numerics: dict[Channel, NumericJoiner] = field(default_factory=dict)
    chunks: list[Chunk] = field(default_factory=list)
    values: list[Series] = field(default_factory=list)
    first_ns: int | None = None  # when the first and the last of them were received
    last_ns: int = 0


def read_recording(
    archive: Archive,
    journal: Journal,
    bed: str,
    span_ns: tuple[int, int],
    sources: Mapping[str, SourceSettings],
    zone: str,
    whose: Collection[str] | None = None,
) -> Recording:
    """Return what a bed's monitors measured in a span, joined as live.

    Parameters
    ----------
    archive, journal : Archive, Journal
        Read only.
    bed : str
        Its key.
    span_ns : tuple of int
        From when to before when, by the host's clock. [ns UTC]
    sources : mapping of str to SourceSettings
        By name.
    zone : str
        To print times in.
    whose : collection of str, optional
        The infant's streams as the records name them, by their keys; all of the bed by default.

    Returns
    -------
    Recording
        Of all streams in the span, each laid on the host's clock by its own offset: the holds are
        on it too. Empty where there was none. Where a monitor's clock was set, the repairs say so;
        the last fifth of a second before is left out, since clocks are not known better.

    Raises
    ------
    StorageError
        If a frame of the archive is not what was written.
    """
    rows = [
        row
        for row in archive.streams(bed)
        if row.opened_ns + row.offset_ns < span_ns[1]
        and (row.closed_ns is None or row.closed_ns + row.offset_ns > span_ns[0])
        and (whose is None or stream_id(row.key, 0) in whose)
    ]
    rows.sort(key=lambda row: row.first_seq)  # a clock may have been set back
    found: list[Recording] = []
    for k, row in enumerate(rows):
        after = next((each for each in rows[k + 1 :] if _place_of(each) == _place_of(row)), None)
        end_ns = span_ns[1]
        if after is not None:
            end_ns = min(end_ns, after.opened_ns + after.offset_ns - APART_NS)
        found.append(_read_stream(archive, journal, row, (span_ns[0], end_ns), sources))
    joined = merge(
        [each for each in found if each.channels] or [Recording(clock=Clock(dated=True))]
    )
    clock = replace(joined.clock, zone=zone)
    return replace(joined, clock=clock, repairs=_steps_of(archive, rows, span_ns, zone))


def _read_stream(
    archive: Archive,
    journal: Journal,
    row: StreamRow,
    span_ns: tuple[int, int],
    sources: Mapping[str, SourceSettings],
) -> Recording:
    """Return what was measured in a span of one stream, on the host's clock. [ns UTC]"""
    start_ns, end_ns = span_ns
    until_ns = end_ns + round(HOLD_S * NS)  # a sample is received later than it is measured
    # Where the worker goes on is asked first: what it closes meanwhile is in the frames, too.
    point = archive.checkpoints().get(row.id)
    resume = unpack_state(point.state)[0] if point is not None else None
    offset_ns = _offset_of(archive, row, span_ns)
    tail = _Joined()
    has_all = _has_all(resume, end_ns - offset_ns) and not _is_ahead(journal, resume, offset_ns)
    if row.closed_ns is None and not has_all:
        first = row.first_seq if resume is None else resume.seq
        tail = _read_on(journal, row, resume, (first, until_ns), sources)
    measured = tail.clock.offset_ns
    if measured is not None and (_is_long(tail) or offset_ns - measured > BACKLOG_NS):
        offset_ns = measured
    laid = replace(row, offset_ns=offset_ns)
    return archive.recording([laid], start_ns, end_ns, samples=tail.chunks, values=tail.values)


def _place_of(row: StreamRow) -> tuple[str, str, str]:
    """Return what has one open stream at a time, as of a worker."""
    return row.source, row.bed, row.device


def _steps_of(
    archive: Archive, rows: Iterable[StreamRow], span_ns: tuple[int, int], zone: str
) -> tuple[Repair, ...]:
    """Return where in a span clocks were set, by the host's clock."""
    found = []
    for row in rows:
        start_ns, end_ns = (at - row.offset_ns for at in span_ns)
        for fact in archive.facts(row.id, ("note",), start_ns, end_ns):
            said = json.loads(fact.data)
            if said["kind"] in STEPS:
                at = datetime.fromtimestamp((fact.start_ns + row.offset_ns) / NS, ZoneInfo(zone))
                found.append(f"{at:%H:%M} by {said['value'] / NS:+,.0f} s")
    what = "the monitor's clock was set, and each part lies on the host's clock"
    return (Repair(what, len(found), ", ".join(found[:MOST_TOLD])),) if found else ()


def _offset_of(archive: Archive, row: StreamRow, span_ns: tuple[int, int]) -> int:
    """Return host minus device at the end of a span, as it was told then. [ns]"""
    start_ns, end_ns = (at - row.offset_ns for at in span_ns)
    offset_ns = row.offset_ns
    for fact in archive.facts(row.id, ("note",), start_ns, end_ns):
        said = json.loads(fact.data)
        if said["kind"] == "offset":
            offset_ns = round(said["value"])
    return offset_ns


def _has_all(resume: Resume | None, end_ns: int) -> bool:
    """Whether the frames have all up to a time: reading again would begin behind it. [ns]"""
    return resume is not None and end_ns < resume.newest_ns - 2 * round(HOLD_S * NS)


def _is_ahead(journal: Journal, resume: Resume | None, offset_ns: int) -> bool:
    """Whether a stream would lie in the future: its offset is that of a backlog, still to fall."""
    last = journal.one(journal.last())
    if resume is None or last is None:
        return False
    return resume.newest_ns + offset_ns > last.received_ns + AHEAD_NS


def _is_long(tail: _Joined) -> bool:
    """Whether there were messages for so long that the clock is measured as well as live."""
    return tail.first_ns is not None and tail.last_ns - tail.first_ns >= MEASURED_NS


def _read_on(
    journal: Journal,
    row: StreamRow,
    resume: Resume | None,
    reach: tuple[int, int],
    sources: Mapping[str, SourceSettings],
) -> _Joined:
    """Join what came of a stream from an entry on until a time of the host. [ns UTC]"""
    joined = _Joined()
    for state in resume.join if resume is not None else ():
        if state.fs:
            joined.joiners[state.channel] = Joiner(state)
        else:
            joined.numerics[state.channel] = NumericJoiner(state.channel, state)
    for received_ns, heard in _messages(journal, row, reach, sources):
        if not _take(joined, heard, received_ns):
            break
    for joiner in joined.joiners.values():
        joined.chunks += joiner.finish().chunks
    for numeric in joined.numerics.values():
        joined.values += numeric.finish().series
    return joined


def _messages(
    journal: Journal,
    row: StreamRow,
    reach: tuple[int, int],
    sources: Mapping[str, SourceSettings],
) -> Iterator[tuple[int, Observations]]:
    settings = sources.get(row.source) or SourceSettings(row.source)
    key = row.key
    shard, at = shard_of(row.source, row.bed), reach[0] - 1
    book = CodeBook(journal.codes(at))
    while entries := journal.read(at, limit=STEP, shards={shard}, kinds=("hl7", "codes")):
        at = entries[-1].seq
        for entry in entries:
            if entry.received_ns >= reach[1]:
                return
            if entry.kind == "codes":
                book.take(entry)
                continue
            if entry.source != row.source or entry.state != "accepted":
                continue
            try:
                message = read_message(entry.payload)
                if not header_of(message).event.startswith("ORU"):
                    continue
                heard = read_observations(message, settings, book.codes_of(row.source))
            except ProtocolError:
                continue
            if stream_key(entry.source, heard) == key and not heard.doubt:
                yield entry.received_ns, heard


def _take(joined: _Joined, heard: Observations, received_ns: int) -> bool:
    """Take a message; tell whether the stream goes on: it ends where its clock was set."""
    ends = [
        wave.start_ns + len(wave.counts) * NS * wave.fs.denominator // wave.fs.numerator
        for wave in heard.waves
    ]
    ends += [each.time_ns for each in heard.numerics if not each.aperiodic]
    course = joined.clock.take(received_ns, max(ends)) if ends else Course.FOLLOWS
    if course is not Course.FOLLOWS:
        return course is Course.STRAY
    if joined.first_ns is None:
        joined.first_ns = received_ns
    joined.last_ns = received_ns
    for wave in heard.waves:
        joiner = joined.joiners.get(wave.channel)
        if joiner is None or not joiner.fits(wave):
            after_ns = NEVER
            if joiner is not None:
                joined.chunks += joiner.finish().chunks
                after_ns = joiner.told_ns
            joiner = joined.joiners[wave.channel] = Joiner(wave, after_ns=after_ns)
        joined.chunks += joiner.take(wave).chunks
    for each in heard.numerics:
        numeric = joined.numerics.get(each.channel)
        if numeric is None:
            numeric = joined.numerics[each.channel] = NumericJoiner(each.channel)
        numeric.take(each)
        joined.values += numeric.tick(each.time_ns).series
    return True

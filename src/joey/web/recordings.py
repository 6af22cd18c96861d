"""What the journal has of a bed, as a recording on the host's clock: what a report is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from joey.errors import ProtocolError
from joey.live import DeviceClock
from joey.live.clocks import Course
from joey.live.joining import Joiner, NumericJoiner
from joey.people import stream_key
from joey.signals import Clock, Grid, Recording, Segment, Series, Signal
from joey.sources.hl7 import SourceSettings, header_of, read_message, read_observations
from joey.store.codebook import CodeBook
from joey.store.journal import shard_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from joey.live import Chunk
    from joey.live.joining import Joined
    from joey.people import StreamKey
    from joey.signals import Channel
    from joey.sources.hl7 import Observations
    from joey.store.journal import Journal

__all__ = ["read_recording"]

STEP = 500  # entries read at once
NS = 1_000_000_000


@dataclass(slots=True)
class _Stream:
    """What was joined of one stream."""

    key: StreamKey
    clock: DeviceClock = field(default_factory=DeviceClock)
    joiners: dict[Channel, list[Joiner]] = field(default_factory=dict)
    numerics: dict[Channel, NumericJoiner] = field(default_factory=dict)
    chunks: dict[tuple[Channel, int], list[Chunk]] = field(default_factory=dict)
    values: dict[Channel, list[Series]] = field(default_factory=dict)
    simulated: bool = False


def read_recording(
    journal: Journal,
    source: str,
    bed: str,
    span_ns: tuple[int, int],
    sources: Mapping[str, SourceSettings],
    zone: str,
) -> Recording:
    """Return what a bed's monitor sent in a span, joined as live.

    Parameters
    ----------
    journal : Journal
        Read only.
    source, bed : str
        Whose messages.
    span_ns : tuple of int
        From when to when they were received. [ns UTC]
    sources : mapping of str to SourceSettings
        By name.
    zone : str
        To print times in.

    Returns
    -------
    Recording
        Of the last stream in the span, on the host's clock: the holds are on it too. Empty where
        nothing was sent. A device whose clock was set begins anew with the new time.
    """
    settings = sources.get(source) or SourceSettings(source)
    stream: _Stream | None = None
    for received_ns, heard in _messages(journal, source, bed, span_ns, settings):
        key = stream_key(source, heard)
        if stream is None or stream.key != key:
            stream = _Stream(key)
        stream = _take(stream, heard, received_ns)
    if stream is None:
        return Recording(clock=Clock(dated=True, zone=zone))
    for (channel, k), joiner in _all_joiners(stream):
        _keep(stream, channel, k, joiner.finish())
    for channel, numeric in stream.numerics.items():
        stream.values.setdefault(channel, []).extend(numeric.finish().series)
    offset = stream.clock.offset_ns or 0
    return Recording(
        signals=tuple(_signal(chunks, offset) for chunks in stream.chunks.values() if chunks),
        series=tuple(_series(parts, offset) for parts in stream.values.values() if parts),
        clock=Clock(dated=True, zone=zone, note="the host's clock"),
        simulated=stream.simulated,
    )


def _messages(
    journal: Journal,
    source: str,
    bed: str,
    span_ns: tuple[int, int],
    settings: SourceSettings,
) -> Iterator[tuple[int, Observations]]:
    shard, at = shard_of(source, bed), journal.at(span_ns[0])
    book = CodeBook(journal.codes(at))
    while entries := journal.read(at, limit=STEP, shards={shard}, kinds=("hl7", "codes")):
        at = entries[-1].seq
        for entry in entries:
            if entry.received_ns >= span_ns[1]:
                return
            if entry.kind == "codes":
                book.take(entry)
                continue
            if entry.source != source or entry.state != "accepted":
                continue
            try:
                message = read_message(entry.payload)
                if not header_of(message).event.startswith("ORU"):
                    continue
                heard = read_observations(message, settings, book.codes)
            except ProtocolError:
                continue
            if heard.location.key == bed and not heard.doubt:
                yield entry.received_ns, heard


def _take(stream: _Stream, heard: Observations, received_ns: int) -> _Stream:
    ends = [
        wave.start_ns + len(wave.counts) * NS * wave.fs.denominator // wave.fs.numerator
        for wave in heard.waves
    ]
    ends += [each.time_ns for each in heard.numerics if not each.aperiodic]
    course = stream.clock.take(received_ns, max(ends)) if ends else Course.FOLLOWS
    if course is Course.STRAY:
        return stream
    if course is Course.STEPPED:
        stream = _Stream(stream.key, stream.clock)
    stream.simulated = stream.simulated or heard.simulated
    for wave in heard.waves:
        joiners = stream.joiners.setdefault(wave.channel, [])
        if not joiners or not joiners[-1].fits(wave):
            joiners.append(Joiner(wave))
        _keep(stream, wave.channel, len(joiners) - 1, joiners[-1].take(wave))
    for each in heard.numerics:
        numeric = stream.numerics.get(each.channel)
        if numeric is None:
            numeric = stream.numerics[each.channel] = NumericJoiner(each.channel)
        stream.values.setdefault(each.channel, []).extend(numeric.take(each).series)
    return stream


def _all_joiners(stream: _Stream) -> Iterable[tuple[tuple[Channel, int], Joiner]]:
    for channel, joiners in stream.joiners.items():
        for k, joiner in enumerate(joiners):
            yield (channel, k), joiner


def _keep(stream: _Stream, channel: Channel, k: int, joined: Joined) -> None:
    stream.chunks.setdefault((channel, k), []).extend(joined.chunks)


def _signal(chunks: Sequence[Chunk], offset_ns: int) -> Signal:
    """Return the chunks of one signal as one, a segment for each grid."""
    segments = []
    group: list[Segment] = []
    for chunk in chunks:
        if group and chunk.segment.grid != group[-1].grid:
            segments.append(_joined(group, offset_ns))
            group = []
        group.append(chunk.segment)
    segments.append(_joined(group, offset_ns))
    one = chunks[0]
    return Signal(one.channel, one.segment.grid.fs, tuple(segments), one.scale, one.offset)


def _joined(segments: Sequence[Segment], offset_ns: int) -> Segment:
    first, stop = segments[0].first, segments[-1].stop
    counts = np.zeros(stop - first, dtype=np.int32)
    measured = np.zeros(stop - first, dtype=np.bool_)
    for segment in segments:
        at = segment.first - first
        counts[at : at + len(segment.counts)] = segment.counts
        measured[at : at + len(segment.counts)] = segment.valid
    edges = np.flatnonzero(np.diff(np.r_[False, measured, False]))
    grid = segments[0].grid
    moved = Grid(grid.start_ns + offset_ns, grid.fs)
    return Segment(moved, first, counts, edges.reshape(-1, 2).astype(np.int64))


def _series(parts: Sequence[Series], offset_ns: int) -> Series:
    return Series(
        parts[0].channel,
        np.concatenate([part.times for part in parts]) + offset_ns / NS,
        np.concatenate([part.values for part in parts]),
        np.concatenate([part.valid_s for part in parts]),
    )

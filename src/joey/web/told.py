"""What the workers told of each bed: spells, and whether anybody is looking at all."""

from __future__ import annotations

import json
from bisect import insort
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from joey.people import stream_id
from joey.store.journal import shard_of
from joey.web.searched import KEPT_NS, Searched, known_until
from joey.web.spells import spell_of, told_once

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from joey.store.archive import Archive, Checkpoint, FactRow, StreamRow
    from joey.store.journal import Journal
    from joey.web.spells import SpellTold

__all__ = ["SOON_NS", "Told"]

NS = 1_000_000_000
KINDS = ("spell", "down", "up", "revised")
SEARCHED = "searched"
READ_AT_ONCE = 4  # beds whose last hour is read in a step after the start
SEEN = ("beats", "pulses", "breaths", "searched")  # facts that show a stream is being looked at
KEPT_S = 26 * 3600  # s of spells that are kept: a day, and the longest night of the year's clock
# A worker commits twice a second however much it has to do; with 250 beds after 2 s, at a mark of
# ten minutes, where it has most to write.
LATE_S = 5.0  # s behind what was received, from which a worker is not up to date
STILL_S = 4.5  # s without a sign of a worker that is behind, from which it is dead
NOTHING_S = 180.0  # s without a fact of a stream, after which nothing in it can be looked at
AHEAD_NS = 5 * NS  # ns; what is told to be later than that is laid wrong
EDGE_NS = 600 * NS  # ns before the spells that are asked for, of which one may be a part
SOON_NS = 30 * NS  # ns by which late data may have put off the start of a spell
LOOK_NS = NS  # ns, between looks at streams and checkpoints


@dataclass(slots=True)
class _Open:
    """A stream that goes on, as of its analysis."""

    shard: str
    known_ns: int  # when it was first read of here
    down_ns: int = 0  # since when a bug has ended it; 0: it goes on
    seen: bool = False  # whether it was ever looked at


@dataclass(slots=True)
class _Bed:
    spells: list[SpellTold] = field(default_factory=list)
    open: dict[str, _Open] = field(default_factory=dict)  # by stream: one of each monitor
    searched: Searched = field(default_factory=Searched)
    revised: list[tuple[str, int, int, int]] = field(default_factory=list)
    """Spans that were told anew: stream, from, to [ns, the device's], asked for at [ns]."""


class Told:
    """The facts of all beds, read on as they come.

    Parameters
    ----------
    archive, journal : Archive, Journal
        Read only.
    now_ns : int
        The host's time. [ns UTC]
    speed : float
        How many of its seconds pass in one.
    starting : callable
        Whether workers wait for loops that are being compiled.
    lay : callable
        Returns a stream as it lies on the host's clock: `joey.web.backlog.laid`.
    """

    def __init__(
        self,
        archive: Archive,
        journal: Journal,
        now_ns: int,
        *,
        speed: float = 1.0,
        starting: Callable[[], bool] = lambda: False,
        lay: Callable[[StreamRow], StreamRow] = lambda row: row,
    ) -> None:
        self._archive = archive
        self._journal = journal
        self._streams: dict[str, StreamRow] = {}
        self._keys: dict[str, str] = {}  # of each stream, as the records name it
        self._at: dict[str, dict[str, StreamRow]] = {}  # by bed and name
        self._beds: dict[str, _Bed] = {}
        self._reached: dict[int, int] = {}  # seq -> when it was received
        self._looked_ns = 0
        self._behind: dict[str, int] = {}  # shard -> when its worker's last entry was received
        self._points: dict[str, tuple[Checkpoint, int]] = {}  # and when it last changed
        self._now_ns = now_ns
        self._speed = speed
        self._is_starting = starting
        self._lay = lay
        self._starting = False
        self._fact = archive.last_fact()
        self._look(now_ns)
        for stream in self._streams.values():
            start = now_ns - KEPT_S * NS - stream.offset_ns
            end = now_ns - min(stream.offset_ns, 0) + NS  # of a backlog it is still to fall
            for row in archive.facts(stream.id, KINDS, start, end):
                self._take(row)
        self._unread = [  # streams of which what was searched in the last hour is still to be read
            stream
            for stream in self._streams.values()
            if stream.closed_ns is None or stream.closed_ns + stream.offset_ns > now_ns - KEPT_NS
        ]

    def step(self, now_ns: int) -> bool:
        """Take what is new; tell whether there was something."""
        if now_ns - self._looked_ns >= LOOK_NS:
            self._look(now_ns)
        for _ in range(min(READ_AT_ONCE, len(self._unread))):
            self._read_back(self._streams[self._unread.pop().id], now_ns)
        rows = self._archive.facts_after(self._fact, kinds=(*KINDS, SEARCHED))
        for row in rows:
            if row.stream not in self._streams:
                self._look(now_ns)
            self._take(row)
            self._fact = row.id
        return bool(rows)

    def spells(
        self,
        bed: str,
        since_ns: int,
        whose: Collection[str] | None = None,
        stays: Callable[[SpellTold], bool] = lambda _: False,
    ) -> list[tuple[int, SpellTold]]:
        """Return the spells of a bed that began after a time, with the host's time. [ns UTC]

        How far a device's clock is off is known better with every minute: the host's time of a
        spell is that of now. What several monitors tell of one spell is told once.

        Parameters
        ----------
        bed : str
            Its key.
        since_ns : int
            By the host's clock. [ns UTC]
        whose : collection of str, optional
            The streams that count, as the records name them; all of the bed by default.
        stays : callable, optional
            Whether a spell is told in any case: somebody has said something of it.
        """
        found = self._beds.get(bed)
        # What was kept back is laid too late until the first message that was not is analyzed.
        until_ns = self._now_ns + AHEAD_NS
        from_ns = since_ns - EDGE_NS
        timed = (
            (at_ns, each)
            for each in ([] if found is None else found.spells)
            if from_ns <= (at_ns := each.start_ns + self._streams[each.stream].offset_ns)
            and at_ns <= until_ns
            and self._counts(each.stream, whose)
        )
        return [pair for pair in told_once(timed, stays) if pair[0] >= since_ns]

    def spell_at(self, stream: str, at_ns: int) -> int | None:
        """Return the start of the spell of a stream that a time is of. [ns UTC, the device's]

        The one that goes on then, else the next within 30 s; None where there is none.
        """
        bed = self._beds[self._streams[stream].bed]
        mine = [each for each in bed.spells if each.stream == stream]
        over = [e.start_ns for e in mine if e.start_ns <= at_ns < e.start_ns + e.seconds * NS]
        soon = [e.start_ns for e in mine if at_ns <= e.start_ns <= at_ns + SOON_NS]
        return max(over) if over else min(soon, default=None)

    def _counts(self, stream: str, whose: Collection[str] | None) -> bool:
        return whose is None or self._keys[stream] in whose

    def streams(self, bed: str) -> list[StreamRow]:
        """Return the streams of a bed."""
        return [*self._at.get(bed, {}).values()]

    def revised_ns(self, bed: str, start_ns: int, end_ns: int) -> int:
        """Return when what was told of a span was last told anew, after late data; 0: never.

        Parameters
        ----------
        bed : str
            Its key.
        start_ns, end_ns : int
            By the host's clock. [ns UTC]
        """
        found = self._beds.get(bed)
        when = 0
        for stream, lo, hi, asked_ns in [] if found is None else found.revised:
            offset_ns = self._streams[stream].offset_ns
            if lo + offset_ns < end_ns and hi + offset_ns > start_ns:
                when = max(when, asked_ns)
        return when

    def looked_from(self, bed: str, since_ns: int, whose: Collection[str] | None = None) -> int:
        """Return from when on a bed's signals can have been looked at, not before a time. [ns UTC]

        That is since its open stream, or one that ended after that time, was opened; `whose` as of
        `spells`.
        """
        opened = [
            stream.opened_ns + stream.offset_ns
            for stream in self.streams(bed)
            if self._counts(stream.id, whose)
            and (stream.closed_ns is None or stream.closed_ns + stream.offset_ns > since_ns)
        ]
        return max(min(opened, default=self._now_ns), since_ns)

    def searched(
        self, bed: str, since_ns: int, whose: Collection[str] | None = None
    ) -> dict[str, float] | None:
        """Return for how long each letter could be searched since a time; None: not known yet.

        Parameters
        ----------
        bed : str
            Its key.
        since_ns : int
            By the host's clock. [ns UTC]
        whose : collection of str, optional
            As of `spells`: what was searched in signals whose spells are not shown tells nothing.
        """
        found = self._beds.get(bed)
        if found is None or any(stream.bed == bed for stream in self._unread):
            return None
        return found.searched.seconds(self._counted(bed, whose), since_ns)

    def known_until(self, bed: str, whose: Collection[str] | None = None) -> float | None:
        """Return until when a bed's spells are known, as of `searched`; None: not known. [s UTC]"""
        found = self._beds.get(bed)
        return (
            None if found is None else known_until(found.searched.ends(self._counted(bed, whose)))
        )

    def _counted(self, bed: str, whose: Collection[str] | None) -> dict[str, StreamRow]:
        rows = self.streams(bed)
        return {stream.id: stream for stream in rows if self._counts(stream.id, whose)}

    def _read_back(self, stream: StreamRow, now_ns: int) -> None:
        end = now_ns - stream.offset_ns
        for row in self._archive.facts(stream.id, (SEARCHED,), end - KEPT_NS, end):
            self._take(row)

    def silence(self, bed: str, received_ns: int) -> tuple[str, int]:
        """Return why a bed is not looked at, and since when; empty where it is.

        ``starting``: nothing can be looked at yet. ``behind``: a worker is at work, and has come to
        that time. ``down``: its analysis has failed, or the worker is dead.

        Parameters
        ----------
        bed : str
            Its key.
        received_ns : int
            When its last message came. [ns UTC]
        """
        found = self._beds.get(bed)
        if found is None:
            return "starting", 0
        if not found.open:  # what was there has ended
            return "", 0
        streams = found.open.values()
        if any(each.down_ns for each in streams):
            return "down", min(each.down_ns for each in streams if each.down_ns)
        shard = min((each.shard for each in streams), key=lambda name: self._behind.get(name, 0))
        reached = self._behind.get(shard, 0)
        late = reached and received_ns - reached > LATE_S * self._speed * NS
        if late and not self._starting:
            _, changed_ns = self._points[shard]
            dead = self._now_ns - changed_ns > STILL_S * self._speed * NS
            return ("down" if dead else "behind"), reached
        fresh = self._now_ns - NOTHING_S * self._speed * NS
        seen = all(each.seen or each.known_ns < fresh for each in streams)
        return ("starting" if late or not seen else ""), 0

    def opened(self, bed: str, whose: Collection[str] | None = None) -> int:
        """Return when the first stream of a bed was opened; 0 where none was; as of `spells`."""
        rows = (each for each in self.streams(bed) if self._counts(each.id, whose))
        return min((each.opened_ns + each.offset_ns for each in rows), default=0)

    def read_seq(self, source: str, bed: str) -> int:
        """Return the entry of the journal that was read last of a bed's source; 0: none."""
        known = self._points.get(_shard(source, bed))
        return 0 if known is None else known[0].seq

    def read_ns(self, source: str, bed: str) -> int:
        """Return when what was read last of a bed's source was received; 0: none. [ns UTC]"""
        return self._behind.get(_shard(source, bed), 0)

    def _look(self, now_ns: int) -> None:
        self._looked_ns = self._now_ns = now_ns
        self._starting = self._is_starting()
        self._look_at_streams()
        points = self._archive.checkpoints()
        self._behind = {name: self._received(point.seq) for name, point in points.items()}
        for name, point in points.items():
            known = self._points.get(name)
            if known is None or known[0] != point or self._starting:
                self._points[name] = point, now_ns
        oldest = now_ns - KEPT_S * NS
        for bed in self._beds.values():
            while bed.spells and bed.spells[0].start_ns < oldest:
                bed.spells.pop(0)
            bed.searched.forget(self._streams, now_ns - KEPT_NS)
            bed.revised = [each for each in bed.revised if each[2] >= oldest]

    def _look_at_streams(self) -> None:
        for stream in map(self._lay, self._archive.streams()):
            self._streams[stream.id] = stream
            self._at.setdefault(stream.bed, {})[stream.id] = stream
            if stream.id not in self._keys:
                self._keys[stream.id] = stream_id(stream.key, 0)
            bed = self._beds.setdefault(stream.bed, _Bed())
            if stream.closed_ns is not None:
                bed.open.pop(stream.id, None)
            elif stream.id not in bed.open:
                bed.open[stream.id] = _Open(_shard(stream.source, stream.bed), self._now_ns)
        for bed in self._beds.values():
            for name, one in bed.open.items():
                one.seen = one.seen or self._archive.first_fact(name, SEEN) is not None

    def _received(self, seq: int) -> int:
        if seq not in self._reached:
            if len(self._reached) > 1000:
                self._reached.clear()
            entry = self._journal.one(seq)
            self._reached[seq] = 0 if entry is None else entry.received_ns
        return self._reached[seq]

    def _take(self, row: FactRow) -> None:
        stream = self._streams[row.stream]
        bed = self._beds[stream.bed]
        if row.kind == "revised":
            # Its spells come after it; those of before are superseded.
            asked_ns = int(json.loads(row.data)["asked_ns"])
            bed.revised.append((row.stream, row.start_ns, row.end_ns, asked_ns))
            bed.spells = [
                each
                for each in bed.spells
                if each.stream != row.stream or not row.start_ns <= each.start_ns < row.end_ns
            ]
        elif row.kind == "spell":
            insort(bed.spells, spell_of(row))
        elif row.kind == SEARCHED:
            bed.searched.take(row)
        elif row.stream in bed.open:
            bed.open[row.stream].down_ns = row.start_ns if row.kind == "down" else 0


def _shard(source: str, bed: str) -> str:
    """Return the name of a bed's checkpoint."""
    return f"shard {shard_of(source, bed)}"

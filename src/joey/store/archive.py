"""The archive: closed frames of samples, the OxyCRG's envelope, facts - and how far they reach.

Everything in it is made from the journal, in one transaction with the place up to which it was
made: a process that is killed goes on from there, and doing a thing twice changes nothing.
Samples are packed without loss (pcodec) in frames of ten minutes of the device's clock.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from joey.people import StreamKey
from joey.signals import Clock, Recording
from joey.store.formats import Layout, open_file
from joey.store.frames import FRAME_NS, pack_frame, pack_values, unpack_frame, unpack_values
from joey.store.journal import StorageError
from joey.store.minutes import COLUMNS as MINUTE
from joey.store.minutes import MAKE as MINUTES
from joey.store.minutes import PULSES, EnvelopeRow, pack_minute, unpack_minute
from joey.store.recordings import after, beyond, series_of, signals_of, values_beyond
from joey.store.revisions import MAKE as REVISIONS
from joey.store.revisions import Revisions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from joey.signals import Series, Signal
    from joey.store.frames import Frame, ValueFrame
    from joey.store.recordings import Samples
    from joey.store.revisions import Revision

__all__ = [
    "Archive",
    "Batch",
    "Checkpoint",
    "EnvelopeRow",
    "Fact",
    "FactRow",
    "Revised",
    "StreamRow",
]

NEVER = -(1 << 62)  # ns, before all

MAKE = """
CREATE TABLE IF NOT EXISTS streams (
    id TEXT PRIMARY KEY, source TEXT NOT NULL, device TEXT NOT NULL, bed TEXT NOT NULL,
    identity_digest TEXT NOT NULL, first_seq INTEGER NOT NULL, opened_ns INTEGER NOT NULL,
    offset_ns INTEGER NOT NULL, simulated INTEGER NOT NULL, closed_ns INTEGER
);
CREATE INDEX IF NOT EXISTS streams_bed ON streams (bed, opened_ns);
CREATE TABLE IF NOT EXISTS frames (
    stream TEXT NOT NULL, channel TEXT NOT NULL, mark_ns INTEGER NOT NULL, part INTEGER NOT NULL,
    revision INTEGER NOT NULL, grid_ns INTEGER NOT NULL, fs TEXT NOT NULL, first INTEGER NOT NULL,
    n INTEGER NOT NULL, dtype TEXT NOT NULL, scale REAL NOT NULL, offset REAL NOT NULL,
    runs BLOB NOT NULL, lo INTEGER NOT NULL, hi INTEGER NOT NULL, hash BLOB NOT NULL,
    writer TEXT NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY (stream, channel, mark_ns, part, revision)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS numerics (
    stream TEXT NOT NULL, channel TEXT NOT NULL, mark_ns INTEGER NOT NULL, part INTEGER NOT NULL,
    revision INTEGER NOT NULL, n INTEGER NOT NULL, hash BLOB NOT NULL, writer TEXT NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (stream, channel, mark_ns, part, revision)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS facts (
    id INTEGER PRIMARY KEY AUTOINCREMENT, stream TEXT NOT NULL, kind TEXT NOT NULL,
    channel TEXT NOT NULL, start_ns INTEGER NOT NULL, end_ns INTEGER NOT NULL,
    revision INTEGER NOT NULL, seq INTEGER NOT NULL, data BLOB NOT NULL, superseded INTEGER
);
CREATE UNIQUE INDEX IF NOT EXISTS facts_once
    ON facts (stream, kind, channel, start_ns, end_ns, revision, data);
CREATE INDEX IF NOT EXISTS facts_when ON facts (stream, kind, start_ns);
CREATE TABLE IF NOT EXISTS checkpoints (
    name TEXT PRIMARY KEY, seq INTEGER NOT NULL, state TEXT NOT NULL, again INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS proofs (
    name TEXT NOT NULL, stream TEXT NOT NULL, channel TEXT NOT NULL, mark_ns INTEGER NOT NULL,
    part INTEGER NOT NULL, revision INTEGER NOT NULL, since INTEGER NOT NULL, seq INTEGER NOT NULL,
    reads INTEGER NOT NULL, wrong INTEGER NOT NULL,
    PRIMARY KEY (name, stream, channel, mark_ns, part, revision)
) WITHOUT ROWID;
"""
LAYOUT = Layout(
    3,
    MAKE + MINUTES + REVISIONS,
    "move archive.db away, and it is made anew as far back as the journal reaches; or run that"
    " version",
    {
        1: "ALTER TABLE facts ADD COLUMN superseded INTEGER;"
        "ALTER TABLE envelope ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;",
        2: PULSES,
    },
)
FACT = "id, stream, kind, channel, start_ns, end_ns, revision, seq, data"
FRAME = (
    "stream, channel, mark_ns, part, revision, grid_ns, fs, first, n, dtype, scale, offset, runs,"
    " lo, hi, hash, writer, data"
)
VALUES = "stream, channel, mark_ns, part, revision, n, hash, writer, data"
KEEP_VALUES = f"INSERT OR IGNORE INTO numerics ({VALUES}) VALUES ({', '.join('?' * 9)})"  # noqa: S608
# What a frame was made from lies between where its stream would have been read again before it was
# kept, and how far the worker had come with it; of one that was made anew its revision knows.
TO_PROVE = (
    "INSERT OR IGNORE INTO proofs SELECT ?, ?, ?, ?, ?, ?, coalesce((SELECT since FROM revisions"
    " WHERE stream = ? AND number = ?), (SELECT again FROM checkpoints WHERE name = ?),"
    " (SELECT first_seq FROM streams WHERE id = ?), 0), ?, 0, 0"
)
KEEP_FACT = (
    "INSERT OR IGNORE INTO facts (stream, kind, channel, start_ns, end_ns, revision, seq, data)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
KEEP_FRAME = f"INSERT OR IGNORE INTO frames ({FRAME}) VALUES ({', '.join('?' * 18)})"  # noqa: S608


@dataclass(frozen=True, slots=True)
class StreamRow:
    """A stream: its name, what it is of, since when, and its clock.

    Parameters
    ----------
    id, source, device, bed, identity_digest : str
        As `people.stream_id` and `people.StreamKey`.
    first_seq : int
        The entry of the journal with which it began.
    opened_ns : int
        The device's time of its first sample. [ns UTC]
    offset_ns : int
        Host minus device, as last measured. [ns]
    simulated : bool
        Whether no infant was measured.
    closed_ns : int or None
        When another stream took its bed. [ns UTC, the device's]
    """

    id: str
    source: str
    device: str
    bed: str
    identity_digest: str
    first_seq: int
    opened_ns: int
    offset_ns: int = 0
    simulated: bool = False
    closed_ns: int | None = None

    @property
    def key(self) -> StreamKey:
        """What makes it one stream, as the records know it."""
        return StreamKey(self.source, self.device, self.bed, self.identity_digest)


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that became final, as bytes that the package above packs and reads.

    Parameters
    ----------
    stream, kind, channel : str
        Of what; kinds are those of `joey.serve`.
    start_ns, end_ns : int
        Of the fact; of one moment they are the same. [ns UTC, the device's]
    seq : int
        The entry of the journal with which it became final.
    data : bytes
        The rest.
    revision : int
        Rises where it supersedes what was told before of the same time.
    """

    stream: str
    kind: str
    channel: str
    start_ns: int
    end_ns: int
    seq: int
    data: bytes
    revision: int = 0


@dataclass(frozen=True, slots=True)
class FactRow:
    """A fact with its number; numbers rise, so that a reader knows what is new."""

    id: int
    stream: str
    kind: str
    channel: str
    start_ns: int
    end_ns: int
    revision: int
    seq: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far a worker has come: the place in the journal, and what it needs to go on.

    Parameters
    ----------
    name : str
        Of a shard or a stream.
    seq : int
        The last entry of which all is kept.
    state : str
        What the worker needs to go on.
    again : int
        Of a stream, the first entry that is read again to go on.
    """

    name: str
    seq: int
    state: str = ""
    again: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Revised:
    """A revision that was made, with what it tells; nothing where it could not be made."""

    revision: Revision
    facts: Sequence[Fact] = ()
    envelope: Sequence[EnvelopeRow] = ()
    frames: Sequence[Frame] = ()
    values: Sequence[ValueFrame] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """What a worker has to keep, all of it or nothing."""

    streams: Sequence[StreamRow] = ()
    frames: Sequence[Frame] = ()
    envelope: Sequence[EnvelopeRow] = ()
    facts: Sequence[Fact] = ()
    checkpoints: Sequence[Checkpoint] = ()
    values: Sequence[ValueFrame] = ()
    asked: Sequence[Revision] = ()
    ended: Sequence[tuple[str, int]] = ()
    revised: Sequence[Revised] = ()


class Archive:
    """The archive in one SQLite file; several processes may write and read at once.

    Parameters
    ----------
    path : Path
        The file; made if absent, with its folder.
    read_only : bool
        Whether it is only read; the file must exist.

    Raises
    ------
    StorageError
        If it cannot be opened.
    FormatError
        If another version of Joey wrote it, whose format cannot be brought up.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        try:
            # What a power cut takes is made again from the journal, which is durable.
            self._db = open_file(path, LAYOUT, read_only=read_only, durable=False)
            self.revisions = Revisions(self._db)
        except (sqlite3.Error, OSError) as error:
            raise StorageError(f"the archive cannot be opened: {error}") from error

    def write(self, batch: Batch) -> None:
        """Keep a batch, all or nothing; what is there already stays as it is.

        Raises
        ------
        StorageError
            If it could not be kept.
        """
        made = batch.revised
        frames = [*batch.frames, *(frame for each in made for frame in each.frames)]
        values = [*batch.values, *(frame for each in made for frame in each.values)]
        packed = [pack_frame(frame) for frame in frames]  # before anybody has to wait
        numerics = [pack_values(frame) for frame in values]
        db = self._db
        try:
            db.execute("BEGIN IMMEDIATE")
            self._streams(batch.streams)
            db.executemany(KEEP_FRAME, packed)
            db.executemany(KEEP_VALUES, numerics)
            self.revisions.ask(batch.asked, batch.ended)
            reached = max((point.seq for point in batch.checkpoints), default=0)
            for table, rows in (("frames", packed), ("numerics", numerics)):
                db.executemany(
                    TO_PROVE,
                    [
                        (table, *row[:5], row[0], row[4], row[0], row[0], reached)
                        for row in rows
                    ],
                )  # fmt: skip
            self._tell(batch)
            for each in made:
                self.revisions.supersede(each.revision)
                db.executemany(KEEP_FACT, [_fact(fact) for fact in each.facts])
                self._minutes(each.envelope, each.revision.number)
            db.executemany(
                "INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?, ?)",
                [(each.name, each.seq, each.state, each.again) for each in batch.checkpoints],
            )
            db.execute("COMMIT")
        except sqlite3.Error as error:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise StorageError(f"the archive cannot be written: {error}") from error

    def _tell(self, batch: Batch) -> None:
        """Keep what was told for the first time, unless it was told anew before."""
        revised = self.revisions.any_done()
        before = self.last_fact() if revised else 0
        self._db.executemany(KEEP_FACT, [_fact(fact) for fact in batch.facts])
        if not revised:
            self._minutes(batch.envelope, 0)
            return
        self.revisions.behind(before)
        is_behind = self.revisions.minute_is_behind
        behind = [each for each in batch.envelope if is_behind(each.stream, each.minute_ns)]
        self._minutes([each for each in batch.envelope if each not in behind], 0)
        self._minutes(behind, 0, "envelope_before")

    def _minutes(self, rows: Sequence[EnvelopeRow], revision: int, table: str = "envelope") -> None:
        self._db.executemany(
            f"INSERT OR IGNORE INTO {table} ({MINUTE}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
            [pack_minute(row, revision) for row in rows],
        )

    def _streams(self, rows: Iterable[StreamRow]) -> None:
        self._db.executemany(
            "INSERT INTO streams VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE"
            " SET opened_ns = excluded.opened_ns, offset_ns = excluded.offset_ns,"
            " closed_ns = excluded.closed_ns",
            [
                (
                    row.id, row.source, row.device, row.bed, row.identity_digest, row.first_seq,
                    row.opened_ns, row.offset_ns, row.simulated, row.closed_ns,
                )
                for row in rows
            ],
        )  # fmt: skip

    def checkpoints(self) -> dict[str, Checkpoint]:
        """Return how far each worker has come, by name."""
        rows = self._db.execute("SELECT name, seq, state, again FROM checkpoints")
        return {row[0]: Checkpoint(*row) for row in rows}

    def streams(self, bed: str = "") -> list[StreamRow]:
        """Return the streams of a bed, or of all, in the order in which they were opened."""
        where = "WHERE bed = ?" if bed else ""
        rows = self._db.execute(
            f"SELECT * FROM streams {where} ORDER BY opened_ns, id",  # noqa: S608  (no text of a caller)
            (bed,) if bed else (),
        )
        return [StreamRow(*row[:8], *(bool(row[8]), *row[9:])) for row in rows]

    def facts_after(
        self, number: int, *, kinds: Sequence[str] = (), limit: int = 5000
    ) -> list[FactRow]:
        """Return the facts after a number, of all streams, in the order in which they came.

        Parameters
        ----------
        number : int
            The last one known.
        kinds : sequence of str
            Only these; all by default.
        limit : int
            At most so many.
        """
        wanted = f"AND kind IN ({', '.join('?' * len(kinds))})" if kinds else ""
        rows = self._db.execute(
            f"SELECT {FACT} FROM facts WHERE id > ? AND superseded IS NULL {wanted}"  # noqa: S608
            " ORDER BY id LIMIT ?",
            (number, *kinds, limit),
        )
        return [FactRow(*row) for row in rows]

    def first_fact(self, stream: str, kinds: Sequence[str]) -> int | None:
        """Return when the first fact of these kinds of a stream begins; None: there is none."""
        wanted = ", ".join("?" * len(kinds))
        found = self._db.execute(
            f"SELECT min(start_ns) FROM facts WHERE stream = ? AND kind IN ({wanted})",  # noqa: S608
            (stream, *kinds),
        )
        first: int | None = found.fetchone()[0]
        return first

    def last_fact(self) -> int:
        """Return the number of the last fact; 0 where there is none."""
        return int(self._db.execute("SELECT coalesce(max(id), 0) FROM facts").fetchone()[0])

    def facts(
        self,
        stream: str,
        kinds: Sequence[str],
        start_ns: int,
        end_ns: int,
        longest_ns: int = 1 << 62,
    ) -> list[FactRow]:
        """Return the facts of a stream that touch a span, by kind and start: what stands. [ns]

        Where none of the kinds is longer than `longest_ns`, older ones are not looked at (by
        default all are): those of a stream of weeks are many.
        """
        wanted = ", ".join("?" * len(kinds))
        rows = self._db.execute(
            f"SELECT {FACT} FROM facts WHERE stream = ? AND kind IN ({wanted})"  # noqa: S608
            " AND start_ns >= ? AND start_ns < ? AND end_ns >= ? AND superseded IS NULL"
            " ORDER BY kind, start_ns, id",
            (stream, *kinds, start_ns - longest_ns, end_ns, start_ns),
        )
        return [FactRow(*row) for row in rows]

    def envelope(self, stream: str, start_ns: int, end_ns: int) -> list[EnvelopeRow]:
        """Return the minutes of a stream that begin in a span, in order. [ns]"""
        rows = self._db.execute(
            f"SELECT {MINUTE} FROM envelope WHERE stream = ? AND minute_ns >= ? AND minute_ns < ?"  # noqa: S608
            " ORDER BY minute_ns",
            (stream, start_ns, end_ns),
        )
        return [unpack_minute(row) for row in rows]

    def frames(self, stream: str, start_ns: int, end_ns: int) -> list[Frame]:
        """Return the frames that may touch a span, in order: of each mark the newest. [ns]

        Raises
        ------
        StorageError
            If a frame is not what was written.
        """
        rows = self._db.execute(
            f"SELECT {FRAME} FROM frames WHERE stream = ? AND mark_ns > ? AND mark_ns < ?"  # noqa: S608
            " ORDER BY channel, mark_ns, part, revision",
            (stream, start_ns - FRAME_NS, end_ns),
        )
        return [unpack_frame(row) for row in self._standing(stream, rows)]

    def values(self, stream: str, start_ns: int, end_ns: int) -> list[ValueFrame]:
        """Return the frames of numerics that may touch a span: of each mark the newest. [ns]

        Raises
        ------
        StorageError
            If a frame is not what was written.
        """
        rows = self._db.execute(
            f"SELECT {VALUES} FROM numerics WHERE stream = ? AND mark_ns > ? AND mark_ns < ?"  # noqa: S608
            " ORDER BY channel, mark_ns, part, revision",
            (stream, start_ns - FRAME_NS, end_ns),
        )
        return [unpack_values(row) for row in self._standing(stream, rows)]

    def _standing(self, stream: str, rows: Iterable[tuple[Any, ...]]) -> Iterable[tuple[Any, ...]]:
        """Return of frames those that stand, in their order.

        A mark that was made anew has frames of that revision alone: its grids may be others.
        """
        anew = self.revisions.standing(stream)
        for row in _newest(rows):
            if row[4] >= max((n for lo, hi, n in anew if lo <= row[2] < hi), default=0):
                yield row

    def places_before(self, stream: str, before_ns: int, upto: int) -> tuple[bytes, int] | None:
        """Return from where a stream can be worked on anew for what is after a time. [ns]

        Parameters
        ----------
        stream : str
            Its name.
        before_ns : int
            The place is before this. [ns UTC, the device's]
        upto : int
            As known with this entry of the journal.

        Returns
        -------
        (bytes, int) or None
            The data of the fact of kind ``resume``, and the entry of the journal before which
            nothing of later times came. None where the stream began later.
        """
        where = (
            "FROM facts WHERE stream = ? AND kind = 'resume' AND start_ns <= ? AND seq <= ?"
            " {} ORDER BY start_ns DESC, id LIMIT 1"
        )
        newest = self._db.execute(
            f"SELECT start_ns, data {where.format('AND superseded IS NULL')}",
            (stream, before_ns, upto),
        ).fetchone()
        if newest is None:
            return None
        first = self._db.execute(
            f"SELECT seq {where.format('AND revision = 0')}",
            (stream, newest[0], upto),
        ).fetchone()
        return (newest[1], int(first[0])) if first is not None else None

    def recording(
        self,
        streams: Sequence[StreamRow],
        start_ns: int,
        end_ns: int,
        *,
        samples: Sequence[Samples] = (),
        values: Sequence[Series] = (),
    ) -> Recording:
        """Return what was measured in a span: grids, counts, runs and scales as they were joined.

        What came too late, and corrections, are in it as far as the facts were told anew with them.

        Parameters
        ----------
        streams : sequence of StreamRow
            Of one infant, in the order of time; each is laid on the host's clock by its offset.
        start_ns, end_ns : int
            From when to before when, by the host's clock. [ns UTC]
        samples, values : sequence of Samples, Series
            Of the last stream, in order: what is in no frame yet. They may overlap with frames.

        Raises
        ------
        StorageError
            If a frame is not what was written.
        """
        signals: list[Signal] = []
        series: list[Series] = []
        for row in streams:
            lo, hi = start_ns - row.offset_ns, end_ns - row.offset_ns
            frames = [each for each in self.frames(row.id, lo, hi) if each.part >= 0]
            numbers = [each.series for each in self.values(row.id, lo, hi) if each.part >= 0]
            pieces: list[Samples] = [*frames]
            if row is streams[-1]:
                anew_ns = max((end for _, end, _ in self.revisions.standing(row.id)), default=NEVER)
                pieces += after(beyond(frames, samples), anew_ns)
                numbers += values_beyond(numbers, values)
            signals += signals_of(pieces, start_ns, end_ns, row.offset_ns)
            series += series_of(numbers, start_ns, end_ns, row.offset_ns)
        return Recording(
            signals=tuple(signals),
            series=tuple(series),
            clock=Clock(dated=True, note="the host's clock"),
            simulated=any(row.simulated for row in streams),
        )

    def damaged(self) -> list[tuple[str, int]]:
        """Return the frames found not to be what was written: bed, and mark by the host's clock.

        It is what `joey.store.proofs` found when it last looked. [ns UTC]
        """
        rows = self._db.execute(
            "SELECT bed, mark_ns + offset_ns FROM proofs JOIN streams ON streams.id = stream"
            " WHERE wrong ORDER BY mark_ns + offset_ns"
        )
        return [(str(bed), int(at)) for bed, at in rows]

    def count_facts(self) -> int:
        """Return how many facts there are."""
        return int(self._db.execute("SELECT count(*) FROM facts").fetchone()[0])

    def examine(self, start_ns: int = NEVER, end_ns: int = -NEVER) -> Iterator[str]:
        """Unpack the frames that begin in a span; of each yield what is wrong, empty if nothing.

        Parameters
        ----------
        start_ns, end_ns : int
            Of the mark; all by default. [ns UTC, the device's]
        """
        for columns, table, unpack in (
            (FRAME, "frames", unpack_frame),
            (VALUES, "numerics", unpack_values),
        ):
            rows = self._db.execute(
                f"SELECT {columns} FROM {table} WHERE mark_ns >= ? AND mark_ns < ?",  # noqa: S608
                (start_ns, end_ns),
            )
            for row in rows:
                try:
                    unpack(row)
                except StorageError as error:
                    yield str(error)
                else:
                    yield ""

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def _newest(rows: Iterable[tuple[Any, ...]]) -> Iterable[tuple[Any, ...]]:
    """Return the last row of each channel, mark and part, in their order."""
    return {(row[1], row[2], row[3]): row for row in rows}.values()


def _fact(f: Fact) -> tuple[object, ...]:
    return f.stream, f.kind, f.channel, f.start_ns, f.end_ns, f.revision, f.seq, f.data

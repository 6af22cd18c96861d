"""Records of people, stays and holds: what the journal says of them, as tables.

Everything here can be made again from the journal. What is applied is applied once: rows and the
place in the journal are committed together.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from sqlalchemy import insert, select, update
from sqlalchemy.exc import DataError, IntegrityError, OperationalError

from joey.errors import BUGS, ProtocolError, tell_bug
from joey.sources.codes import CodeMap
from joey.sources.hl7 import (
    SourceSettings,
    header_of,
    location_of,
    read_admission,
    read_message,
    read_observations,
)
from joey.store.journal import StorageError
from joey.store.records.admissions import admit
from joey.store.records.again import (
    AGAIN,
    GONE,
    OVERTAKEN,
    forget_apart,
    is_apart,
    is_overtaken,
    may_be_tried,
    note_failure,
    to_try,
    tried_by,
)
from joey.store.records.apart import Apart, apart_of, set_apart
from joey.store.records.engine import open_engine, writing
from joey.store.records.holding import (
    SPELL_TAGS,
    TapView,
    apply_tap,
    beds_of_hold,
    held_instead,
    parse_tap,
    standing_taps,
)
from joey.store.records.staying import Place, beds_that_tell
from joey.store.records.streams import Seen, attach, attach_bed, seen_of
from joey.store.records.tables import applied
from joey.store.records.views import (
    Association,
    BedView,
    HolderView,
    HoldView,
    InfantView,
    associations_of,
    bed_keys,
    bed_view,
    hold_view,
    tags_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import Connection

    from joey.holds import Piece
    from joey.holds.taps import HoldTap
    from joey.sources.hl7 import Admission, Message
    from joey.store.journal import Entry
    from joey.store.records.holding import Tap

__all__ = [
    "AGAIN",
    "OVERTAKEN",
    "SPELL_TAGS",
    "Apart",
    "Applied",
    "Association",
    "BedView",
    "HoldView",
    "HolderView",
    "InfantView",
    "Place",
    "Records",
    "TapView",
    "may_be_tried",
    "to_try",
]

PROJECTION = "records"
NO_CODES = CodeMap()  # who it is does not hang on what is measured
MOST_MONITORS = 16  # of a bed that are remembered: a loop of names must not fill the memory
WHO = {b"PID", b"PV1"}  # the segments that say whose signals these are
OF_ONE = (*BUGS, DataError, IntegrityError)  # what is of one entry; else the database is not well
log = logging.getLogger("joey.records")


class Applied:
    """What a batch of entries changed: beds by key, and refusals by the key of tap or trial."""

    __slots__ = ("beds", "refused")

    def __init__(self) -> None:
        self.beds: set[str] = set()
        self.refused: dict[str, str] = {}


class Records:
    """The records of a unit, on SQLite or PostgreSQL.

    Parameters
    ----------
    url : str
        As SQLAlchemy writes it; tables are made or brought up to date.
    sources : mapping of str to SourceSettings
        By the name that the journal gives a source.
    """

    def __init__(self, url: str, sources: Mapping[str, SourceSettings] | None = None) -> None:
        self._engine = open_engine(url)
        self._sources = dict(sources or {})
        # By bed, then by source and monitor: who was said to be there, since streams there changed.
        self._last: dict[str, dict[tuple[str, bytes, bytes], tuple[bytes, ...]]] = {}
        self._seen: dict[str, Seen] = {}  # by bed, the last

    def applied(self) -> int:
        """Return the place in the journal up to which entries were applied."""
        with self._engine.connect() as connection:
            return _applied(connection)

    def apply(self, entries: Sequence[Entry]) -> Applied:
        """Apply entries in the order of the journal; those applied before change nothing.

        All of a batch are committed together with the place in the journal, or none. An entry of
        which the tables cannot hold what it says, or that shows a bug, changes nothing and is set
        apart (`apart`): the others go on.

        Raises
        ------
        StorageError
            If they could not be written: the same can be tried again.
        """
        done = Applied()
        if not entries:
            return done
        try:
            with writing(self._engine) as connection:
                before = _applied(connection)
                for entry in entries:
                    if entry.seq > before and entry.state == "accepted":
                        self._take(connection, entry, done)
                _note_applied(connection, max(before, entries[-1].seq))
        except OperationalError as error:
            self._last.clear()  # what is remembered of it was not kept
            msg = f"the records cannot be written: {_first_of(error).orig}"
            raise StorageError(msg) from error
        return done

    def bed_keys(self) -> tuple[str, ...]:
        """Return all beds in room order."""
        with self._engine.connect() as connection:
            return bed_keys(connection)

    def bed(self, key: str, now_ns: int) -> BedView | None:
        """Return one bed; None where there is no such bed."""
        with self._engine.connect() as connection:
            return bed_view(connection, key, now_ns)

    def hold(self, key: str, now_ns: int) -> HoldView | None:
        """Return a hold, also of an infant who has left; None where it is none, or taken back."""
        with self._engine.connect() as connection:
            return hold_view(connection, key, now_ns)

    def associations(self, bed: str = "") -> tuple[Association, ...]:
        """Return whose the streams are, of one bed or of all."""
        with self._engine.connect() as connection:
            return associations_of(connection, bed)

    def tags(self, stream: str, since_ns: int) -> dict[int, tuple[str, ...]]:
        """Return the tags of each spell of a stream that has any, by its start [ns], in order."""
        with self._engine.connect() as connection:
            return tags_of(connection, stream, since_ns)

    def apart(self) -> tuple[Apart, ...]:
        """Return the entries that could not be applied, the latest first."""
        with self._engine.connect() as connection:
            return apart_of(connection)

    def standing_taps(self, bed: str, since_ns: int) -> tuple[TapView, ...]:
        """Return the taps on holds of a bed's infant that can be taken back. [ns UTC]"""
        with self._engine.connect() as connection:
            return standing_taps(connection, bed, since_ns)

    def held_instead(self, tap: str) -> tuple[HoldTap, Piece] | None:
        """Return a start that was refused as a hold ran, and who held by that hold; else None."""
        with self._engine.connect() as connection:
            return held_instead(connection, tap)

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def _take(self, connection: Connection, entry: Entry, done: Applied) -> None:
        """Apply one entry, or set it apart: what it had changed is taken back then."""
        if entry.kind == AGAIN:
            self._take_again(connection, entry, done)
            return
        failed = self._try(connection, entry, done)
        if failed:
            set_apart(connection, entry, failed)
            if entry.kind == "tap":
                done.refused[entry.control_id] = "it could not be applied: see the feed page"

    def _take_again(self, connection: Connection, entry: Entry, done: Applied) -> None:
        """Try again what was set apart; where it was not, as in a replay that had it, nothing."""
        seq, tried = tried_by(entry)
        if not is_apart(connection, seq):
            done.refused[entry.control_id] = GONE
            return
        failed = self._try(connection, tried, done, again=True)
        if failed:
            note_failure(connection, seq, failed)
            words = f"it could not be applied this time either ({failed})"
            done.refused[entry.control_id] = failed if failed == OVERTAKEN else words
            return
        forget_apart(connection, seq)
        if tried.control_id in done.refused:
            done.refused[entry.control_id] = done.refused[tried.control_id]

    def _try(
        self, connection: Connection, entry: Entry, done: Applied, *, again: bool = False
    ) -> str:
        """Apply one entry; return the name of what stood against it, with all as it was before."""
        try:
            work = self._read(entry, done)
            if work is not None:
                with connection.begin_nested():
                    if again and self._is_overtaken(connection, entry):
                        return OVERTAKEN
                    work(connection)
        except OF_ONE as error:
            tell_bug(log, error, f"entry {entry.seq} was not applied to the records")
            return type(error).__name__
        return ""

    def _is_overtaken(self, connection: Connection, entry: Entry) -> bool:
        if entry.kind != "hl7":
            return False
        source = self._sources.get(entry.source, SourceSettings(entry.source))
        said = read_admission(read_message(entry.payload), source)
        return said is not None and is_overtaken(connection, said, entry.received_ns)

    def _read(self, entry: Entry, done: Applied) -> Callable[[Connection], None] | None:
        """Return what an entry does to the tables; None where it does nothing."""
        if entry.kind == "tap":
            try:
                tap = parse_tap(entry.payload)
            except ValueError as error:
                done.refused[entry.control_id] = str(error)
                return None
            return lambda connection: _tap(connection, tap, entry, done)
        return self._hear(entry, done) if entry.kind == "hl7" else None

    def _hear(self, entry: Entry, done: Applied) -> Callable[[Connection], None] | None:
        source = self._sources.get(entry.source, SourceSettings(entry.source))
        try:
            message = read_message(entry.payload)
            if header_of(message).event.startswith("ADT"):
                said = read_admission(message, source)
                if said is None:
                    return None
                return lambda connection: self._admit(connection, said, entry, done)
            who = tuple(line for line in message.lines if line[:3] in WHO)
            last = self._last.setdefault(location_of(message).key, {})
            monitor = entry.source, *_monitor(message)
            if last.get(monitor) == who:
                return None
            if len(last) >= MOST_MONITORS:
                last.clear()
            last[monitor] = who  # before it is read: a bed of which it fails says it each second
            seen = seen_of(read_observations(message, source, NO_CODES), entry.source)
        except ProtocolError:
            return None  # intake keeps it in quarantine: nothing of it is anybody's
        return lambda connection: self._attach(connection, seen, entry, done)

    def _admit(self, connection: Connection, said: Admission, entry: Entry, done: Applied) -> None:
        at = entry.received_ns
        changed = admit(connection, said, entry.seq, at)
        for bed in changed:
            attach_bed(connection, bed, self._seen.get(bed), entry.seq, at)
            self._last.pop(bed, None)  # the others are asked again as they speak
        done.beds |= beds_that_tell(connection, changed, at)

    def _attach(self, connection: Connection, seen: Seen, entry: Entry, done: Applied) -> None:
        if seen.bed:
            self._seen[seen.bed] = seen
            if attach(connection, seen, entry.seq, entry.received_ns):
                done.beds.add(seen.bed)
                self._last.pop(seen.bed, None)  # others may have lost their place


def _monitor(message: Message) -> tuple[bytes, bytes]:
    """Return what tells one monitor from another: MSH-3, and OBX-18 of its own row or the first."""
    separator, first = message.separators.field, b""
    for line in message.lines:
        own = b"_MDS" in line
        if line[:3] == b"OBX" and (own or not first):
            named = b"".join(line.split(separator, 19)[18:19])
            first = named or first
            if own and named:
                break
    return b"".join(message.lines[0].split(separator, 3)[2:3]), first


def _first_of(error: OperationalError) -> OperationalError:
    """Return what went wrong first: SQLite gives up the savepoints itself where a disk is full."""
    first, before = error, error.__context__
    while before is not None:
        if isinstance(before, OperationalError):
            first = before
        before = before.__context__
    return first


def _tap(connection: Connection, tap: Tap, entry: Entry, done: Applied) -> None:
    refused = apply_tap(connection, tap, entry.seq, entry.received_ns)
    if refused:
        done.refused[tap.id] = refused
    # The infant may lie elsewhere by now: that page shows the hold.
    concerned = {tap.bed, *beds_of_hold(connection, tap)}
    done.beds |= beds_that_tell(connection, concerned, entry.received_ns)


def _applied(connection: Connection) -> int:
    row = connection.execute(select(applied.c.seq).where(applied.c.name == PROJECTION)).first()
    return 0 if row is None else int(row.seq)


def _note_applied(connection: Connection, seq: int) -> None:
    mine = update(applied).where(applied.c.name == PROJECTION).values(seq=seq)
    if connection.execute(mine).rowcount == 0:
        connection.execute(insert(applied).values(name=PROJECTION, seq=seq))

"""Entries that were set apart, tried again: an entry of the journal itself, at a place of its own.

What is tried is in it, so that a replay tries the same at the same place, whatever was trimmed. A
message that admits or moves somebody is true of its own time: where more was told of the infant or
of the bed since, it is not tried. A tap counts as one that a tablet had kept.
"""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import delete, or_, select, update

from joey.store.journal import NewEntry
from joey.store.records.admissions import find_infant
from joey.store.records.tables import apart, names, stays

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from joey.sources.hl7 import Admission
    from joey.store.journal import Entry

__all__ = [
    "AGAIN",
    "GONE",
    "OVERTAKEN",
    "forget_apart",
    "is_apart",
    "is_overtaken",
    "may_be_tried",
    "note_failure",
    "to_try",
    "tried_by",
]

AGAIN = "again"
"""The kind of such an entry."""

OVERTAKEN = "more was told of the infant or the bed since"
GONE = "it is not set apart any more"
HEAD = 4096  # bytes in which the type of a message stands
LONGEST = 64  # characters of a reason


def may_be_tried(entry: Entry) -> bool:
    """Whether an entry can help once it is tried again: a tap, or a message of an admission system.

    What a monitor says of whose its signals are it says with every message. The message is not
    parsed: it may be what shows a bug.
    """
    if entry.kind != "hl7":
        return entry.kind == "tap"
    first = entry.payload[:HEAD].split(b"\r", 1)[0]
    fields = first.split(first[3:4]) if len(first) > 3 else []
    return len(fields) > 8 and fields[8].startswith(b"ADT")


def to_try(entry: Entry, now_ns: int) -> NewEntry:
    """Return the journal's entry by which another is tried again. [ns UTC]"""
    said = {
        "of": entry.seq,
        "kind": entry.kind,
        "received_ns": entry.received_ns,
        "control_id": entry.control_id,
        "payload": base64.b64encode(entry.payload).decode("ascii"),
    }
    payload = json.dumps(said, sort_keys=True, separators=(",", ":")).encode()
    return NewEntry(now_ns, AGAIN, entry.source, payload, control_id=str(entry.seq))


def tried_by(entry: Entry) -> tuple[int, Entry]:
    """Return the place of what an entry tries again, and that as it is applied now.

    A tap came now; a message came when it came.
    """
    said = json.loads(entry.payload)
    tap = said["kind"] == "tap"
    tried = replace(
        entry,
        kind=str(said["kind"]),
        received_ns=entry.received_ns if tap else int(said["received_ns"]),
        payload=base64.b64decode(said["payload"]),
        control_id=str(said["control_id"]),
    )
    return int(said["of"]), tried


def is_apart(connection: Connection, seq: int) -> bool:
    """Whether an entry is set apart."""
    return connection.execute(select(apart.c.seq).where(apart.c.seq == seq)).first() is not None


def forget_apart(connection: Connection, seq: int) -> None:
    """Note that an entry is set apart no more: it was applied, or refused with a reason."""
    connection.execute(delete(apart).where(apart.c.seq == seq))


def note_failure(connection: Connection, seq: int, reason: str) -> None:
    """Note why an entry stays set apart."""
    mine = update(apart).where(apart.c.seq == seq)
    connection.execute(mine.values(reason=reason[:LONGEST]))


def is_overtaken(connection: Connection, said: Admission, received_ns: int) -> bool:
    """Whether more was told of the infant or the bed of a message since its time. [ns UTC]"""
    at = min(said.event_ns or received_ns, received_ns)
    infant = find_infant(connection, said)
    since = or_(stays.c.since_ns > at, stays.c.until_ns > at)
    here = or_(stays.c.bed == said.location.key, stays.c.infant == infant)
    if connection.execute(select(stays.c.id).where(here, since).limit(1)).first() is not None:
        return True
    renamed = names.c.infant == infant, names.c.since_ns > at
    return connection.execute(select(names.c.id).where(*renamed).limit(1)).first() is not None

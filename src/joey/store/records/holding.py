"""What taps at the bedside do: holds, tags on spells, and streams given to an infant."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, delete, insert, or_, select, update

from joey.holds.taps import (
    AHEAD_S,
    HOLD_TAPS,
    LEFT_UNIT,
    HoldTap,
    changes,
    end_by_leaving,
    fold_taps,
    why_clashes,
    why_refused,
)
from joey.people import plain_name
from joey.store.records.staying import GONE, infant_at, infant_then, left_ns, next_stay_ns
from joey.store.records.tables import associations, beds, holders, stays, tags, taps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Row

    from joey.holds import Hold, Piece

__all__ = [
    "NO_TAG",
    "SPELL_TAGS",
    "Tap",
    "TapView",
    "apply_tap",
    "beds_of_hold",
    "carried_on",
    "cut_short",
    "held_instead",
    "hold_of",
    "holds_of",
    "open_hold",
    "parse_tap",
    "standing_taps",
    "taps_of",
    "whose_hold",
]

NS = 1_000_000_000
DAY_NS = 86_400 * NS
SPELL_TAGS = (
    "self_resolved",
    "stimulated",
    "oxygen_up",
    "bagged",
    "feeding",
    "artifact",
)
"""What was done, or was going on, in a spell."""

NO_TAG = "none"  # said of a spell whose tag was wrong: nothing was charted of it
LONGEST_TEXT = 500  # characters of anything a tablet may send
LARGEST = 2**63  # whole numbers are below: what the tables can hold
KEPT_NS = 60 * NS  # ns; a tap that is older was kept on a tablet without a link
RUNS_ALREADY = "a hold runs here already, started by another tap"
KINDS = (*HOLD_TAPS, "tag", "associate", "release")


@dataclass(frozen=True, slots=True)
class Tap:
    """A tap as a tablet sent it.

    Parameters
    ----------
    id, kind, bed : str
        The tablet's key of it, one of the kinds of this module, and the bed.
    at_ns : int
        What it says happened then. [ns UTC]
    said : dict
        The rest: ``hold``, ``holder`` (``role``, ``label``), ``contact``, ``details``, ``of``,
        ``stream``, ``start_ns``, ``tag``, ``on``, ``infant``.
    """

    id: str
    kind: str
    bed: str
    at_ns: int
    said: dict[str, Any]


@dataclass(frozen=True, slots=True)
class TapView:
    """A tap that stands: neither refused nor taken back.

    Parameters
    ----------
    id, hold, kind : str
        The tap, the hold that it is of, and what it did.
    tapped_ns : int
        When it came. [ns UTC]
    """

    id: str
    hold: str
    kind: str
    tapped_ns: int


def parse_tap(payload: bytes) -> Tap:
    """Return the tap of a journal entry.

    Raises
    ------
    ValueError
        If it is not one; the message has no value of it.
    """
    said = json.loads(payload)
    if not isinstance(said, dict):
        raise ValueError("a tap is a JSON object")  # noqa: TRY004  (of data, not of a call)
    for name in ("id", "type", "bed"):
        if not isinstance(said.get(name), str) or not 0 < len(said[name]) <= LONGEST_TEXT:
            msg = f"a tap has a text {name!r}"
            raise ValueError(msg)
    if not isinstance(said.get("at_ns"), int) or said["type"] not in KINDS:
        raise ValueError("a tap has a known type and a time at_ns")
    if _longest(said) > LONGEST_TEXT:
        msg = f"no text of a tap is longer than {LONGEST_TEXT} characters"
        raise ValueError(msg)
    _refuse_unstorable(said)
    rest = {k: v for k, v in said.items() if k not in {"id", "type", "bed", "at_ns"}}
    return Tap(said["id"], said["type"], said["bed"], said["at_ns"], rest)


def _refuse_unstorable(said: dict[str, Any]) -> None:
    """Refuse what the tables cannot hold: one such tap would end each try to apply the journal."""
    for name in ("at_ns", "start_ns", "infant"):
        if isinstance(said.get(name), int) and not 0 <= said[name] < LARGEST:
            msg = f"a tap's {name} is a whole number of 63 bits"
            raise ValueError(msg)
    for name in ("holder", "details"):
        if not isinstance(said.get(name) or {}, dict):
            msg = f"a tap's {name} has parts with names"
            raise ValueError(msg)  # noqa: TRY004  (of data, not of a call)
    try:
        json.dumps(said, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ValueError("a tap has half of a sign of two halves") from None


def _longest(value: object) -> int:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return max((_longest(each) for pair in value.items() for each in pair), default=0)
    if isinstance(value, list):
        return max(map(_longest, value), default=0)
    return 0


def apply_tap(connection: Connection, tap: Tap, seq: int, received_ns: int) -> str:
    """Apply a tap once; return why it was refused, empty where it was taken."""
    known = connection.execute(select(taps.c.refused).where(taps.c.id == tap.id)).first()
    if known is not None:
        return str(known.refused)
    if tap.kind == "release":
        return ""  # of a message in quarantine: the workers' affair
    if tap.kind in {"tag", "associate"}:
        refused = (_tag if tap.kind == "tag" else _associate)(connection, tap, seq)
        return _note(connection, tap, "", None, seq, received_ns, refused)
    if connection.execute(select(beds.c.key).where(beds.c.key == tap.bed)).first() is None:
        return "there is no such bed"
    infant = infant_at(connection, tap.bed)
    if tap.kind == "start_hold" and received_ns - tap.at_ns > KEPT_NS:
        infant = infant_then(connection, tap.bed, tap.at_ns) or infant
    if tap.kind == "start_hold" and open_hold(connection, tap.bed, infant):
        return _note(connection, tap, tap.id, infant, seq, received_ns, RUNS_ALREADY)
    hold = tap.id if tap.kind == "start_hold" else str(tap.said.get("hold", ""))
    one = _hold_tap(tap, hold)
    before = taps_of(connection, hold)
    others = holds_of(connection, _infant_of(connection, hold) or infant, tap.bed)
    refused = why_refused(one, before, received_ns / NS) or why_clashes(one, before, others)
    _note(connection, tap, hold, infant, seq, received_ns, refused)
    # A tap that was kept may come from a bed where another infant lies by now.
    held = _infant_of(connection, hold)
    if not refused and held is not None:
        if tap.kind == "undo":
            _recall_holders(connection, held)
        else:
            _remember_holder(connection, tap, held)
    return refused


def _note(
    connection: Connection,
    tap: Tap,
    hold: str,
    infant: int | None,
    seq: int,
    received_ns: int,
    refused: str,
) -> str:
    connection.execute(
        insert(taps).values(
            id=tap.id,
            seq=seq,
            hold=hold,
            infant=(_infant_of(connection, hold) if hold else None) or infant,
            bed=tap.bed,
            kind=tap.kind,
            at_ns=tap.at_ns,
            tapped_ns=received_ns,
            said=json.dumps(tap.said, sort_keys=True),
            refused=refused,
        )
    )
    return refused


def _hold_tap(tap: Tap, hold: str) -> HoldTap:
    holder = tap.said.get("holder") or {}
    details = tap.said.get("details") or {}
    return HoldTap(
        id=tap.id,
        kind=tap.kind,
        hold=hold,
        at=tap.at_ns / NS,
        holder=_holder_key(holder),
        role=str(holder.get("role", "unknown")),
        contact=str(tap.said.get("contact", "unknown")),
        details={str(key): str(value) for key, value in details.items()},
        of=str(tap.said.get("of", "")),
    )


def _holder_key(holder: dict[str, Any]) -> str:
    return f"{holder.get('role', 'unknown')}:{_label(holder)}"


def _label(holder: dict[str, Any]) -> str:
    return plain_name(str(holder.get("label", "")))


def _recall_holders(connection: Connection, infant: int) -> None:
    """Remember an infant's holders anew from the taps that stand: a name taken back is gone."""
    connection.execute(delete(holders).where(holders.c.infant == infant))
    rows = connection.execute(
        select(taps).where(taps.c.infant == infant, taps.c.refused == "").order_by(taps.c.seq)
    ).all()
    undone: set[str] = set()
    for row in reversed(rows):
        if row.kind == "undo" and row.id not in undone:
            undone.add(json.loads(row.said).get("of", ""))
    # Where the start was taken back there is no hold: nor did anybody take it over.
    none = {row.hold for row in rows if row.kind == "start_hold" and row.id in undone}
    for row in rows:
        if row.kind in HOLD_TAPS and row.id not in undone and row.hold not in none:
            said = json.loads(row.said)
            _remember_holder(connection, Tap(row.id, row.kind, row.bed, row.at_ns, said), infant)


def _remember_holder(connection: Connection, tap: Tap, infant: int) -> None:
    holder = tap.said.get("holder")
    if not holder:
        return
    key = f"{infant}:{_holder_key(holder)}"[:64]
    used = update(holders).where(holders.c.key == key).values(used_ns=tap.at_ns)
    if connection.execute(used).rowcount == 0:
        connection.execute(
            insert(holders).values(
                key=key,
                infant=infant,
                role=str(holder.get("role", "unknown")),
                label=_label(holder),
                used_ns=tap.at_ns,
            )
        )


def taps_of(connection: Connection, hold: str) -> tuple[HoldTap, ...]:
    """Return the taps of a hold that were taken, in order."""
    rows = connection.execute(
        select(taps).where(taps.c.hold == hold, taps.c.refused == "").order_by(taps.c.seq)
    )
    return tuple(
        _hold_tap(Tap(row.id, row.kind, row.bed, row.at_ns, json.loads(row.said)), hold)
        for row in rows
    )


def standing_taps(connection: Connection, bed: str, since_ns: int) -> tuple[TapView, ...]:
    """Return the taps on holds of the infant in a bed that stand and count, in order.

    Parameters
    ----------
    connection : Connection
        Reading is enough.
    bed : str
        The bed.
    since_ns : int
        Those that came from then on. [ns UTC]
    """
    infant = infant_at(connection, bed)
    # The infant's taps, also of the bed where it lay before: the hold has come along.
    mine = taps.c.infant == infant
    if infant is None:
        mine = and_(taps.c.infant.is_(None), taps.c.bed == bed)
    rows = connection.execute(
        select(taps)
        .where(mine, taps.c.refused == "", taps.c.tapped_ns >= since_ns)
        .order_by(taps.c.seq.desc())
    )
    undone: set[str] = set()
    found = []
    for row in rows:
        if row.id in undone:
            continue
        if row.kind == "undo":
            undone.add(json.loads(row.said).get("of", ""))
        elif row.kind in HOLD_TAPS:
            found.append(TapView(row.id, row.hold, row.kind, int(row.tapped_ns)))
    every = {hold: taps_of(connection, hold) for hold in {each.hold for each in found}}
    return tuple(each for each in reversed(found) if _counts(each, every[each.hold]))


def _counts(tap: TapView, every: Sequence[HoldTap]) -> bool:
    """Whether a tap still makes a difference: one that was overruled cannot be taken back."""
    mine = next(each for each in every if each.id == tap.id)
    return changes(mine, [each for each in every if each.id != tap.id])


def holds_of(
    connection: Connection, infant: int | None, bed: str, since_ns: int = 0
) -> tuple[Hold, ...]:
    """Return the holds of an infant, or of a bed without a known infant, in order of start.

    Parameters
    ----------
    connection : Connection
        Reading is enough.
    infant : int or None
        The infant; None: those of the bed that belong to nobody known.
    bed : str
        The bed.
    since_ns : int
        Those with a tap from then on. [ns UTC]
    """
    recent = and_(taps.c.refused == "", taps.c.tapped_ns >= since_ns)
    nobodys = and_(taps.c.infant.is_(None), taps.c.bed == bed)
    mine = nobodys if infant is None else or_(taps.c.infant == infant, nobodys)
    rows = connection.execute(select(taps.c.hold).where(mine, recent).distinct())
    keys = [row.hold for row in rows if _infant_of(connection, row.hold) == infant]
    found = [hold_of(connection, key, infant, bed) for key in keys]
    return tuple(sorted((hold for hold in found if hold is not None), key=lambda h: h.start))


def hold_of(connection: Connection, key: str, infant: int | None, bed: str) -> Hold | None:
    """Return a hold as far as it is known; None where its start was taken back, or never was.

    One that still runs when the infant leaves the unit ends then: it is derived here, so that a
    discharge that is taken back lets it run on. So does the hold of nobody known when somebody
    comes into its bed.

    Parameters
    ----------
    connection : Connection
        Reading is enough.
    key : str
        Of the hold.
    infant : int or None
        Whose it is.
    bed : str
        Where it is, of nobody known.
    """
    hold = fold_taps(taps_of(connection, key), str(infant or bed))
    if hold is None or hold.end is not None:
        return hold
    start = round(hold.start * NS)
    if infant is None:
        left = next_stay_ns(connection, bed, start)
    else:
        left = left_ns(connection, infant, start)
    return hold if left is None else end_by_leaving(hold, left / NS)


def whose_hold(connection: Connection, key: str) -> tuple[int | None, str] | None:
    """Return whose a hold is, and the bed of its start; None where there is no such hold."""
    first = select(taps.c.bed).where(taps.c.hold == key, taps.c.refused == "")
    row = connection.execute(first.order_by(taps.c.seq).limit(1)).first()
    return None if row is None else (_infant_of(connection, key), str(row.bed))


def cut_short(connection: Connection, bed: str, since_ns: int) -> Hold | None:
    """Return the last hold that the end of a stay in a bed ended, without a Stop. [ns UTC]

    Parameters
    ----------
    connection : Connection
        Reading is enough.
    bed : str
        The bed.
    since_ns : int
        It ended from then on. [ns UTC]
    """
    gone = and_(stays.c.bed == bed, stays.c.ending.in_(GONE), stays.c.until_ns >= since_ns)
    rows = connection.execute(select(stays.c.infant).where(gone).distinct())
    who: list[int | None] = [int(row.infant) for row in rows]
    came = and_(stays.c.bed == bed, stays.c.since_ns >= since_ns)
    if connection.execute(select(stays.c.id).where(came).limit(1)).first() is not None:
        who.append(None)
    found = [
        hold
        for infant in who
        for hold in holds_of(connection, infant, bed, since_ns - DAY_NS)
        if hold.details.get("end_reason") == LEFT_UNIT and (hold.end or 0.0) * NS >= since_ns
    ]
    return max(found, key=lambda hold: hold.end or 0.0, default=None)


def carried_on(connection: Connection, bed: str, since_ns: int) -> Hold | None:
    """Return the last hold that runs on at another bed, to which its infant was moved. [ns UTC]

    Parameters
    ----------
    connection : Connection
        Reading is enough.
    bed : str
        Where the hold was before.
    since_ns : int
        It was moved from then on. [ns UTC]
    """
    moved = and_(stays.c.bed == bed, stays.c.ending == "moved", stays.c.until_ns >= since_ns)
    rows = connection.execute(select(stays).where(moved).order_by(stays.c.until_ns.desc()))
    for row in rows:
        hold = open_hold(connection, "", int(row.infant))
        if hold is not None and infant_at(connection, bed) != row.infant:
            start = hold.start * NS
            if start < row.until_ns:
                return hold
    return None


def open_hold(connection: Connection, bed: str, infant: int | None) -> Hold | None:
    """Return the hold that runs at a bed; None where none does."""
    running = [hold for hold in holds_of(connection, infant, bed) if hold.end is None]
    return running[-1] if running else None


def held_instead(connection: Connection, name: str) -> tuple[HoldTap, Piece] | None:
    """Return a start that was refused as a hold ran, and who held by that hold; else None.

    Parameters
    ----------
    connection : Connection
        Reading is enough.
    name : str
        The tap's key.
    """
    mine = and_(taps.c.id == name, taps.c.refused.startswith(RUNS_ALREADY))
    row = connection.execute(select(taps).where(mine)).first()
    if row is None:
        return None
    came = row.tapped_ns / NS
    holds = holds_of(connection, row.infant, row.bed)
    begun = [each for each in holds if each.start <= came + AHEAD_S]  # not who came after it
    running = [each for each in begun if each.end is None or each.end > came]
    if not running:
        return None  # its start, or its end, was put right since
    pieces = [each for each in running[-1].pieces if each.start <= came]
    start = _hold_tap(Tap(row.id, row.kind, row.bed, row.at_ns, json.loads(row.said)), row.hold)
    return start, (pieces or running[-1].pieces)[-1]


def beds_of_hold(connection: Connection, tap: Tap) -> set[str]:
    """Return the beds where the infant of a tap's hold lies, or lay before it was moved.

    Of the hold of nobody known: the bed where it is, from whatever page it was tapped.
    """
    found = whose_hold(connection, str(tap.said.get("hold", tap.id)))
    if found is None:
        return set()
    infant, bed = found
    if infant is None:
        return {bed}
    here = stays.c.infant == infant, stays.c.ending.in_(("", "moved"))
    return {str(row.bed) for row in connection.execute(select(stays.c.bed).where(*here))}


def _infant_of(connection: Connection, hold: str) -> int | None:
    """Return whose a hold is: as its start was tapped, or who lay there, as was told since."""
    row = connection.execute(
        select(taps).where(taps.c.hold == hold).order_by(taps.c.seq).limit(1)
    ).first()
    if row is None or row.infant is not None:
        return None if row is None else int(row.infant)
    return infant_then(connection, row.bed, row.at_ns) if row.kind == "start_hold" else None


def _tag(connection: Connection, tap: Tap, seq: int) -> str:
    """Switch a tag of a spell on or off; one that is on keeps its place among the others.

    A tap without ``on`` is of a time when a spell had one tag at most: it takes the place of all.
    """
    names = ("tag", "stream", "start_ns", "on")
    tag, stream, start, on = (tap.said.get(name) for name in names)
    known = (*SPELL_TAGS, NO_TAG) if on is None else SPELL_TAGS
    said = isinstance(stream, str) and isinstance(start, int) and isinstance(on, bool | None)
    if tag not in known or not said:
        return "this tag is not known"
    standing = and_(tags.c.stream == stream, tags.c.start_ns == start, tags.c.void.is_(False))
    this = standing if on is None else and_(standing, tags.c.tag == tag)
    if on and connection.execute(select(tags.c.id).where(this)).first() is not None:
        return ""
    connection.execute(update(tags).where(this).values(void=True))
    if on is not False:
        connection.execute(
            insert(tags).values(id=tap.id, seq=seq, stream=stream, start_ns=start, tag=tag)
        )
    return ""


def _associate(connection: Connection, tap: Tap, seq: int) -> str:
    stream, infant = tap.said.get("stream"), tap.said.get("infant")
    if not isinstance(stream, str) or not isinstance(infant, int):
        return "a stream and an infant are needed"
    where = and_(associations.c.stream == stream, associations.c.until_ns.is_(None))
    row = connection.execute(select(associations).where(where)).first()
    if row is None:
        return "there is no such stream"
    if tap.said.get("on") is False:
        return _dissociate(connection, row, infant)
    if infant_at(connection, row.bed) != infant:
        return "this infant is not in this bed"
    connection.execute(update(associations).where(where).values(until_ns=tap.at_ns))
    connection.execute(
        insert(associations).values(
            stream=stream,
            bed=row.bed,
            infant=infant,
            since_ns=row.since_ns,
            confirmed=True,
            reason="confirmed by a person",
            seq=seq,
        )
    )
    return ""


def _dissociate(connection: Connection, row: Row[Any], infant: int) -> str:
    """Take back what a person had confirmed: the signals were never this infant's."""
    if not row.confirmed or row.infant != infant:
        return "nobody has confirmed that"
    mine = associations.c.id == row.id
    again = {"infant": None, "confirmed": False, "reason": "its confirmation was taken back"}
    connection.execute(update(associations).where(mine).values(**again))
    return ""

"""What pages are told of beds, infants and holders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from joey.people import DatedName, ShownName, room_order, show_name
from joey.store.records.holding import (
    NO_TAG,
    carried_on,
    cut_short,
    hold_of,
    holds_of,
    whose_hold,
)
from joey.store.records.staying import TOLD_NS, Place, places_of, streams_of
from joey.store.records.tables import associations, beds, holders, infants, names, stays, tags

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from joey.holds import Hold

__all__ = [
    "Association",
    "BedView",
    "HoldView",
    "HolderView",
    "InfantView",
    "associations_of",
    "bed_keys",
    "bed_view",
    "hold_view",
    "tags_of",
]

RECENT_HOLDERS = 4
DAY_NS = 86_400_000_000_000
AROUND_S = 2 * 86_400.0  # s around a hold, in which others are looked for


@dataclass(frozen=True, slots=True)
class InfantView:
    """An infant as a page shows it.

    Parameters
    ----------
    id : int
        Key in the database; the one thing of an infant that may stand in a URL.
    name : ShownName
        Present name, and the former one for a week.
    sex, birth_date : str
        As told; empty where not.
    birth_ns : int or None
        With the time of day. [ns UTC]
    birth_order : int or None
        Of twins and more.
    simulated : bool
        Whether nobody was admitted.
    """

    id: int
    name: ShownName
    sex: str
    birth_date: str
    birth_ns: int | None
    birth_order: int | None
    simulated: bool


@dataclass(frozen=True, slots=True)
class HolderView:
    """One who held before: role and the name by which the unit calls them."""

    role: str
    label: str


@dataclass(frozen=True, slots=True, eq=False)
class BedView:
    """A bed, who is in it, and the holds of its infant.

    Parameters
    ----------
    key, unit, bed : str
        ``UNIT/BED`` and its parts.
    infant : InfantView or None
        None where nobody is admitted.
    since_ns : int or None
        Since when the infant is here; where nobody is, since when nobody; None where
        nobody ever was. [ns UTC]
    holds : tuple of Hold
        With a tap in the last two days, in order of start; a running one has no end.
    holders : tuple of HolderView
        The last ones, the latest first.
    streams : tuple of str
        What monitors here sent of the infant in this stay, by `people.stream_id` of their keys
        with 0; none that is nobody's now.
    cut_short : Hold or None
        The last one that ended here, in the last two hours, as its infant left the unit: nobody
        tapped Stop.
    carried_on : Hold or None
        One that runs on at another bed, to which its infant was moved in the last two hours.
    before : tuple of Place
        Where the infant lay before, of the last two days, in order.
    """

    key: str
    unit: str
    bed: str
    infant: InfantView | None
    since_ns: int | None
    holds: tuple[Hold, ...]
    holders: tuple[HolderView, ...]
    streams: tuple[str, ...]
    cut_short: Hold | None = None
    carried_on: Hold | None = None
    before: tuple[Place, ...] = ()

    @property
    def running(self) -> Hold | None:
        """The hold that runs."""
        return next((hold for hold in reversed(self.holds) if hold.end is None), None)


@dataclass(frozen=True, slots=True, eq=False)
class HoldView:
    """A hold, wherever its infant is by now.

    Parameters
    ----------
    hold : Hold
        As it stands.
    others : tuple of Hold
        The infant's other holds of the days around it.
    infant : InfantView or None
        None where nobody was admitted.
    bed : str
        Where the infant lies, or lay last.
    places : tuple of Place
        Where it lay, in order.
    """

    hold: Hold
    others: tuple[Hold, ...]
    infant: InfantView | None
    bed: str
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Association:
    """Whose the signals of a stream are; with `infant` None they are nobody's until confirmed."""

    stream: str
    bed: str
    infant: int | None
    since_ns: int
    confirmed: bool
    reason: str


def bed_keys(connection: Connection) -> tuple[str, ...]:
    """Return all beds in room order: by unit, then by number as people count."""
    keys = [str(row.key) for row in connection.execute(select(beds.c.key))]
    return tuple(sorted(keys, key=room_order))


def bed_view(connection: Connection, key: str, now_ns: int) -> BedView | None:
    """Return one bed; None where there is no such bed."""
    row = connection.execute(select(beds).where(beds.c.key == key)).first()
    if row is None:
        return None
    stay = connection.execute(
        select(stays).where(stays.c.bed == key, stays.c.until_ns.is_(None))
    ).first()
    infant = None if stay is None else int(stay.infant)
    return BedView(
        key=key,
        unit=row.unit,
        bed=row.bed,
        infant=None if infant is None else infant_view(connection, infant, now_ns),
        since_ns=_empty_since(connection, key) if stay is None else int(stay.since_ns),
        holds=holds_of(connection, infant, key, now_ns - 2 * DAY_NS),
        holders=() if infant is None else _holders(connection, infant),
        streams=()
        if stay is None
        else streams_of(connection, int(stay.infant), key, int(stay.since_ns)),
        cut_short=cut_short(connection, key, now_ns - TOLD_NS),
        carried_on=carried_on(connection, key, now_ns - TOLD_NS),
        before=() if infant is None else places_of(connection, infant, now_ns - 2 * DAY_NS),
    )


def _empty_since(connection: Connection, bed: str) -> int | None:
    """Return when the last stay at a bed ended, that of a taken back admission too. [ns UTC]"""
    last = connection.execute(select(func.max(stays.c.until_ns)).where(stays.c.bed == bed)).scalar()
    return None if last is None else int(last)


def hold_view(connection: Connection, key: str, now_ns: int) -> HoldView | None:
    """Return a hold by its key; None where there is none, or its start was taken back."""
    found = whose_hold(connection, key)
    if found is None:
        return None
    infant, bed = found
    hold = hold_of(connection, key, infant, bed)
    if hold is None:
        return None
    around = holds_of(connection, infant, bed)
    end = float("inf") if hold.end is None else hold.end
    others = tuple(
        each
        for each in around
        if each.id != key
        and each.start < end + AROUND_S
        and (each.end is None or each.end > hold.start - AROUND_S)
    )
    places = () if infant is None else places_of(connection, infant)
    return HoldView(
        hold,
        others,
        None if infant is None else infant_view(connection, infant, now_ns),
        places[-1].bed if places else bed,
        places,
    )


def infant_view(connection: Connection, infant: int, now_ns: int) -> InfantView:
    """Return one infant as it is called at a time."""
    row = connection.execute(select(infants).where(infants.c.id == infant)).one()
    dated = [
        DatedName(each.family, each.given, int(each.since_ns))
        for each in connection.execute(
            select(names).where(names.c.infant == infant).order_by(names.c.since_ns)
        )
    ]
    return InfantView(
        infant,
        show_name(dated, now_ns),
        row.sex,
        row.birth_date,
        row.birth_ns,
        row.birth_order,
        bool(row.simulated),
    )


def _holders(connection: Connection, infant: int) -> tuple[HolderView, ...]:
    rows = connection.execute(
        select(holders)
        .where(holders.c.infant == infant)
        .order_by(holders.c.used_ns.desc())
        .limit(RECENT_HOLDERS)
    )
    return tuple(HolderView(row.role, row.label) for row in rows)


def associations_of(connection: Connection, bed: str = "") -> tuple[Association, ...]:
    """Return whose streams are, of one bed or of all, as of now."""
    where = associations.c.until_ns.is_(None)
    wanted = select(associations).where(where, associations.c.bed == bed if bed else where)
    return tuple(
        Association(
            row.stream, row.bed, row.infant, int(row.since_ns), bool(row.confirmed), row.reason
        )
        for row in connection.execute(wanted.order_by(associations.c.id))
    )


def tags_of(connection: Connection, stream: str, since_ns: int) -> dict[int, tuple[str, ...]]:
    """Return the tags of each spell of a stream that has any, by its start [ns], as they came."""
    standing = (
        tags.c.stream == stream,
        tags.c.start_ns >= since_ns,
        tags.c.void.is_(False),
        tags.c.tag != NO_TAG,
    )
    found: dict[int, tuple[str, ...]] = {}
    for row in connection.execute(select(tags).where(*standing).order_by(tags.c.seq)):
        found[int(row.start_ns)] = (*found.get(int(row.start_ns), ()), str(row.tag))
    return found

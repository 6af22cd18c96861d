"""Where an infant lay before it was moved: what its monitors told there, as its own past.

Only of its stays, and in each only of what the records say was its own: by the same law as the
report of a hold, which looks from bed to bed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from joey.people import isolated

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from joey.store.records import BedView, Place
    from joey.web.spells import SpellTold
    from joey.web.told import Told

__all__ = ["lain", "said_before"]


def lain(record: BedView | None, whose: Collection[str] | None) -> tuple[Place, ...]:
    """Return where who is shown of a bed lay before, in order.

    Parameters
    ----------
    record : BedView or None
        Who lies there.
    whose : collection of str or None
        The streams that are shown: where they are not the infant's, nothing of its past is.
    """
    if record is None or record.infant is None or whose != record.streams:
        return ()
    return record.before


def said_before(
    told: Told,
    places: tuple[Place, ...],
    labels: Mapping[str, str],
    since_ns: int,
    tagged: Callable[[SpellTold], bool],
) -> list[dict[str, Any]]:
    """Return for a page where an infant lay since a time, from when to when, and its spells there.

    Parameters
    ----------
    told : Told
        The spells.
    places : tuple of Place
        As of `lain`.
    labels : mapping of str to str
        What beds are called.
    since_ns : int
        By the host's clock. [ns UTC]
    tagged : callable
        As `stays` of `Told.spells`.
    """
    found = []
    for place in places:
        until_ns = place.until_ns
        if until_ns is None or until_ns <= since_ns:
            continue
        begin_ns = max(since_ns, place.since_ns)
        spells = told.spells(place.bed, begin_ns, place.streams, tagged)
        found.append(
            {
                "label": isolated(labels.get(place.bed, place.bed)),
                "since": place.since_ns / 1e6,
                "until": until_ns / 1e6,
                "spells": [
                    {"letters": each.letters, "at": at_ns / 1e6}
                    for at_ns, each in spells
                    if at_ns < until_ns
                ],
            }
        )
    return found

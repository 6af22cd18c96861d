"""The tags of spells: what a nurse said was done, or was going on."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from joey.people import stream_id
from joey.web.told import SOON_NS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from joey.store.archive import Archive, StreamRow
    from joey.store.records import Place, Records
    from joey.web.spells import SpellTold

__all__ = ["SaidOfSpell", "Tags", "words_of_tags"]

NS = 1_000_000_000
READ_EVERY_NS = 30 * NS  # ns, after which a stream's tags are read again
MOST_STREAMS = 1000  # of which tags are kept in memory
MOST_LISTED = 12  # spells that are listed one by one
WORDS = {
    "self_resolved": "self-resolved",
    "stimulated": "stimulated",
    "oxygen_up": "O₂ up",
    "bagged": "bagged",
    "feeding": "feeding",
    "artifact": "artifact",
}


@dataclass(frozen=True, slots=True)
class SaidOfSpell:
    """The tags of one spell.

    Parameters
    ----------
    stream, start_ns
        The spell: of what stream, and its start by the device. [ns UTC]
    tags : tuple of str
        In the order in which they were switched on.
    offset_ns : int
        Host minus device, as last measured: no other is another thing said. [ns]
    """

    stream: str
    start_ns: int
    tags: tuple[str, ...]
    offset_ns: int = field(compare=False)


class Tags:
    """Tags as the records have them, read no more often than they change.

    Parameters
    ----------
    records : Records
        Read only.
    streams : callable
        The streams of a bed.
    spell_at : callable
        The start of the spell of a stream that a time is of; None: of none. [ns UTC, the device's]
    now_ns : callable
        The host's clock. [ns UTC]
    """

    def __init__(
        self,
        records: Records,
        streams: Callable[[str], Iterable[StreamRow]],
        spell_at: Callable[[str, int], int | None],
        now_ns: Callable[[], int],
    ) -> None:
        self._records = records
        self._streams = streams
        self._spell_at = spell_at
        self._now_ns = now_ns
        self._read: dict[str, tuple[int, dict[int, tuple[str, ...]]]] = {}  # until when, and what

    def forget(self) -> None:
        """Read what the records say anew: somebody has tapped."""
        self._read.clear()

    def of(self, spell: SpellTold) -> tuple[int, tuple[str, ...]]:
        """Return the tags of a spell, in the order in which they were switched on.

        Returns
        -------
        start_ns : int
            The start by which they were told, and more are to be: the spell's, or that which it had
            before late data moved it. [ns UTC, the device's]
        tags : tuple of str
            Empty where nothing was said.
        """
        told, start = self._of_stream(spell.stream), spell.start_ns
        if start not in told:
            end = start + round(spell.seconds * NS)
            near = (at for at in sorted(told) if start - SOON_NS <= at < end)
            moved = (at for at in near if self._spell_at(spell.stream, at) == start)
            start = next(moved, start)
        return start, told.get(start, ())

    def said(self, parts: Sequence[tuple[Place, tuple[int, int]]]) -> tuple[SaidOfSpell, ...]:
        """Return what was said of an infant's spells, in their order.

        Parameters
        ----------
        parts : sequence of (Place, (int, int))
            Where it lay, and from when to when there, by the host's clock. [ns UTC]
        """
        found = []
        for place, (lo, hi) in parts:
            for row in self._streams(place.bed):
                start, stop = lo - row.offset_ns, hi - row.offset_ns
                ended = row.closed_ns is not None and row.closed_ns <= start
                if ended or row.opened_ns >= stop or _key_of(row) not in place.streams:
                    continue
                found += [
                    SaidOfSpell(row.id, at, tags, row.offset_ns)
                    for at, tags in self._of_stream(row.id).items()
                    if start <= at < stop
                ]
        return tuple(sorted(found, key=lambda each: each.start_ns + each.offset_ns))

    def _of_stream(self, stream: str) -> dict[int, tuple[str, ...]]:
        now = self._now_ns()
        until, tags = self._read.get(stream, (0, {}))
        if now > until:
            tags = self._records.tags(stream, 0)
            if len(self._read) >= MOST_STREAMS:
                self._read.clear()
            self._read[stream] = now + READ_EVERY_NS, tags
        return tags


def _key_of(row: StreamRow) -> str:
    return stream_id(row.key, 0)


def words_of_tags(
    said: Sequence[SaidOfSpell], archive: Archive, clock: Callable[[int], str]
) -> str:
    """Return what was said of spells: how often each, then of which; empty where nothing was.

    Parameters
    ----------
    said : sequence of SaidOfSpell
        Of one hold.
    archive : Archive
        Has the spells; one that late data put off or took away is told by its time alone.
    clock : callable
        Writes a time [ns UTC] as the unit's clock shows it.
    """
    if not said:
        return ""
    counts = Counter(tag for each in said for tag in each.tags)
    words = [", ".join(f"{counts[tag]} {name}" for tag, name in WORDS.items() if counts[tag])]
    for each in said[:MOST_LISTED]:
        spells = archive.facts(each.stream, ("spell",), each.start_ns, each.start_ns + 1)
        # The one that begins then; where late data moved its start, the one that goes on then.
        spells.sort(key=lambda row: row.start_ns != each.start_ns)
        letters = [str(json.loads(row.data)["letters"]) for row in spells[:1]]
        at = " ".join([clock(each.start_ns + each.offset_ns), *letters])
        words.append(f"{at}: {', '.join(WORDS.get(tag, tag) for tag in each.tags)}")
    if len(said) > MOST_LISTED:
        words.append(f"and {len(said) - MOST_LISTED} more")
    return "; ".join(words)

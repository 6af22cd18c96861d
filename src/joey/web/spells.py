"""Spells as the pages tell them: each once, whichever of a bed's monitors tell of it.

What one monitor measures is put together where it is analyzed. Where an infant has several - ECG
here, the oximeter beside it - a bradycardia of the one and a desaturation of the other are one
spell by the same windows, as in the report of a hold, which has them all in one recording.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from joey.events import Event, Events, spells
from joey.events.presets import PRESETS
from joey.spans import EMPTY, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from joey.store.archive import FactRow

__all__ = ["JOINED", "Member", "SpellTold", "said_of", "spell_of", "told_once"]

NS = 1_000_000_000
NAN = float("nan")
UNITS = {
    "bradycardia": "HR {:.0f}",
    "tachycardia": "HR {:.0f}",
    "desaturation": "SpO₂ {:.0f} %",
}
JOINED = ("apnea", "bradycardia", "desaturation")
"""Kinds of events that make the letters of a spell."""


class Member(NamedTuple):
    """An event of a spell: kind, from and to when by the device [s], and the extreme reached.

    And whether it rests on signals that are in doubt.
    """

    kind: str
    start: float
    end: float
    nadir: float | None
    doubtful: bool = False


@dataclass(frozen=True, slots=True, order=True)
class SpellTold:
    """A spell, on the device's clock.

    Parameters
    ----------
    start_ns : int
        Its start by the device: with the stream what a tag is of (`tags.Tags`). [ns UTC]
    stream : str
        Of what stream. Where several tell of it, stream and start are those of the one with tags,
        or of the first.
    seconds : float
        How long; where several tell of it, all of it. [s]
    letters : str
        ``A20``, ``BD`` ...
    members : tuple of Member
        Its events.
    """

    start_ns: int
    stream: str
    seconds: float
    letters: str
    members: tuple[Member, ...] = field(default=(), compare=False)

    @property
    def detail(self) -> str:
        """The extremes reached, in words: ``apnea 22 s, HR 74, SpO₂ 76 %``.

        One that rests on no good signal is *in doubt*; where there are others, they count alone.
        """
        worst: dict[str, tuple[bool, float]] = {}  # in doubt, and what sorts the worst first
        apnea = 0.0
        for kind, start, end, nadir, doubtful in self.members:
            if kind == "apnea":
                apnea = max(apnea, end - start)
            elif kind in UNITS and nadir is not None:
                found = doubtful, -nadir if kind == "tachycardia" else nadir
                worst[kind] = min(worst.get(kind, found), found)
        words = [f"apnea {apnea:.0f} s"] if apnea else []
        for kind, (doubtful, value) in worst.items():
            words.append(UNITS[kind].format(abs(value)) + (" (in doubt)" if doubtful else ""))
        return ", ".join(words)


def said_of(spell: SpellTold, at_ns: int, tagged_ns: int, tags: Sequence[str]) -> dict[str, Any]:
    """Return a spell as a page is told of it.

    Parameters
    ----------
    spell : SpellTold
        The spell.
    at_ns : int
        Its start by the host's clock. [ns UTC]
    tagged_ns, tags
        As `joey.web.tags.Tags.of` tells of it.
    """
    return {
        "id": f"{spell.stream}-{spell.start_ns}",
        "stream": spell.stream,
        "startNs": str(tagged_ns),
        "letters": spell.letters,
        "at": at_ns / 1e6,
        "seconds": spell.seconds,
        "detail": spell.detail,
        "tags": list(tags),
    }


def spell_of(row: FactRow) -> SpellTold:
    """Return the spell of a fact."""
    said: dict[str, Any] = json.loads(row.data)
    members = tuple(
        Member(each["kind"], each["start"], each["end"], each["nadir"], each["quality"] != "good")
        for each in said["members"]
    )
    seconds = (row.end_ns - row.start_ns) / NS
    return SpellTold(row.start_ns, row.stream, seconds, str(said["letters"]), members)


def told_once(
    found: Iterable[tuple[int, SpellTold]],
    stays: Callable[[SpellTold], bool] = lambda _: False,
) -> list[tuple[int, SpellTold]]:
    """Return the spells of an infant in order, each once, whichever monitors tell of it.

    Spells of different streams are one where their events overlap or belong together by the windows
    of `joey.events.spells`. It has all their events, and begins with the first of them.

    Parameters
    ----------
    found : iterable of (int, SpellTold)
        With the time of the host at which each began. [ns UTC]
    stays : callable
        Whether something was said of a spell: two of which it was stay two.
    """
    every = sorted(found)
    if len({each.stream for _, each in every}) < 2:
        return every
    out: list[tuple[int, SpellTold]] = []
    for group in _episodes(every):
        said = [pair for pair in group if stays(pair[1])]
        out += said[1:]
        leader = (said or group)[0]
        out.append(_one([pair for pair in group if pair not in said[1:]], leader[1]))
    return sorted(out)


def _episodes(found: Sequence[tuple[int, SpellTold]]) -> list[list[tuple[int, SpellTold]]]:
    """Return spells in groups, of those whose events belong together."""
    events = {kind: _events_of(kind, found) for kind in JOINED}
    parts = [Events(tuple(each), EMPTY, PRESETS["bd"]) for each in events.values()]
    first = list(range(len(found)))  # of each spell, one before it in its group, or itself

    def root(k: int) -> int:
        while first[k] != k:
            k = first[k]
        return k

    for episode in spells(*parts):
        together = {root(k) for each in episode.members for k in events[each.kind][each]}
        for k in together:
            first[k] = min(together)
    groups: dict[int, list[tuple[int, SpellTold]]] = {}
    for k, pair in enumerate(found):
        groups.setdefault(root(k), []).append(pair)
    return list(groups.values())


def _one(group: Sequence[tuple[int, SpellTold]], leader: SpellTold) -> tuple[int, SpellTold]:
    """Return the spells of a group as one, known by the stream and the start of its leader."""
    if len(group) == 1:
        return group[0]
    kinds = {letter for _, each in group for letter in each.letters if letter.isalpha()}
    longest = max((each for _, each in group), key=lambda each: each.seconds)
    letters = longest.letters if len(kinds) == 1 else "".join(sorted(kinds))
    start_ns = min(at_ns for at_ns, _ in group)
    end_ns = max(at_ns + each.seconds * NS for at_ns, each in group)
    members = tuple(member for _, each in group for member in each.members)
    seconds = (end_ns - start_ns) / NS
    return start_ns, replace(leader, seconds=seconds, letters=letters, members=members)


def _events_of(kind: str, found: Sequence[tuple[int, SpellTold]]) -> dict[Event, list[int]]:
    """Return the events of a kind by the host's time, and of which spells each is.

    What two monitors tell of one time is one event.
    """
    spans = sorted(
        (member.start + off, member.end + off, k)
        for k, (at_ns, spell) in enumerate(found)
        for off in [(at_ns - spell.start_ns) / NS]
        for member in spell.members
        if member.kind == kind
    )
    out: list[tuple[float, float, list[int]]] = []
    for start, end, k in spans:
        if out and start <= out[-1][1]:
            first, last, of = out[-1]
            out[-1] = first, max(last, end), [*of, k]
        else:
            out.append((start, end, [k]))
    return {
        Event(kind, Span(start, end), NAN, NAN, NAN, end - start, 0.0, ""): of
        for start, end, of in out
    }

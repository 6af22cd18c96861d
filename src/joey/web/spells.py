"""Spells as the pages tell them: each once, whichever of a bed's monitors tell of it.

What one monitor measures is put together where it is analyzed. Where an infant has several - ECG
here, the oximeter beside it - a bradycardia of the one and a desaturation of the other are one
spell by the same windows, as in the report of a hold, which has them all in one recording.
"""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right, insort
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from joey.events import Event, Events, spells
from joey.events.presets import PRESETS
from joey.spans import EMPTY, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from joey.store.archive import FactRow

__all__ = ["Member", "SpellTold", "spell_of", "told_once"]

NS = 1_000_000_000
NAN = float("nan")
UNITS = {
    "bradycardia": "HR {:.0f}",
    "tachycardia": "HR {:.0f}",
    "desaturation": "SpO₂ {:.0f} %",
}
JOINED = ("apnea", "bradycardia", "desaturation")  # kinds that make a spell's letters


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
        Of what stream; where several tell of it, that of the one with tags, or of the first.
    seconds : float
        How long. [s]
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
    """Return the spells of an infant in order, each once.

    Of two that overlap, of different streams, one whose letters the other has too is left out,
    unless it `stays`. Those of different streams whose events belong together are one.

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
    return sorted(_joined(_each_once(every, stays), stays))


def _each_once(
    found: Sequence[tuple[int, SpellTold]], stays: Callable[[SpellTold], bool]
) -> list[tuple[int, SpellTold]]:
    longest_ns = max(each.seconds for _, each in found) * NS
    kept: list[tuple[int, SpellTold]] = []  # in order: only those around one may tell it
    for pair in sorted(found, key=lambda each: (-len(_kinds(each[1])), -each[1].seconds, each)):
        at_ns, spell = pair
        first = bisect_left(kept, at_ns - longest_ns, key=itemgetter(0))
        last = bisect_right(kept, at_ns + spell.seconds * NS, key=itemgetter(0))
        if stays(spell) or not any(_tells(kept[k], pair) for k in range(first, last)):
            insort(kept, pair)
    return kept


def _tells(one: tuple[int, SpellTold], other: tuple[int, SpellTold]) -> bool:
    (a_ns, a), (b_ns, b) = one, other
    apart = a_ns > b_ns + b.seconds * NS or b_ns > a_ns + a.seconds * NS
    return a.stream != b.stream and not apart and _kinds(b) <= _kinds(a)


def _kinds(spell: SpellTold) -> set[str]:
    return {each for each in spell.letters if each.isalpha()}


def _joined(
    found: Sequence[tuple[int, SpellTold]], stays: Callable[[SpellTold], bool]
) -> list[tuple[int, SpellTold]]:
    """Return spells, those whose events belong together as one."""
    events = {kind: _events_of(kind, found) for kind in JOINED}
    parts = [Events(tuple(each), EMPTY, PRESETS["bd"]) for each in events.values()]
    whole: dict[int, int] = {}  # of which episode each of the found is
    for number, episode in enumerate(spells(*parts)):
        for member in episode.members:
            whole |= dict.fromkeys(events[member.kind][member], number)
    groups: dict[int, list[tuple[int, SpellTold]]] = {}
    for k, pair in enumerate(found):
        groups.setdefault(whole.get(k, -1 - k), []).append(pair)
    out = []
    for group in groups.values():
        said = [pair for pair in group if stays(pair[1])]
        if len(group) == 1 or len(said) > 1:
            out += group
        else:
            out.append(_one(group, (said or group)[0][1]))
    return out


def _one(group: Sequence[tuple[int, SpellTold]], leader: SpellTold) -> tuple[int, SpellTold]:
    kinds = set[str]().union(*(_kinds(each) for _, each in group))
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

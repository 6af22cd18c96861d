"""Events and episodes as they become final: the steps of `joey.events.find_all`, chunk by chunk.

Bad time is taken out before events are looked for, so that what is told has waited for quality;
an event is told once its doubts are known, and a combination once nothing can join it any more.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from joey.beats import Beats, rr_intervals
from joey.breaths import Breaths
from joey.events import (
    CONFIRMED,
    INPUT,
    PRESETS,
    ApneaDetector,
    EventDetector,
    Events,
    combine,
    confirm_bradycardia,
    doubted_by,
    spells,
    without,
)
from joey.signals import Series, join_series
from joey.spans import EMPTY, Spans, intersect, subtract, union

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from joey.beats.intervals import Intervals
    from joey.events import Event, Preset, Spell
    from joey.quality import Quality, Verdict
    from joey.signals import Channel

__all__ = ["Episodes", "Judged", "JudgedBreaths", "Pairs", "Watch"]

PAUSE_S = 4.0  # s between beats, from which on they make no interval
CONFIRM_S = 2.0  # s after an event for which its pulses are waited
USUAL_S = 64.0  # s of pulses before an event that may tell what is usual
SLACK_S = 1e-4
SEARCHED_S = 30.0  # s of what was searched for a combination, that are told at once
KINDS = {"heart_rate": 1, "spo2": 2, "breaths": 0}  # place of a part: A, B, D


class Pairs:
    """Intervals between beats, as they become known."""

    def __init__(self, channel: Channel) -> None:
        self._waiting = _no_beats(channel)

    def take(self, beats: Beats | None, final: float) -> tuple[Intervals | None, float]:
        """Take beats, and the time before which that is all; return intervals, and before when."""
        whole = self._waiting
        if beats is not None:
            whole = Beats(
                beats.channel,
                np.concatenate((whole.times, beats.times)),
                np.concatenate((whole.flags, beats.flags)),
                union(whole.searched, beats.searched),
            )
        # A beat between two samples may be told before its place counts as searched.
        ready = int(np.searchsorted(whole.times, final))
        found = None
        if ready > 1:
            known = Beats(whole.channel, whole.times[:ready], whole.flags[:ready], whole.searched)
            found = rr_intervals(known, resolution_ms=float("nan"))
        last = float(whole.times[ready - 1]) if ready else -np.inf
        self._waiting = _from(whole, max(ready - 1, 0), final)
        return found, last if final - last <= PAUSE_S else final


def _no_beats(channel: Channel) -> Beats:
    return Beats(channel, np.empty(0), np.empty(0, dtype=np.uint8), EMPTY)


def _from(beats: Beats, first: int, final: float) -> Beats:
    """Return the beats from one on, and the spans that they or later ones may lie in."""
    since = final
    if len(beats.times) > first:
        since = max(float(beats.times[first]), final - 2 * PAUSE_S)
    bounds = beats.searched.bounds
    return Beats(
        beats.channel, beats.times[first:], beats.flags[first:],
        Spans(bounds[bounds[:, 1] >= min(since, final)]),
    )  # fmt: skip


class Judged:
    """Values of a signal without the time that is bad, as soon as that is known."""

    def __init__(self) -> None:
        self._series: Series | None = None
        self._ends: NDArray[np.float64] = np.empty(0)
        self._bad = EMPTY

    def take(
        self, series: Series | None, upto: float, quality: Quality | None, judged: float
    ) -> tuple[Series | None, float]:
        """Take values and judgments, and before when each is all; return what is good."""
        self._bad = union(self._bad, _bad_of(quality))
        waiting = self._series
        if series is not None and len(series.times):
            waiting = series if waiting is None else _joined(waiting, series)
        found = None
        first = np.inf
        if waiting is not None:
            ends = waiting.ends
            ready = int(np.searchsorted(ends, judged, side="right"))
            if ready:
                found = without(_part(waiting, 0, ready), self._bad)
            waiting = _part(waiting, ready, len(ends)) if ready < len(ends) else None
            first = np.inf if waiting is None else float(waiting.times[0])
        self._series = waiting
        known = min(upto, judged, first)
        self._bad = _after(self._bad, known)
        return found, known


def _bad_of(quality: Quality | None) -> Spans:
    if quality is None or not quality.verdicts:
        return EMPTY
    return Spans.of(each.span for each in quality.verdicts if each.grade == "bad")


def _after(spans: Spans, time: float) -> Spans:
    return Spans(spans.bounds[spans.bounds[:, 1] > time]) if len(spans) else spans


def _part(series: Series, lo: int, hi: int) -> Series:
    valid = series.ends[lo:hi] - series.times[lo:hi]
    return Series(series.channel, series.times[lo:hi], series.values[lo:hi], valid)


def _joined(one: Series, other: Series) -> Series:
    """Return both as one, named by the channel that is looked at now."""
    return replace(join_series((one, other)), channel=other.channel)


class JudgedBreaths:
    """Breaths without the time that is bad, as soon as that is known."""

    def __init__(self) -> None:
        self._waiting: Breaths | None = None
        self._bad = EMPTY

    def take(
        self,
        breaths: Breaths | None,
        final: float,
        quality: Quality | None,
        judged: float,
        lost: Spans = EMPTY,
        lost_upto: float = np.inf,
    ) -> tuple[Breaths | None, float]:
        """Take breaths and judgments, and before when each is all; return what is good.

        `lost` is where no heart is seen in the ECG of the same electrodes.
        """
        self._bad = union(self._bad, _bad_of(quality), lost)
        upto = min(final, judged, lost_upto)
        waiting = self._waiting
        if breaths is not None:
            waiting = breaths if waiting is None else _more(waiting, breaths)
        if waiting is None:
            return None, upto
        ready = int(np.searchsorted(waiting.times, upto))
        before = Spans(np.array([[-np.inf, upto]]))
        searched = subtract(intersect(waiting.searched, before), self._bad)
        found = Breaths(
            waiting.channel, waiting.times[:ready], waiting.flags[:ready], searched,
            waiting.edges[:ready],
        )  # fmt: skip
        self._waiting = Breaths(
            waiting.channel, waiting.times[ready:], waiting.flags[ready:],
            subtract(waiting.searched, before), waiting.edges[ready:],
        )  # fmt: skip
        self._bad = _after(self._bad, upto)
        return found, upto


def _more(one: Breaths, other: Breaths) -> Breaths:
    return Breaths(
        other.channel,
        np.concatenate((one.times, other.times)),
        np.concatenate((one.flags, other.flags)),
        union(one.searched, other.searched),
        np.concatenate((one.edges, other.edges)),
    )


class Watch:
    """The events of one preset: found, confirmed by pulses, and marked where in doubt.

    Parameters
    ----------
    preset : Preset
        A definition on one signal.
    source : str
        ``beat`` or ``numeric``: what the heart rate is made from.
    """

    def __init__(self, preset: Preset, source: str) -> None:
        self.preset = preset
        self.input = INPUT[preset.kind]
        self._confirmed = preset.kind in CONFIRMED and source == "beat"
        self._apnea = self.input == "breaths"
        self._left = EMPTY  # searched before the source was another, to be told
        made_from = source if self.input == "heart_rate" else "numeric"
        self._detector: ApneaDetector | EventDetector = (
            ApneaDetector(preset) if self._apnea else EventDetector(preset, source=made_from)
        )
        self._doubts: list[Verdict] = []
        self._waiting: tuple[Event, ...] = ()  # for their pulses

    @property
    def since(self) -> float:
        """No event that is still to be told begins before. [s]"""
        first = self._waiting[0].span.start if self._waiting else np.inf
        return min(first, self._detector.since)

    @property
    def running(self) -> tuple[Event, ...]:
        """What is found and not told yet."""
        return (*self._waiting, *self._detector.running)

    def turn(self) -> None:
        """Make heart rates from beats from here on: what was found in the monitor's is over."""
        if self.input != "heart_rate":
            return
        rest = self._detector.finish()
        self._waiting, self._left = (*self._waiting, *rest.items), rest.searched
        self._detector = EventDetector(self.preset, source="beat")
        self._confirmed = self.preset.kind in CONFIRMED

    def take(
        self,
        data: Series | Breaths | None,
        upto: float,
        quality: Quality | None,
        pulse: Series | None,
        pulses_upto: float,
        doubts_upto: float,
        *,
        last: bool = False,
    ) -> Events:
        """Take what is new and before when that is all; return the events that are final."""
        if quality is not None:
            self._doubts += [each for each in quality.verdicts if each.grade == "doubtful"]
        name = "breaths" if self._apnea else "pieces"
        new = {} if data is None else {name: data}
        found = self._detector.update(new, {name: upto})  # type: ignore[arg-type]
        searched, self._left = union(self._left, found.searched), EMPTY
        items = found.items
        if last:
            rest = self._detector.finish()
            items, searched = (*items, *rest.items), union(searched, rest.searched)
        every = (*self._waiting, *items)
        if every:
            until = min(pulses_upto - CONFIRM_S, doubts_upto) if self._confirmed else doubts_upto
            ready = len(every)
            if not last:
                ready = next((k for k, e in enumerate(every) if e.span.end > until), ready)
            items, self._waiting = every[:ready], every[ready:]
        told = Events(items, searched, self.preset)
        if items:
            if self._confirmed and pulse is not None:
                told = _confirmed(told, pulse)
            if self._doubts:
                told = doubted_by(told, self._doubts)
        oldest = self.since
        if self._doubts and self._doubts[0].span.end < oldest:
            self._doubts = [each for each in self._doubts if each.span.end >= oldest]
        return told


def _confirmed(found: Events, pulse: Series) -> Events:
    """Return bradycardias with what pulses say of those that beats made."""
    both = zip(found.items, confirm_bradycardia(found, pulse).items, strict=True)
    return replace(found, items=tuple(said if said.source == "beat" else was for was, said in both))


class _Group:
    """Events of several presets that may belong together, until they cannot."""

    def __init__(self, preset: Preset | None, parts: Sequence[str]) -> None:
        self.preset = preset
        self.parts = tuple(parts)
        self._places = [KINDS[INPUT[PRESETS[name].kind]] for name in parts]
        windows = [preset or PRESETS["abd"], preset or PRESETS["bd"]]
        self._abd, self._bd = windows
        reach = [abs(x) for each in windows for x in (*each.b_window, *each.d_window)]
        self._reach = max(reach) + SLACK_S
        self._waiting: dict[str, list[Event]] = {name: [] for name in parts}
        self._searched: dict[str, list[Spans]] = {name: [] for name in parts}
        self._cut = -np.inf  # s, before which what was searched is told

    def take(
        self, found: Mapping[str, Events], since: float
    ) -> tuple[tuple[Spell, ...], tuple[Event, ...], Spans]:
        """Take events; return the episodes that are over, the combinations, what was searched."""
        for name in self.parts:
            self._waiting[name] += found[name].items
            if self.preset is not None:
                self._searched[name].append(found[name].searched)
        over: list[Spell] = []
        items: list[Event] = []
        if any(self._waiting.values()):
            places: list[Events | None] = [None, None, None]
            for name, place in zip(self.parts, self._places, strict=True):
                places[place] = Events(tuple(self._waiting[name]), EMPTY, PRESETS[name])
            for spell in spells(*places, abd=self._abd, bd=self._bd):
                if spell.span.end + self._reach >= since:
                    break  # in the order of time: later ones wait for it
                over.append(spell)
                if self.preset is not None:
                    items += self._combined(spell, self.preset)
            gone = {id(event) for spell in over for event in spell.members}
            for name in self.parts:
                left = [event for event in self._waiting[name] if id(event) not in gone]
                self._waiting[name] = left
        return tuple(over), tuple(items), self._both(since)

    def _combined(self, spell: Spell, preset: Preset) -> tuple[Event, ...]:
        members = {id(event) for event in spell.members}
        parts = [
            Events(
                tuple(event for event in self._waiting[name] if id(event) in members),
                EMPTY,
                PRESETS[name],
            )
            for name in self.parts
        ]
        return combine(preset, parts).items

    def _both(self, since: float) -> Spans:
        # At marks of UTC, that it does not matter when it was begun to look.
        cut = since if np.isinf(since) else np.floor(since / SEARCHED_S) * SEARCHED_S
        if self.preset is None or cut <= self._cut:
            return EMPTY
        self._cut = cut
        before = Spans(np.array([[-np.inf, cut]]))
        both = before
        for name, parts in self._searched.items():
            spans = union(*parts)
            both = intersect(both, spans)
            self._searched[name] = [subtract(spans, before)]
        return both


class Episodes:
    """All presets of one stream: their events, and the episodes with their letters.

    Parameters
    ----------
    presets : sequence of str
        Names of `joey.events.PRESETS` to be told.
    parts : sequence of str
        What episodes are made of.
    source : str
        ``beat`` or ``numeric``: what the heart rate is made from.
    """

    def __init__(self, presets: Sequence[str], parts: Sequence[str], source: str) -> None:
        self.source = source
        self._presets = tuple(presets)
        needed = [part for name in presets for part in PRESETS[name].parts or (name,)]
        self._watches = {
            name: Watch(PRESETS[name], source) for name in dict.fromkeys((*needed, *parts))
        }
        self._groups = {
            name: _Group(PRESETS[name], PRESETS[name].parts)
            for name in presets
            if PRESETS[name].parts
        }
        self._spells = _Group(None, parts)
        self._pulse: Series | None = None

    @property
    def since(self) -> float:
        """No event that is still to be told begins before. [s]"""
        return min(each.since for each in self._watches.values())

    @property
    def running(self) -> tuple[Event, ...]:
        """Events that are found and not told yet, of the presets that were asked for."""
        return tuple(
            event
            for name, watch in self._watches.items()
            if name in self._presets
            for event in watch.running
        )

    def turn(self) -> None:
        """Make heart rates from beats from here on."""
        self.source = "beat"
        for watch in self._watches.values():
            watch.turn()

    def take(
        self,
        data: Mapping[str, Series | Breaths | None],
        upto: Mapping[str, float],
        quality: Mapping[str, Quality | None],
        pulse: Series | None,
        *,
        last: bool = False,
    ) -> tuple[tuple[Events, ...], tuple[Spell, ...]]:
        """Take what is new of each input, and before when that is all.

        Parameters
        ----------
        data : mapping of str to Series or Breaths
            ``heart_rate``, ``spo2``, ``breaths``: without what is bad.
        upto : mapping of str to float
            For each of them, for ``pulse``, and for doubts in the heart rate ``doubts``. [s]
        quality : mapping of str to Quality
            New judgments of each.
        pulse : Series or None
            New rates from pulse to pulse.
        last : bool
            Whether nothing more will come.
        """
        if pulse is not None:
            self._pulse = pulse if self._pulse is None else _joined(self._pulse, pulse)
        found: dict[str, Events] = {}
        for name, watch in self._watches.items():
            key = watch.input
            doubts = upto["doubts"] if key == "heart_rate" else np.inf
            found[name] = watch.take(
                data.get(key), upto[key], quality.get(key), self._pulse, upto["pulse"], doubts,
                last=last,
            )  # fmt: skip
        if self._pulse is not None:
            slow = [w.since for w in self._watches.values() if w.input == "heart_rate"]
            oldest = min(slow, default=np.inf) - USUAL_S
            first = int(np.searchsorted(self._pulse.times, oldest))
            if first:
                self._pulse = _part(self._pulse, first, len(self._pulse.times))
        since = {name: np.inf if last else watch.since for name, watch in self._watches.items()}
        for name, group in self._groups.items():
            _, items, searched = group.take(found, min(since[part] for part in group.parts))
            found[name] = Events(items, searched, PRESETS[name])
        parts = self._spells.parts
        over, _, _ = self._spells.take(found, min(since[part] for part in parts))
        return tuple(found[name] for name in self._presets), over


def events_from(parts: Iterable[Events]) -> Events:
    """Return what was told of one preset in several steps as one."""
    rows = list(parts)
    items = tuple(event for each in rows for event in each.items)
    return replace(rows[0], items=items, searched=union(*(each.searched for each in rows)))

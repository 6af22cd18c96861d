"""For how long, and how far, spells could be looked for, by what the workers say they searched."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from joey.events import PRESETS
from joey.spans import Spans, total

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from joey.store.archive import FactRow, StreamRow

__all__ = ["KEPT_NS", "REACH_S", "Searched", "known_until"]

NS = 1_000_000_000
KEPT_NS = 3660 * NS  # ns that are remembered: what a tile tells of
LETTERS = {"central10": "A", "brady_uva": "B", "desat_uva": "D"}  # of `response.SPELL_PARTS`
# What is searched for these ends where something goes on that may still become part of a spell.
TOGETHER = ("abd", "bd")
GONE_S = 180.0  # s behind the others, from which something is not looked for any more
# s after its end, in which something may still begin that belongs to a spell
REACH_S = max(
    abs(bound)
    for name in TOGETHER
    for window in (PRESETS[name].b_window, PRESETS[name].d_window)
    for bound in window
)


class Searched:
    """What was searched of one bed, by letter, on the clocks of its devices."""

    __slots__ = ("_ends", "_spans")

    def __init__(self) -> None:
        # By letter, and by stream: two monitors tell of the same minutes by turns.
        self._spans: dict[str, dict[str, list[tuple[int, int]]]] = {
            each: {} for each in LETTERS.values()
        }
        self._ends: dict[tuple[str, str], int] = {}  # by preset and stream

    def take(self, row: FactRow) -> None:
        """Take a fact of kind ``searched``; what is told twice counts once."""
        letter = LETTERS.get(row.channel)
        if letter is None and row.channel not in TOGETHER:
            return
        bounds = json.loads(row.data)["spans"]
        end_ns = max((round(end * NS) for _, end in bounds), default=0)
        place = row.channel, row.stream
        self._ends[place] = max(end_ns, self._ends.get(place, 0))
        if letter is None:
            return
        spans = self._spans[letter].setdefault(row.stream, [])
        for start, end in bounds:
            start_ns, end_ns = round(start * NS), round(end * NS)
            if spans and spans[-1][0] <= start_ns <= spans[-1][1]:
                start_ns, end_ns = spans[-1][0], max(end_ns, spans[-1][1])
                spans.pop()
            spans.append((start_ns, end_ns))

    def forget(self, streams: Mapping[str, StreamRow], before_ns: int) -> None:
        """Forget what ended before a time of the host. [ns UTC]"""
        for place, end_ns in list(self._ends.items()):
            if end_ns < before_ns - streams[place[1]].offset_ns:
                del self._ends[place]
        for by_stream in self._spans.values():
            for name, spans in list(by_stream.items()):
                device_ns = before_ns - streams[name].offset_ns
                if not spans or spans[0][1] < device_ns:
                    by_stream[name] = [each for each in spans if each[1] >= device_ns]
                    if not by_stream[name]:
                        del by_stream[name]

    def seconds(self, streams: Mapping[str, StreamRow], since_ns: int) -> dict[str, float]:
        """Return for how long each letter was searched since a time of the host. [ns UTC]

        Of `streams` alone: what was searched of others is not counted.
        """
        found = {}
        for letter, by_stream in self._spans.items():
            rows = [
                (max(start + streams[of].offset_ns, since_ns), end + streams[of].offset_ns)
                for of, spans in by_stream.items()
                if of in streams
                for start, end in spans
            ]
            found[letter] = total(Spans.of([(a / NS, b / NS) for a, b in rows if a < b]))
        return found

    def ends(self, streams: Mapping[str, StreamRow]) -> list[float]:
        """Return how far each stream was searched for each preset, on the host's clock. [s UTC]

        Of `streams` alone.
        """
        return [
            (end_ns + streams[of].offset_ns) / NS
            for (_, of), end_ns in self._ends.items()
            if of in streams
        ]


def known_until(ends: Collection[float]) -> float | None:
    """Return until when all spells are known that were over then; None where nothing is. [s UTC]

    A spell is told once nothing more can belong to it. What is not looked for any more, as its
    signal is lost, holds up nothing.

    Parameters
    ----------
    ends : collection of float
        How far was searched for each preset, as of `Searched.ends`. [s UTC]
    """
    if not ends:
        return None
    newest = max(ends)
    return min(end for end in ends if newest - end < GONE_S) - REACH_S

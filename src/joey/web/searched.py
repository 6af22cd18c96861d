"""For how long each kind of spell could be looked for, by what the workers say they searched."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from joey.spans import Spans, total

if TYPE_CHECKING:
    from collections.abc import Mapping

    from joey.store.archive import FactRow, StreamRow

__all__ = ["KEPT_NS", "Searched", "words_of_search"]

NS = 1_000_000_000
KEPT_NS = 3660 * NS  # ns that are remembered: what a tile tells of
LETTERS = {"central10": "A", "brady_uva": "B", "desat_uva": "D"}  # of `response.SPELL_PARTS`
MIN_S = 60.0
FINAL_S = 120.0  # s, after which what was searched is told at the latest
SHARE = 0.05  # of the time: what is missing beyond it is said


class Searched:
    """What was searched of one bed, by letter, on the clocks of its devices."""

    __slots__ = ("_spans",)

    def __init__(self) -> None:
        # By letter, and by stream: two monitors tell of the same minutes by turns.
        self._spans: dict[str, dict[str, list[tuple[int, int]]]] = {
            each: {} for each in LETTERS.values()
        }

    def take(self, row: FactRow) -> None:
        """Take a fact of kind ``searched``; what is told twice counts once."""
        letter = LETTERS.get(row.channel)
        if letter is None:
            return
        spans = self._spans[letter].setdefault(row.stream, [])
        for start, end in json.loads(row.data)["spans"]:
            start_ns, end_ns = round(start * NS), round(end * NS)
            if spans and spans[-1][0] <= start_ns <= spans[-1][1]:
                start_ns, end_ns = spans[-1][0], max(end_ns, spans[-1][1])
                spans.pop()
            spans.append((start_ns, end_ns))

    def forget(self, streams: Mapping[str, StreamRow], before_ns: int) -> None:
        """Forget what ended before a time of the host. [ns UTC]"""
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


def words_of_search(looked_s: float, searched: Mapping[str, float]) -> str:
    """Return for how long no spell was found, by what could be searched.

    Parameters
    ----------
    looked_s : float
        Since when signals were looked at, an hour at most. [s]
    searched : mapping of str to float
        By letter (A apnea, B bradycardia, D desaturation), how much of it. [s]

    Returns
    -------
    str
        ``no spell in 1 h``; where much could not be searched ``no spell in 34 min searched``, and
        where that differs ``no B, D in 1 h; A in 12 min``: of two such kinds the lesser time.
    """
    if looked_s < MIN_S:
        return "no spell yet"
    enough = looked_s - max(FINAL_S, SHARE * looked_s)
    known = {name: looked_s if s >= enough else s for name, s in searched.items()}
    most = max(known.values())
    if most < MIN_S:
        return "no spell yet" if looked_s <= FINAL_S else "spells not searched"
    alike = [name for name, s in known.items() if most - s < MIN_S]
    if len(alike) == len(known):
        return f"no spell in {_long(most)}" + ("" if most == looked_s else " searched")
    rest = {name: s for name, s in known.items() if name not in alike}
    some = {name: s for name, s in rest.items() if s >= MIN_S}
    words = [f"no {', '.join(alike)} in {_long(most)}"]
    if some:
        words.append(f"{', '.join(some)} in {_long(min(some.values()))}")
    if none := [name for name in rest if name not in some]:
        words.append(f"{', '.join(none)} not searched")
    return "; ".join(words)


def _long(seconds: float) -> str:
    minutes = int(seconds // MIN_S)
    return "1 h" if minutes >= 60 else f"{minutes} min"

"""Until when the spells of a bed are known, and for how long none was found, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from joey.web.told import Told

__all__ = ["said_of_search", "words_of_search"]

NS = 1_000_000_000
NS_PER_MS = 1_000_000
HOUR_NS = 3600 * NS
MIN_S = 60.0
FINAL_S = 120.0  # s, after which what was searched is told at the latest
SHARE = 0.05  # of the time: what is missing beyond it is said


def said_of_search(
    told: Told,
    bed: str,
    whose: Collection[str] | None,
    span_ns: tuple[int, int],
    clock: Callable[[int], str],
) -> dict[str, Any]:
    """Return how far the spells of a bed are known, and for how long none was found.

    Parameters
    ----------
    told : Told
        What was searched.
    bed : str
        Its key.
    whose : collection of str or None
        The streams that are shown, None for all.
    span_ns : (int, int)
        Since when who lies there does, and the host's time. [ns UTC]
    clock : callable
        Writes a time as the unit's clock shows it.

    Returns
    -------
    dict
        ``known``: until when, in whole minutes [ms UTC], or None; ``looked``: in words, empty where
        it is not known yet.
    """
    begun_ns, now_ns = span_ns
    since_ns = max(told.looked_from(bed, now_ns - HOUR_NS, whose), begun_ns)
    searched, known = told.searched(bed, since_ns, whose), told.known_until(bed, whose)
    until_ns = 0 if known is None else round(known // MIN_S * MIN_S) * NS
    if until_ns < begun_ns:  # of who lay there before
        until_ns = 0
    until = clock(until_ns) if until_ns else ""
    looked = "" if searched is None else words_of_search((now_ns - since_ns) / NS, searched, until)
    return {"known": until_ns // NS_PER_MS or None, "looked": looked}


def words_of_search(looked_s: float, searched: Mapping[str, float], until: str = "") -> str:
    """Return for how long no spell was found, by what could be searched.

    Parameters
    ----------
    looked_s : float
        Since when signals were looked at, an hour at most. [s]
    searched : mapping of str to float
        By letter (A apnea, B bradycardia, D desaturation), how much of it. [s]
    until : str
        The clock time until which spells are known, where it is.

    Returns
    -------
    str
        ``no spell in 1 h to 14:02``; where much could not be searched ``no spell in 34 min
        searched to 14:02``, and where that differs ``no B, D in 1 h to 14:02; A in 12 min``: of two
        such kinds the lesser time.
    """
    if looked_s < MIN_S:
        return "no spell yet"
    enough = looked_s - max(FINAL_S, SHARE * looked_s)
    known = {name: looked_s if s >= enough else s for name, s in searched.items()}
    most = max(known.values())
    if most < MIN_S:
        return "no spell yet" if looked_s <= FINAL_S else "spells not searched"
    to = f" to {until}" if until else ""
    alike = [name for name, s in known.items() if most - s < MIN_S]
    if len(alike) == len(known):
        return f"no spell in {_long(most)}" + ("" if most == looked_s else " searched") + to
    rest = {name: s for name, s in known.items() if name not in alike}
    some = {name: s for name, s in rest.items() if s >= MIN_S}
    words = [f"no {', '.join(alike)} in {_long(most)}{to}"]
    if some:
        words.append(f"{', '.join(some)} in {_long(min(some.values()))}")
    if none := [name for name in rest if name not in some]:
        words.append(f"{', '.join(none)} not searched")
    return "; ".join(words)


def _long(seconds: float) -> str:
    minutes = int(seconds // MIN_S)
    return "1 h" if minutes >= 60 else f"{minutes} min"

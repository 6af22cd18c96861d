"""The definition of an event read tick by tick, slowly, as an oracle for the engine.

A tick is half a second; a value is a number, or None where nothing is known. Written from the
definition alone: join, then duration; missing time ends a run unless bridged.
"""

from dataclasses import dataclass

TICK = 0.5


@dataclass
class Found:
    start: float
    end: float
    nadir: float
    nadir_time: float
    area: float
    below: float
    missing: float
    truncated: bool
    values: int


def slow_events(  # noqa: C901 - one walk, as the definition reads
    ticks: list[float | None],
    fresh: list[bool],
    limits: list[float | None],
    *,
    inclusive: bool,
    at_least: float,
    over: bool,
    join: float,
    bridge: float,
    values: int,
) -> list[Found]:
    """Return the events, walking from tick to tick; `fresh` marks where a new value begins."""

    def state(k: int) -> str:
        if not 0 <= k < len(ticks):
            return "missing"
        value, limit = ticks[k], limits[k]
        if value is None or limit is None:
            return "missing"
        return "in" if value < limit or (inclusive and value == limit) else "out"

    runs: list[tuple[int, int]] = []
    k = 0
    while k < len(ticks):
        if state(k) != "in":
            k += 1
            continue
        stop = k
        while state(stop) == "in":
            stop += 1
        runs.append((k, stop))
        k = stop

    def longest_gap(lo: int, hi: int) -> float:
        longest = now = 0.0
        for j in range(lo, hi):
            now = now + TICK if state(j) == "missing" else 0.0
            longest = max(longest, now)
        return longest

    groups: list[list[tuple[int, int]]] = []
    for run in runs:
        if groups:
            lo, hi = groups[-1][-1][1], run[0]
            passable = longest_gap(lo, hi) <= bridge
            only_gap = all(state(j) == "missing" for j in range(lo, hi))
            if passable and (only_gap or (hi - lo) * TICK < join):
                groups[-1].append(run)
                continue
        groups.append([run])

    found = []
    for group in groups:
        first, stop = group[0][0], group[-1][1]
        inside = [k for run in group for k in range(*run)]
        length = (stop - first) * TICK
        if length < at_least or (over and length == at_least):
            continue
        count = sum(1 for k in inside if fresh[k])
        if count < values:
            continue
        nadir = min(ticks[k] for k in inside)
        found.append(
            Found(
                first * TICK,
                stop * TICK,
                nadir,
                next(k for k in inside if ticks[k] == nadir) * TICK,
                sum((limits[k] - ticks[k]) * TICK for k in inside),
                len(inside) * TICK,
                sum(TICK for k in range(first, stop) if state(k) == "missing"),
                state(first - 1) == "missing" or state(stop) == "missing",
                count,
            )
        )
    return found

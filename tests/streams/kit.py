"""The kit every detector is put through: whatever the cut, the facts are the same.

A detector is given to the kit as a function that makes it, its inputs (segments, or facts of
another detector) and a function that joins its partial facts. The kit draws cuts from a seeded
generator.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from joey.beats import Beats
from joey.breaths import Breaths
from joey.signals import Segment
from joey.spans import Span, Spans, intersect
from joey.streams import LEAD_IN_S, MARK_S, TAIL_S

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

Points = Beats | Breaths
Data = list[Segment] | Points
MARGIN_S = 30.0  # s, what a split is given of facts that are inputs, beyond its own samples


@dataclass(frozen=True)
class Case:
    """One detector with something to find."""

    name: str
    make: Callable[[], Any]
    inputs: dict[str, Data]
    join: Callable[[Iterable[Any]], Any]


def archive(case: Case) -> Any:
    """Return the facts of one update and finish: what the archive function says."""
    detector = case.make()
    first = detector.update(case.inputs, {name: span_of(d).end for name, d in case.inputs.items()})
    return case.join([first, detector.finish()])


def chunked(case: Case, rng: np.random.Generator, chunks: int, *, finish: bool = True) -> Any:
    """Return the facts of many updates: each input cut at random, their order drawn at random."""
    detector = case.make()
    queues = {name: _cuts(data, rng, chunks) for name, data in case.inputs.items()}
    told = []
    while any(queues.values()):
        name = str(rng.choice([each for each, queue in queues.items() if queue]))
        part, upto = queues[name].pop(0)
        told.append(detector.update({name: part}, {name: upto}))
    if finish:
        told.append(detector.finish())
    return case.join(told)


def split(case: Case, main: str) -> Any:
    """Return the facts of independent detectors, each on its own ten minutes, joined."""
    whole = span_of(case.inputs[main])
    first = int(whole.start // MARK_S)
    told = []
    for number in range(first, int(whole.end // MARK_S) + 1):
        mine = Span(number * MARK_S, (number + 1) * MARK_S)
        told.append(only(archive(_near(case, main, mine)), mine))
    return case.join(told)


def restarted(case: Case, main: str, mark: float) -> Any:
    """Return the facts from `mark` on of a detector that was started one lead-in before it."""
    end = span_of(case.inputs[main]).end
    mine = Span(mark, end + 1.0)
    return only(archive(_near(case, main, mine)), mine)


def only(facts: Any, span: Span) -> Any:
    """Return the facts of one span."""
    keep = (facts.times >= span.start) & (facts.times < span.end)
    searched = intersect(facts.searched, Spans.of([span]))
    more = {"edges": facts.edges[keep]} if isinstance(facts, Breaths) else {}
    return replace(
        facts, times=facts.times[keep], flags=facts.flags[keep], searched=searched, **more
    )


def same(a: Any, b: Any) -> None:
    """Assert that two findings are identical, bit by bit."""
    np.testing.assert_array_equal(a.times, b.times)
    np.testing.assert_array_equal(a.flags, b.flags)
    np.testing.assert_array_equal(a.searched.bounds, b.searched.bounds)
    if isinstance(a, Breaths):
        np.testing.assert_array_equal(a.edges, b.edges)


def span_of(data: Data) -> Span:
    """Return the time an input covers."""
    if isinstance(data, list):
        return Span(data[0].span.start, max(each.span.end for each in data))
    bounds = data.searched.bounds
    return Span(float(bounds[0, 0]), float(bounds[-1, 1]))


def _near(case: Case, main: str, mine: Span) -> Case:
    inputs = {}
    for name, data in case.inputs.items():
        margin = 0.0 if name == main else MARGIN_S
        wide = Span(mine.start - LEAD_IN_S - margin, mine.end + TAIL_S + margin)
        inputs[name] = part(data, wide)
    return replace(case, inputs=inputs)


def part(data: Data, span: Span) -> Data:
    if isinstance(data, list):
        cut = [s.part(s.grid.first_at(span.start), s.grid.first_at(span.end)) for s in data]
        return [each for each in cut if len(each.counts)]
    return only(data, span)  # type: ignore[no-any-return]


def _cuts(data: Data, rng: np.random.Generator, chunks: int) -> list[tuple[Data, float]]:
    whole = span_of(data)
    times = np.sort(rng.uniform(whole.start, whole.end, chunks))
    edges: Sequence[float] = [whole.start, *times.tolist(), whole.end]
    rows = []
    for start, end in pairwise(edges):
        stop = end if end < whole.end else end + 1.0
        rows.append((part(data, Span(start, stop)), end))
    return rows

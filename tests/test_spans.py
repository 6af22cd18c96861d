"""Sets of spans: a few are gone through one by one, many by NumPy, and both say the same."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from joey import spans
from joey.spans import Spans, intersect, subtract, total, union

# Whole numbers touch and meet often; no -0.0, whose sign NumPy and Python may choose differently.
TIMES = st.integers(0, 40).map(float) | st.sampled_from([np.nan, np.inf, -np.inf])
PAIRS = st.lists(st.tuples(TIMES, TIMES), max_size=30)


@given(PAIRS, PAIRS)
def test_few_and_many_spans_are_the_same(
    one: list[tuple[float, float]], other: list[tuple[float, float]]
) -> None:
    """Unsorted, overlapping, touching, empty, infinite, not a number."""
    found = []
    for few in (0, 1000):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(spans, "FEW", few)
            a, b = Spans.of(one), Spans.of(np.array(other).reshape(-1, 2))
            made = (a, b, union(a, b), intersect(a, b), subtract(a, b))
        found.append([each.bounds.tobytes() for each in made])
        assert all(each.bounds.shape == (len(each), 2) for each in made)
    assert found[0] == found[1]


def test_the_covered_time_of_one_span_is_that_of_several() -> None:
    """The usual case has a way of its own."""
    assert total(Spans.of([(1.5, 4.0)])) == 2.5
    assert total(Spans.of([(1.5, 4.0), (5.0, 5.25)])) == 2.75
    assert total(Spans.of([])) == 0.0

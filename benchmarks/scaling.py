"""Detrended fluctuation analysis beside antropy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from entropy import intervals, together
from harness import RUNS, Row, absent, peer, version

from joey.features import measure_scaling

if TYPE_CHECKING:
    from collections.abc import Iterator

GOALS = {1_000: None, 4_096: 2.0, 20_000: None}


def rows(*, quick: bool) -> Iterator[Row]:
    """Yield one row for each length."""
    runs = 3 if quick else RUNS
    antropy = peer("antropy")
    for n, goal in GOALS.items():
        if quick and n > 4_096:
            continue
        nn, source = intervals(n)
        sizes = boxes(n)
        work = f"DFA, N = {n:,}, {len(sizes)} box sizes"
        if antropy is None:
            yield absent(work, lambda nn=nn, s=sizes: measure_scaling(nn, s), "antropy", goal, runs)
            continue
        seen = together(
            20,
            lambda nn=nn, s=sizes: measure_scaling(nn, s),
            lambda nn=nn: antropy.detrended_fluctuation(nn),
            runs,
        )
        yield seen.row(
            work,
            peer_version=version("antropy"),
            goal=goal,
            agrees=abs(seen.answer - seen.peer_answer) < 1e-9,
            note=f"{source}; exponent within 1e-9, over antropy's boxes: 4 to N / 10 by 1.2",
        )


def boxes(n: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return the box sizes that antropy takes: 4 to N / 10, each 1.2 times the one before."""
    powers = 4 * 1.2 ** np.arange(int(np.log(0.1 * n / 4) / np.log(1.2)) + 1)
    return np.unique(np.floor(powers + 1e-9).astype(np.int64))

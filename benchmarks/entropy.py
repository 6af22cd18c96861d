"""Sample, multiscale and cross-sample entropy, beside antropy, neurokit2 and EntropyHub."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from harness import RUNS, Row, Timing, absent, measure, peer, version

from joey.features import (
    SampleEntropy,
    measure_cross_entropy,
    measure_multiscale_entropy,
    measure_sample_entropy,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

GOALS = {1_000: 8.0, 4_096: 40.0, 20_000: 250.0}
TOGETHER = {1_000: 50, 4_096: 20, 20_000: 10}  # calls in a timed run, as over the windows of a day
MULTISCALE_GOAL = 100.0
SCALES = 20
HERE = Path(__file__).resolve().parent
DATA = Path(os.environ.get("JOEY_SHARED_DATA", HERE.parents[1] / "shared" / "data"))


def rows(*, quick: bool) -> Iterator[Row]:
    """Yield sample entropy by length, then multiscale, cross-sample entropy and a day of rates."""
    runs = 3 if quick else RUNS
    lengths = (1_000, 4_096) if quick else tuple(GOALS)
    longest = max(lengths)
    grid, source = intervals(longest)
    fine = between_samples(grid)
    antropy, neurokit2 = peer("antropy"), peer("neurokit2")
    for m in (2, 3):
        for n in lengths:
            where = f"{source}, 4 ms grid"
            yield sample_entropy(antropy, grid[:n], m, where, GOALS[n], runs)
    for n in lengths:
        where = f"{source}, R times spread between samples"
        yield sample_entropy(antropy, fine[:n], 2, where, GOALS[n], runs)
    yield multiscale(neurokit2, grid, source, runs)
    yield cross(peer("EntropyHub"), grid, source, 1_000 if quick else 4_096, runs)
    yield day(antropy, runs, 10_000 if quick else 86_400)


def sample_entropy(
    antropy: Any,  # noqa: ANN401 - a module
    nn: NDArray[np.float64],
    m: int,
    source: str,
    goal: float | None,
    runs: int,
) -> Row:
    """Return the row of one series."""
    work = f"sample entropy, m = {m}, N = {len(nn):,}, {len(np.unique(nn)):,} values"
    tolerance = 0.2 * float(np.std(nn, ddof=1))

    def ours() -> SampleEntropy:
        return measure_sample_entropy(nn, m=m)

    if antropy is None:
        return absent(work, ours, "antropy", goal, runs)
    times = TOGETHER.get(len(nn), 1)
    seen = together(times, ours, lambda: antropy.sample_entropy(nn, m, tolerance), runs)
    note = f"{source}; entropy exact to 1e-12; r = 0.2 SD = {tolerance:.4f} ms"
    if len(nn) < 5_000:
        note += ", which no difference equals: below N = 5,000 antropy counts < r, Joey always <= r"
    return seen.row(
        work,
        peer_version=version("antropy"),
        goal=goal,
        agrees=abs(seen.answer.value - seen.peer_answer) < 1e-12 and no_tie(nn, tolerance),
        note=note,
    )


def together(times: int, ours: Callable[[], Any], peer: Callable[[], Any], runs: int) -> Timing:
    """Return the timing of one call, from runs of several: one alone is over too soon."""
    seen = measure(
        lambda: [ours() for _ in range(times)], lambda: [peer() for _ in range(times)], runs=runs
    )
    return Timing(
        seen.ours / times,
        None if seen.peer is None else seen.peer / times,
        seen.ours_wall / times,
        None if seen.peer_wall is None else seen.peer_wall / times,
        seen.runs,
        seen.answer[0],
        seen.peer_answer[0],
    )


def multiscale(
    neurokit2: Any,  # noqa: ANN401 - a module
    nn: NDArray[np.float64],
    source: str,
    runs: int,
) -> Row:
    """Return the row of multiscale entropy."""
    work = f"multiscale entropy, m = 2, {SCALES} scales, N = {len(nn):,}"

    def ours() -> tuple[SampleEntropy, ...]:
        return measure_multiscale_entropy(nn, scales=SCALES)

    if neurokit2 is None:
        return absent(work, ours, "neurokit2", MULTISCALE_GOAL, runs)
    tolerance = 0.15 * float(np.std(nn, ddof=1))

    def theirs() -> NDArray[np.float64]:
        _, found = neurokit2.entropy_multiscale(
            nn, scale=SCALES, dimension=2, tolerance=tolerance, method="MSEn"
        )
        return np.asarray(found["Value"])

    seen = together(3, ours, theirs, runs)
    values = np.array([each.value for each in seen.answer])
    defined = np.isfinite(values)
    apart = float(np.max(np.abs(values[defined] - seen.peer_answer[defined])))
    note = f"{source}; {np.count_nonzero(defined)} scales with 20 matches or more, each within 1e-9"
    return seen.row(
        work,
        peer_version=version("neurokit2"),
        goal=MULTISCALE_GOAL,
        agrees=apart < 1e-9,
        note=f"{note} (largest difference {apart:.0e}); r = 0.15 SD of the intervals themselves",
    )


def cross(
    hub: Any,  # noqa: ANN401 - a module
    nn: NDArray[np.float64],
    source: str,
    n: int,
    runs: int,
) -> Row:
    """Return the row of cross-sample entropy: one stretch of intervals against another."""
    work = f"cross-sample entropy, m = 2, N = {n:,} and {n:,}"
    x, y = nn[:n], nn[-n:]
    if hub is None:
        return absent(work, lambda: measure_cross_entropy(x, y), "EntropyHub", None, runs)
    a, b = ((each - each.mean()) / each.std(ddof=1) for each in (x, y))
    seen = together(
        3, lambda: measure_cross_entropy(x, y), lambda: hub.XSampEn(a, b, m=2, r=0.2), runs
    )
    # Its B takes the last two points of each series as well; without the last it is ours.
    _, _, inner = hub.XSampEn(a[:-1], b[:-1], m=2, r=0.2)
    same = seen.answer.a == int(seen.peer_answer[1][2]) and seen.answer.b == int(inner[2])
    return seen.row(
        work,
        peer_version=version("EntropyHub"),
        agrees=same,
        note=(
            f"{source}; A exact, and B over the same templates: EntropyHub's own B takes one "
            "template more of each series, which has no next point, against Richman 2000"
        ),
    )


def day(antropy: Any, runs: int, n: int) -> Row:  # noqa: ANN401 - a module
    """Return the row of a day of heart rates in whole beats/min; antropy on its first 20,000."""
    rng = np.random.default_rng(11)
    slow = np.cumsum(rng.normal(0, 1, n))
    slow -= np.linspace(slow[0], slow[-1], n)
    rate = np.rint(150 + 12 * slow / slow.std() + rng.normal(0, 2, n))
    work = f"sample entropy, m = 2, a day of heart rate at 1 Hz, N = {n:,}"
    part = min(n, 20_000)
    head = rate[:part]
    tolerance = 0.2 * float(np.std(head, ddof=1))
    if antropy is None:
        return absent(work, lambda: measure_sample_entropy(rate, m=2), "antropy", None, runs)
    whole = measure(lambda: measure_sample_entropy(rate, m=2), runs=runs)
    seen = measure(
        lambda: measure_sample_entropy(head, m=2),
        lambda: antropy.sample_entropy(head, 2, tolerance),
        runs=3,
    )
    pairs = (n / part) ** 2
    theirs = None if seen.peer is None else seen.peer * pairs
    return Row(
        work,
        whole.ours,
        theirs,
        version("antropy"),
        None if theirs is None else theirs / whole.ours,
        None,
        abs(seen.answer.value - seen.peer_answer) < 1e-12,
        f"drawn rates in whole beats/min; antropy measured on the first {part:,} (where the "
        f"answers agree to 1e-12) and multiplied by the {pairs:.1f} times as many pairs",
    )


def intervals(n: int) -> tuple[NDArray[np.float64], str]:
    """Return n RR intervals on the 4 ms grid of 250 Hz, and whose they are. [ms]"""
    path = DATA / "pics-rr" / "pics_rr.npz"
    if path.exists():
        with np.load(path) as archive:
            return archive["rr1"][:n].astype(np.float64), "PICS infant 1"
    rng = np.random.default_rng(7)
    level = np.cumsum(rng.normal(0, 2, n))
    level -= np.convolve(level, np.full(301, 1 / 301), mode="same")
    return np.rint((400 + level + rng.normal(0, 3, n)) / 4) * 4, "drawn intervals"


def between_samples(nn: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return intervals whose R times are spread evenly over their sampling step. [ms]"""
    shift = np.random.default_rng(8).uniform(-2, 2, len(nn) + 1)
    return np.round(nn + np.diff(shift), 3)


def no_tie(nn: NDArray[np.float64], tolerance: float) -> bool:
    """Return whether no two values differ by the tolerance, to rounding."""
    values = np.unique(nn)
    for side in (-1e-9, 1e-9):
        nearest = np.searchsorted(values, values + tolerance + side)
        if side < 0:
            below = nearest
    return bool(np.array_equal(below, nearest))

"""The interval of a change covers the change that was put in.

Numerics at 1 Hz, 60 min before and 65 min settled with the transfer's 25 min between: an AR(1)
process of known memory. `python tests/response/test_coverage.py` prints the table of
docs/validation.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import lfilter
from scipy.special import ndtr

from joey.response.stats import Limit, Part, difference

SEEDS = 2000
BEFORE, BETWEEN, SETTLED = 3600, 1500, 3900  # s


@dataclass(frozen=True)
class Vital:
    """How a numeric behaves: level and spread of the process, its shift, what the monitor shows."""

    name: str
    level: float
    spread: float
    shift: float
    saturates: bool = False

    def shown(self, latent: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.minimum(np.rint(latent), 100.0) if self.saturates else np.rint(latent)

    def mean_shown(self, level: float) -> float:
        """Mean of what the monitor shows: 100 cuts the upper tail, so the shift is smaller."""
        steps = np.arange(np.floor(level - 9 * self.spread), np.ceil(level + 9 * self.spread))
        share = np.diff(ndtr((np.append(steps, steps[-1] + 1) - 0.5 - level) / self.spread))
        return float(self.shown(steps) @ share)


HR = Vital("HR", 150.0, 8.0, 4.0)
SPO2 = Vital("SpO2", 94.0, 2.0, 1.0, saturates=True)
SPO2_HIGH = Vital("SpO2 near 100", 97.0, 2.0, 1.0, saturates=True)


@dataclass(frozen=True)
class Score:
    covers: float
    shown: float
    withheld: float
    half: float
    memory: float


@lru_cache(maxsize=1)
def noise() -> NDArray[np.float32]:
    """White noise of each seed; single precision halves the memory and changes no figure."""
    n = BEFORE + BETWEEN + SETTLED
    return np.stack(
        [np.random.default_rng(seed).standard_normal(n, dtype=np.float32) for seed in range(SEEDS)]
    )


@lru_cache(maxsize=1)
def process(memory: float) -> NDArray[np.float64]:
    rho = np.exp(-1 / memory)
    start = noise()[:, :1].astype(np.float64)
    rest, _ = lfilter([np.sqrt(1 - rho**2)], [1, -rho], noise()[:, 1:], axis=1, zi=rho * start)
    return np.concatenate((start, rest), axis=1)


def parts(
    values: NDArray[np.float64], settled: int = SETTLED
) -> tuple[Part, Part, NDArray[np.float64]]:
    """The two phases as the response cuts them, and the difference of their means."""
    out, means = [], []
    for phase in (values[:, :BEFORE], values[:, BEFORE + BETWEEN : BEFORE + BETWEEN + settled]):
        seconds = phase.shape[1]
        blocks = phase.reshape(len(phase), seconds // 600, -1).mean(axis=-1)
        minutes = phase.reshape(len(phase), -1, 60).mean(axis=-1)
        out.append(Part(blocks, minutes, float(seconds)))
        means.append(phase.mean(axis=-1))
    return out[0], out[1], means[1] - means[0]


def score(
    vital: Vital,
    memory: float,
    shift: float,
    drift: NDArray[np.float64] | float = 0.0,
    settled: int = SETTLED,
) -> Score:
    latent = vital.level + vital.spread * (process(memory) + drift)
    latent[:, BEFORE + BETWEEN :] += shift
    before, during, change = parts(vital.shown(latent), settled)
    truth = vital.mean_shown(vital.level + shift) - vital.mean_shown(vital.level)
    found = difference(before, during)
    shown = found.limit == Limit.NONE
    inside = np.abs(change - truth) <= found.unguarded
    return Score(
        float(inside.mean()),
        float(inside[shown].mean()) if shown.any() else np.nan,
        float(1 - shown.mean()),
        float(np.median(found.unguarded)),
        float(np.median(found.memory)),
    )


@pytest.mark.parametrize("memory", [20.0, 50.0, 100.0])
@pytest.mark.parametrize("vital", [HR, SPO2, SPO2_HIGH], ids=lambda v: v.name)
def test_the_interval_covers_the_shift_that_was_put_in(vital: Vital, memory: float) -> None:
    """93 to 97 % of the intervals that are shown, and of all; hardly any is withheld."""
    found = score(vital, memory, vital.shift)
    assert 0.93 <= found.shown <= 0.97
    assert 0.93 <= found.covers <= 0.97
    assert found.withheld < 0.03


@pytest.mark.parametrize("memory", [20.0, 50.0, 100.0])
@pytest.mark.parametrize("vital", [HR, SPO2], ids=lambda v: v.name)
def test_without_an_effect_three_to_seven_percent_of_intervals_leave_out_zero(
    vital: Vital, memory: float
) -> None:
    assert 0.03 <= 1 - score(vital, memory, 0.0).shown <= 0.07


def test_a_memory_of_300_s_is_mostly_withheld() -> None:
    """The 60-min phases are 12 memories long: too short for the rule of 20."""
    found = score(HR, 300.0, HR.shift)
    assert found.withheld > 0.8
    assert found.covers > 0.91


def test_the_memory_is_found_without_bias() -> None:
    for memory in (20.0, 50.0, 100.0):
        assert score(HR, memory, 0.0).memory == pytest.approx(memory, rel=0.05)


def test_the_ratio_of_skewed_blocks_covers_what_was_put_in_and_stays_positive() -> None:
    """Log-normal block values (SD of the logarithm 0.6), a true ratio of 1.3, 6 and 7 blocks."""
    rng = np.random.default_rng(11)
    blocks = [
        np.exp(np.log(m) + 0.6 * rng.standard_normal((SEEDS, k))) for m, k in ((8, 6), (10.4, 7))
    ]
    minutes = [rng.standard_normal((SEEDS, 10 * each.shape[1])) for each in blocks]
    logs = [np.log(each) for each in blocks]
    found = difference(
        *(Part(b, m, 600.0 * b.shape[1]) for b, m in zip(logs, minutes, strict=True))
    )
    shown = found.limit == Limit.NONE
    ratio = np.exp(logs[1].mean(axis=1) - logs[0].mean(axis=1))
    low, high = ratio * np.exp(-found.half), ratio * np.exp(found.half)
    covers = ((low <= 1.3) & (high >= 1.3))[shown]
    assert shown.mean() > 0.95
    assert 0.93 <= covers.mean() <= 0.97
    # On the values themselves many an interval of a phase would hold what no value can be.
    plain = [b.mean(axis=1) - 2.571 * b.std(axis=1, ddof=1) / np.sqrt(6) for b in blocks[:1]]
    assert np.mean(plain[0] < 0) > 0.01


def slow(seconds: float, spread: float) -> NDArray[np.float64]:
    """A second, slow AR(1) process beside the fast one: sleep states, temperature, time of day."""
    steps = (BEFORE + BETWEEN + SETTLED) // 60
    z = np.stack([np.random.default_rng([7, seed]).standard_normal(steps) for seed in range(SEEDS)])
    rho = np.exp(-60 / seconds)
    z[:, 1:] *= np.sqrt(1 - rho**2)
    return np.repeat(spread * lfilter([1], [1, -rho], z, axis=1), 60, axis=1)


def table() -> str:
    rows = [
        "| signal | memory | shown cover | all cover | withheld | half width | memory found |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]

    def row(name: str, memory: str, found: Score) -> None:
        rows.append(
            f"| {name} | {memory} | {100 * found.shown:.1f} % | {100 * found.covers:.1f} % "
            f"| {100 * found.withheld:.1f} % | {found.half:.2f} | {found.memory:.0f} s |"
        )

    for memory in (20.0, 50.0, 100.0, 300.0):
        for vital in (HR, SPO2, SPO2_HIGH):
            row(
                f"{vital.name}, shift {vital.shift:+g}",
                f"{memory:g} s",
                score(vital, memory, vital.shift),
            )
            row(f"{vital.name}, no shift", f"{memory:g} s", score(vital, memory, 0.0))
    for memory in (20.0, 50.0, 100.0):
        row("HR, settled 35 min", f"{memory:g} s", score(HR, memory, 4.0, settled=2100))
    hours = np.arange(BEFORE + BETWEEN + SETTLED) / 3600
    for slope in (0.1, 0.25, 0.5, 1.0, 2.0):
        row(
            f"HR, straight drift {slope * HR.spread:g} /min per h",
            "50 s",
            score(HR, 50.0, 4.0, slope * hours),
        )
    for seconds in (600.0, 1800.0, 7200.0):
        row(
            f"HR, with a slow part of memory {seconds / 60:g} min, half as large",
            "50 s",
            score(HR, 50.0, 4.0, slow(seconds, 0.5)),
        )
    return "\n".join(rows)


if __name__ == "__main__":
    print(table())  # noqa: T201  (this is the command of the table)

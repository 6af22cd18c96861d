"""Central apneas from impedance, against simulated truth: found, or said that nobody can say."""

from __future__ import annotations

import numpy as np
import pytest
from tests.breaths.chests import STRATA, Stratum, scored
from tests.breaths.days import Day, day

SEEDS = range(100, 112)  # twelve infants, two hours a stratum
# What is asked of each stratum: shares of the true apneas of 12 s or more that are found, and that
# are found or lie in time that Joey says it cannot search; the share of time not searched. [1]
FOUND, ANSWERED, UNSEARCHED = 0, 1, 2
CLEAN = (0.95, 0.95, 0.03)
FLOORS = {
    "no cardiac artifact": CLEAN,
    "cardiac artifact 30 %": CLEAN,
    "cardiac artifact 100 %": (0.80, 0.90, 0.10),
    "motion": (0.75, 0.90, 0.12),
    "holder's breathing 50 %": (0.60, 0.85, 0.12),
    "transfer, leads off": (0.40, 0.85, 0.35),
    "shallow breathing": (0.85, 0.95, 0.21),
    "amplitude and baseline wander": CLEAN,
    "two peaks": CLEAN,
    "25 breaths/min": CLEAN,
    "100 breaths/min": CLEAN,
    "white noise 15 %": (0.85, 0.90, 0.06),
    # Nobody could say more: motion or an adult moves the chest as far as this infant breathes.
    "steady motion 5 %": (0.30, 0.85, 0.40),
    "steady motion 10 %": (0.0, 0.95, 1.0),
    "steady motion 20 %": (0.0, 0.95, 1.0),
    "steady motion 40 %": (0.0, 0.70, 1.0),
    "holder's breathing 100 %": (0.30, 0.85, 0.30),
    "holder 50 %, 21 to 30/min": (0.20, 0.85, 0.35),
    "holder 100 %, 21 to 30/min": (0.0, 0.65, 0.50),
    "no ECG, cardiac artifact 10 %": (0.85, 0.90, 0.15),
    "no ECG, cardiac artifact 30 %": (0.0, 0.85, 1.0),
    "no ECG, cardiac artifact 100 %": (0.0, 0.90, 1.0),
}
VEILED = {name for name, floor in FLOORS.items() if floor[FOUND] < 0.5}


@pytest.mark.parametrize("stratum", STRATA, ids=lambda each: each.name)
def test_apneas_are_found_or_said_to_be_unsayable(stratum: Stratum) -> None:
    """12 s or more are found, 8 s or less are none, lengths are right to a second."""
    floor = FLOORS[stratum.name]

    seen = scored(stratum, SEEDS)

    assert seen.long > 30
    assert seen.short > 30
    assert seen.found >= floor[FOUND] * seen.long
    assert seen.found + seen.unsaid >= floor[ANSWERED] * seen.long
    assert seen.called <= 0.05 * seen.short
    assert seen.false <= 0.5 * seen.searched  # at most one in two searched hours
    assert 1 - seen.searched / seen.hours <= floor[UNSEARCHED]
    assert stratum.name in VEILED or np.median(np.abs(seen.errors)) <= 1.0
    assert seen.near >= (0.90 if stratum.steady else 0.95) * seen.breaths or stratum.transfer


def test_hours_with_a_hold_have_hardly_a_false_apnea() -> None:
    """Six hours of handling, lost leads and periodic breathing, three infants."""
    seen = Day()
    for seed in (201, 202, 203):
        seen.add(day(seed, 6.0))

    assert seen.apneas >= 3
    assert seen.found + seen.unsaid >= 0.8 * seen.apneas
    assert seen.false <= 0.15 * seen.searched  # 0.02 to 0.06 in days of other seeds
    assert seen.searched >= 0.85 * seen.hours

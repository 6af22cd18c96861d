"""How often the interval covers the effect in simulated days: a table of docs/validation.md.

`python tests/response/coverage_of_days.py` takes minutes, so that it is no test. The simulated
infant sleeps, feeds, drifts with the hours and has three holds of known effect; numerics only.
"""

from __future__ import annotations

import sys

import numpy as np

from joey.holds import Hold, Piece
from joey.response import Settings, analyze, measure_response
from joey.response.stats import IntervalRules
from joey.simulate import simulate_infant

NAMES = {"heart_rate_monitor": "heart_rate", "spo2": "spo2", "resp_rate_monitor": "resp_rate"}
RULES = {
    "two phases alone": IntervalRules(hours_p=0.0),
    "with the hours without a hold": IntervalRules(),
}


def changes(seed: int) -> list[tuple[str, str, float, float, float]]:
    """Return feature, rules, true shift, low and high, of each hold of one day."""
    infant = simulate_infant(hours=24, seed=seed, holds=3, waveforms=False, dirt=False)
    findings = analyze(infant.recording)
    held = [
        (Hold(f"h{k}", "i", (Piece("m", "mother", h.start, h.end),), "skin_to_skin"), h.effect)
        for k, h in enumerate(infant.truth.holds)
    ]
    holds = [hold for hold, _ in held]
    found = []
    for hold, effect in held:
        for name, rules in RULES.items():
            answer = measure_response(
                infant.recording,
                hold,
                others=holds,
                findings=findings,
                settings=Settings(intervals=rules),
            )
            for row in answer.features:
                if row.name in NAMES:
                    change = row.changes["settled"]
                    true = float(getattr(effect, NAMES[row.name]))
                    found.append((row.name, name, true, change.low, change.high))
    return found


def table(days: int) -> str:
    """Return the table of so many simulated days."""
    every = [each for seed in range(days) for each in changes(seed)]
    lines = [
        "| feature | rules | holds | shown | shown cover | half width |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name in NAMES:
        for rules in RULES:
            here = [each for each in every if each[:2] == (name, rules)]
            shown = [each for each in here if np.isfinite(each[3])]
            cover = np.mean([low <= true <= high for _, _, true, low, high in shown])
            half = np.median([(high - low) / 2 for *_, low, high in shown])
            lines.append(
                f"| {name} | {rules} | {len(here)} | {100 * len(shown) / len(here):.0f} % "
                f"| {100 * cover:.0f} % | {half:.1f} |"
            )
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(int(sys.argv[1]) if len(sys.argv) > 1 else 60))  # noqa: T201  (the command of the table)

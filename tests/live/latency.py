"""How long after the infant's time a monitor's facts are told, in simulated hours.

    PYTHONPATH=src:. .venv/bin/python -m tests.live.latency [SEEDS [HOURS]]

prints the row of docs/live.md: messages of a second that come 0.2 s late.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np

from joey.live import Monitor
from joey.signals import NS
from joey.simulate import simulate_infant
from tests.live.messages import messages_of, sent

if TYPE_CHECKING:
    from joey.live import Facts

EVENTS = {"brady_uva": "bradycardia", "desat_uva": "desaturation", "central10": "apnea of 10 s"}


def latencies(seed: int, hours: float) -> dict[str, list[float]]:
    """Return, for each kind of fact, the seconds from its time to when it was told. [s]

    A beat's time is the beat, a breath's the end of inspiration, an event's or a spell's its end.
    """
    out: dict[str, list[float]] = {}
    monitor = Monitor("latency")
    infant = simulate_infant(hours, seed, holds=1)
    for k, (message, received_ns) in enumerate(messages_of(sent(infant.recording))):
        for name, time in _times(monitor.take(message, k, received_ns)):
            out.setdefault(name, []).append(received_ns / NS - time)
    return out


def _times(facts: Facts) -> list[tuple[str, float]]:
    rows = []
    for name, found in (("beats", facts.beats), ("pulses", facts.pulses)):
        if found is not None:
            rows += [(name, float(time)) for time in found.times]
    if facts.breaths is not None:
        rows += [("breaths", float(time)) for time in facts.breaths.times]
    for events in facts.events:
        name = EVENTS.get(events.preset.name)
        rows += [(name, event.span.end) for event in events.items] if name else []
    rows += [("spell", spell.span.end) for spell in facts.spells]
    ends = [each.minute_ns / NS + 60 for each in facts.envelope]
    return rows + [("minute of the OxyCRG", end) for end in ends]


def main() -> None:
    """Print the table: number, median and the slowest of 95 %."""
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    hours = float(sys.argv[2]) if len(sys.argv) > 2 else 2.0
    every: dict[str, list[float]] = {}
    for seed in range(seeds):
        for name, found in latencies(seed, hours).items():
            every.setdefault(name, []).extend(found)
    for name, found in every.items():
        low, high = np.quantile(found, (0.5, 0.95))
        sys.stdout.write(f"{name} | {len(found)} | {low:.1f}, {high:.1f}\n")


if __name__ == "__main__":
    main()

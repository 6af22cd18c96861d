"""Central apneas in whole simulated days: holds, handling, lost leads, periodic breathing.

    PYTHONPATH=src:. .venv/bin/python -m tests.breaths.days FIRST_SEED LAST_SEED [HOURS]

prints the sum over the days of these seeds.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np

from joey.beats import detect_beats
from joey.breaths import detect_breaths
from joey.events import PRESETS, find_apneas
from joey.quality import bad_spans, judge_waveform
from joey.signals import signals_of
from joey.simulate import simulate_infant
from joey.spans import Span, Spans, intersect, total

APNEA_S = 13.0  # s from breath to breath: no movement for 12 s
PAUSE_S = 9.0  # s, the same for 8 s: what is called an apnea and touches none is false


@dataclass
class Day:
    """What was found in some simulated hours, and what was true."""

    events: int = 0
    false: int = 0
    apneas: int = 0
    found: int = 0
    unsaid: int = 0  # not found, and not 10 s of it were searched
    hours: float = 0.0
    searched: float = 0.0  # h

    def add(self, other: Day) -> None:
        for name in self.__dataclass_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


def day(seed: int, hours: float = 24.0) -> Day:
    """Return the score of one infant's hours, effort against a closed airway counted as breath."""
    infant = simulate_infant(hours, seed)
    ecg = signals_of(infant.recording, "ecg")[0]
    resp = signals_of(infant.recording, "resp")[0]
    bad = bad_spans(judge_waveform(resp))
    breaths = detect_breaths(resp, detect_beats(ecg))
    found = find_apneas(breaths, PRESETS["central10"], distrusted=bad)
    times = infant.truth.breaths
    gaps = np.diff(times)
    stops = [Span(float(times[i]), float(times[i + 1])) for i in np.flatnonzero(gaps >= PAUSE_S)]
    spans = [event.span for event in found.items]
    out = Day(events=len(spans), hours=hours, searched=total(found.searched) / 3600)
    out.false = sum(all(_shared(e, s) <= 0.5 * e.duration for s in stops) for e in spans)
    for stop in stops:
        if stop.duration >= APNEA_S:
            out.apneas += 1
            inside = intersect(found.searched, Spans.of([stop]))
            longest = max((each.duration for each in inside), default=0.0)
            seen = any(_shared(e, stop) >= 0.5 * stop.duration for e in spans)
            out.found += seen
            out.unsaid += not seen and longest < 10
    return out


def _shared(a: Span, b: Span) -> float:
    return max(min(a.end, b.end) - max(a.start, b.start), 0.0)


def main() -> None:
    """Print one line."""
    first, last, *rest = sys.argv[1:]
    whole = Day()
    for seed in range(int(first), int(last) + 1):
        whole.add(day(seed, *map(float, rest)))
    rate = whole.false / whole.searched
    sys.stdout.write(f"{whole}\n{rate:.3f} false per searched hour\n")


if __name__ == "__main__":
    main()

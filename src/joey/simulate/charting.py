"""What a unit would chart beside a simulated recording: rows of the context log."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from joey.simulate.schedule import stamp
from joey.simulate.seeds import stream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from joey.simulate.body import Body
    from joey.simulate.dirt import ClockError
    from joey.simulate.schedule import Care, SimulatedHold

__all__ = ["CONTEXT_COLUMNS", "context_rows"]

CONTEXT_COLUMNS = ("time", "kind", "value", "unit", "site", "note")


def context_rows(
    body: Body,
    cares: Sequence[Care],
    holds: Sequence[SimulatedHold],
    clock: ClockError,
    start_ns: int,
    age: tuple[float, float],
    seed: int,
) -> tuple[dict[str, str], ...]:
    """Return the rows of the context log: facts without a time, then what was charted.

    Parameters
    ----------
    body : Body
        The infant.
    cares : sequence of Care
        What was done.
    holds : sequence of SimulatedHold
        In time order.
    clock : ClockError
        Monitor against the wall clock, by which is charted.
    start_ns : int
        Start of the simulation. [ns]
    age : tuple of (float, float)
        Gestational [weeks] and postnatal age [days].
    seed : int
        The simulation's seed.
    """
    born, since = age
    weeks = born + since / 7
    grain = stream(seed, "context", "infant").standard_normal(2)
    # A median near 1.35 kg at 30 weeks that grows by an eighth a week.
    weight = 1350 * float(np.exp(0.115 * (weeks - 30) + 0.1 * grain[0]))
    facts = (
        ("gestational_age", "{}+{}".format(*divmod(round(born * 7), 7))),
        ("birth_time", stamp(start_ns - since * 86400e9)),
        ("spo2_averaging_s", "8"),
        ("probe_site_spo2", "foot"),
        ("probe_site_temp", "skin"),
    )
    rows = [
        (0.0, "weight", f"{weight:.0f}", "g", ""),
        (0.0, "support", "cpap", "", ""),
        (0.0, "position", "supine", "", ""),
        (0.0, "bed", "incubator_servo", "", ""),
    ]
    rows += [
        (float(at), "fio2", f"{value:.2f}", "1", "")
        for at, value in zip(body.oxygen.fio2_times, body.oxygen.fio2, strict=True)
    ]
    rows += [(care.time, care.kind, care.what, "", "") for care in cares]
    rows += _spot_temperatures(body, cares, holds, 0.35 + 0.05 * float(grain[1]), seed)
    rows.sort(key=lambda row: row[:3])
    times = np.array([row[0] for row in rows])
    # What stood at the start is charted with the start, whatever the wall clock shows.
    wall = np.maximum(clock.stamps(times) - clock.ahead(times), 0.0)
    charted = [("", kind, value, "", "") for kind, value in facts]
    charted += [
        (stamp(start_ns + at * 1e9), *row[1:]) for at, row in zip(wall.tolist(), rows, strict=True)
    ]
    return tuple(dict(zip(CONTEXT_COLUMNS, (*row, "simulated"), strict=True)) for row in charted)


def _spot_temperatures(
    body: Body,
    cares: Sequence[Care],
    holds: Sequence[SimulatedHold],
    deeper: float,
    seed: int,
) -> list[tuple[float, str, str, str, str]]:
    times = [care.time for care in cares if care.kind == "care"]
    # Before a hold, once it has warmed through, and at its end.
    times += [h.start - 900 for h in holds if h.start > 900]
    times += [h.start + 2400 for h in holds if h.end - h.start > 3300]
    times += [h.end - 300 for h in holds if h.end - h.start > 300]
    times.sort()
    error = 0.05 * stream(seed, "context", "temperature").standard_normal(len(times))
    rows = []
    for at, slip in zip(times, error.tolist(), strict=True):
        # The armpit is warmer than the abdomen's skin, and slow: it knows the last ten minutes.
        near = body.skin[max(int(at) - 600, 0) : int(at) + 1]
        rows.append((at, "temp", f"{float(np.median(near)) + deeper + slip:.1f}", "Cel", "axilla"))
    return rows

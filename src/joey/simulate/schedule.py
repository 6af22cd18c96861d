"""The day around a simulated infant: holds, feeds, cares, positions, caffeine - and their log.

Times inside are seconds from the start of the simulation; the rows of log and context carry UTC.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from joey.holds.log import COLUMNS
from joey.simulate.seeds import stream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["HoldEffect", "SimulatedHold", "day_of_holds", "holds_within", "ramp"]

DAY = 86400.0  # s
HOURS = (10.0, 14.25, 20.0, 17.0, 11.75, 22.0, 8.5, 2.0)  # of the day, when parents come, in turn
PEOPLE = (  # who holds, in turn
    (("simulated-mother", "mother"),),
    (("simulated-mother", "mother"), ("simulated-father", "father")),
    (("simulated-father", "father"),),
    (("simulated-nurse", "staff"),),
)
POSITIONS = ("upright", "upright", "diagonal", "lateral")
APART = 75.0  # min, around a hold that is laid into a few hours: what a comparison needs
SHORTEST, USUAL = 30.0, 75.0  # min, of such a hold


@dataclass(frozen=True, slots=True)
class HoldEffect:
    """What a hold does to an infant, once it has settled.

    Parameters
    ----------
    heart_rate : float
        Shift of the heart rate. [1/min]
    resp_rate : float
        Shift of the breathing rate. [1/min]
    spo2 : float
        Shift of oxygen saturation, before ceiling and nurses. [%]
    temp : float
        Shift of the temperature, reached with a time constant of 10 min. [Cel]
    variability : float
        Factor on the quick part of heart rate variability.
    """

    heart_rate: float = 0.0
    resp_rate: float = 0.0
    spo2: float = 0.0
    temp: float = 0.0
    variability: float = 1.0


@dataclass(frozen=True, slots=True)
class SimulatedHold:
    """One hold to simulate.

    Parameters
    ----------
    start, end : float
        The infant's chest on the holder's, from the start of the simulation. [s]
    holders : tuple of (str, str)
        Key and role of the holders, one after the other, in equal parts.
    position, contact, end_reason : str
        As in the hold log.
    effect : HoldEffect or None
        None: drawn from the distributions of `draw_effect`.
    """

    start: float
    end: float
    holders: tuple[tuple[str, str], ...] = (("simulated-mother", "mother"),)
    position: str = "upright"
    contact: str = "skin_to_skin"
    end_reason: str = "planned_end"
    effect: HoldEffect | None = None

    def __post_init__(self) -> None:
        """Refuse a hold without time or without a holder."""
        if not (0 <= self.start < self.end and self.holders):
            msg = f"a hold needs a holder and 0 <= start < end, not {self.start!r} to {self.end!r}"
            raise ValueError(msg)

    @property
    def bounds(self) -> NDArray[np.float64]:
        """Start of each holder's part, and the end of the last. [s]"""
        return np.linspace(self.start, self.end, len(self.holders) + 1)


def draw_effect(rng: np.random.Generator) -> HoldEffect:
    """Return a draw: HR N(4, 4), RR N(-2, 5), SpO2 N(0, 1), temp N(0.2, 0.2), SDNN x 0.65.

    Spreads and means are those of the published changes taken together.
    """
    heart, resp, spo2, temp = rng.standard_normal(4)
    return HoldEffect(
        heart_rate=float(4 + 4 * heart),
        resp_rate=float(-2 + 5 * resp),
        spo2=float(spo2),
        temp=float(0.2 + 0.2 * temp),
        variability=0.65,
    )


def day_of_holds(hours: float, per_day: int, start_ns: int, seed: int) -> tuple[SimulatedHold, ...]:
    """Return holds at the hours at which parents come, `per_day` in 24 h, that fit the simulation.

    The second hold of a day has a change of holder. Lengths are about 75 min (30 to 180), with
    two holders 120.
    """
    if not 0 <= per_day <= len(HOURS):
        msg = f"at most {len(HOURS)} holds a day can be laid out, not {per_day}: pass holds"
        raise ValueError(msg)
    midnight = -((start_ns // 1_000_000_000) % int(DAY))
    found: list[SimulatedHold] = []
    for day in range(int(hours / 24) + 2):
        for k in range(per_day):
            rng = stream(seed, "holds", day, k)
            start = midnight + day * DAY + HOURS[k] * 3600 + rng.normal(0, 900)
            length = float(np.clip(75 * np.exp(0.35 * rng.standard_normal()), 30, 180)) * 60
            length *= 1.0 + 0.6 * (len(PEOPLE[k % 4]) - 1)  # a second holder stays on
            start, end = float(np.rint(start)), float(np.rint(start + length))
            if start >= 0.0 and end <= hours * 3600:
                found.append(SimulatedHold(start, end, PEOPLE[k % 4], POSITIONS[k % 4]))
    found.sort(key=lambda hold: hold.start)
    kept: list[SimulatedHold] = []
    for hold in found:
        # Half an hour in bed between holds.
        if not kept or hold.start >= kept[-1].end + 1800:
            kept.append(hold)
    return tuple(kept)


def holds_within(hours: float, most: int) -> tuple[SimulatedHold, ...]:
    """Return up to so many holds laid evenly into a few hours, whatever the time of day.

    As many as fit: each lasts 30 to 75 min and has 75 min before and after it.
    """
    minutes = hours * 60
    count = max(min(most, int((minutes - APART) // (APART + SHORTEST))), 0)
    if count == 0:
        return ()
    length = min((minutes - (count + 1) * APART) / count, USUAL)
    between = (minutes - count * length) / (count + 1)
    starts = [between + k * (between + length) for k in range(count)]
    return tuple(
        SimulatedHold(
            float(np.rint(start * 60)), float(np.rint((start + length) * 60)),
            PEOPLE[k % 4], POSITIONS[k % 4],
        )
        for k, start in enumerate(starts)
    )  # fmt: skip


def with_effects(holds: Sequence[SimulatedHold], seed: int) -> tuple[SimulatedHold, ...]:
    """Return the holds in time order, each with its effect: given, or drawn by its place.

    Raises
    ------
    ValueError
        If two holds overlap.
    """
    ordered = sorted(holds, key=lambda hold: hold.start)
    for one, two in pairwise(ordered):
        if two.start < one.end:
            msg = f"holds overlap: one ends at {one.end:g} s, the next starts at {two.start:g} s"
            raise ValueError(msg)
    return tuple(
        replace(hold, effect=hold.effect or draw_effect(stream(seed, "effect", k)))
        for k, hold in enumerate(ordered)
    )


def ramp(
    times: NDArray[np.float64], start: float, end: float, rise: float, fall: float
) -> NDArray[np.float64]:
    """Return 0 before `start`, 1 from `start` + `rise` on, 0 again from `end` + `fall` on. [s]"""
    out = np.zeros(len(times))
    lo, hi = np.searchsorted(times, [start, end + fall])
    at = times[lo:hi]
    up = np.clip((at - start) / rise, 0, 1)
    down = np.clip((at - end) / fall, 0, 1)
    out[lo:hi] = up**2 * (3 - 2 * up) - down**2 * (3 - 2 * down)
    return out


@dataclass(frozen=True, slots=True)
class Care:
    """One thing done at the bedside: when [s], what (``care``, ``feed``, ...), in words."""

    time: float
    kind: str
    what: str


def day_of_cares(
    hours: float, start_ns: int, holds: Sequence[SimulatedHold], seed: int
) -> list[Care]:
    """Return feeds every 3 h with cares before them, caffeine at 08:00, and position changes.

    Cares that would fall into a hold are left out; the feed is then given while held.
    """
    seconds = hours * 3600
    midnight = -((start_ns // 1_000_000_000) % int(DAY))
    cares: list[Care] = []
    positions = ("supine", "right_side", "prone", "left_side")
    for k in range(int((hours + 24) / 3) + 1):
        rng = stream(seed, "care", k)
        feed = float(np.rint(midnight + k * 10800 + rng.normal(0, 300)))
        position = positions[int(rng.integers(4))]
        if not 0 <= feed < seconds:
            continue
        held = any(h.start - 1500 < feed < h.end + 900 for h in holds)
        if not held and feed > 900:
            cares.append(Care(feed - 900, "care", "nappy, mouth care"))
            cares.append(Care(feed - 600, "position", position))
        cares.append(Care(feed, "feed", "gavage_bolus"))
    for day in range(int(hours / 24) + 2):
        at = midnight + day * DAY + 8 * 3600
        if 0 <= at < seconds:
            cares.append(Care(at, "caffeine", "caffeine citrate 10 mg/kg"))
    return sorted(cares, key=lambda care: (care.time, care.kind))


def stamp(ns: float) -> str:
    """Return nanoseconds UTC as an ISO time with milliseconds, without them where they are zero."""
    whole = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=round(ns / 1e6))
    text = whole.isoformat(timespec="milliseconds" if whole.microsecond else "seconds")
    return text.replace("+00:00", "Z")


def hold_rows(
    holds: Sequence[SimulatedHold],
    start_ns: int,
    behind: NDArray[np.float64],
    infant: str,
    log_error_min: float,
    seed: int,
) -> tuple[dict[str, str], ...]:
    """Return the rows of the hold log: one per holder's part.

    Parameters
    ----------
    holds : sequence of SimulatedHold
        In time order.
    start_ns : int
        Start of the simulation. [ns]
    behind : ndarray of float64, shape (number of holds,)
        How far the nurses' clock is behind the monitor's at each hold. [s]
    infant : str
        The infant's key.
    log_error_min : float
        SD of the error of a logged time, which is then rounded to 5 min; 0: exact. [min]
    seed : int
        The simulation's seed.
    """
    rows: list[dict[str, str]] = []
    for k, (hold, lag) in enumerate(zip(holds, behind, strict=True)):
        rng = stream(seed, "log", k)
        error = rng.standard_normal(len(hold.bounds)) * log_error_min * 60
        bounds = hold.bounds - lag + error
        if log_error_min:
            # Nurses write what a wall clock shows, to the next five minutes, and never an end that
            # is not after its start.
            since = start_ns / 1e9 % 300
            bounds = np.rint((bounds + since) / 300) * 300 - since
            order = 300 * np.arange(len(bounds))
            bounds = np.maximum.accumulate(bounds - order) + order
        last = len(hold.holders) - 1
        for j, (holder, role) in enumerate(hold.holders):
            row = dict.fromkeys(COLUMNS, "")
            row |= {
                "infant": infant,
                "start": stamp(start_ns + bounds[j] * 1e9),
                "end": stamp(start_ns + bounds[j + 1] * 1e9),
                "holder": holder,
                "role": role,
                "contact": hold.contact,
                "position": hold.position,
                "position_before": "supine",
                "bed_before": "incubator_servo",
                "transfer_mode": "seated",
                "end_reason": hold.end_reason if j == last else "",
                "stopped_early": "no",
                "lines": "gastric tube",
                "logged_at": stamp(start_ns + (bounds[j + 1] + 60) * 1e9),
                "logged_by": "simulated",
                "time_source": "typed" if log_error_min else "tap",
                "note": "simulated",
            }
            rows.append(row)
    return tuple(rows)

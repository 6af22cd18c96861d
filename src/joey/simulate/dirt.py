"""What a monitor and a bedside do to good signals: gaps, lead-off, frozen numbers, a wild clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from joey.simulate.seeds import poisson_times, stream
from joey.spans import Span, Spans

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from joey.simulate.schedule import SimulatedHold

__all__ = ["ClockError", "Dirt", "DirtLog", "monitor_dirt", "transfer_dirt"]

STEP_S = 2  # s, size of a clock's step: whole samples at each of our rates


@dataclass(frozen=True, slots=True)
class DirtLog:
    """One piece of dirt: what, in which channel (quantity, ``all``), from when to when. [s]"""

    what: str
    channel: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class ClockError:
    """The monitor's clock against the wall's.

    Parameters
    ----------
    offset_s : float
        Monitor ahead of wall at the start. [s]
    drift_ppm : float
        How much faster it runs. [1e-6]
    steps : tuple of (float, float)
        When [s of the true time axis] it leapt forward, and by how much [s].
    """

    offset_s: float = 0.0
    drift_ppm: float = 0.0
    steps: tuple[tuple[float, float], ...] = ()

    def stamps(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the stamps that the steps leave on `times`. [s]"""
        out = np.array(times, dtype=np.float64)
        for at, size in self.steps:
            out[np.asarray(times) >= at] += size
        return out

    def ahead(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how far the monitor is ahead of the wall clock at `times`. [s]"""
        leapt = self.stamps(times) - times
        return np.asarray(self.offset_s + self.drift_ppm * 1e-6 * times + leapt, dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Dirt:
    """All dirt of a recording.

    Parameters
    ----------
    off : Spans
        The monitor recorded nothing at all. [s]
    rails : dict of str to Spans
        By quantity: an electrode is off and the amplifier at its rail.
    lost : dict of str to Spans
        By quantity: not measured.
    frozen : Spans
        Numerics repeat their last value.
    doubled : Spans
        The monitor counts each breath twice, or the heart.
    clock : ClockError
        The monitor's clock.
    """

    off: Spans = field(default_factory=lambda: Spans.of([]))
    rails: dict[str, Spans] = field(default_factory=dict)
    lost: dict[str, Spans] = field(default_factory=dict)
    frozen: Spans = field(default_factory=lambda: Spans.of([]))
    doubled: Spans = field(default_factory=lambda: Spans.of([]))
    clock: ClockError = field(default_factory=ClockError)

    def log(self) -> tuple[DirtLog, ...]:
        """Return each piece of dirt, in time order."""
        rows = [DirtLog("gap", "all", s.start, s.end) for s in self.off]
        for what, spans in (("rail", self.rails), ("lost", self.lost)):
            for name, each in spans.items():
                rows += [DirtLog(what, name, s.start, s.end) for s in each]
        rows += [DirtLog("frozen", "numerics", s.start, s.end) for s in self.frozen]
        rows += [DirtLog("miscounted", "resp_rate", s.start, s.end) for s in self.doubled]
        rows += [DirtLog("clock step", "all", at, at) for at, _ in self.clock.steps]
        return tuple(sorted(rows, key=lambda row: (row.start, row.what, row.channel)))


def _bouts(
    seconds: float, per_day: float, median: float, spread: float, rng: np.random.Generator
) -> list[Span]:
    at = poisson_times(rng, np.full(max(int(seconds), 1), per_day / 86400), 1.0)
    lengths = median * np.exp(spread * rng.standard_normal(len(at)))
    ends = np.minimum(at + lengths, seconds)
    return [Span(float(a), float(b)) for a, b in zip(at, ends, strict=True) if a > 60]


def monitor_dirt(seconds: float, seed: int) -> Dirt:
    """Return the dirt of a day at the monitor that no hold causes."""
    off = _bouts(seconds, 4, 45, 1.2, stream(seed, "dirt", "gaps"))
    frozen = _bouts(seconds, 3, 90, 0.5, stream(seed, "dirt", "frozen"))
    doubled = _bouts(seconds, 12, 150, 0.6, stream(seed, "dirt", "doubled"))
    loose = _bouts(seconds, 3, 60, 0.8, stream(seed, "dirt", "lead"))
    probe = _bouts(seconds, 5, 60, 0.8, stream(seed, "dirt", "probe"))
    rng = stream(seed, "dirt", "clock")
    offset, drift = rng.normal(0, 2), rng.normal(0, 15)
    at = 2.0 * np.floor(rng.uniform(0.05, 0.95) * seconds / 2)
    steps = ((float(at), float(STEP_S)),) if rng.random() < 0.5 and seconds > 1800 else ()
    blips = {
        name: Spans.of(_bouts(seconds, 12, 3, 0.8, stream(seed, "dirt", "blips", name)))
        for name in ("heart_rate", "pulse_rate", "resp_rate", "spo2", "temp")
    }
    leads = Spans.of(loose)
    foot = Spans.of(probe)
    return Dirt(
        Spans.of(off),
        {"ecg": leads, "resp": leads},
        {**blips, "pleth": foot, "probe": foot},
        Spans.of(frozen),
        Spans.of(doubled),
        ClockError(float(offset), float(drift), steps),
    )


def transfer_dirt(
    holds: Sequence[SimulatedHold], seconds: float, dropout: float, seed: int
) -> tuple[dict[str, Spans], dict[str, Spans]]:
    """Return what transfers do: spans at the rail and spans lost, by quantity.

    Leads come off for half a minute to two around each transfer. From 10 min before to 15 min after
    a start or an end (5 and 10 at a change of holder) a share `dropout` of each channel is lost in
    pieces of some seconds.
    """
    rails: list[tuple[float, float]] = []
    names = ("ecg", "resp", "probe", "temp")
    lost: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    for k, hold in enumerate(holds):
        rng = stream(seed, "dirt", "transfer", k)
        last = len(hold.bounds) - 1
        for j, at in enumerate(hold.bounds):
            change = 0 < j < last
            if not change:
                off = at - rng.uniform(5, 60)
                back = off + float(np.clip(60 * np.exp(0.5 * rng.standard_normal()), 20, 180))
                half = off + rng.uniform(0.3, 0.8) * (back - off)
                rails.append((off, half))
                lost["ecg"].append((half, back))
                lost["resp"].append((half, back))
            lo, hi = (at - 300, at + 600) if change else (at - 600, at + 900)
            for name in lost:
                lost[name] += _pieces(lo, hi, dropout, rng)

    def clipped(rows: list[tuple[float, float]]) -> Spans:
        kept = [(max(a, 0.0), min(b, seconds)) for a, b in rows]
        return Spans.of([(a, b) for a, b in kept if b > a])

    leads = clipped(rails)
    gone = {name: clipped(rows) for name, rows in lost.items()}
    return {"ecg": leads, "resp": leads}, {**gone, "pleth": gone["probe"]}


def _pieces(
    lo: float, hi: float, share: float, rng: np.random.Generator
) -> list[tuple[float, float]]:
    if share <= 0:
        return []
    found = []
    mean = 8.0  # s, length of one loss
    at = lo + float(rng.exponential(mean * (1 - share) / share))
    while at < hi:
        length = float(rng.exponential(mean))
        found.append((at, min(at + length, hi)))
        at += length + float(rng.exponential(mean * (1 - share) / share))
    return found

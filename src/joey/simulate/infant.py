"""A simulated infant: recording, hold log, context, and the truth behind them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from joey.signals import Clock, Recording, runs_of
from joey.simulate.body import body_of
from joey.simulate.charting import context_rows
from joey.simulate.dirt import ClockError, Dirt, DirtLog, monitor_dirt, transfer_dirt
from joey.simulate.monitor import numerics_of, waveforms_of
from joey.simulate.oxygen import FS
from joey.simulate.schedule import (
    SimulatedHold,
    day_of_cares,
    day_of_holds,
    hold_rows,
    with_effects,
)
from joey.simulate.waves import STEP
from joey.spans import Spans, union

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from joey.simulate.body import Body
    from joey.simulate.breathing import Apnea

__all__ = ["Simulated", "Spell", "Truth", "simulate_infant"]

MIDNIGHT = 1_767_571_200_000_000_000  # ns, 2026-01-05 00:00 UTC, a Monday
BRADYCARDIA = 100.0  # 1/min, below which the true rate is told as a spell
DESATURATION = 80.0  # %, below which the true saturation is told as a spell
INFANT = "simulated-1"


@dataclass(frozen=True, slots=True)
class Spell:
    """One true spell: kind, from when to when, and its extreme.

    Parameters
    ----------
    kind : str
        ``central``, ``mixed``, ``obstructive`` (apneas, about 5 s or more), ``periodic``, ``sigh``
        (short pauses), ``bradycardia`` (rate below 100 /min), ``desaturation`` (blood under the
        probe below 80 %, before the oximeter averages), ``periodic_breathing``.
    start, end : float
        On the recording's clock. [s]
    extreme : float
        Lowest rate [1/min] or saturation [%]; NaN for a pause.
    """

    kind: str
    start: float
    end: float
    extreme: float = float("nan")

    @property
    def duration(self) -> float:
        """From start to end. [s]"""
        return self.end - self.start


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """What really happened, on the recording's clock.

    Parameters
    ----------
    beats_ns : ndarray of int64, shape (n,)
        Time of each beat: the largest deflection of its QRS. [ns]
    breaths_ns : ndarray of int64, shape (m,)
        End of each inspiration; of obstructed efforts too. [ns]
    airless : ndarray of bool, shape (m,)
        Whether the breath was effort against a closed airway.
    apneas, pauses, periodic_breathing, bradycardias, desaturations : tuple of Spell
        In time order.
    holds : tuple of SimulatedHold
        With their effects; times are on the recording's clock.
    motions : tuple of (float, float, float)
        Start, end [s] and strength of each bout of movement.
    dirt : tuple of DirtLog
        What the monitor lost or spoilt.
    clock : ClockError
        Monitor against the wall clock of the log.
    """

    beats_ns: NDArray[np.int64]
    breaths_ns: NDArray[np.int64]
    airless: NDArray[np.bool_]
    apneas: tuple[Spell, ...]
    pauses: tuple[Spell, ...]
    periodic_breathing: tuple[Spell, ...]
    bradycardias: tuple[Spell, ...]
    desaturations: tuple[Spell, ...]
    holds: tuple[SimulatedHold, ...]
    motions: tuple[tuple[float, float, float], ...]
    dirt: tuple[DirtLog, ...]
    clock: ClockError

    @property
    def beats(self) -> NDArray[np.float64]:
        """Times of the beats. [s]"""
        return np.asarray(self.beats_ns / 1e9, dtype=np.float64)

    @property
    def breaths(self) -> NDArray[np.float64]:
        """Times at which inspirations end. [s]"""
        return np.asarray(self.breaths_ns / 1e9, dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Simulated:
    """A simulated infant.

    Parameters
    ----------
    recording : Recording
        As a monitor would have recorded it; its `simulated` is true.
    holds : tuple of dict
        Rows of the hold log.
    context : tuple of dict
        Rows of the context log.
    truth : Truth
        What happened.
    """

    recording: Recording
    holds: tuple[dict[str, str], ...]
    context: tuple[dict[str, str], ...]
    truth: Truth


def simulate_infant(  # noqa: PLR0913 (one infant has many properties)
    hours: float = 1,
    seed: int = 0,
    *,
    gestational_age_weeks: float = 29.0,
    postnatal_days: float = 20,
    start_ns: int = MIDNIGHT,
    holds: Sequence[SimulatedHold] | int = 3,
    cares: bool = True,
    dirt: bool = True,
    dropout: float = 0.1,
    log_error_min: float = 0.0,
    ecg_polarity: int = 1,
    waveforms: bool = True,
) -> Simulated:
    """Return an infant's hours with everything that truly happened in them.

    Parameters
    ----------
    hours : float
        How long. [h]
    seed : int
        The one seed. Parts that are switched off leave the random numbers of the others alone.
    gestational_age_weeks, postnatal_days : float
        Age at birth [weeks] and since [days].
    start_ns : int
        Time of the first sample; the hour of the day matters. [ns UTC]
    holds : sequence of SimulatedHold, or int
        The holds; a number means so many in 24 h, at the hours at which parents come.
    cares : bool
        Whether the infant is fed, cared for and given caffeine: each moves the heart rate.
    dirt : bool
        Whether the monitor loses and spoils data of its own accord (gaps, lead-off, frozen numbers,
        single missing values, a clock with offset, drift and a step).
    dropout : float
        Share of each channel that is lost around transfers; with 0 leads stay on as well.
    log_error_min : float
        SD of the error of logged hold times. [min]
    ecg_polarity : int
        1, or -1 for a negative QRS.
    waveforms : bool
        Whether to draw ECG, impedance and pleth; without them only numerics are recorded.

    Returns
    -------
    Simulated

    Raises
    ------
    ValueError
        If the length is not between a minute and 30 days, or a hold lies outside it.

    Examples
    --------
    >>> infant = simulate_infant(hours=0.1, seed=1)
    >>> [signal.channel.quantity for signal in infant.recording.signals][:3]
    ['ecg', 'resp', 'pleth']
    """
    if not 1 / 60 <= hours <= 720:
        msg = f"simulate between a minute and 720 hours, not {hours!r} h"
        raise ValueError(msg)
    seconds = float(int(hours * 3600) // 2 * 2)
    weeks = gestational_age_weeks + postnatal_days / 7
    chosen = day_of_holds(hours, holds, start_ns, seed) if isinstance(holds, int) else holds
    held = with_effects(chosen, seed)
    if held and held[-1].end > seconds:
        msg = f"a hold ends at {held[-1].end:g} s, after the simulation's {seconds:g} s"
        raise ValueError(msg)
    done = day_of_cares(hours, start_ns, held, seed) if cares else []
    body = body_of(seconds, start_ns, held, done, weeks, seed)
    mess = _dirt(seconds, held, seed, monitor=dirt, dropout=dropout)
    signals, fio2 = numerics_of(body, mess, start_ns, seed)
    if waveforms:
        signals = waveforms_of(body, held, mess, start_ns, seed, polarity=ecg_polarity) + signals
    facts = {
        "simulated": "no infant was measured",
        "seed": str(seed),
        "gestational_age_weeks": f"{gestational_age_weeks:g}",
        "postnatal_days": f"{postnatal_days:g}",
    }
    recording = Recording(
        signals=signals,
        series=(fio2,),
        clock=Clock(dated=True, zone="UTC", note="simulated"),
        simulated=True,
        facts=facts,
    )
    starts = np.array([hold.start for hold in held])
    behind = mess.clock.ahead(starts) - (mess.clock.stamps(starts) - starts)
    log = hold_rows(held, start_ns, behind, INFANT, log_error_min, seed)
    age = (gestational_age_weeks, postnatal_days)
    context = context_rows(body, done, held, mess.clock, start_ns, age, seed)
    return Simulated(recording, log, context, _truth(body, held, mess, start_ns))


def _dirt(
    seconds: float, held: Sequence[SimulatedHold], seed: int, *, monitor: bool, dropout: float
) -> Dirt:
    mess = monitor_dirt(seconds, seed) if monitor else Dirt()
    if dropout <= 0:
        return mess
    rails, lost = transfer_dirt(held, seconds, dropout, seed)
    return replace(mess, rails=_joined(mess.rails, rails), lost=_joined(mess.lost, lost))


def _joined(one: dict[str, Spans], two: dict[str, Spans]) -> dict[str, Spans]:
    return {k: union(*(d[k] for d in (one, two) if k in d)) for k in sorted({*one, *two})}


def _truth(body: Body, held: Sequence[SimulatedHold], mess: Dirt, start_ns: int) -> Truth:
    clock = mess.clock

    def ns(times: NDArray[np.float64]) -> NDArray[np.int64]:
        return start_ns + np.rint(clock.stamps(times) * 1e9).astype(np.int64)

    def on_clock(*times: float) -> list[float]:
        return [float(t) for t in ns(np.array(times)) / 1e9]

    def spell(kind: str, start: float, end: float, extreme: float = float("nan")) -> Spell:
        first, last = on_clock(start, end)
        return Spell(kind, first, last, extreme)

    def below(
        values: NDArray[np.float64], limit: float, step: float, kind: str
    ) -> tuple[Spell, ...]:
        return tuple(
            spell(kind, lo * step, hi * step, float(values[lo:hi].min()))
            for lo, hi in runs_of(values < limit)
        )

    def stops(found: Sequence[Apnea]) -> tuple[Spell, ...]:
        return tuple(spell(a.kind, a.start, a.end) for a in found)

    def rows(log: DirtLog) -> DirtLog:
        start, end = on_clock(log.start, log.end)
        return replace(log, start=start, end=end)

    def moved(hold: SimulatedHold) -> SimulatedHold:
        start, end = on_clock(hold.start, hold.end)
        return replace(hold, start=start, end=end)

    inside = body.breathing.peaks < body.seconds
    return Truth(
        beats_ns=ns(body.beats),
        breaths_ns=ns(body.breathing.peaks[inside]),
        airless=body.breathing.airless[inside],
        apneas=stops(body.apneas),
        pauses=stops(body.pauses),
        periodic_breathing=tuple(
            spell("periodic_breathing", s.start, s.end) for s in body.periodic
        ),
        bradycardias=below(body.rate, BRADYCARDIA, STEP, "bradycardia"),
        desaturations=below(body.oxygen.probe, DESATURATION, 1 / FS, "desaturation"),
        holds=tuple(moved(hold) for hold in held),
        motions=tuple(
            (stamps[0], stamps[1], m.strength)
            for m in body.motions
            for stamps in [on_clock(m.start, m.end)]
        ),
        dirt=tuple(rows(log) for log in mess.log()),
        clock=clock,
    )

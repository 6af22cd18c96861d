"""What features are measured from, and what a measurement gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import nan
from typing import TYPE_CHECKING

from joey.spans import EMPTY, Spans

if TYPE_CHECKING:
    from collections.abc import Callable

    from joey.beats import Intervals
    from joey.breaths import Breaths
    from joey.signals import Series

__all__ = ["Feature", "HrvRules", "HrvWindow", "Material", "Measured"]


@dataclass(frozen=True, slots=True)
class HrvWindow:
    """All variability of one window; units as in `joey.features.FEATURES`.

    Parameters
    ----------
    n : int
        Accepted intervals.
    accepted_s : float
        Time they fill. [s]
    coverage, corrected : float
        Share of the window's time that accepted intervals fill, and share of intervals that
        cleaning changed or rejected, 0 to 1.
    usable : bool
        Whether the minimum-data rules are met; else every value is NaN.
    tolerance_ms : float
        The r of the sample entropies. [ms]
    """

    n: int
    accepted_s: float
    coverage: float
    corrected: float
    usable: bool
    sdnn: float = nan
    rmssd: float = nan
    pnn10: float = nan
    sd1: float = nan
    sd2: float = nan
    asymmetry: float = nan
    sampen_m3: float = nan
    sampen_m2: float = nan
    tolerance_ms: float = nan
    alpha1: float = nan
    dc: float = nan
    ac: float = nan
    vlf: float = nan
    lf: float = nan
    hf: float = nan
    rsa: float = nan


@dataclass(frozen=True, slots=True)
class HrvRules:
    """What a window of heart-rate variability needs, and how it is measured: Joey's defaults.

    Parameters
    ----------
    window_s : float
        Length of a window: the short-term standard of the Task Force 1996. [s]
    min_beats : int
        Fewest accepted intervals.
    min_coverage : float
        Least share of the window's time that accepted intervals fill.
    max_corrected : float
        Largest share of intervals that cleaning changed or rejected.
    entropy_r : float
        Tolerance of sample entropy as a share of the standard deviation.
    anchor, scale, reach : int
        T, s and L of deceleration and acceleration capacity. T = 3 is for neonatal rates: the
        adult T = 1 is dominated by timing noise.
    """

    window_s: float = 300.0
    min_beats: int = 300
    min_coverage: float = 0.80
    max_corrected: float = 0.05
    entropy_r: float = 0.2
    anchor: int = 3
    scale: int = 2
    reach: int = 50


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """The facts of one infant that features are measured from.

    Parameters
    ----------
    intervals : Intervals or None
        Between beats of the ECG; None where there is no ECG.
    pulse : Intervals or None
        Between pulses of the pleth.
    breaths : Breaths or None
        From chest impedance or flow.
    numerics : dict of str to tuple of Series
        By quantity (``spo2``, ``heart_rate``, ``pulse_rate``, ``resp_rate``, ``temp``, ``fio2``,
        ``perfusion_index``): the values of each channel, best channel first.
    distrusted : dict of str to Spans
        By quantity (``ecg``, ``pleth`` and ``resp`` for what is found in them): what was graded bad
        or excluded, and is taken out.
    rules : HrvRules
        How variability is measured.
    windows : dict
        Variability by window, filled as it is asked for: many features share one window. Give a
        material with other facts or rules a new one.
    """

    intervals: Intervals | None = None
    pulse: Intervals | None = None
    breaths: Breaths | None = None
    numerics: dict[str, tuple[Series, ...]] = field(default_factory=dict)
    distrusted: dict[str, Spans] = field(default_factory=dict)
    rules: HrvRules = HrvRules()
    windows: dict[tuple[float, float], HrvWindow] = field(default_factory=dict, repr=False)

    def doubted(self, quantity: str) -> Spans:
        """Return what is taken out of a quantity."""
        return self.distrusted.get(quantity, EMPTY)


@dataclass(frozen=True, slots=True)
class Measured:
    """One measurement.

    Parameters
    ----------
    value : float
        NaN where nothing can be said.
    n : int
        Intervals, breaths or values it rests on.
    coverage : float
        Share of the asked time with valid data, 0 to 1.
    reason : str
        Why there is no value; beside a value, what must be known to read it.
    source : str
        Label of the channel it was measured from; empty where there is none.
    """

    value: float
    n: int
    coverage: float
    reason: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Feature:
    """One number that can be measured over any spans.

    Parameters
    ----------
    name, label, unit : str
        Key, words for people, unit.
    decimals : int
        Digits to show after the point.
    group : str
        ``heart``, ``breathing``, ``oxygen`` or ``temperature``.
    blockwise : bool
        Whether the value of a phase is the mean of its 10-min blocks' values, so that an interval
        can be made from those.
    settles_min : float
        How long after the start of the settled part it still settles. [min]
    threshold : str
        Key of the unit's threshold for showing a change: ``hr``, ``rr``, ``spo2``, ``temp``; empty
        for none.
    definition : str
        One plain sentence, with its source.
    measure : callable
        From material and spans to a measurement.
    scale : str
        How its change is shown: ``difference`` (later minus earlier), or ``ratio`` (later over
        earlier) of what is positive and skewed, whose mean is taken of the logarithms.
    """

    name: str
    label: str
    unit: str
    decimals: int
    group: str
    blockwise: bool
    settles_min: float
    threshold: str
    definition: str
    measure: Callable[[Material, Spans], Measured]
    scale: str = "difference"

"""Every setting that moves a number of a response, with Joey's named defaults; all are printed."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass

from joey.features import HrvRules
from joey.holds import PhaseSettings
from joey.response.leak import LeakRules
from joey.response.pseudo import MatchRules
from joey.response.stats import IntervalRules

__all__ = ["DisplayThresholds", "Settings", "printed"]


@dataclass(frozen=True, slots=True)
class DisplayThresholds:
    """The unit's own thresholds for showing a change: they say nothing about the infant.

    Parameters
    ----------
    heart_rate, resp_rate : float
        [/min]
    spo2 : float
        [%]
    temperature : float
        [Cel]
    """

    heart_rate: float = 5.0
    resp_rate: float = 5.0
    spo2: float = 2.0
    temperature: float = 0.2


@dataclass(frozen=True, slots=True)
class Settings:
    """How a response is measured.

    Parameters
    ----------
    phases, intervals, matching, leak, variability, show
        The parts; see each.
    spo2_low, spo2_high : float or None
        The infant's ordered target; None where none is known: never invented. [%]
    events : tuple of str
        Names of the presets; empty takes Joey's defaults.
    few_events : int
        Below so many events in both phases together their rates are not compared.
    coverage_apart : float
        Phases whose coverage differs by more carry a warning, 0 to 1.
    strips : int
        Most strips; the longest and deepest events go first.
    margin_min : float
        What the picture shows beyond the phases. [min]
    zone : str
        IANA zone to print times in; empty takes the recording's.
    invented : bool
        Whether the hold was made up to try the software on real signals.
    """

    phases: PhaseSettings = field(default_factory=PhaseSettings)
    intervals: IntervalRules = field(default_factory=IntervalRules)
    matching: MatchRules = field(default_factory=MatchRules)
    leak: LeakRules = field(default_factory=LeakRules)
    variability: HrvRules = field(default_factory=HrvRules)
    show: DisplayThresholds = field(default_factory=DisplayThresholds)
    spo2_low: float | None = None
    spo2_high: float | None = None
    events: tuple[str, ...] = ()
    few_events: int = 5
    coverage_apart: float = 0.20
    strips: int = 60
    margin_min: float = 10.0
    zone: str = ""
    invented: bool = False


def printed(settings: Settings) -> dict[str, str]:
    """Return every setting as text, by its dotted name, in the order of definition."""
    return dict(_flat(settings, ""))


def _flat(value: object, name: str) -> list[tuple[str, str]]:
    if is_dataclass(value) and not isinstance(value, type):
        rows: list[tuple[str, str]] = []
        for each in fields(value):
            inner = f"{name}.{each.name}" if name else each.name
            rows.extend(_flat(getattr(value, each.name), inner))
        return rows
    if isinstance(value, float):
        return [(name, f"{value:g}")]
    if isinstance(value, tuple):
        return [(name, ", ".join(str(each) for each in value) or "default")]
    return [(name, "none" if value is None or value == "" else str(value))]

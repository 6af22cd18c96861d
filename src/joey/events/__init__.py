"""Spells: apnea, bradycardia, desaturation and their combinations, by named presets."""

from joey.events.apneas import (
    ApneaDetector,
    doubt,
    find_apneas,
    find_periodic_breathing,
)
from joey.events.everything import (
    CONFIRMED,
    INPUT,
    annotations_of,
    combine,
    doubted_by,
    find_all,
)
from joey.events.evidence import Recovery, confirm_bradycardia, measure_recovery
from joey.events.find import (
    EventDetector,
    events_of,
    find_in_series,
    heart_rate_pieces,
    together,
    whole_intervals,
    without,
)
from joey.events.periodicity import Periodicity, measure_periodicity
from joey.events.presets import DEFAULT, PRESETS, definition, severity
from joey.events.rates import (
    Comparison,
    Count,
    Rate,
    clusters,
    compare_rates,
    count_events,
    rate_per_hour,
)
from joey.events.since import SinceLast, time_since_last
from joey.events.spells import (
    Spell,
    find_ab,
    find_abd,
    find_ad,
    find_aop_apneas,
    find_bd,
    spells,
)
from joey.events.stretches import Stretches, find_stretches, join_stretches
from joey.events.types import PROLONGED, Event, Events, Preset, counted

__all__ = [
    "CONFIRMED",
    "DEFAULT",
    "INPUT",
    "PRESETS",
    "PROLONGED",
    "ApneaDetector",
    "Comparison",
    "Count",
    "Event",
    "EventDetector",
    "Events",
    "Periodicity",
    "Preset",
    "Rate",
    "Recovery",
    "SinceLast",
    "Spell",
    "Stretches",
    "annotations_of",
    "clusters",
    "combine",
    "compare_rates",
    "confirm_bradycardia",
    "count_events",
    "counted",
    "definition",
    "doubt",
    "doubted_by",
    "events_of",
    "find_ab",
    "find_abd",
    "find_ad",
    "find_all",
    "find_aop_apneas",
    "find_apneas",
    "find_bd",
    "find_in_series",
    "find_periodic_breathing",
    "find_stretches",
    "heart_rate_pieces",
    "join_stretches",
    "measure_periodicity",
    "measure_recovery",
    "rate_per_hour",
    "severity",
    "spells",
    "time_since_last",
    "together",
    "whole_intervals",
    "without",
]

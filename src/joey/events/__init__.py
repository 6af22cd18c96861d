"""Spells: apnea, bradycardia, desaturation and their combinations, by named presets."""

from joey.events.find import (
    EventDetector,
    events_of,
    find_events,
    heart_rate_pieces,
    together,
    without,
)
from joey.events.presets import DEFAULT, PRESETS, definition, severity
from joey.events.stretches import Stretches, find_stretches, join_stretches
from joey.events.types import PROLONGED, Event, Events, Preset, counted

__all__ = [
    "DEFAULT",
    "PRESETS",
    "PROLONGED",
    "Event",
    "EventDetector",
    "Events",
    "Preset",
    "Stretches",
    "counted",
    "definition",
    "events_of",
    "find_events",
    "find_stretches",
    "heart_rate_pieces",
    "join_stretches",
    "severity",
    "together",
    "without",
]

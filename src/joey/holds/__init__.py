"""Holds: who held the infant, from when to when, how; the phases of a hold, and its dose."""

from joey.holds.chart import read_context
from joey.holds.context import (
    Context,
    Entry,
    Known,
    breathes_room_air,
    postmenstrual_age,
    postnatal_age,
    room_air,
    weeks_and_days,
)
from joey.holds.dose import DayDose, Dose, dose_by_day, dose_in
from joey.holds.exclusions import Exclusions, read_exclusions
from joey.holds.log import HoldLog, read_holds, write_holds
from joey.holds.phases import PHASES, PhaseSettings, phases_of, settled_from, why_unpaired
from joey.holds.types import Hold, Phases, Piece

__all__ = [
    "PHASES",
    "Context",
    "DayDose",
    "Dose",
    "Entry",
    "Exclusions",
    "Hold",
    "HoldLog",
    "Known",
    "PhaseSettings",
    "Phases",
    "Piece",
    "breathes_room_air",
    "dose_by_day",
    "dose_in",
    "phases_of",
    "postmenstrual_age",
    "postnatal_age",
    "read_context",
    "read_exclusions",
    "read_holds",
    "room_air",
    "settled_from",
    "weeks_and_days",
    "why_unpaired",
    "write_holds",
]

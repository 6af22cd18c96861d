"""Response: what the infant's numbers did through the phases of a hold, and how sure that is."""

from joey.response.findings import SPELL_PARTS, Findings, analyze, find_events
from joey.response.measure import measure_response
from joey.response.settings import DisplayThresholds, Settings
from joey.response.types import (
    EventCount,
    EventRow,
    FeatureRow,
    OxyCrg,
    Rank,
    Response,
    Strip,
    Track,
)

__all__ = [
    "SPELL_PARTS",
    "DisplayThresholds",
    "EventCount",
    "EventRow",
    "FeatureRow",
    "Findings",
    "OxyCrg",
    "Rank",
    "Response",
    "Settings",
    "Strip",
    "Track",
    "analyze",
    "find_events",
    "measure_response",
]

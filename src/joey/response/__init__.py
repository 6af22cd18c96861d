"""Response: what the infant's numbers did through the phases of a hold, and how sure that is."""

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

__all__ = ["EventCount", "EventRow", "FeatureRow", "OxyCrg", "Rank", "Response", "Strip", "Track"]

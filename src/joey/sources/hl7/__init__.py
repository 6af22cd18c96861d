"""HL7 v2 without input and output: bytes in, frames, observations, admissions and answers out."""

from __future__ import annotations

from joey.sources.hl7.acks import acknowledge
from joey.sources.hl7.adt import read_admission
from joey.sources.hl7.fields import header_of, read_message
from joey.sources.hl7.framing import Frame, Framing, Refused, frame
from joey.sources.hl7.oru import (
    MOST_SEGMENTS,
    location_of,
    read_observations,
    why_quarantined,
)
from joey.sources.hl7.patients import place_of
from joey.sources.hl7.types import (
    Admission,
    Header,
    Identifier,
    Location,
    Message,
    Numeric,
    Observations,
    PersonName,
    SourceSettings,
    Unmapped,
    Wave,
)

__all__ = [
    "MOST_SEGMENTS",
    "Admission",
    "Frame",
    "Framing",
    "Header",
    "Identifier",
    "Location",
    "Message",
    "Numeric",
    "Observations",
    "PersonName",
    "Refused",
    "SourceSettings",
    "Unmapped",
    "Wave",
    "acknowledge",
    "frame",
    "header_of",
    "location_of",
    "place_of",
    "read_admission",
    "read_message",
    "read_observations",
    "why_quarantined",
]

"""The minutes of the OxyCRG as rows of the archive's tables, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["COLUMNS", "MAKE", "PULSES", "EnvelopeRow", "pack_minute", "unpack_minute"]

NONE = b""  # of a rate that was not measured, or was not kept yet: by far most have one rate
BEFORE = """
CREATE TABLE IF NOT EXISTS envelope_before (
    stream TEXT NOT NULL, minute_ns INTEGER NOT NULL, heart_rate BLOB NOT NULL,
    spo2 BLOB NOT NULL, resp_low BLOB NOT NULL, resp_high BLOB NOT NULL,
    revision INTEGER NOT NULL{},
    PRIMARY KEY (stream, minute_ns, revision)
) WITHOUT ROWID;
"""
PULSE_RATE = "pulse_rate BLOB NOT NULL DEFAULT x''"
MAKE = f"""
CREATE TABLE IF NOT EXISTS envelope (
    stream TEXT NOT NULL, minute_ns INTEGER NOT NULL, heart_rate BLOB NOT NULL,
    spo2 BLOB NOT NULL, resp_low BLOB NOT NULL, resp_high BLOB NOT NULL,
    revision INTEGER NOT NULL DEFAULT 0, {PULSE_RATE},
    PRIMARY KEY (stream, minute_ns)
) WITHOUT ROWID;
{BEFORE.format(f", {PULSE_RATE}")}"""
PULSES = (
    f"{BEFORE.format('')}"  # a file of the first format has none
    f"ALTER TABLE envelope ADD COLUMN {PULSE_RATE};"
    f"ALTER TABLE envelope_before ADD COLUMN {PULSE_RATE};"
)
"""The step of the archive that gives minutes a pulse rate: those that are there have none."""
COLUMNS = "stream, minute_ns, heart_rate, spo2, resp_low, resp_high, pulse_rate, revision"


@dataclass(frozen=True, slots=True, eq=False)
class EnvelopeRow:
    """One minute of the OxyCRG at 4 Hz; NaN where nothing was measured. [ns UTC, the device's]"""

    stream: str
    minute_ns: int
    heart_rate: NDArray[np.float32]
    spo2: NDArray[np.float32]
    resp_low: NDArray[np.float32]
    resp_high: NDArray[np.float32]
    pulse_rate: NDArray[np.float32]


def pack_minute(row: EnvelopeRow, revision: int) -> tuple[object, ...]:
    """Return the row of the table, by `COLUMNS`."""
    curves = (row.heart_rate, row.spo2, row.resp_low, row.resp_high)
    parts = (np.asarray(curve, np.float32).tobytes() for curve in curves)
    pulses = np.asarray(row.pulse_rate, np.float32)
    pulse = pulses.tobytes() if np.isfinite(pulses).any() else NONE
    return row.stream, row.minute_ns, *parts, pulse, revision


def unpack_minute(row: tuple[Any, ...]) -> EnvelopeRow:
    """Return a minute of a row of the table."""
    heart, spo2, low, high, pulse = (np.frombuffer(part, np.float32) for part in row[2:7])
    if not len(pulse):
        pulse = np.full(len(heart), np.nan, np.float32)
    return EnvelopeRow(row[0], row[1], heart, spo2, low, high, pulse)

"""Messages of a monitor, made for the tests: what is sent is what a recording holds."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from joey.signals import NS, Channel
from joey.sources.hl7.types import Header, Identifier, Location, Numeric, Observations, Wave

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["ECG", "SPO2", "START", "message", "numeric", "wave"]

START = 1_790_000_000 * NS  # ns UTC, some night
ECG = Channel("ecg", "mV", lead="II", source="mdc/MDC_ECG_LEAD_II")
SPO2 = Channel("spo2", "%", source="mdc/MDC_PULS_OXIM_SAT_O2")
HEADER = Header("1", "ORU^R01", "P", None, b"", "MON", "NICU", "2.6", "UNICODE UTF-8")


def wave(
    start_ns: int,
    counts: NDArray[np.integer] | Sequence[int],
    *,
    channel: Channel = ECG,
    fs: int = 250,
    scale: float = 0.001,
    runs: Sequence[tuple[int, int]] | None = None,
) -> Wave:
    """Return a chunk, measured throughout unless said otherwise."""
    samples = np.asarray(counts, dtype=np.int32)
    rows = [(0, len(samples))] if runs is None else runs
    valid = np.array(rows, dtype=np.int64).reshape(-1, 2)
    return Wave(channel, Fraction(fs), samples, valid, scale, 0.0, start_ns, "code")


def numeric(time_ns: int, value: float, *, channel: Channel = SPO2, status: str = "R") -> Numeric:
    """Return a value."""
    return Numeric(channel, value, time_ns, status, "code", channel.unit)


def message(
    waves: Sequence[Wave] = (),
    numerics: Sequence[Numeric] = (),
    *,
    mrn: str = "1234",
    bed: str = "4",
    simulated: bool = True,
) -> Observations:
    """Return a message of one bed."""
    return Observations(
        replace(HEADER),
        Location("NICU", "", bed, f"NICU/{bed}"),
        "EUI-64",
        (Identifier(mrn, "HOSP", "MR"),) if mrn else (),
        waves=tuple(waves),
        numerics=tuple(numerics),
        simulated=simulated,
    )

"""What monitors and admission systems of a small ward send, written for these tests as HL7."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["admission", "observations", "samples"]

NS = 1_000_000_000
UTF = "||||||UNICODE UTF-8"
ORU = "ORU^R01^ORU_R01"
RATE = "0^MDC_ATTR_SAMP_RATE^MDC"
STEP = "2327^MDC_ATTR_NU_MSMT_RES^MDC"
HERTZ = "264608^MDC_DIM_PER_SEC^MDC"
NUMBERS = {
    "heart_rate": ("147842^MDC_ECG_HEART_RATE^MDC", "264864^MDC_DIM_BEAT_PER_MIN^MDC"),
    "pulse_rate": ("149530^MDC_PULS_OXIM_PULS_RATE^MDC", "264864^MDC_DIM_BEAT_PER_MIN^MDC"),
    "spo2": ("150456^MDC_PULS_OXIM_SAT_O2^MDC", "262688^MDC_DIM_PERCENT^MDC"),
    "resp_rate": ("151562^MDC_RESP_RATE^MDC", "264928^MDC_DIM_RESP_PER_MIN^MDC"),
    "temp": ("150344^MDC_TEMP^MDC", "268192^MDC_DIM_DEGC^MDC"),
}
WAVES = {
    "ecg": ("131330^MDC_ECG_ELEC_POTL_II^MDC", "266418^MDC_DIM_MILLI_VOLT^MDC", 250, 0.002),
    "pleth": ("150452^MDC_PULS_OXIM_PLETH^MDC", "262656^MDC_DIM_DIMLESS^MDC", 125, 1.0),
    "resp": ("151780^MDC_IMPED_TTHOR^MDC", "266432^MDC_DIM_OHM^MDC", 50, 0.001),
}


def stamp(ns: int) -> str:
    """Return a time as HL7 writes it."""
    at = datetime.fromtimestamp(ns // NS, UTC)
    return f"{at:%Y%m%d%H%M%S}.{ns // 1_000_000 % 1000:03d}+0000"


def admission(
    event: str, bed: str, mrn: str, name: str, at_ns: int, born: str = "20261110"
) -> bytes:
    """Return an ADT message; the name is ``FAMILY^GIVEN``."""
    rows = (
        rf"MSH|^~\&|ADT|HOSP|JOEY||{stamp(at_ns)}||ADT^{event}^ADT_A01|{event}{at_ns}|P|2.6{UTF}",
        f"EVN|{event}|{stamp(at_ns)}",
        f"PID|1||{mrn}^^^HOSP^MR||{name}||{born}|M",
        f"PV1|1|I|NICU^^{bed}",
    )
    return "\r".join(rows).encode() + b"\r"


def samples(quantity: str, start_s: int, seconds: float = 1.0) -> NDArray[np.int64]:
    """Return counts of a wave that looks like one: 150 beats and 50 breaths a minute."""
    fs = WAVES[quantity][2]
    t = start_s + np.arange(round(seconds * fs)) / fs
    beat, breath = (t * 2.5) % 1, np.sin(2 * np.pi * t * 50 / 60)
    if quantity == "ecg":
        shape = np.exp(-(((beat - 0.3) / 0.018) ** 2)) + 0.15 * np.exp(
            -(((beat - 0.6) / 0.07) ** 2)
        )
        return np.rint(500 * shape + 20 * breath).astype(int)
    if quantity == "pleth":
        return np.rint(
            2000 + 800 * np.sin(2 * np.pi * beat) + 200 * np.sin(4 * np.pi * beat)
        ).astype(int)
    return np.rint(900 * breath * (1 + 0.2 * np.sin(t / 7))).astype(int)


def observations(
    bed: str,
    mrn: str,
    name: str,
    at_ns: int,
    *,
    numbers: dict[str, float],
    waves: tuple[str, ...] = ("ecg", "pleth", "resp"),
    born: str = "20261110",
    seconds: int = 1,
    device: int | None = None,
) -> bytes:
    """Return an ORU message of the second (or seconds) that end at a time.

    The monitor is that of the bed, or `device`.
    """
    begin = at_ns - seconds * NS
    number = int(bed) if device is None else device
    monitor = f"MON^0000A1FFFE{number:06X}^EUI-64"
    rows = [
        rf"MSH|^~\&|{monitor}|HOSP|JOEY||{stamp(at_ns)}||{ORU}|{number}-{at_ns}|P|2.6{UTF}",
        f"PID|1||{mrn}^^^HOSP^MR||{name}||{born}|M" if mrn else "PID|1",
        f"PV1|1|I|NICU^^{bed}",
        f"OBR|1|||69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC|||{stamp(begin)}|{stamp(at_ns)}",
    ]
    number = 1  # of the row
    for quantity, value in numbers.items():
        code, unit = NUMBERS[quantity]
        text = "" if value != value else f"{value:g}"  # noqa: PLR0124  (NaN: none)
        state = "X" if not text else "R"
        rows.append(
            f"OBX|{number}|NM|{code}|1.{number}.1.1|{text}|{unit}|||||{state}|||{stamp(at_ns)}"
        )
        number += 1
    for quantity in waves:
        code, unit, fs, scale = WAVES[quantity]
        counts = "^".join(map(str, samples(quantity, begin // NS, seconds)))
        sub = f"1.7.6.{number}"
        rows += [
            f"OBX|{number}|NA|{code}|{sub}|{counts}|{unit}|||||R|||{stamp(begin)}",
            f"OBX|{number + 1}|NM|{RATE}|{sub}.1|{fs}|{HERTZ}|||||R",
            f"OBX|{number + 2}|NM|{STEP}|{sub}.2|{scale}|{unit}|||||R",
        ]
        number += 3
    return "\r".join(rows).encode() + b"\r"

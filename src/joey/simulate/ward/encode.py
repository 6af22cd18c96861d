"""What monitors of four makes send: the same seconds of a bed, in four dialects of HL7 v2.

Nothing here is of a real patient: every message says ``T`` (training) in MSH-11, and whoever reads
it must have been told that its source is simulated.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import tzinfo
    from fractions import Fraction

    from numpy.typing import NDArray

    from joey.simulate.ward.people import Bed, Patient

__all__ = ["ABSENT", "DIALECTS", "Dialect", "Piece", "Reading", "Strip", "encode", "stamp"]

ABSENT = -32768  # the count of a sample that was not measured, in the ward's own arrays
INOP = 32767  # the same, as the first dialect sends it
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NS = 1_000_000_000


class Reading(NamedTuple):
    """A number on the screen: of what, its value (NaN: none) and when by the monitor's clock."""

    quantity: str
    value: float
    time_ns: int


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """Consecutive samples of one wave.

    Parameters
    ----------
    quantity : str
        ``ecg``, ``resp`` or ``pleth``.
    fs : Fraction
        Sampling frequency. [Hz]
    counts : ndarray of int16, shape (n,)
        `ABSENT` where nothing was measured.
    start_ns : int
        Time of the first sample by the monitor's clock. [ns UTC]
    """

    quantity: str
    fs: Fraction
    counts: NDArray[np.int16]
    start_ns: int

    @property
    def end_ns(self) -> int:
        """Time of the sample after the last. [ns UTC]"""
        return self.start_ns + round(len(self.counts) * NS / self.fs)


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """What one message tells: from when to when by the monitor's clock, numbers and waves."""

    start_ns: int
    end_ns: int
    readings: tuple[Reading, ...]
    strips: tuple[Strip, ...]


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a make of monitors writes.

    Parameters
    ----------
    application : str
        MSH-3.
    rows : callable
        Writes OBR and OBX of a piece.
    place : callable
        Writes PV1-3 of a bed.
    event : str
        MSH-9.
    line_end : str
        After each segment; the standard's is CR.
    charset : str
        MSH-18.
    codec : str
        Python's name of the character set.
    zoned : bool
        Whether times carry their zone; without it they are the source's local time.
    """

    application: str
    rows: Callable[[Piece, _Context], Iterator[str]]
    place: Callable[[Bed], str]
    event: str = "ORU^R01^ORU_R01"
    line_end: str = "\r"
    charset: str = "UNICODE UTF-8"
    codec: str = "utf-8"
    zoned: bool = True


class _Context(NamedTuple):
    """What the rows of a message need besides its piece."""

    device: str
    when: Callable[[int], str]
    extra: Sequence[str]
    flag: str


def encode(
    dialect: Dialect,
    piece: Piece,
    bed: Bed,
    patient: Patient | None,
    control_id: str,
    *,
    zone: tzinfo = UTC,
    flag: str = "",
    unknown: tuple[str, ...] = (),
) -> bytes:
    """Return the message of a piece, without a frame.

    Parameters
    ----------
    dialect : Dialect
        How to write it.
    piece : Piece
        What it tells.
    bed : Bed
        Where the monitor stands, and its own identifier.
    patient : Patient or None
        Who the monitor believes lies there; None: nobody was entered.
    control_id : str
        MSH-10.
    zone : tzinfo
        Of the monitor's wall clock.
    flag : str
        OBX-8 of the numbers: ``DEMO`` while the monitor shows its own demonstration.
    unknown : tuple of str
        OBX rows, from OBX-2 on, that no table knows.
    """

    def when(ns: int) -> str:
        return stamp(ns, zone, zoned=dialect.zoned)

    head = (
        rf"MSH|^~\&|{dialect.application.replace('$', bed.device)}|SIMULATED|JOEY||"
        f"{when(piece.end_ns)}||{dialect.event}|{control_id}|T|2.6||||||{dialect.charset}"
    )
    context = _Context(bed.device, when, unknown, flag)
    rows = [
        head,
        _pid(patient),
        f"PV1|1|I|{dialect.place(bed)}",
        *dialect.rows(piece, context),
    ]
    text = dialect.line_end.join(rows) + dialect.line_end
    return text.encode(dialect.codec)


def _pid(patient: Patient | None) -> str:
    if patient is None:
        return "PID|1"
    number = f"{patient.number}^^^SIMULATED^MR" if patient.number else ""
    name = f"{patient.family}^{patient.given}^^^^^L" if patient.family else ""
    return f"PID|1||{number}||{name}||{patient.birth_date.replace('-', '')}|{patient.sex}"


def stamp(ns: int, zone: tzinfo = UTC, *, zoned: bool = True) -> str:
    """Return a time as HL7 writes it, to the millisecond.

    Parameters
    ----------
    ns : int
        Time. [ns UTC]
    zone : tzinfo
        In which it is written.
    zoned : bool
        Whether the zone stands behind it.

    Examples
    --------
    >>> stamp(1_767_571_200_004_000_000)
    '20260105000000.004+0000'
    """
    moment = EPOCH + timedelta(milliseconds=round(ns / 1_000_000))
    if zone is not UTC:
        moment = moment.astimezone(zone)
    text = f"{moment:%Y%m%d%H%M%S}.{moment.microsecond // 1000:03d}"
    return f"{text}{moment:%z}" if zoned else text


# --- the four makes


class _Wave(NamedTuple):
    code: str
    label: str
    channel: str
    scale: str
    unit: str


WAVES = {
    "ecg": _Wave("131330", "MDC_ECG_ELEC_POTL_II", "1.7.6", "0.0025", "mV"),
    "resp": _Wave("151780", "MDC_IMPED_TTHOR", "1.7.7", "0.001", "Ohm"),
    "pleth": _Wave("150452", "MDC_PULS_OXIM_PLETH", "1.7.8", "0.001", ""),
}
UNIT_CODES = {
    "mV": "266418^MDC_DIM_MILLI_VOLT^MDC",
    "Ohm": "262720^MDC_DIM_OHM^MDC",
    "": "262656^MDC_DIM_DIMLESS^MDC",
    "/min": "264864^MDC_DIM_BEAT_PER_MIN^MDC",
    "%": "262688^MDC_DIM_PERCENT^MDC",
    "Cel": "268192^MDC_DIM_DEGC^MDC",
}
PCD = {
    "heart_rate": ("147842^MDC_ECG_HEART_RATE^MDC", "1.7.1.147842", "/min"),
    "pulse_rate": ("149530^MDC_PULS_OXIM_PULS_RATE^MDC", "1.7.2.149530", "/min"),
    "resp_rate": ("151562^MDC_RESP_RATE^MDC", "1.7.3.151562", "/min"),
    "spo2": ("150456^MDC_PULS_OXIM_SAT_O2^MDC", "1.7.2.150456", "%"),
    "temp": ("150388^MDC_TEMP_SKIN^MDC", "1.7.4.150388", "Cel"),
    "fio2": ("152196^MDC_CONC_AWAY_O2_INSP^MDC", "1.7.5.152196", "%"),
}
NAMES = {
    "heart_rate": ("HR", "bpm"),
    "pulse_rate": ("SPO2-R", "bpm"),
    "resp_rate": ("RR", "rpm"),
    "spo2": ("SPO2-%", "%"),
    "temp": ("TSKIN", "[degF]"),
    "fio2": ("FIO2", "%"),
}


def _number(reading: Reading) -> str:
    """Return the digits that a monitor shows; empty for no value."""
    if reading.value != reading.value:  # NaN
        return ""
    value = 100 * reading.value if reading.quantity == "fio2" else reading.value
    return f"{value:.1f}" if reading.quantity == "temp" else f"{value:.0f}"


def _digits(counts: NDArray[np.int16]) -> list[str]:
    return list(map(str, counts.tolist()))


def _extra(context: _Context, number: int) -> Iterator[str]:
    for at, row in enumerate(context.extra, number):
        yield f"OBX|{at}|{row}"


def _pcd_rows(piece: Piece, context: _Context) -> Iterator[str]:
    """IHE PCD-01 to the letter: MDC codes, header rows, NA arrays with rows that describe them."""
    when = context.when
    device = f"|||||||X|||||||{context.device}^^{context.device}^EUI-64"
    yield (
        "OBR|1|||69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC"
        f"|||{when(piece.start_ns)}|{when(piece.end_ns)}"
    )
    yield f"OBX|1||69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC|1.0.0.0{device}"
    number = 2
    for each in piece.readings:
        code, sub, unit = PCD[each.quantity]
        text = _number(each)
        yield (
            f"OBX|{number}|NM|{code}|{sub}|{text}|{UNIT_CODES[unit]}||"
            f"{context.flag}|||{'R' if text else 'X'}|||{when(each.time_ns)}"
        )
        number += 1
    for strip in piece.strips:
        wave = WAVES[strip.quantity]
        sub = f"{wave.channel}.{wave.code}"
        counts = np.where(strip.counts == ABSENT, INOP, strip.counts)
        yield (
            f"OBX|{number}|NA|{wave.code}^{wave.label}^MDC|{sub}|{'^'.join(_digits(counts))}|"
            f"{UNIT_CODES['']}|||||R|||{when(strip.start_ns)}"
        )
        yield (
            f"OBX|{number + 1}|NM|0^MDC_ATTR_SAMP_RATE^MDC|{sub}.1|{float(strip.fs):g}|"
            "264608^MDC_DIM_PER_SEC^MDC|||||R"
        )
        yield (
            f"OBX|{number + 2}|NM|2327^MDC_ATTR_NU_MSMT_RES^MDC|{sub}.2|{wave.scale}|"
            f"{UNIT_CODES[wave.unit]}|||||R"
        )
        yield f"OBX|{number + 3}|NM|262196^MDC_EVT_INOP^MDC|{sub}.3|{INOP}||||||R"
        number += 4
    yield from _extra(context, number)


def _named_rows(piece: Piece, context: _Context) -> Iterator[str]:
    """Names without codes, texts for numbers, decimals for samples; an OBR around each wave."""
    when = context.when
    yield f"OBR|1|||VITALS|||{when(piece.start_ns)}|{when(piece.end_ns)}"
    number = 1
    for each in piece.readings:
        name, unit = NAMES[each.quantity]
        text = _number(each)
        if text and unit == "[degF]":
            text = f"{each.value * 9 / 5 + 32:.1f}"
        yield (
            f"OBX|{number}|ST|{name}|{number}|{text or '-999'}|{unit}||{context.flag}|||F|||"
            f"{when(each.time_ns)}||||{context.device}"
        )
        number += 1
    yield from _extra(context, number)
    for at, strip in enumerate(piece.strips, 2):
        wave = WAVES[strip.quantity]
        name = {"ecg": "ECG-II", "resp": "RESP", "pleth": "PLETH"}[strip.quantity]
        places = len(wave.scale) - 2
        values = (strip.counts * float(wave.scale)).tolist()
        texts = [f"{value:.{places}f}" for value in values]
        for k in np.flatnonzero(strip.counts == ABSENT).tolist():
            texts[k] = ""
        yield f"OBR|{at}|||WAVE|||{when(strip.start_ns)}|{when(strip.end_ns)}"
        # Behind an empty last sample stands one more separator, else it would not be there.
        end = "" if texts[-1] else "^"
        yield f"OBX|1|NA|{name}|{at}|{'^'.join(texts)}{end}|{wave.unit}|||||F"
        yield f"OBX|2|NM|^MDC_ATTR_NU_MSMT_RES|{at}.1|{wave.scale}|{wave.unit}|||||F"


def _packed_rows(piece: Piece, context: _Context) -> Iterator[str]:
    """Codes with names, samples as base64 of 16 bits, what one count is in OBX-6."""
    when = context.when
    yield f"OBR|1|||SNAPSHOT|||{when(piece.start_ns)}|{when(piece.end_ns)}"
    number = 1
    for each in piece.readings:
        code, _, unit = PCD[each.quantity]
        text = _number(each)
        spelled = {"/min": "1/min", "%": "%", "Cel": "Cel"}[unit]
        yield (
            f"OBX|{number}|NM|{code}|{number}|{text or '8388607'}|{spelled}^^UCUM||{context.flag}"
            f"|||R|||{when(each.time_ns)}||||{context.device}"
        )
        number += 1
    for strip in piece.strips:
        wave = WAVES[strip.quantity]
        data = base64.b64encode(strip.counts.astype("<i2").tobytes()).decode("ascii")
        unit = f"{wave.scale} {wave.unit}" if wave.unit else ""
        sub = f"W{number}"
        yield (
            f"OBX|{number}|ED|{wave.code}^{wave.label}|{sub}|^application^int16LE^Base64^{data}|"
            f"{unit}|||||R|||{when(strip.start_ns)}||||{context.device}"
        )
        yield f"OBX|{number + 1}|NM|^MDC_ATTR_SAMP_RATE|{sub}.1|{float(strip.fs):g}|Hz|||||R"
        yield f"OBX|{number + 2}|NM|^MDC_EVT_INOP|{sub}.2|{ABSENT}||||||R"
        number += 3
    yield from _extra(context, number)


def _plain_rows(piece: Piece, context: _Context) -> Iterator[str]:
    """Codes without names, counts with their scale in OBX-6, dashes for no value."""
    when = context.when
    yield f"OBR|1|||PARAMS|||{when(piece.start_ns)}|{when(piece.end_ns)}"
    number = 1
    for each in piece.readings:
        code, sub, unit = PCD[each.quantity]
        text = _number(each)
        yield (
            f"OBX|{number}|NM|{code.partition('^')[0]}|{sub}|{text or '--'}|{unit}||{context.flag}"
            f"|||{'R' if text else 'X'}|||{when(each.time_ns)}||||{context.device}"
        )
        number += 1
    for strip in piece.strips:
        wave = WAVES[strip.quantity]
        texts = _digits(strip.counts)
        for k in np.flatnonzero(strip.counts == ABSENT).tolist():
            texts[k] = ""
        end = "" if texts[-1] else "^"
        unit = f"{wave.scale} {wave.unit}" if wave.unit else ""
        sub = f"{wave.channel}.{wave.code}"
        yield (
            f"OBX|{number}|NA|{wave.code}|{sub}|{'^'.join(texts)}{end}|{unit}|||||R|||"
            f"{when(strip.start_ns)}||||{context.device}"
        )
        yield f"OBX|{number + 1}|NM|^MDC_ATTR_SAMP_RATE|{sub}.1|{float(strip.fs):g}|Hz|||||R"
        number += 2
    yield from _extra(context, number)


DIALECTS: dict[str, Dialect] = {
    "pcd": Dialect("MONITOR^$^EUI-64", _pcd_rows, lambda bed: f"{bed.unit}^{bed.room}^{bed.bed}"),
    "named": Dialect(
        "GATEWAY",
        _named_rows,
        lambda bed: f"^^{bed.bed}^{bed.unit}",
        line_end="\n",
        charset="8859/1",
        codec="latin-1",
        zoned=False,
    ),
    "packed": Dialect(
        "WAVESERVER",
        _packed_rows,
        lambda bed: f"^^{bed.unit}&{bed.bed}&0",
        event="ORU^W01^ORU_W01",
        charset="",
    ),
    "plain": Dialect(
        "CENTRAL", _plain_rows, lambda bed: f"{bed.unit}-{int(bed.bed):02d}", line_end="\r\n"
    ),
}

"""Samples of a waveform row: `NA` arrays of numbers, and base64 in `ED`.

The rate, the resolution, the range and the count that means "not measured" stand in rows of their
own, whose OBX-4 continues that of the samples: ``1.7.6.131330.1`` belongs to ``1.7.6.131330``.
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from joey.signals import NS, runs_of
from joey.sources.codes import spell_unit

__all__ = [
    "Mask",
    "Numbers",
    "Traits",
    "rate_between",
    "read_bytes",
    "read_numbers",
    "read_rate",
    "read_scale",
    "to_counts",
]

Numbers: TypeAlias = NDArray[np.int64] | NDArray[np.float64]
Mask: TypeAlias = NDArray[np.bool_]
NUMBER = re.compile(rb"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?")
# "10.mV/4096", "0.00244 mV": what one count is, in OBX-6.
SCALED = re.compile(
    r"(\d+(?:\.\d+)?(?:[eE]-?\d{1,2})?)\s*\.?\s*([^\d\s./][^\d\s/]*)(?:\s*/\s*(\d+))?"
)
DECIMAL = b"0123456789.^-"  # what a field of plain decimals is made of
ORDER = re.compile(r"(?i)16[\s_\-]*(le|be)\b|\b(little|big)[\s_\-]*endian|\b(le|be)\b")
FASTEST = 100_000  # Hz, no monitor samples faster
FLAG = (0.0, 1.0)  # an INOP row of 0 or 1 says whether the whole wave is off
MOST = 2**31 - 1
MOST_DIRTY = 200_000  # samples with gaps that are read one by one


@dataclass(frozen=True, slots=True)
class Traits:
    """What the rows around a waveform say of it; None where they do not.

    Parameters
    ----------
    fs : Fraction or None
        Sampling frequency. [Hz]
    resolution : float or None
        Value of one count, in `unit`.
    unit : str
        Of the resolution, as sent.
    low, high : float or None
        Numbers outside are not measured.
    range_unit : str
        Of the range, as sent.
    absent : float or None
        The number that means "not measured"; 0 and 1 are a flag for the whole wave.
    """

    fs: Fraction | None = None
    resolution: float | None = None
    unit: str = ""
    low: float | None = None
    high: float | None = None
    range_unit: str = ""
    absent: float | None = None


def read_numbers(
    field: bytes, component: bytes, repetition: bytes
) -> tuple[Numbers, Mask | None, bool]:
    """Return the numbers of an `NA` field, which of them are there, and whether any has a point.

    Parameters
    ----------
    field : bytes
        ``12^-7^^3``; an element that is empty or no number is a sample that was not measured. An
        empty one at the end is none.
    component, repetition : bytes
        The message's separators.

    Returns
    -------
    numbers : ndarray of int64 or float64, shape (n,)
        Zero where not measured.
    valid : ndarray of bool, shape (n,), or None
        None where all are.
    decimal : bool
        Whether they are written with a point.
    """
    if repetition and repetition in field:
        field = field.replace(repetition, component)
    if component != b"^":
        field = field.replace(component, b"^") if component else field
    field = field.strip(b" \x00")
    if field.endswith(b"^"):
        field = field[:-1]
    if not field:
        return np.empty(0, dtype=np.int64), None, False
    count = field.count(b"^") + 1
    if _is_plain(field):
        # Text mode, which is not the deprecated one; a list of ints takes seven times longer.
        numbers = np.fromstring(field, dtype=np.int64, sep="^")
        if len(numbers) == count:
            return numbers, None, False
    if not field.translate(None, DECIMAL):
        try:
            return np.array(list(map(float, field.split(b"^")))), None, True
        except ValueError:  # a gap, or a sign in the wrong place
            pass
    if count > MOST_DIRTY:
        return np.empty(0, dtype=np.int64), None, False
    return _one_by_one(field.split(b"^"))


def read_bytes(components: list[bytes], declared: str) -> NDArray[np.int64] | str:
    """Return the samples of an `ED` field, or why there are none.

    Parameters
    ----------
    components : list of bytes
        Source, type, subtype, encoding (``Base64`` or ``Hex``) and data.
    declared : str
        Where the form of a sample may stand: ``int16LE``, ``int16-be``, ``little-endian``. It is
        never guessed: in the wrong order of bytes a pulse looks like noise.
    """
    found = ORDER.search(declared)
    if not found:
        return "the order of bytes is not declared"
    order = (found[1] or found[2] or found[3]).lower()
    data = components[4] if len(components) > 4 else b""
    try:
        if components[3].strip().lower() == b"hex":
            content = binascii.unhexlify(data.strip())
        else:
            content = binascii.a2b_base64(data.strip(), strict_mode=True)
    except (ValueError, IndexError):
        return "not in base64"
    if not content or len(content) % 2:
        return "not whole samples of 16 bits"
    kind = "<i2" if order in {"le", "little"} else ">i2"
    return np.frombuffer(content, dtype=kind).astype(np.int64)


def read_rate(text: bytes, unit: str) -> Fraction | None:
    """Return a sampling frequency; None where it is none. [Hz]"""
    text = text.strip()
    if len(text) > 20 or not NUMBER.fullmatch(text):
        return None
    spelled = spell_unit(unit)
    fs = Fraction(text.decode("ascii"))
    if spelled == "/min":
        fs /= 60
    elif spelled not in {"Hz", "NU", "/s"}:
        return None
    fs = fs.limit_denominator(1000)
    return fs if 0 < fs <= FASTEST else None


def rate_between(count: int, start_ns: int, end_ns: int) -> Fraction | None:
    """Return the rate of samples that fill a time, where it is a whole or half number. [Hz]"""
    if end_ns <= start_ns or not count:
        return None
    fs = Fraction(count * NS, end_ns - start_ns)
    near = Fraction(round(2 * fs), 2)
    return near if near and abs(fs / near - 1) < Fraction(1, 10_000) else None


def read_scale(unit: str) -> tuple[float, str] | None:
    """Return the value of one count and its unit, where OBX-6 says both; else None.

    Examples
    --------
    >>> read_scale("10.mV/4096")
    (0.00244140625, 'mV')
    """
    found = SCALED.fullmatch(unit.strip())
    if not found or spell_unit(unit) != unit.strip():
        return None
    scale = float(found[1]) / float(found[3] or 1) if float(found[3] or 1) else 0.0
    return (scale, found[2].rstrip(".")) if 0 < scale < np.inf else None


def to_counts(
    numbers: Numbers,
    valid: Mask | None,
    traits: Traits,
    unit: str,
    quantum: float,
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return counts and the runs of them that were measured; what does not fit 32 bits was not.

    Parameters
    ----------
    numbers, valid : ndarray
        As of `read_numbers`.
    traits : Traits
        Of the wave.
    unit : str
        Of the numbers, as sent (OBX-6).
    quantum : float
        What one count is, in the numbers' own unit; 1 for counts.
    """
    good = valid
    if traits.absent is not None and traits.absent not in FLAG:
        good = _both(good, numbers != traits.absent)
    elif traits.absent == 1.0:
        good = np.zeros(len(numbers), dtype=np.bool_)
    if traits.low is not None and traits.high is not None:
        # A range in a unit other than the numbers' is one of values: count x resolution.
        own, other = spell_unit(unit), spell_unit(traits.range_unit)
        step = traits.resolution if traits.resolution and own != other != "NU" else 1.0
        half = quantum / 2  # ranges are printed with fewer digits than they have
        low, high = traits.low / step - half, traits.high / step + half
        if low <= high:
            good = _both(good, (numbers >= low) & (numbers <= high))
    if quantum != 1.0 or numbers.dtype.kind != "i":
        numbers = np.rint(numbers / quantum)
    fits = np.abs(numbers) <= MOST
    if not fits.all():
        good = _both(good, fits)
        numbers = np.where(fits, numbers, 0)
    counts = numbers.astype(np.int32)
    if good is None:
        runs = np.array([[0, len(counts)]] if len(counts) else [], dtype=np.int64).reshape(-1, 2)
    else:
        runs = runs_of(good)
    return counts, runs


def _both(first: Mask | None, second: Mask) -> Mask | None:
    if first is None:
        return None if second.all() else second
    return first & second


def _is_plain(field: bytes) -> bool:
    """Whether a field is integers with one separator between any two."""
    if field.translate(None, b"0123456789^-"):
        return False
    minus = field.count(b"-")
    if minus and minus != field.count(b"^-") + field.startswith(b"-"):
        return False
    return not (
        b"^^" in field or b"-^" in field or field.startswith(b"^") or field.endswith((b"-", b"^"))
    )


def _one_by_one(
    parts: list[bytes],
) -> tuple[Numbers, Mask | None, bool]:
    numbers = np.zeros(len(parts))
    valid = np.zeros(len(parts), dtype=np.bool_)
    decimal = False
    for at, part in enumerate(parts):
        part = part.strip()  # noqa: PLW2901 (the same part, without its padding)
        if NUMBER.fullmatch(part) and abs(value := float(part)) <= MOST:
            numbers[at] = value
            valid[at] = True
            decimal = decimal or not part.lstrip(b"+-").isdigit()
    everything = None if valid.all() else valid
    return (numbers if decimal else numbers.astype(np.int64)), everything, decimal

"""The columns of a table of measurements: what they are of, and their numbers as counts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from joey.sources.codes import UNITS

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

__all__ = ["Numbers", "Quantized", "label_and_unit", "numbers_of", "quantize_column"]

NAME = re.compile(r"(?P<label>.*?)\s*(?:\[(?P<square>[^\[\]]*)\]|\((?P<round>[^()]*)\))?\s*")
NOTHING = ("", "nan", "na", "n/a", "null", "none", "-", "--", "---", "?")
MOST = 2**31 - 2**8  # counts, with room for rounding
FINEST = 9  # decimals


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """A column as numbers.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        NaN for not measured.
    decimals : int or None
        Digits after the point that the numbers have; None where they are binary fractions.
    strange : int
        Cells that are neither numbers nor empty, taken as not measured.
    """

    values: NDArray[np.float64]
    decimals: int | None
    strange: int


@dataclass(frozen=True, slots=True, eq=False)
class Quantized:
    """Counts of one quantum: value = count x `scale` + `offset`; `exact` if nothing was rounded."""

    counts: NDArray[np.integer]
    scale: float
    offset: float
    exact: bool


def label_and_unit(name: str) -> tuple[str, str]:
    """Return label and unit of a column's name, ``RESP [Ohm]`` or ``SpO2 (%)``."""
    match = NAME.fullmatch(name.strip())
    if match is None:
        return name.strip(), ""
    if match["square"] is not None:
        return match["label"], match["square"].strip()
    if match["round"] is not None and match["round"].strip().lower() in UNITS:
        return match["label"], match["round"].strip()
    return name.strip(), ""


def numbers_of(column: pl.Series) -> Numbers | None:
    """Return a column's numbers; None where it holds something else than numbers."""
    import polars as pl  # noqa: PLC0415 (slow to import)

    if column.dtype == pl.String:
        return _numbers_of_text(column)
    if column.dtype.is_numeric():
        values = column.cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy().copy()
        values[~np.isfinite(values)] = np.nan
        single = column.dtype == pl.Float32
        return Numbers(values, _decimals_of_floats(values, 1e-6 if single else 1e-9), 0)
    return None


def _numbers_of_text(column: pl.Series) -> Numbers | None:
    import polars as pl  # noqa: PLC0415

    # Most columns of monitors hold whole numbers and gaps: those need no look at their digits.
    whole = column.cast(pl.Int64, strict=False)
    rest = column.filter(whole.is_null()) if whole.null_count() else column.clear()
    rest = rest.fill_null("").str.strip_chars().str.to_lowercase()
    if rest.is_in(NOTHING).all() and _fits(whole):
        return Numbers(whole.cast(pl.Float64).fill_null(np.nan).to_numpy().copy(), 0, 0)
    text = column.str.strip_chars()
    empty = text.is_null() | text.str.to_lowercase().is_in(NOTHING)
    text = text.set(empty, None)
    numbers = text.cast(pl.Float64, strict=False)
    values = numbers.fill_null(np.nan).to_numpy().copy()
    values[~np.isfinite(values)] = np.nan
    known = int(np.isfinite(values).sum())
    strange = len(text) - int(empty.sum()) - known
    if strange > known:
        return None
    digits = text.str.extract(r"^[+-]?\d*(?:\.(\d*?)0*)?$", 1).str.len_chars().fill_null(0)
    powers = text.str.contains(r"[eE]").fill_null(value=False).any()
    decimals = int(digits.max() or 0)  # type: ignore[arg-type]
    if powers or decimals > FINEST:
        return Numbers(values, _decimals_of_floats(values, 1e-9), strange)
    return Numbers(values, decimals, strange)


def _fits(whole: pl.Series) -> bool:
    """Whether whole numbers are there, and are the same as doubles."""
    least, most = whole.min(), whole.max()
    if not isinstance(least, int) or not isinstance(most, int):
        return False
    return max(-least, most) < 2**53


def _decimals_of_floats(values: NDArray[np.float64], slack: float) -> int | None:
    """Return how many decimals the values have, if they have few; None if they have many."""
    known = values[np.isfinite(values)]
    if len(known) and np.max(np.abs(known)) > 2**53:
        return None
    for decimals in range(7):
        scaled = known * 10.0**decimals
        if np.all(np.abs(scaled - np.rint(scaled)) <= slack * np.maximum(np.abs(scaled), 1.0)):
            return decimals
    return None


def quantize_column(numbers: Numbers) -> Quantized:
    """Return numbers as counts of a quantum: their last digit, or the finest that 32 bits hold."""
    known = numbers.values[np.isfinite(numbers.values)]
    if len(known) == 0:
        return Quantized(np.zeros(len(numbers.values), dtype=np.int16), 1.0, 0.0, exact=True)
    low, high = float(known.min()), float(known.max())
    if numbers.decimals is not None:
        scale = 10.0**-numbers.decimals
        for offset in (0.0, float(np.floor(low))):
            if max(abs(low - offset), abs(high - offset)) / scale < MOST:
                return Quantized(_counts(numbers.values, scale, offset), scale, offset, exact=True)
    reach = max(abs(low), abs(high))
    # A power of two, so that nothing but the last bits is lost.
    scale = 2.0 ** float(np.clip(np.ceil(np.log2(max(reach, 1e-300) / MOST)), -1000, 1000))
    return Quantized(_counts(numbers.values, scale, 0.0), scale, 0.0, exact=False)


def _counts(values: NDArray[np.float64], scale: float, offset: float) -> NDArray[np.integer]:
    # Multiplying by the inverse is exact for the powers of ten that a text column has.
    counts = np.rint((np.nan_to_num(values, nan=offset) - offset) * (1.0 / scale))
    small = len(counts) == 0 or float(np.max(np.abs(counts))) < 2**15
    return counts.astype(np.int16 if small else np.int32)

"""WFDB annotation files in the MIT format: marks at samples, with a symbol each.

After the WFDB Applications Guide, annot(5). A file is words of 16 bits: six of code, ten of the
interval to the mark before; four codes carry an interval that is longer, or a field of the mark.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from joey.errors import FormatError
from joey.signals import Annotation, Grid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["CODES", "Marks", "read_annotations", "read_marks", "write_annotations"]

# Symbols by code, annot(5) and ecgcodes.h.
_SYMBOLS: dict[int, str] = dict(
    [
        *enumerate("NLRaVFJASEj/Q~", 1),
        (16, "|"),
        *enumerate('sT*D"=pB^t+u?![]en@xf()r', 18),
    ]
)
CODES: dict[str, int] = {symbol: code for code, symbol in _SYMBOLS.items()}
NOTE = CODES['"']
SKIP, CHN, AUX = 59, 62, 63
LAST_CODE = 49
LONGEST = 1023  # samples, the longest interval that a word holds
DEFINITION = re.compile(r"(\d{1,2}) (\S+) \S")  # code, symbol, what it stands for
RESOLUTION = re.compile(r"## time resolution: (\d{1,9}(?:\.\d{1,12})?)")


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """An annotation file, as columns.

    Parameters
    ----------
    samples : ndarray of int64, shape (n,)
        Sample number of each mark, at `fs` or, where that is None, at the record's frame rate.
    symbols : ndarray of str, shape (n,)
        ``N`` for a normal beat ...; a code without a symbol as its number.
    channels, numbers, subtypes : ndarray of int16, shape (n,)
        Fields CHN, NUM and SUB.
    texts : dict of int to str
        Field AUX of the marks that have a text, by the mark's place.
    fs : Fraction or None
        Time resolution that the file itself states. [Hz]
    """

    samples: NDArray[np.int64]
    symbols: NDArray[np.str_]
    channels: NDArray[np.int16]
    numbers: NDArray[np.int16]
    subtypes: NDArray[np.int16]
    texts: dict[int, str]
    fs: Fraction | None


def read_marks(path: str | Path) -> Marks:
    """Return the marks of an annotation file.

    Raises
    ------
    FormatError
        If it breaks annot(5), with the byte.
    OSError
        If it cannot be read.
    """
    from joey.sources.wfdb.words import scan  # noqa: PLC0415 - numba is slow to import

    path = Path(path)
    data = path.read_bytes()
    if len(data) % 2:
        raise FormatError(path, "an annotation file is words of 16 bits: one byte is too many")
    words = np.frombuffer(data, dtype="<u2").astype(np.uint16, copy=False)
    samples = np.empty(len(words), dtype=np.int64)
    codes = np.empty(len(words), dtype=np.uint8)
    fields = np.zeros((3, len(words)), dtype=np.int16)
    at = np.empty((len(words) // 2 + 1, 2), dtype=np.int64)
    seen = np.zeros(LAST_CODE + 1, dtype=np.bool_)
    count, told, fault, where = scan(words, samples, codes, fields, at, seen)
    if fault:
        raise FormatError(path, _fault(fault, int(words[where]) >> 10), f"byte {2 * where}")
    texts = {
        mark: data[2 * first : 2 * first + (int(words[first - 1]) & LONGEST)]
        .rstrip(b"\0")
        .decode("utf-8", errors="replace")
        for mark, first in at[:told].tolist()
    }
    return _marks(samples[:count], codes[:count], fields[:, :count], texts, seen)


def _fault(fault: int, code: int) -> str:
    """Return in words what breaks the format."""
    return (
        "the file ends within a long interval",
        "a text comes before any mark, or is cut off",
        "a field comes before the first mark",
        f"code {code} is not one of annot(5)",
        "the intervals add up to an impossible sample",
    )[fault - 1]


def _marks(
    samples: NDArray[np.int64],
    codes: NDArray[np.uint8],
    fields: NDArray[np.int16],
    texts: dict[int, str],
    seen: NDArray[np.bool_],
) -> Marks:
    fs = None
    symbols = [_SYMBOLS.get(code, str(code)) for code in range(LAST_CODE + 1)]
    dropped = codes == 0
    for index, text in texts.items():
        # A note at sample 0 of one of these forms is about the file, not about the infant.
        if samples[index] != 0 or codes[index] != NOTE:
            continue
        resolution, definition = RESOLUTION.match(text), DEFINITION.match(text)
        if resolution and Fraction(resolution[1]) > 0:
            fs = Fraction(resolution[1])
        elif definition and 0 < int(definition[1]) <= LAST_CODE:
            symbols[int(definition[1])] = definition[2]
        elif not text.startswith("##"):
            continue
        dropped[index] = True
    away = np.flatnonzero(dropped)
    # Notes about the file come first in it: then the rest is a slice.
    at_start = len(away) == 0 or away[-1] == len(away) - 1
    keep = slice(len(away), None) if at_start else ~dropped
    codes = codes[keep]
    # A symbol that is not there is not to make all others wide.
    table = np.array([each if there else "" for each, there in zip(symbols, seen, strict=True)])
    channels, numbers, subtypes = fields[:, keep]
    gone = away.tolist()
    left = {mark: text for mark, text in texts.items() if not dropped[mark]}
    return Marks(
        samples=samples[keep],
        symbols=table.take(codes),
        channels=channels,
        numbers=numbers,
        subtypes=subtypes,
        texts={mark - bisect_left(gone, mark): text for mark, text in left.items() if text},
        fs=fs,
    )


def read_annotations(
    path: str | Path, fs: Fraction | float | None = None, start_ns: int = 0
) -> tuple[Annotation, ...]:
    """Return the marks of an annotation file, with their times.

    Parameters
    ----------
    path : str or Path
        ``.atr``, ``.qrs`` or another annotation file in the MIT format.
    fs : Fraction or float, optional
        Frames per second of the record it belongs to; needed where the file does not state its own
        time resolution, which goes first. [Hz]
    start_ns : int
        Time of sample 0. [ns]

    Returns
    -------
    tuple of Annotation
        In the order of the file.

    Raises
    ------
    FormatError
        If the file breaks annot(5), or neither it nor `fs` says how long a sample is.
    OSError
        If it cannot be read.
    """
    marks = read_marks(path)
    rate = marks.fs or (Fraction(fs) if fs else None)
    if rate is None:
        raise FormatError(path, "the file does not state its sampling frequency: give it")
    times = Grid(start_ns, rate).times(marks.samples).tolist()
    texts = [marks.texts.get(mark, "") for mark in range(len(times))]
    columns = zip(times, marks.symbols.tolist(), marks.channels.tolist(), texts, strict=True)
    return tuple(Annotation(*row) for row in columns)


def write_annotations(
    path: str | Path,
    samples: NDArray[np.int64],
    symbols: Sequence[str],
    fs: Fraction,
    *,
    channels: NDArray[np.integer] | None = None,
    texts: Sequence[str] | None = None,
) -> None:
    """Write marks as an annotation file in the MIT format, with its time resolution.

    Parameters
    ----------
    path : str or Path
        Whose name is ``record.annotator``.
    samples : ndarray of int64, shape (n,)
        Sample number of each mark: increasing or equal, from 0.
    symbols : sequence of str
        One for each mark, of `CODES`.
    fs : Fraction
        Samples per second. [Hz]
    channels : ndarray of int, optional
        Channel of each mark, 0 to 255.
    texts : sequence of str, optional
        Text of each mark, up to 255 bytes of UTF-8; empty for none.

    Raises
    ------
    ValueError
        If the samples decrease, a symbol is not known or a text too long.
    """
    samples = np.asarray(samples, dtype=np.int64)
    steps = np.diff(samples, prepend=0)
    if np.any(steps < 0) or np.any(steps >= 2**31):
        msg = "annotations are written in time order from sample 0, less than 2**31 samples apart"
        raise ValueError(msg)
    try:
        codes = np.array(list(map(CODES.__getitem__, symbols)), dtype=np.uint16)
    except KeyError:
        unknown = sorted(set(symbols) - CODES.keys())
        msg = f"not a symbol of annot(5): {unknown}"
        raise ValueError(msg) from None
    rate = f"## time resolution: {_decimal(Fraction(fs))}".encode()
    parts = [_word(NOTE, 0), _aux(rate)]
    fields = _fields(len(samples), channels, texts)
    plain = 0
    for index in sorted(fields):
        parts += [_words(codes[plain : index + 1], steps[plain : index + 1]), fields[index]]
        plain = index + 1
    parts += [_words(codes[plain:], steps[plain:]), _word(0, 0)]
    Path(path).write_bytes(b"".join(parts))


def _fields(
    count: int, channels: NDArray[np.integer] | None, texts: Sequence[str] | None
) -> dict[int, bytes]:
    """Return the words that follow certain marks: a channel that changes, a text."""
    fields: dict[int, bytes] = {}
    if channels is not None:
        if len(channels) != count or np.any((channels < 0) | (channels > 255)):
            msg = "channels are one number from 0 to 255 for each mark"
            raise ValueError(msg)
        for index in np.flatnonzero(np.diff(channels, prepend=0)).tolist():
            fields[index] = _word(CHN, int(channels[index]))
    for index, text in enumerate(texts or ()):
        if text:
            fields[index] = fields.get(index, b"") + _aux(text.encode())
    return fields


def _words(codes: NDArray[np.uint16], steps: NDArray[np.int64]) -> bytes:
    """Return marks as words; an interval over 1023 takes three more before its mark."""
    long = steps > LONGEST
    ends = np.cumsum(1 + 3 * long)
    words = np.empty(int(ends[-1]) if len(ends) else 0, dtype="<u2")
    words[ends - 1] = (codes << 10) | np.where(long, 0, steps).astype(np.uint16)
    at = ends[long] - 4
    words[at] = SKIP << 10
    words[at + 1] = steps[long] >> 16
    words[at + 2] = steps[long] & 0xFFFF
    return words.tobytes()


def _word(code: int, interval: int) -> bytes:
    return ((code << 10) | interval).to_bytes(2, "little")


def _aux(text: bytes) -> bytes:
    if len(text) > 255:
        msg = f"the text of an annotation has up to 255 bytes, not {len(text)}"
        raise ValueError(msg)
    return _word(AUX, len(text)) + text + b"\0" * (len(text) % 2)


def _decimal(fs: Fraction) -> str:
    return str(fs.numerator) if fs.denominator == 1 else f"{float(fs):.12g}"

"""WFDB annotation files in the MIT format: marks at samples, with a symbol each.

After the WFDB Applications Guide, annot(5). A file is words of 16 bits: six of code, ten of the
interval to the mark before; four codes carry an interval that is longer, or a field of the mark.
"""

from __future__ import annotations

import re
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
SKIP, NUM, SUB, CHN, AUX = 59, 60, 61, 62, 63
LAST_CODE = 49
FIELDS = {CHN: 2, NUM: 3, SUB: 4}  # code: column of a mark's row
LONGEST = 1023  # samples, the longest interval that a word holds
MOST_SAMPLES = 2**53
DEFINITION = re.compile(r"(\d{1,2}) (\S+) \S")  # code, symbol, what it stands for
RESOLUTION = re.compile(r"## time resolution: (\d{1,9}(?:\.\d{1,12})?)")


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """An annotation file, as columns.

    Parameters
    ----------
    samples : ndarray of int64, shape (n,)
        Sample number of each mark, at `fs` or, where that is None, at the record's frame rate.
    symbols : tuple of str
        ``N`` for a normal beat ...; a code without a symbol as its number.
    channels, numbers, subtypes : ndarray of int16, shape (n,)
        Fields CHN, NUM and SUB.
    texts : tuple of str
        Field AUX.
    fs : Fraction or None
        Time resolution that the file itself states. [Hz]
    """

    samples: NDArray[np.int64]
    symbols: tuple[str, ...]
    channels: NDArray[np.int16]
    numbers: NDArray[np.int16]
    subtypes: NDArray[np.int16]
    texts: tuple[str, ...]
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
    path = Path(path)
    data = path.read_bytes()
    if len(data) % 2:
        raise FormatError(path, "an annotation file is words of 16 bits: one byte is too many")
    words = np.frombuffer(data, dtype="<u2").tolist()
    rows: list[list[int]] = []
    texts: dict[int, str] = {}
    sample, at = 0, 0
    while at < len(words) and words[at]:
        code, interval = words[at] >> 10, words[at] & LONGEST
        where = f"byte {2 * at}"
        at += 1
        if code == SKIP:
            if at + 2 > len(words):
                raise FormatError(path, "the file ends within a long interval", where)
            sample += _signed((words[at] << 16) | words[at + 1], 32)
            at += 2
        elif code == AUX:
            stop = at + (interval + 1) // 2
            if stop > len(words) or not rows:
                raise FormatError(path, "a text comes before any mark, or is cut off", where)
            raw = data[2 * at : 2 * at + interval]
            texts[len(rows) - 1] = raw.rstrip(b"\0").decode("utf-8", errors="replace")
            at = stop
        elif code in FIELDS:
            _set_field(path, rows, code, interval, where)
        else:
            sample += interval
            _add_mark(path, rows, sample, code, where)
    return _marks(rows, texts)


def _set_field(path: Path, rows: list[list[int]], code: int, value: int, where: str) -> None:
    if not rows:
        raise FormatError(path, "a field comes before the first mark", where)
    rows[-1][FIELDS[code]] = value & 0xFF if code == CHN else _signed(value & 0xFF, 8)


def _add_mark(path: Path, rows: list[list[int]], sample: int, code: int, where: str) -> None:
    if code > LAST_CODE:
        raise FormatError(path, f"code {code} is not one of annot(5)", where)
    if abs(sample) > MOST_SAMPLES:
        raise FormatError(path, "the intervals add up to an impossible sample", where)
    # Channel and number hold until they change; the subtype is of one mark.
    channel, number = rows[-1][2:4] if rows else (0, 0)
    rows.append([sample, code, channel, number, 0])


def _marks(rows: list[list[int]], texts: dict[int, str]) -> Marks:
    fs = None
    symbols = dict(_SYMBOLS)
    keep = []
    for index, row in enumerate(rows):
        text = texts.get(index, "")
        # A note at sample 0 of one of these forms is about the file, not about the infant.
        is_note = row[0] == 0 and row[1] == NOTE
        resolution = RESOLUTION.match(text) if is_note else None
        definition = DEFINITION.match(text) if is_note else None
        if resolution and Fraction(resolution[1]) > 0:
            fs = Fraction(resolution[1])
        elif definition and 0 < int(definition[1]) <= LAST_CODE:
            symbols[int(definition[1])] = definition[2]
        elif row[1] != 0 and not (is_note and text.startswith("##")):
            keep.append(index)
    table = np.array([rows[index] for index in keep], dtype=np.int64).reshape(-1, 5)
    return Marks(
        samples=table[:, 0],
        symbols=tuple(symbols.get(code, str(code)) for code in table[:, 1].tolist()),
        channels=table[:, 2].astype(np.int16),
        numbers=table[:, 3].astype(np.int16),
        subtypes=table[:, 4].astype(np.int16),
        texts=tuple(texts.get(index, "") for index in keep),
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
    columns = zip(times, marks.symbols, marks.channels.tolist(), marks.texts, strict=True)
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
    if unknown := sorted(set(symbols) - CODES.keys()):
        msg = f"not a symbol of annot(5): {unknown}"
        raise ValueError(msg)
    rate = f"## time resolution: {_decimal(Fraction(fs))}".encode()
    parts = [_word(NOTE, 0), _aux(rate)]
    codes = np.array([CODES[symbol] for symbol in symbols], dtype=np.uint16)
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


def _signed(value: int, bits: int) -> int:
    return value - (1 << bits) if value >> (bits - 1) else value

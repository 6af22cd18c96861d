"""The header of an EDF or BDF file: fixed fields of text, none of which is trusted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from joey.errors import FormatError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["BLOCK", "Header", "Line", "read_header"]

BLOCK = 256  # bytes of the fixed header, and of each signal's part of the header
EDF_MAGIC, BDF_MAGIC = b"0       ", b"\xffBIOSEMI"
# Widths of a signal's fields: label, transducer, dimension, physical and digital extremes, ...
WIDTHS = (16, 80, 8, 8, 8, 8, 8, 80, 8, 32)
NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?")
SLOWEST, FASTEST = Fraction(1, 1000), Fraction(10**6)  # Hz, of a signal


@dataclass(frozen=True, slots=True)
class Line:
    """One signal's part of the header."""

    label: str
    unit: str
    physical: tuple[float, float]
    digital: tuple[int, int]
    per_record: int
    first: int  # bytes into a record

    @property
    def is_annotations(self) -> bool:
        """Whether it holds annotations, and no samples."""
        return self.label in {"EDF Annotations", "BDF Annotations"}


@dataclass(frozen=True, slots=True)
class Header:
    """The fields of a header that reading needs."""

    path: Path
    kind: str  # EDF, EDF+C, EDF+D, BDF, BDF+C or BDF+D
    width: int  # bytes per sample
    recording: str
    start_date: str
    start_time: str
    records: int
    duration: Fraction
    lines: tuple[Line, ...]
    commas: int  # numbers with a decimal comma

    @property
    def record_bytes(self) -> int:
        """Length of a record. [bytes]"""
        return sum(line.per_record for line in self.lines) * self.width


def read_header(path: Path, data: bytes) -> Header:
    """Return the header of a file.

    Raises
    ------
    FormatError
        If a field breaks the format, or does not fit the file, with its place.
    """
    if len(data) < BLOCK:
        raise FormatError(path, f"{len(data)} bytes are too few for an EDF header")
    magic = data[:8]
    if magic not in {EDF_MAGIC, BDF_MAGIC}:
        raise FormatError(path, "neither EDF nor BDF: the file begins otherwise", "byte 0")
    is_bdf = magic == BDF_MAGIC
    text = data[:BLOCK].decode("latin-1")
    plus = re.match(r"[EB]DF\+[CD]", text[192:197])
    kind = plus[0] if plus else ("BDF" if is_bdf else "EDF")
    count = _whole(path, text[252:256], 252)
    size = BLOCK * (count + 1)
    if count < 1 or size > len(data):
        raise FormatError(path, f"a header of {count} signals does not fit the file", "byte 252")
    if _whole(path, text[184:192], 184) != size:
        raise FormatError(path, f"{count} signals need a header of {size} bytes", "byte 184")
    duration = _number(path, text[244:252], 244)
    if not 0 <= duration <= 10**7:
        raise FormatError(path, "a record of this duration is not possible", "byte 244")
    block = data[BLOCK:size].decode("latin-1")
    lines = _read_lines(path, block, count, width=3 if is_bdf else 2)
    for line in lines:
        fs = line.per_record / duration if duration and not line.is_annotations else 1
        if line.per_record and not SLOWEST <= fs <= FASTEST:
            raise FormatError(path, "no signal has the rate of these records", "byte 244")
    if duration == 0 and not all(line.is_annotations for line in lines):
        raise FormatError(path, "signals in records of no duration have no rate", "byte 244")
    return Header(
        path=path,
        kind=kind,
        width=3 if is_bdf else 2,
        recording=text[88:168].strip(),
        start_date=text[168:176].strip(),
        start_time=text[176:184].strip(),
        records=_whole(path, text[236:244], 236),
        duration=duration,
        lines=lines,
        commas=(text[244:252] + _numeric_part(block, count)).count(","),
    )


def _fields(block: str, count: int, index: int) -> tuple[int, list[str]]:
    """Return where a field of the signal header begins, and its text for each signal."""
    begin = count * sum(WIDTHS[:index])
    width = WIDTHS[index]
    return begin, [block[begin + k * width : begin + (k + 1) * width] for k in range(count)]


def _numeric_part(block: str, count: int) -> str:
    return "".join("".join(_fields(block, count, index)[1]) for index in (3, 4))


def _read_lines(path: Path, block: str, count: int, width: int) -> tuple[Line, ...]:
    fields = [_fields(block, count, index) for index in range(len(WIDTHS))]

    def at(index: int, signal: int) -> tuple[str, int]:
        begin, texts = fields[index]
        return texts[signal], BLOCK + begin + signal * WIDTHS[index]

    lines, first = [], 0
    for k in range(count):
        per_record = _whole(path, *at(8, k))
        if per_record < 0:
            raise FormatError(path, "samples per record are not negative", f"byte {at(8, k)[1]}")
        lines.append(
            Line(
                label=at(0, k)[0].strip("\0 "),
                unit=at(2, k)[0].strip("\0 "),
                physical=(float(_number(path, *at(3, k))), float(_number(path, *at(4, k)))),
                digital=(_whole(path, *at(5, k)), _whole(path, *at(6, k))),
                per_record=per_record,
                first=first,
            )
        )
        first += per_record * width
    return tuple(lines)


def _number(path: Path, text: str, byte: int) -> Fraction:
    plain = text.strip("\0 ").replace(",", ".")
    if not NUMBER.fullmatch(plain):
        raise FormatError(path, "a field of the header is not a number", f"byte {byte}")
    return Fraction(plain)


def _whole(path: Path, text: str, byte: int) -> int:
    number = _number(path, text, byte)
    if number.denominator != 1 or abs(number) > 10**9:
        raise FormatError(path, "a field of the header is not a whole number", f"byte {byte}")
    return int(number)

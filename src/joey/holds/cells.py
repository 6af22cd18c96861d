"""Cells of a log: where they stand, what they may say, and how to say that they do not.

A cell may hold a name, so no message repeats what was found unless it looks like a time or is
close to one of the words expected there. Nothing here knows what a row means.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from joey.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["UNKNOWN", "Place", "choices", "column_names", "likely", "number", "one_of"]

UNKNOWN = "unknown"
NUMBER = re.compile(r"[+-]?[0-9]{1,12}(\.[0-9]{0,12})?")

DECIMAL_COMMA = re.compile(r"[+-]?[0-9]{1,3},[0-9]{1,3}")


@dataclass(frozen=True, slots=True)
class Place:
    """A cell of a table: file, line and column."""

    path: object
    line: int
    column: str = ""

    def wrong(self, reason: str) -> FormatError:
        """Return the error that says what is wrong here."""
        about = f"{self.column} " if self.column else ""
        return FormatError(self.path, f"{about}{reason}", where=f"line {self.line}")


def word(text: str) -> str:
    """Return a cell as a key: lower case, words joined by underscores."""
    return "_".join(text.lower().replace("-", " ").replace("_", " ").split())


def likely(text: str, known: Iterable[str]) -> str:
    """Return the question that offers the known word most like `text`; empty if none is."""
    close = get_close_matches(text, list(known), n=1, cutoff=0.75)
    return f"did you mean {close[0]}?" if close else ""


def choices(text: str, known: Sequence[str]) -> str:
    """Return what to write instead: the likeliest word, and all of them."""
    hint = likely(text, known)
    return f"{hint and f' ({hint})'}; use one of {', '.join(known)}"


def one_of(text: str, known: Sequence[str], place: Place) -> str:
    """Return the cell's word; an empty cell says ``unknown``.

    Raises
    ------
    FormatError
        If the word is not one of `known`.
    """
    found = word(text)
    if not found or found == UNKNOWN:
        return UNKNOWN
    if found in known:
        return found
    raise place.wrong(f"has a word that is not known{choices(found, known)}, or leave it empty")


def number(text: str, low: float, high: float, unit: str, place: Place) -> float:
    """Return the cell's number.

    Raises
    ------
    FormatError
        If it is no number, or outside `low` to `high`: nothing is guessed.
    """
    if DECIMAL_COMMA.fullmatch(text):
        # So few digits are no number of a patient: what to write instead may be shown.
        whole, _, rest = text.partition(",")
        thousands = f", or {whole}{rest} if it parts thousands" if len(rest) == 3 else ""
        raise place.wrong(f"has a comma: write {whole}.{rest}{thousands}")
    if not NUMBER.fullmatch(text):
        raise place.wrong("is not a number; write it with a decimal point and without a unit")
    value = float(text)
    if not low <= value <= high:
        raise place.wrong(f"is {value:g}, outside {low:g} to {high:g}{unit and ' '}{unit}")
    return value


def column_names(
    path: object,
    columns: Sequence[str],
    required: Sequence[str],
    known: Sequence[str],
    guarded: Sequence[str] = (),
) -> tuple[dict[str, str], list[str]]:
    """Return the known columns by key as the file spells them, and notes on all others.

    Raises
    ------
    FormatError
        If a required column is missing, two columns have the same name, or a column is nearly
        called like one of `guarded`, which is missing.
    """
    found: dict[str, str] = {}
    others: list[str] = []
    for column in columns:
        key = word(column)
        if key in found:
            raise FormatError(path, f"there are two columns {key}; keep one", where="line 1")
        if key in known:
            found[key] = column
        elif key:
            others.append(column)
    missing = [key for key in known if key not in found]
    for key in required:
        if key not in found:
            # The first line may be a row of data, hence names: only a near miss is repeated.
            near = [column for column in others if likely(word(column), [key])]
            hint = f' (is it "{near[0]}"?)' if near else f"; the columns are {', '.join(known)}"
            raise FormatError(path, f"there is no column {key}{hint}", where="line 1")
    notes = []
    for column in others:
        for key in guarded:
            if key in missing and likely(word(column), [key]):
                reason = f'the column "{column}" is not known; if it is {key}, call it so'
                raise FormatError(path, reason, where="line 1")
        hint = likely(word(column), missing)
        notes.append(f'the column "{column}" is not used' + (f"; {hint}" if hint else ""))
    return found, notes

"""Codes that monitors send and Joey does not know, and what persons said they stand for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from joey.errors import InputError
from joey.sources.codes import ONLY_WAVES, QUANTITIES, known_unit, units_of
from joey.store.codebook import CodeBook, as_mapping, as_undo
from joey.store.journal import NewEntry

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from joey.sources.hl7.types import Unmapped
    from joey.store.journal import Entry, Journal

__all__ = ["Codes", "Unknown", "choices", "count_unknown"]

OURS = "web"  # the source of mappings in the journal
MOST_ROWS = 100
MOST_KINDS = 500  # of a bed; more are not told apart: nothing a monitor sends fills the memory
LONGEST = 40  # characters of an example
LONGEST_NAME = 200  # characters of a code, a name or a unit; longer ones cannot be mapped


UnknownKey: TypeAlias = tuple[str, str, str, str]
"""Source, code, name and unit."""


@dataclass(slots=True)
class Unknown:
    """How often a code came that was not understood, the last time, and with what value."""

    reason: str
    value: str = ""
    n: int = 0
    at_ns: int = 0


def count_unknown(
    found: dict[UnknownKey, Unknown], row: Unmapped, source: str, received_ns: int
) -> None:
    """Count a row of a bed by source, code, name and unit."""
    key = source, row.code[:LONGEST_NAME], row.label[:LONGEST_NAME], row.unit[:LONGEST_NAME]
    seen = found.get(key)
    if seen is None:
        if len(found) >= MOST_KINDS:
            return
        seen = found[key] = Unknown(row.reason)
    seen.n += 1
    seen.reason, seen.at_ns = row.reason, received_ns
    seen.value = row.value[:LONGEST] or seen.value


def choices() -> list[dict[str, Any]]:
    """Return the quantities that a code can stand for, with their units."""
    return [
        {"quantity": name, "units": list(units_of(name)), "wave": name in ONLY_WAVES}
        for name in QUANTITIES
        if name != "unknown"
    ]


class Codes:
    """The unit's own codes, as far as the journal was read.

    Parameters
    ----------
    journal : Journal
        Written: mappings go into it.
    upto : int
        The place up to which it counts as read.
    """

    def __init__(self, journal: Journal, upto: int) -> None:
        self._journal = journal
        self.book = CodeBook(journal.codes(upto))

    def take(self, entry: Entry, beds: Iterable[dict[UnknownKey, Unknown]]) -> None:
        """Take a mapping of the journal: its code counts anew in all beds."""
        changed = self.book.take(entry)
        if changed is None:
            return
        for found in beds:
            for key in list(found):
                source, code, label, _ = key
                named = (code, label) == (changed.code, changed.label)
                if named and changed.source in {"", source}:
                    del found[key]

    def rows(self, beds: Mapping[str, Mapping[UnknownKey, Unknown]]) -> list[dict[str, Any]]:
        """Return what is sent and not known, the most frequent first."""
        merged: dict[UnknownKey, dict[str, Any]] = {}
        for bed, found in beds.items():
            for key, seen in found.items():
                source, code, text, unit = key
                row = merged.setdefault(
                    key,
                    {
                        "source": source, "code": code, "text": text, "unit": unit,
                        "own": known_unit(unit), "value": "", "n": 0, "beds": [],
                        "reason": seen.reason, "at": 0.0,
                    },
                )  # fmt: skip
                row["n"] += seen.n
                row["beds"].append(bed)
                row["value"] = seen.value or row["value"]
                if seen.at_ns / 1e6 > row["at"]:
                    row["at"], row["reason"] = seen.at_ns / 1e6, seen.reason
        return sorted(merged.values(), key=lambda row: -row["n"])[:MOST_ROWS]

    def standing(self) -> list[dict[str, Any]]:
        """Return what codes stand for here, the latest first."""
        return [
            {
                "seq": each.seq,
                "at": each.at_ns / 1e6,
                "code": each.code,
                "text": each.label,
                "quantity": each.quantity,
                "place": each.place,
                "unit": each.unit,
                "source": each.source,
            }
            for each in self.book.standing()
        ]

    def map(self, said: dict[str, Any], now_ns: int) -> None:
        """Keep what a code stands for, from now on.

        Raises
        ------
        InputError
            If it is no mapping.
        StorageError
            If it could not be kept.
        """
        unit = said.get("rowUnit", "")
        payload = as_mapping(said, known_unit(unit) if isinstance(unit, str) else "")
        self._journal.append([NewEntry(now_ns, "codes", OURS, payload)])

    def take_back(self, seq: int, now_ns: int) -> None:
        """Take a mapping back, from now on; what the code stood for before holds again.

        Raises
        ------
        InputError
            If there is no such mapping.
        StorageError
            If it could not be kept.
        """
        if all(each.seq != seq for each in self.book.standing()):
            raise InputError("this mapping was taken back already")
        self._journal.append([NewEntry(now_ns, "codes", OURS, as_undo(seq))])

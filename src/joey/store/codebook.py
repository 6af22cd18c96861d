"""What persons said the codes of their monitors stand for: entries of the journal, added up.

An entry maps one code, or takes back an earlier one. Whoever reads the journal takes them in their
order, so that a replay understands each message as it was understood when it came.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from joey.errors import InputError
from joey.sources.codes import QUANTITIES, CodeMap, Meaning, units_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from joey.store.journal import Entry

__all__ = ["CodeBook", "Mapped", "as_mapping", "as_undo"]

LONGEST = 120  # characters of a code or a name
LONGEST_PLACE = 24  # characters of a site or a lead


@dataclass(frozen=True, slots=True)
class Mapped:
    """What a code was said to stand for.

    Parameters
    ----------
    seq, at_ns : int
        The place in the journal, and when. [ns UTC]
    code, label : str
        OBX-3.1 and OBX-3.2.
    quantity, place, unit : str
        Of Joey's quantities; its lead or site; what values without a known unit are in.
    source : str
        Whose codes it holds for; empty for those of all.
    """

    seq: int
    at_ns: int
    code: str
    label: str
    quantity: str
    place: str
    unit: str
    source: str = ""

    @property
    def meaning(self) -> Meaning:
        """The same for the table of codes."""
        lead, site = (self.place, "") if self.quantity == "ecg" else ("", self.place)
        return Meaning(self.quantity, lead=lead, site=site, unit=self.unit)


class CodeBook:
    """Mappings as of a place in the journal.

    Parameters
    ----------
    entries : iterable of Entry
        Of kind ``codes``, in order.
    """

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._said: dict[int, Mapped] = {}
        for entry in entries:
            self._add(entry)
        self._maps: dict[str, CodeMap] = {}

    def codes_of(self, source: str) -> CodeMap:
        """Return what codes of a source stand for: what was said of it alone goes first."""
        said = self._said.values()
        own = source if any(each.source == source for each in said) else ""
        if own not in self._maps:
            rows = sorted(
                (each for each in said if each.source in {"", own}),
                key=lambda each: (each.source != "", each.seq),
            )
            self._maps[own] = CodeMap({f"{each.code}^{each.label}": each.meaning for each in rows})
        return self._maps[own]

    def take(self, entry: Entry) -> Mapped | None:
        """Take a further entry; return the mapping that it makes or takes back."""
        found = self._add(entry)
        self._maps = {}
        return found

    def standing(self) -> tuple[Mapped, ...]:
        """Return what holds now, one mapping for each code of a source, the latest first."""
        last = {(each.source, each.code, each.label): each for each in self._said.values()}
        return tuple(sorted(last.values(), key=lambda each: -each.seq))

    def _add(self, entry: Entry) -> Mapped | None:
        said = json.loads(entry.payload)
        if "undo" in said:
            return self._said.pop(said["undo"], None)
        found = Mapped(entry.seq, entry.received_ns, **said)
        self._said[entry.seq] = found
        return found


def as_mapping(said: dict[str, Any], row_unit: str) -> bytes:
    """Return a mapping as the journal keeps it.

    Parameters
    ----------
    said : dict
        ``code``, ``label``, ``quantity``, ``place``, ``unit``, ``source``: texts; those that are
        missing are empty. Without a source it is of all.
    row_unit : str
        The unit that monitors send with this code, where it is known; else empty.

    Raises
    ------
    InputError
        If it names no code, or a quantity or unit that Joey does not know or that is not this
        code's; the message names the field, and no value that is not of Joey's own table.
    """
    fields = ("code", "label", "quantity", "place", "unit", "source")
    texts = {name: said.get(name, "") for name in fields}
    for name, text in texts.items():
        longest = LONGEST_PLACE if name == "place" else LONGEST
        if not isinstance(text, str) or len(text) > longest or not text.isprintable():
            msg = f"{name}: give a text of at most {longest} characters"
            raise InputError(msg)
    texts["place"] = texts["place"].strip()
    if not texts["code"] and not texts["label"]:
        raise InputError("code: a mapping needs a code or a name")
    quantity, unit = texts["quantity"], texts["unit"]
    if quantity not in QUANTITIES or quantity == "unknown":
        raise InputError("quantity: choose one that Joey knows")
    units = units_of(quantity)
    if unit and unit not in units:
        msg = f"unit: {quantity} comes in {' or '.join(units) or 'its own unit'}"
        raise InputError(msg)
    if row_unit and units and row_unit not in units:
        msg = f"quantity: these values are in {row_unit}, {quantity} comes in {' or '.join(units)}"
        raise InputError(msg)
    if units and not row_unit and not unit:
        raise InputError("unit: the monitor sends none that is known: say what the values are in")
    return json.dumps(texts, sort_keys=True, separators=(",", ":")).encode()


def as_undo(seq: int) -> bytes:
    """Return the taking back of a mapping as the journal keeps it."""
    return json.dumps({"undo": seq}).encode()

"""Admissions, transfers, discharges and changed particulars, as an admission system tells them.

What is applied is decided elsewhere (`people`): here nothing is looked up and nothing is merged.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from joey.sources.hl7.fields import field_of, header_of, segments, text_of
from joey.sources.hl7.patients import read_identifiers, read_location, read_names
from joey.sources.hl7.times import date_of, offset_of, read_time
from joey.sources.hl7.types import Admission, Location

if TYPE_CHECKING:
    from joey.sources.hl7.types import Header, Identifier, Message, SourceSettings

__all__ = ["EVENTS", "read_admission"]

# Admit, transfer, discharge, register, update, and the cancels of the first three; person added and
# updated; then merge of identifiers and a changed identifier, read so that they are not lost.
EVENTS = frozenset(
    {"A01", "A02", "A03", "A04", "A08", "A11", "A12", "A13", "A28", "A31", "A40", "A47"}
)
TRUTHS = {"Y": True, "N": False}


def read_admission(message: Message, source: SourceSettings) -> Admission | None:
    """Return what an admission message says; None of another type, or without a patient.

    Parameters
    ----------
    message : Message
        Of type ADT.
    source : SourceSettings
        Where it is from: the zone of its times.

    Raises
    ------
    ProtocolError
        If MSH cannot be read.
    """
    header = header_of(message)
    kind, _, event = header.event.partition("^")
    pid = next(segments(message, b"PID"), None)
    if kind != "ADT" or event not in EVENTS or pid is None:
        return None
    clock = _Clock(header, source)
    evn = next(segments(message, b"EVN"), [])
    visit = next(segments(message, b"PV1"), [])
    born = field_of(pid, 7)
    marks = [field_of(evn, 6), field_of(evn, 2), header.sent]
    prior = next(segments(message, b"MRG"), [])
    return Admission(
        header,
        event,
        next((ns for ns in map(clock.time, marks) if ns is not None), None),
        read_identifiers(message, *(field_of(pid, number) for number in (3, 2, 4))),
        read_names(message, field_of(pid, 5), field_of(pid, 9)),
        date_of(born),
        clock.time(born) if _has_hour(born) else None,
        text_of(message, field_of(pid, 8)),
        _place(message, field_of(visit, 3)),
        _place(message, field_of(visit, 6)),
        read_identifiers(message, field_of(pid, 21)),
        TRUTHS.get(text_of(message, field_of(pid, 24))),
        _order(text_of(message, field_of(pid, 25))),
        _first(read_identifiers(message, field_of(pid, 18))),
        _first(read_identifiers(message, field_of(visit, 19))),
        read_identifiers(message, field_of(prior, 1)),
        clock.time(field_of(visit, 44)),
        clock.time(field_of(visit, 45)),
        (*message.repairs, *(f"{what}: {count}" for what, count in clock.notes.items())),
        clock.zone,
        source.simulated,
    )


class _Clock:
    """Reads the times of one message, and remembers what had to be assumed."""

    def __init__(self, header: Header, source: SourceSettings) -> None:
        self.notes: Counter[str] = Counter()
        self.zone = ""
        self._offset_s = offset_of(header.sent)
        self._zone = source.zone

    def time(self, field: bytes) -> int | None:
        """Return the time of a field; None where it has none. [ns UTC]"""
        stamp = read_time(field, self._offset_s, self._zone)
        if stamp.note:
            self.notes[stamp.note] += 1
        self.zone = self.zone or stamp.zone
        return stamp.ns


def _has_hour(field: bytes) -> bool:
    """Whether a date of birth has a time of day."""
    digits = field.partition(b"^")[0].partition(b"+")[0].partition(b"-")[0]
    return len(digits.strip()) >= len(b"YYYYMMDDHH")


def _place(message: Message, field: bytes) -> Location:
    return read_location(message, field) if field else Location()


def _order(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 3 else None


def _first(found: tuple[Identifier, ...]) -> Identifier | None:
    return found[0] if found else None

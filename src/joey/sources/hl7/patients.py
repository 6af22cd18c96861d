"""Who and where: the fields of PID and PV1 that monitors and admission systems share."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from joey.sources.hl7.fields import field_of, fields_of, text_of
from joey.sources.hl7.times import date_of
from joey.sources.hl7.types import Identifier, Location, Message, PersonName, Separators

__all__ = [
    "NOBODY",
    "Patient",
    "place_of",
    "read_identifiers",
    "read_location",
    "read_names",
    "read_patient",
]

MOST = 500  # bytes of PV1-3 that are looked at
LONGEST = 80  # characters of a bed's name that are looked at

# The last word of a text that names unit and bed: "NICU-04", "NICU BED 4A".
LAST_WORD = re.compile(r"(?:(.*?)[\s\-_/.,]*)??(?:\bBED[\s\-_.]*)?([A-Z]{0,2}\d+[A-Z]?)")
NOT_A_BED = re.compile(r"[\s\-_.]+")


class Patient(NamedTuple):
    """What PID says of a patient: identifiers, names, date of birth, sex."""

    identifiers: tuple[Identifier, ...]
    names: tuple[PersonName, ...]
    birth_date: str
    sex: str


NOBODY = Patient((), (), "", "")


def read_patient(line: bytes, reading: tuple[Separators, str, str]) -> Patient:
    """Return what a PID line says; a monitor sends the same one every second.

    Parameters
    ----------
    line : bytes
        The segment.
    reading : tuple
        Separators, encoding and declared character set of its message.
    """
    return _patient(line, reading) if len(line) < 2000 else _patient.__wrapped__(line, reading)


@lru_cache(maxsize=2048)
def _patient(line: bytes, reading: tuple[Separators, str, str]) -> Patient:
    message = Message(b"", (), *reading)
    fields = fields_of(message, line)
    return Patient(
        read_identifiers(message, *(field_of(fields, number) for number in (3, 2, 4))),
        read_names(message, field_of(fields, 5)),
        date_of(field_of(fields, 7)),
        text_of(message, field_of(fields, 8)),
    )


def read_location(message: Message, field: bytes) -> Location:
    """Return the bed of PV1-3 (PL), in any of the layouts that monitors send.

    ``UNIT^ROOM^BED``, ``UNIT^^BED`` (with more behind ``&``), ``UNIT^BED``, ``^^BED^UNIT``,
    ``^^UNIT&BED`` and one text, ``UNIT-BED``.
    """
    reading = (message.separators, message.encoding, message.declared)
    return _located(field[:MOST], reading)


@lru_cache(maxsize=4096)
def _located(field: bytes, reading: tuple[Separators, str, str]) -> Location:
    message = Message(b"", (), *reading)
    separators = message.separators
    if separators.repetition and separators.repetition in field:
        field = field.partition(separators.repetition)[0]
    split = field.split(separators.component) if separators.component else [field]
    parts = [
        tuple(
            text_of(message, each[:LONGEST])
            for each in (
                part.split(separators.subcomponent, 3) if separators.subcomponent else [part]
            )
        )
        for part in split[:4]
    ]
    parts += [("",)] * (4 - len(parts))
    return _location(*parts)


def place_of(unit: str, room: str, bed: str) -> Location:
    """Return a location with its key."""
    return Location(unit, room, bed, _key(unit, room, bed))


def _location(
    one: tuple[str, ...], two: tuple[str, ...], three: tuple[str, ...], four: tuple[str, ...]
) -> Location:
    unit, room, bed = one[0], two[0], three[0]
    more = three[1] if len(three) > 1 else ""
    if unit and not bed:
        if room:  # UNIT^BED
            room, bed = "", room
        elif len(one) > 1 and any(sign.isdigit() for sign in one[1]) and "." not in one[1]:
            bed = one[1]
        else:
            return _from_text(unit)
    elif not unit and bed:
        if four[0]:  # ^^BED^UNIT
            unit = four[0]
        elif more.strip("0"):  # ^^UNIT&BED&address
            unit, bed = bed, more
        elif room:
            unit, room = room, ""
        else:
            return _from_text(bed)
    return place_of(unit, room, bed)


def _from_text(text: str) -> Location:
    found = LAST_WORD.fullmatch(text[:LONGEST].upper())
    if not found:
        return place_of(text, "", "")
    bed = text[found.start(2) :]
    unit = text[: found.end(1)] if found[1] else ""
    return place_of(unit, "", bed)


def _key(unit: str, room: str, bed: str) -> str:
    bed = _short(bed)
    if not bed:
        return ""
    if room and bed.isalpha():  # beds A and B of each room
        bed = f"{_short(room)}-{bed}"
    return f"{' '.join(unit.upper().split())}/{bed}"


def _short(text: str) -> str:
    """Return a bed's or room's name in capitals, without the word, signs and leading zeros."""
    word = NOT_A_BED.sub("", text.upper())
    bare = word.removeprefix("BED")
    return (bare or word).lstrip("0") or bare[:1]


def read_identifiers(message: Message, *fields: bytes) -> tuple[Identifier, ...]:
    """Return the identifiers (CX) of fields, in order, each once; those without a value are none.

    The authority is the namespace, else the universal id.
    """
    separators = message.separators
    found: dict[Identifier, None] = {}
    for field in fields:
        if not field:
            continue
        for each in field.split(separators.repetition) if separators.repetition else [field]:
            parts = each.split(separators.component) if separators.component else [each]
            value = text_of(message, parts[0])
            if not value:
                continue
            issuer = parts[3] if len(parts) > 3 else b""
            names = issuer.split(separators.subcomponent) if separators.subcomponent else [issuer]
            authority = text_of(message, names[0])
            if not authority and len(names) > 1:
                authority = text_of(message, names[1])
            kind = text_of(message, parts[4]) if len(parts) > 4 else ""
            found[Identifier(value, authority, kind)] = None
    return tuple(found)


def read_names(message: Message, *fields: bytes) -> tuple[PersonName, ...]:
    """Return the names (XPN) of fields, in order; empty ones are none.

    A name that stands in one component with a comma, ``JONES, BABY BOY``, is cut at it; which part
    is which is otherwise never guessed.
    """
    separators = message.separators
    found: dict[PersonName, None] = {}
    for field in fields:
        if not field:
            continue
        for each in field.split(separators.repetition) if separators.repetition else [field]:
            split = each.split(separators.component) if separators.component else [each]
            if separators.subcomponent:
                split[0] = split[0].partition(separators.subcomponent)[0]
            parts = [text_of(message, part) for part in split[:7]]
            parts += [""] * (7 - len(parts))
            family, given, middle, suffix, prefix, _, kind = parts
            text = " ".join(part for part in parts[:5] if part)
            if not text:
                continue
            if not given and not middle and "," in family:
                family, _, given = (part.strip() for part in family.partition(","))
            found[PersonName(family, given, middle, suffix, prefix, text, kind)] = None
    return tuple(found)

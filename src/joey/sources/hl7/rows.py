"""Rows of a monitor's message: their names, numbers and attributes.

A monitor sends the same names, units and attributes every second for years: what is read of them is
remembered.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from joey.sources.codes import CodeMap, Naming, name_observation, spell_unit
from joey.sources.hl7.fields import text_of
from joey.sources.hl7.types import Message, Separators
from joey.sources.hl7.waves import NUMBER, Traits, read_rate

__all__ = [
    "Named",
    "Trait",
    "has_time",
    "is_trait",
    "name_row",
    "read_number",
    "read_traits",
    "spell_field",
]

JUST_DIGITS = frozenset({b"", b".", b"-", b"-.", b".-"})
LONGEST = 400  # bytes of names that are remembered
Trait: TypeAlias = tuple[bytes, bytes, bytes]  # OBX-3, OBX-5 and OBX-6 of an attribute


class Named(NamedTuple):
    """OBX-3, 4, 6 and 20, which are the same in every message of a monitor."""

    code: str
    label: str
    whole: str
    unit: str
    sub_id: str
    naming: Naming


def read_number(kind: bytes, text: bytes, component: bytes) -> float | None:
    """Return the number of a value, whatever its type says; None where it is none.

    Parameters
    ----------
    kind : bytes
        OBX-2; of a structured number (SN), one with a comparison is none.
    text : bytes
        OBX-5. A decimal comma is none: it is also the sign between thousands.
    component : bytes
        The message's separator.
    """
    if len(text) < 16 and text.translate(None, b"0123456789") in JUST_DIGITS:
        try:
            return float(text)
        except ValueError:  # a sign or a point alone, or in the wrong place
            return None
    if kind == b"SN" and component:
        parts = text.split(component)
        if len(parts) == 2 and parts[0] in {b"", b"="}:
            text = parts[1]
    if len(text) <= 40 and NUMBER.fullmatch(text):
        number = float(text)
        return number if abs(number) < float("inf") else None
    return None


def read_traits(rows: tuple[Trait, ...], component: bytes) -> Traits:
    """Return what the attribute rows of one waveform say of it."""
    short = len(rows) < 16 and all(sum(map(len, row)) < LONGEST for row in rows)
    return (_traits if short else _traits.__wrapped__)(rows, component)


@lru_cache(maxsize=4096)
def _traits(rows: tuple[Trait, ...], component: bytes) -> Traits:
    traits = Traits()
    for name, field, spelled in rows:
        value, unit = field.strip(), spell_field(spelled, component)
        if b"MDC_ATTR_SAMP_RATE" in name:
            traits = replace(traits, fs=read_rate(value, unit))
        elif b"MDC_ATTR_NU_MSMT_RES" in name:
            number = read_number(b"NM", value, component)
            if number and number > 0:
                traits = replace(traits, resolution=number, unit=unit)
        elif b"MDC_ATTR_DATA_RANGE" in name and component:
            ends = [read_number(b"NM", part.strip(), component) for part in value.split(component)]
            if len(ends) == 2 and None not in ends:
                traits = replace(traits, low=ends[0], high=ends[1], range_unit=unit)
        elif b"MDC_EVT_INOP" in name:
            traits = replace(traits, absent=read_number(b"NM", value, component))
    return traits


def name_row(
    origin: str,
    identifier: bytes,
    unit: bytes,
    sub_id: bytes,
    site: bytes,
    codes: CodeMap,
    wave: bool,  # noqa: FBT001 (a key of the cache)
    reading: tuple[Separators, str, str],
) -> Named:
    """Return the names of a row; monitors send the same ones for years.

    Parameters
    ----------
    origin : str
        Name of the source.
    identifier, unit, sub_id, site : bytes
        OBX-3, OBX-6, OBX-4 and OBX-20.
    codes : CodeMap
        The unit's own codes.
    wave : bool
        Whether the row holds samples.
    reading : tuple
        Separators, encoding and declared character set of the message.
    """
    short = len(identifier) + len(unit) + len(sub_id) + len(site) < LONGEST
    name = _named if short else _named.__wrapped__
    return name(origin, identifier, unit, sub_id, site, codes, wave, reading)


@lru_cache(maxsize=16384)
def _named(
    origin: str,
    identifier: bytes,
    unit: bytes,
    sub_id: bytes,
    site: bytes,
    codes: CodeMap,
    wave: bool,  # noqa: FBT001 (a key of the cache)
    reading: tuple[Separators, str, str],
) -> Named:
    message = Message(b"", (), *reading)
    separators = message.separators
    component = separators.component
    parts = identifier.split(component) if component else [identifier]
    code = text_of(message, parts[0])
    label = text_of(message, parts[1]) if len(parts) > 1 else ""
    spelled = spell_field(unit, component)
    sub = text_of(message, sub_id)
    place = f"{origin}/{sub}" if sub else origin
    naming = name_observation(code, label, spelled, place, codes, wave=wave)
    where = site.split(component) if site and component else []
    where_text = next((text_of(message, each) for each in (*where[1:2], *where[:1]) if each), "")
    if where_text and not naming.channel.site and naming.channel.quantity != "unknown":
        naming = replace(naming, channel=replace(naming.channel, site=where_text))
    whole = f"{code}^{label}" if code and label else code or label
    return Named(code, label, whole, spelled, sub, naming)


def spell_field(unit: bytes, component: bytes) -> str:
    """Return OBX-6 as the one of its components that is known, else its second or first.

    ``264864^MDC_DIM_BEAT_PER_MIN^MDC``, ``/min^^UCUM``, ``%``.
    """
    parts = unit.split(component) if component else [unit]
    texts = [part.decode("utf-8", "replace").strip() for part in parts[:2]]
    for text in reversed(texts):
        if text and spell_unit(text) != text:
            return text
    return next((text for text in reversed(texts) if text), "")


def has_time(field: bytes) -> bool:
    """Whether OBX-14 says when: cuffs that have not measured yet send zeros."""
    return bool(field.strip(b'0"\x00 '))


def is_trait(identifier: bytes) -> bool:
    """Whether OBX-3 names an attribute of another row."""
    return b"MDC_ATTR_" in identifier or b"MDC_EVT_INOP" in identifier

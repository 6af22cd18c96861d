"""Observations: what a monitor's ORU message says of one bed.

The IHE PCD-01 profile and the dialects around it. Nothing is guessed: a row that is not understood
is kept as it came (`Unmapped`), and of a message that may not be a patient's nothing is taken.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from joey.sources.codes import CodeMap, Naming, spell_unit
from joey.sources.hl7.fields import field_of, fields_of, header_of, text_of
from joey.sources.hl7.patients import NOBODY, read_location, read_patient
from joey.sources.hl7.rows import (
    Named,
    Trait,
    has_time,
    is_trait,
    name_row,
    read_number,
    read_traits,
)
from joey.sources.hl7.times import offset_of, read_time
from joey.sources.hl7.types import (
    Header,
    Location,
    Message,
    Numeric,
    Observations,
    SourceSettings,
    Unmapped,
    Wave,
)
from joey.sources.hl7.waves import (
    Mask,
    Numbers,
    Traits,
    rate_between,
    read_bytes,
    read_numbers,
    read_scale,
    to_counts,
)

if TYPE_CHECKING:
    from fractions import Fraction

__all__ = ["MOST_SEGMENTS", "location_of", "read_observations", "why_quarantined"]

NAN = float("nan")
# OBX-11 of rows that carry no value: not obtained, deleted, wrong, not asked, pending, order only.
WITHOUT_VALUE = frozenset({"X", "D", "W", "N", "I", "O"})
# OBX-8 of IHE PCD-01: invalid, not available, busy, being calibrated.
NOT_VALID = frozenset({b"INV", b"NAV", b"BUSY", b"CAL"})
NOT_OF_A_PATIENT = frozenset({b"DEMO", b"TEST"})
NO_VALUE = frozenset({b"", b'""', b"-", b"--", b"---", b"-?-", b"?", b"***"})
NEVER_NEGATIVE = frozenset(
    {"heart_rate", "pulse_rate", "resp_rate", "spo2", "fio2", "perfusion_index", "o2_flow"}
)
SAMPLE_TYPES = frozenset({b"NA", b"MA", b"ED"})
QUANTUM = 0.001  # of the channel's unit: one count of samples that come as decimals
MOST_SEGMENTS = 10_000  # of a message; a monitor sends hundreds, and all who read wait for it
LONGEST = 200  # characters of a value that is not understood
MOST_USED = 21  # fields of OBX that are looked at, and its name
FILLING = [[b""] * (MOST_USED - count) for count in range(MOST_USED)]
NOWHERE = Location()
PLAIN = Traits()
READ = re.compile(r"(?:ORU|ADT)(?:\^\w{3}(?:_.*)?)?")


class _Times(NamedTuple):
    """Where the time of a row is to be looked for."""

    offset_s: int | None
    zone: str
    sent: bytes


class _Row(NamedTuple):
    """An OBX of samples, at least `MOST_USED` fields, and begin and end of its OBR."""

    fields: list[bytes]
    begin: bytes
    end: bytes
    invalid: bool


def read_observations(message: Message, source: SourceSettings, codes: CodeMap) -> Observations:
    """Return what a monitor's message says.

    Parameters
    ----------
    message : Message
        Of type ORU.
    source : SourceSettings
        Where it is from.
    codes : CodeMap
        The unit's own codes. Give the same object for every message: names are remembered by it.

    Returns
    -------
    Observations
        Without values where it is in doubt whether they are a patient's: `Observations.doubt`.

    Raises
    ------
    ProtocolError
        If MSH cannot be read.
    """
    header = header_of(message)
    reader = _Reader(message, header, source, codes)
    return reader.read()


def location_of(message: Message) -> Location:
    """Return the bed of a message's first PV1; an empty location where it has none."""
    begin = b"PV1" + message.separators.field
    for line in message.lines:
        if line.startswith(begin):
            return read_location(message, field_of(fields_of(message, line), 3))
    return Location()


def why_quarantined(
    header: Header, observations: Observations | None, source: SourceSettings
) -> str:
    """Return why a message must not become patient data; empty where it may.

    Parameters
    ----------
    header : Header
        The message's head, which alone tells most.
    observations : Observations or None
        What it says, where it has been read.
    source : SourceSettings
        Where it is from.
    """
    if not READ.fullmatch(header.event):
        return f"a message of type {_printable(header.event)} is not read"
    if header.processing != "P" and not source.simulated:
        said = _printable(header.processing) if header.processing else "empty"
        return f"MSH-11 is {said}, not P: not of patient care"
    return observations.doubt if observations else ""


class _Reader:
    """One message on its way to `Observations`."""

    def __init__(
        self, message: Message, header: Header, source: SourceSettings, codes: CodeMap
    ) -> None:
        self.message = message
        self.header = header
        self.source = source
        self.codes = codes
        self.reading = (message.separators, message.encoding, message.declared)
        self.times = _Times(offset_of(header.sent), source.zone, header.sent)
        self.numerics: list[Numeric] = []
        self.waves: list[Wave] = []
        self.unmapped: list[Unmapped] = []
        self.repairs: Counter[str] = Counter()
        self.zone = ""
        self.demo = 0
        self.begin = self.end = b""  # of the OBR that was read last
        self.traits: dict[bytes, list[Trait]] = {}  # by the OBX-4 of what they belong to
        self.arrays: list[_Row] = []  # kept until all attributes are known
        self.devices: list[tuple[bytes, bytes]] = []
        self.patients: list[bytes] = []
        self.places: list[Location] = []

    def read(self) -> Observations:
        """Return what the message says."""
        message = self.message
        separator = message.separators.field
        for line in message.lines[:MOST_SEGMENTS]:
            kind = line[:3]
            if kind == b"OBX":
                self._take_row(line.split(separator))
            elif kind == b"OBR":
                fields = line.split(separator)
                self.begin, self.end = field_of(fields, 7), field_of(fields, 8)
            elif kind == b"PID":
                self.patients.append(line)
            elif kind == b"PV1":
                field = field_of(line.split(separator, 4), 3)
                self.places.append(read_location(message, field))
        for row in self.arrays:
            self._take_wave(row)
        return self._told()

    def _told(self) -> Observations:
        message = self.message
        patient = read_patient(self.patients[0], self.reading) if self.patients else NOBODY
        doubt = why_quarantined(self.header, None, self.source)
        if len(message.lines) > MOST_SEGMENTS:
            doubt = doubt or f"more than {MOST_SEGMENTS} segments in one message"
        if self._are_several():
            doubt = doubt or "several patients in one message"
        if self.demo and not self.source.simulated:
            doubt = doubt or "OBX-8 says DEMO or TEST: not of a patient"
        repairs = message.repairs
        if self.repairs:
            repairs = (*repairs, *(f"{what}: {count}" for what, count in self.repairs.items()))
        return Observations(
            self.header,
            self.places[0] if self.places else NOWHERE,
            self._device(),
            patient.identifiers,
            patient.names[0] if patient.names else None,
            patient.birth_date,
            patient.sex,
            () if doubt else tuple(self.numerics),
            () if doubt else tuple(self.waves),
            () if doubt else tuple(self.unmapped),
            repairs,
            self.zone,
            self.source.simulated,
            doubt,
        )

    def _take_row(self, fields: list[bytes]) -> None:
        """Take one OBX."""
        count = len(fields)
        if count < 6:
            self.repairs["rows without a value field"] += count < 4
            return
        kind = fields[2]
        samples = kind in SAMPLE_TYPES
        if not samples and is_trait(fields[3]):
            owner = fields[4].rpartition(b".")[0]
            unit = fields[6] if count > 6 else b""
            self.traits.setdefault(owner, []).append((fields[3], fields[5], unit))
            return
        if count < MOST_USED:
            fields += FILLING[count]
        if fields[18]:
            self.devices.append((fields[3], fields[18]))
        if not kind and not fields[5]:
            return  # it tells of the parts of the monitor
        invalid = False
        if fields[8]:
            repetition = self.message.separators.repetition or b"~"
            said = {each.strip().upper() for each in fields[8].split(repetition)}
            if said & NOT_OF_A_PATIENT:
                self.demo += 1
                if not self.source.simulated:
                    return
            invalid = bool(said & NOT_VALID)
        if samples:
            self.arrays.append(_Row(fields, self.begin, self.end, invalid))
        else:
            self._take_numeric(fields, invalid=invalid)

    def _are_several(self) -> bool:
        """Whether the message is of more than one patient or bed."""
        if len(self.patients) > 1:
            cuts = [fields_of(self.message, line) for line in self.patients]
            if len({(field_of(each, 2), field_of(each, 3)) for each in cuts}) > 1:
                return True
        return len({place.key for place in self.places} - {""}) > 1

    def _device(self) -> str:
        """Return the monitor's identifier: of the row that stands for it, MSH-3 or any row."""
        message = self.message
        component = message.separators.component or b"^"
        devices = self.devices
        for name, device in devices:
            if b"_MDS" in name:
                return text_of(message, device.partition(component)[0])
        application = field_of(fields_of(message, message.lines[0]), 3).split(component)
        if len(application) > 2 and application[2].strip().upper() == b"EUI-64":
            return text_of(message, application[1])
        return text_of(message, devices[0][1].partition(component)[0]) if devices else ""

    def _name(self, fields: list[bytes], unit: bytes, *, wave: bool) -> Named:
        sub_id = fields[4]
        if sub_id == fields[1] and not wave:
            sub_id = b""  # a row number, which says nothing
        return name_row(
            self.source.name, fields[3], unit, sub_id, fields[20], self.codes, wave, self.reading
        )

    def _time(self, own: bytes, begin: bytes) -> int | None:
        """Return the time of a row: OBX-14, else OBR-7, else MSH-7. [ns UTC]"""
        times = self.times
        for text in (own, begin, times.sent):
            if text:
                ns, zone, note = read_time(text, times.offset_s, times.zone)
                if note:
                    self.repairs[note] += 1
                if ns is not None:
                    if zone:
                        self.zone = zone
                    return ns
        return None

    def _take_numeric(self, fields: list[bytes], *, invalid: bool) -> None:
        named = self._name(fields, fields[6], wave=False)
        status = fields[11].decode("latin-1")
        aperiodic = fields[13] == b"APERIODIC"
        time_ns = self._time(fields[14], self.begin)
        text = fields[5].strip()
        naming = named.naming
        known = naming.channel.quantity != "unknown"
        value, reason = NAN, ""
        if text in NO_VALUE or invalid or status in WITHOUT_VALUE:
            pass
        elif (number := read_number(fields[2], text, self.message.separators.component)) is None:
            # What is no number is no value, and that is news: the one before no longer stands.
            reason = "not a number"
        else:
            value, reason = self._checked(naming, number)
        storable = known or not reason
        if not known:
            reason = naming.note
        elif naming.note:
            self.repairs[naming.note] += 1
        if time_ns is None or (aperiodic and not has_time(fields[14])):
            reason, storable = "no time", False
        if reason:
            self._keep(named, text, time_ns, reason)
        if storable and time_ns is not None:
            self.numerics.append(
                Numeric(
                    naming.channel,
                    value,
                    time_ns,
                    status,
                    named.whole,
                    named.unit,
                    named.sub_id,
                    aperiodic,
                )
            )

    def _checked(self, naming: Naming, number: float) -> tuple[float, str]:
        """Return a value in the channel's unit, NaN where the number stands for none."""
        if number in naming.absent:
            return NAN, ""
        value = number
        if naming.factor != 1.0 or naming.shift:
            value = number * naming.factor + naming.shift
        if value < 0 and naming.channel.quantity in NEVER_NEGATIVE:
            return NAN, f"a negative {naming.channel.quantity}"
        return value, ""

    def _keep(self, named: Named, text: bytes, time_ns: int | None, reason: str) -> None:
        value = text_of(self.message, text[:LONGEST])
        self.unmapped.append(
            Unmapped(named.code, named.label, named.unit, value, named.sub_id, time_ns, reason)
        )
        self.repairs[f"rows not understood ({reason})"] += 1

    def _take_wave(self, row: _Row) -> None:
        fields = row.fields
        named = self._name(fields, fields[6], wave=True)
        status = fields[11].decode("latin-1")
        time_ns = self._time(fields[14], row.begin)
        known = self.traits.get(fields[4])
        component = self.message.separators.component
        traits = read_traits(tuple(known), component) if known else PLAIN
        numbers, valid, decimal = self._samples(fields)
        if isinstance(numbers, str):
            self._keep(named, b"", time_ns, numbers)
            return
        if not len(numbers):
            return  # a wave without samples says nothing
        if time_ns is None:
            self._keep(named, b"", time_ns, "no time")
            return
        fs = traits.fs or self._rate_of(row, len(numbers))
        if fs is None:
            self._keep(named, b"", time_ns, "no sampling rate")
            return
        naming, quantum, scale = self._scale(fields, named, traits, decimal=decimal)
        counts, runs = to_counts(numbers, valid, traits, named.unit, quantum)
        if row.invalid or status in WITHOUT_VALUE:
            runs = runs[:0]
        if valid is not None:
            self.repairs["samples that are no number"] += int((~valid).sum())
        if naming.channel.quantity == "unknown":
            self._keep(named, b"", time_ns, naming.note)
        elif naming.note:
            self.repairs[naming.note] += 1
        self.waves.append(
            Wave(
                naming.channel,
                fs,
                counts,
                runs,
                scale * naming.factor,
                naming.shift,
                time_ns,
                named.whole,
                named.sub_id,
                status,
            )
        )

    def _samples(self, fields: list[bytes]) -> tuple[Numbers | str, Mask | None, bool]:
        """Return numbers, which are there and whether they are decimals; or why there are none."""
        message = self.message
        separators = message.separators
        field = fields[5]
        if fields[2] != b"ED":
            return read_numbers(field, separators.component, separators.repetition)
        parts = field.split(separators.component) if separators.component else [field]
        declared = [text_of(message, part[:40]) for part in (*parts[:3], fields[6])]
        return read_bytes(parts, " ".join(declared)), None, False

    def _rate_of(self, row: _Row, count: int) -> Fraction | None:
        """Return the rate of samples that fill their OBR's time; None where it does not say."""
        times = self.times
        begin = read_time(row.begin, times.offset_s, times.zone).ns if row.begin else None
        end = read_time(row.end, times.offset_s, times.zone).ns if row.end else None
        if begin is None or end is None:
            return None
        fs = rate_between(count, begin, end)
        if fs is not None:
            self.repairs["sampling rates from begin and end"] += 1
        return fs

    def _scale(
        self, fields: list[bytes], named: Named, traits: Traits, *, decimal: bool
    ) -> tuple[Naming, float, float]:
        """Return the naming of a wave, the quantum of its numbers, and what one count is.

        The same for every chunk of a stream, whatever numbers it holds.
        """
        naming = named.naming
        per_count = read_scale(named.unit)
        if per_count is not None:  # OBX-6 says what one count is
            return self._renamed(fields, per_count[1]), 1.0, per_count[0]
        if traits.resolution:
            if traits.unit and spell_unit(traits.unit) not in {"NU", spell_unit(named.unit)}:
                naming = self._renamed(fields, traits.unit)
            if decimal and spell_unit(named.unit) == "NU":  # counts of an average
                return naming, QUANTUM, traits.resolution * QUANTUM
            # Decimals are values already; the resolution is their quantum.
            return naming, traits.resolution if decimal else 1.0, traits.resolution
        if naming.channel.unit == "NU":
            return naming, QUANTUM if decimal else 1.0, QUANTUM if decimal else 1.0
        quantum = QUANTUM / naming.factor
        return naming, quantum, quantum

    def _renamed(self, fields: list[bytes], unit: str) -> Naming:
        return self._name(fields, unit.encode(), wave=True).naming


def _printable(text: str) -> str:
    """Return what of a field is fit for a reason: short, and plain signs only."""
    return re.sub(r"[^\w^]", "?", text[:20], flags=re.ASCII)

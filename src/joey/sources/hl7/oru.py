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
from joey.sources.hl7.patients import read_identifiers, read_location, read_names
from joey.sources.hl7.rows import Named, Trait, has_time, name_row, read_number, read_traits
from joey.sources.hl7.times import Stamp, date_of, offset_of, read_time
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

__all__ = ["location_of", "read_observations", "why_quarantined"]

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
LONGEST = 200  # characters of a value that is not understood
READ = re.compile(r"(?:ORU|ADT)(?:\^\w{3}(?:_.*)?)?")


class _Times(NamedTuple):
    """Where the time of a row is to be looked for."""

    offset_s: int | None
    zone: str
    sent: bytes


class _Cut(NamedTuple):
    """A message's rows by what they are: values and samples, and attributes by their owner."""

    rows: list[_Row]
    traits: dict[bytes, list[Trait]]
    devices: list[tuple[bytes, bytes]]
    patients: list[list[bytes]]
    places: list[Location]


class _Row(NamedTuple):
    """One OBX: its fields, and begin and end of its OBR."""

    fields: list[bytes]
    begin: bytes
    end: bytes


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
        self.times = _Times(offset_of(header.sent), source.zone, header.sent)
        self.numerics: list[Numeric] = []
        self.waves: list[Wave] = []
        self.unmapped: list[Unmapped] = []
        self.repairs: Counter[str] = Counter()
        self.zone = ""
        self.demo = 0
        self.traits: dict[bytes, Traits] = {}

    def read(self) -> Observations:
        """Return what the message says."""
        message = self.message
        cut = self._cut()
        self.traits = {
            owner: read_traits(tuple(rows), message.separators.component)
            for owner, rows in cut.traits.items()
        }
        for row in cut.rows:
            self._take(row)
        pid = cut.patients[0] if cut.patients else []
        identifiers = read_identifiers(message, *(field_of(pid, number) for number in (3, 2, 4)))
        names = read_names(message, field_of(pid, 5))
        doubt = why_quarantined(self.header, None, self.source)
        several = len({(field_of(each, 2), field_of(each, 3)) for each in cut.patients}) > 1
        if several or len({place.key for place in cut.places}) > 1:
            doubt = doubt or "several patients in one message"
        if self.demo and not self.source.simulated:
            doubt = doubt or "OBX-8 says DEMO or TEST: not of a patient"
        repairs = [*message.repairs, *(f"{what}: {n}" for what, n in self.repairs.items())]
        return Observations(
            self.header,
            cut.places[0] if cut.places else Location(),
            self._device(cut.devices),
            identifiers,
            names[0] if names else None,
            date_of(field_of(pid, 7)),
            text_of(message, field_of(pid, 8)),
            () if doubt else tuple(self.numerics),
            () if doubt else tuple(self.waves),
            () if doubt else tuple(self.unmapped),
            tuple(repairs),
            self.zone,
            self.source.simulated,
            doubt,
        )

    def _cut(self) -> _Cut:
        """Return the rows by what they are, the PIDs and the beds."""
        message = self.message
        separator = message.separators.field
        found = _Cut([], {}, [], [], [])
        begin = end = b""
        for line in message.lines:
            match line[:3]:
                case b"OBX":
                    fields = line.split(separator)
                    if len(fields) < 6:
                        self.repairs["rows without a value field"] += len(fields) < 4
                    elif (b"MDC_ATTR_" in fields[3] or b"MDC_EVT_INOP" in fields[3]) and (
                        fields[2] not in SAMPLE_TYPES
                    ):
                        owner = fields[4].rpartition(b".")[0]
                        unit = fields[6] if len(fields) > 6 else b""
                        found.traits.setdefault(owner, []).append((fields[3], fields[5], unit))
                    else:
                        if len(fields) > 18 and fields[18]:
                            found.devices.append((fields[3], fields[18]))
                        if fields[2] or fields[5]:  # else it tells of the parts of the monitor
                            found.rows.append(_Row(fields, begin, end))
                case b"OBR":
                    fields = line.split(separator)
                    begin, end = field_of(fields, 7), field_of(fields, 8)
                case b"PID":
                    found.patients.append(line.split(separator))
                case b"PV1":
                    place = read_location(message, field_of(line.split(separator), 3))
                    found.places.append(place)
        return found

    def _device(self, devices: list[tuple[bytes, bytes]]) -> str:
        """Return the monitor's identifier: of the row that stands for it, MSH-3 or any row."""
        message = self.message
        component = message.separators.component or b"^"
        for name, device in devices:
            if b"_MDS" in name:
                return text_of(message, device.partition(component)[0])
        application = field_of(fields_of(message, message.lines[0]), 3).split(component)
        if len(application) > 2 and application[2].strip().upper() == b"EUI-64":
            return text_of(message, application[1])
        return text_of(message, devices[0][1].partition(component)[0]) if devices else ""

    def _name(self, fields: list[bytes], *, wave: bool) -> Named:
        site = fields[20] if len(fields) > 20 else b""
        message = self.message
        set_id = fields[1] if len(fields) > 1 else b""
        sub_id = field_of(fields, 4)
        running = sub_id == set_id and not wave  # a row number, which says nothing
        return name_row(
            self.source.name,
            field_of(fields, 3),
            field_of(fields, 6),
            b"" if running else sub_id,
            site,
            self.codes,
            wave,
            (message.separators, message.encoding, message.declared),
        )

    def _time(self, row: _Row) -> Stamp:
        """Return the time of a row: OBX-14, else OBR-7, else MSH-7."""
        own = row.fields[14] if len(row.fields) > 14 else b""
        times = self.times
        for text in (own, row.begin, times.sent):
            if text:
                stamp = read_time(text, times.offset_s, times.zone)
                if stamp.note:
                    self.repairs[stamp.note] += 1
                if stamp.ns is not None:
                    self.zone = self.zone or stamp.zone
                    return stamp
        return Stamp(None)

    def _take(self, row: _Row) -> None:
        """Take one row of a value or of samples."""
        fields = row.fields
        invalid = False
        if len(fields) > 8 and fields[8]:
            repetition = self.message.separators.repetition or b"~"
            said = {each.strip().upper() for each in fields[8].split(repetition)}
            if said & NOT_OF_A_PATIENT:
                self.demo += 1
                if not self.source.simulated:
                    return
            invalid = bool(said & NOT_VALID)
        if fields[2] in SAMPLE_TYPES:
            self._take_wave(row, invalid=invalid)
        else:
            self._take_numeric(row, invalid=invalid)

    def _take_numeric(self, row: _Row, *, invalid: bool) -> None:
        fields = row.fields
        named = self._name(fields, wave=False)
        count = len(fields)
        status = fields[11].decode("latin-1") if count > 11 else ""
        aperiodic = count > 13 and fields[13] == b"APERIODIC"
        stamp = self._time(row)
        text = fields[5].strip() if count > 5 else b""
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
        if stamp.ns is None or (aperiodic and not has_time(fields)):
            reason, storable = "no time", False
        if reason:
            self._keep(named, text, stamp, reason)
        if storable and stamp.ns is not None:
            self.numerics.append(
                Numeric(
                    naming.channel,
                    value,
                    stamp.ns,
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

    def _keep(self, named: Named, text: bytes, stamp: Stamp, reason: str) -> None:
        value = text_of(self.message, text[:LONGEST])
        self.unmapped.append(
            Unmapped(named.code, named.label, named.unit, value, named.sub_id, stamp.ns, reason)
        )
        self.repairs[f"rows not understood ({reason})"] += 1

    def _take_wave(self, row: _Row, *, invalid: bool) -> None:
        fields = row.fields
        named = self._name(fields, wave=True)
        status = fields[11].decode("latin-1") if len(fields) > 11 else ""
        stamp = self._time(row)
        traits = self.traits.get(field_of(fields, 4), Traits())
        numbers, valid, decimal = self._samples(fields)
        if isinstance(numbers, str):
            self._keep(named, b"", stamp, numbers)
            return
        if not len(numbers):
            return  # a wave without samples says nothing
        if stamp.ns is None:
            self._keep(named, b"", stamp, "no time")
            return
        fs = traits.fs or self._rate_of(row, len(numbers))
        if fs is None:
            self._keep(named, b"", stamp, "no sampling rate")
            return
        naming, quantum, scale = self._scale(fields, named, traits, decimal=decimal)
        found = to_counts(numbers, valid, traits, named.unit, quantum)
        if isinstance(found, str):
            self._keep(named, b"", stamp, found)
            return
        counts, runs = found
        if invalid or status in WITHOUT_VALUE:
            runs = runs[:0]
        if valid is not None:
            self.repairs["samples that are no number"] += int((~valid).sum())
        if naming.channel.quantity == "unknown":
            self._keep(named, b"", stamp, naming.note)
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
                stamp.ns,
                named.whole,
                named.sub_id,
                status,
            )
        )

    def _samples(self, fields: list[bytes]) -> tuple[Numbers | str, Mask | None, bool]:
        """Return numbers, which are there and whether they are decimals; or why there are none."""
        message = self.message
        separators = message.separators
        field = field_of(fields, 5)
        if fields[2] != b"ED":
            return read_numbers(field, separators.component, separators.repetition)
        parts = field.split(separators.component) if separators.component else [field]
        declared = [text_of(message, part) for part in (*parts[:3], field_of(fields, 6))]
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
            # Decimals are values already; the resolution is their quantum.
            return naming, traits.resolution if decimal else 1.0, traits.resolution
        if naming.channel.unit == "NU":
            return naming, QUANTUM if decimal else 1.0, QUANTUM if decimal else 1.0
        quantum = QUANTUM / naming.factor
        return naming, quantum, quantum

    def _renamed(self, fields: list[bytes], unit: str) -> Naming:
        return self._name([*fields[:6], unit.encode(), *fields[7:]], wave=True).naming


def _printable(text: str) -> str:
    """Return what of a field is fit for a reason: short, and plain signs only."""
    return re.sub(r"[^\w^]", "?", text[:20], flags=re.ASCII)

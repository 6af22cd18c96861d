"""Admission messages: what a baby's record changes by."""

from pathlib import Path

import pytest

from joey.sources.hl7 import (
    Admission,
    Identifier,
    Location,
    SourceSettings,
    read_admission,
    read_message,
)

HOSPITAL = SourceSettings("adt", "America/New_York")
NOON_NS = 1740826800 * 10**9  # 2025-03-01 11:00 UTC


def read(event: str, *lines: str, sent: str = "20250301060000") -> Admission:
    head = rf"MSH|^~\&|ADT|HOSP|||{sent}||ADT^{event}|9|P|2.5"
    found = read_admission(read_message("\r".join([head, *lines]).encode()), HOSPITAL)
    assert found is not None
    return found


BABY = (
    "PID|1||1001^^^HOSP&1.2.3&ISO^MR~X9^^^STATE^SS||JONES^BABY BOY^^^^^L||20250228231500-0500|M"
    "|||||||||||||77^^^HOSP^MR|||Y|2"
)
BED = "PV1|1|I|NICU^^04^HOSP|||LDR^2^1|" + "|" * 12 + "V5^^^HOSP^VN"


def test_an_admission_says_who_where_when_and_whose_child() -> None:
    seen = read("A01", "EVN|A01|20250301055900||||20250301055800", BABY, BED)
    assert (seen.event, seen.sex, seen.birth_date) == ("A01", "M", "2025-02-28")
    assert seen.identifiers == (Identifier("1001", "HOSP", "MR"), Identifier("X9", "STATE", "SS"))
    assert [(name.family, name.given, name.kind) for name in seen.names] == [
        ("JONES", "BABY BOY", "L")
    ]
    assert seen.location == Location("NICU", "", "04", "NICU/4")
    assert seen.prior_location == Location("LDR", "2", "1", "LDR/1")
    assert seen.mother == (Identifier("77", "HOSP", "MR"),)
    assert (seen.multiple_birth, seen.birth_order) == (True, 2)
    assert seen.visit == Identifier("V5", "HOSP", "VN")
    assert seen.birth_ns == 1740802500 * 10**9  # 04:15 UTC
    assert seen.event_ns == NOON_NS - 120 * 10**9
    assert seen.zone_assumed == "America/New_York"


@pytest.mark.parametrize(
    ("field", "family", "given", "text"),
    [
        ("JONES^JOSEPH^ALEXANDER", "JONES", "JOSEPH", "JONES JOSEPH ALEXANDER"),
        ("JONES, BABY BOY", "JONES", "BABY BOY", "JONES, BABY BOY"),
        ("BABY BOY JONES", "BABY BOY JONES", "", "BABY BOY JONES"),
        ("^BABY BOY", "", "BABY BOY", "BABY BOY"),
        ("VON JONES&VON&JONES^JO", "VON JONES", "JO", "VON JONES JO"),
    ],
)
def test_a_name_is_kept_as_it_came(field: str, family: str, given: str, text: str) -> None:
    (name,) = read("A08", f"PID|1||5||{field}").names
    assert (name.family, name.given, name.text) == (family, given, text)


@pytest.mark.parametrize("field", ["", "^^^^^^L", '""', '""^""'])
def test_an_empty_name_is_none(field: str) -> None:
    assert read("A31", f"PID|1||5||{field}").names == ()


def test_a_merge_names_both_identifiers() -> None:
    seen = read("A40", "PID|1||1002^^^HOSP^MR||JONES^JO", "MRG|1001^^^HOSP^MR")
    assert seen.identifiers == (Identifier("1002", "HOSP", "MR"),)
    assert seen.prior_identifiers == (Identifier("1001", "HOSP", "MR"),)


@pytest.mark.parametrize("event", ["A05", "A60", "R01", ""])
def test_other_events_are_no_admission(event: str) -> None:
    raw = rf"MSH|^~\&|A|B|||20250301||ADT^{event}|1|P|2.5" + "\rPID|1||5\r"
    assert read_admission(read_message(raw.encode()), HOSPITAL) is None


def test_the_hour_that_comes_twice_is_the_first_and_said() -> None:
    seen = read("A02", "EVN|A02|20251102013000", "PID|1||5", sent="20251102013000")
    assert seen.event_ns == 1762061400 * 10**9  # 05:30 UTC, still summer time
    assert any("occurs twice" in repair for repair in seen.repairs)


NAMES = [f"ADT-A{n:02}-0{m}" for n in (1, 2, 3, 8, 11, 13, 28, 31, 40, 47) for m in (1, 2)]


@pytest.mark.parametrize("name", NAMES)
def test_published_messages_are_read(name: str, shared_data: Path) -> None:
    """The synthetic messages of FHIR-Converter, which have every field a message may have."""
    seen = read_admission(
        read_message((shared_data / "hl7-adt" / f"{name}.hl7").read_bytes()), HOSPITAL
    )
    assert seen is not None
    event = name.split("-")[1]
    assert seen.event == event
    assert all(each.value and each.authority for each in seen.identifiers)
    assert seen.names[0].family
    if event in {"A40", "A47"}:
        assert seen.prior_identifiers[0].authority == "BCBS"
        return
    assert seen.identifiers[0] == Identifier("PATID1234", "test1", "MR")
    assert (seen.location.unit, seen.location.bed) == ("HUH AE OMU", "Bed 03")
    assert seen.location.key == "HUH AE OMU/3"
    assert seen.mother == (Identifier("1212121", "NTH", "AND"),)
    assert (seen.multiple_birth, seen.birth_order) == (False, 2)
    assert seen.birth_date == "1988-08-18"
    assert seen.birth_ns == 587898660 * 10**9  # 11:26 at +02:15

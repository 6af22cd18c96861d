"""Beds in the layouts in which monitors and admission systems write them."""

import pytest

from joey.sources.hl7 import location_of, read_message
from joey.sources.hl7.patients import place_of

ROWS = [
    ("NICU^R1^04", "NICU/4"),
    ("NICU^^04", "NICU/4"),
    ("NICU^^Bed 04^HOSP", "NICU/4"),
    ("NICU^^04&0&127.0.0.1&0&0", "NICU/4"),
    ("NICU^04", "NICU/4"),
    ("^^Bed04^NICU", "NICU/4"),
    ("^^NICU&04&3232241478&0&0", "NICU/4"),
    ("nicu&04", "NICU/4"),
    ("NICU-04", "NICU/4"),
    ("NICU 04", "NICU/4"),
    ("NICU BED 04", "NICU/4"),
    ("NICU/04", "NICU/4"),
    ("NICU^1^A", "NICU/1-A"),
    ("NICU^^A", "NICU/A"),
    ("NICU^^04A", "NICU/4A"),
    ("NICU^^BED", "NICU/BED"),
    ("NICU^^0", "NICU/0"),
    ("04", "/4"),
    ("^^04", "/4"),
    ("Bed 04", "/4"),
    ("Neonatal ICU^^12", "NEONATAL ICU/12"),
    ("N\\T\\I^^12", "N&I/12"),
    ("NICU", ""),
    ("NICU^^", ""),
    ("", ""),
    ("^^^", ""),
    ('""', ""),
]


@pytest.mark.parametrize(("field", "key"), ROWS)
def test_one_bed_has_one_key(field: str, key: str) -> None:
    raw = r"MSH|^~\&|A|B|||||ORU^R01|1|P" + f"\rPV1||I|{field}~OTHER^^9|x\r"
    assert location_of(read_message(raw.encode())).key == key


def test_two_rooms_with_beds_a_are_two_beds() -> None:
    assert place_of("NICU", "1", "A").key != place_of("NICU", "2", "A").key
    assert place_of("NICU", "1", "A").key == place_of("nicu", "01", "a").key


def test_without_pv1_there_is_no_bed() -> None:
    assert location_of(read_message(rb"MSH|^~\&|A|B|||||ORU^R01|1|P")).key == ""

"""What the simulated monitors write is what Joey reads: the same counts, times, bed and infant."""

import math
from datetime import UTC
from fractions import Fraction
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from joey.simulate.ward import (
    DIALECTS,
    Piece,
    Reading,
    Strip,
    admit_all,
    encode,
    furnish,
)
from joey.simulate.ward.encode import ABSENT
from joey.sources.codes import CodeMap
from joey.sources.hl7 import Observations, SourceSettings, read_message, read_observations

NS = 1_000_000_000
START_NS = 1_767_571_200_000_000_000 + 4_000_000
RATES = {"ecg": (Fraction(250), 250), "resp": (Fraction(125, 2), 62), "pleth": (Fraction(125), 125)}
NUMBERS = {
    "heart_rate": 151.0,
    "pulse_rate": math.nan,
    "resp_rate": 48.0,
    "spo2": 93.0,
    "temp": 36.7,
    "fio2": 0.3,
}
CODES = CodeMap()


def piece(seed: int = 1, absent: slice | None = None) -> Piece:
    """Return a second in which each wave has the samples of an ECG amplifier."""
    rng = np.random.default_rng(seed)
    strips = []
    for quantity, (fs, count) in RATES.items():
        counts = rng.integers(-2000, 2001, count).astype(np.int16)
        if absent is not None:
            counts[absent] = ABSENT
        strips.append(Strip(quantity, fs, counts, START_NS))
    readings = tuple(Reading(name, value, START_NS) for name, value in NUMBERS.items())
    return Piece(START_NS, START_NS + NS, readings, tuple(strips))


def read(raw: bytes, *, zone: str = "UTC", simulated: bool = True) -> Observations:
    """Return what Joey reads."""
    source = SourceSettings("ward", zone=zone, simulated=simulated)
    return read_observations(read_message(raw), source, CODES)


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize(
    "absent", [None, slice(0, 3), slice(20, 31), slice(-2, None), slice(None)], ids=str
)
def test_samples_come_back_as_the_same_counts(name: str, absent: slice | None) -> None:
    """In every dialect, with leads on and off."""
    sent = piece(absent=absent)
    bed = furnish(4)[3]
    heard = read(encode(DIALECTS[name], sent, bed, admit_all(4, "2026-01-05")[3], "1"))

    assert [wave.channel.quantity for wave in heard.waves] == [*RATES]
    for wave, strip in zip(heard.waves, sent.strips, strict=True):
        good = np.zeros(len(wave.counts), dtype=np.bool_)
        for lo, hi in wave.valid_runs:
            good[lo:hi] = True
        assert np.array_equal(good, strip.counts != ABSENT)
        assert np.array_equal(wave.counts[good], strip.counts[good])
        assert (wave.fs, wave.start_ns) == (strip.fs, strip.start_ns)
    assert heard.waves[0].scale == 0.0025
    assert heard.waves[0].channel.unit == "mV"


@pytest.mark.parametrize("name", DIALECTS)
def test_numbers_come_back_in_joeys_units(name: str) -> None:
    """Names, codes, texts and Fahrenheit are the same numbers; none is none."""
    heard = read(encode(DIALECTS[name], piece(), furnish(1)[0], None, "1"))

    values = {each.channel.quantity: each.value for each in heard.numerics}
    assert math.isnan(values.pop("pulse_rate"))
    expected = {name: value for name, value in NUMBERS.items() if name != "pulse_rate"}
    assert values == pytest.approx(expected, abs=0.03)  # 0.05 degF
    assert {each.time_ns for each in heard.numerics} == {START_NS}
    assert heard.unmapped == ()


@pytest.mark.parametrize("name", DIALECTS)
def test_bed_monitor_and_infant_come_back(name: str) -> None:
    """Four layouts of PV1-3 are one bed, and letters outside of ASCII keep their sound."""
    bed, patient = furnish(6)[5], admit_all(24, "2026-01-05")[5]
    heard = read(encode(DIALECTS[name], piece(), bed, patient, "a.7"))

    assert heard.location.key == bed.key == "NICU/6"
    assert heard.device == bed.device
    assert heard.name is not None
    assert (heard.name.family, heard.name.given) == ("M\u00dcLLER", "ZO\u00cb")
    assert [(each.value, each.authority, each.kind) for each in heard.identifiers] == [
        (patient.number, "SIMULATED", "MR")
    ]
    assert heard.birth_date == patient.birth_date
    assert heard.header.control_id == "a.7"


@pytest.mark.parametrize("name", DIALECTS)
def test_a_unit_that_was_not_told_takes_nothing(name: str) -> None:
    """A simulated message is training: of a source that is not declared simulated it is no data."""
    raw = encode(DIALECTS[name], piece(), furnish(1)[0], None, "1")

    heard = read(raw, simulated=False)
    assert heard.doubt
    assert heard.numerics == heard.waves == ()
    assert read(raw).simulated


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Kathmandu"])
def test_local_times_without_a_zone_are_read_in_the_units(zone: str) -> None:
    """One make writes the time of its wall clock and leaves the zone to the listener."""
    tz = UTC if zone == "UTC" else ZoneInfo(zone)
    raw = encode(DIALECTS["named"], piece(), furnish(1)[0], None, "1", zone=tz)

    heard = read(raw, zone=zone)
    assert heard.zone_assumed == zone
    assert {wave.start_ns for wave in heard.waves} == {START_NS}


def test_what_no_table_knows_is_kept() -> None:
    """A vendor's own code comes back as it was sent, and nothing else suffers."""
    row = "NM|161^FLOW^99VENDOR|9.9|3.2|L/min|||||R|||20260105000000"
    for dialect in DIALECTS.values():
        raw = encode(dialect, piece(), furnish(1)[0], None, "1", unknown=(row,))
        heard = read(raw)
        assert [(each.code, each.value) for each in heard.unmapped] == [("161", "3.2")]
        assert len(heard.waves) == 3

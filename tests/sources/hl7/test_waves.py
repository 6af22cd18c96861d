"""Samples of waveform rows, in every form that was seen."""

import base64
from fractions import Fraction

import numpy as np
import pytest

from joey.sources.codes import CodeMap
from joey.sources.hl7 import Observations, SourceSettings, Wave, read_message, read_observations
from joey.sources.hl7.waves import read_numbers, read_rate, read_scale

WARD = SourceSettings("ward")
CODES = CodeMap()
HEAD = r"MSH|^~\&|M|U|||20250301120000+0100||ORU^W01^ORU_W01|17|P|2.4"
START_NS = 1740826800 * 10**9
DIMLESS = "262656^MDC_DIM_DIMLESS^MDC"
MV = "266418^MDC_DIM_MILLI_VOLT^MDC"
RATE = "NM|0^MDC_ATTR_SAMP_RATE^MDC|1.7.6.131330.1|250|264608^MDC_DIM_PER_SEC^MDC"
RESOLUTION = f"NM|2327^MDC_ATTR_NU_MSMT_RES^MDC|1.7.6.131330.2|0.005|{MV}"


def read(*rows: str, obr: str = "20250301120000") -> Observations:
    lines = [HEAD, f"OBR|1||1|CONTINUOUS WAVEFORM|||{obr}", *(f"OBX|1|{row}" for row in rows), ""]
    return read_observations(read_message("\r".join(lines).encode()), WARD, CODES)


def ecg(samples: str, *rows: str, unit: str = DIMLESS, kind: str = "NA") -> Wave:
    seen = read(f"{kind}|131330^MDC_ECG_ELEC_POTL_II^MDC|1.7.6.131330|{samples}|{unit}", *rows)
    (wave,) = seen.waves
    return wave


def values(wave: Wave) -> list[float | None]:
    """Return the values in the channel's unit, None where not measured."""
    valid = np.zeros(len(wave.counts), dtype=bool)
    for first, stop in wave.valid_runs:
        valid[first:stop] = True
    found = np.round(wave.counts * wave.scale + wave.offset, 9).tolist()
    return [value if there else None for value, there in zip(found, valid, strict=True)]


ROWS = [
    ("1^-2^3", [1, -2, 3]),
    ("0", [0]),
    ("1~2~3", [1, 2, 3]),
    ("1^2~3^4", [1, 2, 3, 4]),
    ("1^2^3^", [1, 2, 3]),
    ("1^^3", [1, None, 3]),
    ("^1", [None, 1]),
    ("1^-^3", [1, None, 3]),
    ("1^- 5^3", [1, None, 3]),
    ("1^--5^3", [1, None, 3]),
    ("1^5-^3", [1, None, 3]),
    ("1^1-5^3", [1, None, 3]),
    ("-", [None]),
    ("1^x^3", [1, None, 3]),
    ("1^ 2 ^3", [1, 2, 3]),
    ("+1^2", [1, 2]),
]


@pytest.mark.parametrize(("field", "wanted"), ROWS)
def test_an_array_keeps_the_place_of_each_sample(field: str, wanted: list[int | None]) -> None:
    numbers, valid, decimal = read_numbers(field.encode(), b"^", b"~")
    there = np.ones(len(numbers), dtype=bool) if valid is None else valid
    assert [int(n) if t else None for n, t in zip(numbers, there, strict=True)] == wanted
    assert not decimal


@pytest.mark.parametrize(
    ("field", "wanted"),
    [
        ("0.5^-1.25^3", [0.5, -1.25, 3.0]),
        (".5^5.^-.5", [0.5, 5.0, -0.5]),
        ("0.5^^1.5", [0.5, None, 1.5]),
        ("0.5^1.2.3^-", [0.5, None, None]),
        ("1e-3^2", [0.001, 2.0]),
        ("0.5^nan^inf^1_0", [0.5, None, None, None]),
    ],
)
def test_decimals_keep_their_places_too(field: str, wanted: list[float | None]) -> None:
    assert values(ecg(field, RATE, unit=MV)) == wanted


@pytest.mark.parametrize("wild", ["9999999999", "-9999999999", "9" * 40, "1e300"])
def test_a_number_beyond_32_bits_is_no_sample(wild: str) -> None:
    assert values(ecg(f"1^{wild}^3", RATE)) == [1, None, 3]
    assert values(ecg(f"0.1^{wild}^0.3", RATE, unit=MV)) == [0.1, None, 0.3]


def test_counts_times_resolution_in_millivolt() -> None:
    wave = ecg("1^-2^300", RATE, RESOLUTION)
    assert values(wave) == [0.005, -0.01, 1.5]
    assert (wave.channel.unit, wave.channel.lead, wave.fs) == ("mV", "II", 250)
    assert wave.counts.dtype == np.int32


def test_a_chunk_has_the_scale_of_its_stream_whatever_it_holds() -> None:
    """Flat chunks of whole numbers and others have one quantum: 0.001 mV, or the resolution."""
    flat, moving = ecg("0^0^0", RATE, unit=MV), ecg("0.029^-1.5^0", RATE, unit=MV)
    assert flat.scale == moving.scale == 0.001
    assert values(moving) == [0.029, -1.5, 0.0]
    fine = ecg("0.05^-1.5^0.0", RATE, RESOLUTION, unit=MV)
    assert (fine.scale, fine.counts.tolist()) == (0.005, [10, -300, 0])


@pytest.mark.parametrize(
    ("unit", "wanted"),
    [("10.mV/4096^10.mV/4096^UCUM", 10 / 4096), ("0.00244 mV", 0.00244), ("2.44 uV", 0.00244)],
)
def test_the_scale_may_stand_in_the_unit(unit: str, wanted: float) -> None:
    wave = ecg("1^2", RATE, unit=unit)
    assert wave.channel.unit == "mV"
    assert wave.scale == pytest.approx(wanted)


@pytest.mark.parametrize("unit", ["mV", "%", "", "1", "cm", "/min", "0 mV", "1 mV/0"])
def test_a_plain_unit_is_no_scale(unit: str) -> None:
    assert read_scale(unit) is None


def test_microvolt_become_millivolt() -> None:
    assert values(ecg("100^-250", RATE, unit="uV")) == [0.1, -0.25]


def test_the_count_that_means_not_measured() -> None:
    inop = "NM|262196^MDC_EVT_INOP^MDC|1.7.6.131330.3|32767"
    assert values(ecg("1^32767^32767^4", RATE, inop, unit=DIMLESS)) == [1, None, None, 4]
    off = "NM|196660^MDC_EVT_INOP^MDC|1.7.6.131330.3|1"
    assert values(ecg("1^0^1", RATE, off)) == [None, None, None]
    fine = "NM|196660^MDC_EVT_INOP^MDC|1.7.6.131330.3|0"
    assert values(ecg("1^0^1", RATE, fine)) == [1, 0, 1]


def test_what_is_outside_the_range_was_not_measured() -> None:
    counts = f"NR|0^MDC_ATTR_DATA_RANGE^MDC|1.7.6.131330.3|-100^100|{DIMLESS}"
    assert values(ecg("-101^-100^100^101", RATE, counts)) == [None, -100, 100, None]
    volts = f"NR|0^MDC_ATTR_DATA_RANGE^MDC|1.7.6.131330.3|-0.5^0.5|{MV}"
    assert values(ecg("-101^-100^100^101", RATE, RESOLUTION, volts)) == [None, -0.5, 0.5, None]


@pytest.mark.parametrize("status", ["X", "D"])
def test_a_wave_that_was_not_obtained_has_no_samples(status: str) -> None:
    assert values(ecg("1^2", RATE, unit=f"{DIMLESS}|||||{status}")) == [None, None]


@pytest.mark.parametrize(
    ("text", "unit", "wanted"),
    [
        ("250", "MDC_DIM_PER_SEC", 250),
        ("62.5", "Hz", Fraction(125, 2)),
        ("150.0", "", 150),
        ("15000", "/min", 250),
        ("0", "Hz", None),
        ("-250", "Hz", None),
        ("1e9", "Hz", None),
        ("250", "mV", None),
        ("x", "Hz", None),
    ],
)
def test_a_sampling_rate(text: str, unit: str, wanted: Fraction | None) -> None:
    assert read_rate(text.encode(), unit) == wanted


def test_without_a_rate_begin_and_end_tell_it_or_the_wave_is_kept_aside() -> None:
    row = "NA|131330^MDC_ECG_ELEC_POTL_II|1.1|" + "^".join("5" * 125) + f"|{DIMLESS}"
    (wave,) = read(row, obr="20250301120000.5|20250301120001").waves
    assert (wave.fs, wave.start_ns) == (250, START_NS + 5 * 10**8)
    aside = read(row)
    assert not aside.waves
    assert [each.reason for each in aside.unmapped] == ["no sampling rate"]


@pytest.mark.parametrize(
    ("form", "kind"), [("int16LE", "<i2"), ("int16-be", ">i2"), ("X16 LE", "<i2")]
)
def test_base64_in_the_declared_order_of_bytes(form: str, kind: str) -> None:
    counts = np.array([1, -2, 300, -32768], dtype=kind)
    data = base64.b64encode(counts.tobytes()).decode()
    wave = ecg(f"^Application^{form}^Base64^{data}", RATE, RESOLUTION, kind="ED")
    assert wave.counts.tolist() == [1, -2, 300, -32768]
    hexed = ecg(f"^Application^{form}^Hex^{counts.tobytes().hex()}", RATE, kind="ED")
    assert hexed.counts.tolist() == [1, -2, 300, -32768]


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        ("^Application^Octet-stream^Base64^AAAA", "order of bytes"),
        ("^Application^int16LE^Base64^A!AA", "base64"),
        ("^Application^int16LE^Base64^AAAA", "16 bits"),
        ("^Application^int16LE^Base64^", "16 bits"),
        ("^Application^int16LE", "base64"),
        ("", "order of bytes"),
    ],
)
def test_what_is_no_wave_in_base64_is_kept_aside(field: str, reason: str) -> None:
    seen = read(f"ED|131330^MDC_ECG_ELEC_POTL_II|1.7.6.131330|{field}|{DIMLESS}", RATE)
    assert not seen.waves
    assert reason in seen.unmapped[0].reason


def test_unknown_waves_are_kept_and_mapped_without_a_release() -> None:
    row = f"NA|131328^MDC_ECG_ELEC_POTL^LOCAL|1.7.6.131330|1^2|{DIMLESS}"
    seen = read(row, RATE)
    assert seen.waves[0].channel.quantity == "unknown"
    assert seen.unmapped[0].reason == "code not known"


def test_a_code_whose_name_says_another_thing_is_unknown() -> None:
    seen = read(f"NA|131330^MDC_PULS_OXIM_PLETH^MDC|1.7.6.131330|1^2|{DIMLESS}", RATE)
    assert seen.waves[0].channel.quantity == "unknown"
    assert seen.unmapped[0].reason == "code and name contradict"


def test_samples_under_a_single_values_code_are_unknown() -> None:
    seen = read(f"NA|147842^MDC_ECG_HEART_RATE^MDC|1.7.6.131330|1^2|{DIMLESS}", RATE)
    assert seen.waves[0].channel.quantity == "unknown"


def test_attributes_before_and_after_their_wave_count_and_others_do_not() -> None:
    other = "NM|0^MDC_ATTR_SAMP_RATE^MDC|1.7.6.131329.1|500|264608^MDC_DIM_PER_SEC^MDC"
    row = f"NA|131330^MDC_ECG_ELEC_POTL_II|1.7.6.131330|1^2|{DIMLESS}"
    assert read(RATE, row, other).waves[0].fs == 250

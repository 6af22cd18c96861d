"""Rows of monitors' messages, in every dialect that was seen, and what is read of them."""

import math

import pytest

from joey.sources.codes import CodeMap, Meaning, parse_code_map
from joey.sources.hl7 import (
    MOST_SEGMENTS,
    Observations,
    SourceSettings,
    acknowledge,
    header_of,
    read_message,
    read_observations,
    why_quarantined,
)

WARD = SourceSettings("ward", "Europe/Copenhagen")
CODES = CodeMap()
MSH = r"MSH|^~\&|MON|NICU|||20250301120000+0100||ORU^R01^ORU_R01|17|P|2.6"
NOON_NS = 1740826800 * 10**9  # 2025-03-01 11:00 UTC


def message(*rows: str, msh: str = MSH, obr: str = "OBR|1|||x|||20250301120000") -> bytes:
    return "\r".join([msh, "PID|||77^^^HOSP^MR", "PV1||I|NICU^^04", obr, *rows, ""]).encode()


def read(*rows: str, source: SourceSettings = WARD, codes: CodeMap = CODES) -> Observations:
    return read_observations(read_message(message(*rows)), source, codes)


# OBX from OBX-2 on; quantity, value, site.
NUMERICS = [
    ("NM|147842^MDC_ECG_HEART_RATE^MDC|1.1.1.1|152|264864^MDC_DIM_BEAT_PER_MIN^MDC", 152.0),
    ("NM|HR||152|bpm", 152.0),
    ("ST|HR||152|bpm", 152.0),
    ("ST|^HR||152 |/min", 152.0),
    ("NM|8867-4^Heart rate^LN||152|/min^^UCUM", 152.0),
    ("SN|HR||^152|bpm", 152.0),
    ("NM|HR||127|bpm", 127.0),
    ("NM|HR||1.5e2|bpm", 150.0),
    ("NM|HR||-999|bpm", math.nan),
    ("NM|147842^MDC_ECG_HEART_RATE^MDC||8388607|264864^MDC_DIM_BEAT_PER_MIN^MDC", math.nan),
    ("NM|HR||-99.9|bpm", math.nan),
    ("NM|HR||-1|bpm", math.nan),
    ("NM|HR||--|bpm", math.nan),
    ("NM|HR||---|bpm", math.nan),
    ("NM|HR|||bpm", math.nan),
    ('NM|HR||""|bpm', math.nan),
    ("NM|HR||152,5|bpm", math.nan),
    ("NM|HR||>150|bpm", math.nan),
    ("SN|HR||>^150|bpm", math.nan),
    ("NM|HR||1_5|bpm", math.nan),
    ("NM|HR||inf|bpm", math.nan),
    ("NM|HR||1e999|bpm", math.nan),
    ("NM|HR||152|bpm||INV", math.nan),
    ("NM|HR||152|bpm|||||X", math.nan),
]


@pytest.mark.parametrize(("row", "value"), NUMERICS)
def test_a_heart_rate_is_read_from_any_dialect(row: str, value: float) -> None:
    (numeric,) = read(f"OBX|1|{row}").numerics
    assert numeric.channel.quantity == "heart_rate"
    assert numeric.channel.unit == "/min"
    assert numeric.value == pytest.approx(value, nan_ok=True, abs=0)
    assert numeric.time_ns == NOON_NS


def test_a_decimal_comma_is_no_number_and_is_noted() -> None:
    seen = read("OBX|1|NM|HR||152,5|bpm")
    (kept,) = seen.unmapped
    assert (kept.code, kept.value, kept.reason) == ("HR", "152,5", "not a number")
    assert "rows not understood (not a number): 1" in seen.repairs


def test_an_unknown_code_is_kept_and_mapped_without_a_release() -> None:
    row = "OBX|1|NM|0002-4bb8^SpO2^MDIL|0|97|%"
    other = "OBX|2|NM|161^XPR^LOCAL|0|140|bpm"
    seen = read(row, other)
    assert [n.channel.quantity for n in seen.numerics] == ["spo2", "unknown"]
    (kept,) = seen.unmapped
    assert (kept.code, kept.label, kept.unit, kept.value) == ("161", "XPR", "bpm", "140")
    assert kept.reason == "code not known"
    named = read(other, codes=parse_code_map(["161=pulse_rate"]))
    assert [(n.channel.quantity, n.value) for n in named.numerics] == [("pulse_rate", 140.0)]
    assert not named.unmapped
    meaning = Meaning("pulse_rate", absent=(140.0,))
    (gone,) = read(other, codes=CodeMap({"161^XPR": meaning})).numerics
    assert math.isnan(gone.value)


def test_two_probes_are_two_channels_and_a_row_number_is_none() -> None:
    one, two = read(
        "OBX|1|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC|1.3.1.150456|97|262688^MDC_DIM_PERCENT^MDC",
        "OBX|2|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC|1.4.1.150456|91|262688^MDC_DIM_PERCENT^MDC",
    ).numerics
    assert (one.value, two.value) == (97.0, 91.0)
    assert one.channel != two.channel
    first, later = read("OBX|1|NM|HR|1|97|bpm", "OBX|2|NM|HR|2|97|bpm").numerics
    assert first.channel == later.channel


def test_a_site_in_obx_20_is_kept() -> None:
    row = "OBX|1|NM|SPO2-%||97|%" + "|" * 14 + "49521004^right hand^SCT"
    assert read(row).numerics[0].channel.site == "right hand"


@pytest.mark.parametrize(
    ("unit", "value"),
    [
        ("[degF]", 98.6),
        ("266560^MDC_DIM_FAHR^MDC", 98.6),
        ("268224^MDC_DIM_FAHR^MDC", 98.6),
        ("268192^MDC_DIM_DEGC^MDC", 37),
        ("Cel^^UCUM", 37),
        ("268192", 37),
    ],
)
def test_temperature_is_in_celsius(unit: str, value: float) -> None:
    (numeric,) = read(f"OBX||NM|150344^MDC_TEMP^MDC|1.2.5.150344|{value}|{unit}").numerics
    assert numeric.channel.unit == "Cel"
    assert numeric.value == pytest.approx(37.0)


def test_demo_and_training_never_become_patient_data() -> None:
    row = "OBX|1|NM|HR||152|bpm||DEMO"
    seen = read(row, "OBX|2|NM|SPO2-%||97|%")
    assert (seen.numerics, seen.waves, seen.unmapped) == ((), (), ())
    assert "DEMO" in why_quarantined(seen.header, seen, WARD)
    simulator = SourceSettings("sim", simulated=True)
    shown = read(row, source=simulator)
    assert (len(shown.numerics), shown.simulated, shown.doubt) == (1, True, "")
    for processing in ("T", "D", ""):
        raw = message("OBX|1|NM|HR||152|bpm", msh=MSH.replace("|P|", f"|{processing}|"))
        seen = read_observations(read_message(raw), WARD, CODES)
        assert not seen.numerics
        assert "MSH-11" in why_quarantined(seen.header, None, WARD)
        assert not why_quarantined(seen.header, None, simulator)


def test_several_patients_in_one_message_are_none() -> None:
    raw = message("OBX|1|NM|HR||1|bpm", "PID|||78^^^HOSP^MR", "OBX|1|NM|HR||2|bpm")
    seen = read_observations(read_message(raw), WARD, CODES)
    assert not seen.numerics
    assert seen.doubt == "several patients in one message"


def test_more_segments_than_a_monitor_sends_are_none() -> None:
    """Whoever reads the journal waits for a message: 8 MiB of rows would take 10 s."""
    raw = message(*["OBX|1|NM|HR||1|bpm"] * MOST_SEGMENTS)
    seen = read_observations(read_message(raw), WARD, CODES)
    assert not seen.numerics
    assert not seen.unmapped
    assert "segments" in seen.doubt


def test_other_messages_are_quarantined_with_a_printable_reason() -> None:
    raw = message(msh=MSH.replace("ORU^R01^ORU_R01", "ORM^O01\x07Jones"))
    reason = why_quarantined(header_of(read_message(raw)), None, WARD)
    assert reason.startswith("a message of type ORM^O01")
    assert reason.isprintable()


def test_a_time_comes_from_the_row_then_the_order_then_the_message() -> None:
    seen = read(
        "OBX|1|NM|HR||1|bpm|||||R|||20250301115955.25",
        "OBX|2|NM|HR||2|bpm|||||R|||20250301065958-0500",
        "OBX|3|NM|HR||3|bpm",
    )
    assert [n.time_ns - NOON_NS for n in seen.numerics] == [-4_750_000_000, 3598 * 10**9, 0]
    raw = message("OBX|3|NM|HR||3|bpm", obr="OBR|1")
    assert read_observations(read_message(raw), WARD, CODES).numerics[0].time_ns == NOON_NS


def test_a_cuffs_old_value_keeps_its_old_time() -> None:
    rows = [
        "OBX||NM|150301^MDC_PRESS_CUFF_SYS^MDC|2105|60|mmHg|||||F||APERIODIC|20250301080000",
        "OBX||NM|150302^MDC_PRESS_CUFF_DIA^MDC|2105|-100|mmHg|||||F||APERIODIC|00000000000000",
    ]
    seen = read(*rows)
    (systolic,) = seen.numerics
    assert systolic.aperiodic
    assert NOON_NS - systolic.time_ns == 4 * 3600 * 10**9
    assert [kept.reason for kept in seen.unmapped] == ["no time"]


@pytest.mark.parametrize("status", ["R", "F", "P", "C", "D"])
def test_the_status_is_kept(status: str) -> None:
    (numeric,) = read(f"OBX|1|NM|HR||150|bpm|||||{status}").numerics
    assert numeric.status == status
    assert math.isnan(numeric.value) == (status == "D")


def wave(samples: str, *more: str, unit: str = "262656^MDC_DIM_DIMLESS^MDC") -> Observations:
    return read(
        f"OBX|1|NA|131330^MDC_ECG_ELEC_POTL_II^MDC|1.7.6.131330|{samples}|{unit}|||||R",
        "OBX|2|NM|0^MDC_ATTR_SAMP_RATE^MDC|1.7.6.131330.1|250|264608^MDC_DIM_PER_SEC^MDC",
        *more,
    )


RESOLUTION = "OBX|3|NM|2327^MDC_ATTR_NU_MSMT_RES^MDC|1.7.6.131330.2|0.005|266418^MDC_DIM_MILLI_VOLT"
INOP = "OBX|4|NM|262196^MDC_EVT_INOP^MDC|1.7.6.131330.3|32767"


def test_an_array_is_counts_with_scale_rate_and_gaps() -> None:
    (ecg,) = wave("1^-2^32767^^4", RESOLUTION, INOP).waves
    assert (ecg.channel.quantity, ecg.channel.lead, ecg.channel.unit) == ("ecg", "II", "mV")
    assert (ecg.fs, ecg.scale, ecg.start_ns) == (250, 0.005, NOON_NS)
    assert ecg.valid_runs.tolist() == [[0, 2], [4, 5]]
    assert ecg.counts[[0, 1, 4]].tolist() == [1, -2, 4]


def test_an_answer_names_the_message_and_turns_its_head_around() -> None:
    raw = message("OBX|1|NM|HR||150|bpm")
    answer = acknowledge(read_message(raw), "AA")
    assert answer == b"MSH|^~\\&|||MON|NICU|20250301120000+0100||ACK^R01^ACK|A17|P|2.6\rMSA|AA|17\r"
    assert acknowledge(raw[:90], "AR", "oversize").split(b"\r")[1:] == [
        b"MSA|AR|17",
        b"ERR|||207|E||||oversize",
        b"",
    ]

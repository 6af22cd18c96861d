"""The code table, against the numbers that were read in value sets and vendors' tables."""

from pathlib import Path

import pytest

from joey.errors import InputError
from joey.signals import Channel
from joey.sources.codes import (
    MDC,
    QUANTITIES,
    CodeMap,
    Meaning,
    identify,
    identify_code,
    label_of,
    name_channel,
    name_observation,
    parse_code_map,
    parse_map,
    spell_unit,
)

# Number, partition::term, name, LOINC, quantity, site: HL7 Denmark DK-Core value sets and the
# metadata table of a Mindray HL7 gateway; the last two columns are Joey's.
ROWS = [
    (147842, "2::16770", "MDC_ECG_HEART_RATE", "8867-4", "heart_rate", ""),
    (149530, "2::18458", "MDC_PULS_OXIM_PULS_RATE", "8889-8", "pulse_rate", ""),
    (151562, "2::20490", "MDC_RESP_RATE", "9279-1", "resp_rate", ""),
    (151578, "2::20506", "MDC_TTHOR_RESP_RATE", "", "resp_rate", "thorax"),
    (150456, "2::19384", "MDC_PULS_OXIM_SAT_O2", "59408-5", "spo2", ""),
    (150488, "2::19416", "MDC_BLD_PERF_INDEX", "61006-3", "perfusion_index", ""),
    (152196, "2::21124", "MDC_CONC_AWAY_O2_INSP", "3150-6", "fio2", ""),
    (150364, "2::19292", "MDC_TEMP_BODY", "8310-5", "temp", ""),
    (188452, "2::57380", "MDC_TEMP_AXILLA", "8328-7", "temp", "axilla"),
    (150388, "2::19316", "MDC_TEMP_SKIN", "39106-0", "temp", "skin"),
    (150368, "2::19296", "MDC_TEMP_CORE", "8329-5", "temp", "core"),
    (188420, "2::57348", "MDC_TEMP_RECT", "8332-5", "temp", "rectal"),
    (188508, "2::57436", "MDC_TEMP_ROOM", "", "temp", "room"),
    (188736, "2::57664", "MDC_MASS_BODY_ACTUAL", "29463-7", "weight", ""),
    (150452, "2::19380", "MDC_PULS_OXIM_PLETH", "", "pleth", ""),
    (151780, "2::20708", "MDC_IMPED_TTHOR", "", "resp", "thorax"),
]


@pytest.mark.parametrize(("number", "term", "name", "loinc", "quantity", "site"), ROWS)
def test_every_form_of_a_code_means_the_same(
    number: int, term: str, name: str, loinc: str, quantity: str, site: str
) -> None:
    wanted = Meaning(quantity, site=site)
    assert identify_code(str(number)) == wanted
    assert identify_code(term) == wanted
    assert identify_code(name) == wanted
    assert identify_code(f"{number}^{name}^MDC") == wanted
    if loinc:
        assert identify_code(loinc) == Meaning(quantity, site=site)


@pytest.mark.parametrize(
    ("number", "lead"),
    [
        (131329, "I"),
        (131330, "II"),
        (131389, "III"),
        (131390, "aVR"),
        (131391, "aVL"),
        (131392, "aVF"),
        (131395, "V"),
    ],
)
def test_leads_have_their_numbers(number: int, lead: str) -> None:
    assert identify_code(str(number)) == Meaning("ecg", lead=lead)
    assert MDC[number] == Meaning("ecg", lead=lead)


@pytest.mark.parametrize("code", ["151784", "188424", "2::188424", "9::16770", "x", "", "^", "1-1"])
def test_a_code_that_is_not_in_the_table_is_unknown(code: str) -> None:
    """151784 is a number that circulates for impedance and is wrong; 188424 is an oral temperature
    that circulates as skin.
    """
    assert identify_code(code) == Meaning("unknown")


@pytest.mark.parametrize(
    ("label", "meaning"),
    [
        ("II", Meaning("ecg", lead="II")),
        (" II ", Meaning("ecg", lead="II")),
        ("AVR", Meaning("ecg", lead="aVR")),
        ("MCL1", Meaning("ecg", lead="MCL1")),
        ("MLII", Meaning("ecg", lead="MLII")),
        ("V5", Meaning("ecg", lead="V5")),
        ("ECG", Meaning("ecg")),
        ("EKG", Meaning("ecg")),
        ("ECG II", Meaning("ecg", lead="II")),
        ("ECG_1", Meaning("ecg", lead="1")),
        ("Resp", Meaning("resp")),
        ("PLETH", Meaning("pleth")),
        ("SPO2-%", Meaning("spo2")),
        ("%SpO2", Meaning("spo2")),
        ("HR", Meaning("heart_rate")),
        ("PULSE", Meaning("pulse_rate")),
        ("FHR", Meaning("fetal_heart_rate", absent=(0.0,))),
        ("Temp rectal", Meaning("temp", site="rectal")),
        ("temp:forehead", Meaning("temp", site="forehead")),
        ("ecg:II@holder", Meaning("ecg", lead="II", subject="holder")),
        ("DEV_Temperature", Meaning("unknown")),
        ("UC", Meaning("unknown")),
        ("ECG quality", Meaning("unknown")),
        ("", Meaning("unknown")),
    ],
)
def test_labels_mean_what_their_sources_say_and_no_more(label: str, meaning: Meaning) -> None:
    assert identify(label) == meaning


@pytest.mark.parametrize(
    ("label", "unit", "value", "wanted", "in_unit"),
    [
        ("II", "uV", 1500.0, 1.5, "mV"),
        ("II", "\N{MICRO SIGN}V", 1500.0, 1.5, "mV"),
        ("II", "NU", 1.5, 1.5, "NU"),
        ("Temp", "degF", 98.6, 37.0, "Cel"),
        ("Temp", "\N{DEGREE SIGN}C", 37.0, 37.0, "Cel"),
        ("FiO2", "%", 21.0, 0.21, "1"),
        ("FiO2", "1", 0.21, 0.21, "1"),
        ("SpO2", "ratio", 0.97, 97.0, "%"),
        ("SpO2", "%", 97.0, 97.0, "%"),
        ("HR", "bpm", 140.0, 140.0, "/min"),
        ("HR", "MDC_DIM_BEAT_PER_MIN", 140.0, 140.0, "/min"),
        ("weight", "kg", 1.25, 1250.0, "g"),
        ("O2 flow", "mL/min", 250.0, 0.25, "L/min"),
        ("Resp", "Ohm", 0.4, 0.4, "Ohm"),
    ],
)
def test_units_are_brought_to_joeys(
    label: str, unit: str, value: float, wanted: float, in_unit: str
) -> None:
    naming = name_channel(label, unit, "record")
    assert naming.channel.unit == in_unit
    assert naming.channel.source == f"record/{label}"
    assert value * naming.factor + naming.shift == pytest.approx(wanted, rel=1e-12)
    assert not naming.note


def test_one_label_for_wave_and_rate_is_told_apart_by_its_unit() -> None:
    assert name_channel("RESP", "pm", "r").channel.quantity == "resp_rate"
    assert name_channel("RESP", "Ohm", "r").channel.quantity == "resp"


def test_a_label_whose_unit_contradicts_it_is_unknown_and_noted() -> None:
    naming = name_channel("pulse", "uV", "r")
    assert naming.channel == Channel("unknown", "uV", source="r/pulse")
    assert "pulse_rate is measured in /min" in naming.note


def test_a_missing_unit_of_a_number_is_noted() -> None:
    assert name_channel("HR", "", "r").note == "HR has no unit: read as /min"
    assert not name_channel("ECG", "", "r").note


def test_the_users_word_goes_before_the_table() -> None:
    label, meaning = parse_map("CH 3 = ecg : II")
    naming = name_channel("CH 3", "uV", "r", {label: meaning})
    assert naming.channel == Channel("ecg", "mV", "II", "", "r/CH 3")
    kept = name_channel("FHR", "bpm", "r", dict([parse_map("FHR=heart_rate")]))
    assert kept.channel.quantity == "heart_rate"
    assert kept.absent == (0.0,)  # the source still writes 0 for a lost signal


def test_map_takes_labels_with_equals_signs_and_holders() -> None:
    assert parse_map("A=B=heart_rate@holder") == ("A=B", Meaning("heart_rate", subject="holder"))
    assert parse_map("T1=temp:axilla") == ("T1", Meaning("temp", site="axilla"))


@pytest.mark.parametrize(
    "text", ["", "ecg", "=ecg", "A=", "A=pulseness", "A=ecg@twin", "A=ecg:II@", "A=ECG II"]
)
def test_a_map_of_another_shape_is_one_clear_error(text: str) -> None:
    with pytest.raises(InputError, match=r"is not"):
        parse_map(text)


@pytest.mark.parametrize("quantity", sorted(set(QUANTITIES) - {"unknown"}))
@pytest.mark.parametrize("place", ["", "axilla", "II"])
@pytest.mark.parametrize("subject", ["infant", "holder"])
def test_what_joey_writes_it_reads_as_the_same_channel(
    quantity: str, place: str, subject: str
) -> None:
    lead, site = (place, "") if quantity == "ecg" else ("", place)
    unit = QUANTITIES[quantity] or "NU"
    channel = Channel(quantity, unit, lead, site, "sim/x", subject)
    again = name_channel(label_of(channel), unit, "sim").channel
    assert (again.quantity, again.lead, again.site, again.subject) == (
        quantity,
        lead,
        site,
        subject,
    )


@pytest.mark.parametrize(("number", "term", "name", "loinc", "quantity", "site"), ROWS)
def test_a_monitors_row_means_what_its_code_or_its_name_means(
    number: int, term: str, name: str, loinc: str, quantity: str, site: str
) -> None:
    unit = QUANTITIES[quantity]
    wave = quantity in {"pleth", "resp"}
    for code, label in (
        (str(number), name),
        (str(number), ""),
        ("", name),
        (name, ""),
        (loinc, ""),
    ):
        if code or label:
            naming = name_observation(code, label, unit, "ward", CodeMap(), wave=wave)
            assert (naming.channel.quantity, naming.channel.site) == (quantity, site)
            assert wave == (naming.absent == ())


@pytest.mark.parametrize(
    ("name", "number", "unit"),
    [
        ("MDC_DIM_BEAT_PER_MIN", "264864", "/min"),
        ("MDC_DIM_RESP_PER_MIN", "264928", "/min"),
        ("MDC_DIM_PERCENT", "262688", "%"),
        ("MDC_DIM_DEGC", "268192", "Cel"),
        ("MDC_DIM_FAHR", "266560", "[degF]"),
        ("MDC_DIM_MMHG", "266016", "mm[Hg]"),
        ("MDC_DIM_KILO_PASCAL", "265987", "kPa"),
        ("MDC_DIM_MILLI_VOLT", "266418", "mV"),
        ("MDC_DIM_DIMLESS", "262656", "NU"),
        ("MDC_DIM_HZ", "264640", "Hz"),
        ("MDC_DIM_PER_SEC", "264608", "Hz"),
        ("MDC_DIM_X_L_PER_MIN", "265216", "L/min"),
        ("MDC_DIM_KILO_G", "263875", "kg"),
    ],
)
def test_units_of_monitors_have_name_and_number(name: str, number: str, unit: str) -> None:
    assert spell_unit(name) == spell_unit(number) == unit


def test_a_sentinel_belongs_to_its_row() -> None:
    """127 is a heart rate and 100 a saturation; -100 is what a cuff sends before it measures."""
    heart = name_observation("147842", "", "/min", "w", CodeMap(), wave=False)
    cuff = name_observation("150301", "", "mm[Hg]", "w", CodeMap(), wave=False)
    assert {-999.0, -99.9, 8388607.0} == set(heart.absent)
    assert -100.0 in cuff.absent
    assert not {127.0, 255.0, 100.0, 0.0} & set(heart.absent)


def test_the_units_own_codes_go_before_the_table() -> None:
    codes = parse_code_map(["161=pulse_rate", "HR=heart_rate@holder", "CH1=ecg:II"])
    assert (
        name_observation("161", "", "bpm", "w", codes, wave=False).channel.quantity == "pulse_rate"
    )
    assert name_observation("HR", "", "bpm", "w", codes, wave=False).channel.subject == "holder"
    assert name_observation("9", "CH1", "mV", "w", codes, wave=True).channel.lead == "II"
    assert codes.find("7", "Temp") is None


def test_units_keep_an_unknown_spelling() -> None:
    assert spell_unit(" furlong ") == "furlong"


def test_the_nomenclature_names_every_quantity(root: Path) -> None:
    """NOMENCLATURE.md has each quantity that a channel may be of, with the unit it is kept in."""
    page = (root / "NOMENCLATURE.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1:4] for line in page.splitlines() if line.startswith("| `")]
    for quantity, unit in QUANTITIES.items():
        (kept,) = [row[2] for row in rows if f"`{quantity}`" in row[0]]
        assert unit in kept, quantity

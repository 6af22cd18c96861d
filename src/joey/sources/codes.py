"""What vendors and standards call a channel, and what Joey calls it: one table.

A label that is not here is kept with quantity ``unknown`` and its own unit, never guessed; the user
may name it (`parse_map`). Where a label and its unit contradict each other it is unknown, too.
A value that a source writes for "no value" stands in that source's row and nowhere else.

The numbers are of ISO/IEEE 11073-10101 (MDC), the codes of LOINC; units are written as in UCUM.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from joey.errors import InputError
from joey.signals import Channel

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = [
    "LOINC",
    "MDC",
    "ONLY_WAVES",
    "QUANTITIES",
    "CodeMap",
    "Meaning",
    "Naming",
    "identify",
    "identify_code",
    "known_unit",
    "label_of",
    "name_channel",
    "name_observation",
    "parse_code_map",
    "parse_map",
    "spell_unit",
    "units_of",
]


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a label or a code stands for.

    Parameters
    ----------
    quantity : str
        A key of `QUANTITIES`, or ``unknown``.
    lead, site : str
        Electrode lead, body or probe site; empty where unknown.
    subject : str
        ``infant`` or ``holder``.
    absent : tuple of float
        Values that this source writes where it has none, in the file's own unit.
    unit : str
        What the values are in where the source names no unit that is known.
    """

    quantity: str
    lead: str = ""
    site: str = ""
    subject: str = "infant"
    absent: tuple[float, ...] = ()
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Naming:
    """A channel named: value in the channel's unit = value in the file's unit x `factor` + `shift`.

    Parameters
    ----------
    channel : Channel
        Joey's name of it.
    factor, shift : float
        From the file's unit to the channel's.
    absent : tuple of float
        Values, in the file's unit, that stand for "no value".
    note : str
        What was assumed; empty where nothing was.
    """

    channel: Channel
    factor: float = 1.0
    shift: float = 0.0
    absent: tuple[float, ...] = ()
    note: str = ""


UNKNOWN = Meaning("unknown")


@dataclass(frozen=True, slots=True, eq=False)
class CodeMap:
    """What a unit says the codes of its monitors stand for, without a release of Joey.

    Parameters
    ----------
    meanings : mapping of str to Meaning
        By ``code^label``, code or label of OBX-3, in this order; ``absent`` adds to the values that
        monitors write for none, in the row's own unit.
    """

    meanings: Mapping[str, Meaning] = field(default_factory=dict)

    def find(self, code: str, label: str) -> Meaning | None:
        """Return what a row's code and label stand for; None where the unit does not say."""
        if not self.meanings:
            return None
        get = self.meanings.get
        return get(f"{code}^{label}") or get(code) or get(label)


# Joey's quantities and the unit each is kept in; an empty one keeps the source's own.
QUANTITIES: dict[str, str] = {
    "ecg": "mV",
    "resp": "",
    "pleth": "",
    "spo2": "%",
    "heart_rate": "/min",
    "pulse_rate": "/min",
    "resp_rate": "/min",
    "fetal_heart_rate": "/min",
    "perfusion_index": "%",
    "temp": "Cel",
    "fio2": "1",
    "o2_flow": "L/min",
    "co2": "mm[Hg]",
    "etco2": "mm[Hg]",
    "abp": "mm[Hg]",
    "abp_sys": "mm[Hg]",
    "abp_dia": "mm[Hg]",
    "abp_mean": "mm[Hg]",
    "nbp_sys": "mm[Hg]",
    "nbp_dia": "mm[Hg]",
    "nbp_mean": "mm[Hg]",
    "cvp": "mm[Hg]",
    "pap": "mm[Hg]",
    "weight": "g",
    "unknown": "",
}

# Quantities that come as samples, and those that come so only.
WAVES = frozenset({"ecg", "resp", "pleth", "co2", "abp", "cvp", "pap", "unknown"})
ONLY_WAVES = frozenset({"ecg", "resp", "pleth"})
# What monitors write into an HL7 row that has no value: two vendors' sentinels, and the mantissa of
# NaN in the 32-bit floats of ISO/IEEE 11073-20601, which gateways pass on unread. No quantity below
# can have these values; a cuff that has not measured yet writes -100.
MONITOR_ABSENT = (-999.0, -99.9, 8388607.0)
CUFF_ABSENT = (*MONITOR_ABSENT, -100.0)

# Quantities whose values mean something without a physical unit.
SHAPES = frozenset({"ecg", "resp", "pleth", "unknown"})

# Labels of monitors, WFDB signal names and EDF labels, folded as by `_fold`.
LABELS: dict[str, Meaning] = {
    "ecg": Meaning("ecg"),
    "ekg": Meaning("ecg"),
    "resp": Meaning("resp"),
    "respiration": Meaning("resp"),
    "resp(impedance)": Meaning("resp"),
    "impedance": Meaning("resp", site="thorax"),
    "respthorax": Meaning("resp", site="thorax"),
    "respchest": Meaning("resp", site="thorax"),
    "respabdomen": Meaning("resp", site="abdomen"),
    "resporonasal": Meaning("resp", site="airway"),
    "respnasal": Meaning("resp", site="airway"),
    "pleth": Meaning("pleth"),
    "ppg": Meaning("pleth"),
    "spo2": Meaning("spo2"),
    "sao2": Meaning("spo2"),  # EDF+ calls pulse oximetry so
    "spo2pre": Meaning("spo2", site="preductal"),
    "spo2post": Meaning("spo2", site="postductal"),
    "hr": Meaning("heart_rate"),
    "heartrate": Meaning("heart_rate"),
    "pulse": Meaning("pulse_rate"),
    "pr": Meaning("pulse_rate"),
    "pulserate": Meaning("pulse_rate"),
    "spo2pr": Meaning("pulse_rate"),
    "spo2r": Meaning("pulse_rate"),
    "rr": Meaning("resp_rate"),
    "resprate": Meaning("resp_rate"),
    "respiratoryrate": Meaning("resp_rate"),
    # Cardiotocographs write 0 where the signal is lost: CTU-UHB, doi:10.1186/1471-2393-14-16.
    "fhr": Meaning("fetal_heart_rate", absent=(0.0,)),
    "pi": Meaning("perfusion_index"),
    "perfusionindex": Meaning("perfusion_index"),
    "temp": Meaning("temp"),
    "temperature": Meaning("temp"),
    "temprectal": Meaning("temp", site="rectal"),
    "trect": Meaning("temp", site="rectal"),
    "tempskin": Meaning("temp", site="skin"),
    "skintemp": Meaning("temp", site="skin"),
    "tskin": Meaning("temp", site="skin"),
    "tempaxilla": Meaning("temp", site="axilla"),
    "tempaxillary": Meaning("temp", site="axilla"),
    "taxil": Meaning("temp", site="axilla"),
    "tax": Meaning("temp", site="axilla"),
    "tempcore": Meaning("temp", site="core"),
    "tcore": Meaning("temp", site="core"),
    "temproom": Meaning("temp", site="room"),
    "troom": Meaning("temp", site="room"),
    "tempincubator": Meaning("temp", site="incubator"),
    "tincubator": Meaning("temp", site="incubator"),
    "airtemp": Meaning("temp", site="incubator"),
    "fio2": Meaning("fio2"),
    "o2flow": Meaning("o2_flow"),
    "co2": Meaning("co2"),
    "etco2": Meaning("etco2"),
    "abp": Meaning("abp"),
    "art": Meaning("abp"),
    "abpsys": Meaning("abp_sys"),
    "abpdias": Meaning("abp_dia"),
    "abpmean": Meaning("abp_mean"),
    "nbpsys": Meaning("nbp_sys"),
    "nbpdias": Meaning("nbp_dia"),
    "nbpmean": Meaning("nbp_mean"),
    "cvp": Meaning("cvp"),
    "pap": Meaning("pap"),
    "weight": Meaning("weight"),
}

# A rate and a wave may carry one label: the unit tells which.
RATES: dict[str, str] = {"resp": "resp_rate", "pleth": "pulse_rate", "ecg": "heart_rate"}

LEADS: dict[str, str] = {
    **{name.lower(): name for name in ("I", "II", "III", "aVR", "aVL", "aVF", "V")},
    **{f"v{n}": f"V{n}" for n in range(1, 10)},
    **{f"mcl{n}": f"MCL{n}" for n in range(1, 7)},
    **{f"ml{n.lower()}": f"ML{n}" for n in ("I", "II", "III")},
}
# Joey's own spelling of a channel, as in ``--map``.
OWN = re.compile(r"\s*([a-z0-9_]+)\s*(?::([^@]*))?(?:@\s*(infant|holder)\s*)?")
NUMBERED_LEAD = re.compile(r"(?:ecg|ekg)(\d{1,2})")

# ISO/IEEE 11073-10101: number, name, meaning.
_MDC_ROWS: tuple[tuple[int, str, Meaning], ...] = (
    (147842, "MDC_ECG_HEART_RATE", Meaning("heart_rate")),
    (8410590, "MDC_ECG_HEART_RATE_INSTANT", Meaning("heart_rate")),
    (149530, "MDC_PULS_OXIM_PULS_RATE", Meaning("pulse_rate")),
    (151562, "MDC_RESP_RATE", Meaning("resp_rate")),
    (151578, "MDC_TTHOR_RESP_RATE", Meaning("resp_rate", site="thorax")),
    (151570, "MDC_AWAY_RESP_RATE", Meaning("resp_rate", site="airway")),
    (151594, "MDC_CO2_RESP_RATE", Meaning("resp_rate", site="airway")),
    (150456, "MDC_PULS_OXIM_SAT_O2", Meaning("spo2")),
    (150488, "MDC_BLD_PERF_INDEX", Meaning("perfusion_index")),
    (152196, "MDC_CONC_AWAY_O2_INSP", Meaning("fio2")),
    (150364, "MDC_TEMP_BODY", Meaning("temp")),
    (150344, "MDC_TEMP", Meaning("temp")),
    (188452, "MDC_TEMP_AXILLA", Meaning("temp", site="axilla")),
    (150388, "MDC_TEMP_SKIN", Meaning("temp", site="skin")),
    (150368, "MDC_TEMP_CORE", Meaning("temp", site="core")),
    (188420, "MDC_TEMP_RECT", Meaning("temp", site="rectal")),
    (188508, "MDC_TEMP_ROOM", Meaning("temp", site="room")),
    (188736, "MDC_MASS_BODY_ACTUAL", Meaning("weight")),
    (131329, "MDC_ECG_ELEC_POTL_I", Meaning("ecg", lead="I")),
    (131330, "MDC_ECG_ELEC_POTL_II", Meaning("ecg", lead="II")),
    (131389, "MDC_ECG_ELEC_POTL_III", Meaning("ecg", lead="III")),
    (131390, "MDC_ECG_ELEC_POTL_AVR", Meaning("ecg", lead="aVR")),
    (131391, "MDC_ECG_ELEC_POTL_AVL", Meaning("ecg", lead="aVL")),
    (131392, "MDC_ECG_ELEC_POTL_AVF", Meaning("ecg", lead="aVF")),
    (131395, "MDC_ECG_ELEC_POTL_V", Meaning("ecg", lead="V")),
    (150452, "MDC_PULS_OXIM_PLETH", Meaning("pleth")),
    (150301, "MDC_PRESS_CUFF_SYS", Meaning("nbp_sys")),
    (150302, "MDC_PRESS_CUFF_DIA", Meaning("nbp_dia")),
    (150303, "MDC_PRESS_CUFF_MEAN", Meaning("nbp_mean")),
    (150021, "MDC_PRESS_BLD_NONINV_SYS", Meaning("nbp_sys")),
    (150022, "MDC_PRESS_BLD_NONINV_DIA", Meaning("nbp_dia")),
    (150023, "MDC_PRESS_BLD_NONINV_MEAN", Meaning("nbp_mean")),
    (150033, "MDC_PRESS_BLD_ART_SYS", Meaning("abp_sys")),
    (150034, "MDC_PRESS_BLD_ART_DIA", Meaning("abp_dia")),
    (150035, "MDC_PRESS_BLD_ART_MEAN", Meaning("abp_mean")),
    (151780, "MDC_IMPED_TTHOR", Meaning("resp", site="thorax")),
)
MDC: dict[int, Meaning] = {number: meaning for number, _, meaning in _MDC_ROWS}
MDC_NAMES: dict[str, Meaning] = {name: meaning for _, name, meaning in _MDC_ROWS}

LOINC: dict[str, Meaning] = {
    "8867-4": Meaning("heart_rate"),
    "76282-3": Meaning("heart_rate"),
    "8889-8": Meaning("pulse_rate"),
    "9279-1": Meaning("resp_rate"),
    "59408-5": Meaning("spo2"),
    "2708-6": Meaning("spo2"),
    "61006-3": Meaning("perfusion_index"),
    "3150-6": Meaning("fio2"),
    "3151-8": Meaning("o2_flow"),
    "8310-5": Meaning("temp"),
    "8328-7": Meaning("temp", site="axilla"),
    "39106-0": Meaning("temp", site="skin"),
    "8329-5": Meaning("temp", site="core"),
    "8332-5": Meaning("temp", site="rectal"),
    "29463-7": Meaning("weight"),
}

# How sources spell a unit, in lower case, and how Joey does.
UNITS: dict[str, str] = {
    **dict.fromkeys(("mv", "mdc_dim_milli_volt", "266418"), "mV"),
    "millivolt": "mV",
    "millivolts": "mV",
    **dict.fromkeys(("uv", "mdc_dim_micro_volt", "266419"), "uV"),
    "microvolt": "uV",
    "v": "V",
    "nv": "nV",
    **dict.fromkeys(
        (
            *("/min", "1/min", "min-1", "pm", "bpm", "brpm", "beats/min", "beats/minute"),
            *("breaths/min", "{beats}/min", "{breaths}/min", "{pulse}/min", "per min"),
            *("mdc_dim_beat_per_min", "264864", "mdc_dim_resp_per_min", "264928"),
            *("rpm", "resp/min", "mdc_dim_per_min"),
        ),
        "/min",
    ),
    **dict.fromkeys(("hz", "mdc_dim_hz", "264640", "mdc_dim_per_sec", "264608"), "Hz"),
    **dict.fromkeys(("%", "percent", "pct", "%spo2", "mdc_dim_percent", "262688"), "%"),
    **dict.fromkeys(("1", "ratio", "fraction"), "1"),
    **dict.fromkeys(
        ("cel", "c", "degc", "deg c", "°c", "celsius", "degrees c", "mdc_dim_degc", "268192"), "Cel"
    ),
    # 268224 is what one maker's monitors send for it.
    **dict.fromkeys(
        ("[degf]", "f", "degf", "deg f", "°f", "fahrenheit", "mdc_dim_fahr", "266560", "268224"),
        "[degF]",
    ),
    **dict.fromkeys(("mmhg", "mm[hg]", "mm hg", "mdc_dim_mmhg", "266016"), "mm[Hg]"),
    **dict.fromkeys(("kpa", "mdc_dim_kilo_pascal", "265987"), "kPa"),
    **dict.fromkeys(
        ("l/min", "lpm", "l/m", "mdc_dim_x_l_per_min", "mdc_dim_l_per_min", "265216"), "L/min"
    ),
    **dict.fromkeys(("ml/min", "mdc_dim_milli_l_per_min", "265234"), "mL/min"),
    **dict.fromkeys(("g", "mdc_dim_x_g", "mdc_dim_g", "263872"), "g"),
    **dict.fromkeys(("kg", "mdc_dim_kilo_g", "263875"), "kg"),
    **dict.fromkeys(("ohm", "ohms", "\N{GREEK SMALL LETTER OMEGA}", "mdc_dim_ohm"), "Ohm"),
    **dict.fromkeys(
        (
            *("", "nu", "nd", "au", "a.u.", "arb", "none", "-", "n/a", "[arb'u]"),
            *("mdc_dim_dimless", "262656", "mdc_dim_nos"),
        ),
        "NU",
    ),
}

# From one of Joey's units to another: factor and shift.
CONVERSIONS: dict[tuple[str, str], tuple[float, float]] = {
    ("uV", "mV"): (1e-3, 0.0),
    ("nV", "mV"): (1e-6, 0.0),
    ("V", "mV"): (1e3, 0.0),
    ("Hz", "/min"): (60.0, 0.0),
    ("1", "%"): (100.0, 0.0),
    ("%", "1"): (0.01, 0.0),
    ("[degF]", "Cel"): (5 / 9, -160 / 9),
    ("kPa", "mm[Hg]"): (7.500617, 0.0),
    ("mL/min", "L/min"): (1e-3, 0.0),
    ("kg", "g"): (1e3, 0.0),
}


KNOWN_UNITS = frozenset(UNITS.values()) - {"NU"}


def units_of(quantity: str) -> tuple[str, ...]:
    """Return the units in which a quantity may come, Joey's own first; empty where any will do."""
    wanted = QUANTITIES[quantity]
    return (wanted, *(own for own, into in CONVERSIONS if into == wanted)) if wanted else ()


def known_unit(unit: str) -> str:
    """Return a unit in Joey's spelling; empty where it is not known, or none."""
    own = spell_unit(unit)
    return own if own in KNOWN_UNITS else ""


def spell_unit(unit: str) -> str:
    """Return a unit in Joey's spelling; one that is not known stays as it is, stripped."""
    text = unit.strip().replace("\N{MICRO SIGN}", "u").replace("\N{GREEK SMALL LETTER MU}", "u")
    return UNITS.get(text.lower(), text)


def identify(label: str) -> Meaning:
    """Return what the label of a monitor, a WFDB record or an EDF file stands for, or ``unknown``.

    Joey's own spelling (``temp:axilla``, ``ecg:II@holder``) is understood, too.
    """
    own = OWN.fullmatch(label)
    if own and own[1] in QUANTITIES:
        return _place(own[1], (own[2] or "").strip(), own[3] or "infant")
    folded = _fold(label)
    bare = folded.removeprefix("ecg").removeprefix("ekg").removeprefix("lead")
    if bare in LEADS:
        return Meaning("ecg", lead=LEADS[bare])
    numbered = NUMBERED_LEAD.fullmatch(folded)
    if numbered:
        return Meaning("ecg", lead=numbered[1])
    return LABELS.get(folded, UNKNOWN)


def identify_code(code: str) -> Meaning:
    """Return what an MDC or LOINC code stands for, or ``unknown``.

    Parameters
    ----------
    code : str
        ``147842``, ``2::16770`` (partition and term), ``MDC_ECG_HEART_RATE``, ``8867-4``, or an
        HL7 identifier that begins so: ``147842^MDC_ECG_HEART_RATE^MDC``.
    """
    first, _, rest = code.strip().partition("^")
    found = LOINC.get(first) or MDC_NAMES.get(first)
    number = re.fullmatch(r"(?:(\d{1,4})::)?(\d{1,9})", first)
    if number:
        found = MDC.get((int(number[1] or 0) << 16) + int(number[2]))
    if found is None and rest:
        return identify_code(rest)
    return found or UNKNOWN


def name_channel(
    label: str, unit: str, origin: str, wishes: Mapping[str, Meaning] | None = None
) -> Naming:
    """Return the channel of a label, with the conversion of its unit.

    Parameters
    ----------
    label, unit : str
        As the source has them.
    origin : str
        Record or file the label is from: the channel's source is ``origin/label``.
    wishes : mapping of str to Meaning, optional
        What the user says certain labels stand for (`parse_map`).
    """
    label = label.strip()
    source = f"{origin}/{label}"
    own = spell_unit(unit)
    known = identify(label)
    wish = (wishes or {}).get(label)
    meaning = replace(wish, absent=known.absent) if wish else known
    if own in {"/min", "Hz"} and not wish:
        meaning = replace(meaning, quantity=RATES.get(meaning.quantity, meaning.quantity), lead="")
    return _convert(meaning, own, label, source)


def _convert(meaning: Meaning, own: str, label: str, source: str) -> Naming:
    """Return the channel of a meaning, whose values come in the unit `own`."""
    wanted = QUANTITIES[meaning.quantity] or own
    channel = Channel(meaning.quantity, wanted, meaning.lead, meaning.site, source, meaning.subject)
    if own == wanted:
        return Naming(channel, absent=meaning.absent)
    if (own, wanted) in CONVERSIONS:
        factor, shift = CONVERSIONS[own, wanted]
        return Naming(channel, factor, shift, meaning.absent)
    if own == "NU" and meaning.quantity in SHAPES:
        return Naming(replace(channel, unit="NU"), absent=meaning.absent)
    if own == "NU":
        note = f"{label} has no unit: read as {wanted}"
        return Naming(channel, absent=meaning.absent, note=note)
    # The label says one thing and the unit another: neither is believed.
    note = f"{label} in {own} is kept as unknown: {meaning.quantity} is measured in {wanted}"
    return Naming(Channel("unknown", own, source=source), note=note)


def name_observation(
    code: str, label: str, unit: str, origin: str, codes: CodeMap, *, wave: bool
) -> Naming:
    """Return the channel of a row of a monitor's HL7 message.

    Parameters
    ----------
    code, label : str
        OBX-3.1 and OBX-3.2; either may be empty. Where they contradict each other neither is
        believed.
    unit : str
        OBX-6.
    origin : str
        What the label is from: the channel's source is ``origin/label``.
    codes : CodeMap
        What the unit says, which goes before the table.
    wave : bool
        Whether the row holds samples.
    """
    own = spell_unit(unit)
    source = f"{origin}/{label or code}"
    wish = codes.find(code, label)
    meaning = wish or _meaning_of(code, label)
    if meaning is None:
        return Naming(Channel("unknown", own, source=source), note="code and name contradict")
    if meaning.unit and own not in KNOWN_UNITS:
        own = meaning.unit
    if not wave and own in {"/min", "Hz", "NU"} and not wish:
        meaning = replace(meaning, quantity=RATES.get(meaning.quantity, meaning.quantity), lead="")
    if meaning.quantity == "unknown":
        return Naming(Channel("unknown", own, source=source), note="code not known")
    if meaning.quantity not in WAVES if wave else meaning.quantity in ONLY_WAVES:
        form = "samples" if wave else "single values"
        note = f"{meaning.quantity} does not come as {form}"
        return Naming(Channel("unknown", own, source=source), note=note)
    absent = CUFF_ABSENT if meaning.quantity.startswith("nbp") else MONITOR_ABSENT
    naming = _convert(meaning, own, label or code, source)
    return naming if wave else replace(naming, absent=(*meaning.absent, *absent))


def _meaning_of(code: str, label: str) -> Meaning | None:
    """Return what code and name stand for together; None where they contradict each other."""
    found = [
        each
        for each in (identify_code(code) if code else UNKNOWN, _named(label), _named(code))
        if each != UNKNOWN
    ]
    if len({each.quantity for each in found}) > 1 or len({each.lead for each in found} - {""}) > 1:
        return None
    return next(iter(found), UNKNOWN)


def _named(label: str) -> Meaning:
    if not label:
        return UNKNOWN
    return MDC_NAMES.get(label) or identify(label)


def parse_code_map(lines: Iterable[str]) -> CodeMap:
    """Return a unit's own codes from lines as of `parse_map`: ``161=pulse_rate``.

    Raises
    ------
    InputError
        If a line has another shape.
    """
    return CodeMap(dict(map(parse_map, lines)))


def parse_map(text: str) -> tuple[str, Meaning]:
    """Return label and meaning from the user's ``LABEL=quantity[:lead-or-site][@subject]``.

    Raises
    ------
    InputError
        If the text has another shape, or names a quantity or subject that Joey does not know.

    Examples
    --------
    >>> parse_map("CH 3=ecg:II")
    ('CH 3', Meaning(quantity='ecg', lead='II', site='', subject='infant', absent=(), unit=''))
    """
    label, _, rest = text.rpartition("=")
    own = OWN.fullmatch(rest)
    if own is None or not label.strip():
        msg = f"{text!r} is not LABEL=quantity[:lead-or-site][@infant|@holder]: 'CH 3=ecg:II'"
        raise InputError(msg)
    if own[1] not in QUANTITIES:
        msg = f"{own[1]!r} is not a quantity; known are: {', '.join(sorted(QUANTITIES))}"
        raise InputError(msg)
    return label.strip(), _place(own[1], (own[2] or "").strip(), own[3] or "infant")


def label_of(channel: Channel) -> str:
    """Return a label that `identify` reads as this channel: its source's own, else Joey's."""
    own = " ".join(channel.source.rpartition("/")[2].split())
    same = Meaning(channel.quantity, channel.lead, channel.site, channel.subject)
    if own and replace(identify(own), absent=()) == same:
        return own
    place = channel.lead or channel.site
    subject = "" if channel.subject == "infant" else f"@{channel.subject}"
    return f"{channel.quantity}{':' if place else ''}{place}{subject}"


def _place(quantity: str, place: str, subject: str) -> Meaning:
    if quantity == "ecg":
        return Meaning(quantity, lead=place, subject=subject)
    return Meaning(quantity, site=place, subject=subject)


def _fold(label: str) -> str:
    return re.sub(r"[\s_\-%.]+", "", label).lower()

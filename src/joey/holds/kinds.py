"""What may be charted beside a recording: kinds, words, units, and for how long each is believed.

Pure tables; nothing here reads or computes.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "BLENDED",
    "FACTS",
    "KINDS",
    "QUANTITIES",
    "SETTING_S",
    "SITES",
    "SITE_WORDS",
    "SUPPORTS",
    "SUPPORT_WORDS",
    "TEXTS",
    "WORDS",
    "Quantity",
    "Scale",
]

DAY = 86400.0  # s

SUPPORTS = ("room_air", "low_flow", "high_flow", "cpap", "niv", "ventilator", "hfov")
BLENDED = ("high_flow", "cpap", "niv", "ventilator", "hfov")  # their FiO2 is the infant's
WORDS: dict[str, tuple[str, ...]] = {
    "support": SUPPORTS,
    "position": ("supine", "prone", "left_side", "right_side", "side", "upright", "held", "other"),
    "bed": ("incubator", "incubator_servo", "incubator_manual", "warmer", "cot", "other"),
    "feed": (
        "gavage_bolus", "gavage_continuous", "breast", "bottle", "cup", "mixed", "none", "other",
    ),
}  # fmt: skip
TEXTS = (
    "care", "caffeine", "medication", "sensor", "sleep_state", "phototherapy", "transfusion",
    "head_of_bed", "comment",
)  # fmt: skip
SITES = ("axilla", "rectal", "esophageal", "bladder", "core", "tympanic", "skin", "abdomen",
         "back", "foot", "other")  # fmt: skip
SUPPORT_WORDS = {"nippv": "niv", "bipap": "niv", "hfnc": "high_flow", "mechanical": "ventilator"}
SITE_WORDS = {"axillary": "axilla", "ax": "axilla", "rectum": "rectal", "abdominal": "abdomen"}


@dataclass(frozen=True, slots=True)
class Scale:
    """How a charted number becomes one of the kind's unit: (value - `zero`) x `times` / `over`."""

    times: float = 1.0
    over: float = 1.0
    zero: float = 0.0

    def of(self, charted: float) -> float:
        """Return the number in the kind's unit."""
        return (charted - self.zero) * self.times / self.over


@dataclass(frozen=True, slots=True)
class Quantity:
    """A kind with a number.

    Parameters
    ----------
    unit : str
        Joey's unit.
    low, high : float
        What is believed, in that unit.
    stands_s : float
        How long a value stands. [s]
    units : dict of str to Scale
        Units as they are written, in lower case.
    bare : tuple of str
        The units a number without one may be in; the first that gives a believable value.
    """

    unit: str
    low: float
    high: float
    stands_s: float
    units: dict[str, Scale]
    bare: tuple[str, ...]


SETTING_S = 12 * 3600.0  # s: what is charted at least once a shift is believed for a shift
READING_S = 300.0  # s: a temperature taken by hand stands for one 5-min block
SAME, CELSIUS, FAHRENHEIT = Scale(), Scale(), Scale(5, 9, 32)
DEGREES = {
    **dict.fromkeys(("cel", "c", "degc", "°c"), CELSIUS),
    **dict.fromkeys(("f", "degf", "°f", "[degf]"), FAHRENHEIT),
}
QUANTITIES: dict[str, Quantity] = {
    # 21-100 and 0.21-1 cannot be taken for one another, nor can kg and g: no unit is no guess.
    "fio2": Quantity("1", 0.15, 1.0, SETTING_S, {"1": SAME, "%": Scale(over=100)}, ("1", "%")),
    "flow": Quantity(
        "L/min", 0.0, 60.0, SETTING_S, {"l/min": SAME, "ml/min": Scale(over=1000)}, ("l/min",)
    ),
    "temp": Quantity("Cel", 20.0, 45.0, READING_S, DEGREES, ("cel",)),
    "room_temp": Quantity("Cel", 0.0, 50.0, SETTING_S, DEGREES, ("cel",)),
    "weight": Quantity(
        "g", 200.0, 10000.0, 2 * DAY, {"g": SAME, "kg": Scale(times=1000)}, ("g", "kg")
    ),
}

KINDS = (*WORDS, *QUANTITIES, *TEXTS)
"""What a row with a time may be about."""

FACTS = ("gestational_age", "birth_time", "birth_weight", "spo2_averaging_s")
"""What a row without a time may say, besides ``probe_site_`` and a quantity."""

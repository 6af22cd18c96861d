"""Beds and infants of the simulated ward. Nobody here exists; every number says SIM."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

__all__ = ["STORY_BED", "UNIT", "Bed", "Patient", "admit_all", "furnish"]

UNIT = "NICU"
STORY_BED = 4
BEDS_OF_A_ROOM = 4

# Twins, names that differ by a letter, and letters outside of ASCII are the ones to mix up.
_NAMES = (
    ("KOWALSKI", "TWIN A", "F"),
    ("KOWALSKI", "TWIN B", "F"),
    ("JOHNS", "BABY BOY", "M"),
    ("JONES", "BABY BOY", "M"),
    ("JONES", "BABY GIRL", "F"),
    ("MÜLLER", "ZOË", "F"),
    ("SMITH", "BABY GIRL", "F"),
    ("SMYTH", "BABY GIRL", "F"),
    ("OKAFOR", "CHIDI", "M"),
    ("NGUYEN", "BABY BOY", "M"),
    ("GARCÍA", "BABY BOY", "M"),
    ("O'BRIEN", "BABY GIRL", "F"),
    ("SILVA", "TRIPLET A", "M"),
    ("SILVA", "TRIPLET B", "M"),
    ("SILVA", "TRIPLET C", "F"),
    ("ROSSI", "BABY GIRL", "F"),
    ("HANSEN", "BABY BOY", "M"),
    ("TANAKA", "YUKI", "F"),
    ("ABEBE", "BABY GIRL", "F"),
    ("DUBOIS", "BABY BOY", "M"),
    ("IVANOVA", "BABY GIRL", "F"),
    ("PATEL", "BABY BOY", "M"),
    ("COHEN", "BABY GIRL", "F"),
    ("WEBER", "BABY BOY", "M"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bed:
    """A bed with its monitor: unit, room and bed as text, and the monitor's identifier."""

    unit: str
    room: str
    bed: str
    device: str

    @property
    def key(self) -> str:
        """As pages and records call it: ``NICU/4``."""
        return f"{self.unit}/{self.bed}"


@dataclass(frozen=True, slots=True)
class Patient:
    """What admission system and monitor know of an infant; empty parts were not entered.

    Parameters
    ----------
    number : str
        Medical record number, of the authority SIMULATED.
    family, given : str
        Name.
    birth_date : str
        ``YYYY-MM-DD``.
    sex : str
        ``F`` or ``M``.
    weeks : float
        Gestational age at birth. [weeks]
    days : float
        Age. [days]
    """

    number: str
    family: str
    given: str
    birth_date: str
    sex: str
    weeks: float = 29.0
    days: float = 20.0


def furnish(count: int) -> tuple[Bed, ...]:
    """Return the unit's beds, four to a room; each has a monitor."""
    return tuple(
        Bed(UNIT, str(1 + k // BEDS_OF_A_ROOM), str(k + 1), f"51D0A1FFFE{k + 1:06X}")
        for k in range(count)
    )


def admit_all(count: int, today: str) -> tuple[Patient, ...]:
    """Return an infant per bed; the fourth (or the last) is the one of the story.

    Parameters
    ----------
    count : int
        How many.
    today : str
        ``YYYY-MM-DD``: ages are counted back from it.
    """
    names = [*_NAMES]
    if count < STORY_BED:  # a small ward has the story's infant in its last bed
        names.insert(count - 1, names.pop(STORY_BED - 1))
    found: list[Patient] = []
    for k in range(count):
        family, given, sex = names[k % len(names)]
        if k >= len(names):
            family = f"{family} {k // len(names) + 1}"
        story = k == min(STORY_BED, count) - 1
        weeks, days = (30.0, 6) if story else (25.0 + (k * 7 % 10), 4 + (k * 11 % 50))
        born = date.fromisoformat(today) - timedelta(days=days)
        found.append(
            Patient(f"SIM-{k + 101:06d}", family, given, born.isoformat(), sex, weeks, float(days))
        )
    return tuple(found)

"""The story of DESIGN.md 2 on a clock: who lies where, what monitors were told, what ADT says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from joey.simulate.ward.people import STORY_BED, Patient

if TYPE_CHECKING:
    from collections.abc import Sequence

    from joey.simulate.ward.dirt import Dirt

__all__ = ["Admitted", "Story", "at_time", "write_story"]

NS = 1_000_000_000
T = TypeVar("T")

# Seconds from the moment the ward goes live.
HOLD_S = (180, 45 * 60)
DISCHARGED_S = 360
MOVED_S = 480
NAMED_S = 660
TOLD_S = 720  # somebody types the new name into the monitor
LEAST_FOR_MOVES = 6  # beds
NEW_NAME = ("JONES", "JOSEPH ALEXANDER")
FORMER = Patient("SIM-000099", "FORMER", "BABY GIRL", "2026-01-01", "F")


@dataclass(frozen=True, slots=True)
class Admitted:
    """What the admission system says, and when: event, infant, bed, bed before. [ns UTC]"""

    at_ns: int
    event: str
    patient: Patient
    bed: int
    prior: int | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """All that is known beforehand; each timeline is pairs of a time [ns UTC] and what holds since.

    Parameters
    ----------
    infant : int
        The infant of the story.
    hold_ns : tuple of (int, int)
        Skin to skin from when to when. [ns UTC]
    admissions : tuple of Admitted
        In time order.
    lying : tuple of timelines
        For each bed the infant in it; None: nobody.
    entered : tuple of timelines
        For each bed whom its monitor was told of; None: nobody.
    """

    infant: int
    hold_ns: tuple[int, int]
    admissions: tuple[Admitted, ...]
    lying: tuple[tuple[tuple[int, int | None], ...], ...]
    entered: tuple[tuple[tuple[int, Patient | None], ...], ...]


def at_time(timeline: Sequence[tuple[int, T]], at_ns: int) -> T:
    """Return what holds at a time: the last that began before."""
    return [what for since, what in timeline if since <= at_ns or since == timeline[0][0]][-1]


def write_story(
    patients: Sequence[Patient], dirt: Sequence[Dirt], begin_ns: int, live_ns: int
) -> Story:
    """Return the story of a ward.

    Parameters
    ----------
    patients : sequence of Patient
        One per bed.
    dirt : sequence of Dirt
        Some monitors were told wrong.
    begin_ns, live_ns : int
        When the ward begins, and when it goes live. [ns UTC]
    """
    beds = len(patients)
    story = min(STORY_BED, beds) - 1

    def after(seconds: float) -> int:
        return live_ns + round(seconds * NS)

    admissions = [Admitted(begin_ns, "A01", who, bed) for bed, who in enumerate(patients)]
    lying: list[list[tuple[int, int | None]]] = [[(begin_ns, bed)] for bed in range(beds)]
    entered: list[list[tuple[int, Patient | None]]] = [[(begin_ns, who)] for who in patients]
    for each in dirt:
        if each.kind == "one identifier":
            known = replace(patients[each.bed - 1], family="", given="", birth_date="", sex="")
            entered[each.bed - 1] = [(begin_ns, known)]
        elif each.kind == "another patient":
            entered[each.bed - 1] = [(begin_ns, FORMER)]

    named = replace(patients[story], family=NEW_NAME[0], given=NEW_NAME[1])
    admissions.append(Admitted(after(NAMED_S), "A08", named, story))
    entered[story].append((after(TOLD_S), named))
    if beds >= LEAST_FOR_MOVES:
        last, mover = beds - 1, beds - 2
        admissions.append(Admitted(after(DISCHARGED_S), "A03", patients[last], last))
        lying[last].append((after(DISCHARGED_S), None))
        admissions.append(Admitted(after(MOVED_S), "A02", patients[mover], last, mover))
        lying[mover].append((after(MOVED_S), None))
        lying[last].append((after(MOVED_S), mover))
        entered[last].append((after(MOVED_S), patients[mover]))
    admissions.sort(key=lambda each: each.at_ns)
    return Story(
        story,
        (after(HOLD_S[0]), after(HOLD_S[1])),
        tuple(admissions),
        tuple(map(tuple, lying)),
        tuple(map(tuple, entered)),
    )

"""The story of DESIGN.md 2 on a clock: who lies where, what monitors were told, what ADT says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from joey.simulate.ward.people import STORY_BED, Patient

if TYPE_CHECKING:
    from collections.abc import Sequence

    from joey.simulate.ward.dirt import Dirt

__all__ = ["Admitted", "Held", "Story", "at_time", "write_story"]

NS = 1_000_000_000
T = TypeVar("T")

# Seconds from the moment the ward goes live. He is lifted out by a doctor, who stands in; a nurse
# takes over; then his mother comes.
HELD_S = (180.0, 48 * 60.0)
HOLDERS = (("doctor", "staff"), ("nurse", "staff"), ("mother", "mother"))
# Beds whose infants are held as well, where somebody marks it.
OTHERS_S = (
    (1, -900.0, 2400.0, (("mother", "mother"),)),
    (7, 420.0, 4200.0, (("father", "father"),)),
    (18, 1500.0, 5400.0, (("mother", "mother"), ("father", "father"))),
)
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
class Held:
    """A hold that truly happens: who [index], from when to when [ns UTC], by whom: name and role.

    Several holders have it in equal parts, one after the other.
    """

    infant: int
    start_ns: int
    end_ns: int
    holders: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Story:
    """All that is known beforehand; each timeline is pairs of a time [ns UTC] and what holds since.

    Parameters
    ----------
    infant : int
        The infant of the story.
    holds : tuple of Held
        Skin to skin; the first is the story's.
    admissions : tuple of Admitted
        In time order.
    lying : tuple of timelines
        For each bed the infant in it; None: nobody.
    entered : tuple of timelines
        For each bed whom its monitor was told of; None: nobody.
    """

    infant: int
    holds: tuple[Held, ...]
    admissions: tuple[Admitted, ...]
    lying: tuple[tuple[tuple[int, int | None], ...], ...]
    entered: tuple[tuple[tuple[int, Patient | None], ...], ...]


def at_time(timeline: Sequence[tuple[int, T]], at_ns: int) -> T:
    """Return what holds at a time: the last that began before."""
    return [what for since, what in timeline if since <= at_ns or since == timeline[0][0]][-1]


def write_story(
    patients: Sequence[Patient],
    dirt: Sequence[Dirt],
    begin_ns: int,
    live_ns: int,
    *,
    marked: bool = False,
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
    marked : bool
        Whether somebody marks holds: others than the story's infant are held as well.
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
    holds = [Held(story, after(HELD_S[0]), after(HELD_S[1]), HOLDERS)]
    holds += [
        Held(bed - 1, after(start), after(end), holders)
        for bed, start, end, holders in OTHERS_S
        if marked and bed <= beds and bed - 1 != story and after(start - 300) >= begin_ns
    ]
    admissions.sort(key=lambda each: each.at_ns)
    return Story(
        story,
        tuple(holds),
        tuple(admissions),
        tuple(map(tuple, lying)),
        tuple(map(tuple, entered)),
    )

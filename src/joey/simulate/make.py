"""An infant from the command line: wishes checked, files written, said in lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from joey.errors import InputError
from joey.folders import refuse_unusable
from joey.simulate.files import refuse_taken, write
from joey.simulate.infant import MIDNIGHT, simulate_infant
from joey.simulate.schedule import HOURS, holds_within

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["make_infant"]

MORNING_NS = MIDNIGHT + 8 * 3600 * 10**9  # ns; hours of a part of a day begin at 08:00


def make_infant(
    folder: Path,
    *,
    hours: float,
    seed: int,
    holds: int,
    gestation: float,
    age: float,
    force: bool,
    progress: Callable[[float, str], None],
) -> tuple[str, ...]:
    """Simulate an infant, write it to a folder, and return lines for the terminal.

    Raises
    ------
    InputError
        If an option asks for what cannot be simulated, or the folder has such files and no `force`
        is given.
    OSError
        If the folder cannot be written.
    """
    _refuse_impossible(hours, seed, holds, gestation, age)
    refuse_unusable(folder, ())
    refuse_taken(folder, force=force)
    progress(0.0, "simulating an infant")
    # Parents come at their hours of a day; into a part of one the holds are laid.
    part = hours < 24
    infant = simulate_infant(
        hours,
        seed,
        gestational_age_weeks=gestation,
        postnatal_days=age,
        start_ns=MORNING_NS if part else MIDNIGHT,
        holds=holds_within(hours, holds) if part else holds,
    )
    progress(0.7, "writing")
    paths = write(infant, folder, force=force)
    progress(1.0, "done")
    found = len(infant.truth.holds)
    fits = next((h for h in range(1, 24) if len(holds_within(h, holds)) >= holds), 24)
    less = f" of the {holds} asked for: more do not fit, {fits} hours hold them all"
    asked = less if part and found < holds else ""
    return (
        f"A simulated infant: {hours:g} h, holds: {found}{asked}.",
        *(f"  {path.relative_to(folder)}" for path in paths),
    )


def _refuse_impossible(hours: float, seed: int, holds: int, gestation: float, age: float) -> None:
    bounds = (
        ("--hours", hours, 1 / 60, 720.0, "h"),
        ("--holds", holds, 0, len(HOURS), "a day"),
        ("--gestation", gestation, 22.0, 44.0, "weeks"),
        ("--age", age, 0.0, 365.0, "days"),
    )
    for option, value, low, high, unit in bounds:
        if not low <= value <= high:  # true of NaN too
            msg = f"{option} is {low:.3g} to {high:g} {unit}, not {value:g}"
            raise InputError(msg)
    if not 0 <= seed < 2**63:
        msg = f"--seed is a whole number from 0 on, not {seed}"
        raise InputError(msg)

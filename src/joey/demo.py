"""A simulated infant for those without data: made, reported, shown. Never evidence on infants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from joey.errors import InputError
from joey.respond import Wish, respond
from joey.simulate import simulate_infant, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["demo", "make_infant"]


def make_infant(
    folder: Path,
    *,
    hours: float,
    seed: int,
    holds: int,
    gestation: float,
    age: float,
    progress: Callable[[float, str], None],
) -> tuple[str, ...]:
    """Simulate an infant, write it to a folder, and return lines for the terminal.

    Raises
    ------
    InputError
        If an option asks for what cannot be simulated.
    OSError
        If the folder cannot be written.
    """
    progress(0.0, "simulating an infant")
    try:
        infant = simulate_infant(
            hours, seed, gestational_age_weeks=gestation, postnatal_days=age, holds=holds
        )
    except ValueError as error:
        raise InputError(str(error)) from error
    progress(0.7, "writing")
    paths = write(infant, folder)
    progress(1.0, "done")
    return (
        f"A simulated infant: {hours:g} h, {len(infant.holds)} rows in the hold log.",
        *(f"  {path.relative_to(folder)}" for path in paths),
    )


def demo(
    folder: Path, *, hours: float, seed: int, progress: Callable[[float, str], None]
) -> tuple[str, ...]:
    """Simulate an infant's day with three holds and report it; return lines for the terminal.

    Raises
    ------
    InputError
        If the day is too short for a hold.
    OSError
        If the folder cannot be written.
    """
    data = folder / "data"
    make_infant(
        data,
        hours=hours,
        seed=seed,
        holds=3,
        gestation=29.0,
        age=20.0,
        progress=lambda share, words: progress(0.6 * share, words),
    )
    headers = tuple(sorted(data.glob("*.hea")))
    wish = Wish(headers, data / "holds.csv", folder, context=data / "context.csv")
    done = respond(wish, lambda share, words: progress(0.6 + 0.4 * share, words))
    return done.lines

"""Names as dated history: the present one, and for a while the one before."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["FORMERLY_DAYS", "DatedName", "ShownName", "fold_name", "show_name"]

FORMERLY_DAYS = 7.0  # days for which the former name stays visible after a change
DAY_NS = 86_400_000_000_000


@dataclass(frozen=True, slots=True)
class DatedName:
    """A name and since when it is the infant's. [ns UTC]"""

    family: str
    given: str
    since_ns: int

    @property
    def text(self) -> str:
        """As on a wristband: ``JONES, BABY BOY``."""
        return ", ".join(part for part in (self.family, self.given) if part)


@dataclass(frozen=True, slots=True)
class ShownName:
    """What a page shows: the present name, and the former one while it is recent; else empty."""

    text: str
    formerly: str = ""


def show_name(names: Sequence[DatedName], now_ns: int) -> ShownName:
    """Return the name to show at a time.

    Parameters
    ----------
    names : sequence of DatedName
        In the order of time.
    now_ns : int
        The present. [ns UTC]
    """
    if not names:
        return ShownName("")
    last = names[-1]
    recent = now_ns - last.since_ns < FORMERLY_DAYS * DAY_NS
    before = [name.text for name in names[:-1] if fold_name(name.text) != fold_name(last.text)]
    return ShownName(last.text, before[-1] if recent and before else "")


def fold_name(name: str) -> str:
    """Return a name for comparison: without accents, signs, capitals and the order of its parts."""
    plain = unicodedata.normalize("NFKD", name)
    letters = "".join(
        sign if sign.isalnum() else " " for sign in plain if not unicodedata.combining(sign)
    )
    return " ".join(sorted(letters.casefold().split()))

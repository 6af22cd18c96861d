"""Names as dated history: the present one, and for a while the one before."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "FORMERLY_DAYS",
    "DatedName",
    "ShownName",
    "fold_name",
    "isolated",
    "plain_name",
    "show_name",
]

FORMERLY_DAYS = 7.0  # days for which the former name stays visible after a change
DAY_NS = 86_400_000_000_000
# Signs without a picture that turn the direction of what follows them, beyond the name's end too:
# marks, embeddings, overrides and isolates of the Unicode bidirectional algorithm (UAX #9).
TURNS = dict.fromkeys([0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])

RIGHT_TO_LEFT = {
    "R",
    "AL",
    "AN",
}  # classes of letters and digits that run so, or are set among such


@dataclass(frozen=True, slots=True)
class DatedName:
    """A name and since when it is the infant's. [ns UTC]"""

    family: str
    given: str
    since_ns: int

    @property
    def text(self) -> str:
        """As on a wristband: ``JONES, BABY BOY``."""
        parts = plain_name(self.family), plain_name(self.given)
        return ", ".join(part for part in parts if part)


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


def plain_name(name: str) -> str:
    r"""Return a name without the signs that turn its direction: it would be shown reversed.

    Letters keep the direction of their script; what joins or parts them stays.

    >>> plain_name("JONES\u202e BABY")
    'JONES BABY'
    """
    return name.translate(TURNS).strip()


def isolated(name: str) -> str:
    r"""Return a name for use within a sentence: what stands beside it stays there.

    A name with letters that run from right to left draws digits and signs beside it to its other
    side; between isolates (UAX #9) it does not. Other names are as they were.

    >>> isolated("JONES")
    'JONES'
    >>> ascii(isolated("\u05dc\u05d5\u05d9"))
    "'\\u2068\\u05dc\\u05d5\\u05d9\\u2069'"
    """
    turned = any(unicodedata.bidirectional(sign) in RIGHT_TO_LEFT for sign in name)
    return f"\u2068{name}\u2069" if turned else name


def fold_name(name: str) -> str:
    """Return a name for comparison: without accents, signs, capitals and the order of its parts."""
    plain = unicodedata.normalize("NFKD", plain_name(name))
    letters = "".join(
        sign if sign.isalnum() else " " for sign in plain if not unicodedata.combining(sign)
    )
    return " ".join(sorted(letters.casefold().split()))

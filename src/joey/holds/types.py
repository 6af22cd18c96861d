"""A hold, its pieces and its phases, as values.

Nothing here knows a file, a clock or a signal.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from joey.spans import Spans

__all__ = ["Hold", "Phases", "Piece"]


@dataclass(frozen=True, slots=True)
class Piece:
    """One holder's part of a hold.

    Parameters
    ----------
    holder, role : str
        A key of the holder as logged (never needed for any number), and ``mother``, ``father``,
        ``staff`` ...; ``unknown`` where not logged.
    start : float
        The infant's chest on the holder's chest. [s]
    end : float or None
        None while the hold runs. [s]
    contact : str
        ``skin_to_skin``, ``clothed`` or ``unknown``.
    """

    holder: str
    role: str
    start: float
    end: float | None
    contact: str = "unknown"


@dataclass(frozen=True, slots=True)
class Hold:
    """One hold of one infant; edits make revisions.

    Parameters
    ----------
    id : str
        Key of the hold among those of its infant, made from its start, not from the infant's key.
    infant : str
        The infant's key as logged.
    pieces : tuple of Piece
        Sorted by start, without a break of 5 min or more; pieces of two holders may overlap.
    contact : str
        ``skin_to_skin``, ``clothed`` or ``unknown``; ``mixed`` where the pieces differ.
    revision : int
        Zero for the first.
    details : dict
        The other columns of the hold log (position, end_reason, time_source, logged_by, note ...)
        as logged; a missing one is ``unknown``.
    """

    id: str
    infant: str
    pieces: tuple[Piece, ...]
    contact: str = "unknown"
    revision: int = 0
    details: dict[str, str] = field(default_factory=dict)

    @property
    def start(self) -> float:
        """When the first piece starts. [s]"""
        return self.pieces[0].start

    @property
    def end(self) -> float | None:
        """When the last piece ends; None while one runs. [s]"""
        ends = [piece.end for piece in self.pieces if piece.end is not None]
        return max(ends) if len(ends) == len(self.pieces) else None


@dataclass(frozen=True, slots=True, eq=False)
class Phases:
    """The phases of a hold, each a set of spans (other holds and transfers are cut out).

    Parameters
    ----------
    spans : dict of str to Spans
        Every name of `joey.holds.PHASES`; an absent phase is an empty set.
    provisional : bool
        Whether the hold still ran: the settled part ends at the data's end.
    notes : tuple of str
        What a reader must know: too short for a settled part, cut by another hold ...
    now : float or None
        The present, of a hold that has ended and whose data still come; else None. [s]
    """

    spans: dict[str, Spans]
    provisional: bool = False
    notes: tuple[str, ...] = ()
    now: float | None = None

    @property
    def until(self) -> float | None:
        """When all phases will be over; None where they are, or where the hold still runs. [s]"""
        ends = (float(each.bounds[-1, 1]) for each in self.spans.values() if len(each))
        ahead = [end for end in ends if self.now is not None and end > self.now]
        return max(ahead, default=None)

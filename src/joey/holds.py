"""Holds: who held the infant, from when to when, how; and the phases of a hold."""

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
    """

    holder: str
    role: str
    start: float
    end: float | None


@dataclass(frozen=True, slots=True)
class Hold:
    """One hold of one infant; edits make revisions.

    Parameters
    ----------
    id : str
        Key of the hold, made from infant and first start.
    infant : str
        The infant's key as logged.
    pieces : tuple of Piece
        In time order, without a break of 5 min or more.
    contact : str
        ``skin_to_skin``, ``clothed`` or ``unknown``.
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
        """When the last piece ends; None while it runs. [s]"""
        return self.pieces[-1].end


@dataclass(frozen=True, slots=True, eq=False)
class Phases:
    """The phases of a hold, each a set of spans (other holds and transfers are cut out).

    Parameters
    ----------
    spans : dict of str to Spans
        ``before``, ``transfer_in``, ``settled``, ``transfer_out``, ``after``, ``change``,
        ``whole_hold``; an absent phase has no time.
    provisional : bool
        Whether the hold still ran: the settled part ends at the data's end.
    notes : tuple of str
        What a reader must know: too short for a settled part, cut by another hold ...
    """

    spans: dict[str, Spans]
    provisional: bool = False
    notes: tuple[str, ...] = ()

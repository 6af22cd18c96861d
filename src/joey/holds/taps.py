"""Taps at the bedside, and the hold they add up to.

A hold is nothing but its taps in the order of the journal: start, earlier or later start, another
holder, stop, and what is taken back. So an edit is one more tap, an undo names the tap it takes
back, and every revision can be told again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from joey.holds.log import CONTACTS, ROLES, VOCABULARY
from joey.holds.types import Hold, Piece

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "AHEAD_S",
    "HOLD_TAPS",
    "LEFT_UNIT",
    "STANDS",
    "HoldTap",
    "changes",
    "end_by_leaving",
    "fold_taps",
    "why_clashes",
    "why_refused",
]

HOLD_TAPS = ("start_hold", "nudge", "change_holder", "stop_hold", "describe", "undo")
"""The kinds of taps that make a hold."""

LEFT_UNIT = "left_unit"
"""The `end_reason` of a hold that ended with the infant's stay."""

NOT_TAPPED = "nobody tapped Stop: the end is that of the infant's stay"
UNKNOWN = "unknown"
# What says once more what stands is not taken: the next undo would take back that, and no more.
SAID = {"nudge": "the hold started then already", "describe": "that is said already"}
STANDS = frozenset(SAID.values())
"""Reasons for which a tap was not needed: what it says stands."""

AHEAD_S = 60.0  # s, so far a tablet's clock may be ahead of the server's
AT_ONCE_S = 5.0  # s, between two people who say the same of one moment
MOST_SHARED = 0.5  # of the shorter of two holds: clocks do not lay one into the other


@dataclass(frozen=True, slots=True)
class HoldTap:
    """One tap.

    Parameters
    ----------
    id : str
        The tablet's own key of it: a tap that is sent twice is one.
    kind : str
        One of `HOLD_TAPS`.
    hold : str
        The hold's key: the id of the tap that started it.
    at : float
        What it says happened then: chest on chest, the change, the end. [s UTC]
    holder, role : str
        Key and role of the holder, of a start or a change.
    contact : str
        ``skin_to_skin``, ``clothed`` or ``unknown``.
    details : dict of str to str
        Columns of the hold log it gives: ``end_reason``, ``position``, ``note`` ...
    of : str
        The tap that an undo takes back.
    """

    id: str
    kind: str
    hold: str
    at: float
    holder: str = ""
    role: str = UNKNOWN
    contact: str = UNKNOWN
    details: Mapping[str, str] = field(default_factory=dict)
    of: str = ""


def fold_taps(taps: Sequence[HoldTap], infant: str) -> Hold | None:
    """Return the hold that taps add up to; None where its start was taken back.

    Parameters
    ----------
    taps : sequence of HoldTap
        All of one hold, in the order of the journal.
    infant : str
        The infant's key.

    Returns
    -------
    Hold or None
        Its `revision` is the number of taps after the first.
    """
    standing = _standing(taps)
    start = next((tap for tap in standing if tap.kind == "start_hold"), None)
    if start is None:
        return None
    pieces: list[Piece] = [Piece(start.holder, start.role, start.at, None, start.contact)]
    details = {"time_source": "tap", **start.details}
    for tap in standing:
        if tap.kind == "nudge":
            pieces[0] = replace(pieces[0], start=tap.at)
        elif tap.kind == "change_holder":
            pieces[-1] = replace(pieces[-1], end=tap.at)
            contact = tap.contact if tap.contact != UNKNOWN else pieces[-1].contact
            pieces.append(Piece(tap.holder, tap.role, tap.at, None, contact))
        elif tap.kind == "stop_hold":
            pieces[-1] = replace(pieces[-1], end=tap.at)
        elif tap.kind == "describe":
            pieces[-1] = _described(pieces[-1], tap)
        details |= tap.details
    contacts = {piece.contact for piece in pieces}
    contact = contacts.pop() if len(contacts) == 1 else "mixed"
    return Hold(start.hold, infant, tuple(pieces), contact, len(taps) - 1, details)


def end_by_leaving(hold: Hold, left: float) -> Hold:
    """Return a hold that still runs as ended when the infant left; one that has ended as it is.

    Parameters
    ----------
    hold : Hold
        As its taps say.
    left : float
        When the infant left, as far as it is known; never before the last holder's part. [s UTC]
    """
    if hold.end is not None:
        return hold
    last = hold.pieces[-1]
    ended = replace(last, end=max(left, last.start))
    note = "; ".join(part for part in (hold.details.get("note", ""), NOT_TAPPED) if part)
    details = {**hold.details, "end_reason": LEFT_UNIT, "note": note}
    return replace(hold, pieces=(*hold.pieces[:-1], ended), details=details)


def _described(piece: Piece, tap: HoldTap) -> Piece:
    """Return a piece of which somebody says afterwards how, or with whom, it is."""
    if tap.contact != UNKNOWN:
        piece = replace(piece, contact=tap.contact)
    if tap.role != UNKNOWN:
        piece = replace(piece, holder=tap.holder, role=tap.role)
    return piece


def _standing(taps: Sequence[HoldTap]) -> list[HoldTap]:
    """Return the taps that were not taken back; an undo may itself be taken back."""
    undone: set[str] = set()
    for tap in reversed(taps):
        if tap.kind == "undo" and tap.id not in undone:
            undone.add(tap.of)
    return [tap for tap in taps if tap.kind != "undo" and tap.id not in undone]


def why_refused(tap: HoldTap, taps: Sequence[HoldTap], now: float) -> str:
    """Return why a tap cannot be taken, in words for the tablet; empty where it can.

    Parameters
    ----------
    tap : HoldTap
        The new one.
    taps : sequence of HoldTap
        Those of the same hold, before it.
    now : float
        The server's time. [s UTC]
    """
    if tap.kind not in HOLD_TAPS:
        return "this tap is not known"
    if wrong := _wrong_words(tap):
        return wrong
    if tap.kind == "start_hold":
        early = "a hold cannot start in the future" if tap.at > now + AHEAD_S else ""
        return "this hold has started already" if taps else early
    if tap.kind == "undo":
        return _why_stays(tap, taps)
    hold = fold_taps(taps, "")
    if hold is None:
        return "there is no such hold"
    early = "that time is in the future" if tap.at > now + AHEAD_S else ""
    return early or _why_not(tap, hold) or ("" if changes(tap, taps) else SAID.get(tap.kind, ""))


def why_clashes(tap: HoldTap, taps: Sequence[HoldTap], others: Sequence[Hold]) -> str:
    """Return why a hold as a tap makes it cannot stand beside the infant's others; else empty.

    Parameters
    ----------
    tap : HoldTap
        The new one.
    taps : sequence of HoldTap
        Those of the same hold, before it.
    others : sequence of Hold
        All holds of the infant; the tap's own is left out.
    """
    was, would = fold_taps(taps, ""), fold_taps((*taps, tap), "")
    if would is None or tap.kind not in {"start_hold", "nudge", "undo"}:
        return ""
    for other in others:
        shared = _shared_s(other, would)
        if other.id == tap.hold or shared <= min(AHEAD_S, MOST_SHARED * _shorter_s(other, would)):
            continue
        if was is not None and _shared_s(other, was) >= shared:
            continue  # no worse than it is
        before = other.start < would.start
        return "the hold before it had not ended then" if before else "another hold began since"
    return ""


def _shorter_s(one: Hold, other: Hold) -> float:
    """Return how long the shorter one lasts."""
    return min(math.inf if each.end is None else each.end - each.start for each in (one, other))


def _shared_s(one: Hold, other: Hold) -> float:
    ends = (math.inf if hold.end is None else hold.end for hold in (one, other))
    return min(ends) - max(one.start, other.start)


def _why_stays(tap: HoldTap, taps: Sequence[HoldTap]) -> str:
    """Return why an undo takes nothing back."""
    if tap.of not in {each.id for each in taps}:
        return "there is nothing to take back"
    overruled = "it was taken back, or changed, by another tap already"
    return "" if changes(tap, taps) else overruled


def changes(tap: HoldTap, taps: Sequence[HoldTap]) -> bool:
    """Whether a hold is another one with a tap than with those before it alone."""
    was, would = fold_taps(taps, ""), fold_taps((*taps, tap), "")
    if was is None or would is None:
        return was is not would
    if tap.kind == "nudge":
        return abs(would.start - was.start) > AT_ONCE_S
    return (was.pieces, was.details) != (would.pieces, would.details)


def _why_not(tap: HoldTap, hold: Hold) -> str:
    """Return why an edit contradicts the hold as it stands."""
    if tap.kind == "nudge":
        ends = [piece.end for piece in hold.pieces if piece.end is not None]
        late = bool(ends) and tap.at >= min(ends)
        return "the hold would start after its first part ended" if late else ""
    if tap.kind in {"change_holder", "stop_hold"}:
        if hold.end is not None:
            return "the hold has ended already"
        if tap.at < hold.pieces[-1].start:
            return "that is before this holder's part began"
    return ""


def _wrong_words(tap: HoldTap) -> str:
    if tap.role not in (*ROLES, UNKNOWN):
        return "this role is not known"
    if tap.contact not in (*CONTACTS, UNKNOWN):
        return "this contact is not known"
    for column, value in tap.details.items():
        if column in VOCABULARY and value not in (*VOCABULARY[column], UNKNOWN):
            return f"{column.replace('_', ' ')}: this word is not known"
    return ""

"""The hold log: rows of a CSV file, one per holder and stay, as holds.

Rows of one infant whose stays touch, overlap or leave a pause under 5 min are one hold. Nothing is
mended: a row that contradicts itself or another is an error with its line. No message or note holds
the key or name of an infant or holder.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from joey.errors import InputError
from joey.holds.cells import UNKNOWN, Place, column_names, one_of
from joey.holds.times import is_local, read_time, say_span, write_time, zones
from joey.holds.types import Hold, Piece
from joey.sources.tables import read_rows
from joey.spans import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from joey.holds.times import Zones
    from joey.signals import Clock

__all__ = ["COLUMNS", "VOCABULARY", "HoldLog", "read_holds", "write_holds"]

PAUSE_MERGE_MIN = 5.0  # min; shorter pauses do not split a hold (a named default of Joey's)
LONG_H = 24.0  # h; a longer hold is real in few units: a note asks to check its dates

ROLES = (
    "mother", "father", "other_parent", "sibling", "grandparent", "surrogate", "staff", "volunteer",
    "other",
)  # fmt: skip
CONTACTS = ("skin_to_skin", "clothed")
VOCABULARY: dict[str, tuple[str, ...]] = {
    "role": ROLES,
    "contact": CONTACTS,
    "position": (
        "upright", "reclined", "diagonal", "lateral", "prone", "supine", "cradled", "other",
    ),
    "position_before": ("supine", "prone", "left_side", "right_side", "side", "held", "other"),
    "bed_before": (
        "incubator", "incubator_servo", "incubator_manual", "warmer", "cot", "other",
    ),
    "transfer_mode": ("standing", "seated", "two_staff", "bed_to_chair", "other"),
    "end_reason": (
        "planned_end", "parent_request", "infant_instability", "feeding", "procedure", "transport",
        "staff_decision", "device_problem", "left_unit",
    ),
    "stopped_early": ("yes", "no"),
    "time_source": ("tap", "typed", "inferred", "invented"),
}  # fmt: skip
"""The words each column knows, besides an empty cell and ``unknown``."""

COLUMNS = (
    "infant", "start", "end", "zone", "holder", "role", "contact", "position", "position_before",
    "bed_before", "transfer_mode", "end_reason", "stopped_early", "interventions", "lines",
    "logged_at", "logged_by", "time_source", "note",
)  # fmt: skip
"""The columns of a hold log, in the order `write_holds` writes them."""

PIECE_COLUMNS = ("infant", "start", "end", "zone", "holder", "role", "contact")
DETAILS = tuple(column for column in COLUMNS if column not in PIECE_COLUMNS)
FROM_FIRST = ("position_before", "bed_before", "transfer_mode")  # how the hold began
FROM_LAST = ("end_reason", "stopped_early")  # how it ended; an earlier row's end was a handover


@dataclass(frozen=True, slots=True)
class HoldLog:
    """The holds of one infant.

    Parameters
    ----------
    holds : tuple of Hold
        Those that lie in the recording, wholly or in part, in time order.
    outside : tuple of Hold
        The infant's other holds: they still cut `before` and `after`, and count in the dose.
    others : int
        Rows of other infants, skipped.
    notes : tuple of str
        What a reader must know, in words; without names.
    """

    holds: tuple[Hold, ...]
    outside: tuple[Hold, ...] = ()
    others: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    infant: str
    piece: Piece
    details: dict[str, str]

    @property
    def end(self) -> float:
        return float("inf") if self.piece.end is None else self.piece.end

    @property
    def who(self) -> tuple[str, str]:
        """Whom overlap is refused for: the holder's key, or the role where there is none."""
        known = self.piece.holder != UNKNOWN
        return (self.piece.holder, "") if known else ("", self.piece.role)


def read_holds(
    path: Path | str,
    clock: Clock,
    zone: str | None,
    span: Span,
    infant: str | None = None,
    *,
    pause_merge_min: float = PAUSE_MERGE_MIN,
) -> HoldLog:
    """Return the holds of one infant from a hold log (CSV).

    Parameters
    ----------
    path : Path or str
        The log; its columns are described in docs/hold-log.md.
    clock : Clock
        The recording's clock. Times are read on it.
    zone : str or None
        IANA zone of local times in rows without a zone of their own; None takes the recording's.
    span : Span
        The recording. [s]
    infant : str or None
        The infant's key as logged; needed where the log has rows of several.
    pause_merge_min : float
        Rows with a shorter pause between them are one hold. [min]

    Returns
    -------
    HoldLog
        The holds in the recording, and what was skipped.

    Raises
    ------
    FormatError
        If the log breaks its format; names the line and what to do.
    InputError
        If the zone is unknown, the infant is not in the log or has to be chosen, or no hold lies in
        the recording.
    """
    table = read_rows(path)
    columns, notes = column_names(path, table.columns, ("start", "end"), COLUMNS, ("infant",))
    local = zones(clock, zone)
    rows = [
        (n, {key: row.get(name, "").strip() for key, name in columns.items()})
        for n, row in table.rows
    ]
    for line, row in table.rows:
        for key in ("start", "end"):
            if columns[key] not in row:
                # An empty end is a hold that still runs; a file that was cut off says nothing.
                raise Place(path, line, key).wrong(
                    "is missing, the line is too short: was the file cut off? A hold that still "
                    "runs has an empty cell there, after its separator"
                )
    if not rows:
        raise InputError(f"{path} holds no hold: it has a line of column names and nothing below")
    mine, others = _of_infant(path, rows, infant)
    read = sorted(
        (_row(path, line, cells, local) for line, cells in mine),
        key=lambda r: (r.piece.start, r.line),
    )
    _refuse_overlap(path, read)
    holds = [_hold(group) for group in _groups(read, pause_merge_min * 60)]
    inside = tuple(hold for hold in holds if _lies_in(hold, span))
    outside = tuple(hold for hold in holds if not _lies_in(hold, span))
    if not inside:
        raise InputError(_none_inside(outside, span, replace(clock, zone=local.given)))
    if any(not c.get("zone") and (is_local(c["start"]) or is_local(c["end"])) for _, c in mine):
        notes.append(f"times of the hold log without an offset were read in {local.given}")
    if others:
        notes.append(f"{_count(others, 'row')} of other infants skipped")
    if outside:
        notes.append(f"{_count(len(outside), 'hold')} outside the recording skipped")
    long = sum((hold.end or hold.start) - hold.start > LONG_H * 3600 for hold in inside)
    if long:
        notes.append(f"{_count(long, 'hold')} longer than {LONG_H:g} h: check the dates")
    return HoldLog(inside, outside, others, tuple(notes))


def _none_inside(holds: Sequence[Hold], span: Span, clock: Clock) -> str:
    last = max(_last_known(hold) for hold in holds)
    logged = say_span(Span(holds[0].start, last), clock)
    if len(holds) == 1:
        what, whose = "the hold does not lie", "the hold"
    else:
        what, whose = f"none of the {len(holds)} holds lies", "the holds"
    return (
        f"{what} in the recording, which runs from {say_span(span, clock)}; "
        f"{whose} from {logged}. Check the dates and the time zone"
    )


def _count(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def _of_infant(
    path: object, rows: list[tuple[int, dict[str, str]]], infant: str | None
) -> tuple[list[tuple[int, dict[str, str]]], int]:
    """Return the infant's rows, each with its key filled in, and how many are of others."""
    keys = dict.fromkeys(cells.get("infant", "") for _, cells in rows)
    if list(keys) == [""]:  # no column, or an empty one: a log of one infant
        return [(line, {**cells, "infant": infant or UNKNOWN}) for line, cells in rows], 0
    if "" in keys:
        line = next(line for line, cells in rows if not cells["infant"])
        raise Place(path, line, "infant").wrong("is empty, and other rows name one: fill it in")
    if infant is None and len(keys) > 1:
        raise InputError(f"{path} has rows of {len(keys)} infants: choose one with --infant")
    mine = [(line, cells) for line, cells in rows if infant in (None, cells["infant"])]
    if not mine:
        raise InputError(
            f"{path} has no row of that infant, only of {_count(len(keys), 'other')}; "
            "--infant takes the key exactly as logged"
        )
    return mine, len(rows) - len(mine)


def _row(path: object, line: int, cells: dict[str, str], local: Zones) -> _Row:
    zone = cells.get("zone", "")
    words = {
        column: one_of(cells.get(column, ""), known, Place(path, line, column))
        for column, known in VOCABULARY.items()
    }
    if not cells["start"]:
        raise Place(path, line, "start").wrong("is empty; every hold has one")
    start = read_time(cells["start"], zone, local, Place(path, line, "start"))
    end = read_time(cells["end"], zone, local, Place(path, line, "end")) if cells["end"] else None
    if end is not None and end <= start:
        raise Place(path, line).wrong(
            f"the end, {cells['end']}, is not after the start, {cells['start']}; "
            "check both, and the date of a hold past midnight"
        )
    piece = Piece(cells.get("holder") or UNKNOWN, words["role"], start, end, words["contact"])
    details = {column: words.get(column) or cells.get(column) or UNKNOWN for column in DETAILS}
    return _Row(line, cells["infant"], piece, details)


def _refuse_overlap(path: object, rows: Sequence[_Row]) -> None:
    """Refuse rows of which one holder would hold twice at once, and forgotten ends."""
    last: dict[tuple[str, str], _Row] = {}
    open_row: _Row | None = None
    for row in rows:
        if open_row is not None:
            raise Place(path, open_row.line, "end").wrong(
                f"is empty, yet the infant's hold in line {row.line} starts later: give the end, "
                "or take the line out"
            )
        earlier = last.get(row.who)
        if earlier is not None and row.piece.start < earlier.end:
            raise Place(path, row.line).wrong(
                f"overlaps line {earlier.line}, of the same infant and the same holder: "
                "correct the times, or take one out"
            )
        last[row.who] = row
        if row.piece.end is None:
            open_row = row


def _groups(rows: Iterable[_Row], pause: float) -> list[list[_Row]]:
    """Return rows that are one hold: no pause so long between them. [s]"""
    groups: list[list[_Row]] = []
    reach = float("-inf")
    for row in rows:
        if row.piece.start - reach < pause:
            groups[-1].append(row)
        else:
            groups.append([row])
        reach = max(reach, row.end)
    return groups


def _hold(rows: Sequence[_Row]) -> Hold:
    first, last = rows[0], max(rows, key=lambda row: row.end)
    details: dict[str, str] = {}
    for column in DETAILS:
        if column in FROM_FIRST:
            details[column] = first.details[column]
        elif column in FROM_LAST:
            details[column] = last.details[column]
        else:
            said = dict.fromkeys(row.details[column] for row in rows)
            known = [text for text in said if text != UNKNOWN]
            details[column] = "; ".join(known) or UNKNOWN
    contacts = {row.piece.contact for row in rows}
    contact = contacts.pop() if len(contacts) == 1 else "mixed"
    start = first.piece.start
    # The key of a hold goes into file names and addresses. The infant's key has no part in it, not
    # even hashed: a short hospital number could be guessed back by trying all.
    # Nor has its line: the order of the rows says nothing. Two holds of an infant start apart.
    key = sha256(f"{start!r}".encode()).hexdigest()[:12]
    return Hold(f"hold-{key}", first.infant, tuple(r.piece for r in rows), contact, details=details)


def _last_known(hold: Hold) -> float:
    return max(piece.start if piece.end is None else piece.end for piece in hold.pieces)


def _lies_in(hold: Hold, span: Span) -> bool:
    return hold.start < span.end and (hold.end is None or hold.end > span.start)


def write_holds(path: Path | str, holds: Iterable[Hold], clock: Clock) -> None:
    """Write holds as a hold log: one row per piece, times UTC or from the recording's start.

    Parameters
    ----------
    path : Path or str
        The file to write; read back by `read_holds`, the same holds result.
    holds : iterable of Hold
        In any order.
    clock : Clock
        The clock the holds' times are on.
    """
    with Path(path).open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(column for column in COLUMNS if column != "zone")
        for hold in holds:
            for piece in hold.pieces:
                cells = {
                    "infant": hold.infant,
                    "start": write_time(piece.start, clock),
                    "end": "" if piece.end is None else write_time(piece.end, clock),
                    "holder": piece.holder,
                    "role": piece.role,
                    "contact": piece.contact,
                    **hold.details,
                }
                shown = (cells.get(column, "") for column in COLUMNS if column != "zone")
                out.writerow("" if cell == UNKNOWN else cell for cell in shown)

"""The phases of a hold: spans in which numbers are compared, laid out from its times alone.

Phases say when, not whether anything was measured: they reach past the recording where the clock
does, and coverage tells the rest. Lengths are Joey's named defaults, each a setting.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from joey.holds.times import say_length
from joey.holds.types import Phases
from joey.spans import EMPTY, Span, Spans, intersect, subtract, total

if TYPE_CHECKING:
    from collections.abc import Sequence

    from joey.holds.types import Hold

__all__ = ["PHASES", "PhaseSettings", "phases_of", "settled_from", "why_unpaired"]

PHASES = (
    "before", "transfer_in", "settled", "change", "transfer_out", "after", "whole_hold", "last_10",
)  # fmt: skip
"""The names of the phases; all but ``whole_hold`` and ``last_10`` are disjoint."""

WORTH_A_NOTE_S = 1.0  # s; less is rounding of the clock
UNREAD_S = 120.0  # s before the present whose data may still be on their way

TELLING_END = ("infant_instability", "staff_decision", "unknown")
"""Reasons for an end after which the last minutes get their own line."""


@dataclass(frozen=True, slots=True)
class PhaseSettings:
    """The lengths of the phases. [min]

    Parameters
    ----------
    before_len, before_end : float
        `before` lasts this long and ends this long before the hold's start, when the transfer in
        begins.
    transfer_in_after : float
        The transfer in lasts until this long after the hold's start.
    settled_end_before : float
        The settled part ends, and the transfer out begins, this long before the hold's end.
    transfer_out_after : float
        The transfer out lasts until this long after the hold's end.
    after_len : float
        `after` lasts this long from there.
    change_before, change_after : float
        What is cut out of the settled part around a change of holder or a pause.
    last_len : float
        The last part of the hold that gets its own line after a telling end reason.
    min_valid_before, min_valid_settled : float
        Valid data without which nothing is said of the phase.
    temperature_settled_after : float
        Temperature counts as settled from this long after the hold's start.
    """

    before_len: float = 60.0
    before_end: float = 10.0
    transfer_in_after: float = 15.0
    settled_end_before: float = 10.0
    transfer_out_after: float = 15.0
    after_len: float = 60.0
    change_before: float = 5.0
    change_after: float = 10.0
    last_len: float = 10.0
    min_valid_before: float = 20.0
    min_valid_settled: float = 15.0
    temperature_settled_after: float = 30.0

    def __post_init__(self) -> None:
        """Refuse lengths that are negative or not finite."""
        for each in fields(self):
            value = getattr(self, each.name)
            if not 0 <= value < float("inf"):
                msg = f"{each.name} is a number of minutes of at least 0, not {value!r}"
                raise ValueError(msg)

    def scaled(self, factor: float) -> PhaseSettings:
        """Return all lengths times `factor`: for recordings of minutes."""
        return PhaseSettings(*(getattr(self, each.name) * factor for each in fields(self)))


def phases_of(
    hold: Hold,
    others: Sequence[Hold],
    data_span: Span,
    settings: PhaseSettings,
    now: float | None = None,
) -> Phases:
    """Return the phases of a hold.

    Parameters
    ----------
    hold : Hold
        The hold.
    others : sequence of Hold
        The infant's other holds, those outside the recording too; the hold itself and holds of
        other infants among them are passed over.
    data_span : Span
        The recording: a hold that still runs ends with it. Closed holds do not depend on it, save
        for notes. [s]
    settings : PhaseSettings
        The lengths.
    now : float, optional
        The present, of data that still come: what lies after it is to come, and not outside the
        recording. Without it the recording is all there will be. [s]

    Returns
    -------
    Phases
        ``before``, ``transfer_in``, ``settled``, ``change``, ``transfer_out`` and ``after`` are
        disjoint. ``whole_hold`` is for events only; ``last_10`` is empty unless the end reason is
        ``infant_instability``, ``staff_decision`` or ``unknown``.

    Notes
    -----
    Transfers of a hold too short for a settled part meet in its middle. Other holds are cut out of
    the transfers, other holds with their transfers out of `before` and `after`.
    """
    start, end = hold.start, hold.end
    stop = max(start, data_span.end) if end is None else end
    inner = _inner(start, end, stop, settings)
    whole = Spans.of([Span(start, stop)])
    lead, tail = settings.before_end * 60, settings.transfer_out_after * 60
    siblings = [o for o in others if o.infant == hold.infant and o.id != hold.id]
    held = Spans.of((o.start, _end(o)) for o in siblings)
    handled = Spans.of((o.start - lead, _end(o) + tail) for o in siblings)

    changes = intersect(_changes(hold, settings), Spans.of([inner]))
    spans = dict.fromkeys(PHASES, EMPTY)
    before = Spans.of([(start - lead - settings.before_len * 60, start - lead)])
    spans["before"] = subtract(before, handled)
    spans["transfer_in"] = subtract(Spans.of([(start - lead, inner.start)]), held)
    spans["settled"] = subtract(Spans.of([inner]), changes)
    spans["change"] = changes
    spans["whole_hold"] = whole
    after = EMPTY
    if end is not None:
        after = Spans.of([(end + tail, end + tail + settings.after_len * 60)])
        spans["transfer_out"] = subtract(Spans.of([(inner.end, end + tail)]), held)
        spans["after"] = subtract(after, handled)
        if hold.details.get("end_reason", "unknown") in TELLING_END:
            spans["last_10"] = Spans.of([(max(start, end - settings.last_len * 60), end)])
    notes = [
        *_settled_notes(hold, spans, settings),
        *_cut_notes("before", before, spans["before"]),
        *_cut_notes("after", after, spans["after"]),
        *_data_notes(spans, _known(data_span, now)),
    ]
    return Phases(spans, end is None, tuple(notes), None if end is None else now)


def _end(hold: Hold) -> float:
    return float("inf") if hold.end is None else hold.end


def _inner(start: float, end: float | None, stop: float, settings: PhaseSettings) -> Span:
    """Return what lies between the transfers: empty, in the middle, for a short hold."""
    after_in = start + settings.transfer_in_after * 60
    if end is None:
        return Span(min(after_in, stop), stop)
    before_out = end - settings.settled_end_before * 60
    if after_in <= before_out:
        return Span(after_in, before_out)
    middle = (start + end) / 2
    return Span(middle, middle)


def _changes(hold: Hold, settings: PhaseSettings) -> Spans:
    """Return the time around each change of holder, and around each pause."""
    found = []
    for earlier, later in zip(hold.pieces, hold.pieces[1:], strict=False):
        same = (earlier.holder, earlier.role) == (later.holder, later.role)
        left = later.start if earlier.end is None else earlier.end
        if same and left >= later.start:
            continue  # one stay in two rows
        first, last = min(left, later.start), max(left, later.start)
        found.append((first - settings.change_before * 60, last + settings.change_after * 60))
    return Spans.of(found)


def _part_of(part: float, whole: float) -> str:
    """Return ``17 of the 60 min``, ``36 s of the 15 min``; less than the whole is rounded down."""
    of = say_length(whole)
    words = say_length(part)
    if words == of and part < whole - WORTH_A_NOTE_S:
        words = say_length(part, down=True)
    unit = of[of.index(" ") :]
    return f"{words.removesuffix(unit)} of the {of}"


def _settled_notes(hold: Hold, spans: dict[str, Spans], settings: PhaseSettings) -> list[str]:
    lasted, settled = total(spans["whole_hold"]), total(spans["settled"])
    notes = []
    if hold.end is None:
        notes.append(
            f"the hold still ran when the data ended, {say_length(lasted)} after its start: "
            "its settled part is provisional"
        )
    if settled == 0:
        notes.append(_why_unsettled(spans, settings, runs=hold.end is None))
    elif settled < settings.min_valid_settled * 60:
        notes.append(
            f"the settled part lasts {say_length(settled, down=True)}, less than the "
            f"{settings.min_valid_settled:g} min of valid data asked for"
        )
    return notes


def _why_unsettled(spans: dict[str, Spans], settings: PhaseSettings, *, runs: bool) -> str:
    lasted, taken = total(spans["whole_hold"]), total(spans["change"])
    why = f"the hold of {say_length(lasted, down=True)} has no settled part:"
    if taken:
        return f"{why} changes of holder took the rest"
    least = settings.transfer_in_after + (0 if runs else settings.settled_end_before)
    asked = f"{settings.min_valid_settled:g} min settled are asked for"
    return f"{why} the transfers of a hold take {least:g} min, and {asked}"


def why_unpaired(phases: Phases, settings: PhaseSettings) -> str:
    """Return which of `before` and `settled` a hold has not, and why; empty where it has both.

    Parameters
    ----------
    phases : Phases
        Of the hold.
    settings : PhaseSettings
        The lengths they were laid out with.
    """
    spans = phases.spans
    reasons = []
    if not len(spans["before"]):
        length = f"{settings.before_len:g} min"
        reasons.append(f"other holds take all {length} before this one, with their transfers")
    if not len(spans["settled"]):
        reasons.append(_why_unsettled(spans, settings, runs=phases.provisional))
    return ", and ".join(reasons)


def _cut_notes(name: str, planned: Spans, left: Spans) -> list[str]:
    lost = total(planned) - total(left)
    if lost < WORTH_A_NOTE_S:
        return []
    part = _part_of(lost, total(planned))
    return [f"another hold or its transfer takes {part} of {_words(name)}"]


def _words(name: str) -> str:
    return name.replace("_", " ")


def _known(data_span: Span, now: float | None) -> Spans:
    """Return the time of which nothing has to be said: that with data, and that still to come."""
    if now is None:
        return Spans.of([data_span])
    coming = data_span.end if now - data_span.end < UNREAD_S else now
    return Spans.of([data_span, (coming, float("inf"))])


def _data_notes(spans: dict[str, Spans], known: Spans) -> list[str]:
    """Say which phases reach past the recording: their coverage is low for that reason."""
    notes = []
    for name in PHASES[:6]:
        lost = total(subtract(spans[name], known))
        if lost >= WORTH_A_NOTE_S:
            part = _part_of(lost, total(spans[name]))
            notes.append(f"{part} of {_words(name)} lie outside the recording")
    return notes


def settled_from(phases: Phases, minutes: float) -> Spans:
    """Return the settled part from so many minutes after the hold's start on.

    Temperature counts as settled later than the other quantities: after
    ``PhaseSettings.temperature_settled_after``.
    """
    whole = phases.spans["whole_hold"]
    if len(whole) == 0:
        return EMPTY
    later = float(whole.bounds[0, 0]) + minutes * 60
    return intersect(phases.spans["settled"], Spans.of([(later, float("inf"))]))

"""What the feed page says of each bed's monitors: what came, their clocks, and who is nobody's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from joey.web.clockwords import hint_of_offset, words_of_drift, words_of_offset
from joey.web.tiles import infant_of, is_heard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from joey.store.records import Association, InfantView
    from joey.web.screens import Screen

__all__ = ["rows_of_beds", "unassigned_of"]


def rows_of_beds(
    screens: Mapping[str, Screen], order: Iterable[str], anew: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return a row for each bed that was heard; `anew` is what was told anew, in words."""
    rows = []
    for bed in order:
        screen = screens.get(bed)
        if screen is None or not screen.stored:
            continue
        devices = sorted(screen.devices.values(), key=lambda device: device.rank)
        clocks = [each.board.clock for each in devices]
        hints = (hint_of_offset(clock.offset_ns) for clock in clocks)
        rows.append(
            {
                "bed": bed,
                "stored": screen.stored,
                "shown": screen.shown,
                "withheld": screen.stored - screen.shown,
                "lastAt": screen.received_ns / 1e6 or None,
                "offset": _each([words_of_offset(clock.offset_ns) for clock in clocks]),
                "hint": "; ".join(dict.fromkeys(each for each in hints if each)),
                "drift": _each([words_of_drift(clock.drift_ppm) for clock in clocks]),
                "steps": sum(clock.steps for clock in clocks),
                "late": screen.late,
                "corrections": screen.corrections,
                "revisedAt": screen.revised_ns / 1e6 or None,
                "anew": anew.get(bed, ""),
                "unknown": len(screen.unmapped),
                "note": screen.doubt,
            }
        )
    return rows


def _each(words: Sequence[str]) -> str:
    """Return what is said of each monitor of a bed; once where it is the same of all."""
    found = list(dict.fromkeys(words))
    return " / ".join(each or "–" for each in found) if len(found) > 1 else "".join(found)


def unassigned_of(
    associations: Iterable[Association],
    screens: Mapping[str, Screen],
    infant_at: Callable[[str], InfantView | None],
    now_ns: int,
    zone: str,
) -> list[dict[str, Any]]:
    """Return the streams that wait for a person to say whose they are, a row each.

    One that says nothing any more waits for nobody, unless its bed's page sends people here.

    Parameters
    ----------
    associations : iterable of Association
        Those that stand.
    screens : mapping of str to Screen
        By bed.
    infant_at : callable
        Who lies in a bed.
    now_ns : int
        The host's time. [ns UTC]
    zone : str
        Of the unit.
    """
    rows = []
    for each in associations:
        screen = screens.get(each.bed)
        if each.infant is not None or screen is None:
            continue
        infant = infant_at(each.bed)
        admitted = infant is not None
        device = screen.device(each.stream)
        view = None if device is None else device.view(now_ns)
        heard = is_heard(view, admitted=admitted)
        if not heard and not (admitted and screen.side(now_ns).doubt):
            continue
        rows.append(
            {
                "bed": each.bed,
                "stream": each.stream,
                "device": "" if device is None else device.key.device,
                "why": each.reason,
                "silent": not heard,
                "lastAt": None if device is None else device.received_ns / 1e6,
                "infant": None if infant is None else infant_of(infant, now_ns, zone)["name"],
                "infantId": None if infant is None else infant.id,
            }
        )
    return rows

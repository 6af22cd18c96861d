"""What the feed page says of each bed's monitors: what came, their clocks, and who is nobody's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from joey.web.clockwords import hint_of_offset, words_of_drift, words_of_offset
from joey.web.tiles import infant_of, is_heard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from joey.store.records import Association, InfantView
    from joey.web.devices import Device
    from joey.web.screens import Screen

__all__ = ["asked_of", "rows_of_beds"]


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


def asked_of(
    associations: Sequence[Association],
    screens: Mapping[str, Screen],
    infant_at: Callable[[str], InfantView | None],
    now_ns: int,
    zone: str,
) -> dict[str, list[dict[str, Any]]]:
    """Return the streams that wait for a person to say whose they are, and those that did.

    Parameters
    ----------
    associations : sequence of Association
        Those that stand.
    screens : mapping of str to Screen
        By bed.
    infant_at : callable
        Who lies in a bed.
    now_ns : int
        The host's time. [ns UTC]
    zone : str
        Of the unit.

    Returns
    -------
    dict of str to list of dict
        A row each: ``unassigned`` and ``confirmed``.
    """
    return {
        "unassigned": _unassigned_of(associations, screens, infant_at, now_ns, zone),
        "confirmed": _confirmed_of(associations, screens, infant_at, now_ns, zone),
    }


def _unassigned_of(
    associations: Iterable[Association],
    screens: Mapping[str, Screen],
    infant_at: Callable[[str], InfantView | None],
    now_ns: int,
    zone: str,
) -> list[dict[str, Any]]:
    """Return a row of each that waits.

    One that says nothing any more waits for nobody, unless its bed's page sends people here.
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
                **_row_of(each, device, infant, now_ns, zone),
                "says": "" if device is None else device.says,
                "named": device is not None and device.named,
                "why": each.reason,
                "silent": not heard,
                "lastAt": None if device is None or heard else device.received_ns / 1e6,
            }
        )
    return rows


def _confirmed_of(
    associations: Iterable[Association],
    screens: Mapping[str, Screen],
    infant_at: Callable[[str], InfantView | None],
    now_ns: int,
    zone: str,
) -> list[dict[str, Any]]:
    rows = []
    for each in associations:
        infant = infant_at(each.bed)
        if not each.confirmed or infant is None or each.infant != infant.id:
            continue
        screen = screens.get(each.bed)
        device = None if screen is None else screen.device(each.stream)
        rows.append(_row_of(each, device, infant, now_ns, zone))
    return rows


def _row_of(
    each: Association, device: Device | None, infant: InfantView | None, now_ns: int, zone: str
) -> dict[str, Any]:
    return {
        "bed": each.bed,
        "stream": each.stream,
        "device": "" if device is None else device.key.device,
        "infant": None if infant is None else infant_of(infant, now_ns, zone)["name"],
        "infantId": None if infant is None else infant.id,
    }

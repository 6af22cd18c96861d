"""What came long after it was measured: where it lies, how far it is read, and how that is said.

A monitor, or a gateway, that was cut off sends all that it kept at once, and after a restart the
analysis reads again what came meanwhile. The pages hear the journal's end long before the analysis
does, so they know the device's clock when the archive has still that of the first message.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from joey.people import stream_id
from joey.web.arrivals import FAR_NS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from joey.store.archive import StreamRow
    from joey.store.records import BedView
    from joey.web.devices import Device
    from joey.web.screens import Screen
    from joey.web.told import Told

__all__ = ["BACKLOG_NS", "comes_yet", "data_from", "laid", "reading_from", "words_of_analysis"]

NS = 1_000_000_000
BACKLOG_NS = NS  # ns, by which an offset falls only as what was kept back has come
NS_PER_MS = 1_000_000
BEGINS_NS = 60 * NS  # ns; a hold that begins by less before the data begins with them
STILL = frozenset({"starting", "behind"})  # of `Told.silence`: what there is will be read


def laid(row: StreamRow, screen: Screen | None) -> StreamRow:
    """Return a stream as the pages lay it on the host's clock.

    Parameters
    ----------
    row : StreamRow
        As the archive has it: its offset is that of the message to which its analysis has come.
    screen : Screen or None
        Of its bed.
    """
    device = None if screen is None else screen.device(stream_id(row.key, 0))
    if device is None or row.closed_ns is not None or device.board.clock.steps:
        return row
    ahead = row.offset_ns - device.offset_ns > BACKLOG_NS
    return replace(row, offset_ns=device.offset_ns) if ahead else row


def reading_from(told: Told, screen: Screen | None, bed: str, whose: Collection[str] | None) -> int:
    """Return from when on a bed's data are still to be read; 0 where all are. [ns UTC]

    0 also where that is not known: the pages must have heard what is to be read, and some messages
    as time goes by, to know how far the clocks are off. A monitor of which all is read, as of one
    that was unplugged, does not count.
    """
    ends = [
        device.arrivals.measured_ns(read_ns)
        for device, read_ns in _unread(told, screen, bed, whose)
    ]
    return min(ends, default=0)


def comes_yet(
    told: Told, screen: Screen | None, bed: str, whose: Collection[str] | None, until_ns: int
) -> bool:
    """Return whether what a bed's monitors sent until a time is surely still to be read.

    Parameters
    ----------
    told : Told
        How far the analysis is.
    screen : Screen or None
        The bed's.
    bed : str
        Its key.
    whose : collection of str or None
        The streams that count, None for all.
    until_ns : int
        By the host's clock. [ns UTC]
    """
    return any(
        (device.arrivals.measured_ns(read_ns) or max(read_ns, device.heard_ns)) <= until_ns
        for device, read_ns in _unread(told, screen, bed, whose)
    )


def _unread(
    told: Told, screen: Screen | None, bed: str, whose: Collection[str] | None
) -> Iterator[tuple[Device, int]]:
    """Yield the monitors of which not all is read, and when what was read last was received."""
    if screen is None or told.silence(bed, screen.received_ns)[0] not in STILL:
        return
    for device in screen.devices.values():
        read_ns = told.read_ns(device.key.source, bed)
        if device.received_ns > read_ns and (whose is None or device.stream in whose):
            yield device, read_ns


def words_of_analysis(
    told: Told,
    screen: Screen | None,
    whose: Collection[str] | None,
    now_ns: int,
    clock: Callable[[int], str],
) -> str:
    """Return what of a bed is not being looked at; empty where all is, or nothing is sent.

    Parameters
    ----------
    told : Told
        How far the analysis is.
    screen : Screen or None
        The bed's.
    whose : collection of str or None
        The streams that are shown, None for all.
    now_ns : int
        The host's time. [ns UTC]
    clock : callable
        Returns a time in words.
    """
    if screen is None or not screen.received_ns:
        return ""
    arriving_ns = screen.arriving(now_ns)
    if arriving_ns is not None:
        return "earlier data arrive" + (f", at {clock(arriving_ns)}" if arriving_ns else "")
    why, since = told.silence(screen.bed, screen.received_ns)
    if why == "down":
        return f"not monitoring since {clock(since)}"
    if why == "behind":
        reached = reading_from(told, screen, screen.bed, whose)
        if 0 < reached < now_ns - FAR_NS:
            return f"reading earlier data, at {clock(reached)}"
        return f"analysis catching up, at {clock(since)}"
    return "analysis starting" if why else ""


def data_from(told: Told, record: BedView | None, whose: Collection[str] | None) -> int | None:
    """Return when a bed's data begin, where the hold that runs began before them; else None.

    Parameters
    ----------
    told : Told
        Its streams.
    record : BedView or None
        Who lies there, and the holds. Where the infant lay before, its report looks as well.
    whose : collection of str or None
        The streams that are shown, None for all.

    Returns
    -------
    int or None
        By the host's clock. [ms UTC]
    """
    if record is None or record.running is None:
        return None
    start_ns = round(record.running.start * NS)
    begins = told.opened(record.key, whose)
    return begins // NS_PER_MS if start_ns < begins - BEGINS_NS else None

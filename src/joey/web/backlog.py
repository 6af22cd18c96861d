"""What came long after it was measured: where it lies, how far it is read, and how that is said.

A monitor, or a gateway, that was cut off sends all that it kept at once, and after a restart the
analysis reads again what came meanwhile. The pages hear the journal's end long before the analysis
does, so they know the device's clock when the archive has still that of the first message.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from joey.errors import ProtocolError
from joey.people import stream_id, stream_key
from joey.sources.hl7 import header_of, location_of, read_message
from joey.store.journal import shard_of
from joey.web.arrivals import FAR_NS
from joey.web.devices import stamps_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from joey.sources.hl7 import Message, Observations
    from joey.store.archive import StreamRow
    from joey.store.journal import Journal
    from joey.store.records import BedView
    from joey.web.devices import Device
    from joey.web.screens import Screen
    from joey.web.told import Told

__all__ = ["BACKLOG_NS", "comes_yet", "data_from", "laid", "reach_back", "reading_from"]
__all__ += ["words_of_analysis"]

NS = 1_000_000_000
BACKLOG_NS = NS  # ns, by which an offset falls only as what was kept back has come
NS_PER_MS = 1_000_000
BEGINS_NS = 60 * NS  # ns; a hold that begins by less before the data begins with them
LOOKED_AT, FAR_ON = 64, 4096  # entries that are looked at, and until how far, for one of a bed
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


def reach_back(
    told: Told,
    journal: Journal,
    screen: Screen,
    observed: Callable[[Message, str], Observations],
) -> None:
    """Let a bed's monitors know of what is read now when it was measured.

    Who has heard it come knows. Pages that were started after that look at the one message.

    Parameters
    ----------
    told : Told
        How far the analysis is.
    journal : Journal
        With what it reads.
    screen : Screen
        Of the bed.
    observed : callable
        Returns what a message of a source says.
    """
    for device, read_ns in _unread(told, screen, screen.bed, None):
        if device.board.clock.steps or not device.arrivals.asks(read_ns):
            continue
        at_ns = _measured(told, journal, device, observed)
        if at_ns:
            device.arrivals.take_earlier(read_ns, at_ns)


def _measured(
    told: Told, journal: Journal, device: Device, observed: Callable[[Message, str], Observations]
) -> int:
    """Return the newest stamp of a monitor's message that is read next; 0: none is near. [ns]"""
    source, bed = device.key.source, device.key.bed
    seq, shards = told.read_seq(source, bed), {shard_of(source, bed)}
    near = journal.read(seq - 1, limit=LOOKED_AT, shards=shards, kinds={"hl7"}, upto=seq + FAR_ON)
    for entry in near:
        if entry.source != source or entry.state != "accepted":
            continue
        try:
            message = read_message(entry.payload)
            mine = location_of(message).key == bed and header_of(message).event.startswith("ORU")
            found = observed(message, source) if mine else None
        except ProtocolError:
            continue  # intake has it in quarantine, with the reason
        if found is not None and stream_key(source, found) == device.key:
            return max(stamps_of(found), default=0)
    return 0


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

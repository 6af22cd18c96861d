"""One bed's monitor: a piece of its infant every second, in its dialect, with its dirt."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from joey.simulate.ward.blocks import NS, RATES
from joey.simulate.ward.encode import ABSENT, Piece, Reading, Strip, encode, stamp
from joey.simulate.ward.links import Letter
from joey.simulate.ward.story import at_time

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import tzinfo

    from joey.simulate.ward.blocks import Block
    from joey.simulate.ward.dirt import Dirt, MonitorClock
    from joey.simulate.ward.encode import Dialect
    from joey.simulate.ward.infants import Infants
    from joey.simulate.ward.links import Link
    from joey.simulate.ward.people import Bed
    from joey.simulate.ward.story import Story

__all__ = ["HostTime", "Monitor", "cut_piece", "run_monitor", "share"]

LONG_S = 8  # s in one message of a monitor that is behind; from 10 s on its clock would seem set
BEHIND_S = 5  # s; from here on messages are long
IN_FLIGHT = 4  # long messages that wait for acknowledgement
LATE_S = 15  # s for which a late message is kept back
OXIMETRY = ("pleth", "spo2", "pulse_rate")
JOINED_S = 5  # s of messages that come in one packet


@dataclass(frozen=True, slots=True)
class HostTime:
    """The host's time, as the server sees it, and how much faster it runs than a wall's."""

    now_ns: Callable[[], int]
    speed: float = 1.0

    async def reach(self, at_ns: int) -> None:
        """Sleep until a time. [ns UTC]"""
        ahead = at_ns - self.now_ns()
        if ahead > 0:
            await asyncio.sleep(ahead / NS / self.speed)


@dataclass(frozen=True, slots=True)
class Monitor:
    """What a monitor is.

    Parameters
    ----------
    index : int
        Of its bed, from 0 on.
    bed : Bed
        Where it stands.
    dialect : Dialect
        How it writes.
    clock : MonitorClock
        What its clock shows.
    zone : tzinfo
        Of its clock.
    dirt : tuple of Dirt
        What goes wrong at it.
    link : Link
        Its connection.
    phase_ns : int
        How long after a whole second it sends. [ns]
    label : str
        What its control ids begin with.
    """

    index: int
    bed: Bed
    dialect: Dialect
    clock: MonitorClock
    zone: tzinfo
    dirt: tuple[Dirt, ...]
    link: Link
    phase_ns: int
    label: str


def cut_piece(block: Block, at_ns: int, seconds: int, clock: MonitorClock) -> Piece:
    """Return what a monitor measured in whole seconds of a block.

    Parameters
    ----------
    block : Block
        The infant's.
    at_ns : int
        From when on, on a whole second of the block. [ns UTC, of the host]
    seconds : int
        How many.
    clock : MonitorClock
        The monitor's, in whose time the piece is.
    """
    first_s = (at_ns - block.plan.start_ns) // NS
    strips = []
    for quantity, fs in RATES.items():
        lo, hi = -int(-first_s * fs // 1), -int(-(first_s + seconds) * fs // 1)
        begin = block.plan.start_ns + round(lo * NS / fs)
        strips.append(Strip(quantity, fs, block.waves[quantity][lo:hi], clock.read(begin)))
    readings = []
    for second in range(first_s, first_s + seconds):
        shown = clock.read(block.plan.start_ns + second * NS)
        for quantity, counts in block.numbers.items():
            count = int(counts[second])
            value = float("nan") if count == ABSENT else count * block.scales[quantity]
            readings.append(Reading(quantity, value, shown))
    end = clock.read(at_ns + seconds * NS)
    return Piece(clock.read(at_ns), end, tuple(readings), tuple(strips))


@dataclass(slots=True)
class _Outbox:
    """What a monitor keeps back for a while."""

    number: int = 0
    joined: list[Letter] = field(default_factory=list)
    late: list[tuple[int, Letter]] = field(default_factory=list)
    down: bool = False


async def run_monitor(
    monitor: Monitor,
    infants: Infants,
    story: Story,
    time: HostTime,
    begin_ns: int,
    live_ns: int,
    tell: Callable[[str, dict[str, object]], None],
) -> None:
    """Send what a monitor measures, for ever.

    Parameters
    ----------
    monitor : Monitor
        Which.
    infants : Infants
        Their bodies.
    story : Story
        Who lies there.
    time : HostTime
        The host's time.
    begin_ns, live_ns : int
        From when on, and from when on there is dirt; two monitors are two from the beginning.
        [ns UTC]
    tell : callable
        Is told of dirt.
    """
    outbox = _Outbox()
    two = any(each.kind == "two monitors" for each in monitor.dirt)
    at = begin_ns
    while True:
        await time.reach(at + NS + monitor.phase_ns)
        behind_s = (time.now_ns() - at) // NS
        seconds = 1 if behind_s < BEHIND_S or at >= live_ns else min(behind_s, LONG_S)
        infant = at_time(story.lying[monitor.index], at)
        if infant is None:
            at += NS
            continue
        block = await infants.block(infant, at)
        seconds = max(1, min(seconds, (block.plan.end_ns - at) // NS, (live_ns - at) // NS))
        piece = cut_piece(block, at, seconds, monitor.clock)
        since_s = (at - live_ns) / NS
        if two:
            _send_oximetry(monitor, outbox, piece, story, at)
            piece = share(piece, oximeter=False)
        _send(monitor, outbox, piece, story, at, since_s, tell)
        at += seconds * NS
        if at < live_ns:
            await monitor.link.drain(IN_FLIGHT)


def _send(
    monitor: Monitor,
    outbox: _Outbox,
    piece: Piece,
    story: Story,
    at: int,
    since_s: float,
    tell: Callable[[str, dict[str, object]], None],
) -> None:
    """Encode a piece and put it into the link, or keep it back, as the dirt of this second is."""
    dirt = {each.kind: each for each in monitor.dirt if each.holds(since_s)}
    now = {
        kind
        for kind, each in dirt.items()
        if int(since_s) % int(each.every_s or 1) < (JOINED_S if kind == "joined packets" else 1)
    }
    letter = _write(monitor, outbox, piece, story, at, now)
    link = monitor.link

    def note(kind: str) -> None:
        fact = {"kind": kind, "bed": monitor.bed.key, "host_ns": at}
        tell("dirt", {**fact, "control_id": letter.control_id})

    _break(link, outbox, now, since_s, note)
    for due, kept in [*outbox.late]:
        if at >= due:
            outbox.late.remove((due, kept))
            link.put(kept)
    if "late messages" in now:
        note("late messages")
        outbox.late.append((at + LATE_S * NS, letter))
    elif "joined packets" in now:
        outbox.joined.append(letter._replace(joined=True))
        if len(outbox.joined) == JOINED_S:
            note("joined packets")
            for each in outbox.joined:
                link.put(each)
            outbox.joined.clear()
    else:
        link.put(letter)
    if "duplicates" in now:
        note("duplicates")
        link.put(letter)


def share(piece: Piece, *, oximeter: bool) -> Piece:
    """Return what an oximeter beside the monitor of the heart measures of a piece, or the rest."""
    return replace(
        piece,
        readings=tuple(e for e in piece.readings if (e.quantity in OXIMETRY) is oximeter),
        strips=tuple(e for e in piece.strips if (e.quantity in OXIMETRY) is oximeter),
    )


def _send_oximetry(monitor: Monitor, outbox: _Outbox, piece: Piece, story: Story, at: int) -> None:
    """Send what the oximeter measures, which is a monitor of its own, without dirt."""
    bed = replace(monitor.bed, device=f"{monitor.bed.device[:-6]}F{monitor.bed.device[-5:]}")
    oximeter = replace(monitor, bed=bed)
    monitor.link.put(_write(oximeter, outbox, share(piece, oximeter=True), story, at, set()))


def _write(
    monitor: Monitor, outbox: _Outbox, piece: Piece, story: Story, at: int, now: set[str]
) -> Letter:
    outbox.number += 1
    control_id = f"{monitor.label}{outbox.number:08d}"
    when = stamp(piece.end_ns, monitor.zone, zoned=monitor.dialect.zoned)
    flow = f"NM|161^FLOW^99VENDOR|9.9|3.2|L/min|||||R|||{when}"
    message = encode(
        monitor.dialect,
        piece,
        monitor.bed,
        at_time(story.entered[monitor.index], at),
        control_id,
        zone=monitor.zone,
        flag="DEMO" if "demo rows" in now else "",
        unknown=(flow,) if "unknown code" in now else (),
    )
    return Letter(control_id, message, "split packets" in now, nulls="null bytes" in now)


def _break(
    link: Link, outbox: _Outbox, now: set[str], since_s: float, note: Callable[[str], None]
) -> None:
    """Cut or mend the link."""
    if ("outage" in now) != outbox.down:
        outbox.down = not outbox.down
        note("outage begins" if outbox.down else "outage ends")
        if outbox.down:
            link.cut(stay_down=True)
        else:
            link.restore()
    if since_s > 0 and "reconnects" in now:
        note("reconnects")
        link.cut()

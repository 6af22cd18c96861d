"""What goes wrong between a monitor and whoever listens: which beds, what, and when."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DIRT", "Dirt", "MonitorClock", "clocks_of", "dirt_of"]

NS = 1_000_000_000
WRAP_NS = 2**32 * 1_000_000  # a counter of 32 bits that counts milliseconds begins anew


@dataclass(frozen=True, slots=True)
class Dirt:
    """One kind of dirt at one bed.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    bed : int
        Number of the bed, from 1 on.
    start_s, end_s : float
        From the moment the ward goes live. [s]
    every_s : float
        How often within this time; 0: all the time. [s]
    """

    kind: str
    bed: int
    start_s: float = 0.0
    end_s: float = float("inf")
    every_s: float = 0.0

    def holds(self, since_s: float) -> bool:
        """Whether it is so, so long after the ward went live. [s]"""
        return self.start_s <= since_s < self.end_s


KINDS = {
    "split packets": "a message comes in three packets",
    "joined packets": "several messages come in one packet",
    "null bytes": "zeros between frames",
    "duplicates": "a message is sent twice, as by a monitor that missed the answer",
    "late messages": "a message is kept back and sent 15 s later, after newer ones",
    "reconnects": "the connection is closed and made anew",
    "outage": "the link is out; what was measured meanwhile comes at once, when it is back",
    "clock offset": "the monitor's clock is ahead",
    "clock drift": "the monitor's clock is fast",
    "clock wrap": "the monitor's counter of 32 bits begins anew: 49.7 days back",
    "clock hour": "somebody sets the monitor's clock an hour back",
    "demo rows": "the monitor shows its own demonstration: OBX-8 is DEMO",
    "unknown code": "a number that no table knows",
    "one identifier": "the monitor has a record number, but neither name nor birth date",
    "another patient": "the monitor still has the name and number of who was there before",
    "two monitors": "the oximeter is a monitor of its own, on the same connection",
}
# By bed. The first beds have little of it, so that a small ward is not a museum of faults.
DIRT = (
    Dirt("split packets", 1),
    Dirt("unknown code", 2),
    Dirt("duplicates", 3, every_s=45),
    Dirt("clock offset", 5),
    Dirt("joined packets", 6, every_s=30),
    Dirt("null bytes", 7),
    Dirt("late messages", 8, every_s=60),
    Dirt("reconnects", 9, every_s=120),
    Dirt("outage", 10, 120, 140),
    Dirt("clock drift", 11),
    Dirt("clock wrap", 12, 240),
    Dirt("clock hour", 13, 360),
    Dirt("demo rows", 14, 180, 240),
    Dirt("one identifier", 15),
    Dirt("another patient", 16),
    Dirt("outage", 17, 600, 700),
    Dirt("two monitors", 18),
)
OFFSET_NS = 95 * NS
DRIFT_PPM = 200.0


@dataclass(frozen=True, slots=True)
class MonitorClock:
    """A monitor's clock against the host's.

    Parameters
    ----------
    zero_ns : int
        Host time from which it drifts. [ns UTC]
    offset_ns : int
        How far it is ahead. [ns]
    drift_ppm : float
        How much faster it runs. [1e-6]
    steps : tuple of (int, int)
        Host time of a step, and how far the clock jumps. [ns UTC, ns]
    """

    zero_ns: int
    offset_ns: int = 0
    drift_ppm: float = 0.0
    steps: tuple[tuple[int, int], ...] = ()

    def read(self, host_ns: int) -> int:
        """Return what the clock shows at a host time. [ns UTC]"""
        shown = host_ns + self.offset_ns + round((host_ns - self.zero_ns) * self.drift_ppm * 1e-6)
        return shown + sum(size for at, size in self.steps if host_ns >= at)


def dirt_of(beds: int, *, on: bool) -> tuple[Dirt, ...]:
    """Return the dirt of a ward of so many beds; without any where it is not `on`."""
    return tuple(each for each in DIRT if each.bed <= beds) if on else ()


def clocks_of(beds: int, dirt: tuple[Dirt, ...], live_ns: int) -> tuple[MonitorClock, ...]:
    """Return the clock of each bed's monitor: a little wrong, and some very wrong.

    Parameters
    ----------
    beds : int
        How many.
    dirt : tuple of Dirt
        As of `dirt_of`.
    live_ns : int
        When the ward goes live. [ns UTC]
    """
    found: list[MonitorClock] = []
    for bed in range(1, beds + 1):
        # Some tenths of a second off and some ppm fast or slow, as set by hand or by the network.
        offset, drift = (bed * 37 % 19 - 9) * 80_000_000 * bool(dirt), float(bed * 13 % 21 - 10)
        steps: list[tuple[int, int]] = []
        for each in dirt:
            if each.bed != bed:
                continue
            if each.kind == "clock offset":
                offset = OFFSET_NS
            elif each.kind == "clock drift":
                drift = DRIFT_PPM
            elif each.kind == "clock wrap":
                steps.append((live_ns + round(each.start_s * NS), -WRAP_NS))
            elif each.kind == "clock hour":
                steps.append((live_ns + round(each.start_s * NS), -3600 * NS))
        found.append(MonitorClock(live_ns, offset, drift * bool(dirt), tuple(steps)))
    return tuple(found)

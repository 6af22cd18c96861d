"""What the screen of one bed shows: numbers with their state, lost signals, the last seconds.

A number is live, late, absent or invalid, and never the last one at full brightness (Law 7). A
signal that is lost is said to be lost, with the time; why, nobody here knows.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from joey.live.clocks import ClockState, Course, DeviceClock
from joey.live.joining import Joiner
from joey.quality import possible
from joey.signals import NS

if TYPE_CHECKING:
    from fractions import Fraction

    from numpy.typing import NDArray

    from joey.live.facts import Chunk
    from joey.signals import Channel
    from joey.sources.hl7.types import Numeric, Observations

__all__ = ["BedView", "Board", "Lost", "Number", "Strip"]

STRIP_S = 12.0  # s of each wave that are kept for drawing
LOST_S = 5.0  # s without a measured sample or any message, from which a signal or a link is lost
NO_DATA_S = 30.0  # s after which a number is gone
LATE_INTERVALS = 2.0  # update intervals, after which a number is late
GONE_INTERVALS = 3.0  # update intervals, until which the number of a slow source is not gone
FIRST_S = 1.0  # s, the update interval until one is seen
USUAL = 5  # intervals that make the usual one
FORGET_S = 24 * 3600.0  # s without a value or sample, after which a channel is shown no more
NAMES = {"ecg": "ECG", "resp": "breathing signal", "pleth": "pleth"}
LIVE, LATE, NO_DATA, INVALID = "live", "late", "no data", "invalid"


@dataclass(frozen=True, slots=True)
class Number:
    """One number of the screen.

    Parameters
    ----------
    channel : Channel
        What it is of; its unit is that of `value`.
    value : float
        NaN unless it is live or late: what is gone is not shown.
    state : str
        ``live``; ``late`` (older than two update intervals); ``no data`` (older than 30 s, or three
        update intervals of a slower source); ``invalid`` (the monitor sends that it has none, or
        what cannot be).
    time_ns : int
        When it was measured; of what is gone the last that was. 0: never. [ns UTC, the device's]
    age_s : float
        How old it is, by the clock of the host; NaN where there never was one. [s]
    interval_s : float
        How often it comes. [s]
    aperiodic : bool
        Measured once, such as a cuff's pressure: its age says how long ago.
    """

    channel: Channel
    value: float
    state: str
    time_ns: int
    age_s: float
    interval_s: float
    aperiodic: bool = False


@dataclass(frozen=True, slots=True)
class Lost:
    """A signal that is not measured now.

    Parameters
    ----------
    quantity, name : str
        ``ecg``, and for people ``ECG``.
    since_ns : int
        Its last measured sample, by the host's clock. [ns UTC]
    """

    quantity: str
    name: str
    since_ns: int

    def words(self, clock: str) -> str:
        """Return what is said of it: that it is lost and since when, never why.

        Parameters
        ----------
        clock : str
            `since_ns` as the unit's clock showed it: ``14:02``.
        """
        return f"No {self.name} since {clock}. Look at the infant and the bedside monitor."


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """Some samples of one wave, to be drawn after those before: value = counts x scale + offset.

    Parameters
    ----------
    cursor : int
        Its number; later strips have larger ones.
    wave : int
        Number of the signal on this board; a new rate or scale is a new one.
    channel : Channel
        What it is of.
    fs : Fraction
        Sampling frequency. [Hz]
    start_ns : int
        Time of the first sample, on the signal's grid. [ns UTC, the device's]
    first : int
        Index of the first sample on the signal's grid: what lies between two strips is missing.
    counts : ndarray of int16 or int32, shape (n,)
        The samples.
    runs : ndarray of int64, shape (k, 2)
        Index ranges that were measured.
    scale, offset : float
        From counts to values.
    """

    cursor: int
    wave: int
    channel: Channel
    fs: Fraction
    start_ns: int
    first: int
    counts: NDArray[np.integer]
    runs: NDArray[np.int64]
    scale: float
    offset: float


@dataclass(frozen=True, slots=True)
class BedView:
    """What a bed's screen shows at one time.

    Parameters
    ----------
    bed : str
        `Location.key`.
    at_ns : int
        The time asked for. [ns UTC, the host's]
    numbers : tuple of Number
        In the order in which they first came.
    lost : tuple of Lost
        Waveforms that were there and are not now.
    link_age_s : float
        Since the last message; infinite before the first. [s]
    link_lost : bool
        Whether that is more than 5 s.
    simulated : bool
        Whether what is shown is simulated.
    doubt : str
        Why nothing of it may be taken as a patient's; empty where there is no reason.
    offset_ns : int
        The host's clock minus the device's. [ns]
    measured : frozenset of str
        Quantities of the waveforms that are measured now.
    """

    bed: str
    at_ns: int
    numbers: tuple[Number, ...]
    lost: tuple[Lost, ...]
    link_age_s: float
    link_lost: bool
    simulated: bool
    doubt: str
    offset_ns: int
    measured: frozenset[str] = frozenset()


class _Latest:
    """What is known of one number."""

    __slots__ = (
        "aperiodic",
        "channel",
        "heard_ns",
        "intervals",
        "possible",
        "time_ns",
        "valid",
        "value",
    )

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.possible = possible(channel)
        self.value = math.nan
        self.valid = False
        self.time_ns = 0  # of the last value
        self.heard_ns = 0  # stamp of the last row, with or without a value
        self.aperiodic = False
        self.intervals: deque[int] = deque(maxlen=USUAL)

    def take(self, numeric: Numeric) -> None:
        at = numeric.time_ns
        mends = numeric.status in {"C", "D"}
        if at < self.heard_ns or (at == self.heard_ns and not mends):
            return
        if self.heard_ns and at > self.heard_ns:
            self.intervals.append(at - self.heard_ns)
        self.heard_ns = at
        self.aperiodic = numeric.aperiodic
        low, high = self.possible
        value = math.nan if numeric.status in {"X", "D"} else numeric.value
        self.valid = low <= value <= high
        if self.valid:
            self.value, self.time_ns = value, at

    @property
    def interval_s(self) -> float:
        if not self.intervals:
            return FIRST_S
        return max(sorted(self.intervals)[len(self.intervals) // 2] / NS, FIRST_S)

    def at(self, device_ns: int) -> Number:
        interval = self.interval_s
        silent = (device_ns - self.heard_ns) / NS
        age = max((device_ns - self.time_ns) / NS, 0.0) if self.time_ns else math.nan
        if silent > max(NO_DATA_S, GONE_INTERVALS * interval) and not self.aperiodic:
            state = NO_DATA
        elif not self.valid:
            state = INVALID
        elif silent > LATE_INTERVALS * interval and not self.aperiodic:
            state = LATE
        else:
            state = LIVE
        value = self.value if state in {LIVE, LATE} else math.nan
        return Number(self.channel, value, state, self.time_ns, age, interval, self.aperiodic)


class Board:
    """The screen of one monitor at a bed, message by message.

    Parameters
    ----------
    bed : str
        `Location.key`.

    Notes
    -----
    A board is of one stream and not of one infant: a page shows with it what the records say of who
    lies there. Start a new board for a new stream: nothing of the one before is then shown.
    Memory is one value of each channel and 12 s of each wave.
    """

    def __init__(self, bed: str) -> None:
        self.bed = bed
        self._clock = DeviceClock()
        self._latest: dict[Channel, _Latest] = {}
        self._joiners: dict[Channel, tuple[int, Joiner]] = {}
        self._waves = 0  # signals so far
        self._strips: deque[Strip] = deque()
        self._cursor = 0
        self._measured: dict[str, int] = {}  # by quantity, the end of the last measured sample
        self._received: int | None = None
        self._simulated = False
        self._doubt = ""

    @property
    def cursor(self) -> int:
        """Of the newest strip."""
        return self._cursor

    @property
    def clock(self) -> ClockState:
        """What is known of the device's clock."""
        return self._clock.state

    @property
    def simulated(self) -> bool:
        """Whether the last message was of no infant."""
        return self._simulated

    @property
    def waves(self) -> dict[int, Channel]:
        """The signals of now by number, and what each is of."""
        return {number: channel for channel, (number, _) in self._joiners.items()}

    def take(self, observations: Observations, received_ns: int) -> None:
        """Take a message.

        Parameters
        ----------
        observations : Observations
            What it says.
        received_ns : int
            When it came, by the host's clock. [ns UTC]
        """
        self._received = max(received_ns, self._received or received_ns)
        self._simulated = observations.simulated
        self._doubt = observations.doubt
        ends = [
            wave.start_ns + len(wave.counts) * NS * wave.fs.denominator // wave.fs.numerator
            for wave in observations.waves
        ]
        ends += [each.time_ns for each in observations.numerics if not each.aperiodic]
        course = self._clock.take(received_ns, max(ends)) if ends else Course.FOLLOWS
        if course is Course.STRAY:
            return
        if course is Course.STEPPED:
            self._begin()

        for numeric in observations.numerics:
            latest = self._latest.get(numeric.channel)
            if latest is None:
                latest = self._latest[numeric.channel] = _Latest(numeric.channel)
            latest.take(numeric)
        for wave in observations.waves:
            number, joiner = self._joiners.get(wave.channel, (0, None))
            if joiner is None or not joiner.fits(wave):
                self._waves += 1
                number, joiner = self._waves, Joiner(wave, hold_s=0.0)
                self._joiners[wave.channel] = number, joiner
            for chunk in joiner.take(wave).chunks:
                self._keep(number, chunk)
        self._forget()

    def waves_since(self, cursor: int) -> tuple[int, tuple[Strip, ...]]:
        """Return the newest cursor, and the strips after a cursor: all that are kept for 0.

        Notes
        -----
        Who was away for longer than what is kept sees from the first index that a part is missing.
        """
        if cursor >= self._cursor:
            return self._cursor, ()
        found: list[Strip] = []
        for strip in reversed(self._strips):
            if strip.cursor <= cursor:
                break
            found.append(strip)
        return self._cursor, tuple(reversed(found))

    def view(self, now_ns: int) -> BedView:
        """Return what is shown at a time; changes nothing.

        Parameters
        ----------
        now_ns : int
            By the host's clock. [ns UTC]
        """
        device_ns = self._clock.device_ns(now_ns)
        oldest = device_ns - round(FORGET_S * NS)
        numbers = tuple(
            each.at(device_ns) for each in self._latest.values() if each.heard_ns >= oldest
        )
        lost = tuple(
            Lost(quantity, NAMES[quantity], self._clock.host_ns(end))
            for quantity, end in self._measured.items()
            if device_ns - end > LOST_S * NS and end >= oldest
        )
        measured = frozenset(
            quantity for quantity, end in self._measured.items() if device_ns - end <= LOST_S * NS
        )
        silent = math.inf if self._received is None else max(now_ns - self._received, 0) / NS
        return BedView(
            self.bed, now_ns, numbers, lost, silent, silent > LOST_S, self._simulated, self._doubt,
            self._clock.offset_ns or 0, measured,
        )  # fmt: skip

    def _keep(self, number: int, chunk: Chunk) -> None:
        segment = chunk.segment
        self._cursor += 1
        start_ns = round(segment.grid.time(segment.first) * NS)
        counts = segment.counts
        small = len(counts) and np.abs(counts).max() < 2**15
        self._strips.append(
            Strip(
                self._cursor, number, chunk.channel, segment.grid.fs, start_ns, segment.first,
                counts.astype(np.int16 if small else np.int32), segment.runs, chunk.scale,
                chunk.offset,
            )
        )  # fmt: skip
        quantity = chunk.channel.quantity
        if quantity in NAMES and len(segment.runs):
            end = segment.grid.time(segment.first + int(segment.runs[-1, 1]))
            self._measured[quantity] = max(round(end * NS), self._measured.get(quantity, 0))

    def _forget(self) -> None:
        oldest = self._clock.newest_ns - round(STRIP_S * NS)
        while self._strips and self._strips[0].start_ns < oldest:
            self._strips.popleft()

    def _begin(self) -> None:
        """Begin anew with a clock that was set: what was shown has no age on it."""
        self._joiners.clear()
        self._strips.clear()
        self._measured.clear()
        self._latest.clear()

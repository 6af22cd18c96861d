"""The clock of a device against the host's: offset, drift and steps, from numbers that are given.

A message comes some time after its last sample; the shortest of these times in a minute is taken
for the offset of the clocks. What is left in it, the quickest way through the network, cannot be
told apart from it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum

import numpy as np

from joey.signals import NS

__all__ = ["ROLLOVERS_NS", "ClockState", "Course", "DeviceClock", "rollover_of"]

BUCKET_S = 10  # s, of which the least is kept
BUCKETS = 6  # that make the running minute
MINUTE_BUCKETS = 60  # minutes that the drift is measured over
LEAST_MINUTES = 5  # from which on a drift is told
STRAY_S = 10  # s that a message may be before the newest, or ahead of the clock
FUTURE_S = 60  # s that a leap may end ahead of the host's clock
STEADY_S = 2.0  # s that strays may run apart from the host's clock
STRAYS = 3  # fewest that make a step
ROLLOVERS_NS = (2**32 * 1_000, 2**32 * 1_000_000)  # ns, of a 32-bit count of us and of ms
NEAR_NS = 2 * NS  # ns, that a step may be off a roll-over


@dataclass(frozen=True, slots=True)
class ClockState:
    """What is known of a device's clock.

    Parameters
    ----------
    offset_ns : int or None
        Host minus device; None before the first message. [ns]
    drift_ppm : float
        By how much the device's clock is faster than the host's; NaN where not known. [ppm]
    steps : int
        Steps seen.
    """

    offset_ns: int | None = None
    drift_ppm: float = float("nan")
    steps: int = 0


def rollover_of(step_ns: int) -> int:
    """Return the roll-over of a 32-bit count that a backward step looks like; 0 if none. [ns]"""
    return next((each for each in ROLLOVERS_NS if abs(step_ns + each) <= NEAR_NS), 0)


class Course(Enum):
    """How the time of a message stands to those before it."""

    FOLLOWS = "follows"
    """It goes on, a little early or late."""
    STRAY = "stray"
    """It lies elsewhere: sent again, kept back for long, or the first after a step."""
    STEPPED = "stepped"
    """It and the strays before it go on elsewhere as time goes on: the clock was set."""


class DeviceClock:
    """The running offset of one device's clock, and where its messages go astray.

    Notes
    -----
    Ten seconds of strays that go on as the host's time does, and nothing else between, are a step.
    A message that was kept back, or a stamp of nonsense, is a stray and moves nothing.
    """

    def __init__(self) -> None:
        self._least: deque[tuple[int, int]] = deque(maxlen=BUCKETS + 1)
        self._minutes: deque[tuple[int, int]] = deque(maxlen=MINUTE_BUCKETS)
        self._steps = 0
        self._offset: int | None = None
        self._newest = 0
        self._stray: tuple[int, int] | None = None  # received and last of the first of them
        self._strays = 0

    @property
    def offset_ns(self) -> int | None:
        """Host minus device, the least of the last minute; None before the first message. [ns]"""
        return self._offset

    @property
    def newest_ns(self) -> int:
        """The newest stamp that followed. [ns]"""
        return self._newest

    @property
    def state(self) -> ClockState:
        """What is known now."""
        return ClockState(self._offset, self._drift(), self._steps)

    def device_ns(self, host_ns: int) -> int:
        """Return the device's time at a time of the host. [ns]"""
        return host_ns - (self._offset or 0)

    def host_ns(self, device_ns: int) -> int:
        """Return the host's time at a time of the device. [ns]"""
        return device_ns + (self._offset or 0)

    def take(self, received_ns: int, last_ns: int) -> Course:
        """Take when a message came and the stamp of its last sample.

        Parameters
        ----------
        received_ns : int
            By the host's clock. [ns UTC]
        last_ns : int
            By the device's clock. [ns UTC]

        Returns
        -------
        Course
            After ``STEPPED`` all is measured from this message on.
        """
        if self._offset is not None:
            # What was kept back comes faster than time goes, with holes: it may leap, up to now.
            ahead = last_ns - self.device_ns(received_ns) > STRAY_S * NS
            ahead = ahead and last_ns - received_ns > FUTURE_S * NS
            if ahead or last_ns < self._newest - STRAY_S * NS:
                if not self._goes_on(received_ns, last_ns):
                    return Course.STRAY
                self._steps += 1
                self._least.clear()
                self._minutes.clear()
                self._begin(received_ns, last_ns)
                return Course.STEPPED
        self._begin(received_ns, last_ns)
        return Course.FOLLOWS

    def _goes_on(self, received_ns: int, last_ns: int) -> bool:
        """Whether this stray and those before it run as a clock does, for long enough."""
        if self._stray is not None:
            since, first = self._stray
            passed = received_ns - since
            if abs(last_ns - first - passed) <= STEADY_S * NS:
                self._strays += 1
                return self._strays >= STRAYS and passed >= STRAY_S * NS
        self._stray, self._strays = (received_ns, last_ns), 1
        return False

    def _begin(self, received_ns: int, last_ns: int) -> None:
        stepped = not self._least
        self._newest = last_ns if stepped else max(self._newest, last_ns)
        self._stray, self._strays = None, 0
        apart = received_ns - last_ns
        bucket = received_ns // (BUCKET_S * NS)
        least = self._least
        if least and bucket - least[-1][0] >= BUCKETS:
            # After a silence what was kept back comes first: the offset from before still holds.
            least.append((bucket, min(value for _, value in least)))
        if not least or bucket > least[-1][0]:
            least.append((bucket, apart))
        elif apart < least[-1][1]:
            least[-1] = least[-1][0], apart
        while bucket - least[0][0] >= BUCKETS:
            least.popleft()
        self._offset = min(value for _, value in least)
        minute = received_ns // (60 * NS)
        minutes = self._minutes
        if minutes and minutes[-1][0] == minute:
            minutes[-1] = minute, min(minutes[-1][1], apart)
        else:
            minutes.append((minute, apart))

    def _drift(self) -> float:
        rows = list(self._minutes)[:-1]  # the last one is not over
        if len(rows) < LEAST_MINUTES:
            return float("nan")
        at = np.array([minute for minute, _ in rows], dtype=np.float64) * 60.0
        apart = np.array([value - rows[0][1] for _, value in rows], dtype=np.float64) / NS
        at -= at.mean()
        # A device that is fast stamps later: what lies between falls.
        return float(-1e6 * np.dot(at, apart - apart.mean()) / np.dot(at, at))

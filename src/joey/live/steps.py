"""Where a device's clock was set: messages that wait for it to be known of what time they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from joey.live.clocks import STRAY_S, Course, DeviceClock, rollover_of
from joey.live.facts import Chunk, Late, Note
from joey.signals import NS, Grid, Segment

if TYPE_CHECKING:
    from collections.abc import Iterable

    from joey.live.facts import Heard
    from joey.sources.hl7.types import Observations

__all__ = ["Passed", "Steps", "lay_apart"]

MOST_STRAYS = 1024  # messages that may wait for it to be known whether a clock was set


@dataclass(frozen=True, slots=True)
class Passed:
    """What a message says of its stream's time, and of the messages that waited.

    Parameters
    ----------
    follows : bool
        Whether the message is of the stream's time.
    last_ns : int or None
        Stamp of its last sample or value; None of none. [ns UTC, the device's]
    behind, ahead : tuple of Observations
        Messages that waited and are no step: late or double, or of no known time.
    newest_ns : int
        The newest stamp that followed, by which they were told apart. [ns UTC, the device's]
    step : Note or None
        The step or roll-over with which the stream ends.
    begins : tuple of Heard
        The messages with which another begins then; the last is the one that was taken.
    """

    follows: bool
    last_ns: int | None
    newest_ns: int
    behind: tuple[Observations, ...] = ()
    ahead: tuple[Observations, ...] = ()
    step: Note | None = None
    begins: tuple[Heard, ...] = ()


class Steps:
    """The clock of one stream's device, and its messages that wait.

    Whoever works on the stream takes each message here first; it may be handed on to another.
    """

    def __init__(self) -> None:
        self.clock = DeviceClock()
        self._strays: list[Heard] = []
        self._seq = -1
        self._passed = Passed(follows=False, last_ns=None, newest_ns=0)

    @property
    def is_astray(self) -> bool:
        """Whether messages wait for it to be known of what time they are."""
        return bool(self._strays)

    def take(self, heard: Heard) -> Passed:
        """Take a message; one that was taken last is told again, and changes nothing."""
        if heard.seq != self._seq:
            self._passed = self._pass(heard)
            self._seq = heard.seq
        return self._passed

    def finish(self) -> Passed:
        """Let all go that wait: nothing will come."""
        return self._let_go(self.clock.newest_ns, follows=False)

    def _pass(self, heard: Heard) -> Passed:
        last = _last_ns(heard.observations)
        newest = self.clock.newest_ns
        if last is None:  # while others wait, it is of the time that turns out to be true
            if self._strays:
                return self._wait(heard, last)
            return Passed(follows=True, last_ns=last, newest_ns=newest)
        expected = self.clock.device_ns(heard.received_ns)
        course = self.clock.take(heard.received_ns, last)
        if course is Course.STRAY:
            return self._wait(heard, last)
        if course is Course.STEPPED:
            return self._end(heard, last, expected, newest)
        return self._let_go(self.clock.newest_ns, follows=True, last_ns=last)

    def _wait(self, heard: Heard, last_ns: int | None) -> Passed:
        self._strays.append(heard)
        gone = self._strays[:1] if len(self._strays) > MOST_STRAYS else []
        del self._strays[: len(gone)]
        return _parted(gone, self.clock.newest_ns, follows=False, last_ns=last_ns)

    def _let_go(self, newest_ns: int, *, follows: bool, last_ns: int | None = None) -> Passed:
        gone, self._strays = self._strays, []
        return _parted(gone, newest_ns, follows=follows, last_ns=last_ns)

    def _end(self, heard: Heard, last_ns: int, expected_ns: int, newest_ns: int) -> Passed:
        """Part the messages that wait: those from where all are of the new time begin another."""
        step_ns = last_ns - expected_ns
        kind = "rollover" if rollover_of(step_ns) else "step"
        strays, self._strays = self._strays, []
        first = len(strays)
        for k in range(first - 1, -1, -1):
            last = _last_ns(strays[k].observations)
            if last is None:
                continue  # it is of the time of those around it
            apart = (last_ns - last) - (heard.received_ns - strays[k].received_ns)
            if abs(apart) > STRAY_S * NS:
                break
            first = k
        return _parted(
            strays[:first],
            newest_ns,
            follows=False,
            last_ns=last_ns,
            step=Note(kind, expected_ns, float(step_ns)),
            begins=(*strays[first:], heard),
        )


def _parted(
    gone: Iterable[Heard],
    newest_ns: int,
    *,
    follows: bool,
    last_ns: int | None,
    step: Note | None = None,
    begins: tuple[Heard, ...] = (),
) -> Passed:
    """Part strays that are no step: what is behind is late or double, what is ahead is apart."""
    parts: tuple[list[Observations], list[Observations]] = [], []
    for each in gone:
        last = _last_ns(each.observations)
        parts[last is not None and last >= newest_ns].append(each.observations)
    behind, ahead = map(tuple, parts)
    return Passed(follows, last_ns, newest_ns, behind, ahead, step, begins)


def _last_ns(observations: Observations) -> int | None:
    """Return the stamp of a message's last sample or value; None of none."""
    ends = [
        wave.start_ns + len(wave.counts) * NS * wave.fs.denominator // wave.fs.numerator
        for wave in observations.waves
    ]
    ends += [each.time_ns for each in observations.numerics if not each.aperiodic]
    return max(ends, default=None)


def lay_apart(observations: Observations) -> list[Late]:
    """Return what a message of no known time holds, on grids of its own."""
    found = []
    for wave in observations.waves:
        segment = Segment(Grid(wave.start_ns, wave.fs), 0, wave.counts, wave.valid_runs)
        chunk = Chunk(wave.channel, segment, wave.scale, wave.offset)
        end_ns = round(segment.span.end * NS)
        found.append(Late(wave.channel, wave.start_ns, end_ns, chunk, "stray"))
    return found

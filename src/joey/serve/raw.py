"""A stream whose analysis has ended by a bug: its samples and values are joined all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from joey.live.facts import Facts, Heard
from joey.live.joining import Joined, Joiner, NumericJoiner
from joey.live.steps import lay_apart

if TYPE_CHECKING:
    from joey.live.steps import Passed, Steps
    from joey.signals import Channel
    from joey.sources.hl7.types import Observations

__all__ = ["RawStream"]


class RawStream:
    """Joins what comes, for the archive alone; nothing is found in it.

    Parameters
    ----------
    stream : str
        Its name.
    steps : Steps
        Its device's clock, as whoever worked on it before knows it.
    """

    def __init__(self, stream: str, steps: Steps) -> None:
        self._stream = stream
        self._steps = steps
        self._waves: dict[Channel, Joiner] = {}
        self._numerics: dict[Channel, NumericJoiner] = {}

    def take(self, heard: Observations, seq: int, received_ns: int) -> Facts:
        """Take a message; return what it lets be joined.

        With `Facts.begins` the device's clock was set, as of `joey.live.Monitor.take`.
        """
        passed = self._steps.take(Heard(heard, seq, received_ns))
        found = self._let_go(passed)
        if passed.follows:
            found += self._join(heard)
        return self._facts(found, seq, passed)

    def finish(self, seq: int) -> Facts:
        """Return all that waits; nothing will come."""
        passed = self._steps.finish()
        return self._facts([*self._let_go(passed), *self._end()], seq, passed)

    def hand_on(self, seq: int) -> Facts:
        """Return what joiners wait for; messages that wait are for who works on from here."""
        return self._facts(self._end(), seq)

    def _let_go(self, passed: Passed) -> list[Joined]:
        return [joined for each in passed.behind for joined in self._join(each)]

    def _end(self) -> list[Joined]:
        waves = [joiner.finish() for joiner in self._waves.values()]
        return [*waves, *(each.finish() for each in self._numerics.values())]

    def _join(self, heard: Observations) -> list[Joined]:
        found: list[Joined] = []
        for wave in heard.waves:
            joiner = self._waves.get(wave.channel)
            if joiner is None or not joiner.fits(wave):
                if joiner is not None:
                    found.append(joiner.finish())
                joiner = self._waves[wave.channel] = Joiner(wave)
            found.append(joiner.take(wave))
        for numeric in heard.numerics:
            series = self._numerics.get(numeric.channel)
            if series is None:
                series = self._numerics[numeric.channel] = NumericJoiner(numeric.channel)
            found += [series.take(numeric), series.tick(numeric.time_ns)]
        return found

    def _facts(self, found: list[Joined], seq: int, passed: Passed | None = None) -> Facts:
        ahead = () if passed is None else passed.ahead
        step = None if passed is None else passed.step
        return Facts(
            self._stream,
            seq,
            chunks=tuple(chunk for each in found for chunk in each.chunks),
            values=tuple(series for each in found for series in each.series),
            late=(
                *(late for each in found for late in each.late),
                *(late for each in ahead for late in lay_apart(each)),
            ),
            notes=() if step is None else (step,),
            begins=() if passed is None else passed.begins,
        )

"""A stream whose analysis has ended by a bug: its samples and values are joined all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from joey.live.facts import Facts
from joey.live.joining import Joined, Joiner, NumericJoiner

if TYPE_CHECKING:
    from joey.signals import Channel
    from joey.sources.hl7.types import Observations

__all__ = ["RawStream"]


class RawStream:
    """Joins what comes, for the archive alone; nothing is found in it.

    Parameters
    ----------
    stream : str
        Its name.
    """

    def __init__(self, stream: str) -> None:
        self._stream = stream
        self._waves: dict[Channel, Joiner] = {}
        self._numerics: dict[Channel, NumericJoiner] = {}

    def take(self, heard: Observations, seq: int) -> Facts:
        """Take a message; return what it lets be joined."""
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
            found.append(series.take(numeric))
        return self._facts(found, seq)

    def finish(self, seq: int) -> Facts:
        """Return all that waits."""
        waves = [joiner.finish() for joiner in self._waves.values()]
        return self._facts([*waves, *(each.finish() for each in self._numerics.values())], seq)

    def _facts(self, found: list[Joined], seq: int) -> Facts:
        return Facts(
            self._stream,
            seq,
            chunks=tuple(chunk for each in found for chunk in each.chunks),
            values=tuple(series for each in found for series in each.series),
            late=tuple(late for each in found for late in each.late),
        )

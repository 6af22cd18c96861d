"""A heart as one waveform shows it: its beats, their judgment, and what lies between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from joey.beats import BeatDetector, join_beats
from joey.live.doubts import Outside
from joey.live.episodes import Judged, Pairs
from joey.quality import QualityDetector, join_quality

if TYPE_CHECKING:
    from collections.abc import Sequence

    from joey.beats import Beats, Intervals
    from joey.quality import Quality
    from joey.signals import Channel, Segment

__all__ = ["Heart", "Seen"]


class Heart:
    """Beats of ECG or pleth, their judgment, and the intervals between them."""

    def __init__(self, channel: Channel, *, sparing: bool) -> None:
        self.detector = BeatDetector(channel, sparing=sparing)
        self.judge = QualityDetector(channel, sparing=sparing)
        self.good = Judged()
        self.outside = Outside()
        self._pairs = Pairs(channel)
        self._beats: list[Beats] = []  # since the last look for events
        self._verdicts: list[Quality] = []

    def take(
        self, segments: Sequence[Segment], upto: float, *, last: bool
    ) -> tuple[Beats, Quality]:
        """Return the beats and judgments that became final."""
        new, until = {"signal": segments}, {"signal": upto}
        beats, quality = [self.detector.update(new, until)], [self.judge.update(new, until)]
        if last:
            beats.append(self.detector.finish())
            quality.append(self.judge.finish())
        self._beats += beats
        self._verdicts += quality
        return join_beats(self.detector.channel, beats), join_quality(self.judge.channel, quality)

    def look(self, *, last: bool) -> Seen:
        """Return what became final since the last look."""
        beats = join_beats(self.detector.channel, self._beats)
        quality = join_quality(self.judge.channel, self._verdicts)
        self._beats, self._verdicts = [], []
        final = np.inf if last else self.detector.final
        judged = np.inf if last else self.judge.final
        intervals, upto = self._pairs.take(beats, final)
        if intervals is not None and not len(intervals.times):
            intervals = None
        return Seen(beats, final, intervals, np.inf if last else upto, quality, judged)


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """Beats, intervals and judgments, and before when each is all. [s]"""

    beats: Beats
    final: float
    intervals: Intervals | None
    upto: float
    quality: Quality
    judged: float

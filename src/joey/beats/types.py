"""What a beat detector finds: times, flags, and the spans that were searched."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag
from typing import TYPE_CHECKING

from joey.spans import Spans, set_bounds

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from joey.signals import Channel

__all__ = ["BeatFlag", "Beats", "told_beats"]


class BeatFlag(IntFlag):
    """What is known of one beat beside its time."""

    SEARCHED_BACK = 1
    """Found below the threshold, after a beat was missed."""
    ODD_SHAPE = 2
    """Unlike the beats around it, where those are alike: ectopic, aberrant or an artifact."""
    EARLY_WIDE = 4
    """Early, and wider than the narrow beats around it: as ventricular beats are."""


@dataclass(frozen=True, slots=True, eq=False, init=False)
class Beats:
    """Heart beats of one channel.

    Parameters
    ----------
    channel : Channel
        Where they were found.
    times : ndarray of float64, shape (n,)
        Times of the beats, increasing. [s]
    flags : ndarray of uint8, shape (n,)
        `BeatFlag` values.
    searched : Spans
        Where beats would have been found. Between two beats of one searched span lies an interval;
        across its edge lies none.
    """

    channel: Channel
    times: NDArray[np.float64]
    flags: NDArray[np.uint8]
    searched: Spans

    def __init__(
        self,
        channel: Channel,
        times: NDArray[np.float64],
        flags: NDArray[np.uint8],
        searched: Spans,
    ) -> None:
        """Hold them, as frozen dataclasses do but in half the time: live, it is each second."""
        _set_channel(self, channel)
        _set_times(self, times)
        _set_flags(self, flags)
        _set_searched(self, searched)


_set_channel, _set_times, _set_flags, _set_searched = (
    Beats.__dict__[name].__set__ for name in ("channel", "times", "flags", "searched")
)
_new = object.__new__


def told_beats(
    channel: Channel,
    times: NDArray[np.float64],
    flags: NDArray[np.uint8],
    bounds: NDArray[np.float64],
) -> Beats:
    """Return `Beats` searched in the spans of `bounds`, which are not checked: live, each second.

    Two classes called cost a tenth of a live second's beats more than what is done here.
    """
    searched = _new(Spans)
    set_bounds(searched, bounds)
    beats = _new(Beats)
    _set_channel(beats, channel)
    _set_times(beats, times)
    _set_flags(beats, flags)
    _set_searched(beats, searched)
    return beats

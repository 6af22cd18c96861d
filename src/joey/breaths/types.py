"""What a breath detector finds: times, flags, and the spans that were searched."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from joey.signals import Channel
    from joey.spans import Spans

__all__ = ["Breaths"]


@dataclass(frozen=True, slots=True, eq=False)
class Breaths:
    """Breaths of one channel.

    Parameters
    ----------
    channel : Channel
        Where they were found.
    times : ndarray of float64, shape (n,)
        Times of the breaths (end of inspiration), increasing. [s]
    flags : ndarray of uint8, shape (n,)
        Zero for a plain breath.
    searched : Spans
        Where breaths, or that there was none, would have been found. Breaths may stand elsewhere:
        they were seen, but others may have been missed there, so that no pause is told.
    edges : ndarray of float64, shape (n, 2)
        Start of each inspiration and end of each expiration; without them a breath is an instant.
        [s]
    """

    channel: Channel
    times: NDArray[np.float64]
    flags: NDArray[np.uint8]
    searched: Spans
    edges: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 2)))

    def __post_init__(self) -> None:
        if len(self.edges) != len(self.times):
            object.__setattr__(self, "edges", np.column_stack((self.times, self.times)))

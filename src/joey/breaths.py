"""Breaths from chest impedance or flow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
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
        Where breaths would have been found.
    """

    channel: Channel
    times: NDArray[np.float64]
    flags: NDArray[np.uint8]
    searched: Spans

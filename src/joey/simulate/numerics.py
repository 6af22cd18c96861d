"""Numbers once a second: noise of a known memory for tests, and what a monitor makes of beats."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from joey.signals import Channel, Signal, quantize
from joey.simulate.seeds import memory_noise, stream

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["UNITS", "mean_rate", "simulate_numeric"]

UNITS = {
    "heart_rate": "/min",
    "pulse_rate": "/min",
    "resp_rate": "/min",
    "spo2": "%",
    "temp": "Cel",
}


def simulate_numeric(  # noqa: PLR0913 (a builder has a knob per effect)
    memory_s: float,
    sd: float,
    mean: float,
    seconds: float,
    *,
    seed: int = 0,
    quantity: str = "heart_rate",
    start_ns: int = 0,
    shifts: NDArray[np.float64] | None = None,
    quantum: float = 0.01,
) -> Signal:
    """Return stationary AR(1) noise at 1 Hz, as a numeric.

    Parameters
    ----------
    memory_s : float
        Time after which the correlation has fallen to 1/e. [s]
    sd, mean : float
        Of the stationary distribution.
    seconds : float
        Length. [s]
    seed : int
        Seed of the random numbers.
    quantity : str
        Of the channel; its unit follows.
    start_ns : int
        Time of the first value. [ns]
    shifts : ndarray of float64, shape (round(seconds),) or None
        Added second by second: the injected truth.
    quantum : float
        Size of a count; monitors round rates and SpO2 to 1.

    Returns
    -------
    Signal
        Said to be simulated in its channel's source.
    """
    n = round(seconds)
    values = mean + sd * memory_noise(stream(seed, "numeric", quantity), n, memory_s, 1.0)
    if shifts is not None:
        values = values + shifts
    channel = Channel(quantity, UNITS.get(quantity, "NU"), source=f"simulated/{quantity}")
    return quantize(channel, 1, start_ns, values, quantum)


def mean_rate(
    events: NDArray[np.float64], seconds: float, over: int, delay: float
) -> NDArray[np.float64]:
    """Return what a monitor shows each second: the rate of the last `over` intervals. [1/min]

    Parameters
    ----------
    events : ndarray of float64, shape (n,)
        Beats or breaths, increasing. [s]
    seconds : float
        Length. [s]
    over : int
        How many intervals are averaged.
    delay : float
        How old the newest event shown is, at least. [s]

    Returns
    -------
    ndarray of float64, shape (int(seconds),)
        NaN until there are enough events. While none comes the running interval counts, so that
        the number falls as time passes.
    """
    now = np.arange(int(seconds)) - delay
    newest = np.searchsorted(events, now, side="right") - 1
    oldest = newest - over
    out = np.full(len(now), np.nan)
    known = oldest >= 0
    first, last = events[oldest[known]], events[newest[known]]
    usual = (last - first) / over
    waited = now[known] - last
    span = np.where(waited > 1.5 * usual, last - first + waited, last - first)
    count = np.where(waited > 1.5 * usual, over + 1, over)
    out[known] = 60 * count / span
    return out

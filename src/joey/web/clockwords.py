"""How far a monitor's clock is off, in words, and what that most often comes from."""

from __future__ import annotations

import math

__all__ = ["hint_of_offset", "words_of_drift", "words_of_offset"]

NS = 1_000_000_000
MIN_S = 60
HOUR_S = 3600
DAY_S = 86_400
EXACT_S = 100  # s; up to here hundredths are told
QUARTER_S = 15 * MIN_S  # s; zones of the world differ by multiples
NEAR_S = 30  # s that a clock may be off besides its zone
WIDEST_S = 26 * HOUR_S  # s, between the zones that are farthest apart
WRAP_S = 2**32 / 1000  # s, after which a count of milliseconds in 32 bits begins anew
WRAPS = 3
MOST_PPM = 5000  # of a clock; beyond, what was kept back and came at once is measured
FORGOTTEN_S = 300 * DAY_S  # s; such a clock was not set since it lost its power


def words_of_offset(offset_ns: int | None) -> str:
    """Return how far the host is ahead of a monitor: ``+0.42 s``, ``-1 h 00 min``; else empty.

    Parameters
    ----------
    offset_ns : int or None
        Host minus monitor; None where it is not known. [ns]
    """
    if offset_ns is None:
        return ""
    seconds = offset_ns / NS
    sign, whole = "−" if seconds < 0 else "+", round(abs(seconds))
    if abs(seconds) < EXACT_S:
        return f"{sign}{abs(seconds):.2f} s"
    if whole < 100 * MIN_S:
        return f"{sign}{whole // MIN_S} min {whole % MIN_S:02d} s"
    if whole < 2 * DAY_S:
        return f"{sign}{whole // HOUR_S} h {whole % HOUR_S // MIN_S:02d} min"
    return f"{sign}{whole // DAY_S:,} d {whole % DAY_S // HOUR_S} h"


def words_of_drift(ppm: float) -> str:
    """Return how fast two clocks part: ``+12 ppm``; empty where it is not known, or cannot be."""
    whole = round(ppm) if abs(ppm) <= MOST_PPM else None
    return "" if whole is None else f"{whole:+d} ppm".replace("-", "−") if whole else "0 ppm"


def hint_of_offset(offset_ns: int | None) -> str:
    """Return what an offset most likely comes from, as a question to who may know; else empty.

    Parameters
    ----------
    offset_ns : int or None
        Host minus monitor; None where it is not known. [ns]
    """
    off = abs(offset_ns or 0) / NS
    quarters = round(off / QUARTER_S)
    if quarters and off < WIDEST_S and abs(off - quarters * QUARTER_S) <= NEAR_S:
        how = _hours(quarters * QUARTER_S)
        return f"about {how} off: is the zone of this source right in the settings?"
    wraps = round(off / WRAP_S)
    if 0 < wraps <= WRAPS and math.isclose(off, wraps * WRAP_S, abs_tol=wraps * HOUR_S):
        return "its count of milliseconds (32 bits) began anew, as every 49 d 17 h"
    if off >= FORGOTTEN_S:
        return "its clock is years off: was it ever set?"
    return "its clock is wrong: can it be set?" if off >= QUARTER_S else ""


def _hours(seconds: int) -> str:
    hours, minutes = divmod(seconds // MIN_S, 60)
    parts = [f"{hours} h"] if hours else []
    return " ".join([*parts, f"{minutes} min"] if minutes else parts)

"""The order of beds: as people count them."""

from __future__ import annotations

import re

__all__ = ["room_order"]

NUMBERS = re.compile(r"(\d+)")


def room_order(key: str) -> tuple[tuple[int, int, str], ...]:
    """Return by what a bed's key is sorted: as people count, 2 before 10."""
    parts = [part for part in NUMBERS.split(key) if part]
    return tuple((0, int(p), "") if p.isdecimal() else (1, 0, p) for p in parts)

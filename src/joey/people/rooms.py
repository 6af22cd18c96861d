"""The order of beds, as people count them, and what they are called."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["bed_labels", "room_order"]

NUMBERS = re.compile(r"(\d+)")


def room_order(key: str) -> tuple[tuple[int, int, str], ...]:
    """Return by what a bed's key is sorted: as people count, 2 before 10."""
    parts = [part for part in NUMBERS.split(key) if part]
    return tuple((0, int(p), "") if p.isdecimal() else (1, 0, p) for p in parts)


def bed_labels(keys: Collection[str]) -> dict[str, str]:
    """Return what each bed is called where all of them are shown: by its key.

    A bed has its own name, whole, whatever signs are in it; where beds of two units have the same
    name, both have the unit's before it.

    >>> bed_labels(["NICU/4", "NICU/12/1", "NICU/13/1", "NICU/7", "SCN/7"])
    {'NICU/4': '4', 'NICU/12/1': '12/1', 'NICU/13/1': '13/1', 'NICU/7': 'NICU/7', 'SCN/7': 'SCN/7'}
    """
    names = {key: key.partition("/")[2] or key for key in keys}
    counts = Counter(names.values())
    return {key: name if counts[name] == 1 else key for key, name in names.items()}

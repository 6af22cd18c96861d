"""Sections hear the same samples, kept as they came or in memory of a fixed size."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest

from joey.signals import Grid, Segment
from joey.streams import Sections

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from joey.streams import Window

FS, SECONDS = 20, 1500


class _Listener:
    """A section that writes down what it hears and tells it once its time is over."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._heard: NDArray[np.int64] = np.full(window.stop - window.first, -1)

    def hear(self, first: int, counts: NDArray[np.integer]) -> None:
        """Take samples."""
        at = first - self._window.first
        self._heard[at : at + len(counts)] = counts

    def take(self, first: int, counts: NDArray[np.integer]) -> tuple[bytes, int]:
        """Take samples and go on."""
        self.hear(first, counts)
        return self.step(first + len(counts), last=False)

    def step(self, known: int, *, last: bool) -> tuple[bytes, int]:
        """Tell all it has heard, at the end."""
        if not last:
            return b"", self._window.speak_from
        known = min(known, self._window.stop) - self._window.first
        return self._heard[:known].tobytes(), self._window.speak_to


@pytest.mark.parametrize("large", [0, 3, 40_000], ids=["16 bits", "some of 32", "all of 32"])
@pytest.mark.parametrize("chunk_s", [1, 4, 90])
def test_a_section_hears_the_same_from_either_memory(large: int, chunk_s: int) -> None:
    """Chunks of one size, a hole among them, and some counts that 16 bits do not hold."""
    rng = np.random.default_rng(large + chunk_s)
    counts = rng.integers(-(2**15), 2**15, FS * SECONDS).astype(np.int32)
    counts[rng.integers(0, len(counts), large)] *= 1000
    grid = Grid(0, Fraction(FS))
    told = []
    for sparing in (False, True):
        sections: Sections[bytes] = Sections(_Listener, sparing=sparing)
        rows = []
        for first in range(0, len(counts), chunk_s * FS):
            part = counts[first : first + chunk_s * FS]
            if first == 560 * FS // (chunk_s * FS) * (chunk_s * FS) and chunk_s < 5:
                continue  # a hole before the mark
            segment = Segment(grid, first, part, np.array([[0, len(part)]]))
            rows += sections.take([segment], segment.span.end)
        told.append([each for each in [*rows, *sections.close()] if each])

    assert len(told[0]) == 3
    assert told[0] == told[1]
    heard = np.frombuffer(told[0][1], dtype=np.int64)  # from 540 s on
    np.testing.assert_array_equal(heard[60 * FS : 640 * FS], counts[600 * FS : 1180 * FS])

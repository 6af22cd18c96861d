"""One algorithm, two drivers, any cut: the contract of every detector, and its anchored sections.

A detector takes inputs chunk by chunk and gives facts that are final. It says the same whatever
the chunking, because its state never reaches further back than a section: it starts anew at each
gap over 10 s and at each 10-minute mark of UTC, after a lead-in of 60 s whose facts are dropped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["GAP_S", "LEAD_IN_S", "MARK_S", "Detector"]

MARK_S = 600  # s, sections begin at multiples of this
LEAD_IN_S = 60  # s, what a section hears before it speaks
GAP_S = 10  # s, a longer absence ends a section

Input = TypeVar("Input", contravariant=True)
Facts = TypeVar("Facts", covariant=True)


class Detector(Protocol[Input, Facts]):
    """What every detector is: two calls, and the names of its inputs.

    `update` takes what is new of each input (by name; absent: nothing new) and each input's
    watermark: all of that input before `upto` has been handed over, and what is missing there stays
    missing. It returns the facts that have become final. `finish` ends all inputs.
    The archive function of a detector is one `update` and `finish`.
    """

    inputs: tuple[str, ...]

    def update(self, new: Mapping[str, Input], upto: Mapping[str, float]) -> Facts:
        """Take new input; return the facts that became final."""
        ...

    def finish(self) -> Facts:
        """End all inputs; return the remaining facts."""
        ...

"""Arrays of one window, whose memory is given back behind what is still looked at.

A live section hears ten minutes and looks back for seconds. Its loops know the samples by their
place in the window, so the arrays are as long as the window; but memory that was never written to
is none, and what lies behind goes back to the system page by page. So a bed holds seconds of
samples, wherever between two marks it stands.

New pages cost a third of the time in which beats are found in a stream. Who has one signal keeps
them; who has many, a worker, asks its detectors to be sparing. What is found is the same.
"""

from __future__ import annotations

import mmap
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

__all__ = ["LIVE_S", "Workspace", "lay_out"]

PAGE = mmap.PAGESIZE
LIVE_S = (
    120  # s: who goes on by more at a time reads an archive, and leaves its workspace to the next
)


class Workspace:
    """Memory of so many bytes, zero at first, for arrays.

    Parameters
    ----------
    size : int
        How many.

    Attributes
    ----------
    given : bool
        Whether some of it was given back.
    """

    __slots__ = ("_address", "_memory", "_reached", "given")

    def __init__(self, size: int) -> None:
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
        self._memory = mmap.mmap(-1, max(size, 1), flags=flags)
        self._address = np.frombuffer(self._memory, np.uint8).ctypes.data
        self._reached: dict[int, int] = {}  # byte at which an array begins, and before which given
        self.given = False

    def array(self, dtype: DTypeLike, number: int, at: int = 0) -> NDArray[Any]:
        """Return an array of so many elements that begins at a byte."""
        return np.frombuffer(self._memory, dtype, number, at)

    def forget(self, part: NDArray[Any], before: int) -> None:
        """Give back the memory of an array, which nobody looks at before that element again.

        Parameters
        ----------
        part : ndarray
            Contiguous, in this workspace.
        before : int
            Of its elements, or rows. Only whole pages go: some before it may stay. What has gone is
            zero, or what it was, until it is written to.
        """
        first = part.ctypes.data - self._address
        begin = self._reached.get(first, -(-first // PAGE) * PAGE)
        end = (first + min(before, len(part)) * part.strides[0]) // PAGE * PAGE
        if end > begin:
            self._memory.madvise(mmap.MADV_DONTNEED, begin, end - begin)
            self._reached[first] = end
            self.given = True

    def clear(self, part: NDArray[Any]) -> None:
        """Give back the memory of an array whose numbers nobody needs any more, to be used again.

        Parameters
        ----------
        part : ndarray
            Contiguous, in this workspace; its whole pages are zero, or what they were, until they
            are written to.
        """
        first = part.ctypes.data - self._address
        begin, end = -(-first // PAGE) * PAGE, (first + part.nbytes) // PAGE * PAGE
        if end > begin:
            self._memory.madvise(mmap.MADV_DONTNEED, begin, end - begin)
            self.given = True


def lay_out(*wanted: tuple[DTypeLike, int]) -> tuple[Workspace, list[NDArray[Any]]]:
    """Return a workspace, and arrays of zeros in it that begin at pages of their own.

    Parameters
    ----------
    *wanted : tuple
        Type and number of elements of each.
    """
    sizes = [np.dtype(kind).itemsize * number for kind, number in wanted]
    begins = [0]
    for size in sizes:
        begins.append(begins[-1] + -(-size // PAGE) * PAGE)
    space = Workspace(begins[-1])
    return space, [
        space.array(*each, begin) for each, begin in zip(wanted, begins[:-1], strict=True)
    ]

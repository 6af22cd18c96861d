"""What is open and seldom looked at, put aside on the data's disk: a worker's memory stays level.

Files without a name, one for each mark of ten minutes: the system takes one back with the last
piece of it that is dropped, or with the process, however that ends. Nothing rests on them after a
crash, as all of it can be made again from the journal; so nothing is synced, and what cannot be
written stays in memory.
"""

from __future__ import annotations

import logging
import os
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias
from weakref import WeakValueDictionary, finalize
from zlib import crc32

from joey.store.journal import StorageError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Spill", "Spilled"]

log = logging.getLogger("joey.worker")


class Spill:
    """The files of one worker.

    Parameters
    ----------
    folder : Path
        On whose disk; it exists.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: WeakValueDictionary[int, _File] = WeakValueDictionary()
        self._fails = False

    def put(self, mark_ns: int, data: bytes) -> Spilled:
        """Put bytes aside that are dropped about when others of that mark are.

        Returns
        -------
        Spilled
            To get them back by: its ``read()`` raises StorageError where the disk does not give
            back what it was given.
        """
        try:
            file = self._files.get(mark_ns)
            if file is None:
                file = self._files[mark_ns] = _File(self._folder)
            part = file.put(data)
        except OSError as error:
            if not self._fails:
                log.warning(
                    "open frames are kept in memory, as they cannot be put aside: %s", error
                )
            self._fails = True
            return _InMemory(data)
        self._fails = False
        return part


class _File:
    """One file without a name."""

    __slots__ = ("__weakref__", "_fd", "_size")

    def __init__(self, folder: Path) -> None:
        file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115  (it lasts as this does)
        finalize(self, file.close)
        self._fd = file.fileno()
        self._size = 0

    def put(self, data: bytes) -> _OnDisk:
        """Write at the end."""
        if os.pwrite(self._fd, data, self._size) != len(data):  # what is there is written over
            raise OSError("the disk took a part of it")
        part = _OnDisk(self, self._size, len(data), crc32(data))
        self._size += len(data)
        return part

    def get(self, at: int, size: int) -> bytes:
        """Read bytes back."""
        return os.pread(self._fd, size, at)


@dataclass(frozen=True, slots=True)
class _OnDisk:
    """Bytes of a file: from where, how many, and their sum."""

    file: _File
    at: int
    size: int
    check: int

    def read(self) -> bytes:
        """Return them."""
        try:
            data = self.file.get(self.at, self.size)
        except OSError as error:
            raise StorageError(f"an open frame cannot be read back: {error}") from error
        if crc32(data) != self.check:
            raise StorageError("an open frame is not read back as it was written")
        return data


@dataclass(frozen=True, slots=True)
class _InMemory:
    """Bytes in memory."""

    data: bytes

    def read(self) -> bytes:
        """Return them."""
        return self.data


Spilled: TypeAlias = "_OnDisk | _InMemory"

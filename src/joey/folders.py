"""Folders that get all files of a run or none, and none in place of what is not a file."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from joey.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

__all__ = ["landing", "refuse_unusable"]


def refuse_unusable(folder: Path, names: Iterable[str]) -> None:
    """Refuse a folder that is a file, and one in which a folder has the name of a file to come.

    Raises
    ------
    InputError
        If files of these names cannot be written there.
    """
    for each in (folder, *folder.parents):
        if each.exists() and not each.is_dir():
            msg = f"{each} is a file, not a folder: choose another --out"
            raise InputError(msg)
    for name in sorted(names):
        if (folder / name).is_dir():
            msg = f"{folder / name} is a folder where a file is to be written: move it away"
            raise InputError(msg)


@contextmanager
def landing(
    folder: Path, stale: Callable[[Collection[str]], Iterable[str]] = lambda _: ()
) -> Iterator[Path]:
    """Yield an empty folder inside another, whose files move there together at the end.

    Parameters
    ----------
    folder : Path
        Made if absent.
    stale : callable
        Is given the names that were written, and returns those that must not stay beside them.

    Raises
    ------
    InputError
        If a file cannot take its place; nothing is moved then.
    OSError
        If the disk is full or the folder cannot be written: it names the file as it was to be
        called, and nothing is moved.
    """
    refuse_unusable(folder, ())
    folder.mkdir(parents=True, exist_ok=True)
    beside: Path | None = None
    try:
        beside = Path(tempfile.mkdtemp(prefix=".joey-", dir=folder))
        yield beside
        written = sorted(path.name for path in beside.iterdir())
        old = [name for name in stale(written) if name not in written]
        refuse_unusable(folder, (*written, *old))
        for name in old:
            (folder / name).unlink(missing_ok=True)
        for name in written:
            (beside / name).replace(folder / name)
    except OSError as error:
        # Of the folder beside nobody knows, and it is gone when this is read.
        inside = beside is not None and str(error.filename or "").startswith(str(beside))
        place = folder / Path(str(error.filename)).name if inside else error.filename or folder
        if inside and str(error.filename) == str(beside):
            place = folder
        raise OSError(error.errno, error.strerror or str(error), str(place)) from error
    finally:
        if beside is not None:
            shutil.rmtree(beside, ignore_errors=True)

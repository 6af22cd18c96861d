"""Text files that are whole or not there."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

__all__ = ["write_whole"]


def write_whole(path: str | os.PathLike[str], text: str) -> None:
    """Write a text file in one step: a reader sees the old file or the new one, never a part.

    Parameters
    ----------
    path : path-like
        Where to; its folder must exist. An existing file is replaced.
    text : str
        The content, written as UTF-8 with its line ends as they are.

    Raises
    ------
    OSError
        If the file cannot be written; what stood at `path` is untouched.
    """
    target = Path(path)
    # In the same folder, so that the last step is a rename; `x` so that two writers never share it.
    part = target.with_name(f".joey-{secrets.token_hex(8)}.part")
    try:
        with part.open("x", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)

"""The bytes of a file, once: read whole and hashed, so that a result can name what it came from.

Everything after works on these bytes: nothing is allocated because a header claims it.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from joey.errors import FormatError
from joey.signals import Source

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["beside", "load", "load_text", "printable", "says_simulated"]

LARGEST_HEADER = 16 * 2**20  # bytes; the longest multi-segment header known to us has under 2 MB


def printable(name: str) -> str:
    """Return a file's name as text that can be written: bytes that are not UTF-8 are spelled."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def load(path: Path, reader: str) -> tuple[bytes, Source]:
    """Return a file's bytes and the source entry that names and hashes them.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    data = path.read_bytes()
    return data, Source(printable(path.name), hashlib.sha256(data).hexdigest(), reader)


def load_text(path: Path, reader: str) -> tuple[str, Source]:
    """Return a text header and its source entry; bytes that are not UTF-8 are read as Latin-1.

    Raises
    ------
    FormatError
        If the file is far too large for a header or holds null bytes.
    OSError
        If the file cannot be read.
    """
    size = path.stat().st_size
    if size > LARGEST_HEADER:
        raise FormatError(path, f"{size} bytes are too many for a header")
    data, source = load(path, reader)
    if b"\0" in data:
        raise FormatError(path, "a header is text: this one holds null bytes")
    try:
        return data.decode("utf-8-sig"), source
    except UnicodeDecodeError:
        return data.decode("latin-1"), source


def beside(header: Path, name: str, line: str) -> Path:
    """Return the path of a file that a header names; it must lie in the header's folder.

    Raises
    ------
    FormatError
        If the name has a folder in it, or no such file is there.
    """
    if not name or name in {".", ".."} or any(mark in name for mark in "/\\:\0"):
        raise FormatError(
            header, "a header names files of its own folder only: no folders, no addresses", line
        )
    path = header.parent / name
    if not path.is_file():
        raise FormatError(
            header, f"file {name} named in {header.name} is absent: put it beside the header", line
        )
    return path


def says_simulated(text: str) -> bool:
    """Whether a comment says that data are simulated; "not simulated" says that they are not."""
    return re.search(r"(?<!not )(?<!non-)\bsimulated\b", text.lower()) is not None

"""Numbers for the browser as bytes: a JSON header, then the arrays, each from a multiple of 4."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

__all__ = ["narrow", "pack"]

ALIGN = 4  # bytes: the browser lays typed arrays over them without copying


def pack(header: Mapping[str, Any], arrays: Sequence[NDArray[Any]]) -> bytes:
    """Return the bytes of a message, little-endian.

    Parameters
    ----------
    header : mapping
        What the browser must know to read the arrays.
    arrays : sequence of ndarray
        In the order in which the header names them.
    """
    text = json.dumps(header, separators=(",", ":")).encode()
    parts = [struct.pack("<I", len(text)), text, bytes(-(4 + len(text)) % ALIGN)]
    for array in arrays:
        data = array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
        parts += [data, bytes(-len(data) % ALIGN)]
    return b"".join(parts)


def narrow(counts: NDArray[np.integer]) -> NDArray[np.int16] | NDArray[np.int32]:
    """Return counts as 16 bits where all of them fit."""
    info = np.iinfo(np.int16)
    if len(counts) and (counts.min() < info.min or counts.max() > info.max):
        return counts.astype(np.int32)
    return counts.astype(np.int16)

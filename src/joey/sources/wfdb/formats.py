"""The storage formats of WFDB signal files: bytes to counts.

After the WFDB Applications Guide, signal(5). Every function allocates in proportion to the bytes it
is given, never to what a header claims. Counts come as int16 where the format fits, else int32.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["FLAC", "INVALID", "PLAIN", "decode", "decode_flac", "samples_in", "size_of"]

# For each format, how many samples so many bytes hold: whole groups, and what fits the rest.
_PACKED: dict[int, tuple[int, tuple[int, ...]]] = {
    # bytes of a group: samples in the first 0, 1, 2 ... bytes of one
    8: (1, (0, 1)),
    16: (2, (0, 0, 1)),
    24: (3, (0, 0, 0, 1)),
    32: (4, (0, 0, 0, 0, 1)),
    61: (2, (0, 0, 1)),
    80: (1, (0, 1)),
    160: (2, (0, 0, 1)),
    212: (3, (0, 0, 1, 2)),
    310: (4, (0, 0, 1, 1, 3)),
    311: (4, (0, 0, 1, 2, 3)),
}
PLAIN = frozenset(_PACKED)
FLAC: dict[int, int] = {508: 8, 516: 16, 524: 24}  # format: bits per sample

# The count that stands for "no sample"; first differences (format 8) have none.
INVALID: dict[int, int | None] = {
    8: None,
    16: -(2**15),
    24: -(2**23),
    32: -(2**31),
    61: -(2**15),
    80: -(2**7),
    160: -(2**15),
    212: -(2**11),
    310: -(2**9),
    311: -(2**9),
    508: -(2**7),
    516: -(2**15),
    524: -(2**23),
}

FLAC_BLOCK = 1024  # samples per channel read at once; of a broken block nothing is kept


def samples_in(form: int, size: int) -> int:
    """Return how many whole samples of a plain format `size` bytes hold."""
    group, partial = _PACKED[form]
    whole, rest = divmod(size, group)
    return whole * partial[group] + partial[rest]


def size_of(form: int, count: int) -> int:
    """Return how many bytes so many samples of a plain format take."""
    group, partial = _PACKED[form]
    whole, rest = divmod(count, partial[group])
    return whole * group + partial.index(rest)


def decode(form: int, data: NDArray[np.uint8], count: int) -> NDArray[np.integer]:
    """Return the first `count` samples of a plain format; `samples_in` says how many there are.

    Format 8 gives the differences: their sum is the caller's, who knows the initial values.
    """
    return _DECODERS[form](data)[:count]


def _as(dtype: str) -> Callable[[NDArray[np.uint8]], NDArray[np.integer]]:
    def view(data: NDArray[np.uint8]) -> NDArray[np.integer]:
        kind = np.dtype(dtype)
        whole = data[: len(data) // kind.itemsize * kind.itemsize].view(kind)
        return whole.astype(kind.newbyteorder("="), copy=False)

    return view


def _format_8(data: NDArray[np.uint8]) -> NDArray[np.integer]:
    return data.view(np.int8).astype(np.int16)


def _format_24(data: NDArray[np.uint8]) -> NDArray[np.integer]:
    whole = np.zeros((len(data) // 3, 4), dtype=np.uint8)
    whole[:, 1:] = data[: len(whole) * 3].reshape(-1, 3)
    return whole.reshape(-1).view("<i4").astype(np.int32, copy=False) >> 8


def _format_80(data: NDArray[np.uint8]) -> NDArray[np.integer]:
    return data.astype(np.int16) - np.int16(128)


def _format_160(data: NDArray[np.uint8]) -> NDArray[np.integer]:
    return (_as("<u2")(data) ^ np.uint16(0x8000)).view(np.int16)


def _format_212(data: NDArray[np.uint8]) -> NDArray[np.integer]:
    # Two samples in three bytes: low byte, both high nibbles, low byte of the second.
    groups = _groups(data, 3)
    out = np.empty((len(groups), 2), dtype=np.uint16)
    middle = groups[:, 1].astype(np.uint16)
    out[:, 0] = groups[:, 0] | (middle << 8)
    out[:, 1] = groups[:, 2] | ((middle & 0xF0) << 4)
    return _signed(out, 12)


def _format_310(data: NDArray[np.uint8]) -> NDArray[np.integer]:
    # Three samples in two words: ten bits each above the lowest, and five bits each of the third.
    words = _groups(data, 4).reshape(-1).view("<u2").reshape(-1, 2).astype(np.uint16, copy=False)
    out = np.empty((len(words), 3), dtype=np.uint16)
    out[:, :2] = words >> 1
    out[:, 2] = (words[:, 0] >> 11) | ((words[:, 1] >> 11) << 5)
    return _signed(out, 10)


def _format_311(data: NDArray[np.uint8]) -> NDArray[np.integer]:
    # Three samples of ten bits in one word, the first lowest.
    words = _groups(data, 4).reshape(-1).view("<u4")
    out = np.empty((len(words), 3), dtype=np.uint16)
    for place in range(3):
        out[:, place] = (words >> (10 * place)) & 0x3FF
    return _signed(out, 10)


def _groups(data: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Return rows of `size` bytes; a last row that is cut is filled with zeros."""
    rest = len(data) % size
    if rest:
        data = np.concatenate((data, np.zeros(size - rest, dtype=np.uint8)))
    return data.reshape(-1, size)


def _signed(samples: NDArray[np.uint16], bits: int) -> NDArray[np.integer]:
    """Return the samples in a row, their lowest `bits` read as two's complement."""
    shift = 16 - bits
    return (samples.reshape(-1) << shift).view(np.int16) >> shift


_DECODERS: dict[int, Callable[[NDArray[np.uint8]], NDArray[np.integer]]] = {
    8: _format_8,
    16: _as("<i2"),
    24: _format_24,
    32: _as("<i4"),
    61: _as(">i2"),
    80: _format_80,
    160: _format_160,
    212: _format_212,
    310: _format_310,
    311: _format_311,
}


def decode_flac(
    form: int, data: bytes, channels: int, most: int | None
) -> tuple[NDArray[np.integer], str]:
    """Return the samples of a FLAC file, one column per channel, and why they end early.

    Parameters
    ----------
    form : int
        508, 516 or 524.
    data : bytes
        The file.
    channels : int
        How many channels it must have.
    most : int or None
        No more samples than this are read; None reads all.

    Raises
    ------
    ValueError
        If it is not FLAC, or of another number of channels or bits: the message says which.
    """
    import soundfile  # noqa: PLC0415 (slow to import, rarely needed)

    bits = FLAC[form]
    kind = "int32" if bits > 16 else "int16"
    blocks: list[NDArray[np.integer]] = [np.empty((0, channels), dtype=kind)]
    cut = ""
    try:
        with soundfile.SoundFile(io.BytesIO(data)) as flac:
            _check_flac(flac, bits, channels)
            wanted = most if most is not None else max(int(flac.frames), 0)
            # Blocks, so that a length that is only claimed allocates nothing.
            while wanted > 0:
                try:
                    block = flac.read(min(FLAC_BLOCK, wanted), dtype=kind, always_2d=True)
                except soundfile.LibsndfileError as error:
                    cut = f"FLAC data end early ({error.error_string})"
                    break
                if not len(block):
                    break
                blocks.append(block >> (32 - bits if bits > 16 else 16 - bits))
                wanted -= len(block)
    except soundfile.LibsndfileError as error:
        msg = f"not a FLAC file ({error.error_string})"
        raise ValueError(msg) from error
    return np.concatenate(blocks), cut


def _check_flac(flac: object, bits: int, channels: int) -> None:
    found = (getattr(flac, "format", ""), getattr(flac, "subtype", ""))
    expected = ("FLAC", "PCM_S8" if bits == 8 else f"PCM_{bits}")
    if found != expected:
        msg = f"FLAC with {bits} bits per sample is announced and {' '.join(found)} found"
        raise ValueError(msg)
    has = getattr(flac, "channels", 0)
    if has != channels:
        msg = f"{channels} FLAC channels are announced and {has} found"
        raise ValueError(msg)

"""The words of an annotation file, read in one compiled loop, after annot(5)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from joey.compiled import kernel

__all__ = ["scan"]

SKIP, NUM, SUB, CHN, AUX = 59, 60, 61, 62, 63
LAST_CODE = 49
LONGEST = 1023  # samples, the longest interval that a word holds
MOST_SAMPLES = 2**53
BLOCK = 64  # words looked at together: nearly all are plain marks
PLAIN = np.uint16((LAST_CODE + 1 << 10) - 1)  # so many words are a mark with its interval

# What is wrong at a word; 0: nothing.
CUT_INTERVAL, CUT_TEXT, NO_MARK, NO_CODE, TOO_FAR = 1, 2, 3, 4, 5


@kernel
def _are_plain(block: NDArray[np.uint16]) -> bool:
    """Return whether all words are marks: none ends the file, and none is a field."""
    others = 0
    for i in range(BLOCK):
        others += int(np.uint16(block[i] - np.uint16(1)) >= PLAIN)
    return others == 0


@kernel
def _take_plain(
    block: NDArray[np.uint16], sample: int, samples: NDArray[np.int64], codes: NDArray[np.uint8]
) -> np.uint64:
    """Write a block of marks; return the bits of the codes that occur."""
    occur = np.uint64(0)
    for i in range(BLOCK):
        code = block[i] >> np.uint16(10)
        codes[i] = code
        occur |= np.uint64(1) << np.uint64(code)
    for i in range(BLOCK):
        sample += int(block[i] & np.uint16(LONGEST))
        samples[i] = sample
    return occur


@kernel
def scan(  # noqa: C901, PLR0912, PLR0915  (one loop, read from top to bottom)
    words: NDArray[np.uint16],
    samples: NDArray[np.int64],
    codes: NDArray[np.uint8],
    fields: NDArray[np.int16],
    texts: NDArray[np.int64],
    seen: NDArray[np.bool_],
) -> tuple[int, int, int, int]:
    """Read words to the first zero; return marks, texts, what is wrong, and at which word.

    Parameters
    ----------
    words : ndarray of uint16, shape (n,)
        The file.
    samples, codes : ndarray, shape (n,)
        Room for the sample and the code of each mark.
    fields : ndarray of int16, shape (3, n)
        Room for channel, number and subtype of each mark; zero, and left so where none is given:
        memory that is never touched costs no time.
    texts : ndarray of int64, shape (n, 2)
        Room for texts: mark, and word in which the text begins.
    seen : ndarray of bool, shape (LAST_CODE + 1,)
        Set where a code occurs.
    """
    n = 0
    told = 0
    at = 0
    sample = 0
    channel = np.int16(0)
    number = np.int16(0)
    marked = False
    occur = np.uint64(0)
    while at < len(words) and words[at] != 0:
        while (
            at + BLOCK <= len(words)
            and not marked
            and abs(sample) < MOST_SAMPLES - BLOCK * LONGEST
            and _are_plain(words[at : at + BLOCK])
        ):
            part = slice(n, n + BLOCK)
            occur |= _take_plain(words[at : at + BLOCK], sample, samples[part], codes[part])
            n += BLOCK
            at += BLOCK
            sample = samples[n - 1]
        if at == len(words) or words[at] == 0:
            break
        code = int(words[at]) >> 10
        interval = int(words[at]) & LONGEST
        if code <= LAST_CODE:
            sample += interval
            if abs(sample) > MOST_SAMPLES:
                return n, told, TOO_FAR, at
            samples[n] = sample
            codes[n] = code
            seen[code] = True
            # Channel and number hold until they change; the subtype is of one mark.
            if marked:
                fields[0, n] = channel
                fields[1, n] = number
            n += 1
        elif code == SKIP:
            if at + 3 > len(words):
                return n, told, CUT_INTERVAL, at
            step = (int(words[at + 1]) << 16) | int(words[at + 2])
            sample += step - ((step >> 31) << 32)
            at += 2
        elif code == AUX:
            extra = (interval + 1) // 2
            if at + 1 + extra > len(words) or n == 0:
                return n, told, CUT_TEXT, at
            texts[told, 0] = n - 1
            texts[told, 1] = at + 1
            told += 1
            at += extra
        elif code < NUM:
            return n, told, NO_CODE, at
        elif n == 0:
            return n, told, NO_MARK, at
        else:
            marked = True
            value = interval & 0xFF
            if code == CHN:
                channel = np.int16(value)
                fields[0, n - 1] = channel
            else:
                signed = np.int16(value - ((value >> 7) << 8))
                if code == NUM:
                    number = signed
                    fields[1, n - 1] = number
                else:
                    fields[2, n - 1] = signed
        at += 1
    for code in range(LAST_CODE + 1):
        seen[code] |= occur >> np.uint64(code) & np.uint64(1) > 0
    return n, told, 0, at

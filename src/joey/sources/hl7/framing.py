"""MLLP frames out of a stream of bytes: VT, a message, FS, CR. No socket, bounded memory.

What stands between frames is skipped and counted. The same bytes give the same events however they
are cut.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["MAX_BYTES", "Frame", "Framing", "Refused", "frame"]

MAX_BYTES = 8 * 1024 * 1024
HEAD_BYTES = 4096  # of a refused message, enough for its MSH to be answered

VT, FS, CR = b"\x0b", b"\x1c", b"\r"
# A line outside of any frame that begins a message.
BARE = re.compile(rb"MSH[^\w\s]")
LINE_END = re.compile(rb"[\r\n\x00]")


@dataclass(frozen=True, slots=True)
class Frame:
    """A whole message; `junk` bytes stood before it, `bare_end`: no CR came after its FS.

    Whether the CR came is known only from the byte after, so `bare_end` tells of the frame before.
    """

    payload: bytes
    junk: int = 0
    bare_end: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """A message that is not taken.

    Parameters
    ----------
    reason : str
        ``oversize``, ``unframed`` or ``cut off``.
    size : int
        Bytes seen of it; of an unframed one, of its first line.
    head : bytes
        Its first bytes, at most 4096, to be answered.
    """

    reason: str
    size: int
    head: bytes


def frame(message: bytes) -> bytes:
    """Return a message in its frame."""
    return VT + message + FS + CR


class Framing:
    """The frames of one connection.

    Parameters
    ----------
    max_bytes : int
        Longest message that is taken.

    Attributes
    ----------
    junk : int
        Bytes so far that belonged to no frame.
    bare_ends : int
        Frames so far without the CR after their FS.
    """

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self.junk = 0
        self.bare_ends = 0
        self._max = max_bytes
        self._open = False  # whether a frame has begun
        self._body = bytearray()
        self._size = 0  # bytes of the open frame, also of those no longer kept
        self._line = bytearray()  # of the line outside of frames that may be a message
        self._skip = False  # the rest of this line outside of frames is known to be nothing
        self._ended = False  # the byte before was the FS of a frame
        self._new_junk = 0
        self._bare = False

    @property
    def inside(self) -> bool:
        """Whether a frame has begun and not ended."""
        return self._open

    @property
    def held(self) -> int:
        """Bytes that are kept of a frame that has not ended."""
        return len(self._body)

    def receive(self, data: bytes) -> list[Frame | Refused]:
        """Take bytes; return the messages that they completed, in order."""
        events: list[Frame | Refused] = []
        at = 0
        size = len(data)
        while at < size:
            if self._open:
                at = self._inside(data, at, events)
                continue
            if self._ended:
                self._ended = False
                if data[at] == 13:
                    at += 1
                    continue
                self._bare = True
                self.bare_ends += 1
            begin = data.find(VT, at)
            end = size if begin < 0 else begin
            if end > at:
                self._outside(data[at:end], events)
            if begin < 0:
                break
            self._end_line(events)
            self._open = True
            at = begin + 1
        return events

    def finish(self) -> list[Frame | Refused]:
        """End the stream; return the message that it cut off, if one was."""
        events: list[Frame | Refused] = []
        if self._open:
            self._refuse("cut off", events)
        else:
            self._end_line(events)
        return events

    def _inside(self, data: bytes, at: int, events: list[Frame | Refused]) -> int:
        """Take bytes of the open frame from `at`; return where to go on."""
        again = data.find(VT, at)
        # Looked for up to there alone: bytes full of begins are gone through once, not each time.
        end = data.find(FS, at, len(data) if again < 0 else again)
        upto = len(data) if end < 0 else end
        if again >= 0 > end:  # the frame before has lost its end, and this is the next one's begin
            self._keep(data, at, again)
            if self._size:
                self._refuse("oversize" if self._size > self._max else "cut off", events)
            else:
                self._count(1)
            self._open = True
            return again + 1
        if end >= 0 and not self._size and end - at <= self._max:  # what nearly every frame is
            events.append(Frame(data[at:end], self._new_junk, self._bare))
            self._reset()
            self._ended = True
            return end + 1
        self._keep(data, at, upto)
        if end < 0:
            return upto
        if self._size > self._max:
            self._refuse("oversize", events)
        else:
            events.append(Frame(bytes(self._body), self._new_junk, self._bare))
            self._reset()
        self._ended = True
        return end + 1

    def _keep(self, data: bytes, start: int, stop: int) -> None:
        self._size += stop - start
        if self._size <= self._max:
            self._body += data[start:stop]
        elif len(self._body) < HEAD_BYTES:
            self._body += data[start : min(stop, start + HEAD_BYTES)]
            del self._body[HEAD_BYTES:]
        elif len(self._body) > HEAD_BYTES:
            self._body = self._body[:HEAD_BYTES]

    def _refuse(self, reason: str, events: list[Frame | Refused]) -> None:
        events.append(Refused(reason, self._size, bytes(self._body[:HEAD_BYTES])))
        self._reset()

    def _reset(self) -> None:
        self._open = False
        self._body = bytearray()
        self._size = 0
        self._new_junk = 0
        self._bare = False
        self._line.clear()
        self._skip = False

    def _count(self, number: int) -> None:
        self.junk += number
        self._new_junk += number

    def _outside(self, junk: bytes, events: list[Frame | Refused]) -> None:
        """Count what belongs to no frame, and find messages in it that came without one."""
        self._count(len(junk))
        at = 0
        while at < len(junk):
            found = LINE_END.search(junk, at)
            end = found.start() if found else len(junk)
            if not self._skip:
                self._line += junk[at : min(end, at + HEAD_BYTES - len(self._line))]
                whole = len(self._line) == HEAD_BYTES
                if whole or not b"MSH".startswith(self._line[:3]):
                    self._end_line(events)
                    self._skip = True
            if not found:
                return
            self._end_line(events)
            self._skip = False
            at = end + 1

    def _end_line(self, events: list[Frame | Refused]) -> None:
        if BARE.match(self._line):
            events.append(Refused("unframed", len(self._line), bytes(self._line[:HEAD_BYTES])))
        self._line.clear()

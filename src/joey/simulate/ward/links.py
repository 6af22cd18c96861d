"""The sending end of MLLP: one connection, which waits for its acknowledgements.

A message stays in the backlog until an acknowledgement with its own control id has come; a link
that breaks is made anew and goes on with the first that was not acknowledged.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Counts", "Letter", "Link", "Listener"]

VT, FS, CR = b"\x0b", b"\x1c", b"\r"
WAIT_S = 10.0  # s until a missing acknowledgement breaks the link
RETRY_S = 0.25  # s until a link is tried anew
AGAIN_S = 30.0  # s, after which it is said again that nobody listens
MOST = 20_000  # messages in a backlog; the oldest beyond are lost, and counted
JOINED = 5  # messages in one packet


class Letter(NamedTuple):
    """A message, its control id, and how it is to be sent."""

    control_id: str
    message: bytes
    split: bool = False
    joined: bool = False
    nulls: bool = False


@dataclass(slots=True)
class Counts:
    """What became of messages.

    Parameters
    ----------
    sent, acknowledged, refused, resent, lost : int
        Messages put on the wire for the first time, answered AA, answered AR, put on the wire once
        more, and never sent because the backlog was full.
    strange : int
        Answers whose MSA-2 was of no message that waited.
    connections : int
        How often the link was made.
    """

    sent: int = 0
    acknowledged: int = 0
    refused: int = 0
    resent: int = 0
    lost: int = 0
    strange: int = 0
    connections: int = 0


@dataclass(slots=True)
class Listener:
    """Where all links go; says in a line that nobody listens there, and when somebody does again.

    Parameters
    ----------
    host, port : str, int
        Where.
    say : callable
        Is told each line.
    """

    host: str
    port: int
    say: Callable[[str], None]
    _said: float = -math.inf  # when it was last said that nobody listens

    def missed(self, error: OSError) -> None:
        """Take that a link could not be made."""
        now = time.monotonic()
        if now - self._said >= AGAIN_S:
            self._said = now
            why = os.strerror(error.errno) if error.errno else str(error)
            self.say(f"nobody listens at {self.host}:{self.port} ({why}): it is tried on and on")

    def met(self) -> None:
        """Take that a link was made."""
        if self._said > -math.inf:
            self._said = -math.inf
            self.say(f"somebody listens at {self.host}:{self.port}: what waited is sent")


@dataclass(slots=True)
class Link:
    """One connection with its backlog.

    Parameters
    ----------
    listener : Listener
        Where to.
    """

    listener: Listener
    counts: Counts = field(default_factory=Counts)
    _backlog: deque[Letter] = field(default_factory=deque)
    _more: asyncio.Event = field(default_factory=asyncio.Event)
    _less: asyncio.Event = field(default_factory=asyncio.Event)
    _up: asyncio.Event = field(default_factory=asyncio.Event)
    _writer: asyncio.StreamWriter | None = None
    _tried: int = 0  # messages at the begin of the backlog that were sent already

    def put(self, letter: Letter) -> None:
        """Take a message into the backlog."""
        if len(self._backlog) >= MOST:
            self._backlog.popleft()
            self._tried = max(self._tried - 1, 0)
            self.counts.lost += 1
        self._backlog.append(letter)
        self._more.set()

    @property
    def waiting(self) -> int:
        """How many messages are not acknowledged."""
        return len(self._backlog)

    async def drain(self, most: int) -> None:
        """Wait until at most so many messages are not acknowledged."""
        while len(self._backlog) > most:
            self._less.clear()
            await self._less.wait()

    def cut(self, *, stay_down: bool = False) -> None:
        """Break the connection; it is made anew at once, or after `restore`."""
        if stay_down:
            self._up.clear()
        if self._writer is not None:
            self._writer.transport.abort()

    def restore(self) -> None:
        """Let the connection be made again."""
        self._up.set()

    async def run(self) -> None:
        """Send for ever, whatever the other side does."""
        self._up.set()
        while True:
            await self._up.wait()
            try:
                reader, self._writer = await asyncio.open_connection(
                    self.listener.host, self.listener.port
                )
            except OSError as error:
                self.listener.missed(error)
                await asyncio.sleep(RETRY_S)
                continue
            self.listener.met()
            self.counts.connections += 1
            try:
                await self._talk(reader, self._writer)
            except (OSError, asyncio.IncompleteReadError, TimeoutError):
                await asyncio.sleep(RETRY_S)
            finally:
                self._writer.close()
                with contextlib.suppress(OSError):
                    await self._writer.wait_closed()
                self._writer = None

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            while not self._backlog:
                self._more.clear()
                await self._more.wait()
            first = self._backlog[0]
            count = 1
            if first.joined:
                count = min(JOINED, len(self._backlog))
            letters = [self._backlog[k] for k in range(count)]
            await self._write(writer, letters)
            again = min(self._tried, count)
            self.counts.resent += again
            self.counts.sent += count - again
            self._tried = max(self._tried, count)
            for letter in letters:
                await self._answered(reader, letter.control_id)

    async def _write(self, writer: asyncio.StreamWriter, letters: list[Letter]) -> None:
        framed = b"".join(VT + letter.message + FS + CR for letter in letters)
        if letters[0].nulls:
            framed = b"\x00\x00" + framed + b"\x00"
        if letters[0].split:
            # Cut where it hurts: within the first segment, and between FS and CR.
            for part in (framed[:7], framed[7:-1], framed[-1:]):
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(0.002)
        else:
            writer.write(framed)
            await writer.drain()

    async def _answered(self, reader: asyncio.StreamReader, control_id: str) -> None:
        """Wait for the answer to the first message of the backlog, and let it go."""
        while True:
            answer = await asyncio.wait_for(reader.readuntil(FS + CR), WAIT_S)
            code, answered = _msa(answer)
            if answered != control_id:
                self.counts.strange += 1
                continue
            if code == "AE":  # storage fails over there: not acknowledged, sent again
                raise ConnectionError
            if code == "AA":
                self.counts.acknowledged += 1
            else:
                self.counts.refused += 1
            if self._backlog and self._backlog[0].control_id == control_id:
                self._backlog.popleft()
                self._tried = max(self._tried - 1, 0)
            self._less.set()
            return


def _msa(answer: bytes) -> tuple[str, str]:
    """Return MSA-1 and MSA-2."""
    for line in answer.lstrip(VT).split(CR):
        if line.startswith(b"MSA|"):
            fields = line.decode("latin-1").split("|")
            return fields[1], fields[2] if len(fields) > 2 else ""
    return "", ""

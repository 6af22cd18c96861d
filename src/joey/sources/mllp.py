"""HL7 over TCP: the socket around `joey.sources.hl7`.

Monitors connect and write; they are answered with acknowledgements and nothing else. What a peer
can make this process keep is bounded, each message and all of them, and so is the time a message
may take to arrive; a silent connection may stay for ever.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections import Counter, deque
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import TYPE_CHECKING, TypeAlias

from joey.errors import ProtocolError
from joey.sources.hl7.acks import acknowledge
from joey.sources.hl7.fields import field_of, header_of, read_message, segments, text_of
from joey.sources.hl7.framing import MAX_BYTES, Frame, Framing, Refused, frame

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

__all__ = [
    "CONNECTIONS",
    "PER_PEER",
    "Answer",
    "MllpClient",
    "MllpServer",
    "Network",
    "Traffic",
    "send",
]

Network: TypeAlias = IPv4Network | IPv6Network

READ_BYTES = 256 * 1024  # at once; also what a socket may have waiting
CONNECTIONS = 4096
PER_PEER = CONNECTIONS // 2  # of one address: a gateway may have one for each bed, but never all
TELL_S = 60.0  # s, between two lines that say of one peer that it is refused
WAITING = 1024  # connections that were not taken yet
HELD_BYTES = 512 * 1024 * 1024  # of messages not answered yet, of all connections together
MESSAGE_S = 120.0  # s, a message that has begun ends within, and an answer is taken within
KEEPALIVE_S = 60  # s of silence before a connection is probed: half-open ones end within 2 min
GRACE_S = 5.0  # s for messages that are being stored when the server closes
log = logging.getLogger("joey.intake")


@dataclass(slots=True)
class Traffic:
    """What came in, counted since the server began.

    Attributes
    ----------
    open : int
        Connections now.
    connections, messages, answers, bytes : int
        Taken so far.
    refused_peers, refused_connections, refused_more : int
        From outside the allowed networks; beyond the most connections at once; beyond those of one
        address.
    oversize, unframed, cut_off, unread : int
        Messages that were not taken; `unread` ones are not HL7.
    overdue, held, broken : int
        Connections ended because a message or an answer took too long, too much was held, or the
        peer was lost.
    junk_bytes, bare_ends : int
        What was mended: bytes outside of frames, frames without their last CR.
    """

    open: int = 0
    connections: int = 0
    messages: int = 0
    answers: int = 0
    bytes: int = 0
    refused_peers: int = 0
    refused_connections: int = 0
    refused_more: int = 0
    oversize: int = 0
    unframed: int = 0
    cut_off: int = 0
    unread: int = 0
    overdue: int = 0
    held: int = 0
    broken: int = 0
    junk_bytes: int = 0
    bare_ends: int = 0


class MllpServer:
    """Listens for monitors.

    Parameters
    ----------
    accept : callable
        Takes a message and the peer's address, keeps the message, and returns its acknowledgement
        (`acknowledge`), unframed. Until it returns, no more is read from this peer. It may raise
        ProtocolError (answered AR) and OSError (answered AE).
    allow : sequence of IPv4Network or IPv6Network
        Peers from elsewhere are refused without a word.
    max_bytes : int
        Longest message.
    connections, per_peer : int
        Most at once, and most of one address: the newest is refused, those that are stay.
    held_bytes : int
        Most that messages which are not answered yet may hold, those of all connections together.
        Beyond it a connection with more than its share of it is ended, and may send again.
    message_s : float
        How long a message may take from its first byte to its last. [s]
    ahead : int
        How many messages of one connection may be with `accept` at once. With more than one,
        `accept` is begun in the order of the messages and does what must keep that order before it
        first waits; answers keep the order.
    """

    def __init__(
        self,
        accept: Callable[[bytes, str], Awaitable[bytes]],
        allow: Sequence[Network],
        *,
        max_bytes: int = MAX_BYTES,
        connections: int = CONNECTIONS,
        per_peer: int = PER_PEER,
        held_bytes: int = HELD_BYTES,
        message_s: float = MESSAGE_S,
        ahead: int = 1,
    ) -> None:
        self.traffic = Traffic()
        self._accept = accept
        self._allow = tuple(allow)
        self._max_bytes = max_bytes
        self._connections = connections
        self._per_peer = per_peer
        self._open: Counter[str] = Counter()  # connections by address
        self._told: dict[str, float] = {}  # by address: when a line last said that it is refused
        self._most_held = held_bytes
        self._share = held_bytes // connections
        self._message_s = message_s
        self._ahead = ahead
        self._held = 0
        self._server: asyncio.Server | None = None
        self._closing = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._idle: set[asyncio.Task[None]] = set()  # those that wait for a peer

    async def listen(self, at: socket.socket) -> None:
        """Begin to serve who connects to a socket; it is closed with the server."""
        self._server = await asyncio.start_server(
            self._connected, sock=at, limit=READ_BYTES, backlog=WAITING
        )

    async def close(self) -> None:
        """Stop listening, let messages that are being kept be answered, and end all connections."""
        if self._server is None:
            return
        self._server.close()
        self._closing = True
        for task in tuple(self._idle):
            task.cancel()
        if self._tasks:
            _, late = await asyncio.wait(set(self._tasks), timeout=GRACE_S)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)
        await self._server.wait_closed()
        self._server = None

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = _address_of(writer)
        if self._is_refused(peer):
            writer.transport.abort()
            return
        self._open[peer] += 1
        self.traffic.open += 1
        self.traffic.connections += 1
        task = asyncio.current_task()
        if task is None:
            msg = "a connection is served by a task"
            raise RuntimeError(msg)
        self._tasks.add(task)
        framing = Framing(self._max_bytes)
        try:
            _keep_alive(writer)
            await self._serve(framing, task, peer, reader, writer)
        except TimeoutError:
            self.traffic.overdue += 1
        except OSError:
            self.traffic.broken += 1
        except asyncio.CancelledError:
            # The streams of Python 3.11 report a connection that was canceled as an error.
            if not self._closing:
                raise
        finally:
            self._tasks.discard(task)
            self._idle.discard(task)
            self.traffic.open -= 1
            self._open[peer] -= 1
            if not self._open[peer]:
                del self._open[peer]
                self._told.pop(peer, None)
            self.traffic.junk_bytes += framing.junk
            self.traffic.bare_ends += framing.bare_ends
            if framing.inside:
                writer.transport.abort()
            else:
                writer.close()

    def _is_refused(self, peer: str) -> bool:
        """Whether a connection is not taken, which is counted."""
        if not self._allowed(peer):
            self.traffic.refused_peers += 1
        elif self.traffic.open >= self._connections:
            self.traffic.refused_connections += 1
        elif self._open[peer] >= self._per_peer:
            self.traffic.refused_more += 1
            self._tell_refused(peer)
        else:
            return False
        return True

    def _allowed(self, peer: str) -> bool:
        try:
            address = ip_address(peer)
        except ValueError:
            return False
        return any(address in network for network in self._allow)

    def _tell_refused(self, peer: str) -> None:
        """Say that a peer has too many connections; once in a while, whatever it does."""
        now = asyncio.get_running_loop().time()
        if now - self._told.get(peer, -TELL_S) >= TELL_S:
            self._told[peer] = now
            log.warning(
                "%s has %d connections, the most of one address: more are refused",
                peer, self._per_peer,
            )  # fmt: skip

    async def _serve(
        self,
        framing: Framing,
        task: asyncio.Task[None],
        peer: str,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        """Read one connection to its end."""
        loop = asyncio.get_running_loop()
        deadline: float | None = None
        held = 0
        try:
            while not self._closing:
                self._idle.add(task)
                async with asyncio.timeout_at(deadline):
                    data = await reader.read(READ_BYTES)
                self._idle.discard(task)
                self.traffic.bytes += len(data)
                events = framing.receive(data) if data else framing.finish()
                before, held = held, framing.held + sum(map(_size, events))
                self._held += held - before
                if self._held > self._most_held and held > self._share:
                    self.traffic.held += 1
                    return
                if events:
                    await self._answer(events, peer, writer)
                    self._held += framing.held - held
                    held = framing.held
                if not data:
                    return
                if not framing.inside:
                    deadline = None
                elif deadline is None or events:
                    deadline = loop.time() + self._message_s
        finally:
            self._held -= held

    async def _answer(
        self, events: Sequence[Frame | Refused], peer: str, writer: asyncio.StreamWriter
    ) -> None:
        """Have messages kept, and answer them in their order."""
        if self._ahead == 1:
            for event in events:
                await self._write(await self._take(event, peer), writer)
            return
        waiting: deque[asyncio.Task[bytes]] = deque()
        try:
            for event in events:
                if len(waiting) >= self._ahead:
                    await self._write(await waiting.popleft(), writer)
                waiting.append(asyncio.create_task(self._take(event, peer)))
                await asyncio.sleep(0)  # so that it begins before the next one
            while waiting:
                await self._write(await waiting.popleft(), writer)
        finally:
            for task in waiting:
                task.cancel()

    async def _take(self, event: Frame | Refused, peer: str) -> bytes:
        """Return the acknowledgement of a message, after it was kept or counted."""
        if isinstance(event, Refused):
            match event.reason:
                case "oversize":
                    self.traffic.oversize += 1
                case "unframed":
                    self.traffic.unframed += 1
                case _:
                    self.traffic.cut_off += 1
            return acknowledge(event.head, "AR", event.reason)
        self.traffic.messages += 1
        try:
            return await self._accept(event.payload, peer)
        except ProtocolError:
            self.traffic.unread += 1
            return acknowledge(event.payload, "AR", "not an HL7 message that can be read")
        except OSError:
            return acknowledge(event.payload, "AE", "not stored, send it again")

    async def _write(self, answer: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(frame(answer))
        self.traffic.answers += 1
        async with asyncio.timeout(self._message_s):
            await writer.drain()


@dataclass(frozen=True, slots=True)
class Answer:
    """An acknowledgement: MSA-1 (``AA``, ``AE``, ``AR``), MSA-2, and what it is of, as bytes."""

    code: str
    control_id: str
    raw: bytes


class MllpClient:
    """Sends messages as a monitor does: one at a time, again until it is answered.

    Parameters
    ----------
    host, port : str, int
        The server.
    timeout_s : float
        How long an answer may take. [s]
    attempts : int
        How often a message is sent before it is given up.
    pause_s : float
        Between two attempts. [s]
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        timeout_s: float = 10.0,
        attempts: int = 5,
        pause_s: float = 0.1,
    ) -> None:
        self.reconnects = 0
        self._host = host
        self._port = port
        self._timeout_s = timeout_s
        self._attempts = attempts
        self._pause_s = pause_s
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._framing = Framing()
        self._ready: deque[Frame | Refused] = deque()

    async def send(self, message: bytes) -> Answer:
        """Send a message and return its answer, the one whose MSA-2 is the message's MSH-10.

        Raises
        ------
        OSError
            If no attempt was answered.
        """
        control_id = header_of(read_message(message)).control_id
        for attempt in range(self._attempts):
            if attempt:
                self.reconnects += 1
                await asyncio.sleep(self._pause_s)
            try:
                async with asyncio.timeout(self._timeout_s):
                    return await self._try(message, control_id)
            except OSError:
                await self.close()
        msg = f"message {control_id} was not answered in {self._attempts} attempts"
        raise ConnectionError(msg)

    async def close(self) -> None:
        """End the connection."""
        if self._streams is not None:
            writer = self._streams[1]
            self._streams = None
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _try(self, message: bytes, control_id: str) -> Answer:
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port)
            self._framing = Framing()
            self._ready.clear()
        reader, writer = self._streams
        writer.write(frame(message))
        await writer.drain()
        while True:
            while self._ready:
                event = self._ready.popleft()
                answer = _read_answer(event.payload) if isinstance(event, Frame) else None
                if answer is not None and answer.control_id == control_id:
                    return answer
            data = await reader.read(READ_BYTES)
            if not data:
                msg = "the server ended the connection"
                raise ConnectionResetError(msg)
            self._ready += self._framing.receive(data)


async def send(
    host: str, port: int, messages: Iterable[bytes], *, timeout_s: float = 10.0
) -> list[Answer]:
    """Send messages over one connection and return their answers.

    Parameters
    ----------
    host, port : str, int
        The server.
    messages : iterable of bytes
        Unframed.
    timeout_s : float
        How long an answer may take. [s]

    Raises
    ------
    OSError
        If one was not answered, however often it was sent.
    """
    client = MllpClient(host, port, timeout_s=timeout_s)
    try:
        return [await client.send(message) for message in messages]
    finally:
        await client.close()


def _read_answer(raw: bytes) -> Answer | None:
    """Return an acknowledgement; None where the message is none."""
    try:
        message = read_message(raw)
    except ProtocolError:
        return None
    for fields in segments(message, b"MSA"):
        code, control_id = (text_of(message, field_of(fields, number)) for number in (1, 2))
        return Answer(code, control_id, raw)
    return None


def _size(event: Frame | Refused) -> int:
    """Return how much is kept of a message. [bytes]"""
    return len(event.payload) if isinstance(event, Frame) else len(event.head)


def _address_of(writer: asyncio.StreamWriter) -> str:
    """Return the peer's address; IPv4 in IPv6 as IPv4, without a scope."""
    name = writer.get_extra_info("peername")
    text = str(name[0]).partition("%")[0] if name else ""
    return text.removeprefix("::ffff:") if "." in text else text


def _keep_alive(writer: asyncio.StreamWriter) -> None:
    """Have the system probe a silent connection, so that a half-open one ends."""
    wire = writer.get_extra_info("socket")
    if wire is None:
        return
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for name, value in (("TCP_KEEPIDLE", KEEPALIVE_S), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 6)):
        if hasattr(socket, name):  # macOS and Windows have other names for some
            wire.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)

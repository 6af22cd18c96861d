"""The socket around HL7, on real loopback connections."""

import asyncio
import contextlib
import resource
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from ipaddress import ip_network
from typing import Any

import pytest

from joey.errors import ProtocolError
from joey.sources.hl7 import acknowledge, frame, read_message
from joey.sources.mllp import Answer, MllpClient, MllpServer, send

LOOPBACK = (ip_network("127.0.0.0/8"),)


def message(control_id: object, size: int = 0) -> bytes:
    head = rf"MSH|^~\&|M|U|||20250301120000+0100||ORU^R01|{control_id}|P|2.6" + "\r"
    return head.encode() + b"OBX|1|ST|X||" + b"x" * size + b"\r"


class Intake:
    """Keeps messages in a list, as the journal keeps them in a file."""

    def __init__(self) -> None:
        self.kept: list[bytes] = []
        self.open = asyncio.Event()
        self.open.set()

    async def __call__(self, raw: bytes, peer: str) -> bytes:
        read = read_message(raw)
        self.kept.append(raw)
        await self.open.wait()
        assert peer == "127.0.0.1"
        return acknowledge(read, "AA")


async def listen(server: MllpServer) -> int:
    """Have a server listen at a port that is free, and return it."""
    at = socket.create_server(("127.0.0.1", 0))
    await server.listen(at)
    return int(at.getsockname()[1])


@contextlib.asynccontextmanager
async def serving(
    accept: Callable[[bytes, str], Awaitable[bytes]], **settings: Any
) -> AsyncIterator[tuple[MllpServer, int]]:
    server = MllpServer(accept, settings.pop("allow", LOOPBACK), **settings)
    port = await listen(server)
    try:
        yield server, port
    finally:
        await server.close()


@contextlib.asynccontextmanager
async def connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def answers(reader: asyncio.StreamReader, count: int) -> list[tuple[str, str]]:
    found = []
    for _ in range(count):
        async with asyncio.timeout(10):
            raw = await reader.readuntil(b"\x1c\r")
        fields = raw.partition(b"\rMSA|")[2].partition(b"\r")[0].split(b"|")
        found.append((fields[0].decode(), fields[1].decode()))
    return found


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 (what is waited for has no event)
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("size", [1, 7, 64, 100_000])
@pytest.mark.parametrize("ahead", [1, 8])
def test_all_messages_of_a_connection_are_answered_in_order(size: int, ahead: int) -> None:
    async def play() -> None:
        intake = Intake()
        wire = b"\x00".join(frame(message(n)) for n in range(20))
        async with (
            contextlib.AsyncExitStack() as stack,
            serving(intake, ahead=ahead) as (server, port),
        ):
            reader, writer = await stack.enter_async_context(connected(port))
            for at in range(0, len(wire), size):
                writer.write(wire[at : at + size])
                await asyncio.sleep(0)
            assert await answers(reader, 20) == [("AA", str(n)) for n in range(20)]
            assert intake.kept == [message(n) for n in range(20)]
            writer.close()
            await until(lambda: server.traffic.open == 0)
            assert server.traffic.junk_bytes == 19
            assert server.traffic.messages == server.traffic.answers == 20

    asyncio.run(play())


def test_a_peer_from_elsewhere_gets_nothing() -> None:
    async def play() -> None:
        intake = Intake()
        async with (
            contextlib.AsyncExitStack() as stack,
            serving(intake, allow=(ip_network("10.0.0.0/8"),)) as (server, port),
        ):
            with contextlib.suppress(OSError):
                reader, writer = await stack.enter_async_context(connected(port))
                writer.write(frame(message(1)))
                assert await reader.read() == b""
            assert server.traffic.refused_peers == 1
            assert server.traffic.connections == 0
            assert not intake.kept

    asyncio.run(play())


def test_what_cannot_be_taken_is_refused_and_the_next_is_read() -> None:
    async def play() -> None:
        async with (
            contextlib.AsyncExitStack() as stack,
            serving(Intake(), max_bytes=1000) as (server, port),
        ):
            reader, writer = await stack.enter_async_context(connected(port))
            writer.write(frame(message(1, 2000)) + message(2) + frame(message(3)))
            writer.write(b"\x0b" + message(4) + frame(b"no HL7") + frame(b"") + frame(message(5)))
            seen = await answers(reader, 7)
            assert seen == [
                ("AR", "1"),
                ("AR", "2"),
                ("AA", "3"),
                ("AR", "4"),
                ("AR", ""),
                ("AR", ""),
                ("AA", "5"),
            ]
            traffic = server.traffic
            assert (traffic.oversize, traffic.unframed, traffic.cut_off) == (1, 1, 1)
            assert traffic.unread == 2

    asyncio.run(play())


def test_an_answer_repeats_nothing_of_a_patient() -> None:
    async def play() -> None:
        raw = message(1).replace(b"OBX", b"PID|1||77||JONES^BABY\rOBX")
        async with (
            contextlib.AsyncExitStack() as stack,
            serving(Intake(), max_bytes=60) as (_, port),
        ):
            reader, writer = await stack.enter_async_context(connected(port))
            writer.write(frame(raw) + raw)
            seen = await reader.readuntil(b"\x1c\r") + await reader.readuntil(b"\x1c\r")
            assert b"JONES" not in seen
            assert b"77" not in seen

    asyncio.run(play())


@pytest.mark.parametrize(("error", "code"), [(ProtocolError("x"), "AR"), (OSError("full"), "AE")])
def test_trouble_in_keeping_a_message_is_answered(error: Exception, code: str) -> None:
    async def broken(raw: bytes, peer: str) -> bytes:
        raise error

    async def play() -> list[Answer]:
        async with serving(broken) as (_, port):
            return await send("127.0.0.1", port, [message(8), message(9)])

    seen = asyncio.run(play())
    assert [(answer.code, answer.control_id) for answer in seen] == [(code, "8"), (code, "9")]


def test_while_a_message_is_being_kept_no_more_is_read() -> None:
    """64 MiB are sent at a journal that stands still: what was read stays under 2 MiB."""

    async def play() -> None:
        intake = Intake()
        intake.open.clear()
        async with contextlib.AsyncExitStack() as stack, serving(intake) as (server, port):
            reader, writer = await stack.enter_async_context(connected(port))
            writer.transport.set_write_buffer_limits(high=1 << 28)
            for n in range(64):
                writer.write(frame(message(n, 1 << 20)))
            await until(lambda: len(intake.kept) == 1)
            await asyncio.sleep(0.2)
            assert len(intake.kept) == 1
            assert server.traffic.bytes < 2 << 20
            intake.open.set()
            assert [code for code, _ in await answers(reader, 64)] == ["AA"] * 64

    asyncio.run(play())


def test_a_slow_sender_is_ended_and_a_silent_one_is_not() -> None:
    async def play() -> None:
        async with (
            contextlib.AsyncExitStack() as stack,
            serving(Intake(), message_s=0.2) as (server, port),
        ):
            silent = await stack.enter_async_context(connected(port))
            slow = await stack.enter_async_context(connected(port))
            with contextlib.suppress(OSError):
                for byte in frame(message(1)):
                    slow[1].write(bytes([byte]))
                    await slow[1].drain()
                    await asyncio.sleep(0.01)
            await until(lambda: server.traffic.open == 1)
            assert server.traffic.overdue == 1
            assert server.traffic.messages == 0
            silent[1].write(frame(message(2)))
            assert await answers(silent[0], 1) == [("AA", "2")]
            slow[1].transport.abort()

    asyncio.run(play())


def test_a_peer_that_never_reads_its_answers_is_ended() -> None:
    async def play() -> None:
        async with (
            contextlib.AsyncExitStack() as stack,
            serving(Intake(), message_s=0.3) as (server, port),
        ):
            _, writer = await stack.enter_async_context(connected(port))
            with contextlib.suppress(OSError):
                for _ in range(4000):
                    writer.write(frame(message("i" * 900)) * 10)
                    async with asyncio.timeout(5):
                        await writer.drain()
            await until(lambda: server.traffic.open == 0)
            assert server.traffic.overdue == 1

    asyncio.run(play())


def test_unfinished_messages_together_are_bounded() -> None:
    async def play() -> None:
        async with (
            contextlib.AsyncExitStack() as stack,
            serving(Intake(), held_bytes=1 << 20) as (server, port),
        ):
            peers = [await stack.enter_async_context(connected(port)) for _ in range(8)]
            for n, (_, writer) in enumerate(peers):
                writer.write(b"\x0b" + message(n, 300_000))
            await until(lambda: server.traffic.held >= 5)
            await asyncio.sleep(0.1)
            assert server.traffic.open == 3
            assert server._held < 1 << 20
            for _, writer in peers:
                writer.transport.abort()
            await until(lambda: server.traffic.open == 0)
            assert server._held == 0

    asyncio.run(play())


def test_messages_that_wait_for_the_journal_are_bounded() -> None:
    """Who sends much while it stands still is ended, unacknowledged; who sends little stays."""

    async def play() -> None:
        intake = Intake()
        intake.open.clear()
        async with (
            contextlib.AsyncExitStack() as stack,
            serving(intake, held_bytes=1 << 20, connections=16) as (server, port),
        ):
            peers = [await stack.enter_async_context(connected(port)) for _ in range(8)]
            for n, (_, writer) in enumerate(peers):
                writer.write(frame(message(n, 300_000)))
            await until(lambda: server.traffic.held >= 5)
            reader, writer = await stack.enter_async_context(connected(port))
            writer.write(frame(message(9)))
            await until(lambda: len(intake.kept) == 4)
            assert server._held < 1 << 20
            intake.open.set()
            assert await answers(reader, 1) == [("AA", "9")]
            await until(lambda: server._held == 0)

    asyncio.run(play())


def test_a_thousand_monitors_at_once() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 2200:
        pytest.skip("the system allows too few open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2200), hard))

    async def play() -> None:
        intake = Intake()
        async with (
            contextlib.AsyncExitStack() as stack,
            serving(intake, connections=1000, per_peer=1000) as (server, port),
        ):
            clients = [MllpClient("127.0.0.1", port, timeout_s=30) for _ in range(1000)]
            for _ in range(2):
                seen = await asyncio.gather(
                    *(client.send(message(n)) for n, client in enumerate(clients))
                )
                assert [answer.control_id for answer in seen] == [str(n) for n in range(1000)]
            assert server.traffic.open == 1000
            one_more = await stack.enter_async_context(connected(port))
            await until(lambda: server.traffic.refused_connections == 1)
            one_more[1].transport.abort()
            await asyncio.gather(*(client.close() for client in clients))
        assert len(intake.kept) == 2000

    asyncio.run(play())
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_one_peer_cannot_take_all_connections(caplog: pytest.LogCaptureFixture) -> None:
    """Its newest are refused, with a line; those that are go on, others come, and there is room
    again once one has gone.
    """

    async def play() -> None:
        intake = Intake()
        async with (
            contextlib.AsyncExitStack() as stack,
            serving(intake, per_peer=3) as (server, port),
        ):
            ours = [await stack.enter_async_context(connected(port)) for _ in range(3)]
            await until(lambda: server.traffic.open == 3)
            for _ in range(20):
                reader, writer = await stack.enter_async_context(connected(port))
                with contextlib.suppress(ConnectionError):
                    assert await reader.read() == b""
            assert server.traffic.refused_more == 20
            for n, (reader, writer) in enumerate(ours):
                writer.write(frame(message(n)))
                assert await answers(reader, 1) == [("AA", f"{n}")]
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", port, local_addr=("127.0.0.9", 0)
            )
            await until(lambda: server.traffic.open == 4)
            writer.transport.abort()
            ours[0][1].transport.abort()
            await until(lambda: server.traffic.open == 2)
            reader, writer = await stack.enter_async_context(connected(port))
            writer.write(frame(message(9)))
            assert await answers(reader, 1) == [("AA", "9")]

    asyncio.run(play())
    (line,) = [each.getMessage() for each in caplog.records if each.name == "joey.intake"]
    assert line == "127.0.0.1 has 3 connections, the most of one address: more are refused"


def test_closing_answers_what_is_being_kept() -> None:
    async def play() -> None:
        intake = Intake()
        intake.open.clear()
        server = MllpServer(intake, LOOPBACK)
        stack = contextlib.AsyncExitStack()
        port = await listen(server)
        idle = await stack.enter_async_context(connected(port))
        reader, writer = await stack.enter_async_context(connected(port))
        writer.write(frame(message(5)))
        await until(lambda: len(intake.kept) == 1)
        closing = asyncio.create_task(server.close())
        await asyncio.sleep(0.05)
        intake.open.set()
        assert await answers(reader, 1) == [("AA", "5")]
        await closing
        assert await idle[0].read() == b""
        assert server.traffic.open == 0
        await stack.aclose()

    asyncio.run(play())


def test_closing_is_quiet_while_monitors_are_connected() -> None:
    """Connections that are ended are no errors: a server's log stays empty."""
    told: list[dict[str, Any]] = []

    async def play() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, said: told.append(said))
        server = MllpServer(Intake(), LOOPBACK)
        port = await listen(server)
        async with connected(port), connected(port):
            await until(lambda: server.traffic.open == 2)
            await server.close()
            await asyncio.sleep(0)

    asyncio.run(play())
    assert told == []


def test_the_client_sends_again_until_the_right_answer_comes() -> None:
    """The first connection is dropped, the second is silent, the third answers late ones first."""
    seen = 0

    async def fickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal seen
        seen += 1
        await reader.readuntil(b"\x1c\r")
        if seen == 2:
            await reader.read()
        if seen == 3:
            for control_id in ("older", "41"):
                writer.write(frame(acknowledge(message(control_id), "AA")))
        writer.close()

    async def play() -> None:
        server = await asyncio.start_server(fickle, "127.0.0.1", 0)
        client = MllpClient(
            "127.0.0.1", server.sockets[0].getsockname()[1], timeout_s=0.2, pause_s=0.01
        )
        answer = await client.send(message("41"))
        assert (answer.code, answer.control_id, client.reconnects) == ("AA", "41", 2)
        await client.close()
        server.close()
        with pytest.raises(OSError, match="41 was not answered in 5 attempts"):
            await client.send(message("41"))

    asyncio.run(play())

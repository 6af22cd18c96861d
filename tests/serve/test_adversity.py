"""What goes wrong around intake is bounded, is told, and ends: peers, disks, floods."""

import asyncio
import contextlib
import resource
import socket
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from joey.serve import Settings
from joey.sources.mllp import MllpClient
from joey.store.backup import verify
from joey.store.journal import Journal

from .running import Running, ask, memory_mib, oru

MIB = 2**20
linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, sets limits of processes")


@pytest.fixture
def intake(tmp_path: Path) -> Iterator[Running]:
    """Return a running intake that listens on a free port."""
    running = Running(Settings(tmp_path, hl7_port=0))
    yield running
    running.end()


def kept(folder: Path) -> list[bytes]:
    """Return the messages of the journal."""
    journal = Journal(folder / "journal.db", read_only=True)
    return [entry.payload for entry in journal.read(0, kinds={"hl7"}, limit=10**6)]


def traffic(folder: Path) -> dict[str, int]:
    """Return what the last tick tells of what came in."""
    import json  # noqa: PLC0415

    journal = Journal(folder / "journal.db", read_only=True)
    found: dict[str, int] = json.loads(journal.read(0, kinds={"tick"}, limit=10**6)[-1].payload)
    return found


def test_eight_mebibytes_are_kept(intake: Running, tmp_path: Path) -> None:
    """The longest message there may be, and the next one on the same connection."""
    large = oru(1, pad=8 * MIB - 1000)

    assert ask(intake, large, oru(2)) == ["AA", "AA"]
    assert kept(tmp_path) == [large, oru(2)]


@linux
def test_a_gibibyte_is_refused_and_not_held(intake: Running, tmp_path: Path) -> None:
    """It is answered AR, counted, and never in memory; others are answered meanwhile."""
    before = memory_mib(intake.process.pid or 0)
    answers: list[bytes] = []

    async def flood() -> None:
        reader, writer = await asyncio.open_connection(intake.address, intake.port)
        head = oru(1)
        writer.write(b"\x0b" + head)
        block = b"x" * MIB
        for _ in range(1024):
            writer.write(block)
            await writer.drain()
        writer.write(b"\x1c\r")
        answers.append(await asyncio.wait_for(reader.readuntil(b"\x1c\r"), 60))
        writer.close()

    thread = threading.Thread(target=lambda: asyncio.run(flood()))
    thread.start()
    time.sleep(0.3)
    assert ask(intake, oru(2)) == ["AA"]
    thread.join(120)

    assert b"MSA|AR|o1" in answers[0]
    assert memory_mib(intake.process.pid or 0) - before < 64
    assert kept(tmp_path) == [oru(2)]
    time.sleep(1.2)
    assert traffic(tmp_path)["oversize"] == 1


def test_a_thousand_connections_at_once(tmp_path: Path) -> None:
    """All are answered, each its own; then the connections are gone, and little is held."""
    intake = Running(Settings(tmp_path, hl7_port=0))

    async def one(number: int) -> str:
        client = MllpClient(intake.address, intake.port, timeout_s=60)
        answer = await client.send(oru(number))
        await everybody.wait()
        await client.close()
        return f"{answer.code} {answer.control_id}"

    everybody: asyncio.Barrier

    async def talk() -> list[str]:
        nonlocal everybody
        everybody = asyncio.Barrier(1000)
        return await asyncio.gather(*(one(number) for number in range(1000)))

    assert asyncio.run(talk()) == [f"AA o{number}" for number in range(1000)]
    assert sorted(kept(tmp_path)) == sorted(oru(number) for number in range(1000))
    time.sleep(1.2)
    told = traffic(tmp_path)
    assert (told["open"], told["connections"], told["refused_connections"]) == (0, 1000, 0)
    assert memory_mib(intake.process.pid or 0) < 300
    assert ask(intake, oru(2000)) == ["AA"]
    intake.end()


def test_a_peer_that_never_closes_leaves_room_for_others(tmp_path: Path) -> None:
    """256 of its connections stay open, the next is refused and counted; another is answered."""
    intake = Running(Settings(tmp_path, hl7_port=0, hl7_per_address=256))
    where = intake.address, intake.port
    with contextlib.ExitStack() as stack:
        for _ in range(256):
            stack.enter_context(socket.create_connection(where, 10))
        more = stack.enter_context(socket.create_connection(where, 10))
        with contextlib.suppress(ConnectionError):
            assert more.recv(1) == b""
        other = stack.enter_context(socket.create_connection(where, 10, ("127.0.0.9", 0)))
        other.sendall(b"\x0b" + oru(1) + b"\x1c\r")
        assert b"MSA|AA|o1" in other.recv(1000)
        time.sleep(1.2)
        told = traffic(tmp_path)
        assert (told["open"], told["refused_more"]) == (257, 1)
    intake.end()


def test_slow_and_silent_peers_hold_nobody_up(intake: Running, tmp_path: Path) -> None:
    """Fifty that send a byte a time, fifty that say nothing: others are answered at once."""

    async def talk() -> tuple[list[str], float]:
        slow = [await asyncio.open_connection(intake.address, intake.port) for _ in range(50)]
        silent = [await asyncio.open_connection(intake.address, intake.port) for _ in range(50)]
        for _, writer in slow:
            writer.write(b"\x0b")

        async def drip() -> None:
            for byte in oru(9):
                for _, writer in slow:
                    writer.write(bytes([byte]))
                await asyncio.sleep(0.01)

        dripping = asyncio.create_task(drip())
        client = MllpClient(intake.address, intake.port)
        begin = time.monotonic()
        codes = [(await client.send(oru(number))).code for number in range(100)]
        spent = time.monotonic() - begin
        dripping.cancel()
        await client.close()
        for _, writer in [*slow, *silent]:
            writer.transport.abort()  # half a message, no goodbye
        return codes, spent

    codes, spent = asyncio.run(talk())
    assert codes == ["AA"] * 100
    assert spent < 20
    assert kept(tmp_path) == [oru(number) for number in range(100)]
    assert ask(intake, oru(200)) == ["AA"]
    time.sleep(1.2)
    assert traffic(tmp_path)["open"] == 0


def test_who_goes_before_the_answer_has_been_kept(intake: Running, tmp_path: Path) -> None:
    """A message whose sender is gone is kept; sent again, it is kept once."""

    async def talk() -> None:
        _, writer = await asyncio.open_connection(intake.address, intake.port)
        writer.write(b"\x0b" + oru(1) + b"\x1c\r")
        await writer.drain()
        writer.transport.abort()

    asyncio.run(talk())
    assert ask(intake, oru(1)) == ["AA"]
    assert kept(tmp_path) == [oru(1)]


@linux
def test_a_full_disk_is_answered_ae_and_ends(intake: Running, tmp_path: Path) -> None:
    """Not stored, not acknowledged, nothing half-written; with room all is taken again."""
    assert ask(intake, oru(1)) == ["AA"]
    pid = intake.process.pid or 0
    size = max(path.stat().st_size for path in tmp_path.glob("journal.db*"))
    soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)  # type: ignore[attr-defined]
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size + 200_000, hard))  # type: ignore[attr-defined]
    codes = ask(intake, *(oru(number, pad=20_000) for number in range(2, 20)))
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))  # type: ignore[attr-defined]

    assert "AE" in codes
    assert set(codes) <= {"AA", "AE"}
    assert intake.process.is_alive()
    taken = [oru(n, pad=20_000) for n, code in enumerate(codes, 2) if code == "AA"]
    assert kept(tmp_path) == [oru(1), *taken]
    again = [oru(number, pad=20_000) for number in range(2, 20)]
    assert ask(intake, *again) == ["AA"] * 18
    assert sorted(kept(tmp_path)) == sorted([oru(1), *again])
    assert verify(tmp_path).wrong == ()


def test_a_disk_that_stalls_delays_answers(intake: Running, tmp_path: Path) -> None:
    """While another process holds the file: late or AE, never lost, never twice."""
    assert ask(intake, oru(1)) == ["AA"]
    other = sqlite3.connect(tmp_path / "journal.db", isolation_level=None, timeout=10)
    other.execute("BEGIN IMMEDIATE")
    codes: list[str] = []
    thread = threading.Thread(target=lambda: codes.extend(ask(intake, oru(2), oru(3), oru(4))))
    thread.start()
    time.sleep(6.5)  # longer than SQLite waits
    assert "AA" not in codes
    other.execute("ROLLBACK")
    thread.join(30)

    assert codes[-1] == "AA"
    taken = [oru(n) for n, code in enumerate(codes, 2) if code == "AA"]
    assert set(taken) <= set(kept(tmp_path))
    assert ask(intake, oru(2), oru(3), oru(4)) == ["AA"] * 3
    assert sorted(kept(tmp_path)) == [oru(n) for n in (1, 2, 3, 4)]


def test_strangers_are_not_heard(tmp_path: Path) -> None:
    """From outside the allowed networks nothing is taken, and nothing is said."""
    running = Running(Settings(tmp_path, hl7_port=0, hl7_allow=("10.99.0.0/16",)))
    try:

        async def talk() -> bytes:
            reader, writer = await asyncio.open_connection(running.address, running.port)
            said = b""
            with contextlib.suppress(OSError):
                writer.write(b"\x0b" + oru(1) + b"\x1c\r")
                await writer.drain()
                said = await asyncio.wait_for(reader.read(), 5)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
            return said

        assert asyncio.run(talk()) == b""
        time.sleep(1.2)
        assert kept(tmp_path) == []
        assert traffic(tmp_path)["refused_peers"] == 1
    finally:
        running.end()

"""What monitors send is in the journal before it is acknowledged; what is nobody's is set apart."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from joey.errors import InputError
from joey.serve import HostClock, Settings, read_settings
from joey.serve.claims import claim
from joey.serve.settings import source_of
from joey.sources.mllp import MllpClient
from joey.store.archive import Archive, Batch, StreamRow
from joey.store.journal import Journal

from .running import Running, ask, oru


@pytest.fixture
def intake(tmp_path: Path) -> Iterator[Running]:
    """Return a running intake that listens on a free port."""
    running = Running(Settings(tmp_path, hl7_port=0))
    yield running
    running.end()


def test_an_acknowledged_message_is_in_the_journal(intake: Running, tmp_path: Path) -> None:
    """As it came, from its source, with its control id and the shard of its bed."""
    assert ask(intake, oru(1), oru(2), oru(1)) == ["AA", "AA", "AA"]
    kept = Journal(tmp_path / "journal.db", read_only=True).read(0, kinds={"hl7"})

    assert [entry.payload for entry in kept] == [oru(1), oru(2)]  # the third is the first again
    assert [entry.control_id for entry in kept] == ["o1", "o2"]
    assert kept[0].shard == kept[1].shard >= 0
    assert {entry.state for entry in kept} == {"accepted"}
    time.sleep(1.5)
    ticks = Journal(tmp_path / "journal.db", read_only=True).read(0, kinds={"tick"})
    counts = json.loads(ticks[-1].payload)
    assert (counts["messages"], counts["again"]) == (3, 1)


def test_what_is_not_of_patient_care_is_in_quarantine(intake: Running, tmp_path: Path) -> None:
    """Training data of a real source are acknowledged, kept, and nobody's."""
    assert ask(intake, oru(1, mode="T")) == ["AA"]
    (kept,) = Journal(tmp_path / "journal.db", read_only=True).quarantined()

    assert "MSH-11" in kept.reason


def test_demo_rows_of_a_monitor_are_in_quarantine(intake: Running, tmp_path: Path) -> None:
    """A monitor in its demo mode says so in OBX-8 alone: that is nobody's heart rate."""
    row = b"|||||R"
    demo = oru(1).replace(row, b"||DEMO|||R")

    assert demo != oru(1)
    assert ask(intake, demo) == ["AA"]
    (kept,) = Journal(tmp_path / "journal.db", read_only=True).quarantined()
    assert kept.reason


def test_more_segments_than_a_monitor_sends_are_in_quarantine(
    intake: Running, tmp_path: Path
) -> None:
    assert ask(intake, oru(1) + b"OBX|2\r" * 20_000) == ["AA"]
    (kept,) = Journal(tmp_path / "journal.db", read_only=True).quarantined()
    assert "segments" in kept.reason


def test_a_source_opens_no_endless_beds(tmp_path: Path) -> None:
    """Beyond the most it is quarantine, with what to do; its beds, and the unit's, go on, also
    after a restart.
    """
    row = StreamRow("s", "at 127.0.0.1", "d", "NICU/1", "", 1, 0, 0, simulated=False)
    with closing(Archive(tmp_path / "archive.db")) as archive:
        archive.write(Batch(streams=(row,)))
    settings = Settings(tmp_path, hl7_port=0, hl7_beds=3, beds=("NICU/9",))
    intake = Running(settings)
    beds = ("1", "2", "3", "4", "9", "5", "2")
    assert ask(intake, *(oru(k, bed=bed) for k, bed in enumerate(beds))) == ["AA"] * 7
    intake.end()
    with closing(Journal(tmp_path / "journal.db", read_only=True)) as journal:
        kept = journal.read(0, kinds={"hl7"})
        states = [each.state == "accepted" for each in kept]
        assert states == [True, True, True, False, True, False, True]
        assert kept[3].reason == (
            "its source has named 3 other beds: list the unit's beds in the settings"
        )


def test_what_is_no_message_is_refused_and_kept(intake: Running, tmp_path: Path) -> None:
    """A person can look at what a device sends."""

    async def talk() -> bytes:
        reader, writer = await asyncio.open_connection(intake.address, intake.port)
        writer.write(b"\x0bHELLO\x1c\r")
        answer = await asyncio.wait_for(reader.readuntil(b"\x1c\r"), 5)
        writer.close()
        return answer

    assert b"MSA|AR" in asyncio.run(talk())
    (kept,) = Journal(tmp_path / "journal.db", read_only=True).quarantined()
    assert kept.payload == b"HELLO"
    assert kept.reason


def test_a_tick_a_second(intake: Running, tmp_path: Path) -> None:
    """The host's time goes on in the journal when no monitor says anything."""
    time.sleep(2.2)
    ticks = Journal(tmp_path / "journal.db", read_only=True).read(0, kinds={"tick"})

    assert 2 <= len(ticks) <= 4


def kill_while_sending(intake: Running, seconds: float, begin: int) -> set[bytes]:
    """Send until the process is killed; return what was acknowledged."""

    async def talk() -> set[bytes]:
        taken: set[bytes] = set()
        client = MllpClient(intake.address, intake.port, attempts=1, timeout_s=2)
        end = time.monotonic() + seconds
        number = begin
        with contextlib.suppress(OSError, asyncio.TimeoutError):
            while True:
                if time.monotonic() > end and intake.process.pid is not None:
                    os.kill(intake.process.pid, signal.SIGKILL)
                    end = float("inf")
                answer = await client.send(oru(number))
                if answer.code == "AA":
                    taken.add(oru(number))
                number += 1
        await client.close()
        return taken

    return asyncio.run(talk())


KILLS = int(os.environ.get("JOEY_KILLS", "3"))


def test_no_acknowledged_message_is_lost_by_a_kill(intake: Running, tmp_path: Path) -> None:
    """Killed at any moment, started again: all that was acknowledged is there, each once."""
    taken: set[bytes] = set()
    for k in range(KILLS):
        taken |= kill_while_sending(intake, 0.13 + 0.07 * (k % 5), 100_000 * k)
        intake.process.join(10)
        intake.start()
    kept = [
        entry.payload
        for entry in Journal(tmp_path / "journal.db", read_only=True).read(
            0, kinds={"hl7"}, limit=10**6
        )
    ]

    assert len(taken) > 10 * KILLS
    assert taken <= set(kept)
    assert len(kept) == len(set(kept))
    assert sqlite3.connect(tmp_path / "journal.db").execute(
        "PRAGMA integrity_check"
    ).fetchone() == ("ok",)


def test_settings_of_a_file(tmp_path: Path) -> None:
    """Sources have networks and zones; the command line wins."""
    path = tmp_path / "joey.toml"
    path.write_text(
        'workers = 2\nbeds = ["nicu/07", "NICU/3-A"]\nzone = "Europe/Berlin"\n'
        '[[sources]]\nname = "monitors"\n'
        'addresses = ["10.1.0.0/16"]\nzone = "Europe/Berlin"\n[[sources]]\nname = "adt"\n'
    )
    found = read_settings(path, data=tmp_path, workers=3)

    assert (found.workers, found.zone) == (3, "Europe/Berlin")
    assert found.beds == ("NICU/7", "NICU/3-A")
    assert source_of(found, "10.1.2.3").name == "monitors"
    assert source_of(found, "192.0.2.1").name == "adt"
    assert source_of(Settings(tmp_path), "192.0.2.1").name == "at 192.0.2.1"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("wokers = 2", "unknown wokers"),
        ("workers = 0", "workers is 1 to 64"),
        ('zone = "Berlin"', "no time zone"),
        ('hl7_allow = ["10.0.0.1/8"]', "is no network"),
        ('address = "0.0.0.0"', "this machine alone"),
        ("workers =", "not TOML"),
        ('[[sources]]\nname = "a"\ncolor = "red"', "a source has a name"),
        ('[[sources]]\nzone = "UTC"', "name is missing"),
        ('beds = ["7"]', "unit and bed, as NICU/7"),
        ('beds = "NICU/7"', "list of texts"),
    ],
)
def test_wrong_settings_are_one_line(text: str, why: str, tmp_path: Path) -> None:
    """What is wrong, and what may be."""
    path = tmp_path / "joey.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=why):
        read_settings(path, data=tmp_path)


def test_a_demo_may_let_time_run_faster() -> None:
    """From a moment on, and never backward."""
    clock = HostClock(time.time_ns() - 10**9, 60.0)
    first = clock.now_ns()

    assert 50e9 < first - clock.since_ns < 90e9
    assert clock.now_ns() >= first


def test_a_port_that_is_taken_is_said_in_one_line(tmp_path: Path) -> None:
    """Before any process starts: nobody is left to try again and again."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for pages, monitors in ((port, 0), (0, port)):
            settings = Settings(tmp_path, port=pages, hl7_port=monitors)
            said = f":{port} cannot be listened at: another"
            with pytest.raises(InputError, match=said), claim(settings):
                pass

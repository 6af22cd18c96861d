"""Intake: what monitors send is in the journal before it is acknowledged.

Messages of all connections are gathered for a few milliseconds and committed together, on a thread
of their own; each is answered after the commit that has it. What cannot be anybody's data goes
into quarantine, is acknowledged all the same, and is told with its reason.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict
from ipaddress import ip_network
from typing import TYPE_CHECKING

from joey.errors import FormatError, ProtocolError
from joey.serve.settings import source_of
from joey.sources.codes import CodeMap
from joey.sources.hl7 import (
    MOST_SEGMENTS,
    acknowledge,
    header_of,
    location_of,
    read_message,
    read_observations,
    why_quarantined,
)
from joey.sources.mllp import MllpServer
from joey.store.archive import Archive
from joey.store.journal import Journal, NewEntry, StorageError, shard_of

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterable

    from joey.serve.settings import Settings
    from joey.store.journal import Receipt

__all__ = ["Intake", "run_intake"]

MOST = 500  # entries of one commit
WAIT_S = 0.005  # s that the first message of a commit waits for others
TICK_S = 1.0  # s, between ticks
PENDING = 5000  # messages that wait for a commit; more are not read from their sockets
RETRY_S = 1.0  # s, after a failure of the disk
log = logging.getLogger("joey.intake")
TRAINING = (b"DEMO", b"TEST")  # what rows that are no patient's may say in OBX-8


class Intake:
    """Takes messages into the journal.

    Parameters
    ----------
    settings : Settings
        How this Joey runs.
    journal : Journal
        Open for writing.
    known : iterable of (str, str)
        Sources and beds that were heard before.
    """

    def __init__(
        self, settings: Settings, journal: Journal, known: Iterable[tuple[str, str]] = ()
    ) -> None:
        self._settings = settings
        self._journal = journal
        self._waiting: asyncio.Queue[tuple[NewEntry, asyncio.Future[Receipt]]] = asyncio.Queue(
            PENDING
        )
        self._order = asyncio.Lock()  # who comes first is kept first, also where all have to wait
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._codes = CodeMap()
        self._again = 0  # messages that were in the journal already
        self._begun_ns = settings.clock.now_ns()  # tells these counts from those of another intake
        self._beds: dict[str, set[str]] = {}  # by source: those that it has opened
        for source, bed in known:
            self._beds.setdefault(source, set()).add(bed)

    async def accept(self, raw: bytes, peer: str) -> bytes:
        """Keep a message and return its acknowledgement.

        Raises
        ------
        ProtocolError
            If it is no HL7: nobody could say whom to answer.
        StorageError
            If it could not be kept: it will be sent again.
        """
        source = source_of(self._settings, peer)
        try:
            message = read_message(raw)
            header = header_of(message)
        except ProtocolError as error:
            await self._refuse(raw, source.name, str(error))
            raise
        why = why_quarantined(header, None, source)
        odd = len(message.lines) > MOST_SEGMENTS or any(word in raw for word in TRAINING)
        if not why and odd and header.event.startswith("ORU"):
            # Rows that say so themselves are rare: only then is the message read here.
            why = why_quarantined(header, read_observations(message, source, self._codes), source)
        bed = location_of(message).key
        why = why or self._why_no_bed(source.name, bed)
        entry = NewEntry(
            received_ns=self._settings.clock.now_ns(),
            kind="hl7",
            source=source.name,
            payload=raw,
            shard=shard_of(source.name, bed),
            control_id=header.control_id,
            state="quarantined" if why else "accepted",
            reason=why,
        )
        await self._keep(entry)
        return acknowledge(message, "AA")

    def _why_no_bed(self, source: str, bed: str) -> str:
        """Return why a source opens no further bed; else empty, and it is one of its beds."""
        opened = self._beds.setdefault(source, set())
        if not bed or bed in opened or bed in self._settings.beds:
            return ""
        most = self._settings.hl7_beds
        if len(opened) >= most:
            return f"its source has named {most:,} other beds: list the unit's beds in the settings"
        opened.add(bed)
        return ""

    async def _refuse(self, raw: bytes, source: str, why: str) -> None:
        """Keep what is no message, for people to look at."""
        now = self._settings.clock.now_ns()
        await self._keep(NewEntry(now, "hl7", source, raw, -1, "", "quarantined", why))

    async def _keep(self, entry: NewEntry) -> Receipt:
        done: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        async with self._order:
            await self._waiting.put((entry, done))
        return await done

    async def commit(self) -> None:
        """Commit what is waiting, again and again, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            batch = [await self._waiting.get()]
            if self._waiting.empty():
                await asyncio.sleep(WAIT_S)
            while len(batch) < MOST and not self._waiting.empty():
                batch.append(self._waiting.get_nowait())
            entries = [entry for entry, _ in batch]
            try:
                receipts = await loop.run_in_executor(self._thread, self._journal.append, entries)
            except StorageError as error:
                for _, done in batch:
                    if not done.done():
                        done.set_exception(StorageError(str(error)))
                await asyncio.sleep(RETRY_S)
                continue
            self._again += sum(receipt.duplicate for receipt in receipts)
            for (_, done), receipt in zip(batch, receipts, strict=True):
                if not done.done():  # the peer may have gone
                    done.set_result(receipt)

    async def tick(self, server: MllpServer) -> None:
        """Write the host's time and what came in, once a second, until cancelled."""
        while True:
            counts = {
                **asdict(server.traffic), "again": self._again, "begun_ns": self._begun_ns,
            }  # fmt: skip
            said = {"now_ns": self._settings.clock.now_ns(), **counts}
            entry = NewEntry(said["now_ns"], "tick", "host", json.dumps(said).encode())
            with contextlib.suppress(StorageError):  # it is told with the messages
                await self._keep(entry)
            await asyncio.sleep(TICK_S / self._settings.clock.speed)

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(wait=True)


def _known(settings: Settings) -> set[tuple[str, str]]:
    """Return sources and beds of which the archive has something; it is no reason not to listen."""
    path = settings.data / "archive.db"
    if not path.exists():
        return set()
    try:
        with closing(Archive(path, read_only=True)) as archive:
            return {(row.source, row.bed) for row in archive.streams()}
    except (FormatError, StorageError) as error:
        log.warning("%s; beds are counted anew", error)
        return set()


async def _run(settings: Settings, ready: object, at: socket.socket) -> None:
    journal = Journal(settings.data / "journal.db")
    intake = Intake(settings, journal, _known(settings))
    allow = [ip_network(each) for each in settings.hl7_allow]
    server = MllpServer(intake.accept, allow, ahead=8, per_peer=settings.hl7_per_address)
    commit = asyncio.create_task(intake.commit())
    address, port = at.getsockname()[:2]
    await server.listen(at)
    ready.put(("hl7", address, port))  # type: ignore[attr-defined]  # a queue between processes
    tick = asyncio.create_task(intake.tick(server))
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    stopping = asyncio.create_task(stop.wait())
    # A bug in either task ends the process, and the supervisor starts it anew.
    await asyncio.wait({commit, tick, stopping}, return_when=asyncio.FIRST_COMPLETED)
    await server.close()
    for task in (tick, commit):
        task.cancel()
    results = await asyncio.gather(commit, tick, return_exceptions=True)
    intake.close()
    journal.close()
    for result in results:
        if isinstance(result, Exception):
            raise result


def run_intake(settings: Settings, ready: object, at: socket.socket) -> None:
    """Be the process of intake until told to stop.

    Parameters
    ----------
    settings : Settings
        How this Joey runs.
    ready : queue
        Is told ``("hl7", address, port)`` once monitors are listened to.
    at : socket
        Where they connect; it listens already.
    """
    asyncio.run(_run(settings, ready, at))

"""How many beds a Joey holds: real processes and sockets on this machine, durable and analyzed.

    python benchmarks/live_load.py --beds 500 --seconds 600 --json load.json

Each bed sends one HL7 message a second over a connection of its own: three waveforms at 250 Hz of a
simulated infant and eight numerics. `joey serve` keeps, acknowledges, analyzes and shows them; 20
browsers - websocket clients of the unit's page and of beds - take what it pushes.

The delay is from a message's last sample to the arrival of the frame with it in a browser, which
then paints at a fixed delay of its own. `lost` counts acknowledged messages that are not in the
journal, `doubled` those that are there twice. Memory and processor time are those of Joey's
processes together; sender and browsers, which have the same cores, are not in them. `pss_mb` counts
what processes share once, `rss_mb` in each; `pss_mb_of_processes` has it by process over time.
`behind_s` is for how many seconds of messages the analysis was behind the journal: in the median,
and at most, of a look every 5 s; `behind` how many messages it was at the end.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import http.client
import json
import os
import re
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np

if TYPE_CHECKING:
    from multiprocessing.queues import Queue

NS = 1_000_000_000
POOL_S = 300  # s of an infant, which each bed plays from another second on
FS = 250
BROWSERS = 20
ON_UNIT = 5  # of the browsers; the others show a bed each
SETTLE_S = 10.0  # s that are not measured: connections are made
ANSWER_S = 30.0  # s for the last acknowledgements
TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
NUMBERS = (
    ("147842^MDC_ECG_HEART_RATE^MDC", "1.7.1.147842", "264864^MDC_DIM_BEAT_PER_MIN^MDC", 150),
    ("149530^MDC_PULS_OXIM_PULS_RATE^MDC", "1.7.2.149530", "264864^MDC_DIM_BEAT_PER_MIN^MDC", 150),
    ("151562^MDC_RESP_RATE^MDC", "1.7.3.151562", "264864^MDC_DIM_BEAT_PER_MIN^MDC", 45),
    ("150456^MDC_PULS_OXIM_SAT_O2^MDC", "1.7.2.150456", "262688^MDC_DIM_PERCENT^MDC", 93),
    ("150388^MDC_TEMP_SKIN^MDC", "1.7.4.150388", "268192^MDC_DIM_DEGC^MDC", 36),
    ("152196^MDC_CONC_AWAY_O2_INSP^MDC", "1.7.5.152196", "262688^MDC_DIM_PERCENT^MDC", 23),
    ("150021^MDC_PRESS_BLD_NONINV_SYS^MDC", "1.7.9.150021", "266016^MDC_DIM_MMHG^MDC", 55),
    ("150022^MDC_PRESS_BLD_NONINV_DIA^MDC", "1.7.9.150022", "266016^MDC_DIM_MMHG^MDC", 33),
)
WAVES = (
    ("ecg", "131330^MDC_ECG_ELEC_POTL_II^MDC", "1.7.6.131330", "266418^MDC_DIM_MILLI_VOLT^MDC"),
    ("resp", "151780^MDC_IMPED_TTHOR^MDC", "1.7.7.151780", "262720^MDC_DIM_OHM^MDC"),
    ("pleth", "150452^MDC_PULS_OXIM_PLETH^MDC", "1.7.8.150452", "262656^MDC_DIM_DIMLESS^MDC"),
)


# --- the beds


def wave_texts() -> list[list[bytes]]:
    """Return the samples of each wave, second by second, as HL7 writes them."""
    from joey.simulate import simulate_infant  # noqa: PLC0415  (the sender's process alone)

    made = simulate_infant(POOL_S / 3600, 7, holds=0).recording
    texts = []
    for quantity, *_ in WAVES:
        signal_ = next(each for each in made.signals if each.channel.quantity == quantity)
        times, values = signal_.times, np.nan_to_num(signal_.values)
        at = times[0] + np.arange(POOL_S * FS) / FS
        counts = np.round(np.interp(at, times, values) / signal_.scale).astype(int)
        rows = counts.reshape(POOL_S, FS).tolist()
        texts.append(["^".join(map(str, row)).encode() for row in rows])
    return texts


def stamp(second: int, milliseconds: int) -> bytes:
    """Return a time as HL7 writes it."""
    moment = datetime.fromtimestamp(second, UTC)
    return f"{moment:%Y%m%d%H%M%S}.{milliseconds:03d}+0000".encode()


class BedSender:
    """One monitor.

    Parameters
    ----------
    index, beds : int
        Which of how many; their seconds begin one after the other.
    texts : list of list of bytes
        As `wave_texts`.
    """

    def __init__(self, index: int, beds: int, texts: list[list[bytes]]) -> None:
        self.phase_ms = index * 1000 // beds
        self._index = index
        self._texts = texts
        self.sent: dict[bytes, int] = {}
        self.acknowledged: set[bytes] = set()
        self.refused = 0
        self._answered = asyncio.Event()  # that an answer came

    def message(self, second: int) -> tuple[bytes, bytes]:
        """Return control id and message of the second that begins then. [s UTC]"""
        control_id = b"%d.%d" % (self._index, second)
        at = stamp(second, self.phase_ms)
        end = stamp(second + 1, self.phase_ms)
        rows = [
            b"MSH|^~\\&|LOAD|HOSP|JOEY|HOSP|%s||ORU^R01^ORU_R01|%s|T|2.6" % (end, control_id),
            b"PID|1||L%d^^^SIMULATED^MR||SIMULATED^LOAD" % self._index,
            b"PV1|1|I|NICU^^%d" % (self._index + 1),
            b"OBR|1|||69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC|||%s|%s" % (at, end),
            b"OBX|1||69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC|1.0.0.0|||||||X|||||||"
            b"L%06d^^L%06d^EUI-64" % (self._index, self._index),
        ]
        number = 2
        for code, sub, unit, value in NUMBERS:
            said = (code.encode(), sub.encode(), value + second % 3, unit.encode(), end)
            rows.append(b"OBX|%d|NM|%s|%s|%d|%s|||||R|||%s" % (number, *said))
            number += 1
        place = (second + 17 * self._index) % POOL_S
        for (_, code, sub, unit), texts in zip(WAVES, self._texts, strict=True):
            head = (code.encode(), sub.encode())
            rows += [
                b"OBX|%d|NA|%s|%s|%s|262656^MDC_DIM_DIMLESS^MDC|||||R|||%s"
                % (number, *head, texts[place], at),
                b"OBX|%d|NM|0^MDC_ATTR_SAMP_RATE^MDC|%s.1|250|264608^MDC_DIM_PER_SEC^MDC|||||R"
                % (number + 1, head[1]),
                b"OBX|%d|NM|2327^MDC_ATTR_NU_MSMT_RES^MDC|%s.2|0.0025|%s|||||R"
                % (number + 2, head[1], unit.encode()),
            ]
            number += 3
        return control_id, b"\r".join(rows) + b"\r"

    async def run(self, address: str, port: int, begin: int, end: int) -> None:
        """Send each second when it is over, until the end; take the answers. [s UTC]"""
        reader, writer = await asyncio.open_connection(address, port, limit=1 << 20)
        answers = asyncio.create_task(self._answers(reader))
        for second in range(begin, end):
            await asyncio.sleep(max(0.0, second + 1 + self.phase_ms / 1000 - time.time()))
            control_id, message = self.message(second)
            self.sent[control_id] = len(message)
            writer.write(b"\x0b" + message + b"\x1c\r")
            await writer.drain()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_S):
                while len(self.acknowledged) + self.refused < len(self.sent):
                    self._answered.clear()
                    await self._answered.wait()
        answers.cancel()
        writer.close()

    async def _answers(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                answer = await reader.readuntil(b"\x1c\r")
                found = re.search(rb"MSA\|(A[AER])\|([^|\r]*)", answer)
                if found is not None and found[1] == b"AA":
                    self.acknowledged.add(found[2])
                else:
                    self.refused += 1
                self._answered.set()


def send_all(
    beds: int, address: str, port: int, begin: int, end: int, into: Queue[dict[str, Any]]
) -> None:
    """Be the process of the beds."""
    texts = wave_texts()
    senders = [BedSender(k, beds, texts) for k in range(beds)]
    into.put({"ready": True})

    async def run() -> None:
        await asyncio.gather(*(each.run(address, port, begin, end) for each in senders))

    asyncio.run(run())
    into.put(
        {
            "sent": sum(len(each.sent) for each in senders),
            "bytes": sum(sum(each.sent.values()) for each in senders),
            "refused": sum(each.refused for each in senders),
            "acknowledged": {name for each in senders for name in each.acknowledged},
        }
    )


# --- the browsers


@dataclass(slots=True)
class Seen:
    """What browsers saw: delays of frames of waves, and how much came."""

    delays: list[float] = field(default_factory=list)
    frames: int = 0
    states: int = 0
    dropped: int = 0
    broken: int = 0


async def browse(base: str, cookie: str, path: str, phase: float | None, seen: Seen, *, since: float) -> None:  # fmt: skip  # noqa: E501
    """Be a browser on a page, until cancelled."""
    from websockets.asyncio.client import connect  # noqa: PLC0415
    from websockets.exceptions import WebSocketException  # noqa: PLC0415

    while True:
        try:
            async with connect(
                f"ws://{base}{path}",
                additional_headers={"Cookie": cookie},
                origin=f"http://{base}",  # type: ignore[arg-type]  # a new type of str
                max_size=None,
            ) as socket:
                async for message in socket:
                    now = time.time()
                    if isinstance(message, str):
                        seen.states += 1
                        if '"dropped":' in message:
                            found = re.search(r'"dropped":(\d+)', message)
                            seen.dropped = max(seen.dropped, int(found[1]) if found else 0)
                        continue
                    seen.frames += 1
                    if phase is not None and now >= since:
                        seen.delays += [now - end for end in ends_of(message, phase)]
        except (OSError, WebSocketException):
            seen.broken += 1
            await asyncio.sleep(0.5)


def ends_of(message: bytes, phase: float) -> list[float]:
    """Return when the last sample of each wave of a frame was: a message's end. [s UTC]"""
    (size,) = struct.unpack_from("<I", message)
    waves = json.loads(message[4 : 4 + size])["waves"]
    last: dict[str, float] = {}
    for wave in waves:
        end = (wave["t0"] + (wave["first"] + wave["n"]) * 1000 / wave["fs"]) / 1000
        # The page lays the device's clock on the host's; a message ends at its bed's phase.
        last[wave["id"]] = max(last.get(wave["id"], 0.0), round(end - phase) + phase)
    return list(last.values())


def enter(link: str) -> tuple[str, str]:
    """Open the link; return address and cookie."""
    parts = urlsplit(link)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    connection.request("GET", f"{parts.path}?{parts.query}")
    cookie = connection.getresponse().getheader("Set-Cookie") or ""
    connection.close()
    return parts.netloc, cookie.partition(";")[0]


# --- Joey's processes


def tree(pid: int) -> list[int]:
    """Return a process and all below it."""
    found = [pid]
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += tree(int(child))
    return found


def used(pids: list[int]) -> tuple[float, float]:
    """Return processor time [s] and resident memory [MiB] of processes."""
    cpu = memory = 0.0
    for pid in pids:
        with contextlib.suppress(OSError):
            stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            cpu += (int(stat[11]) + int(stat[12])) / TICK
            memory += int(stat[21]) * PAGE / 2**20
    return cpu, memory


def pss_of(pids: list[int]) -> dict[str, float]:
    """Return the memory of each process by its place in the tree; shared is parted. [MiB]"""
    found = {}
    for place, pid in enumerate(pids):
        with contextlib.suppress(OSError):
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
            size = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
            found[str(place)] = int(size[1]) / 1024 if size else 0.0
    return found


def names_of(pids: list[int]) -> dict[int, float]:
    """Return the processor time of each process. [s]"""
    return {pid: used([pid])[0] for pid in pids}


def start_joey(folder: Path, workers: int) -> tuple[subprocess.Popen[str], str, int, str]:
    """Start `joey serve`; return it, where monitors connect, and the link of the pages."""
    settings = folder / "joey.toml"
    lines = ("[[sources]]", 'name = "load"')
    settings.write_text("\n".join((*lines, "simulated = true", "")), encoding="utf-8")
    command = [
        sys.executable, "-P", "-m", "joey", "serve", "--data", str(folder / "data"), "--settings",
        str(settings), "--port", "0", "--hl7-listen", "127.0.0.1:0", "--workers", str(workers),
    ]  # fmt: skip
    joey = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    if joey.stdout is None:
        raise RuntimeError("no output of joey serve")
    address, port, link = "", 0, ""
    for line in joey.stdout:
        if found := re.search(r"connect to (\S+):(\d+)", line):
            address, port = found[1], int(found[2])
        if found := re.search(r"open (http\S+)", line):
            link = found[1]
            break
    if not link:
        raise RuntimeError("joey serve did not come up")
    return joey, address, port, link


def in_journal(folder: Path, acknowledged: set[bytes]) -> dict[str, int]:
    """Return what the journal has of the messages, and how far the analysis is behind it."""
    db = sqlite3.connect(f"{(folder / 'data' / 'journal.db').as_uri()}?mode=ro", uri=True)
    rows = db.execute("SELECT control_id, count(*) FROM entries WHERE kind = 'hl7' GROUP BY 1")
    times = {str(name).encode(): int(count) for name, count in rows}
    (last,) = db.execute("SELECT max(seq) FROM entries").fetchone()
    (kept_out,) = db.execute("SELECT count(*) FROM entries WHERE state != 'accepted'").fetchone()
    archive = sqlite3.connect(f"{(folder / 'data' / 'archive.db').as_uri()}?mode=ro", uri=True)
    (reached,) = archive.execute("SELECT min(seq) FROM checkpoints").fetchone()
    (facts,) = archive.execute("SELECT count(*) FROM facts").fetchone()
    (down,) = archive.execute("SELECT count(*) FROM facts WHERE kind = 'down'").fetchone()
    return {
        "stored": sum(times.values()),
        "lost": len(acknowledged - times.keys()),
        "doubled": sum(count - 1 for count in times.values()),
        "quarantined": kept_out,
        "behind": last - (reached or 0),
        "facts": facts,
        "down": down,
    }


def behind_in(folder: Path) -> int:
    """Return how many entries of the journal the analysis has not come to."""
    found = []
    for name, asked in (
        ("journal.db", "SELECT max(seq) FROM entries"),
        ("archive.db", "SELECT min(seq) FROM checkpoints WHERE name LIKE 'shard %'"),
    ):
        db = sqlite3.connect(f"{(folder / 'data' / name).as_uri()}?mode=ro", uri=True)
        found.append(db.execute(asked).fetchone()[0] or 0)
        db.close()
    last, reached = found
    return int(last - reached)


@dataclass(frozen=True, slots=True)
class Note:
    """Joey at one moment: time [s], processor time [s], RSS and PSS [MiB], entries behind."""

    at: float
    cpu: float
    rss: float
    pss: dict[str, float]
    behind: int


async def watch(joey: int, link: str, beds: int, begin: int, end: int, seen: Seen, folder: Path) -> list[Note]:  # fmt: skip  # noqa: E501
    """Have browsers look, and note time, processor time and memory, until the end."""
    base, cookie = enter(link)

    def note() -> Note:
        pids = tree(joey)
        return Note(time.time(), *used(pids), pss_of(pids), behind_in(folder))

    notes: list[Note] = []
    tasks: list[asyncio.Task[None]] = []
    await asyncio.sleep(max(0.0, begin + 4 - time.time()))  # beds are known once they spoke
    for k in range(BROWSERS):
        bed = (k * 7919) % beds
        path, phase = "/live/unit", None
        if k >= ON_UNIT:
            path, phase = f"/live/bed/NICU/{bed + 1}", (bed * 1000 // beds) / 1000
        look = browse(base, cookie, path, phase, seen, since=begin + SETTLE_S)
        tasks.append(asyncio.create_task(look))
    await asyncio.sleep(max(0.0, begin + SETTLE_S - time.time()))
    while time.time() < end:
        notes.append(note())
        await asyncio.sleep(min(5.0, max(0.1, end - time.time())))
    notes.append(note())
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return notes


def measure(beds: int, seconds: int, workers: int) -> dict[str, Any]:
    """Run a Joey under load for so long, and return what was seen."""
    with tempfile.TemporaryDirectory(prefix="joey-load-", dir=os.environ.get("JOEY_LOAD_DIR")) as name:  # fmt: skip  # noqa: E501
        folder = Path(name)
        joey, address, port, link = start_joey(folder, workers)
        seen = Seen()
        try:
            context = get_context("spawn")
            queue: Queue[dict[str, Any]] = context.Queue()
            begin = int(time.time()) + 8 + beds // 100
            end = begin + seconds
            sender = context.Process(
                target=send_all, args=(beds, address, port, begin, end, queue), daemon=True
            )
            sender.start()
            queue.get(timeout=60)
            notes = asyncio.run(watch(joey.pid, link, beds, begin, end, seen, folder))
            shares = names_of(tree(joey.pid))
            done = queue.get(timeout=ANSWER_S + 30)
            sender.join(10)
            found = in_journal(folder, done["acknowledged"])
        finally:
            joey.terminate()
            joey.wait(30)
        delays = np.array(seen.delays) if seen.delays else np.array([np.nan])
        first, last = notes[0], notes[-1]
        behind = np.array([each.behind for each in notes]) / beds
        every = notes[:: max(1, round(len(notes) / 12))]
        return {
            "beds": beds,
            "seconds": seconds,
            "browsers": BROWSERS,
            "p50_s": round(float(np.percentile(delays, 50)), 4),
            "p99_s": round(float(np.percentile(delays, 99)), 4),
            "most_s": round(float(delays.max()), 4),
            "delays": len(seen.delays),
            "sent": done["sent"],
            "acknowledged": len(done["acknowledged"]),
            "refused": done["refused"],
            **found,
            "behind_s": [round(float(each), 2) for each in (np.median(behind), behind.max())],
            "behind_s_over_time": {
                f"{each.at - begin:.0f} s": round(each.behind / beds, 1) for each in (*every, last)
            },
            "mb_per_s": round(done["bytes"] / seconds / 1e6, 2),
            "rss_mb": round(last.rss, 1),
            "rss_mb_begin": round(first.rss, 1),
            "pss_mb": round(sum(last.pss.values()), 1),
            "pss_mb_begin": round(sum(first.pss.values()), 1),
            "pss_mb_of_processes": {
                f"{each.at - begin:.0f} s": [round(size) for size in each.pss.values()]
                for each in (*every, last)
            },
            "cpu_cores": round((last.cpu - first.cpu) / (last.at - first.at), 3),
            "cpu_s_of_processes": [round(each, 1) for each in shares.values()],
            "dropped": seen.dropped,
            "broken": seen.broken,
            "processors": os.cpu_count(),
            "load_1min": round(os.getloadavg()[0], 1),
        }


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--beds", type=int, default=24)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    found = measure(chosen.beds, chosen.seconds, chosen.workers)
    text = json.dumps(found, indent=2)
    print(text)
    if chosen.json is not None:
        chosen.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

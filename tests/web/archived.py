"""What workers tell of a bed: of its messages, or an hour of envelope and spells by themselves."""

from __future__ import annotations

from dataclasses import astuple
from typing import TYPE_CHECKING

import numpy as np

from joey.beats import Beats
from joey.events import Event, Spell
from joey.live.facts import EnvelopeMinute, Facts
from joey.people import stream_id, stream_key
from joey.serve import Settings
from joey.serve.packing import envelope_rows, facts_of
from joey.serve.worker import Worker
from joey.sources.codes import CodeMap
from joey.sources.hl7 import SourceSettings, read_message, read_observations
from joey.spans import Span, Spans
from joey.store.archive import Archive, Batch, Checkpoint, StreamRow
from joey.store.journal import SHARDS, Journal
from joey.web.packing import ALIGN
from joey.web.recent import KINDS, PULSE
from tests.web.messages import observations
from tests.web.serving import SOURCE

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from joey.quality import Quality

__all__ = ["apnea", "bradycardia", "desaturation", "strips", "tell", "work"]

STRIPS = ("pulse", "heart_rate", "spo2", "resp", "good")  # of `oxycrg_columns`, in its order

NS = 1_000_000_000
NAN = float("nan")


def work(folder: Path, sources: tuple[SourceSettings, ...]) -> None:
    """Have a worker go on from where the last one came to, as far as the journal goes."""
    journal = Journal(folder / "journal.db", read_only=True)
    archive = Archive(folder / "archive.db")
    worker = Worker(Settings(folder, sources=sources), 0, journal, archive)
    while worker.step():
        pass
    assert worker.keep()
    archive.close()
    journal.close()


def strips(data: bytes, columns: int) -> dict[str, NDArray[np.float32]]:
    """Return the least and the largest of each strip of an OxyCRG: shape (2, columns)."""
    size = int.from_bytes(data[:4], "little")
    values = np.frombuffer(data[4 + size + -(4 + size) % ALIGN :], np.float32)
    rows = values.reshape(len(STRIPS), 2, -1)[:, :, :columns]
    return dict(zip(STRIPS, rows, strict=True))


def apnea(at: float, seconds: float) -> Event:
    """Return an apnea. [s]"""
    return Event("apnea", Span(at, at + seconds), NAN, NAN, NAN, seconds, 0.0, "breath")


def bradycardia(at: float, seconds: float, nadir: float) -> Event:
    """Return a bradycardia. [s, 1/min]"""
    span = Span(at, at + seconds)
    return Event("bradycardia", span, nadir, at + 1, 1.0, seconds, 0.0, "beat")


def desaturation(at: float, seconds: float, nadir: float) -> Event:
    """Return a desaturation. [s, %]"""
    span = Span(at, at + seconds)
    return Event("desaturation", span, nadir, at + 1, 1.0, seconds, 0.0, "numeric")


def tell(
    folder: Path,
    bed: str,
    now_ns: int,
    spells: dict[str, tuple[Event, ...]],
    *,
    minutes: int = 60,
    seq: int = 1,
    offset_ns: int = 0,
    heard: bytes = b"",
    kinds: tuple[str, ...] = KINDS,
    quality: tuple[Quality, ...] = (),
) -> str:
    """Put a stream of a bed into the archive, with an hour before a time; return its name.

    It is that of a message: by default of what the monitor of JONES sends. What is not among
    `kinds` it did not measure. `quality` is what was judged;
    of an ECG there are beats then.
    """
    heard = heard or observations(
        bed.rpartition("/")[2], "M4", "JONES^BABY BOY", now_ns, numbers={}
    )
    found = read_observations(read_message(heard), SourceSettings(SOURCE), CodeMap())
    key = stream_key(SOURCE, found)
    name = stream_id(key, 1)
    device_ns = now_ns - offset_ns
    begin = device_ns - minutes * 60 * NS
    row = StreamRow(name, *astuple(key), 1, begin, offset_ns)
    found = Facts(
        name,
        seq,
        spells=tuple(
            Spell(letters, Span(members[0].span.start, members[-1].span.end), members)
            for letters, members in spells.items()
        ),
        beats=_beats(quality, begin / NS, device_ns / NS),
        quality=quality,
        envelope=tuple(_minute((begin // (60 * NS) + k) * 60 * NS, kinds) for k in range(minutes)),
    )
    archive = Archive(folder / "archive.db")
    points = tuple(Checkpoint(f"shard {shard}", seq) for shard in range(SHARDS))
    archive.write(Batch((row,), (), envelope_rows(found), tuple(facts_of(found)), points))
    archive.close()
    return name


def _beats(quality: tuple[Quality, ...], start: float, end: float) -> Beats | None:
    """Return beats of the ECG that was judged, 150 a minute; None where none was. [s]"""
    times = np.arange(start, end, 0.4)
    searched = Spans.of([(start, end)])
    ecgs = (each.channel for each in quality if each.channel.quantity == "ecg")
    made = (Beats(ecg, times, np.zeros(len(times), np.uint8), searched) for ecg in ecgs)
    return next(made, None)


def _minute(at_ns: int, kinds: tuple[str, ...]) -> EnvelopeMinute:
    t = at_ns / NS + np.arange(240) / 4
    breath = np.sin(2 * np.pi * t * 0.8)
    slow = np.sin(2 * np.pi * t / 700)
    heart = 150 + 6 * slow + 2 * np.sin(t / 3)
    heart[(t % 1500) < 12] = 84.0
    spo2 = np.round(94 + 2 * slow)
    spo2[(t % 1500 > 10) & (t % 1500 < 40)] = 79.0
    low, high = breath - 0.3 + 0.3 * slow, breath + 0.3 + 0.3 * slow
    low[(t % 1500) < 14] = high[(t % 1500) < 14] = 0.1
    told = dict(zip((*KINDS, PULSE), (heart, spo2, low, high, heart + 2), strict=True))
    parts = (told[each] if each in kinds else np.full(240, np.nan) for each in told)
    return EnvelopeMinute(at_ns, *(np.asarray(each, np.float32) for each in parts))

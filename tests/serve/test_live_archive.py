"""What an infant's minutes tell through MLLP and a running Joey, they tell as a file.

`JOEY_LIVE_MINUTES=60 ./joey test tests/serve/test_live_archive.py -n0 -s` is the long run: an hour,
undisturbed and with kills, and its figures.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import re
import threading
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest

from joey.beats import detect_beats
from joey.holds import read_holds
from joey.response import Settings, analyze, measure_response
from joey.serve.packing import unpack_times
from joey.simulate import simulate_infant
from joey.simulate.files import write
from joey.simulate.schedule import SimulatedHold
from joey.simulate.ward.dirt import MonitorClock
from joey.simulate.ward.encode import ABSENT, DIALECTS, Piece, Reading, Strip, encode
from joey.simulate.ward.people import admit_all, furnish
from joey.sources import read_all
from joey.spans import Spans, union
from joey.store.archive import Archive
from joey.store.journal import NewEntry
from live.messages import sent as sent_of

from .feeding import NS, SOURCES, START
from .whole import Whole, clock_from, kill_at_random, new_settings, send

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from joey.response import Findings, Response
    from joey.signals import Recording

LONG = "JOEY_LIVE_MINUTES" in os.environ
MINUTES = int(os.environ.get("JOEY_LIVE_MINUTES", "5"))
KILLS = max(3, MINUTES // 4)
PARTS = ("supervisor", "worker 1", "intake")
SPEED = 4.0  # what is late by 10 s, is late by 2.5 s of this machine
HOLD = (MINUTES * 60 * 0.35, MINUTES * 60 * 0.75)  # s
END_S = 300.0
BED = furnish(1)[0]
WAVES = ("ecg", "resp", "pleth")
NUMBER = re.compile(r"-?\d+\.\d+(e-?\d+)?")
EVERYTHING = (-(2**62), 2**62)


class Filed(NamedTuple):
    """An infant's minutes as files, and what is found in them."""

    recording: Recording
    findings: Findings
    response: Response


def filed(folder: Path) -> Filed:
    """Write and read an infant's files, as `joey simulate` and `joey respond` do."""
    made = simulate_infant(
        MINUTES / 60, 3, start_ns=START, holds=(SimulatedHold(*HOLD, (("Sara", "mother"),)),)
    )
    paths = write(made, folder)
    # A file's numeric is a signal of 1 Hz; a monitor's is a value that stands until the next.
    recording = sent_of(read_all([path for path in paths if path.suffix == ".hea"]))
    found = analyze(recording, None, SETTINGS)
    return Filed(recording, found, respond(recording, found, folder))


SETTINGS = Settings()


def respond(recording: Recording, found: Findings, folder: Path) -> Response:
    """Return the response to the logged hold."""
    log = read_holds(folder / "holds.csv", recording.clock, None, recording.span)
    return measure_response(recording, log.holds[0], findings=found, settings=SETTINGS)


def entries_of(recording: Recording) -> list[NewEntry]:
    """Return a file's recording as its monitor sends it, a message a second.

    The last is of another infant: the stream is closed, and all of it is final.
    """
    length = math.ceil(recording.span.end - START / NS)  # s; its clock may have been set
    waves: dict[str, Any] = {}
    numbers: dict[str, Any] = {}
    for signal in recording.signals:
        counts = np.full(int(length * signal.fs), ABSENT, dtype=np.int32)
        for segment in signal.segments:
            assert segment.grid.start_ns == START
            for lo, hi in segment.runs.tolist():
                counts[segment.first + lo : segment.first + hi] = segment.counts[lo:hi]
        waves[signal.channel.quantity] = (signal, counts)
    for series in recording.series:
        seconds = np.round(series.times - START / NS).astype(int).tolist()
        found = dict(zip(seconds, series.values.tolist(), strict=True))
        numbers[series.channel.quantity] = found
    patients = admit_all(2, "2026-05-01")
    clock = MonitorClock(START)
    entries = []
    for second in range(length + 1):
        at = START + second * NS
        whole = second % length
        strips = []
        for quantity in WAVES:
            signal, counts = waves[quantity]
            lo, hi = (-int(-each * signal.fs // 1) for each in (whole, whole + 1))
            begin = at + round((lo - whole * signal.fs) * NS / signal.fs)
            strips.append(Strip(quantity, signal.fs, counts[lo:hi], clock.read(begin)))
        readings = [
            Reading(quantity, values[whole], at)
            for quantity, values in numbers.items()
            if whole in values
        ]
        piece = Piece(at, at + NS, tuple(readings), tuple(strips))
        who = patients[int(second == length)]
        raw = encode(DIALECTS["pcd"], piece, BED, who, f"m{second}")
        entries.append(NewEntry(at + NS + NS // 5, "hl7", "ward", raw, 0, f"0.{second}"))
    return entries


def live_of(archive: Archive, stream: str) -> dict[str, Any]:
    """Return what a Joey told of a stream, in a form that can be compared exactly."""
    out: dict[str, Any] = {}
    for kind in ("beats", "pulses", "breaths"):
        parts = [unpack_times(row.data) for row in archive.facts(stream, (kind,), *EVERYTHING)]
        parts.sort(key=lambda part: min([*part[0][:1], *part[2].ravel()[:1]]))
        times = np.concatenate([part[0] for part in parts])
        out[kind] = times.tolist(), union(*(Spans(part[2]) for part in parts)).bounds.tolist()
    for kind in ("event", "spell"):
        rows = archive.facts(stream, (kind,), *EVERYTHING)
        out[kind] = sorted((row.start_ns, row.channel, row.end_ns) for row in rows)
    details = [json.loads(row.data) for row in archive.facts(stream, ("event",), *EVERYTHING)]
    out["details"] = Counter(json.dumps(each, sort_keys=True) for each in details)
    return out


def filed_of(found: Findings) -> dict[str, Any]:
    """Return the same of a file."""
    from joey.serve.packing import _event  # noqa: PLC0415  (how an event is written)

    out: dict[str, Any] = {}
    assert found.beats is not None
    assert found.breaths is not None
    assert found.pleth is not None
    pulses = detect_beats(found.pleth.signal)
    for kind, of in (("beats", found.beats), ("pulses", pulses), ("breaths", found.breaths)):
        out[kind] = of.times.tolist(), of.searched.bounds.tolist()

    def place(name: str, span: Any) -> tuple[int, str, int]:
        return round(span.start * NS), name, round(span.end * NS)

    every = [(events.preset.name, event) for events in found.events for event in events.items]
    out["event"] = sorted(place(name, event.span) for name, event in every)
    out["spell"] = sorted(place("", spell.span) for spell in found.spells)
    out["details"] = Counter(json.dumps(_event(event), sort_keys=True) for _, event in every)
    return out


def anywhere(rows: Sequence[Any]) -> list[Any]:
    """Return rows of a response without the channels' names, which are those of file and monitor.

    As text: what is not a number is equal to itself. To 1e-9: a monitor writes 36.3, a file has
    363 times 0.1.
    """
    texts = [repr(replace(row, source="")) if hasattr(row, "source") else repr(row) for row in rows]
    return [NUMBER.sub(lambda found: repr(round(float(found[0]), 9)), text) for text in texts]


@pytest.mark.parametrize("kills", [0, KILLS] if LONG else [KILLS])
def test_live_equals_archive(tmp_path: Path, kills: int) -> None:
    """Beats, pulses, breaths, events, spells, and how the infant answered the hold."""
    files = tmp_path / "files"
    file = filed(files)
    entries = entries_of(file.recording)
    data = tmp_path / "data"
    data.mkdir()
    whole = Whole(new_settings(data, clock_from(START, SPEED), sources=SOURCES))
    done: Counter[str] = Counter()
    try:
        killing = threading.Thread(
            target=lambda: done.update(kill_at_random(whole, PARTS, kills, 5.0))
        )
        killing.start()
        sent = asyncio.run(send(whole.settings, entries))
        killing.join(END_S)
        whole.wait_for_analysis(END_S)
    finally:
        whole.end()
    archive = Archive(data / "archive.db", read_only=True)
    first, _ = sorted(archive.streams(), key=lambda row: row.first_seq)
    live, wanted = live_of(archive, first.id), filed_of(file.findings)
    # On the device's clock, which is the file's: the host's is off by the way of a message.
    recording = archive.recording([replace(first, offset_ns=0)], *EVERYTHING)
    archive.close()
    answer = respond(recording, analyze(recording, None, SETTINGS), files)
    print(  # noqa: T201
        f"{MINUTES} min, {done.total()} kills, {len(sent.acknowledged)} messages:"
        f" {len(live['beats'][0])} beats, {len(live['pulses'][0])} pulses,"
        f" {len(live['breaths'][0])} breaths, {len(live['event'])} events,"
        f" {len(live['spell'])} spells; {len(answer.features)} rows of the response"
    )

    assert done.total() == kills
    assert len(sent.acknowledged) == len(entries)
    for name, said in wanted.items():
        assert live[name] == said, name
    assert anywhere(answer.features) == anywhere(file.response.features)
    assert anywhere(answer.events) == anywhere(file.response.events)
    assert answer.answers == file.response.answers

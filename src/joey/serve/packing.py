"""Facts of a monitor as rows of the archive, and back: the one place that knows both.

What is of a span of time is cut at the marks of ten minutes, so that the time between two marks
can be told anew.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import numpy as np

from joey.live import pack_resume
from joey.spans import Spans, intersect
from joey.store.archive import EnvelopeRow, Fact
from joey.streams import MARK_S

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from joey.beats import Beats
    from joey.breaths import Breaths
    from joey.events import Event, Events
    from joey.live import Facts
    from joey.quality import Quality

__all__ = ["KINDS", "envelope_rows", "facts_of", "unpack_times"]

NS = 1_000_000_000
KINDS = (
    "beats",
    "pulses",
    "breaths",
    "quality",
    "event",
    "searched",
    "spell",
    "resume",
    "revised",
    "note",
    "down",
    "up",
)
"""The kinds of facts in the archive."""


def facts_of(found: Facts) -> Iterator[Fact]:
    """Yield what became final as rows; samples and minutes have tables of their own."""
    stream, seq = found.stream, found.seq
    for kind, beats in (("beats", found.beats), ("pulses", found.pulses)):
        if beats is not None and (len(beats.times) or len(beats.searched)):
            yield from _times(beats, stream, seq, kind)
    if found.breaths is not None and (len(found.breaths.times) or len(found.breaths.searched)):
        yield from _times(found.breaths, stream, seq, "breaths")
    for judged in found.quality:
        yield from _quality(stream, seq, judged)
    for events in found.events:
        yield from _events(stream, seq, events)
    for spell in found.spells:
        data = {
            "letters": spell.letters,
            "members": [_event(member) for member in spell.members],
        }
        yield _json(stream, seq, "spell", "", spell.span.start, spell.span.end, data)
    for note in found.notes:
        at = note.time_ns / NS
        said: dict[str, object] = {"kind": note.kind, "value": note.value}
        yield _json(stream, seq, "note", note.channel, at, at, said)
    if found.mark is not None:
        text = json.dumps(pack_resume(found.mark), separators=(",", ":"))
        at_ns = found.mark.newest_ns
        yield Fact(stream, "resume", "", at_ns, at_ns, seq, text.encode())


def envelope_rows(found: Facts) -> list[EnvelopeRow]:
    """Return the whole minutes of the OxyCRG."""
    return [
        EnvelopeRow(
            found.stream,
            each.minute_ns,
            each.heart_rate,
            each.spo2,
            each.resp_low,
            each.resp_high,
            each.pulse_rate,
        )
        for each in found.envelope
    ]


def _ns(seconds: float) -> int:
    return round(seconds * NS)


def _json(
    stream: str, seq: int, kind: str, channel: str, start: float, end: float, data: object
) -> Fact:
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return Fact(stream, kind, channel, _ns(start), _ns(end), seq, text.encode())


def _between_marks(start: float, end: float) -> Iterator[tuple[float, float]]:
    """Yield the parts of a span between marks; of one moment the moment. [s]"""
    at = start
    while (mark := (at // MARK_S + 1) * MARK_S) < end:
        yield at, mark
        at = mark
    yield at, end


def _times(of: Beats | Breaths, stream: str, seq: int, kind: str) -> Iterator[Fact]:
    every = np.concatenate((of.times, of.searched.bounds.ravel()))
    end = float(every.max())
    for lo, hi in _between_marks(float(every.min()), end):
        first = int(np.searchsorted(of.times, lo))
        stop = int(np.searchsorted(of.times, hi, side="right" if hi == end else "left"))
        searched = intersect(of.searched, Spans(np.array([[lo, hi]]))) if hi > lo else of.searched
        times, flags = of.times[first:stop], of.flags[first:stop]
        if len(times) or len(searched):
            parts = (times.tobytes(), flags.tobytes(), searched.bounds.tobytes())
            sizes = np.array([len(part) for part in parts], np.int64).tobytes()
            data = sizes + b"".join(parts)
            yield Fact(stream, kind, of.channel.label, _ns(lo), _ns(hi), seq, data)


def unpack_times(
    data: bytes,
) -> tuple[NDArray[np.float64], NDArray[np.uint8], NDArray[np.float64]]:
    """Return times [s], flags, and bounds of what was searched [s], of beats or breaths."""
    a, b, _ = np.frombuffer(data[:24], np.int64).tolist()
    rest = data[24:]
    return (
        np.frombuffer(rest[:a], np.float64),
        np.frombuffer(rest[a : a + b], np.uint8),
        np.frombuffer(rest[a + b :], np.float64).reshape(-1, 2),
    )


def _quality(stream: str, seq: int, judged: Quality) -> Iterator[Fact]:
    for verdict in judged.verdicts:
        data = {"grade": verdict.grade, "reason": verdict.reason}
        for lo, hi in _between_marks(verdict.span.start, verdict.span.end):
            yield _json(stream, seq, "quality", judged.channel.label, lo, hi, data)


def _events(stream: str, seq: int, events: Events) -> Iterator[Fact]:
    name = events.preset.name
    for event in events.items:
        yield _json(stream, seq, "event", name, event.span.start, event.span.end, _event(event))
    if len(events.searched):
        bounds = events.searched.bounds
        for lo, hi in _between_marks(float(bounds[0, 0]), float(bounds[-1, 1])):
            part = intersect(events.searched, Spans(np.array([[lo, hi]]))).bounds
            if len(part):
                data = {"spans": part.tolist()}
                yield _json(stream, seq, "searched", name, part[0, 0], part[-1, 1], data)


def _event(event: Event) -> dict[str, object]:
    return {
        "kind": event.kind,
        "start": event.span.start,
        "end": event.span.end,
        "nadir": _number(event.nadir),
        "nadir_time": _number(event.nadir_time),
        "area": _number(event.area),
        "time_below_s": _number(event.time_below_s),
        "bridged_s": event.bridged_s,
        "source": event.source,
        "quality": event.quality,
        "truncated": bool(event.truncated),
    }


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None

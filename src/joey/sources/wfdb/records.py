"""WFDB records: headers and signal files to a recording.

Every signal keeps its own rate and its counts; a record has one grid per rate, anchored at its
start, so that gaps between the segments of a record stay gaps. Nothing is resampled.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from joey.errors import FormatError
from joey.signals import Clock, Grid, Recording, Repair, Segment, Signal, runs_of
from joey.sources.clocks import anchor
from joey.sources.codes import Naming, identify, name_channel
from joey.sources.files import beside, load, printable, says_simulated
from joey.sources.wfdb.annotations import read_annotations
from joey.sources.wfdb.formats import FLAC, INVALID, PLAIN, decode, decode_flac, samples_in, size_of
from joey.sources.wfdb.headers import MOST_FRAMES, Header, SignalLine, read_header

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from fractions import Fraction
    from pathlib import Path

    from numpy.typing import NDArray

    from joey.signals import Annotation, Source
    from joey.sources.codes import Meaning

__all__ = ["read_record"]

MOST_USES = 16  # of one signal file by segments; each costs memory
FILLING = {212: 1, 310: 2, 311: 2}  # samples that may fill the last group of a packed format
FINENESS = 64  # steps of the common quantum in the finest step of segments with different gains
VOLTAGES = frozenset({"ecg", "unknown"})  # whose unit is mV where the header gives none, header(5)


@dataclass(frozen=True, slots=True)
class _Strip:
    """One signal's samples in one segment: consecutive, from frame `frame` of the record."""

    part: int
    line: SignalLine
    naming: Naming
    fs: Fraction
    first: int
    counts: NDArray[np.integer]
    runs: NDArray[np.int64]


@dataclass(slots=True)
class _Reading:
    """A record while its files are read, and what is gathered on the way."""

    record: Header
    channels: Mapping[str, Meaning]
    sources: list[Source]
    repairs: list[Repair]
    losses: list[str]
    parts: int = 0
    last_path: Path | None = None
    last_data: bytes = b""
    uses: Counter[Path] = field(default_factory=Counter)


def read_record(
    path: Path, zone: str | None = None, channels: Mapping[str, Meaning] | None = None
) -> Recording:
    """Return the recording of a WFDB header.

    Parameters
    ----------
    path : Path
        The ``.hea`` file; signal files and segments lie beside it.
    zone : str, optional
        IANA zone of the header's time; without it a dated record is read as UTC and says so.
    channels : mapping of str to Meaning, optional
        What the user says certain labels stand for.

    Raises
    ------
    FormatError
        If a file breaks its format or is absent.
    InputError
        If the zone is not known.
    OSError
        If a file cannot be read.
    """
    header = read_header(path)
    notes = _Reading(header, channels or {}, [header.source], [], [])
    start_ns, clock = _clock(header, zone)
    if header.parts:
        strips = _read_parts(notes)
    else:
        if header.signals and all(line.file == "~" for line in header.signals):
            reason = "the layout of a record in segments: read the record that names it"
            raise FormatError(path, reason)
        strips = _read_segment(notes, header, 0, header.frames)
    marks = path.with_suffix(".atr")
    annotations: tuple[Annotation, ...] = ()
    if marks.is_file():
        annotations = read_annotations(marks, header.fs, start_ns)
        notes.sources.append(load(marks, "wfdb annotations")[1])
    return Recording(
        signals=tuple(_joined(start_ns, strips, notes)),
        annotations=annotations,
        clock=clock,
        sources=tuple(notes.sources),
        repairs=_counted(notes.repairs),
        truncated="; ".join(notes.losses),
        simulated=any(says_simulated(comment) for comment in header.comments),
        facts=_facts(header),
    )


def _clock(header: Header, zone: str | None) -> tuple[int, Clock]:
    if header.day is None or header.time is None:
        note = "the header has a time of day and no date" if header.time is not None else ""
        return 0, Clock(dated=False, note=note)
    whole = header.time // 1
    midnight = datetime(header.day.year, header.day.month, header.day.day, tzinfo=UTC)
    local = (midnight + timedelta(seconds=whole)).replace(tzinfo=None)
    return anchor(local, zone, header.time - whole)


def _facts(header: Header) -> dict[str, str]:
    facts = {}
    if header.comments:
        facts[f"{header.name} comments"] = "\n".join(header.comments)
    if header.time is not None:
        facts[f"{header.name} start time"] = str(timedelta(seconds=float(header.time)))
    if header.counter:
        facts[f"{header.name} counter frequency"] = header.counter
    return facts


def _read_parts(notes: _Reading) -> list[_Strip]:
    header = notes.record
    strips: list[_Strip] = []
    seen: set[str] = set()
    frame = 0
    for part in header.parts:
        where = f"line {part.line}"
        if part.name != "~":
            if part.name in seen:
                raise FormatError(header.path, f"segment {part.name} is named twice", where)
            seen.add(part.name)
            segment = read_header(beside(header.path, f"{part.name}.hea", where))
            if segment.parts:
                reason = f"segment {part.name} has segments itself: that is not allowed"
                raise FormatError(header.path, reason, where)
            if segment.fs != header.fs:
                reason = f"segment {part.name} has {segment.fs} frames/s, the record {header.fs}"
                raise FormatError(header.path, reason, where)
            notes.sources.append(segment.source)
            strips += _read_segment(notes, segment, frame, part.frames)
        frame += part.frames
        if frame > MOST_FRAMES:
            raise FormatError(header.path, "a record of this length is not possible", where)
    if header.frames is not None and header.frames != frame:
        notes.repairs.append(
            Repair(
                "length of the record is not that of its segments", 1, printable(header.path.name)
            )
        )
    return strips


def _read_segment(notes: _Reading, segment: Header, frame: int, frames: int | None) -> list[_Strip]:
    """Return the strips of one segment that begins at frame `frame` of the record."""
    strips: list[_Strip] = []
    seen: set[str] = set()
    notes.parts += 1
    for file, group in groupby(segment.signals, key=lambda line: line.file):
        lines = tuple(group)
        if file in seen:
            reason = f"the signals of {file} do not stand together"
            raise FormatError(segment.path, reason, f"line {lines[0].line}")
        seen.add(file)
        if file == "~":
            counts: Sequence[NDArray[np.integer]] = [np.empty(0, dtype=np.int16)] * len(lines)
        else:
            counts = _read_group(segment, lines, frames, notes)
        for line, samples in zip(lines, counts, strict=True):
            strips.append(_strip(notes, line, segment.fs, samples, frame, frames))
    return strips


def _read_group(
    header: Header, lines: tuple[SignalLine, ...], frames: int | None, notes: _Reading
) -> list[NDArray[np.integer]]:
    """Return the counts of the signals of one file, as far as the file has whole frames."""
    first = lines[0]
    where = f"line {first.line}"
    if any((line.format, line.offset) != (first.format, first.offset) for line in lines):
        reason = f"the signals of {first.file} differ in format or byte offset"
        raise FormatError(header.path, reason, where)
    if first.format not in PLAIN and first.format not in FLAC:
        raise FormatError(header.path, f"format {first.format} is not a WFDB format", where)
    path = beside(header.path, first.file, where)
    data = _bytes_of(path, first.format, notes)
    # The file of a skewed signal goes on after the record's end by its skew.
    wanted = None if frames is None else frames + max(line.skew for line in lines)
    read = _read_flac if first.format in FLAC else _read_plain
    counts, there = read(path, data, lines, wanted, notes)
    if there == 0 and wanted != 0:
        raise FormatError(path, "the file does not hold a single frame")
    if frames is not None and there < frames:
        notes.losses.append(f"{printable(path.name)}: {there} of {frames} frames are there")
    elif wanted is None or there == frames:
        _check_sums(path, lines, counts, notes)
    return counts


def _bytes_of(path: Path, form: int, notes: _Reading) -> bytes:
    """Return a signal file's bytes; kept for the next segment, which may share them."""
    if notes.last_path != path:
        notes.last_data, source = load(path, f"wfdb format {form}")
        notes.last_path = path
        if path not in notes.uses:
            notes.sources.append(source)
    notes.uses[path] += 1
    if notes.uses[path] > MOST_USES:
        raise FormatError(path, f"more than {MOST_USES} segments share this file")
    return notes.last_data


def _read_plain(
    path: Path,
    data: bytes,
    lines: tuple[SignalLine, ...],
    wanted: int | None,
    notes: _Reading,
) -> tuple[list[NDArray[np.integer]], int]:
    form, offset = lines[0].format, lines[0].offset
    if offset > len(data):
        raise FormatError(path, f"the file ends before its samples begin at byte {offset}")
    raw = np.frombuffer(data, dtype=np.uint8, offset=offset) if offset < len(data) else _NOTHING
    width = sum(line.per_frame for line in lines)
    held = samples_in(form, len(raw))
    there = held // width
    if wanted is None and (held % width > FILLING.get(form, 0) or len(raw) > size_of(form, held)):
        notes.losses.append(f"{printable(path.name)}: the last frame is cut off")
    if wanted is not None and there > wanted:
        what = "frames after the end that the header gives, left out"
        notes.repairs.append(Repair(what, there - wanted, printable(path.name)))
        there = wanted
    raw = raw[: size_of(form, there * width)]
    table = decode(form, raw, there * width).reshape(there, width)
    counts, column = [], 0
    for line in lines:
        samples = table[:, column : column + line.per_frame].reshape(-1)
        column += line.per_frame
        counts.append(_summed(path, samples, line.initial) if form == 8 else samples)
    return counts, there


_NOTHING = np.empty(0, dtype=np.uint8)


def _summed(
    path: Path, differences: NDArray[np.integer], initial: int | None
) -> NDArray[np.integer]:
    samples = np.cumsum(differences, dtype=np.int64) + (initial or 0)
    if len(samples) and np.max(np.abs(samples)) >= 2**31:
        raise FormatError(path, "the first differences add up to more than 32 bits")
    return samples.astype(np.int32)


def _read_flac(
    path: Path,
    data: bytes,
    lines: tuple[SignalLine, ...],
    wanted: int | None,
    notes: _Reading,
) -> tuple[list[NDArray[np.integer]], int]:
    per_frame = lines[0].per_frame
    if lines[0].offset or any(line.per_frame != per_frame for line in lines):
        raise FormatError(path, "the signals of a FLAC file have one rate and no byte offset")
    most = None if wanted is None else wanted * per_frame
    try:
        table, cut = decode_flac(lines[0].format, data, len(lines), most)
    except ValueError as error:
        raise FormatError(path, str(error)) from error
    if cut:
        notes.losses.append(f"{printable(path.name)}: {cut}")
    there = len(table) // per_frame
    columns = np.ascontiguousarray(table[: there * per_frame].T)
    return list(columns), there


def _check_sums(
    path: Path,
    lines: tuple[SignalLine, ...],
    counts: list[NDArray[np.integer]],
    notes: _Reading,
) -> None:
    for line, samples in zip(lines, counts, strict=True):
        found = int(np.sum(samples, dtype=np.int64)) % 2**16
        if line.checksum is not None and found != line.checksum:
            what = "checksum is not that of the header: samples are kept as they are"
            notes.repairs.append(Repair(what, 1, f"{printable(path.name)}, {line.label}"))


def _strip(
    notes: _Reading,
    line: SignalLine,
    frame_rate: Fraction,
    samples: NDArray[np.integer],
    frame: int,
    frames: int | None,
) -> _Strip:
    first = line.skew * line.per_frame
    stop = len(samples) if frames is None else first + frames * line.per_frame
    counts = samples[first:stop]
    naming = _name(line, notes)
    invalid = INVALID.get(line.format)
    gone = [] if invalid is None else [invalid]
    gone += [round(value * line.gain + line.baseline) for value in naming.absent]
    known = np.ones(len(counts), dtype=np.bool_)
    for count in gone:
        known &= counts != count
    runs = runs_of(known)
    fs = frame_rate * line.per_frame
    return _Strip(notes.parts, line, naming, fs, frame * line.per_frame, counts, runs)


def _name(line: SignalLine, notes: _Reading) -> Naming:
    record, label = notes.record.name, line.label
    meaning = notes.channels.get(label) or identify(label)
    unit = line.unit or ("mV" if meaning.quantity in VOLTAGES else "")
    naming = name_channel(label, unit, record, notes.channels)
    if naming.note:
        notes.repairs.append(Repair(naming.note, 1, record))
    if not line.calibrated and line.file != "~":
        what = "no gain in the header: 200 counts per unit are assumed"
        notes.repairs.append(Repair(what, 1, naming.channel.source))
    return naming


def _joined(start_ns: int, strips: Sequence[_Strip], notes: _Reading) -> Iterable[Signal]:
    """Return one signal for each label, rate and unit, in the order of their first strip."""
    # A label that stands twice in one segment is two channels: count its occurrences.
    found: dict[tuple[str, Fraction, str, int], list[_Strip]] = {}
    times: Counter[tuple[str, Fraction, str, int]] = Counter()
    for strip in strips:
        name = (strip.line.label, strip.fs, strip.naming.channel.unit)
        times[*name, strip.part] += 1
        found.setdefault((*name, times[*name, strip.part]), []).append(strip)
    for (_, fs, _, _), same in found.items():
        yield _signal(Grid(start_ns, fs), same, notes)


def _signal(grid: Grid, strips: Sequence[_Strip], notes: _Reading) -> Signal:
    channel = strips[0].naming.channel
    counts: list[NDArray[np.integer]]
    held = [strip for strip in strips if len(strip.counts)]
    scales = {_scale(strip) for strip in held}
    if len(scales) > 1:
        scale, offset = _common_scale(held), 0.0
        what = f"gains differ between segments: brought to steps of {scale:.3g} {channel.unit}"
        notes.repairs.append(Repair(what, len(held), channel.source))
        counts = [_rescaled(strip, scale) for strip in held]
    else:
        scale, offset = next(iter(scales or {_scale(strips[0])}))
        counts = [strip.counts for strip in held]
    segments = [
        Segment(grid, strip.first, each, strip.runs)
        for strip, each in zip(held, counts, strict=True)
    ]
    return Signal(channel, grid.fs, _without_seams(segments), scale, offset)


def _scale(strip: _Strip) -> tuple[float, float]:
    """Return scale and offset from counts to the channel's unit."""
    factor = strip.naming.factor / strip.line.gain
    return factor, -strip.line.baseline * factor + strip.naming.shift


def _common_scale(strips: Sequence[_Strip]) -> float:
    """Return a quantum so fine that no segment's samples move by more than 1 % of a step."""
    finest = min(abs(_scale(strip)[0]) for strip in strips)
    largest = 0.0
    for strip in strips:
        scale, offset = _scale(strip)
        ends = (float(np.min(strip.counts)), float(np.max(strip.counts)))
        largest = max(largest, *(abs(end * scale + offset) for end in ends))
    return max(finest / FINENESS, largest / (2**31 - 2**8))


def _rescaled(strip: _Strip, quantum: float) -> NDArray[np.integer]:
    scale, offset = _scale(strip)
    steps = np.rint((strip.counts * scale + offset) / quantum)
    return np.asarray(steps, dtype=np.int32)


def _without_seams(segments: Sequence[Segment]) -> tuple[Segment, ...]:
    """Return the segments with those joined that follow each other without a gap."""
    rows: list[list[Segment]] = []
    for segment in segments:
        if rows and rows[-1][-1].stop == segment.first:
            rows[-1].append(segment)
        else:
            rows.append([segment])
    return tuple(row[0] if len(row) == 1 else _chain(row) for row in rows)


def _chain(row: Sequence[Segment]) -> Segment:
    counts = np.concatenate([segment.counts for segment in row])
    valid = np.concatenate([segment.valid for segment in row])
    return Segment(row[0].grid, row[0].first, counts, runs_of(valid))


def _counted(repairs: Sequence[Repair]) -> tuple[Repair, ...]:
    """Return the repairs, the same ones of the same place as one."""
    counts: dict[tuple[str, str], int] = {}
    for each in repairs:
        counts[each.what, each.where] = counts.get((each.what, each.where), 0) + each.count
    return tuple(Repair(what, count, where) for (what, where), count in counts.items())

"""When the records of an EDF+ file were written, and the annotations in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from joey.errors import FormatError
from joey.signals import NS, Annotation, Repair
from joey.sources.clocks import FARTHEST_BACK_NS, lay_steps, step_note, step_repair
from joey.sources.edf.headers import BLOCK
from joey.sources.files import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from joey.sources.edf.headers import Header

    Tal: TypeAlias = tuple[Fraction | None, str, list[bytes]]  # onset, duration, texts

__all__ = ["Run", "annotations_of", "lay_onsets", "read_lists", "runs_between_gaps"]

ONSET = re.compile(rb"([+-]\d{1,12}(?:\.\d{0,12})?)(?:\x15(\d{1,12}(?:\.\d{0,12})?))?")
LONGEST_S = 10**9  # s, between the records of a file
NUMERIC_S = Fraction(1, 10)  # s between samples, from which on they are numerics, no wave


@dataclass(frozen=True, slots=True)
class Run:
    """Records `first` to before `stop`, without a gap between them; `onset` is in seconds."""

    first: int
    stop: int
    onset: Fraction


def read_lists(
    header: Header, table: NDArray[np.uint8], repairs: list[Repair]
) -> tuple[list[Fraction] | None, list[tuple[int, Tal]]]:
    """Return each record's onset (None for a file without them), and the lists of each record."""
    lines = [line for line in header.lines if line.is_annotations]
    if not lines or "+" not in header.kind:
        return None, []
    onsets: list[Fraction] = []
    found: list[tuple[int, Tal]] = []
    broken = 0
    for index, line in enumerate(lines):
        stop = line.first + line.per_record * header.width
        rows = np.ascontiguousarray(table[:, line.first : stop])
        for record, row in enumerate(rows):
            tals = _tals(row.tobytes())
            if index == 0:
                onsets.append(_onset(header, record, tals))
                tals = [(tals[0][0], tals[0][1], tals[0][2][1:]), *tals[1:]]
            for onset, length, texts in tals:
                broken += onset is None
                if onset is not None:
                    found.append((record, (onset, length, texts)))
    if broken:
        repairs.append(
            Repair("annotations that cannot be read, left out", broken, printable(header.path.name))
        )
    return onsets, found


def annotations_of(
    lists: Sequence[tuple[int, Tal]], later: Sequence[Fraction], start_ns: int
) -> tuple[Annotation, ...]:
    """Return the annotations in the order of time, as much later as their records are laid."""
    found: list[Annotation] = []
    for record, (onset, length, texts) in lists:
        if onset is not None:
            shift = later[record] if later else Fraction()
            found += _marks(onset + shift, length, texts, start_ns)
    return tuple(sorted(found, key=lambda mark: mark.time))


def _tals(raw: bytes) -> list[Tal]:
    """Return the time-stamped lists of one record: onset, duration and texts of each."""
    out: list[Tal] = []
    for tal in raw.split(b"\0"):
        if not tal:
            continue
        stamp, *texts = tal.split(b"\x14")
        match = ONSET.fullmatch(stamp)
        if match is None or not texts or texts[-1]:
            out.append((None, "", []))
            continue
        out.append((Fraction(match[1].decode()), (match[2] or b"").decode(), texts[:-1]))
    return out


def _onset(header: Header, record: int, tals: Sequence[Tal]) -> Fraction:
    if not tals or tals[0][0] is None or tals[0][2][:1] != [b""]:
        at = BLOCK * (len(header.lines) + 1) + record * header.record_bytes
        raise FormatError(header.path, f"record {record} does not say when it starts", f"byte {at}")
    return tals[0][0]


def _marks(onset: Fraction, length: str, texts: Sequence[bytes], start_ns: int) -> list[Annotation]:
    time = float(Fraction(start_ns, NS) + onset)
    tail = f" ({length} s)" if length else ""
    return [
        Annotation(time, '"', 0, text.decode("utf-8", errors="replace") + tail)
        for text in texts
        if text
    ]


def _tolerance(header: Header) -> Fraction:
    """Return half of the shortest sample period: closer, and no sample could have been lost."""
    most = max((line.per_record for line in header.lines if not line.is_annotations), default=1)
    return header.duration / (2 * max(most, 1))


def lay_onsets(
    header: Header, onsets: list[Fraction] | None, repairs: list[Repair]
) -> tuple[list[Fraction] | None, list[Fraction], str]:
    """Return onsets that go on where a clock was set back, how much later, and what to know."""
    tolerance = _tolerance(header)
    steps = [
        k
        for k in range(1, len(onsets or ()))
        if onsets and onsets[k] < onsets[k - 1] + header.duration - tolerance
    ]
    if onsets is None or not steps:
        return onsets, [], ""
    overlaps = [onsets[k - 1] + header.duration - onsets[k] for k in steps]
    if max(overlaps) > Fraction(FARTHEST_BACK_NS, NS) + header.duration:
        record = steps[overlaps.index(max(overlaps))]
        reason = (
            f"record {record} starts {float(max(overlaps)):.6g} s before the one before it has "
            "ended, more than a clock is set back"
        )
        at = BLOCK * (len(header.lines) + 1) + record * header.record_bytes
        raise FormatError(header.path, reason, f"byte {at}")
    if max(onsets) - min(onsets) > LONGEST_S:
        raise FormatError(header.path, "the records are years apart, and not in order")
    ns = np.array([round((each - onsets[0]) * NS) for each in onsets], dtype=np.int64)
    # Half a period is the tolerance: a wave gets a hole of one sample, numerics go on.
    hole = 2 * tolerance if 2 * tolerance < NUMERIC_S else Fraction()
    laid = lay_steps(ns, np.array(steps), round(header.duration * NS), round(hole * NS))
    later = [Fraction(int(each), NS) for each in laid.ns - ns]
    where = f"{printable(header.path.name)}, record {steps[0]}"
    repairs.append(step_repair(laid, where))
    note = step_note(laid, dated=False, zone=None)
    return [a + b for a, b in zip(onsets, later, strict=True)], later, note


def runs_between_gaps(
    header: Header, onsets: list[Fraction] | None, records: int, repairs: list[Repair]
) -> list[Run]:
    """Return the runs of records without a gap between them."""
    if onsets is None:
        return [Run(0, records, Fraction())]
    tolerance = _tolerance(header)
    runs: list[Run] = []
    first = 0
    for record in range(1, records + 1):
        expected = onsets[first] + (record - first) * header.duration
        if record < records and abs(onsets[record] - expected) <= tolerance:
            continue
        # Onsets that creep back record by record, each by less than the tolerance, do not overlap.
        start = onsets[first]
        if runs:
            before = runs[-1]
            start = max(start, before.onset + (before.stop - before.first) * header.duration)
        runs.append(Run(first, record, start))
        first = record
    if len(runs) > 1 and header.kind.endswith("C"):
        what = "gaps in a file marked as continuous, kept as gaps"
        repairs.append(Repair(what, len(runs) - 1, printable(header.path.name)))
    return runs

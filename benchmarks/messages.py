"""HL7 messages of monitors beside python-hl7: fields, numbers, samples."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from functools import partial
from operator import itemgetter
from typing import Any, TypeAlias

import numpy as np
from harness import RUNS, Row, absent, measure, peer, version

from joey.sources.codes import CodeMap
from joey.sources.hl7 import Observations, SourceSettings, read_message, read_observations
from joey.sources.hl7.fields import component, fields_of, head_fields, segments
from joey.sources.hl7.waves import read_numbers

Goal: TypeAlias = float | None
WARD = SourceSettings("ward")
CODES = CodeMap()
PICKED = (2, 3, 4, 5, 6, 11, 14)  # of OBX: type, code, sub-id, value, unit, status, time
PICK = itemgetter(*PICKED)
NAMES = (
    ("147842^MDC_ECG_HEART_RATE^MDC", "152", "264864^MDC_DIM_BEAT_PER_MIN^MDC"),
    ("150456^MDC_PULS_OXIM_SAT_O2^MDC", "96", "262688^MDC_DIM_PERCENT^MDC"),
    ("149530^MDC_PULS_OXIM_PULS_RATE^MDC", "151", "264864^MDC_DIM_BEAT_PER_MIN^MDC"),
    ("151578^MDC_TTHOR_RESP_RATE^MDC", "47", "264928^MDC_DIM_RESP_PER_MIN^MDC"),
    ("150388^MDC_TEMP_SKIN^MDC", "36.4", "268192^MDC_DIM_DEGC^MDC"),
    ("150488^MDC_BLD_PERF_INDEX^MDC", "1.7", "262688^MDC_DIM_PERCENT^MDC"),
)
LEADS = ("131330^MDC_ECG_ELEC_POTL_II", "150452^MDC_PULS_OXIM_PLETH", "151780^MDC_IMPED_TTHOR")


def rows(*, quick: bool) -> Iterator[Row]:
    """Yield the rows of messages."""
    runs = 3 if quick else RUNS
    times = 20 if quick else 500
    hl7 = peer("hl7")
    numbers, waves = monitor_message(12, 0), monitor_message(8, 250)
    works: list[tuple[str, bytes, Callable[[bytes], Any], Callable[[Any, str], Any], Goal]] = [
        ("HL7: 12 values, their fields", numbers, fields, their_fields, 100.0),
        ("HL7: 3 waves of 250 and 8 values, their fields", waves, arrays, their_arrays, 40.0),
        ("HL7: 12 values, named and in units", numbers, values, their_values, None),
        ("HL7: 3 waves and 8 values, named and in units", waves, samples, their_arrays, None),
    ]
    for work, message, ours, theirs, goal in works:
        mine = partial(repeat, ours, message, times)
        if hl7 is None:
            yield absent(work, mine, "hl7", goal, runs)
            continue
        other = partial(repeat, partial(theirs, hl7), message.decode(), max(1, times // 20))
        timing = measure(mine, other, runs)
        agrees = as_text(timing.answer) == as_text(timing.peer_answer)
        per_one = Row(
            work,
            timing.ours / times,
            (timing.peer or 0.0) / max(1, times // 20),
            version("hl7"),
            (timing.peer or 0.0) / max(1, times // 20) / (timing.ours / times),
            goal,
            agrees,
            f"one message of {len(message)} bytes, the same answers; median of {runs} runs of "
            f"{times} messages against {max(1, times // 20)}",
        )
        yield per_one


def repeat(work: Callable[[Any], Any], message: bytes | str, times: int) -> Any:  # noqa: ANN401
    """Do the work several times and return its last answer."""
    answer = None
    for _ in range(times):
        answer = work(message)
    return answer


def monitor_message(count: int, length: int) -> bytes:
    """Return a message of IHE PCD-01 with values and, where `length` is not 0, three waves."""
    chance = random.Random(7)  # noqa: S311 (samples, no secrets)
    profile = "|||NE|AL||UNICODE UTF-8|||IHE_PCD_001^IHE PCD^1.3.6.1.4.1.19376.1.6.1.1.1^ISO"
    lines = [
        rf"MSH|^~\&|MON^0012345678ABCDEF^EUI-64|U|||20250301120000+0100||ORU^R01|4711|P|2.6{profile}",
        "PID|1||1001^^^HOSP^MR||JONES^BABY BOY^^^^^L||20250228231500|M",
        "PV1|1|I|NICU^^04^HOSP",
        "OBR|1|4711^MON|4711^MON|182777000^monitoring of patient^SCT|||20250301120000+0100",
    ]
    end = "|||||R|||20250301120000.250+0100||||0012345678ABCDEF^^0012345678ABCDEF^EUI-64"
    for n in range(count):
        code, value, unit = NAMES[n % len(NAMES)]
        lines.append(f"OBX|{n + 1}|NM|{code}|1.{n}.1.{code[:6]}|{value}|{unit}{end}")
    for lead in LEADS if length else ():
        sub = f"1.7.6.{lead[:6]}"
        numbers = "^".join(str(chance.randint(-900, 900)) for _ in range(length))
        dimless = "262656^MDC_DIM_DIMLESS^MDC"
        lines += [
            f"OBX|90|NA|{lead}^MDC|{sub}|{numbers}|{dimless}{end}",
            f"OBX|91|NM|0^MDC_ATTR_SAMP_RATE^MDC|{sub}.1|{length}|264608^MDC_DIM_PER_SEC^MDC{end}",
            f"OBX|92|NM|2327^MDC_ATTR_NU_MSMT_RES^MDC|{sub}.2|0.005|{dimless}{end}",
        ]
    return "\r".join([*lines, ""]).encode()


def fields(raw: bytes) -> list[Any]:
    """Return control id, identifier, bed and the picked fields of each OBX, as bytes."""
    message = read_message(raw)
    found: list[Any] = [head_fields(message)[10]]
    for line in message.lines:
        cut = fields_of(message, line)
        if cut[0] == b"OBX":
            found.append(PICK(cut))
        elif cut[0] == b"PID":
            found.append(component(message, cut[3], 1))
        elif cut[0] == b"PV1":
            found.append(cut[3])
    return found


def as_text(answer: Any) -> Any:  # noqa: ANN401 (whatever a side returned)
    """Return an answer with text in place of bytes, lists in place of tuples."""
    if isinstance(answer, bytes):
        return answer.decode()
    if isinstance(answer, np.ndarray):
        return answer.tolist()
    return [as_text(each) for each in answer] if isinstance(answer, list | tuple) else answer


def their_fields(hl7: Any, text: str) -> list[Any]:  # noqa: ANN401 (a module)
    """Return the same by python-hl7."""
    message = hl7.parse(text)
    found: list[Any] = [str(message.segment("MSH")[10])]
    found.append(str(message.segment("PID")[3][0][0]))
    found.append(str(message.segment("PV1")[3]))
    found += [[str(segment[n]) for n in PICKED] for segment in message.segments("OBX")]
    return found


def values(raw: bytes) -> list[tuple[str, str, float]]:
    """Return code, sub-id and value of each row, of what Joey reads wholly."""
    return _values(read_observations(read_message(raw), WARD, CODES))


def _values(seen: Observations) -> list[tuple[str, str, float]]:
    return [(each.code, each.sub_id, each.value) for each in seen.numerics]


def their_values(hl7: Any, text: str) -> list[tuple[str, str, float]]:  # noqa: ANN401 (a module)
    """Return the same by python-hl7, which names and converts nothing."""
    return [
        (f"{row[3][0][0]}^{row[3][0][1]}", str(row[4]), float(str(row[5])))
        for row in hl7.parse(text).segments("OBX")
        if str(row[2]) == "NM" and "MDC_ATTR_" not in str(row[3])
    ]


def samples(raw: bytes) -> list[Any]:
    """Return values, and the samples of each wave, of what Joey reads wholly."""
    seen = read_observations(read_message(raw), WARD, CODES)
    return [*_values(seen), *(wave.counts for wave in seen.waves)]


def arrays(raw: bytes) -> list[Any]:
    """Return the same, of fields alone."""
    message = read_message(raw)
    found: list[Any] = []
    waves: list[Any] = []
    for row in segments(message, b"OBX"):
        if row[2] == b"NA":
            waves.append(read_numbers(row[5], b"^", b"~")[0])
        elif b"MDC_ATTR_" not in row[3]:
            code, label, _ = row[3].split(b"^")
            found.append((code + b"^" + label, row[4], float(row[5])))
    return found + waves


def their_arrays(hl7: Any, text: str) -> list[Any]:  # noqa: ANN401 (a module)
    """Return the same by python-hl7."""
    found: list[Any] = []
    waves: list[Any] = []
    for row in hl7.parse(text).segments("OBX"):
        if str(row[2]) == "NA":
            waves.append([int(str(each)) for each in row[5][0]])
        elif "MDC_ATTR_" not in str(row[3]):
            code = f"{row[3][0][0]}^{row[3][0][1]}"
            found.append((code, str(row[4]), float(str(row[5]))))
    return found + waves

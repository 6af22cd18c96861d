"""The recording of a report: closed frames and what came since are what all the messages say."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from joey.live import DeviceClock, unpack_state
from joey.live.joining import NEVER, Joiner, NumericJoiner
from joey.people import stream_id
from joey.sources.codes import CodeMap
from joey.sources.hl7 import SourceSettings, read_message, read_observations
from joey.store.archive import Archive
from joey.store.journal import Journal, NewEntry, shard_of
from joey.web.recordings import read_recording
from tests.web.archived import work
from tests.web.messages import observations
from tests.web.serving import SOURCE

if TYPE_CHECKING:
    from joey.live.joining import Joined
    from joey.signals import Channel, Recording

NS = 1_000_000_000
START = 2_980_000 * 600 * NS + 240 * NS  # ns UTC, four minutes after a mark
BED = "NICU/4"
SOURCES = {SOURCE: SourceSettings(SOURCE, simulated=True)}
STEP = 5  # s, a message
MINUTES = 47
LEAD = (b"131330^MDC_ECG_ELEC_POTL_II", b"131329^MDC_ECG_ELEC_POTL_I")
BEHIND_S = 90  # the monitor's clock
NUMBERS = {"heart_rate": 150.0, "spo2": 93.0, "resp_rate": 50.0, "temp": 36.8}


def entries(start_ns: int = START, minutes: int = MINUTES) -> list[NewEntry]:
    """Return messages of a bed: another lead from the 14th minute on, then a gap of 45 s."""
    found = []
    for second in range(STEP, minutes * 60 + 1, STEP):
        if 20 * 60 < second <= 20 * 60 + 45:
            continue
        at = start_ns + second * NS
        numbers = NUMBERS | {"spo2": float("nan") if second == 600 else 90.0 + second % 7}
        raw = observations(
            "4", "M4", "JONES^BABY BOY", at - BEHIND_S * NS, seconds=STEP, numbers=numbers
        )
        if second >= 14 * 60:
            raw = raw.replace(*LEAD)
        at += 150_000_000 + second * 7_777 % 90 * 1_000_000
        found.append(NewEntry(at, "hl7", SOURCE, raw, shard_of(SOURCE, BED), str(second)))
        found.append(NewEntry(at, "tick", "host", b"{}"))
    return found


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return files of workers that were ended and started again, the last 9 min not archived."""
    folder = tmp_path_factory.mktemp("recorded")
    journal = Journal(folder / "journal.db")
    rows = entries()
    for part in (rows[: len(rows) // 3], rows[len(rows) // 3 : len(rows) // 2]):
        journal.append(part)
        work(folder, tuple(SOURCES.values()))
    journal.append(rows[len(rows) // 2 :])
    work(folder, tuple(SOURCES.values()))
    journal.close()
    return folder


def read(folder: Path, start_ns: int, end_ns: int, whose: set[str] | None = None) -> Recording:
    """Return the recording of a report."""
    archive = Archive(folder / "archive.db", read_only=True)
    journal = Journal(folder / "journal.db", read_only=True)
    found = read_recording(archive, journal, BED, (start_ns, end_ns), SOURCES, "UTC", whose)
    archive.close()
    journal.close()
    return found


def told_by_messages(
    rows: list[NewEntry],
) -> tuple[dict[Channel, dict[str, np.ndarray]], dict[Channel, np.ndarray]]:
    """Return times and values of each channel by the messages alone, joined from the first on."""
    clock = DeviceClock()
    joiners: dict[Channel, Joiner | NumericJoiner] = {}
    found: list[Joined] = []
    for row in (each for each in rows if each.kind == "hl7"):
        heard = read_observations(read_message(row.payload), SOURCES[SOURCE], CodeMap())
        clock.take(row.received_ns, max(each.time_ns for each in heard.numerics))
        for wave in heard.waves:
            joiner = joiners.setdefault(wave.channel, Joiner(wave, after_ns=NEVER))
            assert isinstance(joiner, Joiner)
            found.append(joiner.take(wave))
        for each in heard.numerics:
            numeric = joiners.setdefault(each.channel, NumericJoiner(each.channel))
            assert isinstance(numeric, NumericJoiner)
            found.append(numeric.take(each))
    found += [joiner.finish() for joiner in joiners.values()]
    offset = clock.offset_ns or 0
    waves: dict[Channel, dict[str, list[np.ndarray]]] = {}
    values: dict[Channel, list[np.ndarray]] = {}
    for joined in found:
        for chunk in joined.chunks:
            segment = chunk.segment
            index = np.arange(segment.first, segment.stop)[segment.valid]
            fs = segment.grid.fs
            at = segment.grid.start_ns + offset + index * NS * fs.denominator // fs.numerator
            rows_of = waves.setdefault(chunk.channel, {"at": [], "counts": []})
            rows_of["at"].append(at)
            rows_of["counts"].append(segment.counts[segment.valid])
        for series in joined.series:
            columns = (series.times + offset / NS, series.values, series.valid_s)
            values.setdefault(series.channel, []).append(np.array(columns))
    return (
        {of: {k: np.concatenate(v) for k, v in rows_of.items()} for of, rows_of in waves.items()},
        {of: np.concatenate(parts, axis=1) for of, parts in values.items()},
    )


def check(found: Recording, rows: list[NewEntry]) -> None:
    """Compare a recording with what the messages say, sample for sample."""
    waves, values = told_by_messages(rows)
    assert {each.channel for each in found.signals} == set(waves)
    for signal in found.signals:
        at, counts = [], []
        for segment in signal.segments:
            index = np.arange(segment.first, segment.stop)[segment.valid]
            fs = segment.grid.fs
            at.append(segment.grid.start_ns + index * NS * fs.denominator // fs.numerator)
            counts.append(segment.counts[segment.valid])
        np.testing.assert_array_equal(np.concatenate(at), waves[signal.channel]["at"])
        np.testing.assert_array_equal(np.concatenate(counts), waves[signal.channel]["counts"])
        scale = 0.002 if signal.channel.quantity == "ecg" else 1.0
        assert signal.channel.quantity == "resp" or signal.scale == scale
    assert {each.channel for each in found.series} == set(values)
    for series in found.series:
        got = np.array((series.times, series.values, series.valid_s))
        np.testing.assert_array_equal(got, values[series.channel])


def test_frames_and_journal_are_what_the_messages_say(recorded: Path) -> None:
    """Closed and open frames, over restarts, another lead and a gap: sample for sample."""
    found = read(recorded, START - NS, START + (MINUTES + 1) * 60 * NS)

    assert found.simulated
    assert found.clock.zone == "UTC"
    check(found, entries())
    assert [s.channel.lead for s in found.signals if s.channel.quantity == "ecg"] == ["I", "II"]


def test_it_is_the_same_without_the_journal_that_the_frames_are_of(
    recorded: Path, tmp_path: Path
) -> None:
    """Only what a restart needs is left of the journal."""
    for each in recorded.glob("*.db*"):
        shutil.copy(each, tmp_path / each.name)
    archive = Archive(tmp_path / "archive.db", read_only=True)
    journal = Journal(tmp_path / "journal.db")
    point = next(p for name, p in archive.checkpoints().items() if not name.startswith("shard"))
    resume, _, _ = unpack_state(point.state)
    assert resume is not None
    assert journal.trim(resume.seq) > 100
    archive.close()
    journal.close()

    check(read(tmp_path, START - NS, START + (MINUTES + 1) * 60 * NS), entries())


def test_a_span_is_cut_to_the_sample(recorded: Path) -> None:
    """From in the midst of a frame to in the midst of another, and in what is open."""
    for first, last in ((7, 12), (18, 31), (41, 46)):
        lo, hi = START + first * 60 * NS, START + last * 60 * NS
        found = read(recorded, lo, hi)
        ecg = next(each for each in found.signals if each.channel.quantity == "pleth")
        assert lo / NS <= ecg.times[0] < lo / NS + 1 / 125 + 1e-6
        assert hi / NS - 1 / 125 - 1e-6 <= ecg.times[-1] < hi / NS


@pytest.mark.parametrize("step_s", [-3600, 3600])
@pytest.mark.parametrize("by_another", [False, True])
def test_what_was_before_and_after_a_set_clock_is_joined(
    tmp_path: Path, step_s: int, by_another: bool
) -> None:
    """Each stream lies by its own offset: one signal that goes on, and the step is told.

    Of another infant's stream nothing is there.
    """
    rows = entries(minutes=15)
    later = [
        NewEntry(
            row.received_ns - step_s * NS, row.kind, row.source,
            row.payload.replace(b"|M4^", b"|M5^") if by_another else row.payload,
            row.shard, f"{row.control_id}b",
        )
        for row in entries(START + step_s * NS + 15 * 60 * NS, minutes=13)
    ]  # fmt: skip
    assert later[0].received_ns > rows[-1].received_ns
    journal = Journal(tmp_path / "journal.db")
    journal.append([*rows, *later])
    journal.close()
    work(tmp_path, tuple(SOURCES.values()))
    archive = Archive(tmp_path / "archive.db", read_only=True)
    before, after = sorted(archive.streams(BED), key=lambda row: row.first_seq)
    assert (before.identity_digest != after.identity_digest) is by_another
    archive.close()
    span = START - NS, START + 7200 * NS
    whose = {stream_id(before.key, 0)}
    found = read(tmp_path, *span, whose)

    begin, end = (each[k].received_ns / NS for each, k in ((rows, 0), (later, -1)))
    step = rows[-1].received_ns / NS
    for quantity in ("pleth", "resp"):
        (signal,) = (each for each in found.signals if each.channel.quantity == quantity)
        assert signal.times[0] == pytest.approx(begin - STEP, abs=0.5)
        assert signal.times[-1] == pytest.approx(step if by_another else end, abs=0.5)
        assert np.all(np.diff(signal.times) > 0)
        if not by_another:
            around = np.diff(signal.times[(signal.times > step - 60) & (signal.times < step + 60)])
            assert around.max() < 0.5
    (rate,) = (each for each in found.series if each.channel.quantity == "heart_rate")
    assert np.all(np.diff(rate.times) > 0)
    assert rate.times[-1] == pytest.approx(step if by_another else end, abs=0.5)
    words = [f"{each.what}: {each.where}" for each in found.repairs]
    if by_another:
        assert words == []
    else:
        assert len(words) == 1
        assert "clock was set" in words[0]
        assert f"by {step_s:+,.0f} s" in words[0]

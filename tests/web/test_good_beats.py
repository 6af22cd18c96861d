"""The least and the most of a heart rate that people read rest on beats of good quality."""

from __future__ import annotations

import json
from dataclasses import astuple, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.signal import butter, sosfiltfilt

from joey.live import Monitor
from joey.people import stream_id, stream_key
from joey.quality import Quality, Verdict
from joey.serve.packing import envelope_rows, facts_of
from joey.signals import NS, Channel
from joey.simulate import simulate_infant
from joey.spans import Span, Spans
from joey.store.archive import Archive, Batch, EnvelopeRow, Fact, StreamRow
from joey.web.past import Stay, archived_cells, oxycrg_columns
from joey.web.recent import CELL_MS, GOOD, PULSE
from tests.live.messages import messages_of, sent
from tests.web.archived import bradycardia, strips, tell
from tests.web.messages import observations
from tests.web.serving import SOURCE, admit, write
from tests.web.test_told import BED, Clock, open_ward, spells

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from joey.signals import Recording, Segment, Signal

ECG = Channel("ecg", "mV", lead="II")
RATE = Channel("heart_rate", "/min")
SLOW_S = 12.0  # s, as long as the heart of `tell` is slow


def judged(*spans: tuple[float, float], of: Channel = ECG) -> tuple[Quality]:
    """Return a judgment of the ECG, or of another channel, that doubts some spans. [s]"""
    rows = tuple(Verdict(Span(a, b), "doubtful", "motion") for a, b in spans)
    return (Quality(of, rows, Spans.of([(0.0, 4e9)])),)


def columns(data: bytes, n: int) -> NDArray[np.float32]:
    """Return least and most of heart rate, saturation, respiration, and good heart rate."""
    _, *known = strips(data, n).values()  # but for which rate it is
    return np.concatenate(known)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def admitted(folder: Path, clock: Clock) -> None:
    """Admit JONES, whose monitor has been heard."""
    admit(folder, "4", "M4", "JONES^BABY BOY", at_ns=clock.now - 7300 * NS)
    raw = observations("4", "M4", "JONES^BABY BOY", clock.now - 7200 * NS, numbers={})
    write(folder, raw, BED, clock.now - 7200 * NS)


def slow_since(clock: Clock) -> float:
    """Return when the heart of `tell` was slow last, at least five minutes ago. [s UTC]"""
    now = clock.now / NS
    return (now - 300.0) // 1500 * 1500


def test_a_fall_of_beats_in_doubt_is_no_minimum(tmp_path: Path, clock: Clock) -> None:
    """In the range of the OxyCRG, and in the lowest of a half minute of the tile's trend."""
    at = slow_since(clock)
    admitted(tmp_path, clock)
    falls = [(at + k * 1500 - 1, at + k * 1500 + SLOW_S + 1) for k in range(-3, 2)]
    tell(tmp_path, BED, clock.now, {}, quality=judged(*falls))
    ward = open_ward(tmp_path, clock)
    low, _, _, _, _, _, good, most = columns(ward.oxycrg(BED, at * 1e3 - 60_000, 10_000, 12), 12)

    assert low.min() == 84.0
    assert np.nanmin(good) > 140
    assert np.nanmax(most) < 165
    trend = ward.trend(BED)
    assert min(each for each in trend["hr"] if each is not None) > 140
    assert not any(trend["doubtful"])
    ward.close()


def test_a_fall_of_good_beats_stays_the_minimum(tmp_path: Path, clock: Clock) -> None:
    at = slow_since(clock)
    admitted(tmp_path, clock)
    tell(tmp_path, BED, clock.now, {}, quality=judged((at + 60, at + 90)))
    ward = open_ward(tmp_path, clock)

    data = ward.oxycrg(BED, at * 1e3 - 60_000, 10_000, 12)
    assert np.nanmin(columns(data, 12)[6]) == 84.0
    assert 84.0 in ward.trend(BED)["hr"]
    ward.close()


def test_a_rate_of_the_monitor_that_stands_still_takes_no_good_beat_away(
    tmp_path: Path, clock: Clock
) -> None:
    """Its number was frozen for ten minutes; an ECG that was doubted elsewhere changes nothing."""
    now = clock.now / NS
    admitted(tmp_path, clock)
    frozen = judged((now - 1200, now - 600), of=RATE)
    tell(tmp_path, BED, clock.now, {}, quality=(*judged((now - 3000, now - 2990)), *frozen))
    ward = open_ward(tmp_path, clock)

    near, far = (
        columns(ward.oxycrg(BED, (now - back) * 1e3, 10_000, n), n)[6]
        for back, n in ((1200, 60), (3300, 270))
    )
    assert np.isfinite(near).all()
    assert np.array_equal(far[210:], near)
    assert sum(ward.trend(BED)["doubtful"]) <= 1
    ward.close()


def test_a_rate_of_the_monitor_that_is_in_doubt_is_pale_where_there_is_no_ecg(
    tmp_path: Path, clock: Clock
) -> None:
    now = clock.now / NS
    admitted(tmp_path, clock)
    tell(tmp_path, BED, clock.now, {}, quality=judged((now - 1200, now - 600), of=RATE))
    ward = open_ward(tmp_path, clock)
    good = columns(ward.oxycrg(BED, (now - 1500) * 1e3, 10_000, 120), 120)[6]
    ward.close()

    assert np.isnan(good[30:90]).all()
    assert np.isfinite(good[:29]).all()
    assert np.isfinite(good[91:]).sum() > 20


def test_a_rate_of_the_monitor_in_doubt_stays_pale_before_an_ecg_that_came_later(
    tmp_path: Path,
) -> None:
    """Its judgment counts until the stream's first beats, the ECG's from there on."""
    minute, begin = 60 * NS, 1_790_000_400 * NS
    stream = StreamRow("s", SOURCE, "dev", BED, "x", 1, begin)
    curve = [np.full(240, value, dtype=np.float32) for value in (150, 95, -1, 1, np.nan)]
    doubt = json.dumps({"grade": "doubtful", "reason": "step"}).encode()
    facts = [
        Fact("s", "beats", "ecg II", begin + 15 * minute, begin + 16 * minute, 6, b"\x01"),
        *(
            Fact("s", "quality", channel, begin + k * minute, begin + (k + 1) * minute, 5, doubt)
            for channel, k in (("heart_rate", 2), ("ecg II", 4), ("heart_rate", 17), ("ecg II", 18))
        ),
    ]
    archive = Archive(tmp_path / "archive.db")
    rows = [EnvelopeRow("s", begin + k * minute, *curve) for k in range(20)]
    archive.write(Batch([stream], [], rows, facts, [], []))
    first = begin // NS * 4
    cells, _ = archived_cells(archive, [stream], first, first + 20 * 240)
    archive.close()

    good = np.isfinite(cells[GOOD]).reshape(20, 240)[:, 8:-8].mean(axis=1)
    assert [k for k in range(20) if good[k] < 1] == [2, 4, 18]


def test_a_pulse_rate_stays_when_its_minutes_are_final(tmp_path: Path, clock: Clock) -> None:
    """Of an oximeter alone: on the OxyCRG and in the tile's trend, called by its name."""
    now = clock.now / NS
    admitted(tmp_path, clock)
    tell(tmp_path, BED, clock.now, {}, kinds=("spo2", PULSE))
    ward = open_ward(tmp_path, clock)
    found = strips(ward.oxycrg(BED, (now - 3000) * 1e3, 10_000, 240), 240)
    trend = ward.trend(BED)
    ward.close()

    assert (found["pulse"][:, :-6] == 1).all()
    assert np.nanmin(found["heart_rate"]) == 86.0
    np.testing.assert_array_equal(found["good"], found["heart_rate"])
    assert trend["label"] == "PR"
    assert sum(each is not None for each in trend["hr"]) > 100
    assert not any(trend["doubtful"])


def test_a_pulse_rate_beside_a_heart_rate_changes_nothing_of_it(
    tmp_path: Path, clock: Clock
) -> None:
    """That it can be seen is no reason to doubt the heart rate, or to call it something else."""
    now = clock.now / NS
    drawn = []
    for name, kinds in (("one", ("heart_rate",)), ("both", ("heart_rate", PULSE))):
        folder = tmp_path / name
        folder.mkdir()
        admitted(folder, clock)
        tell(folder, BED, clock.now, {}, kinds=kinds, quality=judged((now - 1200, now - 900)))
        ward = open_ward(folder, clock)
        drawn.append((ward.oxycrg(BED, (now - 3000) * 1e3, 10_000, 240), ward.trend(BED)))
        ward.close()

    assert drawn[0] == drawn[1]


def test_where_no_beat_is_good_the_trend_says_so(tmp_path: Path, clock: Clock) -> None:
    """The lowest that was measured stands there, told apart; nothing looks unmeasured."""
    now = clock.now / NS
    admitted(tmp_path, clock)
    tell(tmp_path, BED, clock.now, {}, quality=judged((now - 1200, now - 900)))
    ward = open_ward(tmp_path, clock)
    trend = ward.trend(BED)
    ward.close()

    assert 8 <= sum(trend["doubtful"]) <= 10
    assert all(
        value is not None
        for value, doubtful in zip(trend["hr"], trend["doubtful"], strict=True)
        if doubtful
    )


def test_the_depth_of_a_spell_in_doubt_says_so(tmp_path: Path, clock: Clock) -> None:
    """Of two falls of one spell the good one counts."""
    now = clock.now / NS
    doubtful = replace(bradycardia(now - 600, 8.0, 41.0), quality="doubtful")
    both = doubtful, replace(bradycardia(now - 580, 8.0, 66.0))
    admitted(tmp_path, clock)
    tell(tmp_path, BED, clock.now, {"B": (doubtful,), "BB": both})
    ward = open_ward(tmp_path, clock)

    assert {each["detail"] for each in spells(ward)} == {"HR 41 (in doubt)", "HR 66"}
    ward.close()


def moved(signal: Signal, seed: int) -> Signal:
    """Return an ECG in which something as large as a beat swings for some seconds a minute."""
    rng, fs = np.random.default_rng(seed), float(signal.fs)

    def swinging(segment: Segment) -> Segment:
        counts = segment.counts.astype(np.float64)
        size = np.percentile(np.abs(counts - np.median(counts)), 99.5)
        for _ in range(int(len(counts) / fs / 60)):
            n, low = round(rng.uniform(4, 25) * fs), rng.uniform(1, 12)
            at = int(rng.integers(0, max(len(counts) - n, 1)))
            band = butter(2, [low, 2.5 * low], "band", fs=fs, output="sos")
            noise = sosfiltfilt(band, rng.normal(size=n))
            swings = rng.uniform(0.2, 1.2) * size * noise / noise.std()
            counts[at : at + n] += (swings * np.hanning(n) ** 0.3)[: len(counts) - at]
        return replace(segment, counts=np.rint(counts).astype(np.int32))

    return replace(signal, segments=tuple(swinging(each) for each in signal.segments))


def test_motion_makes_no_range(tmp_path: Path) -> None:
    """Infants whose leads swing for half an hour: what is good stays within 10 % of the heart."""
    wrong = {"heart_rate": 0, GOOD: 0}
    for seed in (101, 102):
        folder = tmp_path / str(seed)
        folder.mkdir()
        infant = simulate_infant(0.5, seed, holds=0)
        whole = sent(infant.recording)
        signals = (moved(s, seed) if s.channel.quantity == "ecg" else s for s in whole.signals)
        bed, span = analyzed(folder, replace(whole, signals=tuple(signals)))
        archive = Archive(folder / "archive.db", read_only=True)
        cells, _ = archived_cells(archive, archive.streams(bed), *span)
        beats = 60.0 / np.diff(infant.truth.beats)
        for kind in wrong:
            off = (cells[kind] > 1.1 * beats.max()) | (cells[kind] < 0.9 * beats.min())
            wrong[kind] += int(off.sum())
        kept = np.isfinite(cells[GOOD]).sum() / np.isfinite(cells["heart_rate"]).sum()
        assert kept > 0.9
        data = oxycrg_columns(
            archive, None, archive.streams(bed), (span[0] * CELL_MS, 60_000.0, 28), 0, Stay()
        )
        found = columns(data, 28)
        assert np.array_equal(np.nanmax(found[7]), np.nanmax(cells[GOOD][: 28 * 240]))
        archive.close()
    assert wrong["heart_rate"] >= 10
    assert wrong[GOOD] <= 1  # of good seconds 99.5 % of the beats are promised


def analyzed(folder: Path, recording: Recording) -> tuple[str, tuple[int, int]]:
    """Put what a monitor finds in a recording into an archive; return its bed and its cells."""
    messages = messages_of(recording)
    key = stream_key(SOURCE, messages[0][0])
    monitor = Monitor(stream_id(key, 1))
    found = [monitor.take(each, k, at) for k, (each, at) in enumerate(messages)]
    found.append(monitor.finish())
    row = StreamRow(stream_id(key, 1), *astuple(key), 1, round(recording.span.start * NS))
    minutes = [each for facts in found for each in envelope_rows(facts)]
    told = [each for facts in found for each in facts_of(facts)]
    archive = Archive(folder / "archive.db")
    archive.write(Batch((row,), (), minutes, told, ()))
    archive.close()
    first, stop = (round(at * 1000) // CELL_MS for at in (recording.span.start, recording.span.end))
    return key.bed, (first, stop)

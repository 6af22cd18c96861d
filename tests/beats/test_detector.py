"""Beats: against marks on real records, over all rates, and in what must not change them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from joey.beats import BeatDetector, detect_beats, rr_intervals
from joey.signals import Channel, Segment, Signal, blank, quantize, signals_of
from joey.simulate import simulate_beats, simulate_ecg, simulate_pleth
from joey.sources import read
from joey.sources.wfdb import read_annotations
from joey.spans import Spans, contains, total

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

WITHIN_S = 0.05
RATES = (30, 45, 60, 80, 100, 140, 180, 220, 260, 300)


def agreement(found: NDArray[np.float64], marks: NDArray[np.float64]) -> tuple[int, int, int]:
    """Return how many agree within 50 ms, one to one, and how many were found and marked."""
    i = j = both = 0
    while i < len(found) and j < len(marks):
        if abs(found[i] - marks[j]) <= WITHIN_S:
            both, i, j = both + 1, i + 1, j + 1
        elif found[i] < marks[j]:
            i += 1
        else:
            j += 1
    return both, len(found), len(marks)


def train(rate: float, seconds: float, seed: int = 0) -> NDArray[np.float64]:
    """Return beat times at a rate, each interval off by 1 %."""
    rng = np.random.default_rng(seed)
    rr = 60 / rate * (1 + rng.normal(0, 0.01, int(seconds * rate / 60)))
    return np.cumsum(rr)


def test_mit_bih_100_is_found_to_999_in_1000(shared_data: Path) -> None:
    """Reference: MIT-BIH record 100, annotations .atr, ODC-By 1.0 (a smoke test: an adult)."""
    ecg = signals_of(read(shared_data / "mitdb" / "100"), "ecg")[0]
    marks = read_annotations(shared_data / "mitdb" / "100.atr", ecg.fs)
    times = np.array([each.time for each in marks if each.symbol in set("NAVLRaJSFejEfQ/")])

    both, found, marked = agreement(detect_beats(ecg).times, times)

    assert both >= 0.999 * marked
    assert both >= 0.999 * found


@pytest.mark.parametrize("infant", [1, 2])
def test_real_preterm_beats_agree_with_the_automatic_marks(shared_data: Path, infant: int) -> None:
    """PICS v1.0.0, doi:10.13026/C2QQ2M: agreement, not accuracy, pooled from the first second."""
    rows = []
    for number in range(5):
        path = shared_data / "pics" / f"infant{infant}_seg{number}_ecg"
        ecg = signals_of(read(path), "ecg")[0]
        marks = [each.time for each in read_annotations(path.with_suffix(".qrs"), ecg.fs)]
        rows.append(agreement(detect_beats(ecg).times, np.array(marks)))
    both, found, marked = np.sum(rows, axis=0)
    worst = min(2 * b / (f + m) for b, f, m in rows)

    assert 2 * both / (found + marked) >= 0.995
    assert worst >= 0.98


@pytest.mark.parametrize("polarity", [1, -1])
@pytest.mark.parametrize("rate", RATES)
def test_every_rate_from_30_to_300_is_found_in_ecg(rate: int, polarity: int) -> None:
    """Mean rate within 0.5 %, and every beat, of either polarity."""
    beats = train(rate, 120)
    ecg = simulate_ecg(beats, seconds=float(beats[-1] + 1), polarity=polarity, seed=rate)

    found = detect_beats(ecg).times

    assert 60 * (len(found) - 1) / np.ptp(found) == pytest.approx(rate, rel=0.01)
    true_rate = 60 * (len(beats) - 1) / np.ptp(beats)
    assert 60 * (len(found) - 1) / np.ptp(found) == pytest.approx(true_rate, rel=0.005)
    assert agreement(found, beats)[0] >= 0.99 * len(beats)


@pytest.mark.parametrize("rate", RATES)
def test_every_rate_from_30_to_300_is_found_in_pleth(rate: int) -> None:
    """Mean pulse rate within 0.5 %."""
    beats = train(rate, 120)
    found = detect_beats(simulate_pleth(beats, seconds=float(beats[-1] + 1), seed=rate)).times

    true_rate = 60 * (len(beats) - 1) / np.ptp(beats)
    assert 60 * (len(found) - 1) / np.ptp(found) == pytest.approx(true_rate, rel=0.005)


def test_no_beat_is_invented_in_a_gap_or_beside_it() -> None:
    """What was not measured holds no beats and is not searched."""
    beats = simulate_beats(300, 150, seed=1)
    gaps = Spans.of([(60.0, 80.0), (150.0, 150.3), (200.0, 204.0), (290.0, 300.0)])
    whole = detect_beats(simulate_ecg(beats, seconds=300, seed=1))

    found = detect_beats(blank(simulate_ecg(beats, seconds=300, seed=1), gaps))

    assert not contains(gaps, found.times).any()
    assert total(found.searched) < 300 - total(gaps)
    both, number, _ = agreement(found.times, whole.times)
    assert both == number
    assert both >= len(whole.times) - 150 * total(gaps) / 60 - 10


def test_a_fall_from_150_to_60_is_followed_beat_by_beat() -> None:
    """Bradycardias are what Joey is for: no beat lost, none added on T waves."""
    rr = np.concatenate((np.full(200, 0.4), np.full(12, 1.0), np.full(100, 0.4), np.full(8, 1.5)))
    beats = np.cumsum(np.concatenate((rr, np.full(100, 0.4))))
    found = detect_beats(simulate_ecg(beats, seconds=float(beats[-1] + 1), seed=4)).times

    assert agreement(found, beats)[0] == len(beats) == len(found)


def test_a_flat_line_and_plain_noise_have_no_regular_beats() -> None:
    """Nothing is learned from quantization, and little from noise."""
    ecg = simulate_ecg(simulate_beats(120, 150, seed=1), seconds=120, seed=2)
    segment = ecg.segments[0]
    flat = np.full_like(segment.counts, 7)
    flat[::50] += 1
    still = replace(ecg, segments=(Segment(segment.grid, 0, flat, segment.runs),))

    assert len(detect_beats(still).times) == 0


def test_searched_is_what_was_measured_a_long_silence_included() -> None:
    """Less 0.1 s at its edges; the intervals alone take out 10 s without a beat."""
    ecg = simulate_ecg(simulate_beats(60, 150, seed=1), seconds=60, seed=2)
    segment = ecg.segments[0]
    counts = segment.counts.copy()
    silent = slice(round(30 * float(ecg.fs)), round(40 * float(ecg.fs)))
    counts[silent] = counts[silent.start]
    still = replace(ecg, segments=(Segment(segment.grid, 0, counts, segment.runs),))

    found = detect_beats(still)

    assert np.diff(found.times).max() > 9
    assert found.searched.bounds.shape == (1, 2)
    np.testing.assert_allclose(found.searched.bounds[0], (0.1, 59.9), atol=0.03)
    assert total(rr_intervals(found, resolution_ms=1.0).searched) < 51


@pytest.mark.parametrize("factor", [4, 100])
def test_the_size_of_a_count_does_not_matter(factor: int) -> None:
    """Scaling the samples changes no beat."""
    ecg = simulate_ecg(simulate_beats(60, 160, seed=5), seconds=60, seed=5)
    segment = ecg.segments[0]
    larger = Segment(segment.grid, 0, segment.counts.astype(np.int32) * factor, segment.runs)

    found = detect_beats(Signal(ecg.channel, ecg.fs, (larger,), ecg.scale / factor)).times

    np.testing.assert_allclose(found, detect_beats(ecg).times, atol=1e-9)


def test_a_constant_offset_does_not_matter() -> None:
    """The baseline is nobody's beat."""
    ecg = simulate_ecg(simulate_beats(60, 160, seed=5), seconds=60, seed=5)
    segment = ecg.segments[0]
    lifted = Segment(segment.grid, 0, segment.counts.astype(np.int32) + 9000, segment.runs)

    found = detect_beats(Signal(ecg.channel, ecg.fs, (lifted,), ecg.scale)).times

    np.testing.assert_allclose(found, detect_beats(ecg).times, atol=1e-9)


def test_a_smaller_qrs_after_the_lift_is_found() -> None:
    """The axis turns on the chest: a quarter of the size is learned anew within seconds."""
    beats = simulate_beats(240, 150, seed=8)
    ecg = simulate_ecg(beats, seconds=240, seed=8, noise=0.005, hum=0.0, wander=0.02)
    segment = ecg.segments[0]
    counts = segment.counts.astype(np.float64)
    counts[len(counts) // 2 :] *= 0.25
    smaller = Segment(segment.grid, 0, np.rint(counts).astype(np.int32), segment.runs)

    found = detect_beats(Signal(ecg.channel, ecg.fs, (smaller,), ecg.scale)).times

    assert agreement(found, beats)[0] >= len(beats) - 12


def test_another_quantity_or_too_slow_a_signal_is_refused() -> None:
    """The caller hears what was expected."""
    ecg = simulate_ecg(simulate_beats(10, 150), fs=60, seconds=10)

    with pytest.raises(ValueError, match="100 Hz or more"):
        detect_beats(ecg)
    with pytest.raises(ValueError, match="ecg or pleth"):
        detect_beats(replace(ecg, channel=replace(ecg.channel, quantity="resp")))


def told(signal: Signal, chunk: int) -> tuple[list[float], list[int]]:
    """Return times and flags as told chunk by chunk; none before what was said to be all."""
    (segment,) = signal.segments
    detector = BeatDetector(signal.channel)
    times: list[float] = []
    flags: list[int] = []
    for at in range(0, len(segment.counts), chunk):
        part = segment.part(at, at + chunk)
        final = detector.final
        found = detector.update({"signal": [part]}, {"signal": part.span.end})
        assert (found.times >= final).all()
        times += found.times.tolist()
        flags += found.flags.tolist()
    rest = detector.finish()
    return times + rest.times.tolist(), flags + rest.flags.tolist()


@pytest.mark.parametrize(("quantity", "fs", "width"), [("ecg", 250, 0.01), ("pleth", 125, 0.08)])
@pytest.mark.parametrize("seed", range(12))
def test_slow_hearts_with_small_beats_are_the_same_in_chunks(
    quantity: str, fs: int, width: float, seed: int
) -> None:
    """At 25 to 32/min a beat is overdue after the time at which its size is learned anew."""
    rng = np.random.default_rng(seed)
    at = np.arange(120 * fs) / fs
    gaps = rng.uniform(1.9, 2.4) * rng.uniform(0.97, 1.03, 70)
    beats = np.cumsum(np.concatenate(([1.0], gaps)))
    sizes = np.where(rng.random(71) < 0.2, rng.uniform(0.1, 0.4, 71), 1.0)
    wave = rng.normal(0, 0.01, len(at))
    for beat, size in zip(beats, sizes, strict=True):
        wave += size * np.exp(-0.5 * ((at - beat) / width) ** 2)
    signal = quantize(Channel(quantity, "1"), fs, 0, wave, 0.001)

    assert told(signal, fs) == told(signal, len(at))


@pytest.mark.parametrize(("quantity", "fs"), [("ecg", 250), ("pleth", 62), ("pleth", 125)])
@pytest.mark.parametrize("seed", range(6))
def test_in_noise_no_two_beats_are_at_one_time(quantity: str, fs: int, seed: int) -> None:
    """Times increase, whatever the signal; a few beats first, or noise is learned as no heart."""
    noise = np.random.default_rng(seed).normal(0, 1, 300 * fs)
    noise[: 20 * fs : fs // 2] += 8.0
    many = 0
    for wave in (noise, np.cumsum(noise)):
        found = detect_beats(quantize(Channel(quantity, "1"), fs, 0, wave, 0.001))
        many += len(found.times)
        assert np.diff(found.times).min() > 0
        assert told(quantize(Channel(quantity, "1"), fs, 0, wave, 0.001), fs)[0] == list(
            found.times
        )
    assert many > 100

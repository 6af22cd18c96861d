"""What is graded bad or doubtful, and what is not: cases that a nurse would know."""

from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from joey.quality import (
    add_doubt,
    differ,
    follow_heart,
    frozen_together,
    judge_numeric,
    judge_waveform,
)
from joey.signals import Channel, Series, Signal, quantize
from joey.simulate import simulate_beats, simulate_ecg
from joey.spans import Spans, total


def numeric(quantity: str, values: NDArray[np.float64], step_s: float = 1.0) -> Series:
    """Return values that follow each other."""
    times = step_s * np.arange(len(values))
    return Series(Channel(quantity), times, values, np.full(len(values), step_s))


def said(quantity: str, values: NDArray[np.float64]) -> list[tuple[float, float, str, str]]:
    """Return the verdicts on values once a second."""
    found = judge_numeric(numeric(quantity, values)).verdicts
    return [(each.span.start, each.span.end, each.grade, each.reason) for each in found]


def test_what_no_infant_has_is_bad_and_what_is_extreme_is_not() -> None:
    assert said("heart_rate", np.array([150.0, 300, 301, 20, 19])) == [
        (2.0, 3.0, "bad", "out of range"),
        (4.0, 5.0, "bad", "out of range"),
    ]
    assert said("spo2", np.array([100.0, 99, 101])) == [(2.0, 3.0, "bad", "out of range")]
    # 127 is a heart rate and nothing is known of a quantity without a row.
    assert said("heart_rate", np.full(60, 127.0)) == []
    assert said("perfusion_index", np.array([1e6])) == []


def test_not_measured_is_not_judged() -> None:
    judged = judge_numeric(numeric("spo2", np.array([95.0, np.nan, np.nan, 95.0])))
    assert judged.verdicts == ()
    assert judged.judged == Spans.of([(0.0, 1.0), (3.0, 4.0)])


def test_a_saturation_that_leaps_is_doubtful_and_one_that_falls_fast_is_not() -> None:
    assert said("spo2", np.array([95.0, 95, 74, 74])) == [(2.0, 3.0, "doubtful", "step")]
    assert said("spo2", np.array([95.0, 75, 55, 75])) == []
    # After a silence nobody knows how fast it was.
    assert judge_numeric(numeric("spo2", np.array([95.0, 60.0]), step_s=12.0)).verdicts == ()


def test_a_probe_that_comes_off_cools_faster_than_an_infant() -> None:
    """In steps of 0.1 Cel: 2 Cel a minute is doubtful, 0.4 Cel a minute is not."""
    times = np.arange(300.0)
    off = np.round(36.6 - np.maximum(times - 120, 0) * 2 / 60, 1)
    (verdict,) = judge_numeric(numeric("temp", off)).verdicts
    assert (verdict.grade, verdict.reason) == ("doubtful", "step")
    assert 120 < verdict.span.start < 145
    assert said("temp", np.round(36.6 - times * 0.4 / 60, 1)) == []
    assert said("temp", np.where(times % 7 < 3, 36.6, 36.7)) == []


def test_frozen_are_two_numerics_that_stand_still_together() -> None:
    moving = 150 + np.arange(100.0) % 2
    heart, spo2 = moving.copy(), np.full(100, 100.0)
    assert len(frozen_together(numeric("heart_rate", heart), numeric("spo2", spo2))) == 0
    heart[20:60] = 151.0
    found = frozen_together(numeric("heart_rate", heart), numeric("spo2", spo2))
    assert 40.0 <= total(found) <= 42.0
    heart[40] = 140.0
    assert len(frozen_together(numeric("heart_rate", heart), numeric("spo2", spo2))) == 0


def test_two_rates_of_one_heart_differ_where_no_delay_explains_it() -> None:
    """Half the rate for a minute is told; a bradycardia that one number shows late is not."""
    heart = np.full(600, 150.0)
    heart[100:112] = 80.0
    pulse = np.full(600, 148.0)
    pulse[108:124] = np.linspace(90, 145, 16).round()
    assert len(differ(numeric("heart_rate", heart), numeric("pulse_rate", pulse))) == 0
    pulse[300:360] = 75.0
    for one, other in ((heart, pulse), (pulse, heart)):
        found = differ(numeric("heart_rate", one), numeric("pulse_rate", other))
        assert found == Spans.of([(300.0, 360.0)])
    pulse[300:350] = np.nan
    assert len(differ(numeric("heart_rate", heart), numeric("pulse_rate", pulse))) == 0
    gone = np.full(600, np.nan)
    assert len(differ(numeric("heart_rate", gone), numeric("pulse_rate", pulse))) == 0


@pytest.mark.parametrize("period", [1.0, 1.024, 2.0, 2.048])
def test_rates_are_compared_whatever_the_period_of_the_numbers(period: float) -> None:
    """At today's times a value's end is a rounding away from where the next one begins."""
    times = 1_790_000_000.0 + np.arange(300) * period

    def rate(quantity: str, value: float) -> Series:
        values, stands = np.full(300, value), np.full(300, period)
        return Series(Channel(quantity, "/min"), times, values, stands)

    told = differ(rate("heart_rate", 150.0), rate("pulse_rate", 75.0))
    assert total(told) == pytest.approx(300 * period)
    assert total(follow_heart(rate("resp_rate", 150.0), rate("heart_rate", 149.0))) > 200 * period


def ecg_with(change: slice, values: NDArray[np.float64] | float) -> Signal:
    """Return a minute of ECG at 250 Hz with some of it replaced. [mV]"""
    wave = simulate_ecg(simulate_beats(60.0, seed=1), seconds=60, seed=1).values.copy()
    wave[change] = values
    return quantize(Channel("ecg", "mV"), Fraction(250), 0, wave, 0.0025)


WAVE = simulate_ecg(simulate_beats(60.0, seed=1), seconds=60, seed=1).values


@pytest.mark.parametrize(
    ("values", "grade", "reason"),
    [
        (0.3, "bad", "flat"),
        (np.clip(WAVE[10000:11250] * 3, -0.25, 0.25), "bad", "clipped"),
        (WAVE[10000:11250] * 8, "bad", "motion"),
        (WAVE[10000:11250] * 2.7, "doubtful", "motion"),
        (WAVE[10000:11250] * 0.1, "bad", "low amplitude"),
    ],
    ids=["flat", "clipped", "large", "larger", "low amplitude"],
)
def test_five_seconds_of_a_bad_waveform_are_found(
    values: NDArray[np.float64] | float, grade: str, reason: str
) -> None:
    """From second 40 to 45; nothing else of the minute is doubted but the seconds beside."""
    found = judge_waveform(ecg_with(slice(10000, 11250), values)).verdicts
    marked = Spans.of(each.span for each in found if (each.grade, each.reason) == (grade, reason))
    assert 2.0 <= total(marked) <= 7.0
    assert all(each.span.start >= 38.0 and each.span.end <= 46.0 for each in found)


def test_a_good_waveform_is_good_and_a_gap_is_not_judged() -> None:
    assert judge_waveform(ecg_with(slice(0, 0), 0.0)).verdicts == ()
    gone = judge_waveform(ecg_with(slice(5000, 7500), np.nan))
    assert gone.verdicts == ()
    assert gone.judged == Spans.of([(0.0, 20.0), (30.0, 60.0)])


def test_a_breathing_rate_that_follows_the_heart_is_told() -> None:
    """For over 10 s, and not where it crosses the heart rate."""
    seconds = np.arange(120.0)
    heart = numeric("heart_rate", 140 + seconds % 7)
    counted = np.where((seconds >= 60) & (seconds < 80), heart.values - 3, 45.0)
    counted[10:15] = heart.values[10:15]

    assert follow_heart(numeric("resp_rate", counted), heart) == Spans.of([(60.0, 80.0)])
    lost = Series(heart.channel, heart.times, np.full(120, np.nan), heart.valid_s)
    assert len(follow_heart(numeric("resp_rate", counted), lost)) == 0


def test_doubt_of_another_signal_takes_no_place_of_what_is_bad_or_absent() -> None:
    values = np.full(60, 150.0)
    values[20:30], values[50:] = 301.0, np.nan
    judged = add_doubt(
        judge_numeric(numeric("heart_rate", values)), Spans.of([(15, 55)]), "differs"
    )

    assert [(v.span.start, v.span.end, v.grade) for v in judged.verdicts] == [
        (15.0, 20.0, "doubtful"),
        (20.0, 30.0, "bad"),
        (30.0, 50.0, "doubtful"),
    ]


def test_100_percent_in_room_air_and_a_probe_at_29_cel() -> None:
    assert said("spo2", np.full(600, 100.0)) == []
    assert said("spo2", np.array([19.0, 20.0]))[0] == (0.0, 1.0, "bad", "out of range")
    assert said("temp", np.array([30.0, 30.0, 29.9]))[0] == (2.0, 3.0, "bad", "out of range")


def wide_complex(
    rr: NDArray[np.float64], fs: int, width: float, rng: np.random.Generator
) -> Signal:
    """Return an ECG of bundle branch block: two humps in `width` s, P and T. [mV]"""
    beats = 0.3 + np.cumsum(rr)
    wave = np.zeros(int((beats[-1] + 0.5) * fs))
    for beat in beats:
        lo = max(int((beat - 0.3) * fs), 0)
        t = np.arange(lo, min(int((beat + 0.6) * fs), len(wave))) / fs - beat

        def hump(
            t: NDArray[np.float64], at: float, sd: float, height: float
        ) -> NDArray[np.float64]:
            return np.asarray(height * np.exp(-0.5 * ((t - at) / sd) ** 2))

        wave[lo : lo + len(t)] += hump(t, -0.2 * width, 0.13 * width, 0.85) + hump(
            t, 0.18 * width, 0.15 * width, 1.0
        )
        wave[lo : lo + len(t)] += hump(t, 0.28, 0.035, -0.3) + hump(t, -0.13, 0.012, 0.25)
    wave += rng.normal(0, 1 / 25, len(wave))
    return quantize(Channel("ecg", "mV"), Fraction(fs), 0, wave, 0.0025)


@pytest.mark.parametrize("fs", [125, 250, 500])
def test_a_wide_complex_that_recurs_is_not_bad(fs: int) -> None:
    """At 50 to 75/min, QRS of 100 ms, noise of a 25th: bad for up to half of the time before."""
    bad, all_s = 0.0, 0.0
    for seed in range(4):
        rng = np.random.default_rng(700 + seed)
        rr = 60 / rng.uniform(50, 75) * (1 + 0.02 * rng.standard_normal(70))
        found = judge_waveform(wide_complex(rr, fs, 0.1, rng))
        bad += sum(each.span.duration for each in found.verdicts if each.grade == "bad")
        all_s += total(found.judged)
    assert bad <= 0.03 * all_s


@pytest.mark.parametrize(
    ("low", "high"), [(49.9, 50.1), (5.5, 6.5), (20, 60), (10, 30), (0.5, 4), (0.9, 1.1)]
)
def test_noise_alone_is_never_good(low: float, high: float) -> None:
    """Hum, tremor, muscle and sway repeat themselves, too: at most 1 % of the seconds are good."""
    good, all_s = 0.0, 0.0
    for seed, fs in enumerate((125, 250, 500)):
        rng = np.random.default_rng(800 + seed)
        at = np.fft.rfftfreq(120 * fs, 1 / fs)
        lines = (rng.standard_normal(len(at)) + 1j * rng.standard_normal(len(at))) * (
            (at >= low) & (at <= high)
        )
        wave = np.fft.irfft(lines, 120 * fs)
        found = judge_waveform(
            quantize(Channel("ecg", "mV"), Fraction(fs), 0, 0.5 * wave / wave.std(), 0.0025)
        )
        good += total(found.judged) - sum(each.span.duration for each in found.verdicts)
        all_s += total(found.judged)
    assert good <= 0.01 * all_s

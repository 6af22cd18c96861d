"""Where beats and a monitor's number part, both are doubtful, and no event is lost."""

from dataclasses import replace
from fractions import Fraction

import numpy as np

from joey.holds import Hold, Piece
from joey.response import analyze, measure_response
from joey.response.disagreement import disagreements
from joey.signals import Channel, Recording, Series
from joey.simulate import simulate_ecg

SECONDS = 300


def recorded(wrong: bool) -> Recording:
    """Return an ECG with a bradycardia of 6 s, and numerics that halve the rate for a minute."""
    rr = np.full(900, 0.4)
    rr[300:309] = 0.75
    beats = 0.2 + np.cumsum(rr)
    ecg = simulate_ecg(beats[beats < SECONDS - 1], 250, seconds=SECONDS, seed=3)
    times = np.arange(float(SECONDS))
    rate = np.full(SECONDS, 150.0)
    if wrong:
        rate[200:260] = 75.0
    series = [
        Series(Channel(quantity, "/min", source=quantity), times, values, np.ones(SECONDS))
        for quantity, values in (("heart_rate", rate), ("pulse_rate", np.full(SECONDS, 150.0)))
    ]
    return Recording(signals=(replace(ecg, fs=Fraction(250)),), series=tuple(series))


def test_a_monitor_that_halves_the_rate_is_named_and_rejects_nothing() -> None:
    found, plain = analyze(recorded(wrong=True)), analyze(recorded(wrong=False))

    words = "beats and the monitor's heart rate differ"
    assert sum(words in line for line in found.quality) == 2  # the ECG's line and the number's
    assert not any("differ" in line for line in plain.quality)
    assert [len(each.items) for each in found.events] == [len(each.items) for each in plain.events]
    assert any(len(each.items) for each in plain.events if each.preset.kind == "bradycardia")


def test_the_inventory_names_what_differs_with_its_time() -> None:
    (line,) = disagreements(recorded(wrong=True))

    assert line == "beats and the monitor's heart rate differ: for 60 s"
    assert disagreements(recorded(wrong=False)) == ()


def test_without_an_ecg_the_monitors_two_rates_are_compared() -> None:
    """Both are doubtful and nothing is left out."""
    wrong, plain = (replace(recorded(wrong), signals=()) for wrong in (True, False))
    found = analyze(wrong)

    assert sum("heart rate and pulse rate differ" in line for line in found.quality) == 2
    assert not any("differ" in line for line in analyze(plain).quality)
    assert disagreements(wrong) == ("heart rate and pulse rate differ: for 60 s",)
    assert [each.searched for each in found.events] == [
        each.searched for each in analyze(plain).events
    ]


def moving(quantity: str, unit: str, level: float, still: slice) -> Series:
    values = level + np.arange(float(SECONDS)) % 2
    values[still] = level
    times = np.arange(float(SECONDS))
    return Series(Channel(quantity, unit, source=quantity), times, values, np.ones(SECONDS))


def test_an_oximeter_that_stands_still_is_left_out_though_the_ecgs_number_moves() -> None:
    recording = Recording(
        series=(
            moving("heart_rate", "/min", 150, slice(0)),
            moving("pulse_rate", "/min", 150, slice(100, 160)),
            moving("spo2", "%", 94, slice(100, 160)),
        )
    )
    found = analyze(recording)
    (line,) = [each for each in found.quality if "stood still" in each]
    assert line.startswith("pulse rate and SpO2 stood still together for 6")
    for quantity, seconds in (("heart_rate", 0), ("pulse_rate", 60), ("spo2", 60)):
        values = found.material.numerics[quantity][0].values
        assert seconds <= np.count_nonzero(np.isnan(values)) <= seconds + 2
    assert disagreements(recording) == (line,)


def test_a_breathing_rate_that_stands_still_takes_nothing_but_itself() -> None:
    """As a ventilator's may, while the heart is as steady."""
    recording = Recording(
        series=(
            moving("heart_rate", "/min", 150, slice(100, 160)),
            moving("resp_rate", "/min", 40, slice(50, 200)),
        )
    )
    found = analyze(recording)
    assert any("heart rate and breathing rate stood still" in each for each in found.quality)
    lost = {q: n[0].values for q, n in found.material.numerics.items()}
    assert np.all(np.isfinite(lost["heart_rate"]))
    assert 60 <= np.count_nonzero(np.isnan(lost["resp_rate"])) <= 62


def test_the_drawn_rate_is_in_doubt_where_two_rates_part() -> None:
    """From beat to beat, and of a monitor alone; within a second of it too, and nowhere else."""
    for recording in (recorded(wrong=True), replace(recorded(wrong=True), signals=())):
        held = Hold("h", "i", (Piece("m", "mother", 100.0, 200.0, "skin_to_skin"),), "skin_to_skin")
        track = measure_response(recording, held).oxycrg.tracks[0]
        at = track.times[track.doubtful]
        assert 198 <= at.min() < 202
        assert 258 < at.max() <= 262
        near = (track.times > 205) & (track.times < 255) & np.isfinite(track.values)
        assert track.doubtful[near].all()
    plain = measure_response(recorded(wrong=False), held).oxycrg.tracks[0]
    assert not plain.doubtful.any()


def test_a_drawn_pulse_rate_is_called_so() -> None:
    """Of an oximeter alone."""
    whole = recorded(wrong=False)
    pulse = tuple(each for each in whole.series if each.channel.quantity == "pulse_rate")
    held = Hold("h", "i", (Piece("m", "mother", 100.0, 200.0, "skin_to_skin"),), "skin_to_skin")
    track = measure_response(Recording(series=pulse), held).oxycrg.tracks[0]
    assert track.label == "Pulse rate, monitor"

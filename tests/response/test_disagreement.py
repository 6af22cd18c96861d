"""Where beats and a monitor's number part, both are doubtful, and no event is lost."""

from dataclasses import replace
from fractions import Fraction

import numpy as np

from joey.response import analyze
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

"""What was found, as annotation files beside the recording."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from joey.events import PRESETS, Event, Events
from joey.marks import write_marks
from joey.response import analyze
from joey.signals import Recording, cut, signals_of
from joey.simulate import simulate_beats, simulate_ecg, simulate_numeric
from joey.sources.wfdb import read_marks
from joey.spans import Span, Spans

STARTS = 20.0  # s after the numerics, when the ECG begins


def test_marks_lie_on_the_samples_of_the_ecg(tmp_path: Path) -> None:
    """A mark before the ECG's first sample is left out, not moved to it."""
    ecg = simulate_ecg(simulate_beats(60.0, seed=1), seconds=60, seed=1)
    ecg = cut(ecg, Span(STARTS, 60.0))
    rate = simulate_numeric(50, 5, 150, 60, seed=1)
    found = analyze(Recording(signals=(ecg, rate)))
    beats = found.beats
    assert beats is not None
    spans = ((5.0, 10.0), (15.0, 30.0), (40.0, 45.0))
    items = tuple(
        Event("bradycardia", Span(*each), 70.0, each[0], 1.0, 5.0, 0.0, "numeric") for each in spans
    )
    events = Events(items, Spans.of([(0.0, 60.0)]), PRESETS["brady_uva"])

    write_marks(tmp_path, replace(found, events=(events,)))

    marks = read_marks(tmp_path / "events.atr")
    assert (marks.samples / 250.0 + STARTS).tolist() == [30.0, 40.0, 45.0]
    assert [text[0] == "(" for text in marks.texts.values()] == [False, True, False]
    qrs = read_marks(tmp_path / "beats.qrs")
    assert set(qrs.symbols) == {"N"}
    np.testing.assert_allclose(qrs.samples / 250.0 + STARTS, beats.times, atol=1 / 250)
    assert signals_of(found.recording, "ecg")[0].segments[0].first == STARTS * 250

"""Real heart beats of preterm infants (PICS, doi 10.13026/C2QQ2M)."""

from dataclasses import asdict, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from joey.events import PRESETS, EventDetector, find_in_series, together
from joey.signals import Channel, Series

HEART_RATE = Channel("heart_rate", "/min")


def heart_rate(rr: np.ndarray, start: float = 0.0) -> Series:
    """Return pieces from RR intervals that follow each other. [s]"""
    times = start + np.concatenate(([0.0], np.cumsum(rr)[:-1]))
    return Series(HEART_RATE, times, 60 / rr, rr)


@pytest.mark.parametrize("cut", ["infant1_seg0", "infant1_seg2", "infant2_seg1"])
def test_cuts_without_bradycardia_show_none(shared_data: Path, cut: str) -> None:
    """The published cuts hold no bradycardia: none is found, and all their time was searched."""
    wfdb = pytest.importorskip("wfdb")
    record = shared_data / "pics" / f"{cut}_ecg"
    if not record.with_suffix(".qrs").exists():
        pytest.skip("the PICS cuts are not here")
    marks = wfdb.rdann(str(record), "qrs")
    beats = marks.sample / marks.fs
    found = find_in_series(PRESETS["brady_uva"], heart_rate(np.diff(beats)), source="beat")
    assert found.items == ()
    (searched,) = found.searched
    assert searched.duration == pytest.approx(beats[-1] - beats[0])


@pytest.mark.parametrize("name", ["brady_rel33", "brady_uva"])
def test_a_real_day_is_the_same_in_chunks(shared_data: Path, name: str) -> None:
    """A day of one infant's intervals, with a threshold amid them: chunked as whole."""
    path = shared_data / "pics-rr" / "pics_rr.npz"
    if not path.exists():
        pytest.skip("the PICS intervals are not here")
    with np.load(path) as stored:
        rr = stored["rr1"].astype(np.float64)[:200_000] / 1e3
    preset = replace(PRESETS[name], below=0.95 if PRESETS[name].of_baseline else 140.0)
    series = heart_rate(rr, 1.7e9)
    whole = find_in_series(preset, series, source="beat")
    assert len(whole.items) > 50
    rng = np.random.default_rng(1)
    edges = [0, *np.sort(rng.integers(0, len(rr), 300)), len(rr)]
    detector = EventDetector(preset, source="beat")
    parts = []
    for lo, hi in pairwise(edges):
        chunk = Series(HEART_RATE, series.times[lo:hi], series.values[lo:hi], series.valid_s[lo:hi])
        upto = float(series.times[hi]) if hi < len(rr) else float(series.ends[-1])
        parts.append(detector.update({"pieces": chunk}, {"pieces": upto}))
    told = together([*parts, detector.finish()])
    assert [repr(asdict(e)) for e in told.items] == [repr(asdict(e)) for e in whole.items]
    assert told.searched == whole.searched

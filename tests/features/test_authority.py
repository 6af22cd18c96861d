"""Against another's numbers: the PhysioNet Cardiovascular Signal Toolbox on an adult's beats.

Its reference values for record nsr001 (BSD-3) take the annotations at 125 Hz and count time from
the first beat, and clean by other rules: single windows differ where beats are ectopic, most agree.
"""

import csv
import warnings
from pathlib import Path

import numpy as np
import pytest

from joey.beats import Beats, nn_intervals
from joey.features import HrvRules, Material
from joey.features.hrv import measure_window
from joey.signals import Channel
from joey.spans import Spans

BEATS = "NVSFAJaejLRBQ/f"


@pytest.fixture(scope="module")
def pairs(shared_data: Path) -> dict[str, np.ndarray]:
    """Return the toolbox's number and Joey's for every second window, by name."""
    folder = shared_data / "nsr2db"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # wfdb's, about pandas
        import wfdb  # noqa: PLC0415 - warns at import

        marks = wfdb.rdann(str(folder / "nsr001"), "ecg", sampto=7500 * 125)
    symbols = np.array(marks.symbol)
    beat = np.isin(symbols, list(BEATS))
    times = (marks.sample[beat] - marks.sample[beat][0]) / 125.0
    flags = np.zeros(len(times), dtype=np.uint8)
    beats = Beats(Channel("ecg"), times, flags, Spans.of([(0.0, times[-1] + 1.0)]))
    found = nn_intervals(beats, resolution_ms=8.0)
    # The toolbox leaves out what lies beside a beat that was marked as ectopic, by its shape.
    odd = symbols[beat] != "N"
    first = np.searchsorted(times, found.times)
    found.nn[odd[first] | odd[first + 1]] = np.nan
    material = Material(intervals=found, rules=HrvRules(min_beats=100))
    with (folder / "nsr001_hrv_reference.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))[::2]
    windows = [
        measure_window(material, float(row["t_start"]) - 0.4, float(row["t_end"]) - 0.4)
        for row in rows
    ]
    ours = {"SDNN": "sdnn", "RMSSD": "rmssd", "SD1": "sd1", "SD2": "sd2", "SampEn": "sampen_m2"}
    return {
        name: np.array(
            [(float(row[name]), getattr(w, own)) for row, w in zip(rows, windows, strict=True)]
        )
        for name, own in ours.items()
    }


@pytest.mark.parametrize("name", ["SDNN", "RMSSD", "SD1", "SD2", "SampEn"])
def test_most_windows_agree_with_the_toolbox(pairs: dict[str, np.ndarray], name: str) -> None:
    theirs, ours = pairs[name].T
    assert np.all(np.isfinite(ours))
    assert len(ours) > 100
    assert np.median(ours / theirs) == pytest.approx(1.0, abs=0.01)


def test_the_spread_of_intervals_agrees_in_single_windows(pairs: dict[str, np.ndarray]) -> None:
    theirs, ours = pairs["SDNN"].T
    assert np.quantile(np.abs(ours / theirs - 1.0), 0.9) < 0.05
    assert np.corrcoef(theirs, ours)[0, 1] > 0.99

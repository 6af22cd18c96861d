"""The full set of heart-rate variability over a day in windows of five minutes, beside two peers.

Both sides get the same intervals, as they are: no cleaning, no gaps. Where a peer defines a number
as Joey does the two must agree to 1e-9; the spectra are held against SciPy's, since the peers
resample linearly, or use other segments, and end their bands where an adult's breathing ends.
"""

from __future__ import annotations

import os
import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from harness import RUNS, Row, absent, measure, peer, version

from joey.beats import Intervals, intervals_from_rr, nn_between
from joey.features import HrvRules, HrvWindows, measure_windows
from joey.sources.wfdb.annotations import read_marks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

DAY_S = 86_400.0
LENGTH_S = 300.0
PLAIN_GOAL, NEUROKIT_GOAL = 200.0, 5000.0
AGREES = 1e-9
SPECTRA_AGREE = 0.01
BEATS = frozenset("NVSFAJaejLRBQ/f")
# Theirs and ours, where both are defined alike.
OF_PLAIN = {
    "mean_nni": "mean_nn",
    "sdnn": "sdnn",
    "rmssd": "rmssd",
    "median_nni": "median_nn",
    "cvsd": "cvsd",
    "cvnni": "cvnn",
    "nni_20": "nn20",
    "nni_50": "nn50",
    "pnni_20": "pnn20",
    "pnni_50": "pnn50",
    "sd1": "sd1",
    "sd2": "sd2",
    "csi": "csi",
    "cvi": "cvi",
}
OF_NEUROKIT = {
    "HRV_MeanNN": "mean_nn",
    "HRV_SDNN": "sdnn",
    "HRV_RMSSD": "rmssd",
    "HRV_SDSD": "sdsd",
    "HRV_CVNN": "cvnn",
    "HRV_CVSD": "cvsd",
    "HRV_MedianNN": "median_nn",
    "HRV_IQRNN": "iqr_nn",
    "HRV_MinNN": "min_nn",
    "HRV_MaxNN": "max_nn",
    "HRV_SD1": "sd1",
}
RULES = HrvRules(min_beats=100, max_corrected=1.0)


def rows(*, quick: bool) -> Iterator[Row]:
    """Yield two days beside hrv-analysis, the preterm one beside neurokit2 and SciPy too."""
    runs = 2 if quick else RUNS
    for words, rr in days(3600.0 if quick else DAY_S):
        intervals = intervals_from_rr(rr)
        windows = measure_windows(intervals, rules=RULES)
        series = [
            nn_between(intervals, *each) for each in zip(windows.start, windows.end, strict=True)
        ]
        work = f"full HRV, {len(windows)} windows of 5 min, {len(rr):,} beats, {words}"
        yield beside_plain(work, intervals, series, runs)
        if words.startswith("preterm"):
            yield beside_neurokit(work, intervals, series, quick=quick)
            yield beside_scipy(work, intervals, series, runs)


def days(seconds: float) -> Iterator[tuple[str, NDArray[np.float64]]]:
    """Yield names and the intervals of recordings; drawn ones where there are none. [ms]"""
    folder = Path(os.environ.get("JOEY_SHARED_DATA") or Path(__file__).parents[2] / "shared/data")
    try:
        with np.load(folder / "pics-rr" / "pics_rr.npz") as found:
            preterm = found["rr1"].astype(np.float64)
        marks = read_marks(folder / "nsr2db" / "nsr001.ecg")
    except FileNotFoundError:
        rng = np.random.default_rng(5)
        slow = np.cumsum(rng.normal(0.0, 0.3, 260_000))
        drawn = 400.0 + 20.0 * np.sin(slow / 10.0) + rng.normal(0.0, 3.0, len(slow))
        yield "preterm rates, drawn (no recording here)", _first(np.rint(drawn), seconds)
        return
    yield "preterm (PICS infant 1)", _first(preterm, seconds)
    beats = marks.samples[[each in BEATS for each in marks.symbols.tolist()]]
    # The header says 128 Hz, the reference values of this record were made at 125 Hz: 8 ms.
    adult = np.diff(beats) * 8.0
    yield "adult (nsr001)", _first(adult[(adult > 0) & (adult < 4000)], seconds)


def beside_plain(
    work: str, intervals: Intervals, series: list[NDArray[np.float64]], runs: int
) -> Row:
    """Return the row beside hrv-analysis: time, frequency, Poincaré, CSI/CVI, sample entropy."""
    package = peer("hrvanalysis")
    if package is None:
        return absent(work, lambda: full(intervals), "hrvanalysis", PLAIN_GOAL, runs)

    def everything(nn: list[float]) -> dict[str, float]:
        return {
            **package.get_time_domain_features(nn),
            **package.get_frequency_domain_features(nn),
            **package.get_poincare_plot_features(nn),
            **package.get_csi_cvi_features(nn),
            **package.get_sampen(nn),
        }

    lists = [each.tolist() for each in series]
    arrays = [np.array(each) for each in lists]
    seen = measure(
        lambda: full(intervals), lambda: [everything(each) for each in arrays], runs=runs
    )
    worst = _worst(seen.answer, seen.peer_answer, OF_PLAIN)
    return seen.row(
        work,
        peer_version=version("hrv-analysis"),
        goal=PLAIN_GOAL,
        agrees=bool(worst <= AGREES),
        note=(
            f"Joey {_values(seen.answer)} values, peer {len(seen.peer_answer[0])}; "
            f"{len(OF_PLAIN)} defined alike agree within {worst:.0e} (asked {AGREES:.0e}); not "
            "compared: SDSD (they divide by n), mean HR (mean of rates), spectra (linear, adult "
            "bands), sample entropy (other tolerance, <)"
        ),
    )


def beside_neurokit(
    work: str, intervals: Intervals, series: list[NDArray[np.float64]], *, quick: bool
) -> Row:
    """Return the row beside neurokit2's `hrv`, of which few windows are measured."""
    package = peer("neurokit2")
    if package is None:
        return absent(work, lambda: full(intervals), "neurokit2", NEUROKIT_GOAL, 2)
    if not hasattr(np, "trapz"):
        np.trapz = np.trapezoid  # noqa: NPY201 - numpy 2.4 dropped the name that neurokit2 still calls
    few = np.linspace(0, len(series) - 1, 1 if quick else 3).astype(int)
    peaks = [np.concatenate(([0], np.cumsum(series[k]))).astype(int) for k in few]

    def everything() -> list[dict[str, float]]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tables = [package.hrv(each, sampling_rate=1000) for each in peaks]
        return [{name: float(table[name].iloc[0]) for name in table} for table in tables]

    seen = measure(lambda: full(intervals), everything, runs=1 if quick else 3)
    scale = len(series) / len(few)
    worst = _worst(seen.answer, seen.peer_answer, OF_NEUROKIT, few)
    seen = replace(seen, peer=seen.peer * scale, peer_wall=seen.peer_wall * scale)
    return seen.row(
        work,
        peer_version=version("neurokit2"),
        goal=NEUROKIT_GOAL,
        agrees=bool(worst <= AGREES),
        note=(
            f"neurokit2 measured on {len(few)} windows and scaled to {len(series)}; Joey "
            f"{_values(seen.answer)} values, peer {len(seen.peer_answer[0])}; {len(OF_NEUROKIT)} "
            f"defined alike agree within {worst:.0e} (asked {AGREES:.0e})"
        ),
    )


def beside_scipy(
    work: str, intervals: Intervals, series: list[NDArray[np.float64]], runs: int
) -> Row:
    """Return the row of the spectra alone done by SciPy with Joey's settings, window by window."""
    from scipy.interpolate import PchipInterpolator  # noqa: PLC0415 - slow to import
    from scipy.signal import welch  # noqa: PLC0415 - slow to import

    def powers(nn: NDArray[np.float64]) -> tuple[float, float, float]:
        ends = np.cumsum(nn) / 1000.0
        even = PchipInterpolator(ends, nn)(np.arange(ends[0], ends[-1], 0.25))
        hz, density = welch(even, 4.0, nperseg=480, detrend="linear")
        top = min(2.0, 500.0 / nn.mean())
        edges = ((0.01, 0.04), (0.04, 0.2), (0.2, top))
        vlf, lf, hf = (density[(hz >= a - 1e-9) & (hz < b - 1e-9)].sum() / 120.0 for a, b in edges)
        return vlf, lf, hf

    seen = measure(lambda: full(intervals), lambda: [powers(each) for each in series], runs=runs)
    ours = np.column_stack((seen.answer.vlf, seen.answer.lf, seen.answer.hf))
    worst = float(np.max(np.abs(np.array(seen.peer_answer) / ours - 1.0)))
    return seen.row(
        f"{work}: everything, beside band powers alone",
        peer_version=version("scipy"),
        agrees=bool(worst <= SPECTRA_AGREE),
        note=f"VLF, LF, HF with the same settings agree within {worst:.0e} (asked 1 %)",
    )


def full(intervals: Intervals) -> HrvWindows:
    """Return everything of every window."""
    return measure_windows(intervals, rules=RULES)


def _first(rr: NDArray[np.float64], seconds: float) -> NDArray[np.float64]:
    return rr[np.cumsum(rr) <= seconds * 1000.0 + 2000.0]


def _values(windows: HrvWindows) -> int:
    """Return how many values of a window are numbers somewhere, beside its bounds and flags."""
    names = set(windows.__slots__) - {"start", "end", "usable", "reasons"}
    return sum(bool(np.any(np.isfinite(getattr(windows, name)))) for name in names)


def _worst(
    ours: HrvWindows,
    theirs: list[dict[str, float]],
    alike: dict[str, str],
    which: NDArray[np.int64] | None = None,
) -> float:
    """Return the largest relative difference; absolute where the peer says zero."""
    worst = 0.0
    for name, own in alike.items():
        mine = getattr(ours, own) if which is None else getattr(ours, own)[which]
        other = np.array([each[name] for each in theirs], dtype=np.float64)
        apart = np.abs(mine - other) / np.where(other == 0, 1.0, np.abs(other))
        worst = max(worst, float(np.max(apart)))
    return worst

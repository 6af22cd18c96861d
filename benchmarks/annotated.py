"""How well beats of annotated records are found: any folder of WFDB records with ``.atr`` files.

    python benchmarks/annotated.py FOLDER [--within 0.15] [--annotator atr]

For each record's first ECG lead: beats of the reference, missed, false, and the spread of the
beats' times, lag taken out; then all together, with how many of each kind of beat are flagged by
their shape. Spans of ventricular flutter (``[`` to ``]``) are left out, as ANSI/AAMI EC57 does;
nothing else is, the first five minutes included.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from joey.beats import BeatFlag, detect_beats, mark_shapes
from joey.signals import signals_of
from joey.sources import read
from joey.sources.wfdb import read_annotations
from joey.spans import Spans, contains

BEATS = frozenset("NLRBAaJSVrFejnE/fQ?")
ODD = BeatFlag.ODD_SHAPE | BeatFlag.EARLY_WIDE


def main() -> None:
    """Score every record of a folder, one line each, and all together."""
    wish = argparse.ArgumentParser(description=__doc__)
    wish.add_argument("folder", type=Path)
    wish.add_argument("--within", type=float, default=0.15)
    wish.add_argument("--annotator", default="atr")
    asked = wish.parse_args()
    total = np.zeros(3, dtype=np.int64)
    kinds, flagged = Counter[str](), Counter[str]()
    for path in sorted(asked.folder.glob(f"*.{asked.annotator}")):
        if not path.with_suffix(".hea").exists():
            print(f"{path.stem} left out: there is no {path.stem}.hea")
            continue
        ecg = signals_of(read(path.with_suffix("")), "ecg")[0]
        marks = read_annotations(path, ecg.fs)
        flutter = Spans.of(
            zip(
                [mark.time - asked.within for mark in marks if mark.symbol == "["],
                [mark.time + asked.within for mark in marks if mark.symbol == "]"],
                strict=True,
            )
        )
        true = np.array([mark.time for mark in marks if mark.symbol in BEATS])
        symbols = np.array([mark.symbol for mark in marks if mark.symbol in BEATS])
        kept = ~contains(flutter, true)
        true, symbols = true[kept], symbols[kept]
        beats = mark_shapes(ecg, detect_beats(ecg))
        inside = ~contains(flutter, beats.times)
        found, odd = beats.times[inside], (beats.flags[inside] & ODD) > 0
        of_found, of_true = pair(found, true, asked.within)
        late = 1000 * (found[of_found] - true[of_true])
        spread = (np.percentile(late, 75) - np.percentile(late, 25)) / 1.349
        missed, false = len(true) - len(of_true), len(found) - len(of_found)
        total += (len(true), missed, false)
        kinds.update(symbols[of_true].tolist())
        flagged.update(symbols[of_true][odd[of_found]].tolist())
        print(f"{path.stem} {len(true)} beats, {missed} missed, {false} false, {spread:.1f} ms")
    n, missed, false = total.tolist()
    print(
        f"all: {n} beats, {missed} missed, {false} false: sensitivity "
        f"{100 * (n - missed) / n:.2f} %, PPV {100 * (n - missed) / (n - missed + false):.2f} %"
    )
    print("flagged by shape:", ", ".join(f"{s} {flagged[s]}/{kinds[s]}" for s in sorted(kinds)))


def pair(
    found: NDArray[np.float64], true: NDArray[np.float64], within: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the indices of those that are each other's nearest, and near enough."""
    if not len(found) or not len(true):
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    nearest = _nearest(true, found)
    back = _nearest(found, true)
    each = np.arange(len(found))
    good = (back[nearest] == each) & (np.abs(true[nearest] - found) <= within)
    return each[good], nearest[good]


def _nearest(among: NDArray[np.float64], times: NDArray[np.float64]) -> NDArray[np.int64]:
    at = np.clip(np.searchsorted(among, times), 1, max(len(among) - 1, 1))
    at = np.minimum(at, len(among) - 1)
    before = np.maximum(at - 1, 0)
    return np.where(times - among[before] <= np.abs(among[at] - times), before, at)


if __name__ == "__main__":
    main()

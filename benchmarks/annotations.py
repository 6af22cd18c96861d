"""Reading and writing the annotation file of 200,000 beats, beside wfdb."""

from __future__ import annotations

import tempfile
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from harness import RUNS, Row, absent, measure, peer, version

from joey.sources.wfdb.annotations import read_marks, write_annotations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

FS = Fraction(250)
READ_GOAL = 500.0


def rows(*, quick: bool) -> Iterator[Row]:
    """Yield reading and writing."""
    count, runs = (20_000, 3) if quick else (200_000, RUNS)
    samples, symbols = beats(count)
    wfdb = peer("wfdb")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "ours.atr"

        def write() -> None:
            write_annotations(path, samples, symbols, FS)

        write()
        work = f"annotation file, {count:,} beats: "
        if wfdb is None:
            yield absent(work + "read", lambda: read_marks(path), "wfdb", READ_GOAL, runs)
            yield absent(work + "write", write, "wfdb", None, runs)
            return
        seen = measure(
            lambda: read_marks(path), lambda: wfdb.rdann(str(folder / "ours"), "atr"), runs=runs
        )
        ours, theirs = seen.answer, seen.peer_answer
        same = np.array_equal(ours.samples, theirs.sample)
        same = same and ours.symbols.tolist() == theirs.symbol
        yield seen.row(
            work + "read",
            peer_version=version("wfdb"),
            goal=READ_GOAL,
            agrees=bool(same),
            note="samples and symbols exact; drawn symbols and preterm intervals with gaps",
        )
        drawn = np.array(symbols)
        seen = measure(
            write,
            lambda: wfdb.wrann("theirs", "atr", samples, drawn, fs=250, write_dir=str(folder)),
            runs=runs,
        )
        back = wfdb.rdann(str(folder / "theirs"), "atr")
        again = read_marks(path)
        same = np.array_equal(back.sample, again.samples) and back.symbol == again.symbols.tolist()
        yield seen.row(
            work + "write",
            peer_version=version("wfdb"),
            agrees=bool(same),
            note="both files read back alike",
        )


def beats(count: int) -> tuple[NDArray[np.int64], list[str]]:
    """Return sample numbers and symbols: mostly normal beats, some marks, gaps of half a minute."""
    rng = np.random.default_rng(3)
    steps = rng.normal(100, 8, count).astype(np.int64)  # 150 beats/min at 250 Hz
    steps[rng.random(count) < 0.001] += 7_500
    drawn = rng.choice(np.array(list("NVA~+|")), count, p=[0.97, 0.01, 0.01, 0.005, 0.002, 0.003])
    return np.cumsum(steps), drawn.tolist()

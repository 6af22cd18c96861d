"""``joey warm``: compiles every loop that Numba compiles, once, so that no report waits for it.

`JOBS` lists the modules that hold compiled loops, each with the calls that need them. The calls are
those that users make, on a minute of signal, so that what is compiled is what will be called: the
same types, whatever a loop's arguments become.
`joey.compiled` says where the machine code is kept.
"""

from __future__ import annotations

import functools
import os
import shutil
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from joey.compiled import PACKAGE, code_folder

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from joey.signals import Signal

__all__ = ["JOBS", "Job", "is_cold", "said_of_cold", "warm"]

MOST_PROCESSES = 4
SECONDS = 60.0  # s of signal in a call


def _beats() -> None:
    from joey.beats import detect_beats  # noqa: PLC0415 - this and all below import numba

    detect_beats(_ecg())


def _breaths() -> None:
    import numpy as np  # noqa: PLC0415

    from joey.beats import Beats  # noqa: PLC0415
    from joey.breaths import detect_breaths  # noqa: PLC0415
    from joey.signals import Channel, quantize  # noqa: PLC0415
    from joey.spans import EMPTY  # noqa: PLC0415

    waves = np.sin(2 * np.pi * np.arange(0, SECONDS, 1 / 62.5))
    resp = quantize(Channel("resp"), 62, 0, waves, 1e-3)
    even = np.arange(0, SECONDS, 0.4, dtype=np.float64)
    times = np.delete(even, slice(50, 70, 2))  # a heart that slows
    beats = Beats(Channel("ecg"), times, np.zeros(len(times), dtype=np.uint8), EMPTY)
    detect_breaths(resp, beats)


def _quality() -> None:
    from joey.quality import judge_waveform  # noqa: PLC0415

    judge_waveform(_ecg())


def _entropy() -> None:
    import numpy as np  # noqa: PLC0415

    from joey.features.entropy import count_matches  # noqa: PLC0415

    ticks = np.arange(50) % 7
    count_matches(ticks, np.ones(50, dtype=np.bool_), 2, 1)


def _variability() -> None:
    import joey.features.scaling_kernels  # noqa: PLC0415 - they declare what they take
    import joey.features.spectrum_kernels  # noqa: PLC0415 - as above
    import joey.features.window_kernels  # noqa: F401, PLC0415 - as above


def _annotations() -> None:
    from tempfile import TemporaryDirectory  # noqa: PLC0415

    from joey.sources.wfdb import read_marks  # noqa: PLC0415

    with TemporaryDirectory() as folder:
        path = Path(folder) / "one.qrs"
        path.write_bytes(bytes([1, 4, 0, 0]))
        read_marks(path)


def _events() -> None:
    from fractions import Fraction  # noqa: PLC0415

    import numpy as np  # noqa: PLC0415

    from joey.events import PRESETS, find_in_series  # noqa: PLC0415
    from joey.signals import Channel, Grid, Segment, Signal  # noqa: PLC0415

    grid, runs = Grid(0, Fraction(1)), np.array([[0, 9]])
    for dtype in (np.int16, np.int32, np.float32):
        segment = Segment(grid, 0, np.full(9, 90, dtype=dtype), runs)
        signal = Signal(Channel("spo2", "%"), grid.fs, (segment,))
        find_in_series(PRESETS["desat_uva"], signal, source="numeric")


def _coupling() -> None:
    import numpy as np  # noqa: PLC0415

    from joey.features.coupling import cross_correlate  # noqa: PLC0415

    values = np.arange(300, dtype=np.float64)
    cross_correlate(values, values)


@dataclass(frozen=True, slots=True)
class Job:
    """Compiled loops that one process compiles.

    Parameters
    ----------
    words : str
        What they do, as the progress line says it.
    modules : tuple of str
        Where they stand: ``beats.kernels``. A module is of one job.
    call : callable
        Needs all of them that no other loop calls.
    """

    words: str
    modules: tuple[str, ...]
    call: Callable[[], None]


# The longest first: what is left at the end is short.
JOBS = (
    Job(
        "beats",
        tuple(
            f"beats.{name}"
            for name in (
                "decide",
                "deflections",
                "kernels",
                "learning",
                "loops",
                "medians",
                "memory",
                "polarity",
                "pulses",
            )
        ),
        _beats,
    ),
    Job(
        "breaths",
        tuple(
            f"breaths.{name}" for name in ("beatwise", "contact", "decide", "likeness", "slowing")
        ),
        _breaths,
    ),
    Job("cross-correlation", ("features.sliding",), _coupling),
    Job(
        "quality", ("quality.grades", "quality.seconds", "quality.twins", "quality.waves"), _quality
    ),
    Job("events", ("events.skipping",), _events),
    Job("entropy", ("features.kernels",), _entropy),
    Job(
        "variability",
        ("features.scaling_kernels", "features.spectrum_kernels", "features.window_kernels"),
        _variability,
    ),
    Job("annotations", ("sources.wfdb.words",), _annotations),
)


def warm(tell: Callable[[float, str], None]) -> int:
    """Compile what is not compiled yet; return how many jobs there were to do.

    It may be ended at any moment: each loop is kept as it is compiled, so that what is lost is one
    for each process.

    Parameters
    ----------
    tell : callable
        Is told the finished share (0 to 1) and what was done last.
    """
    _forget_others()
    cold = _cold_jobs()
    if not cold:
        return 0
    tell(0.0, said_of_cold())
    # New processes: compiling holds Python's lock, and a fork would copy threads.
    count = min(len(cold), os.cpu_count() or 1, MOST_PROCESSES)
    with ProcessPoolExecutor(count, mp_context=get_context("spawn")) as pool:
        running = {pool.submit(_compile, JOBS.index(job)): job for job in cold}
        for done, future in enumerate(as_completed(running), 1):
            future.result()
            tell(done / len(cold), f"compiled: {running[future].words}")
    return len(cold)


def _compile(number: int) -> None:
    from numba import config  # noqa: PLC0415

    JOBS[number].call()
    folder = code_folder()
    if folder is not None and not config.DISABLE_JIT:
        folder.mkdir(parents=True, exist_ok=True)
        _mark(folder, JOBS[number]).touch()


def is_cold() -> bool:
    """Return whether a job was not done yet, as far as can be told without loading Numba.

    Where nothing can be written, nothing is kept, and every process compiles for itself: False.
    """
    return bool(_cold_jobs())


def said_of_cold() -> str:
    """Return in words what is to be compiled: all of it, or what is left; empty if nothing is."""
    cold, folder = _cold_jobs(), code_folder()
    if folder is None or not cold:
        return ""
    if not any(folder.glob("*/*.nbi")):
        return "compiling, once"
    return f"compiling what is left of {len(cold)} of {len(JOBS)} parts"


def _cold_jobs() -> list[Job]:
    folder = code_folder()
    return [job for job in JOBS if folder is not None and not _mark(folder, job).exists()]


def _mark(folder: Path, job: Job) -> Path:
    """Return the file that says that all loops of a job are kept, for each type they are called by.

    Who was ended while it compiled has kept some loops, or a loop for some types.
    """
    return folder / f"{job.words}-{_maker()}.done"


@functools.cache
def _maker() -> str:
    """Return what machine code is made by, and is of no use to others."""
    return f"py{sys.version_info[0]}{sys.version_info[1]}-numba{version('numba')}"


def _forget_others() -> None:
    """Take away the machine code of earlier texts; only beside the source, where all is Joey's."""
    folder = code_folder()
    if folder is not None and folder.parent == PACKAGE / "__pycache__":
        for other in folder.parent.glob("joey-*"):
            if other != folder:
                shutil.rmtree(other, ignore_errors=True)


def _ecg() -> Signal:
    """Return a minute of sharp deflections, 150 a minute."""
    import numpy as np  # noqa: PLC0415

    from joey.signals import Channel, quantize  # noqa: PLC0415

    times = np.arange(0, SECONDS, 1 / 250)
    from_beat = np.mod(times, 0.4) - 0.2
    shape: NDArray[np.float64] = np.exp(-((from_beat / 0.01) ** 2))
    return quantize(Channel("ecg", "mV"), 250, 0, shape, 1e-3)

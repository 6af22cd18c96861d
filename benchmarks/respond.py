"""How long `joey respond` takes on a simulated day: wall time, processor time, peak memory.

    joey bench respond
    python benchmarks/respond.py [--hours 24] [--runs 5] [--json FILE]

A day of ECG at 250 Hz, impedance at 62.5 Hz, pleth at 125 Hz and numerics at 1 Hz with three holds
is simulated once; the command runs as a process of its own, once to warm and then `--runs` times.
The median is what is quoted. The target is 10 s and 2 GiB.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from harness import Row

from joey import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator


def rows(*, quick: bool) -> Iterator[Row]:
    """Yield the whole walk; no peer walks it."""
    hours, runs = (8.0, 1) if quick else (24.0, 3)
    wall, cpu, mib = medians(hours, runs)
    yield Row(
        f"joey respond, files to report, {hours:g} simulated hours, 3 holds",
        cpu,
        None,
        None,
        None,
        None,
        None,
        f"a process of its own, imports and all: wall {wall:.2f} s, peak {mib:.0f} MiB; {runs} "
        "runs; no peer does it; simulated, preterm",
    )


def main() -> None:
    """Measure, print one line per run and the medians."""
    wish = argparse.ArgumentParser(description=__doc__)
    wish.add_argument("--hours", type=float, default=24)
    wish.add_argument("--runs", type=int, default=5)
    wish.add_argument("--json", type=Path)
    options = wish.parse_args()
    wall, cpu, mib = medians(options.hours, options.runs)
    result = {
        "work": f"respond, {options.hours:g} simulated hours, 3 holds",
        "wall_s": round(wall, 2),
        "cpu_s": round(cpu, 2),
        "peak_mib": round(mib),
        "runs": options.runs,
        "joey": __version__,
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "machine": platform.machine(),
    }
    print(json.dumps(result))
    if options.json:
        options.json.write_text(json.dumps([result], indent=1) + "\n", encoding="utf-8")


def medians(hours: float, runs: int) -> tuple[float, float, float]:
    """Return wall time [s], processor time [s] and peak memory [MiB] of one `joey respond`."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        _joey("simulate", "--out", data, "--hours", hours, "--seed", 1)
        command = [
            *("respond", *sorted(data.glob("*.hea"))),
            *("--holds", data / "holds.csv", "--context", data / "context.csv"),
            *("--out", data / "out"),
        ]
        _joey(*command)
        seen = [_timed(command) for _ in range(runs)]
    wall, cpu, mib = (statistics.median(column) for column in zip(*seen, strict=True))
    return wall, cpu, mib


def _joey(*arguments: object) -> None:
    command = [sys.executable, "-m", "joey", *map(str, arguments)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _timed(command: list[object]) -> tuple[float, float, float]:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    _joey(*command)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    unit = 2**20 if sys.platform == "darwin" else 2**10  # macOS counts bytes, Linux KiB
    return wall, cpu, after.ru_maxrss / unit


if __name__ == "__main__":
    main()

"""Hours of a stream leave no more behind than its first half hour did."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import types
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from joey.live import Board, Monitor
from joey.signals import NS, cut
from joey.simulate import simulate_infant
from joey.spans import Span
from live.messages import messages_of, sent

CODE = (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType)


def size_of(thing: object) -> int:
    """Return the bytes that an object holds, arrays with their own, code without."""
    seen: set[int] = set()
    waiting, total = [thing], 0
    while waiting:
        each = waiting.pop()
        if id(each) in seen or isinstance(each, CODE) or "numba" in type(each).__module__:
            continue
        seen.add(id(each))
        if isinstance(each, np.ndarray):
            owner = each if each.base is None else each.base
            if id(owner) not in seen or owner is each:
                seen.add(id(owner))
                total += getattr(owner, "nbytes", each.nbytes)
            continue
        total += sys.getsizeof(each)
        waiting += gc.get_referents(each)
    return total


def test_memory_does_not_grow_with_hours() -> None:
    """Half a minute of an infant over and over, with leads off now and then."""
    whole = sent(simulate_infant(0.2, 3, holds=0, dirt=False).recording)
    start = whole.span.start
    pattern = messages_of(cut(whole, Span(start, start + 30)))
    monitor, board = Monitor("s"), Board("NICU/4")
    sizes = []
    seq = 0
    for k in range(2 * 90):
        moved = 30 * k * NS
        for each, at in pattern:
            seq += 1
            waves = tuple(replace(w, start_ns=w.start_ns + moved) for w in each.waves)
            if k % 20 == 7:
                waves = ()
            numerics = tuple(replace(n, time_ns=n.time_ns + moved) for n in each.numerics)
            message = replace(each, waves=waves, numerics=numerics)
            monitor.take(message, seq, at + moved)
            board.take(message, at + moved)
        if k % 40 == 39:  # 20 min on, at the same time after a mark
            sizes.append((size_of(monitor), size_of(board)))

    monitors, boards = zip(*sizes, strict=True)
    assert max(monitors[2:]) < 1.15 * max(monitors[:2])
    assert max(boards[1:]) < 1.15 * boards[0]
    assert max(monitors) < 32e6


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="asks Linux for its memory")
def test_a_bed_holds_as_much_wherever_between_two_marks() -> None:
    """What eight beds hold of the system's memory over 24 minutes, in a process of their own."""
    _held(beds=1, minutes=11)  # a process that compiles loops holds the compiler, too
    held = _held(beds=8, minutes=24)

    assert max(held) < 3.0
    assert held[8] - held[1] < 0.6  # from the start to the first mark
    assert max(held[12:]) - min(held[12:]) < 0.4  # at a mark as between two, and after ten minutes


def _held(beds: int, minutes: int) -> list[float]:
    """Return the MiB of each bed at the end of each minute behind a mark."""
    done = subprocess.run(
        [sys.executable, "-m", "live.resident", str(beds), str(minutes)],
        cwd=Path(__file__).parents[1],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(("../src", "."))},
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[float] = json.loads(done.stdout)
    return found

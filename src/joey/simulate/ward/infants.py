"""The bodies of all infants of a ward: which block is now, and the next one in good time."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING

from joey.simulate.ward.blocks import NS, Plan, go_last, make_block, open_block

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from joey.simulate.ward.blocks import Block
    from joey.simulate.ward.people import Patient
    from joey.simulate.ward.story import Held

__all__ = ["Infants"]

LATER_S = 3 * 3600  # s, length of every block but the first
FIRST_S = 1800  # s that the first block reaches past the moment the ward goes live, at least
STAGGER_S = 150  # s by which each infant's first block is longer than that of the one before
STAGGERED = 12  # infants after which it begins anew
SOON_S = 300  # s before its begin a block is simulated


class Infants:
    """The infants of a ward, each an endless row of blocks.

    Parameters
    ----------
    patients : sequence of Patient
        Who they are.
    folder : Path
        For the blocks' files.
    seed : int
        The ward's one seed.
    begin_ns, live_ns : int
        Where the first blocks begin, and when the ward goes live. [ns UTC]
    holds : sequence of Held
        All in the first block; the infant of the first one is simulated first.
    tell : callable
        Takes an infant's number and the truth of a block that begins.
    """

    def __init__(
        self,
        patients: Sequence[Patient],
        folder: Path,
        seed: int,
        begin_ns: int,
        live_ns: int,
        holds: Sequence[Held],
        tell: Callable[[str, dict[str, object]], None],
    ) -> None:
        self._patients = patients
        self._folder = folder
        self._seed = seed
        self._tell = tell
        self._open: dict[int, Block] = {}
        self._coming: dict[int, tuple[Plan, asyncio.Future[None]]] = {}
        workers = min(4, os.cpu_count() or 1)
        self._pool = ProcessPoolExecutor(
            workers, mp_context=multiprocessing.get_context("spawn"), initializer=go_last
        )
        first_s = (live_ns - begin_ns) // NS + FIRST_S
        soonest = holds[0].infant
        for infant in (soonest, *(k for k in range(len(patients)) if k != soonest)):
            seconds = first_s + infant % STAGGERED * STAGGER_S
            held = []
            for each in holds:
                if each.infant == infant:
                    start, end = ((at - begin_ns) / NS for at in (each.start_ns, each.end_ns))
                    held.append((start, end, each.holders))
                    seconds = max(seconds, int(end) + FIRST_S)
            self._order(infant, 0, begin_ns, seconds, tuple(held))

    def _order(
        self,
        infant: int,
        number: int,
        start_ns: int,
        seconds: int,
        holds: tuple[tuple[float, float, tuple[tuple[str, str], ...]], ...] = (),
    ) -> None:
        who = self._patients[infant]
        seed = self._seed * 1_000_003 + infant * 1009 + number
        seconds += seconds % 2
        plan = Plan(who.number, number, start_ns, seconds, seed, who.weeks, who.days, holds)
        future = asyncio.get_running_loop().run_in_executor(
            self._pool, make_block, plan, self._folder
        )
        self._coming[infant] = (plan, future)

    async def block(self, infant: int, at_ns: int) -> Block:
        """Return the block of a time, which never goes back; wait for it to be simulated."""
        there = self._open.get(infant)
        while there is None or at_ns >= there.plan.end_ns:
            plan, future = self._coming.pop(infant)
            await future
            there = open_block(plan, self._folder)
            self._open[infant] = there
            self._tell(plan.infant, there.truth)
        soon = at_ns >= there.plan.end_ns - SOON_S * NS
        if soon and infant not in self._coming:
            self._order(infant, there.plan.number + 1, there.plan.end_ns, LATER_S)
        return there

    def close(self) -> None:
        """End the processes that simulate, at once."""
        for _, future in self._coming.values():
            future.cancel()
        processes = [*(self._pool._processes or {}).values()]  # noqa: SLF001 (no public way)
        self._pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.terminate()
        for process in processes:
            process.join()

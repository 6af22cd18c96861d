"""Joey's front door: a simulated ward, the server, and a browser, with one command.

Everything runs on this machine, in processes that end with this one, and leaves nothing behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
import webbrowser
from dataclasses import dataclass, replace
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import TYPE_CHECKING

from joey.errors import InputError
from joey.serve import HostClock, Settings
from joey.serve.claims import Claims, claim
from joey.serve.supervisor import Supervisor, hear_no_more, start_unheard
from joey.simulate.ward import HostTime, WardSettings, enter, play_ward
from joey.sources.hl7 import SourceSettings
from joey.store.folders import LOCK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

__all__ = ["DemoWish", "demo"]

SOURCE = "simulated ward"
MARK = "simulated"  # a file that says of its folder that nothing in it is of a patient
FASTEST = 20.0  # times as fast as a clock: what is late by 10 s is late by half a second here
MOST_A_SECOND = 240  # messages that ward and server pass and analyze on two cores
LOST_LINKS = 9  # beds, of which the last loses its connection
ALL_DIRT = 16  # beds, of which the last two have monitors that do not know their infant
NOBODYS = ", and two monitors whose signals are nobody's until somebody confirms"
LOOK_S = 0.1  # s, between two looks at the server's processes
UP_S = 30.0  # s that the server is given to come up
END_S = 6.0  # s that the ward is given to end


@dataclass(frozen=True, slots=True)
class DemoWish:
    """What demo is wanted.

    Parameters
    ----------
    beds : int
        How many.
    speed : float
        How many seconds pass in one.
    port : int
        Of the pages; 0 takes any that is free.
    browser : bool
        Whether to open one.
    exit_after : float or None
        End so long after the pages are up. [s]
    data : Path or None
        Where journal, archive and records are kept; by default in a folder that is taken away.
    history_min : float
        So much of the time before is there when the pages open. [min]
    seed : int
        Of the ward.
    taps : bool
        Whether the ward marks its holds itself.
    dirt : bool
        Whether messages and clocks go wrong.
    """

    beds: int = 24
    speed: float = 1.0
    port: int = 0
    browser: bool = True
    exit_after: float | None = None
    data: Path | None = None
    history_min: float = 0.0
    seed: int = 2  # the story's infant has spells before he is held, and fewer in it
    taps: bool = False
    dirt: bool = True


def demo(wish: DemoWish, say: Callable[[str], None]) -> None:
    """Run the ward, the server and a browser until Ctrl-C, or for a while.

    Parameters
    ----------
    wish : DemoWish
        What is wanted.
    say : callable
        Is told each line for the terminal.

    Raises
    ------
    InputError
        If an option asks for what cannot be, or the folder has data that are not simulated.
    OSError
        If the folder cannot be written.
    """
    fastest = max(min(FASTEST, MOST_A_SECOND / max(wish.beds, 1)), 1.0)
    if not 0.1 <= wish.speed <= fastest:
        msg = f"--speed is 0.1 to {fastest:.3g} with {wish.beds} beds, not {wish.speed:g}"
        raise InputError(msg)
    if not 0 <= wish.port <= 65535:
        msg = f"--port is 0 to 65535, not {wish.port}"
        raise InputError(msg)
    ward = WardSettings(
        "127.0.0.1", 0, wish.beds, wish.seed, wish.history_min, wish.dirt, marked=wish.taps
    )
    with _folder(wish.data) as folder:
        settings = Settings(
            folder,
            port=wish.port,
            hl7_port=0,
            sources=(SourceSettings(SOURCE, simulated=True),),
            clock=HostClock(time.time_ns(), wish.speed),
        )
        with claim(settings) as claims:
            _mark(folder)
            _run(wish, replace(ward, truth=folder / "truth", folder=folder), settings, claims, say)


def _run(
    wish: DemoWish,
    ward: WardSettings,
    settings: Settings,
    claims: Claims,
    say: Callable[[str], None],
) -> None:
    """Start all processes, and end them with Ctrl-C, or after a while."""
    begun = time.monotonic()
    supervisor = Supervisor(settings, claims, lambda line: print(f"joey: {line}", file=sys.stderr))  # noqa: T201
    here, there = get_context("spawn").Pipe()
    playing = get_context("spawn").Process(target=_play, args=(ward, settings.clock, there))
    try:
        supervisor.start()
        start_unheard(playing)
        link = _connect(supervisor, here, taps=wish.taps)
        for line in _what_to_see(wish, link, time.monotonic() - begun):
            say(line)
        if wish.browser:
            threading.Thread(target=webbrowser.open, args=(link,), daemon=True).start()
        opened = time.monotonic()
        while wish.exit_after is None or time.monotonic() < opened + wish.exit_after:
            supervisor.look()
            time.sleep(LOOK_S)
    except KeyboardInterrupt:
        pass
    finally:
        hear_no_more()
        # The ward first: a server that ends before it would be asked for again and again.
        _end_ward(playing)
        supervisor.stop()


@contextlib.contextmanager
def _folder(wished: Path | None) -> Iterator[Path]:
    """Yield the folder of the data; one that nobody asked for is gone afterwards."""
    if wished is None:
        folder = Path(tempfile.mkdtemp(prefix="joey-demo-"))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return
    _refuse_real(wished)
    yield wished


def _mark(folder: Path) -> None:
    """Say in a folder that it is of a demo; it is this one's alone by now, and nobody fills it."""
    _refuse_real(folder)
    (folder / MARK).write_text("Everything in this folder is simulated.\n", encoding="ascii")


def _refuse_real(folder: Path) -> None:
    files = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    if files - {LOCK} and MARK not in files:
        msg = f"{folder} has files that are not of a demo: choose an empty --data"
        raise InputError(msg)


def _what_to_see(wish: DemoWish, link: str, took_s: float) -> tuple[str, ...]:
    def after(seconds: float) -> str:
        return f"{seconds / wish.speed / 60:.0f} min"

    bed = min(4, wish.beds)
    lost = " lost connections," if wish.beds >= LOST_LINKS else ""
    marked = (
        "the hold is marked by itself."
        if wish.taps
        else "press Start hold on its page once he is held, and put the start right."
    )
    return (
        f"A simulated ward of {wish.beds} beds, open after {took_s:.1f} s.",
        "Nothing in it is of a patient, and nothing here is an alarm.",
        "",
        f"  {link}",
        "",
        "The link lets one browser in, once. What to look at:",
        f"- Bed {bed}, a boy born 10 weeks early. He is lifted out soon, and held from",
        f"  {after(180)} after the start on; leads come off in the transfer:",
        f"  {marked}",
        f"  {after(660)} after the start he is given his name, while he is held.",
        f"- Feed: wrong clocks, late and doubled messages,{lost} what is not",
        "  understood" + ("" if wish.beds < ALL_DIRT else NOBODYS) + ".",
        "Ctrl-C ends it" + ("." if wish.data else " and takes its data away."),
    )


def _connect(supervisor: Supervisor, ward: Connection, *, taps: bool) -> str:
    """Wait for the server, tell the ward where it is, and return a link for the browser."""
    if not supervisor.wait_for_places(UP_S) or supervisor.places.hl7 is None:
        raise InputError("the server did not come up: the lines above say which part did not")
    link, for_ward = supervisor.places.link, ""
    if taps:
        hands = enter(link)  # which uses the link up
        for_ward, link = hands.new_link(), hands.new_link()
    ward.send((supervisor.places.hl7[1], for_ward))
    return link


# --- processes of their own, with all that they start


def _end_ward(process: SpawnProcess) -> None:
    """Ask the ward to end, then end it and all that it started."""
    if process.pid is None:
        return
    if process.is_alive():
        os.kill(process.pid, signal.SIGINT)
        process.join(END_S)
    _end_group(process.pid)
    process.join()
    process.close()


def _end_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _play(ward: WardSettings, clock: HostClock, told: Connection) -> None:
    """Be the ward: the head of a group, so that it can be ended with all that it started.

    The terminal's Ctrl-C does not come here: the parent passes it on. However the parent ends, the
    group ends with it.
    """
    os.setsid()
    threading.Thread(target=_end_with_parent, daemon=True).start()

    async def places() -> tuple[int, str]:
        loop, there = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(told.fileno(), there.set)
        await there.wait()
        loop.remove_reader(told.fileno())
        port, link = told.recv()
        return int(port), str(link)

    with contextlib.suppress(KeyboardInterrupt):  # it may have been asked to end as it came up
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        play_ward(ward, HostTime(clock.now_ns, clock.speed), places=places())


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os.killpg(0, signal.SIGKILL)

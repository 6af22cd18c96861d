"""Starts the processes of a Joey, starts one again that died, and ends them all.

Where loops are not compiled yet, that is done beside, once pages and monitors are served, with
little of the processor; those who analyze begin after it.

A child that loses its parent ends by itself: nothing of Joey is left behind, however it ends.
"""

from __future__ import annotations

import contextlib
import gc
import os
import queue
import signal
import sys
import threading
import time
from dataclasses import dataclass
from multiprocessing import active_children, get_context, parent_process, resource_tracker
from typing import TYPE_CHECKING, Any

from joey.errors import InputError
from joey.serve.claims import claim
from joey.store.folders import bring_up_folder
from joey.warm import is_cold, said_of_cold, warm

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.context import SpawnProcess

    from joey.serve.claims import Claims
    from joey.serve.settings import Settings

__all__ = ["Places", "Supervisor", "hear_no_more", "serve", "start_unheard"]

LOOK_S = 0.2  # s, between two looks at the children
LONGEST_PAUSE_S = 30.0  # s, before a child that dies again and again is started anew
STEADY_S = 60.0  # s, after which a child's earlier deaths are forgotten
END_S = 8.0  # s that children are given to end
# Of new objects, and of rounds over the younger ones: a worker makes few cycles, and holds some 600
# objects of each bed that last; to look for cycles among them took 2 % of its time with 200 beds.
SELDOM = (20_000, 20, 50)
NICE = 10  # of the process that compiles: about a tenth of what the others get


@dataclass(slots=True)
class Places:
    """Where a running Joey is reached; filled as its processes say so.

    Attributes
    ----------
    hl7 : tuple of (str, int) or None
        Address and port for monitors.
    link : str
        The pages, with a token that works once.
    """

    hl7: tuple[str, int] | None = None
    link: str = ""


@dataclass(slots=True)
class _Child:
    name: str
    run: Callable[..., None]
    arguments: tuple[Any, ...]
    analyzes: bool = False  # with loops that are compiled
    process: SpawnProcess | None = None
    started: float = 0.0
    deaths: int = 0
    due: float = 0.0


class Supervisor:
    """Keeps the processes of a Joey.

    Parameters
    ----------
    settings : Settings
        How it runs.
    claims : Claims
        What it has to itself, until all its processes have ended.
    say : callable
        Is told in a line what happens: started, died, started again.
    """

    def __init__(self, settings: Settings, claims: Claims, say: Callable[[str], None]) -> None:
        from joey.serve.intake import run_intake  # noqa: PLC0415  (and what it needs)
        from joey.serve.pages import run_pages  # noqa: PLC0415
        from joey.serve.trimming import run_trimming  # noqa: PLC0415
        from joey.serve.worker import run_worker  # noqa: PLC0415

        self.places = Places()
        self._settings = settings
        self._claims = claims
        self._say = say
        _clean_up_without_a_word()
        self._context = get_context("spawn")
        self._ready: Any = self._context.Queue()
        self._children = [
            _Child("intake", run_intake, (settings, self._ready, claims.hl7)),
            _Child("pages", run_pages, (settings, self._ready, claims.pages)),
            *(
                _Child(f"worker {index + 1}", run_worker, (settings, index), analyzes=True)
                for index in range(settings.workers)
            ),
            _Child("trimming", run_trimming, (settings,)),
        ]
        self._warming: SpawnProcess | None = None
        self._is_warm = False

    def start(self) -> None:
        """Start all processes.

        Raises
        ------
        FormatError
            If a file of another version cannot be brought up: nothing is started.
        """
        bring_up_folder(self._settings.data)
        self._is_warm = not is_cold()
        for child in self._children:
            if self._may_run(child):
                self._start(child)

    def look(self) -> None:
        """Start again what died, and take what the children say."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._heard(self._ready.get_nowait())
        now = time.monotonic()
        self._warm()
        for child in self._children:
            if not self._may_run(child):
                continue
            process = child.process
            if process is not None and process.is_alive():
                if now - child.started > STEADY_S:
                    child.deaths = 0
                continue
            if process is not None:
                code = process.exitcode
                process.close()
                child.process = None
                child.deaths += 1
                pause = min(0.2 * 2 ** (child.deaths - 1), LONGEST_PAUSE_S)
                child.due = now + pause
                self._say(f"{child.name} ended with {code}; started again in {pause:g} s")
            if now >= child.due:
                self._start(child)

    def wait_for_places(self, seconds: float) -> bool:
        """Wait until monitors and browsers can connect; tell whether they can."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.look()
            if self.places.hl7 is not None and self.places.link:
                return True
            time.sleep(0.02)
        return False

    def pids(self) -> dict[str, int]:
        """Return the process ids by name."""
        running = {child.name: child.process for child in self._children}
        running["warm"] = self._warming
        return {
            name: process.pid
            for name, process in running.items()
            if process is not None and process.pid is not None
        }

    def stop(self) -> None:
        """End all processes: asked first, then made to."""
        self._claims.release()  # who connects now is refused, and does not wait for nobody
        all_of_them = [self._warming, *(child.process for child in self._children)]
        running = [process for process in all_of_them if process is not None]
        for process in running:
            if process.is_alive():
                process.terminate()
        end = time.monotonic() + END_S
        for process in running:
            process.join(max(end - time.monotonic(), 0.1))
            if process.is_alive():
                process.kill()
                process.join()
            process.close()
        self._warming = None
        for child in self._children:
            child.process = None
        self._ready.close()

    def _may_run(self, child: _Child) -> bool:
        """Whether a child has what it needs: who analyzes would compile what is being compiled."""
        return self._is_warm or not child.analyzes

    def _warm(self) -> None:
        """Have loops compiled once the others are up, and see whether it is done."""
        process = self._warming
        if self._is_warm or self.places.hl7 is None or not self.places.link:
            return
        if process is None:
            process = self._warming = self._context.Process(
                target=_be, args=(run_warm, ()), name="warm"
            )
            said = said_of_cold()
            start_unheard(process)
            self._say(f"{said}: analysis starts after it")
        elif not process.is_alive():
            if process.exitcode:
                self._say(f"compiling ended with {process.exitcode}; each process does it now")
            process.close()
            self._warming = None
            self._is_warm = True

    def _start(self, child: _Child) -> None:
        child.process = self._context.Process(
            target=_be, args=(child.run, child.arguments), name=child.name
        )
        start_unheard(child.process)
        child.started = time.monotonic()

    def _heard(self, said: tuple[Any, ...]) -> None:
        match said:
            case ("hl7", str(address), int(port)):
                self.places.hl7 = (address, port)
            case ("link", str(link), int()):
                self.places.link = link
            case _:
                self._say(str(said))


def _clean_up_without_a_word() -> None:
    """Have what killed processes leave behind removed, as it is, without a line about it.

    Python's process that does it begins with the first queue, and takes this option with it. Any
    part may be killed while it has a pool of processes, whose semaphores are left then.
    """
    option = "ignore::UserWarning:multiprocessing.resource_tracker"
    if option not in sys.warnoptions:
        sys.warnoptions.append(option)


def start_unheard(process: SpawnProcess) -> None:
    """Start a process that Ctrl-C does not reach, not even before its first line is read.

    It has the signal blocked from its beginning: while Python comes up it would end with a
    traceback. One that wants to hear of it unblocks it, and is told then.
    """
    resource_tracker.ensure_running()  # it would be started with the first one, and unblock all
    heard = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, heard)


def _be(run: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    """Be a child: the terminal's Ctrl-C is the parent's, and without a parent there is no child."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    gc.set_threshold(*SELDOM)
    run(*arguments)


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        if os.getpgrp() == os.getpid():  # with all that it started
            os.killpg(0, signal.SIGKILL)
        os._exit(1)


def run_warm() -> None:
    """Compile what is not compiled yet, as ``joey warm`` does, behind all else that runs.

    It is the head of a group, so that the processes it starts end with it. Asked to end, it ends
    those first, and then as any process does: who is killed leaves semaphores behind.
    """
    os.setsid()
    os.nice(NICE)
    signal.signal(signal.SIGTERM, _end_softly)
    warm(lambda _, __: None)


def _end_softly(*_: object) -> None:
    for process in active_children():
        process.kill()
    raise SystemExit(0)


def serve(
    settings: Settings,
    *,
    opened: Callable[[Places], None],
    exit_after: float | None = None,
) -> None:
    """Run a Joey until Ctrl-C, or for a while.

    Parameters
    ----------
    settings : Settings
        How it runs.
    opened : callable
        Is told where it is reached, once it is.
    exit_after : float or None
        Stop after so long. [s]

    Raises
    ------
    InputError
        If an address cannot be had, or another Joey runs in the folder.
    FormatError
        If a file of another version cannot be brought up.
    """
    end = None if exit_after is None else time.monotonic() + exit_after
    with claim(settings) as claims:
        supervisor = Supervisor(settings, claims, _say)
        try:
            supervisor.start()
            if not supervisor.wait_for_places(30.0):
                raise InputError("Joey did not come up: the lines above say which part did not")
            opened(supervisor.places)
            while end is None or time.monotonic() < end:
                supervisor.look()
                time.sleep(LOOK_S)
        except KeyboardInterrupt:
            pass
        finally:
            hear_no_more()
            supervisor.stop()


def hear_no_more() -> None:
    """Let Ctrl-C do nothing from here on: who presses it again while all ends has been heard.

    A second one would come in the midst of it, and leave a process without its end.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _say(line: str) -> None:
    print(f"joey: {line}", file=sys.stderr)  # noqa: T201

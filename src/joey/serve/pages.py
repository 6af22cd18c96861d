"""The process of the pages."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from joey.warm import is_cold

if TYPE_CHECKING:
    import socket
    from multiprocessing.queues import Queue

    from joey.serve.settings import Settings

__all__ = ["run_pages"]

COMPILING_S = 600.0  # s after the start, in which what is not compiled is thought to be soon


def run_pages(settings: Settings, ready: Queue[tuple[str, str, int]], at: socket.socket) -> None:
    """Be the process of the pages until told to stop.

    Parameters
    ----------
    settings : Settings
        How this Joey runs.
    ready : queue
        Is told ``("link", url, port)``, which lets one browser in, once the pages can be asked for.
    at : socket
        Where browsers connect; it listens already.
    """
    from joey.web.run import serve_pages  # noqa: PLC0415  (and what it needs)
    from joey.web.sessions import Sessions  # noqa: PLC0415
    from joey.web.settings import PageSettings  # noqa: PLC0415

    cold = is_cold()
    until = time.monotonic() + COMPILING_S

    def starting() -> bool:
        nonlocal cold
        cold = cold and time.monotonic() < until and is_cold()
        return cold

    port = at.getsockname()[1]
    sessions = Sessions(settings.data / "browsers.key")
    shown = f"[{settings.address}]" if ":" in settings.address else settings.address
    ready.put(("link", f"http://{shown}:{port}/?token={sessions.new_link()}", port))
    pages = PageSettings(
        folder=settings.data,
        address=settings.address,
        port=port,
        zone=settings.zone,
        goal_h=settings.goal_h,
        beds=settings.beds,
        sources=settings.by_name,
        now_ns=settings.clock.now_ns,
        speed=settings.clock.speed,
        journal_days=settings.journal_days,
        quarantine_days=max(settings.journal_days, settings.quarantine_days),
        starting=starting,
    )
    serve_pages(pages, sessions, at)

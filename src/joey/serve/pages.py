"""The process of the pages; and one page of a folder, shown on this machine alone."""

from __future__ import annotations

import functools
import http.server
import socket
import threading
import webbrowser
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import io
    from multiprocessing.queues import Queue
    from pathlib import Path
    from typing import BinaryIO

    from joey.serve.settings import Settings

__all__ = ["run_pages", "show"]


def run_pages(settings: Settings, ready: Queue[tuple[str, str, int]]) -> None:
    """Be the process of the pages until told to stop.

    Parameters
    ----------
    settings : Settings
        How this Joey runs.
    ready : queue
        Is told ``("link", url, port)``, which lets one browser in, once the pages can be asked for.
    """
    from joey.web.run import serve_pages  # noqa: PLC0415  (and what it needs)
    from joey.web.sessions import Sessions  # noqa: PLC0415
    from joey.web.settings import PageSettings  # noqa: PLC0415

    sock = socket.create_server((settings.address, settings.port), backlog=128)
    port = sock.getsockname()[1]
    sessions = Sessions(settings.data / "browsers.key")
    shown = f"[{settings.address}]" if ":" in settings.address else settings.address
    ready.put(("link", f"http://{shown}:{port}/?token={sessions.new_link()}", port))
    pages = PageSettings(
        folder=settings.data,
        address=settings.address,
        port=port,
        zone=settings.zone,
        goal_h=settings.goal_h,
        sources=settings.by_name,
        now_ns=settings.clock.now_ns,
        speed=settings.clock.speed,
    )
    serve_pages(pages, sessions, sock)


class _Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves one page and nothing else, without a log line for every request."""

    page = ""

    def send_head(self) -> io.BytesIO | BinaryIO | None:
        """Return the page and nothing else, whatever the method: this is what all of them call."""
        if self.path.lstrip("/") not in {"", self.page}:
            self.send_error(404)
            return None
        self.path = f"/{self.page}"
        return super().send_head()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (its name upstream)
        """Log nothing: a path may hold a name."""


def show(folder: Path, page: str, *, browser: bool, exit_after: float | None) -> None:
    """Serve one page of a folder on the loopback address until Ctrl-C, or for a while.

    Parameters
    ----------
    folder : Path
        Where the page lies.
    page : str
        Its file name.
    browser : bool
        Whether to open it. Without a browser and `exit_after` there is nothing to serve it for, and
        the call returns at once.
    exit_after : float or None
        Stop after so long. [s]
    """
    if not browser and exit_after is None:
        return
    handler = functools.partial(type("Page", (_Quiet,), {"page": page}), directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    address = f"http://127.0.0.1:{server.server_address[1]}/"
    print(f"showing the report at {address} (Ctrl-C ends it)", flush=True)  # noqa: T201
    if browser:
        webbrowser.open(address)
    if exit_after is not None:
        stop = threading.Timer(exit_after, server.shutdown)
        stop.daemon = True
        stop.start()
    try:
        server.serve_forever(poll_interval=0.1)
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()

"""The process of the pages: opens what they read, and serves them to this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from joey.store.archive import Archive
from joey.store.journal import Journal
from joey.store.records import Records
from joey.web.app import make_app
from joey.web.guard import loopback
from joey.web.sessions import Sessions, cookie_name
from joey.web.ward import Ward

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from joey.web.guard import Door
    from joey.web.settings import PageSettings

__all__ = ["hosts_of", "open_pages", "serve_pages"]

HTTP_PORT = 80  # that browsers leave out of Host and Origin
STOP_S = 2  # s that browsers are given to close when Joey stops


def open_pages(
    settings: PageSettings, sessions: Sessions, failed: Callable[[BaseException], None]
) -> Door:
    """Return the application over the files of a folder; `failed` is told as by `make_app`.

    Raises
    ------
    InputError
        If others than this machine could reach it.
    StorageError
        If a file cannot be opened.
    """
    address = loopback(settings.address)
    journal = Journal(settings.folder / "journal.db")
    archive = Archive(settings.folder / "archive.db")
    records = Records(f"sqlite:///{settings.folder / 'records.db'}", settings.sources)
    shown = f"[{address}]" if ":" in address else address
    hosts = hosts_of(shown, settings.port)
    ward = Ward(settings, journal, archive, records)
    return make_app(ward, sessions, hosts, cookie_name(settings.port), failed)


def hosts_of(address: str, port: int) -> tuple[str, ...]:
    """Return how browsers name a server that listens at an address: at port 80 without it, too."""
    names = (address, "localhost")
    whole = tuple(f"{name}:{port}" for name in names)
    return (*whole, *names) if port == HTTP_PORT else whole


def serve_pages(settings: PageSettings, sessions: Sessions, sock: socket.socket) -> None:
    """Serve the pages until the process is told to stop (SIGINT or SIGTERM).

    Parameters
    ----------
    settings : PageSettings
        Its address and port are those of the socket.
    sessions : Sessions
        Which browsers are known; a link of it lets one in.
    sock : socket
        Bound by the caller, who so knows the port before the pages are up.

    Raises
    ------
    BaseException
        The bug that ended what keeps the pages current: better no pages than old ones.
    """
    import uvicorn  # noqa: PLC0415  (only the process that serves needs it)

    failures: list[BaseException] = []

    def failed(error: BaseException) -> None:
        failures.append(error)
        server.should_exit = True

    config = uvicorn.Config(
        open_pages(settings, sessions, failed),
        lifespan="on",
        log_level="warning",
        access_log=False,  # a line for each request tells who looked at what
        server_header=False,
        ws="websockets-sansio",
        ws_max_size=4096,  # browsers say nothing but that they are there
        timeout_graceful_shutdown=STOP_S,
    )
    server = uvicorn.Server(config)
    server.run(sockets=[sock])
    if failures:
        raise failures[0]

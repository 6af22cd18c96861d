"""What a Joey has to itself: the addresses it listens at, and the folder of its files.

The sockets that tell whether an address is free are those that are listened at, by process after
process: between asking and listening nobody else can take them, nor while a process is started
again. Who connects meanwhile waits.
"""

from __future__ import annotations

import errno
import socket
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from joey.errors import InputError
from joey.sources.mllp import WAITING
from joey.store.folders import alone_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from joey.serve.settings import Settings

__all__ = ["Claims", "claim"]

BROWSERS = 128  # connections that were not taken yet


@dataclass(frozen=True, slots=True)
class Claims:
    """Where a Joey is reached.

    Parameters
    ----------
    hl7, pages : socket
        Of monitors and of browsers; they listen.
    """

    hl7: socket.socket
    pages: socket.socket

    def release(self) -> None:
        """Take no more connections than the processes that have these sockets do."""
        self.hl7.close()
        self.pages.close()


@contextmanager
def claim(settings: Settings) -> Iterator[Claims]:
    """Yield what one Joey alone can have, and give it back at the end.

    The addresses come first: who does not get them has written nothing.

    Raises
    ------
    InputError
        If something else listens at an address, it is not of this machine, or another Joey runs in
        the folder.
    OSError
        If the folder cannot be written.
    """
    with ExitStack() as stack:
        hl7 = stack.enter_context(
            _listen(settings.hl7_address, settings.hl7_port, WAITING, "--hl7-listen")
        )
        pages = stack.enter_context(_listen(settings.address, settings.port, BROWSERS, "--port"))
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        stack.enter_context(alone_in(settings.data))
        yield Claims(hl7, pages)


def _listen(address: str, port: int, waiting: int, option: str) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return socket.create_server((address, port), family=family, backlog=waiting)
    except OSError as error:
        why = f"{error.strerror}: choose another with {option}"
        if error.errno == errno.EADDRINUSE:
            why = (
                "another program listens there, perhaps another Joey: end it, or choose another"
                f" address with {option}"
            )
        msg = f"{address}:{port} cannot be listened at: {why}"
        raise InputError(msg) from None

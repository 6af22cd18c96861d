"""What can go wrong outside Joey, as three kinds of exception.

- `FormatError`: a file does not say what its format promises (path, place, reason).
- `InputError`: the user asked for something that cannot be done (an option, a time zone, a choice).
- `ProtocolError`: a monitor or a peer breaks its protocol (peer, message, place, reason).

All are `ValueError` and carry a message for a person; the first two end a command with exit code 2,
the third ends at the socket, where it is counted and answered. A plain `ValueError` or `TypeError`
is a mistake of the calling code. Missing physiology is never an error.
No message holds a patient's name, number or free text.
"""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import logging

__all__ = ["BUGS", "FormatError", "InputError", "ProtocolError", "tell_bug"]

BUGS = (
    ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError,
    ValueError,
)  # fmt: skip
"""What a bug raises over one message: who works through many ends that one alone.

Memory, disk, interpreter and modules are not of one message: they end the process.
"""


class FormatError(ValueError):
    """A file breaks its format.

    Parameters
    ----------
    path : object
        The file, as the user named it.
    reason : str
        What is wrong and, where there is something to do, what to do.
    where : str
        The place in the file: ``byte 512``, ``line 3``. Empty where the whole file is meant.
    """

    def __init__(self, path: object, reason: str, where: str = "") -> None:
        self.path = str(path)
        self.where = where
        self.reason = reason
        place = f"{self.path}, {where}" if where else self.path
        super().__init__(f"{place}: {reason}")


class InputError(ValueError):
    """The user's wish cannot be met: an option, a zone, a selection."""


class ProtocolError(ValueError):
    """A peer breaks its protocol.

    Parameters
    ----------
    reason : str
        What is wrong. Never a patient's name, number or text.
    where : str
        Segment and field: ``MSH-10``. Empty where the whole message is meant.
    control_id : str
        The message's control id (MSH-10), where it could be read.
    peer : str
        Address of the peer; empty where no socket is known.
    """

    def __init__(self, reason: str, where: str = "", control_id: str = "", peer: str = "") -> None:
        self.reason = reason
        self.where = where
        self.control_id = control_id
        self.peer = peer
        message = f"message {control_id}" if control_id else ""
        place = ", ".join(part for part in (peer, message, where) if part)
        super().__init__(f"{place}: {reason}" if place else reason)


def tell_bug(log: logging.Logger, error: BaseException, what: str) -> None:
    """Log where a bug was, without what it says of itself: that may be of a patient."""
    places = "".join(traceback.format_tb(error.__traceback__))
    log.error("%s: %s\n%s", what, type(error).__name__, places)

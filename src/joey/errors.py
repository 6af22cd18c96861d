"""What can go wrong outside Joey, as two kinds of exception.

- `FormatError`: a file does not say what its format promises (path, place, reason).
- `InputError`: the user asked for something that cannot be done (an option, a time zone, a choice).

Both are `ValueError`; both carry a message for a person and end a command with exit code 2. A plain
`ValueError` or `TypeError` is a mistake of the calling code. Missing physiology is never an error.
No message holds a patient's name, number or free text.
"""

from __future__ import annotations

__all__ = ["FormatError", "InputError"]


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

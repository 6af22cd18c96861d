"""Responses as a page for people and as files for programs; no arithmetic on physiology.

The folder is named in the plural so that ``joey.report`` can be the function.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from joey.reports.files import write_whole
from joey.reports.page import render

if TYPE_CHECKING:
    import os


    from joey.response import Response

__all__ = ["report"]


def report(response: Response | Sequence[Response], path: str | os.PathLike[str]) -> None:
    """Write the report of one or several holds as one HTML file.

    Parameters
    ----------
    response : Response or sequence of Response
        What the infant answered, hold by hold, in the order to show.
    path : path-like
        Where to; an existing file is replaced, and never left half-written.

    Raises
    ------
    ValueError
        If there is no response at all.
    OSError
        If the file cannot be written.
    """
    write_whole(path, render(_listed(response)))


def _listed(response: Response | Sequence[Response]) -> Sequence[Response]:
    listed = response if isinstance(response, Sequence) else [response]
    if not listed:
        raise ValueError("a report needs at least one response, got an empty sequence")
    return listed

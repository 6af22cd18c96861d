"""Responses as a page for people and as files for programs; no arithmetic on physiology.

The folder is named in the plural so that ``joey.report`` can be the function.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from joey.reports.facts import as_json
from joey.reports.files import write_whole
from joey.reports.page import render
from joey.reports.tables import as_csv

if TYPE_CHECKING:
    import os

    from joey.response import Response

__all__ = ["report", "write_csv", "write_json"]


def report(response: Response | Sequence[Response], path: str | os.PathLike[str]) -> None:
    """Write the report of one or several holds as one HTML file.

    The file needs nothing else and asks the network for nothing: style, script and pictures are
    in it. Its numbers are those of the responses; see docs/report.md for how to read them.

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


def write_json(responses: Response | Sequence[Response], path: str | os.PathLike[str]) -> None:
    """Write the facts of one or several holds as strict JSON.

    Parameters
    ----------
    responses : Response or sequence of Response
        In the order to write.
    path : path-like
        Where to; an existing file is replaced, and never left half-written.

    Raises
    ------
    ValueError
        If there is no response at all.
    OSError
        If the file cannot be written.

    Notes
    -----
    What is not a number is null, with its reason beside it. Times are seconds as in the
    response, and local ISO 8601 times where the recording carries a date. Keys keep their order,
    so equal facts give equal bytes. The curves of the pictures are not in it.
    """
    write_whole(path, as_json(_listed(responses)))


def write_csv(responses: Response | Sequence[Response], path: str | os.PathLike[str]) -> None:
    """Write the numbers of one or several holds as one tidy long table, one number a row.

    Parameters
    ----------
    responses : Response or sequence of Response
        In the order to write.
    path : path-like
        Where to; an existing file is replaced, and never left half-written.

    Raises
    ------
    ValueError
        If there is no response at all.
    OSError
        If the file cannot be written.

    Notes
    -----
    What is not a number is an empty field, with its reason in the same row. A text that a
    spreadsheet would run as a formula (it starts with ``=``, ``+``, ``-`` or ``@``) gets an
    apostrophe in front.
    """
    write_whole(path, as_csv(_listed(responses)))


def _listed(response: Response | Sequence[Response]) -> Sequence[Response]:
    listed = response if isinstance(response, Sequence) else [response]
    if not listed:
        raise ValueError("a report needs at least one response, got an empty sequence")
    return listed

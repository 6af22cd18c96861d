"""Where reading begins again, as plain data for a checkpoint, and back."""

from __future__ import annotations

import json
from dataclasses import asdict
from fractions import Fraction
from typing import Any

from joey.live.facts import JoinState, Resume
from joey.signals import Channel

__all__ = ["pack_resume", "pack_state", "unpack_resume", "unpack_state"]


def pack_state(resume: Resume, born: int, late: str = "") -> str:
    """Return as a checkpoint's text where a stream goes on, and the entry that opened it.

    Parameters
    ----------
    resume : Resume
        Where reading begins again.
    born : int
        The entry with which the stream was opened.
    late : str
        What came late and was not told anew, as its keeper writes it.
    """
    said = {"resume": pack_resume(resume), "born": born, "late": late}
    return json.dumps(said, separators=(",", ":"))


def unpack_state(state: str) -> tuple[Resume | None, int, str]:
    """Return what `pack_state` was given; see `unpack_resume`."""
    said = json.loads(state)
    return unpack_resume(said["resume"]), said["born"], said.get("late", "")


def pack_resume(resume: Resume | None) -> dict[str, Any] | None:
    """Return it as what JSON can hold."""
    if resume is None:
        return None
    rows = []
    for state in resume.join:
        row = asdict(state)
        row["fs"] = [state.fs.numerator, state.fs.denominator]
        row["intervals"] = list(state.intervals)
        rows.append(row)
    return {"seq": resume.seq, "newest_ns": resume.newest_ns, "join": rows}


def unpack_resume(data: dict[str, Any] | None) -> Resume | None:
    """Return what `pack_resume` was given.

    Raises
    ------
    KeyError, TypeError
        If it is of another version of Joey.
    """
    if data is None:
        return None
    states = [
        JoinState(
            **{
                **row,
                "channel": Channel(**row["channel"]),
                "fs": Fraction(*row["fs"]),
                "intervals": tuple(row["intervals"]),
            }
        )
        for row in data["join"]
    ]
    return Resume(data["seq"], tuple(states), data["newest_ns"])

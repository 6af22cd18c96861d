"""Where reading begins again, as plain data for a checkpoint, and back."""

from __future__ import annotations

from dataclasses import asdict
from fractions import Fraction
from typing import Any

from joey.live.facts import JoinState, Resume
from joey.signals import Channel

__all__ = ["pack_resume", "unpack_resume"]


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

"""A tap as a browser sent it, checked and written as the journal keeps it."""

from __future__ import annotations

import json
import uuid
from typing import Any

__all__ = ["TapError", "as_payload"]

NS_PER_MS = 1_000_000
LONGEST = 120  # characters of a text
LARGEST = 2**63  # what a whole number is below: the records count in 64 bits
# What a tap of each kind may say besides its id, bed and time.
KINDS: dict[str, tuple[str, ...]] = {
    "start_hold": ("holder", "contact", "details"),
    "nudge": ("hold",),
    "change_holder": ("hold", "holder", "contact"),
    "stop_hold": ("hold", "details"),
    "describe": ("hold", "holder", "contact", "details"),
    "undo": ("hold", "of"),
    "tag": ("stream", "start_ns", "tag", "on"),
    "associate": ("stream", "infant", "on"),
}


class TapError(ValueError):
    """What came is no tap; the message names the field, never its value."""


def as_payload(said: dict[str, Any]) -> tuple[str, bytes]:
    """Return the bed of a tap and the tap as the journal's JSON.

    Parameters
    ----------
    said : dict
        ``id``, ``type``, ``bed``, ``at`` [ms UTC], and what its type may say.

    Raises
    ------
    TapError
        If it is not that.
    """
    kind = said.get("type")
    if not isinstance(kind, str) or kind not in KINDS:
        raise TapError("type: not a kind of tap")
    try:
        name = str(uuid.UUID(str(said.get("id"))))
    except ValueError:
        raise TapError("id: not a UUID") from None
    at = said.get("at")
    if isinstance(at, bool) or not isinstance(at, int | float) or not 0 < at < LARGEST // NS_PER_MS:
        raise TapError("at: milliseconds since 1970")
    bed = _text(said.get("bed", ""), "bed")
    tap: dict[str, Any] = {"id": name, "type": kind, "bed": bed, "at_ns": round(at) * NS_PER_MS}
    for field in KINDS[kind]:
        if field in said:
            tap[field] = _value(said[field], field)
    return bed, json.dumps(tap, sort_keys=True, separators=(",", ":")).encode()


def _value(value: object, field: str) -> object:
    if field in {"start_ns", "infant"}:
        # As text where a browser's numbers are too coarse for nanoseconds.
        digits = value if isinstance(value, str) else str(value) if isinstance(value, int) else ""
        if not digits.isdecimal() or len(digits) > 19 or int(digits) >= LARGEST:
            raise TapError(f"{field}: not a whole number")
        return int(digits)
    if field == "on":
        if not isinstance(value, bool):
            raise TapError(f"{field}: true or false")
        return value
    if field in {"holder", "details"}:
        if not isinstance(value, dict) or len(value) > 8:
            raise TapError(f"{field}: at most 8 texts by name")
        return {_text(key, field): _text(each, field) for key, each in value.items()}
    return _text(value, field)


def _text(value: object, field: str) -> str:
    if not isinstance(value, str) or len(value) > LONGEST:
        raise TapError(f"{field}: not a text of at most {LONGEST} characters")
    if any(sign == "\0" or "\ud800" <= sign <= "\udfff" for sign in value):
        raise TapError(f"{field}: signs that no text has")
    return " ".join(value.split())

"""Acknowledgements: MSH turned around, MSA with the sender's control id, never patient data."""

from __future__ import annotations

import re

from joey.sources.hl7.fields import fields_of
from joey.sources.hl7.types import Message, Separators

__all__ = ["acknowledge"]

CODES = frozenset({"AA", "AE", "AR"})
PLAIN = Message(b"", (b"MSH|^~\\&",), Separators())
MOST = 1000  # bytes of a field that are sent back
HEAD = re.compile(rb"(?:\A|(?<=[\x00-\x20\xbf]))MSH[^\w\s][^\r\n]*")


def acknowledge(message: Message | bytes, code: str, text: str = "") -> bytes:
    """Return the acknowledgement of a message, without a frame.

    Parameters
    ----------
    message : Message or bytes
        The message, or as much as there is of one that could not be read.
    code : str
        ``AA`` (stored), ``AE`` (not stored, send again) or ``AR`` (refused).
    text : str
        Why, for the sender's log: of a fixed set, so that it holds no patient data.

    Returns
    -------
    bytes
        In ASCII or the sender's own bytes; MSA-2 is MSH-10 as it came. Time and zone are the
        sender's own (MSH-7): an acknowledgement needs no clock.
    """
    if code not in CODES:
        msg = f"{code!r} is not AA, AE or AR"
        raise ValueError(msg)
    fields, field, two = _head(message)
    component = two[:1] or b"^"

    def at(number: int) -> bytes:
        return fields[number][:MOST] if number < len(fields) else b""

    trigger = at(9).split(component)
    kind = component.join([b"ACK", trigger[1], b"ACK"]) if len(trigger) > 1 else b"ACK"
    # Receiver and sender change places; the acknowledgement's own id is the message's, marked.
    msh = [b"MSH", two, at(5), at(6), at(3), at(4), at(7), b"", kind, b"A" + at(10), at(11), at(12)]
    lines = [field.join(msh)]
    if charset := at(18):
        lines[0] += field * 6 + charset
    lines.append(field.join([b"MSA", code.encode("ascii"), at(10)]))
    if text:
        said = text.encode("ascii", "replace").translate(None, b"\r\n\x0b\x1c" + field + two)
        severity = b"I" if code == "AA" else b"E"
        number = b"0" if code == "AA" else b"207"
        lines.append(field.join([b"ERR", b"", b"", number, severity, b"", b"", b"", said]))
    return b"\r".join(lines) + b"\r"


def _head(message: Message | bytes) -> tuple[list[bytes], bytes, bytes]:
    """Return the fields of MSH, the field separator and MSH-2; without MSH the standard's."""
    if isinstance(message, Message):
        fields = fields_of(message, message.lines[0])
        return fields, message.separators.field, fields[2] if len(fields) > 2 else b"^~\\&"
    found = HEAD.search(message[: 64 * 1024])
    line = found.group() if found else b"MSH|^~\\&|"
    line = line.translate(None, b"\x0b\x1c\x00")
    field = line[3:4] or b"|"
    fields = line.split(field)
    fields.insert(1, field)
    two = fields[2] if len(fields) > 2 and 0 < len(fields[2]) <= 5 else b"^~\\&"
    return fields, field, two

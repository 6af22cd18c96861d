"""A message cut into lines, fields and components, on bytes and only as far as it is asked for.

Cutting bytes is safe in every character set but a few of Asia, in which the second byte of a
character may be a separator: those messages are written anew in UTF-8 first. Text is decoded as
MSH-18 says; where that cannot be, as UTF-8 or, what always can, Latin-1, and the message says so.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from joey.errors import ProtocolError
from joey.sources.hl7.times import read_time
from joey.sources.hl7.types import Header, Message, Separators

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "component",
    "field_of",
    "fields_of",
    "head_fields",
    "header_of",
    "read_message",
    "segments",
    "text_of",
]

# MSH-18 (HL7 table 0211) and what senders write instead: Python's name of the character set.
CHARSETS = {
    "": "ascii",
    "ASCII": "ascii",
    "US-ASCII": "ascii",
    "UNICODE UTF-8": "utf-8",
    "UNICODE": "utf-8",
    "UTF-8": "utf-8",
    "UTF8": "utf-8",
    **{f"8859/{n}": f"iso8859-{n}" for n in (*range(1, 12), *range(13, 17))},
    **{f"ISO 8859-{n}": f"iso8859-{n}" for n in (*range(1, 12), *range(13, 17))},
    **{f"ISO-8859-{n}": f"iso8859-{n}" for n in (*range(1, 12), *range(13, 17))},
    "ISO IR6": "ascii",
    "ISO IR14": "iso2022_jp_ext",
    "ISO IR87": "iso2022_jp_ext",
    "ISO IR159": "iso2022_jp_ext",
    "JIS": "iso2022_jp_ext",
    "GB 18030-2000": "gb18030",
    "GB18030": "gb18030",
    "GBK": "gb18030",
    "GB2312": "gb18030",
    "KS X 1001": "euc_kr",
    "CNS 11643-1992": "euc_tw",
    "BIG-5": "big5",
    "WINDOWS-1252": "cp1252",
}
# Character sets in which a byte below 128 may be the second of a character.
UNSAFE = frozenset({"gb18030", "big5", "iso2022_jp_ext"})
SEPARATORS = Separators()
STANDARD = b"MSH|^~\\&|"
STRAY = b"\r\n\x00 \t\xef\xbb\xbf"  # line ends, padding and a byte order mark before MSH
SIGNS = (b"F", b"S", b"R", b"E", b"T")  # escapes of the separators, in the order of `Separators`
# Highlighting is left out, line breaks of formatted text are line feeds.
PLAIN = {b"H": b"", b"N": b"", b".br": b"\n", b".sp": b"\n", b".ce": b"\n"}
HEX_DIGITS = 128  # longest escape that is read


def read_message(raw: bytes) -> Message:
    """Return a message cut into its lines.

    Parameters
    ----------
    raw : bytes
        Without its frame. Lines end with CR, LF or both.

    Raises
    ------
    ProtocolError
        If it does not begin with a segment MSH that declares its separators.
    """
    separators, start = SEPARATORS, 0
    if not raw.startswith(STANDARD):
        start = len(raw) - len(raw.lstrip(STRAY))
        separators = _separators(raw[start : start + 9])
    body = raw[start:] if start else raw
    repairs = ["bytes before MSH"] if start else []
    if b"\n" in body:
        body, mended = _one_line_end(body, separators.field)
        repairs.append(mended)
    encoding = "utf-8"
    declared = ""
    plain = body.isascii() and b"\x1b" not in body
    if not plain or body.count(separators.escape) > 1:  # an escape beside that of MSH-2
        declared = _declared(body, separators)
    if not plain:
        body, encoding, mended = _readable(body, declared)
        if mended:
            repairs.append(mended)
    lines = body.split(b"\r")
    while lines and not lines[-1].strip(b"\x00 \t"):
        lines.pop()
    return Message(raw, tuple(lines), separators, encoding, declared, tuple(repairs))


def fields_of(message: Message, line: bytes) -> list[bytes]:
    """Return a segment's fields; the one at index n is field n, of MSH too."""
    fields = line.split(message.separators.field)
    if fields[0] == b"MSH":
        fields.insert(1, message.separators.field)
    return fields


def head_fields(message: Message) -> list[bytes]:
    """Return the fields of the message's MSH; the one at index n is MSH-n."""
    return fields_of(message, message.lines[0])


def field_of(fields: list[bytes], number: int) -> bytes:
    """Return a field; empty where the segment has fewer."""
    return fields[number] if number < len(fields) else b""


def segments(message: Message, name: bytes) -> Iterator[list[bytes]]:
    """Yield the fields of each segment of a name."""
    begin = name + message.separators.field
    for line in message.lines:
        if line.startswith(begin) or line == name:
            yield fields_of(message, line)


def component(message: Message, field: bytes, number: int) -> bytes:
    """Return a component, counted from 1, of a field's first repetition; empty where it has fewer.

    A component's subcomponents stay as they are.
    """
    separators = message.separators
    if separators.repetition and separators.repetition in field:
        field = field.partition(separators.repetition)[0]
    parts = field.split(separators.component) if separators.component else [field]
    return parts[number - 1] if number <= len(parts) else b""


def text_of(message: Message, part: bytes) -> str:
    """Return a field or a part of it as text: escapes resolved, decoded, stripped.

    An HL7 null (two quotes) is empty.
    """
    escape = message.separators.escape
    if escape and escape in part:
        part = _unescaped(message, part)
    if part == b'""':
        return ""
    return part.decode(message.encoding, errors="backslashreplace").strip()


def header_of(message: Message) -> Header:
    """Return the head of a message.

    Raises
    ------
    ProtocolError
        If MSH has no message type.
    """
    fields = head_fields(message)
    count = len(fields)
    control_id = text_of(message, fields[10]) if count > 10 else ""
    kind = fields[9] if count > 9 else b""
    parts = kind.split(message.separators.component) if message.separators.component else [kind]
    event = text_of(message, parts[0])
    if not event:
        msg = "the message does not say of which type it is"
        raise ProtocolError(msg, "MSH-9", control_id)
    if len(parts) > 1 and parts[1]:
        event += "^" + text_of(message, parts[1])
    sent = field_of(fields, 7)
    return Header(
        control_id,
        event,
        text_of(message, component(message, field_of(fields, 11), 1)),
        read_time(sent, None, None).ns,
        sent,
        text_of(message, field_of(fields, 3)),
        text_of(message, field_of(fields, 4)),
        text_of(message, component(message, field_of(fields, 12), 1)),
        text_of(message, field_of(fields, 18)),
    )


def _separators(head: bytes) -> Separators:
    """Return the separators that the first bytes of a message declare."""
    if len(head) < 4 or head[:3] != b"MSH":
        msg = "the message does not begin with MSH"
        raise ProtocolError(msg, "MSH")
    field = head[3:4]
    if field.isalnum() or field.isspace() or field > b"\x7e" or field < b" ":
        msg = "the character after MSH is no separator"
        raise ProtocolError(msg, "MSH-1")
    chars = head[4:].partition(field)[0].partition(b"\r")[0].partition(b"\n")[0]
    if not chars:
        return SEPARATORS._replace(field=field)
    parts = [chars[n : n + 1] for n in range(min(len(chars), 4))]
    found = [part for part in parts if not part.isalnum()]
    if len(found) < len(parts) or len({field, *parts}) <= len(parts):
        msg = "the separators are not different signs"
        raise ProtocolError(msg, "MSH-2")
    return Separators(field, *parts, *([b""] * (4 - len(parts))))


def _one_line_end(body: bytes, field: bytes) -> tuple[bytes, str]:
    """Return the message with CR line ends, and what was mended.

    Where lines end with CR, a lone LF is a line end only before what looks like a segment.
    """
    crlf = body.count(b"\r\n")
    if crlf:
        body = body.replace(b"\r\n", b"\r")
    if b"\n" not in body:
        return body, f"CRLF line ends: {crlf}"
    begin = re.compile(rb"\n(?=[A-Z][A-Z0-9]{2}(?:" + re.escape(field) + rb"|[\r\n]|$))")
    if b"\r" not in body:
        count = body.count(b"\n")
        return body.replace(b"\n", b"\r"), f"LF line ends: {count}"
    body, count = begin.subn(b"\r", body)
    rest = body.count(b"\n")
    return body, f"LF line ends: {count}" if count else f"line feeds in text: {rest}"


def _declared(body: bytes, separators: Separators) -> str:
    """Return the first repetition of MSH-18."""
    fields = body.partition(b"\r")[0].split(separators.field, 18)
    if len(fields) < 18 or not fields[17]:
        return ""
    first = fields[17].partition(separators.repetition)[0] if separators.repetition else fields[17]
    return first.decode("latin-1").strip()


def _readable(body: bytes, declared: str) -> tuple[bytes, str, str]:
    """Return the body in a character set that can be cut, which, and what was mended."""
    encoding = CHARSETS.get(declared.upper(), "")
    if encoding in UNSAFE:
        try:
            return body.decode(encoding).encode(), "utf-8", ""
        except UnicodeDecodeError:
            encoding = ""
    for candidate in (encoding, "utf-8"):
        try:
            if candidate:
                body.decode(candidate)
                wrong = candidate != encoding
                return body, candidate, f"character set {candidate} not declared" if wrong else ""
        except UnicodeDecodeError:
            continue
    return body, "latin-1", "character set not as declared: read as Latin-1"


def _unescaped(message: Message, part: bytes) -> bytes:
    escape = message.separators.escape
    pieces = part.split(escape)
    out = [pieces[0]]
    at = 1
    while at < len(pieces):
        closed = at + 1 < len(pieces)
        meant = _meaning(message, pieces[at]) if closed else None
        if meant is None:  # a lone escape sign, or a sequence that is not known, stays as it is
            out += [escape, pieces[at]]
            at += 1
        else:
            out += [meant, pieces[at + 1]]
            at += 2
    return b"".join(out)


def _meaning(message: Message, sequence: bytes) -> bytes | None:
    """Return what an escape sequence stands for; None where it is none."""
    if sequence in SIGNS:
        return message.separators[SIGNS.index(sequence)]
    if sequence in PLAIN:
        return PLAIN[sequence]
    if sequence[:1] in {b"X", b"x"} and 3 <= len(sequence) <= HEX_DIGITS:
        try:
            found = bytes.fromhex(sequence[1:].decode("ascii"))
            known = CHARSETS.get(message.declared.upper(), message.encoding)
            return found.decode(known).encode(message.encoding)
        except ValueError:
            return None
    return None

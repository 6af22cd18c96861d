"""Messages cut into fields: line ends, separators, escapes, character sets."""

import pytest

from joey.errors import ProtocolError
from joey.sources.hl7 import acknowledge, header_of, read_message
from joey.sources.hl7.fields import component, field_of, segments, text_of

HEAD = b"MSH|^~\\&|A|B|||20250301||ORU^R01|7|P|2.6"


def charset(name: str) -> bytes:
    return HEAD + b"||||||" + name.encode()


@pytest.mark.parametrize(
    ("end", "repair"),
    [(b"\r", ()), (b"\n", ("LF line ends: 2",)), (b"\r\n", ("CRLF line ends: 2",))],
)
def test_lines_end_with_any_line_end(end: bytes, repair: tuple[str, ...]) -> None:
    message = read_message(end.join([HEAD, b"PID|1||5", b""]))
    assert message.lines == (HEAD, b"PID|1||5")
    assert message.repairs == repair


def test_a_line_feed_in_a_text_is_no_line_end() -> None:
    message = read_message(HEAD + b"\rNTE|1||first\nsecond\nPID|1\r")
    assert message.lines[1:] == (b"NTE|1||first\nsecond", b"PID|1")
    assert read_message(HEAD + b"\rNTE|1||first\nsecond\r").lines[1] == b"NTE|1||first\nsecond"


def test_what_stands_before_the_message_is_skipped_and_told() -> None:
    message = read_message(b"\xef\xbb\xbf\r\n\x00" + HEAD)
    assert header_of(message).control_id == "7"
    assert message.repairs == ("bytes before MSH",)


def test_a_message_has_its_own_separators() -> None:
    message = read_message(b"MSH$*%!:$A$B$$$20250301$$ORU*R01$7$P\rPID$1$$5*x%6$a!S!b!F!c!E!d!R!")
    assert header_of(message).event == "ORU^R01"
    (pid,) = segments(message, b"PID")
    assert component(message, pid[3], 1) == b"5"
    assert component(message, pid[3], 2) == b"x"
    assert component(message, pid[3], 9) == b""
    assert text_of(message, pid[4]) == "a*b$c!d%"
    assert field_of(pid, 40) == b""


@pytest.mark.parametrize("two", ["^", "^~", "^~\\", "", "^~\\&#"])
def test_missing_separators_are_the_standard_ones_or_none(two: str) -> None:
    message = read_message(f"MSH|{two}|A|B|||||ORU^R01|7|P\rPID|1|^2|3".encode())
    assert header_of(message).event == "ORU^R01"
    (pid,) = segments(message, b"PID")
    assert component(message, pid[2], 2) == b"2"
    assert text_of(message, pid[3]) == "3"


@pytest.mark.parametrize(
    "raw",
    [b"", b"PID|1", b"MSH", b"MSHA^~\\&|", b"MSH\r", b"MSH|^^\\&|", b"MSH||||", b"\x00", HEAD[1:]],
)
def test_what_is_no_message_is_one_error(raw: bytes) -> None:
    with pytest.raises(ProtocolError):
        header_of(read_message(raw))


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        ("plain", "plain"),
        (r"a\F\b\S\c\T\d\R\e\E\f", "a|b^c&d~e\\f"),
        (r"a\X0D0A\b", "a\r\nb"),
        (r"a\X0d\b", "a\rb"),
        (r"a\.br\b\.sp\c", "a\nb\nc"),
        (r"\H\loud\N\ ", "loud"),
        (r"C:\dir", r"C:\dir"),
        (r"C:\dir\file", r"C:\dir\file"),
        (r"a\X0G\b", r"a\X0G\b"),
        ("a\\", "a\\"),
        (r"\\", r"\\"),
        (r"\E\F\E\ ", "\\F\\"),
        (r"5\T\ 6\Z99\ 7", r"5& 6\Z99\ 7"),
        ('""', ""),
        (" x ", "x"),
    ],
)
def test_escapes_are_resolved_and_what_is_none_stays(sent: str, text: str) -> None:
    assert text_of(read_message(HEAD), sent.encode()) == text


@pytest.mark.parametrize(
    ("name", "encoding", "text"),
    [
        ("UNICODE UTF-8", "utf-8", "JOSÉ"),
        ("8859/1", "latin-1", "JOSÉ"),
        ("8859/15", "iso8859-15", "JOSÉ €"),
        ("ISO-8859-2", "iso8859-2", "Žofie"),
        ("GB 18030-2000", "gb18030", "張三丂丄丅"),
        ("ISO IR87", "iso2022_jp_ext", "山田太郎"),
        ("JIS", "iso2022_jp_ext", "ｱ山"),
        ("KS X 1001", "euc_kr", "홍길동"),
        ("BIG-5", "big5", "功許蓋"),
        ("UNICODE UTF-8~8859/1", "utf-8", "Åsa"),
    ],
)
def test_text_is_read_as_declared(name: str, encoding: str, text: str) -> None:
    """Some second bytes of the Asian sets are separators: they must not cut a name."""
    raw = charset(name) + b"\rPID|1||5||" + text.encode(encoding) + b"^B|x"
    message = read_message(raw)
    (pid,) = segments(message, b"PID")
    assert text_of(message, component(message, pid[5], 1)) == text
    assert text_of(message, pid[6]) == "x"
    assert message.repairs == ()
    assert message.raw == raw


@pytest.mark.parametrize("name", ["", "UNICODE UTF-8", "ASCII", "KLINGON", "ISO IR87"])
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_what_is_not_as_declared_is_read_without_loss_and_told(name: str, encoding: str) -> None:
    raw = charset(name) + b"\rPID|1||5||" + "JOSÉ".encode(encoding) + b"^B"
    message = read_message(raw)
    (pid,) = segments(message, b"PID")
    found = text_of(message, component(message, pid[5], 1))
    assert found == "JOSÉ"
    assert bool(message.repairs) == ((name, encoding) != ("UNICODE UTF-8", "utf-8"))
    assert message.raw == raw


def test_a_hex_escape_is_in_the_declared_character_set() -> None:
    message = read_message(charset("8859/1") + b"\rPID|1||5||JOS\\XC9\\")
    (pid,) = segments(message, b"PID")
    assert text_of(message, pid[5]) == "JOSÉ"


@pytest.mark.parametrize(
    "raw",
    [
        HEAD,
        HEAD + b"\r\n",
        b"\x0b" + HEAD,
        HEAD + b"|" * 30,
        b"junk\r" + HEAD,
        b"\xef\xbb\xbf" + HEAD,
    ],
)
def test_an_answer_names_the_message_however_broken_it_is(raw: bytes) -> None:
    answer = acknowledge(raw, "AR", "unframed")
    assert answer.split(b"\r")[1] == b"MSA|AR|7"
    assert answer.startswith(b"MSH|^~\\&|||A|B|20250301||ACK^R01^ACK|A7|P|2.6")


def test_an_answer_to_nothing_is_still_one() -> None:
    for raw in (b"", b"PID|1||5||JONES", b"MSH", b"\xff" * 100):
        assert acknowledge(raw, "AR").split(b"\r")[1] == b"MSA|AR|"
        assert b"JONES" not in acknowledge(raw, "AR")


def test_an_answer_uses_the_senders_separators_and_character_set() -> None:
    raw = b"MSH#*~\\&#A#B#C#D#20250301##ADT*A08#9#P#2.5######8859/1\r"
    answer = acknowledge(read_message(raw), "AE", "not stored#, send\ragain")
    assert answer == (
        b"MSH#*~\\&#C#D#A#B#20250301##ACK*A08*ACK#A9#P#2.5######8859/1\rMSA#AE#9\r"
        b"ERR###207#E####not stored, sendagain\r"
    )


def test_only_three_codes_are_answers() -> None:
    with pytest.raises(ValueError, match="AA, AE or AR"):
        acknowledge(HEAD, "CA")

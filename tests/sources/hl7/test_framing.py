"""Frames out of bytes, cut anywhere."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from joey.sources.hl7.framing import HEAD_BYTES, Frame, Framing, Refused, frame

A, B = b"MSH|^~\\&|A\rPID|1\r", b"MSH|^~\\&|B\r"
LONG = b"MSH|^~\\&|C\r" + b"x" * 100

# Bytes, the events they give with at most 64 bytes to a message, the junk counted.
ROWS = [
    (frame(A), [Frame(A)], 0),
    (frame(A) + frame(B), [Frame(A), Frame(B)], 0),
    (frame(A) + b"\x00\x00" + frame(B), [Frame(A), Frame(B, 2)], 2),
    (b"\r\n junk" + frame(A), [Frame(A, 7)], 7),
    (b"\x0b" + A + b"\x1c" + frame(B), [Frame(A), Frame(B, 0, bare_end=True)], 0),
    (b"\x0b" + A + b"\x1c\n" + frame(B), [Frame(A), Frame(B, 1, bare_end=True)], 1),
    (frame(A) + b"\r\r" + frame(B), [Frame(A), Frame(B, 2)], 2),
    (b"\x0b" + frame(A), [Frame(A, 1)], 1),
    (b"\x0bMSH|half" + frame(B), [Refused("cut off", 8, b"MSH|half"), Frame(B)], 0),
    (b"\x0bMSH|half", [Refused("cut off", 8, b"MSH|half")], 0),
    (frame(LONG) + frame(B), [Refused("oversize", len(LONG), LONG), Frame(B)], 0),
    (b"\x0b" + LONG + frame(B), [Refused("oversize", len(LONG), LONG), Frame(B)], 0),
    (frame(b""), [Frame(b"")], 0),
    (A, [Refused("unframed", 10, A[:10])], len(A)),
    (A + B, [Refused("unframed", 10, A[:10]), Refused("unframed", 10, B[:10])], len(A + B)),
    (
        b"\n" + A + b"\x1c\r" + frame(B),
        [Refused("unframed", 10, A[:10]), Frame(B, len(A) + 3)],
        len(A) + 3,
    ),
    (b"xMSH|1\rMSH", [], 10),
    (b"", [], 0),
]


def run(pieces: list[bytes]) -> tuple[list[Frame | Refused], int]:
    framing = Framing(max_bytes=64)
    events = [event for piece in pieces for event in framing.receive(piece)]
    return events + framing.finish(), framing.junk


@pytest.mark.parametrize(("data", "events", "junk"), ROWS)
def test_bytes_give_their_messages_wherever_they_are_cut(
    data: bytes, events: list[Frame | Refused], junk: int
) -> None:
    assert run([data]) == (events, junk)
    assert run([data[n : n + 1] for n in range(len(data))]) == (events, junk)
    for cut in range(len(data)):
        assert run([data[:cut], data[cut:]]) == (events, junk)


PIECES = st.lists(
    st.one_of(
        st.binary(max_size=20),
        st.sampled_from([b"\x0b", b"\x1c", b"\r", b"\n", b"\x00", b"MSH", b"MSH|^~\\&|A", A]),
    ),
    max_size=12,
)


@settings(max_examples=300, deadline=None)
@given(PIECES)
def test_any_cut_of_any_bytes_gives_the_same(pieces: list[bytes]) -> None:
    assert run(pieces) == run([b"".join(pieces)])


def test_a_message_without_end_takes_no_memory() -> None:
    """Half a GiB in one frame leaves the head of 4 KiB, and the next message is read."""
    framing = Framing(max_bytes=1024)
    framing.receive(b"\x0bMSH|^~\\&|")
    block = b"z" * (1 << 20)
    for _ in range(512):
        assert framing.receive(block) == []
        assert len(framing._body) <= HEAD_BYTES
    (refused, kept) = framing.receive(b"\x1c\r" + frame(B))
    assert isinstance(refused, Refused)
    assert (refused.reason, refused.size) == ("oversize", 9 + 512 * (1 << 20))
    assert len(refused.head) == HEAD_BYTES
    assert kept == Frame(B)


def test_junk_without_end_takes_no_memory() -> None:
    framing = Framing()
    for piece in (b"MSH|" + b"y" * 100_000, b"w" * 100_000, b"\n" * 1000):
        framing.receive(piece)
        assert len(framing._line) <= HEAD_BYTES
    assert framing.junk == 201_004

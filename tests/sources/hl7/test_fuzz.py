"""Any bytes: no exception but ProtocolError, and bounded work. JOEY_FUZZ_EXAMPLES asks for more."""

import os
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from joey.errors import ProtocolError
from joey.sources.codes import CodeMap
from joey.sources.hl7 import (
    Frame,
    Framing,
    SourceSettings,
    acknowledge,
    frame,
    header_of,
    location_of,
    read_admission,
    read_message,
    read_observations,
    why_quarantined,
)

EXAMPLES = int(os.environ.get("JOEY_FUZZ_EXAMPLES", "300"))
SOURCES = (SourceSettings("a", "Europe/Copenhagen"), SourceSettings("b", "UTC", simulated=True))
CODES = CodeMap()

MONITOR = (
    b"MSH|^~\\&|MON^0012345678ABCDEF^EUI-64|U|||20250301120000+0100||ORU^R01^ORU_R01|17|P|2.6||||||"
    b"UNICODE UTF-8\rPID|1||1001^^^HOSP^MR||JONES^BABY||20250228231500|M\rPV1|1|I|NICU^^04^HOSP\r"
    b"OBR|1|1|1|x|||20250301120000|20250301120001\r"
    b"OBX|1|NM|147842^MDC_ECG_HEART_RATE^MDC|1.1.1.1|152|264864^MDC_DIM_BEAT_PER_MIN^MDC|||||R|||2025"
    b"0301120000.5||||EUI\rOBX|2|SN|150456^MDC_PULS_OXIM_SAT_O2^MDC|1.2.1.1|^97|%||DEMO~INV|||X\r"
    b"OBX|3|NA|131330^MDC_ECG_ELEC_POTL_II^MDC|1.7.6.131330|1^-2^32767^^0.5|mV|||||R\r"
    b"OBX|4|NM|0^MDC_ATTR_SAMP_RATE^MDC|1.7.6.131330.1|250|264608^MDC_DIM_PER_SEC^MDC\r"
    b"OBX|5|NM|2327^MDC_ATTR_NU_MSMT_RES^MDC|1.7.6.131330.2|0.005|266418^MDC_DIM_MILLI_VOLT^MDC\r"
    b"OBX|6|NR|0^MDC_ATTR_DATA_RANGE^MDC|1.7.6.131330.3|-100^100|mV\r"
    b"OBX|7|NM|262196^MDC_EVT_INOP^MDC|1.7.6.131330.4|32767\r"
    b"OBX|8|ED|150452^MDC_PULS_OXIM_PLETH^MDC|1.7.6.150452|^Application^int16LE^Base64^AQD+/w==|NU\r"
)
ADMISSION = (
    b"MSH|^~\\&|ADT|HOSP|||20250301060000-0500||ADT^A01|9|P|2.5\rEVN|A01|20251102013000\r"
    b"PID|1|2|1001^^^HOSP&1.2&ISO^MR~7||JONES, BABY^B~X||20250228231500-0500|M|ALIAS^A||||||||"
    b"|5^^^H^AN|||77^^^HOSP^MR|||Y|2\rPV1|1|I|^^NICU&04&1|||LDR^2^A\rMRG|1^^^H\r"
)
ALPHABET = [
    *(bytes([n]) for n in b'|^~\\&\r\n\x00\x0b\x1c\x1b.-+eE0199AZaz "\xff\xc3\xa9'),
    *(
        b"MSH|",
        b"OBX|",
        b"PID|",
        b"PV1|",
        b"OBR|",
        b"NA",
        b"NM",
        b"ED",
        b"\\X0D\\",
        b"-999",
        b"8388607",
    ),
    *(
        b"MDC_ATTR_SAMP_RATE",
        b"MDC_EVT_INOP",
        b"20251026023000",
        b"UNICODE UTF-8",
        b"GB 18030-2000",
    ),
    *(b"9" * 30, b"1e309", b"nan", b"DEMO", b"APERIODIC", b"10.mV/4096", b"||||||", b"^^^^^"),
]


@st.composite
def dirty(draw: st.DrawFn) -> bytes:
    """Draw a message with pieces put in, taken out, doubled and exchanged."""
    raw = bytearray(draw(st.sampled_from([MONITOR, ADMISSION])))
    for _ in range(draw(st.integers(0, 8))):
        at = draw(st.integers(0, len(raw)))
        stop = min(len(raw), at + draw(st.integers(0, 30)))
        raw[at:stop] = draw(st.one_of(st.sampled_from(ALPHABET), st.binary(max_size=8)))
    return bytes(raw)


def read_all(raw: bytes) -> None:
    """Do with a message whatever Joey does."""
    for source in SOURCES:
        for code in ("AA", "AR"):
            answer = acknowledge(raw, code, "text")
            assert b"\rMSA" in answer
            assert len(answer) < 20_000
        try:
            message = read_message(raw)
            assert acknowledge(message, "AA")
            header = header_of(message)
            assert why_quarantined(header, None, source).isprintable()
            location_of(message)
            read_admission(message, source)
            seen = read_observations(message, source, CODES)
        except ProtocolError:
            continue
        assert not seen.doubt or not (seen.numerics or seen.waves)
        for wave in seen.waves:
            assert wave.counts.dtype == np.int32
            assert 0 < wave.scale < np.inf
            assert wave.valid_runs.shape[1] == 2
            if len(wave.valid_runs):
                assert 0 <= wave.valid_runs.min() <= wave.valid_runs.max() <= len(wave.counts)
        for numeric in seen.numerics:
            assert not np.isinf(numeric.value)
            assert isinstance(numeric.time_ns, int)


@settings(max_examples=EXAMPLES, deadline=None)
@given(dirty())
def test_a_dirty_message_is_read_or_refused(raw: bytes) -> None:
    read_all(raw)


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.one_of(st.binary(max_size=300), st.lists(st.sampled_from(ALPHABET)).map(b"".join)))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    read_all(raw)
    read_all(b"MSH|^~\\&|" + raw)


@settings(max_examples=EXAMPLES, deadline=None)
@given(dirty(), dirty(), st.integers(0, 2**32))
def test_a_stream_of_dirty_messages_is_the_same_however_it_is_cut(
    first: bytes, second: bytes, seed: int
) -> None:
    wire = frame(first) + b"\x00" + frame(second) + first
    whole = Framing()
    wanted = whole.receive(wire) + whole.finish()
    cuts = random.Random(seed)  # noqa: S311
    pieces = Framing()
    events = []
    at = 0
    while at < len(wire):
        step = cuts.choice((1, 2, 7, 50, 1000))
        events += pieces.receive(wire[at : at + step])
        at += step
    assert events + pieces.finish() == wanted


@pytest.mark.parametrize("raw", [MONITOR, ADMISSION], ids=["monitor", "admission"])
def test_a_message_cut_off_anywhere_is_read_or_refused(raw: bytes) -> None:
    for cut in range(len(raw)):
        read_all(raw[:cut])
        framing = Framing()
        events = framing.receive(frame(raw)[:cut]) + framing.receive(frame(raw)[cut:])
        assert events == [Frame(raw)]


@pytest.mark.parametrize(
    "filling",
    [
        *(b"|", b"^", b"~", b"&", b"\\", b"\r", b"\n", b"\r\n", b"\x00", b" ", b"9", b"-", b"A"),
        *(
            b"1^",
            b"1^^",
            b"-^",
            b"\nOBX|",
            b"\rOBX|1|NM|HR||1|",
            b"\rPID|1||",
            b"\\F\\",
            b"&^~",
            b"\xe9",
        ),
    ],
)
@pytest.mark.parametrize("place", [b"", b"\rOBX|1|NA|131330|1|", b"\rOBX|1|NM|", b"\rPV1||I|"])
def test_a_message_of_half_a_megabyte_of_one_thing_takes_a_moment(
    filling: bytes, place: bytes
) -> None:
    """Nothing in it grows with the square of its length: 512 kB would then take minutes."""
    raw = MONITOR[:140].partition(b"||||||")[0] + place + filling * (512 * 1024 // len(filling))
    for source in SOURCES[1:]:
        message = read_message(raw)
        acknowledge(message, "AA")
        read_observations(message, source, CODES)
        read_admission(message, source)

"""How far a monitor's clock is off is said in words, and what it likely comes from."""

from __future__ import annotations

import math

import pytest

from joey.web.clockwords import hint_of_offset, words_of_drift, words_of_offset

NS = 1_000_000_000
ZONE = "is the zone of this source right in the settings?"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.42, "+0.42 s"),
        (-94.84, "−94.84 s"),
        (3600, "+60 min 00 s"),
        (-7203, "−2 h 00 min"),
        (4_294_968, "+49 d 17 h"),
        (-20_000 * 86_400, "−20,000 d 0 h"),
    ],
)
def test_words(seconds: float, words: str) -> None:
    assert words_of_offset(round(seconds * NS)) == words


def test_unknown() -> None:
    assert words_of_offset(None) == ""
    assert hint_of_offset(None) == ""


def test_drift() -> None:
    """No clock gains an hour in three: what came at once was kept back."""
    assert words_of_drift(-6.2) == "−6 ppm"
    assert words_of_drift(12.0) == "+12 ppm"
    assert words_of_drift(-0.4) == "0 ppm"
    assert words_of_drift(math.nan) == ""
    assert words_of_drift(363_151.0) == ""


@pytest.mark.parametrize("error", [-20.0, 0.0, 20.0])
@pytest.mark.parametrize(
    ("seconds", "how"),
    [(3600, "1 h"), (-3600, "1 h"), (7200, "2 h"), (19_800, "5 h 30 min"), (900, "15 min")],
)
def test_a_zone_is_asked_for(seconds: float, how: str, error: float) -> None:
    """Whole quarters of an hour, give or take what a clock is off besides."""
    assert hint_of_offset(round((seconds + error) * NS)) == f"about {how} off: {ZONE}"


@pytest.mark.parametrize("seconds", [0.0, 95.0, -300.0, 800.0])
def test_small_offsets_need_no_word(seconds: float) -> None:
    assert hint_of_offset(round(seconds * NS)) == ""


def test_other_causes() -> None:
    """A wrong clock is no zone; a wrap and a clock that was never set are told apart."""
    assert hint_of_offset(4000 * NS) == "its clock is wrong: can it be set?"
    assert "32 bits" in hint_of_offset(2**32 * NS // 1000)
    assert "32 bits" in hint_of_offset(-(2**33) * NS // 1000)
    assert hint_of_offset(7 * 86_400 * NS) == "its clock is wrong: can it be set?"
    assert "ever set" in hint_of_offset(9000 * 86_400 * NS)

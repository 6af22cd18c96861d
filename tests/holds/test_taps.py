"""A hold is its taps: later, earlier, another holder, stop, and what is taken back."""

import pytest

from joey.holds.taps import HoldTap, fold_taps, why_clashes, why_refused
from joey.holds.types import Hold, Piece

START = HoldTap("t1", "start_hold", "t1", 1000.0, "mother:Sara", "mother", "skin_to_skin")
NUDGE = HoldTap("t2", "nudge", "t1", 700.0)
CHANGE = HoldTap("t3", "change_holder", "t1", 2000.0, "father:Tom", "father")
CLOTHED = HoldTap("t5", "describe", "t1", 2500.0, contact="clothed")
STOP = HoldTap("t4", "stop_hold", "t1", 3000.0, details={"end_reason": "feeding"})


def undo(tap: HoldTap, name: str = "u") -> HoldTap:
    """Return the tap that takes another back."""
    return HoldTap(name, "undo", "t1", 3100.0, of=tap.id)


def test_the_taps_of_a_hold_are_its_pieces() -> None:
    """Start, earlier start, another holder without a break, stop."""
    hold = fold_taps([START, NUDGE, CHANGE, STOP], "7")

    assert hold is not None
    assert hold.pieces == (
        Piece("mother:Sara", "mother", 700.0, 2000.0, "skin_to_skin"),
        Piece("father:Tom", "father", 2000.0, 3000.0, "skin_to_skin"),
    )
    assert (hold.id, hold.revision, hold.end) == ("t1", 3, 3000.0)
    assert hold.details["end_reason"] == "feeding"
    assert hold.details["time_source"] == "tap"


@pytest.mark.parametrize("tap", [NUDGE, CHANGE, STOP])
def test_undo_leaves_what_was_before(tap: HoldTap) -> None:
    """One tap and its undo are as if neither had been, but for the revision."""
    others = [each for each in (START, NUDGE, CHANGE, STOP) if each is not tap]
    taken_back = fold_taps([START, NUDGE, CHANGE, STOP, undo(tap)], "7")
    never = fold_taps(others, "7")

    assert taken_back is not None
    assert never is not None
    assert taken_back.pieces == never.pieces
    assert taken_back.details == never.details


def test_an_undo_can_be_taken_back() -> None:
    """Whoever pressed undo by mistake presses it once more."""
    first = undo(STOP, "u1")
    again = fold_taps([START, STOP, first, HoldTap("u2", "undo", "t1", 3200.0, of="u1")], "7")

    assert again is not None
    assert again.end == 3000.0


def test_a_start_taken_back_is_no_hold() -> None:
    """A mistaken tap leaves nothing to count."""
    assert fold_taps([START, undo(START)], "7") is None


@pytest.mark.parametrize(
    ("tap", "before", "why"),
    [
        (START, [], ""),
        (NUDGE, [START], ""),
        (STOP, [START, CHANGE], ""),
        (START, [START], "this hold has started already"),
        (STOP, [], "there is no such hold"),
        (STOP, [START, STOP], "the hold has ended already"),
        (CHANGE, [START, STOP], "the hold has ended already"),
        (HoldTap("n", "nudge", "t1", 2500.0), [START, CHANGE], "the hold would start after"),
        (HoldTap("s", "stop_hold", "t1", 900.0), [START], "before this holder's part"),
        (HoldTap("s", "stop_hold", "t1", 9999.0), [START], "that time is in the future"),
        (HoldTap("s", "start_hold", "s", 9999.0), [], "cannot start in the future"),
        (HoldTap("u", "undo", "t1", 1.0, of="zz"), [START], "nothing to take back"),
        (HoldTap("s", "start_hold", "s", 1.0, "x", "uncle"), [], "this role is not known"),
        (HoldTap("s", "start_hold", "s", 1.0, contact="near"), [], "this contact is not known"),
        (
            HoldTap("s", "stop_hold", "t1", 2000.0, details={"end_reason": "bored"}),
            [START],
            "end reason: this word is not known",
        ),
        (HoldTap("s", "hug", "t1", 1.0), [], "this tap is not known"),
        (HoldTap("n", "nudge", "t1", 700.0), [START, NUDGE], "started then already"),
        (HoldTap("n", "nudge", "t1", 704.0), [START, NUDGE], "started then already"),
        (HoldTap("n", "nudge", "t1", 640.0), [START, NUDGE], ""),
        (
            NUDGE,
            [START, HoldTap("n", "nudge", "t1", 700.0), undo(HoldTap("n", "nudge", "t1", 0.0))],
            "",
        ),
        (CLOTHED, [START], ""),
        (HoldTap("d", "describe", "t1", 1.0, contact="clothed"), [START, CLOTHED], "said already"),
        (undo(NUDGE), [START, NUDGE], ""),
        (undo(NUDGE, "v"), [START, NUDGE, undo(NUDGE)], "by another tap already"),
        (undo(NUDGE), [START, NUDGE, HoldTap("n", "nudge", "t1", 400.0)], "by another tap already"),
        (undo(START, "v"), [START, undo(START)], "by another tap already"),
    ],
)
def test_what_cannot_be_is_refused_in_words(tap: HoldTap, before: list[HoldTap], why: str) -> None:
    """A tap that contradicts the hold is not taken, and the tablet can say why."""
    found = why_refused(tap, before, 5000.0)

    assert why in found
    assert bool(found) is bool(why)


EARLIER = Hold("e", "7", (Piece("", "unknown", 100.0, 800.0, "unknown"),), "unknown", 1, {})
SHORT = Hold("c", "7", (Piece("", "unknown", 720.0, 762.0, "unknown"),), "unknown", 1, {})
LATER = Hold("l", "7", (Piece("", "unknown", 3500.0, None, "unknown"),), "unknown", 0, {})


@pytest.mark.parametrize(
    ("tap", "before", "others", "why"),
    [
        (NUDGE, [START], [EARLIER], "had not ended then"),
        (HoldTap("n", "nudge", "t1", 750.0), [START], [EARLIER], ""),  # a minute is two clocks
        (NUDGE, [START], [SHORT], "began since"),  # of less than a minute, it is one none the less
        (HoldTap("n", "nudge", "t1", 750.0), [START], [SHORT], ""),
        (undo(STOP), [START, STOP], [LATER], "began since"),
        (undo(STOP), [START, STOP], [EARLIER], ""),
        (START, [], [LATER], "began since"),  # kept on a tablet meanwhile
        (HoldTap("n", "nudge", "t1", 900.0), [START, NUDGE], [EARLIER], ""),  # out of it again
        (undo(START), [START], [EARLIER, LATER], ""),
    ],
)
def test_an_infant_has_one_hold_at_a_time(
    tap: HoldTap, before: list[HoldTap], others: list[Hold], why: str
) -> None:
    """No tap moves a hold into another, or lets two run."""
    said = why_clashes(tap, before, others)

    assert why in said
    assert bool(said) == bool(why)

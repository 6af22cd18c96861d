"""Whose signals these are: two identifiers that agree, and none that contradicts."""

import pytest

from joey.people import (
    Account,
    DatedName,
    Identity,
    agree,
    fold_name,
    keys_of,
    plain_name,
    show_name,
)

MRN = Account("0012", "HOSP", "MR")
KNOWN = Identity((MRN,), ("JONES BABY BOY", "JONES JOSEPH"), "2026-03-01")
DAY = 86_400 * 10**9


@pytest.mark.parametrize(
    ("said", "certain"),
    [
        (Identity((MRN,), ("Jones Baby-Boy",)), True),
        (Identity((MRN,), (), "2026-03-01"), True),
        (Identity((Account("0012"),), ("BABY BOY JONES",), "2026-03-01"), True),
        (Identity((MRN,)), False),  # one identifier
        (Identity((), ("JONES BABY BOY",), "2026-03-01"), False),  # no number
        (Identity(), False),
        (Identity((Account("12", "HOSP", "MR"),), ("JONES BABY BOY",), "2026-03-01"), False),
        (Identity((Account("0012", "OTHER", "MR"),), ("JONES BABY BOY",)), False),
        (Identity((MRN,), ("SMITH BABY BOY",), "2026-03-01"), False),
        (Identity((MRN,), ("JONES BABY BOY",), "2026-03-02"), False),
    ],
)
def test_two_identifiers_agree_or_a_person_confirms(said: Identity, certain: bool) -> None:
    """A number and one thing more agree, and nothing contradicts; leading zeros count."""
    found = agree(said, KNOWN)

    assert found.certain is certain
    assert bool(found.words) is not certain


def test_why_a_person_is_asked_names_no_value() -> None:
    """The words say what disagrees, never a name or a number."""
    words = agree(Identity((Account("99"),), ("SMITH",)), KNOWN).words

    assert words == "the monitor's record number and name are not the admitted infant's"


def test_record_numbers_are_tried_first() -> None:
    """Numbers of a visit or an account find no infant."""
    visit, patient = Account("7", "HOSP", "VN"), Account("8", "HOSP", "PI")

    assert keys_of((visit, patient, MRN)) == (MRN, patient)


@pytest.mark.parametrize(
    ("days", "formerly"), [(0.1, "JONES, BABY BOY"), (6.9, "JONES, BABY BOY"), (7.1, "")]
)
def test_the_name_before_stays_visible_for_a_week(days: float, formerly: str) -> None:
    """Whoever knew the infant by the old name finds it again."""
    names = [DatedName("JONES", "BABY BOY", 0), DatedName("JONES", "JOSEPH", DAY)]
    shown = show_name(names, DAY + int(days * DAY))

    assert (shown.text, shown.formerly) == ("JONES, JOSEPH", formerly)


@pytest.mark.parametrize(
    "sign", [*"\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"]
)
def test_no_sign_turns_a_name(sign: str) -> None:
    """It is shown in the direction of its letters, and is the same name as without the sign."""
    name = DatedName(f"{sign}JON{sign}ES", f"BABY {sign}BOY", 0)

    assert show_name([name], 0).text == "JONES, BABY BOY"
    assert fold_name(f"JON{sign}ES BABY BOY") == fold_name("JONES BABY BOY")


def test_letters_of_a_script_keep_what_joins_them() -> None:
    """Hebrew is Hebrew; a joiner of Persian or of an Indian script is part of the name."""
    for name in ("כהן", "می\u200cشود", "क्\u200dष"):
        assert plain_name(name) == name


def test_spelling_is_no_new_name() -> None:
    """Accents, capitals, signs and order do not make another person."""
    assert fold_name("José Bebé") == fold_name("BEBE, JOSE")
    assert fold_name("JONES A") != fold_name("JONES B")

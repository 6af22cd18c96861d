"""What belongs together: the windows of ABD and BD at their edges, and the letters of episodes."""

from dataclasses import replace

import pytest

from joey.events import (
    PRESETS,
    Event,
    Events,
    Preset,
    find_ab,
    find_abd,
    find_ad,
    find_aop_apneas,
    find_bd,
    spells,
)
from joey.spans import EMPTY, Span, Spans

NAN = float("nan")
WHOLE = Spans.of([(0.0, 3600.0)])


def events(preset: Preset, *spans: tuple[float, float], searched: Spans = WHOLE) -> Events:
    source = {"a": "breath", "b": "beat", "d": "numeric"}[preset.kind[0]]
    if preset.kind == "apnea":
        source = "breath"
    items = tuple(
        Event(preset.kind, Span(*span), NAN, NAN, NAN, span[1] - span[0], 0.0, source)
        for span in spans
    )
    return Events(items, searched, preset)


def apneas(*spans: tuple[float, float]) -> Events:
    return events(PRESETS["central10"], *spans)


def bradys(*spans: tuple[float, float]) -> Events:
    return events(PRESETS["brady_abd"], *spans)


def desats(*spans: tuple[float, float]) -> Events:
    return events(PRESETS["desat_abd"], *spans)


APNEA = apneas((100, 112))


@pytest.mark.parametrize(
    ("b", "d", "is_abd"),
    [
        (95.0, 100.0, True),  # first moments of both windows
        (127.0, 137.0, True),  # last moments
        (94.9, 110.0, False),
        (127.1, 110.0, False),
        (110.0, 99.9, False),
        (110.0, 137.1, False),
    ],
)
def test_abd_windows(b: float, d: float, is_abd: bool) -> None:
    found = find_abd(APNEA, bradys((b, b + 6)), desats((d, d + 12)))
    assert len(found.items) == int(is_abd)


def test_abd_windows_are_parameters() -> None:
    wide = replace(PRESETS["abd"], b_window=(-5.0, 60.0), d_window=(0.0, 60.0))
    late = (bradys((150, 155)), desats((160, 175)))
    assert find_abd(APNEA, *late).items == ()
    assert len(find_abd(APNEA, *late, wide).items) == 1


def test_abd_spans_its_members_and_says_their_sources() -> None:
    (event,) = find_abd(APNEA, bradys((98, 108)), desats((120, 150))).items
    assert event.span == Span(98.0, 150.0)
    assert event.time_below_s == 12.0
    assert event.source == "breath+beat+numeric"


def test_abd_needs_its_shortest_apnea() -> None:
    members = (bradys((105, 110)), desats((120, 150)))
    assert find_abd(apneas((100, 129.9)), *members, PRESETS["abd30"]).items == ()
    assert len(find_abd(apneas((100, 130)), *members, PRESETS["abd30"]).items) == 1
    assert find_abd(apneas((100, 109.9)), *members).items == ()


def test_doubt_and_truncation_of_a_member_are_those_of_the_whole() -> None:
    unsure = bradys((105, 110))
    unsure = replace(
        unsure, items=(replace(unsure.items[0], quality="doubtful: noise", truncated=True),)
    )
    (event,) = find_abd(APNEA, unsure, desats((120, 150))).items
    assert (event.quality, event.truncated) == ("doubtful: noise", True)


def test_combinations_were_searched_where_all_members_were() -> None:
    part = events(PRESETS["desat_abd"], searched=Spans.of([(1000.0, 2000.0)]))
    assert find_abd(APNEA, bradys(), part).searched == Spans.of([(1000.0, 2000.0)])
    never = replace(part, searched=EMPTY, reason="no SpO2 in the recording")
    assert find_abd(APNEA, bradys(), never).reason == "no SpO2 in the recording"


@pytest.mark.parametrize(
    ("d", "is_bd"),
    [
        ((95.0, 97.0), True),  # begins 5 s before
        ((94.9, 99.0), False),
        ((50.0, 100.1), True),  # overlaps, however early it began
        ((50.0, 100.0), False),  # only touches
        ((135.0, 150.0), True),  # begins 25 s after the end
        ((135.1, 150.0), False),
    ],
)
def test_bd_windows(d: tuple[float, float], is_bd: bool) -> None:
    found = find_bd(bradys((100, 110)), desats(d))
    assert len(found.items) == int(is_bd)


def test_linked_bradycardias_and_desaturations_are_one_bd() -> None:
    """Two bradycardias in one desaturation are one BD."""
    (event,) = find_bd(bradys((100, 106), (120, 126), (500, 510)), desats((103, 140))).items
    assert event.span == Span(100.0, 140.0)
    assert event.time_below_s == 12.0


def test_ab_and_ad_ask_for_one_companion() -> None:
    two = apneas((100, 112), (300, 312))
    assert len(find_ab(two, bradys((105, 110))).items) == 1
    assert len(find_ad(two, desats((110, 130), (310, 330))).items) == 2


def test_aop_consensus() -> None:
    """Over 20 s alone, or over 10 s with bradycardia or desaturation."""
    several = apneas((100, 120), (200, 220.1), (300, 310), (400, 410.1), (500, 511), (600, 612))
    found = find_aop_apneas(several, bradys((305, 310), (405, 410)), desats((510, 520)))
    assert [event.span.start for event in found.items] == [200.0, 400.0, 500.0]


def letters(a: Events | None, b: Events | None, d: Events | None) -> list[str]:
    return [spell.letters for spell in spells(a, b, d)]


def test_letters_of_apneas_alone() -> None:
    several = apneas((0, 10), (100, 114.9), (200, 215), (300, 319.9), (400, 420), (500, 508))
    assert letters(several, None, None) == ["A10", "A10", "A15", "A15", "A20", "A"]


def test_letters_of_combinations_in_time_order() -> None:
    a = apneas((100, 112), (300, 312), (500, 512))
    b = bradys((105, 110), (505, 510), (700, 705), (900, 905))
    d = desats((120, 140), (320, 340), (710, 730), (1100, 1120))
    assert letters(a, b, d) == ["ABD", "AD", "AB", "BD", "B", "D"]


def test_each_event_is_in_one_episode() -> None:
    """A cascade of apneas in one long desaturation is one row with all its members."""
    a, b, d = apneas((100, 112), (118, 130)), bradys((105, 110), (122, 128)), desats((115, 160))
    (spell,) = spells(a, b, d)
    assert (spell.letters, spell.span, len(spell.members)) == ("ABD", Span(100.0, 160.0), 5)


def test_no_events_no_spells() -> None:
    assert spells(None, None, None) == ()

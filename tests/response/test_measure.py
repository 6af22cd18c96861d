"""From a recording and a hold to its response: the whole path on numerics, without waveforms."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace
from fractions import Fraction

import numpy as np
import pytest

from joey.features import Material, feature_settings
from joey.holds import Context, Entry, Exclusions, Hold, Phases, PhaseSettings, Piece
from joey.reports.page import render
from joey.response import Response, Settings, analyze, measure_response
from joey.response.stats import IntervalRules, Part, difference
from joey.signals import Channel, Clock, Recording, Series, Source, cut, measured, quantize
from joey.spans import Span, Spans, intersect
from joey.web.reports import lines_of

START = 1_900_000_000.0 // 86400 * 86400 + 13 * 3600.0  # 13:00 UTC of a day to come
ZERO = START - 4 * 3600
HOURS = 9
AXILLA = Channel("temp", "Cel", site="axilla", source="x/T")
VERDICTS = re.compile(
    r"\b(good|better|worse|best|bad|improv|deteriorat|benefi|harm|calm|safe)", re.IGNORECASE
)


def numeric(
    quantity: str,
    unit: str,
    level: float,
    spread: float,
    seed: int,
    shift: float = 0.0,
    hours: float = HOURS,
) -> Series:
    """A numeric at 1 Hz: AR(1) of 30 s memory, a shift while held, whole numbers."""
    n = round(hours * 3600)
    rng = np.random.default_rng(seed)
    rho = np.exp(-1 / 30)
    values = np.empty(n)
    values[0] = rng.standard_normal()
    noise = np.sqrt(1 - rho**2) * rng.standard_normal(n)
    for k in range(1, n):
        values[k] = rho * values[k - 1] + noise[k]
    times = ZERO + np.arange(n)
    held = (times >= START) & (times < START + 95 * 60)
    channel = Channel(
        quantity, unit, source=f"x/{quantity}", averaging_s=8.0 if quantity == "spo2" else None
    )
    return Series(channel, times, np.rint(level + spread * values + shift * held), np.ones(n))


def hold(**changes: object) -> Hold:
    details = {
        "position": "upright",
        "time_source": "tap",
        "logged_by": "nurse",
        "end_reason": "planned_end",
    }
    piece = Piece("m", "mother", START, START + 95 * 60, "skin_to_skin")
    return replace(Hold("h1", "infant", (piece,), "skin_to_skin", 0, details), **changes)


@pytest.fixture(scope="module")
def recording() -> Recording:
    spo2 = numeric("spo2", "%", 94, 1, 2)
    values = spo2.values.copy()
    dip = (spo2.times >= START + 2400) & (spo2.times < START + 2420)
    values[dip] = 74.0
    heart = numeric("heart_rate", "/min", 150, 4, 1, shift=5)
    beats = heart.values.copy()
    beats[(heart.times >= START + 2395) & (heart.times < START + 2412)] = 82.0
    temperature = Series(
        AXILLA,
        ZERO + 300 * np.arange(108.0),
        36.8 + 0.1 * (np.arange(108) >= 50),
        np.full(108, 300.0),
    )
    return Recording(
        series=(replace(heart, values=beats), replace(spo2, values=values), temperature),
        clock=Clock(dated=True, zone="UTC"),
    )


@pytest.fixture(scope="module")
def context() -> Context:
    entries = tuple(
        Entry(ZERO + 60 * m, kind, value, number, unit)
        for m, kind, value, number, unit in (
            (0, "support", "cpap", np.nan, ""),
            (0, "fio2", "0.25", 0.25, "1"),
            (0, "weight", "1250", 1250.0, "g"),
            (160, "feed", "gavage_bolus", np.nan, ""),
            (262, "fio2", "0.23", 0.23, "1"),
        )
    )
    facts = {"spo2_averaging_s": "8", "probe_site_spo2": "foot"}
    return Context(entries, facts, gestational_age_days=200, birth_time=START - 20 * 86400)


@pytest.fixture(scope="module")
def response(recording: Recording, context: Context) -> Response:
    return measure_response(recording, hold(), context=context)


def row(response: Response, name: str) -> object:
    return next(each for each in response.features if each.name == name)


def test_the_chart_line_is_the_nurses_line(response: Response) -> None:
    assert response.chart_line == (
        "KC 13:00-14:35 (95 min), mother, skin-to-skin, upright; T ax 36.8 -> 36.9; "
        "FiO2 0.25 -> 0.23; 1 BD, apnea: cannot say"
    )


def test_unknown_parts_are_left_out_of_the_chart_line(recording: Recording) -> None:
    plain = replace(recording, series=recording.series[:1])
    piece = Piece("unknown", "unknown", START, START + 95 * 60)
    bare = Hold("h", "i", (piece,))
    line = measure_response(plain, bare).chart_line
    assert line == "Held 13:00-14:35 (95 min); 1 B, D and apnea: cannot say"
    assert line.isascii()


def test_the_change_is_found_within_its_interval(response: Response) -> None:
    heart = row(response, "heart_rate_monitor")
    change = heart.changes["settled"]
    assert change.low < 5 < change.high
    assert change.high - change.low < 5
    assert change.value == pytest.approx(
        heart.phases["settled"].value - heart.phases["before"].value
    )
    assert change.low < change.value < change.high
    assert change.n == 13


def test_the_interval_is_that_of_blocks_and_minutes_of_the_numeric(
    response: Response, recording: Recording
) -> None:
    """The table's interval is what the coverage test covers: same blocks, same minutes."""
    series = recording.series[1]

    def part(start: float, seconds: int) -> Part:
        values = series.values[round(start - ZERO) : round(start - ZERO) + seconds]
        blocks = values.reshape(seconds // 600, -1).mean(axis=1)
        return Part(blocks, values.reshape(-1, 60).mean(axis=1), float(seconds))

    expected = difference(part(START - 4200, 3600), part(START + 900, 4200))
    change = row(response, "spo2").changes["settled"]
    assert (change.high - change.low) / 2 == pytest.approx(float(expected.half), rel=1e-9)


def test_the_three_facts_stand_in_one_sentence_without_a_verdict(response: Response) -> None:
    sentence = row(response, "heart_rate_monitor").sentence
    assert re.search(
        r"\d\.\d beats/min higher than before \(95 % interval \d\.\d to \d\.\d\)", sentence
    )
    assert "cannot say" not in sentence  # why there is no rank is said once, for all features
    assert [why for kind, why in response.cannot_say if kind == "rank"]
    assert "the unit's 5 beats/min display threshold" in sentence


def test_the_first_minute_is_five_lines(response: Response) -> None:
    """Heart rate, breathing, SpO2, temperature and spells, each with numbers or its reason."""
    answers = dict(response.answers)
    assert list(answers) == [
        "Heart rate", "Breathing", "SpO2", "Temperature", "Events in the whole hold"
    ]  # fmt: skip
    assert re.fullmatch(
        r"1\d\d\.\d before, 1\d\d\.\d /min settled: \+\d\.\d /min "
        r"\(95 % interval \+\d\.\d to \+\d\.\d\)",
        answers["Heart rate"],
    )
    assert "percentage points" in answers["SpO2"]
    assert "before FiO2 0.25" in answers["SpO2"]
    assert "degC settled" in answers["Temperature"]
    assert answers["Events in the whole hold"].startswith("bradycardia 1 in 1.6 valid h")
    assert response.summary == "60 min before the hold against 70 min settled in it."


def test_how_much_of_before_has_data_is_said_with_its_length(recording: Recording) -> None:
    """The hold is 27 min after the data begin: of the hour before it 17 min."""
    late = cut(recording, Span(START - 27 * 60, START + 3 * 3600))
    found = measure_response(late, hold())
    assert found.summary == "17 of 60 min before the hold against 70 min settled in it."
    page = render([found])
    assert "(17 of 60 min)" in page
    (heads,) = re.findall(r'<thead><tr><th scope="col">Feature</th>(.*?)</tr>', page)
    assert heads.startswith('<th scope="col">before<span class="line">17 of 60 min</span></th>')
    assert heads.count("min</span>") == 1


def test_support_and_oxygen_stand_beside_every_saturation(response: Response) -> None:
    rows = [each for each in response.features if each.group == "oxygen"]
    assert rows
    for each in rows:
        assert "before FiO2 0.25, support cpap" in each.sentence
        assert "settled FiO2 0.2" in each.sentence


@pytest.mark.parametrize(
    ("before_min", "said"),
    [
        ({3: 0.24}, "before FiO2 known only at the start (0.24), support unknown"),
        ({200: 0.30, 6: 0.24}, "before FiO2 0.30 (0.24 at the start), support unknown"),
        ({200: 0.24}, "before FiO2 0.24, support unknown"),
    ],
)
def test_the_answers_and_the_line_for_the_chart_have_one_fio2(
    before_min: dict[int, float], said: str, recording: Recording
) -> None:
    """The hour before a hold and its first moment may differ: then both are said."""
    entries = tuple(
        Entry(START - 60 * m, "fio2", f"{value}", value, "1") for m, value in before_min.items()
    )
    found = measure_response(recording, hold(), context=Context(entries))

    assert said in dict(found.answers)["SpO2"]
    assert "FiO2 0.24 -> 0.24" in found.chart_line
    assert dict(found.context)["FiO2 before"] == said.removeprefix("before FiO2 ").split(",")[0]


@pytest.mark.parametrize(
    ("born", "age"),
    [
        ({"birth_time": START - 4.75 * 86400}, "4 d"),
        ({"birth_time": START - 1.99 * 86400}, "47 h"),
        ({"birth_date": "2030-03-17"}, "0 d"),
        ({"birth_date": "2030-03-13"}, "4 d"),
        ({"birth_date": "2030-03-18"}, "unknown"),
    ],
)
def test_an_age_is_of_completed_days(
    born: dict[str, object], age: str, recording: Recording
) -> None:
    """As the pages say it; of a birth date alone by the calendar, and nothing of one to come."""
    found = measure_response(recording, hold(), context=Context(**born))  # type: ignore[arg-type]

    assert dict(found.header)["age"] == age
    assert dict(found.context)["feeds"] == "unknown"  # nothing was charted, nor said to be none


def test_events_of_the_whole_hold_stand_beside_the_settled_ones(response: Response) -> None:
    brady = next(each for each in response.events if each.found.preset.kind == "bradycardia")
    assert brady.phases["settled"].count == 1
    assert brady.phases["whole_hold"].count == 1
    assert brady.phases["whole_hold"].valid_h == pytest.approx(95 / 60, abs=0.02)
    assert brady.phases["before"].words.startswith("0 in 1.0 valid h: compatible with up to 3.7")
    assert brady.comparison == "too few to compare (1 in both together)"
    assert "last_10" not in brady.phases


def test_a_telling_end_gives_the_last_ten_minutes_their_own_line(recording: Recording) -> None:
    details = {**hold().details, "end_reason": "infant_instability"}
    found = measure_response(recording, hold(details=details))
    assert all("last_10" in each.phases for each in found.events)


def test_without_impedance_apnea_says_so_and_counts_nothing(response: Response) -> None:
    apnea = next(each for each in response.events if each.found.preset.kind == "apnea")
    assert np.isnan(apnea.phases["settled"].rate)
    assert apnea.phases["settled"].words.startswith("cannot say")


def test_every_spell_has_its_letters_and_a_strip(response: Response) -> None:
    assert [letters for _, letters in response.oxycrg.marks] == ["BD"]
    (strip,) = response.strips
    assert strip.phase == "settled"
    assert strip.counted == ("bradycardia", "desaturation", "BD")
    assert strip.apart == ""
    assert strip.span.start == pytest.approx(START + 2395 - 30, abs=1.5)
    assert {track.quantity for track in strip.tracks} == {"heart_rate", "spo2"}


def test_no_track_is_longer_than_a_page_can_hold(response: Response) -> None:
    shown = [t.quantity for t in response.oxycrg.tracks]
    assert shown == ["heart_rate", "spo2", "resp", "temp", "fio2"]
    assert max(len(t.times) for t in response.oxycrg.tracks) <= 2100


def test_the_three_classic_strips_are_there_even_if_never_measured(recording: Recording) -> None:
    """Heart rate, SpO2 and respiration; temperature and FiO2 only where they were measured."""
    bare = replace(recording, series=recording.series[1:2])
    tracks = measure_response(bare, hold()).oxycrg.tracks
    assert [(t.quantity, len(t.times) > 0) for t in tracks] == [
        ("heart_rate", False), ("spo2", True), ("resp", False)
    ]  # fmt: skip
    rate = numeric("resp_rate", "/min", 50, 5, 9)
    told = measure_response(replace(bare, series=(rate,)), hold()).oxycrg.tracks
    assert [t.label for t in told] == ["Heart rate", "SpO2", "Breathing rate, monitor"]
    assert len(told[2].times) > 0


def test_the_header_prints_unknown_where_nothing_is_known(
    recording: Recording, response: Response
) -> None:
    known = dict(response.header)
    assert known["gestational age"] == "28+4 weeks"
    assert known["postmenstrual age"] == "31+3 weeks"
    assert known["age"] == "20 d"
    assert known["weight"] == "1250 g (charted 4 h before the hold)"
    assert known["SpO2 averaging time"] == "8 s"
    assert known["times logged"] == "tap at the bedside, by nurse"
    stamps = {**hold().details, "logged_at": "2030-03-17T13:36:00Z; 2030-03-18T01:05:00+01:00; x"}
    berlin = replace(recording, clock=Clock(dated=True, zone="Europe/Berlin"))
    told = dict(measure_response(berlin, hold(details=stamps)).header)
    at = "14:36; 2030-03-18 01:05; x"
    assert told["times logged"] == f"tap at the bedside, by nurse, at {at}"
    unknown = dict(measure_response(recording, hold(details={})).header)
    assert unknown.pop("SpO2 averaging time") == "8 s"
    assert unknown.pop("probe sites") == "temperature axilla"
    assert set(unknown.values()) == {"unknown"}


def words(value: object) -> list[str]:
    """Every text of a response, however deep."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [w for each in value.values() for w in words(each)]
    if isinstance(value, tuple | list):
        return [w for each in value for w in words(each)]
    if is_dataclass(value) and not isinstance(value, (Spans, Material)):
        return [
            w
            for each in fields(value)
            if each.name not in ("quality", "hold")
            for w in words(getattr(value, each.name))
        ]
    return []


def test_no_word_judges_the_infant(response: Response) -> None:
    said = words(response)
    assert len(said) > 100
    assert [each for each in said if VERDICTS.search(each)] == []


def test_a_running_hold_is_provisional(recording: Recording) -> None:
    cut = replace(recording, series=tuple(
        replace(s, times=s.times[s.times < START + 4200], values=s.values[s.times < START + 4200],
                valid_s=s.valid_s[s.times < START + 4200])
        for s in recording.series
    ))  # fmt: skip
    piece = Piece("m", "mother", START, None, "skin_to_skin")
    found = measure_response(cut, hold(pieces=(piece,)))
    assert found.phases.provisional
    assert "provisional" in found.summary
    assert found.chart_line.startswith("KC 13:00- (70 min so far), mother")


def test_exclusions_are_taken_out_and_printed(recording: Recording) -> None:
    spans = Spans.of([(START + 2390, START + 2430)])
    exclusions = Exclusions(spans, {}, ("every channel excluded: probe moved",))
    found = measure_response(recording, hold(), exclusions=exclusions)
    assert found.excluded == spans
    assert found.exclusion_notes == exclusions.notes
    assert found.strips == ()
    settled = row(found, "spo2").phases["settled"]
    assert settled.coverage == pytest.approx(1 - 40 / 4200, abs=1e-3)


def test_exclusions_take_out_what_was_charted_too(recording: Recording) -> None:
    """A temperature taken by hand in an excluded span does not count, nor an FiO2 set in it."""
    charted = Context(
        (
            Entry(ZERO, "fio2", "0.25", 0.25, "1"),
            Entry(START - 1200, "temp", "35.0", 35.0, "Cel", "axilla"),
            Entry(START + 3000, "temp", "36.9", 36.9, "Cel", "axilla"),
            Entry(START + 3000, "fio2", "0.40", 0.4, "1"),
        )
    )
    bare = replace(recording, series=recording.series[:2])
    out = Spans.of([(START - 1500, START - 900), (START + 2700, START + 3600)])
    for exclusions in (
        Exclusions(out, {}, ("x",)),
        Exclusions(channels={"temp": out, "fio2": out}, notes=("x",)),
    ):
        found = analyze(bare, charted, exclusions=exclusions)
        (oxygen,), (temperature,) = found.around.oxygen, found.around.temperatures
        assert not np.isfinite(temperature.values).any()
        assert set(oxygen.values) == {0.25}
        assert not len(intersect(measured(oxygen), out))
        known = measured(oxygen).bounds
        assert known[-1, 1] == START + 2700  # then a value not known was set
        assert START - 900 in known  # what stood before the first span stands after it


def test_phases_of_unlike_coverage_carry_a_warning(recording: Recording) -> None:
    exclusions = Exclusions(Spans.of([(START + 900, START + 2700)]), {}, ("x",))
    found = measure_response(recording, hold(), exclusions=exclusions)
    warning = "coverage differs: 100 % before, 57 % settled"
    assert warning in row(found, "spo2").sentence
    assert warning in dict(found.answers)["SpO2"]
    desat = next(each for each in found.events if each.found.preset.kind == "desaturation")
    assert warning in desat.comparison


def test_too_little_before_gives_no_change(recording: Recording) -> None:
    exclusions = Exclusions(Spans.of([(START - 4200, START - 1500)]), {}, ("x",))
    change = row(measure_response(recording, hold(), exclusions=exclusions), "spo2").changes[
        "settled"
    ]
    assert np.isnan(change.value)
    assert change.reason == "cannot say: 15 valid min of before, 20 min are needed"


def test_nearly_enough_is_not_written_as_enough(recording: Recording) -> None:
    exclusions = Exclusions(Spans.of([(START - 4200, START - 1799)]), {}, ("x",))
    found = measure_response(recording, hold(), exclusions=exclusions)
    said = row(found, "spo2").changes["settled"].reason
    assert said == "cannot say: 19 valid min of before, 20 min are needed"


def test_a_hold_before_it_is_why_there_is_no_before(recording: Recording) -> None:
    """The signals are there: it, and 15 min of its transfer out, take all but 5 min."""
    piece = Piece("m", "mother", START - 4800, START - 1800, "skin_to_skin")
    earlier = hold(id="earlier", pieces=(piece,))
    found = measure_response(recording, hold(), others=(earlier,))
    said = row(found, "spo2").changes["settled"].reason
    assert said == "cannot say: other holds leave 5 min of before, 20 min are needed"


def test_a_hold_too_short_for_a_settled_part_says_so(recording: Recording) -> None:
    piece = Piece("m", "mother", START, START + 1200, "skin_to_skin")
    found = measure_response(recording, hold(pieces=(piece,)))
    short = "the hold of 20 min has no settled part: the transfers of a hold take 25 min"
    why = f"{short}, and 15 min settled are asked for"
    assert ("change", f"any feature: {why}") in found.cannot_say
    assert "No change could be measured" in found.summary
    assert dict(found.answers)["Temperature"] == f"cannot say: {why}"
    assert row(found, "spo2").sentence.startswith(f"change: cannot say: {why}; ")
    assert {each.comparison for each in found.events if not each.found.reason} == {
        f"cannot say: {why}"
    }
    assert why in found.notes


def test_a_hold_outside_the_recording_measures_nothing_and_says_it(recording: Recording) -> None:
    piece = Piece("m", "mother", START + 90000, START + 96000)
    found = measure_response(recording, hold(pieces=(piece,)))
    assert all(np.isnan(each.changes["settled"].value) for each in found.features)


def test_short_phases_may_be_asked_for(recording: Recording) -> None:
    settings = Settings(phases=PhaseSettings().scaled(0.1))
    found = measure_response(recording, hold(), settings=settings)
    assert found.phases.spans["before"].bounds[0].tolist() == [START - 420, START - 60]
    assert found.settings["phases.before_len"] == "6"


def test_invented_and_simulated_are_said_at_the_top(recording: Recording) -> None:
    details = {**hold().details, "time_source": "invented"}
    found = measure_response(replace(recording, simulated=True), hold(details=details))
    assert (found.invented, found.simulated) == (True, True)
    assert found.summary.startswith("Simulated data. The hold is invented")
    assert "simulated" in found.chart_line


def test_the_same_inputs_give_the_same_hash_and_others_another(
    recording: Recording, response: Response, context: Context
) -> None:
    again = measure_response(recording, hold(), context=context)
    assert again.data_hash == response.data_hash
    assert words(again) == words(response)
    changed = measure_response(recording, hold(), context=context, settings=Settings(few_events=6))
    assert changed.data_hash != response.data_hash


def test_another_mapping_of_one_file_is_another_input(recording: Recording) -> None:
    """What each channel was taken for is printed and is in the hash, though the bytes are one."""
    file = replace(recording, sources=(Source("x.csv", "0" * 64, "table"),))
    heart, *rest = file.series
    other = replace(heart, channel=replace(heart.channel, quantity="pulse_rate"))
    one, two = (
        measure_response(each, hold()) for each in (file, replace(file, series=(other, *rest)))
    )
    assert one.data_hash != two.data_hash
    assert one.settings["channels.x/heart_rate"] == "heart_rate [/min]"
    assert two.settings["channels.x/heart_rate"] == "pulse_rate [/min]"


def test_the_rules_of_the_features_are_printed(response: Response) -> None:
    """What moves a feature's number stands among the settings."""
    rules = feature_settings(Settings().variability)
    assert rules
    assert {name: response.settings[f"features.{name}"] for name in rules} == rules


def test_one_analysis_serves_several_holds(
    recording: Recording, context: Context, response: Response
) -> None:
    seen: list[tuple[float, str]] = []
    findings = analyze(recording, context, progress=lambda share, said: seen.append((share, said)))
    assert words(measure_response(recording, hold(), findings=findings)) == words(response)
    shares = [share for share, _ in seen]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)


def test_an_undated_recording_counts_from_its_start(recording: Recording) -> None:
    undated = replace(
        recording,
        series=tuple(replace(s, times=s.times - ZERO) for s in recording.series),
        clock=Clock(dated=False),
    )
    piece = Piece("m", "mother", START - ZERO, START - ZERO + 5700, "skin_to_skin")
    line = measure_response(undated, hold(pieces=(piece,))).chart_line
    assert line.startswith("KC 04:00:00-05:35:00 (95 min), mother")


def test_holders_breathing_makes_apnea_a_cannot_say(recording: Recording) -> None:
    """The impedance moves with the holder from the start of the hold on."""
    fs = Fraction(125, 8)
    n = round(4 * 3600 * float(fs))
    t = np.arange(n) / float(fs)
    held = t >= 7200
    rng = np.random.default_rng(5)
    rate = 0.9 + 0.05 * np.interp(t, np.arange(0, 14460, 20), rng.standard_normal(723))
    breath = np.sin(2 * np.pi * np.cumsum(rate) / float(fs)) + 0.6 * held * np.sin(
        2 * np.pi * 0.27 * t
    )
    resp = quantize(
        Channel("resp", "NU", source="x/RESP"), fs, round((START - 7200) * 1e9), breath, 1e-3
    )
    found = measure_response(replace(recording, signals=(resp,)), hold())
    apnea = next(each for each in found.events if each.found.preset.kind == "apnea")
    assert apnea.comparison == "cannot say (holder's breathing is visible in the impedance)"
    settled = apnea.phases["settled"]
    assert settled.valid_h == 0
    assert np.isnan(settled.rate)
    assert settled.words.endswith("cannot say (holder's breathing is visible in the impedance)")
    assert "0 found" not in settled.words
    assert " valid h" not in settled.words
    assert np.isnan(apnea.phases["settled"].rate)
    assert np.isfinite(apnea.phases["before"].rate)
    assert any("apnea in the hold: holder's breathing" in each for _, each in found.cannot_say)
    assert "holder's breathing is visible" in row(found, "resp_rate").sentence
    assert lines_of(found)[-1] == (
        "Apneas (A) of this hold are shown, and not counted here: holder's breathing is visible"
        " in the impedance"
    ), "as the bed's page says it"


def test_a_rank_is_given_where_the_record_is_long_enough() -> None:
    """Six days of numerics at the same hour: the change of +5 is larger than without a hold."""
    days = 12
    n = days * 1440
    times = START - 6 * 86400 + 60.0 * np.arange(n)
    values = np.rint(
        150
        + 3 * np.random.default_rng(3).standard_normal(n)
        + 5 * ((times >= START) & (times < START + 5700))
    )
    heart = Series(Channel("heart_rate", "/min", source="x/HR"), times, values, np.full(n, 60.0))
    found = measure_response(
        Recording(series=(heart,), clock=Clock(dated=True, zone="UTC")), hold()
    )
    rank = row(found, "heart_rate_monitor").rank
    assert rank.windows >= 10
    assert rank.days >= 5
    assert rank.smaller == rank.windows
    assert (
        f"larger than in {rank.windows} of {rank.windows} comparable hours"
        in row(found, "heart_rate_monitor").sentence
    )


def test_hours_that_vary_more_than_the_interval_allows_withhold_it() -> None:
    """A slow wave of 3 h moves the same difference in every other hour too."""
    n = 3 * 1440
    times = START - 36 * 3600 + 60.0 * np.arange(n)
    noise = np.random.default_rng(8).standard_normal(n)

    def with_wave(size: float) -> object:
        values = 150 + noise + size * np.sin(2 * np.pi * times / (3 * 3600))
        series = Series(
            Channel("heart_rate", "/min", source="x/HR"), times, values, np.full(n, 60.0)
        )
        settings = Settings(intervals=IntervalRules(memory_factor=0, drift_p=0))
        found = measure_response(
            Recording(series=(series,), clock=Clock(dated=True, zone="UTC")),
            hold(),
            settings=settings,
        )
        return row(found, "heart_rate_monitor")

    still = with_wave(0.0).changes["settled"]
    assert np.isfinite(still.low)
    moved = with_wave(6.0)
    assert np.isnan(moved.changes["settled"].low)
    assert np.isfinite(moved.changes["settled"].value)
    assert "without a hold, too, two such phases differ, typically by" in moved.sentence


def test_phases_of_two_probes_are_not_subtracted(recording: Recording) -> None:
    spo2 = recording.series[1]
    early = spo2.times < START
    first = replace(
        spo2,
        channel=replace(spo2.channel, site="foot"),
        values=np.where(early, spo2.values, np.nan),
    )
    second = replace(
        spo2,
        channel=replace(spo2.channel, site="hand"),
        values=np.where(early, np.nan, spo2.values),
    )
    found = measure_response(
        replace(recording, series=(recording.series[0], first, second)), hold()
    )
    change = row(found, "spo2").changes["settled"]
    assert np.isnan(change.value)
    assert "two channels" in change.reason


def test_time_above_the_target_is_said_only_where_oxygen_is_known(
    recording: Recording, context: Context
) -> None:
    settings = Settings(spo2_low=90, spo2_high=93.5)
    known = measure_response(recording, hold(), context=context, settings=settings)
    shares = [
        row(known, f"spo2_target_{part}").phases["before"].value
        for part in ("below", "inside", "above")
    ]
    assert sum(shares) == pytest.approx(100)
    assert shares[2] > 30
    unknown = measure_response(recording, hold(), settings=settings)
    above = row(unknown, "spo2_target_above").phases["before"]
    assert np.isnan(above.value)
    assert "not known" in above.reason
    assert not any(
        each.name.startswith("spo2_target") for each in measure_response(recording, hold()).features
    )


def test_room_air_has_no_upper_limit(recording: Recording) -> None:
    air = Context((Entry(ZERO, "support", "room_air"),))
    found = measure_response(
        recording, hold(), context=air, settings=Settings(spo2_low=90, spo2_high=93.5)
    )
    assert row(found, "spo2_target_above").phases["before"].value == 0


def test_the_upper_limit_on_a_low_flow_cannula_needs_its_flow(recording: Recording) -> None:
    """The same rule as everywhere: a blender's FiO2 is not what the infant breathes there."""
    rows = (
        Entry(ZERO, "support", "low_flow"),
        Entry(ZERO, "fio2", "0.30", 0.3, "1"),
        Entry(ZERO, "flow", "0.1", 0.1, "L/min"),
    )
    settings = Settings(spo2_low=90, spo2_high=93.5)
    for entries, known in ((rows, True), (rows[:2], False)):
        found = measure_response(recording, hold(), context=Context(entries), settings=settings)
        above = row(found, "spo2_target_above").phases["before"]
        assert np.isfinite(above.value) == known


def test_a_recording_of_an_ecg_that_stops_before_the_hold_is_no_error() -> None:
    """Only `after` is measured: there is nothing to compare, and that is said."""
    late = numeric("spo2", "%", 94, 1, 3)
    keep = late.times >= START + 7200
    series = replace(
        late, times=late.times[keep], values=late.values[keep], valid_s=late.valid_s[keep]
    )
    found = measure_response(
        Recording(series=(series,), clock=Clock(dated=True, zone="UTC")), hold()
    )
    spo2 = row(found, "spo2")
    assert np.isfinite(spo2.phases["after"].value)
    assert all(np.isnan(change.value) for change in spo2.changes.values())


def test_phases_hold_every_name_the_response_reads(response: Response) -> None:
    assert isinstance(response.phases, Phases)
    assert {"before", "settled", "whole_hold", "last_10"} <= set(response.phases.spans)

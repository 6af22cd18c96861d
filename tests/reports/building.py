"""Responses built by hand, to look at and to test the pages with: nothing in them was measured.

`response()` is one hold of 95 min with everything a report can carry; the other builders each
change one thing about it. The curves are drawn, not simulated: only their shape matters here.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from joey.events import Event, Events, Preset
from joey.features import Summary
from joey.holds import Hold, Phases, Piece
from joey.response import EventCount, EventRow, FeatureRow, OxyCrg, Rank, Response, Strip, Track
from joey.spans import EMPTY, Span, Spans

NAN = float("nan")
MIN = 60.0
START = datetime(2031, 3, 12, 12, 5, tzinfo=UTC).timestamp()  # 13:05 in Berlin
NO_BLOCKS = "fewer than 3 blocks of 10 min in this phase"
NO_PROBE = "no temperature was recorded in this phase"
LEAK = "cannot say (the holder's breathing is visible in the impedance)"
HOSTILE = "\"><script>alert('x')</script><img src=x onerror=alert(1)>&amp;{{7*7}}</title></svg>"

BRADY = Preset(
    "brady_uva",
    "bradycardia",
    100.0,
    at_least=4.0,
    join=4.0,
    source="Nagraj 2019, doi 10.1038/s41390-019-0488-3",
)
DESAT = Preset(
    "desat_uva",
    "desaturation",
    80.0,
    at_least=10.0,
    join=10.0,
    source="Nagraj 2019, doi 10.1038/s41390-019-0488-3",
)
BD = Preset("bd_uva", "bd", NAN, source="Joey's default")
APNEA = Preset("apnea_aop", "apnea", NAN, at_least=20.0, source="AOP consensus")
PHASES = ("before", "transfer_in", "settled", "transfer_out", "after", "whole_hold")


def phases(start: float = START, length_min: float = 95.0) -> Phases:
    """Return the phases of a hold of `length_min`, by DESIGN.md 3."""
    end = start + length_min * MIN
    spans = {
        "before": (start - 70 * MIN, start - 10 * MIN),
        "transfer_in": (start - 10 * MIN, start + 15 * MIN),
        "settled": (start + 15 * MIN, end - 10 * MIN),
        "transfer_out": (end - 10 * MIN, end + 15 * MIN),
        "after": (end + 15 * MIN, end + 75 * MIN),
        "whole_hold": (start, end),
    }
    return Phases({name: Spans.of([span]) for name, span in spans.items()})


def feature(name: str, label: str, unit: str, group: str, values: tuple[float, ...]) -> FeatureRow:
    """A feature with a value in five phases, changes against the first, and everything said."""
    names = PHASES[:5]
    width = abs(values[0]) * 0.02 + 0.2
    found = {
        phase: Summary(value, value - width, value + width, unit, 6, 0.97 - 0.04 * k)
        for k, (phase, value) in enumerate(zip(names, values, strict=True))
    }
    changes = {
        phase: Summary(
            value - values[0],
            value - values[0] - 1.5 * width,
            value - values[0] + 1.5 * width,
            unit,
            6,
            0.95,
        )
        for phase, value in zip(names[1:], values[1:], strict=True)
    }
    for phase in ("transfer_in", "transfer_out"):
        lone = changes[phase]
        changes[phase] = replace(lone, low=NAN, high=NAN, n=2, reason=NO_BLOCKS)
    change = changes["settled"].value
    return FeatureRow(
        name=name,
        label=label,
        unit=unit,
        group=group,
        source="chart-3/II",
        decimals=1 if abs(values[0]) > 3 else 2,
        phases=found,
        changes=changes,
        rank=Rank(96, 100, 12, usual=False, reason="matched on hour and PMA within 7 days"),
        display_threshold={"/min": 5.0, "%": 2.0, "Cel": 0.2}.get(unit, NAN),
        passes=abs(change) >= 5.0 if unit == "/min" else None,
        sentence=(
            f"{abs(change):.1f} {unit} {'higher' if change > 0 else 'lower'} than before "
            f"(95 % interval {change - 1.5 * width:.1f} to {change + 1.5 * width:.1f}); "
            "larger than in 96 of 100 comparable hours without a hold; "
            f"{'reaches' if abs(change) >= 5 else 'below'} the unit's display threshold."
        ),
    )


def silent(name: str, label: str, unit: str, group: str, reason: str) -> FeatureRow:
    """A feature of which nothing can be said, in no phase."""
    nothing = Summary(NAN, NAN, NAN, unit, 0, 0.0, reason)
    return FeatureRow(
        name=name,
        label=label,
        unit=unit,
        group=group,
        source="",
        decimals=1,
        phases=dict.fromkeys(PHASES[:5], nothing),
        changes=dict.fromkeys(PHASES[1:5], nothing),
        rank=Rank(None, 0, 0, usual=None, reason=reason),
        display_threshold=NAN,
        passes=None,
        sentence=f"Cannot say: {reason}.",
    )


def features() -> tuple[FeatureRow, ...]:
    """Ten features of four groups, two of them silent and one in part."""
    temp = feature(
        "temp_axilla", "Temperature, axilla", "Cel", "temperature", (36.8, 36.7, 36.9, 36.9, 36.8)
    )
    some = {**temp.phases, "transfer_in": Summary(NAN, NAN, NAN, "Cel", 0, 0.0, NO_PROBE)}
    some_changes = {**temp.changes, "transfer_in": Summary(NAN, NAN, NAN, "Cel", 0, 0.0, NO_PROBE)}
    return (
        feature(
            "hr_mean", "Heart rate, mean", "/min", "heart", (152.3, 161.0, 146.2, 155.1, 150.7)
        ),
        feature("sdnn", "SDNN", "ms", "heart", (14.1, 19.3, 17.8, 18.0, 14.9)),
        feature("rmssd", "RMSSD", "ms", "heart", (4.8, 5.9, 6.1, 5.5, 5.0)),
        feature("sampen", "Sample entropy", "1", "heart", (0.71, 0.42, 0.88, 0.55, 0.76)),
        feature(
            "rr_mean", "Breathing rate, mean", "/min", "breathing", (54.0, 61.2, 48.9, 58.3, 52.2)
        ),
        silent("pb_share", "Periodic breathing", "%", "breathing", LEAK),
        feature("spo2_mean", "SpO2, mean", "%", "oxygen", (93.1, 91.0, 94.6, 92.2, 93.4)),
        feature("spo2_below_88", "Time below 88 %", "%", "oxygen", (4.2, 9.9, 1.8, 6.1, 3.9)),
        replace(temp, phases=some, changes=some_changes),
        silent(
            "temp_skin", "Temperature, skin", "Cel", "temperature", "no skin probe in the recording"
        ),
    )


def event(kind: str, at: float, lasts: float, nadir: float) -> Event:
    """One spell."""
    return Event(
        kind, Span(at, at + lasts), nadir, at + lasts / 2, 80.0, lasts - 1.0, 0.0, "numeric"
    )


def count(n: int, valid_h: float) -> EventCount:
    """A count with its rate: the interval is made up."""
    if valid_h == 0:
        return EventCount(0, 0.0, NAN, NAN, NAN, 0.0, 0, "cannot say: nothing was searched")
    rate = n / valid_h
    words = (
        f"{n} in {valid_h:.1f} valid h: {rate:.1f} per hour (95 % interval 0.1 to {rate + 3:.1f})"
    )
    if n == 0:
        words = f"0 in {valid_h:.1f} valid h: compatible with up to {3.7 / valid_h:.1f} per hour"
    return EventCount(
        n, valid_h, rate, 0.1 if n else 0.0, rate + 3.7 / valid_h, 11.0 * n, min(n, 2), words
    )


def event_row(
    preset: Preset, label: str, items: tuple[Event, ...], counts: tuple[int, ...]
) -> EventRow:
    """A preset with its events and its counts by phase."""
    hours = (0.98, 0.37, 1.08, 0.40, 1.0, 1.5)
    words = f"{label}: {preset.name}+join{preset.join:.0f}, below {preset.below:g} for at least"
    return EventRow(
        label=label,
        definition=f"{words} {preset.at_least:g} s ({preset.source})",
        found=Events(items, Spans.of([(START - 70 * MIN, START + 170 * MIN)]), preset),
        phases={name: count(n, h) for name, n, h in zip(PHASES, counts, hours, strict=True)},
        comparison="Fewer than 5 events in all: no comparison of rates.",
    )


def tracks(span: Span, seed: int = 1) -> tuple[Track, ...]:
    """Curves that look like an OxyCRG, one value each 5 s; no heart rate for 6 min."""
    rng = np.random.default_rng(seed)
    t = np.arange(span.start, span.end, 5.0)
    hr = 150 + 6 * np.sin(t / 900) + rng.normal(0, 3, len(t))
    hr[(t > START + 20 * MIN) & (t < START + 85 * MIN)] -= 5
    hr[np.abs(t - (START + 36 * MIN)) < 12] = 68
    hr[np.abs(t - (START - 2 * MIN)) < 12] = 228
    hr[(t > START - 4 * MIN) & (t < START + 2 * MIN)] = np.nan
    spo2 = np.clip(np.round(94 + 2 * np.sin(t / 500) + rng.normal(0, 1, len(t))), 60, 100)
    spo2[np.abs(t - (START + 36 * MIN)) < 20] = 66
    spo2[np.abs(t - (START + 7 * MIN)) < 90] = np.nan
    size = 1 + 0.3 * np.sin(t / 300) + rng.normal(0, 0.1, len(t))
    size[np.abs(t - (START + 2 * MIN)) < 120] *= 4
    temp_t = np.arange(span.start + 10 * MIN, span.end, 30 * MIN)
    temp = np.linspace(36.7, 37.0, len(temp_t))
    fio2_t = np.array([span.start, START - 5 * MIN, START + 25 * MIN, START + 80 * MIN])
    none = np.empty(0)
    return (
        Track("heart_rate", "Heart rate", "/min", "line", t, hr, none),
        Track("spo2", "SpO2", "%", "line", t, spo2, none),
        Track("resp", "Respiration", "NU", "envelope", t, -size, size),
        Track("temp", "Temperature, axilla", "Cel", "line", temp_t, temp, none),
        Track("fio2", "FiO2", "1", "steps", fio2_t, np.array([0.25, 0.30, 0.23, 0.25]), none),
    )


def strip(found: Event, letters: str, counted: str, phase: str, fs: float = 250.0) -> Strip:
    """The signals around one event: spikes for an ECG, sines for the rest."""
    span = Span(found.span.start - 30.0, found.span.end + 30.0)
    t = np.arange(span.start, span.end, 1 / fs)
    inside = (t >= found.span.start) & (t < found.span.end)
    rng = np.random.default_rng(int(found.span.start) % 1000)
    beat = np.cumsum(np.where(inside, 1.2, 2.5) / fs) % 1.0
    ecg = np.exp(-(((beat - 0.5) / 0.02) ** 2)) + 0.02 * rng.normal(size=len(t))
    ecg[(t > span.end - 9) & (t < span.end - 6)] = np.nan
    rt = t[:: int(fs // 62.5)]
    resp = np.where((rt >= found.span.start - 5) & (rt < found.span.end), 0.05, 1.0) * np.sin(
        6 * rt
    )
    st = np.arange(np.ceil(span.start), span.end, 1.0)
    spo2 = np.where((st > found.span.start + 8) & (st < found.span.end + 12), 78.0, 94.0)
    none = np.empty(0)
    return Strip(
        found,
        letters,
        (counted,),
        phase,
        span,
        (
            Track("ecg", "ECG II", "mV", "line", t, ecg, none),
            Track("resp", "Respiration", "NU", "line", rt, resp, none),
            Track("spo2", "SpO2", "%", "line", st, spo2, none),
        ),
    )


def response(strips: int = 4) -> Response:
    """One hold of 95 min with everything a report can carry, invented, of simulated data."""
    span = Span(START - 70 * MIN, START + 170 * MIN)
    places = ((-41, "before"), (36, "settled"), (52, "settled"), (138, "after"))
    events = [
        event("bradycardia", START + at * MIN + 7 * round_, 12.0, 66.0)
        for round_ in range(max(1, -(-strips // 4)))
        for at, _ in places
    ]
    desat = event("desaturation", START + 36 * MIN + 6, 31.0, 66.0)
    both = event("bd", START + 36 * MIN, 37.0, 66.0)
    doubtful = replace(
        event("desaturation", START + 8 * MIN, 22.0, 74.0),
        quality="doubtful: motion",
        truncated=True,
    )
    letters = ("B", "BD", "B", "B")
    return Response(
        hold=Hold(
            "hold-1",
            "infant-3",
            (Piece("m-3", "mother", START, START + 95 * MIN),),
            "skin_to_skin",
            details={"position": "upright", "time_source": "tap", "logged_by": "nurse 7"},
        ),
        phases=phases(),
        header=(
            ("Gestational age", "29 weeks 4 days"),
            ("Postmenstrual age", "31 weeks 2 days"),
            ("Age", "12 days"),
            ("Weight", "1.42 kg"),
            ("Support", "CPAP 6 cmH2O"),
            ("Caffeine", "yes, 10 mg/kg"),
            ("SpO2 averaging", "unknown"),
            ("Probe sites", "SpO2 right foot; temperature axilla"),
            ("Times logged", "by tap, nurse 7"),
        ),
        summary="60 min before the hold against 70 min settled in it.",
        answers=(
            (
                "Heart rate",
                "152.3 before, 146.2 /min settled: -6.1 /min (95 % interval -10.8 to -1.4)",
            ),
            ("SpO2", "94.2 before, 94.6 % settled: +0.4 percentage points (no interval)"),
            ("Events in the whole hold", "bradycardia 1 in 1.5 valid h; desaturation 1"),
        ),
        cannot_say=(
            ("change", "Skin temperature: no skin probe in the recording"),
            ("events", "apnea in the hold: the holder's breathing is visible in the impedance"),
            ("events", "Desaturation: made up for the page"),
        ),
        chart_line=(
            "KC 13:05-14:40 (95 min), mother, skin-to-skin, upright; T ax 36.8 -> 36.9; "
            "FiO2 0.25 -> 0.23; 1 BD"
        ),
        chart_note="Spells that began in the hold, each counted once.",
        features=features(),
        events=(
            event_row(BRADY, "Bradycardia", tuple(events), (1, 0, 2, 0, 1, 2)),
            event_row(DESAT, "Desaturation", (doubtful, desat), (0, 1, 1, 0, 0, 2)),
            event_row(BD, "Bradycardia with desaturation", (both,), (0, 0, 1, 0, 0, 1)),
            replace(
                event_row(APNEA, "Apnea", (), (0, 0, 0, 0, 0, 0)),
                found=Events((), EMPTY, APNEA, LEAK),
                phases=dict.fromkeys(PHASES, count(0, 0.0)),
                comparison=LEAK,
            ),
        ),
        oxycrg=OxyCrg(
            span,
            tracks(span),
            (
                *zip(events, letters * (len(events) // 4), strict=True),
                (desat, "D"),
                (doubtful, "D"),
            ),
        ),
        strips=tuple(
            strip(events[k], letters[k % 4], "bradycardia", places[k % 4][1]) for k in range(strips)
        ),
        context=(
            ("FiO2", "before 0.25, settled 0.23, after 0.25"),
            ("Support", "CPAP 6 cmH2O throughout"),
            ("Feeds", "13:40 gavage, mother's milk, 22 ml"),
        ),
        methods=(
            "Heart beats from ECG lead II at 250 Hz; R times interpolated between samples.",
            "95 % intervals: Welch t on means of 10-min blocks; none with fewer than 3 blocks.",
            "Comparable hours: same hour of day within 1 h, same time from feed within 20 min.",
        ),
        quality=(
            "ECG II: 96 % of the shown time good, 2.5 % absent, 1.5 % motion.",
            "Holder's breathing leaks into the impedance while settled (peak at 0.28 Hz).",
        ),
        excluded=Spans.of([(START + 110 * MIN, START + 118 * MIN)]),
        exclusion_notes=("14:55-15:03, nappy change (reviewer)",),
        settings={
            "before_min": "60",
            "transfer_in_min": "-10 to +15",
            "block_min": "10",
            "join_brady_s": "4",
            "phases.temperature_settled_after": "30",
            "features.hrv_bands": "VLF 0.01-0.04 Hz, LF 0.04-0.2 Hz, HF 0.2-2 Hz",
            "channels.monitor_numerics/pulse_rate:foot": "pulse_rate foot [/min]",
        },
        sources=(
            ("infant3_ecg.dat", "9f86d081884c7d659a2feaa0c55ad015" * 2),
            ("holds.csv", "60303ae22b998861" * 4),
        ),
        data_hash="2c26b46b68ffc68ff99b453c1d304134" * 2,
        version="0.1.0",
        simulated=True,
        invented=True,
        dated=True,
        zone="Europe/Berlin",
        notes=("The clock of the monitor and of the hold log may differ by some minutes.",),
    )


def silent_response() -> Response:
    """A hold of which nothing could be measured: every number is "cannot say"."""
    whole = response()
    reason = "no ECG: nothing was recorded between 11:55 and 15:55"
    return replace(
        whole,
        summary="Nothing could be measured.",
        features=tuple(
            silent(row.name, row.label, row.unit, row.group, reason) for row in whole.features
        ),
        events=tuple(
            replace(
                row,
                found=Events((), EMPTY, row.found.preset, reason),
                phases=dict.fromkeys(PHASES, count(0, 0.0)),
                comparison=reason,
            )
            for row in whole.events
        ),
        oxycrg=OxyCrg(
            whole.oxycrg.span,
            tuple(
                replace(
                    track,
                    values=np.full_like(track.values, np.nan),
                    high=np.full_like(track.high, np.nan),
                )
                for track in whole.oxycrg.tracks
            ),
            (),
        ),
        strips=(),
    )


def open_response() -> Response:
    """A hold of two holders that still runs, of a real infant, 40 min before the data end."""
    whole = response()
    pieces = (
        Piece("m-3", "mother", START, START + 55 * MIN),
        Piece("s-1", "staff", START + 55 * MIN, None),
    )
    spans = {
        "before": [(START - 70 * MIN, START - 10 * MIN)],
        "transfer_in": [(START - 10 * MIN, START + 15 * MIN)],
        "settled": [(START + 15 * MIN, START + 50 * MIN), (START + 65 * MIN, START + 95 * MIN)],
        "change": [(START + 50 * MIN, START + 65 * MIN)],
        "whole_hold": [(START, START + 95 * MIN)],
    }
    span = Span(START - 70 * MIN, START + 95 * MIN)
    return replace(
        whole,
        hold=replace(whole.hold, pieces=pieces, revision=2),
        phases=Phases(
            {name: Spans.of(found) for name, found in spans.items()},
            provisional=True,
            notes=("The hold still runs: there is no transfer out and no after.",),
        ),
        oxycrg=OxyCrg(span, tracks(span), whole.oxycrg.marks),
        simulated=False,
        invented=False,
    )


def undated_response() -> Response:
    """A hold in a recording that carries no date: times count from its start."""
    whole = response()
    start, span = 2 * 3600.0, Span(3000.0, 4 * 3600.0)
    return replace(
        whole,
        hold=replace(whole.hold, pieces=(Piece("x", "father", start, start + 95 * MIN),)),
        phases=phases(start),
        events=(),
        oxycrg=OxyCrg(span, tracks(span), ((event("bradycardia", start + 600, 9.0, 71.0), "B"),)),
        strips=(
            strip(event("bradycardia", start + 600, 9.0, 71.0), "B", "bradycardia", "settled"),
        ),
        excluded=EMPTY,
        exclusion_notes=(),
        dated=False,
        zone="",
    )


def hostile_response() -> Response:
    """A hold in which every text a person or a file can put in tries to break out of the page."""
    whole = response(strips=1)
    row = whole.features[0]
    nothing = Summary(NAN, NAN, NAN, HOSTILE, 0, 0.0, HOSTILE)
    bad_row = replace(
        row,
        label=HOSTILE,
        unit=HOSTILE,
        group=HOSTILE,
        source=HOSTILE,
        phases={**row.phases, "transfer_in": nothing, HOSTILE: nothing},
        sentence=HOSTILE,
        rank=Rank(None, 0, 0, usual=None, reason=HOSTILE),
    )
    events = whole.events[1]
    bad_track = replace(whole.oxycrg.tracks[0], label=HOSTILE, unit=HOSTILE, quantity=HOSTILE)
    bad_event = replace(events.found.items[0], quality=f"doubtful: {HOSTILE}")
    pair, text = ((HOSTILE, HOSTILE),), (HOSTILE,)
    return replace(
        whole,
        hold=Hold(
            HOSTILE,
            HOSTILE,
            (Piece(HOSTILE, HOSTILE, START, START + 95 * MIN),),
            HOSTILE,
            details={HOSTILE: HOSTILE},
        ),
        phases=replace(whole.phases, notes=text),
        header=pair,
        summary=HOSTILE,
        cannot_say=pair,
        answers=pair,
        chart_line=HOSTILE,
        chart_note=HOSTILE,
        features=(bad_row,),
        events=(
            replace(events, label=HOSTILE, definition=HOSTILE, comparison=HOSTILE, letters=HOSTILE),
        ),
        oxycrg=replace(
            whole.oxycrg, tracks=(bad_track,), marks=((bad_event, HOSTILE),), letters=HOSTILE
        ),
        strips=(
            replace(
                whole.strips[0],
                event=bad_event,
                letters=HOSTILE,
                counted=text,
                apart=HOSTILE,
                phase=HOSTILE,
                tracks=(bad_track,),
            ),
        ),
        context=pair,
        methods=text,
        quality=text,
        exclusion_notes=text,
        settings={HOSTILE: HOSTILE},
        sources=pair,
        data_hash=HOSTILE,
        version=HOSTILE,
        notes=text,
    )


def night_response() -> Response:
    """A hold of eleven hours over midnight, with sixty listed events."""
    whole = response(strips=60)
    start = START + 8 * 3600
    span = Span(start - 70 * MIN, start + 735 * MIN)
    return replace(
        whole,
        hold=replace(
            whole.hold, id="hold-2", pieces=(Piece("f-3", "father", start, start + 660 * MIN),)
        ),
        phases=phases(start, 660.0),
        oxycrg=OxyCrg(
            span,
            tracks(span),
            tuple(
                (event("bradycardia", start + k * 11 * MIN, 9.0, 70.0), ("B", "ABD", "A20")[k % 3])
                for k in range(60)
            ),
        ),
        simulated=False,
        invented=False,
        excluded=EMPTY,
        exclusion_notes=(),
    )

"""Live equals archive: the same facts whatever the messages, their order, and restarts between."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from functools import cache
from itertools import cycle
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from joey.beats import detect_beats, join_beats
from joey.breaths import join_breaths
from joey.events import Events
from joey.live.facts import Facts
from joey.live.monitor import Monitor
from joey.live.packing import pack_resume, unpack_resume
from joey.quality import join_quality
from joey.response import analyze
from joey.serve.packing import facts_of
from joey.signals import NS, Channel, Recording, cut
from joey.simulate import simulate_infant
from joey.spans import Span, contains, overlap, union
from live.messages import message, messages_of, numeric, sent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from joey.response import Findings
    from joey.sources.hl7.types import Observations

Sent = "list[tuple[Observations, int]]"


@cache
def recorded(seed: int, minutes: float = 14.0, begin: float = 6.0) -> Recording:
    """Return some minutes of an infant, from between two 10-min marks to after the next."""
    whole = sent(simulate_infant(0.5, seed, holds=0).recording)
    start = whole.span.start + 60 * begin
    return cut(whole, Span(start, start + 60 * minutes))


def heard(messages: Iterable[tuple[Observations, int]], monitor: Monitor) -> list[Facts]:
    """Return all facts of a stream, its end too."""
    told = [monitor.take(each, k, at) for k, (each, at) in enumerate(messages)]
    return [*told, monitor.finish()]


def told_of(told: Sequence[Facts]) -> dict[str, object]:
    """Return what was told, without when, in a form that can be compared exactly."""
    found: dict[str, object] = {}
    for name, join in (("beats", join_beats), ("pulses", join_beats), ("breaths", join_breaths)):
        parts = [part for each in told if (part := getattr(each, name)) is not None]
        if not parts:
            continue
        whole = join(parts[0].channel, parts)
        found[name] = whole.times.tolist(), whole.searched.bounds.tolist()
        if name == "breaths":
            found["edges"] = whole.edges.tolist()
    for channel in dict.fromkeys(q.channel for each in told for q in each.quality):
        parts = [q for each in told for q in each.quality if q.channel == channel]
        whole = join_quality(channel, parts)
        found[f"quality {channel.label}"] = whole.verdicts, whole.judged.bounds.tolist()
    events: dict[str, list[Events]] = {}
    for part in (part for each in told for part in each.events):
        events.setdefault(part.preset.name, []).append(part)
    for name, parts in events.items():
        items = tuple(event for part in parts for event in part.items)
        found[name] = repr(items), union(*(part.searched for part in parts)).bounds.tolist()
    found["spells"] = repr(tuple(spell for each in told for spell in each.spells))
    curves = ("heart_rate", "spo2", "resp_low", "resp_high", "pulse_rate")
    found["minutes"] = [
        (minute.minute_ns, *(getattr(minute, name).tobytes() for name in curves))
        for each in told
        for minute in each.envelope
    ]
    return found


def archived(found: Findings) -> dict[str, object]:
    """Return the same of a recording."""
    out: dict[str, object] = {}
    if found.beats is not None:
        out["beats"] = found.beats.times.tolist(), found.beats.searched.bounds.tolist()
    if found.pleth is not None:
        pulses = detect_beats(found.pleth.signal)
        out["pulses"] = pulses.times.tolist(), pulses.searched.bounds.tolist()
    if found.breaths is not None:
        out["breaths"] = found.breaths.times.tolist(), found.breaths.searched.bounds.tolist()
        out["edges"] = found.breaths.edges.tolist()
    for each in (found.ecg, found.resp, found.pleth):
        if each is not None:
            judged = each.quality
            name = f"quality {each.signal.channel.label}"
            out[name] = judged.verdicts, judged.judged.bounds.tolist()
    for events in found.events:
        out[events.preset.name] = repr(events.items), events.searched.bounds.tolist()
    out["spells"] = repr(found.spells)
    return out


def assert_same(live: dict[str, object], archive: dict[str, object]) -> None:
    """Every fact of the one is one of the other."""
    for name, wanted in archive.items():
        assert live[name] == wanted, name


@pytest.mark.parametrize("seed", [3, 7, 11])
def test_live_equals_archive(seed: int) -> None:
    """An infant's minutes with all their dirt, as messages to a worker and as a file."""
    recording = recorded(seed)
    live = told_of(heard(messages_of(recording), Monitor("s", sparing=True)))

    assert len(live["beats"][0]) > 1000
    assert_same(live, archived(analyze(recording)))


def test_the_curve_shows_no_rate_of_a_beat_found_in_bad_time() -> None:
    """Where half an interval can be trusted, none of it is drawn."""
    recording = recorded(7)
    found = analyze(recording)
    assert found.ecg is not None
    assert found.heart_rate is not None
    bad = found.ecg.bad
    told = heard(messages_of(recording), Monitor("s"))

    rate, cut_short = found.heart_rate, 0
    touched = np.array(
        [
            overlap(bad, Span(*ends)) > 0
            for ends in np.column_stack((rate.times, rate.ends)).tolist()
        ]
    )
    for each in (minute for facts in told for minute in facts.envelope):
        at = each.minute_ns / NS + (np.arange(240) + 0.5) / 4
        nth = np.searchsorted(rate.times, at, side="right") - 1
        inside = (nth >= 0) & (at < rate.ends[np.maximum(nth, 0)])
        shown = np.isfinite(each.heart_rate)
        assert not np.any(shown & inside & touched[nth])
        cut_short += int(np.sum(inside & touched[nth] & ~contains(bad, at)))
    assert cut_short > 0


@pytest.mark.parametrize("every_s", [0.25, 1.0, 4.7])
def test_of_an_oximeter_alone_the_minutes_keep_the_pulse_rate(every_s: float) -> None:
    """As it tells it, wherever that can be trusted, and never as a heart rate."""
    whole = recorded(3, minutes=12)
    rates = [each for each in whole.series if each.channel.quantity in ("pulse_rate", "spo2")]
    (pulse,) = (each for each in rates if each.channel.quantity == "pulse_rate")
    told = heard(
        messages_of(replace(whole, signals=(), series=tuple(rates)), every_s), Monitor("s")
    )
    minutes = [each for facts in told for each in facts.envelope]

    kept = np.concatenate([each.pulse_rate for each in minutes])
    start = minutes[0].minute_ns / NS
    at = start + (np.arange(len(kept)) + 0.5) / 4
    said = pulse.values[np.maximum(np.searchsorted(pulse.times, at, side="right") - 1, 0)]
    known = np.isfinite(kept)
    assert known.mean() > 0.6
    np.testing.assert_allclose(kept[known], said[known], rtol=1e-6)
    assert not any(np.isfinite(each.heart_rate).any() for each in minutes)


@pytest.mark.parametrize("every_s", [0.25, 4.7])
def test_the_length_of_messages_does_not_matter(every_s: float) -> None:
    """Quarters of a second and odd long ones give the facts of a file."""
    recording = recorded(5, minutes=12)
    live = told_of(heard(messages_of(recording, every_s), Monitor("s")))

    assert_same(live, archived(analyze(recording)))


def test_order_doubles_and_ticks_do_not_matter() -> None:
    """Messages up to 8 s out of order, some twice, with the clock's ticks between."""
    recording = recorded(3, minutes=12)
    messages = messages_of(recording)
    rng = random.Random(1)  # noqa: S311
    mixed = [(each, at + rng.randrange(8 * NS)) for each, at in messages]
    mixed += [(each, at + rng.randrange(8 * NS)) for each, at in messages if rng.random() < 0.1]
    mixed.sort(key=lambda row: row[1])
    monitor = Monitor("s")
    told = []
    for k, (each, at) in enumerate(mixed):
        told.append(monitor.take(each, k, at))
        told.append(monitor.tick(at + NS // 4))
    told.append(monitor.finish())

    assert sum(len(each.late) for each in told) == 0
    assert_same(told_of(told), archived(analyze(recording)))


def test_facts_are_told_before_the_end() -> None:
    """Beats come some seconds, events some more after their time: not when all is over."""
    recording = recorded(3)
    monitor = Monitor("s")
    behind = []
    for k, (each, at) in enumerate(messages_of(recording)):
        facts = monitor.take(each, k, at)
        if facts.beats is not None and len(facts.beats.times):
            behind.append(at / NS - facts.beats.times[-1])
    assert np.median(behind) < 5
    assert monitor.present.known["heart_rate"] > recording.span.end - 30


def test_a_silent_stream_becomes_final_by_ticks() -> None:
    """Leads are off and nothing is sent: after 40 s all that was is told."""
    recording = recorded(3, minutes=3)
    messages = messages_of(recording)
    monitor = Monitor("s")
    told = [monitor.take(each, k, at) for k, (each, at) in enumerate(messages)]
    end = messages[-1][1]
    told += [monitor.tick(end + k * NS) for k in range(1, 41)]

    live, archive = told_of(told), archived(analyze(recording))
    for name in ("beats", "breaths", "pulses", "brady_uva", "central10"):
        assert live[name][0] == archive[name][0], name


def test_reading_again_from_a_checkpoint_gives_the_same_facts() -> None:
    """A monitor that died goes on as if it had not, wherever that was."""
    recording = recorded(7, minutes=23, begin=1.0)
    messages = messages_of(recording)
    whole = heard(messages, Monitor("s"))
    for died in (40, 700, 1100, 1250):
        resume = next(f.resume for f in reversed(whole[: died + 1]) if f.resume is not None)
        resume = unpack_resume(json.loads(json.dumps(pack_resume(resume))))
        again = Monitor("s", resume, told=died)
        told = [again.take(each, k, at) for k, (each, at) in enumerate(messages) if k >= resume.seq]
        after = [each for each in told if each.seq > died]
        assert not any(each.beats or each.events for each in told if each.seq <= died)
        after.append(again.finish())

        assert_same(told_of(after), told_of(whole[died + 1 :]))
        joined = [c for f in after for c in f.chunks]
        wanted = [c for f in whole[died + 1 :] for c in f.chunks]
        assert [(c.segment.grid, c.segment.first) for c in joined] == [
            (c.segment.grid, c.segment.first) for c in wanted
        ]


def moved(message: Observations, by_ns: int) -> Observations:
    """Return a message with its stamps moved."""
    return replace(
        message,
        waves=tuple(replace(w, start_ns=w.start_ns + by_ns) for w in message.waves),
        numerics=tuple(replace(n, time_ns=n.time_ns + by_ns) for n in message.numerics),
    )


@pytest.mark.parametrize(
    ("by_s", "kind"), [(-3600.0, "step"), (-(2**32) / 1000, "rollover"), (7200.0, "step")]
)
def test_a_clock_that_was_set_ends_the_stream(by_s: float, kind: str) -> None:
    """The messages of the new time begin another: both are found as if they were recordings."""
    recording = recorded(3, minutes=12)
    middle = recording.span.start + 400
    before = cut(recording, Span(recording.span.start, middle))
    after = cut(recording, Span(middle, recording.span.end))
    by = round(by_s * NS)
    old = messages_of(before)
    new = [(moved(each, by), at) for each, at in messages_of(after)]
    cuff = numeric(new[3][1], 61.0, channel=Channel("nibp_mean", "mmHg"))
    once = message(numerics=[replace(cuff, aperiodic=True)]), new[3][1]
    stray = moved(old[-30][0], -9 * 10**6 * NS), new[0][1]
    rows = [*old, stray, *new[:4], once, *new[4:]]
    monitor = Monitor("s")
    told = []
    for k, (each, at) in enumerate(rows):
        told.append(monitor.take(each, k, at))
        if told[-1].begins:
            break
    told.append(monitor.finish())

    (note,) = (note for each in told for note in each.notes if note.kind in {"step", "rollover"})
    assert note.kind == kind
    assert note.value == pytest.approx(by, abs=2 * NS)
    assert_same(told_of(told), archived(analyze(before)))
    begins = next(each.begins for each in told if each.begins)
    assert [each.seq for each in begins] == list(range(len(old) + 1, k + 1))
    with pytest.raises(ValueError, match="has ended"):
        monitor.take(*new[-1], 0)
    rest = [*((each.observations, each.received_ns) for each in begins), *rows[k + 1 :]]
    found = heard(rest, Monitor("s2"))
    alone = heard([*new[:4], once, *new[4:]], Monitor("s2"))
    assert_same(told_of(found), told_of(alone))
    cuffs = [s for each in found for s in each.values if s.channel == cuff.channel]
    assert [s.values.tolist() for s in cuffs] == [[61.0]]


def test_a_message_from_the_future_moves_nothing() -> None:
    """A stamp of nonsense is kept apart; the facts are those without it."""
    recording = recorded(5, minutes=4)
    messages = messages_of(recording)
    odd, at = messages[100]
    ahead = replace(
        odd,
        waves=tuple(replace(w, start_ns=w.start_ns + 10**18) for w in odd.waves),
        numerics=(),
    )
    told = heard([*messages[:100], (ahead, at), *messages[100:]], Monitor("s"))

    assert {late.why for each in told for late in each.late} == {"stray"}
    assert_same(told_of(told), archived(analyze(recording)))


def late_by(seconds: float) -> Callable[[int], int]:
    """Return how a message is kept back."""
    return lambda at: at + round(seconds * NS)


def test_what_comes_too_late_is_told_as_late() -> None:
    """One message comes 25 s late: its samples are kept, and the facts are those of a hole."""
    recording = recorded(5, minutes=4)
    messages = messages_of(recording)
    odd, at = messages[100]
    others = messages[:100] + messages[101:]
    order = sorted([*others, (odd, late_by(25)(at))], key=lambda row: row[1])
    told = heard(order, Monitor("s"))

    late = [each for facts in told for each in facts.late]
    assert {each.channel for each in late} == {w.channel for w in odd.waves} | {
        n.channel for n in odd.numerics
    }
    without = told_of(heard(others, Monitor("s")))
    assert_same(told_of(told), without)


@given(st.lists(st.integers(8, 160), min_size=3, max_size=30), st.integers(0, 10**6))
@settings(max_examples=4, deadline=None)
def test_any_lengths_and_order_give_the_same_facts(lengths: list[int], seed: int) -> None:
    """Messages of 0.2 to 4 s, each up to 8 s late: the facts of a file."""
    recording = recorded(11, minutes=4, begin=2.0)
    rng = random.Random(seed)  # noqa: S311
    messages, at = [], recording.span.start
    for length in cycle(lengths):
        if at >= recording.span.end:
            break
        until = at + length / 40
        part = cut(recording, Span(at, until))
        parts = [each for each in part.signals if each.segments]
        if parts or any(len(each.times) for each in part.series):
            messages += messages_of(replace(part, signals=tuple(parts)), 10.0)
        at = until
    mixed = sorted(((m, t + rng.randrange(8 * NS)) for m, t in messages), key=lambda row: row[1])

    assert_same(told_of(heard(mixed, Monitor("s"))), archived(analyze(recording)))


def test_a_backlog_with_holes_is_taken_as_it_was() -> None:
    """Messages kept back for an hour come at once, and leads were off in between."""
    recording = recorded(3, minutes=6)
    start = recording.span.start
    parts = [cut(recording, Span(start + a, start + b)) for a, b in ((0, 100), (160, 360))]
    messages = [row for part in parts for row in messages_of(part)]
    end = messages[-1][1] + 3600 * NS
    whole = replace(
        recording,
        signals=tuple(
            replace(one, segments=one.segments + two.segments)
            for one, two in zip(parts[0].signals, parts[1].signals, strict=True)
        ),
        series=tuple(
            replace(
                one,
                **{
                    name: np.concatenate((getattr(one, name), getattr(two, name)))
                    for name in ("times", "values", "valid_s")
                },
            )
            for one, two in zip(parts[0].series, parts[1].series, strict=True)
        ),
    )
    told = heard(
        [(each, end + k * NS // 100) for k, (each, _) in enumerate(messages)], Monitor("s")
    )

    assert not any(each.late for each in told)
    assert_same(told_of(told), archived(analyze(whole)))


@pytest.mark.parametrize("seed", [3, 4])
def test_what_is_read_again_in_larger_steps_leads_to_the_same(seed: int) -> None:
    """From 90 s behind it on, message by message, as of a monitor that worked as they came."""
    messages = messages_of(recorded(seed))
    place = 600
    again = Monitor("b", again_ns=messages[place][1] - 90 * NS)
    plain = Monitor("b")

    for k, (each, at) in enumerate(messages):
        one, two = plain.take(each, k, at), again.take(each, k, at)
        if k > place:
            assert list(facts_of(one)) == list(facts_of(two)), k

"""An ECG that is connected minutes after the rest: from the monitor's heart rate to the beats'."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

from joey.live.monitor import Monitor
from joey.live.packing import pack_resume, unpack_resume
from joey.response import analyze
from joey.signals import NS, Recording, cut
from joey.simulate import simulate_infant
from joey.spans import Span
from live.messages import messages_of, sent
from live.test_monitor import archived, assert_same, heard, told_of

if TYPE_CHECKING:
    from joey.events import Event
    from joey.live.facts import Facts
    from joey.signals import Series
    from joey.sources.hl7.types import Observations

MINUTES, LATE_S = 26, 400.0  # of the recording; into it, when leads are put on
HEART = "brady_uva"


@cache
def recorded() -> Recording:
    """Return some minutes of an infant whose ECG begins late."""
    whole = sent(simulate_infant(0.6, 5, holds=0).recording)
    start = whole.span.start + 60
    recording = cut(whole, Span(start, start + 60 * MINUTES))
    ecg = cut(whole, Span(start + LATE_S, start + 60 * MINUTES))
    signals = [
        each
        for part, of in ((recording, False), (ecg, True))
        for each in part.signals
        if (each.channel.quantity == "ecg") == of
    ]
    return replace(
        recording, signals=tuple(signals), series=tuple(_slowed(each) for each in recording.series)
    )


def _slowed(series: Series) -> Series:
    """Return a heart rate with a bradycardia in it, before the ECG; others as they are."""
    if series.channel.quantity != "heart_rate":
        return series
    slow = np.abs(series.times - series.times[0] - 115) < 15
    return replace(series, values=np.where(slow, 70 + np.arange(len(slow)) % 2, series.values))


def messages(every_s: float = 1.0) -> list[tuple[Observations, int]]:
    """Return it as a monitor sends it."""
    rows: list[tuple[Observations, int]] = messages_of(recorded(), every_s)
    return rows


@cache
def told(every_s: float = 1.0) -> tuple[Facts, ...]:
    """Return the facts of a process that never died."""
    return tuple(heard(messages(every_s), Monitor("s", sparing=True)))


def turns() -> float:
    """Return the minute from which on beats make the heart rate."""
    (ecg,) = (each for each in recorded().signals if each.channel.quantity == "ecg")
    return math.ceil((ecg.segments[0].span.start + 11.0) / 60) * 60.0


def slow(facts: tuple[Facts, ...]) -> list[Event]:
    """Return the bradycardias."""
    rows = [e for f in facts for e in f.events if e.preset.name == HEART]
    return [item for each in rows for item in each.items]


def test_the_rate_is_the_monitors_before_and_the_beats_from_then_on() -> None:
    """Bradycardias say what they rest on; the curve goes on, of one and then of the other."""
    events, at = slow(told()), turns()

    assert len(events) > 2
    assert {each.source for each in events if each.span.start < at} == {"numeric"}
    assert {each.source for each in events if each.span.start >= at} == {"beat"}
    minutes = [each for facts in told() for each in facts.envelope]
    rates = {each.minute_ns // NS: np.isfinite(each.heart_rate).mean() for each in minutes}
    assert np.mean([share for start, share in rates.items() if start < at]) > 0.7
    assert np.mean([share for start, share in rates.items() if start >= at]) > 0.7


def test_from_then_on_all_is_as_in_a_recording() -> None:
    """Beats and their judgment from the first on, bradycardias and episodes behind the turn."""
    found, at = analyze(recorded()), turns()
    live, archive = told_of(told()), archived(found)

    for name in ("beats", "pulses", "breaths", "edges", "quality ecg II"):
        assert live[name] == archive[name], name
    (kept,) = (each.items for each in found.events if each.preset.name == HEART)
    behind = [each for each in kept if each.span.start > at + 60]
    assert behind
    assert [each for each in slow(told()) if each.span.start > at + 60] == behind
    spells = [each for facts in told() for each in facts.spells if each.span.start > at + 60]
    assert repr(spells) == repr([each for each in found.spells if each.span.start > at + 60])


@pytest.mark.parametrize("every_s", [0.25, 4.7])
def test_the_length_of_messages_does_not_matter(every_s: float) -> None:
    """But for the minute itself: a message of 4.7 s comes later than its first sample."""
    assert_same(told_of(told(every_s)), told_of(told()))


def test_reading_again_gives_the_same_facts() -> None:
    """Wherever the process died: before the ECG, between it and the turn, and long after."""
    whole, rows = told(), messages()
    for died in (300, 405, 460, 700, 1190, 1400):
        resume = next(f.resume for f in reversed(whole[: died + 1]) if f.resume is not None)
        resume = unpack_resume(json.loads(json.dumps(pack_resume(resume))))
        again = Monitor("s", resume, told=died, again_ns=rows[max(died - 90, 0)][1])
        after = [again.take(each, k, at) for k, (each, at) in enumerate(rows) if k >= resume.seq]
        after = [*(each for each in after if each.seq > died), again.finish()]

        assert_same(told_of(after), told_of(whole[died + 1 :]))


@cache
def broken(name: str) -> dict[str, object]:
    """Return what is told of a slow numeric and an ECG of which one message in nine is lost."""
    at, rows = turns(), []
    for k, (each, when) in enumerate(messages()[:900]):
        waves = [w for w in each.waves if w.channel.quantity != "ecg" or k % 9]
        numerics = [
            replace(n, value=70.0 + k % 2)
            if n.channel.quantity == "heart_rate" and -20 <= n.time_ns / NS - at <= 3
            else n
            for n in each.numerics
        ]
        rows.append((replace(each, waves=tuple(waves), numerics=tuple(numerics)), when))
    return told_of(heard(rows, Monitor(name)))


@pytest.mark.parametrize("name", ["a", "f"])
def test_when_a_bed_is_looked_at_does_not_matter(name: str) -> None:
    """Beats that lag behind the numbers, as holes are waited for, begin at the same moment."""
    assert_same(broken(name), broken("g"))


def test_an_ecg_that_was_away_is_not_late_after_a_restart() -> None:
    """It is there from the first second, then away for over half an hour in which Joey died."""
    whole = sent(simulate_infant(1.0, 5, holds=0).recording)
    start = whole.span.start + 60
    rows = []
    for k, (each, when) in enumerate(messages_of(cut(whole, Span(start, start + 3000)))):
        waves = [w for w in each.waves if w.channel.quantity != "ecg" or not 200 <= k < 2700]
        numerics = [
            replace(n, value=70.0 + k % 2)
            if n.channel.quantity == "heart_rate" and abs(k - 2625) < 15
            else n
            for n in each.numerics
        ]
        rows.append((replace(each, waves=tuple(waves), numerics=tuple(numerics)), when))
    alive = heard(rows, Monitor("s"))
    died = 2600
    resume = next(f.resume for f in reversed(alive[: died + 1]) if f.resume is not None)
    assert resume.seq > 300
    again = Monitor("s", resume, told=died)
    after = [again.take(each, k, when) for k, (each, when) in enumerate(rows) if k >= resume.seq]
    after = [*(each for each in after if each.seq > died), again.finish()]

    assert_same(told_of(after), told_of(alive[died + 1 :]))

"""Law 1: every detector says the same whatever the chunking, the order, the cut or the split."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, partial
from typing import TYPE_CHECKING

import numpy as np
import pytest

from joey.beats import BeatDetector, detect_beats, join_beats
from joey.breaths import BreathDetector, join_breaths
from joey.quality import Quality, QualityDetector, join_quality
from joey.signals import Signal, blank
from joey.spans import Span, Spans
from tests.streams import kit
from tests.streams.bodies import body

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from joey.signals import Channel, Segment

GAPS = Spans.of([(250.0, 254.0), (900.0, 925.0), (1190.0, 1208.0), (1500.0, 1500.05)])


@cache
def case(name: str, *, sparing: bool = False) -> tuple[kit.Case, str]:
    """Return a detector with 30 minutes of a body to search, and its main input."""
    ecg, pleth, resp = (blank(each, GAPS) for each in body())
    if name.startswith("quality of "):
        signal = {"ecg": ecg, "pleth": pleth, "resp": resp}[name.removeprefix("quality of ")]
        make_quality = partial(_Judge, signal.channel, sparing=sparing)
        return kit.Case(name, make_quality, {"signal": list(signal.segments)}, _joined), "signal"
    if name == "ecg":
        return _beats(name, ecg, sparing=sparing), "signal"
    if name == "pleth":
        return _beats(name, pleth, sparing=sparing), "signal"
    if name == "coarse breaths":  # flat for seconds in a pause, and at times in breaths
        resp = _coarse(resp)
    inputs: dict[str, kit.Data] = {"resp": list(resp.segments), "beats": detect_beats(ecg)}
    make = partial(BreathDetector, resp.channel, sparing=sparing)
    return kit.Case(name, make, inputs, partial(join_breaths, resp.channel)), "resp"


def _coarse(signal: Signal) -> Signal:
    segments = tuple(replace(each, counts=each.counts // 160) for each in signal.segments)
    return replace(signal, segments=segments)


def _beats(name: str, signal: Signal, *, sparing: bool) -> kit.Case:
    make = partial(BeatDetector, signal.channel, sparing=sparing)
    join = partial(join_beats, signal.channel)
    return kit.Case(name, make, {"signal": list(signal.segments)}, join)


@dataclass(frozen=True)
class _Judged:
    """A judgment in the shape the kit compares: when, what, and where it was looked."""

    times: np.ndarray
    flags: np.ndarray
    searched: Spans
    quality: Quality


class _Judge:
    """The quality detector, its facts in the kit's shape."""

    def __init__(self, channel: Channel, *, sparing: bool) -> None:
        self._detector = QualityDetector(channel, sparing=sparing)

    def update(self, new: Mapping[str, Sequence[Segment]], upto: Mapping[str, float]) -> _Judged:
        return _seconds(self._detector.update(new, upto))

    def finish(self) -> _Judged:
        return _seconds(self._detector.finish())


def _seconds(quality: Quality) -> _Judged:
    # One row for each second that is not good: how verdicts are joined is not a fact.
    rows = [
        (second, sum(map(ord, each.reason)))
        for each in quality.verdicts
        for second in range(round(each.span.start), round(each.span.end))
    ]
    table = np.array(rows, dtype=np.float64).reshape(-1, 2)
    return _Judged(table[:, 0], table[:, 1], quality.judged, quality)


def _joined(parts: Iterable[_Judged]) -> _Judged:
    rows = list(parts)
    judged = join_quality(rows[0].quality.channel, [each.quality for each in rows])
    times = np.concatenate([each.times for each in rows])
    flags = np.concatenate([each.flags for each in rows])
    return _Judged(times, flags, judged.judged, judged)


DETECTORS = (
    "ecg",
    "pleth",
    "breaths",
    "coarse breaths",
    "quality of ecg",
    "quality of pleth",
    "quality of resp",
)
LEAST = {"ecg": 3000, "pleth": 3000, "breaths": 1000, "coarse breaths": 1000}


@pytest.mark.parametrize("name", DETECTORS)
def test_there_is_something_to_find(name: str) -> None:
    """The kit is not passed by finding nothing."""
    facts = kit.archive(case(name)[0])

    assert len(facts.times) > LEAST.get(name, 10)


@pytest.mark.parametrize("sparing", [False, True], ids=["kept", "given back"])
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", DETECTORS)
def test_any_chunking_and_interleaving_gives_identical_facts(
    name: str, seed: int, sparing: bool
) -> None:
    """Chunks from milliseconds to minutes, inputs in any order; samples behind kept or not."""
    rng = np.random.default_rng(seed)

    told = kit.chunked(case(name, sparing=sparing)[0], rng, chunks=(5, 60, 300, 900)[seed])

    kit.same(kit.archive(case(name)[0]), told)


@pytest.mark.parametrize("name", DETECTORS)
def test_what_was_told_before_a_cut_stays_true(name: str) -> None:
    """Facts told live are the archive's facts: none is taken back, none comes in between."""
    whole, _ = case(name)
    inputs = {key: kit.part(data, Span(0.0, 1111.1)) for key, data in whole.inputs.items()}
    cut = kit.Case(name, whole.make, inputs, whole.join)

    told = kit.chunked(cut, np.random.default_rng(7), chunks=50, finish=False)

    upto = float(told.searched.bounds[-1, 1])
    assert upto > 1079.0
    facts = kit.archive(whole)
    n = len(told.times)
    np.testing.assert_array_equal(facts.times[:n], told.times)
    np.testing.assert_array_equal(facts.flags[:n], told.flags)
    assert kit.only(facts, Span(0.0, upto)).searched == told.searched


@pytest.mark.parametrize("name", DETECTORS)
def test_a_restart_before_a_mark_gives_identical_facts_after_it(name: str) -> None:
    """A restarted worker, or random access, needs one lead-in."""
    whole, main = case(name)

    told = kit.restarted(whole, main, 1200.0)

    kit.same(kit.only(kit.archive(whole), Span(1200.0, 9999.0)), told)


@pytest.mark.parametrize("name", DETECTORS)
def test_parallel_pieces_join_to_identical_facts(name: str) -> None:
    """Ten-minute pieces, each searched on its own."""
    whole, main = case(name)

    kit.same(kit.archive(whole), kit.split(whole, main))

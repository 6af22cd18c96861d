"""Law 1 for apneas: from impedance and beats to events, whatever the chunking, cut or split."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from joey.beats import detect_beats
from joey.breaths import BreathDetector, detect_breaths, join_breaths
from joey.events import PRESETS, ApneaDetector, find_apneas, together
from joey.signals import blank
from joey.spans import Span, Spans
from tests.streams import kit
from tests.streams.bodies import body

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from joey.breaths import Breaths
    from joey.events import Events
    from joey.signals import Channel

WATCHED = ("central10", "central20", "periodic_breathing")
GAPS = Spans.of([(250.0, 254.0), (900.0, 925.0), (1190.0, 1208.0), (1500.0, 1500.05)])


@dataclass(frozen=True)
class Watched:
    """Events of several presets in the shape the kit cuts."""

    found: tuple[Events, ...]

    @property
    def rows(self) -> list[list[str]]:
        return [[repr(astuple(event)) for event in each.items] for each in self.found]


class Watch:
    """Breaths, and at once the apneas in them."""

    def __init__(self, channel: Channel) -> None:
        self._breaths = BreathDetector(channel)
        self._apneas = [ApneaDetector(PRESETS[name]) for name in WATCHED]

    def update(self, new: Mapping[str, Any], upto: Mapping[str, float]) -> Watched:
        told = {"breaths": self._breaths.update(new, upto)}
        return Watched(tuple(each.update(told, {}) for each in self._apneas))

    def finish(self) -> Watched:
        told = {"breaths": self._breaths.finish()}
        last = [together([each.update(told, {}), each.finish()]) for each in self._apneas]
        return Watched(tuple(last))


def joined(parts: Iterable[Watched]) -> Watched:
    columns = zip(*(part.found for part in parts), strict=True)
    return Watched(tuple(together(list(each)) for each in columns))


@cache
def chest() -> kit.Case:
    """Return half an hour with pauses apart, joined, across marks and into gaps."""
    ecg, _, resp = (blank(each, GAPS) for each in body())
    inputs: dict[str, kit.Data] = {"resp": list(resp.segments), "beats": detect_beats(ecg)}
    return kit.Case("apneas", partial(Watch, resp.channel), inputs, joined)


def breaths() -> kit.Case:
    ecg, _, resp = (blank(each, GAPS) for each in body())
    inputs: dict[str, kit.Data] = {"resp": list(resp.segments), "beats": detect_beats(ecg)}
    join = partial(join_breaths, resp.channel)
    return kit.Case("breaths", partial(BreathDetector, resp.channel), inputs, join)


def apneas_in(found: Breaths) -> list[list[str]]:
    events = tuple(find_apneas(found, PRESETS[name]) for name in WATCHED)
    return Watched(events).rows


def test_there_is_something_to_find() -> None:
    """Apneas of both lengths, one of two pauses, one cut short, and periodic breathing."""
    ten, twenty, periodic = kit.archive(chest()).found

    assert len(ten.items) >= 7
    assert len(twenty.items) >= 2
    assert len(periodic.items) >= 1
    assert any(event.time_below_s < event.span.duration for event in ten.items)
    assert any(event.truncated for event in ten.items)


def test_the_stream_is_the_archive() -> None:
    """The chain of two detectors says what the archive functions say, one after the other."""
    ecg, _, resp = (blank(each, GAPS) for each in body())

    assert kit.archive(chest()).rows == apneas_in(detect_breaths(resp, detect_beats(ecg)))


@pytest.mark.parametrize("seed", range(4))
def test_any_chunking_and_interleaving_gives_identical_apneas(seed: int) -> None:
    """From one chunk for all to a sample each."""
    whole = kit.archive(chest())

    told = kit.chunked(chest(), np.random.default_rng(seed), chunks=(3, 40, 400, 1500)[seed])

    assert told.rows == whole.rows
    assert [a.searched for a in told.found] == [a.searched for a in whole.found]


def test_a_cut_tells_the_beginning_and_takes_nothing_back() -> None:
    """What was told by then is the beginning of what is told in the end."""
    whole = chest()
    inputs = {key: kit.part(data, Span(0.0, 1111.1)) for key, data in whole.inputs.items()}
    cut = kit.Case("apneas", whole.make, inputs, joined)

    told = kit.chunked(cut, np.random.default_rng(7), chunks=50, finish=False)

    assert any(told.rows)
    for some, every in zip(told.rows, kit.archive(whole).rows, strict=True):
        assert some == every[: len(some)]


def test_a_restart_and_parallel_pieces_give_identical_apneas() -> None:
    """Ten-minute pieces of breaths, each searched on its own, joined in `events`."""
    whole = kit.archive(breaths())
    start = kit.only(whole, Span(0.0, 1200.0))
    again = kit.restarted(breaths(), "resp", 1200.0)
    channel = whole.channel

    assert apneas_in(kit.split(breaths(), "resp")) == apneas_in(whole)
    assert apneas_in(join_breaths(channel, (start, again))) == apneas_in(whole)

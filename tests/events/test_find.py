"""Events of one signal: edges of the definitions, gaps, joining."""

from dataclasses import replace

import numpy as np
import pytest
from joey.events import PRESETS, Preset, find_events
from joey.signals import Channel, Series
from joey.spans import Spans

SPO2 = Channel("spo2", "%")
HEART_RATE = Channel("heart_rate", "/min")
DATED = 1_700_000_000.0


def numerics(*runs: tuple[float, int], start: float = 0.0, channel: Channel = SPO2) -> Series:
    """Return values at 1 Hz: each (value, seconds)."""
    values = np.concatenate([np.full(seconds, float(value)) for value, seconds in runs])
    return Series(channel, start + np.arange(len(values)), values, np.ones(len(values)))


def durations(preset: Preset, series: Series) -> list[float]:
    return [event.span.duration for event in find_events(preset, series, source="numeric").items]


V8 = numerics((95, 30), (79, 6), (82, 4), (79, 6), (95, 30))


def test_v8_join_then_duration() -> None:
    """79 % for 6 s, 82 % for 4 s, 79 % for 6 s: one event of 16 s joined, none unjoined."""
    desat = PRESETS["desat_uva"]
    found = find_events(desat, V8, source="numeric")
    assert [event.span.duration for event in found.items] == [16.0]
    assert found.items[0].time_below_s == 12.0
    assert found.items[0].area == 12.0
    assert found.preset.printed == "desat_uva+join10"
    assert durations(replace(desat, join=0.0), V8) == []

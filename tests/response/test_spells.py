"""The table of events: what was counted is never lost."""

from __future__ import annotations

import numpy as np

from joey.events import PRESETS, Event, Events
from joey.holds import Hold, PhaseSettings, Piece, phases_of
from joey.response import Settings
from joey.response.said import answers_of
from joey.response.spells import event_rows
from joey.spans import EMPTY, Span

HOLD = Hold("h", "i", (Piece("m", "mother", 5400.0, 11100.0),))
PHASES = phases_of(HOLD, (), Span(0.0, 16000.0), PhaseSettings())


def test_an_event_is_counted_where_not_all_of_its_signals_were_measured() -> None:
    """A bradycardia, then the probe is on and shows the desaturation: counted without a rate."""
    both = Event("bd", Span(8000.0, 8020.0), 70.0, 8010.0, 0.0, 20.0, 0.0, "beat", "good")
    (row,) = event_rows((Events((both,), EMPTY, PRESETS["bd"]),), PHASES, {}, Settings())
    held = row.phases["whole_hold"]
    assert (held.count, held.valid_h) == (1, 0.0)
    assert np.isnan(held.rate)
    assert held.words.startswith("1 in no valid time")
    said = answers_of((), (row,), {}, Settings())
    assert "1 in no valid time" in dict(said)["Events in the whole hold"]
    assert row.phases["before"].words == "cannot say: nothing was searched"

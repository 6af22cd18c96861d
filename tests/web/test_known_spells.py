"""Until when spells are known: none that was over by then is told afterwards."""

from __future__ import annotations

import numpy as np

from joey.live import Monitor
from joey.serve.packing import facts_of
from joey.signals import NS
from joey.simulate import simulate_infant
from joey.store.archive import FactRow, StreamRow
from joey.web.searched import REACH_S, Searched, known_until
from tests.live.messages import messages_of, sent

HOURS = 1.25
MOST_S = 100.0  # s after which a spell is told, nearly always
NAME = "s"


def test_no_spell_that_is_over_by_then_is_told_later() -> None:
    """In an hour of spells as a worker tells them; and it lags by not much more than they do."""
    monitor, searched = Monitor(NAME), Searched()
    streams = {NAME: StreamRow(NAME, "here", "m", "NICU/4", "", 1, 0)}
    infant = simulate_infant(HOURS, seed=5, holds=1)
    known, told, behind = 0.0, [], []
    for k, (message, received_ns) in enumerate(messages_of(sent(infant.recording))):
        found = monitor.take(message, k, received_ns)
        told += [each.span.end - known for each in found.spells]
        for fact in facts_of(found):
            if fact.kind == "searched":
                row = (fact.channel, fact.start_ns, fact.end_ns, fact.revision, fact.seq, fact.data)
                searched.take(FactRow(0, fact.stream, fact.kind, *row))
        known = known_until(searched.ends(streams)) or known
        if known:
            behind.append(received_ns / NS - known)

    assert len(told) > 8
    assert min(told) >= 0.0
    assert np.quantile(behind, 0.95) < MOST_S


def test_what_is_not_looked_for_any_more_holds_up_nothing() -> None:
    assert known_until([1000.0, 1000.0, 1000.0]) == 1000.0 - REACH_S
    assert known_until([1000.0, 900.0, 1000.0]) == 900.0 - REACH_S
    assert known_until([1000.0, 500.0, 1000.0]) == 1000.0 - REACH_S
    assert known_until([]) is None

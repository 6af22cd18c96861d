"""What came late of one stream, until it is asked to be told anew: by the journal's order alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from joey.store.frames import FRAME_NS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from joey.live import Late

__all__ = ["Lateness"]

NS = 1_000_000_000
QUIET_NS = 60 * NS  # ns without anything late, after which what came is told anew
TRICKLE_NS = 900 * NS  # ns after which it is, though more may come
REACH_NS = 120 * NS  # ns around late data within which facts may rest on them: lead-in and events
FINAL_NS = 180 * NS  # ns after a span until it is told the first time
PIECE_NS = 6 * FRAME_NS  # ns, the longest span that is told anew at once: memory is bounded
BEFORE_NS = 24 * 3600 * NS  # ns before a stream began: what is older is a stamp of nonsense
MOST = 64  # spans; more are joined to the last


class Lateness:
    """Spans of a stream that are to be told anew, and when the late data of them came.

    Parameters
    ----------
    state : str
        What `state` was; empty for a new stream.

    Attributes
    ----------
    number : int
        Revisions asked for so far.
    since : int or None
        The first entry of the journal that they need; None where nothing waits. Who knows the
        archive sets it (`place`).
    """

    def __init__(self, state: str = "") -> None:
        self.number = 0
        self.since: int | None = None
        self._spans: list[list[int]] = []  # ns, of the device
        self._first_ns = self._last_ns = 0  # ns, of the host
        self._placed = True
        if state:
            self.number, self.since, self._spans, self._first_ns, self._last_ns = json.loads(state)

    @property
    def state(self) -> str:
        """All of it, as text."""
        return json.dumps([self.number, self.since, self._spans, self._first_ns, self._last_ns])

    @property
    def waits(self) -> bool:
        """Whether anything is still to be asked for."""
        return bool(self._spans)

    @property
    def unplaced_ns(self) -> int | None:
        """From when on something is to be told anew of which `place` was not asked yet. [ns]"""
        return self._spans[0][0] if self._spans and not self._placed else None

    def place(self, seq: int) -> None:
        """Take the first entry of the journal that is needed."""
        self.since = seq if self.since is None else min(self.since, seq)
        self._placed = True

    def take(self, late: Iterable[Late], received_ns: int, opened_ns: int) -> None:
        """Take what came late with an entry.

        Parameters
        ----------
        late : iterable of Late
            Its times are the device's.
        received_ns : int
            When the entry was received. [ns UTC]
        opened_ns : int
            When the stream began, by the device. [ns UTC]
        """
        for each in late:
            if each.why == "stray" or each.end_ns < opened_ns - BEFORE_NS:
                continue
            if not self._spans:
                self._first_ns = received_ns
            self._last_ns = received_ns
            lo = (each.start_ns - REACH_NS) // FRAME_NS * FRAME_NS
            hi = -(-(each.end_ns + REACH_NS) // FRAME_NS) * FRAME_NS
            self._add(lo, hi)

    def _add(self, lo: int, hi: int) -> None:
        spans = self._spans
        if any(a <= lo and hi <= b for a, b in spans):
            return
        spans.append([lo, hi])
        spans.sort()
        joined = [spans[0]]
        for a, b in spans[1:]:
            if a <= joined[-1][1] or len(joined) >= MOST:
                joined[-1][1] = max(joined[-1][1], b)
            else:
                joined.append([a, b])
        self._spans = joined
        self._placed = False

    def due(self, host_ns: int, device_ns: int) -> list[tuple[int, int]]:
        """Return the spans that are to be told anew now, in pieces; they wait no longer.

        Parameters
        ----------
        host_ns : int
            The host's time. [ns UTC]
        device_ns : int
            The device's: spans that are not told for the first time yet wait for that.
        """
        if not self._spans:
            return []
        if host_ns - self._last_ns < QUIET_NS and host_ns - self._first_ns < TRICKLE_NS:
            return []
        ready = [each for each in self._spans if each[1] + FINAL_NS <= device_ns]
        if not ready:
            return []
        self._spans = [each for each in self._spans if each not in ready]
        self._first_ns = self._last_ns
        pieces = [
            (at, min(at + PIECE_NS, hi)) for lo, hi in ready for at in range(lo, hi, PIECE_NS)
        ]
        self.number += len(pieces)
        return pieces

    def asked(self) -> None:
        """Take note that what was due is kept: what waits still needs as much of the journal."""
        if not self._spans:
            self.since = None

"""What is known of a bed's monitor, message by message: its board, its last minutes, its counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from joey.live.board import Board
from joey.people import stream_key
from joey.web.codes import count_unknown
from joey.web.packing import narrow, pack
from joey.web.recent import CELL_MS, NS_PER_MS, TREND_MS, Recent, Trend

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from joey.live.board import BedView, Strip
    from joey.live.clocks import ClockState
    from joey.people import StreamKey
    from joey.signals import Channel
    from joey.sources.hl7 import Observations
    from joey.web.codes import Unknown, UnknownKey

__all__ = ["RATES", "Screen"]

WAVES = ("ecg", "pleth", "resp")
RATES = ("heart_rate", "pulse_rate")  # the first that a monitor sends is the heart rate shown
TRENDS = ("heart_rate", "spo2")
NAMES = {"ecg": "ECG", "pleth": "Pleth", "resp": "Resp"}
JUMP_NS = 1_000_000_000  # ns, by which two clocks part only if one was set, or a backlog ends
LATE_NS = 10_000_000_000  # ns behind the newest, from which a message is late (law 9)
MOST_WITHHELD = 1000  # of a bed; more are in the quarantine's own list
MOST_KEYS = 16  # streams of a bed that are known: a loop of names must not fill the memory
LOOK_EVERY = 10  # messages, after which the offset of the clocks is asked for again


class Screen:
    """One bed's monitor as the pages know it.

    Parameters
    ----------
    bed : str
        `Location.key`.
    """

    def __init__(self, bed: str) -> None:
        self.bed = bed
        self.board = Board(bed)
        self.recent = Recent()
        self.trends = {kind: Trend() for kind in TRENDS}
        self.key: StreamKey | None = None
        self.shown = self.stored = 0
        self.withheld: dict[str, None] = {}  # control ids of what is in quarantine
        self.late = self.corrections = 0
        self.revised_ns = 0  # when the last of these came
        self._newest_ns = 0  # newest stamp of the monitor's
        self._steps = 0  # of its clock, when that was noted
        self.doubt = ""
        self.received_ns = 0
        self.offset_ns = 0  # host minus monitor, as of the last look
        self.archived_ms: dict[str, int] = {}  # end of the last value the archive has, by kind
        self.unmapped: dict[UnknownKey, Unknown] = {}
        self._breathing = 0  # cursor of the board
        self._keys: set[StreamKey] = set()  # of the streams that were heard

    def remember(
        self, cells: Mapping[str, NDArray[np.float32]], told: NDArray[np.bool_], first: int
    ) -> None:
        """Lay the trends anew: what the archive has, from cell `first` on, then what is recent.

        Parameters
        ----------
        cells, told
            As of `archived_cells`.
        first : int
            Number of their first cell.
        """
        stop = first + len(told)
        for kind in TRENDS:
            row = np.where(told, cells[kind], self.recent.cells(kind, first, stop))
            self.trends[kind] = trend = Trend()
            trend.take_cells(first, row)
            known = np.flatnonzero(np.isfinite(cells[kind]))
            if len(known):
                self.archived_ms[kind] = (first + int(known[-1]) + 1) * CELL_MS

    def withhold(self, control_id: str) -> None:
        """Count a message of the bed that is in quarantine."""
        if len(self.withheld) < MOST_WITHHELD and control_id not in self.withheld:
            self.withheld[control_id] = None
            self.stored += 1

    def take(
        self, observations: Observations, source: str, received_ns: int, control_id: str = ""
    ) -> bool:
        """Take a message, and tell if its stream is new; a new one begins with an empty screen."""
        key = stream_key(source, observations)
        fresh = key != self.key
        new = key not in self._keys
        if len(self._keys) >= MOST_KEYS:
            self._keys.clear()
        self._keys.add(key)
        if fresh and self.key is not None:
            self.board, self._breathing = Board(self.bed), 0
        self.key = key
        self.board.take(observations, received_ns)
        if control_id in self.withheld:  # it was read again
            del self.withheld[control_id]
        else:
            self.stored += 1
        self.shown += not observations.doubt
        self._count_revisions(observations, received_ns, fresh=fresh)
        self.doubt = observations.doubt
        self.received_ns = max(received_ns, self.received_ns)
        if self.stored % LOOK_EVERY == 1 or fresh:
            self.view(received_ns)
        offset = self.offset_ns
        rate = self._rate(observations)
        for each in observations.numerics:
            quantity = each.channel.quantity
            kind = "heart_rate" if quantity == rate else quantity
            if kind in TRENDS and quantity not in {*RATES} - {rate} and each.value == each.value:
                self.recent.take_number(kind, each, offset)
                self.trends[kind].take((each.time_ns + offset) // NS_PER_MS, each.value)
        self._breathing, strips = self.board.waves_since(self._breathing)
        for strip in strips:
            if strip.channel.quantity == "resp":
                self.recent.take_breathing(strip, offset)
        for row in observations.unmapped:
            count_unknown(self.unmapped, row, source, received_ns)
        return new

    def _count_revisions(
        self, observations: Observations, received_ns: int, *, fresh: bool
    ) -> None:
        stamps = [each.time_ns for each in (*observations.numerics,) if not each.aperiodic]
        stamps += [each.start_ns for each in observations.waves]
        steps = self.clock.steps
        if fresh or steps != self._steps:
            self._newest_ns, self._steps = 0, steps
        newest = max(stamps, default=self._newest_ns)
        late = newest < self._newest_ns - LATE_NS
        mended = sum(each.status in {"C", "D"} for each in observations.numerics)
        self.late += late
        self.corrections += mended
        if late or mended:
            self.revised_ns = received_ns
        if newest - self.offset_ns < received_ns + LATE_NS:  # a stamp of nonsense moves nothing
            self._newest_ns = max(self._newest_ns, newest)

    def view(self, now_ns: int) -> BedView:
        """Return what the board shows."""
        view = self.board.view(now_ns)
        if abs(view.offset_ns - self.offset_ns) > JUMP_NS:
            self.recent = Recent()  # what was laid by the old one lies wrong
        self.offset_ns = view.offset_ns
        return view

    def trend(self, now_ms: int) -> dict[str, Any]:
        """Return the last hour of a tile, in half minutes."""
        end = (now_ms // TREND_MS + 1) * TREND_MS
        hr, spo2 = (self.trends[kind].until(now_ms) for kind in TRENDS)
        return {"end": end, "step": TREND_MS, "hr": hr, "spo2": spo2}

    def frame(self, cursor: int) -> tuple[bytes, int, int]:
        """Return the samples after a cursor as bytes, the new cursor, and frames that were missed.

        Parameters
        ----------
        cursor : int
            Of the frame before; 0 for all that is kept.
        """
        newest, strips = self.board.waves_since(cursor)
        if newest < cursor:  # another stream has begun
            newest, strips = self.board.waves_since(0)
        missed = strips[0].cursor - cursor - 1 if strips and cursor else 0
        if not strips:
            return b"", newest, 0
        offset = self.offset_ns
        samples = [narrow(strip.counts) for strip in strips]
        waves = [
            _piece(strip, counts.itemsize, offset)
            for strip, counts in zip(strips, samples, strict=True)
        ]
        return pack({"waves": waves}, samples), newest, max(missed, 0)

    @property
    def clock(self) -> ClockState:
        """What is known of the monitor's clock."""
        return self.board.clock

    @staticmethod
    def _rate(observations: Observations) -> str:
        there = {each.channel.quantity for each in observations.numerics}
        return next((each for each in RATES if each in there), "")


def _piece(strip: Strip, itemsize: int, offset_ns: int) -> dict[str, Any]:
    fs = float(strip.fs)
    start_ms = (strip.start_ns + offset_ns) / NS_PER_MS
    kind = strip.channel.quantity
    return {
        "id": str(strip.wave),
        "label": label_of(strip.channel),
        "kind": kind if kind in WAVES else "other",
        "unit": strip.channel.unit,
        "fs": fs,
        "t0": start_ms - strip.first * 1000 / fs,
        "first": strip.first,
        "n": len(strip.counts),
        "bytes": itemsize,
        "runs": strip.runs.tolist(),
        "scale": strip.scale,
        "offset": strip.offset,
    }


def label_of(channel: Channel) -> str:
    """Return a channel's short name: ``ECG II``."""
    name = NAMES.get(channel.quantity, channel.quantity)
    return f"{name} {channel.lead}".strip()

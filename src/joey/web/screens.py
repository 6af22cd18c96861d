"""What is known of a bed, message by message: its monitors, its last minutes, its counts."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from joey.live.board import LOST_S
from joey.people import stream_key
from joey.web.codes import count_unknown
from joey.web.devices import RATE_WORDS, TRENDS, Device, label_of, labels_of, view_of
from joey.web.packing import narrow, pack
from joey.web.recent import CELL_MS, CELLS, GOOD, NS_PER_MS, PULSE, TREND_MS, Trend

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from joey.live.board import BedView, Strip
    from joey.people import StreamKey
    from joey.sources.hl7 import Observations
    from joey.store.records import Association
    from joey.web.codes import Unknown, UnknownKey

__all__ = ["AWAY_S", "Screen", "Side"]

WAVES = ("ecg", "pleth", "resp")
POINT_CELLS = TREND_MS // CELL_MS
MOST_WITHHELD = 1000  # of a bed; more are in the quarantine's own list
MOST_KEYS = 16  # streams of a bed that are known: a loop of names must not fill the memory
AWAY_S = 60.0  # s of silence, after which a monitor is away
NOT_ASKED = "not asked yet whose it is"
GONE_S = 600.0  # s of silence, after which a monitor is not waited for while another speaks
NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Side:
    """Which monitors of a bed are shown.

    Parameters
    ----------
    devices : tuple of Device
        The infant's, or nobody's where none of the infant's speaks; the first first.
    doubt : str
        Why they are nobody's; empty where they are the infant's.
    aside : str
        Why others that speak are nobody's; empty where there are none.
    """

    devices: tuple[Device, ...] = ()
    doubt: str = ""
    aside: str = ""


class Screen:
    """One bed as the pages know it.

    Parameters
    ----------
    bed : str
        `Location.key`.

    Notes
    -----
    Several monitors of one bed stand side by side. What is shown under the infant's name comes from
    those that are the infant's, as the records say; others are shown only where none of these
    speaks, and then as nobody's.
    """

    def __init__(self, bed: str) -> None:
        self.bed = bed
        self.devices: dict[tuple[str, str], Device] = {}  # by source and name
        self.stored = self.shown = 0
        self.withheld: dict[str, None] = {}  # control ids of what is in quarantine
        self.late = self.corrections = 0
        self.revised_ns = 0  # when the last of these came
        self.doubt = ""  # of the message that came last
        self.received_ns = 0
        self.archived_ms: dict[str, int] = {}  # end of the last value the archive has, by kind
        self.whose: tuple[str, ...] | None = None  # of what streams that and the trend are
        self.unmapped: dict[UnknownKey, Unknown] = {}
        self._trends = {kind: Trend() for kind in (*TRENDS, PULSE, GOOD)}  # as the archive has them
        self._told = 0, np.zeros(0, dtype=np.bool_)  # first of the last cells, and which it has
        self._keys: set[StreamKey] = set()  # of the streams that were heard
        self._whose: dict[str, str] = {}  # by standing stream: why it is nobody's; empty: it is
        self._numbers = count(1)

    # --- what comes

    def remember(
        self,
        cells: Mapping[str, NDArray[np.float32]],
        told: NDArray[np.bool_],
        first: int,
        whose: tuple[str, ...] | None,
    ) -> None:
        """Lay the trends anew, as the archive has them from cell `first` on.

        Parameters
        ----------
        cells, told
            As of `archived_cells`.
        first : int
            Number of their first cell.
        whose : tuple of str or None
            The streams they are of, as of `archived_cells`.
        """
        self.whose = whose
        self.archived_ms = {}
        for kind in (*TRENDS, PULSE, GOOD):
            self._trends[kind] = trend = Trend()
            trend.take_cells(first, cells[kind])
        for kind in TRENDS:
            known = np.flatnonzero(np.isfinite(cells[kind]))
            if len(known):
                self.archived_ms[kind] = (first + int(known[-1]) + 1) * CELL_MS
        self._told = first + len(told) - len(told[-CELLS:]), told[-CELLS:].copy()

    def withhold(self, control_id: str) -> None:
        """Count a message of the bed that is in quarantine."""
        if len(self.withheld) < MOST_WITHHELD and control_id not in self.withheld:
            self.withheld[control_id] = None
            self.stored += 1

    def take(
        self, observations: Observations, source: str, received_ns: int, control_id: str = ""
    ) -> bool:
        """Take a message, and tell if its stream is new: nothing of it is known to the records."""
        key = stream_key(source, observations)
        new = key not in self._keys
        if len(self._keys) >= MOST_KEYS:
            self._keys.clear()
        self._keys.add(key)
        late, mended = self._device_of(key).take(observations, received_ns)
        self.late += late
        self.corrections += mended
        if late or mended:
            self.revised_ns = received_ns
        if control_id in self.withheld:  # it was read again
            del self.withheld[control_id]
        else:
            self.stored += 1
        self.shown += not observations.doubt
        self.doubt = observations.doubt
        self.received_ns = max(received_ns, self.received_ns)
        for row in observations.unmapped:
            count_unknown(self.unmapped, row, source, received_ns)
        return new

    def _device_of(self, key: StreamKey) -> Device:
        """Return a stream's monitor; one that names another patient begins with nothing."""
        place = key.source, key.device
        device = self.devices.get(place)
        if device is None or device.key != key:
            self.devices.pop(place, None)
            if len(self.devices) >= MOST_KEYS:
                del self.devices[min(self.devices, key=lambda at: self.devices[at].received_ns)]
            device = self.devices[place] = Device(key, next(self._numbers))
        return device

    def associate(self, standing: Iterable[Association], infant: int | None) -> None:
        """Take whose the bed's streams are, as the records say, and who lies there."""
        self._whose = {
            each.stream: ""
            if infant is not None and each.infant == infant
            else each.reason or NOT_ASKED
            for each in standing
        }

    # --- what is shown

    def device(self, stream: str) -> Device | None:
        """Return the monitor of a stream, by `stream_id` of its key; None where it is not heard."""
        return next((each for each in self.devices.values() if each.stream == stream), None)

    def side(self, now_ns: int) -> Side:
        """Return which monitors are shown, and whose they are.

        Parameters
        ----------
        now_ns : int
            The host's time. [ns UTC]
        """
        every = sorted(self.devices.values(), key=lambda device: device.rank)
        mine = [each for each in every if self._whose.get(each.stream) == ""]
        others = [each for each in every if self._whose.get(each.stream)]
        speak = [each for each in others if _heard(each, now_ns, AWAY_S)]
        if any(_heard(each, now_ns, AWAY_S) for each in mine):
            shown = tuple(each for each in mine if _heard(each, now_ns, GONE_S))
            return Side(shown, aside=self._reason(speak))
        if speak or (others and not mine):
            # One that says another name has all of a bed asked again, each as it speaks.
            unasked = [
                each
                for each in every
                if each.stream not in self._whose and _heard(each, now_ns, LOST_S)
            ]
            nobodys = sorted((*(speak or others), *unasked), key=lambda device: device.rank)
            return Side(tuple(nobodys), self._reason(speak or others))
        if mine:
            return Side(tuple(mine))
        if every:  # the records have closed what they knew of them, and not read on yet
            last = max(every, key=lambda each: each.received_ns)
            speak = [each for each in every if _heard(each, now_ns, LOST_S)]
            return Side(tuple(speak or (last,)), NOT_ASKED)
        reasons = list(self._whose.values())
        return Side((), "" if "" in reasons or not reasons else reasons[-1])

    def _reason(self, devices: Iterable[Device]) -> str:
        last = max(devices, key=lambda each: each.received_ns, default=None)
        return "" if last is None else self._whose[last.stream]

    def view(self, now_ns: int) -> BedView:
        """Return what the boards of the monitors that are shown show together."""
        devices = self.side(now_ns).devices
        return view_of(self.bed, now_ns, [each.view(now_ns) for each in devices])

    def arriving(self, now_ns: int) -> int | None:
        """Return what time data are of that a monitor had kept back; see `Arrivals.arriving`."""
        found = [each.arrivals.arriving(now_ns) for each in self.side(now_ns).devices]
        return min((at for at in found if at is not None), default=None)

    def look(self, now_ns: int) -> None:
        """Ask each monitor's board how far its clock is off."""
        for each in self.devices.values():
            each.view(now_ns)

    def simulated(self, now_ns: int) -> bool:
        """Whether a monitor that has spoken of late, or as the last, is of no infant."""
        return any(
            each.board.simulated
            and (_heard(each, now_ns, GONE_S) or each.received_ns == self.received_ns)
            for each in self.devices.values()
        )

    def cells(self, kind: str, first: int, stop: int, now_ns: int) -> NDArray[np.float32]:
        """Return what the monitors that are shown said, in cells of the host's clock.

        Parameters
        ----------
        kind : str
            One of `joey.web.recent.KINDS`, or `PULSE`: only where none has a heart rate.
        first, stop : int
            Numbers of the cells.
        now_ns : int
            The host's time. [ns UTC]

        Returns
        -------
        ndarray of float32, shape (stop - first,)
            Of the first monitor that has one; NaN where there is none, or that was long ago.
        """
        devices = self.side(now_ns).devices
        rows = [each.recent.cells(kind, first, stop) for each in devices]
        found = rows[0] if rows else np.full(stop - first, np.nan, np.float32)
        for row in rows[1:]:
            found = np.where(np.isfinite(found), found, row)
        if kind == PULSE:
            found[np.isfinite(self.cells("heart_rate", first, stop, now_ns))] = np.nan
        return found

    def trend(self, now_ns: int, since_ns: int) -> dict[str, Any]:
        """Return the last hour of a tile, in half minutes; nothing from before `since_ns`.

        The heart rate is the lowest of good quality; ``doubtful`` tells of each of its points
        whether there was none, so that it is the lowest of what was measured. Where there is none
        it is the pulse rate; ``label`` says which of the two the points are.
        """
        now_ms = now_ns // NS_PER_MS
        end = (now_ms // TREND_MS + 1) * TREND_MS
        since_ms = since_ns // NS_PER_MS
        heart, pulse, spo2, good = (
            self._points(kind, now_ns, since_ms) for kind in ("heart_rate", PULSE, "spo2", GOOD)
        )
        pulse = np.where(np.isfinite(heart), np.nan, pulse)  # between two beats it is no minimum
        hr, good = np.fmin(heart, pulse), np.fmin(good, pulse)
        doubtful = np.isfinite(hr) & ~np.isfinite(good)
        return {
            "end": end,
            "step": TREND_MS,
            "label": _called(heart, pulse),
            "hr": _points_of(np.where(doubtful, hr, good)),
            "doubtful": doubtful.tolist(),
            "spo2": _points_of(spo2),
        }

    def _points(self, kind: str, now_ns: int, since_ms: int) -> NDArray[np.float64]:
        """Return the points of a trend: what the archive has told is final, its NaN is none."""
        now_ms = now_ns // NS_PER_MS
        known = self._trends[kind].until(now_ms)
        stop = (now_ms // TREND_MS + 1) * POINT_CELLS
        row = self.cells("heart_rate" if kind == GOOD else kind, stop - CELLS, stop, now_ns)
        first, told = self._told
        lo, hi = max(first, stop - CELLS), min(first + len(told), stop)
        if lo < hi:
            row[lo - stop + CELLS : hi - stop + CELLS][told[lo - first : hi - first]] = np.nan
        recent = np.fmin.reduce(row.reshape(-1, POINT_CELLS), axis=1)
        known[-len(recent) :] = np.fmin(known[-len(recent) :], recent)
        before = TREND_MS * np.arange(1 - len(known), 1) + now_ms // TREND_MS * TREND_MS < since_ms
        return np.where(before, np.nan, known)

    def frame(self, cursors: Mapping[int, int], now_ns: int) -> tuple[bytes, dict[int, int], int]:
        """Return the samples after some cursors as bytes, the new ones, and how many were missed.

        Parameters
        ----------
        cursors : mapping of int to int
            Of the frame before, by the number of the monitor; empty for all that is kept.
        now_ns : int
            The host's time. [ns UTC]
        """
        devices = self.side(now_ns).devices
        found: list[tuple[Device, Strip]] = []
        after: dict[int, int] = {}
        missed = 0
        for device in devices:
            cursor = cursors.get(device.number, 0)
            after[device.number], strips = device.board.waves_since(cursor)
            found += [(device, strip) for strip in strips]
            if strips and cursor:
                missed += max(strips[0].cursor - cursor - 1, 0)
        if not found:
            return b"", after, 0
        labels = labels_of(devices)
        samples = [narrow(strip.counts) for _, strip in found]
        waves = [
            _piece(device, strip, counts.itemsize, labels)
            for (device, strip), counts in zip(found, samples, strict=True)
        ]
        return pack({"waves": waves, "there": list(labels)}, samples), after, missed


def _called(heart: NDArray[np.float64], pulse: NDArray[np.float64]) -> str:
    """Return what rates of the heart are called of which some are known: ``HR, PR``."""
    rows = zip(RATE_WORDS.values(), (heart, pulse), strict=True)
    return ", ".join(word for word, row in rows if np.isfinite(row).any()) or "HR"


def _points_of(values: NDArray[np.float64]) -> list[float | None]:
    return [None if value != value else round(value, 1) for value in values.tolist()]  # noqa: PLR0124


def _heard(device: Device, now_ns: int, seconds: float) -> bool:
    return now_ns - device.received_ns < seconds * NS


def _piece(
    device: Device, strip: Strip, itemsize: int, labels: Mapping[str, str]
) -> dict[str, Any]:
    fs = float(strip.fs)
    start_ms = (strip.start_ns + device.offset_ns) / NS_PER_MS
    kind = strip.channel.quantity
    name = device.wave_id(strip.wave)
    return {
        "id": name,
        "label": labels.get(name) or label_of(strip.channel),
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

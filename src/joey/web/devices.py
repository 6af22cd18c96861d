"""One monitor at a bed as the pages know it, and what several of one bed show together."""

from __future__ import annotations

import math
from bisect import insort
from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from joey.live.board import LOST_S, BedView, Board, Lost
from joey.people import isolated, plain_name, stream_id
from joey.quality import far_apart, possible, still_differ
from joey.signals import NS, Series
from joey.web.arrivals import Arrivals
from joey.web.recent import Recent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from joey.people import StreamKey
    from joey.signals import Channel
    from joey.sources.hl7 import Numeric, Observations

__all__ = [
    "RATES",
    "RATE_WORDS",
    "TRENDS",
    "Device",
    "label_of",
    "labels_of",
    "rates_apart",
    "view_of",
]

Rate = tuple[str, float]  # quantity, and value [1/min]
RATES = ("heart_rate", "pulse_rate")  # of one heart: the first that is measured is shown
RATE_WORDS = {"heart_rate": "HR", "pulse_rate": "PR"}  # what each is called
TRENDS = ("heart_rate", "spo2")
MENDS = frozenset({"C", "D"})  # statuses that correct or delete a value of the same stamp
NAMES = {"ecg": "ECG", "pleth": "Pleth", "resp": "Resp"}
JUMP_NS = 1_000_000_000  # ns, by which two clocks part only if one was set, or a backlog ends
LATE_NS = 10_000_000_000  # ns behind the newest, from which a message is late (law 9)
LOOK_EVERY = 10  # messages, after which the offset of the clocks is asked for again
RATE_NS = 60 * NS  # ns of each rate of the heart that are kept: `still_differ` needs 54 s
STANDS_S = 10.0  # s that a rate stands at most, until the next one
TAIL = 6  # characters of a monitor's identifier, by which two of one bed are told apart


class Device:
    """One monitor at a bed, as long as it speaks of one patient.

    Parameters
    ----------
    key : StreamKey
        Its stream.
    number : int
        No other monitor of the bed had it: names of its waves begin with it.
    """

    def __init__(self, key: StreamKey, number: int) -> None:
        self.key = key
        self.number = number
        self.stream = stream_id(key, 0)
        self.board = Board(key.bed)
        self.recent = Recent()
        self.rates: dict[Channel, deque[tuple[int, float]]] = {}  # when [ns, the monitor's], 1/min
        self.says = ""  # whom it names, as it is shown to who says whose it is
        self.named = False  # whether by a name: a number alone may be of whoever lies there
        self.heard_ns = 0  # when its first message was received
        self.received_ns = 0
        self.arrivals = Arrivals()
        self.offset_ns = 0  # host minus monitor, as of the last look
        self._newest_ns = 0  # newest stamp
        self._steps = 0  # of its clock, when that was noted
        self._messages = 0
        self._breathing = 0  # cursor of the board

    @property
    def rank(self) -> tuple[bool, str, str]:
        """Order of a bed's monitors: those with an ECG first, then by name; a restart keeps it."""
        ecg = any(channel.quantity == "ecg" for channel in self.board.waves.values())
        return not ecg, self.key.source, self.key.device

    def take(self, observations: Observations, received_ns: int) -> tuple[bool, int]:
        """Take a message; tell whether it is late, and how many values it corrects."""
        self.board.take(observations, received_ns)
        revises = self._revises(observations, received_ns)
        self.received_ns = max(received_ns, self.received_ns)
        if not self._messages:  # another patient is another stream, and begins anew
            self.heard_ns = received_ns
            self.says, self.named = _named(observations)
        self._messages += 1
        if self._messages % LOOK_EVERY == 1:
            self.view(received_ns)
        rate = _rate(observations)
        for each in observations.numerics:
            quantity = each.channel.quantity
            if quantity in RATES:
                self._keep_rate(each)
            if quantity in {"spo2", rate} and not math.isnan(each.value):
                self.recent.take_number(quantity, each, self.offset_ns)
        self._breathing, strips = self.board.waves_since(self._breathing)
        for strip in strips:
            if strip.channel.quantity == "resp":
                self.recent.take_breathing(strip, self.offset_ns)
        return revises

    def _keep_rate(self, numeric: Numeric) -> None:
        """Keep a rate of the infant's heart, to be held against another; a corrected one anew."""
        (low, high), at = possible(numeric.channel), numeric.time_ns
        rows = self.rates.setdefault(numeric.channel, deque())
        newest = rows[-1][0] if rows else 0
        if numeric.status in MENDS:
            for withdrawn in [row for row in rows if row[0] == at]:
                rows.remove(withdrawn)
        elif at < newest - RATE_NS:
            rows.clear()  # the monitor's clock was set
        elif at <= newest:
            return
        if numeric.channel.subject == "infant" and low <= numeric.value <= high:
            insort(rows, (at, numeric.value))
        while rows and rows[0][0] < max(at, rows[-1][0]) - RATE_NS:
            rows.popleft()

    def view(self, now_ns: int) -> BedView:
        """Return what its board shows."""
        view = self.board.view(now_ns)
        if abs(view.offset_ns - self.offset_ns) > JUMP_NS:
            self.recent = Recent()  # what was laid by the old one lies wrong
        self.offset_ns = view.offset_ns
        return view

    def _revises(self, observations: Observations, received_ns: int) -> tuple[bool, int]:
        stamps = stamps_of(observations)
        steps = self.board.clock.steps
        if steps != self._steps:
            self._newest_ns, self._steps = 0, steps
            self.arrivals = Arrivals()
        newest = max(stamps, default=self._newest_ns)
        late = newest < self._newest_ns - LATE_NS
        # A stamp of nonsense moves nothing; of a backlog the offset is still to fall.
        if newest - abs(self.offset_ns) < received_ns + LATE_NS:
            self._newest_ns = max(self._newest_ns, newest)
            if stamps:
                self.arrivals.take(received_ns, self._newest_ns)
        return late, sum(each.status in MENDS for each in observations.numerics)

    def wave_id(self, wave: int) -> str:
        """Return the name of a wave: that of no other of the bed."""
        return f"{self.number}.{wave}"


def stamps_of(observations: Observations) -> list[int]:
    """Return the times of what a message says is measured now. [ns UTC, the monitor's]"""
    stamps = [each.time_ns for each in observations.numerics if not each.aperiodic]
    return [*stamps, *(each.start_ns for each in observations.waves)]


def view_of(bed: str, now_ns: int, views: Sequence[BedView]) -> BedView:
    """Return what the monitors of one infant show together.

    A number or a wave that two of them have is lost only where neither measures it.

    Parameters
    ----------
    bed : str
        `Location.key`.
    now_ns : int
        The host's time. [ns UTC]
    views : sequence of BedView
        Of each, the first first; of none, what a bed shows that was never heard.
    """
    if len(views) == 1:
        return views[0]
    measured = frozenset[str]().union(*(each.measured for each in views))
    lost: dict[str, Lost] = {}
    for each in (one for view in views for one in view.lost if one.quantity not in measured):
        known = lost.get(each.quantity)
        if known is None or known.since_ns < each.since_ns:
            lost[each.quantity] = each
    silent = min((each.link_age_s for each in views), default=math.inf)
    nearest = min(views, key=lambda view: view.link_age_s, default=None)
    return BedView(
        bed=bed,
        at_ns=now_ns,
        numbers=tuple(number for view in views for number in view.numbers),
        lost=tuple(lost.values()),
        link_age_s=silent,
        link_lost=silent > LOST_S,
        simulated=any(each.simulated for each in views),
        doubt="" if nearest is None else nearest.doubt,
        offset_ns=0 if nearest is None else nearest.offset_ns,
        measured=measured,
    )


def rates_apart(devices: Sequence[Device], now_ns: int) -> tuple[Rate, Rate] | None:
    """Return the rate of the heart that is shown and the one that disagrees most; None where none.

    All are of one infant: of an ECG, of one or several oximeters. That they disagree says that one
    is wrong, never which; what is a disagreement `joey.quality.still_differ` says.

    Parameters
    ----------
    devices : sequence of Device
        The infant's monitors, the first first.
    now_ns : int
        The host's time. [ns UTC]

    Returns
    -------
    tuple of (str, float), or None
        Quantity and value of each. [1/min]
    """
    found = [
        (RATES.index(channel.quantity), channel, rows, device.offset_ns)
        for device in devices
        for channel, rows in device.rates.items()
        if rows and now_ns - rows[-1][0] - device.offset_ns < STANDS_S * NS
    ]
    found.sort(key=lambda each: each[0])
    if len(found) < 2:
        return None
    (_, channel, rows, offset_ns), *others = found
    value = rows[-1][1]
    others = [each for each in others if far_apart(value, each[2][-1][1])]
    others.sort(key=lambda each: -abs(each[2][-1][1] - value))
    if not others:
        return None
    shown = _series(channel, rows, offset_ns)
    for _, quantity, kept, offset_ns in others:
        if still_differ(shown, _series(quantity, kept, offset_ns)):
            return (channel.quantity, value), (quantity.quantity, kept[-1][1])
    return None


def _series(channel: Channel, rows: deque[tuple[int, float]], offset_ns: int) -> Series:
    """Return a rate on the host's clock; each value stands until the next is due, 10 s at most."""
    times = np.array([at + offset_ns for at, _ in rows], dtype=np.int64) / NS
    gaps = np.diff(times)
    lengths = np.minimum(np.append(gaps, np.median(gaps) if len(gaps) else 0.0), STANDS_S)
    return Series(channel, times, np.array([value for _, value in rows]), lengths)


def label_of(channel: Channel) -> str:
    """Return a channel's short name: ``ECG II``."""
    name = NAMES.get(channel.quantity, channel.quantity)
    return f"{name} {channel.lead}".strip()


def labels_of(devices: Sequence[Device]) -> dict[str, str]:
    """Return what the waves of several monitors are called, by `Device.wave_id`.

    No two are called the same: where one monitor sends two of one name their sites stand behind
    it, or they are counted; where two monitors do, the end of the monitor's own.
    """
    waves = [
        (device, device.wave_id(number), label)
        for device in devices
        for number, label in _labels_of_one(device.board.waves).items()
    ]
    owners: dict[str, set[int]] = {}
    for device, _, label in waves:
        owners.setdefault(label, set()).add(device.number)
    tails = [device.key.device[-TAIL:] for device in devices]
    told = len(set(tails)) == len(tails) and all(tails)
    return {
        wave: label
        if len(owners[label]) == 1
        else f"{label} ({device.key.device[-TAIL:] if told else device.number})"
        for device, wave, label in waves
    }


def _labels_of_one(waves: Mapping[int, Channel]) -> dict[int, str]:
    plain = {number: label_of(channel) for number, channel in waves.items()}
    sited = {n: f"{plain[n]} {channel.site}".strip() for n, channel in waves.items()}
    names, places = [*plain.values()], [*sited.values()]
    for number, label in plain.items():
        if names.count(label) > 1:
            alone = places.count(sited[number]) == 1
            plain[number] = sited[number] if alone else f"{label} {number}"
    return plain


def _named(observations: Observations) -> tuple[str, bool]:
    """Return whom a monitor names in words, and whether it has a name for them."""
    name = observations.name
    parts = () if name is None else (name.family, name.given)
    words = ", ".join(isolated(plain_name(each)) for each in parts if each)
    numbers = (isolated(plain_name(each.value)) for each in observations.identifiers)
    return ", ".join(each for each in (words, next(numbers, "")) if each), bool(words)


def _rate(observations: Observations) -> str:
    there = {each.channel.quantity for each in observations.numerics}
    return next((each for each in RATES if each in there), "")

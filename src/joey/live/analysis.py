"""The detectors of one stream on one clock: joined chunks in, final facts out.

The same detectors and the same order as of a recording (`joey.response.analyze`): signals are
judged, beats, pulses and breaths found, and events looked for where time is not bad.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from joey.beats import heart_rate_series, join_beats
from joey.breaths import BreathDetector, HeartWitness, join_breaths
from joey.events import heart_rate_pieces, whole_intervals
from joey.live.doubts import HeartDoubts
from joey.live.envelope import Envelope
from joey.live.episodes import Episodes, JudgedBreaths
from joey.live.facts import Note, Present
from joey.live.hearts import Heart
from joey.live.joining import HOLD_S, NEVER, NOTHING, Joined, Joiner, NumericJoiner
from joey.live.numbers import Numbers
from joey.live.turning import HeartRate, Turn
from joey.quality import QualityDetector, bad_spans, join_quality
from joey.response.channels import LEAST_FS
from joey.signals import NS, Series, join_series
from joey.spans import EMPTY

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from joey.beats import Beats, Intervals
    from joey.breaths import Breaths
    from joey.events import Events, Spell
    from joey.live.facts import Chunk, EnvelopeMinute, JoinState, Late
    from joey.live.hearts import Seen
    from joey.live.numbers import Told, Values
    from joey.quality import Quality
    from joey.signals import Channel, Segment
    from joey.sources.hl7.types import Observations, Wave

__all__ = ["WORK_S", "Analysis", "Findings"]

WAVES = ("ecg", "pleth", "resp")
NUMERICS = ("heart_rate", "spo2", "pulse_rate")
READ = frozenset((*WAVES, *NUMERICS))
SILENT_S = 20.0  # s without a sample, after which another channel of the quantity is looked at
EARLY_S = 240.0  # s of beats that are kept for a breathing signal that comes later
WORK_S = 8.0  # s of the device's time between two updates of the detectors, and looks for events:
# an update of four costs nearly as much as one of eight
SPARE = 15  # such updates are made as one where nothing that they tell is new


@dataclass(slots=True, eq=False)
class Findings:
    """What became final, collected until it is told."""

    chunks: list[Chunk] = field(default_factory=list)
    values: list[Series] = field(default_factory=list)
    late: list[Late] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    beats: list[Beats] = field(default_factory=list)
    pulses: list[Beats] = field(default_factory=list)
    breaths: list[Breaths] = field(default_factory=list)
    quality: list[Quality] = field(default_factory=list)
    events: list[Events] = field(default_factory=list)
    spells: list[Spell] = field(default_factory=list)
    envelope: list[EnvelopeMinute] = field(default_factory=list)
    worked: bool = False  # whether the detectors had their turn


class Analysis:
    """One stream's detectors; no clock: times are those of samples and of ticks.

    Parameters
    ----------
    presets, parts : sequence of str
        As of `Episodes`.
    jitter_s : float or None
        As of `Joiner`.
    states : sequence of JoinState
        How samples lay on their grids before.
    phase_ns : int
        At which moment of `WORK_S` it works: not all beds of a ward at once. [ns]
    sparing : bool
        Whether samples behind are given back to the system.
    """

    def __init__(
        self,
        presets: Sequence[str],
        parts: Sequence[str],
        jitter_s: float | None = None,
        states: Sequence[JoinState] = (),
        phase_ns: int = 0,
        *,
        sparing: bool = False,
    ) -> None:
        self._phase_ns = phase_ns
        self._sparing = sparing
        self._jitter_s = jitter_s
        self._presets, self._parts = presets, parts
        self._joiners: dict[Channel, Joiner] = {}
        self._numerics: dict[Channel, NumericJoiner] = {}
        for state in states:
            if state.fs:
                self._joiners[state.channel] = Joiner(state, jitter_s=jitter_s)
            else:
                self._numerics[state.channel] = NumericJoiner(state.channel, state)
        self._chosen: dict[str, Channel] = {}  # by quantity, what is looked at
        self._ended: dict[str, float] = {}  # s, the end of its last sample
        self._passed: dict[str, float] = {}  # s, until when all of it is known
        self._segments: dict[str, list[Segment]] = {name: [] for name in WAVES}
        self._series: dict[str, list[Series]] = {name: [] for name in NUMERICS}
        self._hearts: dict[str, Heart] = {}
        self._resp: tuple[BreathDetector, QualityDetector] | None = None
        self._breaths: list[Breaths] = []  # since the last look for events
        self._verdicts: list[Quality] = []
        self._early: list[Beats] = []  # before there was a breathing signal
        self._still = JudgedBreaths()
        self._numbers = Numbers()
        self._episodes: Episodes | None = None
        self._turn: Turn | None = None  # to the heart rate of an ECG that came later
        self._envelope = Envelope()
        self._witness: HeartWitness | None = None
        self._doubts: HeartDoubts | None = None
        self._start, self._end = np.inf, -np.inf  # s, of all that was joined
        self._first = self._newest = self._comes = NEVER
        self._worked = NEVER
        self._known: dict[str, float] = {}
        for state in states:
            self._had(state)

    @property
    def states(self) -> tuple[JoinState, ...]:
        """How far each channel's joiner has come."""
        waves = [joiner.state for joiner in self._joiners.values()]
        numerics = [joiner.state for joiner in self._numerics.values()]
        return tuple(state for state in (*waves, *numerics) if state is not None)

    @property
    def since(self) -> float:
        """Facts that are still to be told rest on nothing before this, but for a lead-in. [s]"""
        known = [self._first / NS, *self._known.values()]
        if self._episodes is not None:
            known = [*self._known.values(), self._episodes.since, self._envelope.since]
        return min(known)

    @property
    def present(self) -> Present:
        """The open present."""
        running = () if self._episodes is None else self._episodes.running
        return Present(dict(self._known), running)

    def take(self, observations: Observations, newest_ns: int, into: Findings) -> None:
        """Take a message: join what it holds."""
        if self._first == NEVER:
            self._first = newest_ns
        self._comes = newest_ns
        for wave in observations.waves:
            self._join(wave, into)
        for numeric in observations.numerics:
            joiner = self._numerics.get(numeric.channel)
            if joiner is None:
                joiner = self._numerics[numeric.channel] = NumericJoiner(numeric.channel)
                self._reads(numeric.channel, numeric.time_ns / NS)
            self._took(joiner.take(numeric), into)
        self.pass_to(newest_ns)

    def pass_to(self, device_ns: int) -> None:
        """Take note of the device's time."""
        self._newest = max(self._newest, device_ns)

    def go_on(self, into: Findings, *, last: bool = False, again: bool = False) -> None:
        """Let the detectors work on what was joined, if it is time, and look for events.

        Where all of it was told before and is read `again`, they work in larger steps: faster, and
        what they find is the same.
        """
        step = (self._newest + self._phase_ns) // round(WORK_S * NS)
        if step == self._worked and not last:
            return
        self._worked = step
        for joiner in self._joiners.values():
            self._took(joiner.tick(self._newest), into)  # what need wait no longer
        for numerics in self._numerics.values():
            self._took(numerics.tick(self._newest), into)
        if again and not last and self._episodes is not None and step % SPARE:
            for name in self._chosen:
                self._told(name)  # which channel is looked at rests on how far each had come
            return
        self._work(into, last=last)

    def _work(self, into: Findings, *, last: bool) -> None:
        into.worked = True
        if last:
            for joiner in self._joiners.values():
                self._took(joiner.finish(), into)
            for numerics in self._numerics.values():
                self._took(numerics.finish(), into)
        beats: dict[str, Beats] = {}
        for name, told in (("ecg", into.beats), ("pleth", into.pulses)):
            if name not in self._chosen:
                continue
            heart = self._hearts.get(name)
            if heart is None:
                heart = self._hearts[name] = Heart(self._chosen[name], sparing=self._sparing)
            segments, self._segments[name] = self._segments[name], []
            beats[name], quality = heart.take(segments, self._told(name), last=last)
            told.append(beats[name])
            if name != "ecg":  # its judgment waits for what other rates doubt in it
                into.quality.append(quality)
        self._breathe(beats.get("ecg"), into, last=last)
        settled = self._newest - self._first > HOLD_S * NS  # all its channels have come by then
        if last or settled:
            self._look(into, last=last)

    # --- joining

    def _had(self, state: JoinState) -> None:
        """Take note of an ECG that was there before: one that comes back is not late."""
        channel, fs = state.channel, float(state.fs)
        is_ecg = channel.subject == "infant" and channel.quantity == "ecg"
        if is_ecg and fs >= LEAST_FS["ecg"] and "ecg" not in self._chosen:
            self._chosen["ecg"] = channel
            self._ended["ecg"] = state.start_ns / NS + state.following / fs

    def _join(self, wave: Wave, into: Findings) -> None:
        joiner = self._joiners.get(wave.channel)
        if joiner is None or not joiner.fits(wave):
            after = NEVER
            if joiner is not None:
                self._took(joiner.finish(), into)
                into.notes.append(Note("scale", wave.start_ns, wave.scale, wave.channel.label))
                after = joiner.told_ns
            joiner = Joiner(wave, jitter_s=self._jitter_s, after_ns=after)
            self._joiners[wave.channel] = joiner
            self._reads(wave.channel, wave.start_ns / NS, float(wave.fs))
        self._took(joiner.take(wave), into)

    def _took(self, joined: Joined, into: Findings) -> None:
        if joined is NOTHING:
            return
        into.late += joined.late
        into.notes += joined.notes
        for chunk in joined.chunks:
            into.chunks.append(chunk)
            segment = chunk.segment
            span = segment.span
            self._start, self._end = min(self._start, span.start), max(self._end, span.end)
            if self._reads(chunk.channel, span.start, float(segment.grid.fs)):
                quantity = chunk.channel.quantity
                self._ended[quantity] = span.end
                self._segments[quantity].append(segment)
                if quantity == "resp":
                    self._envelope.take_resp(chunk)
        for series in joined.series:
            into.values.append(series)
            self._start = min(self._start, float(series.times[0]))
            self._end = max(self._end, float(series.ends[-1]))
            if self._reads(series.channel, float(series.times[0])):
                self._ended[series.channel.quantity] = float(series.times[-1])
                self._series[series.channel.quantity].append(series)

    def _reads(self, channel: Channel, start: float, fs: float = np.inf) -> bool:
        """Whether a channel is the one of its quantity that is looked at.

        It is the first that can be, and another one only after that has been silent: a nurse
        chooses another lead, a probe is changed.
        """
        quantity = channel.quantity
        if channel.subject != "infant" or quantity not in READ:
            return False
        if fs < LEAST_FS.get(quantity, 0.0):
            return False
        late = self._comes - self._first > HOLD_S * NS  # not all of the first have come by then
        if quantity == "ecg" and quantity not in self._chosen and late:
            self._turn = Turn(start, self._comes / NS)
        chosen = self._chosen.setdefault(quantity, channel)
        if chosen != channel and start - self._ended.get(quantity, np.inf) > SILENT_S:
            if start < self._passed.get(quantity, -np.inf):
                return False
            self._chosen[quantity] = chosen = channel
        return chosen == channel

    def _told(self, quantity: str) -> float:
        """Until when a quantity's samples or values are all known. [s]"""
        channel = self._chosen.get(quantity)
        told = self._newest / NS - HOLD_S
        if channel in self._joiners:
            told = self._joiners[channel].told_ns / NS
        elif channel in self._numerics:
            told = self._numerics[channel].told_ns / NS
        told = max(told, self._passed.get(quantity, -np.inf))
        self._passed[quantity] = told
        return told

    # --- breaths

    def _breathe(self, beats: Beats | None, into: Findings, *, last: bool) -> None:
        if "resp" not in self._chosen:
            if beats is not None:
                self._early = [*self._early[-round(EARLY_S / WORK_S) :], beats]
            return
        if self._resp is None:
            channel = self._chosen["resp"]
            self._resp = (
                BreathDetector(channel, sparing=self._sparing),
                QualityDetector(channel, sparing=self._sparing),
            )
            known = [each for each in (*self._early, beats) if each is not None]
            beats = join_beats(known[0].channel, known) if known else None
            self._early = []
        detector, judge = self._resp
        told = self._told("resp")
        heart = self._hearts.get("ecg")
        final = self._told("ecg") if heart is None else heart.detector.final
        segments, self._segments["resp"] = self._segments["resp"], []
        new: dict[str, Sequence[Segment] | Beats] = {"resp": segments}
        if beats is not None and len(beats.times):
            new["beats"] = beats
        breaths = [detector.update(new, {"resp": told, "beats": np.inf if last else final})]
        quality = [judge.update({"signal": segments}, {"signal": told})]
        if last:
            breaths.append(detector.finish())
            quality.append(judge.finish())
        self._breaths += breaths
        self._verdicts += quality
        into.breaths += breaths
        into.quality += quality

    # --- events

    def _look(self, into: Findings, *, last: bool) -> None:
        if self._episodes is None:
            by_beats = "ecg" in self._chosen and self._turn is None
            source = "beat" if by_beats else "numeric"
            self._episodes = Episodes(self._presets, self._parts, source)
        told = {name: np.inf if last else self._told(name) for name in NUMERICS}
        series = {
            name: join_series(parts) if parts else None for name, parts in self._series.items()
        }
        self._series = {name: [] for name in NUMERICS}
        values = self._numbers.take(series, told)
        into.quality += [
            each.quality for each in (values.heart_rate, values.spo2) if each.quality is not None
        ]
        hearts = {name: heart.look(last=last) for name, heart in self._hearts.items()}
        inputs: dict[str, tuple[Series | Breaths | None, float, Quality | None]] = {
            "spo2": _three(values.spo2),
            "breaths": self._good_breaths(hearts.get("ecg"), last=last),
        }
        pulse: tuple[Series | None, float] = None, np.inf if last else self._told("pleth")
        if "pleth" in hearts:
            pulse = self._rate("pleth", hearts["pleth"], heart_rate_series)
        numbers = values.spo2.series, values.pulse_rate.series
        first, *rest = self._heart_rates(hearts, values, into, last=last)
        self._tell(self._episodes, first, inputs, pulse, numbers, into, last=last and not rest)
        for heart in rest:
            self._episodes.turn()
            inputs = {name: (None, upto, None) for name, (_, upto, _) in inputs.items()}
            self._tell(
                self._episodes, heart, inputs, (None, pulse[1]), (None, None), into, last=last
            )
        until = self._known["heart_rate"], values.spo2.upto, values.pulse_rate.upto
        into.envelope += self._envelope.minutes(min(*until, np.inf if last else self._told("resp")))

    def _tell(
        self,
        episodes: Episodes,
        heart: HeartRate,
        inputs: dict[str, tuple[Series | Breaths | None, float, Quality | None]],
        pulse: tuple[Series | None, float],
        numbers: tuple[Series | None, Series | None],
        into: Findings,
        *,
        last: bool,
    ) -> None:
        """Look for events, and lay the rates into their minutes."""
        every = {"heart_rate": (heart.series, heart.upto, heart.quality), **inputs}
        self._known = {name: upto for name, (_, upto, _) in every.items()}
        self._known |= {"pulse": pulse[1], "doubts": heart.doubts_upto}
        events, over = episodes.take(
            {name: data for name, (data, _, _) in every.items()},
            self._known,
            {name: quality for name, (_, _, quality) in every.items()},
            pulse[0],
            last=last,
        )
        into.events += events
        into.spells += over
        rate = heart.series
        if rate is not None and episodes.source == "beat":
            rate = whole_intervals(rate)
        self._envelope.take_rates(rate, *numbers)

    def _heart_rates(
        self, hearts: dict[str, Seen], values: Values, into: Findings, *, last: bool
    ) -> tuple[HeartRate, ...]:
        """Return what became known of the heart rate: of two kinds where it turns to the ECG's."""
        told = values.heart_rate
        numbers = HeartRate(told.series, told.upto, told.quality)
        if "ecg" not in hearts:
            return (numbers,)
        rate, upto = self._rate("ecg", hearts["ecg"], heart_rate_pieces)
        quality, doubts_upto = self._doubted(hearts, values, last=last)
        into.quality.append(quality)
        beats = HeartRate(rate, upto, quality, doubts_upto)
        if self._turn is None:
            return (beats,)
        found = self._turn.take(numbers, beats, last=last)
        if len(found) > 1:
            self._turn = None
        return found

    def _rate(
        self, name: str, seen: Seen, made: Callable[[Intervals], Series]
    ) -> tuple[Series | None, float]:
        """Return the rate that became known and is not bad, and until when that is all."""
        series = None if seen.intervals is None else made(seen.intervals)
        return self._hearts[name].good.take(series, seen.upto, seen.quality, seen.judged)

    def _doubted(
        self, hearts: dict[str, Seen], values: Values, *, last: bool
    ) -> tuple[Quality, float]:
        """Return the judgment of the ECG with what other rates doubt in it."""
        if self._doubts is None:
            self._doubts = HeartDoubts(self._hearts["ecg"].judge.channel)
        outside = {
            name: self._hearts[name].outside.take(
                seen.intervals, seen.upto, seen.quality, seen.judged
            )
            for name, seen in hearts.items()
        }
        shown = {
            name: (each.series, np.inf if last else each.upto)
            for name, each in values.shown.items()
        }
        ecg = hearts["ecg"]
        return self._doubts.take(
            outside["ecg"], outside.get("pleth"), shown, ecg.quality, ecg.judged
        )

    def _good_breaths(
        self, ecg: Seen | None, *, last: bool
    ) -> tuple[Breaths | None, float, Quality | None]:
        lost, lost_upto = EMPTY, np.inf
        if ecg is not None:
            if self._witness is None:
                begins = self._start if self._turn is None else self._turn.begins
                self._witness = HeartWitness(begins)
            bad = bad_spans(ecg.quality)
            final = ecg.final if not last else self._end
            lost = self._witness.update(ecg.beats.times, final, bad, ecg.judged)
            lost_upto = np.inf if last else self._witness.final
        if self._resp is None:
            return None, np.inf if last else self._told("resp"), None
        detector, judge = self._resp
        breaths = join_breaths(detector.channel, self._breaths)
        quality = join_quality(judge.channel, self._verdicts)
        self._breaths, self._verdicts = [], []
        finals = (np.inf, np.inf) if last else (detector.final, judge.final)
        good, upto = self._still.take(breaths, finals[0], quality, finals[1], lost, lost_upto)
        return good, upto, quality


def _three(told: Told) -> tuple[Series | None, float, Quality | None]:
    return told.series, told.upto, told.quality

"""The monitor of one stream: messages and ticks in, final facts out; no sockets and no clock.

Facts depend on the messages and ticks and their order alone. A device whose clock is set ends the
stream: one stream has one time.
"""

from __future__ import annotations

import zlib
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from joey.beats import Beats, join_beats
from joey.breaths import Breaths, join_breaths
from joey.events import DEFAULT
from joey.live.analysis import WORK_S, Analysis, Findings
from joey.live.facts import Facts, Heard, Note, Present, Resume
from joey.live.steps import Steps, lay_apart
from joey.quality import Quality, join_quality
from joey.response import SPELL_PARTS
from joey.signals import NS
from joey.streams import LEAD_IN_S, MARK_S

if TYPE_CHECKING:
    from collections.abc import Sequence

    from joey.live.clocks import ClockState
    from joey.live.steps import Passed
    from joey.sources.hl7.types import Observations

__all__ = ["Monitor", "MonitorSettings"]

EARLY_S = LEAD_IN_S + 15.0  # s before a mark from which on reading again makes its section whole
MOST_MARKS = 24 * 6  # marks that are remembered: a day
OFFSET_NOTE_NS = 60 * NS  # between two notes of the clock


@dataclass(frozen=True, slots=True)
class MonitorSettings:
    """What a monitor looks for.

    Parameters
    ----------
    events : tuple of str
        Names of `joey.events.PRESETS`; none takes Joey's defaults.
    jitter_s : float or None
        By how much the source's stamps may be off; None: see `joining.Joiner`. [s]
    """

    events: tuple[str, ...] = ()
    jitter_s: float | None = None


class Monitor:
    """The facts of one stream.

    Parameters
    ----------
    stream : str
        Its name (`facts.stream_id`).
    resume : Resume or None
        Where reading begins again: give the messages and ticks from its entry on, and the facts
        after `told` are as if nothing had happened.
    told : int
        The last entry whose facts are kept already: up to it samples and values alone are told
        again, for the frame they are part of.
    again_ns : int
        Before this time of the host all is told already, and is worked on in larger steps. [ns UTC]
    settings : MonitorSettings
        What is looked for.
    steps : Steps
        The device's clock, where somebody else has worked on the stream before.
    sparing : bool
        Whether samples behind are given back to the system: for who has many streams.

    Notes
    -----
    Memory is bounded: some sections of each waveform, what waits to be final, and open events.
    """

    def __init__(
        self,
        stream: str,
        resume: Resume | None = None,
        *,
        told: int = -1,
        again_ns: int = 0,
        settings: MonitorSettings | None = None,
        steps: Steps | None = None,
        sparing: bool = False,
    ) -> None:
        self.stream = stream
        self._settings = settings or MonitorSettings()
        self._steps = steps or Steps()
        self._clock = self._steps.clock
        self._begins: tuple[Heard, ...] = ()
        self._marks: deque[tuple[float, Resume]] = deque(maxlen=MOST_MARKS)
        self._next_mark: int | None = None
        self._passed: Resume | None = None  # the mark that this message has passed
        self._resume = resume
        self._kept, self._seq = told, -1
        self._again_ns = again_ns
        self._noted = 0
        presets = self._settings.events or DEFAULT
        states = resume.join if resume else ()
        phase_ns = zlib.crc32(stream.encode()) % round(WORK_S * 1000) * (NS // 1000)
        self._analysis = Analysis(
            presets, SPELL_PARTS, self._settings.jitter_s, states, phase_ns, sparing=sparing
        )

    @property
    def clock(self) -> ClockState:
        """What is known of the device's clock."""
        return self._clock.state

    @property
    def since(self) -> float:
        """All facts that begin before this time were told. [s UTC, the device's]"""
        return self._analysis.since

    @property
    def newest_ns(self) -> int:
        """The newest stamp that followed; 0 before the first. [ns UTC, the device's]"""
        return self._clock.newest_ns

    @property
    def is_astray(self) -> bool:
        """Whether messages wait for it to be known of what time they are."""
        return self._steps.is_astray

    @property
    def present(self) -> Present:
        """The open present: what may still change."""
        return self._analysis.present

    def take(self, observations: Observations, seq: int, received_ns: int) -> Facts:
        """Take a message; return what became final.

        Parameters
        ----------
        observations : Observations
            What it says.
        seq : int
            Its number in the journal.
        received_ns : int
            When it came, by the host's clock. [ns UTC]

        Returns
        -------
        Facts
            With `Facts.begins` the device's clock was set: nothing is left to this monitor but to
            `finish`, and a new one takes those messages.

        Raises
        ------
        ValueError
            If the stream has ended so before.
        """
        if self._begins:
            msg = f"stream {self.stream} has ended as its device's clock was set: open another"
            raise ValueError(msg)
        self._seq = seq
        into = Findings()
        passed = self._steps.take(Heard(observations, seq, received_ns))
        self._let_go(into, passed)
        if passed.step is not None:
            into.notes.append(passed.step)
            self._begins = passed.begins
        if not passed.follows:
            return self._told(into, seq)
        last = passed.last_ns
        if last is None:
            self._analysis.take(observations, self._clock.newest_ns, into)
            return self._told(into, seq)
        self._mark(seq, last)
        self._analysis.take(observations, self._clock.newest_ns, into)
        self._analysis.go_on(into, again=received_ns < self._again_ns)
        self._note(received_ns, last, into)
        return self._told(into, seq)

    def tick(self, now_ns: int, seq: int | None = None) -> Facts:
        """Take note of the host's time: what is silent becomes final. [ns UTC]"""
        seq = self._seq = self._seq if seq is None else seq
        into = Findings()
        if self._clock.offset_ns is not None:
            self._analysis.pass_to(self._clock.device_ns(now_ns))
            self._analysis.go_on(into, again=now_ns < self._again_ns)
        return self._told(into, seq)

    def finish(self, seq: int | None = None) -> Facts:
        """End the stream; return the remaining facts."""
        seq = self._seq if seq is None else seq
        self._kept = min(self._kept, seq - 1)
        into = Findings()
        self._let_go(into, self._steps.finish())
        self._analysis.go_on(into, last=True)
        return self._told(into, seq)

    def _let_go(self, into: Findings, passed: Passed) -> None:
        """Take strays that are no step: what is behind is late or double, the rest is apart."""
        for each in passed.behind:
            self._analysis.take(each, passed.newest_ns, into)
        for each in passed.ahead:
            into.late += lay_apart(each)

    def _mark(self, seq: int, last_ns: int) -> None:
        """Remember how samples lie before each mark, for reading again from there."""
        mark = int((last_ns / NS + EARLY_S) // MARK_S) + 1
        if self._next_mark is not None and mark <= self._next_mark:
            return
        self._next_mark = mark
        newest = self._clock.newest_ns
        resume = Resume(seq, self._analysis.states, newest)
        self._marks.append((float(mark * MARK_S), resume))
        self._passed = resume

    def _resumes(self) -> Resume | None:
        """Return where reading must begin again for all that is still to be told."""
        if not self._marks:
            return None
        since = self._analysis.since
        while len(self._marks) > 2 and self._marks[2][0] <= since:
            self._marks.popleft()
        return self._marks[0][1]

    def _note(self, received_ns: int, last_ns: int, into: Findings) -> None:
        """Keep the offset, at marks of the host's time: the same whenever it was begun to look.

        The drift rests on half an hour before, which is not read again: pages measure their own.
        """
        mark = received_ns // OFFSET_NOTE_NS
        if mark <= self._noted:
            return
        self._noted = mark
        into.notes.append(Note("offset", last_ns, float(self._clock.offset_ns or 0)))

    def _told(self, into: Findings, seq: int) -> Facts:
        resume = self._resumes() if into.worked else self._resume
        changed = resume is not None and resume is not self._resume
        passed, self._passed = self._passed, None
        begins = self._begins if self._begins and self._begins[-1].seq == seq else ()
        if seq <= self._kept:
            chunks, values = tuple(into.chunks), tuple(into.values)
            return Facts(self.stream, seq, chunks, values, begins=begins)
        if changed:
            self._resume = resume
        return Facts(
            self.stream,
            seq,
            tuple(into.chunks),
            tuple(into.values),
            _beats(into.beats),
            _beats(into.pulses),
            _breaths(into.breaths),
            _quality(into.quality),
            tuple(each for each in into.events if each.items or len(each.searched)),
            tuple(into.spells),
            tuple(into.envelope),
            tuple(into.late),
            tuple(into.notes),
            resume if changed else None,
            passed,
            begins,
        )


def _beats(parts: Sequence[Beats]) -> Beats | None:
    told = [each for each in parts if len(each.times) or len(each.searched)]
    return join_beats(told[0].channel, told) if told else None


def _breaths(parts: Sequence[Breaths]) -> Breaths | None:
    told = [each for each in parts if len(each.times) or len(each.searched)]
    return join_breaths(told[0].channel, told) if told else None


def _quality(parts: Sequence[Quality]) -> tuple[Quality, ...]:
    by_channel: dict[object, list[Quality]] = {}
    for each in parts:
        if each.verdicts or len(each.judged):
            by_channel.setdefault(each.channel, []).append(each)
    return tuple(join_quality(group[0].channel, group) for group in by_channel.values())

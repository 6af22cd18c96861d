"""What the monitor of one stream tells: small frozen types, and what a stream is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fractions import Fraction

    import numpy as np
    from numpy.typing import NDArray

    from joey.beats import Beats
    from joey.breaths import Breaths
    from joey.events import Event, Events, Spell
    from joey.quality import Quality
    from joey.signals import Channel, Segment, Series
    from joey.sources.hl7.types import Observations

__all__ = [
    "Chunk",
    "EnvelopeMinute",
    "Facts",
    "Heard",
    "JoinState",
    "Late",
    "Note",
    "Present",
    "Resume",
]


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """Samples joined onto the grid of their signal: value = counts x `scale` + `offset`.

    A new `grid`, `scale` or `offset` is a new signal of the channel.
    """

    channel: Channel
    segment: Segment
    scale: float = 1.0
    offset: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Late:
    """What came when its time had been told already: kept, for the time to be told anew.

    Parameters
    ----------
    channel : Channel
        What it is of.
    start_ns, end_ns : int
        When it was measured. [ns UTC, the device's]
    data : Chunk or Series
        What was measured; of a correction the new value, NaN where a value was deleted.
    why : str
        ``late`` or ``correction``.
    """

    channel: Channel
    start_ns: int
    end_ns: int
    data: Chunk | Series
    why: str = "late"


@dataclass(frozen=True, slots=True)
class Note:
    """What happened to a stream's time or samples, for the page of the feed.

    Parameters
    ----------
    kind : str
        ``offset`` [ns, host minus device], ``drift`` [ppm, the device against the host], ``step``
        [ns; below zero: backward], ``rollover`` [ns], ``hole`` [samples], ``overlap`` [samples],
        ``duplicate`` [samples or values], ``anchor`` [ns by which the stamps had left the count],
        ``scale`` (a new signal of the channel), ``conflict`` (two values of one stamp).
    time_ns : int
        When. [ns UTC, the device's]
    value : float
        How much, in the unit of the kind.
    channel : str
        The channel's label; empty where the whole device is meant.
    """

    kind: str
    time_ns: int
    value: float
    channel: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class EnvelopeMinute:
    """One minute of the OxyCRG at 4 Hz, of what is final; NaN where nothing was measured.

    Parameters
    ----------
    minute_ns : int
        Start of the minute. [ns UTC, the device's]
    heart_rate : ndarray of float32, shape (240,)
        From beat to beat. [1/min]
    spo2 : ndarray of float32, shape (240,)
        Saturation. [%]
    resp_low, resp_high : ndarray of float32, shape (240,)
        Least and largest impedance in each quarter of a second. [the channel's unit]
    pulse_rate : ndarray of float32, shape (240,)
        As the monitor tells it, whatever the heart rate is. [1/min]
    """

    minute_ns: int
    heart_rate: NDArray[np.float32]
    spo2: NDArray[np.float32]
    resp_low: NDArray[np.float32]
    resp_high: NDArray[np.float32]
    pulse_rate: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Present:
    """The open present: what may still change. A view, never a fact.

    Parameters
    ----------
    known : dict of str to float
        Until when facts are final, by what they rest on: ``beats``, ``breaths``, ``spo2`` ...
        [s UTC, the device's]
    running : tuple of Event
        Events that have begun and not ended by what is known, as long as they are so far.
    """

    known: dict[str, float] = field(default_factory=dict)
    running: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class JoinState:
    """How far a joiner has come: enough to go on from there in another process.

    Parameters
    ----------
    channel : Channel
        What it joins.
    start_ns, fs : int, Fraction
        The grid; zero hertz of a numeric.
    following : int
        Grid index after the last joined sample; of a numeric the last stamp. [ns]
    away_ns : float
        By how much stamps are later than the count says. [ns]
    scale, offset : float
        From counts to values.
    intervals : tuple of int
        Of a numeric, the last ones. [ns]
    """

    channel: Channel
    start_ns: int
    fs: Fraction
    following: int
    away_ns: float = 0.0
    scale: float = 1.0
    offset: float = 0.0
    intervals: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Resume:
    """From where the journal must be read again for the facts after a checkpoint to be the same.

    Parameters
    ----------
    seq : int
        The first entry to read again.
    join : tuple of JoinState
        How samples lay on their grids before that entry.
    newest_ns : int
        The newest stamp before that entry. [ns UTC, the device's]
    """

    seq: int
    join: tuple[JoinState, ...] = ()
    newest_ns: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """A message as it came.

    Parameters
    ----------
    observations : Observations
        What it says.
    seq : int
        Its number in the journal.
    received_ns : int
        When it came, by the host's clock. [ns UTC]
    """

    observations: Observations
    seq: int
    received_ns: int


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """What became final with one entry of the journal.

    Parameters
    ----------
    stream : str
        Of what stream.
    seq : int
        With which entry of the journal.
    chunks : tuple of Chunk
        Joined samples, in order.
    values : tuple of Series
        Joined numerics, in order; each value stands at most until the next of its channel.
    beats, pulses : Beats or None
        Of ECG and pleth; None where nothing new is known.
    breaths : Breaths or None
        Of the impedance.
    quality : tuple of Quality
        What was judged of waveforms and numerics.
    events : tuple of Events
        For each preset the events that ended and all that is known of them, with what was searched.
    spells : tuple of Spell
        Episodes that are over.
    envelope : tuple of EnvelopeMinute
        Whole minutes.
    late : tuple of Late
        What came too late, and corrections.
    notes : tuple of Note
        What happened to times and samples.
    resume : Resume or None
        Where reading would begin again, if that has changed.
    mark : Resume or None
        A place from which this time can be worked on anew later, where one was passed.
    begins : tuple of Heard
        Of a device whose clock was set, the messages of the new time, this one last: the stream has
        ended, and another begins with them.
    """

    stream: str
    seq: int
    chunks: tuple[Chunk, ...] = ()
    values: tuple[Series, ...] = ()
    beats: Beats | None = None
    pulses: Beats | None = None
    breaths: Breaths | None = None
    quality: tuple[Quality, ...] = ()
    events: tuple[Events, ...] = ()
    spells: tuple[Spell, ...] = ()
    envelope: tuple[EnvelopeMinute, ...] = ()
    late: tuple[Late, ...] = ()
    notes: tuple[Note, ...] = ()
    resume: Resume | None = None
    mark: Resume | None = None
    begins: tuple[Heard, ...] = ()

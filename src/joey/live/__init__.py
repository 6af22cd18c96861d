"""The live ward's core: chunks in, facts out, and what a bed's screen shows.

No sockets, no files, no clock: times are given. Memory is bounded.
"""

from joey.live.board import BedView, Board, Lost, Number, Strip
from joey.live.clocks import ClockState, DeviceClock
from joey.live.facts import (
    Chunk,
    EnvelopeMinute,
    Facts,
    Heard,
    JoinState,
    Late,
    Note,
    Present,
    Resume,
)
from joey.live.monitor import Monitor, MonitorSettings
from joey.live.packing import pack_resume, pack_state, unpack_resume, unpack_state
from joey.live.steps import Steps

__all__ = [
    "BedView",
    "Board",
    "Chunk",
    "ClockState",
    "DeviceClock",
    "EnvelopeMinute",
    "Facts",
    "Heard",
    "JoinState",
    "Late",
    "Lost",
    "Monitor",
    "MonitorSettings",
    "Note",
    "Number",
    "Present",
    "Resume",
    "Steps",
    "Strip",
    "pack_resume",
    "pack_state",
    "unpack_resume",
    "unpack_state",
]

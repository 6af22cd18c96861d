"""How does an infant answer the kangaroo hold? Numbers from the monitors of a neonatal unit.

Public names only, each loaded when first asked for: ``import joey`` and ``joey --help`` stay
quick, and a script that reads a header does not wait for a compiler.
"""

import importlib
from typing import TYPE_CHECKING

__version__ = "0.1.0"

# Public name -> the module that defines it.
_HOME = {
    "Channel": "signals",
    "FormatError": "errors",
    "Hold": "holds",
    "InputError": "errors",
    "Piece": "holds",
    "Recording": "signals",
    "Response": "response",
    "Series": "signals",
    "Settings": "response",
    "Signal": "signals",
    "Span": "spans",
    "Spans": "spans",
    "analyze": "response",
    "detect_beats": "beats",
    "detect_breaths": "breaths",
    "find_events": "response",
    "measure_response": "response",
    "nn_intervals": "beats",
    "read": "sources",
    "read_all": "sources",
    "read_context": "holds",
    "read_holds": "holds",
    "report": "reports",
    "simulate_infant": "simulate",
}

# Folders and modules for users, so that ``joey.events.PRESETS`` needs no import of its own.
_ROOMS = {*_HOME.values(), "features", "quality", "events"}

__all__ = sorted(_HOME)  # noqa: PLE0605  (a list of names all the same)

if TYPE_CHECKING:  # the same names, where a type checker or an editor looks for them
    from joey.beats import detect_beats as detect_beats
    from joey.beats import nn_intervals as nn_intervals
    from joey.breaths import detect_breaths as detect_breaths
    from joey.errors import FormatError as FormatError
    from joey.errors import InputError as InputError
    from joey.holds import Hold as Hold
    from joey.holds import Piece as Piece
    from joey.holds import read_context as read_context
    from joey.holds import read_holds as read_holds
    from joey.reports import report as report
    from joey.response import Response as Response
    from joey.response import Settings as Settings
    from joey.response import analyze as analyze
    from joey.response import find_events as find_events
    from joey.response import measure_response as measure_response
    from joey.signals import Channel as Channel
    from joey.signals import Recording as Recording
    from joey.signals import Series as Series
    from joey.signals import Signal as Signal
    from joey.simulate import simulate_infant as simulate_infant
    from joey.sources import read as read
    from joey.sources import read_all as read_all
    from joey.spans import Span as Span
    from joey.spans import Spans as Spans
else:

    def __getattr__(name: str) -> object:
        """Load a public name from its module at first use."""
        if name in _ROOMS:
            return importlib.import_module(f"{__name__}.{name}")
        if name not in _HOME:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    """Return the public names too, so that completion finds what is not loaded yet."""
    return sorted({*globals(), *_HOME})

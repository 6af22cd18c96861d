"""An infant, a hold and their dirt, with known truth: for tests, demos and those without data.

The body is modeled, not Joey's detectors: rates, breaths, oxygen and warmth first, then what a
monitor makes of them. Everything carries the word "simulated". Nothing here is evidence about
infants, and no performance is to be claimed from it.
"""

from joey.simulate.breathing import simulate_breaths
from joey.simulate.dirt import ClockError, DirtLog
from joey.simulate.ecg import Shape, simulate_ecg
from joey.simulate.files import write
from joey.simulate.heart import simulate_beats, simulate_rr
from joey.simulate.impedance import simulate_impedance
from joey.simulate.infant import Simulated, Spell, Truth, simulate_infant
from joey.simulate.numerics import simulate_numeric
from joey.simulate.pleth import simulate_pleth
from joey.simulate.schedule import HoldEffect, SimulatedHold

__all__ = [
    "ClockError",
    "DirtLog",
    "HoldEffect",
    "Shape",
    "Simulated",
    "SimulatedHold",
    "Spell",
    "Truth",
    "simulate_beats",
    "simulate_breaths",
    "simulate_ecg",
    "simulate_impedance",
    "simulate_infant",
    "simulate_numeric",
    "simulate_pleth",
    "simulate_rr",
    "write",
]

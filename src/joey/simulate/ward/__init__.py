"""A simulated neonatal unit that speaks HL7 over MLLP, with known truth and real dirt.

Real connections, several makes of monitors, an admission system, and the story of DESIGN.md 2 on a
clock. It needs an address to send to and nothing else of Joey: it can be turned against any
listener, which has to know that this source is simulated.
"""

from joey.simulate.ward.dirt import DIRT, Dirt, MonitorClock
from joey.simulate.ward.encode import DIALECTS, Piece, Reading, Strip, encode
from joey.simulate.ward.links import Counts
from joey.simulate.ward.monitors import HostTime
from joey.simulate.ward.people import Bed, Patient, admit_all, furnish
from joey.simulate.ward.run import WardSettings, play_ward, run_ward
from joey.simulate.ward.taps import enter

__all__ = [
    "DIALECTS",
    "DIRT",
    "Bed",
    "Counts",
    "Dirt",
    "HostTime",
    "MonitorClock",
    "Patient",
    "Piece",
    "Reading",
    "Strip",
    "WardSettings",
    "admit_all",
    "encode",
    "enter",
    "furnish",
    "play_ward",
    "run_ward",
]

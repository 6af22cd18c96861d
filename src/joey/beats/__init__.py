"""Heart beats from ECG or pleth, and the RR and NN intervals between them."""

from joey.beats.detector import BeatDetector, detect_beats, join_beats
from joey.beats.types import BeatFlag, Beats

__all__ = ["BeatDetector", "BeatFlag", "Beats", "detect_beats", "join_beats"]

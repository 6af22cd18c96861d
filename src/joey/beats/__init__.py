"""Heart beats from ECG or pleth, and the RR and NN intervals between them."""

from joey.beats.types import BeatFlag, Beats

__all__ = ["BeatFlag", "Beats"]

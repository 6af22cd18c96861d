"""Breaths from chest impedance, with the heart's share taken out."""

from joey.breaths.detector import BreathDetector, detect_breaths, join_breaths
from joey.breaths.types import Breaths
from joey.breaths.witness import without_heart

__all__ = ["BreathDetector", "Breaths", "detect_breaths", "join_breaths", "without_heart"]

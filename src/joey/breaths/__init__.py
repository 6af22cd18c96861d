"""Breaths from chest impedance, with the heart's share taken out."""

from joey.breaths.detector import BreathDetector, detect_breaths, join_breaths
from joey.breaths.types import Breaths
from joey.breaths.witness import HeartWitness, without_heart

__all__ = [
    "BreathDetector",
    "Breaths",
    "HeartWitness",
    "detect_breaths",
    "join_breaths",
    "without_heart",
]

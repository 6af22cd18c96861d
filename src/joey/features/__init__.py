"""Numbers over a span: rates, variability, oxygen, temperature - each with its coverage."""

from joey.features.capacity import (
    Capacity,
    measure_acceleration_capacity,
    measure_deceleration_capacity,
)
from joey.features.entropy import SampleEntropy, measure_sample_entropy
from joey.features.scaling import measure_alpha1
from joey.features.summary import Summary
from joey.features.variability import (
    Asymmetry,
    Poincare,
    measure_asymmetry,
    measure_heart_rate,
    measure_mean_nn,
    measure_pnn,
    measure_poincare,
    measure_rmssd,
    measure_sdnn,
    rmssd_floor,
)

__all__ = [
    "Asymmetry",
    "Capacity",
    "Poincare",
    "SampleEntropy",
    "Summary",
    "measure_acceleration_capacity",
    "measure_alpha1",
    "measure_asymmetry",
    "measure_deceleration_capacity",
    "measure_heart_rate",
    "measure_mean_nn",
    "measure_pnn",
    "measure_poincare",
    "measure_rmssd",
    "measure_sample_entropy",
    "measure_sdnn",
    "rmssd_floor",
]

"""Numbers over a span: rates, variability, oxygen, temperature - each with its coverage."""

from joey.features.breathing import (
    breath_intervals,
    breathing_band,
    measure_breath_rate,
    measure_breath_variability,
)
from joey.features.capacity import (
    Capacity,
    measure_acceleration_capacity,
    measure_deceleration_capacity,
)
from joey.features.complexity import (
    CrossEntropyWindows,
    MultiscaleWindows,
    measure_cross_entropy_windows,
    measure_multiscale_windows,
)
from joey.features.coupling import (
    CrossCorrelation,
    measure_heart_saturation,
)
from joey.features.entropy import (
    CrossEntropy,
    SampleEntropy,
    measure_cross_entropy,
    measure_multiscale_entropy,
    measure_sample_entropy,
)
from joey.features.material import (
    Feature,
    HrvRules,
    Material,
    Measured,
)
from joey.features.oximetry import (
    OximetryWindows,
    measure_oximetry_windows,
)
from joey.features.oxygen import (
    SaturationHistogram,
    TargetTime,
    measure_saturation_histogram,
    measure_saturation_per_oxygen,
    measure_target_time,
)
from joey.features.scaling import (
    measure_alpha1,
    measure_fluctuations,
    measure_scaling,
)
from joey.features.spectrum import (
    BandPower,
    Bands,
    measure_band_power,
)
from joey.features.stability import (
    StabilityBlocks,
    score_stability,
)
from joey.features.standing import (
    Standing,
    standing,
)
from joey.features.summary import (
    Summary,
)
from joey.features.table import (
    FEATURES,
    feature_settings,
    features_for,
)
from joey.features.temperature import (
    classify_temperature,
)
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
from joey.features.windows import (
    HrvWindows,
    measure_windows,
)

__all__ = [
    "FEATURES",
    "Asymmetry",
    "BandPower",
    "Bands",
    "Capacity",
    "CrossCorrelation",
    "CrossEntropy",
    "CrossEntropyWindows",
    "Feature",
    "HrvRules",
    "HrvWindows",
    "Material",
    "Measured",
    "MultiscaleWindows",
    "OximetryWindows",
    "Poincare",
    "SampleEntropy",
    "SaturationHistogram",
    "StabilityBlocks",
    "Standing",
    "Summary",
    "TargetTime",
    "breath_intervals",
    "breathing_band",
    "classify_temperature",
    "feature_settings",
    "features_for",
    "measure_acceleration_capacity",
    "measure_alpha1",
    "measure_asymmetry",
    "measure_band_power",
    "measure_breath_rate",
    "measure_breath_variability",
    "measure_cross_entropy",
    "measure_cross_entropy_windows",
    "measure_deceleration_capacity",
    "measure_fluctuations",
    "measure_heart_rate",
    "measure_heart_saturation",
    "measure_mean_nn",
    "measure_multiscale_entropy",
    "measure_multiscale_windows",
    "measure_oximetry_windows",
    "measure_pnn",
    "measure_poincare",
    "measure_rmssd",
    "measure_sample_entropy",
    "measure_saturation_histogram",
    "measure_saturation_per_oxygen",
    "measure_scaling",
    "measure_sdnn",
    "measure_target_time",
    "measure_windows",
    "rmssd_floor",
    "score_stability",
    "standing",
]

"""The rows of the feature table on temperature, one or two for each site of a probe."""

from __future__ import annotations

from joey.features import measures
from joey.features.material import Feature

__all__ = ["SITES", "TEMPERATURE", "warmth_of"]

TEMPERATURE_SETTLES_MIN = 30.0  # min, the thermal transient of a hold

SITES = {
    "axilla": "Axillary temperature",
    "rectal": "Rectal temperature",
    "core": "Core temperature",
    "skin": "Skin temperature",
    "other": "Temperature (site not known)",
}
CLASSED = ("axilla", "rectal", "core")


def warmth_of(site: str) -> tuple[Feature, ...]:
    """Return the rows of one site: the temperature, and its share below 36.5 or its lowest."""
    label, text = SITES[site], "Mean of 5-min medians stamped in the phase"
    rows = [("", label, "Cel", 2, "temp", measures.temperature(site), f"{text}.")]
    if site in CLASSED:
        rows.append(
            (
                "_below_36_5",
                f"{label} < 36.5 °C",
                "%",
                0,
                "",
                measures.cool_share(site),
                "Share of 5-min medians below 36.5 °C, the lower limit of normal (WHO 1997).",
            )
        )
    else:
        rows.append(
            (
                "_lowest",
                f"{label}, lowest",
                "Cel",
                1,
                "",
                measures.coldest(site),
                "Lowest 5-min median; not classed, as a probe on the skin reads differently.",
            )
        )
    return tuple(
        Feature(
            name=f"temp_{site}{suffix}",
            label=words,
            unit=unit,
            decimals=decimals,
            group="temperature",
            blockwise=suffix == "",
            settles_min=TEMPERATURE_SETTLES_MIN,
            threshold=threshold,
            definition=definition,
            measure=measure,
        )
        for suffix, words, unit, decimals, threshold, measure, definition in rows
    )


TEMPERATURE = tuple(feature for site in SITES for feature in warmth_of(site))

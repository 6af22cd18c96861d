"""The published and stated definitions of events, as one frozen table, and their words.

No definition is standard, so none is anonymous: a count is printed with its preset. Where the
source gives no joining rule, no windows or no shortest duration, `source` says that it is Joey's
default, and where it was not read but is given from memory, that.

What is not here: a desaturation of five points or more as a study in Melbourne counted it. What was
found of that study, a summary in the news, says neither what it falls from nor how long it lasts:
``ih_rel5`` is the nearest that is defined.
"""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import TYPE_CHECKING

from joey.events.types import Preset

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["DEFAULT", "PRESETS", "definition", "severity"]

BRADY_JOIN = 4.0  # s, Joey default: no published joining rule was found
# Whatever a gap this short hid, what lies on its two sides is joined: a recovery would be, too.
BRADY_BRIDGE = BRADY_JOIN
DESAT_JOIN = 10.0  # s, Joey default
APNEA_JOIN = 3.0  # s, Joey default
STEEP = 20.0  # %/s, Joey default: faster than an oximeter that averages can follow blood
PAUSE = 5.0  # s, Joey default: shorter pauses are breathing

_JOIN = "joining: Joey default"
_NAGRAJ = "Nagraj 2019, Pediatr Res 86:622, doi 10.1038/s41390-019-0488-3"
_FAIRCHILD = "Fairchild 2016, Pediatr Res 80:21"
_LORENZ = "Lorenz 2018, Arch Dis Child FN 103:F137, PMID 28747364"
_BOHNHORST = (
    "Bohnhorst 2001, J Pediatr 138:193, doi 10.1067/mpd.2001.110978; 2004, J Pediatr 145:499, "
    "PMID 15480374"
)
_MOTION = "two-oximeter motion study, PMC9892170"
_FINER = "Finer 2006 consensus, as quoted in Lee 2012, doi 10.1088/0967-3334/33/1/1"
_CENTRAL = (
    f"central apnea (impedance); pauses from {PAUSE:g} s, joining: Joey default; a pause is from "
    "the end of a breath to the start of the next"
)
_WINDOWS = "windows: Joey default"


_ALL = (
    Preset(
        name="brady_uva",
        kind="bradycardia",
        below=100.0,
        at_least=4.0,
        join=BRADY_JOIN,
        bridge=BRADY_BRIDGE,
        source=f"{_NAGRAJ}; {_JOIN}",
    ),
    Preset(
        name="brady_abd",
        kind="bradycardia",
        below=100.0,
        values=2,
        join=BRADY_JOIN,
        bridge=BRADY_BRIDGE,
        source=(
            f"{_FAIRCHILD} (as part of ABD, no shortest duration given); at least two beats, so "
            f"that one missed beat is none, and {_JOIN}"
        ),
    ),
    Preset(
        name="brady_lorenz",
        kind="bradycardia",
        below=80.0,
        at_least=5.0,
        over=True,
        join=BRADY_JOIN,
        bridge=BRADY_BRIDGE,
        source=f"{_LORENZ}; {_JOIN}",
    ),
    Preset(
        name="brady_rel33",
        kind="bradycardia",
        below=2 / 3,
        of_baseline=True,
        at_least=4.0,
        join=BRADY_JOIN,
        bridge=BRADY_BRIDGE,
        source=(
            f"{_BOHNHORST} (two thirds of baseline); shortest duration, baseline (median before "
            f"the hold, else of the 1-min medians of the last 60 min) and {_JOIN}"
        ),
    ),
    Preset(
        name="brady_pics",
        kind="bradycardia",
        below=100.0,
        values=2,
        source="Sbrollini 2020 (PICS re-analysis): at least two beats; no joining",
    ),
    Preset(
        name="brady_infantsling",
        kind="bradycardia",
        below=100.0,
        join=BRADY_JOIN,
        bridge=BRADY_BRIDGE,
        source=f"Pediatrics 2002;110:879, table 3 (no shortest duration given); {_JOIN}",
    ),
    Preset(
        name="tachy180",
        kind="tachycardia",
        below=180.0,
        above=True,
        over=False,
        at_least=60.0,
        join=BRADY_JOIN,
        bridge=BRADY_BRIDGE,
        source="Joey default: above 180 beats/min, sustained for 60 s",
    ),
    Preset(
        name="pause1500",
        kind="pause",
        below=40.0,
        source=(
            "Joey default: an interval over 1.5 s between two beats of a searched ECG; over 4 s it "
            "is unsearched, as one lead cannot tell a pause from a lost trace"
        ),
    ),
    Preset(
        name="desat_uva",
        kind="desaturation",
        below=80.0,
        at_least=10.0,
        join=DESAT_JOIN,
        steepest=STEEP,
        source=f"{_NAGRAJ}; {_JOIN}",
    ),
    Preset(
        name="desat_abd",
        kind="desaturation",
        below=80.0,
        join=DESAT_JOIN,
        steepest=STEEP,
        source=f"{_FAIRCHILD} (as part of ABD, no shortest duration given); {_JOIN}",
    ),
    Preset(
        name="desat_lorenz",
        kind="desaturation",
        below=80.0,
        at_least=5.0,
        over=True,
        join=DESAT_JOIN,
        steepest=STEEP,
        source=f"{_LORENZ}; {_JOIN}",
    ),
    Preset(
        name="desat_bohnhorst",
        kind="desaturation",
        below=80.0,
        inclusive=True,
        at_least=4.0,
        join=DESAT_JOIN,
        steepest=STEEP,
        source=f"{_BOHNHORST}; shortest duration and {_JOIN}",
    ),
    Preset(
        name="desat_heimann",
        kind="desaturation",
        below=85.0,
        join=DESAT_JOIN,
        steepest=STEEP,
        source=(
            "Heimann 2010, Neonatology 97:311 (classes by nadir: below 85 %, below 80 %; no "
            f"shortest duration given); {_JOIN}"
        ),
    ),
    Preset(
        name="desat_cot",
        kind="desaturation",
        below=80.0,
        at_least=10.0,
        join=DESAT_JOIN,
        steepest=STEEP,
        source=f"Poets 2015, JAMA 314:595 (Canadian Oxygen Trial, from memory); {_JOIN}",
    ),
    Preset(
        name="desat_cot60",
        kind="desaturation",
        below=80.0,
        at_least=60.0,
        join=DESAT_JOIN,
        steepest=STEEP,
        source=f"Poets 2015, JAMA 314:595 (prolonged; from memory); {_JOIN}",
    ),
    Preset(
        name="ih_difiore",
        kind="intermittent_hypoxemia",
        below=80.0,
        inclusive=True,
        at_least=10.0,
        at_most=180.0,
        join=DESAT_JOIN,
        steepest=STEEP,
        source=f"Di Fiore 2012, Pediatr Res 72:606, doi 10.1038/pr.2012.132; {_JOIN}",
    ),
    Preset(
        name="ih90_10",
        kind="intermittent_hypoxemia",
        below=90.0,
        at_least=10.0,
        over=True,
        join=DESAT_JOIN,
        steepest=STEEP,
        source=f"{_MOTION}; {_JOIN}",
    ),
    Preset(
        name="ih80_10",
        kind="intermittent_hypoxemia",
        below=80.0,
        at_least=10.0,
        over=True,
        join=DESAT_JOIN,
        steepest=STEEP,
        source=f"{_MOTION}; {_JOIN}",
    ),
    Preset(
        name="ih_rel5",
        kind="intermittent_hypoxemia",
        below=90.0,
        fall=5.0,
        at_least=5.0,
        join=DESAT_JOIN,
        steepest=STEEP,
        source=(
            "IH definition quoted in Am J Perinatol 2025, doi 10.1055/a-2663-3131; baseline (mean "
            f"of the 90 s before the value fell below 90 %, at most 10 min back) and {_JOIN}"
        ),
    ),
    *(
        Preset(
            name=f"central{shortest}",
            kind="apnea",
            below=PAUSE,
            inclusive=True,
            above=True,
            at_least=float(shortest),
            join=APNEA_JOIN,
            source=_CENTRAL,
        )
        for shortest in (10, 15, 20, 30)
    ),
    Preset(
        name="apnea_aop",
        parts=("central10", "brady_abd", "desat_abd"),
        kind="apnea",
        below=math.nan,
        at_least=20.0,
        over=True,
        source=f"{_FINER}: over 20 s, or over 10 s with B or D; {_WINDOWS}; {_CENTRAL}",
    ),
    Preset(
        name="periodic_breathing",
        kind="periodic_breathing",
        below=3.0,
        inclusive=True,
        above=True,
        values=3,
        join=20.0,
        source=(
            "classical rule (textbook, from memory): at least 3 pauses of at least 3 s, with at "
            "most 20 s of breathing between; a pause is a breath interval: Joey default"
        ),
    ),
    Preset(
        name="abd",
        parts=("central10", "brady_abd", "desat_abd"),
        kind="abd",
        below=math.nan,
        at_least=10.0,
        source=f"{_FAIRCHILD}; {_WINDOWS}; {_CENTRAL}",
    ),
    Preset(
        name="abd30",
        parts=("central10", "brady_abd", "desat_abd"),
        kind="abd",
        below=math.nan,
        at_least=30.0,
        source=(
            f"prolonged apnea: Vergales 2014, doi 10.1055/s-0033-1343769; {_WINDOWS}; {_CENTRAL}"
        ),
    ),
    Preset(
        name="ab",
        parts=("central10", "brady_abd"),
        kind="ab",
        below=math.nan,
        at_least=10.0,
        source=f"Joey default: apnea with bradycardia; {_WINDOWS}; {_CENTRAL}",
    ),
    Preset(
        name="ad",
        parts=("central10", "desat_abd"),
        kind="ad",
        below=math.nan,
        at_least=10.0,
        source=f"Joey default: apnea with desaturation; {_WINDOWS}; {_CENTRAL}",
    ),
    Preset(
        name="bd",
        parts=("brady_uva", "desat_uva"),
        kind="bd",
        below=math.nan,
        d_window=(-5.0, 25.0),
        source=f"Fairchild and Lake 2017: with or without apnea; {_WINDOWS}",
    ),
)

PRESETS: Mapping[str, Preset] = MappingProxyType({preset.name: preset for preset in _ALL})
"""Every definition by its name."""

DEFAULT = ("brady_uva", "desat_uva", "bd", "central10", "central20", "abd")
"""What Joey looks for unless told otherwise: bradycardia, desaturation and BD lead."""

_WHAT = {
    "bradycardia": ("heart rate", "beats/min"),
    "tachycardia": ("heart rate", "beats/min"),
    "pause": ("heart rate from beat to beat", "beats/min"),
    "desaturation": ("SpO2", "%"),
    "intermittent_hypoxemia": ("SpO2", "%"),
}


def definition(preset: Preset) -> str:
    """Return a definition in words, with everything that moves a count."""
    parts = [_criterion(preset)]
    if preset.at_least:
        # Of a combination: how long its apnea lasts.
        parts.append(f"{'over' if preset.over else 'at least'} {preset.at_least:g} s")
    if math.isfinite(preset.at_most):
        parts.append(f"at most {preset.at_most:g} s (longer: shown as prolonged)")
    if preset.parts:
        parts.append("of " + ", ".join(PRESETS[part].printed for part in preset.parts))
    elif preset.kind != "periodic_breathing":
        parts.append(
            f"joined when less than {preset.join:g} s apart" if preset.join else "not joined"
        )
    if preset.bridge:
        parts.append(f"missing time up to {preset.bridge:g} s bridged")
    return f"{preset.printed}: {', '.join(part for part in parts if part)} [{preset.source}]"


def _criterion(preset: Preset) -> str:
    b, d = preset.b_window, preset.d_window
    b_words = f"B begins {_window(b)} the apnea"
    d_words = f"D begins {_window(d)} the apnea"
    words = {
        "abd": f"central apnea with both: {b_words}; {d_words}",
        "ab": f"central apnea where {b_words}",
        "ad": f"central apnea where {d_words}",
        "bd": f"bradycardia and desaturation that overlap, or D begins {_window(d)} B",
        "periodic_breathing": (
            f"at least {preset.values} pauses of at least {preset.below:g} s with at most "
            f"{preset.join:g} s of breathing between"
        ),
        "apnea": f"breath intervals of at least {preset.below:g} s",
    }
    if preset.kind == "apnea" and math.isnan(preset.below):
        return f"central apnea, or shorter from 10 s if {b_words} or {d_words}"
    if preset.kind in words:
        return words[preset.kind]
    what, unit = _WHAT[preset.kind]
    side = ("at or " if preset.inclusive else "") + ("above" if preset.above else "below")
    limit = f"{preset.below:g} {unit}"
    if preset.of_baseline:
        limit = f"{preset.below:.3g} of baseline"
    fall = f" and at least {preset.fall:g} points below baseline" if preset.fall else ""
    count = f" in at least {preset.values} values" if preset.values > 1 else ""
    return f"{what} {side} {limit}{fall}{count}"


def _window(window: tuple[float, float]) -> str:
    first, last = window
    before = f"{-first:g} s before" if first < 0 else f"{first:g} s after"
    return f"from {before} the start to {last:g} s after the end of"


def severity(nadir: float) -> str:
    """Return the band of a bradycardia by its lowest heart rate.

    Parameters
    ----------
    nadir : float
        Lowest heart rate; NaN where unknown. [beats/min]

    Returns
    -------
    str
        ``mild`` from 80 to below 100, ``moderate`` from 60 to below 80, ``severe`` below 60; empty
        at 100 and above and for NaN.

    Notes
    -----
    Bands of Gee 2017 and PICS, from memory; which band a limit belongs to is Joey's default.
    """
    if not nadir < 100:
        return ""
    if nadir >= 80:
        return "mild"
    return "moderate" if nadir >= 60 else "severe"

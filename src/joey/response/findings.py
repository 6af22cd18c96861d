"""What is found in a recording once, for all of its holds: channels, beats, breaths, events."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from joey.beats import (
    detect_beats,
    heart_rate_series,
    mark_shapes,
    measured_timing_ms,
    nn_intervals,
)
from joey.breaths import detect_breaths, without_heart
from joey.events import DEFAULT, find_all, heart_rate_pieces, spells, without
from joey.features import Material, features_for
from joey.holds import Exclusions
from joey.quality import distrust
from joey.response.channels import (
    agreement_words,
    choose_waveform,
    excluded,
    numerics_of,
    oxygen_of,
    quality_words,
    temperatures_of,
    trusted,
    why_not,
)
from joey.response.charted import Surroundings
from joey.response.disagreement import compare_channels
from joey.response.probes import frozen_numerics, join_probes
from joey.response.settings import Settings
from joey.response.target import target_features
from joey.signals import measured, series_of
from joey.spans import EMPTY, total, union

if TYPE_CHECKING:
    from collections.abc import Callable

    from joey.beats import Beats, Intervals
    from joey.breaths import Breaths
    from joey.events import Events, Spell
    from joey.features import Feature
    from joey.holds import Context
    from joey.quality import Quality
    from joey.response.channels import Numeric, Waveform
    from joey.response.probes import Joined
    from joey.signals import Recording, Series

__all__ = ["SPELL_PARTS", "Findings", "analyze", "find_events"]

LEAD_OFF = "no heart in the ECG of the same electrodes"
SPELL_PARTS = ("central10", "brady_uva", "desat_uva")
REASONED = {  # what is said where nothing was found, and the channels it would be found in
    "no heart rate": ("ecg", "heart_rate", "pulse_rate"),
    "no SpO2": ("spo2",),
    "no breathing signal": ("resp",),
}
NUMERICS = ("heart_rate", "pulse_rate", "resp_rate", "spo2", "perfusion_index")


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """What was found in one recording, before any hold is looked at.

    Parameters
    ----------
    recording : Recording
        Without what a reviewer took out.
    exclusions : Exclusions
        What that was.
    around : Surroundings
        Context, oxygen and temperatures.
    ecg, resp, pleth : Waveform or None
        The signals that were read.
    beats : Beats or None
        Of the ECG.
    intervals : Intervals or None
        Between them.
    breaths : Breaths or None
        Of the impedance.
    heart_rate : Series or None
        What bradycardia was looked for in: from beat to beat, else the monitor's. [1/min]
    heart_source : str
        ``beat`` or ``numeric``.
    heart_quality : Quality or None
        Of the signal that rate was made of, with what other rates doubt in it.
    spo2 : Series or None
        The fullest saturation, without what is bad, with another probe where that is absent. [%]
    material : Material
        What features are measured from.
    features : tuple of Feature
        Those worth a row.
    events : tuple of Events
        Of the presets asked for.
    spells : tuple of Spell
        Episodes with their letters.
    quality, methods : tuple of str
        For people.
    """

    recording: Recording
    exclusions: Exclusions
    around: Surroundings
    ecg: Waveform | None
    resp: Waveform | None
    pleth: Waveform | None
    beats: Beats | None
    intervals: Intervals | None
    breaths: Breaths | None
    heart_rate: Series | None
    heart_source: str
    heart_quality: Quality | None
    spo2: Series | None
    material: Material
    features: tuple[Feature, ...]
    events: tuple[Events, ...]
    spells: tuple[Spell, ...]
    quality: tuple[str, ...]
    methods: tuple[str, ...]


def _silent(fraction: float, words: str) -> None:
    """Show no progress."""


def analyze(
    recording: Recording,
    context: Context | None = None,
    settings: Settings | None = None,
    exclusions: Exclusions | None = None,
    progress: Callable[[float, str], None] = _silent,
) -> Findings:
    """Return what is found in a recording, once for all of its holds.

    Parameters
    ----------
    recording : Recording
        Of one infant; channels may be missing.
    context : Context or None
        What was charted.
    settings : Settings
        Which events are looked for.
    exclusions : Exclusions
        What a reviewer took out: blanked before anything is looked at.
    progress : callable
        Called with the finished share (0 to 1) and what comes next.
    """
    settings = settings or Settings()
    exclusions = exclusions or Exclusions()
    whole_recording = recording
    recording = excluded(recording, exclusions)
    progress(0.0, "judging signals")
    ecg, resp, pleth = (choose_waveform(recording, q) for q in ("ecg", "resp", "pleth"))
    progress(0.2, "finding beats")
    beats, intervals = _beats(ecg)
    progress(0.45, "finding pulses")
    pulses_seen, pulse = _beats(pleth)
    progress(0.65, "finding breaths")
    breaths = _breaths(resp, beats)
    progress(0.85, "finding events")
    numerics = {quantity: numerics_of(recording, quantity) for quantity in NUMERICS}
    still, frozen = frozen_numerics(numerics)
    ecg, numerics = compare_channels(ecg, intervals, numerics, (pulse, pleth))
    values = {
        quantity: tuple(trusted(n, still[quantity][k]) for k, n in enumerate(found))
        for quantity, found in numerics.items()
        if found
    }
    oxygen = oxygen_of(recording, context, exclusions)
    temperatures = temperatures_of(recording, context, exclusions)
    values |= {"fio2": oxygen} if oxygen else {}
    values |= {"temp": temperatures} if temperatures else {}
    distrusted = {w.signal.channel.quantity: w.bad for w in (ecg, resp, pleth) if w and len(w.bad)}
    material = Material(intervals, pulse, breaths, values, distrusted, rules=settings.variability)
    heart, source = _heart(intervals, values)
    probes = join_probes(numerics["spo2"], values.get("spo2", ()))
    spo2 = None if probes is None else probes.series
    judged = _judged(source, ecg, resp, numerics, probes)
    if resp is not None and ecg is not None and beats is not None:
        lost = without_heart(beats, ecg.quality, whole_recording.span)
        judged["breaths"] = distrust(resp.quality, lost, LEAD_OFF)
    pulses = _pulses(pulse, pleth)
    events, episodes = _events(heart, source, spo2, breaths, pulses, judged, settings)
    events = _with_reasons(events, whole_recording, recording)
    progress(1.0, "done")
    whole = recording.span.duration
    quality = [quality_words(w.quality, whole) for w in (ecg, resp, pleth) if w]
    quality += [quality_words(n.quality, whole) for found in numerics.values() for n in found[:1]]
    if beats is not None and pulses_seen is not None:
        bad = union(*(w.bad for w in (ecg, pleth) if w))
        quality.append(agreement_words(beats, pulses_seen, bad))
    quality += frozen
    around = Surroundings(
        recording, context, oxygen, temperatures,
        settings.zone or recording.clock.zone,
    )  # fmt: skip
    base = features_for(material)
    after_oxygen = sum(each.group in ("heart", "breathing", "oxygen") for each in base)
    target = target_features(settings, around) if spo2 is not None else ()
    features = (*base[:after_oxygen], *target, *base[after_oxygen:])
    return Findings(
        recording, exclusions, around, ecg, resp, pleth, beats, intervals, breaths, heart, source,
        judged.get("heart_rate"), spo2, material, features, events, episodes, tuple(quality),
        _methods((ecg, resp, pleth), source, heart, probes),
    )  # fmt: skip


def find_events(recording: Recording, presets: tuple[str, ...] = ()) -> tuple[Events, ...]:
    """Return the events of a recording, beats and breaths found on the way.

    Parameters
    ----------
    recording : Recording
        Of one infant; channels may be missing.
    presets : tuple of str
        Names of `joey.events.PRESETS`; none takes Joey's defaults.

    Returns
    -------
    tuple of Events
        One for each preset, with what was searched; a reason where nothing could be.
    """
    return analyze(recording, settings=Settings(events=presets)).events


def _beats(chosen: Waveform | None) -> tuple[Beats | None, Intervals | None]:
    if chosen is None:
        return None, None
    beats = detect_beats(chosen.signal)
    known = chosen.signal.channel.quantity == "ecg"  # of pulses it was never measured
    if known:
        beats = mark_shapes(chosen.signal, beats)
    noise = measured_timing_ms(chosen.signal, beats) if known else float("nan")
    return beats, nn_intervals(beats, resolution_ms=noise)


def _breaths(resp: Waveform | None, beats: Beats | None) -> Breaths | None:
    if resp is None:
        return None
    if beats is None:
        import numpy as np  # noqa: PLC0415  (only to say that there are none)

        from joey.beats import Beats  # noqa: PLC0415  (a type elsewhere)

        beats = Beats(resp.signal.channel, np.empty(0), np.empty(0, dtype=np.uint8), EMPTY)
    return detect_breaths(resp.signal, beats)


def _heart(
    intervals: Intervals | None, values: dict[str, tuple[Series, ...]]
) -> tuple[Series | None, str]:
    """Return the heart rate that events are looked for in: beats, unless they cover under half."""
    monitor = next((values[q][0] for q in ("heart_rate", "pulse_rate") if values.get(q)), None)
    if intervals is not None and len(intervals.times):
        beat = total(intervals.searched)
        if monitor is None or beat >= 0.5 * total(measured(monitor)):
            return heart_rate_pieces(intervals), "beat"
    return monitor, "numeric"


def _pulses(pulse: Intervals | None, pleth: Waveform | None) -> Series | None:
    """Return the rate from pulse to pulse where the pleth can be trusted: only there it denies."""
    if pulse is None or pleth is None or len(pulse.times) == 0:
        return None
    return without(heart_rate_series(pulse), pleth.bad)


def _judged(
    source: str,
    ecg: Waveform | None,
    resp: Waveform | None,
    numerics: dict[str, tuple[Numeric, ...]],
    probes: Joined | None,
) -> dict[str, Quality]:
    """Return the judgment of each signal that events are looked for in."""
    monitor = numerics["heart_rate"] or numerics["pulse_rate"]
    found: dict[str, Quality] = {}
    if source == "beat" and ecg is not None:
        found["heart_rate"] = ecg.quality
    elif monitor:
        found["heart_rate"] = monitor[0].quality
    if probes is not None:
        found["spo2"] = probes.quality
    if resp is not None:
        found["breaths"] = resp.quality
    return found


def _events(
    heart: Series | None,
    source: str,
    spo2: Series | None,
    breaths: Breaths | None,
    pulses: Series | None,
    judged: dict[str, Quality],
    settings: Settings,
) -> tuple[tuple[Events, ...], tuple[Spell, ...]]:
    wanted = settings.events or DEFAULT
    names = tuple(dict.fromkeys((*wanted, *SPELL_PARTS)))
    found = find_all(
        heart,
        spo2,
        breaths,
        source=source,
        presets=names,
        pulse=pulses,
        quality=judged,
    )
    by_name = dict(zip(names, found, strict=True))
    episodes = spells(*(by_name[name] for name in SPELL_PARTS))
    return tuple(by_name[name] for name in wanted), episodes


def _with_reasons(
    events: tuple[Events, ...], whole: Recording, left: Recording
) -> tuple[Events, ...]:
    """Say why there is no heart rate or saturation, where a channel of it is there."""
    for words, quantities in REASONED.items():
        if not any(each.reason.startswith(words) for each in events):
            continue
        why = [why_not(left, quantity) for quantity in quantities]
        lost = [
            "taken out by the reviewer"
            for quantity in quantities
            if _measured_at_all(whole, quantity) and not _measured_at_all(left, quantity)
        ]
        if said := "; ".join(dict.fromkeys(each for each in (*why, *lost) if each)):
            short = words.removesuffix(" in the recording")
            events = tuple(
                replace(each, reason=f"{short}: {said}") if each.reason.startswith(words) else each
                for each in events
            )
    return events


def _measured_at_all(recording: Recording, quantity: str) -> bool:
    return any(len(measured(each)) for each in series_of(recording, quantity))


def _methods(
    chosen: tuple[Waveform | None, ...],
    source: str,
    heart: Series | None,
    probes: Joined | None,
) -> tuple[str, ...]:
    lines = [
        f"{quantity} read from {w.why}"
        for quantity, w in zip(("beats", "breaths", "pulses"), chosen, strict=True)
        if w
    ]
    if heart is not None:
        made = "each RR interval" if source == "beat" else f"the monitor's {heart.channel.label}"
        lines.append(
            f"bradycardia is looked for in {made}; cleaned intervals feed variability only"
        )
    if probes is not None:
        lines.append(
            "desaturation is looked for in the saturation with the most measured time, "
            f"{probes.words}; a change between two channels is never taken"
        )
    return tuple(lines)

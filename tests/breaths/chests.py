"""Simulated chests with known pauses, stratum by stratum, and the score of what was found in them.

Only impedance and beats are made, ten minutes a chest, so that many seeds cost little. The truth is
where the simulated lungs stood still, from the end of the last breath to the start of the next: it
knows nothing of any detector.

    PYTHONPATH=src:. .venv/bin/python -m tests.breaths.chests [SEEDS [WORDS OF STRATA ...]]

prints the table of docs/validation.md.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from joey.beats import Beats
from joey.breaths import detect_breaths
from joey.events import PRESETS, find_apneas
from joey.signals import Channel, Signal, blank, quantize
from joey.simulate.breathing import Apnea, infant_breathing, lung
from joey.simulate.heart import JITTER, beats_along, quick_variation
from joey.simulate.impedance import BREATH, FS, QUANTUM, cardiac_artifact, holder_breathing
from joey.simulate.seeds import band_noise, slow_noise, stream
from joey.simulate.waves import STEP, uniform
from joey.spans import EMPTY, Span, Spans, intersect, total

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from joey.events import Events

SECONDS = 600.0


@dataclass(frozen=True)
class Stratum:
    """What is special about a chest; sizes in units of the infant's usual breath."""

    name: str
    cardiac: float = 0.1
    motion: float = 0.0  # SD within a bout
    steady: float = 0.0  # SD of motion all the time
    holder: float = 0.0
    paces: tuple[float, float] = (12.0, 21.0)  # of the holder [1/min]
    ecg: bool = True
    transfer: bool = False  # leads come off and are put on again, with another gain, amid handling
    shallow: float = 1.0  # to what the breaths fall for a minute at a time
    swell: float = 0.2  # SD of the log of the breaths' size over minutes
    rates: tuple[float, float] = (32.0, 75.0)  # breaths/min
    sighs: bool = True
    wander: float = 0.25
    double: float = 0.0  # height of a second peak within the breath
    bradycardia: float = 0.5  # share of long pauses in which the heart slows
    noise: float = 0.012


STRATA = (
    Stratum("no cardiac artifact", cardiac=0.0),
    Stratum("cardiac artifact 30 %", cardiac=0.3),
    Stratum("cardiac artifact 100 %", cardiac=1.0),
    Stratum("motion", motion=0.9),
    Stratum("holder's breathing 50 %", holder=0.5),
    Stratum("transfer, leads off", transfer=True, motion=0.9),
    Stratum("shallow breathing", shallow=0.3),
    Stratum("amplitude and baseline wander", swell=0.4, wander=1.5),
    Stratum("two peaks", double=0.7),
    Stratum("25 breaths/min", rates=(25.0, 25.0)),
    Stratum("100 breaths/min", rates=(100.0, 100.0)),
    Stratum("white noise 15 %", noise=0.15),
    Stratum("steady motion 5 %", steady=0.05),
    Stratum("steady motion 10 %", steady=0.1),
    Stratum("steady motion 20 %", steady=0.2),
    Stratum("steady motion 40 %", steady=0.4),
    Stratum("holder's breathing 100 %", holder=1.0),
    Stratum("holder 50 %, 21 to 30/min", holder=0.5, paces=(21.0, 30.0)),
    Stratum("holder 100 %, 21 to 30/min", holder=1.0, paces=(21.0, 30.0)),
    Stratum("no ECG, cardiac artifact 10 %", ecg=False),
    Stratum("no ECG, cardiac artifact 30 %", ecg=False, cardiac=0.3),
    Stratum("no ECG, cardiac artifact 100 %", ecg=False, cardiac=1.0),
)


@dataclass(frozen=True)
class Chest:
    """A chest, its heart, and when its lungs stood still."""

    resp: Signal
    beats: Beats
    breaths: NDArray[np.float64]
    pauses: tuple[Span, ...]
    dirty: Spans


@dataclass
class Score:
    """Counts over chests."""

    long: int = 0  # true apneas of 12 s or more
    found: int = 0
    unsaid: int = 0  # not found, and not 10 s of it were searched
    short: int = 0  # true pauses of 8 s or less
    called: int = 0  # short ones called an apnea of 10 s
    false: int = 0  # found apneas of 10 s that touch no true pause of over 8 s
    hours: float = 0.0
    searched: float = 0.0  # h
    errors: list[float] = field(default_factory=list)  # s, found minus true duration
    breaths: int = 0
    near: int = 0  # breaths found within 0.4 s

    def add(self, other: Score) -> None:
        for name in self.__dataclass_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def row(self) -> str:
        error = float(np.median(np.abs(self.errors))) if self.errors else float("nan")
        bias = float(np.median(self.errors)) if self.errors else float("nan")
        late = float(np.quantile(np.abs(self.errors), 0.9)) if self.errors else float("nan")
        missed = self.long - self.found - self.unsaid
        return (
            f"{self.long:4d} | {100 * self.found / max(self.long, 1):5.1f} | "
            f"{100 * self.unsaid / max(self.long, 1):5.1f} | {missed:3d} | "
            f"{self.short:4d} | {self.called:3d} | {self.false / max(self.searched, 1e-9):5.2f} | "
            f"{100 * (1 - self.searched / self.hours):5.1f} | {error:4.2f} ({bias:+.2f}) | "
            f"{late:4.2f} | "
            f"{100 * self.near / max(self.breaths, 1):5.1f}"
        )


def chest(stratum: Stratum, seed: int) -> Chest:  # noqa: C901, PLR0915  (one effect after the other)
    """Return ten minutes of one infant."""
    name = stratum.name
    rng = stream(seed, "chest", name)
    times = uniform(round(SECONDS / STEP) + 2, STEP)
    rate = rng.uniform(*stratum.rates) + 2.5 * slow_noise(rng, times, 90.0)
    spread = np.full(len(times), rng.uniform(0.14, 0.27))
    wanted = _pauses(rng, sighs=stratum.sighs)
    breathing, pauses = infant_breathing(times, rate, spread, wanted, EMPTY, seed)
    n = round(SECONDS * float(FS))
    fs = float(FS)
    at = uniform(n, 1 / fs)
    wave = lung(breathing, n, fs).astype(np.float64)
    if stratum.double:
        late = 0.45 * (breathing.ends - breathing.onsets)
        bump = stratum.double * breathing.sizes
        for middle, width, height in zip(
            breathing.peaks + late * 0.8, late * 0.28, bump, strict=True
        ):
            lo, hi = (np.array([middle - 3 * width, middle + 3 * width]) * fs).astype(int)
            part = slice(max(lo, 0), min(hi, n))
            wave[part] += height * np.exp(-0.5 * ((at[part] - middle) / width) ** 2) * 0.8
    size = np.exp(stratum.swell * slow_noise(stream(seed, name, "size"), times, 240.0))
    if stratum.shallow < 1:
        low = _bouts(stream(seed, name, "shallow"), 150.0, 40.0)
        size *= np.interp(times, *_steps(low, stratum.shallow, 8.0))
    wave *= np.interp(at, times, size)
    beats = _heart(times, pauses, stratum, seed)
    if stratum.cardiac:
        swell = np.exp(0.2 * slow_noise(stream(seed, name, "heart size"), beats, 300.0))
        wave += cardiac_artifact(beats, n, fs, stratum.cardiac * swell)
    if stratum.holder:
        pace = float(stream(seed, name, "pace").uniform(*stratum.paces))
        wave += stratum.holder * holder_breathing(n, fs, pace, stream(seed, name, "holder"))
    bouts: list[tuple[float, float]] = []
    gain = np.ones(n)
    off: list[tuple[float, float]] = []
    if stratum.transfer:
        middle = float(rng.uniform(200, 400))
        back = middle + float(np.clip(60 * np.exp(0.5 * rng.standard_normal()), 20, 120))
        off = [(middle, back)]
        gain[at >= middle] = float(np.exp(rng.uniform(-1.2, 1.2)))
        bouts = _bouts(stream(seed, name, "handling"), 16.0, 12.0, middle - 120, back + 120)
        wave += 2.0 * np.where(at > back, np.exp(-np.maximum(at - back, 0) / 8.0), 0.0)
    elif stratum.motion:
        bouts = _bouts(stream(seed, name, "motion"), 110.0, 9.0)
    moving = stream(seed, name, "moving")
    strip = band_noise(moving, at, 0.1, 3.0)
    for start, end in bouts:
        inside = (at >= start) & (at < end)
        edge = np.sin(np.pi * (at[inside] - start) / (end - start)) ** 0.5
        strength = float(np.exp(0.4 * moving.standard_normal())) * stratum.motion
        wave[inside] += strength * edge * strip[inside]
    if stratum.steady:
        wave += stratum.steady * band_noise(stream(seed, name, "steady"), at, 0.1, 3.0)
    wave += (
        stratum.wander
        * slow_noise(stream(seed, name, "drift"), np.append(at, SECONDS + 9), 60.0)[:n]
    )
    wave *= gain
    wave += stratum.noise * stream(seed, name, "noise").standard_normal(n)
    resp = quantize(Channel("resp", "Ohm", source="simulated/RESP"), FS, 0, BREATH * wave, QUANTUM)
    resp = blank(resp, Spans.of(off)) if off else resp
    if not stratum.ecg:
        beats = np.empty(0)
    jitter = stream(seed, name, "beat noise").normal(0, 0.001, len(beats))
    flags = np.zeros(len(beats), dtype=np.uint8)
    heart = Beats(
        Channel("ecg", "mV"),
        beats + jitter,
        flags,
        Spans.of([(0.0, SECONDS)] if stratum.ecg else []),
    )
    spans = tuple(Span(p.start, p.end) for p in pauses)
    return Chest(resp, heart, breathing.peaks, spans, Spans.of(bouts + off))


def _pauses(rng: np.random.Generator, *, sighs: bool) -> list[Apnea]:
    pauses: list[Apnea] = []
    start = float(rng.uniform(30, 45))
    while start < SECONDS - 60:
        kind = rng.choice(["long", "short", "sigh"], p=[0.5, 0.3, 0.2])
        if kind == "sigh" and not sighs:
            kind = "short"
        lengths = {"long": (12.5, 34.0), "short": (4.0, 7.5), "sigh": (1.5, 4.5)}
        length = float(rng.uniform(*lengths[kind]))
        pauses.append(Apnea(start, start + length, "sigh" if kind == "sigh" else "central"))
        start += length + float(rng.uniform(15, 75))
    return pauses


def _heart(
    times: NDArray[np.float64], pauses: list[Apnea], stratum: Stratum, seed: int
) -> NDArray[np.float64]:
    rng = stream(seed, stratum.name, "heart")
    rate = rng.uniform(125, 175) + quick_variation(times, np.full(len(times), 0.5), seed)
    for pause in pauses:
        slows, low = rng.random() < stratum.bradycardia, rng.uniform(65, 110)
        if slows and pause.end - pause.start > 10:
            since = times - pause.start - 6.0
            until = times - pause.end
            share = np.clip(since / 5.0, 0, 1) * np.clip(1 - until / 6.0, 0, 1)
            rate = rate + (low - rate) * share
    jitter = np.full(len(times), JITTER)
    return beats_along(times, rate, jitter, stream(seed, stratum.name, "beats"), SECONDS)


def _bouts(
    rng: np.random.Generator, apart: float, length: float, start: float = 0.0, end: float = SECONDS
) -> list[tuple[float, float]]:
    bouts: list[tuple[float, float]] = []
    at = start + float(rng.exponential(apart))
    while at < end - 2 * length:
        stop = at + length * float(np.exp(0.5 * rng.standard_normal()))
        bouts.append((at, min(stop, end)))
        at = stop + 2 + float(rng.exponential(apart))
    return bouts


def _steps(
    bouts: list[tuple[float, float]], low: float, edge: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rows = [(0.0, 1.0)]
    for a, b in bouts:
        middle = min(edge, (b - a) / 2 - 0.1)
        rows += [(a, 1.0), (a + middle, low), (b - middle, low), (b, 1.0)]
    table = np.array([*rows, (1e9, 1.0)])
    return table[:, 0], table[:, 1]


def score(one: Chest, found: Events, breaths: NDArray[np.float64] | None = None) -> Score:
    """Return how apneas found in a chest agree with its truth."""
    out = Score(hours=SECONDS / 3600, searched=total(found.searched) / 3600)
    events = [event.span for event in found.items]
    for pause in one.pauses:
        if pause.duration >= 12:
            out.long += 1
            inside = intersect(found.searched, Spans.of([pause]))
            best = max(events, key=lambda e: _shared(e, pause), default=None)
            if best is not None and _shared(best, pause) >= 0.5 * max(total(inside), best.duration):
                out.found += 1
                if not best_cut(found, best):
                    out.errors.append(best.duration - pause.duration)
            else:
                longest = max((each.duration for each in inside), default=0.0)
                out.unsaid += longest < 10
        elif pause.duration <= 8:
            out.short += 1
            hit = [e for e in events if _shared(e, pause) > 0]
            out.called += bool(hit) and not any(
                p.duration > 8 and any(_shared(e, p) > 0 for e in hit) for p in one.pauses
            )
    real = [pause for pause in one.pauses if pause.duration > 8]
    out.false += sum(not any(_shared(e, p) > 0 for p in real) for e in events)
    if breaths is not None and len(breaths):
        out.breaths = len(one.breaths)
        at = np.clip(np.searchsorted(breaths, one.breaths), 1, len(breaths) - 1)
        near = np.minimum(abs(one.breaths - breaths[at - 1]), abs(one.breaths - breaths[at]))
        out.near = int((near < 0.4).sum())
    return out


def best_cut(found: Events, span: Span) -> bool:
    """Return whether the event of this span was cut by the end of what was searched."""
    return any(event.truncated for event in found.items if event.span == span)


def _shared(a: Span, b: Span) -> float:
    return max(min(a.end, b.end) - max(a.start, b.start), 0.0)


def scored(stratum: Stratum, seeds: range) -> Score:
    """Return the score of many chests of a stratum."""
    out = Score()
    for seed in seeds:
        one = chest(stratum, seed)
        breaths = detect_breaths(one.resp, one.beats)
        out.add(score(one, find_apneas(breaths, PRESETS["central10"]), breaths.times))
    return out


HEAD = (
    "true >= 12 s | found % | cannot say % | missed | true <= 8 s | called 10 s | false per h | "
    "not searched % | median abs(duration error), bias [s] | p90 [s] | breaths found %"
)


def main() -> None:
    """Print the table."""
    seeds = range(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
    sys.stdout.write(f"stratum | {HEAD}\n")
    for each in STRATA:
        if not sys.argv[2:] or any(word in each.name for word in sys.argv[2:]):
            sys.stdout.write(f"{each.name} | {scored(each, seeds).row}\n")


if __name__ == "__main__":
    main()

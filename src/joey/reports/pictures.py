"""The pictures of a report as inline SVG: the OxyCRG with the hold, event strips, small intervals.

Colours tie a number to its curve and are set by classes in the page's style: none of them means
good or bad. What was not measured is hatched; nothing is drawn across a gap.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import numpy as np

from joey.reports.paths import Axis, area, line, runs, stairs, ticks
from joey.reports.wording import number, phase_label, shown_unit, spoken
from joey.spans import Span

if TYPE_CHECKING:
    from joey.events import Event
    from joey.features import Summary
    from joey.reports.wording import Clock
    from joey.response import Response, Strip, Track

__all__ = ["change_picture", "oxycrg_picture", "strip_picture"]

WIDTH, LEFT, RIGHT = 960.0, 44.0, 6.0
X0, X1 = LEFT, WIDTH - RIGHT
LANES, LANE = 3, 14.0  # rows of event letters, and their height
BAR = 20.0  # height of the rows that name the phases and the hold
NAME = 18.0  # above each strip, so that its name never lies on its curve
CHARACTER = 6.4  # width of a letter at 12 px, generously
CAPITAL = 9.0  # width of a bold capital

# Range shown, and height, by quantity: science.md 1 and peers.md 3.2. Values beyond are marked at
# the edge. Others are scaled to their data.
RANGES = {
    "heart_rate": (60.0, 220.0),
    "pulse_rate": (60.0, 220.0),
    "spo2": (70.0, 100.0),
    "resp_rate": (0.0, 100.0),
}
TICKS = {
    "heart_rate": (60.0, 100.0, 140.0, 180.0, 220.0),
    "pulse_rate": (60.0, 100.0, 140.0, 180.0, 220.0),
    "spo2": (70.0, 80.0, 90.0, 100.0),
}
AT_LEAST = {"temp": (36.0, 37.5), "fio2": (0.2, 0.4)}  # shown even if the data need less
HEIGHTS = {"heart_rate": 120.0, "spo2": 90.0, "resp": 70.0, "temp": 54.0, "fio2": 44.0}
COLOURS = {
    "heart_rate": "hr",
    "pulse_rate": "hr",
    "ecg": "hr",
    "spo2": "ox",
    "pleth": "ox",
    "resp": "br",
    "resp_rate": "br",
    "temp": "te",
    "fio2": "fi",
}
STEPS_S = (60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200)


def _node(parent: ET.Element, tag: str, text: str = "", **attributes: float | str) -> ET.Element:
    node = ET.SubElement(parent, tag)
    for name, value in attributes.items():
        shown = value if isinstance(value, str) else f"{round(value, 1):g}"
        node.set(name.rstrip("_").replace("_", "-"), shown)
    if text:
        node.text = text
    return node


def _picture(key: str, height: float, title: str, description: str, kind: str) -> ET.Element:
    root = ET.Element("svg")
    root.set("viewBox", f"0 0 {WIDTH:g} {height:g}")
    root.set("class", kind)
    root.set("role", "img")
    root.set("aria-labelledby", f"{key}-t {key}-d")
    _node(root, "title", title, id=f"{key}-t")
    _node(root, "desc", description, id=f"{key}-d")
    return root


def _text(root: ET.Element) -> str:
    return ET.tostring(root, encoding="unicode", short_empty_elements=True)


# ---- one strip of a picture: a scale, a grid, a curve, and where there is none -----------------


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where one track is drawn."""

    track: Track
    x: Axis
    y: Axis
    span: Span

    @property
    def top(self) -> float:
        return self.y.at_high

    @property
    def bottom(self) -> float:
        return self.y.at_low


def _range_of(track: Track, *, whole: bool) -> tuple[float, float]:
    """Return the values at the strip's edges; `whole` widens a fixed range to hold all data."""
    data = np.concatenate((track.values, track.high))
    data = data[np.isfinite(data)]
    fixed = RANGES.get(track.quantity)
    if fixed and (not whole or len(data) == 0):
        return fixed
    if len(data) == 0:
        return AT_LEAST.get(track.quantity, (0.0, 1.0))
    if track.kind == "envelope" and not whole:
        # A few large movements must not flatten hours of breathing: they are clipped.
        reach = float(np.quantile(np.abs(data), 0.97)) * 1.2 or 1.0
        return (-reach, reach) if data.min() < 0 else (0.0, reach)
    least = fixed or AT_LEAST.get(track.quantity, (float(data.min()), float(data.max())))
    low, high = min(least[0], float(data.min())), max(least[1], float(data.max()))
    if high - low < 1e-9 * max(1.0, abs(high)):
        low, high = low - 0.5, high + 0.5
    pad = 0.0 if fixed or track.quantity in AT_LEAST else 0.06 * (high - low)
    return low - pad, high + pad


def _missing(track: Track, span: Span) -> list[Span]:
    """Return where the track has no value; single readings far apart are no gap."""
    values = track.values + track.high if len(track.high) else track.values
    span_ends = {span.start, span.end}
    found = runs(values)
    if not found:
        return [span]
    ends = [float(track.times[run.stop - 1]) for run in found]
    starts = [float(track.times[run.start]) for run in found]
    if track.kind == "steps":
        ends = [float(track.times[run.stop]) for run in found if run.stop < len(track.times)]
        ends += [span.end] * (len(found) - len(ends))
    elif _sparse(track, span):
        return []
    edges = [span.start, *(time for pair in zip(starts, ends, strict=True) for time in pair), span.end]
    gaps = [Span(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b > a]
    # A sample stands for the time until the next one: the picture's edges are no gap because of it.
    step = float(np.median(np.diff(track.times))) if len(track.times) > 1 else 0.0
    return [gap for gap in gaps if gap.duration > 2 * step or {gap.start, gap.end}.isdisjoint(span_ends)]


def _within(track: Track, span: Span) -> Track:
    """Return the part of a track inside the picture; a step that began before it still holds."""
    inside = (track.times >= span.start) & (track.times <= span.end)
    times = track.times
    if track.kind == "steps" and (times < span.start).any():
        running = np.flatnonzero(times < span.start)[-1]
        inside[running] = True
        times = np.maximum(times, span.start)
    high = track.high[inside] if len(track.high) else track.high
    return replace(track, times=times[inside], values=track.values[inside], high=high)


def _sparse(track: Track, span: Span) -> bool:
    """Whether single readings are shown, as of a thermometer, and not a running signal."""
    times = track.times[np.isfinite(track.values)]
    return track.kind == "line" and len(times) < span.duration / 300 and len(times) < 100


def _draw(root: ET.Element, frame: _Frame, clock_lines: list[float], fine: list[float]) -> None:
    track, x, y = frame.track, frame.x, frame.y
    colour = COLOURS.get(track.quantity, "any")
    for at in fine:
        _node(root, "path", class_="fine", d=f"M{x(at):.1f} {y.at_high:g}V{y.at_low:g}")
    for at in clock_lines:
        _node(root, "path", class_="grid", d=f"M{x(at):.1f} {y.at_high:g}V{y.at_low:g}")
    _scale(root, frame)
    missing = [gap for gap in _missing(track, frame.span) if x(gap.end) - x(gap.start) >= 1.5]
    for gap in missing:
        _block(root, x, gap, y, "gone")
    _curve(root, frame, colour)
    for gap in missing:
        if x(gap.end) - x(gap.start) > CHARACTER * 13:
            at = (x(gap.start) + x(gap.end)) / 2
            _node(root, "text", "not measured", class_="gone-t mid", x=at, y=y.at_low - 5)
    unit = shown_unit(track.unit) or ("no unit" if track.unit == "NU" else "")
    name = track.label if not unit else f"{track.label}, {unit}"
    _node(root, "text", name, class_=f"name {colour}-t halo", x=X0, y=y.at_high - 5)


def _scale(root: ET.Element, frame: _Frame) -> None:
    y, track = frame.y, frame.track
    _node(root, "path", class_="edge", d=f"M{X0:g} {y.at_low:g}H{X1:g}")
    if track.unit == "NU" or not np.isfinite(track.values).any():
        return
    room = max(2, int((y.at_low - y.at_high) // 22))
    fixed = [t for t in TICKS.get(track.quantity, ()) if y.low <= t <= y.high]
    shown = fixed if fixed and len(fixed) <= room + 1 else ticks(y.low, y.high, room)
    decimals = 0 if all(value == round(value) for value in shown) else 1
    if any(abs(value - round(value, 1)) > 1e-9 for value in shown):
        decimals = 2
    for value in shown:
        at = y(value)
        _node(root, "path", class_="grid", d=f"M{X0:g} {at:.1f}H{X1:g}")
        baseline = min(max(at + 4, y.at_high + 10), y.at_low)
        _node(root, "text", number(value, decimals), class_="end", x=X0 - 5, y=baseline)


def _curve(root: ET.Element, frame: _Frame, colour: str) -> None:
    track, x, y = frame.track, frame.x, frame.y
    scaled = _node(root, "g", transform="scale(.1)")
    if track.kind == "envelope":
        d = area(track.times, track.values, track.high, x, y)
        _node(scaled, "path", class_=f"{colour} fill", d=d)
        return
    if track.kind == "steps":
        d = stairs(track.times, track.values, frame.span.end, x, y)
    else:
        d = line(track.times, track.values, x, y)
    if d:
        _node(scaled, "path", class_=f"{colour} line", d=d)
    if _sparse(track, frame.span):
        for time, value in zip(track.times, track.values, strict=True):
            if math.isfinite(value):
                _node(root, "circle", class_=f"{colour}-b", cx=x(time), cy=y(value), r=3)
    _beyond(root, frame, colour)


def _beyond(root: ET.Element, frame: _Frame, colour: str) -> None:
    """Mark values beyond the scale by a small triangle at its edge, at most one in 6 px."""
    track, x, y = frame.track, frame.x, frame.y
    for outside, at, tip in (
        (track.values < y.low, y.at_low, 5.0),
        (track.values > y.high, y.at_high, -5.0),
    ):
        last = -math.inf
        for time in track.times[outside]:
            if x(time) - last < 6:
                continue
            last = x(time)
            d = f"M{last - 4:.1f} {at - tip:.1f}h8l-4 {tip:g}z"
            _node(root, "path", class_=f"{colour}-b", d=d)


def _block(
    root: ET.Element, x: Axis, span: Span, y: Axis, kind: str, *, shrink: float = 0.0
) -> None:
    left, right = x(max(span.start, x.low)), x(min(span.end, x.high))
    if right > left:
        _node(
            root,
            "rect",
            class_=kind,
            x=left,
            y=y.at_high + shrink,
            width=max(right - left, 0.5),
            height=y.at_low - y.at_high - 2 * shrink,
        )


def _clock_ticks(span: Span, clock: Clock, steps: tuple[int, ...], most: int) -> list[float]:
    step = next((s for s in steps if span.duration / s <= most), steps[-1])
    offset = clock.offset(span.start)
    first = math.ceil((span.start + offset) / step)
    last = math.floor((span.end + offset) / step)
    return [k * step - offset for k in range(first, last + 1)]


def _time_axis(root: ET.Element, x: Axis, at: list[float], labels: list[str], y: float) -> None:
    last = -math.inf
    for time, label in zip(at, labels, strict=True):
        half = CHARACTER * len(label) / 2
        px = min(max(x(time), X0 + half - 12), X1 - half)
        if px - half > last + 6:
            _node(root, "text", label, class_="mid", x=px, y=y)
            last = px + half


def _stack(tracks: tuple[Track, ...], x: Axis, span: Span, top: float, *, whole: bool) -> list[_Frame]:
    frames = []
    for each in tracks:
        track = _within(each, span)
        height = HEIGHTS.get(track.quantity, 64.0)
        low, high = _range_of(track, whole=whole)
        frames.append(_Frame(track, x, Axis(low, high, top + NAME + height, top + NAME), span))
        top += NAME + height
    return frames


# ---- the OxyCRG -------------------------------------------------------------------------------


def oxycrg_picture(response: Response, clock: Clock, key: str) -> str:
    """Return the compressed OxyCRG of a hold as SVG: curves, hold, phases, event letters, gaps.

    Parameters
    ----------
    response : Response
        The hold; its `oxycrg` is drawn.
    clock : Clock
        How times are printed.
    key : str
        Prefix of the ids in the picture, unique in its page.

    Returns
    -------
    str
        One ``svg`` element.
    """
    picture = response.oxycrg
    span = picture.span if picture.span.duration > 0 else replace(picture.span, end=picture.span.start + 1)
    x = Axis(span.start, span.end, X0, X1)
    bar = BAR + 2  # from top to bottom: names of phases, hold, letters of events, strips
    marks = _placed(picture.marks, x)
    lanes = 1 + max((mark.lane for mark in marks), default=-1)
    top = bar + BAR + (lanes * LANE + 6 if marks else 0)
    frames = _stack(picture.tracks, x, span, top, whole=False)
    bottom = frames[-1].bottom if frames else top + 40
    height = bottom + 24
    root = _picture(
        key,
        height,
        f"OxyCRG, {clock.range(span.start, span.end)}",
        _in_words(response, clock),
        "oxycrg",
    )
    _phase_bands(root, response, x, Axis(0, 1, bottom, 2.0))
    at = _clock_ticks(span, clock, STEPS_S, 12)
    for frame in frames:
        _draw(root, frame, at, [])
    if not frames:
        _node(root, "text", "no curves to draw", class_="mid", x=(X0 + X1) / 2, y=top + 24)
    for excluded in response.excluded:
        _block(root, x, excluded, Axis(0, 1, bottom, top + NAME), "excluded")
    _hold_bar(root, response, x, bar, bottom)
    _letters(root, marks, top + 2)
    _time_axis(root, x, at, [clock.minute(t) for t in at], bottom + 16)
    if response.simulated:
        _node(root, "text", "simulated", class_="stamp end halo", x=X1 - 2, y=top + NAME - 4)
    return _text(root)


def _in_words(response: Response, clock: Clock) -> str:
    span = response.oxycrg.span
    curves = ", ".join(track.label for track in response.oxycrg.tracks) or "no curves"
    hold = clock.range(response.hold.start, response.hold.end)
    marks = ", ".join(
        f"{letters} {clock.second(event.span.start)}" for event, letters in response.oxycrg.marks
    )
    stamp = "Simulated. " if response.simulated else ""
    return (
        f"{stamp}{curves} from {clock.minute(span.start)} to {clock.minute(span.end)}, hold {hold}. "
        f"Events: {marks or 'none marked'}. The numbers are in the tables below."
    )


def _phase_bands(root: ET.Element, response: Response, x: Axis, y: Axis) -> None:
    """Shade each phase through all strips and name it in the row above them."""
    for phase, spans in response.phases.spans.items():
        if phase == "whole_hold":
            continue
        for span in spans:
            if span.end <= x.low or span.start >= x.high:
                continue
            _block(root, x, span, y, f"phase ph-{phase.replace('_', '-')}")
            left, right = x(max(span.start, x.low)), x(min(span.end, x.high))
            _node(root, "path", class_="phase-edge", d=f"M{left:.1f} {y.at_high:g}V{y.at_low:g}")
            _node(root, "path", class_="phase-edge", d=f"M{right:.1f} {y.at_high:g}V{y.at_low:g}")
            name = _fitting((phase_label(phase), phase_label(phase).split()[0]), right - left)
            if name:
                middle = (left + right) / 2
                _node(root, "text", name, class_="mid", x=middle, y=y.at_high + 14)


def _fitting(choices: tuple[str, ...], width: float) -> str:
    return next((text for text in choices if CHARACTER * len(text) + 4 <= width), "")


def _hold_bar(root: ET.Element, response: Response, x: Axis, top: float, bottom: float) -> None:
    """Draw the hold as one solid bar per holder; an arrow where it still runs."""
    for piece in response.hold.pieces:
        end = x.high if piece.end is None else piece.end
        if end <= x.low or piece.start >= x.high:
            continue
        left, right = x(max(piece.start, x.low)), x(min(end, x.high))
        y, tip = top + 1, 9.0 if piece.end is None else 0.0
        d = f"M{left:.1f} {y:g}H{right - tip:.1f}l{tip:g} {(BAR - 2) / 2:g}l{-tip:g} {(BAR - 2) / 2:g}H{left:.1f}z"
        _node(root, "path", class_="hold", d=d)
        role = spoken(piece.role)
        choices = (f"held: {role}, {spoken(response.hold.contact)}", f"held: {role}", role, "held")
        name = _fitting(choices, right - left - tip)
        if name:
            _node(root, "text", name, class_="hold-t mid", x=(left + right - tip) / 2, y=y + 13)
        edges = [left] if piece.end is None else [left, right]
        for edge in edges:
            _node(root, "path", class_="hold-edge", d=f"M{edge:.1f} {y:g}V{bottom:g}")


@dataclass(frozen=True, slots=True)
class _Mark:
    """Where the letters of one event stand; in no lane (-1) there was no room for them."""

    letters: str
    at: float
    middle: float
    lane: int


def _placed(marks: tuple[tuple[Event, str], ...], x: Axis) -> list[_Mark]:
    """Place the letters of events in rows so that they never touch."""
    free = [-math.inf] * LANES
    placed = []
    for event, letters in sorted(marks, key=lambda mark: mark[0].span.start):
        if event.span.end < x.low or event.span.start > x.high:
            continue
        at = x(max(event.span.start, x.low))
        half = CAPITAL * len(letters) / 2 + 2
        middle = min(max(at, X0 + half), X1 - half)
        lane = next((k for k, edge in enumerate(free) if middle - half > edge), -1)
        if lane >= 0:
            free[lane] = middle + half
        placed.append(_Mark(letters, at, middle, lane))
    return placed


def _letters(root: ET.Element, marks: list[_Mark], bottom: float) -> None:
    for mark in marks:
        y = bottom - 4 - max(mark.lane, 0) * LANE
        _node(root, "path", class_="mark", d=f"M{mark.at:.1f} {bottom:g}V{y:g}")
        if mark.lane >= 0:
            _node(root, "text", mark.letters, class_="letters mid halo", x=mark.middle, y=y - 1)


# ---- the strip of one event -------------------------------------------------------------------


def strip_picture(strip: Strip, clock: Clock, key: str, *, simulated: bool) -> str:
    """Return the signals around one event as SVG, the event shaded, on a 1-s and 5-s grid.

    Parameters
    ----------
    strip : Strip
        Event and signals.
    clock : Clock
        How times are printed.
    key : str
        Prefix of the ids in the picture, unique in its page.
    simulated : bool
        Whether the picture must say so.

    Returns
    -------
    str
        One ``svg`` element, under 40 kB for a minute of ECG at any rate.
    """
    span = strip.span if strip.span.duration > 0 else replace(strip.span, end=strip.span.start + 1)
    x = Axis(span.start, span.end, X0, X1)
    frames = _stack(strip.tracks, x, span, 0.0, whole=True)
    bottom = frames[-1].bottom if frames else 44.0
    title = f"{strip.letters} {clock.second(strip.event.span.start)}, {phase_label(strip.phase)}"
    shown = ", ".join(track.label for track in strip.tracks) or "no signals"
    stamp = "Simulated. " if simulated else ""
    words = f"{stamp}{shown} from {clock.second(span.start)} to {clock.second(span.end)}."
    root = _picture(key, bottom + 22, title, words, "strip")
    _block(root, x, strip.event.span, Axis(0, 1, bottom, 0.0), "event")
    coarse = _clock_ticks(span, clock, (5,), 1)
    fine = _clock_ticks(span, clock, (1,), 1) if span.duration <= 150 else []
    fine = [t for t in fine if t not in set(coarse)]
    for frame in frames:
        _draw(root, frame, coarse, fine)
    if not frames:
        _node(root, "text", "no signals around this event", class_="mid", x=WIDTH / 2, y=28)
    labelled = [t for t in coarse if round(t + clock.offset(span.start)) % 10 == 0]
    _time_axis(root, x, labelled, [clock.second(t) for t in labelled], bottom + 15)
    if simulated:
        _node(root, "text", "simulated", class_="stamp end halo", x=X1 - 2, y=NAME - 4)
    return _text(root)


# ---- one change with its interval -------------------------------------------------------------

SMALL, SMALL_HEIGHT = 150.0, 26.0


def change_picture(change: Summary, threshold: float, words: str) -> str:
    """Return a dot with its interval on a scale through zero; the display threshold as thin marks.

    Parameters
    ----------
    change : Summary
        The change; without a value there is no picture.
    threshold : float
        The unit's display threshold in the unit of `change`; NaN where none is set.
    words : str
        What the picture says, for people who hear the page.

    Returns
    -------
    str
        One ``svg`` element; empty where nothing can be said.
    """
    if not math.isfinite(change.value):
        return ""
    sides = [abs(v) for v in (change.value, change.low, change.high, threshold) if math.isfinite(v)]
    reach = max(sides) * 1.15 or 1.0
    x = Axis(-reach, reach, 6.0, SMALL - 6.0)
    middle = SMALL_HEIGHT / 2
    root = ET.Element("svg")
    root.set("viewBox", f"0 0 {SMALL:g} {SMALL_HEIGHT:g}")
    root.set("class", "small")
    root.set("role", "img")
    root.set("aria-label", words)
    _node(root, "path", class_="edge", d=f"M6 {middle:g}H{SMALL - 6:g}")
    _node(root, "path", class_="zero", d=f"M{x(0):.1f} 2V{SMALL_HEIGHT - 2:g}")
    if math.isfinite(threshold):
        for side in (-threshold, threshold):
            _node(root, "path", class_="threshold", d=f"M{x(side):.1f} 4V{SMALL_HEIGHT - 4:g}")
    if math.isfinite(change.low) and math.isfinite(change.high):
        left, right = x(change.low), x(change.high)
        _node(root, "path", class_="reach", d=f"M{left:.1f} {middle:g}H{right:.1f}")
    _node(root, "circle", class_="dot", cx=x(change.value), cy=middle, r=4)
    return _text(root)

"""The strips of a picture: a scale, a grid, a curve, and hatching where there is no curve.

Curves are cut to the picture and clipped to the scale, values beyond it are marked at its edge.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import numpy as np

from joey.reports.paths import Axis, area, line, runs, stairs, ticks
from joey.reports.wording import number, shown_unit
from joey.spans import Span

if TYPE_CHECKING:
    from joey.reports.wording import Clock
    from joey.response import Track

__all__ = [
    "CHARACTER",
    "NAME",
    "WIDTH",
    "X0",
    "X1",
    "Frame",
    "block",
    "clock_ticks",
    "draw",
    "node",
    "picture_root",
    "stack",
    "text_of",
    "time_axis",
]

WIDTH, LEFT, RIGHT = 960.0, 44.0, 6.0
X0, X1 = LEFT, WIDTH - RIGHT
NAME = 18.0  # above each strip, so that its name never lies on its curve
CHARACTER = 6.4  # width of a letter at 12 px, generously

# Range shown, and height, by quantity: Joey defaults, those of the page of a bed. A strip with a
# value below its range begins at `DEEP`; what is beyond is marked at the edge. Others are scaled
# to their data.
RANGES = {
    "heart_rate": (60.0, 220.0),
    "pulse_rate": (60.0, 220.0),
    "spo2": (70.0, 100.0),
    "resp_rate": (0.0, 100.0),
}
DEEP = {"heart_rate": 20.0, "pulse_rate": 20.0, "spo2": 30.0}
TICKS = {
    "heart_rate": (50.0, 100.0, 150.0, 200.0),
    "pulse_rate": (50.0, 100.0, 150.0, 200.0),
    "spo2": (50.0, 70.0, 80.0, 90.0),
}
APART = 14.0  # px between two numbers of a scale
AT_LEAST = {"temp": (36.0, 37.5), "fio2": (0.2, 0.4)}  # shown even if the data need less
EMPTY_HEIGHT = 30.0  # of a strip without any value
HEIGHTS = {"heart_rate": 120.0, "spo2": 90.0, "resp": 70.0, "temp": 54.0, "fio2": 44.0}
COLORS = {
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


def node(parent: ET.Element, tag: str, text: str = "", **attributes: float | str) -> ET.Element:
    """Add an element; ``class_`` is ``class``, ``stroke_width`` is ``stroke-width``."""
    node = ET.SubElement(parent, tag)
    for name, value in attributes.items():
        shown = value if isinstance(value, str) else f"{round(value, 1):g}"
        node.set(name.rstrip("_").replace("_", "-"), shown)
    if text:
        node.text = text
    return node


def picture_root(key: str, height: float, title: str, description: str, kind: str) -> ET.Element:
    """Return an empty picture [px] that says what it is to those who hear the page."""
    root = ET.Element("svg")
    root.set("viewBox", f"0 0 {WIDTH:g} {height:g}")
    root.set("class", kind)
    root.set("role", "img")
    root.set("aria-labelledby", f"{key}-t {key}-d")
    node(root, "title", title, id=f"{key}-t")
    node(root, "desc", description, id=f"{key}-d")
    return root


def text_of(root: ET.Element) -> str:
    """Return a picture as text, everything a user wrote escaped."""
    return ET.tostring(root, encoding="unicode", short_empty_elements=True)


# ---- one strip of a picture: a scale, a grid, a curve, and where there is none -----------------


@dataclass(frozen=True, slots=True)
class Frame:
    """Where one track is drawn."""

    track: Track
    x: Axis
    y: Axis
    span: Span

    @property
    def top(self) -> float:
        """Return the pixel of the upper edge."""
        return self.y.at_high

    @property
    def bottom(self) -> float:
        """Return the pixel of the lower edge."""
        return self.y.at_low


def _range_of(track: Track, *, whole: bool) -> tuple[float, float]:
    """Return the values at the strip's edges; `whole` widens a fixed range to hold all data."""
    data = np.concatenate((track.values, track.high))
    data = data[np.isfinite(data)]
    fixed = RANGES.get(track.quantity)
    if fixed and (not whole or len(data) == 0):
        deep = len(data) > 0 and float(data.min()) < fixed[0]
        return DEEP.get(track.quantity, fixed[0]) if deep else fixed[0], fixed[1]
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
    edges = [
        span.start,
        *(time for pair in zip(starts, ends, strict=True) for time in pair),
        span.end,
    ]
    gaps = [Span(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b > a]
    # A sample stands for the time until the next one: the picture's edges are no gap because of it.
    step = float(np.median(np.diff(track.times))) if len(track.times) > 1 else 0.0
    return [
        gap for gap in gaps if gap.duration > 2 * step or {gap.start, gap.end}.isdisjoint(span_ends)
    ]


def _within(track: Track, span: Span) -> Track:
    """Return the part of a track inside the picture; a step that began before it still holds."""
    inside = (track.times >= span.start) & (track.times <= span.end)
    times = track.times
    if track.kind == "steps" and (times < span.start).any():
        running = np.flatnonzero(times < span.start)[-1]
        inside[running] = True
        times = np.maximum(times, span.start)
    high = track.high[inside] if len(track.high) else track.high
    doubtful = track.doubtful[inside] if len(track.doubtful) else track.doubtful
    return replace(
        track, times=times[inside], values=track.values[inside], high=high, doubtful=doubtful
    )


def _sparse(track: Track, span: Span) -> bool:
    """Whether single readings are shown, as of a thermometer, and not a running signal."""
    times = track.times[np.isfinite(track.values)]
    return track.kind == "line" and len(times) < span.duration / 300 and len(times) < 100


def draw(root: ET.Element, frame: Frame, clock_lines: list[float], fine: list[float]) -> None:
    """Draw one track over its grid: lines at `clock_lines` and, fainter, at `fine`. [s]"""
    track, x, y = frame.track, frame.x, frame.y
    color = COLORS.get(track.quantity, "any")
    for kind, times in (("fine", fine), ("grid", clock_lines)):
        if times:  # one path for all of them: a tenth of the bytes
            d = "".join(f"M{x(time):.1f} {y.at_high:g}V{y.at_low:g}" for time in times)
            node(root, "path", class_=kind, d=d)
    _scale(root, frame)
    missing = [gap for gap in _missing(track, frame.span) if x(gap.end) - x(gap.start) >= 1.5]
    for gap in missing:
        block(root, x, gap, y, "gone")
    _curve(root, frame, color)
    for gap in missing:
        if x(gap.end) - x(gap.start) > CHARACTER * 13:
            at = (x(gap.start) + x(gap.end)) / 2
            node(root, "text", "not measured", class_="gone-t mid", x=at, y=y.at_low - 5)
    unit = shown_unit(track.unit) or ("no unit" if track.unit == "NU" else "")
    name = track.label if not unit else f"{track.label}, {unit}"
    name += " (pale: in doubt)" if track.doubtful.any() else ""
    node(root, "text", name, class_=f"name {color}-t halo", x=X0, y=y.at_high - 5)


def _scale(root: ET.Element, frame: Frame) -> None:
    y, track = frame.y, frame.track
    node(root, "path", class_="edge", d=f"M{X0:g} {y.at_low:g}H{X1:g}")
    if track.unit == "NU" or not np.isfinite(track.values).any():
        return
    room = max(2, int((y.at_low - y.at_high) // 22))
    fixed = [t for t in TICKS.get(track.quantity, ()) if y.low <= t <= y.high]
    shown = _apart(fixed, y) if fixed else ticks(y.low, y.high, room)
    decimals = 0 if all(value == round(value) for value in shown) else 1
    if any(abs(value - round(value, 1)) > 1e-9 for value in shown):
        decimals = 2
    for value in shown:
        at = y(value)
        node(root, "path", class_="grid", d=f"M{X0:g} {at:.1f}H{X1:g}")
        baseline = min(max(at + 4, y.at_high + 10), y.at_low)
        node(root, "text", number(value, decimals), class_="end", x=X0 - 5, y=baseline)


def _apart(values: list[float], y: Axis) -> list[float]:
    """Return of some values, from above, those whose numbers do not touch."""
    found: list[float] = []
    for value in sorted(values, reverse=True):
        if not found or y(value) - y(found[-1]) >= APART:
            found.append(value)
    return found


def _curve(root: ET.Element, frame: Frame, color: str) -> None:
    track, x, y = frame.track, frame.x, frame.y
    scaled = node(root, "g", transform="scale(.1)")
    if track.kind == "envelope":
        d = area(track.times, track.values, track.high, x, y)
        node(scaled, "path", class_=f"{color} fill", d=d)
        return
    if track.kind == "steps":
        d = stairs(track.times, track.values, frame.span.end, x, y)
    else:
        d = _sure_line(scaled, frame, color)
    if d:
        node(scaled, "path", class_=f"{color} line", d=d)
    if _sparse(track, frame.span):
        for time, value in zip(track.times, track.values, strict=True):
            if math.isfinite(value):
                node(root, "circle", class_=f"{color}-b", cx=x(time), cy=y(value), r=3)
    _beyond(root, frame, color)


def _sure_line(root: ET.Element, frame: Frame, color: str) -> str:
    """Draw what is in doubt pale, with the points beside it; return the path of the rest."""
    track, x, y = frame.track, frame.x, frame.y
    if not len(track.doubtful):
        return line(track.times, track.values, x, y)
    beside = np.convolve(track.doubtful, np.ones(3), mode="same") > 0
    pale = line(track.times, np.where(beside, track.values, np.nan), x, y)
    node(root, "path", class_=f"{color} line doubt", d=pale)
    return line(track.times, np.where(track.doubtful, np.nan, track.values), x, y)


def _beyond(root: ET.Element, frame: Frame, color: str) -> None:
    """Mark values beyond the scale by a small triangle at its edge, at most one in 6 px."""
    track, x, y = frame.track, frame.x, frame.y
    for outside, at, tip in (
        (track.values < y.low, y.at_low, 5.0),
        (track.values > y.high, y.at_high, -5.0),
    ):
        last = -math.inf
        for k in np.flatnonzero(outside).tolist():
            if x(float(track.times[k])) - last < 6:
                continue
            last = x(float(track.times[k]))
            d = f"M{last - 4:.1f} {at - tip:.1f}h8l-4 {tip:g}z"
            doubt = " doubt" if len(track.doubtful) and track.doubtful[k] else ""
            node(root, "path", class_=f"{color}-b{doubt}", d=d)


def block(root: ET.Element, x: Axis, span: Span, y: Axis, kind: str) -> None:
    """Fill the part of a span that is in the picture."""
    left, right = x(max(span.start, x.low)), x(min(span.end, x.high))
    if right > left:
        node(
            root,
            "rect",
            class_=kind,
            x=left,
            y=y.at_high,
            width=max(right - left, 0.5),
            height=y.at_low - y.at_high,
        )


def clock_ticks(span: Span, clock: Clock, steps: tuple[int, ...], most: int) -> list[float]:
    """Return round local times, by the smallest of `steps` [s] that gives at most `most`."""
    step = next((s for s in steps if span.duration / s <= most), steps[-1])
    offset = clock.offset(span.start)
    first = math.ceil((span.start + offset) / step)
    last = math.floor((span.end + offset) / step)
    return [k * step - offset for k in range(first, last + 1)]


def time_axis(root: ET.Element, x: Axis, at: list[float], labels: list[str], y: float) -> None:
    """Write the times under a picture, leaving out what would touch."""
    last = -math.inf
    for time, label in zip(at, labels, strict=True):
        half = CHARACTER * len(label) / 2
        px = min(max(x(time), X0 + half - 12), X1 - half)
        if px - half > last + 6:
            node(root, "text", label, class_="mid", x=px, y=y)
            last = px + half


def stack(
    tracks: tuple[Track, ...], x: Axis, span: Span, top: float, *, whole: bool
) -> list[Frame]:
    """Lay tracks out from top to bottom; `whole` widens scales so that nothing is clipped."""
    frames = []
    for each in tracks:
        track = _within(each, span)
        height = HEIGHTS.get(track.quantity, 64.0)
        if not np.isfinite(each.values).any():
            height = EMPTY_HEIGHT
        low, high = _range_of(track, whole=whole)
        frames.append(Frame(track, x, Axis(low, high, top + NAME + height, top + NAME), span))
        top += NAME + height
    return frames

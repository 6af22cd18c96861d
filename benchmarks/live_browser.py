"""What the pages cost a browser: main thread and memory while a simulated ward is shown live.

``.venv/bin/python benchmarks/live_browser.py --beds 24 --minutes 30 --json FILE`` runs `joey demo`,
opens the unit and one bed in Chromium side by side, and once a minute notes the time the main
thread worked and the heap after a collection, of which a snapshot tells what is data, what is
code that the engine has compiled, and what its caches are. With ``--history 70`` the trends are
full from the first note on: it waits until the pages say that the analysis has caught up. The
packages of the tests are wanted.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from playwright.sync_api import sync_playwright
from scipy.stats import linregress, t

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike
    from playwright.sync_api import BrowserContext, CDPSession, WebSocket

EVERY_S = 60.0  # s, between notes
ARRIVES_S = 1800.0  # s that the history of a ward may take to be sent and analyzed
LOOK_MS = 1000.0  # ms, between looks whether it is there
HOUR_MIN = 60.0  # min of a trend
MOST = 0.9  # of a trend: leads come off, and what was not measured is not there
TRIES = 3  # collections, of which the least heap counts: a message may come between it and the look
CODE = ("code", "object shape")  # what the engine makes of the scripts, by the snapshot's types
# Its caches of numbers as text, as roots of the heap name them: one grows once, to 64 KiB, as soon
# as two numbers meet in it, minutes or an hour after a page was opened.
CACHES = ("smi_string_cache", "double_string_cache", "number_string_cache")
NATIVE = ("native", "synthetic")  # the document's own memory, outside the scripts' heap
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ["--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
VIEW = {"width": 1280, "height": 800}


def start_demo(beds: int, seconds: float, history_min: float) -> tuple[subprocess.Popen[str], str]:
    """Start a demo without a browser; return it and the link of its pages."""
    command = [
        sys.executable, "-P", "-m", "joey", "demo", "--beds", str(beds), "--no-browser",
        "--exit-after", str(seconds), "--history", str(history_min),
    ]  # fmt: skip
    demo = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if demo.stdout is None:
        raise RuntimeError("no output of joey demo")
    for line in demo.stdout:
        if found := re.search(r"http://\S+token=\S+", line):
            return demo, found[0]
    raise RuntimeError("joey demo did not come up")


class Told:
    """What the unit page was told last: of each bed its tile and its trend."""

    def __init__(self) -> None:
        self.tiles: dict[str, dict[str, Any]] = {}
        self.trends: dict[str, dict[str, list[float | None]]] = {}
        self._fresh: set[str] = set()  # beds whose trend came since no analysis lags

    def listen(self, socket: WebSocket) -> None:
        """Take what comes by a socket."""
        socket.on("framereceived", lambda text: self.take(json.loads(text)))

    def take(self, message: dict[str, Any]) -> None:
        """Take a message."""
        for bed, tile in message.get("beds", {}).items():
            self.tiles.setdefault(bed, {}).update(tile)
        trends = message.get("trends", {})
        self.trends.update(trends)
        lags = any(tile["analysis"] for tile in self.tiles.values())
        self._fresh = set() if lags else self._fresh | trends.keys()

    def has(self, history_min: float) -> bool:
        """Whether nothing waits for its analysis, and the trends told since have the history."""
        every = self._fresh == self.tiles.keys()
        return bool(self.tiles) and every and self.full >= MOST * min(history_min / HOUR_MIN, 1)

    @property
    def full(self) -> float:
        """The share of the points of all trends that have a value."""
        rows = [trend[kind] for trend in self.trends.values() for kind in ("hr", "spo2")]
        points = [point for row in rows for point in row]
        return sum(point is not None for point in points) / max(len(points), 1)


def line_of(minutes: ArrayLike, values: ArrayLike) -> list[float] | None:
    """Return slope per hour with its 95 % interval; of residuals that resemble each other.

    Neighbors count as fewer than they are: n (1 - r) / (1 + r), r the residuals' correlation.
    """
    x, y = np.asarray(minutes) / 60, np.asarray(values)
    if len(x) < 5:
        return None
    line = linregress(x, y)
    rest = y - line.intercept - line.slope * x
    spread = float(rest @ rest)
    r = max(float(rest[1:] @ rest[:-1]) / spread, 0.0) if spread else 0.0
    free = max(len(x) * (1 - r) / (1 + r) - 2, 1.0)
    reach = t.ppf(0.975, free) * np.sqrt(spread / free / np.sum((x - x.mean()) ** 2))
    return [round(float(each), 3) for each in (line.slope, line.slope - reach, line.slope + reach)]


def sizes_of(chunks: Iterable[str]) -> dict[str, float]:
    """Return how much of a heap snapshot is data, code, and the engine's caches. [MB]"""
    said = json.loads("".join(chunks))
    meta = said["snapshot"]["meta"]
    nodes, edges = (
        np.array(said[f"{kind}s"]).reshape(-1, len(meta[f"{kind}_fields"]))
        for kind in ("node", "edge")
    )
    names = np.array(meta["node_types"][0])[nodes[:, meta["node_fields"].index("type")]]
    bytes_ = nodes[:, meta["node_fields"].index("self_size")]
    roots = np.array(meta["edge_types"][0])[edges[:, meta["edge_fields"].index("type")]]
    wanted = [k for k, text in enumerate(said["strings"]) if text in CACHES]
    held = np.isin(edges[:, meta["edge_fields"].index("name_or_index")], wanted)
    held &= roots == "internal"  # of others the number is no name
    cache = np.zeros(len(nodes), dtype=np.bool_)
    cache[edges[held, meta["edge_fields"].index("to_node")] // nodes.shape[1]] = True
    code, native = np.isin(names, CODE), np.isin(names, NATIVE)
    return {
        "data_mb": float(bytes_[~code & ~native & ~cache].sum()) / 2**20,
        "code_mb": float(bytes_[code & ~cache].sum()) / 2**20,
        "cache_mb": float(bytes_[cache].sum()) / 2**20,
    }


class Watched:
    """One page, its clock of the main thread, and its notes."""

    def __init__(self, context: BrowserContext, name: str) -> None:
        self.name = name
        self.page = context.new_page()
        self._tools: CDPSession = self.page.context.new_cdp_session(self.page)
        self._tools.send("Performance.enable")
        self._chunks: list[str] = []
        self._tools.on(
            "HeapProfiler.addHeapSnapshotChunk", lambda said: self._chunks.append(said["chunk"])
        )
        self.notes: list[dict[str, float]] = []

    def note(self) -> None:
        """Note the busy seconds of the main thread, and the heap after a collection."""
        said = self._metrics()
        after = min(
            (self._collected() for _ in range(TRIES)), key=lambda one: one["JSHeapUsedSize"]
        )
        self._chunks.clear()
        self._tools.send("HeapProfiler.takeHeapSnapshot", {"reportProgress": False})
        sizes = sizes_of(self._chunks)
        watched = self._metrics()
        self.notes.append(
            {
                "at_s": said["Timestamp"],
                "busy_s": said["TaskDuration"],
                "after_s": watched["Timestamp"],
                "busy_after_s": watched["TaskDuration"],
                "heap_mb": after["JSHeapUsedSize"] / 2**20,
                **sizes,
                "nodes": after["Nodes"],
                "listeners": after["JSEventListeners"],
            }
        )

    def _collected(self) -> dict[str, float]:
        self._tools.send("HeapProfiler.collectGarbage")
        return self._metrics()

    def _metrics(self) -> dict[str, float]:
        told = self._tools.send("Performance.getMetrics")["metrics"]
        return {each["name"]: each["value"] for each in told}

    def told(self) -> dict[str, Any]:
        """Return what was seen: the share of one core, and how the heap went."""
        steps = list(zip(self.notes, self.notes[1:], strict=False))
        # Collection and snapshot are the watcher's work, not the page's.
        busy = sum(b["busy_s"] - a["busy_after_s"] for a, b in steps)
        passed = sum(b["at_s"] - a["after_s"] for a, b in steps)
        minutes = [(each["at_s"] - self.notes[0]["at_s"]) / 60 for each in self.notes]
        half = len(minutes) // 2
        found: dict[str, Any] = {"page": self.name, "main_thread": round(busy / passed, 4)}
        for kind in ("heap_mb", "data_mb", "code_mb", "cache_mb", "nodes", "listeners"):
            series = [each[kind] for each in self.notes]
            found[f"{kind}_per_h"] = line_of(minutes, series)
            found[f"{kind}_per_h_second_half"] = line_of(minutes[half:], series[half:])
            found[kind] = [round(each, 3) for each in series]
        return found


def wait_for_history(unit: Watched, told: Told, history_min: float) -> float:
    """Wait until the page was told of the history, and that it is analyzed; return how long. [s]"""
    begun = time.monotonic()
    while not told.has(history_min):
        if time.monotonic() - begun > ARRIVES_S:
            raise RuntimeError(f"the history was not analyzed within {ARRIVES_S:g} s")
        unit.page.wait_for_timeout(LOOK_MS)
    return time.monotonic() - begun


def measure(beds: int, minutes: float, history_min: float, warm_up_min: float) -> dict[str, Any]:
    """Watch the pages for so long, from when their history is there and they are warm."""
    chromium = os.environ.get("JOEY_CHROMIUM") or next(
        filter(None, map(shutil.which, BROWSERS)), ""
    )
    ahead_s = (ARRIVES_S if history_min else 0.0) + warm_up_min * 60 + 300
    demo, link = start_demo(beds, minutes * 60 + ahead_s, history_min)
    foreign: set[str] = set()
    told = Told()
    try:
        with sync_playwright() as driver:
            flags = [*FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
            browser = driver.chromium.launch(executable_path=chromium, args=flags)
            context = browser.new_context(viewport=VIEW)  # type: ignore[arg-type]
            base = link.partition("/?")[0]
            context.on("request", lambda r: None if r.url.startswith(base) else foreign.add(r.url))
            unit, bed = (Watched(context, name) for name in ("unit", "bed"))
            unit.page.on("websocket", told.listen)
            unit.page.goto(link)
            unit.page.wait_for_selector(".tile")
            target = unit.page.locator("a.tile, .tile a").first.get_attribute("href") or ""
            bed.page.goto(base + target)
            arrived_s = wait_for_history(unit, told, history_min) if history_min else 0.0
            unit.page.wait_for_timeout(warm_up_min * 60_000)
            begin, full = time.monotonic(), [told.full]
            while True:
                for each in (unit, bed):
                    each.note()
                if time.monotonic() - begin >= minutes * 60:
                    break
                unit.page.wait_for_timeout(EVERY_S * 1000)
            found = {
                "beds": beds,
                "minutes": minutes,
                "history_min": history_min,
                "history_took_s": round(arrived_s),
                "warm_up_min": warm_up_min,
                "trends_full": [round(each, 3) for each in (*full, told.full)],
                "pages": [each.told() for each in (unit, bed)],
                "asked_elsewhere": sorted(foreign),
                "load_1min": round(os.getloadavg()[0], 1),
            }
            browser.close()
            return found
    finally:
        demo.terminate()
        demo.wait(60)


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--beds", type=int, default=24)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--history", type=float, default=0, help="of the ward, first [min]")
    parser.add_argument("--warm-up", type=float, default=1, help="before the first note [min]")
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    found = measure(chosen.beds, chosen.minutes, chosen.history, chosen.warm_up)
    text = json.dumps(found, indent=2)
    print(text)
    if chosen.json is not None:
        chosen.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

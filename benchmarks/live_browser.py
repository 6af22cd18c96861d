"""What the pages cost a browser: main thread and memory while a simulated ward is shown live.

``.venv/bin/python benchmarks/live_browser.py --beds 24 --minutes 30 --json FILE`` runs `joey demo`,
opens the unit and one bed in Chromium side by side, and once a minute notes the time the main
thread worked and the heap after a collection. The packages of the tests are wanted.
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

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, CDPSession

EVERY_S = 60.0  # s, between notes
FIRST_S = 60.0  # s until the first: the page is there, and its scripts are compiled
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ["--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
VIEW = {"width": 1280, "height": 800}


def start_demo(beds: int, seconds: float) -> tuple[subprocess.Popen[str], str]:
    """Start a demo without a browser; return it and the link of its pages."""
    command = [
        sys.executable, "-P", "-m", "joey", "demo", "--beds", str(beds), "--no-browser",
        "--exit-after", str(seconds),
    ]  # fmt: skip
    demo = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if demo.stdout is None:
        raise RuntimeError("no output of joey demo")
    for line in demo.stdout:
        if found := re.search(r"http://\S+token=\S+", line):
            return demo, found[0]
    raise RuntimeError("joey demo did not come up")


class Watched:
    """One page, its clock of the main thread, and its notes."""

    def __init__(self, context: BrowserContext, name: str) -> None:
        self.name = name
        self.page = context.new_page()
        self._tools: CDPSession = self.page.context.new_cdp_session(self.page)
        self._tools.send("Performance.enable")
        self.notes: list[dict[str, float]] = []

    def note(self) -> None:
        """Note the busy seconds of the main thread, and the heap after a collection."""
        said = {
            e["name"]: e["value"] for e in self._tools.send("Performance.getMetrics")["metrics"]
        }
        self._tools.send("HeapProfiler.collectGarbage")
        after = {
            e["name"]: e["value"] for e in self._tools.send("Performance.getMetrics")["metrics"]
        }
        self.notes.append(
            {
                "at_s": said["Timestamp"],
                "busy_s": said["TaskDuration"],
                "busy_after_s": after["TaskDuration"],
                "heap_mb": after["JSHeapUsedSize"] / 2**20,
                "nodes": after["Nodes"],
                "listeners": after["JSEventListeners"],
            }
        )

    def told(self) -> dict[str, Any]:
        """Return what was seen: the share of one core, and how the heap went."""
        steps = list(zip(self.notes, self.notes[1:], strict=False))
        # A collection is the watcher's work, not the page's.
        busy = sum(b["busy_s"] - a["busy_after_s"] for a, b in steps)
        passed = self.notes[-1]["at_s"] - self.notes[0]["at_s"]
        minutes = np.array([(n["at_s"] - self.notes[0]["at_s"]) / 60 for n in self.notes])
        heap = np.array([n["heap_mb"] for n in self.notes])
        half = len(heap) // 2
        late = minutes[half:], heap[half:]
        slope = round(float(np.polyfit(*late, 1)[0]) * 60, 3) if len(heap) > 4 else None
        return {
            "page": self.name,
            "main_thread": round(busy / passed, 4),
            "heap_mb_first": round(float(heap[0]), 2),
            "heap_mb_last": round(float(heap[-1]), 2),
            "heap_mb_per_h_second_half": slope,
            "nodes_first": self.notes[0]["nodes"],
            "nodes_last": self.notes[-1]["nodes"],
            "listeners_first": self.notes[0]["listeners"],
            "listeners_last": self.notes[-1]["listeners"],
            "heap_mb": [round(float(each), 2) for each in heap],
        }


def measure(beds: int, minutes: float) -> dict[str, Any]:
    """Watch the pages for so long."""
    chromium = os.environ.get("JOEY_CHROMIUM") or next(
        filter(None, map(shutil.which, BROWSERS)), ""
    )
    demo, link = start_demo(beds, minutes * 60 + 300)
    foreign: set[str] = set()
    try:
        with sync_playwright() as driver:
            flags = [*FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
            browser = driver.chromium.launch(executable_path=chromium, args=flags)
            context = browser.new_context(viewport=VIEW)  # type: ignore[arg-type]
            base = link.partition("/?")[0]
            context.on("request", lambda r: foreign.add(r.url) if not r.url.startswith(base) else 0)
            pages = [Watched(context, name) for name in ("unit", "bed")]
            pages[0].page.goto(link)
            pages[0].page.wait_for_selector(".tile")
            target = pages[0].page.locator("a.tile, .tile a").first.get_attribute("href") or ""
            pages[1].page.goto(base + target)
            time.sleep(FIRST_S)
            begin = time.monotonic()
            while True:
                for each in pages:
                    each.note()
                if time.monotonic() - begin >= minutes * 60:
                    break
                pages[0].page.wait_for_timeout(EVERY_S * 1000)
            found = {
                "beds": beds,
                "minutes": minutes,
                "pages": [each.told() for each in pages],
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
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    text = json.dumps(measure(chosen.beds, chosen.minutes), indent=2)
    print(text)
    if chosen.json is not None:
        chosen.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""What stands in a tile and on a bed's page, in a real browser, word for word."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, expect

from joey.events import PRESETS
from joey.store.archive import Archive, Batch, Fact
from tests.web.archived import NS, desaturation, tell
from tests.web.messages import observations
from tests.web.serving import admit, monitors, running, write
from tests.web.test_browser_ward import BEDS, TABLET, numbers, started, tablet

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.browser


def searched(folder: Path, now_ns: int) -> None:
    """Let bed 4 be searched for all spells until a minute ago, with one ten minutes ago."""
    heard = observations("4", *BEDS["4"], now_ns, numbers={})
    admit(folder, "4", *BEDS["4"], at_ns=now_ns - 7200 * NS)
    write(folder, heard, "NICU/4", now_ns)
    fall = desaturation(now_ns / NS - 600, 20.0, 78.0)
    stream = tell(folder, "NICU/4", now_ns, {"D": (fall,)}, heard=heard, seq=2)
    said = json.dumps({"spans": [(now_ns / NS - 3600, now_ns / NS - 60)]}).encode()
    archive = Archive(folder / "archive.db")
    found = ("central10", "brady_uva", "desat_uva")
    archive.write(
        Batch(facts=[Fact(stream, "searched", each, now_ns, now_ns, 1, said) for each in found])
    )
    archive.close()


def test_a_tablet_is_told_until_when_spells_are_known_and_what_their_letters_say(
    browser: Browser, tmp_path: Path
) -> None:
    """By taps alone, on the unit's page and the bed's: nothing to hover over."""
    searched(tmp_path, time.time_ns())
    brady, desat = PRESETS["brady_uva"], PRESETS["desat_uva"]
    with running(tmp_path) as served:
        page = tablet(browser, served)
        told = r"1 spell to \d\d:\d\d, D\s\d\d:\d\d"
        expect(page.locator(".tile .foot span").first).to_have_text(re.compile(f"^{told}$"))
        for path in ("/", "/beds/NICU/4"):
            page.goto(served.address + path)
            legend = page.locator("#letterstold")
            expect(legend).to_be_hidden()
            page.get_by_role("button", name="What is ABD?").click()
            for words in (
                "at least 10, 15, 20 s",
                f"heart rate below {brady.below:g}/min for {brady.at_least:g} s",
                f"SpO₂ below {desat.below:g} % for {desat.at_least:g} s",
                "spells that were over by then are known",
            ):
                expect(legend).to_contain_text(words)
            box = legend.bounding_box()
            assert box
            assert box["height"] < TABLET["height"]
            page.mouse.click(5, TABLET["height"] - 5)  # beside it
            expect(legend).to_be_hidden()
            assert page.url == served.address + path
        expect(page.locator("#spellsknown")).to_have_text(re.compile(r"^known to \d\d:\d\d, "))


def test_a_hold_is_marked_once_however_many_signals_are_lost(
    browser: Browser, tmp_path: Path
) -> None:
    """In the tile and on the bed's page, and what to do is said once."""
    admit(tmp_path, "4", *BEDS["4"])
    probe_off: list[str] = []

    def shown(bed: str) -> dict[str, float]:
        return {**numbers(bed), **({"spo2": float("nan")} if probe_off else {})}

    with monitors(tmp_path, {"4": BEDS["4"]}, shown) as off, running(tmp_path) as served:
        page = tablet(browser, served, "/beds/NICU/4")
        page.get_by_role("button", name="Start hold").click()
        mark = rf"\(Hold marked {started(page)}\)"
        off.add("4")
        probe_off.append("4")
        two = r"No ECG since \d\d:\d\d · No SpO₂ since \d\d:\d\d"
        look = r"\. Look at the infant and the bedside monitor\."
        expect(page.locator("#lost")).to_have_text(
            re.compile(rf"^{two}{look}{mark}$"), timeout=30_000
        )
        page.goto(served.address)
        expect(page.locator(".tile .tell")).to_have_text(re.compile(rf"^{two} {mark}$"))


def test_no_dot_above_a_capital_is_cut_in_a_tile(browser: Browser, tmp_path: Path) -> None:
    """In a line as low as some fonts have it: the picture is that of no cut."""
    admit(tmp_path, "4", "M4", "ÜÄÖ^ËÅÇ")
    with running(tmp_path) as served:
        page = tablet(browser, served)
        name = page.locator(".tile .name")
        expect(name).to_contain_text("ÜÄÖ")
        name.evaluate("each => { each.style.lineHeight = 1; }")
        head = page.locator(".tile .head")
        shown = head.screenshot()
        name.evaluate("each => { each.style.overflow = 'visible'; }")
        assert head.screenshot() == shown


def test_the_page_of_an_empty_bed_shows_nothing_of_nobody(browser: Browser, tmp_path: Path) -> None:
    """Neither waves and numbers of who has left, nor hours of a goal; a page opened later, too."""
    admit(tmp_path, "4", *BEDS["4"])
    with running(tmp_path) as served:
        with monitors(tmp_path, {"4": BEDS["4"]}, numbers):
            page = tablet(browser, served, "/beds/NICU/4")
            expect(page.locator("#wavewords")).to_contain_text("ECG II")
            admit(tmp_path, "4", *BEDS["4"], event="A03", at_ns=time.time_ns())
            expect(page.locator("#name")).to_have_text("unassigned")
        later = tablet(browser, served)
        expect(later.locator(".tile")).to_contain_text("nobody is admitted here", timeout=15_000)
        later.locator(".tile").click()
        for each in (page, later):
            expect(each.locator("#name")).to_have_text("nobody is admitted here")
            expect(each.get_by_role("button", name="Start hold")).to_be_disabled()
            for words in ("HR", "OxyCRG", "Waveforms", "Skin to skin today", "Spells"):
                expect(each.get_by_text(words, exact=True)).to_be_hidden()
            expect(each.locator("#wavewords")).to_have_text("")
        with monitors(tmp_path, {"4": BEDS["4"]}, numbers):  # whose it is, a person is to say
            for each in (page, later):
                expect(each.locator("#wavewords")).to_contain_text("ECG II", timeout=15_000)
                expect(each.locator(".hr .value")).to_have_text("144")


def test_tiles_that_scroll_are_alike_and_the_trend_takes_what_is_left(
    browser: Browser, tmp_path: Path
) -> None:
    """On a small tablet: a hold or a lost signal moves no row, and no trend is squeezed away."""
    for bed in range(1, 25):
        admit(tmp_path, str(bed), f"M{bed}", f"ADAMS-{bed}^BABY GIRL")
    with running(tmp_path) as served:
        page = tablet(browser, served, "/beds/NICU/1")
        page.set_viewport_size({"width": 1024, "height": 768})
        page.get_by_role("button", name="Start hold").click()
        expect(page.get_by_role("timer")).to_be_visible()
        page.goto(served.address)
        expect(page.locator(".tile.held .holder")).to_be_visible()
        expect(page.locator(".tile .tell").last).to_contain_text("No data")
        expect(page.locator("body.scrolls")).to_be_visible()
        tiles = page.evaluate("""() => [...document.querySelectorAll(".tile")].map((each) =>
            [each.getBoundingClientRect().height, each.querySelector("canvas").clientHeight,
             each.scrollHeight - each.clientHeight])""")
        heights = [height for height, _, _ in tiles]
        assert max(heights) - min(heights) < 1
        assert min(canvas for _, canvas, _ in tiles) > 50
        assert max(cut for _, _, cut in tiles) <= 1

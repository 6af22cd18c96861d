"""The pages in a real browser: a nurse, a tablet, a hold."""

from __future__ import annotations

import itertools
import json
import re
import signal
import threading
import time
from datetime import datetime
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from joey.response.letters import LETTERS
from joey.store.journal import Journal
from tests.web.archived import desaturation, tell
from tests.web.messages import observations
from tests.web.serving import Served, admit, monitors, running, write

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.browser

BEDS = {"2": ("M2", "ADAMS^BABY GIRL"), "4": ("M4", "JONES^BABY BOY"), "10": ("M10", "LI^WEI")}
SAID = "Not for alarming: the bedside monitor alarms"
TABLET = {"width": 1280, "height": 800}
WALL = {"width": 1920, "height": 1080}
PORTRAIT = {"width": 800, "height": 1280}
TWICE_MS = 500  # ms, after which a second tap at the same place is a wish of its own


def numbers(bed: str) -> dict[str, float]:
    """Return what a bed's monitor shows."""
    return {"heart_rate": 140 + int(bed), "spo2": 93, "resp_rate": 48, "temp": 36.7}


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[tuple[Served, set[str]]]:
    """Yield a ward of three beds that runs, and the set of beds whose ECG is off."""
    for bed, (mrn, name) in BEDS.items():
        admit(tmp_path, bed, mrn, name)
    with monitors(tmp_path, BEDS, numbers) as off, running(tmp_path) as served:
        yield served, off


def fell(folder: Path, now_ns: int) -> None:
    """Let the saturation of JONES have fallen ten minutes ago, as its monitor told."""
    heard = observations("4", *BEDS["4"], now_ns, numbers={})
    write(folder, heard, "NICU/4", now_ns)
    tell(
        folder,
        "NICU/4",
        now_ns,
        {"D": (desaturation(now_ns / 1e9 - 600, 20.0, 78.0),)},
        heard=heard,
    )


def tablet(browser: Browser, served: Served, path: str = "/") -> Page:
    """Return a page of a new tablet; whatever it asks beyond the server fails the test."""
    context: BrowserContext = browser.new_context(viewport=TABLET)
    page = context.new_page()
    context.on("request", lambda request: _ours(served, request.url))
    page.on("websocket", lambda socket: _ours(served, socket.url.replace("ws:", "http:")))
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    page.goto(served.link())
    if path != "/":
        page.goto(served.address + path)
    return page


def _ours(served: Served, url: str) -> None:
    assert url.startswith(served.address + "/"), url


def started(page: Page) -> str:
    """Return the clock time at which the running hold started."""
    expect(page.locator("#hold")).to_contain_text(re.compile(r"Started \d\d:\d\d"))
    found = re.search(r"Started (\d\d:\d\d)", page.locator("#hold").inner_text())
    assert found
    return found[1]


def test_the_unit_shows_every_bed_at_its_place(
    browser: Browser, ward: tuple[Served, set[str]]
) -> None:
    """Room order, numbers, names; the sentence and the word on the page; nothing is cut off."""
    page = tablet(browser, ward[0])

    expect(page.locator(".tile")).to_have_count(3)
    expect(page.locator(".tile .bed")).to_have_text(["2", "4", "10"])
    expect(page.locator(".tile").nth(1)).to_contain_text("JONES, BABY BOY")
    expect(page.locator(".tile").nth(1).locator(".hr .value")).to_have_text("144")
    expect(page.locator(".tile").nth(2).locator(".temp .value")).to_have_text("36.7")
    expect(page.get_by_text(SAID)).to_be_visible()
    expect(page.locator("#simulated")).to_be_visible()
    page.set_viewport_size(WALL)
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_one_tap_starts_a_hold_and_a_name_starts_it_with_them(
    browser: Browser, ward: tuple[Served, set[str]]
) -> None:
    """One tap; who held last is one tap the next time; the unit page shows who and how long."""
    page = tablet(browser, ward[0], "/beds/NICU/4")
    page.get_by_role("button", name="Start hold").click()
    expect(page.get_by_role("timer")).to_be_visible()
    expect(page.locator(".holding .holder")).to_have_text("Someone")
    page.get_by_role("button", name="Say who holds").click()
    page.get_by_label("First name").fill("Sara")
    page.get_by_role("button", name="Mother", exact=True).click()
    expect(page.locator(".holding .holder")).to_have_text("Mother · Sara")
    page.get_by_role("button", name="Stop hold").click()
    expect(page.get_by_role("button", name="Start hold")).to_be_visible()
    page.get_by_role("button", name="Planned end").click()
    page.get_by_role("button", name="Mother · Sara", exact=True).click()
    expect(page.locator(".holding .holder")).to_have_text("Mother · Sara")
    expect(page.locator(".holding .infant")).to_have_text("JONES, BABY BOY")
    page.goto(ward[0].address)
    expect(page.locator(".tile.held .holder")).to_have_text("Mother · Sara")


def test_the_start_can_be_moved_and_taps_taken_back(
    browser: Browser, ward: tuple[Served, set[str]]
) -> None:
    """By steps, each with the time it leads to, or to now; undo takes back the last tap."""
    page = tablet(browser, ward[0], "/beds/NICU/4")
    page.get_by_role("button", name="Start hold").click()
    timer = page.get_by_role("timer")
    expect(timer).to_have_text(re.compile(r"^0:\d\d$"))
    page.get_by_role("button", name="−5 min").click()
    expect(timer).to_have_text(re.compile(r"^5:\d\d$"))
    step = page.locator("[data-do=less-10]")
    expect(step).to_have_text(re.compile(r"^\d\d:\d\d −10 min$"))
    leads = step.inner_text().split()[0]
    step.click()
    expect(timer).to_have_text(re.compile(r"^15:\d\d$"))
    assert started(page) == leads
    page.get_by_role("button", name="now", exact=True).click()
    expect(timer).to_have_text(re.compile(r"^0:\d\d$"))
    for so_far in ("15", "5"):
        page.get_by_role("button", name="Undo new start").click()
        expect(timer).to_have_text(re.compile(rf"^{so_far}:\d\d$"))
        page.wait_for_timeout(TWICE_MS)
    page.get_by_role("button", name="Undo new start").click()
    expect(timer).to_have_text(re.compile(r"^0:\d\d$"))
    page.wait_for_timeout(TWICE_MS)
    page.get_by_role("button", name="Undo start").click()
    expect(page.get_by_role("button", name="Start hold")).to_be_visible()


def test_a_hold_survives_reload_restart_and_power_cut(
    browser: Browser, ward: tuple[Served, set[str]]
) -> None:
    """The hold is the server's, on disk: the same start after each, on the tablet that is known."""
    served, _ = ward
    page = tablet(browser, served, "/beds/NICU/4")
    page.get_by_role("button", name="Start hold").click()
    page.get_by_role("button", name="−15 min").click()
    timer = page.get_by_role("timer")
    expect(timer).to_have_text(re.compile(r"^15:\d\d$"))
    before = started(page)

    page.reload()
    expect(timer).to_have_text(re.compile(r"^15:\d\d$"))
    served.stop()
    served.start()
    expect(page.locator("#unlinked")).to_be_hidden(timeout=15_000)
    expect(timer).to_be_visible()
    served.kill()
    served.start()
    page.reload()
    expect(timer).to_be_visible()
    assert started(page) == before


def test_why_a_hold_ended_is_asked_again_after_a_reload(
    browser: Browser, ward: tuple[Served, set[str]]
) -> None:
    """Until somebody has said it, here or on another tablet."""
    page = tablet(browser, ward[0], "/beds/NICU/4")
    page.get_by_role("button", name="Start hold").click()
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#why")).to_contain_text("Why did it end?")
    page.reload()
    expect(page.locator("#why")).to_contain_text("Why did it end?")
    other = tablet(browser, ward[0], "/beds/NICU/4")
    other.locator("#why").get_by_role("button", name="Feeding").click()
    expect(other.locator("#say")).to_have_text("Ended: feeding")
    expect(page.locator("#why")).to_be_empty()
    expect(other.locator("#why")).to_be_empty()
    page.reload()
    expect(page.get_by_role("button", name="Start hold")).to_be_visible()
    expect(page.locator("#last")).to_be_visible()
    expect(page.locator("#why")).to_be_empty()


def test_why_a_hold_ended_is_not_asked_under_the_next_one(
    browser: Browser, ward: tuple[Served, set[str]]
) -> None:
    """It would be taken for the one that runs."""
    page = tablet(browser, ward[0], "/beds/NICU/4")
    page.get_by_role("button", name="Start hold").click()
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#why")).to_contain_text("Why did it end?")
    page.get_by_role("button", name="Start hold").click()
    expect(page.get_by_role("button", name="Stop hold")).to_be_visible()
    expect(page.locator("#why")).to_be_empty()


def test_two_tablets_show_one_truth(browser: Browser, ward: tuple[Served, set[str]]) -> None:
    """What one tablet taps, the other shows within two seconds; a second start is refused."""
    served, _ = ward
    one, two = (tablet(browser, served, "/beds/NICU/4") for _ in range(2))
    expect(two.get_by_role("button", name="Start hold")).to_be_visible()
    one.get_by_role("button", name="Start hold").click()
    expect(two.get_by_role("timer")).to_be_visible(timeout=2000)
    again = """async () => (await (await fetch("/api/taps", {method: "POST",
        headers: {"Content-Type": "application/json"}, body: JSON.stringify({
        id: crypto.randomUUID(), type: "start_hold", bed: "NICU/4", at: Date.now()})
        })).json()).refused"""
    assert "runs here already" in two.evaluate(again)
    two.get_by_role("button", name="Stop hold").click()
    expect(one.get_by_role("button", name="Start hold")).to_be_visible(timeout=2000)


CLOCK = """(ago) => new Intl.DateTimeFormat("en-GB", { timeZone: document.documentElement
    .dataset.zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" })
    .format(Date.now() - ago * 60000)"""
"""What the unit's clock showed some minutes ago."""


def test_the_start_is_set_to_the_minute_that_somebody_knows(
    browser: Browser, ward: tuple[Served, set[str]]
) -> None:
    """By its clock time, or minute by minute; with a finger, without crowding the panel."""
    context = browser.new_context(viewport=TABLET, has_touch=True)
    page = context.new_page()
    page.goto(ward[0].link())
    page.goto(f"{ward[0].address}/beds/NICU/4")
    page.get_by_role("button", name="Start hold").click()
    page.get_by_role("button", name="−15 min").click()
    page.wait_for_timeout(TWICE_MS)
    field, put = page.get_by_label("Start of the hold"), page.locator("[data-do=set]")
    put.tap()
    expect(page.locator("#say")).to_have_text("Give the time first: hours and minutes")
    page.wait_for_timeout(TWICE_MS)
    clock = page.evaluate(CLOCK, 5)
    field.fill(clock)
    expect(put).to_have_text(f"Set {clock}")
    put.tap()
    expect(page.locator("#say")).to_have_text(re.compile(f"^The hold started {clock}"))
    assert started(page) == clock
    expect(field).to_have_value("")
    expect(put).to_have_text("Set")
    page.locator("[data-do=less-1]").tap()
    expect(page.locator(".running")).to_contain_text(f"Started {page.evaluate(CLOCK, 6)}")
    for size in (TABLET, {"width": 1024, "height": 768}):
        page.set_viewport_size(size)
        for target in page.locator("#hold .row :is(button, input)").all():
            box = target.bounding_box()
            assert box is not None
            assert min(box["width"], box["height"]) >= 44
            assert target.evaluate("e => e.scrollWidth <= e.clientWidth")
        rows = {each["y"] for name in ("now", "at", "set") if (each := box_of(page, name))}
        assert len(rows) == 1
        stop = box_of(page, "stop")
        assert stop["y"] + stop["height"] < size["height"]
    context.close()


def box_of(page: Page, name: str) -> dict[str, float]:
    """Return where a button of the hold is."""
    box = page.locator(f"[data-do={name}]").bounding_box()
    assert box is not None
    return dict(box)


def test_a_start_that_is_set_into_another_hold_is_refused_with_the_servers_reason(
    browser: Browser, ward: tuple[Served, set[str]]
) -> None:
    page = tablet(browser, ward[0], "/beds/NICU/4")
    if page.evaluate(CLOCK, 5) > page.evaluate(CLOCK, 0):
        pytest.skip("five minutes ago was yesterday, by the unit's clock")
    page.get_by_role("button", name="Start hold").click()
    page.get_by_role("button", name="−15 min").click()
    page.wait_for_timeout(TWICE_MS)
    page.get_by_role("button", name="Stop hold").click()
    page.get_by_role("button", name="Start hold").click()
    page.get_by_label("Start of the hold").fill(page.evaluate(CLOCK, 5))
    page.keyboard.press("Enter")
    expect(page.locator("#say")).to_have_text("the hold before it had not ended then")


LATER, FAR = "Not moved: {} is later than now", "{} is over 6 h before the start that stands"


@pytest.mark.parametrize(
    ("began", "now", "clock", "meant"),
    [
        ("2026-11-20T13:52+01:00", "2026-11-20T14:10+01:00", "14:07", "2026-11-20T14:07+01:00"),
        ("2026-11-20T13:52+01:00", "2026-11-20T14:10+01:00", "14:10", "2026-11-20T14:10+01:00"),
        ("2026-11-20T13:52+01:00", "2026-11-20T14:10+01:00", "14:11", LATER),
        ("2026-11-20T00:10+01:00", "2026-11-20T08:00+01:00", "23:50", "2026-11-19T23:50+01:00"),
        ("2026-11-20T00:00+01:00", "2026-11-20T00:01+01:00", "23:55", "2026-11-19T23:55+01:00"),
        ("2026-11-20T00:10+01:00", "2026-11-20T08:00+01:00", "12:10", LATER),
        ("2026-11-20T23:58+01:00", "2026-11-20T23:59+01:00", "12:00", FAR),
        ("2026-11-19T23:50+01:00", "2026-11-20T00:20+01:00", "23:40", "2026-11-19T23:40+01:00"),
        ("2026-11-19T23:50+01:00", "2026-11-20T00:20+01:00", "00:05", "2026-11-20T00:05+01:00"),
        ("2026-11-19T23:50+01:00", "2026-11-20T00:20+01:00", "00:30", LATER),
        # A hold of over half a day, whose start is put right at last.
        ("2026-11-20T00:10+01:00", "2026-11-20T13:00+01:00", "12:30", "2026-11-20T12:30+01:00"),
        # The night in which 02:00 to 03:00 comes twice, and the one in which it is left out.
        ("2026-10-25T02:40+01:00", "2026-10-25T03:30+01:00", "02:30", "2026-10-25T02:30+01:00"),
        ("2026-10-25T02:40+02:00", "2026-10-25T02:10+01:00", "02:30", "2026-10-25T02:30+02:00"),
        ("2026-03-29T03:10+02:00", "2026-03-29T03:40+02:00", "02:30", "never showed {}"),
    ],
)
def test_a_clock_time_is_that_of_the_unit_nearest_to_the_start(
    browser: Browser, ward: tuple[Served, set[str]], began: str, now: str, clock: str, meant: str
) -> None:
    """The nearest to the start, also over midnight; never later than now, nor half a day before."""
    page = tablet(browser, ward[0], "/beds/NICU/4")
    set_it = """async ([began, now, clock]) => {
        const { HoldPanel } = await import("/static/holdpanel.js");
        const { heard } = await import("/static/clock.js");
        const panel = new HoldPanel("NICU/4"), said = document.getElementById("say");
        panel.state = { tile: { hold: { id: "h", since: Date.parse(began) } } };
        let found = "";
        panel.nudge = (at) => { found = new Date(at).toISOString(); };
        heard(Date.parse(now), 1);
        panel.at.value = clock;
        panel.set();
        return found || said.textContent;
    }"""
    found = page.evaluate(set_it, [began, now, clock])
    if meant.startswith("2026"):
        assert datetime.fromisoformat(found) == datetime.fromisoformat(meant)
    else:
        assert meant.format(clock) in found


@pytest.mark.parametrize(("second", "left"), [("5", "0"), ("10", "5")])
def test_a_start_that_two_tablets_moved_at_once_is_taken_back_by_one_undo(
    browser: Browser, ward: tuple[Served, set[str]], second: str, left: str
) -> None:
    """Of two that say the same one is a move, and both are told when it started; undo says it."""
    one, two = (tablet(browser, ward[0], "/beds/NICU/4") for _ in range(2))
    one.get_by_role("button", name="Start hold").click()
    expect(two.get_by_role("timer")).to_be_visible()
    began = started(one)
    # The other tablet's finger is on its button while this one's tap arrives.
    two.evaluate(f"window.late = document.querySelector('[data-do=less-{second}]')")
    one.wait_for_timeout(TWICE_MS)
    one.locator("[data-do=less-5]").click()
    expect(two.get_by_role("timer")).to_have_text(re.compile(r"^5:\d\d$"))
    two.evaluate("late.click()")
    for page in (one, two):
        expect(page.get_by_role("timer")).to_have_text(re.compile(rf"^{second}:\d\d$"))
        expect(page.locator("#say")).to_contain_text("The hold started")
    one.get_by_role("button", name="Undo new start").click()
    for page in (one, two):
        expect(page.get_by_role("timer")).to_have_text(re.compile(rf"^{left}:\d\d$"))
    leads = began if left == "0" else started(one)
    said = f"Taken back: new start. The hold started {leads}; Someone holds, skin to skin"
    expect(one.locator("#say")).to_have_text(said)


def test_a_holder_of_a_hold_that_is_over_is_not_taken_without_a_word(
    browser: Browser, ward: tuple[Served, set[str]]
) -> None:
    """Another tablet stops the hold while it is asked who takes over."""
    served, _ = ward
    one, two = (tablet(browser, served, "/beds/NICU/4") for _ in range(2))
    one.get_by_role("button", name="Start hold").click()
    one.get_by_role("button", name="Say who holds").click()
    two.get_by_role("button", name="Stop hold").click()
    expect(one.locator("[data-do=start]")).to_be_visible(timeout=2000)
    one.get_by_role("button", name="Father", exact=True).click()
    expect(one.locator("#say")).to_have_text("Not taken: this hold runs here no more")


def test_a_holder_is_not_taken_for_another_hold(
    browser: Browser, ward: tuple[Served, set[str]]
) -> None:
    """While it is asked who takes over the hold ends, and another begins."""
    served, _ = ward
    one, two = (tablet(browser, served, "/beds/NICU/4") for _ in range(2))
    one.get_by_role("button", name="Start hold").click()
    one.get_by_role("button", name="Say who holds").click()
    two.get_by_role("button", name="Stop hold").click()
    two.get_by_role("button", name="Start hold").click()
    expect(two.get_by_role("button", name="Stop hold")).to_be_visible()
    expect(one.get_by_role("timer")).to_have_text(re.compile(r"^0:0\d$"))
    one.wait_for_timeout(1500)
    one.get_by_role("button", name="Father", exact=True).click()
    expect(one.locator("#say")).to_have_text("Not taken: this hold runs here no more")
    expect(two.locator(".holding .holder")).not_to_contain_text("Father")


def test_who_holds_is_not_said_over_what_another_tablet_said(
    browser: Browser, ward: tuple[Served, set[str]]
) -> None:
    """A dialog that was left open knows another holder; to move the start is no reason."""
    served, _ = ward
    one, two = (tablet(browser, served, "/beds/NICU/4") for _ in range(2))
    one.get_by_role("button", name="Start hold").click()
    for each in (one, two):
        each.get_by_role("button", name="Say who holds").click()
    two.get_by_role("button", name="Mother", exact=True).click()
    expect(one.locator(".holding .holder")).to_contain_text("Mother")
    one.get_by_role("button", name="Father", exact=True).click()
    expect(one.locator("#say")).to_have_text("Not taken: Mother holds, as was said meanwhile")
    one.get_by_role("button", name="To someone else").click()
    two.locator("[data-do=less-5]").click()
    expect(one.get_by_role("timer")).to_have_text(re.compile(r"^5:\d\d$"))
    one.get_by_role("button", name="Father", exact=True).click()
    for each in (one, two):
        expect(each.locator(".holding .holder")).to_contain_text("Father")


def test_a_lost_link_is_said_within_five_seconds(
    browser: Browser, ward: tuple[Served, set[str]]
) -> None:
    """A bar as wide as the page; no number at full brightness; a tap waits and arrives later."""
    served, _ = ward
    page = tablet(browser, served, "/beds/NICU/4")
    expect(page.locator(".hr .value")).to_have_text("144")
    served.kill()
    bar = page.locator("#unlinked")
    expect(bar).to_be_visible(timeout=5000)
    box = bar.bounding_box()
    assert box is not None
    assert box["width"] == TABLET["width"]
    expect(page.locator(".reading.live")).to_have_count(0)
    page.get_by_role("button", name="Start hold").click()
    expect(page.locator("#waits")).to_contain_text("kept on this tablet")
    served.start()
    expect(page.get_by_role("timer")).to_be_visible(timeout=20_000)
    expect(page.locator("#waits")).to_be_hidden()
    journal = Journal(served.folder / "journal.db", read_only=True)
    assert len(journal.read(0, kinds=("tap",))) == 1
    journal.close()


def test_a_lost_signal_is_said_and_not_explained(
    browser: Browser, ward: tuple[Served, set[str]]
) -> None:
    """The words of the issue, the hold's mark beside them, the number gone, no cause.

    That the monitor says it has none is one word on every page.
    """
    served, off = ward
    page = tablet(browser, served, "/beds/NICU/4")
    expect(page.locator(".hr .value")).to_have_text("144")
    page.get_by_role("button", name="Start hold").click()
    expect(page.get_by_role("timer")).to_be_visible()
    off.add("4")
    lost = page.locator("#lost")
    expect(lost).to_be_visible(timeout=12_000)
    text = " ".join(lost.inner_text().split())
    wanted = (
        r"No ECG since \d\d:\d\d\. Look at the infant and the bedside monitor\."
        rf" \(Hold marked {started(page)}\)"
    )
    assert re.fullmatch(wanted, text), text
    expect(page.locator(".hr .value")).to_have_text("–?–")
    expect(page.locator(".hr .age")).to_have_text("invalid")
    page.goto(served.address)
    expect(page.locator(".tile").nth(1).locator(".hr .age")).to_have_text("invalid")


def test_rates_that_disagree_are_marked_and_a_pulse_rate_keeps_its_name(
    browser: Browser, tmp_path: Path
) -> None:
    """In words and by a sign, in no color of an alarm; PR where the ECG is off."""
    admit(tmp_path, "4", *BEDS["4"])
    said = {**numbers("4"), "heart_rate": 149.0, "pulse_rate": 188.0}
    now = time.time_ns() // 10**9 * 10**9
    for second in range(-40, 0):
        at = now + second * 10**9
        write(tmp_path, observations("4", *BEDS["4"], at, numbers=said), "NICU/4", at)
    with monitors(tmp_path, {"4": BEDS["4"]}, lambda _: said) as off, running(tmp_path) as served:
        page = tablet(browser, served)
        tile = page.locator(".tile").first
        expect(tile.locator(".apart")).to_have_text("HR 149 and PR 188 disagree")
        expect(tile.locator(".hr .label")).to_contain_text("HR ≠")
        expect(tile.locator(".hr .value")).to_have_text("149")
        color = "e => getComputedStyle(e).color"
        assert tile.locator(".apart").evaluate(color) == page.locator("body").evaluate(color)
        page.goto(f"{served.address}/beds/NICU/4")
        expect(page.locator("#apart")).to_have_text(
            "HR 149 and PR 188 disagree: look at the infant and the bedside monitor"
        )
        off.add("4")
        expect(page.locator(".hr .label")).to_contain_text("PR")
        expect(page.locator(".hr .value")).to_have_text("188")
        expect(page.locator("#apart")).to_be_hidden(timeout=15_000)
        expect(page.locator("#lost")).to_contain_text("No ECG since", timeout=12_000)


def test_a_new_name_keeps_the_old_one_beside_it(
    browser: Browser, ward: tuple[Served, set[str]]
) -> None:
    """A08 while he is held and the page is open: the new name at once, the hold goes on."""
    served, _ = ward
    page = tablet(browser, served, "/beds/NICU/4")
    page.get_by_role("button", name="Start hold").click()
    expect(page.get_by_role("timer")).to_be_visible()
    admit(served.folder, "4", "M4", "JONES^JOSEPH ALEXANDER", "A08")
    expect(page.locator("#name")).to_have_text("JONES, JOSEPH ALEXANDER", timeout=5000)
    expect(page.locator("#aside")).to_contain_text("formerly JONES, BABY BOY")
    expect(page.get_by_role("timer")).to_be_visible()


def test_minutes_of_a_hold_are_the_same_everywhere(
    browser: Browser, ward: tuple[Served, set[str]]
) -> None:
    """Nine and a half minutes run as nine, and are ten when they are over: on each page."""
    page = tablet(browser, ward[0], "/beds/NICU/4")
    page.get_by_role("button", name="Start hold").click()
    expect(page.locator("#hold")).to_contain_text("Undo start")
    said = """async () => {
        const hold = document.querySelector("[data-do=report]").href.split("/").pop();
        const tap = { id: crypto.randomUUID(), type: "nudge", bed: "NICU/4", hold,
            at: Date.now() - 585000 };
        const answer = await fetch("/api/taps", { method: "POST", body: JSON.stringify(tap),
            headers: { "Content-Type": "application/json" } });
        return (await answer.json()).refused;
    }"""
    assert page.evaluate(said) == ""
    expect(page.get_by_role("timer")).to_have_text(re.compile(r"^9:\d\d$"))
    expect(page.locator("#today")).to_have_text("9 min")
    page.get_by_role("button", name="Stop hold").click()
    expect(page.locator("#lastwords")).to_have_text(re.compile(r", 10 min, holder unknown$"))
    expect(page.locator("#today")).to_have_text("10 min")
    page.goto(ward[0].address)
    tile = page.locator(".tile").nth(1)
    expect(tile).to_contain_text("held 10 min today")


def test_a_tap_is_shown_at_once_where_the_link_is_known_to_be_lost(
    browser: Browser, ward: tuple[Served, set[str]]
) -> None:
    """A network that swallows what is sent answers after seconds, or never."""
    served, _ = ward
    page = tablet(browser, served, "/beds/NICU/4")
    start = page.get_by_role("button", name="Start hold")
    expect(start).to_be_visible()
    assert served.process is not None
    served.process.send_signal(signal.SIGSTOP)
    try:
        expect(page.locator("#unlinked")).to_be_visible(timeout=6000)
        tapped = """async () => { document.querySelector("[data-do=start]").click();
            const seen = [];
            for (let k = 0; k < 30; k++) {
                seen.push(!!document.querySelector("#hold [role=timer]"));
                await new Promise((go) => setTimeout(go, 50));
            }
            return seen; }"""
        assert all(page.evaluate(tapped))
    finally:
        served.process.send_signal(signal.SIGCONT)
    expect(page.locator("#waits")).to_be_hidden(timeout=20_000)
    expect(page.get_by_role("timer")).to_be_visible()
    expect(page.locator("#hold")).not_to_contain_text("not sent yet")


def test_a_bed_that_is_none_gets_no_tile(browser: Browser, ward: tuple[Served, set[str]]) -> None:
    """A tap that names it is refused, and changes the unit of nobody."""
    page = tablet(browser, ward[0])
    expect(page.locator(".tile")).to_have_count(3)
    tap = """async () => (await (await fetch("/api/taps", { method: "POST",
        headers: { "Content-Type": "application/json" }, body: JSON.stringify({
        id: crypto.randomUUID(), type: "start_hold", bed: "NICU/99", at: Date.now() })
        })).json())"""
    said = page.evaluate(tap)
    assert said["refused"] == "there is no such bed"
    assert said["bed"] is None
    page.reload()
    expect(page.locator(".tile")).to_have_count(3)


def test_the_longest_name_of_a_holder_stays_in_the_panel(
    browser: Browser, ward: tuple[Served, set[str]]
) -> None:
    """Wrapped, not cut; and what is said of it lies over no button."""
    page = tablet(browser, ward[0], "/beds/NICU/4")
    for button, name in (("Someone else", "Ann"), ("To someone else", "W" * 40)):
        page.get_by_role("button", name=button, exact=True).click()
        page.get_by_label("First name").fill(name)
        page.get_by_role("button", name="Volunteer", exact=True).click()
        expect(page.locator(".holding .holder")).to_have_text(f"Volunteer · {name}")
    expect(page.locator("#say")).to_contain_text("W" * 40)
    outside = """() => { const panel = document.querySelector(".holdpanel").getBoundingClientRect();
        const range = document.createRange(), found = [];
        for (const each of document.querySelectorAll(".holdpanel .holder, .holdpanel .quiet")) {
            range.selectNodeContents(each);
            for (const box of range.getClientRects()) if (box.right > panel.right) found.push(each);
        }
        return found.length; }"""
    assert page.evaluate(outside) == 0
    under = """() => { const at = document.getElementById("say").getBoundingClientRect();
        const there = document.elementFromPoint(at.left + at.width / 2, at.top + at.height / 2);
        return there.id; }"""
    assert page.evaluate(under) != "say"


def test_waves_run_and_freeze(browser: Browser, ward: tuple[Served, set[str]]) -> None:
    """New pixels come while it runs, and none while it is frozen."""
    page = tablet(browser, ward[0], "/beds/NICU/4")
    expect(page.locator("#wavewords")).to_contain_text("ECG II: last sample", timeout=10_000)
    look = "document.getElementById('waves').toDataURL()"
    first = page.evaluate(look)
    page.wait_for_timeout(1500)
    assert page.evaluate(look) != first
    page.get_by_role("button", name="Freeze").click()
    page.wait_for_timeout(300)
    frozen = page.evaluate(look)
    page.wait_for_timeout(1000)
    assert page.evaluate(look) == frozen


def test_targets_are_large_enough_for_gloves(
    browser: Browser, ward: tuple[Served, set[str]]
) -> None:
    """48 px at least, 60 for start and stop; no page is wider than the tablet."""
    page = tablet(browser, ward[0], "/beds/NICU/4")
    small = """least => [...document.querySelectorAll("button, a, input")].filter(e =>
        e.offsetParent && Math.min(e.getBoundingClientRect().height,
        e.getBoundingClientRect().width) < least).map(e => e.textContent)"""
    start = page.get_by_role("button", name="Start hold")
    expect(start).to_be_visible()
    assert page.evaluate(small, 48) == []
    assert (start.bounding_box() or {})["height"] >= 60
    start.click()
    stop = page.get_by_role("button", name="Stop hold")
    expect(stop).to_be_visible()
    # The panel is drawn again once the tap is stored: asked in one step, of the one that is there.
    page.wait_for_function(
        """() => [...document.querySelectorAll("button")].some(e =>
        e.textContent.includes("Stop hold") && e.getBoundingClientRect().height >= 60)"""
    )
    assert page.evaluate(small, 48) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_night_is_chosen_by_the_clock_or_by_hand(
    browser: Browser, ward: tuple[Served, set[str]]
) -> None:
    """The switch of a device stays with the device."""
    page = tablet(browser, ward[0])
    theme = page.locator("#theme")
    expect(theme).to_have_text("Light: by the clock")
    hour = int(page.evaluate("document.documentElement.dataset.hour"))
    wanted = "night" if hour >= 19 or hour < 7 else "day"
    expect(page.locator("html")).to_have_attribute("data-theme", wanted)
    theme.click()
    expect(page.locator("html")).to_have_attribute("data-theme", "day")
    theme.click()
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "night")


def test_a_stream_without_identity_waits_for_a_person(browser: Browser, tmp_path: Path) -> None:
    """No name over its numbers until someone confirms on the feed page; then the name."""
    admit(tmp_path, "4", "M4", "JONES^BABY BOY")
    with monitors(tmp_path, {"4": ("", "")}, numbers), running(tmp_path) as served:
        page = tablet(browser, served)
        tile = page.locator(".tile")
        expect(tile).to_contain_text("unassigned", timeout=10_000)
        expect(tile).not_to_contain_text("JONES")
        page.goto(f"{served.address}/feed")
        page.get_by_role("button", name="This is JONES, BABY BOY").click()
        expect(page.get_by_text("Every stream belongs to an infant.")).to_be_visible()
        page.goto(served.address)
        expect(tile).to_contain_text("JONES, BABY BOY")
        time.sleep(1.2)  # another message of the same stream takes nothing back
        expect(tile).to_contain_text("JONES, BABY BOY")


def test_two_monitors_of_one_bed_stand_side_by_side(browser: Browser, tmp_path: Path) -> None:
    """Numbers and waves of both, without a jump; the second waits for a person to say whose."""
    admit(tmp_path, "4", *BEDS["4"])
    with (
        monitors(tmp_path, {"4": BEDS["4"]}, numbers, {"4": ("", "")}),
        running(tmp_path) as served,
    ):
        page = tablet(browser, served, "/beds/NICU/4")
        readings = page.locator("#readings")
        expect(readings).to_contain_text("144")
        expect(page.locator("#aside")).to_contain_text("another monitor here is not shown")
        unit = tablet(browser, served)
        expect(unit.locator(".tile")).to_contain_text("another monitor is not shown")
        expect(readings).not_to_contain_text("93")
        lanes = page.locator("#wavewords")
        expect(lanes).to_contain_text("ECG II")
        expect(lanes).not_to_contain_text("Pleth")

        feed = tablet(browser, served, "/feed")
        feed.get_by_role("button", name="This is JONES, BABY BOY").click()
        expect(readings).to_contain_text("93")
        expect(lanes).to_contain_text("Pleth")
        expect(page.locator("#aside")).not_to_contain_text("another monitor")
        expect(page.locator("#name")).to_have_text("JONES, BABY BOY")
        for _ in range(25):  # of two states a second neither number is ever missing
            page.wait_for_timeout(100)
            words = readings.inner_text()
            assert "144" in words, words
            assert "93" in words, words


def test_nothing_of_the_infant_before_stands_under_the_next_ones_name(
    browser: Browser, tmp_path: Path
) -> None:
    """The page of a bed is left open: its picture begins anew with who comes, frozen or not."""
    now_ns = time.time_ns()
    admit(tmp_path, "4", *BEDS["4"], at_ns=now_ns - 7200 * 10**9)
    fell(tmp_path, now_ns)
    with running(tmp_path) as served:
        page = tablet(browser, served, "/beds/NICU/4")
        frozen = tablet(browser, served, "/beds/NICU/4")
        for each in (page, frozen):
            expect(each.locator("#name")).to_have_text("JONES, BABY BOY")
            expect(each.locator("#crgwords")).to_contain_text(re.compile(r"SpO₂ \d+ to"))
        frozen.locator("#freeze").click()
        admit(tmp_path, "4", "M5", "LI^WEI", at_ns=time.time_ns())
        for each in (page, frozen):
            expect(each.locator("#name")).not_to_have_text("JONES, BABY BOY")
            expect(each.locator("#crgwords")).to_contain_text("SpO₂ not measured")
            expect(each.locator("#wavewords")).to_have_text("")


def test_a_clothed_hold_is_told_apart(browser: Browser, ward: tuple[Served, set[str]]) -> None:
    """A hold is skin to skin until somebody says otherwise, with one tap; so its hours count."""
    page = tablet(browser, ward[0], "/beds/NICU/4")
    page.get_by_role("button", name="Start hold").click()
    skin = page.get_by_role("button", name="Skin to skin")
    clothed = page.get_by_role("button", name="Clothed")
    expect(skin).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="−15 min").click()
    expect(page.locator("#today")).to_have_text("15 min")
    clothed.click()
    expect(clothed).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#today")).to_have_text("0 min")
    expect(page.locator("#other")).to_have_text("and 15 min of other holds")


def test_a_tap_is_taken_back_after_the_server_was_started_again(
    browser: Browser, ward: tuple[Served, set[str]]
) -> None:
    served = ward[0]
    page = tablet(browser, served, "/beds/NICU/4")
    page.get_by_role("button", name="Start hold").click()
    expect(page.get_by_role("timer")).to_be_visible()
    served.kill()
    served.start()
    page.reload()
    page.get_by_role("button", name="Undo start").click()
    expect(page.get_by_role("button", name="Start hold")).to_be_visible()


def test_a_double_tap_is_one(browser: Browser, ward: tuple[Served, set[str]]) -> None:
    """The second half falls on what the first one has put there: the start stays."""
    page = tablet(browser, ward[0], "/beds/NICU/4")
    page.get_by_role("button", name="Start hold").click()
    page.get_by_role("button", name="−15 min").click()
    undo = page.get_by_role("button", name="Undo new start")
    undo.wait_for()
    # The panel is drawn again once the tap is stored: then it stands still.
    expect(page.locator("body")).not_to_contain_text("not sent yet")
    page.wait_for_timeout(500)
    box = undo.bounding_box()
    assert box is not None
    undo.click()
    page.locator("[data-do=undo]", has_text="Undo start").wait_for(timeout=2000)
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_timeout(1500)
    expect(page.get_by_role("timer")).to_be_visible()


def test_kept_taps_go_from_every_page_in_their_order(
    browser: Browser, ward: tuple[Served, set[str]]
) -> None:
    """Who tapped without a link and went to the unit is not forgotten; what is refused is said."""
    served, _ = ward
    page, other = (tablet(browser, served, "/beds/NICU/4") for _ in range(2))
    page.route("**/api/taps", lambda route: route.abort())
    page.get_by_role("button", name="Start hold").click()
    expect(page.locator("#waits")).to_contain_text("1 tap kept")
    page.wait_for_timeout(TWICE_MS)
    page.get_by_role("button", name="−5 min").click()
    expect(page.locator("#waits")).to_contain_text("2 taps kept")
    other.get_by_role("button", name="Start hold").click()
    expect(other.get_by_role("timer")).to_be_visible()
    page.unroute("**/api/taps")
    page.goto(served.address)
    expect(page.locator(".tile.held")).to_be_visible(timeout=10_000)
    refused = page.locator("#refused li")
    expect(refused).to_have_count(2)
    expect(page.locator("#refused h2")).to_have_text("2 taps were not taken")
    expect(page.locator("#refused")).to_contain_text("look at the bed's page and tap there again")
    expect(refused.first).to_contain_text("was not taken: a hold runs here already")
    expect(refused.first).to_contain_text("Bed NICU/4: start of")
    assert page.evaluate("localStorage.getItem('joey-taps')") == "[]"
    page.reload()
    expect(refused).to_have_count(2)
    beside = page.context.new_page()  # of the same tablet
    beside.goto(served.address + "/feed")
    expect(beside.locator("#refused li")).to_have_count(2)
    add = """() => { const key = "joey-taps-refused", was = JSON.parse(localStorage.getItem(key));
        const at = was[0].at - 86400000;
        localStorage.setItem(key, JSON.stringify([...was, { ...was[0], at }])); }"""
    beside.evaluate(add)  # another page of it had one refused
    expect(refused).to_have_count(3)
    expect(refused.last).to_contain_text(re.compile(r"start of \w{3},? \d+ \w+, \d\d:\d\d, kept"))
    page.get_by_role("button", name="I have read this").click()
    expect(page.locator("#refused")).to_be_hidden()
    expect(beside.locator("#refused")).to_be_hidden()
    page.reload()
    expect(page.locator("#refused")).to_be_hidden()


def test_a_hold_is_held_and_stopped_without_a_link(
    browser: Browser, ward: tuple[Served, set[str]]
) -> None:
    """Start, new start and stop while the server is away: the panel shows them, and sends them."""
    served, _ = ward
    page = tablet(browser, served, "/beds/NICU/4")
    start = page.get_by_role("button", name="Start hold")
    expect(start).to_be_visible()
    served.kill()
    expect(page.locator("#unlinked")).to_be_visible(timeout=5000)
    start.click()
    timer = page.get_by_role("timer")
    expect(timer).to_have_text(re.compile(r"^0:\d\d$"))
    expect(page.locator("#hold")).to_contain_text(
        re.compile(r"Hold started \d\d:\d\d, not sent yet")
    )
    page.get_by_role("button", name="−10 min").click()
    expect(timer).to_have_text(re.compile(r"^10:\d\d$"))
    page.wait_for_timeout(TWICE_MS)
    page.get_by_role("button", name="Undo new start").click()
    expect(timer).to_have_text(re.compile(r"^0:\d\d$"))
    page.get_by_role("button", name="−5 min").click()
    expect(timer).to_have_text(re.compile(r"^5:\d\d$"))
    page.get_by_role("link", name="Unit").dispatch_event("click")
    expect(timer).to_be_visible()  # a page that is left now does not come back
    page.get_by_role("button", name="Stop hold").click()
    stopped = time.time()
    expect(start).to_be_visible()
    expect(page.locator("#hold")).to_contain_text(re.compile(r"to \d\d:\d\d, not sent yet"))
    expect(page.locator("#today")).to_have_text("5 min")
    page.get_by_role("button", name="Planned end").click()
    expect(page.locator("#waits")).to_contain_text("6 taps kept")
    page.wait_for_timeout(3000)
    served.start()
    expect(page.locator("#waits")).to_be_hidden(timeout=20_000)
    expect(page.locator("#last")).to_contain_text("5 min")
    expect(page.locator("#hold")).not_to_contain_text("not sent yet")
    expect(page.locator("#refused")).to_be_hidden()
    journal = Journal(served.folder / "journal.db", read_only=True)
    said = [json.loads(each.payload) for each in journal.read(0, kinds=("tap",))]
    journal.close()
    kinds = ["start_hold", "nudge", "undo", "nudge", "stop_hold", "describe"]
    assert [each["type"] for each in said] == kinds
    assert abs(said[4]["at_ns"] / 1e9 - stopped) < 2
    assert abs(said[4]["at_ns"] - said[3]["at_ns"]) / 1e9 == pytest.approx(300, abs=5)


def test_a_hold_that_runs_is_changed_and_stopped_without_a_link(
    browser: Browser, ward: tuple[Served, set[str]]
) -> None:
    """What the server knew stays shown, with what waits; its stop can be taken back again."""
    served, _ = ward
    page = tablet(browser, served, "/beds/NICU/4")
    page.get_by_role("button", name="Start hold").click()
    page.get_by_role("button", name="−15 min").click()
    timer = page.get_by_role("timer")
    expect(timer).to_have_text(re.compile(r"^15:\d\d$"))
    expect(page.locator("#hold")).not_to_contain_text("not sent yet")
    served.kill()
    page.get_by_role("button", name="To someone else").or_(
        page.get_by_role("button", name="Say who holds")
    ).click()
    page.get_by_role("button", name="Father", exact=True).click()
    expect(page.locator(".holding .holder")).to_have_text("Father")
    expect(page.locator("#today")).to_have_text("15 min")
    page.get_by_role("button", name="Stop hold").click()
    expect(page.get_by_role("button", name="Start hold")).to_be_visible()
    expect(page.locator("#today")).to_have_text("15 min")
    page.wait_for_timeout(TWICE_MS)
    page.get_by_role("button", name="Undo stop").click()
    expect(timer).to_have_text(re.compile(r"^15:\d\d$"))
    served.start()
    expect(page.locator("#waits")).to_be_hidden(timeout=20_000)
    expect(page.locator("#hold")).not_to_contain_text("not sent yet")
    expect(page.locator(".holding .holder")).to_have_text("Father")
    expect(timer).to_have_text(re.compile(r"^15:\d\d$"))


def test_nothing_moves_when_the_link_is_lost(
    browser: Browser, ward: tuple[Served, set[str]]
) -> None:
    """The bar lies over the bar of the page: what is under a finger stays there."""
    served, _ = ward
    pages = [tablet(browser, served, path) for path in ("/", "/beds/NICU/4", "/feed")]
    where = """() => [...document.querySelectorAll("main, main *, .holdpanel button")].map(e => {
        const at = e.getBoundingClientRect(); return [Math.round(at.left), Math.round(at.top)];
    })"""
    for page in pages:
        page.wait_for_timeout(1500)
    served.kill()
    before = [page.evaluate(where) for page in pages]
    for page in pages:
        expect(page.locator("#unlinked")).to_be_visible(timeout=6000)
        expect(page.locator("#unlinked .simulated")).to_be_visible()
    for page, was in zip(pages, before, strict=True):
        tops = page.evaluate(where)
        assert len(tops) == len(was)
        assert tops == was


def test_a_tap_outlives_a_sign_in_that_is_gone(
    browser: Browser, ward: tuple[Served, set[str]]
) -> None:
    """Refused for the browser, not for itself: it is kept, and sent when the browser is known."""
    served, _ = ward
    page = tablet(browser, served, "/beds/NICU/4")
    start = page.get_by_role("button", name="Start hold")
    expect(start).to_be_visible()
    page.context.clear_cookies()
    start.click()
    expect(page.locator("#waits")).to_contain_text("1 tap kept")
    page.goto(served.link())
    expect(page.locator(".tile.held")).to_be_visible(timeout=10_000)


def test_a_tablet_that_slept_knows_the_time(
    browser: Browser, ward: tuple[Served, set[str]]
) -> None:
    """What it shows is not current at once, and a tap without a link is not of an hour ago."""
    served, _ = ward
    page = tablet(browser, served, "/beds/NICU/4")
    expect(page.get_by_role("button", name="Start hold")).to_be_visible()
    page.route("**/api/taps", lambda route: route.abort())
    served.kill()
    # While a tablet sleeps its own clock goes on, and performance.now() does not.
    page.evaluate("{ const was = Date.now; Date.now = () => was() + 3600000; }")
    expect(page.locator("#unlinked")).to_be_visible(timeout=2000)
    page.get_by_role("button", name="Start hold").click()
    expect(page.locator("#waits")).to_contain_text("1 tap kept")
    at = page.evaluate("JSON.parse(localStorage.getItem('joey-taps'))[0].at / 1000")
    assert abs(at - time.time() - 3600) < 10


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("Date.UTC(2026, 9, 25, 1)", ["02:30 CEST", "02:30", "02:59:59 CEST"]),  # 03:00 is 02:00
        ("Date.UTC(2026, 2, 29, 1)", ["01:30 CET", "03:30", "01:59:59 CET"]),  # 02:00 is 03:00
    ],
)
def test_an_hour_that_comes_twice_or_not_at_all_is_told_apart(
    browser: Browser, ward: tuple[Served, set[str]], change: str, told: list[str]
) -> None:
    """After a change of the clock, times of before it have the zone beside them; others none."""
    page = tablet(browser, ward[0], "/beds/NICU/4")
    expect(page.get_by_role("button", name="Start hold")).to_be_visible()
    said = """async (back) => {
        const { heard } = await import("/static/clock.js");
        const { hm, hms } = await import("/static/format.js");
        heard(back + 1800000, 1);
        const now = [hm(back - 1800000), hm(back + 1800000), hms(back - 1000)];
        heard(back + 86400000, 1);
        const { OxyCrg } = await import("/static/oxycrg.js");
        const canvas = document.createElement("canvas"), drawn = [];
        canvas.style.cssText = "width: 900px; height: 400px; display: block";
        document.body.append(canvas);
        const crg = new OxyCrg(canvas, "NICU/4");
        crg.end = back + 3600000; crg.minutes = 120;
        const pen = canvas.getContext("2d"), write = pen.fillText;
        pen.fillText = (words, ...at) => { drawn.push(words); write.call(pen, words, ...at); };
        crg.paint();
        return [now, drawn.filter((words) => /CE/.test(words))];
    }"""
    # The unit's clock is the host's: what it says is asked of the scripts, between two messages.
    now, drawn = page.evaluate(said, page.evaluate(change))
    zones = [re.sub(r"GMT\+2", "CEST", re.sub(r"GMT\+1", "CET", each)) for each in now]
    assert zones == told
    assert any("→" in each for each in drawn)


def test_a_heart_rate_in_doubt_is_drawn_pale_and_makes_no_range(
    browser: Browser, ward: tuple[Served, set[str]]
) -> None:
    """328 from beats in a motion artifact, and a minute that is not judged yet."""
    page = tablet(browser, ward[0], "/beds/NICU/4")
    expect(page.get_by_role("button", name="Start hold")).to_be_visible()
    said = """async (good) => {
        const { OxyCrg } = await import("/static/oxycrg.js");
        const canvas = document.createElement("canvas"), drawn = [];
        canvas.style.cssText = "width: 900px; height: 400px; display: block";
        document.body.append(canvas);
        const crg = new OxyCrg(canvas, "NICU/4"), band = (...row) => Float32Array.from(row);
        crg.minutes = 6; crg.width = 60000; crg.count = 6;
        crg.end = 29333340 * crg.width; crg.first = 29333334; crg.beats = crg.end - crg.width;
        const low = band(140, 106, 138, 141, 140, 150), high = band(150, 328, 150, 149, 151, 200);
        const sure = band(...good.map((each) => each ?? NaN));
        crg.bands = new Map([["hr", { low, high }], ["good", { low: sure, high: sure }]]);
        const pen = canvas.getContext("2d"), write = pen.fillText, stroke = pen.stroke, pale = [];
        pen.fillText = (words, ...at) => { drawn.push(words); write.call(pen, words, ...at); };
        pen.stroke = (...all) => { pale.push(pen.globalAlpha < 1); stroke.apply(pen, all); };
        crg.paint();
        return [crg.words(), drawn.filter((words) => /^HR/.test(words)), pale.some(Boolean)];
    }"""
    words, labels, pale = page.evaluate(said, [140, None, 138, 141, 151, None])
    assert re.search(r"HR 138 to 151 /min in good quality until \d\d:\d\d:\d\d.*, SpO₂ not", words)
    assert labels == ["HR (pale: in doubt)"]
    assert pale
    words, _, _ = page.evaluate(said, [None] * 6)
    assert "HR in no good quality until" in words


@pytest.mark.parametrize(
    ("pulse", "label", "hr", "pr", "lines"),
    [
        ([0, 0, None], "HR", "HR ", "", (2, 0)),
        ([1, 1, None], "PR", "", "PR 147 to 147 /min (not judged)", (2, 0)),
        ([0, 1, 1], "HR, PR (dotted)", "HR ", "PR where there is no HR", (1, 2)),
    ],
)
def test_the_oxycrg_calls_a_pulse_rate_by_its_name(
    browser: Browser,
    ward: tuple[Served, set[str]],
    pulse: list[int | None],
    label: str,
    hr: str,
    pr: str,
    lines: tuple[int, int],
) -> None:
    """In words and lines, whether it is final or not: the one is never within the other."""
    page = tablet(browser, ward[0], "/beds/NICU/4")
    expect(page.get_by_role("button", name="Start hold")).to_be_visible()
    script = """async ([pulse, final]) => {
        const { OxyCrg } = await import("/static/oxycrg.js");
        const canvas = document.createElement("canvas"), drawn = [];
        canvas.style.cssText = "width: 900px; height: 400px; display: block";
        document.body.append(canvas);
        const crg = new OxyCrg(canvas, "NICU/4");
        const row = Float32Array.from(pulse.map((each) => each ?? NaN));
        crg.minutes = 3; crg.width = 60000; crg.count = 3;
        crg.end = 29333340 * crg.width; crg.first = 29333337;
        const rate = row.map((each) => each + 146), band = (each) => ({ low: each, high: each });
        crg.bands = new Map([["pulse", band(row)], ["hr", band(rate)], ["good", band(rate)]]);
        if (final) crg.beats = crg.end;
        const pen = canvas.getContext("2d"), write = pen.fillText;
        pen.fillText = (words, ...at) => { drawn.push(words); write.call(pen, words, ...at); };
        const go = pen.lineTo, points = { solid: 0, dotted: 0 };
        pen.lineTo = (...at) => {
            points[pen.getLineDash().length ? "dotted" : "solid"]++; go.call(pen, ...at);
        };
        crg.paint();
        return [crg.words(), drawn.filter((words) => /^(HR|PR)/.test(words)), points];
    }"""
    for final in (False, True):
        words, labels, points = page.evaluate(script, [pulse, final])
        rate = hr and hr + ("146 to 146 /min in good quality" if final else "not judged yet")
        assert f": {', '.join(filter(None, (rate, pr)))}, SpO₂" in words
        assert labels == [label]
        assert points == {"solid": lines[0], "dotted": lines[1]}


def test_a_day_is_shown_on_a_tablet_and_no_length_has_the_columns_of_another(
    browser: Browser, ward: tuple[Served, set[str]]
) -> None:
    """A plot of 578 px has few columns for 24 h; frozen, it is the day to that moment."""
    page = tablet(browser, ward[0], "/beds/NICU/4")
    page.set_viewport_size({"width": 1024, "height": 768})
    words = page.locator("#crgwords")
    expect(words).to_contain_text("6 min to")
    page.locator("button[data-minutes='1440']").click()
    expect(words).to_contain_text(re.compile(r"24 h to \d\d:\d\d:\d\d: "))
    page.context.set_offline(True)
    page.locator("button[data-minutes='60']").click()
    expect(words).to_contain_text("1 h: not read yet")
    page.context.set_offline(False)
    expect(words).to_contain_text("1 h to", timeout=20_000)
    page.get_by_role("button", name="Freeze").click()
    page.locator("button[data-minutes='360']").click()
    expect(words).to_contain_text("6 h to")
    page.context.close()


def test_what_is_still_to_be_read_is_said_and_asked_for_again(
    browser: Browser, ward: tuple[Served, set[str]]
) -> None:
    """Over the hatching, where there is room; until all is read the whole picture is asked for."""
    page = tablet(browser, ward[0], "/beds/NICU/4")
    expect(page.get_by_role("button", name="Start hold")).to_be_visible()
    told = """async () => {
        const { OxyCrg } = await import("/static/oxycrg.js");
        const { hostNow } = await import("/static/clock.js");
        const { hm } = await import("/static/format.js");
        const canvas = document.createElement("canvas"), drawn = [], asked = [], min = 60000;
        canvas.style.cssText = "width: 900px; height: 400px; display: block";
        document.body.append(canvas);
        const crg = new OxyCrg(canvas, "NICU/4"), reads = hostNow() - 40 * min;
        crg.minutes = 60; crg.frozen = true;
        const answers = [reads, reads, 0, 0], from = window.fetch;
        window.fetch = async (path) => {
            if (!String(path).includes("oxycrg")) return from(path);
            const wish = new URL(path, location.href).searchParams;
            const n = Number(wish.get("columns")), start = Number(wish.get("start"));
            asked.push(n);
            const head = JSON.stringify({ beats: 0, reads: answers[asked.length - 1] }).padEnd(60);
            const out = new Uint8Array(64 + n * 40);
            new DataView(out.buffer).setUint32(0, 60, true);
            out.set(new TextEncoder().encode(head), 4);
            const values = new Float32Array(out.buffer, 64), width = Number(wish.get("width"));
            values.fill(NaN);
            const late = (k) => start + k * width > hostNow() - 5 * min;
            for (let k = 0; k < n; k++) if (late(k)) values[2 * n + k] = 150;
            return new Response(out);
        };
        await crg.ask();
        const pen = canvas.getContext("2d"), write = pen.fillText;
        pen.fillText = (words, ...at) => { drawn.push(words); write.call(pen, words, ...at); };
        crg.paint();
        const said = crg.words();
        await crg.ask(); await crg.ask(); await crg.ask();
        window.fetch = from;
        return [drawn.includes("still to be read"), said, hm(reads), asked, crg.words()];
    }"""
    drawn, said, at, asked, after = page.evaluate(told)
    assert drawn
    assert re.search(rf"{at} to \d\d:\d\d still to be read", said)
    assert asked[0] == asked[1] == asked[2] > asked[3]
    assert "still to be read" not in after


DRAWN = """async ([spells, holds, minutes]) => {
    const { OxyCrg } = await import("/static/oxycrg.js");
    const canvas = document.createElement("canvas"), drawn = [];
    canvas.style.cssText = "width: 900px; height: 400px; display: block";
    document.body.append(canvas);
    const crg = new OxyCrg(canvas, "NICU/4"), now = Date.now(), min = 60000;
    crg.end = now; crg.minutes = minutes;
    crg.show({ spells: spells.map(([ago, letters]) => ({ at: now - ago * min, letters })),
        holds: holds.map((holders) => ({ id: "h", start: now - 480 * min, end: now, holders })) });
    const pen = canvas.getContext("2d"), write = pen.fillText;
    pen.fillText = (words, ...at) => { drawn.push(words); write.call(pen, words, ...at); };
    crg.paint();
    return drawn.filter((each) => each);
}"""
"""What an OxyCRG of these spells [min ago, letters] and holds writes over so many minutes."""


def letters_of(words: list[str]) -> list[str]:
    """Return the letters among words, and how many more there are beside them."""
    return [each for each in words if re.fullmatch(r"[ABD]+\d*|\+\d+", each)]


def test_letters_without_room_are_those_of_the_graver_spell(
    browser: Browser, ward: tuple[Served, set[str]]
) -> None:
    """Over 24 h a BD lies on a D: it is the BD that is written; of many holders the last one."""
    page = tablet(browser, ward[0], "/beds/NICU/4")
    expect(page.get_by_role("button", name="Start hold")).to_be_visible()
    names = ("Wilhelmina-Alexandra", "Friederike-Margarete")
    holders = [{"role": "mother", "name": name} for name in names]
    spells = [[700, "A20"], [305, "D"], [300, "BD"], [30, "B"]]
    words = page.evaluate(DRAWN, [spells, [holders], 1440])
    assert letters_of(words) == ["BD", "B", "A20", "+1"]
    assert "… Mother · Friederike-Margarete" in words


def test_an_apnea_takes_the_place_of_no_graver_spell(
    browser: Browser, ward: tuple[Served, set[str]]
) -> None:
    """Whichever two lie on each other, it is the one that the report writes; the other counts."""
    page = tablet(browser, ward[0], "/beds/NICU/4")
    expect(page.get_by_role("button", name="Start hold")).to_be_visible()
    for graver, lighter in itertools.combinations(LETTERS, 2):
        for spells in ([[3, graver], [3.05, lighter]], [[3.05, graver], [3, lighter]]):
            assert letters_of(page.evaluate(DRAWN, [spells, [], 6])) == [graver, "+1"]


@pytest.mark.parametrize("n", [1, 6, 24, 60])
def test_tiles_are_as_large_as_so_many_can_be(browser: Browser, tmp_path: Path, n: int) -> None:
    """Few beds fill the screen, many are on several; in room order, nothing to scroll or cut."""
    for bed in range(1, n + 1):
        admit(tmp_path, str(bed), f"M{bed}", f"ADAMS-{bed}^BABY GIRL")
    largest = {1: 100, 6: 70, 24: 35, 60: 35}  # px, of the heart rate on a wall
    with running(tmp_path) as served:
        page = tablet(browser, served)
        for size in (WALL, TABLET, PORTRAIT):
            page.set_viewport_size(size)
            beds: list[str] = []
            screens = page.locator("#pages button")
            expect(screens).to_have_count({60: 3}.get(n, 0))
            for k in range(max(screens.count(), 1)):
                if screens.count():
                    screens.nth(k).click()
                expect(page.locator(".tile .bed").first).to_be_visible()
                beds += page.locator(".tile .bed").all_text_contents()
                cut = """() => [...document.querySelectorAll(".tile")].filter(e =>
                    e.scrollHeight > e.clientHeight + 1 || e.scrollWidth > e.clientWidth + 1).length
                    + (document.documentElement.scrollWidth > innerWidth)
                    + (document.documentElement.scrollHeight > innerHeight)"""
                assert page.evaluate(cut) == 0
            assert beds == [str(bed) for bed in range(1, n + 1)]
            number = "parseFloat(getComputedStyle(document.querySelector('.hr .value')).fontSize)"
            least = largest[n] if size is WALL else 23
            assert page.evaluate(number) >= least
        page.set_viewport_size({"width": 390, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_no_word_is_cut_and_no_number_touches_the_next(browser: Browser, tmp_path: Path) -> None:
    """Three digits everywhere, a name of 80 signs, and why a hold ended, on a tablet.

    Between two numbers of a tile is a quarter of the smaller one's height, and none leaves it.
    """
    long = "OBRIEN-MACGILLICUDDY-HOHENLOHE-LANGENBURG^BABY BOY ALEXANDER MAXIMILIAN"
    everyone = {str(bed): (f"M{bed}", f"{long} {'AB'[bed % 2]}") for bed in range(1, 25)}
    for bed, (mrn, name) in everyone.items():
        admit(tmp_path, bed, mrn, name)

    def full(_: str) -> dict[str, float]:
        return {"heart_rate": 208, "spo2": 100, "resp_rate": 108, "temp": 36.7}

    wide = "e => e.scrollWidth > e.clientWidth"
    with monitors(tmp_path, everyone, full), running(tmp_path) as served:
        page = tablet(browser, served)
        expect(page.locator(".tile .spo2 .value").first).to_have_text("100")
        touching = """() => [...document.querySelectorAll(".tile")].filter(tile => {
            const values = [...tile.querySelectorAll(".value")];
            const at = values.map(e => e.getBoundingClientRect());
            const size = values.map(e => parseFloat(getComputedStyle(e).fontSize));
            const all = tile.querySelector(".readings").getBoundingClientRect();
            return at.at(-1).right > all.right + 0.5 || at.some((e, k) =>
                k && e.left - at[k - 1].right < Math.min(size[k], size[k - 1]) / 4);
        }).length"""
        covered = """() => [...document.querySelectorAll(".tile")].filter(tile =>
            tile.querySelector(".who").getBoundingClientRect().bottom >
            tile.querySelector(".readings").getBoundingClientRect().top + 1).length"""
        short = """() => [...document.querySelectorAll(".tile .name")].filter(e =>
            e.scrollHeight > e.clientHeight + 1).length"""
        for size in (TABLET, WALL, PORTRAIT):
            page.set_viewport_size(size)
            page.wait_for_timeout(300)
            assert page.evaluate(touching) == 0
            assert page.evaluate(covered) == 0
            assert size is PORTRAIT or page.evaluate(short) == 0
        page.set_viewport_size(TABLET)
        page.goto(f"{served.address}/beds/NICU/4")
        page.get_by_role("button", name="Start hold").click()
        page.get_by_role("button", name="Stop hold").click()
        expect(page.get_by_role("button", name="Planned end")).to_be_visible()
        buttons = page.locator("#why button")
        assert not any(buttons.nth(k).evaluate(wide) for k in range(buttons.count()))


def test_a_name_without_end_leaves_the_numbers_of_its_tile(
    browser: Browser, tmp_path: Path
) -> None:
    """Of 252 signs, and the name before as long: cut with an ellipsis, whole where one looks."""
    names = [f"{'OBRIEN-MACGILLICUDDY-' * 8}{k}^{'ALEXANDER ' * 8}" for k in range(2)]
    for bed in range(1, 25):
        admit(tmp_path, str(bed), f"M{bed}", names[0], at_ns=time.time_ns() - 10**10)
        admit(tmp_path, str(bed), f"M{bed}", names[1], "A08")
    with running(tmp_path) as served:
        page = tablet(browser, served)
        expect(page.locator(".tile")).to_have_count(24)
        expect(page.locator(".tile .formerly").first).to_contain_text("formerly OBRIEN")
        covered = """() => [...document.querySelectorAll(".tile")].filter(tile => {
            const at = (what) => tile.querySelector(what).getBoundingClientRect();
            return at(".who").bottom > at(".readings").top + 1
                || at(".readings").bottom > at(".strip").top + 1
                || at(".foot, .tell:not([hidden])").bottom > tile.getBoundingClientRect().bottom
                || tile.scrollHeight > tile.clientHeight + 1; }).length"""
        for size in (TABLET, WALL):
            page.set_viewport_size(size)
            page.wait_for_timeout(300)
            assert page.evaluate(covered) == 0
        whole = f"{'OBRIEN-MACGILLICUDDY-' * 8}1, {'ALEXANDER ' * 8}".strip()
        title = page.locator(".tile .who").first.get_attribute("title")
        assert title is not None
        assert title.startswith(f"{whole}, formerly OBRIEN")
        page.goto(f"{served.address}/beds/NICU/4")
        expect(page.locator("#name")).to_have_text(whole)


def test_waves_go_on_after_the_pages_were_started_again(
    browser: Browser, ward: tuple[Served, set[str]]
) -> None:
    """The new process counts samples anew; where a clock was set alone, they are counted on."""
    page = tablet(browser, ward[0], "/beds/NICU/4")
    after = """async () => {
        const { Strips } = await import("/static/strips.js");
        const strips = new Strips(document.createElement("canvas"));
        const add = (first, t0) => strips.add({ id: "a", label: "ECG II", kind: "ecg", unit: "mV",
            fs: 250, scale: 1, offset: 0, t0, first, n: 250, bytes: 2, runs: [[0, 250]] },
            new Int16Array(250).fill(7));
        const wave = () => strips.waves.get("a");
        add(900000, 0); add(900250, -3600000);
        const set = [wave().next, wave().ring.filter(x => x === 7).length];
        add(15000, 3540000);
        return [...set, wave().next, wave().painted, wave().lastAt,
            wave().ring.filter(x => x === 7).length];
    }"""
    assert page.evaluate(after) == [900500, 500, 15250, 15000, 3_600_996, 250]


def test_a_strip_that_is_not_measured_says_so_and_has_no_scale(
    browser: Browser, ward: tuple[Served, set[str]]
) -> None:
    """Since when, and no cause; what is sent at the rail is no height; the other strip goes on."""
    page = tablet(browser, ward[0], "/beds/NICU/4")
    drawn = """async () => {
        const { Strips } = await import("/static/strips.js");
        const { heard, hostNow } = await import("/static/clock.js");
        const canvas = document.createElement("canvas"), drawn = [];
        canvas.style.cssText = "width: 900px; height: 200px; display: block";
        document.body.append(canvas);
        heard(Date.now(), 1);
        const strips = new Strips(canvas), begin = hostNow() - 20000;
        const add = (id, k, counts, runs) => strips.add({ id, label: id, kind: "ecg", unit: "mV",
            fs: 100, scale: 1, offset: 0, t0: begin, first: 100 * k, n: 100, bytes: 2, runs },
            Int16Array.from(counts));
        const wave = [...Array(100).keys()], rail = Array(100).fill(5);
        for (let k = 0; k < 20; k++) {
            add("a", k, k === 4 ? rail : wave, k > 4 ? [] : [[0, 100]]);
            add("b", k, wave, [[0, 100]]);
        }
        const pen = canvas.getContext("2d"), write = pen.fillText;
        pen.fillText = (words, ...at) => { drawn.push(words); write.call(pen, words, ...at); };
        strips.paint();
        const { hms } = await import("/static/format.js");
        const flat = { ring: new Float32Array(4).fill(5), next: 4 };
        strips.range(flat, 0, 4);
        return [drawn, hms(begin + 4990), strips.words(), flat.low, flat.high];
    }"""
    words, since, said, low, high = page.evaluate(drawn)
    assert words == ["a", f"not measured since {since}", "b", "−8 to 107 mV"]
    assert said.startswith(f"a: not measured since {since}; b: last sample ")
    assert (low, high) == (4.5, 5.5)


def test_the_keyboard_stays_in_the_panel(browser: Browser, ward: tuple[Served, set[str]]) -> None:
    """After Enter on a button that is gone, Tab goes on there; a key held down taps once."""
    page = tablet(browser, ward[0], "/beds/NICU/4")
    page.get_by_role("button", name="Start hold").focus()
    page.keyboard.down("Enter")
    expect(page.get_by_role("timer")).to_be_visible()
    page.keyboard.down("Enter")
    page.keyboard.up("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="−1 min")).to_be_focused()
    expect(page.get_by_role("timer")).to_have_text(re.compile(r"^0:\d\d$"))


def test_two_keys_on_two_buttons_are_two_wishes(
    browser: Browser, ward: tuple[Served, set[str]]
) -> None:
    """Clicks of keys are all at 0, 0: they are no double tap. A key that is held presses once."""
    page = tablet(browser, ward[0], "/beds/NICU/4")
    page.get_by_role("button", name="Start hold").press("Enter")
    timer = page.get_by_role("timer")
    expect(timer).to_have_text(re.compile(r"^0:\d\d$"))
    page.evaluate("""() => { for (const name of ["less-5", "contact-clothed"]) {
        const button = document.querySelector(`[data-do=${name}]`);
        button.dispatchEvent(new MouseEvent("click", { bubbles: true, detail: 0 })); } }""")
    expect(timer).to_have_text(re.compile(r"^5:\d\d$"))
    clothed = page.get_by_role("button", name="Clothed")
    expect(clothed).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#hold")).not_to_contain_text("not sent yet")
    page.get_by_role("button", name="−5 min").focus()
    for _ in range(4):  # down once, and its repeats
        page.keyboard.down("Enter")
        page.wait_for_timeout(200)
    page.keyboard.up("Enter")
    expect(timer).to_have_text(re.compile(r"^10:\d\d$"))
    page.wait_for_timeout(500)
    expect(timer).to_have_text(re.compile(r"^10:\d\d$"))


def test_a_spell_has_several_tags_each_by_one_tap(browser: Browser, tmp_path: Path) -> None:
    """Stimulated and O2 up: both are pressed, here and on the other tablet, also without a link."""
    now = time.time_ns()
    admit(tmp_path, "4", "M4", "JONES^BABY BOY", at_ns=now - 7200 * 10**9)
    fell(tmp_path, now)
    with running(tmp_path) as served:
        page = tablet(browser, served, "/beds/NICU/4")
        other = tablet(browser, served, "/beds/NICU/4")
        for name in ("stimulated", "O₂ up"):
            page.get_by_role("button", name=name).click()
            expect(page.get_by_role("button", name=name)).to_have_attribute("aria-pressed", "true")
        for each in (page, other):
            expect(each.locator(".tags [aria-pressed=true]")).to_have_text(["stimulated", "O₂ up"])
        served.kill()
        expect(page.locator("#unlinked")).to_be_visible(timeout=10_000)
        page.get_by_role("button", name="feeding").click()
        page.get_by_role("button", name="stimulated").click()
        shown = page.locator(".tags [aria-pressed=true]")
        expect(shown).to_have_text(["O₂ up", "feeding"])
        served.start()
        expect(page.locator("#waits")).to_be_hidden(timeout=20_000)
        expect(shown).to_have_text(["O₂ up", "feeding"])
        expect(other.locator(".tags [aria-pressed=true]")).to_have_text(
            ["O₂ up", "feeding"], timeout=20_000
        )


def test_a_wrong_tag_is_taken_off_by_a_second_tap(browser: Browser, tmp_path: Path) -> None:
    """A set tag is shown as pressed; a double tap sets it, a tap after it takes it off."""
    now = time.time_ns()
    admit(tmp_path, "4", "M4", "JONES^BABY BOY", at_ns=now - 7200 * 10**9)
    fell(tmp_path, now)
    with running(tmp_path) as served:
        page = tablet(browser, served, "/beds/NICU/4")
        tag = page.get_by_role("button", name="stimulated")
        expect(tag).to_have_attribute("aria-pressed", "false")
        tag.dblclick(delay=0)
        expect(tag).to_have_attribute("aria-pressed", "true")
        page.wait_for_timeout(TWICE_MS)
        expect(tag).to_have_attribute("aria-pressed", "true")
        tag.click()
        expect(tag).to_have_attribute("aria-pressed", "false")
        expect(page.locator("#say")).to_have_text("Taken off: stimulated")
        page.reload()
        expect(page.get_by_role("button", name="bagged")).to_have_attribute("aria-pressed", "false")
        expect(tag).to_have_attribute("aria-pressed", "false")


def test_a_page_that_is_loaded_while_joey_is_away_says_so_and_comes_back(
    browser: Browser, tmp_path: Path
) -> None:
    """Since when, and that taps are kept; no name, no number; nothing of a page is kept."""
    now = time.time_ns()
    admit(tmp_path, "4", "M4", "JONES^BABY BOY", at_ns=now - 7200 * 10**9)
    fell(tmp_path, now)
    with running(tmp_path) as served:
        page = tablet(browser, served, "/beds/NICU/4")
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        expect(page.locator("#name")).to_have_text("JONES, BABY BOY")
        page.wait_for_timeout(2500)
        served.kill()
        expect(page.locator("#unlinked")).to_be_visible(timeout=10_000)
        page.get_by_role("button", name="stimulated").click()
        said = page.locator("#unlinkedwords").inner_text()
        (since,) = re.findall(r"since (\d\d:\d\d:\d\d)", said)
        page.reload()
        head = page.get_by_role("heading")
        expect(head).to_have_text(re.compile(rf"No link to Joey since \w+,? {since}"))
        expect(page.locator("main")).to_contain_text("Look at the infant and the bedside monitor.")
        expect(page.locator("main")).to_contain_text("1 tap kept on this tablet")
        expect(page.locator("main")).to_contain_text(SAID)
        page.goto(served.address)
        expect(head).to_have_text(re.compile(rf"No link to Joey since \w+,? {since}"))
        page.goto(f"{served.address}/beds/NICU/4")
        for never in ("JONES", "78", "SpO"):
            assert never not in page.content()
        assert page.evaluate("caches.keys()") == []
        served.start()
        expect(page.locator("#name")).to_have_text("JONES, BABY BOY", timeout=20_000)
        expect(page.locator(".tags [aria-pressed=true]")).to_have_text("stimulated", timeout=20_000)
        page.goto(served.link())  # a link that works once goes its way through the worker too
        expect(page.locator(".tile .who")).to_have_text("JONES, BABY BOY")
        assert "token" not in page.url


def test_where_another_program_answers_joey_leaves(browser: Browser, tmp_path: Path) -> None:
    """At the same port, later: its pages are its own, and nothing of Joey stays in between."""
    page = browser.new_context().new_page()
    with running(tmp_path) as served:
        page.goto(served.link())
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        address = served.address
        served.kill()
        with ThreadingHTTPServer(("127.0.0.1", served.port), SimpleHTTPRequestHandler) as other:
            thread = threading.Thread(target=other.serve_forever)
            thread.start()
            page.goto(f"{address}/?another")
            expect(page).to_have_title(re.compile("Directory listing"))
            found = "navigator.serviceWorker.getRegistrations().then((all) => all.length)"
            assert page.evaluate(found) == 0
            other.shutdown()
            thread.join()


LAID = """
([place, words]) => {
  const walker = document.createTreeWalker(document.querySelector(place), NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) for (const word of words) {
    const at = walker.currentNode.data.indexOf(word);
    if (at < 0) continue;
    const range = document.createRange();
    range.setStart(walker.currentNode, at);
    range.setEnd(walker.currentNode, at + word.length);
    found.push([range.getBoundingClientRect().left, word]);
  }
  return found.sort((a, b) => a[0] - b[0]).map(([, word]) => word);
}
"""


def test_a_name_that_runs_from_right_to_left_turns_nothing_beside_it(
    browser: Browser, tmp_path: Path
) -> None:
    """The age stands behind the former name, times and minutes behind the holder's."""
    now = time.time_ns()
    admit(tmp_path, "4", "M4", "כהן^תינוק", at_ns=now - 7200 * 10**9)
    admit(tmp_path, "4", "M4", "לוי^יוסף", "A08", at_ns=now - 3600 * 10**9)
    with running(tmp_path) as served:
        page = tablet(browser, served, "/beds/NICU/4")
        expect(page.locator("#aside")).to_contain_text("days old")

        def laid(place: str, *words: str) -> list[str]:
            return list(page.evaluate(LAID, [place, words]))

        age = page.locator("#aside").inner_text().partition(" · ")[2]
        assert laid("#aside", "formerly", "תינוק", age.split()[0], "days") == [
            "formerly", "תינוק", age.split()[0], "days",
        ]  # fmt: skip
        page.get_by_role("button", name="Start hold").click()
        page.get_by_role("button", name="Say who holds").click()
        page.get_by_label("First name").fill("שרה")
        page.get_by_role("button", name="Mother", exact=True).click()
        expect(page.locator(".holding .holder")).to_contain_text("שרה")
        assert laid(".holding", "Mother", "שרה", "holds", "יוסף") == [
            "Mother", "שרה", "holds", "יוסף",
        ]  # fmt: skip
        page.get_by_role("button", name="Stop hold").click()
        page.get_by_role("link", name="Whole report").click()
        expect(page.locator("#title")).to_contain_text("bed 4")
        assert laid("#title", "לוי", "bed", "4:", "שרה") == ["לוי", "bed", "4:", "שרה"]


def test_beds_are_told_apart_whatever_they_are_called(browser: Browser, tmp_path: Path) -> None:
    """The whole name of a bed with a stroke in it: on its tile, its page, its screen's button."""
    names = ["12/1", "13/1", "<A/B>", *(f"{k}/2" for k in range(20, 44))]
    for k, bed in enumerate(names):
        admit(tmp_path, bed, f"M{k}", f"ADAMS-{k}^BABY GIRL")
    with running(tmp_path) as served:
        page = tablet(browser, served)
        expect(page.locator("#pages button").first).to_contain_text("–")
        shown = []
        for k in range(2):
            page.locator("#pages button").nth(k).click()
            there = page.locator(".tile .bed").all_text_contents()
            expect(page.locator("#pages button").nth(k)).to_contain_text(f"{there[0]}–{there[-1]}")
            shown += there
        assert sorted(shown) == sorted(names)
        page.goto(f"{served.address}/beds/NICU/13/1")
        expect(page.locator(".bedhead .bed")).to_have_text("Bed 13/1")
        expect(page).to_have_title("Bed 13/1 – Joey")
        expect(page.locator("#name")).to_have_text("ADAMS-1, BABY GIRL")


def test_the_old_bed_leads_to_where_the_hold_goes_on(browser: Browser, tmp_path: Path) -> None:
    """After a transfer in a hold: the name, the bed and the way there."""
    admit(tmp_path, "4", "M4", "JONES^BABY BOY")
    with running(tmp_path) as served:
        page = tablet(browser, served, "/beds/NICU/4")
        page.get_by_role("button", name="Start hold").click()
        expect(page.get_by_role("timer")).to_be_visible()
        expect(page.locator("#carriedon")).to_be_hidden()
        page.wait_for_timeout(1500)  # a stamp of HL7 has whole seconds
        admit(tmp_path, "12/7", "M4", "JONES^BABY BOY", "A02", at_ns=time.time_ns())
        expect(page.locator("#carriedwho")).to_have_text("JONES, BABY BOY", timeout=20_000)
        expect(page.locator("#carriedwords")).to_have_text("The hold goes on at bed 12/7.")
        page.get_by_role("link", name="To bed 12/7").click()
        expect(page.locator(".holding .infant")).to_have_text("JONES, BABY BOY")


def test_a_discharge_in_a_hold_leads_to_its_page(browser: Browser, tmp_path: Path) -> None:
    """The bed says so and has the way to the hold, which is there and not taken back."""
    admit(tmp_path, "4", "M4", "JONES^BABY BOY")
    with running(tmp_path) as served:
        page = tablet(browser, served, "/beds/NICU/4")
        page.get_by_role("button", name="Start hold").click()
        expect(page.get_by_role("timer")).to_be_visible()
        expect(page.locator("#cutshort")).to_be_hidden()
        page.wait_for_timeout(1500)  # a stamp of HL7 has whole seconds
        admit(tmp_path, "4", "M4", "JONES^BABY BOY", "A03", at_ns=time.time_ns())
        expect(page.locator("#cutwords")).to_contain_text("nobody tapped Stop", timeout=20_000)
        admit(tmp_path, "4", "M5", "LI^WEI", at_ns=time.time_ns())
        expect(page.locator("#name")).to_have_text("LI, WEI", timeout=20_000)
        expect(page.locator("#cutwho")).to_have_text("JONES, BABY BOY")
        page.get_by_role("button", name="Start hold").click()
        expect(page.locator(".holding .infant")).to_have_text("LI, WEI")
        expect(page.locator(".holdpanel")).not_to_contain_text("JONES")
        expect(page.locator(".holdpanel")).not_to_contain_text("nobody tapped Stop")
        page.get_by_role("button", name="Stop hold").click()
        page.wait_for_timeout(1500)
        admit(tmp_path, "4", "M5", "LI^WEI", "A03", at_ns=time.time_ns())
        expect(page.locator("#name")).to_have_text("nobody is admitted here", timeout=20_000)
        page.locator("#cutlink").click()
        expect(page.locator("#title")).to_contain_text("ended as the infant left", timeout=20_000)
        page.goto(served.address)
        expect(page.locator(".tile .who")).to_have_text("nobody is admitted here")


def test_where_an_infant_lay_before_is_written_at_its_line(
    browser: Browser, ward: tuple[Served, set[str]]
) -> None:
    """In the picture where there is room, and in its words with the spells of that time."""
    page = tablet(browser, ward[0], "/beds/NICU/4")
    expect(page.get_by_role("button", name="Start hold")).to_be_visible()
    told = """async ([before, at]) => {
        const { OxyCrg } = await import("/static/oxycrg.js");
        const { hm } = await import("/static/format.js");
        const canvas = document.createElement("canvas"), drawn = [];
        canvas.style.cssText = "width: 900px; height: 400px; display: block";
        document.body.append(canvas);
        const crg = new OxyCrg(canvas, "NICU/4"), min = 60000, end = crg.end = 29333340 * min;
        const until = end - before * min, spells = [{ letters: "BD", at: end - at * min }];
        crg.minutes = crg.count = 60; crg.width = min; crg.first = 29333280;
        const lay = { label: "7", since: end - 180 * min, until, spells };
        crg.state = { holds: [], spells: [], before: [lay] };
        const pen = canvas.getContext("2d"), write = pen.fillText;
        pen.fillText = (words, ...at) => { drawn.push(words); write.call(pen, words, ...at); };
        crg.paint();
        return [crg.words(), drawn, hm(until)];
    }"""
    words, drawn, until = page.evaluate(told, [20, 30])
    assert f": in bed 7 until {until} (1 spell), HR not measured" in words
    assert words.endswith("0 spells listed")
    assert {f"in bed 7 until {until}", "BD"} <= set(drawn)
    words, drawn, until = page.evaluate(told, [55, 90])
    assert f": in bed 7 until {until}, HR not measured" in words
    assert not {f"in bed 7 until {until}", "BD"} & set(drawn)
    words, _, _ = page.evaluate(told, [61, 90])
    assert "in bed" not in words

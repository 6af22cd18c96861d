"""Pages that stay open for weeks, through lost links and dark screens: nothing piles up in them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Page, Route, WebSocketRoute, expect

from tests.web.serving import Served, admit, monitors, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.browser

BEDS = {"2": ("M2", "ADAMS^BABY GIRL"), "4": ("M4", "JONES^BABY BOY")}
WAIT_S = 10.0  # s that a loaded machine may take
BREAKS = 6  # of the link
NIGHT = 40  # holds, or tries to send: far more than a page has to remember
# What the browser keeps for a page: its sockets, its intervals that run, its frames that wait.
COUNTED = """
(() => {
  const set = setInterval, clear = clearInterval, paint = requestAnimationFrame, Socket = WebSocket;
  const kept = window.kept = { sockets: [], intervals: new Set(), frames: [], dark: false };
  window.setInterval = (...given) => {
    const one = set(...given);
    kept.intervals.add(one);
    return one;
  };
  window.clearInterval = (one) => { kept.intervals.delete(one); clear(one); };
  window.requestAnimationFrame = (act) => kept.dark ? kept.frames.push(act) : paint(act);
  window.WebSocket = class extends Socket {
    constructor(...given) { super(...given); kept.sockets.push(this); }
  };
})()
"""
TILES = "function() { return this.filter((each) => each.classList.contains('tile')).length; }"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """Yield a ward of two beds that runs."""
    for bed, (mrn, name) in BEDS.items():
        admit(tmp_path, bed, mrn, name)
    numbers = {"heart_rate": 140.0, "spo2": 93.0}
    with monitors(tmp_path, BEDS, lambda _: numbers), running(tmp_path) as found:
        yield found


def opened(browser: Browser, served: Served, path: str = "/") -> Page:
    """Return a page of a new tablet, of which is counted what the browser keeps for it."""
    page = browser.new_context().new_page()
    page.add_init_script(COUNTED)
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    page.goto(served.link())
    if path != "/":
        page.goto(served.address + path)
    return page


def wait(page: Page, holds: str) -> None:
    """Wait until something holds; the policy of the pages allows the driver's own wait no text."""
    until = time.monotonic() + WAIT_S
    while not page.evaluate(holds):
        assert time.monotonic() < until, holds
        page.wait_for_timeout(50)


def tiles(page: Page) -> int:
    """Return how many tiles there are in the memory of a page, after a collection."""
    tools = page.context.new_cdp_session(page)
    asked = tools.send("Runtime.evaluate", {"expression": "HTMLAnchorElement.prototype"})
    of = {"prototypeObjectId": asked["result"]["objectId"], "objectGroup": "found"}
    links = tools.send("Runtime.queryObjects", of)["objects"]["objectId"]
    counting = {"functionDeclaration": TILES, "objectId": links, "returnByValue": True}
    found: int = tools.send("Runtime.callFunctionOn", counting)["result"]["value"]
    # What was found lives on as long as the tools have it: a look would keep what it looks for.
    tools.send("Runtime.releaseObjectGroup", {"objectGroup": "found"})
    tools.detach()
    return found


def test_a_link_that_breaks_leaves_no_watch_behind(browser: Browser, served: Served) -> None:
    """Each socket is watched while it is there, and no longer, however soon the next one comes."""
    page = opened(browser, served)
    expect(page.locator(".tile")).to_have_count(2)
    before = page.evaluate("kept.intervals.size")
    for k in range(BREAKS):
        page.evaluate("kept.sockets.at(-1).close()")
        wait(page, f"kept.sockets.length > {k + 1} && kept.sockets.at(-1).readyState === 1")

    wait(page, f"kept.intervals.size <= {before}")


def test_a_page_that_is_not_seen_asks_for_no_second_frame(browser: Browser, served: Served) -> None:
    """A browser gives a hidden page no frame and keeps each one asked for until it is seen."""
    page = opened(browser, served, "/beds/NICU/4")
    expect(page.locator("#wavewords")).to_contain_text("ECG")
    page.evaluate("kept.dark = true")
    page.wait_for_timeout(1500)

    assert page.evaluate("kept.frames.length") == 1
    page.evaluate("kept.frames.pop()(performance.now())")
    wait(page, "kept.frames.length === 1")  # and the waves go on


def test_taps_wait_for_one_try_at_a_time(browser: Browser, served: Served) -> None:
    """While the server does not answer, what is to be tried next does not pile up; all is sent."""
    page = opened(browser, served, "/beds/NICU/4")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/api/taps", hold)
    page.get_by_role("button", name="Start hold").click()
    expect(page.locator("#waits")).to_contain_text("1 tap kept")
    tries = f"new Set(Array.from({{ length: {NIGHT} }}, () => each.sendWaiting())).size"

    assert page.evaluate(f"import('/static/taps.js').then((each) => {tries})") == 1
    page.unroute("**/api/taps")
    expect(page.get_by_role("timer")).to_be_visible(timeout=15_000)
    wait(page, "localStorage.getItem('joey-taps') === '[]'")
    assert len(held) == 1


def test_holds_of_weeks_are_not_remembered(browser: Browser, served: Served) -> None:
    """A page knows of which of the last holds it has asked why they ended, and of no more."""
    page = opened(browser, served, "/beds/NICU/4")
    asked = f"for (let k = 0; k < {NIGHT}; k++) panel.why(`hold ${{k}}`); return [...panel.asked];"
    script = f"({{ HoldPanel }}) => {{ const panel = new HoldPanel('NICU/4'); {asked} }}"

    found = page.evaluate(f"import('/static/holdpanel.js').then({script})")

    assert 1 < len(found) < NIGHT / 2
    assert found[-1] == f"hold {NIGHT - 1}"


def test_a_bed_that_is_gone_leaves_no_tile_behind(browser: Browser, served: Served) -> None:
    """A server that was started again may know fewer beds than an open page does."""
    page = browser.new_context().new_page()
    sockets: list[WebSocketRoute] = []

    def take(socket: WebSocketRoute) -> None:
        sockets.append(socket)

    page.route_web_socket("**/live/unit", take)
    page.goto(served.link())
    until = time.monotonic() + WAIT_S
    while not sockets and time.monotonic() < until:
        page.wait_for_timeout(50)
    sockets[0].send('{"order":["NICU/2","NICU/4"]}')
    expect(page.locator(".tile")).to_have_count(2)
    sockets[0].send('{"order":["NICU/4"]}')
    expect(page.locator(".tile")).to_have_count(1)

    until = time.monotonic() + WAIT_S
    while tiles(page) > 1:
        assert time.monotonic() < until
        page.wait_for_timeout(200)


def test_the_page_of_a_lost_link_gives_up_what_is_not_answered(
    browser: Browser, served: Served
) -> None:
    """Whether Joey is back is asked every two seconds: those questions would pile up in a night."""
    page = opened(browser, served)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    served.kill()
    page.goto(f"{served.address}/beds/NICU/4")
    expect(page.get_by_role("heading")).to_contain_text("No link to Joey")
    page.route("**/static/joey.svg", lambda _: None)

    with page.expect_event(
        "requestfailed", lambda one: one.url.endswith("joey.svg"), timeout=15_000
    ):
        pass

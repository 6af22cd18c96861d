"""The page in a real browser: it fits, it opens, it copies, it asks for nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page
from tests.reports import building

from joey import report


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the address of a report of four holds."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    holds = [
        building.response(),
        building.open_response(),
        building.silent_response(),
        building.hostile_response(),
    ]
    report(holds, path)
    return Path(path).as_uri()


@pytest.mark.browser
def test_the_page_fits_runs_and_asks_for_nothing(page: Page, file: str) -> None:
    """No overflow at 1280, 800 and in print; the policy stops nothing of the page's own."""
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file)
    width = "document.documentElement.scrollWidth"

    for wide in (1280, 800):
        page.set_viewport_size({"width": wide, "height": 900})
        assert page.evaluate(width) <= wide
        inner = "[...document.querySelectorAll('.wide')].every(e => e.scrollWidth <= e.clientWidth)"
        assert page.evaluate(inner)
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 695, "height": 1000})  # A4 less its margins
    assert page.evaluate(width) <= 695
    page.emulate_media(media="screen")

    box = page.locator("svg.oxycrg").first.bounding_box()
    assert box is not None
    assert box["height"] > 250
    strip = page.locator("#h1 details").first
    strip.locator("summary").click()
    assert strip.locator("svg.strip").is_visible()
    page.locator("#h1 button[data-open]").click()
    assert all(each.is_visible() for each in page.locator("#h1 svg.strip").all())
    page.locator("#h1 button[data-copy]").click()
    line = page.evaluate("getSelection().toString()")
    assert line.startswith("SIMULATED: KC 13:05")
    assert asked == [file]
    assert said == []


BROKEN = """() => {
  const broken = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const top = (n, k) => { const r = document.createRange(); r.setStart(n, k); r.setEnd(n, k + 1);
    const box = [...r.getClientRects()].findLast(e => e.width > 0);
    return box && Math.round(box.bottom); };
  for (let n = walk.nextNode(); n; n = walk.nextNode()) {
    if (n.parentElement.closest("script, style, svg, .hashes code")) continue;
    for (const word of n.data.matchAll(/[^\\s]+/g)) {
      for (let k = word.index + 1; k < word.index + word[0].length; k++) {
        const [a, b] = [top(n, k - 1), top(n, k)];
        const mayPart = /[-–/\\u00ad]/.test(n.data.slice(k - 1, k + 1));
        if (a && b && b - a > 4 && !mayPart) broken.push(`${word[0]} at ${k - word.index}`);
      }
    }
  }
  return broken;
}"""


@pytest.mark.browser
@pytest.mark.parametrize("wide", [1280, 1000, 800, 695])
def test_no_word_is_broken(page: Page, tmp_path: Path, wide: int) -> None:
    """Neither in the tables nor in the settings, on a desk, a tablet and paper (695 px)."""
    made = building.response()
    none = "no axillary temperature in this phase"
    temp = made.features[8]
    silent = {**temp.phases, "transfer_in": replace(temp.phases["transfer_in"], reason=none)}
    report(
        replace(made, features=(*made.features[:8], replace(temp, phases=silent))),
        tmp_path / "r.html",
    )
    if wide == 695:
        page.emulate_media(media="print")
    page.set_viewport_size({"width": wide, "height": 900})
    page.goto((tmp_path / "r.html").as_uri())

    assert page.evaluate(BROKEN) == []


CONTRAST = """() => {
  const channel = v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const parse = c => { const m = c.match(/[\\d.]+/g).map(Number); return m[3] === 0 ? null : m; };
  const light = c => .2126 * channel(c[0]) + .7152 * channel(c[1]) + .0722 * channel(c[2]);
  const behind = e => { for (; e; e = e.parentElement) {
    const c = parse(getComputedStyle(e).backgroundColor); if (c) return c; } };
  const low = [];
  for (const e of document.querySelectorAll("body *")) {
    const own = [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
    if (!own || ["SCRIPT", "STYLE", "title", "desc"].includes(e.tagName)) continue;
    const svg = e.namespaceURI.endsWith("svg");
    if (svg && e.classList.contains("hold-t")) continue;  // on the bar, not on the page
    const ink = parse(svg ? getComputedStyle(e).fill : getComputedStyle(e).color);
    const pair = [light(ink), light(behind(e))].sort((a, b) => b - a);
    const ratio = (pair[0] + .05) / (pair[1] + .05);
    if (ratio < 4.5) low.push([e.tagName, e.className.baseVal ?? e.className, ratio]);
  }
  return low;
}"""


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(page: Page, file: str, scheme: str) -> None:
    """Contrast of at least 4.5 (WCAG 2.2, 1.4.3), by light and in the dark."""
    page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
    page.goto(file)

    assert page.evaluate(CONTRAST) == []


@pytest.mark.browser
def test_a_number_is_copied_without_the_mark_of_its_note(page: Page, file: str) -> None:
    """The mark is drawn and read out, and is no part of what a selection gives."""
    page.goto(file)
    mark = page.locator("table.features sup a").first
    select = "getSelection().selectAllChildren(document.querySelector('table.features'))"
    copied = f"({select}, getSelection().toString())"
    with_marks = page.evaluate(copied)

    assert mark.evaluate("mark => getComputedStyle(mark, '::before').content") == '"1"'
    assert page.get_by_role("link", name="note 1", exact=True).count()
    page.evaluate("document.querySelectorAll('sup').forEach(mark => mark.remove())")
    assert with_marks == page.evaluate(copied)

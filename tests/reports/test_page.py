"""The page says what the response says, to everyone, and asks the network for nothing."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tests.reports import building

from joey import report
from joey.reports.facts import as_json
from joey.reports.page import render
from joey.reports.wording import typeset
from joey.response import Rank, Response

BUILDERS: dict[str, Callable[[], Response]] = {
    "whole": building.response,
    "silent": building.silent_response,
    "open": building.open_response,
    "undated": building.undated_response,
    "hostile": building.hostile_response,
    "night": building.night_response,
}
EMPTY_TAGS = {"meta", "br", "wbr", "img", "hr", "input", "link"}
VERDICTS = (
    "good|better|best|worse|worst|bad|improved|improvement|deteriorated|well tolerated|tolerated"
    "|successful|failed|stable|unstable|abnormal|normal|safe|unsafe|beneficial|significant"
)


class Page(HTMLParser):
    """What a page is made of: elements with their attributes, text, and faults of nesting."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.faults: list[str] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        self.faults += [f"<{tag}> is never closed" for tag in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in EMPTY_TAGS:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes nothing at {self.getpos()}")

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in {"style", "script"}:
            self.words.append(data)

    @property
    def text(self) -> str:
        """Everything that can be read, with single spaces."""
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str]]:
        """Return the attributes of every element of a kind."""
        return [attributes for name, attributes in self.elements if name == tag]


@cache
def html(name: str) -> str:
    """Return the page of one builder, or of all of them on one page."""
    if name == "several":
        return render([make() for make in BUILDERS.values()])
    return render([BUILDERS[name]()])


@pytest.mark.parametrize("name", [*BUILDERS, "several"])
def test_the_page_is_well_formed(name: str) -> None:
    """Every element is closed in its turn."""
    assert Page(html(name)).faults == []


@pytest.mark.parametrize("name", [*BUILDERS, "several"])
def test_ids_are_unique_and_every_reference_has_its_target(name: str) -> None:
    page = Page(html(name))
    ids = Counter(attributes["id"] for _, attributes in page.elements if "id" in attributes)
    named = [
        target
        for _, attributes in page.elements
        for key in ("aria-labelledby", "data-copy", "data-open")
        for target in attributes.get(key, "").split()
    ]
    links = [attributes["href"].removeprefix("#") for attributes in page.all("a")]

    assert max(ids.values()) == 1
    assert set(named) | set(links) <= set(ids)
    assert len(named) > 5


@pytest.mark.parametrize("name", [*BUILDERS, "several"])
def test_the_page_loads_nothing(name: str) -> None:
    """No attribute, style or script names anything outside the page."""
    page = Page(html(name))

    assert {tag for tag, _ in page.elements} & {"link", "img", "iframe", "object", "image"} == set()
    for tag, attributes in page.elements:
        for key in attributes:
            assert key not in {"src", "srcset", "style", "xlink:href"}, tag
            assert not key.startswith("on"), tag
        assert attributes.get("href", "#").startswith("#")
    style = html(name)[html(name).index("<style>") : html(name).index("</style>")]
    assert "@import" not in style
    assert re.findall(r"url\(([^)]*)\)", style) == ["#hatch", "#cross"]
    assert "//" not in style


def test_the_policy_allows_exactly_what_is_in_the_page() -> None:
    """The content security policy forbids all but this style and this script, by their hashes."""
    text = html("whole")
    (policy,) = (
        meta["content"]
        for meta in Page(text).all("meta")
        if meta.get("http-equiv") == "Content-Security-Policy"
    )
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)

    def digest(inline: str) -> str:
        return "sha256-" + base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()

    assert policy.startswith("default-src 'none'; ")
    assert f"style-src '{digest(style)}'" in policy
    assert f"script-src '{digest(script)}'" in policy


def test_user_text_is_shown_and_never_run() -> None:
    """What a person or a file put into a text stands on the page letter by letter."""
    page = Page(html("hostile"))

    assert len(page.all("script")) == 1  # the page's own
    assert page.all("img") == []
    assert page.text.count(" ".join(building.HOSTILE.split())) > 25
    assert "49" not in re.findall(r"\{\{.*?\}\}|\b49\b", page.text)


@pytest.mark.parametrize("name", ["silent", "undated"])
def test_a_cannot_say_stands_with_its_reason(name: str) -> None:
    """Every silent cell names its reason, in it or in a note that it points to."""
    text = html(name)
    notes = dict(re.findall(r'<li id="(h1-[fe]\d+)">(.*?)</li>', text))
    cells = re.findall(r'<td[^>]*class="silent[^>]*>(.*?)</td>', text, re.DOTALL)

    assert len(cells) >= 2
    for cell in cells:
        (main,) = re.findall(r'class="main">(.*?)</span>', cell, re.DOTALL)
        marks = re.findall(r'href="#(h1-[fe]\d+)"', cell)
        said_here = re.search(r"cannot say: \w", main) or 'class="line"' in cell
        assert said_here or all(notes[mark] for mark in marks), cell
        assert said_here or marks, cell


def test_a_reason_shared_by_cells_is_one_note() -> None:
    text = html("whole")
    notes = re.findall(r'<li id="h1-f\d+">(.*?)</li>', text)

    assert notes == list(dict.fromkeys(notes))
    assert building.NO_BLOCKS in notes
    assert text.count('href="#h1-f1"') > 5


@pytest.mark.parametrize("name", BUILDERS)
def test_the_hold_is_said_to_be_what_it_is(name: str) -> None:
    """Simulated, invented and provisional are said exactly where they are true."""
    response = BUILDERS[name]()
    words = Page(html(name)).text

    assert ("Simulated data" in words) == response.simulated
    assert ("This hold was invented" in words) == response.invented
    assert ("Provisional : the hold still runs" in words) == response.phases.provisional
    assert "Not an alarm, not a medical device; the bedside monitor alarms." in words


def test_simulated_goes_with_every_picture_and_with_the_chart_line() -> None:
    """A picture cut out of the page, and the line pasted elsewhere, still say simulated."""
    text = html("whole")
    pictures = re.findall(r'<svg [^>]*class="(?:oxycrg|strip)".*?</svg>', text, re.DOTALL)

    assert len(pictures) == 5
    assert all(">simulated</text>" in picture for picture in pictures)
    assert re.search(r'id="h1-chart"[^>]*>SIMULATED: KC 13:05', text)
    assert "simulated" not in html("night").lower().split("</style>")[1]


def test_a_real_hold_keeps_its_chart_line() -> None:
    line = building.night_response().chart_line
    shown = re.findall(r'id="h1-chart"[^>]*>(.*?)</code>', html("night"))

    assert shown == [line.replace(">", "&gt;")]


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("whole", "Hold 13:05–14:40, mother, skin-to-skin"),
        ("open", "Hold since 13:05, mother, then staff, skin-to-skin"),
        ("undated", "Hold 2:00:00–3:35:00, father, skin-to-skin"),
        ("night", "Hold 21:05–08:05, father, skin-to-skin"),
    ],
)
def test_the_title_names_the_hold(name: str, title: str) -> None:
    """Local clock times, or times from the start of a recording without a date."""
    assert f"<h1>{title}</h1>" in html(name)


def test_a_hold_over_midnight_names_both_days() -> None:
    assert "12 March 2031 to 13 March 2031, Europe/Berlin" in Page(html("night")).text


def test_why_a_hold_ended_stands_in_its_head() -> None:
    """Beside holder and times, before anything is measured; nothing of one that still runs."""
    whole = building.response()
    early = {**whole.hold.details, "end_reason": "infant_instability", "stopped_early": "yes"}
    text = render([replace(whole, hold=replace(whole.hold, details=early))])

    head = text[text.index("<h1>") : text.index("What was measured")]
    assert "<strong>ended early: infant unsettled</strong>" in head
    assert "ended: reason not given" in html("whole")
    assert "ended" not in Page(html("open")).text.split("What was measured")[0]


def test_several_holds_have_a_contents_line() -> None:
    """One page, each hold a section, and a link to each at the top."""
    page = Page(html("several"))
    ids = {attributes.get("id") for attributes in page.all("article")}

    assert ids == {f"h{k}" for k in range(1, 7)}
    assert {f"#{each}" for each in ids} <= {attributes["href"] for attributes in page.all("a")}
    assert html("several").count("<h1>") == 1


def test_no_verdict_and_no_cause_is_in_the_page_itself() -> None:
    """The words that are the page's own, not the response's, judge nothing."""
    own = Page(render([_without_words(building.response())])).text

    assert re.findall(rf"\b({VERDICTS})\b", own, re.IGNORECASE) == []
    assert re.findall(r"\b(because|due to|caused by|lead off|disconnected)\b", own) == []


def _without_words(response: Response) -> Response:
    """Return the response without free text, so that only the page's own words are left."""
    return replace(
        response, summary="", cannot_say=(), quality=(), methods=(), notes=(), header=(), context=()
    )


def test_tables_can_be_heard() -> None:
    """Every table has a caption, every header its scope, every picture a name."""
    page = Page(html("whole"))

    assert len(page.all("caption")) == len(page.all("table")) == 2
    assert all(each.get("scope") for each in page.all("th"))
    for picture in page.all("svg"):
        named = picture.get("aria-labelledby") or picture.get("aria-label")
        assert named if picture.get("role") == "img" else picture.get("aria-hidden") == "true"


def test_whole_hold_stands_beside_settled() -> None:
    """Cutting the last minutes must not hide spells: both columns are neighbors."""
    table = html("whole")[html("whole").index('<table class="events">') :]
    heads = re.findall(r'<th scope="col">(.*?)</th>', table)

    assert heads[heads.index("settled") + 1] == "whole hold"


def test_the_end_of_a_hold_has_its_own_column_and_no_band() -> None:
    """Where the last minutes are told apart they stand beside the whole hold."""
    response = building.response()
    ends = {**response.phases.spans, "last_10": response.phases.spans["transfer_out"]}
    rows = tuple(
        replace(row, phases={**row.phases, "last_10": row.phases["whole_hold"]})
        for row in response.events
    )
    changed = replace(response, events=rows, phases=replace(response.phases, spans=ends))
    text = render([changed])
    heads = re.findall(r'<th scope="col">(.*?)</th>', text[text.index('<table class="events">') :])

    assert heads[heads.index("whole hold") + 1] == "end of the hold"
    assert text.count('class="phase ') == html("whole").count('class="phase ')


def test_each_strip_opens_and_stays_small() -> None:
    """Sixty listed events are sixty strips of under 40 kB each."""
    strips = re.findall(r"<details>.*?</details>", html("night"), re.DOTALL)

    assert len(strips) == 60
    assert max(len(strip.encode()) for strip in strips) < 40_000


def test_the_same_response_gives_the_same_page() -> None:
    assert render([building.response()]) == html("whole")


def test_no_response_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one response"):
        report([], tmp_path / "report.html")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_leaves_the_old_report(tmp_path: Path) -> None:
    """What cannot be put in its place leaves nothing behind and changes nothing."""
    target = tmp_path / "report.html"
    target.mkdir()
    (target / "kept").write_text("old")

    with pytest.raises(OSError, match=r"report\.html"):
        report(building.response(strips=0), target)

    assert [each.name for each in tmp_path.iterdir()] == ["report.html"]
    assert (target / "kept").read_text() == "old"


def test_a_report_replaces_the_old_one(tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    target.write_text("old")

    report(building.response(strips=0), target)

    assert target.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert [each.name for each in tmp_path.iterdir()] == ["report.html"]


def test_the_package_gives_the_function_whatever_was_imported() -> None:
    """`joey.report` is the function also after its module was imported by name."""
    import joey.reports  # noqa: PLC0415  (the import under test)

    assert joey.report is joey.reports.report


def test_too_few_comparable_hours_give_no_rank() -> None:
    """Four windows of one day are printed as too few, never as "larger than in 4 of 4"."""
    row = building.features()[0]
    few = "cannot say: 4 windows from 1 day (a rank needs 10 from 5 days)"
    bad = replace(row, rank=Rank(None, 4, 1, usual=None, reason=few))
    response = replace(building.response(), features=(bad,))
    page = Page(render([response])).text

    assert "larger than in 4" not in page
    assert few in page
    assert json.loads(as_json([response]))["holds"][0]["features"][0]["rank"]["smaller"] is None


def test_a_reason_that_all_ranks_share_is_said_once_in_the_words() -> None:
    few = "cannot say: 4 windows from 1 day (a rank needs 10 from 5 days)"
    silent = Rank(None, 4, 1, usual=None, reason=few)
    rows = tuple(replace(row, rank=silent) for row in building.features())
    response = replace(building.response(), features=rows)
    words = render([response]).split("The changes in words")[1].split("</section>")[0]
    assert words.count(few) == 1

    other = replace(rows[0], rank=replace(silent, reason="cannot say: something else"))
    mixed = render([replace(response, features=(other, *rows[1:]))])
    assert f"something else ({rows[0].label})" in mixed


def test_minus_signs_are_true_and_ranges_and_dates_keep_their_hyphens() -> None:
    assert typeset("-6.0 to 30.5 (-2) 0.04-0.2 Hz 2026-01-05 -30 to +30 s") == (
        "−6.0 to 30.5 (−2) 0.04-0.2 Hz 2026-01-05 −30 to +30 s"
    )
    assert typeset("97 % of 5") == "97\u00a0% of 5"  # never parted at the end of a line
    page = render([building.response()])
    assert "−6.1 /min (95\u00a0% interval −10.8 to −1.4)" in page
    line = building.response().chart_line.replace(">", "&gt;")
    assert line in page


def test_what_cannot_be_said_stands_under_its_kind() -> None:
    assert typeset("97 % of 5") == "97\u00a0% of 5"  # never parted at the end of a line
    page = render([building.response()])
    kinds = re.findall(r"<dt>(No change|Events)</dt>", page)
    assert kinds == ["No change", "Events"]
    assert "made up for the page" in page.split("<dt>Events</dt>")[1].split("</div>")[0]

"""The HTML report in a real browser: keys, no network, no errors, and all of it without JavaScript too."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.browsers import ready_for_keys
from tests.report.results import CONTROLS, hostile, orchard
from tests.timing import until
from troth.report import html

pytestmark = pytest.mark.browser

CHROMIUM = Path("/usr/bin/chromium")
if not CHROMIUM.exists():
    pytest.skip("Debian's chromium is not installed", allow_module_level=True)
sync_playwright = pytest.importorskip("playwright.sync_api").sync_playwright

DESKTOP, PHONE = {"width": 1400, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        options = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        running = playwright.chromium.launch(executable_path=str(CHROMIUM), args=[*options, "--disable-gpu"])
        yield running
        running.close()


@pytest.fixture
def visit(browser, tmp_path):
    """Open a report; afterwards the page must have asked for nothing and complained about nothing."""
    opened = []

    def go(run=None, viewport=DESKTOP, fragment="", **options):
        context = browser.new_context(viewport=viewport, **options)
        page = context.new_page()
        asked, complaints = [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None)
        file = tmp_path / "report.html"
        file.write_text(html.render(run or orchard(), CONTROLS), encoding="utf-8")
        page.goto(file.as_uri() + fragment)
        if options.get("java_script_enabled", True):
            ready_for_keys(page)
        opened.append((context, file.as_uri(), asked, complaints))
        return page

    yield go
    for context, address, asked, complaints in opened:
        context.close()
        assert [url for url in asked if not url.startswith("data:")] == [address]
        assert complaints == []


def _focused(page) -> str:
    return page.evaluate("document.activeElement.closest('[data-number]')?.dataset.number ?? document.activeElement.id")


def test_next_and_previous_walk_through_the_promises(visit):
    page = visit()
    walked = []
    for _ in range(10):
        page.keyboard.press("n")
        walked.append(_focused(page))
    page.keyboard.press("p")

    assert walked == ["1", "2", "3", "4", "5", "6", "7", "8", "9", "1"]
    assert _focused(page) == "9"
    assert page.locator("#p9").is_visible()


def test_arrows_walk_from_a_promise_and_t_goes_to_its_sentence(visit):
    page = visit()
    page.locator("#s3").focus()
    page.keyboard.press("ArrowDown")
    assert _focused(page) == "4"
    page.keyboard.press("ArrowUp")
    assert _focused(page) == "3"
    page.keyboard.press("t")
    assert _focused(page) == "s3"


def test_tab_alone_reaches_every_promise_and_every_filter(visit):
    page = visit()
    reached = set()
    for _ in range(90):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.closest('[data-number]')?.dataset.number"))

    assert {f"s{n}" for n in range(1, 10)} | {str(n) for n in range(1, 10)} | {"show-broken", "show-kept", "find"} <= reached


def test_enter_on_a_sentence_opens_its_evidence(visit):
    page = visit()
    page.locator("#s6").focus()
    page.keyboard.press("Enter")

    assert page.locator("#p6").is_visible()
    assert page.locator("mark.on").inner_text() == "No secret is reachable from a fork pull request."


def test_a_click_on_a_sentence_shows_its_evidence(visit):
    page = visit()
    page.locator("mark", has_text="We answer within 48 hours.").click()

    assert page.locator("#p2").is_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_filters_hide_promises(visit, scripts):
    page = visit(java_script_enabled=scripts)
    assert page.locator(".card:visible").count() == 9
    page.locator("#show-kept").uncheck()

    assert page.locator(".card:visible").count() == 6
    assert page.locator(".card.v-kept:visible, .chip.v-kept:visible").count() == 0


def test_hidden_promises_are_skipped_by_keys(visit):
    page = visit()
    page.locator("#show-kept").uncheck()
    page.locator("#show-attested").uncheck()
    page.locator("body").press("n")

    assert _focused(page) == "3"


def test_search_finds_by_evidence(visit):
    page = visit()
    page.keyboard.press("/")
    page.keyboard.type("dependabot.yml")

    assert page.locator(".card:visible").count() == 1
    assert page.locator("#p5").count() == 1


def test_without_javascript_everything_is_there_and_links_open_the_evidence(visit):
    page = visit(java_script_enabled=False)
    assert not page.locator("#p1").is_visible()
    page.locator("#s1").click()

    assert page.locator("#p1").is_visible()
    assert page.locator("#p3").is_visible()
    assert page.locator(".search").is_hidden()


def test_a_link_to_a_promise_opens_it(visit):
    assert visit(fragment="#p8").locator("#p8").is_visible()


IN_VIEW = """(id) => {
  const box = document.getElementById(id).getBoundingClientRect();
  return box.top >= 0 && box.top < innerHeight;
}"""


def test_sentence_and_evidence_are_seen_together_on_a_desktop(visit):
    page = visit(viewport={"width": 1400, "height": 420}, fragment="#p8")
    until(lambda: page.evaluate(IN_VIEW, "p8"), "p8 in view")
    assert page.evaluate(IN_VIEW, "s8")
    for number in (9, 1, 2, 3):
        page.keyboard.press("n")
        assert page.evaluate(IN_VIEW, f"s{number}")
        assert page.evaluate(IN_VIEW, f"p{number}")


def test_evidence_is_seen_on_a_phone(visit):
    page = visit(viewport=PHONE)
    page.locator("#s6").click()
    until(lambda: page.evaluate(IN_VIEW, "p6"), "p6 in view")
    page.locator("#p6 .back").click()
    until(lambda: page.evaluate(IN_VIEW, "s6"), "s6 in view")


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE, {"width": 320, "height": 600}])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_sticks_out_sideways(visit, viewport, scheme):
    page = visit(viewport=viewport, color_scheme=scheme)

    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]


def test_hostile_text_runs_nothing(visit):
    page = visit(hostile("</script><script>document.title='owned'</script><img src=http://e.example/x onerror=\"document.title='owned'\">"))

    assert "owned" not in page.title()


CONTRAST = """() => {
  const channel = (v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
  const lightness = (c) => 0.2126 * channel(c[0]) + 0.7152 * channel(c[1]) + 0.0722 * channel(c[2]);
  const parse = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const c = parse(getComputedStyle(at).backgroundColor);
      if (c.length === 3 || c[3] === 1) return c;
    }
    return [255, 255, 255];
  };
  const low = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || !element.getClientRects().length || element.closest("svg, .skip, .no, .hidden")) continue;
    const [a, b] = [lightness(parse(getComputedStyle(element).color)), lightness(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) low.push(element.className + " " + element.textContent.trim().slice(0, 30) + " " + ratio.toFixed(2));
  }
  return low;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_has_enough_contrast(visit, scheme):
    """WCAG 2.2, 1.4.3: 4.5 to 1."""
    page = visit(color_scheme=scheme)
    page.evaluate("for (const card of document.querySelectorAll('details')) card.open = true")

    assert page.evaluate(CONTRAST) == []


def test_paper_shows_all_evidence(visit):
    page = visit(java_script_enabled=False)
    page.emulate_media(media="print")

    assert page.pdf()[:5] == b"%PDF-"
    assert page.locator(".filters").is_hidden()

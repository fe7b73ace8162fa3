"""The board in a real browser: what a person sees, by mouse, by keyboard, without scripts, and with a passkey."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the extra `desk` is not installed")
pytest.importorskip("webauthn", reason="webauthn is not installed")
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from tests.browsers import ready_for_keys  # noqa: E402
from tests.web.board_made import Made, served  # noqa: E402
from troth.jobs.job import State  # noqa: E402

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = [pytest.mark.browser, pytest.mark.skipif(not CHROMIUM.exists(), reason="no chromium on this machine")]
SHOTS = os.environ.get("TROTH_SHOTS", "")
AXE = os.environ.get("TROTH_AXE", "")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    with served(tmp_path_factory.mktemp("board")) as board:
        yield board


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield opened
        opened.close()


def page_of(browser, made: Made, **options: object):
    context = browser.new_context(viewport={"width": 1100, "height": 900}, **options)
    context.set_default_timeout(60_000)  # a page is there in well under one; a loaded machine may take many
    page = context.new_page()
    page.said = []
    page.on("console", lambda message: page.said.append(message.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.goto(made.board.link("ana"))
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", level=1, name="Waiting for approval").wait_for()  # a click does not wait for what it leads to
    return page


def shot(page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


CHECKS = """() => {
  const wrong = [];
  const name = (one) => (one.getAttribute('aria-label') || one.textContent || one.value || '').trim();
  for (const one of document.querySelectorAll('a, button')) if (!one.closest('[hidden]') && !name(one)) wrong.push('no name: ' + one.outerHTML.slice(0, 80));
  for (const one of document.querySelectorAll('input:not([type=hidden]), textarea, select')) if (!one.labels.length && !one.getAttribute('aria-label')) wrong.push('no label: ' + one.outerHTML.slice(0, 80));
  const ids = [...document.querySelectorAll('[id]')].map((one) => one.id);
  if (new Set(ids).size !== ids.length) wrong.push('an id twice');
  for (const one of document.querySelectorAll('[aria-labelledby]')) if (!document.getElementById(one.getAttribute('aria-labelledby'))) wrong.push('label of nothing');
  const levels = [...document.querySelectorAll('h1, h2, h3')].map((one) => +one.tagName[1]);
  if (levels[0] !== 1 || levels.filter((one) => one === 1).length !== 1) wrong.push('headings ' + levels);
  for (let at = 1; at < levels.length; at++) if (levels[at] > levels[at - 1] + 1) wrong.push('heading skipped');
  if (!document.documentElement.lang || !document.title || !document.querySelector('main')) wrong.push('no language, title or main');
  for (const one of document.querySelectorAll('th')) if (!one.scope) wrong.push('th without scope');
  const light = (c) => { const p = c.match(/[\\d.]+/g).map(Number).slice(0, 3).map((v) => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; }); return .2126 * p[0] + .7152 * p[1] + .0722 * p[2]; };
  const under = (one) => { for (; one; one = one.parentElement) { const c = getComputedStyle(one).backgroundColor; if (!/, 0\\)|transparent/.test(c)) return c; } return getComputedStyle(document.body).backgroundColor; };
  for (const one of document.querySelectorAll('body *')) {
    if (![...one.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()) || one.closest('[hidden], .hidden, .skip, noscript, script, style')) continue;
    const style = getComputedStyle(one), a = light(style.color), b = light(under(one));
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) wrong.push('contrast ' + ratio.toFixed(2) + ': ' + one.textContent.trim().slice(0, 40));
  }
  if (document.documentElement.scrollWidth > document.documentElement.clientWidth + 1) wrong.push('scrolls sideways');
  for (const one of document.querySelectorAll('button')) if (!one.closest('[hidden]') && one.offsetParent && one.getBoundingClientRect().height < 24) wrong.push('small target');
  return wrong;
}"""
"""Named checks of accessibility: names, labels, ids, headings, contrast (WCAG 1.4.3), reflow (1.4.10), targets (2.5.8)."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1100, 320])
def test_every_page_passes_the_named_checks(browser, made: Made, scheme: str, width: int) -> None:
    page = page_of(browser, made, color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 800})
    for path, name in (("/", "pending"), (f"/jobs/{made.job.id}", "job"), ("/past", "past"), ("/you", "you"), ("/enter", "enter"), ("/jobs/x", "refused")):
        page.goto(made.board.origin + path)
        shot(page, f"{name}-{scheme}-{width}")
        assert [] == page.evaluate(CHECKS), path
    assert [] == [line for line in page.said if "404" not in line and "401" not in line]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.skipif(not AXE, reason="axe-core (npm, MPL-2.0) is no part of the tree: TROTH_AXE=PATH of its axe.min.js")
def test_axe_finds_nothing(browser, made: Made, scheme: str) -> None:
    page = page_of(browser, made, color_scheme=scheme, bypass_csp=True)
    found = []
    for path in ("/", f"/jobs/{made.job.id}", "/past", "/you", "/enter", "/jobs/x"):
        page.goto(made.board.origin + path)
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        page.add_script_tag(path=AXE)
        result = page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})")
        found += [f"{path}: {one['id']}: {one['nodes'][0]['html'][:150]}" for one in result["violations"]]
    assert [] == found


def test_the_way_to_a_job_and_its_form_is_open_to_the_keyboard(browser, made: Made) -> None:
    page = page_of(browser, made)
    ready_for_keys(page)
    page.keyboard.press("Tab")
    assert "Skip to content" == page.evaluate("document.activeElement.textContent")
    seen = []
    for _ in range(12):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.textContent.trim()"))
        if made.job.diff is not None and seen[-1] == made.job.diff.summary:
            page.keyboard.press("Enter")
            break
    page.wait_for_url("**/jobs/*")
    ready_for_keys(page)
    reached = set()
    for _ in range(30):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))
    assert {"permit", "Approve and run", "Cancel this job"} <= reached


def test_a_passkey_approves_exactly_this_job(browser, made: Made) -> None:
    page = page_of(browser, made)
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True}
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    page.goto(made.board.origin + "/you")
    page.get_by_role("button", name="Add a passkey").click()
    page.wait_for_selector("li:has-text('used')")
    page.goto(f"{made.board.origin}/jobs/{made.job.id}")
    shot(page, "job-with-passkey")
    page.get_by_role("button", name="Approve with a passkey").click()
    page.wait_for_url("**said=ran")

    assert "the job is done" in page.inner_text("main")
    assert "troth/fix-" in made.repository.git("branch", "--list", "troth/*")
    assert State.DONE is made.jobs.executor.show(made.board.sessions("ana")[0], made.job.id).state
    shot(page, "job-done")
    page.goto(made.board.origin + "/past")
    shot(page, "past-done")


def test_without_scripts_a_key_file_approves(browser, tmp_path: Path) -> None:
    with served(tmp_path) as made:
        page = page_of(browser, made, java_script_enabled=False)
        page.get_by_role("link", name=made.job.diff.summary if made.job.diff else "").click()
        page.get_by_label("Permit, from").fill(made.jobs.sign(made.job, made.key).decode())
        page.get_by_role("button", name="Approve and run").click()

        assert "the job is done" in page.inner_text("main")

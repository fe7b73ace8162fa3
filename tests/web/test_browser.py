"""The desk in a real browser: the whole life of a report; without scripts for the reporter; no violation that axe-core finds; keys; phone and desktop."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.browsers import ready_for_keys
from tests.timing import until
from tests.web.conftest import REPORT, Room
from troth.app.desk import reports
from troth.app.desk.opening import new_member
from troth.desk.intake.fields import Submission

pytestmark = pytest.mark.browser
playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
CHROMIUM = Path(os.environ.get("TROTH_CHROMIUM", "/usr/bin/chromium"))
AXE = os.environ.get("TROTH_AXE", "")
if not CHROMIUM.exists():
    pytest.skip("needs Debian's chromium", allow_module_level=True)


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as play:
        opened = play.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield opened
        opened.close()


def watched(browser, **options):
    """A page; whatever it complains about on its console fails the test."""
    context = browser.new_context(**options)
    page = context.new_page()
    page.complaints = []
    page.on("console", lambda said: page.complaints.append(said.text) if said.type in ("error", "warning") and "status of 4" not in said.text else None)
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    return page


def fill_report(page) -> None:
    for name in ("title", "description", "steps", "impact", "contact", "name"):
        page.fill(f"#f-{name}", REPORT[name])


def signed_in(room: Room, browser, name: str = "Ines", role: str = "owner", **options):
    _member, link = new_member(room.desk, name, "", role)
    page = watched(browser, **options)
    page.goto(link)
    page.click("main button")
    return page


def act(page, label: str) -> None:
    if not page.locator("details.act > summary", has_text=re.compile(f"^{re.escape(label)}$")).first.is_visible():
        page.click("summary:has-text('More steps')")
    page.click(f"details.act > summary:text-is({label!r})")


def test_report_receipt_reply_triage_embargo_publish_erase(served: Room, browser) -> None:
    origin = served.desk.settings.origin
    reporter = watched(browser, java_script_enabled=False)
    reporter.goto(origin)
    fill_report(reporter)
    reporter.set_input_files("#f-files", {"name": "poc.txt", "mimeType": "text/plain", "buffer": b"proof"})
    reporter.click("text=Send the report")
    link = reporter.inner_text("#link")
    with reporter.expect_download() as download:
        reporter.click("text=Download the receipt")
    reporter.goto(link)
    reporter.fill("#f-text", "It also affects the tar reader.")
    reporter.click("main >> text=Send")

    team = signed_in(served, browser)
    team.goto(f"{origin}/board")
    team.click(f"text={REPORT['title']}")
    act(team, "I have read it")
    team.fill("#msg-report-acknowledged", "Thank you, I am looking into it.")
    team.click("button:text-is('I have read it')")
    team.fill("#note-text", "looks real to me")
    team.click("text=Keep the note")
    act(team, "Confirm: it is a vulnerability")
    team.click("button:text-is('Confirm: it is a vulnerability')")
    act(team, "Propose a date")
    team.fill("#embargo-proposed-until", "2030-01-31T17:00")
    team.click("button:text-is('Propose a date')")

    reporter.reload()
    said = reporter.inner_text("main")
    reporter.click("text=Agree")
    agreed = reporter.inner_text("main")
    team.reload()
    team.click("summary:text-is('Publish, valid or not')")
    team.fill("#pub-title", "Path traversal, fixed")
    team.fill("#pub-text", "Update to 2.4.")
    team.click("text=Publish now")
    refused = team.inner_text("main")

    team.goto(f"{origin}/board/T-1")
    act(team, "End the embargo")
    team.click("button:text-is('End the embargo')")
    team.click("summary:text-is('Publish, valid or not')")
    team.fill("#pub-title", "Path traversal, fixed")
    team.fill("#pub-text", "Update to 2.4.")
    team.click("text=Publish now")
    reporter.goto(f"{origin}/published/T-1")
    public = reporter.inner_text("main")
    team.goto(f"{origin}/board/T-1")
    team.click("summary:text-is('Erase the case')")
    team.fill("#sure", "T-1")
    team.click("text=Erase for good")
    gone = reporter.goto(link)

    assert download.value.suggested_filename == "troth-receipt-T-1.json"
    assert "Thank you, I am looking into it." in said
    assert "looks real to me" not in said
    assert "2030-01-31 16:00 UTC" in said
    assert "Nothing is published before" in agreed
    assert "embargo is in force" in refused
    assert "Update to 2.4." in public
    assert gone.status == 404
    assert team.complaints == []
    assert reporter.complaints == []


def test_with_scripts_a_proof_of_work_is_sent_and_the_report_takes_the_fast_lane(served: Room, browser) -> None:
    page = watched(browser)
    page.goto(served.desk.settings.origin)
    fill_report(page)
    # not wait_for_function: what it repeats in the page is eval, which the page's policy forbids
    until(lambda: page.evaluate("document.getElementById('report').elements.altcha.value !== ''"), "the proof of work")
    page.click("text=Send the report")
    page.wait_for_selector("#link")
    from troth.app.desk.lists import list_cases

    member, _link = new_member(served.desk, "Ines", "", "owner")

    assert [one.row.lane for one in list_cases(served.desk, member).cases] == ["fast"]
    assert page.complaints == []


def test_a_passkey_signs_in(served: Room, browser) -> None:
    page = signed_in(served, browser)
    client = page.context.new_cdp_session(page)
    client.send("WebAuthn.enable")
    client.send("WebAuthn.addVirtualAuthenticator", {"options": {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True}})  # fmt: skip
    page.click("text=Make a passkey")
    page.wait_for_url("**/board")
    page.click("text=Sign out")
    page.goto(f"{served.desk.settings.origin}/signin")
    page.click("text=Sign in with a passkey")
    page.wait_for_url("**/board")

    assert "Reports" in page.inner_text("h1")
    assert page.complaints == []


def test_the_board_moves_by_keys(served: Room, browser) -> None:
    client = served.client()
    for at in range(3):
        served.report(client, title=f"Report number {at}")
    page = signed_in(served, browser)
    page.goto(f"{served.desk.settings.origin}/board")
    ready_for_keys(page)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/board/T-*")
    ready_for_keys(page)
    page.keyboard.press("n")
    focused = page.evaluate("document.activeElement.id")
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("u")
    page.wait_for_url("**/board")

    assert focused == "note-text"


def pages_of(room: Room) -> tuple[list[str], list[str]]:
    """Every page, with something on it: a kept and a late promise, a group, a draft, a note, a published report, problems in a form."""
    from troth.app.desk import triage

    path = room.report(room.client(), files=[("files", ("poc.txt", b"x"))], credit="named", credit_as="Rosa", exploited="yes", cvss="CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H")
    room.report(room.client(), title="Path traversal in the archive reader, again")
    room.report(room.client(), title="Not a problem at all")
    lead, _link = new_member(room.desk, "Lea", "", "owner")
    triage.act(room.desk, lead, 1, "report.acknowledged", {}, message="Thank you.")
    triage.act(room.desk, lead, 1, "report.validated", {})
    triage.note(room.desk, lead, 1, "Only for us.")
    triage.tag(room.desk, lead, 1, "archive")
    triage.cluster(room.desk, lead, 1, 2)
    triage.publish(room.desk, lead, 3, "A published report", "What the public reads.")
    public = ["/", path, f"{path}?new", "/promises", "/published", "/published/T-3", "/key", "/signin", "/welcome/none", "/nothing-here"]
    return public, ["/board", "/board?view=lanes", "/board?view=clocks", "/board?which=all&q=nothing", "/board/T-1?advisory", "/board/T-2", "/board/numbers", "/board/desk", "/passkey"]


def only_keys(page, wanted: str, most: int = 80) -> None:
    """Go to an element with the Tab key alone; whatever has the focus on the way can be seen to have it."""
    for _ in range(most):
        page.keyboard.press("Tab")
        seen = page.evaluate(
            "(() => { const e = document.activeElement, s = getComputedStyle(e), c = e.closest('.case'), r = e.getBoundingClientRect();"
            " const outlined = (s) => s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2;"
            " return e === document.body || outlined(s) || (c && outlined(getComputedStyle(c))) || r.width < 2 })()"
        )
        assert seen, page.evaluate("document.activeElement.outerHTML.slice(0, 120)")
        if page.evaluate("(wanted) => document.activeElement.matches(wanted)", wanted):
            return
    raise AssertionError(f"no Tab leads to {wanted}")


def test_a_report_is_sent_and_answered_with_the_keyboard_alone(served: Room, browser) -> None:
    page = watched(browser, java_script_enabled=True)
    page.goto(served.desk.settings.origin)
    ready_for_keys(page)
    for name in ("title", "description", "steps", "impact"):
        only_keys(page, f"#f-{name}")
        page.keyboard.type(REPORT[name])
    only_keys(page, "main button.main")
    page.keyboard.press("Enter")
    page.wait_for_selector("#link")
    only_keys(page, "main a.button.main")
    page.keyboard.press("Enter")
    page.wait_for_selector("#f-text")
    only_keys(page, "#f-text")
    page.keyboard.type("It also affects the tar reader.")
    only_keys(page, "form.reply button")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=It also affects the tar reader.")

    team = signed_in(served, browser)
    team.goto(f"{served.desk.settings.origin}/board")
    ready_for_keys(team)
    only_keys(team, ".case h3 a")
    team.keyboard.press("Enter")
    team.wait_for_url("**/board/T-1")
    only_keys(team, "details.act > summary", 60)
    team.keyboard.press("Enter")
    only_keys(team, "#msg-report-acknowledged")
    team.keyboard.type("Thank you.")
    only_keys(team, "details.act[open] button")
    team.keyboard.press("Enter")
    team.wait_for_selector("li.event:has-text('report acknowledged')")
    assert page.complaints == []
    assert team.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.skipif(not AXE, reason="axe-core (npm, MPL-2.0) is no part of the tree: TROTH_AXE=PATH of its axe.min.js")
def test_axe_finds_nothing(served: Room, browser, scheme: str) -> None:
    public, team_pages = pages_of(served)
    team = signed_in(served, browser, color_scheme=scheme, bypass_csp=True)
    found = []
    for where in (*public, *team_pages):
        team.goto(served.desk.settings.origin + where)
        team.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        team.add_script_tag(path=AXE)
        result = team.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})")
        found += [f"{where}: {one['id']}: {one['nodes'][0]['html'][:150]}" for one in result["violations"]]

    assert found == []


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_no_page_is_wider_than_the_screen_and_every_control_has_a_name(served: Room, browser, width: int) -> None:
    public, team_pages = pages_of(served)
    team = signed_in(served, browser, viewport={"width": width, "height": 800})
    wrong = []
    for where in (*public, *team_pages):
        team.goto(served.desk.settings.origin + where)
        if team.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wrong.append(f"{where} is too wide")
        wrong += [f"{where}: {one}" for one in team.evaluate(
            "Array.from(document.querySelectorAll('input:not([type=hidden]), select, textarea')).filter((e) => !e.labels.length && !e.ariaLabel).map((e) => e.outerHTML.slice(0, 90))"
        )]  # fmt: skip
        first = team.evaluate("(() => { const e = document.querySelector('a'); return e.getAttribute('href'); })()")
        assert first == "#main"

    assert wrong == []


def test_a_canned_reply_is_put_in_by_its_button(served: Room, browser) -> None:
    from troth.app.desk.canned import add_reply

    add_reply(served.desk, "Only one", "Which version was it?")
    reports.submit(served.desk, reports.begin(served.desk), Submission(REPORT), channel="form", proven=True).result()
    page = signed_in(served, browser)
    page.goto(f"{served.desk.settings.origin}/board/T-1")
    page.click("#insert")

    assert page.input_value("#reply-text") == "Which version was it?"
    assert page.complaints == []

"""What the page of a case adds: drafts of the advisory, its group, titles that are like its own; and the page of numbers with its curves."""

from __future__ import annotations

import json

import pytest

from tests.web.conftest import Room, csrf
from troth.app.desk import alike, triage
from troth.app.desk.drafting import FORMS, draft
from troth.errors import DeskError


def done(room: Room, client, code: str, kind: str, **fields: str) -> None:
    answer = client.post(f"/board/{code}/act", data={"csrf": csrf(client), "kind": kind, **fields})
    assert answer.status_code == 303, answer.text


def test_the_advisory_is_offered_in_each_format_or_with_what_it_lacks(room: Room) -> None:
    room.report(cwe="CWE-22", references="https://example.org/CVE-2026-12345", credit="named", credit_as="Rosa of Hamburg")
    _member, client = room.member()
    for kind, fields in (("report.acknowledged", {}), ("report.validated", {}), ("severity.set", {"severity": "high"}), ("line.fix-ready", {"line": "2.x"}), ("line.released", {"line": "2.x", "version": "2.1.4"})):
        done(room, client, "T-1", kind, **fields)

    page = client.get("/board/T-1?advisory").text
    assert "needs an ecosystem" in page
    assert "the UUID of a CNA" in page
    csaf = client.get("/board/T-1/advisory/csaf")
    assert csaf.headers["content-disposition"] == 'attachment; filename="T-1.csaf.json"'
    assert json.loads(csaf.text)["document"]["csaf_version"] == "2.0"
    assert "2.1.4" in csaf.text
    assert "Rosa" not in csaf.text, "she was not asked, and did not answer"
    assert client.get("/board/T-1/advisory/cve").status_code == 400
    assert client.get("/board/T-1/advisory/nothing").status_code == 400


def test_drafts_of_a_package_are_complete(room: Room) -> None:
    import dataclasses

    settings = dataclasses.replace(room.desk.settings, package="pkg:pypi/lanternfish", cna="8d3f9a62-1c1e-4f2a-9b1a-1f6f0e2b7c11")
    desk = dataclasses.replace(room.desk, settings=settings)
    room.report(cwe="cwe-22", references="see CVE-2026-12345")
    member, client = room.member()
    done(room, client, "T-1", "report.acknowledged")
    done(room, client, "T-1", "report.validated")

    made = {form: json.loads(draft(desk, member, 1, form)) for form in FORMS}
    assert made["osv"]["affected"][0]["package"] == {"ecosystem": "PyPI", "name": "lanternfish", "purl": "pkg:pypi/lanternfish"}
    assert made["cve"]["cveMetadata"]["cveId"] == "CVE-2026-12345"
    assert made["cve"]["containers"]["cna"]["problemTypes"][0]["descriptions"][0]["cweId"] == "CWE-22"
    assert made["openvex"]["statements"]
    assert made["cyclonedx"]["vulnerabilities"]


def test_who_may_not_judge_gets_no_draft(room: Room) -> None:
    room.report()
    guest, _client = room.member("Vendor", "guest")
    member, _client = room.member()
    triage.share(room.desk, member, 1, guest.id)
    with pytest.raises(DeskError):
        draft(room.desk, guest, 1, "csaf")
    page = room.signed_in(guest).get("/board/T-1?advisory").text
    assert "/advisory/" not in page


def test_a_case_shows_its_group_and_titles_like_its_own(room: Room) -> None:
    for title in ("Overflow in the frame decoder", "Frame decoder overflow again", "Something else entirely", "Overflow in the frame decoder, third time"):
        room.report(title=title)
    member, client = room.member()
    with room.desk.store.read(triage.TENANT) as t:
        row = triage.open_row(room.desk, t, 1)
    assert [one[0] for one in alike.alike(room.desk, member, row)] == ["T-4", "T-2"]

    triage.cluster(room.desk, member, 1, 2)
    page = client.get("/board/T-1").text
    assert "Told of together with" in page
    assert "Frame decoder overflow again" in page
    with room.desk.store.read(triage.TENANT) as t:
        row = triage.open_row(room.desk, t, 1)
    assert [one[0] for one in alike.group_of(room.desk, member, row)] == ["T-2"]
    assert [one[0] for one in alike.alike(room.desk, member, row)] == ["T-4"]


def test_numbers_tell_and_draw_how_promises_were_kept(room: Room) -> None:
    member, _client = room.member()
    for _ in range(3):
        room.report()
    room.clock.go(hours=5)
    done(room, room.signed_in(member), "T-1", "report.acknowledged")
    room.clock.go(hours=60)

    page = room.signed_in(member).get("/board/numbers").text
    assert "A person confirms that they read it" in page
    assert "We will acknowledge your report within 48 hours." in page
    assert "1 of 3 in time; promised: 48 h" in page
    assert "2 late and still open, at their age" in page
    assert page.count("<svg") >= 1
    assert 'role="img"' in page
    assert "None is decided yet." in page, "nobody was promised an assessment by now"


def test_an_agreed_date_is_told_to_the_minute_in_the_story(room: Room) -> None:
    room.report()
    member, client = room.member()
    triage.act(room.desk, member, 1, "embargo.proposed", {"until": "2026-12-11T17:50:55.580574Z", "by": "team"})
    story = client.get("/board/T-1").text

    assert "embargo proposed (2026-12-11 17:50 UTC, team)" in story
    assert "17:50:55" not in story


def test_a_lane_that_does_not_fit_leads_to_its_list(room: Room) -> None:
    for _ in range(31):
        room.report()
    _member, client = room.member()
    page = client.get("/board?view=lanes").text

    assert "/board?which=received" in page
    assert "All that are new" in page
    assert page.count("All that are") == 1

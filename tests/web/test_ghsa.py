"""Reports that came to GitHub become cases, and a case becomes a draft that GitHub takes; both are files, and neither asks the network."""

from __future__ import annotations

import dataclasses
import json
import re
import socket
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.web.conftest import START, Room
from tests.web.test_case_extras import done
from troth.app.desk import triage
from troth.app.desk.drafting import draft
from troth.app.desk.ghsa_intake import take_advisories
from troth.cli.desk import desk as command
from troth.desk.intake.ghsa import AdvisoryError, read_advisories
from troth.errors import DeskError

# written by hand after the fields of GitHub's description of its REST API (repository-advisory), not copied from a real report
ADVISORY = {
    "ghsa_id": "GHSA-2345-6789-cfgh", "cve_id": None, "url": "https://api.github.com/repos/o/r/security-advisories/GHSA-2345-6789-cfgh",
    "html_url": "https://github.com/o/r/security/advisories/GHSA-2345-6789-cfgh", "summary": "Path traversal in the archive reader", "description": "A crafted archive\r\nwrites outside.",
    "severity": "high", "author": {"login": "rosa-h", "id": 1}, "publisher": None, "identifiers": [{"type": "GHSA", "value": "GHSA-2345-6789-cfgh"}], "state": "triage",
    "created_at": "2026-10-31T20:00:00Z", "updated_at": "2026-10-31T20:00:00Z", "published_at": None, "closed_at": None, "withdrawn_at": None, "submission": {"accepted": False},
    "vulnerabilities": [{"package": {"ecosystem": "pip", "name": "lanternfish"}, "vulnerable_version_range": ">= 1.0, < 2.1", "patched_versions": "2.1", "vulnerable_functions": ["read"]}],
    "cvss": {"vector_string": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "score": 9.8}, "cwes": [{"cwe_id": "CWE-22", "name": "Path Traversal"}], "cwe_ids": ["CWE-22"],
    "credits": [{"login": "rosa-h", "type": "reporter"}], "collaborating_users": None, "private_fork": None,
}  # fmt: skip


def told(**changed: object) -> bytes:
    return json.dumps({**ADVISORY, **changed}).encode()


def test_a_report_of_github_is_a_case_whose_clocks_run_since_it_came_there(room: Room) -> None:
    [taken] = take_advisories(room.desk, told())
    assert (taken.code, taken.fresh) == ("T-1", True)
    member, client = room.member()
    opened = triage.open_case(room.desk, member, 1)
    assert opened.title == "Path traversal in the archive reader"
    assert opened.report.get("description") == "A crafted archive\nwrites outside."
    assert opened.report.get("version") == ">= 1.0, < 2.1 (patched: 2.1)"
    assert opened.report.get("product") == "pip: lanternfish"
    assert opened.report.get("cwe") == "CWE-22"
    assert opened.report.get("name") == "rosa-h"
    assert opened.row.channel == "ghsa"
    [ack] = [one for one in opened.clocks if one.name == "acknowledge"]
    assert ack.due == (START - timedelta(days=2)).replace(month=10, day=31, hour=20) + timedelta(hours=48)
    page = client.get("/board/T-1").text
    assert "GHSA-2345-6789-cfgh by @rosa-h" in page
    assert "not here" in page


def test_it_is_one_case_however_often_the_file_is_read(room: Room) -> None:
    assert [one.fresh for _ in range(3) for one in take_advisories(room.desk, told())] == [True, False, False]
    other = take_advisories(room.desk, json.dumps([ADVISORY, {**ADVISORY, "ghsa_id": "GHSA-2345-6789-cfgj"}]).encode())
    assert [(one.code, one.fresh) for one in other] == [("T-1", False), ("T-2", True)]


@pytest.mark.parametrize("state", ["published", "closed", "withdrawn", "", "anything"])
def test_what_is_not_open_there_is_left_out_unless_asked_for(room: Room, state: str) -> None:
    assert take_advisories(room.desk, told(state=state))[0].code == ""
    assert take_advisories(room.desk, told(state=state), everything=True)[0].code == "T-1"


def test_a_time_that_has_not_come_is_not_believed(room: Room) -> None:
    for at, created in enumerate(("2030-01-01T00:00:00Z", "yesterday", 5, None, "2026-10-31T20:00:00", "9" * 60, "0001-01-01T00:00:00+23:59")):
        take_advisories(room.desk, told(created_at=created, ghsa_id=f"GHSA-2345-6789-cff{'23456789'[at]}"))
    member, _client = room.member()
    for number in range(1, 8):
        [ack] = [one for one in triage.open_case(room.desk, member, number).clocks if one.name == "acknowledge"]
        assert ack.due > START + timedelta(hours=47)


HOSTILE = {
    "no json": b"{", "not utf-8": b"\xff\xfe", "a number": b"5", "deep": b"[" * 100_000, "a string": b'"GHSA-2345-6789-cfgh"', "no id": b"{}", "another id": told(ghsa_id="GHSA-0000-0000-0000"),
    "an id and more": told(ghsa_id="GHSA-2345-6789-cfgh\n"), "an id that is none": told(ghsa_id=["GHSA-2345-6789-cfgh"]), "a list of lists": b"[[]]", "a long number": b"[" + b"9" * 10_000 + b"]",
    "many": json.dumps([ADVISORY] * 1_001).encode(),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_advisory_is_refused_in_a_sentence(room: Room, name: str) -> None:
    with pytest.raises(AdvisoryError):
        take_advisories(room.desk, HOSTILE[name])
    with room.desk.store.read(room.desk.writer._tenant) as t:
        assert not sum(room.desk.cases.counts(t).values())


@pytest.mark.parametrize("field", sorted(ADVISORY))
@pytest.mark.parametrize("value", [None, 5, "x", [], {}, [5, None, {}], {"login": 5}, "\ud800\x00\x1b[31m", True], ids=range(9))
def test_a_field_of_the_wrong_kind_breaks_nothing(field: str, value: object) -> None:
    try:
        [found] = read_advisories(told(**{field: value}))
    except AdvisoryError:
        assert field == "ghsa_id"
        return
    text = "".join(found.report.values.values())
    assert not re.search("[\x00-\x08\x1b\ud800-\udfff]", text)
    assert found.report.get("title")
    assert found.report.get("description")


def test_what_is_too_long_is_cut_and_said(room: Room) -> None:
    take_advisories(room.desk, told(description="d" * 70_000, summary="s" * 900))
    _member, client = room.member()
    assert "longer than a report may be: title, description" in client.get("/board/T-1").text


def test_nothing_that_was_written_there_is_markup_here(room: Room) -> None:
    take_advisories(room.desk, told(summary="<script>alert(1)</script>", description="<img src=x onerror=alert(1)>", html_url="javascript:alert(1)", author={"login": "<b>"}))
    _member, client = room.member()
    page = client.get("/board/T-1").text + client.get("/board").text
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert 'href="javascript:' not in page


def test_the_command_reads_a_file_and_asks_no_network(room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(json.dumps([ADVISORY, {**ADVISORY, "ghsa_id": "GHSA-2345-6789-cfgj", "state": "closed"}]).encode())

    def refuse(*_given: object) -> None:
        raise AssertionError("it asked the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert CliRunner().invoke(command, ["take-ghsa", str(room.folder), str(path)]).output == "GHSA-2345-6789-cfgh: T-1\nGHSA-2345-6789-cfgj: left out, it is not open there\n"
    assert CliRunner().invoke(command, ["take-ghsa", str(room.folder), str(path), "--all"]).output == "GHSA-2345-6789-cfgh: T-1 (known)\nGHSA-2345-6789-cfgj: T-2\n"


# what POST /repos/{owner}/{repo}/security-advisories takes, after GitHub's description of its REST API
BODY = {
    "type": "object", "additionalProperties": False, "required": ["summary", "description", "vulnerabilities"], "not": {"required": ["severity", "cvss_vector_string"]},
    "properties": {
        "summary": {"type": "string", "maxLength": 1024}, "description": {"type": "string", "maxLength": 65535}, "cve_id": {"type": ["string", "null"]}, "start_private_fork": {"type": "boolean"},
        "vulnerabilities": {"type": "array", "items": {
            "type": "object", "required": ["package"], "additionalProperties": False,
            "properties": {
                "package": {"type": "object", "required": ["ecosystem"], "additionalProperties": False, "properties": {"name": {"type": ["string", "null"]}, "ecosystem": {"enum": ["rubygems", "npm", "pip", "maven", "nuget", "composer", "go", "rust", "erlang", "actions", "pub", "other", "swift"]}}},
                "vulnerable_version_range": {"type": ["string", "null"]}, "patched_versions": {"type": ["string", "null"]}, "vulnerable_functions": {"type": ["array", "null"], "items": {"type": "string"}},
            },
        }},
        "cwe_ids": {"type": ["array", "null"], "items": {"type": "string"}}, "severity": {"enum": ["critical", "high", "medium", "low", None]}, "cvss_vector_string": {"type": ["string", "null"]},
        "credits": {"type": ["array", "null"], "items": {"type": "object", "required": ["login", "type"], "additionalProperties": False, "properties": {"login": {"type": "string"}, "type": {"enum": ["analyst", "finder", "reporter", "coordinator", "remediation_developer", "remediation_reviewer", "remediation_verifier", "tool", "sponsor", "other"]}}}},
    },
}  # fmt: skip


def drafted(room: Room, **fields: str) -> dict:
    """A case that was fixed in 2.1.4, as a draft for GitHub, held to its shape."""
    import jsonschema_rs

    settings = dataclasses.replace(room.desk.settings, package="pkg:pypi/lanternfish")
    room.report(cwe="CWE-22", references="see CVE-2026-12345", credit="named", **fields)
    member, client = room.member()
    for kind, more in (("report.acknowledged", {}), ("report.validated", {}), ("severity.set", {"severity": "high"}), ("line.fix-ready", {"line": "2.x"}), ("line.released", {"line": "2.x", "version": "2.1.4"})):
        done(room, client, "T-1", kind, **more)
    made = json.loads(draft(dataclasses.replace(room.desk, settings=settings), member, 1, "ghsa"))
    jsonschema_rs.validator_for(BODY).validate(made)
    return made


def test_a_case_is_drafted_as_github_takes_it(room: Room) -> None:
    made = drafted(room)
    assert made["summary"] == "Path traversal in the archive reader"
    assert made["severity"] == "high"
    assert made["cve_id"] == "CVE-2026-12345"
    assert made["vulnerabilities"] == [{"package": {"ecosystem": "pip", "name": "lanternfish"}, "vulnerable_version_range": "< 2.1.4", "patched_versions": "2.1.4", "vulnerable_functions": []}]
    assert "credits" not in made  # she has not answered how to be named


def test_a_vector_stands_for_the_severity(room: Room) -> None:
    made = drafted(room, cvss="CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H")
    assert "severity" not in made
    assert made["cvss_vector_string"].startswith("CVSS:3.1/")


def test_a_credit_is_a_login_and_only_of_who_wanted_it(room: Room) -> None:
    made = drafted(room, credit_as="@rosa-h")
    assert "credits" not in made
    room.desk.writer.write(lambda _t: None)
    path = room.report(title="Another", credit_as="@rosa-h")
    member, client = room.member("Jo")
    for kind in ("report.acknowledged", "report.validated", "report.accepted", "credit.asked"):
        done(room, client, "T-2", kind)
    assert room.client().post(f"{path}/credit", data={"choice": "named", "credit_as": "@rosa-h"}).status_code == 303
    assert json.loads(draft(room.desk, member, 2, "ghsa"))["credits"] == [{"login": "rosa-h", "type": "finder"}]


def test_without_an_affected_version_there_is_no_draft(room: Room) -> None:
    room.report()
    member, _client = room.member()
    with pytest.raises(DeskError, match="affected version"):
        draft(room.desk, member, 1, "ghsa")


def test_a_draft_read_back_is_the_report_that_it_was(room: Room) -> None:
    made = drafted(room)
    [back] = read_advisories(json.dumps({**made, "ghsa_id": "GHSA-2345-6789-cfgh", "state": "draft"}).encode())
    assert back.report.get("title") == made["summary"]
    assert back.report.get("description") == made["description"]
    assert back.report.get("version") == "< 2.1.4 (patched: 2.1.4)"
    assert back.report.get("cwe") == "CWE-22"

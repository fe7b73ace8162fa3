"""Every case in a control's README, through the real engines, on a real git repository made for it.

The README is at once the docs page, the test and the extraction rule: a sentence given as `promise` must also match its control.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.controls.cases import FORGE, Case, read_cases, write_advisories, write_forge
from tests.repositories import MadeCommit, MadeRepository
from troth.app.advisories import AdvisoryIndex
from troth.app.check import Session, judge, open_session
from troth.app.forge import ForgeSource
from troth.check.catalogue import shipped
from troth.terms.place import Span
from troth.terms.promise import Kind, Promise, Statement
from troth.terms.values import Params
from troth.terms.verdict import Finding, name_of

SOURCE = Path(__file__).resolve().parents[2] / "src"
CATALOGUE = shipped()
CASES = [case for control in CATALOGUE.values() for case in read_cases(control.id, SOURCE / control.folder / "README.md")]


def build(case: Case, root: Path) -> None:
    files = dict(case.files)
    sentence = case.expect.get("promise")
    policy = case.expect.get("policy", "SECURITY.md")
    written = set(files) | {path for commit in case.history for path in commit.files}
    if sentence and policy not in written:
        headings = "".join(f"{'#' * level} {title}\n\n" for level, title in enumerate(case.expect.get("under", ["Security Policy"]), start=1))
        files[policy] = f"{headings}{sentence}\n"
    made = MadeRepository(root)
    if not case.history:
        made.commit(MadeCommit(files=files, modes=case.modes))
        return
    # files given as blocks come with the first commit; later ones of the history may change or delete them
    for number, commit in enumerate(case.history):
        own = dict(commit.files or {})
        made.commit(replace(commit, files={**files, **own} if number == 0 else own, modes=case.modes))


def promise_of(case: Case, session: Session) -> Promise:
    sentence = case.expect.get("promise")
    params = Params(case.expect.get("params") or {})
    if not sentence:
        statement = Statement("SECURITY.md", 1, (1,), Span(0, 0), "", "", Kind.ITEM)
        return Promise(statement, case.control, params, 1.0, "case")
    words = " ".join(sentence.replace("*", "").replace("`", "").split()).strip("-0123456789. ")
    matched = [promise for promise in session.promises if promise.control == case.control]
    here = [promise for promise in matched if words[:30] in promise.statement.text or promise.statement.text in words]
    assert here or matched, f"{sentence!r} is not read as {case.control}, but as {sorted({each.control for each in session.promises})}"
    promise = (here or matched)[0]
    return replace(promise, params=params) if "params" in case.expect else promise


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_a_case_of_a_control_gets_the_verdict_that_its_readme_tells(case: Case, tmp_path: Path) -> None:
    build(case, tmp_path / "repository")
    today = case.expect.get("today")
    now = datetime(today.year, today.month, today.day, 12, tzinfo=UTC) if today else datetime(2026, 2, 1, 12, tzinfo=UTC)
    source = None
    if case.forge:
        write_forge(case, tmp_path / "forge.json", now)
        source = ForgeSource(tmp_path / "forge.json", FORGE)
    index = AdvisoryIndex(write_advisories(case, tmp_path, now)) if case.advisories else None
    session = open_session(tmp_path / "repository", lenient=True, now=now, forge=source, advisories=index)
    finding: Finding = judge(session, (promise_of(case, session),), None)[0]
    verdict = finding.verdict

    assert case.expect["verdict"] == name_of(verdict), verdict
    assert not [run for run in session.looks.runs if "did not foresee" in run.because or "verifier failed" in run.because]
    if "how" in case.expect:
        assert case.expect["how"] == str(getattr(verdict, "how", None)), verdict
    if "evidence" in case.expect:
        places = {str(evidence.place) for evidence in getattr(verdict, "evidence", ())}
        wanted = case.expect["evidence"]
        for place in [wanted] if isinstance(wanted, str) else wanted:
            assert place in places, (place, places, verdict)


DECIDED = [control for control in CATALOGUE.values() if control.verify is not None]


@pytest.mark.parametrize("control", DECIDED, ids=[control.id for control in DECIDED])
def test_a_decided_control_has_a_kept_a_broken_and_an_undecided_case(control) -> None:
    verdicts = {case.expect["verdict"] for case in CASES if case.control == control.id}

    assert verdicts & {"broken", "partly"}, "no case is broken"
    assert verdicts & {"kept", "unknown"}, "no case is kept or undecided"
    assert len([case for case in CASES if case.control == control.id]) >= 3


def test_most_controls_that_can_say_kept_show_it_in_a_case() -> None:
    without = [control.id for control in DECIDED if not any(case.control == control.id and case.expect["verdict"] == "kept" for case in CASES)]
    # A control may be unable to say Kept (only settings or people could); it must then say so in its README.
    for control_id in without:
        text = (SOURCE / CATALOGUE[control_id].folder / "README.md").read_text(encoding="utf-8")
        assert "never Kept" in text or "cannot be Kept" in text, f"{control_id}: no kept case, and the README does not say that it is never Kept"

"""Every Kept of every control's README, with what it stands on taken away: nothing may stay Kept.

Two families of faults, for all controls, present and future: a fact that its engine cannot give (tool absent, permission denied, an engine that breaks in a way that it did
not foresee), and files of the evidence that cannot be read as what they are (binary, wrong encoding, over the size limit, links out of the tree, unparsable).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.controls.cases import FORGE, Case, write_advisories, write_forge
from tests.controls.test_cases import CASES, CATALOGUE, build, promise_of
from troth.app.advisories import AdvisoryIndex
from troth.app.check import Session, judge, open_session
from troth.app.forge import ForgeSource
from troth.check.looks import Looks, signature_of
from troth.errors import LookError
from troth.terms.control import Parts
from troth.terms.facts.clock import Clock
from troth.terms.promise import Statement
from troth.terms.values import Params
from troth.terms.verdict import Finding, Kept, NotApplicable

KEPT = [case for case in CASES if case.expect["verdict"] == "kept"]
OWN = (Params, Statement, Parts, Clock)

FROM_THE_SENTENCE = {"compliance/claim-backed": "a disclaimer is true by being said"}
"""Controls that may keep a promise without any fact."""

NOT_BY_CONTENT = {
    "deps/updated": "updates in history decide; the bot's file is told besides",
    "policy/discoverable": "what it stands on is a policy, and a policy that cannot be read ends the run with an error",
    "policy/references-live": "what is promised is that the target is there, not what it holds",
    "policy/self-consistent": "the figures that are left still agree with each other",
    "secrets/not-in-code": "the scan of all of history decides; the template is told besides",
    "report/no-public-issue": "the policy itself says it; that others repeat it is told besides",
}
"""Controls whose Kept does not stand on what the files of its evidence hold, and why."""


def _absent(name: str) -> Exception:
    return LookError(f"the tool that gives {name}", "It is not installed.")


ENGINE_FAULTS: dict[str, Callable[[str], Exception]] = {
    "the tool is absent": _absent,
    "permission denied": lambda name: PermissionError(13, f"permission denied: {name}"),
    "an unforeseen failure": IndexError,
}


def opened(case: Case, folder: Path) -> Session:
    today = case.expect.get("today")
    now = datetime(today.year, today.month, today.day, 12, tzinfo=UTC) if today else datetime(2026, 2, 1, 12, tzinfo=UTC)
    source = index = None
    if case.forge:
        if not (folder / "forge.json").exists():
            write_forge(case, folder / "forge.json", now)
        source = ForgeSource(folder / "forge.json", FORGE)
    if case.advisories:
        path = folder / "index.sqlite"
        index = AdvisoryIndex(path if path.exists() else write_advisories(case, folder, now))
    return open_session(folder / "repository", lenient=True, now=now, forge=source, advisories=index)


def verdict_of(case: Case, session: Session) -> Finding:
    return judge(session, (promise_of(case, session),), None)[0]


def failing(fact: type, error: Exception) -> Callable[..., object]:
    def look() -> object:
        raise error

    look.__annotations__ = {"return": fact}
    return look


def without(session: Session, fact: type, error: Exception) -> None:
    """Let the session's engine for a fact fail, and forget what was looked at."""
    looks = session.looks
    engines = [engine for engine in looks._all if signature_of(engine)[1] is not fact]
    given = [each for each in looks._given if type(each) is not fact]
    session.looks = Looks((*engines, failing(fact, error)), given)


@pytest.mark.parametrize("case", KEPT, ids=[case.id for case in KEPT])
def test_a_fact_that_cannot_be_had_keeps_no_promise(case: Case, tmp_path: Path) -> None:
    verify = CATALOGUE[case.control].verify
    assert verify is not None
    build(case, tmp_path / "repository")
    wanted = [kind for kind in signature_of(verify)[0].values() if kind not in OWN]
    if not wanted:
        assert case.control in FROM_THE_SENTENCE, "a verifier that names no fact decides from the sentence alone"
        pytest.skip("nothing is looked at")
    session = opened(case, tmp_path)
    promise = promise_of(case, session)
    for fact in wanted:
        for name, make in ENGINE_FAULTS.items():
            without(session, fact, make(fact.__name__))
            verdict = judge(session, (promise,), None)[0].verdict
            assert not isinstance(verdict, (Kept, NotApplicable)), (fact.__name__, name, verdict)
        session = opened(case, tmp_path)


def _utf16(path: Path) -> None:
    path.write_bytes(path.read_bytes().decode("utf-8").encode("utf-16"))


def _binary(path: Path) -> None:
    path.write_bytes(b"\x00\x01\xff\xfe" + path.read_bytes())


def _huge(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\n" * (9 * 1024 * 1024))


def _link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/nonexistent/elsewhere")


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _unparsable(path: Path) -> None:
    path.write_bytes(b"]]}{: - \t[unclosed \"\n" + path.read_bytes())


FILE_FAULTS: dict[str, Callable[[Path], None]] = {
    "UTF-16": _utf16,
    "binary": _binary,
    "over the size limit": _huge,
    "a link out of the tree": _link,
    "emptied": _empty,
    "unparsable": _unparsable,
}
STRUCTURED = (".yml", ".yaml", ".json", ".toml", ".lock")


def standing_on(finding: Finding, session: Session) -> list[str]:
    """Files of the evidence, the policy aside: they are what a Kept stands on."""
    policy = finding.promise.statement.path
    places = {item.place.path for item in getattr(finding.verdict, "evidence", ()) if item.place.commit is None}
    return sorted(path for path in places if path in session.tree.files and path != policy and not path.startswith("("))


@pytest.mark.parametrize("case", KEPT, ids=[case.id for case in KEPT])
def test_evidence_that_cannot_be_read_keeps_no_promise(case: Case, tmp_path: Path) -> None:
    if case.control in NOT_BY_CONTENT:
        pytest.skip(NOT_BY_CONTENT[case.control])
    build(case, tmp_path / "repository")
    session = opened(case, tmp_path)
    finding = verdict_of(case, session)
    standing = standing_on(finding, session)
    if not standing:
        pytest.skip("its evidence is no file of the tree")
    whole = {path: (tmp_path / "repository" / path).read_bytes() for path in standing}
    for fault, spoil in FILE_FAULTS.items():
        paths = [path for path in standing if fault != "unparsable" or path.endswith(STRUCTURED)]
        for path in paths:
            spoil(tmp_path / "repository" / path)
        verdict = judge(opened(case, tmp_path), (finding.promise,), None)[0].verdict
        assert not paths or not isinstance(verdict, Kept), (fault, paths, verdict)
        for path in paths:
            (tmp_path / "repository" / path).unlink()
            (tmp_path / "repository" / path).write_bytes(whole[path])
    # put right again it is kept as before: the faults, and nothing else, took it away
    assert isinstance(judge(opened(case, tmp_path), (finding.promise,), None)[0].verdict, Kept)

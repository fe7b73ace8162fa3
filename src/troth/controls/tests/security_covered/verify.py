"""Tests of security exist in the promised number, and CI runs them."""

from __future__ import annotations

import re

from troth.judgement.naming import is_advice
from troth.judgement.wording import several
from troth.terms.facts.tools import Carrier, Purpose, ToolRun, ToolRuns
from troth.terms.facts.tree import Tree
from troth.terms.promise import Statement
from troth.terms.values import Params
from troth.terms.verdict import Evidence, How, Kept, Partly, Unknown, Verdict

_ABOUT = re.compile(
    r"secur|(?<!dependency )(?<!dependency_)(?<!dependency-)inject|travers|sanitiz|xss|csrf|ssrf|escape|malicious|vuln|exploit|redact|attack|hostile|auth(?!or(?!i[sz])|lib)",
    re.IGNORECASE,
)
_EXERCISE = re.compile(r"\bexercises?\b|red[- ]team|penetration|pen[- ]?test|tabletop|simulated attack|\baudit(?:s|ed)?\b|bug bount", re.IGNORECASE)
"""What people do to a running system; a test that CI runs is none."""
_FILE = re.compile(r"(^|/)(tests?|__tests__|spec)/|(^|/)test_[^/]*\.py$|[._](test|spec)\.[jt]sx?$|_test\.(py|go)$")
_CASE = re.compile(
    r"^\s*(?:async\s+)?def (test_\w+)|^\s*(?:it|test)(?:\.each\([^)]*\))?\(\s*[\"'`](.+?)[\"'`]|^\s*(?:async )?fn (\w+)\(|^func (Test\w+)\("
)
_SOURCE = re.compile(r"\.(py|[jt]sx?|mjs|rs|go|java|kt|rb|sh)$")
_MOST = 6

_RUST_TEST = re.compile(r"\s*#\[(?:\w+::)*(?:test|rstest|proptest|case|test_case|wasm_bindgen_test)\b|\s*#!?\[")
_SKIPPED = re.compile(r"\s*(?:@(?:pytest\.mark|unittest)\.(?:skip|xfail)\w*|#\[ignore|@(?:Disabled|Ignore)\b)")
_CHOOSES = re.compile(r"(?:-k|-m|--ignore(?:-glob)?|--deselect|--lf|--last-failed|--testPathPattern|-t|--testNamePattern|--exclude|--skip|-run|--filter)(?:=.*)?\Z")
"""Options by which a run takes some of the tests, or leaves some out."""
_BY_HAND = re.compile(r"\b(?:run|started|executed) (?:\w+ ){0,2}?(?:locally|manually|by hand|on demand)\b|\bon demand\b", re.IGNORECASE)
_WORDS = (
    "security secure securely test tests tested testing suite suites coverage cover covers covered unit integration regression automated automatically continuous ensure ensures "
    "ensuring verify verified verifies validate with that this from into each every release releases change changes code commit commits pull request requests before after merge "
    "part pipeline build builds must have been also against including include includes comprehensive dedicated specific functionality broken vulnerability vulnerabilities "
    "vulnerable issue issues features feature fixes fixed critical paths passing pass through their where which when prevent prevents related cases case scenarios "
    "scenario checks check checked all-platforms project existing written added there path paths such like both"
)
_COMMON = frozenset(_WORDS.split())
_TOPIC = re.compile(r"[a-z][a-z-]{3,}")
_SPECIAL = 3
"""So many words that are not of every such sentence make it one about something of its own."""
_STANDARD = re.compile(r"\b(?:OWASP (?:Testing Guide|ASVS|WSTG|SAMM)|NIST (?:SP|AI)|ISO[ /]?\d|ASVS)\b", re.IGNORECASE)


def verify(params: Params, statement: Statement, tools: ToolRuns, tree: Tree) -> Verdict:
    """Count tests in files that speak of security, and find the run that starts them."""
    found: list[Evidence] = []
    count, named = 0, False
    topics = _topics(statement.text)
    for path in tree.paths():
        if not (_FILE.search(path) and _SOURCE.search(path)):
            continue
        lines = _cases(path, tree)
        if lines:
            count += len(lines)
            named = named or len(topics) < _SPECIAL or _speaks_of(topics, path, lines, tree)
            found.append(tree.evidence(path, lines[0], f"{several(len(lines), 'test about security', 'tests about security')}"))
    if is_advice(statement):
        return Unknown(
            "the tests that people add",
            "The sentence asks people to write tests; what they will do, no file shows.",
            tuple(found[:3]),
        )
    if _STANDARD.search(statement.text):
        return Unknown("an assessment against the standard", "The sentence names a standard that the project is aligned with; tests do not show that.", tuple(found[:3]))
    if _EXERCISE.search(statement.text):
        return Unknown("a report of the exercise", "The sentence speaks of what people do; tests in CI do not show it.", tuple(found[:3]))
    if _BY_HAND.search(statement.text):
        return Unknown("a record of the runs", "The sentence says that people start these tests; what they did, no file shows.", tuple(found[:3]))
    if found and not named:
        return Unknown("a test that says that it is about this", "There are tests about security; none says by its name that it guards what the sentence speaks of.", tuple(found[:3]))
    runs = [
        run for run in tools.for_purpose(Purpose.TEST) if run.carrier is Carrier.WORKFLOW and run.works and run.reaches
    ]
    return _weigh(found, count, params.number("count"), runs, tree)


def _topics(text: str) -> set[str]:
    """Words of the sentence that are not of every sentence about tests."""
    return {word.strip("-")[:7] for word in _TOPIC.findall(text.lower()) if word not in _COMMON and not _ABOUT.search(word)}


def _speaks_of(topics: set[str], path: str, lines: list[int], tree: Tree) -> bool:
    """Whether a file of tests names two of them."""
    rows = tree.lines(path)
    names = (path + " " + " ".join(rows[line - 1] for line in lines)).lower()
    return sum(topic in names for topic in topics) > 1


def _cases(path: str, tree: Tree) -> list[int]:
    """Lines of tests about security: all of a file named so, else those named so."""
    whole = _ABOUT.search(path.rsplit("/", 1)[-1]) is not None
    lines: list[int] = []
    lines_of = tree.lines(path)[:10_000]
    for at, line in enumerate(lines_of, 1):
        match = _CASE.match(line[:300])
        name = next((group for group in match.groups() if group), "") if match else ""
        if _SKIPPED.match(lines_of[max(at - 2, 0)]) and at > 1:
            continue
        if match and match.group(3) and not (at > 1 and _RUST_TEST.match(lines_of[at - 2])):
            continue  # in Rust only what is marked as a test is one
        if name and (whole or _ABOUT.search(name)):
            lines.append(at)
    return lines


def _weigh(found: list[Evidence], count: int, promised: float | None, runs: list[ToolRun], tree: Tree) -> Verdict:
    shown = tuple(found[:_MOST])
    called = tuple(tree.evidence(run.place.path, run.place.line, f"{run.tool} runs the tests") for run in runs)[:2]
    if not found:
        because = "No test speaks of security by its name; what the tests guard, only their makers know."
        return Unknown("tests that say what they guard", because, called)
    if not runs:
        return Partly(How.VACUOUS, shown, f"{count} tests exist, but no workflow runs them.", "Run them in CI.")
    if promised is not None and count < promised:
        return Partly(
            How.STALE,
            (*shown, *called),
            f"{count} tests are found, the sentence says {promised:g}.",
            "Correct the number.",
        )
    if all(_narrowed(run, tuple(item.place.path for item in found)) for run in runs):
        because = "The runs in CI choose among the tests; whether these are among them takes a run."
        return Unknown("a run of these tests", because, (*called, *shown))
    if not any(run.can_fail for run in runs):
        return Partly(
            How.TOOTHLESS, (*called, *shown), "The tests run, but their failure is swallowed.", "Let the job fail."
        )
    return Kept((*shown, *called), f"{count} tests about security run in CI.")


def _narrowed(run: ToolRun, paths: tuple[str, ...]) -> bool:
    """Whether a run is told which tests to take, and none of the paths is certainly among them."""
    words = run.argv[1:]
    if any(_CHOOSES.match(word) for word in words) and not (run.argv[:1] == ("python",) and words[:1] == ("-m",) and not any(_CHOOSES.match(word) for word in words[1:])):
        return True
    named = [word.strip("./").split("::")[0] for word in words if not word.startswith("-") and ("/" in word or word.strip("./") in {path.split("/")[0] for path in paths} | {"unit", "integration", "e2e"})]
    folder = run.working_directory.strip("./")
    inside = [path for path in paths if not folder or path.startswith(f"{folder}/")]
    return not inside or bool(named and not any(path == f"{folder}/{name}".strip("/") or path.startswith(f"{folder}/{name}/".lstrip("/")) for name in named for path in inside))

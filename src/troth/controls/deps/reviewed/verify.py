"""Judges whether dependencies are reviewed: a declared list against the manifests, a bot's requests in history, a review gate in CI."""

from __future__ import annotations

import re

from troth.judgement.main_line import GIT, is_bot
from troth.judgement.policy_scope import for_users, home_of, inside, said
from troth.judgement.wording import several
from troth.terms.facts.dependencies import Dependencies, Entry, Pin, Scope
from troth.terms.facts.history import History
from troth.terms.facts.policies import PolicySet
from troth.terms.facts.tools import Purpose, ToolRuns
from troth.terms.facts.tree import Tree
from troth.terms.place import Place
from troth.terms.promise import Statement
from troth.terms.values import Params
from troth.terms.verdict import Broken, Evidence, How, Kept, Partly, Unknown, Verdict

_BOT_REQUESTS = re.compile(
    r"\b(?:dependabot|renovate|bot)\b.*\b(?:PRs?|pull requests?|updates?|merge)\b|\b(?:PRs?|pull requests?)\b.*\b(?:dependabot|renovate)\b",
    re.IGNORECASE,
)
_NEW = re.compile(r"\b(?:new|added|changed|each|every|before adding|introduc\w*)\b", re.IGNORECASE)
_ASIDE = re.compile(r"(?:^|/)(?:tests?|examples?|docs?|fixtures?|bench\w*)/")
_DAY = 86_400
PROMPT_DAYS = 7
FEWEST = 3


def verify(
    params: Params,
    statement: Statement,
    *,
    dependencies: Dependencies,
    history: History,
    tools: ToolRuns,
    policies: PolicySet,
    tree: Tree,
) -> Verdict:
    """What people look at is not in a repository; three things are: a list, merged requests of a bot, and a gate that can fail."""
    declared = params.texts("declared")
    if declared:
        return _declared(declared, statement, dependencies, policies, tree)
    if params.text("cadence"):
        return Unknown(
            "a dated record of each review",
            "How often people look at dependencies is not written down in the repository.",
        )
    if _BOT_REQUESTS.search(statement.text):
        return _requests(history)
    advice = for_users(statement, "review what they install")
    if advice is not None:
        return advice
    return _gate(statement, tools)


def _declared(
    names: tuple[str, ...], statement: Statement, dependencies: Dependencies, policies: PolicySet, tree: Tree
) -> Verdict:
    home = home_of(statement.path, policies)
    runtime = [
        entry for item in dependencies.manifests if not _ASIDE.search(item.path)
        for entry in item.of_scope(Scope.RUNTIME) if entry.pin is not Pin.LOCAL
    ]  # fmt: skip
    near = [entry for entry in runtime if inside(home, entry.place.path)] or runtime
    if not near:
        return Unknown("a manifest with run-time dependencies", "No manifest lists what the project needs at run time.")
    # one list may be read as one promise for each of its lines
    listed = [
        item.params.texts("declared") for item in policies.of("deps/reviewed") if item.statement.path == statement.path
    ]
    wanted = {name.lower() for group in (names, *listed) for name in group}
    extra = [entry for entry in near if entry.name.lower() not in wanted]
    gone = sorted(wanted - {entry.name.lower() for entry in runtime})
    if extra:
        return Partly(
            How.INCOMPLETE,
            _entries(extra, tree, "is needed at run time and not on the policy's list."),
            f"{several(len(extra), 'package is needed', 'packages are needed')} at run time and not on the list.",
            "List them, or say that the list is a selection.",
        )
    if gone:
        evidence = (said(statement, f"No manifest names {', '.join(gone)} any more."),)
        return Partly(
            How.STALE, evidence, f"{', '.join(gone)} is on the list and no longer needed.", "Bring the list up to date."
        )
    return Kept(
        _entries(near, tree, "is on the policy's list."),
        "Every package needed at run time is on the list, and the list holds nothing else.",
    )


def _entries(entries: list[Entry], tree: Tree, says: str) -> tuple[Evidence, ...]:
    return tuple(tree.evidence(entry.place.path, entry.place.line, f"{entry.name} {says}") for entry in entries[:8])


def _requests(history: History) -> Verdict:
    if history.shallow:
        return Unknown(
            "the whole history", "In a shallow clone, requests of a bot that were merged may be out of sight."
        )
    merged = [
        commit
        for commit in history.commits
        if is_bot(commit) and len(commit.parents) == 1 and "bump" in commit.subject.lower()
    ]
    waiting = [name for name in history.branches if re.search(r"(?:^|/)(?:dependabot|renovate)/", name)]
    if not merged:
        missing = "requests of the bot in history, or the forge's list of them"
        return Unknown(
            missing,
            f"No request of a bot was merged; {len(waiting)} of its branches are open."
            if waiting
            else "History holds no request of a bot.",
        )
    joined = {
        parent: commit.committed
        for commit in history.commits
        if len(commit.parents) > 1
        for parent in commit.parents[1:]
    }
    late = [
        commit
        for commit in merged
        if max(commit.committed, joined.get(commit.id, 0)) - commit.authored > PROMPT_DAYS * _DAY
    ]
    evidence = tuple(
        Evidence(
            f"Proposed by {commit.author}, and merged {_days(commit.authored, max(commit.committed, joined.get(commit.id, 0)))} later.",
            Place(GIT, 0, commit=commit.id),
            commit.subject[:200],
        )
        for commit in [*late, *merged][:4]
    )
    if len(merged) >= FEWEST and not late and not waiting:
        return Kept(
            evidence,
            f"All {len(merged)} requests of the bot in history were merged within {PROMPT_DAYS} days, and none of its branches is open (an inference from history).",
        )
    if waiting and len(waiting) >= len(merged):
        waits = Evidence(f"{several(len(waiting), 'branch of the bot waits', 'branches of the bot wait')}, such as {waiting[0][:80]}.", Place(GIT))
        return Partly(
            How.INCOMPLETE,
            (*evidence, waits),
            "Some requests of the bot were merged; as many or more still wait.",
            "Merge or close them.",
        )
    return Unknown(
        "the forge's list of requests",
        "Some requests of the bot were merged; how long the others waited is not in git.",
        evidence,
    )


def _days(start: int, end: int) -> str:
    return f"{max(end - start, 0) / _DAY:.1f} days"


def _gate(statement: Statement, tools: ToolRuns) -> Verdict:
    runs = tools.for_purpose(Purpose.REVIEW)
    on_requests = [
        run for run in runs if run.works and any(reach.event.startswith("pull_request") for reach in run.reaches)
    ]
    firm = [run for run in on_requests if run.can_fail]
    if firm and _NEW.search(statement.text):
        evidence = tuple(
            Evidence(f"{run.tool} looks at what a pull request adds, and can fail it.", run.place) for run in firm[:4]
        )
        return Kept(evidence, "A gate in CI looks at each new dependency and can stop the pull request.")
    if on_requests and not firm:
        evidence = tuple(Evidence(f"{run.tool} runs, but cannot fail.", run.place) for run in on_requests[:4])
        return Partly(
            How.TOOTHLESS,
            evidence,
            "The gate in CI looks at new dependencies and cannot stop anything.",
            "Let it fail the job.",
        )
    dead = [run for run in runs if not run.works]
    if dead and _NEW.search(statement.text):
        evidence = tuple(flaw.evidence for run in dead for flaw in run.flaws[:2])[:4]
        return Broken(
            How.VACUOUS,
            evidence,
            "The gate in CI that should look at new dependencies cannot work.",
            "Mend what the evidence shows.",
        )
    return Unknown(
        "a record of the reviews", "Whether people review dependencies is not written down in the repository."
    )

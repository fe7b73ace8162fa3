"""Asks the forge to protect the branch as the policy says: reviews, checks, linear history, signatures, no exceptions for administrators. An action, not a patch."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from troth.jobs.recommend.facts import Complaint, Facts, Json
from troth.jobs.recommend.recommendation import Advice, ForgeAction, Gap, Risk, act

__all__ = ["MODULE", "ProtectBranch"]

_COUNT: Final = re.compile(r"(?:at least |minimum (?:of )?)?\b(one|two|three|four|five|six|[1-6])\b[^.]{0,40}\b(?:review|approv)", re.IGNORECASE)
_WORDS: Final = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}


class ProtectBranch:
    """See the module."""

    name = "protect-branch"
    controls = ("branch/protected", "branch/review-required", "branch/status-checks")
    wants = ()

    def recommend(self, facts: Facts) -> Iterable[Advice]:
        """One action for each branch that sentences speak of."""
        named: dict[str, list[Complaint]] = {}
        for one in facts.complaints:
            named.setdefault(one.word("branch") or facts.branch, []).append(one)
        for branch, complaints in sorted(named.items()):
            mends = tuple(complaints)
            if not branch or not facts.repository:
                missing = "the repository's name on the forge and its default branch (--repository OWNER/NAME --branch NAME)"
                yield Gap(self.name, tuple(one.fingerprint for one in mends), missing, "Nothing says which branch is meant.")
                continue
            rules: dict[str, Json] = {"branch": branch, "repository": facts.repository}
            for one in complaints:
                rules.update(_rules(one))
            yield act(
                facts, self.name, ForgeAction("protect-branch", rules), title=f"Protect the branch {branch} as the policy says", mends=mends, risk=Risk.MEDIUM,
                why="Protection is a setting of the forge. What is switched on already stays; only what the sentences ask for and is off is switched on.",
                cautions=("Whoever pushes to the branch today may be refused.",),
            )  # fmt: skip


def _rules(one: Complaint) -> dict[str, Json]:
    text = one.text.lower()
    found: dict[str, Json] = {}
    if one.control == "branch/review-required":
        match = _COUNT.search(text)
        found["approvals"] = int(_WORDS.get(match[1], match[1])) if match else 1
        for name, word in (("dismiss_stale", "dismiss_stale"), ("code_owners", "codeowners")):
            if one.params.get(word) is True:
                found[name] = True
    if one.control == "branch/status-checks":
        found["checks"] = list(one.words("checks"))
        found["strict"] = one.params.get("strict") is True
    for word, name in ((r"\blinear", "linear"), (r"sign(?:ed|ing|atures?)", "signatures")):
        if one.control == "branch/protected" and re.search(word, text):
            found[name] = True
    if one.word("rule") in ("include-admins", "no-bypass", "enforce-admins"):
        found["admins"] = True
    return found


MODULE = ProtectBranch()

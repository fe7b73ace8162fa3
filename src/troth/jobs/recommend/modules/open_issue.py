"""Opens an issue with the findings that no other module mends, so that a person does. An action, not a patch.

The text quotes the policy and names places; it tells no one how to use a flaw.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from troth.jobs.recommend.facts import Complaint, Facts
from troth.jobs.recommend.recommendation import Advice, ForgeAction, Risk, act

__all__ = ["MODULE", "OpenIssue", "body"]

_MOST: Final = 40


class OpenIssue:
    """See the module."""

    name = "open-issue"
    controls = ("*",)
    wants = ()

    def recommend(self, facts: Facts) -> Iterable[Advice]:
        """One issue for all of them; nothing where the forge is not known."""
        mends = tuple(one for one in facts.complaints if one.verdict in ("broken", "partly"))
        if not mends or not facts.repository:
            return
        title = f"{len(mends)} {'promise' if len(mends) == 1 else 'promises'} of the security policy not kept"
        yield act(
            facts, self.name, ForgeAction("open-issue", {"repository": facts.repository, "title": title, "body": body(mends)}),
            title=f"Open an issue: {title}", mends=mends, risk=Risk.LOW, why="No module knows how to mend these; a person has to.",
            cautions=("The issue is public where the repository is: read it before you approve.",),
        )  # fmt: skip


def body(complaints: tuple[Complaint, ...]) -> str:
    """Markdown of the issue: sentence, verdict, what would mend it. Quotes are code, so that nothing in them is a mention or a link."""
    parts = ["The security policy makes these promises, and the repository does not keep them as written.\n"]
    for one in complaints[:_MOST]:
        quote = " ".join(one.text.split()).replace("`", "'")[:300]
        parts.append(f"- [ ] `{quote}` ({one.policy}, line {one.line})\n  {_plain(one.because)} {_plain(one.mend)}".rstrip())
    if len(complaints) > _MOST:
        parts.append(f"\nand {len(complaints) - _MOST} more.")
    return "\n".join(parts) + "\n"


def _plain(text: str) -> str:
    return " ".join(text.split()).replace("@", "@\u200b").replace("<", "&lt;")[:400]


MODULE = OpenIssue()

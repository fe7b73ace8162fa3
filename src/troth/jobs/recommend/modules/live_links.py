"""Mends links of the policy that lead nowhere, where the tree holds exactly one file of that name."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable

from troth.jobs.recommend.facts import Complaint, Facts
from troth.jobs.recommend.recommendation import Advice, Risk, patch

__all__ = ["MODULE", "LiveLinks"]

_NOWHERE = re.compile(r"^(\S+) points to (\S+), which is not in the tree")


class LiveLinks:
    """See the module."""

    name = "live-links"
    controls = ("policy/references-live",)
    wants = ("*.md", "*.rst", "*.txt")

    def recommend(self, facts: Facts) -> Iterable[Advice]:
        """One patch over the policies."""
        texts: dict[str, str] = {}
        mends: dict[str, Complaint] = {}
        for one in facts.complaints:
            for seen in one.evidence:
                match, file = _NOWHERE.match(seen.says), facts.files.get(seen.path)
                if match is None or file is None:
                    continue
                target = _only(match[2], facts.paths)
                text = texts.get(seen.path, file.text)
                better = _replaced(text, seen.line, match[1], posixpath.relpath(target, posixpath.dirname(seen.path) or ".")) if target else text
                if better != text:
                    texts[seen.path], mends[one.fingerprint] = better, one
        made = patch(
            facts, self.name, texts, title="Mend links of the policy", mends=tuple(mends.values()), risk=Risk.LOW,
            why="The link names a file that is elsewhere; the tree holds one file of that name.",
        )  # fmt: skip
        if made is not None:
            yield made


def _only(missing: str, paths: Iterable[str]) -> str:
    name = posixpath.basename(missing).lower()
    found = [path for path in paths if posixpath.basename(path).lower() == name]
    near = [path for path in found if path.count("/") == min(each.count("/") for each in found)]
    return near[0] if len(near) == 1 and name else ""


def _replaced(text: str, line: int, link: str, better: str) -> str:
    lines = re.findall(r"[^\n]*\n|[^\n]+", text)
    if not 0 < line <= len(lines) or lines[line - 1].count(f"]({link}") != 1:
        return text
    lines[line - 1] = re.sub(rf"\]\({re.escape(link)}(?=[)#\s])", f"]({better}", lines[line - 1])
    return "".join(lines)


MODULE = LiveLinks()

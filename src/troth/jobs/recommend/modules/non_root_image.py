"""Ends a build file's last stage as somebody else than root: `USER 10001:10001` above its first CMD or ENTRYPOINT, or in place of a last `USER root`.

A number needs no entry in the image's list of users, so that it works on every base.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from troth.jobs.recommend.edits import Edit, TextFile, edited
from troth.jobs.recommend.facts import Facts
from troth.jobs.recommend.recommendation import Advice, Risk, patch

__all__ = ["MODULE", "NonRootImage", "without_root"]

_USER: Final = "USER 10001:10001"
_WORD: Final = re.compile(r"[ \t]*([A-Za-z]+)\b(.*)", re.DOTALL)
_ROOT: Final = re.compile(r"[ \t]+(?:root|0)(?::(?:root|0))?[ \t]*\r?", re.IGNORECASE)
_ASIDE: Final = re.compile(r"(?:^|/)(?:tests?|examples?|docs?|fixtures?|bench\w*|\.devcontainer)/|dev(?:el)?\b", re.IGNORECASE)


class NonRootImage:
    """See the module."""

    name = "non-root-image"
    controls = ("container/non-root", "container/hardened")
    wants = ("Dockerfile", "*/Dockerfile", "Dockerfile.*", "*/Dockerfile.*", "*.Dockerfile", "*.dockerfile", "Containerfile", "*/Containerfile")

    def recommend(self, facts: Facts) -> Iterable[Advice]:
        """One patch over the build files that the findings say end as root."""
        complaints = tuple(one for one in facts.complaints if one.control == "container/non-root" or one.word("property") in ("non-root", "user"))
        named = {seen.path for one in complaints for seen in one.evidence}
        texts = {file.path: without_root(file.text) for file in facts.matching(*self.wants) if file.path in named}
        if not texts and complaints:
            texts = {file.path: without_root(file.text) for file in facts.matching(*self.wants) if not _ASIDE.search(file.path)}
        made = patch(
            facts, self.name, texts, title="Run the container without root", mends=complaints, risk=Risk.HIGH,
            why="The image's process runs as root; whoever breaks out of the program has the container's root.",
            cautions=("Files that the program writes must belong to user 10001, and ports below 1024 may be closed to it: start the image once before you merge.",),
        )  # fmt: skip
        if made is not None:
            yield made


def _instructions(file: TextFile) -> list[tuple[int, int, str, str]]:
    """Start, end (after the line end), upper-case word and rest of each instruction; comments, blank lines and here-documents are no instructions."""
    found: list[tuple[int, int, str, str]] = []
    at, until = 0, ""
    while at < len(file.body):
        end = file.next_line(at)
        line = file.body[at:end]
        if until:
            until = "" if line.strip() == until else until
            at = end
            continue
        match = _WORD.match(line)
        if match is None or line.lstrip().startswith("#"):
            at = end
            continue
        while file.body[at:end].rstrip().endswith(("\\", "`")) and end < len(file.body):
            end = file.next_line(end)
        here = re.search(r"<<-?[ \t]*['\"]?([A-Za-z_]\w*)['\"]?", file.body[at:end]) if match[1].upper() in ("RUN", "COPY", "ADD") else None
        until = here[1] if here else ""
        found.append((at, end, match[1].upper(), file.body[at + match.start(2) : end]))
        at = end
    return found


def without_root(text: str) -> str:
    """The build file with a last stage that gives root up; the same text where it already does, or has no stage."""
    file = TextFile.of(text)
    listed = _instructions(file)
    begins = max((index for index, one in enumerate(listed) if one[2] == "FROM"), default=-1)
    if begins < 0:
        return text
    stage = listed[begins + 1 :]
    last = next((one for one in reversed(stage) if one[2] == "USER"), None)
    if last is not None and not _ROOT.fullmatch(last[3].rstrip("\n")):
        return text
    if last is not None:
        line = file.body[last[0] : last[1]]
        lead = line[: len(line) - len(line.lstrip())]
        return edited(file, [Edit(last[0], last[0] + len(line.rstrip("\r\n")), lead + _USER)])
    starts = next((one for one in stage if one[2] in ("CMD", "ENTRYPOINT")), None)
    late = [one for one in stage if starts is not None and one[0] > starts[0] and one[2] in ("RUN", "COPY", "ADD")]
    if starts is not None and not late:
        return edited(file, [Edit(starts[0], starts[0], f"{_USER}\n")])
    end = len(file.body)
    return edited(file, [Edit(end, end, f"{'' if file.body.endswith(chr(10)) else chr(10)}{_USER}\n")])


MODULE = NonRootImage()

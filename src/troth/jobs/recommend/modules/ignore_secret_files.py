"""Has git ignore files that hold secrets: adds their names to the root's `.gitignore`.

A file that is committed already is not taken out by a patch: the patch would print what it holds. That is a gap, with what to do.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from typing import Final

from troth.jobs.recommend.edits import TextFile
from troth.jobs.recommend.facts import Complaint, Facts
from troth.jobs.recommend.recommendation import Advice, Gap, Risk, patch

__all__ = ["MODULE", "IgnoreSecretFiles"]

_NAME: Final = re.compile(r"[\w.*/-]{1,100}")
_SAMPLES: Final = (".example", ".sample", ".template", ".dist", ".defaults", ".test", ".schema")
_COMMITTED: Final = re.compile(r"It is committed")


class IgnoreSecretFiles:
    """See the module."""

    name = "ignore-secret-files"
    controls = ("secrets/env-ignored",)
    wants = (".gitignore",)

    def recommend(self, facts: Facts) -> Iterable[Advice]:
        """One patch of `.gitignore`, and a gap for what is committed."""
        names = tuple(dict.fromkeys(name for one in facts.complaints for name in _names(one)))
        file = facts.files.get(".gitignore")
        text = file.text if file is not None else ""
        made = patch(
            facts, self.name, {".gitignore": _with(text, names)}, title="Ignore files that hold secrets", mends=facts.complaints, risk=Risk.LOW,
            why="The policy says that these files are not committed; git would take them.",
        )  # fmt: skip
        if made is not None:
            yield made
        for one in facts.complaints:
            committed = [seen.path for seen in one.evidence if _COMMITTED.search(seen.says)]
            if committed:
                because = "A patch that takes a file out would print what it holds, and history would keep it all the same."
                missing = f"a person who takes {', '.join(committed[:4])} out of git (`git rm --cached`) and changes the secrets that it held"
                yield Gap(self.name, (one.fingerprint,), missing, because)


def _names(one: Complaint) -> Iterable[str]:
    given = one.words("files") or (".env",)
    for name in given:
        bare = name.strip("` /")
        if _NAME.fullmatch(bare) and not bare.endswith(_SAMPLES) and ".." not in bare:
            yield posixpath.normpath(bare)


def _with(text: str, names: tuple[str, ...]) -> str:
    """`text` with each name on a line of its own at the end, where the last word on a path is said; the last rule decides, so a name that stands there last stays."""
    file = TextFile.of(text)
    lines = [line.rstrip("\r") for line in file.body.split("\n")]
    rules = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    missing = [name for name in names if _last(rules, (name, f"/{name}")) <= _last(rules, (f"!{name}", f"!/{name}"))]
    if not missing:
        return text
    body = file.body + ("" if not file.body or file.body.endswith("\n") else file.newline)
    return file.mark + body + "".join(f"{name}{file.newline}" for name in missing)


def _last(rules: list[str], words: tuple[str, ...]) -> int:
    """Index of the last rule that is one of the words, or -1."""
    return max((index for index, rule in enumerate(rules) if rule in words), default=-1)


MODULE = IgnoreSecretFiles()

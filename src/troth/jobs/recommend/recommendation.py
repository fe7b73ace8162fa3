"""What a module hands back: a recommendation (a patch, or an action on the forge), or a gap (what it would need to recommend something)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from troth.errors import JobError
from troth.jobs.recommend.diffs import Version, file_diff
from troth.jobs.recommend.facts import Complaint, Facts, Json, SourceFile
from troth.jobs.recommend.plain_text import made_line, made_plain

__all__ = ["FORGE_ACTIONS", "FORGE_PARAMS", "Advice", "FileChange", "ForgeAction", "Gap", "Proof", "Recommendation", "RecommendationError", "Risk", "act", "patch"]

FORGE_ACTIONS: Final = ("open-issue", "protect-branch", "security-features")
"""Kinds of action on a forge that a module may recommend; each is a handler's."""

FORGE_PARAMS: Final[Mapping[str, frozenset[str]]] = MappingProxyType({
    "open-issue": frozenset(("title", "body")),
    "protect-branch": frozenset(("branch", "approvals", "checks", "strict", "dismiss_stale", "code_owners", "linear", "signatures", "admins")),
    "security-features": frozenset(("features",)),
})  # fmt: skip
"""What a module may say of each, beside the repository that it was asked about; never which interface is spoken with."""


class RecommendationError(JobError):
    """A module said something that does not hold: it is refused whole, with its name, and never passed on."""

    code = "recommendation"
    help = "Report it to the module's author; the reason names the rule that was broken (docs/fix.md)."


class Risk(StrEnum):
    """What could go wrong when the recommendation is followed. LOW: nothing that runs changes. MEDIUM: a pipeline or program behaves differently. HIGH: something that works today may stop."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Proof:
    """Why: a place, and the digest of the bytes that stand there. Verified again by whoever acts.

    Attributes:
        kind: `file`.
        locator: path.
        sha256: digest of the file's bytes, hex.
        quote: text that stands there; "" for none.
        says: one sentence for people.
    """

    kind: str
    locator: str
    sha256: str
    quote: str = ""
    says: str = ""


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file of a patch.

    Attributes:
        path: its path afterwards.
        before: SHA-256 of the original, hex; "" for a new file.
        after: SHA-256 of the result, hex; "" where the file goes away.
        mode: git mode afterwards; "" where unchanged.
        source: the path before, where the file moves; "" otherwise. Only a move may be of a file whose text nobody gave.
    """

    path: str
    before: str
    after: str
    mode: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class ForgeAction:
    """Something to do on a forge: a kind of `FORGE_ACTIONS` and its parameters."""

    kind: str
    params: Mapping[str, Json] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One thing to do. Either `patch` or `action` is set.

    Attributes:
        module: who says it.
        title: imperative, one line; becomes the commit's subject.
        why: what is wrong and what the change does, for people.
        mends: fingerprints of the findings that it mends.
        risk: see `Risk`.
        evidence: why, with digests.
        patch: unified diff that `git apply` accepts; "" for an action.
        files: what the patch changes, one entry for each file.
        action: for the forge; None for a patch.
        cautions: what a person should look at before following it.
    """

    module: str
    title: str
    why: str
    mends: tuple[str, ...]
    risk: Risk
    evidence: tuple[Proof, ...] = ()
    patch: str = ""
    files: tuple[FileChange, ...] = ()
    action: ForgeAction | None = None
    cautions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Gap:
    """A finding that the module could mend if it had something: `missing` is a noun phrase."""

    module: str
    mends: tuple[str, ...]
    missing: str
    because: str


Advice = Recommendation | Gap


def patch(
    facts: Facts,
    module: str,
    texts: Mapping[str, str],
    *,
    title: str,
    why: str,
    mends: tuple[Complaint, ...],
    risk: Risk = Risk.LOW,
    cautions: tuple[str, ...] = (),
) -> Recommendation | None:
    """A recommendation that gives files new texts; None where nothing changes.

    Args:
        facts: what the module was given.
        module: its name.
        texts: path -> whole new text; a path that is not in `facts.files` is a new file.
        title: see `Recommendation`, as for the others.
        why: what is wrong, and what the change does.
        mends: the findings that it mends.
        risk: what could go wrong.
        cautions: what a person should look at.
    """
    changed = {path: text for path, text in sorted(texts.items()) if path not in facts.files or facts.files[path].text != text}
    if not changed:
        return None
    diffs, files = [], []
    for path, text in changed.items():
        old = facts.files.get(path)
        diffs.append(file_diff(None if old is None else Version(old.path, old.text, old.mode), Version(path, text, old.mode if old else "100644")))
        files.append(FileChange(path, "" if old is None else old.sha256, SourceFile(path, text).sha256))
    return Recommendation(
        module, made_line(title), made_plain(why), tuple(one.fingerprint for one in mends), risk, proofs(facts, mends, tuple(changed)), "".join(diffs), tuple(files), None,
        tuple(map(made_plain, cautions)),
    )  # fmt: skip


def act(
    facts: Facts, module: str, action: ForgeAction, *, title: str, why: str, mends: tuple[Complaint, ...], risk: Risk, cautions: tuple[str, ...] = ()
) -> Recommendation:
    """A recommendation to do something on the forge."""
    return Recommendation(
        module, made_line(title), made_plain(why), tuple(one.fingerprint for one in mends), risk, proofs(facts, mends, ()), action=action, cautions=tuple(map(made_plain, cautions)),
    )  # fmt: skip


def proofs(facts: Facts, mends: tuple[Complaint, ...], touched: tuple[str, ...]) -> tuple[Proof, ...]:
    """Evidence: the sentences, what the findings saw in files whose text is at hand, and the originals of what is touched."""
    found: dict[tuple[str, str], Proof] = {}
    for one in mends:
        policy = facts.files.get(one.policy)
        if policy is not None:
            line = one.quote.split("\n")[0].strip()
            quote = line if line and line in policy.text else ""
            found.setdefault((one.policy, quote), Proof("file", one.policy, policy.sha256, quote, f"The policy says so (line {one.line})."))
        for seen in one.evidence:
            file = facts.files.get(seen.path)
            if file is not None:
                quote = seen.text if seen.text and seen.text in file.text else ""
                found.setdefault((seen.path, quote), Proof("file", seen.path, file.sha256, quote, made_plain(seen.says)))
    known = {path for path, _ in found}
    for path in touched:
        if path in facts.files and path not in known:
            found[path, ""] = Proof("file", path, facts.files[path].sha256, "", "The file that the patch changes.")
    return tuple(found.values())[:64]

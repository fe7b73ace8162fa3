"""Judges a table of supported versions: against the versions in manifests and the tags of releases."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from troth.judgement.policy_scope import home_of, inside, said
from troth.judgement.version_ranges import Range, Version, parse_range, parse_version
from troth.policy.flaws import contradiction
from troth.terms.facts.dependencies import Dependencies, Package
from troth.terms.facts.history import History, Tag
from troth.terms.facts.policies import PolicySet
from troth.terms.facts.tree import Tree
from troth.terms.place import Place
from troth.terms.promise import Kind, Statement
from troth.terms.values import Params, Value
from troth.terms.verdict import Broken, Evidence, How, Kept, Partly, Unknown, Verdict

_ASIDE = re.compile(r"(?:^|/)(?:tests?|examples?|docs?|fixtures?|bench\w*|fuzz|website|site|templates?|demo\w*|patches|vendor(?:ed)?|third[_-]?party|forks?)/")
_ENDS = re.compile(r"\bsupport (?:ends?|ended)\b|end[- ]of[- ](?:life|support)|\beol\b|\buntil\b|no (?:longer|updates)|planning your migration", re.IGNORECASE)
_TAG = re.compile(r"(?:[@\w./-]*?[@/-])?v?(\d[\w.+-]*)\Z")

_NO_TABLE = re.compile(r"\brecommend|\b(?:subscribe|watch|follow) (?:to |the |our )*(?:releases?|advisor)|\bwe (?:release|publish|issue|provide) (?:\w+ )?(?:patches|fixes|updates|advisories)\b|\bfollows? the\b.{0,40}\bpolicy\b", re.IGNORECASE)
"""Advice, news and pointers: they stand near a table of versions, and are none."""
_ADVISED = re.compile(r"\b(?:recommend|advise|encourage|urge)\w*\b.{0,40}\b(?:us|run|upgrad|updat|stay)\w*\b(?!.*\b(?:supported|security (?:fix|update|patch)))", re.IGNORECASE)
_ANOTHERS = re.compile(r"\bcompatib\w+|\b\d[\w.]*\+? (?:or (?:later|newer|higher|above) )?(?:is|are) required\b|\brequires? (?:at least )?[A-Z][\w.]* v?\d|\bminimum (?:required )?(?:python|node|rust|go|java)\b", re.IGNORECASE)
_BACKPORTS = re.compile(r"\bback-?port|\b(?:two|three|four|last \d+|\d+) (?:most recent|latest|newest|last|previous|active) (?:minor |major |stable )*(?:releases?|versions?|lines?)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Row:
    text: str
    range: Range
    supported: bool


@dataclass(frozen=True, slots=True)
class _Release:
    version: Version
    name: str
    text: str
    place: Place
    private: bool = False


def verify(
    params: Params,
    statement: Statement,
    *,
    dependencies: Dependencies,
    history: History,
    policies: PolicySet,
    tree: Tree,
) -> Verdict:
    """Kept only if each current version lies in a supported row and in no other."""
    own = _rows(params.rows("rows"))
    rows = own + [row for row in _siblings(statement, policies, numbered=any(not row.range.newest for row in own)) if row not in own]
    other = _no_table(statement, empty=not own)
    if other is not None:
        return other
    branch = next((row for row in own if row.range.branch), None)
    if branch is not None and len(own) == 1:
        return _branch(branch, statement, history)
    if not rows:
        return Unknown(
            "rows with versions that can be read",
            "No version range of the table could be read.",
            (said(statement, "The table stands here."),),
        )
    current = _current(statement, rows, dependencies, policies, tree)
    tags = _tags(history)
    stable = [tag for tag in tags if not tag.version.prerelease]
    if not current or (
        stable and all(release.version < stable[-1].version and not release.private for release in current)
    ):
        # a manifest that lies behind the newest release holds a placeholder; releases are what tags say
        current = (stable or tags)[-1:]
    clash = contradiction(statement, policies, "supported-and-not") if not current else None
    if clash is not None:
        evidence = tuple(said(row, "This row answers for the same version.") for row in clash.statements)
        return Broken(How.CONTRADICTED, evidence, clash.says, "Let each version lie in one row.")
    if not current:
        return Unknown(
            "a version in a manifest, or a tag", "Neither a manifest nor a tag says which version is current."
        )
    told = _left_to_branch(rows, current, statement, history) or _weigh(rows, current, tags, statement, tree)
    if isinstance(told, Kept) and not own and _ENDS.search(statement.text):
        return Unknown("releases after that day", "The sentence tells when support ends, or has ended; the current version does not show it.", told.evidence)
    if isinstance(told, Kept) and statement.kind is not Kind.ROW and statement.durations:
        because = "The current version is supported; for how long, only releases to come can show."
        return Unknown(f"releases of {statement.durations[0].text or statement.durations[0].iso}", because, told.evidence)
    return told


def _no_table(statement: Statement, *, empty: bool) -> Unknown | None:
    """The verdict on a sentence that says something else than which versions are supported; None for every other one."""
    if empty and _NO_TABLE.search(statement.text):
        return Unknown("rows with versions", "The sentence names no version, and says something else than which are supported.", (said(statement, "It stands here."),))
    if statement.kind is not Kind.ROW and _ADVISED.search(statement.text):
        return Unknown("what users run", "The sentence advises users to run the newest version, and does not say which are supported.", (said(statement, "It stands here."),))
    if statement.kind is not Kind.ROW and _ANOTHERS.search(statement.text):
        return Unknown("rows with versions of the project", "The sentence names the version of something that the project needs or works with.", (said(statement, "It stands here."),))
    if _BACKPORTS.search(statement.text) and statement.kind is not Kind.ROW:
        return Unknown("the releases of older lines", "Fixes for more than the newest line show only in releases to come.", (said(statement, "It stands here."),))
    return None


def _rows(values: tuple[Mapping[str, Value], ...]) -> list[_Row]:
    found = []
    for value in values:
        text, supported = value.get("range"), value.get("supported")
        parsed = parse_range(text) if isinstance(text, str) else None
        if parsed is not None and isinstance(text, str) and isinstance(supported, bool):
            found.append(_Row(text, parsed, supported))
    return found


def _siblings(statement: Statement, policies: PolicySet, *, numbered: bool) -> list[_Row]:
    """Rows of the policy's other lines; a sentence beside a table that says "the latest" moves no table of numbers on."""
    return [
        row
        for promise in policies.of("versions/supported-table")
        if promise.statement.path == statement.path
        for row in _rows(promise.params.rows("rows"))
        if not (numbered and row.range.newest and promise.statement.kind is not Kind.ROW)
    ]


def _current(statement: Statement, rows: list[_Row], dependencies: Dependencies, policies: PolicySet, tree: Tree) -> list[_Release]:
    home = home_of(statement.path, policies)
    packages = [
        item.package
        for item in dependencies.manifests
        if item.package is not None and inside(home, item.path) and not _ASIDE.search(item.path)
    ]
    named = [package for package in packages if package.name and any(_names(row.text, package.name) for row in rows)]
    if named:
        return [release for package in named if (release := _release(package))]
    root = [
        release
        for item in dependencies.manifests
        if item.folder == home
        and item.package is not None
        and not item.package.private
        and (release := _release(item.package))
    ]
    if not root and f"{home}/go.mod".lstrip("/") in tree.files:
        # a Go module has its version from tags; a package that lies beside it is something else
        return []
    return root or [release for package in packages if not package.private and (release := _release(package))]


def _names(row: str, package: str) -> bool:
    return bool(re.search(rf"(?:^|[\s@/`]){re.escape(package.rpartition('/')[2])}(?:\s|`|\Z)", row))


def _release(package: Package) -> _Release | None:
    version = parse_version(package.version)
    if version is None or package.version_place is None:
        return None
    return _Release(version, package.name, package.version, package.version_place, package.private)


def _tags(history: History) -> list[_Release]:
    found = []
    for tag in history.tags:
        version = _tag_version(tag)
        if version is not None:
            found.append(_Release(version, tag.name, tag.name, Place("(git history)", 0, commit=tag.commit)))
    return sorted(found, key=lambda item: item.version)


def _tag_version(tag: Tag) -> Version | None:
    match = _TAG.match(tag.name)
    return parse_version(match.group(1)) if match and "." in match.group(1) else None


def _branch(row: _Row, statement: Statement, history: History) -> Verdict:
    names = {name.rpartition("/")[2] for name in history.branches}
    longer = re.search(rf"[\w.-]+/{re.escape(row.range.branch)}\b", statement.text)
    if longer and not any(name.endswith(longer.group()) for name in history.branches):
        return Unknown("the forge's list of branches", f"No branch of this clone is named {longer.group()}.")
    if row.range.branch in names:
        return Kept(
            (said(statement, f"It says that the {row.range.branch} branch is supported; the branch exists."),),
            f"The {row.range.branch} branch exists, and the policy says that it is supported.",
        )
    return Unknown("the forge's list of branches", f"No branch of this clone is named {row.range.branch}.")


def _left_to_branch(rows: list[_Row], current: list[_Release], statement: Statement, history: History) -> Verdict | None:
    """The verdict where no row holds the current version and one supports the branch that it comes from."""
    moving = next((row for row in rows if row.range.branch and row.supported), None)
    numbered = any(row.supported and not row.range.branch for row in rows)  # a supported row of numbers has to move on with the releases
    if moving is None or numbered or any(row.range.holds(release.version) for row in rows for release in current):
        return None
    return _branch(moving, statement, history)


def _weigh(
    rows: list[_Row], current: list[_Release], tags: list[_Release], statement: Statement, tree: Tree
) -> Verdict:
    in_table = said(statement, "The table stands here.")
    good, bad, both = list[_Release](), list[_Release](), list[_Release]()
    for release in current:
        mine = [row for row in rows if row.range.holds(release.version)]
        named = [row for row in mine if _names(row.text, release.name)]
        states = {row.supported for row in named or mine}
        (both if len(states) == 2 else good if states == {True} else bad).append(release)
    mend = "Move the table with each release."
    if both:
        return Broken(
            How.CONTRADICTED,
            (*_shown(both, "lies in a supported and in an unsupported row", tree), in_table),
            f"Two rows answer differently for {both[0].text}.",
            mend,
        )
    if bad and not good:
        where = "an unsupported row" if any(row.range.holds(bad[0].version) for row in rows) else "no row"
        return Broken(
            How.STALE,
            (*_shown(bad, f"lies in {where}", tree), in_table),
            f"The current version {bad[0].text} lies in {where} of the table.",
            mend,
        )
    if bad:
        return Partly(
            How.INCOMPLETE,
            (*_shown(bad, "lies in no supported row", tree), *_shown(good, "lies in a supported row", tree)),
            f"{bad[0].name} {bad[0].text} lies in no supported row.",
            mend,
        )
    kept = _kept(rows, good, tags, tree)
    return replace(kept, evidence=(*kept.evidence, in_table)) if isinstance(kept, Kept) else kept


def _kept(rows: list[_Row], good: list[_Release], tags: list[_Release], tree: Tree) -> Verdict:
    shown = _shown(good, "lies in a supported row", tree)
    private = [release for release in good if release.private]
    stable = [tag for tag in tags if not tag.version.prerelease]
    unlisted = stable[-1:] if stable and not any(row.range.holds(stable[-1].version) for row in rows) else []
    if (
        private
        and len(private) < len(good) + 1
        and any(_names(row.text, release.name) for row in rows for release in private)
    ):
        return Partly(
            How.INCOMPLETE,
            (*_shown(private, "is private: it is never published", tree), *shown),
            f"{private[0].name} is listed as supported, and is never published.",
            "List what is published.",
        )
    if unlisted and all(release.version.prerelease for release in good):
        return Partly(
            How.INCOMPLETE,
            (*shown, *_shown(unlisted, "is the newest stable tag, and lies in no row", tree)),
            "Only pre-releases lie in the table; the newest stable release does not.",
            "List the release that people use.",
        )
    return Kept(shown, "The current version lies in a supported row of the table, and in no other.")


def _shown(releases: list[_Release], says: str, tree: Tree) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(f"{release.name} {release.text} {says}.", release.place) if release.place.path.startswith("(")
        else tree.evidence(release.place.path, release.place.line, f"{release.name} {release.text} {says}.")
        for release in releases[:12]
    )  # fmt: skip

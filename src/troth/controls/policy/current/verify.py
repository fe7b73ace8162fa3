"""Judges a policy's own stamps: its date against the last change of the file, its version against the release."""

from __future__ import annotations

import calendar
import re
from datetime import UTC, datetime

from troth.judgement.main_line import GIT
from troth.judgement.policy_scope import home_of, inside, policy_paths, said, twin_of
from troth.judgement.version_ranges import Version, parse_version
from troth.terms.facts.dependencies import Dependencies
from troth.terms.facts.history import Changes, Commit, History
from troth.terms.facts.policies import PolicySet
from troth.terms.facts.tree import Tree
from troth.terms.place import Place
from troth.terms.promise import Statement
from troth.terms.values import Params
from troth.terms.verdict import Broken, Evidence, How, Kept, Unknown, Verdict

_DAY = 86_400
GRACE_DAYS = 10
_MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_name) if name} | {
    name.lower(): number for number, name in enumerate(calendar.month_abbr) if name
}
_ISO = re.compile(r"(\d{4})-(\d{1,2})(?:-(\d{1,2}))?\Z")
_ASIDE = re.compile(r"(?:^|/)(?:tests?|testdata|examples?|fixtures?|samples?|bench\w*|fuzz|templates?|demo\w*|evaluation|e2e)/")
_OWN_VERSION = re.compile(r"\b(?:policy|document|page)(?:'s)?\W+version\b|\bversion of (?:this|the) (?:policy|document|page)\b", re.IGNORECASE)
"""A version that the text itself carries, and not the software."""
_WORDS = re.compile(r"(?:(\d{1,2})(?:st|nd|rd|th)?\s+)?([A-Za-z]{3,9})\.?\s+(?:(\d{1,2})(?:st|nd|rd|th)?,?\s+)?(\d{4})")

_REVIEWED = re.compile(r"\breview(?:ed)?\b|\baudit(?:ed)?\b", re.IGNORECASE)
_EFFECTIVE = re.compile(r"\beffective\b|\b(?:in force|valid|applies|approved|adopted|created|published|first issued)\b", re.IGNORECASE)
_UPDATED = re.compile(r"\b(?:updated?|modified|changed|revised)\b", re.IGNORECASE)
_RELEASE_NOTE = re.compile(r"\bv?\d+\.\d+(?:\.\d+)?\b")


def verify(
    params: Params,
    statement: Statement,
    *,
    history: History,
    changes: Changes,
    dependencies: Dependencies,
    policies: PolicySet,
    tree: Tree,
) -> Verdict:
    """Kept only if every stamp of the sentence holds."""
    version, stamp = params.text("version"), params.text("last_updated")
    verdicts = []
    if stamp:
        dated = _date(stamp, statement, history, changes, policies)
        verdicts.append(_of_record(dated, statement) if isinstance(dated, Broken) else dated)
    if version and not _OWN_VERSION.search(statement.text):
        verdicts.append(_version(version, statement, dependencies, policies, tree))
    broken = next((item for item in verdicts if isinstance(item, Broken)), None)
    unknown = next((item for item in verdicts if isinstance(item, Unknown)), None)
    if broken is not None or unknown is not None:
        return broken or unknown or verdicts[0]
    if not verdicts:
        return Unknown("a date or a version in the sentence", "The sentence gives no stamp that could be compared.")
    evidence = tuple(piece for item in verdicts if isinstance(item, Kept) for piece in item.evidence)
    return Kept(evidence, "Its stamps agree with the file's last change and the release.")


def _of_record(dated: Broken, statement: Statement) -> Verdict:
    """A date of a review, or of a release that a section tells of, stays true when the file is changed later."""
    if _REVIEWED.search(statement.text) and not _UPDATED.search(statement.text):
        return Unknown("a record of the reviews", "It is the day of a review; that the file was changed later does not make it wrong.", dated.evidence)
    if _EFFECTIVE.search(statement.text) and not _UPDATED.search(statement.text):
        return Unknown("a record of the policy's editions", "It is the day from which the policy holds, and not that of its last change.", dated.evidence)
    if any(_RELEASE_NOTE.search(heading) for heading in statement.headings[1:]):
        return Unknown("what the date is of", "It dates the release that its section tells of, and not the policy.", dated.evidence)
    return dated


def _end_of(text: str) -> float | None:
    """Last second that a stamp can mean: of its day, or of its month where it names none."""
    iso, words = _ISO.match(text.strip()), _WORDS.search(text)
    try:
        if iso:
            year, month, day = int(iso.group(1)), int(iso.group(2)), int(iso.group(3) or 0)
        elif words and words.group(2).lower() in _MONTHS:
            year, month = int(words.group(4)), _MONTHS[words.group(2).lower()]
            day = int(words.group(1) or words.group(3) or 0)
        else:
            return None
        day = day or calendar.monthrange(year, month)[1]
        return datetime(year, month, day, 23, 59, 59, tzinfo=UTC).timestamp()
    except ValueError:
        return None


def _date(stamp: str, statement: Statement, history: History, changes: Changes, policies: PolicySet) -> Verdict:
    end = _end_of(stamp)
    if end is None:
        return Unknown("a date that can be read", f"{stamp!r} is no date that can be read.")
    twin = twin_of(statement.path, policies)
    if twin is not None and statement.quote.strip() not in twin.text:
        return Unknown("this text in the tree", "The policy of the tree no longer holds this stamp.")
    touched, only_added = _touching(policy_paths(statement, policies), changes)
    commits = [commit for commit in history.commits if commit.id in touched]
    if not commits or history.shallow:
        return Unknown("the policy file's history", "History does not tell when the policy was last changed.")
    last = max(commits, key=lambda commit: commit.committed)
    when = datetime.fromtimestamp(last.committed, UTC).date().isoformat()
    evidence = (_commit(last, f"The file was last changed on {when}."), said(statement, f"The stamp says {stamp}."))
    if last.committed > end + GRACE_DAYS * _DAY and only_added:
        return Unknown(
            "the file's life before it came into this repository",
            f"The file came in on {when}, after its stamp, and was not changed since.",
            evidence,
        )
    if last.committed > end + GRACE_DAYS * _DAY:
        return Broken(
            How.STALE,
            evidence,
            f"The policy was changed on {when}; its stamp says {stamp}.",
            "Move the stamp with the text, or drop it.",
        )
    if end - last.committed > 2 * 365 * _DAY:
        return Unknown("the clock of whoever wrote the stamp", "The stamp lies years after the last change.", evidence)
    return Kept(evidence, f"The policy was last changed on {when}, which its stamp covers.")


def _touching(paths: tuple[str, ...], changes: Changes) -> tuple[set[str], bool]:
    """Commits that changed the file's content, through pure renames, and whether it was only ever added."""
    names, touched, kinds = set(paths), set[str](), list[str]()
    gone = {(change.commit, change.before): change.path for change in changes.changes if change.status == "D"}
    for change in changes.changes:
        if change.path not in names:
            continue
        moved_from = gone.get((change.commit, change.after)) if change.status == "A" else None
        if moved_from is not None:
            names.add(moved_from)
        elif change.status != "D":
            touched.add(change.commit)
            kinds.append(change.status)
    return touched, kinds == ["A"]


def _commit(commit: Commit, says: str) -> Evidence:
    return Evidence(says, Place(GIT, 0, commit=commit.id), commit.subject[:200])


def _version(text: str, statement: Statement, dependencies: Dependencies, policies: PolicySet, tree: Tree) -> Verdict:
    stamp = parse_version(text)
    home = home_of(statement.path, policies)
    known: list[tuple[Version, str, Place]] = []
    for item in dependencies.manifests:
        package = item.package
        version = parse_version(package.version) if package is not None and inside(home, item.path) and not _ASIDE.search(item.path) else None
        if package is not None and version is not None and package.version_place is not None and not package.private:
            known.append((version, package.version, package.version_place))
    if stamp is None or not known:
        return Unknown(
            "a version of the software to compare with", f"There is nothing to compare the version {text} with."
        )
    same = [entry for entry in known if entry[0] == stamp]
    if same:
        place = same[0][2]
        if text.count(".") < 2 and text.strip("v ") != same[0][1].strip("v "):
            because = f"The version {text} may be the policy's own edition; the software is {same[0][1]}."
            return Unknown("what the stamp counts", because, (said(statement, f"The stamp says {text}."),))
        return Kept(
            (tree.evidence(place.path, place.line, f"The software is {same[0][1]}."),),
            f"The stamp and the software both say {text}.",
        )
    # a stamp such as "1.0" may count the policy's own editions; three parts or a pre-release mark are the software's
    newer = [entry for entry in known if entry[0] > stamp]
    if len(newer) == len(known) and (text.count(".") >= 2 or stamp.prerelease):
        place = newer[0][2]
        evidence = (
            tree.evidence(place.path, place.line, f"The software is {newer[0][1]}."),
            said(statement, f"The stamp says {text}."),
        )
        return Broken(
            How.STALE,
            evidence,
            f"The stamp says {text}; the software is {newer[0][1]}.",
            "Move the stamp with each release, or drop it.",
        )
    return Unknown(
        "what the stamp counts",
        f"The version {text} may be the policy's own edition.",
        (said(statement, f"The stamp says {text}."),),
    )

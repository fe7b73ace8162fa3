"""Judges the private contact: an unfilled template, an address that other documents contradict, a key that is nowhere. No mailbox is probed."""

from __future__ import annotations

import re

from troth.judgement.contacts import ADDRESS, Mention, placeholder_in, security_mentions
from troth.judgement.policy_scope import for_users, said, twin_of, whole
from troth.judgement.settings import switched_on
from troth.judgement.shown_settings import settings_or
from troth.terms.facts.dependencies import Dependencies
from troth.terms.facts.forge_shown import ForgeShown
from troth.terms.facts.policies import PolicySet
from troth.terms.facts.tree import Tree
from troth.terms.place import Place
from troth.terms.promise import Statement
from troth.terms.result import PolicyFile
from troth.terms.values import Params
from troth.terms.verdict import Broken, Evidence, How, Partly, Unknown, Verdict

_LISTED = re.compile(
    r"\b(?:listed|found|given|shown|published|available)\b.{0,40}\b(?:repository|repo|profile|readme|package|project|website)\b",
    re.IGNORECASE,
)
_OTHER_WAY = re.compile(r"\bsecurity tab\b|\badvisor(?:y|ies)\b|private(?:ly)? (?:vulnerability )?report(?:ing)? (?:form|feature|button)|https?://|\bprofiles?\b|\b(?:repository|repo|project) (?:home ?)?page\b|\bwebsite\b", re.IGNORECASE)
"""A way to report beside the address that is listed somewhere, or a place that is on no disk: the forge's pages."""
_PGP = re.compile(r"\b(?:PGP|GPG|OpenPGP)\b", re.IGNORECASE)
_FINGERPRINT = re.compile(r"\b(?:[0-9A-F]{4}[ :]?){10}\b|\b0x[0-9A-F]{8,40}\b|BEGIN PGP PUBLIC KEY", re.IGNORECASE)
_KEY_FILE = re.compile(
    r"(?:^|/)[\w.-]*(?:pgp|gpg|pubkey|public[_-]?key|KEYS)[\w.-]*(?:\.(?:asc|txt|gpg|pub|key))?\Z", re.IGNORECASE
)
_MEND = "Name a contact that exists and is read, and the same one everywhere."


def verify(
    params: Params,
    statement: Statement,
    *,
    policies: PolicySet,
    tree: Tree,
    dependencies: Dependencies,
    shown: ForgeShown,
) -> Verdict:
    """No file shows that somebody reads a mailbox; that the forge takes private reports, its settings show, and only that is ever Kept."""
    text = whole(statement, policies)
    # one sentence may name two ways: a template's address says nothing about the other way
    template = placeholder_in(ADDRESS.sub(" ", text) if params.text("channel") == "ghsa" else text)
    channels = (params.text("channel") or "").split("|")
    if (
        template is not None
        and "ghsa" in channels
        and len(channels) > 1
        and placeholder_in(ADDRESS.sub(" ", text)) is None
    ):
        evidence = (said(statement, f"{template[0].upper()}{template[1:]}."), *_others(statement, tree, policies))
        because = f"Of the ways that it names, the address is none ({template}); whether the forge takes reports is a setting."
        return Partly(How.INCOMPLETE, evidence, because, _MEND)
    if template is not None:
        return Broken(
            How.VACUOUS,
            (said(statement, f"{template[0].upper()}{template[1:]}."), *_others(statement, tree, policies)),
            f"The contact is no contact: {template}.",
            _MEND,
        )
    if _is_empty(statement, policies):
        return Broken(How.ABSENT, (said(statement, "Nothing stands after the colon."),), "The contact is empty.", _MEND)
    key = _key(params, statement, tree, policies)
    if key is not None:
        return key
    addresses = {found.lower() for found in ADDRESS.findall(text)}
    if not addresses and _LISTED.search(statement.text) and not _OTHER_WAY.search(statement.text):
        return _listed(statement, tree, dependencies)
    contradiction = _contradiction(addresses, statement, tree, policies)
    if contradiction is not None:
        return contradiction
    advice = for_users(statement, "use a contact")
    says = "Whether somebody reads the mailbox, or whether the forge takes private reports, is in no file."
    unseen = advice or Unknown(
        "a probe of the mailbox, or the forge's settings", says, (said(statement, "The contact stands here."),)
    )
    if advice is not None or channels != ["ghsa"] or addresses:
        return unseen
    return settings_or(
        shown, lambda forge: switched_on(forge.security.private_reporting, "private reports"), lambda: unseen
    )


def _is_empty(statement: Statement, policies: PolicySet) -> bool:
    """A list item that is a bold label and a colon, and nothing that could be its value follows: no nested line, no text, no code."""
    own = policies.file(statement.path) or twin_of(statement.path, policies)
    lines = own.text.split("\n") if own is not None else []
    if not 0 < statement.line <= len(lines) or statement.children:
        return False
    label = re.match(r"(\s*)[-*+]\s+\*\*[^*]{3,60}\*\*\s*:?\s*\Z", lines[statement.line - 1])
    if label is None:
        return False
    following = next((line for line in lines[statement.line :] if line.strip()), "")
    nested = len(following) - len(following.lstrip()) > len(label.group(1))
    return not nested and (not following or bool(re.match(r"\s*(?:[-*+]\s|\d+[.)]\s|#{1,6}\s|---)", following)))


def _key(params: Params, statement: Statement, tree: Tree, policies: PolicySet) -> Verdict | None:
    """A PGP key that the sentence promises and nothing gives: no fingerprint, no link, no file."""
    if params.text("channel") != "pgp" and (not _PGP.search(statement.text) or params.text("channel")):
        return None
    if not _PGP.search(statement.text) or re.search(
        r"\b(?:request|ask us|on demand|no (?:pgp|gpg))\b|\b(?:contact|e-?mail|write to|reach out to|message|ask)\b.{0,40}\bfor\b.{0,20}\b(?:pgp|gpg|keys?)\b", statement.text, re.IGNORECASE
    ):
        return None
    own = policies.file(statement.path)
    whole = own.text if own is not None else statement.quote
    if _FINGERPRINT.search(whole) or re.search(r"https?://\S*(?:key|pgp|gpg|asc)", whole, re.IGNORECASE):
        return None
    if any(_KEY_FILE.search(path) for path in tree.paths()):
        return None
    evidence = (said(statement, "It speaks of a key, and gives neither fingerprint nor link."),)
    return Broken(
        How.ABSENT,
        evidence,
        "The key is nowhere: no fingerprint, no link, no file.",
        "Give the fingerprint, or drop the key.",
    )


def _listed(statement: Statement, tree: Tree, dependencies: Dependencies) -> Verdict:
    found = [
        (item.path, address, line)
        for item in dependencies.manifests
        if item.package is not None
        for address, line in item.package.emails
    ]
    texts = [mention for mention in security_mentions(tree) if mention.path != statement.path]
    if found:
        return Unknown(
            "a probe of the mailbox",
            f"An address is listed in {found[0][0]}; whether somebody reads it is in no file.",
            (tree.evidence(found[0][0], found[0][2], "An address stands here."),),
        )
    if texts:
        return Unknown(
            "a probe of the mailbox",
            f"An address is listed in {texts[0].path}; whether somebody reads it is in no file.",
            (Evidence("An address stands here.", Place(texts[0].path, texts[0].line), texts[0].text),),
        )
    evidence = (said(statement, "It points to an address that no manifest and no document of the tree gives."),)
    return Broken(How.ABSENT, evidence, "The address that should be listed in the repository is not.", _MEND)


def _others(statement: Statement, tree: Tree, policies: PolicySet) -> tuple[Evidence, ...]:
    """Other documents that give another address."""
    mine = {found.lower() for found in ADDRESS.findall(statement.quote)}
    return tuple(
        _mention(item)
        for item in security_mentions(tree)
        if item.address not in mine and not _same(item.path, statement, policies)
    )[:3]


def _mention(item: Mention) -> Evidence:
    return Evidence(f"Another address stands here: {item.address}.", Place(item.path, item.line), item.text)


def _same(path: str, statement: Statement, policies: PolicySet) -> bool:
    own = twin_of(statement.path, policies)
    return path in (statement.path, own.path if own is not None else "")


def _contradiction(addresses: set[str], statement: Statement, tree: Tree, policies: PolicySet) -> Verdict | None:
    own, shown = twin_of(statement.path, policies), policies.shown
    if not addresses or own is None:
        return None
    if shown is not None and not own.shown and own.inside and shown.path != own.path and not _gives(shown, addresses):
        line = _contact_line(shown)
        evidence = (
            tree.evidence(shown.path, line, "The policy that the forge shows does not give this address."),
            said(statement, "The forge does not show this policy."),
        )
        return Partly(How.CONTRADICTED, evidence, f"People find {shown.path}, which does not name this contact.", _MEND)
    others = [
        item
        for item in security_mentions(tree)
        if not _same(item.path, statement, policies) and item.address not in addresses
    ]
    agreeing = [
        item
        for item in security_mentions(tree)
        if not _same(item.path, statement, policies) and item.address in addresses
    ]
    known = {found.lower() for file in policies.files for found in ADDRESS.findall(file.text)}
    others = [item for item in others if item.address not in known and "CONDUCT" not in item.path.upper()]  # one of several that the policies give is no other one
    if others and not agreeing:
        return Partly(
            How.CONTRADICTED,
            (_mention(others[0]), said(statement, "The policy gives this one.")),
            f"{others[0].path} gives another address.",
            _MEND,
        )
    return None


def _gives(policy: PolicyFile, addresses: set[str]) -> bool:
    return any(address in policy.text.lower() for address in addresses)


def _contact_line(policy: PolicyFile) -> int:
    """The line on which the shown policy tells how to report."""
    lines = policy.text.split("\n")
    pattern = re.compile(
        r"\b(?:report|e-?mail|contact|advisor)\w*\b.*\b(?:privately|via|through|advisor\w*|maintainer|to:?|at)\b",
        re.IGNORECASE,
    )
    return next(
        (number for number, line in enumerate(lines, start=1) if pattern.search(line) and not line.startswith("#")), 1
    )

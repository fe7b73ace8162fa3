"""Judges whether secrets are kept in a keyring or vault: is it asked, by code that is called, and is there a plain file beside it."""

from __future__ import annotations

import re

from troth.judgement.guards import not_a_claim
from troth.judgement.passages import Passage, mentioned, passages
from troth.judgement.policy_scope import said
from troth.judgement.subject import off_subject
from troth.judgement.whole_view import elsewhere
from troth.terms.facts.tree import Tree
from troth.terms.promise import Statement
from troth.terms.verdict import Broken, How, Kept, Partly, Unknown, Verdict

_WORDS = (b"keyring", b"keytar", b"safestorage", b"keychain", b"secretstorage", b"credential", b"token", b"api_key", b"apikey", b"secret")
_MATTER = re.compile(r"keyring|keychain|vault|secrets? manag|credential (?:manager|store|storage|vault)|secret (?:service|store)|\bKMS\b|safeStorage|key store|keystore", re.IGNORECASE)
_LOCAL = re.compile(r"keyring|keychain|credential (?:manager|store|vault)|secret service|safeStorage|keytar", re.IGNORECASE)
_PUTS = re.compile(r"\bkeyring\.set_password\s*\(|\bkeytar\.setPassword\s*\(|\bsafeStorage\.encryptString\s*\(|\.set_password\s*\(|\bsetPassword\s*\(|\bset_generic_password\s*\(|\badd-generic-password\b|\bEntry::new\s*\(")
_GETS = re.compile(r"\bkeyring\.get_password\s*\(|\bkeytar\.(?:getPassword|findCredentials)\s*\(|\bsafeStorage\.decryptString\s*\(|\.get_password\s*\(|\bgetPassword\s*\(|\bget_generic_password\s*\(|find-generic-password|\bEntry::new\s*\(")
_STORE = re.compile(r"\bkeyring\b|\bkeytar\b|safeStorage|keychain|secretstorage|SecretService", re.IGNORECASE)
_PLAIN = re.compile(r"(?:\.write_text|\.write|json\.dump|yaml\.(?:safe_)?dump|toml\.dump|writeFile(?:Sync)?|fs::write|set_key)\s*\([^\n]*(?:token|secret|password|credential|api_?key)", re.IGNORECASE)
_HOLLOW = re.compile(r"\bPlaintextKeyring\s*\(|\bset_keyring\s*\(\s*\w*(?:Plain|Null|Fail)\w*")
_ANY = re.compile(rb"keyring|keychain|keytar|safestorage|secretstorage|credential.?manager|wincred|dpapi|libsecret|secret.service|security add-generic|stronghold|vault|onepassword", re.IGNORECASE)
_MEND = "Store the secret in the keyring only, and refuse where there is none."
_LOOK = "a look at where each secret is kept"


def verify(statement: Statement, tree: Tree) -> Verdict:
    """Broken where no code knows the named store, or nothing calls what does; Partly where a plain file stands beside it; Kept where it is written, read, and nothing is seen to write secrets elsewhere."""
    other = not_a_claim(statement, "use a keyring or vault") or off_subject(statement, _MATTER, "a store of secrets")
    if other is not None:
        return other
    if not _LOCAL.search(statement.text) or re.search(r"\bgithub|\baws|\bgcp|azure|hashicorp|kubernetes|cloud|recommend|consider|should\b|production", statement.text, re.IGNORECASE):
        return Unknown(_LOOK, "What a vault of another service holds is not in the tree.")
    found = passages(tree, _WORDS)
    puts = _uses(found.innermost(), _PUTS)
    gets = _uses(found.innermost(), _GETS)
    if not puts and not gets:
        return _absent(statement, tree, bool(found.unread))
    live = [(one, line) for one, line in puts if mentioned(tree, one)]
    if puts and not live:
        return Broken(How.BYPASSED, tuple(one.evidence(tree, line, "Nothing outside of tests calls it.") for one, line in puts[:4]), "What stores secrets in the keyring is never called.", _MEND)
    hollow = [(one, line) for one in found.innermost() for line, _ in one.find(_HOLLOW)]
    if hollow:
        return Broken(How.TOOTHLESS, tuple(one.evidence(tree, line, "This back end of the keyring keeps plain text.") for one, line in hollow[:3]), "The keyring is one that keeps plain text.", _MEND)
    shown = tuple(one.evidence(tree, line, "The secret is put into the store.") for one, line in live[:3])
    files = {one.path for one, _ in live}
    plain = [(one, line) for one in found.innermost() for line, _ in one.find(_PLAIN) if one.path in files and not re.search(r"encrypt|hash|test|stdout|stderr|\blog", one.code, re.IGNORECASE)]
    if live and plain:
        beside = tuple(one.evidence(tree, line, "It is written to a file as well.") for one, line in plain[:3])
        return Partly(How.BYPASSED, (*beside, *shown), "Beside the keyring there is a way into a plain file.", _MEND)
    elsewhere_plain = [(one, line) for one in found.innermost() for line, _ in one.find(_PLAIN) if one.path not in files]
    hidden = elsewhere(tree) or next(iter(found.unread), "")
    if not live or not gets or hidden or elsewhere_plain:
        because = f"{hidden} is not read here." if hidden else "The store is used; that every secret of the sentence goes there is not seen."
        return Unknown(_LOOK, because, (*shown, *(one.evidence(tree, line, "What is written here?") for one, line in elsewhere_plain[:2])))
    one, line = gets[0]
    return Kept((*shown, one.evidence(tree, line, "And read from there.")), "Secrets are put into the system's store and read from it; no code is seen to write them elsewhere.")


def _uses(every: tuple[Passage, ...], pattern: re.Pattern[str]) -> list[tuple[Passage, int]]:
    return [(one, line) for one in every for line, match in one.find(pattern) if _STORE.search(one.code) or "keyring" in match.group().lower() or _imports(every, one.path)]


def _imports(every: tuple[Passage, ...], path: str) -> bool:
    return any(_STORE.search(one.text) for one in every if one.path == path and one.outside)


def _absent(statement: Statement, tree: Tree, unread: bool) -> Verdict:
    code = tree.paths("*.py", "*.ts", "*.tsx", "*.js", "*.mjs", "*.cjs", "*.rs", "*.toml", "*package.json", "*requirements*.txt", "*.sh", "*.json")
    if not any(path.endswith((".py", ".ts", ".js", ".rs")) for path in code) or unread or elsewhere(tree) or any(_ANY.search(tree.reader(path) or b"keyring") for path in code if tree.files[path].size < 2_000_000):
        return Unknown(_LOOK, "No code that puts a secret into such a store is known here.")
    return Broken(How.ABSENT, (said(statement, "It names a store; no code and no manifest of the tree knows one."),), "Nothing in the tree uses such a store.", _MEND)

"""Judges whether passwords are stored as slow, salted hashes: which functions hash and compare them, and with which cost."""

from __future__ import annotations

import re

from troth.judgement.guards import not_a_claim
from troth.judgement.passages import Passage, Passages, mentioned, passages
from troth.judgement.subject import off_subject
from troth.judgement.whole_view import elsewhere, told_numbers
from troth.terms.facts.tree import Tree
from troth.terms.promise import Statement
from troth.terms.verdict import Broken, Evidence, How, Kept, Partly, Unknown, Verdict

_WORDS = (b"passw", b"passphrase", b"pwd", b"bcrypt", b"argon2")
_MATTER = re.compile(r"passw|passphrase|bcrypt|argon2|scrypt|pbkdf2", re.IGNORECASE)
_PASSWORD = re.compile(r"passw|passphrase|pwd|plain", re.IGNORECASE)
_SLOW = (
    ("bcrypt", re.compile(r"\bbcrypt(?:js)?\.(?:hashpw|hash|hashSync|generate_password_hash)\s*\(|\bbcrypt::hash(?:_with_\w+)?\s*\(|\bhashpw\s*\(")),
    ("argon2", re.compile(r"\bargon2\.(?:hash|hash_password|using)\b|\bPasswordHasher\s*\(|\bArgon2::|\bArgon2id?\s*\(|\bPasswordHash\.recommended\s*\(")),
    ("scrypt", re.compile(r"\b(?:hashlib\.|crypto\.)?scrypt(?:Sync|Async)?\s*\(|\bScrypt\s*\(")),
    ("pbkdf2", re.compile(r"\bpbkdf2(?:_hmac|Sync|Async)?(?:::<\w+>)?\s*\(|\bPBKDF2HMAC\s*\(|\bpbkdf2_sha(?:256|512)\.")),
    ("", re.compile(r"\bgenerate_password_hash\s*\(|\bmake_password\s*\(|\bCryptContext\s*\(|\bBun\.password\.hash|\bpwd_context\.hash\s*\(")),
)
_IMPORTED = re.compile(r"\bhash\b[^;\n]*\bfrom\s+['\"](?:bcrypt|bcryptjs|argon2|@node-rs/\w+)['\"]|from\s+(?:bcrypt|argon2)\s+import\b[^\n]*\bhash")
_BARE = re.compile(r"(?<![\w.])hash(?:pw|Sync)?\s*\(")
_CHECKS = re.compile(r"\bcheckpw\s*\(|\.verify(?:_password|Sync)?\s*\(|\bverify_password\s*\(|\bcompare(?:Sync)?\s*\(|\bcheck_password(?:_hash)?\s*\(|compare_digest\s*\(|timingSafeEqual\s*\(|\bauthenticate\s*\(")
_FAST = re.compile(
    r"\bhashlib\.(?:md5|sha1|sha224|sha256|sha384|sha512|sha3_\d+|blake2[bs])\s*\([^()\n]*(?:\([^()\n]*\))?[^()\n]*\b\w*(?:passw|passphrase|pwd)\w*"
    r"|createHash\s*\([^)\n]*\)\s*\.update\s*\([^)\n]*\b\w*(?:passw|passphrase|pwd)\w*"
    r"|\bSha(?:1|256|512)::digest\s*\([^)\n]*passw|\b(?:md5|sha1|sha256)\s*\(\s*\w*(?:passw|pwd)\w*",
    re.IGNORECASE,
)
_KEEPS = re.compile(r"hash|store|save|register|sign_?up|create_?user|set_?passw|verify|check|login|authenticat|compare", re.IGNORECASE)
_ASIDE = re.compile(r"pwned|hibp|breach|Fernet|AESGCM|createCipheriv|derive|cache_?key|\bkdf\b", re.IGNORECASE)
_PLAIN = re.compile(r"\b(?:\w*user|account|row|record|member|found|existing\w*)(?:\.|\?\.)(?:password|passwd|pwd)\s*[=!]==?\s*(?!None\b|null\b|undefined\b|['\"])[\w.]*(?:passw|pwd)\w*", re.IGNORECASE)
_WEAK_SCHEME = re.compile(r"schemes\s*=\s*\[\s*['\"](?:plaintext|md5_crypt|hex_\w+|sha1_crypt|des_crypt|ldap_\w*md5|unix_disabled)['\"]")
_COST = (
    ("bcrypt", re.compile(r"gensalt\s*\(\s*(?:rounds\s*=\s*)?(\w+)|\bbcrypt(?:js)?\.hash(?:Sync)?\s*\((?:[^(),]|\([^()]*\))+,\s*([\w.]+)|bcrypt__(?:default_)?rounds\s*=\s*(\w+)|genSalt(?:Sync)?\s*\(\s*(\w+)|bcrypt::hash\s*\([^,]+,\s*(\w+)"), 10),
    ("pbkdf2", re.compile(r"pbkdf2_hmac\s*\((?:[^(),]|\([^()]*\))+,(?:[^(),]|\([^()]*\))+,(?:[^(),]|\([^()]*\))+,\s*(?:iterations\s*=\s*)?([\w.]+)|\biterations\s*[=:]\s*([\w.]+)|pbkdf2(?:Sync)?\s*\([^(),]+,[^(),]+,\s*([\w.]+)"), 100_000),
    ("scrypt", re.compile(r"hashlib\.scrypt\s*\([^)]*\bn\s*=\s*([\w*]+)|\bcost\s*:\s*(\w+)"), 1 << 14),
)
_ELSEWHERE = re.compile(rb"supabase|auth0|firebase|clerk|cognito|keycloak|next-auth|nextauth|better-auth|okta|ldap", re.IGNORECASE)
_MEND = "Hash passwords with argon2id, scrypt, bcrypt (cost 10 or more) or PBKDF2 (600,000 rounds of SHA-256), and compare by the library's verify."
_RUN = "a look at where passwords are kept"


def verify(statement: Statement, tree: Tree) -> Verdict:
    """Broken where a password is stored or compared in the clear or as a fast hash; Partly for a cost or a function other than said; Kept only with a slow hash that is called and verified."""
    other = not_a_claim(statement, "hash passwords") or off_subject(statement, _MATTER, "passwords")
    if other is not None:
        return other
    found = passages(tree, _WORDS)
    inner = found.innermost()
    tops = {one.path: one.text for one in inner if one.outside}
    fast = [one.evidence(tree, line, says) for one in inner for line, says in _faults(one)]
    slow = [(name, one, line) for one in inner for name, line in _hashing(one, tops.get(one.path, ""))]
    live = [(name, one, line) for name, one, line in slow if mentioned(tree, one)]
    shown = tuple(one.evidence(tree, line, "It hashes a password slowly.") for _, one, line in live[:4])
    if fast and not live:
        return Broken(How.CONTRADICTED, tuple(fast[:6]), "Passwords are not hashed by a function that is slow and salted.", _MEND)
    if fast:
        return Partly(How.BYPASSED, (*fast[:6], *shown[:2]), "Passwords are hashed slowly in one place and not in another.", _MEND)
    if slow and not live:
        return Broken(How.BYPASSED, tuple(one.evidence(tree, line, "Nothing outside of tests calls it.") for _, one, line in slow[:4]), "What hashes passwords is never called.", _MEND)
    if not live:
        return Unknown(_RUN, "No code that hashes passwords is known here; a service or another language may do it.")
    return _cost(statement, tree, found, live) or _named(statement, tree, live, shown) or _whole(tree, found, live, shown)


def _faults(one: Passage) -> list[tuple[int, str]]:
    found = [(line, "A fast hash of a password.") for line, match in one.find(_FAST) if _stores(one, match) and not _ASIDE.search(one.code)]
    found += [(line, "Passwords are compared as they are.") for line, match in one.find(_PLAIN) if not re.search(r"confirm|repeat|again|old|new", match.group(), re.IGNORECASE)]
    return found + [(line, "A scheme that is no slow hash.") for line, _ in one.find(_WEAK_SCHEME, strings=True)]


def _stores(one: Passage, match: re.Match[str]) -> bool:
    """The hash is kept or compared, and not handed to a slow hash at once."""
    start = one.code.rfind("\n", 0, match.start()) + 1
    line = one.code[start : one.code.find("\n", match.end()) if "\n" in one.code[match.end() :] else len(one.code)]
    return bool(_KEEPS.search(one.name) or re.search(r"\w*(?:hash|digest|stored)\w*\s*[:=]", line)) and not re.search(r"hashpw|bcrypt|argon2|hmac", one.code)


def _hashing(one: Passage, top: str) -> list[tuple[str, int]]:
    about = _PASSWORD.search(one.name) or _PASSWORD.search(one.code)
    bare = [("bcrypt", line) for line, _ in one.find(_BARE)] if about and top and _IMPORTED.search(top) else []
    return bare + [(name, line) for name, pattern in _SLOW for line, match in one.find(pattern) if about and not one.code[: match.start()].rstrip().endswith(("import", "def"))]


def _cost(statement: Statement, tree: Tree, found: Passages, live: list[tuple[str, Passage, int]]) -> Verdict | None:
    """Partly where the cost is below what is safe, or below what the sentence says."""
    told = max((number for number in told_numbers(statement.text) if number >= 8), default=0)
    weak: list[Evidence] = []
    used = {name for name, _, _ in live}
    least = 0
    for name, pattern, floor in _COST:
        for one in found.innermost():
            for line, match in one.find(pattern) if name in used or not used - {""} else ():
                value = _number(next((group for group in match.groups() if group), ""), found, one.path)
                least = max(floor, told) if told and (told >= 10_000) == (name == "pbkdf2") and (told < 64) == (name == "bcrypt") else floor
                if value is not None and value < least:
                    weak.append(one.evidence(tree, line, f"A cost of {value:,}; {least:,} is {'said' if least == told else 'the least that is safe'}."))
    return Partly(How.INCOMPLETE, tuple(weak[:6]), "The hash is cheaper than it should be.", _MEND) if weak else None


def _number(word: str, found: Passages, path: str) -> int | None:
    text = word.replace("_", "")
    power = re.fullmatch(r"(\d+)\*\*(\d{1,2})", text)
    if power is not None:
        return int(pow(int(power.group(1)), int(power.group(2))))
    if text.isdigit():
        return int(text)
    name = word.rpartition(".")[2]
    values = {match.group(1) for one in found if one.path == path and name for match in re.finditer(rf"\b{re.escape(name)}\b(?:\s*:\s*\w+)?\s*=\s*(\d[\d_]*)\b", one.code)}
    return int(values.pop().replace("_", "")) if len(values) == 1 else None


def _named(statement: Statement, tree: Tree, live: list[tuple[str, Passage, int]], shown: tuple[Evidence, ...]) -> Verdict | None:
    """Partly where the sentence names a function and the code uses another."""
    said = {name for name in ("bcrypt", "argon2", "scrypt", "pbkdf2") if re.search(rf"(?<!b){name}" if name == "scrypt" else name, statement.text, re.IGNORECASE)}
    used = {name for name, _, _ in live}
    if not said or "" in used or used & said:
        return None
    if any(tree.text(path) is not None and re.search(next(iter(said)), tree.text(path) or "", re.IGNORECASE) for path in {one.path for _, one, _ in live}):
        return None
    return Partly(How.CONTRADICTED, shown, f"The sentence says {' and '.join(sorted(said))}; the code uses {' and '.join(sorted(used))}.", "Name what is used.")


def _whole(tree: Tree, found: Passages, live: list[tuple[str, Passage, int]], shown: tuple[Evidence, ...]) -> Verdict:
    checks = [(one, line) for one in found.innermost() for line, _ in one.find(_CHECKS) if _PASSWORD.search(one.code)]
    if not checks or not any(mentioned(tree, one) for one, _ in checks):
        return Unknown(_RUN, "A slow hash is made, and nothing that is known here compares it.", shown)
    hidden = elsewhere(tree)
    if hidden or found.unread:
        return Unknown(_RUN, f"{hidden or found.unread[0]} is not read here, and may store passwords too.", shown)
    if any(_ELSEWHERE.search(tree.reader(path) or b"") for path in tree.paths("package.json", "pyproject.toml", "requirements*.txt")):
        return Unknown(_RUN, "Another service authenticates too; how it stores passwords is not in this tree.", shown)
    one, line = checks[0]
    return Kept((*shown, one.evidence(tree, line, "It is compared here.")), f"Passwords are hashed slowly in {len(live)} place{'s' if len(live) > 1 else ''}, and nothing stores or compares them otherwise.")

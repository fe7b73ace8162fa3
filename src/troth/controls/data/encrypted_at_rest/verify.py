"""Judges whether stored data are encrypted: is there a cipher, does anything call it, is its result what is stored, and where does its key come from."""

from __future__ import annotations

import re

from troth.judgement.braces import closing
from troth.judgement.guards import not_a_claim
from troth.judgement.passages import Passage, Passages, mentioned, passages
from troth.judgement.policy_scope import said
from troth.judgement.subject import off_subject
from troth.judgement.whole_view import elsewhere
from troth.terms.facts.tree import Tree
from troth.terms.promise import Statement
from troth.terms.verdict import Broken, Evidence, How, Kept, Partly, Unknown, Verdict

_WORDS = (b"encrypt", b"cipher", b"fernet", b"aesgcm", b"secretbox", b"chacha20", b"crypto.subtle")
_MATTER = re.compile(r"encrypt|cipher|\bAES\b|fernet|chacha", re.IGNORECASE)
_CIPHER = re.compile(r"\bencryptor\s*\(|\.encrypt(?:_and_digest|_in_place|_sync)?\s*\(|\bcreateCipheriv\s*\(|\bsubtle\.encrypt\s*\(|\bsecretbox\s*\(|\bseal_in_place\w*\s*\(|\bcrypto_secretbox\w*\s*\(|\bsafeStorage\.encryptString\s*\(")
_KINDS = re.compile(r"\bFernet\b|MultiFernet|\bAESGCM\b|AESGCMSIV|ChaCha20Poly1305|\bAES\.new\b|createCipheriv|subtle\.encrypt|SecretBox|secretbox|\bCipher\s*\(|Aes256Gcm|Aes128Gcm|algorithms\.AES|safeStorage|age::|XChaCha20", re.IGNORECASE)
_UNDO = re.compile(r"\.decrypt\w*\s*\(|createDecipheriv|decryptor\s*\(|secretbox\.open|open_in_place|decryptString", re.IGNORECASE)
_NAMED = re.compile(r"(?:^|_)encrypt(?!or|ed\b|ion_?(?:key|enabled|config))|^encrypt[A-Z]?|Encrypt(?!or|ed|ion)", re.ASCII)
_FAKE = re.compile(r"b64encode|btoa\s*\(|toString\s*\(|\^|rot13|codecs\.encode|\[::-1\]|return\s+\w+\s*;?\s*$", re.MULTILINE)
_ECB = re.compile(r"\bMODE_ECB\b|\bmodes\.ECB\b|['\"]aes-?\d+-ecb['\"]|mode\.ECB\b", re.IGNORECASE)
_FIXED = re.compile(
    r"\bFernet\s*\(\s*b?['\"][^'\"]{8,}['\"]|createCipheriv\s*\(\s*['\"][^'\"]+['\"]\s*,\s*(?:Buffer\.from\s*\(\s*)?['\"][^'\"]{8,}['\"]|\b(?:AESGCM|ChaCha20Poly1305)\s*\(\s*b['\"][^'\"]{8,}['\"]|\bAES\.new\s*\(\s*b['\"][^'\"]{8,}['\"]"
    r"|\b\w*(?:ENCRYPT\w*|CIPHER|AES|FERNET|MASTER)_?KEY\s*=\s*b?['\"](?![a-zA-Z]+(?:[_.:/-][a-zA-Z]+)*['\"])[\w+/=!@#$%^&*-]{16,}['\"]"
)
_DEFAULT = re.compile(r"(?:getenv|environ\.get)\s*\(\s*['\"]\w*(?:ENCRYPT\w*|CIPHER|AES|FERNET|MASTER)_?KEY\w*['\"]\s*,\s*b?['\"][^'\"]{4,}['\"]|process\.env\.\w*(?:ENCRYPT\w*|CIPHER|AES|MASTER)_?KEY\w*\s*(?:\|\||\?\?)\s*['\"][^'\"]{4,}['\"]")
_ZERO = re.compile(r"\b(?:iv|nonce)\s*=\s*(?:b['\"](?:\\x00)+['\"]\s*(?:\*\s*\d+)?|bytes\s*\(\s*\d+\s*\)|Buffer\.alloc\s*\(\s*\d+\s*\)|\[0u8;\s*\d+\])", re.IGNORECASE)
_WRITES = re.compile(r"\.write_(?:bytes|text)\s*\(|\.write\s*\(|\bopen\s*\([^)\n]*['\"][wax]b?\+?['\"]|writeFile(?:Sync)?\s*\(|\bfs::write\s*\(|\.execute\s*\(|\.(?:insert|save|put|upsert|create|update|commit|setItem|set)\s*\(|\bINSERT\b|process_bind_param|get_db_prep_\w+")
_STRONG = (
    ("AES-256", re.compile(r"AES[- ]?256|256[- ]bit AES", re.IGNORECASE), re.compile(r"aes-256|AESGCM|Aes256|AES\.new|algorithms\.AES|AES-GCM|AES-CBC|subtle|sqlcipher", re.IGNORECASE)),
    ("Fernet", re.compile(r"\bFernet\b"), re.compile(r"Fernet")),
    ("ChaCha20", re.compile(r"chacha20", re.IGNORECASE), re.compile(r"chacha20", re.IGNORECASE)),
)
_ALGORITHM = re.compile(r"AES[- ]?(?:128|192|256|GCM|CBC)|\bAES\b|Fernet|ChaCha20|SQLCipher|secretbox|XSalsa", re.IGNORECASE)
_ANY = re.compile(rb"encrypt|cipher|fernet|\baes|chacha|secretbox|keyring|keychain|keytar|kms|vault|dpapi|libsecret|safestorage|stronghold|sops|luks|nacl|\bage\b", re.IGNORECASE)
_ALL = re.compile(r"\b(?:all|every|any)\b[^.]{0,40}\b(?:data|information|content|files?|storage|databases?|records?)\b|\b(?:user|customer|sensitive|stored|your) data\b|\bdata (?:at rest|is|are)\b|^\W*(?:data )?encryption at rest", re.IGNORECASE)
_THING = re.compile(r"\b(credential|token|secret|api[-_ ]?key|key|password|session|cookie|config|conversation|message|memory|memories|backup|note|file|vault|document|record|database|payload|pii)", re.IGNORECASE)
_INFRA = re.compile(r"\b(?:cloud|AWS|S3|RDS|KMS|GCP|Azure|disk|LUKS|volume|TPM|etcd|infrastructure|hosting|provider|Supabase|keychain|keyring|transit|TLS|https)\b", re.IGNORECASE)
_MEND = "Encrypt with an authenticated cipher before storing, with a key from outside of the code."
_LOOK = "a look at what is stored"


def verify(statement: Statement, tree: Tree) -> Verdict:
    """Broken by encryption that is none, is never called or has its key in the code; Kept only where what a cipher gives is what is stored, and the sentence speaks of that."""
    other = not_a_claim(statement, "encrypt what they store") or off_subject(statement, _MATTER, "encryption")
    if other is not None:
        return other
    found = passages(tree, _WORDS)
    ciphers = [(one, line) for one in found.innermost() for line, _ in one.find(_CIPHER) if _real(one, found)]
    live = [(one, line) for one, line in ciphers if mentioned(tree, one)]
    flaw = _hollow(tree, found, ciphers) or (_unused(tree, ciphers) if ciphers and not live and _own(statement) else None) or _flawed(tree, found, live)
    if flaw is not None:
        return flaw
    shown = tuple(one.evidence(tree, line, "It encrypts.") for one, line in live[:4])
    if not live:
        return _absent(statement, tree, found)
    told = _mismatch(statement, found, shown)
    return told or _stored(statement, tree, found, live, shown)


def _real(one: Passage, found: Passages) -> bool:
    """A cipher of a library stands in the file: `.encrypt(` alone may be anybody's."""
    return any(_KINDS.search(other.text) for other in found if other.path == one.path)


def _hollow(tree: Tree, found: Passages, ciphers: list[tuple[Passage, int]]) -> Verdict | None:
    """What is called encryption and holds no cipher, where nothing else encrypts."""
    if ciphers or any(_KINDS.search(one.code) for one in found):
        return None
    named = [one for one in found if not one.outside and _NAMED.search(one.name) and not _CIPHER.search(one.code) and _FAKE.search(one.code)]
    if not named or elsewhere(tree):
        return None
    shown = tuple(one.evidence(tree, one.line, "It is called encryption, and no cipher is in it.") for one in named[:4])
    return Broken(How.TOOTHLESS, shown, "What is called encryption only rewrites the text.", _MEND)


def _unused(tree: Tree, ciphers: list[tuple[Passage, int]]) -> Verdict:
    shown = tuple(one.evidence(tree, one.line if one.name else line, "Nothing outside of tests calls it.") for one, line in ciphers[:4])
    return Broken(How.BYPASSED, shown, "What encrypts is never called.", _MEND)


def _flawed(tree: Tree, found: Passages, live: list[tuple[Passage, int]]) -> Verdict | None:
    """The key or the nonce stands in the code, or the mode shows what is equal."""
    paths = {one.path for one, _ in live}
    faults: list[tuple[re.Pattern[str], str, str]] = [
        (_FIXED, "The key is written in the code.", "Whoever has the code has the key."),
        (_ECB, "The mode ECB: equal blocks stay equal.", "The mode of the cipher shows what is equal."),
        (_ZERO, "The nonce is always the same.", "With a fixed nonce, two texts under one key give each other away."),
    ]
    for pattern, says, because in faults:
        hits = [one.evidence(tree, line, says) for one in found.innermost() if one.path in paths for line, _ in one.find(pattern, strings=True)]
        if hits:
            return Broken(How.BYPASSED, tuple(_masked(hit) for hit in hits[:4]), because, _MEND)
    hits = [one.evidence(tree, line, "Without a setting the key is the one in the code.") for one in found.innermost() if one.path in paths for line, _ in one.find(_DEFAULT, strings=True)]
    return Partly(How.BYPASSED, tuple(_masked(hit) for hit in hits[:4]), "Who sets no key encrypts with the one in the code.", "Refuse to start without a key.") if hits else None


def _masked(evidence: Evidence) -> Evidence:
    """The evidence without what may be a key."""
    return Evidence(evidence.says, evidence.place, re.sub(r"(['\"])[^'\"]{8,}\1", r"\1...\1", evidence.text), evidence.source)


def _own(statement: Statement) -> bool:
    """The sentence speaks of a thing that the program stores, and not of data wherever they lie."""
    return bool(_THING.search(statement.text)) and not _ALL.search(statement.text) and not _INFRA.search(statement.text)


def _absent(statement: Statement, tree: Tree, found: Passages) -> Verdict:
    if not _ALGORITHM.search(statement.text) or _INFRA.search(statement.text) or elsewhere(tree) or found.unread:
        return Unknown(_LOOK, "No code that encrypts is known here; a disk, a database or a service may.")
    code = tree.paths("*.py", "*.ts", "*.tsx", "*.js", "*.mjs", "*.rs", "*.toml", "*package.json", "*.yml", "*.yaml", "*.tf", "*requirements*.txt", "*.sql", "*.sh", "*Dockerfile*")
    if not any(path.endswith((".py", ".ts", ".js", ".rs")) for path in code) or any(_ANY.search(tree.reader(path) or b"encrypt") for path in code):
        return Unknown(_LOOK, "No code that encrypts is known here, though the word is in the tree.")
    return Broken(How.ABSENT, (said(statement, "It names a cipher; no code, manifest or deployment file of the tree holds one."),), "Nothing in the tree encrypts anything.", _MEND)


def _mismatch(statement: Statement, found: Passages, shown: tuple[Evidence, ...]) -> Verdict | None:
    """Partly where the sentence names a cipher and the code uses another."""
    for name, says, has in _STRONG:
        if says.search(statement.text) and not any(has.search(one.text) for one in found):
            return Partly(How.CONTRADICTED, shown, f"The sentence says {name}, and the code uses another cipher.", "Name what is used.")
    return None


def _stored(statement: Statement, tree: Tree, found: Passages, live: list[tuple[Passage, int]], shown: tuple[Evidence, ...]) -> Verdict:
    """Kept where a cipher's result is stored in the same function, and the sentence's thing is what that function is about."""
    names = {one.name for one, _ in live if one.name and _NAMED.search(one.name)}
    call = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(names)))})\s*\(" if names else r"(?!)")
    places = [(one, min(line for line, _ in _encrypting(one, call))) for one in found.innermost() if not one.outside and any(True for _ in _encrypting(one, call))]
    kept = [(one, line, wrote) for one, line in places for wrote, match in one.find(_WRITES, strings=True) if wrote >= line and mentioned(tree, one) and _sealed(one, match.end(), call)]
    things = {match.group(1).lower() for match in _THING.finditer(statement.text)}
    about = [(one, line, wrote) for one, line, wrote in kept if things and any(thing.rstrip("s") in (one.name + one.path + one.code).lower().replace("_", " ").replace("-", " ") for thing in things)]
    undone = any(_UNDO.search(one.code) for one in found)
    hidden = elsewhere(tree) or next(iter(found.unread), "")
    if not about or not undone or hidden or _ALL.search(statement.text) or _INFRA.search(statement.text):
        because = f"{hidden} is not read here." if hidden else "It encrypts; whether all that is stored passes it is not seen."
        return Unknown(_LOOK, because, shown)
    one, line, wrote = about[0]
    evidence = (one.evidence(tree, line, "It is encrypted here."), one.evidence(tree, wrote, "And what is encrypted is stored."))
    return Kept((*evidence, *shown[:2]), "What the sentence names is encrypted before it is stored, with a key that is not in the code.")


def _encrypting(one: Passage, call: re.Pattern[str]) -> list[tuple[int, re.Match[str]]]:
    return [*one.find(_CIPHER), *((line, match) for line, match in one.find(call) if not re.search(r"(?:def|function|fn)\s+\Z", one.code[: match.start()]))]


def _sealed(one: Passage, at: int, call: re.Pattern[str]) -> bool:
    """What is stored is what the cipher gave, or was made of it."""
    given = one.code[at : closing(one.code, at - 1)] if one.code[at - 1 : at] == "(" else one.code[at : at + 400]
    lines = one.code.split("\n")
    names: set[str] = set()
    for _ in range(3):
        for line in lines:
            target = re.match(r"\s*(?:const\s+|let\s+)?([\w.]+)(?:\[[^\]]*\])?\s*(?::\s*[\w\[\], ]+)?\s*\+?=(?!=)(.*)", line)
            if target is not None and (_CIPHER.search(line) or call.search(line) or any(re.search(rf"\b{re.escape(name)}\b", target.group(2)) for name in names)):
                names.add(target.group(1).rpartition(".")[2])
    return bool(_CIPHER.search(given) or call.search(given) or re.search(r"\w*encrypt\w*|\bcipher\w*", given, re.IGNORECASE) or any(re.search(rf"\b{re.escape(name)}\b", given) for name in names)) or not given.strip()

"""Judges whether tokens, keys and nonces come from the system's generator: every place that is seen to make one, and with what."""

from __future__ import annotations

import re

from troth.judgement.guards import not_a_claim
from troth.judgement.passages import Passage, mentioned, passages
from troth.judgement.subject import off_subject
from troth.judgement.whole_view import elsewhere, told_numbers
from troth.terms.facts.code_lines import CodeLines
from troth.terms.facts.tree import Tree
from troth.terms.promise import Statement
from troth.terms.verdict import Broken, Evidence, How, Kept, Partly, Unknown, Verdict

_WORDS = (b"random", b"secrets", b"uuid", b"nanoid", b"osrng", b"thread_rng", b"rng")
_MATTER = re.compile(r"random|csprng|entropy|uuid|unpredictable|urandom|token_(?:urlsafe|hex|bytes)|nanoid", re.IGNORECASE)
_SECRET = re.compile(
    r"(?:access|auth|session|csrf|xsrf|reset|api|refresh|verif\w*|invit\w*|bearer|login|device|join|share|pair\w*|magic|gateway|bot|admin|security|remember)_?-?token|(?:generate|create|make|new|gen|issue|mint|random)_?(?:\w+_)?token(?!s|iz)|token_?(?:generat|creat)"
    r"|secret|passw|passphrase|nonce|\bsalt\b|_salt|session_?id|\botp\b|_otp|api_?key|csrf|pairing_?code|(?:verif\w*|invite|auth\w*|access|reset)_?code|signing_?key|encryption_?key|private_?key|code_?verifier",
    re.IGNORECASE,
)
_WEAK = re.compile(r"(?<![\w.])(?:random|np\.random|numpy\.random)\.(?:choices?|randint|randrange|random|getrandbits|sample|randbytes|uniform|integers)\s*\(|\bMath\.random\s*\(|(?<![\w.])uuid\.uuid1\s*\(|\bfastrand::|\bSmallRng\b")
_STRONG = re.compile(
    r"(?<![\w.])secrets\.(?:token_\w+|choice|randbelow|randbits|SystemRandom)\s*\(|\bos\.urandom\s*\(|(?<![\w.])(?:random\.)?SystemRandom\s*\(|\bcrypto(?:\.webcrypto)?\.(?:randomBytes|randomUUID|randomInt|getRandomValues)\s*\(|"
    r"(?<![\w.])(?:randomBytes|randomUUID|getRandomValues|randomInt|nanoid|token_urlsafe|token_hex|token_bytes|uuid4)\s*\(|\buuid\.uuid4\s*\(|\bOsRng\b|\bthread_rng\s*\(|\bgetrandom::|\brand::rng\s*\(|\bSystemRandom::new|\bUuid::new_v4|\bgenerate_key\s*\("
)
_POSES = re.compile(r"^\s*import\s+random\s+as\s+secrets\b|\bsecrets\s*=\s*random\b", re.MULTILINE)
_NAMED = re.compile(r"\b(?:secrets\.\w+|os\.urandom|crypto\.\w+|randomBytes|randomUUID|getRandomValues|token_(?:urlsafe|hex|bytes)|OsRng|SystemRandom|nanoid)\b")
_SIZE = re.compile(r"(?:token_(?:urlsafe|hex|bytes)|urandom|randomBytes)\s*\(\s*(\d+)\s*\)")
_SUBJECTS = (
    ("session", re.compile(r"\bsession", re.IGNORECASE)),
    ("token", re.compile(r"\btokens?\b", re.IGNORECASE)),
    ("nonce", re.compile(r"\bnonces?\b|\bIVs?\b|initiali[sz]ation vector", re.IGNORECASE)),
    ("salt", re.compile(r"\bsalts?\b", re.IGNORECASE)),
    ("password", re.compile(r"\bpasswords?\b", re.IGNORECASE)),
    ("key", re.compile(r"\bkeys?\b", re.IGNORECASE)),
    ("secret", re.compile(r"\bsecrets\b(?!\.)", re.IGNORECASE)),
    ("code", re.compile(r"\b(?:pairing|verification|invite|auth\w*) codes?\b", re.IGNORECASE)),
    ("id", re.compile(r"\b(?:ids?|identifiers?|uuids?)\b", re.IGNORECASE)),
)
_MEND = "Use secrets, os.urandom, crypto.randomBytes or OsRng for whatever must not be guessed."
_LOOK = "a look at every place that makes a token"


def verify(statement: Statement, tree: Tree, code: CodeLines) -> Verdict:
    """Broken where a secret is made by a generator that can be foretold; Kept where all that are seen come from the system's, the thing of the sentence among them."""
    other = not_a_claim(statement, "use secure random numbers") or off_subject(statement, _MATTER, "random numbers")
    if other is not None:
        return other
    found = passages(tree, _WORDS)
    inner = found.innermost()
    # `import random as secrets`: the name is that of the other
    posing = {one.path for one in inner if one.outside and _POSES.search(one.code)}
    weak = [one.evidence(tree, line, "A generator whose numbers can be foretold makes a secret.") for one in inner for line in _made(one, _STRONG if one.path in posing else _WEAK)]
    known = {(item.place.path, item.place.line) for item in weak}
    weak += [tree.evidence(item.place.path, item.place.line, item.says) for item in code.of("js-weak-random") if (item.place.path, item.place.line) not in known]
    strong = [(one, line) for one in inner for line in _made(one, _STRONG) if one.path not in posing and mentioned(tree, one)]
    shown = tuple(one.evidence(tree, line, "The system's generator.") for one, line in strong[:5])
    if weak and not strong:
        return Broken(How.CONTRADICTED, tuple(weak[:6]), "Secrets are made by a generator that can be foretold.", _MEND)
    if weak:
        return Partly(How.BYPASSED, (*weak[:6], *shown[:2]), "Some secrets are made by a generator that can be foretold.", _MEND)
    if not strong:
        return Unknown(_LOOK, "No place that makes a token, a key or a nonce is known here.")
    return _small(statement, tree, strong) or _whole(statement, tree, strong, shown, found.unread)


def _made(one: Passage, pattern: re.Pattern[str]) -> list[int]:
    """Lines at which a generator makes a secret: by the name that it is given, or by that of the function."""
    lines = []
    for line, match in one.find(pattern):
        start = one.code.rfind("\n", 0, match.start()) + 1
        before = one.text[max(one.text.rfind("\n", 0, max(start - 1, 0)) + 1, 0) if not one.text[start : match.start()].strip() else start : match.start()]
        target = re.search(r"([\w.\[\]'\"]+)\s*(?::\s*[\w\[\], |]+)?[=:]\s*[^=]*\Z|(?:return|=>)[^;\n]*\Z", before)
        named = target.group(1) if target is not None and target.group(1) else ""
        if _SECRET.search(named) or (not named and _SECRET.search(one.name)) or (_SECRET.search(one.name) and target is not None and re.fullmatch(r"[\w.]*(?:chars?|value|result|raw|bytes|buf\w*|array|out|code|token)", named, re.IGNORECASE)):
            lines.append(line)
    return lines


def _small(statement: Statement, tree: Tree, strong: list[tuple[Passage, int]]) -> Verdict | None:
    """Partly where fewer random bits are taken than the sentence says."""
    bits = [number for number in told_numbers(statement.text) if number in (96, 128, 160, 192, 256, 384, 512)]
    if not bits or "bit" not in statement.text.lower():
        return None
    short: list[Evidence] = []
    for one, line in strong:
        match = _SIZE.search(one.code.split("\n")[line - one.line])
        if match is not None and int(match.group(1)) * 8 < min(bits):
            short.append(one.evidence(tree, line, f"{int(match.group(1)) * 8} bits."))
    return Partly(How.CONTRADICTED, tuple(short[:4]), f"Fewer than the {min(bits)} bits that are said.", "Take as many bits as the sentence says.") if short else None


def _whole(statement: Statement, tree: Tree, strong: list[tuple[Passage, int]], shown: tuple[Evidence, ...], unread: tuple[str, ...]) -> Verdict:
    lines = [one.code.split("\n")[line - one.line] + " " + one.name for one, line in strong]
    named = _NAMED.findall(statement.text)
    if named and not any(name.rpartition(".")[2] in line for name in named for line in lines):
        return Unknown(_LOOK, f"The sentence names {named[0]}, which makes no secret here that is known.", shown)
    subject = next((name for name, pattern in _SUBJECTS if pattern.search(re.sub(_NAMED, " ", statement.text))), "")
    about = [at for at, line in enumerate(lines) if not subject or re.search(subject, line, re.IGNORECASE)]
    if not about:
        return Unknown(_LOOK, f"The system's generator is used, and for a {subject} it was not seen.", shown)
    hidden = elsewhere(tree) or next(iter(unread), "")
    if hidden:
        return Unknown(_LOOK, f"{hidden} is not read here, and may make secrets too.", shown)
    first = tuple(strong[at][0].evidence(tree, strong[at][1], "The system's generator.") for at in about[:5])
    return Kept(first, f"All {len(strong)} places that are seen to make a secret use the system's generator.")

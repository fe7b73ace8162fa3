"""Judges whether code and history are free of secrets: by a scan of everything that history holds, and by files that are keys."""

from __future__ import annotations

import posixpath
import re
from dataclasses import replace

from troth.judgement.policy_scope import for_users
from troth.judgement.wording import several
from troth.terms.facts.history import Changes
from troth.terms.facts.secret_scan import SecretHit, SecretScan
from troth.terms.facts.tree import Tree
from troth.terms.place import Place
from troth.terms.promise import Statement
from troth.terms.verdict import Broken, Evidence, How, Kept, Partly, Unknown, Verdict

_KEY_FILE = re.compile(
    r"(?:^|/)(?:id_(?:rsa|dsa|ecdsa|ed25519)|[\w.-]+\.(?:p12|pfx|jks|keystore)|\.pgpass|\.netrc|\.htpasswd)\Z"
)
_PRIVATE = re.compile(
    rb"-----BEGIN (?:RSA |EC |DSA |OPENSSH |ENCRYPTED )?PRIVATE KEY-----\s+[A-Za-z0-9+/=\s]{200,}-----END"
)
_KEY_LIKE = (".pem", ".key", ".ppk")
_CODE = (
    "*.py",
    "*.js",
    "*.ts",
    "*.tsx",
    "*.jsx",
    "*.go",
    "*.rs",
    "*.java",
    "*.rb",
    "*.php",
    "*.cs",
    "*.sh",
    "*.env",
    "*.y*ml",
    "*.json",
    "*.toml",
    "*.ini",
    "*.cfg",
    "*.properties",
)
_LARGEST_BYTES = 512 * 1024
_NAMES = ("passw", "secret", "api_key", "api-key", "apikey", "token", "credential")
_ASSIGNED = re.compile(
    r"""(?i)\b[\w.-]{0,40}(?:passwo?r?d|passwd|secret|api[_-]?key|auth[_-]?token|access[_-]?token|credential)s?["']?\s{0,4}(?::|=|=>|:=)\s{0,4}["']([^\s"'<>{}$()%/\\]{12,100})["']"""
)
_MADE_UP = re.compile(
    r"(?i)example|sample|change|your|dummy|fake|test|placeholder|x{4}|\*{3}|1234|abcd|env|secret|password|token|key|default|localhost|[a-z]{3,}[-_.][a-z]{3,}[-_.][a-z]{3,}"
)
_IN_IMAGES = re.compile(r"\b(?:baked|built|embedded|copied|included|stored|kept)\b.{0,30}\b(?:images?|layers?|containers?)\b|\b(?:images?|layers?)\b.{0,30}\b(?:no|never|without)\b.{0,20}secrets?", re.IGNORECASE)
_ASIDE = re.compile(
    r"(?:^|/)(?:tests?|testdata|examples?|docs?|fixtures?|samples?|mocks?|spec)(?:/|[_.-])|[._-](?:tests?|specs?|fixtures?|stories)\.\w+\Z", re.IGNORECASE
)
_COVERED = re.compile(r"(?:^|/)(?:coverage|htmlcov|lcov-report)/|tarpaulin-report\.html\Z", re.IGNORECASE)
"""Reports that show source line by line, tests among it."""
_TOKEN_FORM = frozenset(("json-web-token", "jwt"))
"""Detectors whose form proves what a text is, and not that it opens anything: anybody may write a token to try a parser with."""


_ELSEWHERE = re.compile(r"\b(?:logs?|logging|outputs?|error messages?|responses?|telemetry|prompts?|stack traces?|screenshots?)\b", re.IGNORECASE)
_STORED = re.compile(r"\bcode\b|codebase|source|repositor|commit|version control|\bgit\b|histor|hard-?\s?cod|\bfiles?\b|environment", re.IGNORECASE)
_AT_REST = re.compile(
    r"\b(?:stor|keep|kept|persist|sav|cach|retain|collect|hold|held|writ|record)\w*\b.{0,25}\bby\b|\b(?:does|do|will) (?:not|never) (?:store|keep|persist|save|cache|retain|collect|hold)\b|\bnever (?:stores?|keeps?|persists?|saves?|caches?|retains?|collects?)\b|\bin (?:the |a |our |any |its )?(?:databases?|db|caches?|memory|sessions?|local ?storage|cookies?)\b",
    re.IGNORECASE,
)
"""What the program keeps while it runs."""
_COMMITTED = re.compile(r"\bcode\b|codebase|source|repositor|commit|version control|\bgit\b|histor|hard-?\s?cod", re.IGNORECASE)
_SLOT = re.compile(r"\s*(?:#\s*)?(?:export\s+)?[A-Z][A-Z0-9_]*(?:KEY|SECRET|TOKEN|PASSWORD|PASS|CREDENTIALS?)[A-Z0-9_]*\s*=")
_ENVIRONMENT = re.compile(r"environment|\benv\b|\.env\b", re.IGNORECASE)


def verify(statement: Statement, tree: Tree, changes: Changes, scan: SecretScan) -> Verdict:
    """Kept only if all of history was read and holds nothing that has a secret's form, tests and examples apart."""
    advice = for_users(statement, "keep secrets out of their code")
    if advice is not None:
        return advice
    if _ELSEWHERE.search(statement.text) and not _STORED.search(statement.text):
        return Unknown("a run that shows what is put out", "The sentence speaks of what the program puts out, and not of what is committed.")
    if _AT_REST.search(statement.text) and not _COMMITTED.search(statement.text):
        return Unknown("a run that shows what is stored", "The sentence speaks of what the program keeps when it runs, and not of what is committed.")
    here = [
        path for path in tree.paths() if tree.files[path].tracked and not _ASIDE.search(path) and _is_key(path, tree)
    ]
    if here:
        evidence = tuple(tree.evidence(path, 1, "It is a private key, committed.") for path in here[:4])
        evidence = tuple(Evidence(item.says, item.place) for item in evidence)
        return Broken(
            How.BYPASSED, evidence, f"{here[0]} holds a private key.", "Revoke the key, then remove the file."
        )
    once = [
        change
        for change in changes.changes
        if change.status == "A" and _KEY_FILE.search(change.path) and not _ASIDE.search(change.path)
    ]
    if once:
        past = tuple(
            Evidence(f"{change.path} was committed once.", Place(change.path, 0, commit=change.commit))
            for change in once[:4]
        )
        return Partly(
            How.BYPASSED, past, f"{once[0].path} stands in history.", "Change what it held; history keeps it."
        )
    found = _scanned(scan, tree)
    if isinstance(found, Kept):
        if _IN_IMAGES.search(statement.text):
            return Unknown("a look into the built images", f"{found.because} But an image also takes what lies beside it when it is built.")
        plain = _in_plain_sight(tree)
        if plain:
            because = "No token of a known form is there, but values that look random stand beside names that say password or key."
            return Unknown("a look at each place", because, plain)
        return replace(found, evidence=(*found.evidence, *_from_where(statement, tree)))
    return found


def _from_where(statement: Statement, tree: Tree) -> tuple[Evidence, ...]:
    """Where secrets come from instead, which is what a reader looks at next: the templates that name them without a value, and what loads them."""
    found: list[Evidence] = []
    for path in tree.paths(".env*", "*/.env*", "*.env.example"):
        if not tree.files[path].tracked or _ASIDE.search(path.rpartition("/")[0] + "/"):
            continue
        at = next((at for at, line in enumerate(tree.lines(path)[:500], 1) if _SLOT.match(line)), 0)
        if at:
            found.append(Evidence("A secret is named here, and a value is not given.", Place(path, at)))
    if _ENVIRONMENT.search(statement.text):
        for path in tree.paths("requirements*.txt", "*/requirements*.txt", "pyproject.toml", "package.json", "*/package.json", "Cargo.toml", "go.mod"):
            at = next((at for at, line in enumerate(tree.lines(path)[:2000], 1) if re.search(r"dotenv|environs|pydantic-settings|godotenv|\benvy\b", line)), 0)
            if at and "node_modules/" not in path:
                found.append(tree.evidence(path, at, "What loads settings from the environment is a dependency."))
    return tuple(found[:4])


def _in_plain_sight(tree: Tree) -> tuple[Evidence, ...]:
    """Assignments of a random-looking text to a name that says secret, in code and configuration outside tests and examples; the values are not shown."""
    found: list[Evidence] = []
    for path in tree.paths(*_CODE):
        if _ASIDE.search(path) or tree.files[path].size > _LARGEST_BYTES:
            continue
        text = tree.text(path) or ""
        for start, end in _named_lines(text):
            match = _ASSIGNED.search(text[start : min(end, start + 2_000)])
            if match and _random(match.group(1)):
                found.append(Evidence("A name that says secret is given a random-looking text.", Place(path, text.count("\n", 0, start) + 1)))
                break
    return tuple(found[:6])


def _named_lines(text: str) -> list[tuple[int, int]]:
    """Where the lines that hold a name of a secret begin and end. The names are found by plain search, an expression over every line costs a hundred times that."""
    lower = text.lower()
    if len(lower) != len(text):  # some letters change length with their case: places would be off
        lower = re.sub(r"[A-Z]+", lambda found: found.group().lower(), text)
    lines: set[tuple[int, int]] = set()
    for name in _NAMES:
        at = lower.find(name)
        while at >= 0:
            end = text.find("\n", at)
            lines.add((text.rfind("\n", 0, at) + 1, end if end >= 0 else len(text)))
            at = lower.find(name, end) if end >= 0 else -1
    return sorted(lines)


def _random(value: str) -> bool:
    kinds = sum(bool(re.search(kind, value)) for kind in ("[a-z]", "[A-Z]", "[0-9]"))
    return kinds >= 2 and len(set(value)) >= 8 and not _MADE_UP.search(value)


def _scanned(scan: SecretScan, tree: Tree) -> Verdict:
    sure = [hit for hit in scan.hits if hit.proved or hit.tier == "provider"]
    grave = [hit for hit in sure if not _beside(hit, tree)]
    read = f"{scan.objects:,} objects ({scan.bytes:,} bytes) were read with {scan.rules} detectors"
    proved = [hit for hit in grave if hit.proved and hit.rule not in _TOKEN_FORM and _named_places(hit)]
    if proved:
        because = f"{proved[0].title} stands in {'the tree' if proved[0].in_head else 'history'}."
        return Broken(
            How.BYPASSED, _shown(proved), because, "Revoke it; a secret that was committed is not secret any more."
        )
    doubtful = grave or [
        hit for hit in scan.hits if hit not in sure and not _beside(hit, tree)
    ]
    if doubtful:
        return Unknown(
            "a look at each place, or the provider's answer whether it is live",
            f"{several(len(doubtful), 'place has the form', 'places have the form')} of a secret; whether they are real, a form does not prove.",
            _shown(doubtful),
        )
    if not scan.whole:
        missing = f"{scan.missing} objects are missing" if scan.missing else scan.notes[0]
        return Unknown("the whole history", f"Nothing was found, but {missing}; {read}.")
    aside = f" {len(scan.hits)} made-up looking ones stand in tests, examples or documents." if scan.hits else ""
    return Kept(
        (Evidence(f"{read}: nothing was found.", Place("(git history)")),), f"No secret in history: {read}.{aside}"
    )


def _named_places(hit: SecretHit) -> list[Place]:
    """Places whose path is known; an object that no commit names any more has none."""
    return [place for place in hit.places if not place.path.startswith("(")]


def _beside(hit: SecretHit, tree: Tree) -> bool:
    """It stands in tests, examples, documents or a report of coverage, wherever its path is known."""
    places = _named_places(hit)
    return bool(places) and all(_ASIDE.search(place.path) or _COVERED.search(place.path) or _in_rust_tests(place, tree) for place in places)


def _in_rust_tests(place: Place, tree: Tree) -> bool:
    """It stands below the module of tests that ends a Rust file; for an older commit, in a file that has one today."""
    if not place.path.endswith(".rs"):
        return False
    lines = tree.lines(place.path)
    at = next((at for at, line in enumerate(lines, 1) if line.strip() == "#[cfg(test)]" and re.match(r"\s*(?:pub(?:\([^)]*\))? )?mod \w+ *\{", lines[at] if at < len(lines) else "")), 0)
    return bool(at) and (place.line > at or bool(place.commit and place.commit != tree.commit))


def _shown(hits: list[SecretHit]) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(f"{hit.title}{' (its form proves it)' if hit.proved else ''} stands here.", place)
        for hit in hits[:6]
        for place in (_named_places(hit) or hit.places)[:2]
    )


def _is_key(path: str, tree: Tree) -> bool:
    if not path.endswith(_KEY_LIKE) and not re.search(r"(?:^|/)id_(?:rsa|dsa|ecdsa|ed25519)\Z", path):
        return False
    data = tree.reader(posixpath.normpath(path)) or b""
    return bool(_PRIVATE.search(data[:20_000]))

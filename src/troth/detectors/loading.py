"""Reads the catalogue: `rules/*.toml` -> `Rule`s, checked; and keeps the derived form in a cache so that the next start is quick.

A rule file:

    provider = "Example"                 # name for humans
    docs = "https://example.com/keys"    # the provider's own page about its keys
    [rules.example-api-key]              # stable id
    title = "Example API key"
    pattern = 'exk_[0-9A-Za-z]{32}'      # the token itself; boundaries are added
    proof = "..."                        # optional, see `proofs`
    entropy = 3.5                        # optional, bits per character
    shape = '...'                        # optional: a rarer part of the token than the one that would be derived

or, for a value that only its neighbourhood gives away, `near` (a name, any case) and `value` instead of `pattern`.
Adding a rule edits one file; there is no list elsewhere.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from troth.detectors import cache, proofs
from troth.detectors.rule import Rule, Tier
from troth.errors import DetectorError

__all__ = ["RULES", "digest", "load", "read_rule_file"]

RULES = Path(__file__).with_name("rules")
_LAST = "rules-last"
"""What the last start loaded: a mark of the files, their digest, and the rules."""
FORMAT = 13
"""Raise it when anything about the derived form changes."""
LEFT = r"(?:(?<![0-9A-Za-z])|(?<=\\[nrtbf])|(?<=%[0-9A-F][0-9A-F]))"
"""Where a token may begin: not inside of a word, but behind an escaped newline or a percent-escape."""
RIGHT = "(?![0-9A-Za-z])"
ASSIGN = (
    r"[0-9A-Za-z_.\-]{0,30}[\"'`\]]{0,2}[ \t]{0,3}(?:=>|:=|==|=|:|,|\(|>|\|)[ \t]{0,3}"
    r"(?:[\"'`(\[]|b\"|b'|\\\"){0,2}"
)
KEYS = frozenset(
    {
        "title",
        "pattern",
        "near",
        "value",
        "proof",
        "required",
        "entropy",
        "general",
        "public",
        "shape",
        "docs",
        "provider",
    }
)


def digest() -> str:
    """Digest of all rule files, by content; changes when any rule does."""
    import hashlib  # loads OpenSSL; a start with a warm cache does not come here

    total = hashlib.sha256(f"{FORMAT}\n".encode())
    for path in sorted(RULES.glob("*.toml")):
        total.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def load() -> tuple[tuple[Rule, ...], str]:
    """All rules, sorted by id, and their digest.

    Raises:
        DetectorError: a rule is half-made or impossible; nothing is loaded then.
    """
    mark = _mark()
    known = cache.read(_LAST)
    if known is not None and known.startswith(mark):
        rules, key = _from_json(known[len(mark) + 64 :]), known[len(mark) : len(mark) + 64].decode("ascii", "replace")
        if rules:
            return rules, key
    key = digest()
    kept = cache.read(f"rules-{key[:32]}.json")
    if kept is not None:
        rules = _from_json(kept)
        if rules:
            cache.write(_LAST, mark + key.encode() + kept)
            return rules, key
    found: dict[str, Rule] = {}
    for path in sorted(RULES.glob("*.toml")):
        for rule in read_rule_file(path):
            if rule.id in found:
                raise DetectorError(f"{path.name}: the id {rule.id} is taken")
            found[rule.id] = rule
    rules = tuple(found[name] for name in sorted(found))
    kept = _to_json(rules)
    cache.write(f"rules-{key[:32]}.json", kept)
    cache.write(_LAST, mark + key.encode() + kept)
    return rules, key


def _mark() -> bytes:
    """What tells without reading them that the rule files are those of the last start: where they lie, and name, size, number and times of each.

    The time of the last change of a file's state cannot be set by a program, so that an edit which keeps size and date is seen as well.
    """
    rows = [f"{FORMAT} {RULES}"]
    with os.scandir(RULES) as found:
        for entry in sorted(found, key=lambda item: item.name):
            if entry.name.endswith(".toml"):
                status = entry.stat()
                rows.append(f"{entry.name} {status.st_size} {status.st_ino} {status.st_mtime_ns} {status.st_ctime_ns}")
    return "\n".join(rows).encode("utf-8", "surrogateescape") + b"\n\n"


def read_rule_file(path: Path) -> tuple[Rule, ...]:
    """The rules of one file.

    Raises:
        DetectorError: naming file and rule.
    """
    import tomllib  # only where the rules are read themselves, not their derived form

    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DetectorError(f"{path.name}: {error}") from error
    rules = data.get("rules")
    if not isinstance(rules, dict) or not rules:
        raise DetectorError(f"{path.name}: no rules")
    try:
        return tuple(_rule(name, entry, data) for name, entry in rules.items())
    except DetectorError as error:
        raise DetectorError(f"{path.name}: {error}") from error


def _rule(name: str, entry: Mapping[str, object], file: Mapping[str, object]) -> Rule:
    from troth.detectors import shapes

    unknown = set(entry) - KEYS
    if unknown:
        raise DetectorError(f"{name}: unknown key {sorted(unknown)[0]}")
    near = "near" in entry
    if near == ("pattern" in entry) or near != ("value" in entry):
        raise DetectorError(f"{name}: needs either `pattern`, or `near` and `value`")
    pattern = _near(str(entry["near"]), str(entry["value"])) if near else _bounded(str(entry["pattern"]))
    proof = str(entry.get("proof", ""))
    if proof and proof not in proofs.PROOFS:
        raise DetectorError(f"{name}: no proof is called {proof}")
    entropy = entry.get("entropy", 0.0)
    if not isinstance(entropy, float):
        raise DetectorError(f"{name}: entropy must be a number with a point")
    try:
        shapes.check_linear(pattern)
        return Rule(
            id=name,
            title=str(entry["title"]),
            provider=str(entry.get("provider", file["provider"])),
            docs=str(entry.get("docs", file["docs"])),
            tier=Tier.NEAR if near else Tier.PROVIDER,
            pattern=pattern,
            shape=str(entry.get("shape", "")) or shapes.shape(pattern),
            literals=shapes.literals(pattern),
            proof=proof,
            required=bool(entry.get("required", False)),
            reach=shapes.reach(pattern),
            entropy=entropy,
            weight=shapes.weight(pattern),
            general=bool(entry.get("general", False)),
            public=bool(entry.get("public", False)),
        )
    except (DetectorError, KeyError) as error:
        raise DetectorError(f"{name}: {error}") from error


def _bounded(pattern: str) -> str:
    """Add boundaries where the pattern begins or ends with something that a longer word could swallow."""
    return f"{LEFT}(?:{pattern}){RIGHT}"


def _near(name: str, value: str) -> str:
    from troth.detectors import shapes

    short = any(len(text) < 5 for text in shapes.literals(name)) or not shapes.literals(name)
    left = r"(?:(?<![A-Za-z])|(?<=\\[nrtbf]))" if short else ""
    return f"{left}(?i:{name}){ASSIGN}(?P<v>{value})(?![0-9A-Za-z_+/-])"


# in the order of `Rule`
_FIELDS = (
    "id", "title", "provider", "docs", "tier", "pattern", "shape", "literals", "proof", "required", "reach", "entropy",
    "weight", "general", "public",
)  # fmt: skip


def _to_json(rules: tuple[Rule, ...]) -> bytes:
    return json.dumps([[getattr(rule, name) for name in _FIELDS] for rule in rules], separators=(",", ":")).encode()


def _from_json(data: bytes) -> tuple[Rule, ...]:
    """Rules from the cache; empty where the cache is damaged (then they are read from the files again)."""
    try:
        rows = json.loads(data)
        if any(len(row) != len(_FIELDS) for row in rows):
            return ()
        tiers = {tier.value: tier for tier in Tier}
        for row in rows:
            row[4], row[7] = tiers[row[4]], tuple(row[7])
        return tuple(Rule(*row) for row in rows)
    except (ValueError, TypeError, IndexError, KeyError):
        return ()

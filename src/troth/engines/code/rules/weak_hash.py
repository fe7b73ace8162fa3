"""Digests that can be forged, where a file or model is checked by them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from troth.engines.code.module import Module, Site
from troth.engines.code.rule import Context, Hit, Rule, Severity

__all__ = ["RULE"]

_WEAK = (
    "hashlib.md5", "hashlib.sha1", "Crypto.Hash.MD5.new", "Crypto.Hash.SHA1.new", "Cryptodome.Hash.MD5.new", "Cryptodome.Hash.SHA1.new", "md5.new", "sha.new",
    "cryptography.hazmat.primitives.hashes.MD5", "cryptography.hazmat.primitives.hashes.SHA1",
)  # fmt: skip
_BY_KEYWORD = ("md5", "md5_hash", "file_md5", "sha1")
_CHECKS = re.compile(r"verif|checksum|integrity|validat|trusted|check_(?:hash|md5|sha|digest|file|model)", re.IGNORECASE)


def _check(module: Module, _: Context) -> Iterator[Hit]:
    for site in module.calls(*_WEAK):
        if not _not_for_security(module, site) and _about_checking(site):
            yield Hit(site.line, "Two files with the same digest can be made.")
    for site in module.calls("hashlib.new", "hashlib.file_digest"):
        name = site.argument(0 if "hashlib.new" in site.names else 1, "name", "digest")
        values = module.values(name, site.scope)
        weak = values is not None and any(str(value).lower().replace("-", "") in ("md5", "sha1") for value in values)
        weak = weak or (name is not None and bool(module.names(name, site.scope) & {"hashlib.md5", "hashlib.sha1"}))
        if weak and not _not_for_security(module, site) and _about_checking(site):
            yield Hit(site.line, "Two files with the same digest can be made.")


    yield from _of_downloads(module)


def _of_downloads(module: Module) -> Iterator[Hit]:
    """Downloaders that check what they fetched: torchvision, keras, pooch, gdown."""
    for site in module.ending("utils.download_url", "utils.download_and_extract_archive", "utils.get_file", "utils.check_integrity", "utils.check_md5", ".check_md5", "pooch.retrieve", "pooch.create", "gdown.download", "gdown.cached_download"):
        keywords = [site.keywords[name] for name in _BY_KEYWORD if name in site.keywords]
        known = [site.keywords[name] for name in ("known_hash", "hash", "file_hash") if name in site.keywords]
        algorithm = module.values(site.keywords.get("hash_algorithm"), site.scope) or frozenset()
        named = any(isinstance(value, str) and re.match(r"(?:md5|sha-?1)[:=]", value) for node in known for value in module.values(node, site.scope) or ())
        given = any(module.values(node, site.scope) != frozenset((None,)) for node in keywords)
        if given or named or algorithm & {"md5", "sha1"}:
            yield Hit(site.line, "The download is checked by a digest that can be forged.")


def _not_for_security(module: Module, site: Site) -> bool:
    return module.values(site.argument(-1, "usedforsecurity"), site.scope) == frozenset((False,))


def _about_checking(site: Site) -> bool:
    """The function is called after a check, or the digest is compared with another."""
    function = site.scope.function
    named = _CHECKS.search(function.node.name) if function is not None and not isinstance(function.node, ast.Lambda) else None
    if named is not None and not (named.group().lower() == "checksum" and _of_text(site)):
        return True
    place: ast.AST = function.node if function is not None else site.scope.node

    tests = getattr(place, "name", "").startswith("test")  # it asserts what its own code made, and trusts nothing by it
    asserted = {id(part) for item in ast.walk(place) if tests and isinstance(item, ast.Assert) for part in ast.walk(item.test)}
    compared = [item for item in ast.walk(place) if isinstance(item, ast.Compare) and isinstance(item.ops[0], (ast.Eq, ast.NotEq)) and id(item) not in asserted]
    compared = [item for item in compared if not _remembered(item, place)]
    compared_by_call = [item for item in ast.walk(place) if isinstance(item, ast.Call) and isinstance(item.func, ast.Attribute) and item.func.attr == "compare_digest"]
    sides = [side for item in compared for side in (item.left, *item.comparators)] + [side for item in compared_by_call for side in item.args]
    return any(_is_digest(side, site) for side in sides)


def _of_text(site: Site) -> bool:
    """What is digested was made from a text here: a sum over names or words, which tells a change, and no file."""
    return bool(site.arguments) and all(isinstance(item, ast.Call) and isinstance(item.func, ast.Attribute) and item.func.attr == "encode" for item in site.arguments)


def _remembered(test: ast.Compare, place: ast.AST) -> bool:
    """The digest is compared with what the same function puts there (`seen.get("k") != digest`, `seen["k"] = digest`): whether something changed, not whether it is the right one."""
    keys = {key for side in (test.left, *test.comparators) if (key := _key_of(side))}
    stores = (target for item in ast.walk(place) if isinstance(item, ast.Assign) for target in item.targets if isinstance(target, (ast.Subscript, ast.Attribute)))
    return bool(keys) and any(_key_of(target) in keys for target in stores)


def _key_of(node: ast.expr) -> tuple[str, str] | None:
    """A table or an object as it is spelled, and the key or field that is asked of it."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get" and node.args:
        return ast.unparse(node.func.value), ast.unparse(node.args[0])
    if isinstance(node, ast.Subscript):
        return ast.unparse(node.value), ast.unparse(node.slice)
    return (ast.unparse(node.value), repr(node.attr)) if isinstance(node, ast.Attribute) else None


def _is_digest(node: ast.expr, site: Site, depth: int = 0) -> bool:
    """The digest itself, or a name for it; what it is only a part of (a file's name, a key) is not compared as a digest."""
    while isinstance(node, (ast.Attribute, ast.Call, ast.Subscript)) and node is not site.node:
        node = node.func if isinstance(node, ast.Call) else node.value
    if isinstance(node, ast.Name) and depth < 4:
        found = site.scope.find(node.id)
        return found is not None and any(isinstance(item, ast.expr) and _is_digest(item, site, depth + 1) for item in found[0])
    return node is site.node


RULE = Rule(
    id="weak-hash",
    title="A forgeable digest checks a file",
    why="MD5 and SHA-1 let an attacker make a second model with the same digest.",
    mend="Use SHA-256 or BLAKE2; say usedforsecurity=False where it is no check.",
    severity=Severity.MEDIUM,
    cwe=("CWE-328", "CWE-327"),
    owasp=("LLM03:2025",),
    atlas=("AML.T0010.003",),
    needs=((b"md5", b"sha1", b"sha-1", b"MD5", b"SHA1"),),
    modules=frozenset(("hashlib", "Crypto", "Cryptodome", "cryptography", "torchvision", "keras", "tensorflow", "pooch", "gdown")),
    check=_check,
    bad=("import hashlib\ndef verify(data):\n    return hashlib.md5(data).hexdigest()\n",),
    good=("import hashlib\ndef verify(data):\n    return hashlib.sha256(data).hexdigest()\n", "import hashlib\ndef bucket(data):\n    return hashlib.md5(data).digest()\n"),
)

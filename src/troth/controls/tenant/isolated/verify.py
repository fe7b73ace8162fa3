"""Judges whether operations are scoped to a tenant: a store of the whole process whose keys leave the tenant out is shared by all of them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from troth.judgement.guards import not_a_claim, prove, sources
from troth.terms.facts.tree import Tree
from troth.terms.promise import Statement
from troth.terms.verdict import Broken, Evidence, How, Verdict

_STORE = re.compile(
    r"^(?:export\s+)?(?:const|let|var)\s+(?P<js>\w*(?:cache|store|idempot|session|memo|lock)\w*)\s*(?::[^=]+)?=\s*new\s+(?:Map|WeakMap|\w*(?:Cache|Store))\b"
    r"|^(?P<py>_?\w*(?:cache|store|idempot|session|memo|lock)\w*)\s*(?::[^=]+)?=\s*(?:\{\s*\}|dict\(\)|defaultdict\(|OrderedDict\(|TTLCache\(|LRUCache\()",
    re.IGNORECASE | re.MULTILINE,
)
_TENANT = re.compile(r"tenant|organi[sz]ation_?id|org_?id|account_?id|workspace_?id", re.IGNORECASE)
_SCOPED = re.compile(r"tenant|project|org|account|workspace|scope|namespace", re.IGNORECASE)
_HASHED = re.compile(r"hash|digest|stringify|json|serial|canonical|key\(", re.IGNORECASE)
_MEND = "Put tenant and project into the key, and refuse a call without them."


def verify(statement: Statement, tree: Tree) -> Verdict:
    """Broken by a store at the top of a module, in a tree that knows of tenants, whose key is a caller's name alone; never Kept."""
    other = not_a_claim(statement, "keep tenants apart")
    if other is not None:
        return other
    if re.search(r"\b(?:single|one)[- ]tenant\b|\bnot (?:a )?multi[- ]tenant\b", statement.text, re.IGNORECASE):
        return prove("tenants", "The sentence says that there is one tenant only.")
    paths = tuple(sources(tree, ".py", ".ts", ".js", ".mjs", ".tsx"))
    if not any(_TENANT.search(tree.text(path) or "") for path in paths):
        return prove("tenants", "No code of the tree speaks of tenants in words that are known here.")
    found: list[Evidence] = []
    for path in paths:
        found += _shared(path, tree.text(path) or "", tree)
    if found:
        return Broken(How.BYPASSED, tuple(found[:8]), "A store that all tenants share is looked up by a key without a tenant.", _MEND)
    return prove("tenants", "Whether two tenants can reach each other's data (queries, locks, tokens) takes a run with two of them.")


def _shared(path: str, text: str, tree: Tree) -> Iterator[Evidence]:
    for store in _STORE.finditer(text):
        name = store.group("js") or store.group("py")
        if _SCOPED.search(name):
            continue
        lookups = re.compile(rf"\b{re.escape(name)}(?:\.(?:get|set|has|setdefault)\(\s*|\[)(?P<key>[A-Za-z_][\w.]*)\s*[,)\]]")
        for use in lookups.finditer(text, store.end()):
            key = use.group("key")
            if not _SCOPED.search(key) and not _made_with_tenant(key, text):
                yield tree.evidence(path, text.count("\n", 0, use.start()) + 1, f"The key is {key}, without a tenant.")


def _made_with_tenant(key: str, text: str) -> bool:
    """The key's name is assigned from something that may hold the tenant, or nothing in the file says that it is a caller's name."""
    last = key.rpartition(".")[2]
    made = re.findall(rf"\b{re.escape(last)}\s*(?::[^=\n]+)?=(?!=)\s*([^\n]+(?:\n[^\n]+)?)", text)
    if any(_SCOPED.search(value) or _HASHED.search(value) for value in made):
        return True
    return not re.search(r"idempot|request_?id|session_?id", last, re.IGNORECASE)

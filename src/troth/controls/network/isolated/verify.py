"""Judges claims of limited exposure by the addresses that the program and its compose files open: one that opens to everybody contradicts the sentence."""

from __future__ import annotations

import re

from troth.judgement.guards import not_a_claim, prove, source_lines
from troth.judgement.listening import addresses, everywhere
from troth.judgement.wording import several
from troth.terms.facts.code_lines import CodeLines
from troth.terms.facts.containers import Containers
from troth.terms.facts.tree import Tree
from troth.terms.promise import Statement
from troth.terms.verdict import Broken, Evidence, How, Unknown, Verdict

_CLAIMS = re.compile(r"localhost|loopback|127\.0\.0\.1|local(?:ly)? only|only local|not (?:be )?exposed|never exposed|local (?:machine|interface|address)|bind|listen", re.IGNORECASE)
_OPEN = re.compile(
    r"(?:\b(?:host|hostname|server_name|listen_host|bind|address|addr|HOST|BIND)\w*[\"']?\s*(?::\s*\w+\s*)?[=:(,]\s*|--(?:host|bind|listen|address)[\"',\s=]+(?:default\s*=\s*)?"
    r"|\.bind\(\(?\s*|\.listen\([^)\n]*,\s*|getenv\([\"']\w*(?:HOST|ADDR|BIND)\w*[\"'],\s*)[\"'](?:tcp://)?(?:0\.0\.0\.0|\[?::\]?)(?::\d+)?[\"']"
)
_ASKS = re.compile(r"[=!]=\s*[\"'](?:0\.0\.0\.0|::)|\bin\s*[\[({]")
_CLOSED = re.compile(r"[\"'](?:127\.0\.0\.1|localhost|::1)[\"':]")
_MEND = "Bind to 127.0.0.1 unless an operator says otherwise, and publish ports on that address."


def verify(statement: Statement, tree: Tree, containers: Containers, code: CodeLines) -> Verdict:
    """Broken where code binds, or a compose file publishes, to every interface against the sentence; never Kept, which takes a run that looks at what listens."""
    other = not_a_claim(statement, "limit exposure to the network")
    if other is not None:
        return other
    if not _CLAIMS.search(statement.text):
        return Unknown("what the platform lets through", "Firewalls, networks and clouds are not in the repository.")
    found = [tree.evidence(path, line, "It opens to every interface.") for path, line, _ in source_lines(tree, _OPEN) if not _ASKS.search(tree.lines(path)[line - 1])]
    seen = {(item.place.path, item.place.line) for item in found}
    found += [tree.evidence(one.place.path, one.place.line, one.says) for one in code.of("js-bind-all", "rust-bind-all") if (one.place.path, one.place.line) not in seen]
    shown = {(item.place.path, item.place.line) for item in found}
    found += [item for item in addresses(tree)[1] if item.place.path.endswith(".go") and (item.place.path, item.place.line) not in shown]
    found += [tree.evidence(service.path, line, "Published on every interface of the machine.") for service in containers.services for port, line in service.ports if everywhere(port)]
    if found:
        return Broken(How.CONTRADICTED, tuple(found[:8]), f"{several(len(found), 'address is open', 'addresses are open')} to every interface.", _MEND)
    closed: tuple[Evidence, ...] = tuple(tree.evidence(path, line, "Bound to this machine.") for path, line, _ in list(source_lines(tree, _CLOSED))[:4])
    return prove("network", "No address that is written here is open to all; what listens when it runs takes a run.", closed)

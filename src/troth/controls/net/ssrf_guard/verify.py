"""Judges whether fetched addresses are guarded: is there a check of addresses, does anything call it, does it look names up, and what becomes of redirects."""

from __future__ import annotations

import re

from troth.judgement.guards import not_a_claim
from troth.judgement.passages import Passage, Passages, mentioned, passages
from troth.judgement.subject import off_subject
from troth.judgement.whole_view import elsewhere
from troth.terms.facts.tree import Tree
from troth.terms.promise import Statement
from troth.terms.verdict import Broken, Evidence, How, Kept, Partly, Unknown, Verdict

_CHECKS = (b"is_private", b"isprivate", b"169.254", b"ssrf", b"is_loopback", b"isloopback", b"is_global", b"192.168", b"isblocked", b"is_blocked")
_FETCHES = (b"requests", b"httpx", b"fetch", b"axios", b"urlopen", b"aiohttp", b"undici")
_MATTER = re.compile(r"ssrf|server[- ]side request|private|internal|loopback|metadata|169\.254|redirect|url|host|domain|scheme|rebinding|fetch|address", re.IGNORECASE)
_RANGES = re.compile(r"\bis_(?:private|loopback|link_local|reserved|global)\b|isPrivate\w*|isLoopback\w*|\bis_unicast|169\.254|192\\?\.168|\b10\\?\.|ipaddr\.parse|\.range\(\)|PRIVATE_\w*(?:RANGES|NETWORKS|IPS?)|(?:BLOCKED|PRIVATE|INTERNAL)_(?:HOST|IP|NETWORK|RANGE|CIDR|ADDRESS)\w*|isBlocked(?:IP|Host)\w*", re.IGNORECASE)
_REFUSES = re.compile(r"\braise\b|\breturn\s+[\w.]+(?:\([^()\n]*\))?\s*(?:===?|\|\|)|\bthrow\b|\breturn\s+(?:False|false|True|true|None|null|\(|\{|f?['\"]|Err|err|not\b|!|\w+\.is)|\bErr\s*\(|\breject\b")
_NAMED = re.compile(r"ssrf|(?:is|check|validat|assert|ensure|block|guard|verif|reject|resolve)\w*(?:url|host|ip|addr|private|internal|public|safe|target|endpoint)|private_?ip|internal_?ip|safe_?url|network_?(?:permission|access)|blocked_?(?:host|ip|url)", re.IGNORECASE)
_LOOKS_UP = re.compile(r"getaddrinfo|gethostbyname|dns\.(?:promises\.)?(?:lookup|resolve)|\blookup\s*\(|resolve4|resolve6|to_socket_addrs|lookup_host|resolver\.|dnsLookup|dnspython|aiodns")
_FETCH = re.compile(r"(?<![\w.])(?:requests|httpx|session|client|self\.\w*client|self\.\w*session|axios|got|ky|undici|http)\.(?:get|post|request|head|put|stream|fetch)\s*\(|(?<![\w.])fetch\s*\(|\burlopen\s*\(|(?<![\w.])axios\s*\(")
_FOLLOWS = re.compile(r"follow_redirects\s*=\s*True|(?<![\w.])requests\.\w+\s*\(|(?<![\w.])(?:fetch|axios|got)\s*[.(]|\burlopen\s*\(")
_STAYS = re.compile(r"allow_redirects\s*=\s*False|follow_redirects\s*=\s*False|redirect\s*:\s*['\"](?:manual|error)|maxRedirects\s*:\s*0|max_redirects\s*=\s*0|beforeRedirect|event_hooks|is_redirect|\.status\w*\s*(?:>=|in)|HTTPRedirectHandler|followRedirect\s*:\s*false|Location|location", re.IGNORECASE)
_PINS = re.compile(r"HTTPAdapter|AsyncHTTPTransport|HTTPTransport|TCPConnector|setGlobalDispatcher|\bAgent\s*\(|connect\s*:\s*\{|server_hostname|\blookup\s*:|sni_hostname|create_connection|\.resolve\(|resolve_to_addrs|ssrf-?req-?filter|request-filtering-agent|advocate", re.IGNORECASE)
_MEND = "Resolve the name once, refuse private addresses, connect to the address that was checked, and check again at each redirect."
_RUN = "a run of the fetching function with private addresses in all spellings"


def verify(statement: Statement, tree: Tree) -> Verdict:
    """Broken where nothing calls the check; Partly where names are not looked up or redirects are followed unchecked; Kept only where each fetch of a given address is behind a check that resolves and pins."""
    other = not_a_claim(statement, "guard fetched addresses") or off_subject(statement, _MATTER, "addresses that are fetched")
    if other is not None:
        return other
    found = passages(tree, _CHECKS)
    guards = [one for one in found if not one.outside and one.name and (_NAMED.search(one.name) or "ssrf" in one.path.lower()) and _RANGES.search(one.text) and _REFUSES.search(one.code)]
    if not guards:
        return Unknown(_RUN, "No check of addresses that is known here was found.")
    live = [one for one in guards if mentioned(tree, one)]
    if not live:
        return Broken(How.BYPASSED, _shown(guards, tree, "Nothing outside of tests calls it."), "The check of addresses is never called.", _MEND)
    shown = _shown(live, tree, "It refuses private addresses.")
    about_ranges = re.search(r"private|internal|loopback|metadata|169\.254|ssrf|rebinding|link[- ]local", statement.text, re.IGNORECASE)
    resolving = [one for one in found if _LOOKS_UP.search(one.code) and (one in live or any(_calls(one, guard) or _calls(guard, one) for guard in live))]
    if about_ranges and not resolving and not found.unread and not _pinned(found):
        return Partly(How.BYPASSED, shown, "The check reads the address as it is written; a name that leads to a private address passes.", _MEND)
    fetching = passages(tree, _FETCHES)
    fetches = [(one, line) for one in fetching.innermost() if any(_calls(one, guard) for guard in live) for line, _ in one.find(_FETCH)]
    loose = [(one, line) for one, line in fetches if _FOLLOWS.search(one.code) and not _STAYS.search(one.text)]
    if fetches and len(loose) == len(fetches) and not any(_STAYS.search(one.text) and _FETCH.search(one.code) for one in fetching if one.path in {guard.path for guard in live}) and not _pinned(found) and not _pinned(fetching):
        after = tuple(one.evidence(tree, line, "It follows redirects, which nothing checks.") for one, line in loose[:3])
        return Partly(How.BYPASSED, (*after, *shown[:2]), "The first address is checked; a redirect leads wherever it likes.", _MEND)
    return _kept(tree, fetching, live, fetches, shown)


def _kept(tree: Tree, found: Passages, live: list[Passage], fetches: list[tuple[Passage, int]], shown: tuple[Evidence, ...]) -> Verdict:
    hidden = elsewhere(tree) or next(iter(found.unread), "")
    sure = not hidden and bool(fetches) and _pinned(found)
    given = [(one, line) for one in found.innermost() if sure and not any(_calls(one, guard) for guard in live) for line, match in one.find(_FETCH) if _given(one, match)]
    if not sure or given:
        because = f"{hidden} is not read here." if hidden else "Addresses are checked; whether every fetch passes the check, and whether the address that was checked is the one that is fetched, takes a run."
        return Unknown(_RUN, because, (*shown, *(one.evidence(tree, line, "It fetches an address that it is given.") for one, line in given[:2])))
    evidence = tuple(one.evidence(tree, line, "It fetches behind the check.") for one, line in fetches[:3])
    return Kept((*shown[:2], *evidence), f"All {len(fetches)} fetches of a given address stand behind a check that looks names up, stays with what it checked, and holds for redirects.")


def _given(one: Passage, match: re.Match[str]) -> bool:
    """The address is a value and not a text that begins with a host."""
    after = one.text[match.end() : match.end() + 80].lstrip()
    return re.match(r"(?:['\"](?:GET|POST|HEAD|PUT)['\"]\s*,\s*)?(?:f?['\"`]https?://[\w.-]+|f?['\"`]/|f?['\"`]\{(?:self|base|API))", after) is None


def _pinned(found: Passages) -> bool:
    return any(_PINS.search(one.code) for one in found)


def _calls(one: Passage, other: Passage) -> bool:
    return one is not other and other.name in one.code and re.search(rf"(?<![\w$]){re.escape(other.name)}\s*\(", one.code) is not None


def _shown(every: list[Passage], tree: Tree, says: str) -> tuple[Evidence, ...]:
    return tuple(one.evidence(tree, one.line, says) for one in every[:4])

"""Judges sessions and tokens: does what is issued end, is the end looked at, and do cookies carry what is said of them."""

from __future__ import annotations

import re

from troth.judgement.braces import closing
from troth.judgement.guards import not_a_claim
from troth.judgement.passages import Passage, mentioned, passages
from troth.judgement.subject import off_subject
from troth.judgement.whole_view import elsewhere
from troth.terms.facts.tree import Tree
from troth.terms.promise import Statement
from troth.terms.verdict import Broken, How, Kept, Partly, Unknown, Verdict

_WORDS = (b"jwt", b"jose", b"set_cookie", b"cookie(")
_MATTER = re.compile(r"session|token|jwt|cookie|expir|timeout|logout|httponly|samesite|rotat|revok", re.IGNORECASE)
_ENDS = re.compile(r"expir|short[- ]lived|\bttl\b|lifetime|time[- ]?out|\d+[- ]?(?:minute|hour|day|min\b|h\b)", re.IGNORECASE)
_OTHER = re.compile(r"rotat|revok|invalidat|blacklist|refresh|logout|idle|inactiv|concurrent|fixation|regenerat|api[- ]?key|cookie", re.IGNORECASE)
_ISSUES = re.compile(r"(?<![\w.])(?:jwt|pyjwt|jose\.jwt|jsonwebtoken)\.(?:encode|sign)\s*\(|\bnew\s+SignJWT\s*\(|\bjwtService\.sign(?:Async)?\s*\(")
_READS = re.compile(r"(?<![\w.])(?:jwt|pyjwt|jose\.jwt|jsonwebtoken)\.(?:decode|verify)\s*\(|\bjwtVerify\s*\(|\bjwtService\.verify(?:Async)?\s*\(")
_END = re.compile(r"['\"]exp['\"]|\bexp\s*[:=]|expiresIn|setExpirationTime|expires_delta|expires_in|signOptions", re.IGNORECASE)
_BLIND = re.compile(r"['\"]verify_(?:exp|signature)['\"]\s*:\s*False|verify_signature\s*=\s*False|ignoreExpiration\s*:\s*true|\bjwt\.decode\s*\([^)\n]*verify\s*=\s*False")
_COOKIE = re.compile(r"\.set_cookie\s*\(|\bres(?:ponse)?\.cookie\s*\(|\bcookies\(\)\.set\s*\(|\bsetCookie\s*\(")
_FLAGS = (
    ("HttpOnly", re.compile(r"http[- ]?only", re.IGNORECASE), re.compile(r"http_?only\s*[:=]\s*(\w+)", re.IGNORECASE)),
    ("Secure", re.compile(r"\bsecure\b(?! (?:session|token|by|stor|hand|manag|auth|rand|generat|cod|cookie))", re.IGNORECASE), re.compile(r"\bsecure\s*[:=]\s*([\w.!]+)", re.IGNORECASE)),
    ("SameSite", re.compile(r"same[- ]?site", re.IGNORECASE), re.compile(r"same_?site\s*[:=]\s*['\"]?(\w+)", re.IGNORECASE)),
)
_MEND = "Give each token an end and let the library look at it; set HttpOnly, Secure and SameSite on each cookie."
_RUN = "a run with a session that is over"


def verify(statement: Statement, tree: Tree) -> Verdict:
    """Broken where what is issued never ends or its end is not looked at; Kept where each token that is seen to be issued has an end and each reading looks at it, or each cookie carries the flags that are said."""
    other = not_a_claim(statement, "end sessions") or off_subject(statement, _MATTER, "sessions")
    if other is not None:
        return other
    found = passages(tree, _WORDS)
    hidden = elsewhere(tree) or next(iter(found.unread), "")
    flags = [(name, pattern) for name, says, pattern in _FLAGS if says.search(statement.text) and re.search(r"cookie|session", f"{statement.text} {' '.join(statement.headings[-1:])}", re.IGNORECASE)]
    if flags and any(name != "Secure" for name, _ in flags):
        return _cookies(tree, found.innermost(), flags, hidden)
    issued = [(one, line) for one in found.innermost() for line, _ in one.find(_ISSUES)]
    if not _ENDS.search(statement.text) or not issued or not re.search(r"token|jwt|session", statement.text, re.IGNORECASE):
        return Unknown(_RUN, "No token that is known here is issued, or the sentence speaks of something else than its end.")
    blind = [one.evidence(tree, line, "The end of the token is not looked at.") for one in found.innermost() for line, _ in one.find(_BLIND, strings=True)]
    reads = [(one, line) for one in found.innermost() for line, _ in one.find(_READS)]
    if blind and len(blind) >= len(reads):
        return Broken(How.BYPASSED, tuple(blind[:4]), "Tokens that have ended are taken.", _MEND)
    endless = [(one, line) for one, line in issued if not any(_END.search(each.text) for each in found if each.path == one.path)]
    if endless and not any(_END.search(one.text) for one in found):
        return Broken(How.ABSENT, tuple(one.evidence(tree, line, "It is issued without an end.") for one, line in endless[:4]), "Tokens are issued without an end.", _MEND)
    return _ended(statement, tree, issued, reads, bool(blind or endless or hidden))


def _ended(statement: Statement, tree: Tree, issued: list[tuple[Passage, int]], reads: list[tuple[Passage, int]], unsure: bool) -> Verdict:
    live = [(one, line) for one, line in issued if mentioned(tree, one)]
    ended = [(one, line) for one, line in live if _END.search(one.text)]
    shown = tuple(one.evidence(tree, line, "It is issued with an end.") for one, line in ended[:3])
    lasting = re.search(r"\d", statement.text) is not None
    if unsure or not ended or len(ended) < len(live) or not any(mentioned(tree, one) for one, _ in reads) or _OTHER.search(statement.text) or lasting:
        because = "Tokens have an end; whether it is the one of the sentence takes a look at the settings." if lasting and ended else "Tokens are issued; whether each ends, and every door looks at it, takes a run."
        return Unknown(_RUN, because, shown)
    one, line = reads[0]
    return Kept((*shown, one.evidence(tree, line, "The library looks at the end.")), f"All {len(live)} places that issue a token give it an end, and the library refuses it afterwards.")


def _cookies(tree: Tree, every: tuple[Passage, ...], flags: list[tuple[str, re.Pattern[str]]], hidden: str) -> Verdict:
    """Each cookie that is set, and the flags that it carries."""
    sets: list[tuple[Passage, int, str]] = []
    for one in every:
        for line, match in one.find(_COOKIE):
            call = one.text[match.start() : closing(one.code, match.end() - 1) + 1]
            # a cookie against forged requests is meant to be read by the page
            if re.search(r"session|token|auth|sid|jwt|refresh|access", f"{call} {one.name}", re.IGNORECASE) and not re.search(r"csrf|xsrf|theme|locale", call[:120], re.IGNORECASE):
                sets.append((one, line, call))
    if not sets:
        return Unknown(_RUN, "No cookie of a session that is known here is set; a framework may set it.")
    spread = [re.search(r"\*\*\w|\.\.\.\w|,\s*[\w.]*(?:options|opts|config)\w*\s*\)", call, re.IGNORECASE) is not None for _, _, call in sets]
    unsure = any(spread) or any(_decided(pattern, call) for _, _, call in sets for _, pattern in flags)
    bare = [one.evidence(tree, line, f"Without {' and '.join(lacking)}.") for (one, line, call), wide in zip(sets, spread, strict=True) if not wide and (lacking := _lacking(flags, call))]
    shown = tuple(one.evidence(tree, line, "The cookie carries what is said.") for one, line, _ in sets[:3])
    if bare and len(bare) == len(sets):
        return Broken(How.CONTRADICTED, tuple(bare[:4]), "Cookies of sessions lack what the sentence says of them.", _MEND)
    if bare:
        return Partly(How.INCOMPLETE, tuple(bare[:4]), "Some cookies of sessions lack what the sentence says of them.", _MEND)
    if unsure or hidden:
        return Unknown(_RUN, "Cookies are set with flags that settings decide.", shown)
    if not all(mentioned(tree, one) for one, _, _ in sets):
        return Unknown(_RUN, "What sets the cookie is not seen to be called.", shown)
    return Kept(shown, f"All {len(sets)} cookies of sessions that are set carry {', '.join(name for name, _ in flags)}.")


def _lacking(flags: list[tuple[str, re.Pattern[str]]], call: str) -> list[str]:
    return [name for name, pattern in flags if (value := pattern.search(call)) is None or value.group(1).lower() in ("false", "none")]


def _decided(pattern: re.Pattern[str], call: str) -> bool:
    """The flag is a value that something else decides."""
    given = pattern.search(call)
    return given is not None and re.search(r"[:=]\s*(?!true|True|['\"])[a-z_.!]", given.group(0)) is not None

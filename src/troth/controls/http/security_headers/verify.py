"""Judges origins and content policies that are written in the code: what lets everybody in, or takes back what it gives."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

from troth.judgement.guards import not_a_claim, source_lines, sources, unread
from troth.judgement.policy_scope import for_users
from troth.terms.facts.tree import Tree
from troth.terms.promise import Statement
from troth.terms.verdict import Broken, Evidence, How, Kept, Partly, Unknown, Verdict

_ORIGINS = re.compile(r"\bcors\b|cross[- ]origin|(?:allowed|trusted|configured|known|specific|whitelisted|permitted) (?:origin|domain)s?\b", re.IGNORECASE)
_ABLE = re.compile(r"\bsupport(?:s|ed)?\b|\bconfigur(?:able|ation)\b|\bsettings?\b|\boptions?\b|\bcustomi[sz]", re.IGNORECASE)
_RESTRICTS = re.compile(r"restrict|\bonly\b|limit|allow-?\s?list|white-?list|strict|specific|trusted|\bknown\b|polic|protect|prevent|never|den(?:y|ied)|block|same[- ]origin|secure|proper|explicit|reject", re.IGNORECASE)
_WRITTEN = re.compile(r"CORSMiddleware|\bCORS\s*\(|cross_origin|Access-Control-Allow-Origin|\bcors\s*\(|enableCors|allow_origins|CorsLayer|@CrossOrigin|AllowAnyOrigin|CORS_ALLOW|CORS_ORIGIN", re.IGNORECASE)
_NODE = re.compile(r"origin\s*:\s*(?:true\b|['\"]\*['\"])|cors\(\s*\)|Access-Control-Allow-Origin['\"]?\s*[,:]\s*['\"]\*['\"]|CorsLayer::(?:very_)?permissive|allow_origin\(\s*Any\b", re.IGNORECASE)
_CSP = re.compile(r"content-security-policy|\bcsp\b", re.IGNORECASE)
_LOOSE = re.compile(r"(?:default-src|script-src(?:-elem)?|object-src)\b[^;\"\n]*(?:'unsafe-inline'|'unsafe-eval'|(?<=[ ])\*(?=[ ;\"'\n]|\Z)|(?<=[ ])data:)", re.IGNORECASE)
_EVERYTHING = re.compile(r"\^?(?:(?:https?\??|\*)://)?\(?(?:\.?\*|\.\+)\)?\$?")
_MEND = "Name the origins that may ask; never answer every origin, least of all with credentials."


@dataclass(frozen=True)
class _Rule:
    """One place that says which origins may ask: `everybody`, a written list (`listed`), or a value from elsewhere (`told`); with or without credentials."""

    path: str
    line: int
    who: str
    credentials: bool


def verify(statement: Statement, tree: Tree) -> Verdict:
    """Broken where every origin may ask though origins are said to be restricted, Partly for a content policy that lets scripts through; Kept only for origins that are all written lists."""
    other = not_a_claim(statement, "set headers")
    if other is not None:
        return other
    advice = for_users(statement, "restrict origins")
    if advice is not None:
        return advice
    about = f"{statement.text} {' '.join(statement.headings[-1:])} {' '.join(statement.lead_in[-1:])}"
    if _CSP.search(about):
        loose = [tree.evidence(path, line, "Scripts written into the page, or from anywhere, run all the same.") for path, line, _ in source_lines(tree, _LOOSE) if _near_csp(tree, path, line)]
        if loose:
            return Partly(How.INCOMPLETE, tuple(loose[:8]), "The content policy that is sent lets through what it is there to stop.", "Take 'unsafe-inline', 'unsafe-eval' and * out, and use nonces or digests.")
    if not _ORIGINS.search(about):
        return Unknown("a run that reads the headers of every answer", "Which headers reach the browser, the server's and a proxy's, takes a run.")
    if _ABLE.search(statement.text) and not _RESTRICTS.search(statement.text):
        return Unknown("what a deployment sets", "The sentence says that origins can be set, and not which of them may ask.")
    return _origins(tree)


def _near_csp(tree: Tree, path: str, line: int) -> bool:
    around = tree.lines(path)[max(0, line - 12) : line + 1]
    return any(_CSP.search(text) for text in around)


def _origins(tree: Tree) -> Verdict:
    rules: list[_Rule] = []
    unsure = bool(unread(tree))
    for path in sources(tree, ".py"):
        found = _file(tree, path)
        unsure |= found is None
        rules += found or []
    rules += [_Rule(path, line, "everybody", False) for path, line, _ in source_lines(tree, _NODE, ".ts", ".tsx", ".js", ".mjs", ".cjs", ".rs")]
    wide = [rule for rule in rules if rule.who == "everybody"]
    elsewhere = next(((path, line) for path, line, _ in source_lines(tree, _WRITTEN) if path not in {rule.path for rule in rules}), None)
    if wide:
        shown = tuple(tree.evidence(rule.path, rule.line, "Every origin may ask" + (", with the visitor's credentials." if rule.credentials else ".")) for rule in wide[:8])
        if elsewhere is not None or len(wide) < len(rules):
            others = (tree.evidence(*elsewhere, "Here they are told in another way."),) if elsewhere is not None else _shown(tree, rules)
            return Partly(How.INCOMPLETE, (*shown, *others[:4]), f"Where origins are told, {len(wide)} of the places let every one ask.", _MEND)
        return Broken(How.CONTRADICTED, shown, f"{len(wide)} of {len(rules)} places let every origin ask.", _MEND)
    if not rules or unsure or elsewhere or any(rule.who == "told" for rule in rules):
        shown = _shown(tree, rules)
        return Unknown("the settings of a deployment, or a run", "Which origins may ask is not all written in the code.", shown)
    return Kept(_shown(tree, rules), f"All {len(rules)} places that let other origins ask name them.")


def _shown(tree: Tree, rules: list[_Rule]) -> tuple[Evidence, ...]:
    says = {"listed": "The origins are named here.", "told": "The origins come from elsewhere."}
    return tuple(tree.evidence(rule.path, rule.line, says[rule.who]) for rule in rules[:8] if rule.who in says)


def _file(tree: Tree, path: str) -> list[_Rule] | None:
    """Rules of one Python file; None where it speaks of origins and cannot be read."""
    text = tree.text(path)
    if text is None or not _WRITTEN.search(text):
        return None if text is None else []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    named: dict[str, list[ast.expr]] = {}
    for node in ast.walk(module):
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Name):
                    named.setdefault(target.id, []).append(node.value)
    tested = [(node.lineno, node.end_lineno or node.lineno) for node in ast.walk(module) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and re.search(r"(?:\A|_)tests?(?:_|\Z)", node.name)]
    rules = [*_calls(path, module, named), *_headers(path, module), *_django(path, named)]
    return [rule for rule in rules if not any(first <= rule.line <= last for first, last in tested)]


def _calls(path: str, module: ast.Module, named: dict[str, list[ast.expr]]) -> Iterator[_Rule]:
    """Middleware that is added or made, and Flask's extension."""
    for node in ast.walk(module):
        if not isinstance(node, ast.Call):
            continue
        what = ast.unparse(node.func).rpartition(".")[2]
        first = ast.unparse(node.args[0]) if node.args else ""
        keywords = {item.arg: item.value for item in node.keywords if item.arg}
        if what == "CORSMiddleware" or first.rpartition(".")[2] == "CORSMiddleware":
            given = [keywords[name] for name in ("allow_origins", "allow_origin_regex") if name in keywords]
            credentials = "allow_credentials" in keywords and ast.unparse(keywords["allow_credentials"]) == "True"
            spread = any(item.arg is None for item in node.keywords)
            yield _Rule(path, node.lineno, _who(given, named) if given else "told" if spread else "listed", credentials)
        elif what in ("CORS", "cross_origin"):
            credentials = "supports_credentials" in keywords and ast.unparse(keywords["supports_credentials"]) == "True"
            yield _Rule(path, node.lineno, _flask(keywords, node, named), credentials)


def _flask(keywords: dict[str, ast.expr], node: ast.Call, named: dict[str, list[ast.expr]]) -> str:
    """Whom Flask's extension lets in: what a resource says of origins, else the call's own, else everybody (its default)."""
    if any(item.arg is None for item in node.keywords):
        return "told"
    common = _who([keywords["origins"]], named) if "origins" in keywords else "everybody"
    resources = keywords.get("resources")
    if resources is None:
        return common
    if not isinstance(resources, ast.Dict) or not all(isinstance(one, ast.Dict) for one in resources.values):
        return "told" if common == "listed" else common
    found = set()
    for options in resources.values:
        said = [value for key, value in zip(options.keys, options.values, strict=True) if isinstance(key, ast.Constant) and key.value == "origins"] if isinstance(options, ast.Dict) else []
        found.add(_who(said, named) if said else common)
    return next((who for who in ("everybody", "told", "listed") if who in found), "told")


def _headers(path: str, module: ast.Module) -> Iterator[_Rule]:
    """The header itself, set on an answer."""
    for node in ast.walk(module):
        key: ast.expr | None = None
        value: ast.expr | None = None
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
            key, value = node.targets[0].slice, node.value
        elif isinstance(node, ast.Dict):
            pairs = [(one, other) for one, other in zip(node.keys, node.values, strict=True) if isinstance(one, ast.Constant) and str(one.value).lower() == "access-control-allow-origin"]
            key, value = pairs[0] if pairs else (None, None)
        elif isinstance(node, ast.Call) and len(node.args) >= 2:
            key, value = node.args[0], node.args[1]
        if isinstance(key, ast.Constant) and str(key.value).lower() == "access-control-allow-origin" and value is not None:
            yield _Rule(path, value.lineno, _who([value], {}), False)


def _django(path: str, named: dict[str, list[ast.expr]]) -> Iterator[_Rule]:
    """Settings of Django's package."""
    for name in ("CORS_ALLOW_ALL_ORIGINS", "CORS_ORIGIN_ALLOW_ALL"):
        for value in named.get(name, []):
            if ast.unparse(value) == "True":
                yield _Rule(path, value.lineno, "everybody", False)
    for name in ("CORS_ALLOWED_ORIGINS", "CORS_ORIGIN_WHITELIST"):
        for value in named.get(name, []):
            yield _Rule(path, value.lineno, _who([value], named), False)


def _named_by(text: str) -> str:
    """Whom a written origin, or an expression for origins, lets in. Expressions are the repository's and may be hostile: they are never run, and what one holds for is `told`."""
    if text == "null" or _EVERYTHING.fullmatch(text):
        return "everybody"
    return "listed" if re.fullmatch(r"[\w:/.\[\]-]*", text) else "told"


def _who(given: list[ast.expr], named: dict[str, list[ast.expr]], depth: int = 0) -> str:
    """Whom values let in: everybody where one of them is a star or an expression that matches all, a list where all are written."""
    found = set()
    for node in given:
        if isinstance(node, ast.Constant):
            found.add(_named_by(str(node.value).strip()))
        elif isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            found.add(_who(node.elts, named, depth) if node.elts else "listed")
        elif isinstance(node, ast.Dict):
            found.add(_who(list(node.values), named, depth) if node.values else "told")
        elif isinstance(node, ast.Name) and node.id in named and depth < 4:
            found.add(_who(named[node.id], named, depth + 1))
        else:
            found.add("told")
    return next((who for who in ("everybody", "told", "listed") if who in found), "told")

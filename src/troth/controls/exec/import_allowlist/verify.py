"""Judges limits on the imports of generated Python: does anything call the check, which forms of import does it see, and does the list hold a module that undoes it."""

from __future__ import annotations

import re

from troth.judgement.guards import not_a_claim
from troth.judgement.passages import Passage, mentioned, passages
from troth.judgement.subject import off_subject
from troth.terms.facts.tree import Tree
from troth.terms.promise import Statement
from troth.terms.verdict import Broken, How, Partly, Unknown, Verdict

_WORDS = (b"ast.import", b"allowed_import", b"allowed_module", b"safe_module", b"allowed_builtin", b"blocked_import", b"blocked_module", b"dangerous_import", b"dangerous_module", b"forbidden_import", b"forbidden_module", b"authorized_import", b"__import__", b"denied_import", b"import_whitelist", b"import_allowlist")
_MATTER = re.compile(r"import|module|builtin|librar|package", re.IGNORECASE)
_ALLOWS = re.compile(r"\b(?:\w*(?:ALLOWED|SAFE|AUTHORIZED|PERMITTED|WHITELIST\w*)_?(?:IMPORTS?|MODULES?|LIBRARIES|PACKAGES)\w*|IMPORT_(?:ALLOWLIST|WHITELIST))\b[^=\n]{0,60}=\s*(?:frozenset|set)?\s*\(?\s*[\[{(]([^\]})]*)", re.IGNORECASE)
_UNDOES = frozenset(("os", "sys", "subprocess", "importlib", "builtins", "ctypes", "shutil", "pickle", "pty", "socket", "inspect", "multiprocessing", "runpy", "code", "marshal", "gc", "posix", "nt"))
_MEND = "See `import`, `from ... import`, `__import__` and attributes that lead to modules, list no module that hands out others, and run the code in a sandbox all the same."
_RUN = "a run of the checker with all forms of import"


def verify(statement: Statement, tree: Tree) -> Verdict:
    """Broken where nothing calls the check, `from x import y` passes it, or a listed module undoes it; Partly where `__import__` passes; never Kept, since reading does not show what modules hand out."""
    other = not_a_claim(statement, "limit imports") or off_subject(statement, _MATTER, "imports")
    if other is not None:
        return other
    found = passages(tree, _WORDS, ".py")
    checks = [one for one in found if not one.outside and re.search(r"\bast\.Import\b", one.code)] + [one for one in found if one.name in ("visit_Import",)]
    hooks = [one for one in found if not one.outside and re.search(r"__import__['\"]?\s*[\]:=]", one.text)]
    wide = [(one, one.at(match.start()), bad) for one in found.innermost() for match in _ALLOWS.finditer(one.text) for bad in [sorted(set(re.findall(r"['\"]([\w.]+)['\"]", match.group(1))) & _UNDOES)] if bad]
    if wide and re.search(r"allow|whitelist|safe|only|permitted|authori[sz]ed", statement.text, re.IGNORECASE) and (checks or hooks):
        shown = tuple(one.evidence(tree, line, f"It lists {', '.join(bad[:4])}.") for one, line, bad in wide[:3])
        return Broken(How.BYPASSED, shown, f"The list holds modules that lead to all others: {', '.join(wide[0][2][:4])}.", _MEND)
    if not checks:
        return Unknown(_RUN, "No check of imports that is known here was found.")
    live = [one for one in checks if mentioned(tree, one)]
    if not live and not hooks:
        return Broken(How.BYPASSED, tuple(one.evidence(tree, one.line, "Nothing outside of tests calls it.") for one in checks[:3]), "The check of imports is never called.", _MEND)
    shown = tuple(one.evidence(tree, one.line, "It looks at imports.") for one in live[:3])
    paths = {one.path for one in live}
    beside = [one for one in found if one.path in paths]
    if not any(re.search(r"ImportFrom\b|visit_ImportFrom", one.code) for one in beside):
        return Broken(How.BYPASSED, shown, "The check looks at `import x` only; `from x import y` passes.", _MEND)
    if not hooks and not any(_dynamic(one) for one in beside):
        return Partly(How.BYPASSED, shown, "The check sees both statements of import; `__import__(...)` passes.", _MEND)
    return Unknown(_RUN, "The check sees both statements and `__import__`; what modules on the list hand out takes a run.", shown)


def _dynamic(one: Passage) -> bool:
    return re.search(r"__import__|__builtins__|importlib|ast\.Call|visit_Call|restricted|RestrictedPython", one.text) is not None

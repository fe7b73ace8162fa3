"""Regular expressions that take time without end on a hostile line."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from troth.engines.code.backtracking import explodes
from troth.engines.code.module import Module, Site
from troth.engines.code.rule import Context, Hit, Rule, Severity, matching

__all__ = ["RULE"]

_CONFIRM = matching((
    rb"""["'][^\n]*[+*}][^\n(]{0,60}\)(?:\+|\*(?!\*)|\{\d)""", rb"""["'][^\n]*\|[^\n()]*\)(?:\+|\*(?!\*)|\{\d)""", rb"""\)\)[+*{][^\n]*["']""",
))  # fmt: skip


_CALLS = tuple(
    f"{library}.{name}"
    for library in ("re", "regex")
    for name in ("compile", "match", "search", "fullmatch", "findall", "finditer", "split", "sub", "subn")
)
_TOKENIZERS = ("tokenizers.Regex", "tokenizers.pre_tokenizers.Split", "nltk.tokenize.RegexpTokenizer", "nltk.RegexpTokenizer", "nltk.regexp_tokenize", "nltk.tokenize.regexp_tokenize")
_NAMED = ("pat_str", "token_pattern", "split_regex", "pre_tokenizer_pattern")
"""Keywords by which tokenizers are given an expression: tiktoken, scikit-learn."""
_OF_COLUMNS = (".str.match", ".str.extract", ".str.extractall", ".str.contains", ".str.fullmatch", ".str.findall", ".str.replace")


def _check(module: Module, _: Context) -> Iterator[Hit]:
    for site in (*module.calls(*_CALLS, *_TOKENIZERS), *module.ending(*_OF_COLUMNS)):
        yield from _judge(module, site, site.argument(0, "pattern", "pat"))
    for site in module.sites:
        for name in _NAMED:
            yield from _judge(module, site, site.keywords.get(name))


def _judge(module: Module, site: Site, node: ast.expr | None) -> Iterator[Hit]:
    for value in module.values(node, site.scope) or ():
        if isinstance(value, str) and explodes(value):
            yield Hit(site.line, "A repeat within a repeat can be matched in more ways than there is time.")


RULE = Rule(
    id="regex-backtracking",
    title="A regular expression with catastrophic backtracking",
    why="A pre-tokenizer or filter stops the process on a line that somebody chose.",
    mend="Let neighbours in a repeat begin with different characters, or use a possessive repeat or another engine.",
    severity=Severity.MEDIUM,
    cwe=("CWE-1333",),
    owasp=("LLM10:2025",),
    atlas=("AML.T0029",),
    needs=((b"import re", b"import regex", b"from re ", b"from regex ", b"Regex(", b"Regexp", b"regexp_", b"Split(", b"pat_str", b"token_pattern", b".str."), (b"+)+", b"*)*", b"+)*", b"*)+", b")+", b")*", b"){")),
    modules=frozenset(("re", "regex", "tokenizers", "tiktoken", "sklearn", "nltk", "pandas")),
    confirm=_CONFIRM,
    check=_check,
    bad=("import re\nre.compile(r'(a+)+$')\n",),
    good=("import re\nre.compile(r'a+$')\n",),
)

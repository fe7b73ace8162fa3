"""Judges claims of memory and thread safety by what undermines them in Rust: unsafe blocks, statics that anybody may write, promises of Send and Sync."""

from __future__ import annotations

import re
from collections.abc import Sequence

from troth.judgement.guards import not_a_claim, prove, source_lines, sources
from troth.judgement.policy_scope import home_of, inside, said
from troth.terms.facts.code_lines import CodeLine, CodeLines
from troth.terms.facts.policies import PolicySet
from troth.terms.facts.tree import Tree
from troth.terms.promise import Kind, Statement
from troth.terms.verdict import Broken, How, Kept, Partly, Unknown, Verdict

_UNSAFE = re.compile(r"(?<![\w\"])unsafe\s*(?:\{|fn\b|impl\b|extern\b)")
_RACES = (
    (re.compile(r"(?<![\w\"])static\s+mut\s+\w+"), b"static"),
    (re.compile(r"unsafe\s+impl\b[^{]*\b(?:Send|Sync)\s+for\b"), b"unsafe"),
)
"""What lets two threads write, and what every such line holds."""
_ABOUT = re.compile(
    r"memory[- ]safe|buffer|overflow|use[- ]after|double[- ]free|unsafe|\brace|thread|bounds|dangling|undefined behaviou?r|type[- ]safe|\brust\b", re.IGNORECASE
)
_OTHER = re.compile(r"sensitive|secret|zeroi[sz]|plaintext|held in memory|keys? in memory", re.IGNORECASE)
_NO_UNSAFE = re.compile(r"\b(?:no|zero|without|forbids?|free of)\s+(?:any\s+)?`?unsafe", re.IGNORECASE)
_GRAVE = re.compile(r"static\s+mut|transmute|get_unchecked|from_raw_parts|assume_init|set_len\(|\.offset\(|ptr::(?:read|write|copy)")
_CONFINED = re.compile(r"\b(?:confined|limited|restricted|isolated|contained|localized|localised|only|exclusively)\b", re.IGNORECASE)
_PEOPLE = re.compile(r"\b(?:audit|review|inspect|check)(?:ed|s)?\b.{0,30}\b(?:regular|period|quarter|month|week|annual|by)\w*|\b(?:regular|period|quarter|month|annual)\w*.{0,20}\b(?:audit|review)", re.IGNORECASE)
_EXPLAINED = re.compile(r"unsafe\b.{0,60}\b(?:document|justif|comment|explain|annotat)|\b(?:document|justif|comment|explain|annotat)\w*.{0,60}\bunsafe|SAFETY:? comment", re.IGNORECASE)
"""Sentences that promise a word beside each unsafe block."""
_MOST = 12
_ROOTS = ("src/lib.rs", "src/main.rs")


def verify(statement: Statement, policies: PolicySet, tree: Tree, code: CodeLines) -> Verdict:
    """No unsafe code: Kept where every crate forbids it, Broken by the first block. Other claims: Partly with a count, else a run."""
    other = not_a_claim(statement, "use memory safely")
    if other is not None:
        return other
    if _PEOPLE.search(statement.text):
        return Unknown("a record of each review", "The sentence speaks of people who look at unsafe code; no file shows how often they do.")
    if statement.kind is Kind.ROW and any("unsafe" in text.lower() for text in (*statement.columns, *statement.headings[1:])):
        return Unknown("a claim", "The row tells where unsafe code stands and why: it owns up to it.", (said(statement, "It is no claim."),))
    rust = tuple(sources(tree, ".rs"))
    home = home_of(statement.path, policies)
    if not _ABOUT.search(statement.text) or _OTHER.search(statement.text):
        return Unknown("a claim of memory or thread safety", "The line speaks of something else than what a compiler checks.")
    if not rust:
        return Unknown("code whose memory is its own concern", "There is no Rust code; what C, C++ or an interpreter does is not followed.")
    found_races = [list(source_lines(tree, pattern, ".rs", holds=holds)) for pattern, holds in _RACES]
    unsafe = [(path, line) for path, line, _ in source_lines(tree, _UNSAFE, ".rs", holds=b"unsafe")]
    races = list(dict.fromkeys((path, line) for group in found_races for path, line, _ in group))
    if _NO_UNSAFE.search(statement.text):
        return _none_at_all(unsafe, rust, tree)
    if races and re.search(r"race|thread|concurren|sync", statement.text, re.IGNORECASE):
        shown = tuple(tree.evidence(path, line, "The compiler no longer checks who writes when.") for path, line in _telling(races, home, tree))
        return Partly(How.INCOMPLETE, shown, f"{len(races)} statics or promises of Send and Sync stand outside of what the compiler checks.", "Use locks or atomics, or give the proof beside each.")
    bare = code.of("rust-unsafe-unexplained")
    said_of_it = _confined(statement, unsafe, tree) or _explained(statement, bare, tree)
    if said_of_it is not None:
        return said_of_it
    if unsafe:
        shown = tuple(tree.evidence(path, line, "Outside of what the compiler checks.") for path, line in _telling(unsafe, home, tree))
        because = f"{len(unsafe)} unsafe blocks, functions or impls stand outside of what the compiler checks; {len(bare)} blocks and impls say nothing of why they are sound."
        return Partly(How.INCOMPLETE, shown, because, "Take them out, or test them under Miri and the sanitizers.")
    return prove("memory", f"No unsafe code in {len(rust)} Rust files; what dependencies and the foreign side do takes a run under Miri or a sanitizer.")


def _explained(statement: Statement, bare: Sequence[CodeLine], tree: Tree) -> Verdict | None:
    """The verdict on a word that is promised beside each unsafe block, where some have none."""
    if not bare or not _EXPLAINED.search(statement.text):
        return None
    shown = tuple(tree.evidence(found.place.path, found.place.line, found.says) for found in bare[:_MOST])
    return Broken(How.CONTRADICTED, shown, f"{len(bare)} unsafe blocks and impls say nothing of why they are sound.", "Write // SAFETY: above each.")


def _confined(statement: Statement, unsafe: list[tuple[str, int]], tree: Tree) -> Verdict | None:
    """The verdict on unsafe code that is said to stand in named files or folders only; None for every other sentence."""
    if not unsafe or not _CONFINED.search(statement.text):
        return None
    named = {word.strip("/").removeprefix("./") for word in re.findall(r"[\w./-]*\w\.rs\b|`([\w-]+(?:/[\w.-]+)+)/?`", statement.quote) if word} | set(re.findall(r"[\w./-]*\w\.rs\b", statement.quote))
    named = {re.sub(r"\A.*?/blob/[^/]+/", "", name).lstrip("/") for name in named}
    if not named:
        return None
    outside = [(path, line) for path, line in unsafe if not any(path == name or path.endswith(f"/{name}") or path.startswith(f"{name}/") or f"/{name}/" in path for name in named)]
    inside_it = [at for at in unsafe if at not in outside]
    kept = tuple(tree.evidence(path, line, "Unsafe code, where the sentence says that it is.") for path, line in inside_it[:4])
    if outside:
        shown = tuple(tree.evidence(path, line, "Unsafe code outside of the named place.") for path, line in outside[:8])
        return Broken(How.CONTRADICTED, (*shown, *kept[:2]), f"{len(outside)} of {len(unsafe)} unsafe blocks, functions or impls stand elsewhere.", "Move them, or name where they stand.")
    return Kept(kept, f"All {len(unsafe)} unsafe blocks, functions and impls stand where the sentence says.")


def _telling(found: list[tuple[str, int]], home: str, tree: Tree) -> list[tuple[str, int]]:
    """The places to name of many: those of the policy's own package and the gravest first, one of each crate as long as there are others."""
    grave: dict[tuple[str, int], int] = {}
    for path, line in found:
        rows = tree.lines(path)[line - 1 : line + 4]
        grave[path, line] = 0 if any(_GRAVE.search(row) for row in rows) else 1
    order = sorted(found, key=lambda at: (not inside(home, at[0]) if home else False, grave[at]))
    firsts = set({path.partition("/src/")[0]: (path, line) for path, line in reversed(order)}.values())
    return [*(at for at in order if at in firsts), *(at for at in order if at not in firsts)][:_MOST]


def _none_at_all(unsafe: list[tuple[str, int]], rust: tuple[str, ...], tree: Tree) -> Verdict:
    if unsafe:
        shown = tuple(tree.evidence(path, line, "Unsafe code.") for path, line in unsafe[:10])
        return Broken(How.CONTRADICTED, shown, f"{len(unsafe)} unsafe blocks, functions or impls.", "Take them out, or say how many there are.")
    roots = [path for path in rust if path.endswith(_ROOTS)]
    forbidding = [tree.evidence(path, line, "The compiler refuses unsafe code.") for path, line, _ in source_lines(tree, re.compile(r"#!\[forbid\([^)]*\bunsafe_code\b"), ".rs", holds=b"unsafe_code")]
    if roots and {item.place.path for item in forbidding} >= set(roots):
        return Kept(tuple(forbidding[:8]), "Every crate of the tree forbids unsafe code.")
    return Unknown("`#![forbid(unsafe_code)]` in every crate", f"No unsafe code was found in {len(rust)} files, and nothing keeps it out (macros, generated code).")
